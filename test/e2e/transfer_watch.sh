#!/usr/bin/env bash
# Watched folders: what another system puts there goes through the gate and comes out cleaned, with a report; what does not pass is put
# aside. Killed at any time nothing is lost and nothing sent twice.
set -u
house=''
. "$(dirname "$0")/transfer_house.bash"
start
enter jiro 1004
get jiro /me/tokens >/dev/null
[[ $(post jiro /me/tokens -F "csrf=$(csrf)" -F label=連携 -F "scope=read write" -F days=30) == 200* ]] || fail token
token=$(grep -o '<code class="wrap">[^<]*' "$T/page" | sed 's/.*>//'); [ ${#token} -gt 30 ] || fail "no token"
pgrep -P "$house" -f '/watch --fd' >/dev/null && fail "a watch without a folder"
kill "$house"; wait "$house" 2>/dev/null
W=$T/exchange; mkdir -p "$W"; chmod 755 "$T"
conf() { printf 'token = %s\ndirection = in\nclass = 1\npurpose = 会計システムとの連携\n%s\n' "$1" "${2:-}" >"$W/watch.conf"; chmod "${3:-600}" "$W/watch.conf"; }
conf "$token" '' 644; printf 'watch = %s\n' "$W" >>"$D/sekisho.conf"
timeout 40 "$S" run "$D" --listen 127.0.0.1:0 >"$T/run" 2>"$T/err.conf"; grep -q 'nobody else may read it' "$T/err.conf" || fail "a token that others may read: $(tail -2 "$T/err.conf")"
ok "a token that others may read is not used"
conf "$token"; start
gone() { for _ in $(seq 150); do [ -e "$1" ] || return 0; sleep 0.1; done; fail "$1 is still there: $(ls -R "$W" | tr '\n' ' ') $(grep watch "$T/err" | tail -3)"; }
printf '氏名,値\n山田,=cmd|calc!A0\n' >"$T/a.csv"
cp "$T/a.csv" "$W/in/.a.csv.tmp"; mv "$W/in/.a.csv.tmp" "$W/in/a.csv"; gone "$W/in/a.csv"
[ "$(cat "$W/out/a.csv")" = "$(printf "氏名,値\n山田,'=cmd|calc!A0")" ] || fail "out: $(ls -R "$W")"
[ "$(jq -r .report.parts[0].code "$W/out/a.csv.report.json")" = CSV-FORMULA ] || fail "report"
[ "$(sqlite3 "$D/office/office.db" "SELECT via || ' ' || state FROM transfers")" = "folder fetched" ] && cmp -s "$W/done/1-a.csv" "$T/a.csv" || fail "record, original: $(ls -R "$W")"
ok "a file moved there comes out cleaned, with its report; the original is put aside"
cat "$T/a.csv" >"$W/in/b.csv"; gone "$W/in/b.csv"; [ -s "$W/out/b.csv" ] || fail "written in place"
ok "so does one that is written there and closed"
cat "$T/a.csv" >"$W/in/a.csv"; gone "$W/in/a.csv"; [ -s "$W/out/3-a.csv" ] && [ -s "$W/out/a.csv" ] || fail "the same name again: $(ls "$W/out")"
ok "a name that is taken replaces nothing"
cp /bin/true "$W/in/tool.exe"; cp "$T/a.csv" "$W/in/plan.jtd"; gone "$W/in/tool.exe"; gone "$W/in/plan.jtd"
[ -s "$W/held/4-tool.exe" ] && [ -s "$W/held/5-plan.jtd" ] || [ -s "$W/held/5-tool.exe" ] || fail "held: $(ls "$W/held")"
[ "$(cat "$W"/held/*tool.exe.report.json | jq -r '.state + " " + .code')" = "blocked TYPE-EXECUTABLE" ] || fail "held report"
[ "$(find "$W/out" -type f | wc -l)" = 6 ] || fail "out holds more: $(ls "$W/out")"
ok "what does not pass goes to held, with the reason"
ln -s /etc/passwd "$W/in/passwd.txt"; mkfifo "$W/in/pipe.txt"; mkdir "$W/in/folder"; touch "$W/in/half.csv.part"; cp "$T/a.csv" "$W/in/c.csv"; gone "$W/in/c.csv"
[ -L "$W/in/passwd.txt" ] && [ -p "$W/in/pipe.txt" ] && [ -e "$W/in/half.csv.part" ] && [ "$(sqlite3 "$D/office/office.db" "SELECT count(*) FROM transfers WHERE file_name LIKE 'pa%' OR file_name LIKE 'pi%'")" = 0 ] || fail "links, pipes"
ok "links, pipes, folders and unfinished files stay where they are"
n=$(sqlite3 "$D/office/office.db" "SELECT count(*) FROM transfers")
for i in $(seq 12); do
  printf 'n,%s\n' "$i" >"$W/in/k$i.csv"; sleep 0.2
  case $((i % 3)) in 0) p=$(pgrep -P "$house" -f '/watch --fd');; 1) p=$(pgrep -P "$house" -f office.writer);; 2) p=;; esac
  [ -z "$p" ] || kill -9 $p
done
for i in $(seq 12); do
  for _ in $(seq 500); do [ -e "$W/in/k$i.csv" ] || break; sleep 0.1; done
  [ "$(cat "$W/out/k$i.csv" 2>/dev/null)" = "n,$i" ] || fail "k$i: $(ls -R "$W" | tr '\n' ' ') $(grep -a watch "$T/err" | tail -5)"; done
[ "$(sqlite3 "$D/office/office.db" "SELECT count(*) FROM transfers")" = $((n + 12)) ] || fail "records: $n, then $(sqlite3 "$D/office/office.db" "SELECT count(*) FROM transfers")"
ok "killed at any time: each file comes out once, each is one record"
grep -q 'role=watch .*seccomp' "$T/err" || fail "not locked in: $(grep role=watch "$T/err")"
p=$(pgrep -P "$house" -f '/watch --fd'); [ "$(id -u)" != 0 ] || [ "$(awk '/^Uid/ {print $2}' "/proc/$p/status")" != 0 ] || fail "as root"
ok "it is locked in"
kill "$house"; wait "$house" 2>/dev/null; conf "skt_wrong"; start
cp "$T/a.csv" "$W/in/late.csv"; for _ in $(seq 150); do grep -qa "watch.refused.*status=40[13]" "$T/err" && break; sleep 0.1; done; [ -e "$W/in/late.csv" ] && grep -qa 'watch.refused' "$T/err" || fail "a bad token: $(ls "$W/in")"
ok "with a token that is not good nothing is moved, and the log tells"
kill "$house"; wait "$house" 2>/dev/null; conf "$token" 'personal = yes'; start; mv "$W/in/late.csv" "$W/l"; mv "$W/l" "$W/in/late.csv"
for _ in $(seq 100); do [ "$(sqlite3 "$D/office/office.db" "SELECT state FROM transfers ORDER BY id DESC LIMIT 1")" = waiting ] && break; sleep 0.1; done
[ "$(sqlite3 "$D/office/office.db" "SELECT state FROM transfers ORDER BY id DESC LIMIT 1")" = waiting ] && [ -e "$W/in/late.csv" ] || fail "waits for permission"
ok "what needs permission waits in its place"

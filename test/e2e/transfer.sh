#!/usr/bin/env bash
# The transfer service as people use it: files are handed over on a page, checked and rebuilt by the gate, fetched by whom they were meant
# for. What is held or blocked can be fetched by nobody, an original by nobody at all. With real workers, and a real clamd when there is one.
set -u
. "$(dirname "$0")/transfer_house.bash"

# A scanner with a database of our own: the test file of the industry, by its hash.
av=
eicar='X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD''-ANTIVIRUS-TEST-FILE!$H+H*'
if command -v clamd >/dev/null && [ -z "${NO_CLAMD:-}" ]; then
  mkdir "$T/db"; printf '%s' "$eicar" >"$T/eicar"; printf '%s:%s:EICAR-Test\n' "$(md5sum <"$T/eicar" | cut -d' ' -f1)" 68 >"$T/db/test.hdb"
  printf 'LocalSocket %s\nDatabaseDirectory %s\nForeground yes\nLogFile %s\nPidFile %s\nConcurrentDatabaseReload no\n' "$T/clamd.sock" "$T/db" "$T/clamd.log" "$T/clamd.pid" >"$T/clamd.conf"
  [ "$(id -u)" != 0 ] || echo "User root" >>"$T/clamd.conf"
  clamd -c "$T/clamd.conf" >"$T/clamd.out" 2>&1 & clam=$!
  for _ in $(seq 100); do [ -S "$T/clamd.sock" ] && break; sleep 0.1; done
  [ -S "$T/clamd.sock" ] || fail "clamd: $(tail -3 "$T/clamd.log")"
  echo "clamd = $T/clamd.sock" >>"$D/sekisho.conf"; av=1
fi
start
enter boss 1002; enter ichiro 1003; enter jiro 1004; enter other 1005

# --- a file goes through ---------------------------------------------------------------------------------------------------------
printf '氏名,値\n山田,=cmd|calc!A0\n' >"$T/a.csv"
id=$(hand ichiro 1004 -F "files=@$T/a.csv"); [ "$id" = 1 ] || fail "hand over: $id"
[ "$(settled 1)" = "ready " ] || fail "gate: $(settled 1)"
ok "a file handed over on the page passes the gate"
get jiro / >/dev/null; grep -q 'a.csv' "$T/page" || fail "inbox on the first screen"
ok "it stands on the recipient's first screen"
get jiro /transfers/1 >/dev/null; grep -q "数式として動くセル" "$T/page" || fail "what was lost"
ok "the page says what was removed"
[[ $(fetch jiro 1) == 200* ]] || fail "fetch"
[ "$(cat "$T/page")" = "$(printf "氏名,値\n山田,'=cmd|calc!A0")" ] || fail "content"
[[ $(fetch jiro 1) == 200* ]] || fail "fetch again"
ok "the recipient fetches the rebuilt file, as often as wanted"
[ "$(sqlite3 "$D/office/office.db" "SELECT count(*) FROM transfers_step WHERE record=1 AND action='fetch' AND actor=(SELECT id FROM persons WHERE staff_no='1004')")" = 2 ] || fail "steps"
ok "each fetching is a step of the record"
[[ $(fetch other 1) != 200* ]] && [ "$(get other /transfers/1)" = 404 ] && [ "$(get other /ledgers/transfers/1)" = 404 ] || fail "a stranger"
[[ $(fetch ichiro 1) == 403* ]] || fail "the sender is no recipient"
ok "nobody else fetches it"

# --- held, blocked, originals ----------------------------------------------------------------------------------------------------
cp /bin/true "$T/x.exe"; cp "$T/a.csv" "$T/b.jtd"
id=$(hand ichiro "" -F "files=@$T/x.exe" -F "files=@$T/b.jtd"); [ "$id" = 3 ] || fail "two files: $id"
[ "$(settled 2) $(settled 3)" = "blocked TYPE-EXECUTABLE held NO-REBUILD" ] || fail "outcomes: $(settled 2) $(settled 3)"
ok "a program is blocked, what has no rebuild is held, both with their reason"
get ichiro /transfers/3 >/dev/null; grep -q "まだ再構成できません" "$T/page" || fail "reason"
for i in 2 3; do [[ $(fetch ichiro $i) == 4* ]] || fail "fetched $i"; done
ok "neither can be fetched"
sqlite3 "$D/office/office.db" "SELECT hex(key) FROM transfer_file WHERE record=1" | grep -q . || fail "key"
grep -rqa 'cmd|calc' "$D/office/transfers/1.in" && fail "the original lies there in the clear"
grep -q "supervise.cgroup posture=cgroup" "$T/err" && want=cgroup || want=nocgroup
sqlite3 "$D/office/office.db" "SELECT posture FROM transfers WHERE id=1" | grep -qE "seccomp $want( …)?$" || fail "posture: $(sqlite3 "$D/office/office.db" "SELECT posture FROM transfers WHERE id=1"), wanted $want"
ok "the record says under which bounds it was looked at ($want)"
n=$(sqlite3 "$D/office/office.db" "SELECT count(*) FROM attachment"); [ "$n" = 0 ] || fail "an original became an attachment"
for p in /transfers/1/original /transfers/1/in /transfers/1.in /attachments/1; do [[ $(get ichiro $p) == 404 ]] || fail "$p"; done
ok "an original is encrypted, no attachment, and has no address"
[[ $(get ichiro /ledgers/transfers/new) == 403 ]] || fail "a record without a file"
ok "nobody makes a record but by handing a file over"

# --- permission ----------------------------------------------------------------------------------------------------------------------
get ichiro /transfers/new >/dev/null
[[ $(post ichiro /transfers -F "csrf=$(csrf)" -F direction=in -F purpose=名簿 -F class_c=2 -F personal=1 -F "files=@$T/a.csv") == 303* ]] || fail "personal"
[ "$(settled 4)" = "waiting " ] || fail "personal data waits: $(settled 4)"
[[ $(fetch ichiro 4) == 4* ]] || fail "fetched before permission"
get ichiro /ledgers/transfers/4 >/dev/null; [[ $(post ichiro /ledgers/transfers/4/act/approve -F "csrf=$(csrf)" -F version=4) == 403* ]] || fail "own approval"
get boss /ledgers/transfers/4 >/dev/null; v=$(grep -o 'name="version" value="[0-9]*"' "$T/page" | head -1 | grep -o '[0-9]*')
[[ $(post boss /ledgers/transfers/4/act/approve -F "csrf=$(csrf)" -F "version=$v") == 303* ]] || fail "approve"
[[ $(fetch ichiro 4) == 200* ]] || fail "fetch after permission"
ok "personal data waits for the manager of the section; the sender cannot permit it"

# --- passwords -----------------------------------------------------------------------------------------------------------------------
if command -v 7z >/dev/null || command -v zip >/dev/null; then
  (cd "$T" && printf 'ok\n' >p.txt && if command -v zip >/dev/null; then zip -q -P geheim p.zip p.txt; else 7z a -pgeheim -mem=ZipCrypto p.zip p.txt >/dev/null; fi)
  id=$(hand ichiro "" -F "files=@$T/p.zip")
  if [ "$(settled "$id")" = "held ENC-PASSWORD" ]; then
    get ichiro "/transfers/$id" >/dev/null; grep -q 'name="password"' "$T/page" || fail "asks for the password"
    [[ $(post ichiro "/transfers/$id/again" -F "csrf=$(csrf)" -F password=geheim) == 303* ]] || fail again
    [ "$(settled "$id")" = "ready " ] || fail "with password: $(settled "$id")"
    grep -rqa geheim "$D/office" "$D/vault" && fail "the password was stored"
    ok "a locked archive asks for its password, which is stored nowhere"
  else fail "locked archive: $(settled "$id")"; fi
fi

# --- outward ---------------------------------------------------------------------------------------------------------------------------
printf '番号,123456789018\n' >"$T/my.csv"; printf '案内\n' >"$T/o.txt"
out() { get ichiro /transfers/new >/dev/null
  [[ $(post ichiro /transfers -F "csrf=$(csrf)" -F direction=out -F purpose=提供 -F class_c=2 -F "outside_recipient=架空県 担当" "$@") == 303* ]] || fail "outward: $*"
  sqlite3 "$D/office/office.db" "SELECT max(id) FROM transfers"; }
approve() { get boss "/ledgers/transfers/$1" >/dev/null; v=$(grep -o 'name="version" value="[0-9]*"' "$T/page" | head -1 | grep -o '[0-9]*')
  [[ $(post boss "/ledgers/transfers/$1/act/approve" -F "csrf=$(csrf)" -F "version=$v") == 303* ]] || fail "approve $1"; }
id=$(out -F "files=@$T/my.csv"); [ "$(settled "$id")" = "held PERSONAL-UNDECLARED" ] || fail "My Number undeclared: $(settled "$id")"
ok "an undeclared individual number does not leave"
id=$(out -F personal=1 -F "files=@$T/my.csv"); [ "$(settled "$id")" = "waiting " ] || fail "declared: $(settled "$id")"
[ "$(sqlite3 "$D/office/office.db" "SELECT my_numbers FROM transfers WHERE id=$id")" = 1 ] || fail "count"
id=$(out -F "files=@$T/o.txt"); [ "$(settled "$id")" = "waiting " ] || fail "outward waits: $(settled "$id")"
[[ $(fetch ichiro "$id") == 4* ]] || fail "left without permission"
approve "$id"; get ichiro "/transfers/$id" >/dev/null; pw=$(sed -n 's/.*<code>\([a-z0-9-]*\)<.code>.*/\1/p' "$T/page" | head -1); [ -n "$pw" ] || fail "no password shown"
[[ $(fetch ichiro "$id") == 200* ]] || fail "fetch outward"
cp "$T/page" "$T/o.zip"; grep -qa 案内 "$T/o.zip" && fail "not locked"
if command -v 7z >/dev/null; then [ "$(7z x -so "-p$pw" "$T/o.zip" 2>/dev/null)" = 案内 ] || fail "7z: $(7z l "$T/o.zip" | tail -5)"
else [ "$(bsdtar -xOf "$T/o.zip" --passphrase "$pw")" = 案内 ] || fail bsdtar; fi
ok "what leaves waits for its manager and is locked with AES; another program opens it with the password"

# --- other systems -----------------------------------------------------------------------------------------------------------------------
get jiro /me/tokens >/dev/null
[[ $(post jiro /me/tokens -F "csrf=$(csrf)" -F label=連携 -F "scope=read write" -F days=30) == 200* ]] || fail "token"
token=$(grep -o '<code class="wrap">[^<]*' "$T/page" | sed 's/.*>//'); [ ${#token} -gt 30 ] || fail "no token"
api() { local path=$1; shift; curl -sk --max-time 30 -o "$T/page" -w '%{http_code}' -H "Authorization: Bearer $token" "$@" "$U/api/v1/$path"; }
[ "$(api transfers -F direction=in -F purpose=連携 -F class_c=1 -F "files=@$T/a.csv")" = 201 ] || fail "API: hand over"
id=$(jq '.ids[0]' "$T/page"); [ "$(settled "$id")" = "ready " ] || fail "API: $(settled "$id")"
[ "$(api "transfers/$id")" = 200 ] && [ "$(jq -r '.state + " " + .report.parts[0].code' "$T/page")" = "ready CSV-FORMULA" ] || fail "API: state"
[ "$(api "transfers/$id/file")" = 200 ] && [ "$(head -1 "$T/page")" = 氏名,値 ] || fail "API: fetch"
[ "$(api 'transfers?to=fetch')" = 200 ] && jq -e '.transfers | length >= 0' "$T/page" >/dev/null || fail "API: list"
[ "$(api transfers -F direction=in -F class_c=1 -F "files=@$T/a.csv")" = 422 ] || fail "API: no purpose"
[ "$(api transfers/3/file)" = 404 ] && [ "$(curl -sk -o /dev/null -w '%{http_code}' "$U/api/v1/transfers")" = 401 ] || fail "API: rights"
ok "another system hands over, asks and fetches with a token, and no more"
[ "$(get ichiro /transfers/gates)" = 403 ] || fail "the state of the gates is for who runs them"

# --- malware -----------------------------------------------------------------------------------------------------------------------------
if [ -n "$av" ]; then
  printf '%s' "$eicar" >"$T/eicar.txt"; id=$(hand ichiro "" -F "files=@$T/eicar.txt")
  [ "$(settled "$id")" = "blocked AV-FOUND" ] || fail "EICAR: $(settled "$id")"
  ok "a real scanner's finding blocks"
  kill "$clam"; wait "$clam" 2>/dev/null; clam=
  id=$(hand ichiro "" -F "files=@$T/a.csv"); [ "$(settled "$id")" = "held AV-ERROR" ] || fail "no scanner: $(settled "$id")"
  ok "without an answer of the scanner nothing passes"
  sed -i '/^clamd/d' "$D/sekisho.conf"; kill "$house"; wait "$house" 2>/dev/null; start
fi

# --- killed at any time ------------------------------------------------------------------------------------------------------------------
first=$(sqlite3 "$D/office/office.db" "SELECT max(id) + 1 FROM transfers")
acked=0
for i in $(seq 12); do
  printf 'n,%s\n' "$i" >"$T/k$i.csv"
  r=$(hand ichiro 1004 -F "files=@$T/k$i.csv"); [ "$r" = refused ] || [ -z "$r" ] || acked=$((acked + 1))
  case $((i % 3)) in
  0) p=$(pgrep -P "$house" -f 'gate --fd 3 gate' | head -1);;
  1) p=$(pgrep -P "$house" -f 'office.writer' | head -1);;
  2) p=$(pgrep -P "$house" -f 'gate-' | head -1);;
  esac
  [ -z "$p" ] || kill -9 "$p"
  sleep 0.3
done
for _ in $(seq 300); do
  [ "$(sqlite3 "$D/office/office.db" "SELECT count(*) FROM transfers WHERE state IN ('received','checking')" 2>/dev/null)" = 0 ] && break; sleep 0.2; done
n=$(sqlite3 "$D/office/office.db" "SELECT count(*) FROM transfers WHERE id >= $first"); [ "$n" -ge "$acked" ] || fail "acknowledged $acked, there are $n"
left=$(sqlite3 "$D/office/office.db" "SELECT count(*) FROM transfers WHERE id >= $first AND state NOT IN ('ready')")
[ "$left" = 0 ] || fail "not ready: $(sqlite3 "$D/office/office.db" "SELECT id, state, code FROM transfers WHERE id >= $first AND state <> 'ready'")"
[ "$acked" -gt 4 ] || fail "only $acked were acknowledged"
for id in $(sqlite3 "$D/office/office.db" "SELECT id FROM transfers WHERE id >= $first"); do
  [[ $(fetch jiro "$id") == 200* ]] || fail "fetch $id"
  cp "$T/page" "$T/v.csv"; "$S" gate verify "$T/v.csv" >/dev/null 2>&1 || fail "unverified: $id"
done
ok "gates, workers and the writer killed at any time: all $acked acknowledged files are there, each verified"

# --- two sides -----------------------------------------------------------------------------------------------------------------------------
kill "$house"; wait "$house" 2>/dev/null
sqlite3 "$D/office/office.db" "UPDATE transfer_file SET keep_until = '2020-01-01' WHERE record = 1; UPDATE transfers SET engine = 'sekisho 0.0.0' WHERE id = 3" 2>"$T/sql" || fail "$(cat "$T/sql")"
echo "transfer-listen = 127.0.0.1:0" >>"$D/sekisho.conf"; start
for _ in $(seq 50); do [ -e "$D/office/transfers/1.in" ] || break; sleep 0.1; done
[ ! -e "$D/office/transfers/1.in" ] && [ "$(sqlite3 "$D/office/office.db" "SELECT key IS NULL FROM transfer_file WHERE record = 1")" = 1 ] || fail "an original past its time"
ok "an original goes after its days, with its key"
[ "$(settled 3)" = "held NO-REBUILD" ] && [ "$(sqlite3 "$D/office/office.db" "SELECT count(*) FROM transfers_step WHERE record = 3 AND action = 'retry'")" = 1 ] || fail "a newer gate: $(settled 3)"
ok "what an older gate held is checked again by a newer one"
N=$(sed -n 's/^transfers \(https:[^ ]*[^ /]\)\/*$/\1/p' "$T/run"); [ -n "$N" ] && [ "$N" != "$U" ] || fail "no second front: $(cat "$T/run")"
L=$U; U=$N
[ "$(get ichiro /transfers)" = 303 ] || fail "a session of the other side"
[[ $(post net /sign-in --data-urlencode staff_no=1003 --data-urlencode "password=$(cat "$T/pw.ichiro")") == *"$U/" ]] || fail "sign-in on the Internet side"
ok "a session is good on its own side only"
for p in /ledgers /board /me /settings /ledgers/transfers/1 /attachments/1 /transfers/gates /api/v1/ledgers /search /logs /logs/export.csv /logs/export.jsonl /logs/office/1 /logs/office/1/proof; do [ "$(get net $p)" = 404 ] || fail "$p on the Internet side"; done
ok "on the Internet side nothing is there but sign-in and transfers"
[ "$(get net /transfers)" = 200 ] || fail "transfers on the Internet side"
id=$(hand net "" -F "files=@$T/a.csv"); [ "$(settled "$id")" = "ready " ] || fail "handed over there: $id"
[[ $(fetch net "$id") == 403* ]] || fail "fetched on the Internet side"
U=$L; [[ $(fetch ichiro "$id") == 200* ]] && [ "$(head -1 "$T/page")" = 氏名,値 ] || fail "not fetched on the LGWAN side"
ok "what is handed over there is fetched here, and only here"
[ "$(hand ichiro "" -F "files=@$T/a.csv")" = refused ] || fail "inward from the LGWAN side"
id=$(out -F "files=@$T/o.txt"); [ "$(settled "$id")" = "waiting " ] || fail "outward"; approve "$id"
[[ $(fetch ichiro "$id") == 403* ]] || fail "outward fetched here"
U=$N; [[ $(fetch net "$id") == 200* ]] || fail "outward not fetched there"
ok "what leaves is handed over here and fetched there"
U=$L
"$S" stop "$D" >/dev/null 2>&1 || kill "$house"; wait "$house" 2>/dev/null; house=

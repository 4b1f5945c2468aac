#!/usr/bin/env bash
# Searching logs: the same hits as the plain file gives, with the index, without it, with a torn or missing one, in a copy elsewhere,
# while the vault writes; then on the page: who may, marks, pages, files, proof, the event each search leaves.
set -u
T=$(mktemp -d); export LC_ALL=C.UTF-8 LANG=C
D=$T/house; house=
cleanup() { [ -z "$house" ] || kill -9 "$house" 2>/dev/null; rm -rf "$T"; }
trap cleanup EXIT
fail() { echo "FAIL $*"; tail -20 "$T/err" 2>/dev/null; exit 1; }
ok() { echo "ok $*"; }
until_true() { for _ in $(seq 200); do "$@" && return 0; sleep 0.05; done; return 1; }
S=$O/sekisho
cc -O1 -o "$T/gen" bench/gen_syslog.c || fail "the generator does not build"

# --- against the plain file ---
"$T/gen" 30000 5 >"$T/lines"
printf '<11>Nov 20 10:00:00 web1 app[7]: ログイン認証に失敗しました 利用者=sato\n<11>Nov 20 10:00:01 web1 app[7]: \x94\x46\x8f\xd8\x83\x47\x83\x89\x81\x5b\n' >>"$T/lines"
"$T/gen" 40000 6 >>"$T/lines"                          # more than one segment's first blocks, and a tail
"$S" vault ingest "$T/log" <"$T/lines" >"$T/out" 2>"$T/err" || fail "ingest: $(cat "$T/out")"
[ -s "$T/log/idx/00000000000000000000" ] || fail "no index was made"
hits() { "$S" vault search "$T/log" "$@" --limit 1000000 2>>"$T/err" | wc -l; }
ip=$(sed -n '20000,$p' "$T/lines" | grep -m1 -oE '[0-9]+(\.[0-9]+){3}')
same() { # QUERY PATTERN: as many hits as lines that match (Perl expression, case aside)
  local want got
  want=$(grep -aciP "$2" "$T/lines"); got=$(hits "$1")
  [ "$want" = "$got" ] || fail "$1: $got hits, the file has $want"
  got=$(hits "$1" --scan)
  [ "$want" = "$got" ] || fail "$1 without the index: $got hits, the file has $want"
}
all_same() {
  same "$ip" "(?<![\\w.])${ip//./\\.}(?![\\w]|[-.]+\\w)"
  same 'failed' '\bfailed\b'; same 'fail*' '\bfail'; same '*assword*' 'assword'; same 'failed root' '^(?=.*\bfailed\b)(?=.*\broot\b)'
  same '"failed password for"' '\bfailed +password +for\b'; same 'zzunknown' 'zzunknown'; same 'failed OR session' '\b(failed|session)\b'
  same 'sshd -failed' '^(?=.*\bsshd\b)(?!.*\bfailed\b)'; same 'NOT sshd' '^(?!.*\bsshd\b)'
  same 'user:root program:sshd' '^(?=.* sshd\[)(?=.*\bfor (invalid user )?root from|.*user root\b)'
  same 'host:web01' '^<\d+>\w{3} [ \d]\d [\d:]{8} web01 '; same 'severity:<=3' '^<(?:[0-3]|8|9|1[01]|1[6-9]|2[4-7]|3[2-5]|4[0-3]|4[89]|5[01]|5[6-9]|6[4-7]|7[2-5]|8[0-3]|8[89]|9[01]|9[6-9]|10[4-7]|11[2-5]|12[0-3]|12[89]|13[01]|13[6-9]|14[4-7]|15[2-5]|16[0-3]|16[89]|17[01]|17[6-9]|18[4-7])>'
}
all_same; ok "the hits are those of the plain file, with the index and without it"
[ "$(hits 認証)" = 2 ] && [ "$(hits ろぐいん)" = 1 ] && [ "$(hits ｴﾗｰ)" = 1 ] || fail "Japanese: $(hits 認証) $(hits ろぐいん) $(hits ｴﾗｰ)"
ok "Japanese is found in UTF-8 and CP932, whatever its form"
"$S" vault search "$T/log" zzunknown >/dev/null 2>&1; [ $? = 1 ] || fail "nothing found is not 1"
"$S" vault search "$T/log" 'a "b' >"$T/out" 2>&1; [ $? = 2 ] && grep -q 'sign 3' "$T/out" || fail "a wrong query: $(cat "$T/out")"
"$S" vault search "$T" x >/dev/null 2>&1; [ $? = 3 ] || fail "no log is not 3"
[ "$("$S" vault search "$T/log" failed --limit 3 2>/dev/null | wc -l)" = 3 ] || fail "limit"
"$S" vault search "$T/log" failed --limit 3 --json 2>/dev/null | jq -e '(.hits | length == 3) and (.logs[0].complete | not) and .hits[0].index > .hits[1].index and
  .logs[0].size == 70002' >/dev/null || fail "JSON"
[ "$(hits failed --until 1999-01-01)" = 0 ] && [ "$(hits failed --since 1h)" = "$(hits failed)" ] || fail "times"
"$S" vault search "$T/log" zzunknown --json 2>/dev/null | jq -e '.logs[0] | .blocks > 30 and .blocks_read < 5 and .blocks_without_index == 0' >/dev/null ||
  fail "the index saves nothing: $("$S" vault search "$T/log" zzunknown --json)"
ok "exit codes, limit, times, and the index saves reading"

# --- following: what comes, oldest first, once ---
"$S" vault ingest "$T/follow" < <(echo "Nov 20 10:00:00 h p: needle before") >/dev/null 2>&1 || fail "ingest to follow"
timeout 20 "$S" vault search "$T/follow" needle --follow --json >"$T/followed" 2>>"$T/err" & follower=$!
timeout 20 "$S" vault search "$T/follow" needle --follow --since 1h >"$T/followed-since" 2>>"$T/err" & since=$!
sleep 1.5
for i in 1 2 3; do "$S" vault ingest "$T/follow" < <(printf 'Nov 20 10:00:01 h p: needle %s\nNov 20 10:00:01 h p: hay\nNov 20 10:00:01 h p: needle %s again\n' $i $i) >/dev/null 2>&1; sleep 0.3; done
follows() { [ "$(wc -l <"$T/followed")" -ge 6 ] && [ "$(wc -l <"$T/followed-since")" -ge 7 ]; }
until_true follows; sleep 1
kill "$follower" "$since" 2>/dev/null; wait "$follower" "$since" 2>/dev/null
[ "$(jq -r .raw "$T/followed" | sed 's/.*needle //' | tr '\n' ',')" = "1,1 again,2,2 again,3,3 again," ] || fail "following: $(cat "$T/followed")"
[ "$(grep -c needle "$T/followed-since")" = 7 ] && head -1 "$T/followed-since" | grep -q before || fail "following since: $(cat "$T/followed-since")"
ok "following prints what comes, oldest first and once"

# --- the index is nothing to trust and nothing to miss ---
idx=$T/log/idx/00000000000000000000
cp "$idx" "$T/idx"
truncate -s $(($(stat -c %s "$idx") / 2 + 7)) "$idx"; all_same
rm "$idx"; all_same
printf 'SVINDEX\n\0\0\0\7rubbish' >"$idx"; all_same
"$S" vault reindex "$T/log" >"$T/out" 2>>"$T/err" || fail reindex
cmp -s <(tail -c +65 "$idx" | head -c 4) <(tail -c +65 "$T/idx" | head -c 4) || fail "reindex made no records"
"$S" vault search "$T/log" zzunknown --json 2>/dev/null | jq -e '.logs[0].blocks_without_index == 0' >/dev/null || fail "reindex left blocks out"
all_same; ok "a torn, missing or foreign index hides nothing, and is made again"
"$S" vault verify "$T/log" >"$T/out" 2>&1 || fail "the log with its index: $(cat "$T/out")"
cp -r "$T/log" "$T/bad"
seg=$T/bad/seg/00000000000000000000
printf 'X' | dd of="$seg" bs=1 seek=$(($(stat -c %s "$seg") / 2)) conv=notrunc 2>/dev/null
"$S" vault search "$T/bad" 'NOT zzunknown' --limit 1000000 >/dev/null 2>"$T/out"; [ $? = 3 ] && grep -q 'could not be read' "$T/out" || fail "damage is not told"
ok "a damaged block is told, not passed over"

# --- elsewhere ---
cp -r "$T/log" "$T/copy"; rm -rf "$T/copy/key"; chmod -R a-w "$T/copy"
[ "$("$S" vault search "$T/copy" failed --limit 1000000 2>/dev/null | wc -l)" = "$(hits failed)" ] || fail "a copy"
ok "a read-only copy is searched as well"

# --- on the page ---
"$S" init "$D" --city 見本市 --standard iizuka --sample 2>>"$T/err" || fail init
head -3000 "$T/lines" | "$S" vault ingest "$D" --source fw01 >/dev/null 2>>"$T/err" || fail "ingest into the house"
# a source that records what staff do, its reader (who is no overseer), and an inquiry ordered for the security office
today=$(date -d '9 hours' +%F)
printf '%s\n' 'number,subject,systems,log_type,items,method,source_key,heartbeat,time_source,started_on,class_c,retention,handling,readers,personal_log,failure_action,owner,state' \
  'ログ-9001,閲覧記録,システム-001,proxy,日時,syslog,proxy01,24h,ntp,2026-04-01,3C,3y,規程のとおり,1040,1,連絡,1040,active' \
  'ログ-9002,窓口,システム-001,access,日時,syslog,desk01,24h,ntp,2026-04-01,3C,3y,規程のとおり,1074,0,連絡,1040,active' >"$T/sources.csv"
printf '%s\n' 'number,kind,subject,section,purpose,content,ordered_by,worker,authorised_as,planned_start,planned_end,examiners,inquiry_kinds,inquiry_from,inquiry_until,state' \
  "調査-1,log-inquiry,利用状況の調査,S01,目的,内容,1001,1038,manager,${today}T00:00,${today}T23:59,1038,log,${today}T00:00,${today}T23:59,approved" >"$T/orders.csv"
"$S" ledger import "$D" log-sources "$T/sources.csv" >"$T/out" 2>&1 || fail "sources: $(cat "$T/out")"
"$S" ledger import "$D" work-records "$T/orders.csv" >"$T/out" 2>&1 || fail "orders: $(cat "$T/out")"
for s in proxy01 desk01; do printf '<13>Nov 20 10:00:00 %s squid: visited-by-staff\n' $s | "$S" vault ingest "$D" --source $s >/dev/null 2>>"$T/err" || fail "ingest $s"; done
"$S" run "$D" --listen 127.0.0.1:0 --readers 1 --link --intake udp:127.0.0.1:0 >"$T/run" 2>>"$T/err" & house=$!
until_true grep -q '^ready ' "$T/run" || fail "not ready"
until_true test "$(grep -c /link/ "$T/run")" -ge 6
U=$(sed -n 's,^ready \(https[^ ]*\)/ .*,\1,p' "$T/run")
sign_in() { # LABEL JAR
  local link csrf
  link=$(awk -v l="  $1  " 'index($0, l) == 1 { print $NF }' "$T/run")
  csrf=$(curl -sk -c "$2" -b "$2" "$link" | grep -m1 -o 'name="csrf" value="[^"]*"' | sed 's/.*value="//;s/"//')
  curl -sk -c "$2" -b "$2" -H "Origin: $U" -d "csrf=$csrf" -o /dev/null "$link"
}
sign_in 'Security office' "$T/office"; sign_in Staff "$T/staff"
get() { curl -sk -b "$T/office" -o "$T/page" -w '%{http_code}' -H 'Accept-Language: en' "$U$1"; }
served() { [ "$(get /logs)" = 200 ]; }
until_true served || fail "no page: $(get /logs)"
sign_in 'Section head (tax)' "$T/head"
[ "$(curl -sk -b "$T/head" -o /dev/null -w '%{http_code}' "$U/logs")" = 403 ] || fail "anybody may search logs"
[ "$(get '/logs?q=failed+password')" = 200 ] && grep -q '<mark>Failed</mark>' "$T/page" && grep -q '<svg role="img"' "$T/page" || fail "hits, marks, picture"
want=$(head -3000 "$T/lines" | grep -ciP '^(?=.*\bfailed\b)(?=.*\bpassword\b)')
total=$(grep -o 'role="status">[^<]*' "$T/page" | grep -oE '[0-9,]+' | tr -d ,)
[ "$total" = "$want" ] || fail "the page counts $total, the file has $want"
ok "the page shows hits marked, their number and the picture; who reads no log may not"
seen=0; next='/logs?q=failed+password'
while [ -n "$next" ]; do
  get "$next" >/dev/null
  seen=$((seen + $(grep -o 'class="message"' "$T/page" | wc -l)))
  next=$(grep -o 'href="[^"]*" rel="next"' "$T/page" | sed 's/href="//;s/".*//;s/&amp;/\&/g')
done
[ "$seen" = "$want" ] || fail "$seen hits over all pages, not $want"
ok "all pages together show each hit once"
[ "$(curl -sk -b "$T/office" "$U/logs/export.csv?q=failed+password" | tail -n +2 | wc -l)" = "$want" ] || fail CSV
curl -sk -b "$T/office" "$U/logs/export.jsonl?q=failed+password" >"$T/jsonl"
jq -es --argjson n "$want" 'length == $n and (map(.index) | unique | length == $n) and all(.log == "standard" and .source == "fw01" and (.raw | test("failed"; "i")))' "$T/jsonl" >/dev/null || fail "JSON lines"
i=$(jq -s '.[0].index' "$T/jsonl")
[ "$(get "/logs/standard/$i")" = 200 ] && grep -q 'note good' "$T/page" || fail "no proof of entry $i"
curl -sk -b "$T/office" "$U/logs/standard/$i/proof" >"$T/proof"
jq -rs '.[0].entry' "$T/jsonl" | base64 -d >"$T/entry"
"$S" vault check-proof "$T/proof" --vkey "$D/vault/logs/standard/vkey" --entry "$T/entry" >"$T/out" 2>&1 || fail "the proof: $(cat "$T/out")"
[ "$(curl -sk -b "$T/head" -o /dev/null -w '%{http_code}' "$U/logs/standard/$i")" = 403 ] || fail "anybody may read an entry"
[ "$(curl -sk -b "$T/staff" -o /dev/null -w '%{http_code}' "$U/logs/standard/$i")" = 404 ] || fail "a reader of another source may read this entry"
ok "CSV and JSON lines, and the proof of a hit holds outside"
[ "$(get '/logs?q=(a')" = 422 ] && grep -q '1 文字目' "$T/page" || fail "a wrong query on the page"
[ "$(get '/logs/nowhere/1')" = 404 ] && [ "$(get '/logs/standard/99999999')" = 404 ] && [ "$(get '/logs?log=nowhere')" = 404 ] || fail "what is not there"
udp=$(awk '$1 == "udp" { print $2; exit }' "$D/run/intake")
logger --udp -n 127.0.0.1 -P "${udp##*:}" fresh-from-the-wire
fresh() { get '/logs?q=fresh-from-the-wire' >/dev/null; grep -q '<mark>fresh-from-the-wire</mark>' "$T/page"; }
until_true fresh || fail "what just came in is not found"
get '/logs?q=fresh&tail=1' >/dev/null; grep -q 'http-equiv="refresh"' "$T/page" || fail "following"
ok "what came in a moment ago is found, and the page follows"
logged() { get '/logs?log=office&q=log.search' >/dev/null; grep -q '<mark>log.search</mark>' "$T/page"; }
until_true logged || fail "a search left no event"
sqlite3 "$D/office/office.db" "SELECT CAST(o.body AS TEXT) FROM outbox o JOIN record_log r ON r.seq = o.seq WHERE r.action = 'log.search'" >"$T/out"
grep -q '"what":"search"' "$T/out" && grep -q '"what":"csv"' "$T/out" && ! grep -q 'failed password' "$T/out" || fail "events: $(cat "$T/out")"
sqlite3 "$D/office/office.db" "SELECT CAST(change AS TEXT) FROM record_log WHERE action = 'log.search'" | grep -q 'failed password' || fail "the query is not kept"
ok "every search is an event; its words stay erasable"

# --- readers see their sources; logs of what staff do need an order ---
sources() { curl -sk -b "$T/$1" "$U/logs/export.jsonl?q=visited-by-staff${2:-}" | jq -rs 'map(.source) | sort | join(" ")'; }
[ "$(sources staff)" = desk01 ] || fail "a reader of desk01 sees: $(sources staff)"
[ "$(sources office)" = desk01 ] || fail "without an order the security office sees: $(sources office)"
order=$(sqlite3 "$D/office/office.db" "SELECT id FROM work_records WHERE kind = 'log-inquiry'")
[ "$(sources office "&order=$order")" = "desk01 proxy01" ] || fail "under the order: $(sources office "&order=$order")"
[ "$(curl -sk -b "$T/staff" -o /dev/null -w '%{http_code}' "$U/logs?order=$order")" = 403 ] || fail "the order is somebody else's"
p=$(curl -sk -b "$T/office" "$U/logs/export.jsonl?q=visited-by-staff+source:proxy01&order=$order" | jq .index)
[ "$(get "/logs/standard/$p")" = 404 ] && [ "$(get "/logs/standard/$p?order=$order")" = 200 ] || fail "an entry of it by its address"
get "/logs/standard/$((p - 1))" >/dev/null; ! grep -q proxy01 "$T/page" || fail "a neighbour shows it"
[ "$(get '/logs?q=visited-by-staff')" = 200 ] && ! grep -q proxy01 "$T/page" || fail "counts tell of it"
under() { sqlite3 "$D/office/office.db" "SELECT 1 FROM record_log WHERE action = 'log.search' AND ledger = 'work-records' AND record = $order LIMIT 1" | grep -q 1; }
until_true under || fail "a search under an order is not on its record"
ok "readers see their sources; logs of what staff do only under an order of one's own, within its time"

kill -INT "$house"; wait "$house"; house=
"$S" vault verify "$D" >"$T/out" 2>&1 || fail "the log afterwards: $(cat "$T/out")"
ok "the log is proven afterwards"
exit 0

#!/usr/bin/env bash
# What arrives beside the ledger: a registered source and a stranger send; the page, its file, the measurements and the checks say so; a
# stranger is put out of scope with a reason, which is an event.
set -u
T=$(mktemp -d); export LC_ALL=C.UTF-8
D=$T/city house=
end() { [ -z "$house" ] || { kill "$house" 2>/dev/null; wait "$house" 2>/dev/null; }; rm -rf "$T"; }
trap end EXIT
fail() { echo "FAIL $*"; tail -5 "$T/err" 2>/dev/null; exit 1; }
ok() { echo "ok $*"; }
S="$O/sekisho"
start() {
  : >"$T/run"
  "$S" run "$D" --listen 127.0.0.1:0 --readers 1 --link --intake udp:127.0.0.1:0 --intake "unix:$T/log" --intake http:127.0.0.1:0 >"$T/run" 2>>"$T/err" & house=$!
  for _ in $(seq 400); do grep -q '^ready ' "$T/run" && break; kill -0 "$house" 2>/dev/null || break; sleep 0.05; done
  U=$(sed -n "s/^ready \(https:[^ ]*[^ /]\)\/* .*/\1/p" "$T/run"); [ -n "$U" ] || fail "not ready"
}
stop() { kill -INT "$house"; wait "$house" || fail "the end"; house=; }
sql() { sqlite3 "file:$D/office/office.db?mode=ro" "$1"; }
sign_in() { # LABEL JAR
  local link csrf
  link=$(sed -n "s|^ *$1  *\(https:.*/link/.*\)$|\1|p" "$T/run")
  csrf=$(curl -sk -c "$2" "$link" | grep -o 'name="csrf" value="[^"]*"' | head -1 | sed 's/.*value="//;s/"//')
  curl -sk -c "$2" -b "$2" -H "Origin: $U" -d "csrf=$csrf" -o /dev/null "$link"
}
get() { curl -sk -b "$T/office" -o "$T/page" -w '%{http_code}' "$U$1"; }

"$S" init "$D" --city 見本市 --standard iizuka --sample 2>"$T/err" || fail init
sqlite3 "$D/office/office.db" "UPDATE log_sources SET address = '127.0.0.1', source_key = 'fw01' WHERE source_key = 'y0-0'" || fail "a source"
start
for _ in $(seq 100); do grep -q fw01 "$D/collect/sources-told" 2>/dev/null && break; sleep 0.1; done
udp=$(awk '$1 == "udp" { print $2; exit }' "$D/run/intake")
for i in $(seq 20); do logger --udp -n 127.0.0.1 -P "${udp##*:}" "line $i"; logger -u "$T/log" --socket-errors=on "stranger $i"; done
for _ in $(seq 150); do [ "$(sql "SELECT count(*) FROM log_arrival WHERE last_at > 0")" -ge 2 ] && break; sleep 0.2; done
[ "$(sql "SELECT sum(entries) FROM log_hour WHERE source = 'fw01'")" = 20 ] || fail "by the hour: $(sql 'SELECT * FROM log_hour')"
[ "$(sql "SELECT sum(entries) FROM log_day WHERE log = 'standard'")" = 40 ] || fail "by the day: $(sql 'SELECT * FROM log_day')"
ok "what arrived is counted by hour and day"
sign_in 'Security office' "$T/office"; sign_in Staff "$T/staff"
[ "$(get '/log-sources?q=fw01')" = 200 ] && grep -q '20 / 20' "$T/page" && grep -q 'st-met' "$T/page" || fail "the registered one"
[ "$(get '/log-sources?view=unknown')" = 200 ] && grep -q '登録のない発生元</span>' "$T/page" || fail "the stranger"
[ "$(get /log-sources.csv)" = 200 ] && grep -q '^.*fw01.*受信中' "$T/page" || fail "the file"
[ "$(curl -sk -b "$T/staff" -o /dev/null -w '%{http_code}' "$U/log-sources")" = 403 ] || fail "anybody may look"
[ "$(get /)" = 200 ] && grep -q '対応が必要なログの発生元' "$T/page" || fail "the morning's list"
ok "the page, its file and the first screen say so"
stop; start # a new life measures at once what the last one heard
for _ in $(seq 100); do [ -n "$(sql "SELECT 1 FROM measurement WHERE control = 'log.source-silent' AND value = 'arriving'")" ] && break; sleep 0.2; done
id=$(sql "SELECT id FROM log_sources WHERE source_key = 'fw01'")
[ -n "$(sql "SELECT 1 FROM measurement WHERE control = 'log.source-silent' AND subject_id = '$id' AND value = 'arriving'")" ] || fail "no measurement"
stranger=$(sql "SELECT subject_id FROM measurement WHERE subject_kind = 'sender' AND value = 'unknown'")
[ -n "$stranger" ] || fail "no stranger is measured"
finding() { sql "SELECT count(*) FROM finding WHERE control = 'log.sources-defined' AND subject_id = 'sender:$stranger'"; }
silent() { sql "SELECT count(*) FROM finding WHERE control = 'log.source-silent' AND part = 'heartbeat' AND subject_id = '$1'"; }
for _ in $(seq 100); do [ "$(finding)" = 1 ] && [ "$(silent "$id")" = 0 ] && break; sleep 0.2; done
[ "$(finding)" = 1 ] && [ "$(silent "$id")" = 0 ] || fail "the checks: $(finding) $(silent "$id")"
[ "$(sql "SELECT count(*) > 100 FROM finding WHERE control = 'log.source-silent' AND part = 'heartbeat'")" = 1 ] || fail "the silent ones"
ok "the checks judge it: the stranger, the silent ones, not the one that arrives"
get '/log-sources?view=unknown' >/dev/null
csrf=$(grep -o 'name="csrf" value="[^"]*"' "$T/page" | head -1 | sed 's/.*value="//;s/"//')
decide() { curl -sk -b "$T/office" -H "Origin: $U" -o "$T/page" -w '%{http_code}' --data-urlencode "csrf=$csrf" --data-urlencode "source=$stranger" --data-urlencode "reason=$1" "$U/log-sources/outside"; }
[ "$(decide '')" = 422 ] || fail "without a reason"
[ "$(decide '試験用の送信')" = 303 ] || fail "out of scope: $(head -c 300 "$T/page")"
[ "$(finding)" = 0 ] || fail "still unknown"
[ "$(sql "SELECT count(*) FROM record_log WHERE action = 'log-source.outside'")" = 1 ] || fail "no event"
ok "a stranger is out of scope for a reason, by an event"
stop
# --- classes of retention: each a log of its own, changed in the ledger ---
start
udp=$(awk '$1 == "udp" { print $2; exit }' "$D/run/intake")
manager=$(sql "SELECT p.number FROM role_assignments r JOIN persons p ON p.id = r.holder WHERE r.role = 'sys-manager' AND r.state = 'active' AND p.state = 'active' LIMIT 1")
token=$("$S" token create "$D" --person "$manager" --scope write --for test --days 7 2>>"$T/err") || fail "a token"
ledger() { # JSON: by the API, like somebody at the form
  local v
  v=$(sql "SELECT version FROM log_sources WHERE id = $id")
  [ "$(curl -sk -H "Authorization: Bearer $token" -H 'Content-Type: application/json' -X PATCH -d "{\"version\":$v,\"fields\":$1}" -o "$T/page" -w '%{http_code}' \
    "$U/api/v1/ledgers/log-sources/records/$id")" = 200 ] || fail "the ledger: $(head -c 400 "$T/page")"
}
told() { for _ in $(seq 200); do grep -qP "$1" "$D/collect/sources-told" && return; sleep 0.1; done; fail "collect was not told: $(grep fw01 "$D/collect/sources-told")"; }
entries() { "$S" vault search "$D/vault/logs/$1" "$2" --limit 100 2>>"$T/err" | wc -l; }
arrives() { for _ in $(seq 100); do [ "$(entries "$1" "$2")" = 1 ] && return; sleep 0.1; done; fail "$2 is not in the log $1"; }
ledger '{"retention_class":"long","retention":"7y","rate":500}'
told '^address\t127.0.0.1\tfw01\tlong\t500$'
logger --udp -n 127.0.0.1 -P "${udp##*:}" "word thelongone"; arrives long thelongone
[ "$(entries standard thelongone)" = 0 ] || fail "it is in the standard log too"
for _ in $(seq 150); do [ -n "$(sql "SELECT 1 FROM log_place WHERE source = 'fw01' AND log = 'long'")" ] && break; sleep 0.2; done
for _ in $(seq 6); do # the office looks once a minute, and at each start
  [ "$(sql "SELECT policy_days FROM log_store WHERE log = 'long'")" = 2562 ] && break
  sleep 1; stop; start
done
[ "$(sql "SELECT policy_days FROM log_store WHERE log = 'long'")" = 2562 ] || fail "the policy of the class: $(sql 'SELECT * FROM log_store')"
sign_in 'Security office' "$T/office"
[ "$(get /log-sources)" = 200 ] && grep -q '長期 (long)' "$T/page" && grep -q '2,*562 *日' "$T/page" || fail "the page does not show the class"
"$S" vault verify "$D/vault/logs/long" >"$T/out" 2>&1 || fail "the log of the class: $(cat "$T/out")"
ok "a class of retention is a log of its own, under its own policy"
ledger '{"retention_class":"standard"}'
told '^address\t127.0.0.1\tfw01\tstandard\t500$'
udp=$(awk '$1 == "udp" { print $2; exit }' "$D/run/intake")
logger --udp -n 127.0.0.1 -P "${udp##*:}" "word backagain"; arrives standard backagain
[ "$(entries long backagain)" = 0 ] || fail "still into the old class"
for _ in $(seq 200); do [ "$(sql "SELECT count(*) FROM log_place WHERE source = 'fw01'")" = 2 ] && break; sleep 0.2; done
[ "$(sql "SELECT count(*) FROM log_place WHERE source = 'fw01'")" = 2 ] || fail "where its entries lie: $(sql 'SELECT * FROM log_place')"
sleep 2
[ "$(sql "SELECT policy_days FROM log_store WHERE log = 'long'")" = 2562 ] || fail "the policy of the log it left: $(sql 'SELECT * FROM log_store')"
ok "another class in the ledger: entries go there from now on, older ones are kept where they lie"
# --- tokens: made on the page, shown once, kept as a hash, in force at once, ended at once ---
http=$(awk '$1 == "http" { print $2; exit }' "$D/run/intake")
post() { curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $1" --data-binary "{\"message\":\"$2\"}" "http://$http/ingest/v1"; }
sign_in 'System manager' "$T/manager"
page() { curl -sk -b "$T/manager" -o "$T/page" -w '%{http_code}' "$U$1"; }
[ "$(page /log-sources/tokens)" = 200 ] || fail "the page of tokens: $(head -c 200 "$T/page")"
csrf=$(grep -o 'name="csrf" value="[^"]*"' "$T/page" | head -1 | sed 's/.*value="//;s/"//')
make_token() { curl -sk -b "$T/manager" -H "Origin: $U" -o "$T/page" -w '%{http_code}' --data-urlencode "csrf=$csrf" --data-urlencode "source=$1" --data-urlencode "label=取込み" --data-urlencode "days=$2" "$U/log-sources/tokens"; }
[ "$(make_token nosuch 30)" = 422 ] && [ "$(make_token fw01 0)" = 422 ] || fail "a token of nobody, or for no day"
[ "$(make_token fw01 30)" = 200 ] || fail "a token: $(head -c 300 "$T/page")"
key=$(grep -o '<code class="wrap">[^<]*' "$T/page" | sed 's/.*>//'); [ ${#key} -ge 32 ] || fail "no token is shown"
page /log-sources/tokens >/dev/null; grep -q "$key" "$T/page" && fail "it is shown again"
sqlite3 "file:$D/office/office.db?mode=ro" .dump | grep -q "$key" && fail "the token itself is kept"
[ "$(sql "SELECT token_hash FROM log_token")" = "$(printf %s "$key" | sha256sum | cut -d' ' -f1)" ] || fail "its hash"
told "^token\\t[0-9a-f]{64}\\tfw01\\tstandard\\t500\$"
[ "$(post "$key" bytoken)" = 200 ] && [ "$(post wrong bytoken)" = 401 ] || fail "handing in: $(post "$key" bytoken)"
arrives standard bytoken
[ "$("$S" vault search "$D/vault/logs/standard" 'source:fw01 bytoken' 2>>"$T/err" | wc -l)" = 1 ] || fail "as another source"
id=$(sql "SELECT id FROM log_token")
[ "$(curl -sk -b "$T/manager" -H "Origin: $U" -o /dev/null -w '%{http_code}' --data-urlencode "csrf=$csrf" "$U/log-sources/tokens/$id/end")" = 303 ] || fail "its end"
for _ in $(seq 50); do grep -q '^token' "$D/collect/sources-told" || break; sleep 0.1; done
[ "$(post "$key" afterend)" = 401 ] || fail "an ended token is taken"
[ "$(sql "SELECT count(*) FROM record_log WHERE action LIKE 'log-token.%'")" = 2 ] || fail "no events"
ok "tokens of log sources: made on the page and shown once, in force and ended at once, kept as a hash"
stop

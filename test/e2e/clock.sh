#!/usr/bin/env bash
# The machine's clock goes back by three days, while everything runs and while nothing does: sessions, tokens, sign-ins and writing go
# on, the page says the date of the clock, every event is there once and in its order, and an event and `doctor` tell of it.
set -u
T=$(mktemp -d); export T LC_ALL=C.UTF-8 LANG=C
D=$T/city house=
cleanup() { [ -z "$house" ] || { kill "$house" 2>/dev/null; wait "$house" 2>/dev/null; }; rm -rf "$T"; }
trap cleanup EXIT
fail() { echo "FAIL $*"; [ -s "$T/page" ] && sed 's/<[^>]*>/ /g; s/  */ /g' "$T/page" | tail -c 800; tail -5 "$T/err" 2>/dev/null; exit 1; }
ok() { echo "ok $*"; }

. "$(dirname "$0")/../shifted.sh"

start() {
  "$S" run "$D" --listen 127.0.0.1:0 >"$T/run" 2>>"$T/err" & house=$!
  for _ in $(seq 400); do grep -q '^ready ' "$T/run" && break; sleep 0.05; done
  U=$(sed -n "s/^ready \(https:[^ ]*[^ /]\)\/* .*/\1/p" "$T/run"); [ -n "$U" ] || fail "not ready"
}
stop() { kill -INT "$house"; wait "$house" || fail "the end"; house=; }
get() { curl -sk --max-time 30 -b "$T/$1" -c "$T/$1" -o "$T/page" -w '%{http_code}' "$U$2"; }                      # WHO PATH
csrf() { grep -o 'name="csrf" value="[^"]*"' "$T/page" | tail -1 | sed 's/.*value="//; s/"$//'; }
post() { curl -sk --max-time 30 -b "$T/$1" -c "$T/$1" -o "$T/page" -w '%{http_code}' -H "Origin: $U" --data-urlencode "csrf=$(csrf)" "$U$2"; }
enter() { local l; l=$("$S" link "$D" --person "$2" 2>>"$T/err") || fail "link"; l=/link/${l##*/link/}; get "$1" "$l" >/dev/null; [ "$(post "$1" "$l")" = 303 ] || fail "sign-in of $1"; }
create() { # SUBJECT: a record over the API
  local code; code=$(curl -sk --max-time 30 -o "$T/page" -w '%{http_code}' -H "Authorization: Bearer $token" -H 'Content-Type: application/json' \
    -d "{\"fields\":{\"subject\":\"$1\",\"kind\":\"equipment\",\"section\":$section,\"symptom\":\"x\",\"effect\":\"none\"}}" "$U/api/v1/ledgers/failures/records")
  [ "$code" = 201 ] || fail "$1: $code"
}
day() { get "$1" /me >/dev/null; grep -o '基準日 [0-9-]*' "$T/page" | head -1 | grep -o '[0-9-]*$'; }
back() { sqlite3 "$D/office/office.db" "SELECT count(*) FROM outbox o JOIN record_log l USING (seq) WHERE l.action = 'clock.back' AND CAST(o.body AS TEXT) LIKE '%\"seconds\":$1%'"; }
today() { TZ=Asia/Tokyo date -d "-$1 days" +%F; }

"$S" init "$D" --city 見本市 --standard iizuka --sample 2>"$T/err" || fail init
start
token=$("$S" token create "$D" --person 1074 --scope "read write" 2>>"$T/err") || fail token
section=$(curl -sk -H "Authorization: Bearer $token" "$U/api/v1/ledgers/org-units/records?q=S01" | jq '[.records[].id] | max')
create "before"; enter one 1074; [ "$(day one)" = "$(today 0)" ] || fail "today"

shift_clock $((-3 * 86400))
create "after"; [ "$(day one)" = "$(today 3)" ] || fail "the date of the page: $(day one)"
enter two 1074; [ "$(get two /board)" = 200 ] || fail "board"
ok "while it runs: session, token, sign-in and writing go on"
stop
shift_clock $((-6 * 86400)); start
create "after a start"; [ "$(day one)" = "$(today 6)" ] && [ "$(get two /duties)" = 200 ] || fail "sessions after the start"
stop
[ "$(back 259)" -ge 1 ] && grep -q 'office.clock .*went back' "$T/err" || fail "nothing tells of it: $(sqlite3 "$D/office/office.db" "SELECT CAST(body AS TEXT) FROM outbox ORDER BY seq DESC LIMIT 5")"
ok "while nothing runs: the same, and an event says by how much it went back"
shift_clock 0; start; create "right again"; "$S" doctor "$D" --json >"$T/doctor" 2>>"$T/err"
jq -e '[.. | objects | select(.id? == "clock-back")][0].grade == "warn"' "$T/doctor" >/dev/null || fail "doctor: $(cat "$T/doctor")"
ok "doctor tells of it"
stop
[ "$(sqlite3 "$D/office/office.db" "SELECT group_concat(subject, '|') FROM (SELECT subject FROM failures WHERE subject IN ('before', 'after', 'after a start', 'right again') ORDER BY id)")" = \
  'before|after|after a start|right again' ] || fail "records are missing"
[ "$(sqlite3 "$D/office/office.db" "SELECT sum(idx IS NULL) || ' ' || (count(*) - max(seq)) FROM outbox")" = '0 0' ] || fail "events are missing or not sealed"
"$S" vault verify "$D" >"$T/out" 2>&1 || fail "vault: $(cat "$T/out")"
ok "nothing is lost: each record and event once, in order, sealed, and the log is proven"

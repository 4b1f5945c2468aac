#!/usr/bin/env bash
# An answer goes to the front that asked and to nobody else: somebody signs in while auth does not answer, front dies and comes back,
# somebody else asks with the same number of request; then auth answers both. The second must not get the first one's session.
set -u
T=$(mktemp -d); export T LC_ALL=C.UTF-8 LANG=C
D=$T/house house='' stopped=''
cleanup() { [ -z "$stopped" ] || kill -CONT "$stopped" 2>/dev/null; [ -z "$house" ] || { kill "$house" 2>/dev/null; wait "$house" 2>/dev/null; }; rm -rf "$T"; }
trap cleanup EXIT
fail() { echo "FAIL $*"; tail -15 "$T/err" 2>/dev/null; exit 1; }
S="$O/sekisho"
pid() { sed -n "s/^$1 \([0-9]*\) .*/\1/p" "$D/run/processes"; }
sign_in() { # NAME STAFF_NO PASSWORD
  curl -sk --max-time 20 -H "Origin: $U" -D "$T/$1.head" -o "$T/$1.page" -w '%{http_code}' --data-urlencode "staff_no=$2" \
    --data-urlencode "password=$3" "$U/sign-in" >"$T/$1.status"
}

"$S" init "$D" --city 見本市 --standard iizuka 2>"$T/err" || fail init
cat >"$T/units.csv" <<'Y'
code,name,kind,body_type,in_scope,parent,starts_on,roles_required,state
M00,市長部局,body,mayor,1,,2020-04-01,,active
S01,情報政策課,section,mayor,1,M00,2020-04-01,,active
Y
cat >"$T/people.csv" <<'Y'
staff_no,name,kana,person_type,in_scope,section,source,started_on,state
1001,関所 太郎,せきしょ たろう,regular,1,S01,hr-feed,2020-04-01,active
1002,見本 花子,みほん はなこ,regular,1,S01,hr-feed,2020-04-01,active
Y
"$S" ledger import "$D" org-units "$T/units.csv" >"$T/out" 2>>"$T/err" || fail "units: $(cat "$T/out")"
"$S" people import "$D" "$T/people.csv" >"$T/out" 2>>"$T/err" || fail "people: $(cat "$T/out")"
password=$("$S" password "$D" --person 1001 2>>"$T/err") || fail password
"$S" run "$D" --listen 127.0.0.1:0 --readers 1 >"$T/run" 2>>"$T/err" & house=$!
for _ in $(seq 400); do grep -q '^ready ' "$T/run" && break; sleep 0.05; done
U=$(sed -n "s/^ready \(https:[^ ]*[^ /]\)\/* .*/\1/p" "$T/run"); [ -n "$U" ] || fail "not ready"

writer=$(pid office.writer) front=$(pid front) stopped=$(pid auth)
kill -STOP "$stopped"
sign_in first 1001 "$password" & first=$!
sleep 1
kill -KILL "$front"; wait $first
[ "$(cat "$T/first.status")" = 000 ] || fail "the first was answered by the dead: $(cat "$T/first.status")"
for _ in $(seq 200); do new=$(pid front); [ -n "$new" ] && [ "$new" != "$front" ] && break; sleep 0.05; done
[ "$new" != "$front" ] || fail "front did not come back"
sign_in second 1002 not-the-password & second=$!
sleep 1
kill -CONT "$stopped"; stopped=''
wait $second
grep -qi '^set-cookie: *__Host-sekisho=' "$T/second.head" && fail "the second was given a session"
[ "$(cat "$T/second.status")" = 403 ] || fail "the second was answered $(cat "$T/second.status")"
echo "ok nobody is given the answer of somebody else"
[ "$(pid office.writer)" = "$writer" ] && ! grep -q 'supervise.broke' "$T/err" || fail "somebody was ended for it"
echo "ok nobody is ended for an answer that came too late"
sign_in third 1001 "$password"
[ "$(cat "$T/third.status")" = 303 ] || fail "afterwards nobody can sign in: $(cat "$T/third.status")"
grep -qi '^set-cookie: *__Host-sekisho=' "$T/third.head" || fail "no session afterwards"
echo "ok signing in works afterwards"

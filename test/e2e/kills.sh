#!/usr/bin/env bash
# Kills at any instant, under load: KILLS processes (default 20) chosen by SEED die while records are created and moved on over the API and written through
# forms.
# Every acknowledged record must be there once, every event sealed in the log in one gapless sequence, and the log whole.
set -u
T=$(mktemp -d); export LC_ALL=C.UTF-8 LANG=C
D=$T/house house=
cleanup() { [ -z "$house" ] || kill -9 "$house" 2>/dev/null; rm -rf "$T"; }
trap cleanup EXIT
fail() { echo "FAIL $*"; tail -20 "$T/err" 2>/dev/null; exit 1; }

"$O/sekisho" init "$D" --city 見本市 --standard iizuka 2>"$T/err" || fail init
cat >"$T/units.csv" <<'X'
code,name,kind,body_type,in_scope,parent,starts_on,roles_required,state
M00,市長部局,body,mayor,1,,2020-04-01,,active
S01,情報政策課,section,mayor,1,M00,2020-04-01,,active
X
cat >"$T/people.csv" <<'X'
staff_no,name,kana,person_type,in_scope,section,source,started_on,state
1001,関所 太郎,せきしょ たろう,regular,1,S01,hr-feed,2020-04-01,active
1002,見本 花子,みほん はなこ,regular,1,S01,hr-feed,2020-04-01,active
X
cat >"$T/roles.csv" <<'X'
kind,role,holder,basis,scope,unit,starts_on,decided_by,decided_on,state
appointment,sys-manager,1001,nomination,whole,,2024-04-01,ciso,2024-04-01,active
X
"$O/sekisho" ledger import "$D" org-units "$T/units.csv" >"$T/out" 2>>"$T/err" || fail "units: $(cat "$T/out")"
"$O/sekisho" people import "$D" "$T/people.csv" >"$T/out" 2>>"$T/err" || fail "people: $(cat "$T/out")"
"$O/sekisho" ledger import "$D" role-assignments "$T/roles.csv" >"$T/out" 2>>"$T/err" || fail "roles: $(cat "$T/out")"
password=$("$O/sekisho" password "$D" --person 1002 2>>"$T/err") || fail password
token=$("$O/sekisho" token create "$D" --person 1001 --scope write 2>>"$T/err") || fail token
"$O/sekisho" run "$D" --listen 127.0.0.1:0 --readers 2 >"$T/run" 2>>"$T/err" & house=$!
for _ in $(seq 400); do grep -q '^ready ' "$T/run" && break; sleep 0.05; done
url=$(sed -n "s/^ready \(https:[^ ]*[^ /]\)\/* .*/\1/p" "$T/run"); [ -n "$url" ] || fail "not ready"

python3 "$(dirname "$0")/kills.py" load "$url" "$token" "$house" "${KILLS:-20}" "${SEED:-1}" "$T/acked" "$password" || fail "the load"
kill -0 "$house" 2>/dev/null || fail "the house gave up"
"$O/sekisho" status "$D" --json 2>>"$T/err" | jq -e '.clauses | length > 100' >/dev/null || fail "no status after the kills"
echo "ok status answers after the kills"
grep -E 'supervise.(broke|protocol|loses|channel)' "$T/err" && fail "somebody was blamed for what the kills did"
echo "ok nobody is blamed for the death of another"
kill -INT "$house"; wait "$house" || fail "the end"; house=
python3 "$(dirname "$0")/kills.py" judge "$D" "$T/acked" || fail "judging"
"$O/sekisho" vault verify "$D" >"$T/out" 2>&1 || fail "vault: $(cat "$T/out")"
echo "ok the log is whole after the kills"

#!/usr/bin/env bash
# The permission matrix (docs/permissions.md) tried over HTTP in the sample city, as somebody of each of the 18 roles: addresses, and
# for every ledger list, create, see, edit and each action, on records of one's own, of one's section and of another.
# SECONDS_MAX (default 45) bounds the ledger cells, 0 tries all; SEED chooses which.
set -u
T=$(mktemp -d); export LC_ALL=C.UTF-8 LANG=C
here=$(cd "$(dirname "$0")" && pwd)
D=$T/city house=
cleanup() { [ -z "$house" ] || { kill "$house" 2>/dev/null; wait "$house" 2>/dev/null; }; rm -rf "$T"; }
trap cleanup EXIT
fail() { echo "FAIL $*"; tail -20 "$T/err" 2>/dev/null; exit 1; }
S="$O/sekisho"
roles="ciso vice-ciso chief dept-head sec-manager sys-manager sys-operator committee audit-chief auditor csirt data-manager facility-manager
  document-manager secretariat cloud-manager contractor staff"

(cd "$here/../.." && "$O/test/office/permissions_test" --tsv) >"$T/cells" || fail "the cells"
"$S" init "$D" --city 見本市 --standard iizuka --sample 2>"$T/err" || fail init
employer=$("$S" ledger export "$D" parties 2>>"$T/err" | tail -1 | cut -d, -f1)
contract=$("$S" ledger export "$D" contracts 2>>"$T/err" | tail -1 | cut -d, -f1)

# One person for each role in the section S01 of the bureau D1, and somebody elsewhere with none.
{
  echo "staff_no,name,kana,person_type,in_scope,section,source,started_on,employer,contract,valid_until,state"
  for r in $roles; do
    case $r in
    contractor) echo "M-$r,表 $r,,contractor,1,S01,roster,2020-04-01,$employer,$contract,2099-03-31,active" ;;
    *) echo "M-$r,表 $r,,regular,1,S01,hr-feed,2020-04-01,,,,active" ;;
    esac
  done
  echo "M-nobody,表 誰か,,regular,1,S20,hr-feed,2020-04-01,,,,active"
} >"$T/people.csv"
{
  echo "kind,role,holder,basis,scope,unit,starts_on,decided_by,decided_on,qualification,state"
  for r in $roles; do
    case $r in
    contractor | staff) ;;
    sec-manager) echo "appointment,$r,M-$r,nomination,unit,S01,2024-04-01,ciso,2024-04-01,,active" ;;
    dept-head) echo "appointment,$r,M-$r,nomination,unit,D1,2024-04-01,ciso,2024-04-01,,active" ;;
    *) echo "appointment,$r,M-$r,nomination,whole,,2024-04-01,ciso,2024-04-01,資格,active" ;;
    esac
  done
} >"$T/roles.csv"
"$S" people import "$D" "$T/people.csv" >"$T/out" 2>&1 || fail "people: $(cat "$T/out")"
"$S" ledger import "$D" role-assignments "$T/roles.csv" >"$T/out" 2>&1 || fail "roles: $(cat "$T/out")"
python3 "$here/matrix.py" facts "$D" "$T/cells" || fail "the records"

"$S" run "$D" --listen 127.0.0.1:0 >"$T/run" 2>>"$T/err" & house=$!
for _ in $(seq 400); do grep -q '^ready ' "$T/run" && break; sleep 0.05; done
url=$(sed -n "s/^ready \(https:[^ ]*[^ /]\)\/* .*/\1/p" "$T/run"); [ -n "$url" ] || fail "not ready: $(cat "$T/run")"
for r in $roles; do
  link=$("$S" link "$D" --person "M-$r" 2>>"$T/err") || fail "link of $r"
  token=$("$S" token create "$D" --person "M-$r" --scope "read write" 2>>"$T/err") || fail "token of $r"
  echo "$r M-$r $link $token"
done >"$T/people"
echo "ok one person for each of $(wc -l <"$T/people") roles"
python3 "$here/matrix.py" try "$D" "$url" "$T/cells" "$T/people" "${SEED:-$RANDOM}" "${SECONDS_MAX:-45}" || fail "the matrix"
kill -INT "$house"; wait "$house" || fail "the end"; house=

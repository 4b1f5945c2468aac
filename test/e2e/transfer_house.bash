# What the tests of the transfer service share: a town of five, people signed in, files handed over and fetched. Sourced after `set -u`.
# GW: a command before the house, LISTEN its address, AT: a command before curl (test/e2e/transfer_zones.sh).
T=$(mktemp -d); export T LC_ALL=C.UTF-8 LANG=C
D=$T/city house='' clam=''
cleanup() { for p in $house $clam; do kill "$p" 2>/dev/null; wait "$p" 2>/dev/null; done; rm -rf "$T"; }
trap cleanup EXIT
fail() { echo "FAIL $*"; [ -s "$T/page" ] && sed 's/<[^>]*>/ /g; s/  */ /g' "$T/page" | tail -c 1500; tail -8 "$T/err" 2>/dev/null; exit 1; }
ok() { echo "ok $*"; }
S="$O/sekisho"

"$S" init "$D" --city 見本市 --standard iizuka 2>"$T/err" || fail init
cat >"$T/units.csv" <<'C'
code,name,kind,body_type,in_scope,parent,starts_on,roles_required,state
M00,市長部局,body,mayor,1,,2020-04-01,,active
S02,税務課,section,mayor,1,M00,2020-04-01,sec-manager; document-manager,active
S03,市民課,section,mayor,1,M00,2020-04-01,sec-manager; document-manager,active
C
cat >"$T/people.csv" <<'C'
staff_no,name,kana,person_type,in_scope,section,source,started_on,state
1002,見本 花子,みほん はなこ,regular,1,S02,hr-feed,2020-04-01,active
1003,架空 一郎,かくう いちろう,regular,1,S02,hr-feed,2020-04-01,active
1004,例示 次郎,れいじ じろう,regular,1,S02,hr-feed,2020-04-01,active
1005,仮名 三郎,かめい さぶろう,regular,1,S03,hr-feed,2020-04-01,active
C
cat >"$T/roles.csv" <<'C'
kind,role,holder,basis,scope,unit,starts_on,decided_by,decided_on,state
appointment,sec-manager,1002,nomination,unit,S02,2024-04-01,ciso,2024-04-01,active
C
"$S" ledger import "$D" org-units "$T/units.csv" >"$T/out" 2>>"$T/err" || fail "units: $(cat "$T/out")"
"$S" people import "$D" "$T/people.csv" >"$T/out" 2>>"$T/err" || fail "people: $(cat "$T/out")"
"$S" ledger import "$D" role-assignments "$T/roles.csv" >"$T/out" 2>>"$T/err" || fail "roles: $(cat "$T/out")"

start() {
  ${GW:-} "$S" run "$D" --listen "${LISTEN:-127.0.0.1:0}" >"$T/run" 2>>"$T/err" & house=$!
  for _ in $(seq 200); do grep -q '^ready ' "$T/run" && break; sleep 0.05; done
  U=$(sed -n "s/^ready \(https:[^ ]*[^ /]\)\/* .*/\1/p" "$T/run"); [ -n "$U" ] || fail "not ready: $(cat "$T/run")"
}
get() { ${AT:-} curl -sk --max-time 20 -b "$T/$1" -c "$T/$1" -o "$T/page" -w '%{http_code}' "$U$2"; }                      # WHO PATH
csrf() { grep -o 'name="csrf" value="[^"]*"' "$T/page" | tail -1 | sed 's/.*value="//; s/"$//'; }
post() { local who=$1 path=$2; shift 2; ${AT:-} curl -sk --max-time 30 -b "$T/$who" -c "$T/$who" -o "$T/page" -w '%{http_code} %{redirect_url}' -H "Origin: $U" \
  "$@" "$U$path"; }                                                                                                # WHO PATH curl-options
enter() { # WHO STAFF_NO
  local t new; new="青い海 走る電車 $(md5sum <<<"$1$RANDOM" | head -c 8)"; t=$("$S" password "$D" --person "$2" 2>>"$T/err") || fail "password of $2"
  get "$1" /sign-in >/dev/null; post "$1" /sign-in --data-urlencode "staff_no=$2" --data-urlencode "password=$t" >/dev/null
  get "$1" /sign-in/password >/dev/null
  [[ $(post "$1" /sign-in/password --data-urlencode "csrf=$(csrf)" --data-urlencode "current=$t" --data-urlencode "password=$new" --data-urlencode "again=$new") == *"$U/" ]] ||
    fail "sign-in of $2"
  printf '%s' "$new" >"$T/pw.$1"
}
state() { sqlite3 "$D/office/office.db" "SELECT state || ' ' || coalesce(code, '') FROM transfers WHERE id = $1"; }    # ID
settled() { # ID: waits for the end of the check
  for _ in $(seq 200); do case $(state "$1") in received*|checking*) sleep 0.1;; *) state "$1"; return;; esac; done; state "$1"; }
hand() { # WHO TO curl-options: hands over, prints the newest id
  local who=$1 to=$2; shift 2; get "$who" /transfers/new >/dev/null
  [[ $(post "$who" /transfers -F "csrf=$(csrf)" -F direction=in -F "recipients=$to" -F purpose=試験 -F class_c=2 "$@") == 303* ]] || { echo "refused"; return; }
  sqlite3 "$D/office/office.db" "SELECT max(id) FROM transfers"; }
fetch() { get "$1" "/transfers/$2" >/dev/null; post "$1" "/transfers/$2/file" -F "csrf=$(csrf)"; }                    # WHO ID: the file is $T/page

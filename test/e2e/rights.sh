#!/usr/bin/env bash
# What the sample city's people must not reach: subjects of records they may not know of, and somebody else's whole sign-in.
set -u
T=$(mktemp -d); export T LC_ALL=C.UTF-8 LANG=C
D=$T/city house=
cleanup() { [ -z "$house" ] || { kill "$house" 2>/dev/null; wait "$house" 2>/dev/null; }; rm -rf "$T"; }
trap cleanup EXIT
fail() { echo "FAIL $*"; sed 's/<[^>]*>/ /g; s/  */ /g' "$T/page" 2>/dev/null | tail -c 800; tail -5 "$T/err"; exit 1; }
ok() { echo "ok $*"; }
S="$O/sekisho"

"$S" init "$D" --city 見本市 --standard iizuka --sample >"$T/out" 2>"$T/err" || fail init
"$S" run "$D" --listen 127.0.0.1:0 --link >"$T/run" 2>>"$T/err" & house=$!
for _ in $(seq 400); do grep -q '/link/' "$T/run" && break; sleep 0.05; done
sleep 0.2
U=$(sed -n "s/^ready \(https:[^ ]*[^ /]\)\/* .*/\1/p" "$T/run"); [ -n "$U" ] || fail "not ready"
get() { curl -sk --max-time 20 -b "$T/$1" -c "$T/$1" -o "$T/page" -w '%{http_code}' "$U$2"; }                      # WHO PATH
csrf() { grep -o 'name="csrf" value="[^"]*"' "$T/page" | tail -1 | sed 's/.*value="//; s/"$//'; }
post() { local who=$1 path=$2; shift 2; curl -sk --max-time 20 -b "$T/$who" -c "$T/$who" -o "$T/page" -w '%{http_code}' -H "Origin: $U" "$@" "$U$path"; }
enter() { [ "$(post "$1" "$(grep "^ *$2 " "$T/run" | grep -o '/link/.*')" -d '')" = 303 ] || fail "link of $2"; }        # JAR LABEL
enter office 'Security office'; enter staff Staff

# --- the status of the API names only what its reader may open ---------------------------------------------------------------------
get staff /me >/dev/null; who=$(sed 's/<[^>]*>/ /g' "$T/page" | tr -s ' \n' ' ' | grep -o '職員番号 [0-9]*' | head -1 | grep -o '[0-9]*')
token=$("$S" token create "$D" --person "$who" --scope read 2>>"$T/err" | grep -oE '[A-Za-z0-9_-]{40,}') || fail "token of $who"
api() { curl -sk --max-time 60 -H "Authorization: Bearer $token" "$U/api/v1/$1"; }
subjects='[.clauses[].controls[].subjects[] | select(.kind == "incidents" or .kind == "devices" or .kind == "information-systems" or .kind == "risks")
  | select(.id | test("^[0-9]+$")) | "\(.kind)/records/\(.id)"] | unique | .[]'
api status | jq -r "$subjects" >"$T/mine" || fail "status of the API"
"$S" status "$D" --json 2>>"$T/err" | jq -r "$subjects" >"$T/all"
[ "$(wc -l <"$T/all")" -gt "$(wc -l <"$T/mine")" ] || fail "nothing is hidden from staff: $(wc -l <"$T/all")"
while read -r s; do
  api "ledgers/$s" | jq -e .id >/dev/null || fail "the status names ledgers/$s"
done <"$T/mine"
ok "the status of the API names no record its reader may not open"

# --- a password and a factor, in two hands ----------------------------------------------------------------------------------------------
[ "$(get office "/settings/access?search=$who")" = 200 ] || fail "sign-ins"
person=$(grep -oE 'name="person" value="[0-9]+"' "$T/page" | head -1 | grep -oE '[0-9]+')
k=$(csrf)
[ "$(post office /settings/access -d "csrf=$k" -d "person=$person" -d do=temporary -d search=)" = 200 ] || fail "temporary password of $person"
[ "$(post office /settings/access -d "csrf=$k" -d "person=$person" -d do=forget -d search=)" = 403 ] || fail "one hand issues the password and removes the factor"
[ "$(post office /settings/access -d "csrf=$k" -d "person=$person" -d do=temporary -d search=)" = 200 ] || fail "a second password"
ok "who issues a password does not remove the second factor of the same person"

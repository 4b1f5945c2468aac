#!/usr/bin/env bash
# A person's own doors: who signed in a while ago is asked again before a factor, codes or an API token is changed; tokens are
# made on a page or the console, listed, used and ended; sign-in events are found by person, kind and day, each with its proof.
set -u
T=$(mktemp -d); export T LC_ALL=C.UTF-8 LANG=C
D=$T/city house=
cleanup() { [ -z "$house" ] || { kill "$house" 2>/dev/null; wait "$house" 2>/dev/null; }; rm -rf "$T"; }
trap cleanup EXIT
fail() { echo "FAIL $*"; [ -s "$T/page" ] && sed 's/<[^>]*>/ /g; s/  */ /g' "$T/page" | tail -c 1500; tail -5 "$T/err" 2>/dev/null; exit 1; }
ok() { echo "ok $*"; }
S="$O/sekisho"
start() {
  : >"$T/run"
  "$S" run "$D" --listen 127.0.0.1:0 >"$T/run" 2>>"$T/err" & house=$!
  for _ in $(seq 200); do grep -q '^ready ' "$T/run" && break; sleep 0.05; done
  U=$(sed -n "s/^ready \(https:[^ ]*[^ /]\)\/* .*/\1/p" "$T/run"); [ -n "$U" ] || fail "not ready"
}
stop() { kill "$house"; wait "$house" 2>/dev/null; house=; }
get() { curl -sk --max-time 20 -b "$T/$1" -c "$T/$1" -o "$T/page" -w '%{http_code}' "$U$2"; }                      # WHO PATH
csrf() { grep -o 'name="csrf" value="[^"]*"' "$T/page" | tail -1 | sed 's/.*value="//; s/"$//'; }
post() { local who=$1 path=$2; shift 2; curl -sk --max-time 20 -b "$T/$who" -c "$T/$who" -o "$T/page" -w '%{http_code} %{redirect_url}' -H "Origin: $U" \
  --data-urlencode "csrf=$(csrf)" "$@" "$U$path"; }                                                                # WHO PATH curl-options
api() { curl -sk --max-time 20 -o "$T/page" -w '%{http_code}' -H "Authorization: Bearer $1" "${@:3}" "$U/api/v1/$2"; }  # TOKEN PATH
q() { jq -rn --arg s "$1" '$s | @uri'; }                # as a browser writes it into an address
enter() { # WHO STAFF_NO
  local l; l=$("$S" link "$D" --person "$2" 2>>"$T/err") || fail "link of $2"
  l=/link/${l##*/link/}; get "$1" "$l" >/dev/null; [[ $(post "$1" "$l") == 303* ]] || fail "sign-in of $2"
}

"$S" init "$D" --city 見本市 --standard iizuka --sample >"$T/out" 2>"$T/err" || fail init
start
enter sec 1038; enter staff 1074
# The member of staff gets a password of his own.
t=$("$S" password "$D" --person 1074 2>>"$T/err") || fail "temporary password"
get staff /sign-in >/dev/null; post staff /sign-in --data-urlencode staff_no=1074 --data-urlencode "password=$t" >/dev/null
get staff /sign-in/password >/dev/null; p='静かな朝 青い海 走る電車'
[[ $(post staff /sign-in/password --data-urlencode "current=$t" --data-urlencode "password=$p" --data-urlencode "again=$p") == 303* ]] || fail "password"

# --- tokens -----------------------------------------------------------------------------------------------------------------------
get staff /me/tokens >/dev/null
[[ $(post staff /me/tokens --data-urlencode label= --data-urlencode scope=read --data-urlencode days=30) == 422* ]] || fail "a token for nothing"
get staff /me/tokens >/dev/null
[[ $(post staff /me/tokens --data-urlencode label=集計 --data-urlencode scope=read --data-urlencode days=3000) == 422* ]] && grep -q 集計 "$T/page" || fail "a token for ever"
get staff /me/tokens >/dev/null
[[ $(post staff /me/tokens --data-urlencode label=集計 --data-urlencode scope=all --data-urlencode days=30) == 422* ]] || fail "a scope that is none"
get staff /me/tokens >/dev/null
[[ $(post staff /me/tokens --data-urlencode label=集計 --data-urlencode scope=read --data-urlencode days=30) == 200* ]] || fail "no token"
token=$(grep -o '<code class="wrap">[^<]*' "$T/page" | sed 's/.*>//'); [ ${#token} -gt 30 ] || fail "the token is not shown"
get staff /me/tokens >/dev/null; ! grep -q "$token" "$T/page" && grep -q 集計 "$T/page" && grep -q 'まだありません\|なし\|never\|未使用' "$T/page" || fail "shown twice, or used already"
[ "$(api "$token" ledgers)" = 200 ] || fail "a token that does not open"
[ "$(api "$token" ledgers/incidents/records -X POST -d '{}')" = 403 ] || fail "a reading token writes"
for _ in $(seq 20); do get staff /me/tokens >/dev/null; grep -q "data-label=\"最終利用\">$(TZ=Asia/Tokyo date +%Y)" "$T/page" && break; sleep 0.1; done
grep -q "data-label=\"最終利用\">$(TZ=Asia/Tokyo date +%Y)" "$T/page" || fail "its use is not remembered"
ok "a token is shown once, opens what its scope says, and its last use is told"
n=$(grep -o '/me/tokens/[0-9]*/end' "$T/page" | head -1); [ -n "$n" ] || fail "no way to end it"
[ "$(get staff /settings/tokens)" = 403 ] || fail "staff see everybody's tokens"
get sec /settings/tokens >/dev/null; grep -q 集計 "$T/page" && grep -q 1074 "$T/page" || fail "the security office does not see it"
[[ $(post sec "$n") == 404* ]] || fail "ended through somebody else's own list"
[ "$(get sec "/settings/tokens?search=$(q 無いもの)")" = 200 ] && ! grep -q 集計 "$T/page" || fail "search"
get sec /settings/tokens >/dev/null; [[ $(post sec "/settings${n#/me}") == 303* ]] || fail "the security office ends it"
[ "$(api "$token" ledgers)" = 401 ] || fail "an ended token opens"
get staff /me/tokens >/dev/null; [[ $(post staff "$n") == 404* ]] || fail "ended twice"
ok "the owner or the security office ends it, then it opens nothing"
token=$("$S" token create "$D" --person 1074 --scope write --for 連携 --days 7 2>>"$T/err") || fail "token create"
[ "$(api "$token" ledgers)" = 200 ] || fail "a token of the console"
"$S" token list "$D" --json >"$T/list" 2>>"$T/err" || fail "token list"
[ "$(jq -r '[.[] | "\(.person) \(.for) \(.scope) \(.state)"] | join("; ")' "$T/list")" = "1074 連携 write in-force; 1074 集計 read ended" ] || fail "token list: $(cat "$T/list")"
[ "$("$S" token list "$D" --person 1038 --json 2>>"$T/err" | jq length)" = 0 ] || fail "somebody else's tokens"
"$S" token list "$D" 2>>"$T/err" | grep -q '連携' || fail "token list for people"
n=$(jq '.[0].id' "$T/list")
"$S" token revoke "$D" "$n" >"$T/out" 2>>"$T/err" || fail "token revoke"
[ "$(api "$token" ledgers)" = 401 ] || fail "a revoked token opens"
"$S" token revoke "$D" "$n" >"$T/out" 2>&1 && fail "revoked twice"
"$S" token revoke "$D" x >"$T/out" 2>&1; [ $? = 2 ] || fail "revoke without a number"
"$S" token create "$D" --person 1074 --scope read --days 9999 >"$T/out" 2>&1 && fail "longer than the setting"
ok "token create, list and revoke on the console"

# --- asked again ------------------------------------------------------------------------------------------------------------------
get staff /me >/dev/null; [[ $(post staff /me/codes --data-urlencode kind=sheet) == 200* ]] || fail "just signed in, and asked again"
stop; sqlite3 "$D/office/office.db" "UPDATE session SET created_at = created_at - 900000000"; start
for what in factor codes; do
  get staff /me >/dev/null; [[ $(post staff /me/$what --data-urlencode kind=sheet) == *"/me/confirm?for=$what" || $(post staff /me/$what) == *"/me/confirm?for=$what" ]] || fail "$what: not asked again"
done
get staff /me >/dev/null; [[ $(post staff /me/factor/confirm --data-urlencode code=000000) == *"/me/confirm?for=factor" ]] || fail "a factor confirmed without being asked"
get staff /me/tokens >/dev/null; [[ $(post staff /me/tokens --data-urlencode label=x --data-urlencode scope=read --data-urlencode days=1) == *"/me/confirm?for=tokens" ]] || fail "a token without being asked"
ok "who signed in a while ago is asked again before factors, codes and tokens"
get staff "/me/confirm?for=codes" >/dev/null; [[ $(post staff /me/confirm --data-urlencode for=codes) == 422* ]] || fail "nothing typed"
get staff "/me/confirm?for=codes" >/dev/null; [[ $(post staff /me/confirm --data-urlencode for=codes --data-urlencode password=wrong-one-x) == 422* ]] || fail "a wrong password"
get staff /me >/dev/null; [[ $(post staff /me/codes --data-urlencode kind=sheet) == 303*confirm* ]] || fail "a wrong password opens"
get staff "/me/confirm?for=codes" >/dev/null
[[ $(post staff /me/confirm --data-urlencode for=codes --data-urlencode "password=$p") == "303 $U/me" ]] || fail "the right password"
get staff /me >/dev/null; [[ $(post staff /me/codes --data-urlencode kind=sheet) == 200* ]] || fail "confirmed, and asked again"
code=$(grep -o '<code>[^<]*' "$T/page" | head -1 | sed 's/<code>//')
ok "the password lets go on for the minutes of the setting"
stop; sqlite3 "$D/office/office.db" "UPDATE session SET created_at = created_at - 900000000, confirmed_at = confirmed_at - 900000000"; start
get staff /me >/dev/null; [[ $(post staff /me/codes --data-urlencode kind=sheet) == 303*confirm* ]] || fail "a confirmation for ever"
get staff "/me/confirm?for=tokens" >/dev/null
[ -n "$code" ] && [[ $(post staff /me/confirm --data-urlencode for=tokens --data-urlencode "code=$code") == "303 $U/me/tokens" ]] || fail "a code of the sheet ($code)"
get staff /me/tokens >/dev/null; [[ $(post staff /me/tokens --data-urlencode label=y --data-urlencode scope=read --data-urlencode days=1) == 200* ]] || fail "confirmed by a code"
ok "a code of the second factor does as well; each confirmation ends by itself"

# --- sign-in events ---------------------------------------------------------------------------------------------------------------
rows() { tr '\n' ' ' <"$T/page" | sed 's/<tr role="row"/\n&/g' | grep 'data-label' | sed 's/<[^>]*>/|/g; s/||*/|/g' | grep "${1:-.}"; }
get nobody /sign-in >/dev/null; post nobody /sign-in --data-urlencode staff_no=nosuch --data-urlencode password=somebody-guesses >/dev/null
for no in 1054 1074 1074 1074 1074 1074 1074; do get nobody /sign-in >/dev/null; post nobody /sign-in --data-urlencode staff_no=$no --data-urlencode password=somebody-guesses >/dev/null; done
[ "$(get staff /settings/sign-ins)" = 403 ] && [ "$(get staff /settings/sign-ins.csv)" = 403 ] || fail "staff see everybody's sign-ins"
[ "$(get sec /settings/sign-ins)" = 200 ] && rows '1054' | grep -q '失敗' && rows '存在しない職員番号' >/dev/null || fail "the newest failures: $(rows | head -5)"
get sec "/settings/sign-ins?kind=locked" >/dev/null; rows 1074 | grep -q ロック中 || fail "the lock is not among the locks"
[ "$(rows | grep -vc ロック中)" = 0 ] || fail "other failures among the locks: $(rows)"
get sec "/settings/sign-ins?person=1074&kind=token" >/dev/null; [ "$(rows 1074 | grep -c 'APIトークンの作成')" -ge 3 ] && [ "$(rows | grep -vc 1074)" = 0 ] || fail "tokens of one person: $(rows)"
rows 'APIトークンの終了' | grep -q 1038 || fail "who ended it does not show: $(rows)"
e=$(grep -o '/events/[0-9]*' "$T/page" | head -1); for _ in $(seq 30); do get sec "$e" >/dev/null; grep -q 'note good' "$T/page" && break; sleep 0.2; done
grep -q 'note good' "$T/page" || fail "event $e is not proven"
get sec "/settings/sign-ins?person=$(q 居ない人)" >/dev/null; ! rows >/dev/null || fail "nobody's events"
get sec "/settings/sign-ins?until=2020-01-01" >/dev/null; ! rows >/dev/null || fail "events before the time"
get sec "/settings/sign-ins?from=$(TZ=Asia/Tokyo date +%F)" >/dev/null; rows 1074 >/dev/null || fail "events of today"
[ "$(get sec '/settings/sign-ins?from=yesterday')" = 422 ] || fail "a day that is none"
ok "sign-in events are found by person, kind and day, with who did it and a proof"
get sec /settings >/dev/null; [[ "$(post sec /settings --data-urlencode 'transfer_rules=hello')" == 422* ]] || fail "a rule that is none is taken"
grep -q 'href="#s-transfer_rules"[^>]*>[^<]*hello[^<]*class' "$T/page" && grep -q 'id="e-transfer_rules"' "$T/page" && [ "$(grep -c 'aria-invalid' "$T/page")" = 1 ] || fail "the wrong setting is not marked: $(grep -A1 'role="alert"' "$T/page")"
ok "a wrong setting is named, linked and marked"
get sec /settings >/dev/null; post sec /settings --data-urlencode list_rows=10 >/dev/null
p=/settings/sign-ins; : >"$T/seqs"
for _ in $(seq 30); do get sec "$p" >/dev/null; grep -o '/events/[0-9]*' "$T/page" >>"$T/seqs"; p=$(grep -o 'href="[^"]*" rel="next"' "$T/page" | sed 's/href="//; s/" rel.*//; s/&amp;/\&/g'); [ -n "$p" ] || break; done
get sec /settings/sign-ins.csv >/dev/null; n=$(($(wc -l <"$T/page") - 1))
[ "$n" -gt 20 ] && [ "$(wc -l <"$T/seqs")" = "$n" ] && [ "$(sort -u "$T/seqs" | wc -l)" = "$n" ] || fail "pages hold $(wc -l <"$T/seqs"), the CSV $n"
ok "pages by key and the CSV hold the same events"
get staff /me >/dev/null; grep -q 自分のサインインの記録 "$T/page" && [ "$(rows | grep -c /)" -ge 0 ] && [ "$(grep -o '/events/[0-9]*' "$T/page" | wc -l)" = 5 ] || fail "/me without events"
get staff /me/sign-ins.csv >/dev/null; grep -q 'auth.temporary-password\|auth.password' "$T/page" && ! sed 1d "$T/page" | grep -vq ',1074,' || fail "one's own events: $(cut -d, -f3,5 "$T/page" | sort | uniq -c)"
e=$(grep 'auth.token-ended' "$T/page" | head -1 | tr -d '\357\273\277' | cut -d, -f1); [ "$(get staff "/events/$e")" = 200 ] || fail "the event of one's own token"
get sec "/settings/sign-ins?person=1054" >/dev/null; e=$(grep -o '/events/[0-9]*' "$T/page" | head -1); [ "$(get staff "$e")" = 404 ] || fail "somebody else's event"
ok "a person sees his own, with what others did about it, and nobody else's"

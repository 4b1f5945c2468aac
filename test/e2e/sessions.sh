#!/usr/bin/env bash
# How long a sign-in holds, as the clock goes: the notice before it, links of ten minutes and for one use, the idle and the absolute
# end of a session, the end of an API token; failures after the last sign-in are told, and after too many of them nobody comes in
# until the time is over or the security office unlocks.
set -u
T=$(mktemp -d); export T LC_ALL=C.UTF-8 LANG=C
D=$T/city house=
cleanup() { [ -z "$house" ] || { kill "$house" 2>/dev/null; wait "$house" 2>/dev/null; }; rm -rf "$T"; }
trap cleanup EXIT
fail() { echo "FAIL $*"; [ -s "$T/page" ] && sed 's/<[^>]*>/ /g; s/  */ /g' "$T/page" | tail -c 800; tail -5 "$T/err" 2>/dev/null; exit 1; }
ok() { echo "ok $*"; }
. "$(dirname "$0")/../shifted.sh"
"$S" init "$D" --city 見本市 --standard iizuka --sample 2>"$T/err" || fail init
"$S" run "$D" --listen 127.0.0.1:0 >"$T/run" 2>>"$T/err" & house=$!
for _ in $(seq 400); do grep -q '^ready ' "$T/run" && break; sleep 0.05; done
U=$(sed -n "s/^ready \(https:[^ ]*[^ /]\)\/* .*/\1/p" "$T/run"); [ -n "$U" ] || fail "not ready"
get() { curl -sk --max-time 30 -b "$T/$1" -c "$T/$1" -o "$T/page" -w '%{http_code}' "$U$2"; }                      # WHO PATH
csrf() { grep -o 'name="csrf" value="[^"]*"' "$T/page" | tail -1 | sed 's/.*value="//; s/"$//'; }
post() { local who=$1 path=$2; shift 2; curl -sk --max-time 30 -b "$T/$who" -c "$T/$who" -o "$T/page" -w '%{http_code} %{redirect_url}' -H "Origin: $U" \
  --data-urlencode "csrf=$(csrf)" "$@" "$U$path"; }                                                                # WHO PATH curl-options
link() { local l; l=$("$S" link "$D" --person "$1" 2>>"$T/err") || fail "link of $1"; echo "/link/${l##*/link/}"; }
enter() { local l; l=$(link "$2"); get "$1" "$l" >/dev/null; [[ $(post "$1" "$l") == 303* ]] || fail "sign-in of $1"; }
later() { now=$((now + $1 * 60)); shift_clock "$now"; }                                                            # MINUTES
now=0

enter sec 1038; get sec /settings >/dev/null
[[ $(post sec /settings --data-urlencode 'signin_notice=利用は<記録>されます') == 303* ]] || fail "the notice"
[ "$(get anyone /sign-in)" = 200 ] && grep -q '利用は&lt;記録&gt;されます' "$T/page" || fail "no notice before sign-in"
ok "the notice stands before the sign-in, as it was typed"

l=$(link 1074); get one "$l" >/dev/null; [[ $(post one "$l") == 303* ]] && [ "$(get one /me)" = 200 ] || fail "a link"
get two "$l" >/dev/null; [[ $(post two "$l") != 303* ]] && [ "$(get two /me)" = 303 ] || fail "a link lets in twice"
l=$(link 1074); later 11; get three "$l" >/dev/null; [[ $(post three "$l") != 303* ]] && [ "$(get three /me)" = 303 ] || fail "a link of eleven minutes ago"
ok "a link lets in once, within ten minutes"

enter staff 1074; later 29; [ "$(get staff /me)" = 200 ] || fail "after 29 minutes"
sleep 1; later 29; [ "$(get staff /me)" = 200 ] || fail "29 minutes after the last request"
sleep 1; later 31; [ "$(get staff /me)" = 303 ] || fail "after 31 idle minutes"
ok "a session ends after the idle minutes"
enter staff 1074; for _ in $(seq 23); do later 26; [ "$(get staff /duties)" = 200 ] || fail "while it is used"; sleep 0.3; done
later 5; [ "$(get staff /duties)" = 303 ] || fail "ten hours after the sign-in"
ok "and after the hours, whatever is done"

token=$("$S" token create "$D" --person 1074 --scope read --days 30 2>>"$T/err") || fail token
api() { curl -sk --max-time 30 -o "$T/page" -w '%{http_code}' -H "Authorization: Bearer $token" "$U/api/v1/ledgers"; }
later $((29 * 1440)); [ "$(api)" = 200 ] || fail "a token of 29 days"
later 1500; [ "$(api)" = 401 ] || fail "a token of more than its 30 days: $(api)"
ok "a token ends after its days"

new='青い海 走る電車 静かな朝'
p=$("$S" password "$D" --person 1016 2>>"$T/err") || fail "temporary password"
get head /sign-in >/dev/null; post head /sign-in --data-urlencode staff_no=1016 --data-urlencode "password=$p" >/dev/null; get head /sign-in/password >/dev/null
[[ $(post head /sign-in/password --data-urlencode "current=$p" --data-urlencode "password=$new" --data-urlencode "again=$new") == *"$U/" ]] || fail "first sign-in"
try() { get "$1" /sign-in >/dev/null; post "$1" /sign-in --data-urlencode staff_no=1016 --data-urlencode "password=$2"; }
for _ in 1 2; do [[ $(try bad 'wrong words here') == 403* ]] || fail "a wrong password"; done
[[ $(try again "$new") == *"$U/" ]] && get again / >/dev/null && grep -q 'サインイン失敗.*2件\|失敗.*2' "$T/page" || fail "failures are not told"
ok "the last sign-in and the failures after it are told"
for _ in $(seq 12); do try bad 'wrong words here' >/dev/null; done
[[ $(try locked "$new") == 403* ]] || fail "the right password opens a locked account"
get locked /sign-in >/dev/null; l=$(link 1038); get sec "$l" >/dev/null; post sec "$l" >/dev/null
get sec '/settings/access?search=1016' >/dev/null; grep -q 'value="unlock"' "$T/page" || fail "the security office does not see the lock"
id=$(grep -o 'name="person" value="[0-9]*"' "$T/page" | head -1 | grep -o '[0-9]*')
[[ $(post sec /settings/access --data-urlencode "person=$id" --data-urlencode do=unlock --data-urlencode search=1016) == 303* ]] || fail unlock
[[ $(try opened "$new") == *"$U/" ]] || fail "unlocked, but not let in: $(try opened "$new")"
for _ in $(seq 12); do try bad 'wrong words here' >/dev/null; done
[[ $(try locked "$new") == 403* ]] || fail "locked again"
later 61; [[ $(try opened "$new") == *"$U/" ]] || fail "the time of the lock is over"
ok "too many failures lock; the security office or the time opens again"
kill -INT "$house"; wait "$house" || fail "the end"; house=
"$S" vault verify "$D" >"$T/out" 2>&1 || fail "the log: $(cat "$T/out")"
ok "each of it is in the log, and the log is proven"

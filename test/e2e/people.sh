#!/usr/bin/env bash
# What people do for themselves in the sample city: they report an incident in few words, follow what they applied for over all ledgers, see who has it, are told
# what was decided and why, and take note of it.
set -u
T=$(mktemp -d); export T LC_ALL=C.UTF-8 LANG=C
D=$T/city house=
cleanup() { [ -z "$house" ] || { kill "$house" 2>/dev/null; wait "$house" 2>/dev/null; }; rm -rf "$T"; }
trap cleanup EXIT
fail() { echo "FAIL $*"; [ -s "$T/page" ] && sed 's/<[^>]*>/ /g; s/  */ /g' "$T/page" | tail -c 1500; tail -5 "$T/err" 2>/dev/null; exit 1; }
ok() { echo "ok $*"; }
S="$O/sekisho"

"$S" init "$D" --city 見本市 --standard iizuka --sample >"$T/out" 2>"$T/err" || fail init
"$S" run "$D" --listen 127.0.0.1:0 >"$T/run" 2>>"$T/err" & house=$!
for _ in $(seq 200); do grep -q '^ready ' "$T/run" && break; sleep 0.05; done
U=$(sed -n "s/^ready \(https:[^ ]*[^ /]\)\/* .*/\1/p" "$T/run"); [ -n "$U" ] || fail "not ready"
get() { curl -sk --max-time 20 -b "$T/$1" -c "$T/$1" -o "$T/page" -w '%{http_code}' "$U$2"; }                      # WHO PATH
q() { jq -rn --arg s "$1" '$s | @uri'; }                # as a browser writes it into an address
csrf() { grep -o 'name="csrf" value="[^"]*"' "$T/page" | tail -1 | sed 's/.*value="//; s/"$//'; }
version() { grep -o 'name="version" value="[0-9]*"' "$T/page" | head -1 | grep -o '[0-9]*'; }
post() { local who=$1 path=$2; shift 2; curl -sk --max-time 20 -b "$T/$who" -c "$T/$who" -o "$T/page" -w '%{http_code} %{redirect_url}' -H "Origin: $U" \
  --data-urlencode "csrf=$(csrf)" "$@" "$U$path"; }                                                                # WHO PATH curl-options
enter() { # WHO STAFF_NO
  local l; l=$("$S" link "$D" --person "$2" 2>>"$T/err") || fail "link of $2"
  l=/link/${l##*/link/}; get "$1" "$l" >/dev/null; [[ $(post "$1" "$l") == 303* ]] || fail "sign-in of $2"
}
act() { # WHO RECORD ACTION curl-options
  local who=$1 at=$2 what=$3; shift 3; get "$who" "$at" >/dev/null
  [[ $(post "$who" "$at/act/$what" --data-urlencode "version=$(version)" --data-urlencode do=save "$@") == 303* ]] || fail "$what $at"
}
enter sec 1038; enter head 1016; enter ciso 1001; enter staff 1074

# --- an incident, reported in two minutes ---------------------------------------------------------------------------------------
names() { sed 's,<meta[^>]*>,,g' "$T/page" | grep -o ' name="[a-z_.]*"' | sed 's/ name="//; s/"//; s/^find\.//' | grep -vx 'csrf\|version\|do\|has\|lang\|back' | sort -u | tr '\n' ' '; }
get staff /ledgers/incidents/new >/dev/null
[ "$(names)" = "first_steps kind noticed_at place reach section situation subject " ] || fail "the form of a report: $(names)"
unit=$(grep -o 'name="section" value="[0-9]*"' "$T/page" | head -1 | grep -o '[0-9]*'); noticed=$(grep -o 'name="noticed_at"[^>]*' "$T/page" | grep -o '20[0-9T:-]*')
report=(--data-urlencode kind=incident --data-urlencode "section=$unit" --data-urlencode place=2階窓口 --data-urlencode "noticed_at=$noticed" --data-urlencode do=save
  --data-urlencode first_steps=回収を頼んだ --data-urlencode reach=内線2345)
[[ $(post staff /ledgers/incidents "${report[@]}" --data-urlencode subject=税額通知の誤送信 --data-urlencode situation=) == 422* ]] && grep -q 回収を頼んだ "$T/page" || fail "a report without what happened"
! grep -q 'href="#\(type\|presumed_cause\|damage\)"' "$T/page" || fail "what belongs to a later stage is demanded"
[[ $(post staff /ledgers/incidents "${report[@]}" --data-urlencode subject=税額通知の誤送信 --data-urlencode situation= --data-urlencode log_note=送信記録あり) == 422* ]] &&
  grep -q 送信記録あり "$T/page" || fail "what was typed in a field of a later stage is lost"
r=$(post staff /ledgers/incidents "${report[@]}" --data-urlencode subject=税額通知の誤送信 --data-urlencode situation=別の住民あてに送った); at=${r##*"$U"}
[[ $r == 303*/ledgers/incidents/* ]] || fail "report: $r"
get staff "$at" >/dev/null; grep -q 報告 "$T/page" || fail "the record of the report"
ok "staff report what, when, where, what they did and how to reach them, and nothing else"
get head "$at" >/dev/null; [ "$(get head "$at/edit?action=receive")" = 200 ] || fail "the form of receiving"
[ "$(names)" = "note received_at source type " ] || fail "the form of receiving: $(names)"
received=$(grep -o 'name="received_at"[^>]*' "$T/page" | grep -o '20[0-9T:-]*'); [ "$received" '>' "$noticed" ] || [ "$received" = "$noticed" ] || fail "received at: $received"
[[ $(post head "$at/act/receive" --data-urlencode "version=$(version)" --data-urlencode do=save --data-urlencode "received_at=$received" --data-urlencode source=staff) == 422* ]] || fail "received without its type"
[[ $(post head "$at/act/receive" --data-urlencode "version=$(version)" --data-urlencode do=save --data-urlencode "received_at=$received" --data-urlencode source=staff --data-urlencode type=missent) == 303* ]] || fail receive
get head "$at/edit" >/dev/null; [[ $(names) == *presumed_cause* && $(names) == *personal_data* && $(names) != *severity* ]] || fail "what may be filled in once received: $(names)"
get sec "$at" >/dev/null
ok "who receives it is asked for the time and the type, all else stands open from then on"

# --- my applications -------------------------------------------------------------------------------------------------------------
rows() { tr '\n' ' ' <"$T/page" | grep -o '<tr role="row">.*</tr>' | sed 's/<tr role="row">/\n&/g' | sed 's/<[^>]*>/|/g; s/||*/|/g' | grep "${1:-.}"; }
apply() { # TITLE: an exception, submitted; its address
  get head /ledgers/exceptions/new >/dev/null
  local unit r; unit=$(grep -o 'name="section" value="[0-9]*"' "$T/page" | head -1 | grep -o '[0-9]*')
  r=$(post head /ledgers/exceptions --data-urlencode "subject=$1" --data-urlencode "section=$unit" --data-urlencode route=ordinary --data-urlencode clauses=iz.8.4.1 \
    --data-urlencode controls_waived=org.roles-filled --data-urlencode all_subjects=1 --data-urlencode reason=更新の予算が来年度 --data-urlencode work_need=窓口業務 \
    --data-urlencode alternative=網から切り離して使う --data-urlencode residual_risk=情報漏えい --data-urlencode way_back=来年度に更新 --data-urlencode do=save \
    --data-urlencode "valid_from=$(TZ=Asia/Tokyo date +%F)" --data-urlencode "until=$(TZ=Asia/Tokyo date -d '+90 days' +%F)")
  [[ $r == 303*/ledgers/exceptions/* ]] || fail "application: $r"
  echo "${r##*"$U"}"
}
at=$(apply 旧式印刷機の例外); [ -n "$at" ] || exit 1
get head "/applications" >/dev/null; [[ $(rows 旧式印刷機) == *"|作成中|あなた|"* ]] || fail "a draft is with its applicant: $(rows 旧式印刷機)"
act head "$at" submit
get head "/applications?phase=waiting" >/dev/null
[[ $(rows 旧式印刷機) == *"|申請中|"*"最高情報セキュリティ責任者"* ]] || fail "who has it now: $(rows 旧式印刷機)"
get head "/applications?phase=with-me" >/dev/null; ! grep -q 旧式印刷機 "$T/page" || fail "a filter that lets all through"
get staff "/applications?q=$(q 旧式印刷機)" >/dev/null; grep -q 'id="q"' "$T/page" && ! rows 旧式印刷機 >/dev/null || fail "somebody else's application"
ok "an applicant sees what waits and who has it; nobody else's is among it"
act ciso "$at" refuse --data-urlencode note=印刷機は今年度の予備費で更新できる
get head / >/dev/null; grep -q '旧式印刷機の例外</button>' "$T/page" && grep -q '許可しない.*印刷機は今年度の予備費で更新できる' "$T/page" || fail "the first screen does not tell of the decision"
get head "/applications?unread=1" >/dev/null; [[ $(rows 旧式印刷機) == *"|不許可|なし|許可しない|"*"|印刷機は今年度の予備費で更新できる|"*未読* ]] || fail "refused, why: $(rows 旧式印刷機)"
n=$(tr '\n' ' ' <"$T/page" | sed 's/<tr role/\n&/g' | grep 旧式印刷機 | grep -o '/notices/[0-9]*' | head -1); [ -n "$n" ] || fail "no way to take note"
[[ $(post head "$n") == 303*"$at" ]] || fail "opening the decision"
get head "/applications?unread=1" >/dev/null; ! grep -q 旧式印刷機 "$T/page" || fail "still unread"
get head / >/dev/null; ! grep -q 旧式印刷機の例外 "$T/page" || fail "still on the first screen"
ok "a refusal comes with its reason, unread until it is opened"
get head "/applications?q=$(q 旧式印刷機)" >/dev/null; rows 旧式印刷機 >/dev/null && ! rows ID-2025 >/dev/null || fail "search"
get head "/applications?ledger=exceptions&state=refused" >/dev/null; rows 旧式印刷機 >/dev/null && ! rows '例外-2026-002' >/dev/null || fail "ledger and state"
get head "/applications?ledger=accounts&state=expired" >/dev/null; rows ID-2025 >/dev/null && ! rows 旧式印刷機 >/dev/null || fail "a state of another ledger is dropped"
[[ $(get head '/applications?after=x.y') == 4* ]] || fail "a page that is none: $(get head '/applications?after=x.y')"
[ "$(get head "/applications.csv?q=$(q 旧式印刷機)")" = 200 ] && grep -q '旧式印刷機の例外,例外措置台帳,.*許可しない,.*印刷機は今年度の予備費で更新できる' "$T/page" && [ "$(wc -l <"$T/page")" = 2 ] || fail CSV
ok "search, ledger, state and CSV give the same rows"
for i in $(seq 12); do apply "頁送り$i" >/dev/null; done
get sec /settings >/dev/null; [[ $(post sec /settings --data-urlencode list_rows=10) == 303* ]] || fail "list_rows"
get head /applications >/dev/null; rows | grep -o '頁送り[0-9]*' >"$T/all"; p=$(grep -o 'href="[^"]*" rel="next"' "$T/page" | sed 's/href="//; s/" rel.*//; s/&amp;/\&/g')
[ "$(rows | grep -c '|2026\|頁送り')" = 10 ] && [ -n "$p" ] || fail "first page"
get head "$p" >/dev/null; rows | grep -o '頁送り[0-9]*' >>"$T/all"
[ "$(sort -u "$T/all" | wc -l)" = 12 ] && [ "$(wc -l <"$T/all")" = 12 ] || fail "pages leave out or repeat: $(tr '\n' ' ' <"$T/all")"
ok "pages follow by key: nothing left out, nothing twice"

#!/usr/bin/env bash
# A morning at the desks of the sample city: a notice is opened, a register's review is marked as done, what is checked is
# approved (and what may not be is refused on its row), the separation of duties is got round only with a reason that shows.
set -u
T=$(mktemp -d); export T LC_ALL=C.UTF-8 LANG=C
D=$T/city house=
cleanup() { [ -z "$house" ] || { kill "$house" 2>/dev/null; wait "$house" 2>/dev/null; }; rm -rf "$T"; }
trap cleanup EXIT
fail() { echo "FAIL $*"; [ -s "$T/page" ] && sed 's/<[^>]*>/ /g; s/  */ /g' "$T/page" | tail -c 1500; tail -5 "$T/err" 2>/dev/null; exit 1; }
ok() { echo "ok $*"; }
S="$O/sekisho"

"$S" init "$D" --city 見本市 --standard iizuka --sample >"$T/out" 2>"$T/err" || fail init
sql() { sqlite3 "$D/office/office.db" "$@"; } # only while nothing runs
read -r sys sec < <(sql "SELECT (SELECT id FROM persons WHERE staff_no = 1040), (SELECT id FROM persons WHERE staff_no = 1038)" | tr '|' ' ')
# Two carry-outs wait for the system manager; one of them becomes his own. A review of the security office comes due.
read -r own other < <(sql "SELECT min(id), max(id) FROM carry_outs WHERE state = 'submitted'" | tr '|' ' ')
[ "$own" != "$other" ] && [ -n "$other" ] || fail "the sample has no two carry-outs that wait"
sql "UPDATE carry_outs SET carrier = $sys WHERE id = $own; UPDATE duty SET notice_on = '2020-01-01' WHERE ledger = 'persons' AND record = 0 AND done_at IS NULL"

"$S" run "$D" --listen 127.0.0.1:0 >"$T/run" 2>>"$T/err" & house=$!
for _ in $(seq 200); do grep -q '^ready ' "$T/run" && break; sleep 0.05; done
U=$(sed -n "s/^ready \(https:[^ ]*[^ /]\)\/* .*/\1/p" "$T/run"); [ -n "$U" ] || fail "not ready"
get() { curl -sk --max-time 20 -b "$T/$1" -c "$T/$1" -o "$T/page" -w '%{http_code}' "$U$2"; }                      # WHO PATH
csrf() { grep -o 'name="csrf" value="[^"]*"' "$T/page" | tail -1 | sed 's/.*value="//; s/"$//'; }
post() { local who=$1 path=$2; shift 2; curl -sk --max-time 20 -b "$T/$who" -c "$T/$who" -o "$T/page" -w '%{http_code} %{redirect_url}' -H "Origin: $U" \
  --data-urlencode "csrf=$(csrf)" "$@" "$U$path"; }                                                                # WHO PATH curl-options
enter() { # WHO STAFF_NO
  local l; l=$("$S" link "$D" --person "$2" 2>>"$T/err") || fail "link of $2"
  l=/link/${l##*/link/}; get "$1" "$l" >/dev/null; [[ $(post "$1" "$l") == 303* ]] || fail "sign-in of $2"
}
enter head 1016; enter sys 1040; enter sec 1038; enter staff 1054

# --- a notice -------------------------------------------------------------------------------------------------------------------
get head / >/dev/null; n=$(grep -o 'action="/notices/[0-9]*"' "$T/page" | head -1 | grep -o '/notices/[0-9]*')
[ -n "$n" ] || fail "the head has no notice"
k=$(csrf); get staff / >/dev/null
[[ $(post staff "$n") == 404* ]] || fail "somebody else opens the notice"
get head / >/dev/null; [[ $(post head "$n") == 303*"/ledgers/"* ]] || fail "opening a notice"
get head / >/dev/null; ! grep -q "action=\"$n\"" "$T/page" || fail "an opened notice is still unread"
ok "a notice that was opened is no longer unread, and nobody else can open it"

# --- the review of a register -------------------------------------------------------------------------------------------------------
get sec /duties >/dev/null; d=$(grep -o '/duties/[0-9]*/done' "$T/page" | head -1); [ -n "$d" ] || fail "no review waits"
[[ $(post sec "$d" --data-urlencode note=) == 303* ]]; get sec /duties >/dev/null; grep -q "$d" "$T/page" || fail "done without a remark"
get staff /duties >/dev/null; [[ $(post staff "$d" --data-urlencode note=x) == 403* ]] || fail "staff mark the review as done"
get sec /duties >/dev/null; [[ $(post sec "$d" --data-urlencode note=全件を名簿と突き合わせた) == 303* ]] || fail "review"
get sec /duties >/dev/null; ! grep -q "$d" "$T/page" || fail "a review that was done still waits"
ok "a register's review is done with a remark, by whom it waits for"

# --- separation of duties, and the way round it ---------------------------------------------------------------------------------------
at=/ledgers/carry-outs/$own
get sys /duties >/dev/null
! grep -q "carry-outs:$own:" "$T/page" && p=$(grep -o "carry-outs:$other:[0-9]*:approve" "$T/page" | head -1) && [ -n "$p" ] || fail "what waits for the system manager"
get sys "$at" >/dev/null; ! grep -q "$at/override" "$T/page" || fail "he sees the way round himself"
[[ $(post sys "$at/override" --data-urlencode "who=approve:$sys" --data-urlencode reason=急ぐ) == 403* ]] || fail "he records it himself"
get sec /ledgers/carry-outs/"$other" >/dev/null; ! grep -q "/override" "$T/page" || fail "offered where nobody concerned could decide"
grep -q '数量: 1' "$T/page" && ! grep -q '\[{&quot;' "$T/page" || fail "the history shows the rows of a table as a program sees them"
get sec "$at" >/dev/null; grep -q "value=\"approve:$sys\"" "$T/page" || fail "not offered where it would be needed"
[[ $(post sec "$at/override" --data-urlencode "who=approve:$sys" --data-urlencode 'reason= ') == 303* ]]
get sec /overrides >/dev/null; ! grep -q "$at\"" "$T/page" || fail "recorded without a reason"
get sec "$at" >/dev/null
[[ $(post sec "$at/override" --data-urlencode "who=approve:$sec" --data-urlencode reason=急ぐ) == 409* ]] || fail "recorded for somebody who is not concerned"
get sec "$at" >/dev/null
[[ $(post sec "$at/override" --data-urlencode "who=approve:$sys" --data-urlencode reason=災害対応でほかに決裁者がいない) == 303* ]] || fail override
get sec "$at" >/dev/null; grep -q 災害対応でほかに決裁者がいない "$T/page" && ! grep -q "value=\"approve:$sys\"" "$T/page" || fail "the record does not tell of it"
get sec / >/dev/null; grep -q 災害対応でほかに決裁者がいない "$T/page" || fail "the first screen does not tell of it"
[ "$(get staff /overrides)" = 403 ] || fail "staff see the list"
ok "who is concerned may decide once when the security office recorded why, and that shows"

# --- many at once ------------------------------------------------------------------------------------------------------------------------
get sys /duties >/dev/null; q=$(grep -o "carry-outs:$own:[0-9]*:approve" "$T/page" | head -1); [ -n "$q" ] || fail "still kept from it"
get staff /duties >/dev/null; r=$(post staff /duties/decide --data-urlencode "ids=$p"); grep -q 'late-word' "$T/page" || [[ $r == 404* ]] || fail "staff decide: $r"
get sys /duties >/dev/null
[[ $(post sys /duties/decide --data-urlencode "ids=$q" --data-urlencode "ids=carry-outs:$other:1:approve") == 200* ]] || fail decide
grep -q "変更されています" "$T/page" || fail "an outdated row is not refused"
grep -q "value=\"$p\"" "$T/page" && ! grep -q "value=\"$q\"" "$T/page" || fail "one decided, one left"
[[ $(post sys /duties/decide --data-urlencode "ids=$p") == 200* ]] && ! grep -q "value=\"$p\"" "$T/page" || fail "the other"
get sys /duties >/dev/null; post sys /duties/decide >/dev/null; get sys /duties >/dev/null; grep -q 選択されていません "$T/page" || fail "nothing checked"
ok "what is checked is approved, each by its own rules; a refusal stands on its row"

# --- somebody saved meanwhile ---------------------------------------------------------------------------------------------------------
unit=/ledgers/org-units/5; get sec $unit/edit >/dev/null; v=$(grep -o 'name="version" value="[0-9]*"' "$T/page" | head -1 | grep -o '[0-9]*')
was=$(grep -o 'name="name" value="[^"]*"' "$T/page" | sed 's/.*value="//; s/"//'); [ -n "$was" ] || fail "form of a unit"
edit() { post sec $unit --data-urlencode "version=$v" --data-urlencode do=save "$@"; }
[[ $(edit --data-urlencode name=新しい名の課) == 303* ]] || fail "first edit"
get sec $unit/edit >/dev/null
[[ $(edit --data-urlencode name=別の名の課 --data-urlencode place=別館2階) == 409* ]] || fail "second edit of the same version"
row() { tr '\n' ' ' <"$T/page" | grep -o '<tr role="row"[^>]*>.*</tr>' | sed 's/<tr /\n<tr /g' | grep "$1" | sed 's/<[^>]*>/|/g; s/||*/|/g'; }
[[ $(row 別の名の課) == *"$was|新しい名の課|別の名の課"* ]] || fail "the three texts: $(row 別の名の課)"
[[ $(row 別館2階) == *"別館2階"* ]] && [ "$(grep -c '<tr role="row" class="late"' "$T/page")" = 1 ] || fail "only what both changed is a clash"
ok "a conflict shows the text as opened, as it is and as typed, and marks what both changed"

# --- the municipality's own words of a clause ---------------------------------------------------------------------------------------------
k=/clauses/iz.8.4.1
get staff $k >/dev/null; ! grep -q "$k/text" "$T/page" && [ "$(get staff $k/text)" = 403 ] || fail "staff edit the text of a clause"
get sec $k >/dev/null; grep -q "$k/text" "$T/page" || fail "no way to the text"
get sec $k/text >/dev/null
[[ $(post sec $k/text --data-urlencode text=第１稿 --data-urlencode source= --data-urlencode edition=) == 422* ]] && grep -q 第１稿 "$T/page" || fail "a text without its source"
[[ $(post sec $k/text --data-urlencode text=第１稿 --data-urlencode source=対策基準 --data-urlencode edition=令和7年4月版) == 303* ]] || fail "text"
get sec $k/text >/dev/null
[[ $(post sec $k/text --data-urlencode $'text=例外措置は\r\n許可を得る。' --data-urlencode source=対策基準 --data-urlencode edition=令和8年4月版) == 303* ]] || fail "second text"
get staff $k >/dev/null; grep -q 許可を得る。 "$T/page" && grep -q 令和8年4月版 "$T/page" || fail "the clause does not show the text"
get sec $k/text >/dev/null; grep -q 第１稿 "$T/page" && grep -q 令和7年4月版 "$T/page" || fail "the older text is not kept"
ok "the security office pastes the verbatim text of a clause; older ones stay"
printf 'clause\ttext\niz.8.4.1\t表からの文\niz.0.0\tない規定\n' >"$T/bad.tsv"; printf 'clause,text\niz.8.4.1,"表からの文, 全部"\n' | iconv -t CP932 >"$T/good.csv"
up() { curl -sk --max-time 20 -b "$T/sec" -c "$T/sec" -o "$T/page" -w '%{http_code} %{redirect_url}' -H "Origin: $U" -F "csrf=$(csrf)" -F source=対策基準 -F edition=令和9年版 \
  -F "file=@$1;type=text/csv" "$U/settings/texts"; }
get sec /settings/texts >/dev/null
[[ $(up "$T/bad.tsv") == 422* ]] && grep -q '3.*iz.0.0' "$T/page" || fail "an unknown clause in the table"
get staff $k >/dev/null; ! grep -q 表からの文 "$T/page" || fail "half a table was loaded"
get sec /settings/texts >/dev/null
[[ $(up "$T/good.csv") == 303* ]] || fail "a table in CP932"
get staff $k >/dev/null; grep -q "表からの文, 全部" "$T/page" && grep -q 令和9年版 "$T/page" || fail "the text of the table"
ok "a table of texts is loaded whole or not at all, in UTF-8 or CP932"

# --- words of controls --------------------------------------------------------------------------------------------------------------------
get sec /controls/account.unused >/dev/null; grep -q '90日を超えて使われていない' "$T/page" && ! grep -q '\[unused_days\]' "$T/page" || fail "how it is judged, in Japanese"
get sec /settings/parameters >/dev/null
[[ $(post sec /settings/parameters --data-urlencode name=unused_days --data-urlencode value=60 --data-urlencode reason=規程の改正) == 303* ]] || fail parameter
get sec /controls/account.unused >/dev/null; grep -q '60日を超えて使われていない' "$T/page" || fail "the page shows another value than the one in force"
ok "a control says in Japanese what is judged, with the municipality's own values"
get sec /controls/incident.escalated >/dev/null; sed 's/<pre.*//; /<pre/,/<\/pre>/d' "$T/page" >"$T/words"
grep -q '統括情報セキュリティ責任者、情報システム管理者' "$T/words" && ! grep -q 'chief、' "$T/words" || fail "role codes in reasons"
ok "reasons name roles by their labels"
# --- an edit changes what was changed -------------------------------------------------------------------------------------------------
a=$(sql "SELECT x.id FROM information_assets x JOIN persons p ON p.section = x.section WHERE p.staff_no = '1016' AND x.grouped = 0 AND x.specific_personal = 0
  AND x.state = 'classified' LIMIT 1"); [ -n "$a" ] || fail "no asset with a no"
get head "/ledgers/information-assets/$a/edit" >/dev/null; v=$(grep -o 'name="version" value="[0-9]*"' "$T/page" | head -1 | grep -o '[0-9]*')
[[ $(post head "/ledgers/information-assets/$a" --data-urlencode "version=$v" --data-urlencode do=save --data-urlencode name=名を変えた資産 \
  --data-urlencode has=grouped --data-urlencode has=specific_personal) == 303* ]] || fail "edit of the name"
[ "$(sql "SELECT name, grouped, specific_personal FROM information_assets WHERE id = $a")" = "名を変えた資産|0|0" ] || fail "a box left empty made a no unknown"
ok "a tick box left alone keeps its no"

kill "$house"; wait "$house" 2>/dev/null; house=
[ "$(sql "SELECT count(*) FROM receipt WHERE notice = ${n##*/} AND how = 'read'")" = 1 ] || fail "no receipt"
[ "$(sql "SELECT count(*) FROM carry_outs WHERE id IN ($own, $other) AND state = 'approved'")" = 2 ] || fail "not both approved"
[ "$(sql "SELECT count(*) FROM record_log WHERE action = 'duty.done' AND change = '全件を名簿と突き合わせた'")" = 1 ] || fail "the remark is not kept"
ok "receipt, decisions and remark are in the store"

#!/usr/bin/env bash
# The list of transfers: more than a page of them, words, filters, order, CSV and the API's list, each person's own only.
set -u
. "$(dirname "$0")/transfer_house.bash"
start
enter ichiro 1003; enter jiro 1004; enter other 1005; enter boss 1002

# --- 71 files of four kinds ----------------------------------------------------------------------------------------------------
mkdir "$T/f"
for i in $(seq -w 64); do printf 'n,%s\n' "$i" >"$T/f/c$i.csv"; done
for k in 0 16 32 48; do
  a=(); for i in $(seq -w $((k + 1)) $((k + 16))); do a+=(-F "files=@$T/f/c$(printf %02d "$((10#$i))").csv"); done
  [ "$(hand ichiro 1004 "${a[@]}")" = $((k + 16)) ] || fail "sixteen from $k"
done
printf '庁舎改修の図面\n' >"$T/庁舎改修.txt"; cp /bin/true "$T/tool.exe"; cp "$T/f/c01.csv" "$T/b.jtd"; seq 20000 >"$T/big.txt"
hand ichiro "" -F "files=@$T/庁舎改修.txt" -F "files=@$T/tool.exe" -F "files=@$T/b.jtd" -F "files=@$T/big.txt" >/dev/null
hand other 1003 -F "files=@$T/f/c02.csv" >/dev/null; hand other "" -F "files=@$T/f/c03.csv" >/dev/null
id=$(hand jiro "" -F "files=@$T/f/c04.csv"); [ "$id" = 71 ] || fail "71 files: $id"
for i in $(seq 71); do settled "$i" >/dev/null; done
rows() { get "$1" "$2" >/dev/null; grep -o 'href="/transfers/[0-9]*"' "$T/page" | grep -o '[0-9]*' | awk '!s[$0]++'; }  # WHO PATH: ids in order
next() { grep -o 'href="/transfers?[^"]*" rel="next"' "$T/page" | sed 's/.*href="//; s/".*//; s/&amp;/\&/g'; }

# --- paging ----------------------------------------------------------------------------------------------------------------------
rows ichiro /transfers >"$T/p1"; n=$(next); [ -n "$n" ] || fail "no next page"
rows ichiro "$n" >"$T/p2"; [ -z "$(next)" ] || fail "a third page"
[ "$(wc -l <"$T/p1") $(wc -l <"$T/p2")" = "50 19" ] || fail "pages of $(wc -l <"$T/p1") and $(wc -l <"$T/p2")"
{ seq 69 -1 69; seq 68 -1 1; } | diff - <(cat "$T/p1" "$T/p2") >/dev/null || fail "each once, newest first: $(cat "$T/p1" "$T/p2" | tr '\n' ' ')"
ok "more than a page: each of one's own once, newest first, and nobody else's"
rows jiro '/transfers?sort=oldest' | head -3 | tr '\n' ' ' | grep -qx '1 2 3 ' || fail "oldest first: $(head -3)"
rows ichiro '/transfers?sort=largest' | head -1 | grep -qx 68 || fail "largest first"
rows ichiro '/transfers?sort=name' >"$T/p1"; n=$(next); rows ichiro "$n" >"$T/p2"; [ "$(sort -u "$T/p1" "$T/p2" | wc -l)" = 69 ] || fail "pages by name"
ok "other orders, over pages too"

# --- narrowing down --------------------------------------------------------------------------------------------------------------
[ "$(rows ichiro '/transfers?q=%E5%BA%81%E8%88%8E')" = 65 ] || fail "words: $(rows ichiro '/transfers?q=%E5%BA%81%E8%88%8E')"
[ -z "$(rows other '/transfers?q=%E5%BA%81%E8%88%8E')" ] || fail "another one's file is found"
grep -q '条件に合うもの' "$T/page" || fail "nothing matches is said"
ok "words find one's own, also of two letters"
st() { sqlite3 "$D/office/office.db" "SELECT group_concat(id, ' ') FROM (SELECT id FROM transfers WHERE $1 ORDER BY id DESC)"; }
mine="(applicant = (SELECT id FROM persons WHERE staff_no='1003') OR EXISTS (SELECT 1 FROM transfers__recipients c JOIN persons p ON p.id = c.value WHERE c.record = transfers.id AND p.staff_no = '1003'))"
[ "$(rows ichiro '/transfers?state=blocked' | xargs)" = "$(st "$mine AND state='blocked'")" ] && [ -n "$(st "$mine AND state='blocked'")" ] || fail "state"
[ "$(rows ichiro '/transfers?format=txt' | xargs)" = "$(st "$mine AND format='txt'")" ] && [ "$(st "$mine AND format='txt'" | wc -w)" = 2 ] || fail "format"
s3=$(sqlite3 "$D/office/office.db" "SELECT id FROM org_units WHERE code='S03'")
[ "$(rows ichiro "/transfers?section=$s3" | xargs)" = "69" ] || fail "section: $(rows ichiro "/transfers?section=$s3" | xargs)"
today=$(TZ=Asia/Tokyo date +%F)
[ "$(rows ichiro "/transfers?from=$today" | wc -l)" = 50 ] && [ -z "$(rows ichiro "/transfers?until=2020-01-01")" ] || fail "days"
[ "$(rows ichiro "/transfers?direction=out" | wc -l)" = 0 ] || fail direction
ok "state, format, section, direction and days narrow the list down"
[ "$(rows ichiro '/transfers?to=fetch' | xargs)" = "69 68 65" ] || [ "$(rows ichiro '/transfers?to=fetch' | xargs)" = "$(st "state='ready' AND EXISTS (SELECT 1 FROM transfers__recipients c JOIN persons p ON p.id = c.value WHERE c.record = transfers.id AND p.staff_no = '1003')")" ] || fail "to be fetched"
ok "what is to be fetched stands apart"
[ "$(get ichiro '/transfers?sort=nonsense&state=nonsense&section=x%27--&after=zz')" = 422 ] || [ "$(get ichiro '/transfers?sort=nonsense&state=nonsense&section=x%27--')" = 200 ] || fail "nonsense"
ok "nonsense in the address is no fault of the server"
get boss /transfers >/dev/null; [ -z "$(rows boss /transfers)" ] || fail "a manager's own list holds others' files"
ok "who oversees sees the ledger, here only his own"

# --- CSV, API ----------------------------------------------------------------------------------------------------------------------
[ "$(get ichiro /transfers.csv)" = 200 ] && [ "$(grep -c '授受-' "$T/page")" = 69 ] && head -1 "$T/page" | grep -q 'number,file_name,direction' || fail "CSV: $(head -2 "$T/page")"
[ "$(get ichiro '/transfers.csv?format=txt')" = 200 ] && [ "$(grep -c '授受-' "$T/page")" = 2 ] || fail "CSV narrowed"
ok "CSV holds the list as it is narrowed, over all its pages"
get jiro /me/tokens >/dev/null
[[ $(post jiro /me/tokens -F "csrf=$(csrf)" -F label=連携 -F scope=read -F days=30) == 200* ]] || fail token
token=$(grep -o '<code class="wrap">[^<]*' "$T/page" | sed 's/.*>//')
api() { curl -sk -o "$T/page" -w '%{http_code}' -H "Authorization: Bearer $token" "$U/api/v1/$1"; }
[ "$(api 'transfers?limit=40')" = 200 ] || fail "API"
jq -r '.transfers[].id' "$T/page" >"$T/p1"; after=$(jq -r .next "$T/page"); [ "$(jq .total "$T/page") $(wc -l <"$T/p1")" = "65 40" ] || fail "API: $(jq .total "$T/page")"
[ "$(api "transfers?limit=40&after=$after")" = 200 ] || fail "API: second page"
jq -r '.transfers[].id' "$T/page" >"$T/p2"; [ "$(jq -r .next "$T/page")" = null ] && [ "$(sort -u "$T/p1" "$T/p2" | wc -l)" = 65 ] || fail "API: pages"
ok "the API lists in pages"

# --- a line ----------------------------------------------------------------------------------------------------------------------
get ichiro '/transfers?to=fetch' >/dev/null
grep -q '授受-[0-9-]* · 取込み.* · 受取期限 20' "$T/page" || fail "a line of the list: $(grep -m1 '授受-' "$T/page")"
ok "the line of a file keeps its dates apart and names them"

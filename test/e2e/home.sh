#!/usr/bin/env bash
# First screens: what each role sees when it comes in, with numbers that are those of the lists behind them; and the mark of a clause
# that is met only because nothing has happened yet.
set -u
T=$(mktemp -d); export T LC_ALL=C.UTF-8 LANG=C
D=$T/city house=
cleanup() { [ -z "$house" ] || { kill "$house" 2>/dev/null; wait "$house" 2>/dev/null; }; rm -rf "$T"; }
trap cleanup EXIT
fail() { echo "FAIL $*"; [ -s "$T/page" ] && sed 's/<[^>]*>/ /g; s/  */ /g' "$T/page" | tail -c 1500; tail -5 "$T/err" 2>/dev/null; exit 1; }
ok() { echo "ok $*"; }
S="$O/sekisho"
"$S" init "$D" --city 見本市 --standard iizuka --sample >"$T/out" 2>"$T/err" || fail init
[ "$(sqlite3 "$D/office/office.db" "SELECT count(*) FROM outbox WHERE idx IS NULL")" = 0 ] || fail "init ends before all is sealed"
"$S" run "$D" --listen 127.0.0.1:0 >"$T/run" 2>>"$T/err" & house=$!
for _ in $(seq 400); do grep -q '^ready ' "$T/run" && break; sleep 0.05; done
U=$(sed -n "s/^ready \(https:[^ ]*[^ /]\)\/* .*/\1/p" "$T/run"); [ -n "$U" ] || fail "not ready"
get() { curl -sk --max-time 30 -b "$T/$1" -c "$T/$1" -o "$T/page" -w '%{http_code}' "$U$2"; }                      # WHO PATH
csrf() { grep -o 'name="csrf" value="[^"]*"' "$T/page" | tail -1 | sed 's/.*value="//; s/"$//'; }
enter() { # WHO STAFF_NO
  local l; l=$("$S" link "$D" --person "$2" 2>>"$T/err") || fail "link of $2"
  l=/link/${l##*/link/}; get "$1" "$l" >/dev/null
  [ "$(curl -sk --max-time 30 -b "$T/$1" -c "$T/$1" -o "$T/page" -w '%{http_code}' -H "Origin: $U" --data-urlencode "csrf=$(csrf)" "$U$l")" = 303 ] || fail "sign-in of $2"
}
while IFS=$'\t' read -r no _ role; do
  case $role in Staff*) enter staff "$no" ;; Section*) enter head "$no" ;; System*) enter system "$no" ;; Security*) enter office "$no" ;; CISO*) enter ciso "$no" ;; Auditor*) enter auditor "$no" ;; esac
done < <(grep -v '^#' "$O/share/sekisho/sample/links.tsv")
titles() { get "$1" / >/dev/null; grep -o '<h2[^>]*>[^<]*' "$T/page" | sed 's/.*>//; s/ *$//' | tr '\n' '|'; }
has() { local who=$1 t; shift; t="|$(titles "$who")"; for b in "$@"; do [[ $t == *"|$b|"* ]] || fail "$who has no \"$b\": $t"; done; }
lacks() { local who=$1 t; shift; t="|$(titles "$who")"; for b in "$@"; do [[ $t != *"|$b|"* ]] || fail "$who has \"$b\""; done; }
# The items of one block, a line each, without marks.
items() { python3 -c 'import html, re, sys
b = re.search(r"<h2[^>]*>%s.*?</section>" % re.escape(sys.argv[2]), open(sys.argv[1]).read(), re.S)
print("\n".join(" ".join(html.unescape(re.sub(r"<[^>]*>", " ", i)).split()) for i in re.findall(r"<li>(.*?)</li>", b.group(0), re.S)))' "$T/page" "$1"; }
count() { grep -o "<h2[^>]*>$1 <span class=\"badge\">[0-9,]*" "$T/page" | grep -o '[0-9,]*$' | tr -d ,; }

has staff あなたの対応待ち 私の申請への判断; lacks staff 14日以内に期限が来るもの システムごとの要対応
for l in /transfers/new /ledgers/carry-outs/new /ledgers/incidents/new; do grep -q "href=\"$l\"" "$T/page" || fail "staff finds no $l"; done
has head あなたの決定を待つもの あなたの対応待ち 自課の要対応
has system あなたの決定を待つもの システムごとの要対応 対応が必要なログの発生元
has office 判断の済んでいない検知 最近悪化したもの 事故 14日以内に期限が来るもの 対応が必要なログの発生元
has ciso あなたの決定を待つもの 事故 最近悪化したもの 法令の8区分 推移
has auditor 推移
! grep -q 未封緘 "$T/page" || fail "the sample city comes with events that wait to be sealed"
ok "each role has its own blocks"

titles system >/dev/null; n=$(count あなたの対応待ち); [ "$n" -gt 9 ] && [ "$(items あなたの対応待ち | wc -l)" = 8 ] || fail "the number of duties: $n"
get system /duties >/dev/null; [ "$(items あなたの対応待ち | wc -l)" = "$n" ] || fail "$n on the first screen, $(items あなたの対応待ち | wc -l) in the list"
ok "the number of a block is that of the list behind it"
titles system >/dev/null; items システムごとの要対応 >"$T/systems"
python3 - "$T/systems" <<'P' || fail "the systems: $(cat "$T/systems")"
import re, sys
rows = [sum(int(n) for n in re.findall(r'(\d+)件', r)) for r in open(sys.argv[1])]
sys.exit(not (len(rows) == 8 and rows[0] > 0 and rows == sorted(rows, reverse=True)))
P
grep -q 'ログ [0-9]*件' "$T/systems" && grep -q '復元試験の期限超過 [0-9]*件' "$T/systems" || fail "logs and restore tests of the systems: $(cat "$T/systems")"
ok "one row for each system, the worst first: itself, logs, backups, accounts"
titles office >/dev/null; items 14日以内に期限が来るもの >"$T/coming"; items 事故 >"$T/incidents"
from=$(TZ=Asia/Tokyo date +%F) to=$(TZ=Asia/Tokyo date -d '+14 days' +%F)
[ -s "$T/coming" ] && grep -o '期限 20[0-9-]*' "$T/coming" | cut -d' ' -f2 | awk -v a="$from" -v b="$to" '$1 < a || $1 > b { exit 1 }' || fail "within 14 days: $(cat "$T/coming")"
grep -q '期限 20.*期限超過' "$T/incidents" || fail "the clocks of the incidents: $(cat "$T/incidents")"
ok "the security office sees what comes due, and by when incidents want something"

# Met because nothing has happened: a mark, a word and an outline of its own, on the board, the clause and the control.
get office /board >/dev/null; id=$(grep -o 'href="/clauses/[^"]*" title="[^"]*適合（0件）' "$T/page" | head -1 | sed 's,.*/clauses/,,; s/".*//')
[ -n "$id" ] && grep -q 'href="#s-met_empty"' "$T/page" || fail "no clause with 0 events on the board"
get office "/clauses/$id" >/dev/null; grep -q 'st-met_empty' "$T/page" || fail "clause $id"
grep -o 'href="/controls/[^"]*' "$T/page" | sed 's/href="//; s/?.*//' | sort -u >"$T/controls"
while read -r p; do get office "$p" >/dev/null; grep -q 'st-met_empty' "$T/page" && break; done <"$T/controls"
grep -q 'st-met_empty' "$T/page" || fail "the controls of $id"
ok "met with 0 events is drawn apart from met with evidence"

# An auditor draws at random: the same seed gives the same records, anybody can count after, and it is on record.
post() { curl -sk --max-time 30 -b "$T/$1" -c "$T/$1" -o "$T/page" -w '%{http_code} %{redirect_url}' -H "Origin: $U" --data-urlencode "csrf=$(csrf)" "${@:3}" "$U$2"; }
has auditor 推移; grep -q 'href="/samples"' "$T/page" && grep -q 'href="/board?as_of=' "$T/page" && grep -q 'href="/ledgers/audits"' "$T/page" || fail "what an auditor comes for"
draw() { get auditor /samples >/dev/null; local r; r=$(post auditor /samples -d ledger=information-assets -d "n=$1" --data-urlencode "seed=$2"); [[ $r == 303*/samples/* ]] || fail "draw: $r"; echo "${r##*"$U"}"; }
drawn() { get auditor "$1" >/dev/null; grep -o 'href="/ledgers/information-assets/[0-9]*">[^<]*' "$T/page" | sed 's/.*>//'; }
one=$(draw 12 監査-2026); drawn "$one" >"$T/one"; two=$(draw 12 監査-2026); drawn "$two" >"$T/two"; other=$(draw 12 ''); drawn "$other" >"$T/three"
[ "$(wc -l <"$T/one")" = 12 ] && cmp -s "$T/one" "$T/two" && ! cmp -s "$T/one" "$T/three" || fail "samples: $(paste "$T/one" "$T/two" "$T/three")"
"$S" ledger export "$D" information-assets 2>>"$T/err" >"$T/assets.csv"
python3 - "$T/assets.csv" <<'P' >"$T/counted"
import csv, hashlib, sys
numbers = [r[0] for r in list(csv.reader(open(sys.argv[1], encoding='utf-8-sig')))[2:]]
print('\n'.join(sorted(numbers, key=lambda n: hashlib.sha256(f'監査-2026:{n}'.encode()).digest())[:12]))
P
cmp -s "$T/one" "$T/counted" || fail "counted after: $(paste "$T/one" "$T/counted")"
get auditor "$one" >/dev/null; grep -q '600件中12件' "$T/page" && [ "$(grep -o 'href="/events/[0-9]*"' "$T/page" | wc -l)" = 13 ] || fail "the page of the sample"
[ "$(get auditor "$(grep -o '/events/[0-9]*' "$T/page" | head -1)")" = 200 ] && grep -q 'audit.sample' "$T/page" && grep -q '監査-2026' "$T/page" || fail "the event of the sample"
[ "$(get staff /samples)" = 403 ] && [ "$(get staff "$one")" = 403 ] || fail "open to staff"
get auditor /samples >/dev/null; [[ $(post auditor /samples -d ledger=information-assets -d n=101 -d seed=x) == 422* ]] || fail "more than a sample holds"
ok "an auditor's sample: drawn again from its seed, counted after from outside, with an event and the proof of each record"

# A fixed day: what the board showed at its end, from spans; the same for the page, its file and the command.
day=$(TZ=Asia/Tokyo date -d '-90 days' +%F)
"$S" status "$D" --as-of "$day" --json >"$T/then.json" 2>>"$T/err"; [ $? -le 1 ] || fail "status --as-of"
"$S" status "$D" --json >"$T/now.json" 2>>"$T/err"
python3 - "$T/then.json" "$T/now.json" >"$T/then" <<'P' || fail "$day is as today"
import collections, json, sys
then, now = ({c['id']: c['status'] for c in json.load(open(p))['clauses']} for p in sys.argv[1:])
n = collections.Counter(then.values())
print(n['not_met'], n['met'], n['excepted'])
sys.exit(then == now)
P
get auditor "/board?as_of=$day" >/dev/null; grep -q "基準日 $day" "$T/page" || fail "the page does not say the day"
of() { python3 -c 'import re, sys; m = re.search(r"class=\"word st-%s\">.*?<b>([0-9,]+)</b>" % sys.argv[2], open(sys.argv[1]).read(), re.S); print(m.group(1).replace(",", ""))' "$T/page" "$1"; }
[ "$(of not_met) $(of met) $(of excepted)" = "$(cat "$T/then")" ] || fail "on $day: $(of not_met) $(of met) $(of excepted), the command says $(cat "$T/then")"
get auditor "/board.csv?as_of=$day" >/dev/null; [ "$(($(wc -l <"$T/page") - 1))" = "$(jq '.clauses | length' "$T/then.json")" ] || fail "the file"
[ "$(get auditor "/board?as_of=2999-01-01")" = 400 ] || fail "a day to come"
ok "the board as of a past day, on the page, in its file and on the console"

#!/usr/bin/env bash
# Long work beside the requests: a large export, of a ledger or another list, is made as a job and downloaded, a large import is tried whole and taken over
# while others write; cancelled, at fault or killed midway it leaves nothing behind.
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
get() { curl -sk --max-time 30 -b "$T/$1" -c "$T/$1" -o "$T/page" -w '%{http_code}' "$U$2"; }                      # WHO PATH
csrf() { grep -o 'name="csrf" value="[^"]*"' "$T/page" | tail -1 | sed 's/.*value="//; s/"$//'; }
post() { local who=$1 path=$2; shift 2; curl -sk --max-time 30 -b "$T/$who" -c "$T/$who" -o "$T/page" -w '%{http_code} %{redirect_url}' -H "Origin: $U" \
  --data-urlencode "csrf=$(csrf)" "$@" "$U$path"; }                                                                # WHO PATH curl-options
enter() { # WHO STAFF_NO
  local l; l=$("$S" link "$D" --person "$2" 2>>"$T/err") || fail "link of $2"
  l=/link/${l##*/link/}; get "$1" "$l" >/dev/null; [[ $(post "$1" "$l") == 303* ]] || fail "sign-in of $2"
}
wait_for() { # WHO JOB PATTERN: the page of the job says so
  for _ in $(seq 600); do get "$1" "$2" >/dev/null; grep -q "$3" "$T/page" && return 0; sleep 0.1; done; return 1
}
enter sec 1038; enter staff 1074
get sec /settings >/dev/null; [[ $(post sec /settings --data-urlencode job_rows=100) == 303* ]] || fail job_rows

# --- export -------------------------------------------------------------------------------------------------------------------------
get sec /ledgers/persons/export.csv >/dev/null; grep -q 'action="/ledgers/persons/export"' "$T/page" || fail "a large export in one request"
r=$(post sec /ledgers/persons/export); j=${r##*"$U"}; [[ $r == 303*/jobs/* ]] || fail "export: $r"
[ "$(get staff "$j")" = 404 ] || fail "somebody else sees the job"
wait_for sec "$j" 'note good' || fail "the export does not end"
a=$(grep -o '/attachments/[0-9]*' "$T/page" | head -1); [ -n "$a" ] && [ "$(get staff "$a")" = 404 ] || fail "the file is open to others"
[ "$(get sec "$a")" = 200 ] && cp "$T/page" "$T/job.csv"
"$S" ledger export "$D" persons >"$T/console.csv" 2>>"$T/err" || fail "ledger export"
cut -d, -f1,2 "$T/job.csv" | tr -d '\357\273\277' | sed 2d >"$T/a"; cut -d, -f1,2 "$T/console.csv" | tr -d '\357\273\277' | sed 2d >"$T/b"
[ "$(wc -l <"$T/a")" -gt 300 ] && cmp -s "$T/a" "$T/b" || fail "the file differs from what the console writes: $(diff "$T/a" "$T/b" | head -5)"
get sec /jobs >/dev/null; grep -q "$j\"" "$T/page" && get staff /jobs >/dev/null && ! grep -q "$j\"" "$T/page" || fail "list of jobs"
ok "a large export is a job with its file, for whom it was made"

# --- lists that are no ledger --------------------------------------------------------------------------------------------------------
many() { # WHO PAGE WORD ROWS: its CSV is asked for as a job and has so many rows with the word
  get "$1" "$2.csv" >/dev/null; grep -q "action=\"$2/export[^\"]*\"" "$T/page" || fail "a long $2.csv in one request"
  local r j a n; r=$(post "$1" "$2/export"); j=${r##*"$U"}; [[ $r == 303*/jobs/* ]] || fail "$2/export: $r"
  wait_for "$1" "$j" 'note good' || fail "the export of $2 does not end"
  grep -q "href=\"$2\"" "$T/page" || fail "no way back to $2"
  a=$(grep -o '/attachments/[0-9]*' "$T/page" | head -1); [ -n "$a" ] && [ "$(get "$1" "$a")" = 200 ] || fail "no file of $2"
  n=$(grep -c "$3" "$T/page"); [ "$n" = "$4" ] || fail "$2 as a job: $n rows of $4"
}
get staff /applications.csv >/dev/null; n=$(wc -l <"$T/page"); [ "$n" -lt 100 ] && head -1 "$T/page" | grep -q 'number,title,ledger' || fail "a short list in the request"
"$S" ledger export "$D" exceptions >"$T/exceptions.csv" 2>>"$T/err"
python3 - "$T/exceptions.csv" >"$T/120.csv" <<'E'
import csv, sys
head, _, first = list(csv.reader(open(sys.argv[1], encoding='utf-8-sig')))[:3]
row = dict(zip(head, first), number='', applicant='1074', state='draft', subject='長い一覧')
csv.writer(sys.stdout).writerows([head] + [[row[h] for h in head]] * 120)
E
"$S" ledger import "$D" exceptions "$T/120.csv" >"$T/out" 2>&1 || fail "120 exceptions: $(cat "$T/out")"
many staff /applications 長い一覧 120
for _ in $(seq 101); do "$S" token create "$D" --person 1074 --scope read >/dev/null 2>>"$T/err" || fail "token create"; done
many staff /me/sign-ins auth.token, 101
many sec /settings/sign-ins auth.token, 101
[ "$(get sec '/settings/sign-ins.csv?kind=signin')" = 200 ] && head -1 "$T/page" | grep -q 'seq,at,action' || fail "what is short is made in the request"
get staff /me >/dev/null; [[ $(post staff /settings/sign-ins/export) == 403* ]] || fail "everybody's sign-ins for anybody"
ok "long lists of sign-in events and of applications are jobs too, short ones come at once"

# --- import -------------------------------------------------------------------------------------------------------------------------
rows() { echo name,kinds,country; for i in $(seq "$2"); do echo "$1$i,contractor,日本"; done; }
upload() { # FILE: its job
  get sec /ledgers/parties/import >/dev/null
  curl -sk --max-time 60 -b "$T/sec" -c "$T/sec" -o "$T/page" -w '%{http_code}' -H "Origin: $U" -F "csrf=$(csrf)" -F "file=@$1;type=text/csv" "$U/ledgers/parties/import" >"$T/code"
  local u r; u=$(grep -o 'name="upload" value="[0-9]*"' "$T/page" | grep -o '[0-9]*'); [ -n "$u" ] || fail "upload: $(cat "$T/code")"
  r=$(post sec /ledgers/parties/import/apply --data-urlencode "upload=$u"); [[ $r == 303*/jobs/* ]] || fail "apply: $r"
  echo "${r##*"$U"}"
}
count() { "$S" ledger export "$D" parties 2>>"$T/err" | grep -c ",$1[0-9]*,"; }
rows 先行 600 >"$T/good.csv"
j=$(upload "$T/good.csv") || exit 1
wait_for sec "$j" 'note good\|role="alert"' || fail "the import does not end"
[ "$(count 先行)" = 600 ] || fail "600 rows, $(count 先行) taken over"
get sec /ledgers/parties/import >/dev/null; u=$(grep -o '/ledgers/parties/import/[0-9]*/undo' "$T/page" | head -1)
[ -n "$u" ] && [[ $(post sec "$u") == 303* ]] && [ "$(count 先行)" = 0 ] || fail "it cannot be taken back as one import"
ok "a large import is taken over as a job and can be taken back whole"
{ rows 誤り 300; echo "誤り301,nosuch,日本"; } >"$T/bad.csv"
j=$(upload "$T/bad.csv") || exit 1
wait_for sec "$j" 'role="alert"' || fail "a fault does not end it"
grep -q '302' "$T/page" && grep -q '何も取り込まれていません' "$T/page" && [ "$(count 誤り)" = 0 ] || fail "the fault, or rows of it"
ok "what cannot be taken over is told by line, and nothing was"
rows 取消 4000 >"$T/long.csv"
j=$(upload "$T/long.csv") || exit 1
wait_for sec "$j" '試行済み: [0-9,]* 行中 [1-9]' || fail "no progress of the trial"
wait_for sec "$j" 'status">[0-9,]* *行中 *[1-9]' || fail "no progress"
get staff /me >/dev/null; t=$(date +%s%N); [[ $(post staff /language --data-urlencode lang=ja --data-urlencode back=/me) == 303* ]] || fail "somebody else's write"
t=$((($(date +%s%N) - t) / 1000000)); [ "$t" -lt 4000 ] || fail "somebody else's write waited $t ms"
get sec "$j" >/dev/null; [[ $(post sec "$j/cancel") == 303* ]] || fail cancel
wait_for sec "$j" 'note warn' || fail "cancelling does not end it"
[ "$(count 取消)" = 0 ] || fail "a cancelled import left $(count 取消) rows"
ok "while it runs others write (in $t ms); cancelled, it leaves nothing"
rows 中断 4000 >"$T/long.csv"
j=$(upload "$T/long.csv") || exit 1
wait_for sec "$j" '試行済み' && get sec "$j" >/dev/null; [[ $(post sec "$j/cancel") == 303* ]] || fail "cancel while trying"
wait_for sec "$j" 'note warn' && [ "$(count 中断)" = 0 ] || fail "cancelled while it was tried"
j=$(upload "$T/long.csv") || exit 1
wait_for sec "$j" 'status">[0-9,]* *行中 *[1-9]' || fail "no progress"
kill -9 "$(grep 'role=office.job' "$T/err" | tail -1 | grep -o 'pid=[0-9]*' | grep -o '[0-9]*')" || fail "no job process"
wait_for sec "$j" 'role="alert"' || fail "an interrupted import stays open"
[ "$(count 中断)" = 0 ] || fail "an interrupted import left $(count 中断) rows"
rows 再開 150 >"$T/good.csv"; j=$(upload "$T/good.csv") || exit 1
wait_for sec "$j" 'note good' && [ "$(count 再開)" = 150 ] || fail "the next job"
ok "killed midway it is taken back, and the next job runs"
[ -z "$(find "$D" -name 'trial.db*')" ] || fail "a copy of the store is left behind"

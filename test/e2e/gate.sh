#!/usr/bin/env bash
# The gate as its users run it: one file at a time, real workers, real verifier. O: the build folder.
set -u
O=$(realpath "${O:-build}") S="$O/sekisho" failed=0
W=$(mktemp -d) && cd "$W" || exit 3
trap 'rm -rf "$W"' EXIT
export LC_ALL=C.UTF-8
ok() { if [ "$2" = "$3" ]; then echo "ok $1"; else echo "FAIL $1: want [$3], got [$2]"; failed=1; fi; }
# clean NAME: exit code and code of the report
clean() { rm -f out rep; "$S" gate clean "$1" -o out --report rep 2>/dev/null; echo "$? $(jq -r '.outcome + " " + (.code // "")' rep 2>/dev/null)"; }

printf '氏名,値\n山田,=cmd|calc!A0\nx,-12.5,--\n"=1+1",@a\n' >a.csv
ok csv-delivered "$(clean a.csv)" "0 delivered "
ok csv-defused "$(cat out)" "$(printf "氏名,値\n山田,'=cmd|calc!A0\nx,-12.5,--\n\"'=1+1\",'@a")"
ok csv-report "$(jq -r '.parts[] | "\(.code) \(.count)"' rep)" "CSV-FORMULA 3"
sha256sum <out >first; clean a.csv >/dev/null; sha256sum <out >second
ok csv-same-bytes "$(cat first)" "$(cat second)"
cp out again.csv
ok csv-again "$(clean again.csv)" "0 delivered "
ok csv-fixpoint "$(sha256sum <out)" "$(cat first)"
ok csv-verify-original "$("$S" gate verify a.csv >/dev/null; echo $?)" 1
ok csv-verify-output "$("$S" gate verify again.csv >/dev/null; echo $?)" 0
iconv -f UTF-8 -t CP932 a.csv >b.csv
ok cp932 "$(clean b.csv)" "0 delivered "
ok cp932-stays "$(iconv -f CP932 -t UTF-8 out | head -1)" "氏名,値"
iconv -f UTF-8 -t EUC-JP a.csv >c.csv
ok euc "$(clean c.csv; iconv -f EUC-JP -t UTF-8 out | head -1)" "$(printf '0 delivered \n氏名,値')"
iconv -f UTF-8 -t ISO-2022-JP a.csv >d.csv
ok jis "$(clean d.csv; iconv -f ISO-2022-JP -t UTF-8 out | head -1)" "$(printf '0 delivered \n氏名,値')"
printf '\xff\xfea\0b\0' >w.txt
ok utf16 "$(clean w.txt; cat out)" "$(printf '0 delivered \nab')"
printf 'file\xe2\x80\xaetxt.exe\n' >r.txt
ok hidden "$(clean r.txt; cat out)" "$(printf '0 delivered \nfiletxt.exe')"

cp /bin/true p.txt; ok program-as-text "$(clean p.txt)" "1 blocked TYPE-EXECUTABLE"
ok nothing-out "$(ls out 2>&1 | grep -c '^out$')" 0
cp a.csv a.exe; ok program-by-name "$(clean a.exe)" "1 blocked TYPE-EXECUTABLE"
cp a.csv a.csv.js; ok double-extension "$(clean a.csv.js)" "1 blocked NAME-DOUBLE"
cp a.csv "$(printf 'a\xe2\x80\xaevsc.txt')"; ok name-turns "$(clean "$(printf 'a\xe2\x80\xaevsc.txt')")" "1 blocked NAME-RLO"
: >e.txt; ok empty "$(clean e.txt)" "1 held EMPTY"
cp a.csv a.jtd; ok no-rebuild "$(clean a.jtd)" "1 held NO-REBUILD"
cp a.csv a.zzz; ok unknown "$(clean a.zzz)" "1 held TYPE-UNKNOWN"
head -c 3000000 /dev/zero | tr '\0' 'x' >l.csv; ok long-line "$(clean l.csv)" "1 held LIMIT-LINE"
truncate -s 2G big.txt; ok two-gigabytes "$(clean big.txt)" "1 held LIMIT-INPUT"
ok no-such-file "$("$S" gate clean none.txt -o out 2>/dev/null; echo $?)" 3
ok usage "$("$S" gate clean 2>/dev/null; echo $?)" 2
ok no-place-for-output "$("$S" gate clean a.csv -o no/such/out 2>/dev/null; echo $?)" 3
printf 'input_mib: none\n' >bad.yaml
ok bad-policy "$("$S" gate clean a.csv -o out --policy bad.yaml 2>&1 | grep -c 'bad.yaml:1:12')" 1
printf 'clamd: %s/no.sock\n' "$W" >av.yaml
ok no-scanner "$("$S" gate clean a.csv -o out2 --policy av.yaml --report rep 2>/dev/null; echo "$? $(jq -r .code rep) $(ls out2 2>/dev/null)")" "1 AV-ERROR "
ok explain "$("$S" gate explain rep | head -1)" "a.csv: held"
ok verifier-links "$(ldd "$O/libexec/sekisho/gate-verify" | grep -cE 'libz|libxml|expat|png|jpeg|poppler|jansson|yaml')" 0
ok confined "$(clean a.csv >/dev/null; jq -r '[.runs[] | select(.posture | contains("seccomp"))] | length' rep)" 3
exit $failed

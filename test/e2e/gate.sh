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
# Archives
cat >zips.py <<'PY'
import struct, zipfile, zlib
class Cp932(zipfile.ZipInfo):
    def _encodeFilenameFlags(self): return self.filename.encode("cp932"), self.flag_bits & ~0x800
def make(name, members):
    with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as z:
        for k, v in members: z.writestr(k, v)
good = [("a.csv", "1,=x()\n"), ("sub/メモ.txt", "あ\n" * 999)]
make("good.zip", good)
make("mixed.zip", good + [("x.exe", b"MZ" + bytes(99))])
make("bad.zip", [("x.exe", b"MZ" + bytes(99))])
make("up.zip", [("../a.txt", "a")])
make("twin.zip", [("a.txt", "a"), ("A.TXT", "b")])
make("bomb.zip", [("a.txt", "a" * 50_000_000)])
deep = b"deep\n"
for i in range(6):
    n = "d.txt" if i == 0 else "d.zip"
    make("deep.zip", [(n, deep)])
    deep = open("deep.zip", "rb").read()
with zipfile.ZipFile("cp932.zip", "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr(Cp932("表示ソ.txt"), "日本\n")
with zipfile.ZipFile("link.zip", "w") as z:
    i = zipfile.ZipInfo("l.txt"); i.create_system = 3; i.external_attr = 0o120777 << 16; z.writestr(i, "/etc/passwd")
g = bytearray(open("good.zip", "rb").read())
open("before.zip", "wb").write(b"MZ" + g)
open("front.zip", "wb").write(b"PK\3\4" + g)
open("after.zip", "wb").write(g + b"PK tail")
open("cut.zip", "wb").write(g[:-30])
h = bytearray(g); h[g.index(b"a.csv")] = ord("b"); open("differ.zip", "wb").write(h)
c = g.rindex(b"PK\1\2"); h = bytearray(g); h[c + 42:c + 46] = struct.pack("<I", 0); open("overlap.zip", "wb").write(h)
h = bytearray(g); h[40] ^= 1; open("data.zip", "wb").write(h)
h = bytearray(g); h[6] |= 1; h[g.index(b"PK\1\2") + 8] |= 1; open("locked.zip", "wb").write(h)
PY
python3 zips.py
ok zip "$(clean good.zip; python3 -m zipfile -l out | awk 'NR>1{print $1}' | paste -sd' ')" "$(printf '0 delivered \na.csv sub/メモ.txt')"
ok zip-tests "$(cd "$W" && cp out o.zip && python3 -m zipfile -t o.zip)" "Done testing"
cp out fix.zip; ok zip-fixpoint "$(clean fix.zip; cmp out fix.zip && echo same)" "$(printf '0 delivered \nsame')"
ok zip-note "$(clean mixed.zip; python3 -m zipfile -l out | awk 'NR>1{print $1}' | paste -sd' ')" "$(printf '0 delivered \na.csv sub/メモ.txt x.exe_遮断.txt')"
ok zip-member-report "$(jq -r '[.members[] | .outcome] | join(" ")' rep)" "delivered delivered blocked"
ok zip-cp932 "$(clean cp932.zip; python3 -m zipfile -l out | awk 'NR>1{print $1}')" "$(printf '0 delivered \n表示ソ.txt')"
for t in bad:blocked:ZIP-NOTHING up:blocked:ZIP-NAME twin:blocked:ZIP-DUP bomb:blocked:ZIP-BOMB deep:blocked:ZIP-NOTHING link:blocked:ZIP-LINK \
	before:blocked:TYPE-EXECUTABLE front:blocked:ZIP-CENTRAL after:blocked:ZIP-TRAILING cut:held:PARSE differ:blocked:ZIP-HEADER overlap:blocked:ZIP-HEADER \
	data:blocked:ZIP-DATA locked:held:ENC-PASSWORD; do
	IFS=: read -r n o c <<<"$t"
	ok "zip-$n" "$(clean "$n.zip")" "1 $o $c"
done
ok zip-verify-original "$("$S" gate verify good.zip >/dev/null; echo $?)" 1
ok verifier-links "$(ldd "$O/libexec/sekisho/gate-verify" | grep -cE 'libz|libxml|expat|png|jpeg|poppler|jansson|yaml')" 0
ok confined "$(clean a.csv >/dev/null; jq -r '[.runs[] | select(.posture | contains("seccomp"))] | length' rep)" 3
exit $failed

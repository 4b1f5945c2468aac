#!/usr/bin/env bash
# Documents with a password: without one held and asked for, with a wrong one held, with the right one they take the whole way.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
O=$(realpath "${O:-build}") S="$O/sekisho" failed=0
for C in "${GATE_CORPUS:-}" ../shared/data/gate ../../shared/data/gate; do [ ! -d "$C/active" ] || break; done
C=$(realpath "$C")
W=$(mktemp -d) && cd "$W" || exit 3
trap 'rm -rf "$W"' EXIT
export LC_ALL=C.UTF-8 HOME="$W"
py=/usr/bin/python3; [ -x "$py" ] || py=python3
ok() { if [ "$2" = "$3" ]; then echo "ok $1"; else echo "FAIL $1: want [$3], got [$2]"; failed=1; fi; }
printf 'seconds: 120\n' >slow.yaml
# FILE [PASSWORD]: outcome and code
try() {
	local p=()
	[ $# = 1 ] || { printf '%s\n' "$2" >pw; p=(--password-file pw); }
	rm -f out rep; "$S" gate clean "$1" -o out --report rep --policy slow.yaml "${p[@]}" >/dev/null 2>&1
	jq -r '.outcome + " " + (.code // "")' rep
}
"$py" "$here/ooxml/make.py" features >/dev/null
f=features/fld-dde.docx
"$S" gate clean $f -o plain.docx >/dev/null 2>&1
for form in agile standard; do
	"$py" "$here/ooxml/lock.py" $form $f $form.docx 'ひみつ "<&>😀'
	ok "$form none" "$(try $form.docx)" "held ENC-PASSWORD"
	ok "$form wrong" "$(try $form.docx himitsu)" "held ENC-WRONG"
	ok "$form right" "$(try $form.docx 'ひみつ "<&>😀'; cmp out plain.docx && echo same; grep -c 'ひみつ' rep)" "$(printf 'delivered \nsame\n0')"
	"$py" "$here/ooxml/lock.py" $form $f all-$form.docx VelvetSweatshop
	ok "$form everybody's" "$(try all-$form.docx; cmp out plain.docx && echo same)" "$(printf 'delivered \nsame')"
done
ok "told" "$(jq -r '[.parts[] | select(.code == "ENC-OPENED")] | length' rep)" 1
"$py" "$here/ooxml/lock.py" extensible $f ext.docx x; ok "other ways of protection" "$(try ext.docx x)" "held ENC-OFFICE"
"$py" "$here/ooxml/lock.py" agile <(printf 'no package') none.docx x; ok "what is inside is no document" "$(try none.docx x)" "held PARSE"
"$py" "$here/ooxml/lock.py" agile agile.docx twice.docx x; ok "locked twice" "$(try twice.docx x)" "held PARSE"
cp agile.docx wrong.xlsx; ok "a text called a workbook" "$(try wrong.xlsx 'ひみつ "<&>😀' | cut -d' ' -f1)" "blocked"
"$py" - <<'PY'
b = bytearray(open("agile.docx", "rb").read())
open("cut.docx", "wb").write(b[:2048])
i = b.index(b'spinCount="1000"')
c = bytearray(b); c[i:i + 16] = b'spinCount="9999"'; open("turns.docx", "wb").write(c)
for n, (at, v) in enumerate(((44, 0xffffffff), (48, 0xfffffff0), (48, 3), (56, 0xffffffff), (60, 0x7fffffff), (64, 0xffffffff), (68, 5), (76, 0xfffffff0), (30, 63), (32, 0), (512 + 116, 0))):
    c = bytearray(b); c[at:at + 4] = v.to_bytes(4, "little"); open(f"bad{n}.docx", "wb").write(c)
PY
ok "cut" "$(try cut.docx x)" "held PARSE"
ok "other turns" "$(try turns.docx 'ひみつ "<&>😀')" "held ENC-WRONG"
for b in bad*.docx; do case $(try "$b" x) in held*) echo "ok $b" ;; *) echo "FAIL $b: $(try "$b" x)"; failed=1 ;; esac; done
zip -q in.zip agile.docx; ok "in an archive" "$(try in.zip 'ひみつ "<&>😀'; unzip -l out | grep -c 'agile.docx')" "$(printf 'delivered \n1')"
ok "in an archive, wrong" "$(try in.zip x; jq -r '.members[0].code' rep)" "$(printf 'blocked ZIP-NOTHING\nENC-WRONG')"
if [ -d "$C/active" ]; then
	for b in encrypted.docx encrypted.docm encrypted.xlsx encrypted.xlsm encrypted.pptx; do
		ok "$b" "$(try "$C/active/$b"; try "$C/active/$b" nein; try "$C/active/$b" encrypted)" "$(printf 'held ENC-PASSWORD\nheld ENC-WRONG\ndelivered ')"
	done
	ok "standard password" "$(try "$C/active/dde-test-encrypt-standardpassword.xlsx"; unzip -p out | grep -aci 'cmd|')" "$(printf 'delivered \n0')"
fi
# Old formats and OpenDocument: LibreOffice locks them, and opens them in its jail.
if [ -x /usr/lib/libreoffice/program/soffice.bin ]; then
	printf '本文です\n' >b.txt
	mkdir -p made p/user/basic/Standard
	office() { timeout 100 /usr/lib/libreoffice/program/soffice.bin "-env:UserInstallation=file://$W/p" --headless --norestore "$@" >/dev/null 2>&1; }
	store() { # from, filter in ("": by itself), to, filter out
		printf '<?xml version="1.0" encoding="UTF-8"?>\n<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Module1" script:language="StarBasic">Sub Main
On Error GoTo done
Dim a(0) As New com.sun.star.beans.PropertyValue
Dim b(1) As New com.sun.star.beans.PropertyValue
Dim d As Object
a(0).Name = "Hidden"
a(0).Value = True
b(0).Name = "FilterName"
b(0).Value = "%s"
b(1).Name = "Password"
b(1).Value = "ひみつ1"
d = StarDesktop.loadComponentFromURL("file://%s", "_blank", 0, a())
d.storeToURL("file://%s", b())
done:
StarDesktop.terminate()
End Sub
</script:module>' "$3" "$W/$1" "$W/made/$2" >p/user/basic/Standard/Module1.xba
		office macro:///Standard.Module1.Main
	}
	office --convert-to txt b.txt; office --convert-to odt b.txt
	store b.txt b.odt writer8; store b.txt b.doc "MS Word 97"
	printf '品名,値\nりんご,12\n' >c.csv; office --convert-to ods --infilter='CSV:44,34,76' c.csv; store c.ods c.xls "MS Excel 97"; store c.ods c.ods calc8
	for b in b.odt b.doc c.xls c.ods; do
		ok "locked $b" "$(try made/$b; try made/$b nein; try made/$b ひみつ1; unzip -p out | grep -acE '本文です|りんご')" "$(printf 'held ENC-PASSWORD\nheld ENC-WRONG\ndelivered \n1')"
	done
	[ ! -d "$C/active" ] || ok "encrypted.xls" "$(try "$C/active/encrypted.xls"; try "$C/active/encrypted.xls" nein; try "$C/active/encrypted.xls" encrypted)" "$(printf 'held ENC-PASSWORD\nheld ENC-WRONG\ndelivered ')"
fi
exit $failed

#!/usr/bin/env bash
# Old Office formats and OpenDocument: LibreOffice in its jail makes OOXML of them, which then goes the gate's whole way.
set -u
[ -x /usr/lib/libreoffice/program/soffice.bin ] || { echo "skip: no LibreOffice"; exit 0; }
O=$(realpath "${O:-build}") S="$O/sekisho" failed=0 data=$(realpath ../shared/data/gate 2>/dev/null)
W=$(mktemp -d) && cd "$W" || exit 3
trap 'rm -rf "$W"' EXIT
export LC_ALL=C.UTF-8 HOME="$W"
ok() { if [ "$2" = "$3" ]; then echo "ok $1"; else echo "FAIL $1: want [$3], got [$2]"; failed=1; fi; }
clean() { rm -f out rep; "$S" gate clean "$1" -o out --report rep --policy slow.yaml 2>/dev/null; echo "$? $(jq -r '.outcome + " " + (.code // "")' rep 2>/dev/null)"; }
text() { unzip -p out 'word/document.xml' 'xl/sharedStrings.xml' 'xl/worksheets/*.xml' 2>/dev/null | sed 's/<[^>]*>/ /g' | tr -s ' \n' ' '; }
printf 'seconds: 120\n' >slow.yaml
printf '{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Arial;}}{\\field{\\*\\fldinst DDEAUTO cmd.exe "SURVIVOR"}{\\fldrslt shown}} Hello rtf \\par}' >a.rtf
ok rtf "$(clean a.rtf; jq -r '.out.language + " " + .parts[-1].code' rep; text | grep -c 'Hello rtf'; unzip -p out | grep -ac SURVIVOR)" "$(printf '0 delivered \ndocx CONVERTED\n1\n0')"
ok rtf-verified "$("$S" gate verify out --as docx)" "verified: docx"
printf '品名,値\nりんご,12\n' >a.csv
soffice -env:UserInstallation=file://"$W"/p --headless --convert-to ods --infilter='CSV:44,34,76' a.csv >/dev/null 2>&1
ok ods "$(clean a.ods; jq -r .out.language rep; text | grep -c りんご)" "$(printf '0 delivered \nxlsx\n1')"
printf '本文です\n' >b.txt
soffice -env:UserInstallation=file://"$W"/p --headless --convert-to odt b.txt >/dev/null 2>&1
ok odt "$(clean b.odt; jq -r .out.language rep; text | grep -c 本文です)" "$(printf '0 delivered \ndocx\n1')"
ok jail "$(jq -r '[.runs[] | select(.program == "gate-office") | .posture | test("net pid landlock seccomp-deny")] | all' rep)" true
head -c 20000 /dev/urandom >r; { printf '\320\317\021\340\241\261\032\341'; cat r; } >bad.doc
ok broken "$(clean bad.doc | cut -d' ' -f1-2)" "1 held"
cp a.rtf a.xls; ok wrong-name "$(clean a.xls)" "1 blocked TYPE-MISMATCH"
# Drawings become pictures, alone and inside documents.
cat >fig.svg <<'SVG'
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="200" height="100"><script>SURVIVOR()</script><rect width="200" height="100" fill="#00ff00"/><circle cx="50" cy="50" r="40" fill="#ff0000"/><image xlink:href="file:///etc/passwd"/></svg>
SVG
soffice -env:UserInstallation=file://"$W"/p --headless --convert-to emf fig.svg >/dev/null 2>&1
soffice -env:UserInstallation=file://"$W"/p --headless --convert-to wmf fig.svg >/dev/null 2>&1
for e in svg emf wmf; do
	ok "fig.$e" "$(clean fig.$e; jq -r '.out.language + " " + .parts[-1].code' rep; grep -ac SURVIVOR out)" "$(printf '0 delivered \npng IMG-DRAWN\n0')"
	[ $e = svg ] && ok "fig.$e drawn" "$(/usr/bin/python3 -c '
import struct, zlib
b = open("out", "rb").read(); w, h, d, c = struct.unpack(">IIBB", b[16:26])
print(w > 1190, abs(w - 2 * h) < 10)')" "True True"
done
cp fig.emf fig2.png; ok "drawing under another name" "$(clean fig2.png)" "1 blocked TYPE-MISMATCH"
/usr/bin/python3 - <<'PY'
import zipfile
O, R, A = "http://schemas.openxmlformats.org/", "http://schemas.openxmlformats.org/officeDocument/2006/relationships", "http://schemas.openxmlformats.org/drawingml/2006/main"
pic = lambda i: f'<w:p><w:r><w:drawing><wp:inline><wp:extent cx="900000" cy="450000"/><wp:docPr id="{i}" name="p"/><a:graphic><a:graphicData uri="{O}drawingml/2006/picture"><pic:pic><pic:nvPicPr><pic:cNvPr id="{i}" name="p"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="r{i}"/></pic:blipFill><pic:spPr/></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>'
with zipfile.ZipFile("figs.docx", "w", zipfile.ZIP_DEFLATED) as z:
    z.writestr("[Content_Types].xml", f'<Types xmlns="{O}package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="svg" ContentType="image/svg+xml"/><Default Extension="emf" ContentType="image/x-emf"/><Default Extension="wmf" ContentType="image/x-wmf"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>')
    z.writestr("_rels/.rels", f'<Relationships xmlns="{O}package/2006/relationships"><Relationship Id="r" Type="{R}/officeDocument" Target="word/document.xml"/></Relationships>')
    names = ["fig.svg", "fig.emf", "fig.wmf"]
    z.writestr("word/_rels/document.xml.rels", f'<Relationships xmlns="{O}package/2006/relationships">' + "".join(f'<Relationship Id="r{i}" Type="{R}/image" Target="{n}"/>' for i, n in enumerate(names, 1)) + '</Relationships>')
    z.writestr("word/document.xml", f'<w:document xmlns:w="{O}wordprocessingml/2006/main" xmlns:r="{R}" xmlns:a="{A}" xmlns:wp="{O}drawingml/2006/wordprocessingDrawing" xmlns:pic="{O}drawingml/2006/picture"><w:body>' + "".join(pic(i) for i in (1, 2, 3)) + "</w:body></w:document>")
    for n in names: z.write(n, "word/" + n)
PY
ok "drawings in a document" "$(clean figs.docx; unzip -l out | grep -c 'media/image[123].png'; unzip -p out word/media/image1.png | head -c 24 | tail -c 8 | od -An -tu1 | tr -s ' ')" "$(printf '0 delivered \n3\n 0 0 4 176 0 0 2 91')"
if [ -d "$data" ]; then
	for f in "$data"/doc/61586.doc "$data"/xls/49612.xls "$data"/xls/MRExtraLines.xls; do ok "corpus-$(basename "$f")" "$(clean "$f")" "0 delivered "; done
else
	echo "skip corpus: no files"
fi
exit $failed

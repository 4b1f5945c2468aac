#!/usr/bin/env bash
# Office documents through the gate, beside LibreOffice (opened and saved again) and mat2, in the same run. usage: bench/gate-ooxml.sh SEKISHO
# Prints wall s, CPU s, peak MB of the worst process. Ours: sniffing, rebuilding and verifying together, each in its own locked-in process.
set -u
S=$(realpath "${1:-build/sekisho}")
W=$(mktemp -d) && cd "$W" || exit 3
trap 'rm -rf "$W"' EXIT
for i in 1 2 3; do convert -size 1600x1200 -seed "$i" plasma:fractal -blur 0x1 -quality 85 "p$i.jpg"; done
python3 - <<'PY'
import random, zipfile
random.seed(1)
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
O = "application/vnd.openxmlformats-officedocument."
def package(path, main, main_type, parts, rels):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("[Content_Types].xml", '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="jpg" ContentType="image/jpeg"/>' +
                   "".join(f'<Override PartName="/{n}" ContentType="{O}{t}"/>' for n, t in [(main, main_type)] + [(n, t) for n, t, _ in parts if t]) + "</Types>")
        top = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        z.writestr("_rels/.rels", f'{top}<Relationship Id="r" Type="{R}/officeDocument" Target="{main}"/></Relationships>')
        d, f = main.split("/")
        z.writestr(f"{d}/_rels/{f}.rels", top + "".join(f'<Relationship Id="{i}" Type="{R}/{t}" Target="{u}"/>' for i, t, u in rels) + "</Relationships>")
        for n, _, c in parts: z.writestr(n, c)
names = ["山田", "佐藤", "鈴木", "高橋", "田中"]
X = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
shared, index, rows, n = [], {}, [], 42000
def s(t):
    if t not in index:
        index[t] = len(shared); shared.append(t)
    return index[t]
for r in range(1, n + 1):
    cells = []
    for c in range(14):
        ref = f"{chr(65 + c)}{r}"
        if c in (1, 2, 5, 10): cells.append(f'<c r="{ref}" s="1" t="s"><v>{s(random.choice(names) + str(random.randint(1, 999 if c < 5 else 40000)))}</v></c>')
        else: cells.append(f'<c r="{ref}" s="{c % 2}"><v>{random.randint(1, 10**6) if c % 2 else round(random.random(), 6)}</v></c>')
    rows.append(f'<row r="{r}" spans="1:14">{"".join(cells)}</row>')
package("big.xlsx", "xl/workbook.xml", "spreadsheetml.sheet.main+xml", [
    ("xl/workbook.xml", None, f'<workbook xmlns="{X}" xmlns:r="{R}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>'),
    ("xl/worksheets/s.xml", "spreadsheetml.worksheet+xml", f'<worksheet xmlns="{X}"><sheetData>{"".join(rows)}</sheetData></worksheet>'),
    ("xl/s.xml", "spreadsheetml.sharedStrings+xml", f'<sst xmlns="{X}">{"".join(f"<si><t>{t}</t></si>" for t in shared)}</sst>'),
    ("xl/t.xml", "spreadsheetml.styles+xml", f'<styleSheet xmlns="{X}"><fonts count="1"><font><sz val="11"/><name val="MS Gothic"/></font></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="4" applyNumberFormat="1"/></cellXfs></styleSheet>')],
    [("r1", "worksheet", "worksheets/s.xml"), ("r2", "sharedStrings", "s.xml"), ("r3", "styles", "t.xml")])
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
def picture(i): return (f'<w:p><w:r><w:drawing><wp:inline><wp:extent cx="5400000" cy="4050000"/><wp:docPr id="{i}" name="p"/><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture">'
    f'<pic:pic><pic:nvPicPr><pic:cNvPr id="{i}" name="p"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="r{i}"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="5400000" cy="4050000"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>')
body = "".join(f'<w:p><w:pPr><w:jc w:val="both"/></w:pPr><w:r><w:rPr><w:rFonts w:eastAsia="MS Mincho"/><w:sz w:val="21"/></w:rPr><w:t>{"".join(random.choice("情報資産の分類及び管理に関する基準を定め、職員は次の事項を遵守しなければならない。") for _ in range(180))}</w:t></w:r></w:p>' + (picture(k // 60 + 1) if k in (30, 90, 150) else "") for k in range(180))
package("doc20.docx", "word/document.xml", "wordprocessingml.document.main+xml", [
    ("word/document.xml", None, f'<w:document xmlns:w="{W}" xmlns:r="{R}" xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><w:body>{body}<w:sectPr/></w:body></w:document>')] +
    [(f"word/media/p{i}.jpg", None, open(f"p{i}.jpg", "rb").read()) for i in (1, 2, 3)], [(f"r{i}", "image", f"media/p{i}.jpg") for i in (1, 2, 3)])
PY
measure() { # NAME COMMAND…: best of three by CPU time
	local name=$1 best='' out; shift
	for _ in 1 2 3; do
		/usr/bin/time -o used -f '%e %U %S %M' "$@" >/dev/null 2>&1
		out=$(tail -1 used)
		best=$(printf '%s\n%s\n' "$best" "$out" | awk 'NF == 4 { c = $2 + $3; if (b == "" || c < m) { m = c; b = $0 } } END { print b }')
	done
	awk -v n="$name" '{ printf "%-28s wall %6.2f s  CPU %6.2f s  peak %4d MB\n", n, $1, $2 + $3, $4 / 1024 }' <<<"$best"
}
for f in big.xlsx doc20.docx; do
	echo "$f: $(stat -c %s $f) bytes, $(unzip -l $f | tail -1 | awk '{print $1}') unpacked"
	measure "  sekisho gate clean" "$S" gate clean "$f" -o "out.${f##*.}" --report rep
	jq -r '.runs[] | "    \(.program) \(.cpu_ms) ms CPU, \(.rss_kb / 1024 | floor) MB"' rep
	jq -r 'select(.members) | [.members[].runs[].cpu_ms] | "    pictures \(add // 0) ms CPU"' rep
	command -v soffice >/dev/null && measure "  LibreOffice, saved again" soffice "-env:UserInstallation=file://$W/profile" --headless --convert-to "${f##*.}" --outdir lo "$f"
	command -v mat2 >/dev/null && measure "  mat2" mat2 --no-sandbox "$f"
done

#!/usr/bin/env bash
# Word, Excel and PowerPoint documents through the gate: nothing active survives, nothing hostile is accepted, nothing is lost unsaid.
# O: the build folder. GATE_CORPUS: a folder with docx/, xlsx/, pptx/, active/ of real files; without it only our own are tried.
set -u
here=$(cd "$(dirname "$0")/.." && pwd)
O=$(realpath "${O:-build}") S="$O/sekisho" failed=0
for C in "${GATE_CORPUS:-}" ../shared/data/gate ../../shared/data/gate; do [ ! -d "$C/docx" ] || break; done
C=$(realpath "$C")
W=$(mktemp -d) && cd "$W" || exit 3
trap 'rm -rf "$W"' EXIT
export LC_ALL=C.UTF-8
ok() { if [ "$2" = "$3" ]; then echo "ok $1"; else echo "FAIL $1: want [$3], got [$2]"; failed=1; fi; }
clean() { rm -f "$2" "$2.json"; "$S" gate clean "$1" -o "$2" --report "$2.json" >/dev/null 2>&1; }
why() { jq -r '"\(.outcome) \(.code // "") \(.where // "") \(.refused.rule // "")"' "$1"; }
py=/usr/bin/python3; [ -x "$py" ] || py=python3
survives() { "$py" -c '
import io, sys, zipfile
def look(z, mark):
    for n in z.namelist():
        b = z.read(n)
        if mark.encode().lower() in b.lower() or mark in n: yield n
        if n.endswith((".docx", ".xlsx", ".pptx")): yield from look(zipfile.ZipFile(io.BytesIO(b)), mark)
print(" ".join(look(zipfile.ZipFile(sys.argv[1]), sys.argv[2])))' "$1" "$2"; }

# One active feature each: delivered without it, and the report names it.
"$py" "$here/ooxml/make.py" features
n=0
while IFS=$'\t' read -r file code mark; do
	clean "features/$file" "out.${file##*.}"; r=$?
	said=$(jq -r --arg c "$code" '[.parts[] | select(.code == $c)] | length' "out.${file##*.}.json")
	[ "$code" = - ] || [ "$said" -gt 0 ] || { echo "FAIL feature $file: no $code in its report"; failed=1; }
	ok "feature $file" "$r [$(survives "out.${file##*.}" "$mark")]" "0 []"
	n=$((n + 1))
done <features/list.tsv
ok "features are many" "$((n > 100))" 1
ok "shown result stays" "$(clean features/fld-dde.docx o.docx; unzip -p o.docx word/document.xml | grep -c 'shown')" 1
ok "cached value stays" "$(clean features/f-cmd.xlsx o.xlsx; unzip -p o.xlsx xl/worksheets/sheet1.xml | grep -o '<c r="A1">.*</c>')" '<c r="A1"><v>7</v></c>'
clean features/x14-kept.xlsx o.xlsx
ok "rules and small charts of Excel 2010 stay" "$(unzip -p o.xlsx xl/worksheets/sheet1.xml | grep -oE '<x14:(id|dataBar|iconSet|cfIcon|sparkline|negativeFillColor)[ >]' | sort | uniq -c | tr -s ' \n' ' ')$("$S" gate verify o.xlsx >/dev/null && echo verified)" " 3 <x14:cfIcon 1 <x14:dataBar 1 <x14:iconSet 1 <x14:id> 1 <x14:negativeFillColor 1 <x14:sparkline> verified"
for f in embedded.docx embedded-macro.docx chart-workbook.docx embedded.pptx; do
	clean "features/$f" "o.${f##*.}"; rm -f document1.xlsx; unzip -qoj "o.${f##*.}" '*/embeddings/document1.xlsx' 2>/dev/null
	ok "document inside $f" "$("$S" gate verify document1.xlsx)$(unzip -p document1.xlsx xl/worksheets/sheet1.xml | grep -c '<v>41</v>') $(jq -r '.members[] | .path + " " + .outcome' "o.${f##*.}.json" 2>/dev/null | head -1 | cut -d' ' -f2)" "verified: xlsx1 delivered"
	clean "o.${f##*.}" "again.${f##*.}"; ok "document inside $f again" "$(cmp "o.${f##*.}" "again.${f##*.}" && echo same)" same
done
for f in embedded-broken.docx embedded-link.docx embedded-other.docx; do clean "features/$f" o.docx; ok "its picture stays $f" "$(unzip -p o.docx word/document.xml | grep -oE '<w:(object|pict)>' | tr '\n' ' ')" "<w:pict> "; done
for f in embedded-broken.pptx embedded-other.pptx; do clean "features/$f" o.pptx; ok "its picture stays $f" "$(unzip -p o.pptx ppt/slides/slide1.xml | grep -c 'name="shown"')" 1; done
ok "macro-free copy" "$(clean features/vba.docm o.docx; unzip -p o.docx '\[Content_Types\].xml' | grep -c macroEnabled)" 0
# The two lists: nothing forbidden in the verifier's, nothing the rebuilder writes missing in it, a reason for all that looks risky.
ok "lists" "$("$py" "$here/ooxml/lists.py" "$here/../gate/ooxml" 2>&1)" ""
# What a rebuilder that is taken over might hand over.
clean features/comment.docx b.docx; clean features/f-dde.xlsx b.xlsx; clean features/embedded.docx e.docx; clean features/link-unc.pptx b.pptx; clean features/note-macro.xlsx notes.xlsx
said=$("$py" "$here/ooxml/hostile.py" "$S" b.docx b.xlsx b.pptx notes.xlsx e.docx); r=$?
echo "   $said"
ok "hostile candidates" "$r" 0
# Broken and bombs
"$py" - <<'PY'
import zipfile
T = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
R = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>'
W = 'http://schemas.openxmlformats.org/wordprocessingml/2006/main'
def make(name, doc, t=T, r=R):
    with zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as z:
        for k, v in (("[Content_Types].xml", t), ("_rels/.rels", r), ("word/document.xml", doc)):
            if v is not None: z.writestr(k, v)
body = lambda x: f'<w:document xmlns:w="{W}"><w:body>{x}</w:body></w:document>'
make("good.docx", body("<w:p/>"))
make("laughs.docx", '<!DOCTYPE w [<!ENTITY a "ha">' + "".join(f'<!ENTITY {chr(98+i)} "{"&" + chr(97+i) + ";"}{"&" + chr(97+i) + ";"}">' for i in range(20)) + "]>" + body("<w:p/>"))
make("external.docx", '<!DOCTYPE w SYSTEM "file:///etc/passwd">' + body("<w:p/>"))
make("deep.docx", body("<w:tbl><w:tr><w:tc>" * 5000 + "</w:tc></w:tr></w:tbl>" * 5000))
make("cut.docx", body("<w:p/>")[:-9])
make("root.docx", "<x/>")
make("empty.docx", "")
make("types.docx", body("<w:p/>"), t=None)
make("rels.docx", body("<w:p/>"), r=None)
make("nothing.docx", None)
make("big.docx", body("<w:p/>" * 20_000_000))
make("attributes.docx", body("<w:p " + " ".join(f'a{i}="x"' for i in range(300000)) + "/>"))
make("text.docx", body("<w:p><w:r><w:t>" + "".join(chr(0x4e00 + i * 7919 % 20000) for i in range(1_000_000)) + "</w:t></w:r></w:p>"))
make("field.docx", body("<w:p>" + "".join(f'<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:t>{i * 7919 % 99991}</w:t></w:r>' for i in range(20_000)) + "</w:p>"))
open("none.docx", "wb").write(b"PK\3\4" + bytes(50))
open("word.docx", "wb").write(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600))
PY
for t in good:delivered: laughs:blocked:XML-DTD external:blocked:XML-DTD deep:held:OOXML-LIMIT cut:held:XML-SYNTAX root:held:OOXML-ROOT empty:held:XML-SYNTAX types:blocked:TYPE-MISMATCH \
	rels:blocked:TYPE-MISMATCH nothing:blocked:TYPE-MISMATCH big:blocked:ZIP-BOMB attributes:delivered: text:delivered: field:delivered: none:held:PARSE word:blocked:TYPE-MISMATCH; do
	IFS=: read -r f o c <<<"$t"
	clean "$f.docx" out.docx
	ok "$f" "$(jq -r '.outcome + ":" + (.code // "")' out.docx.json)" "$o:$c"
done
cp features/f-dde.xlsx wrong.docx; clean wrong.docx out.docx; ok "a workbook called a text" "$(jq -r .code out.docx.json)" TYPE-MISMATCH
# Links by policy
printf 'input_mib: 10\nseconds: 30\nseconds_per_mib: 3\nlinks: drop\n' >drop.yaml
"$py" - <<'PY'
import re, zipfile
i = zipfile.ZipFile("features/hyperlink-js.docx")
with zipfile.ZipFile("web.docx", "w") as o:
    for n in i.namelist(): o.writestr(n, i.read(n).replace(b"javascript:SURVIVOR", b"https://example.jp/?a=1&amp;b=2"))
PY
clean web.docx out.docx; ok "link stays" "$(unzip -p out.docx word/_rels/document.xml.rels | grep -c 'example.jp/?a=1&amp;b=2" TargetMode="External"')" 1
"$S" gate clean web.docx -o out.docx --policy drop.yaml >/dev/null 2>&1; ok "link goes by policy" "$(unzip -p out.docx word/document.xml | grep -c '<w:hyperlink><w:r><w:t>here')" 1

# Real documents
if [ -d "$C/docx" ]; then
	delivered=0 sound=0
	mkdir -p new
	for f in "$C"/docx/* "$C"/xlsx/* "$C"/pptx/*; do
		b=$(basename "$f")
		clean "$f" "new/$b"
		if [ -f "new/$b" ]; then
			delivered=$((delivered + 1)) sound=$((sound + 1))
			clean "new/$b" "again.${b##*.}"
			cmp -s "new/$b" "again.${b##*.}" || { echo "FAIL not a fixpoint: $b"; failed=1; }
			d=$("$py" -W ignore "$here/ooxml/same.py" "$f" "new/$b" 2>&1 | tail -3)
			[ -z "$d" ] || [ "${d#unreadable}" != "$d" ] || { echo "FAIL $b: $d"; failed=1; }
		else
			case $(jq -r .code "new/$b.json") in
			# Fuzzed, cut, encrypted, with a DTD or with two parts of one name: refusing those is right.
			PARSE | ZIP-* | XML-DTD | ENC-PASSWORD) ;;
			*) sound=$((sound + 1)) ;;
			esac
			echo "   $b: $(why "new/$b.json")"
		fi
	done
	echo "   delivered $delivered of $sound that are sound"
	ok "real documents" "$((delivered * 100 >= sound * 95))" 1
	for f in "$C"/active/*.docx "$C"/active/*.docm "$C"/active/*.xlsx "$C"/active/*.xlsm "$C"/active/*.pptx; do
		b=$(basename "$f") e=${f##*.}; e=${e/m/x}
		clean "$f" "out.$e"
		case $b in
		encrypted*) ok "active $b" "$(jq -r .code "out.$e.json")" ENC-PASSWORD ;;
		*) ok "active $b" "$(jq -r .outcome "out.$e.json") $("$S" gate verify "out.$e" --as "$e" >/dev/null; echo $?) $(survives "out.$e" DDEAUTO)$(survives "out.$e" vbaProject)$(survives "out.$e" oleObject)$(survives "out.$e" Macro1)" "delivered 0 " ;;
		esac
	done
	# LibreOffice opens what came out, and reads the same in it as before.
	if command -v soffice >/dev/null; then
		office() { timeout 280 soffice "-env:UserInstallation=file://$W/profile" --headless --convert-to "$1" --outdir "$2" "${@:3}" >/dev/null 2>&1; }
		for k in docx xlsx pptx; do
			case $k in docx) to='txt:Text (encoded):UTF8' ;; xlsx) to='csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,true,false,false,-1' ;; *) to=fodp ;; esac
			old=() new=()
			for f in new/*."$k"; do new+=("$f"); old+=("$C/$k/${f#new/}"); done
			office "$to" "lo/old" "${old[@]}"; office "$to" "lo/new" "${new[@]}"
		done
		ok "LibreOffice opens all" "$(ls lo/new | wc -l)" "$(ls lo/old | wc -l)"
		for f in lo/old/*; do
			case $f in
			*.fodp) words() { "$py" -c 'import sys, xml.etree.ElementTree as E
print("\n".join(x for x in ("".join(e.itertext()) for e in E.parse(sys.argv[1]).iter() if e.tag.endswith(("}p", "}h"))) if x.strip()))' "$1"; } ;;
			*) words() { cat "$1"; } ;;
			esac
			[ "$(words "$f" | sha256sum)" = "$(words "lo/new/${f##*/}" | sha256sum)" ] || { echo "FAIL LibreOffice reads another text: ${f##*/}"; failed=1; }
		done
	fi
fi
exit $failed

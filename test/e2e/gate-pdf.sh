#!/usr/bin/env bash
# PDF through the gate: what a page can do beside being shown is gone and named; what is delivered keeps its text; the verifier sees every
# change of form.
set -u
O=$(realpath "${O:-build}") S="$O/sekisho" failed=0 data=$(realpath ../shared/data/gate/pdf 2>/dev/null)
W=$(mktemp -d) && cd "$W" || exit 3
trap 'rm -rf "$W"' EXIT
export LC_ALL=C.UTF-8
ok() { if [ "$2" = "$3" ]; then echo "ok $1"; else echo "FAIL $1: want [$3], got [$2]"; failed=1; fi; }
clean() { rm -f out rep; "$S" gate clean "$1" -o out --report rep 2>/dev/null; echo "$? $(jq -r '.outcome + " " + (.code // "")' rep 2>/dev/null)"; }
cat >make.py <<'PY'
import zlib
def pdf(name, extra="", page="", objs=(), raw=None):
    o = {1: f"<</Type/Catalog/Pages 2 0 R{extra}>>", 2: "<</Type/Pages/Kids[3 0 R]/Count 1>>",
         3: f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>{page}>>",
         4: "<</Length 44>>\nstream\nBT /F 24 Tf 20 100 Td (Hello marked page) Tj ET\nendstream", 5: "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"}
    for i, b in enumerate(objs): o[6 + i] = b
    out = b"%PDF-1.7\n"; at = {}
    for n, b in o.items():
        at[n] = len(out); out += f"{n} 0 obj\n".encode() + (b if isinstance(b, bytes) else b.encode()) + b"\nendobj\n"
    x = len(out); out += f"xref\n0 {len(o) + 1}\n0000000000 65535 f \n".encode() + b"".join(f"{at[n]:010} 00000 n \n".encode() for n in o)
    out += f"trailer\n<</Size {len(o) + 1}/Root 1 0 R>>\nstartxref\n{x}\n%%EOF\n".encode()
    open(name, "wb").write(raw(out) if raw else out)
def stream(d, body): return f"<<{d}/Length {len(body)}>>\nstream\n".encode() + body + b"\nendstream"
F = {
 "js": ("PDF-JS", dict(extra="/OpenAction 6 0 R", objs=["<</S/JavaScript/JS(SURVIVOR)>>"])),
 "openaction": ("PDF-OPENACTION", dict(extra="/OpenAction[3 0 R/Fit]")),
 "launch": ("PDF-LAUNCH", dict(extra="/OpenAction<</S/Launch/F(SURVIVOR.exe)>>")),
 "aa": ("PDF-AA", dict(page="/AA<</O<</S/JavaScript/JS(SURVIVOR)>>>>")),
 "uri": ("PDF-URI", dict(page="/Annots[6 0 R]", objs=["<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(http://SURVIVOR.example/)>>>>"])),
 "gotor": ("PDF-GOTO", dict(page="/Annots[6 0 R]", objs=["<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/GoToR/F(SURVIVOR.pdf)/D[0/Fit]>>>>"])),
 "gotoe": ("PDF-GOTO", dict(page="/Annots[6 0 R]", objs=["<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/GoToE/F(SURVIVOR.pdf)/D[0/Fit]>>>>"])),
 "submit": ("PDF-SUBMIT", dict(extra="/OpenAction<</S/SubmitForm/F(http://SURVIVOR.example)>>")),
 "import": ("PDF-SUBMIT", dict(extra="/OpenAction<</S/ImportData/F(SURVIVOR.fdf)>>")),
 "embed": ("PDF-EMBED", dict(extra="/Names<</EmbeddedFiles<</Names[(a)6 0 R]>>>>", objs=["<</Type/Filespec/F(a.exe)/EF<</F 7 0 R>>>>", stream("/Type/EmbeddedFile", b"MZSURVIVOR")])),
 "attach": ("PDF-EMBED", dict(page="/Annots[6 0 R]", objs=["<</Type/Annot/Subtype/FileAttachment/Rect[0 0 9 9]/FS 7 0 R>>", "<</Type/Filespec/F(SURVIVOR)>>"])),
 "xfa": ("PDF-XFA", dict(extra="/AcroForm<</XFA 6 0 R/Fields[]>>", objs=[stream("", b"<xdp>SURVIVOR</xdp>")])),
 "form": ("PDF-FORM", dict(extra="/AcroForm<</Fields[6 0 R]>>", page="/Annots[6 0 R]", objs=["<</Type/Annot/Subtype/Widget/FT/Tx/T(a)/V(SURVIVOR)/Rect[0 0 0 0]>>"])),
 "richmedia": ("PDF-MEDIA", dict(page="/Annots[6 0 R]", objs=["<</Type/Annot/Subtype/RichMedia/Rect[0 0 0 0]/NM(SURVIVOR)>>"])),
 "movie": ("PDF-MEDIA", dict(page="/Annots[6 0 R]", objs=["<</Type/Annot/Subtype/Movie/Rect[0 0 0 0]/Movie<</F(SURVIVOR.avi)>>>>"])),
 "sound": ("PDF-MEDIA", dict(page="/Annots[6 0 R]", objs=["<</Type/Annot/Subtype/Sound/Rect[0 0 0 0]/Sound 7 0 R>>", stream("/R 8000", b"SURVIVOR")])),
 "layers": ("PDF-LAYERS", dict(extra="/OCProperties<</OCGs[6 0 R]/D<</OFF[6 0 R]>>>>", objs=["<</Type/OCG/Name(SURVIVOR)>>"])),
 "metadata": ("PDF-METADATA", dict(extra="/Metadata 6 0 R", objs=[stream("/Type/Metadata/Subtype/XML", b"<x>SURVIVOR</x>")])),
 "signature": ("PDF-SIGNATURE", dict(extra="/AcroForm<</Fields[6 0 R]/SigFlags 3>>", objs=["<</FT/Sig/T(s)/V<</Type/Sig/Contents<AB>/Name(SURVIVOR)>>>>"])),
 "hexname": ("PDF-HIDDEN-NAME", dict(extra="/Open#41ction<</S/J#61vaScript/J#53(SURVIVOR)>>")),
 "objstm": ("PDF-LAUNCH", dict(objs=[stream("/Type/ObjStm/N 1/First 4/Filter/FlateDecode", zlib.compress(b"9 0 <</S/Launch/F(SURVIVOR)>>"))])),
 "trailing": ("PDF-REDRAWN", dict(raw=lambda b: b + b"SURVIVOR PK\3\4")),
 "before": ("PDF-REDRAWN", dict(raw=lambda b: b[:9] + b"%SURVIVOR\n" + b[9:])),
}
with open("list", "w") as l:
    for k, (code, a) in F.items(): pdf(f"f-{k}.pdf", **a); l.write(f"{k} {code}\n")
loop = "<</Type/Pages/Kids[2 0 R 3 0 R]/Count 2>>"
pdf("b-tree.pdf", raw=lambda b: b.replace(b"<</Type/Pages/Kids[3 0 R]/Count 1>>", loop.encode()))
pdf("b-box.pdf", raw=lambda b: b.replace(b"[0 0 300 200]", b"[0 0 9999999 1]"))
pdf("b-zero.pdf", raw=lambda b: b.replace(b"[0 0 300 200]", b"[0 0 0 0]"))
pdf("b-cycle.pdf", objs=[stream("/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 6 0 R>>>>", b"/X Do /X Do")], raw=lambda b: b.replace(b"/Font<</F 5 0 R>>", b"/XObject<</X 6 0 R>>").replace(b"(Hello marked page) Tj ET", b"() Tj ET /X Do /X Do    "))
z = zlib.compress(b"\0" * 50_000_000, 9)
for _ in range(3): z = zlib.compress(z, 9)
pdf("b-filters.pdf", objs=[stream("/Type/XObject/Subtype/Image/Width 7000/Height 7000/ColorSpace/DeviceGray/BitsPerComponent 8/Filter[/FlateDecode/FlateDecode/FlateDecode/FlateDecode]", z)],
    raw=lambda b: b.replace(b"/Font<</F 5 0 R>>", b"/XObject<</X 6 0 R>>").replace(b"(Hello marked page) Tj ET", b"() Tj ET /X Do          "))
open("b-cut.pdf", "wb").write(open("f-js.pdf", "rb").read()[:60])
PY
python3 make.py
while read -r k code; do
	ok "feature-$k" "$(clean "f-$k.pdf"; jq -r --arg c "$code" '[.parts[].code] | index($c) != null' rep; grep -acE 'SURVIVOR|JavaScript|Launch|OpenAction|/AA|URI|Embedded|AcroForm' out; pdftotext out - | head -1)" "$(printf '0 delivered \ntrue\n0\nHello marked page')"
done <list
for b in tree box zero cycle filters; do ok "bomb-$b" "$(clean b-$b.pdf | cut -d' ' -f1-2 | grep -cE '^(0 delivered|1 held|1 blocked)')" 1; done
ok cut "$(clean b-cut.pdf)" "1 held PARSE"
qpdf --encrypt secret secret 256 -- f-uri.pdf locked.pdf; echo secret >pw
ok locked "$(clean locked.pdf)" "1 held ENC-PASSWORD"
ok unlocked "$("$S" gate clean locked.pdf -o out --password-file pw 2>/dev/null; echo $?; pdftotext out - | head -1)" "$(printf '0\nHello marked page')"
printf 'grade: C\n' >c.yaml
ok grade-c "$("$S" gate clean f-js.pdf -o out --policy c.yaml --report rep 2>/dev/null; jq -r .out.grade rep; pdftotext out - | grep -c Hello)" "$(printf 'C\n0')"
clean f-js.pdf >/dev/null; cp out v.pdf
ok same-bytes "$(clean f-js.pdf >/dev/null; cmp out v.pdf && echo same)" same
ok again "$(clean v.pdf | cut -c1; pdftotext out - | head -1)" "$(printf '0\nHello marked page')"
ok well-formed "$(qpdf --check v.pdf >/dev/null 2>&1; echo $?)" 0
cat >change.py <<'PY'
import hashlib, re, subprocess, sys, zlib
S = sys.argv[1]; d = open("v.pdf", "rb").read()
def rebuilt(body):                                    # a hostile rebuilder makes xref, trailer and ID right as well
    at = {int(m.group(1)): m.start() for m in re.finditer(rb"(?m)^(\d+) 0 obj$", body)}
    n = max(at) + 1; i = hashlib.sha256(body).hexdigest()[:32]
    return body + f"xref\n0 {n}\n0000000000 65535 f \n".encode() + b"".join(f"{at.get(k, 0):010} 00000 n \n".encode() for k in range(1, n)) + f"trailer\n<</Size {n}/Root 1 0 R/ID[<{i}><{i}>]>>\nstartxref\n{len(body)}\n%%EOF\n".encode()
body = d[:d.rindex(b"xref\n0 ")]
assert rebuilt(body) == d
def content(new):
    m = re.search(rb"8 0 obj\n<</Filter/FlateDecode/Length \d+>>\nstream\n(.*?)\nendstream", body, re.S); old = zlib.decompress(m.group(1)); z = zlib.compress(new(old))
    return body[:m.start()] + b"8 0 obj\n<</Filter/FlateDecode/Length %d>>\nstream\n" % len(z) + z + b"\nendstream" + body[m.end():]
r = lambda a, b: rebuilt(body.replace(a, b, 1))
cases = {"trailing": d + b"x", "update": d + d[d.rindex(b"xref"):], "before": b"x" + d, "openaction": r(b"/Pages 2 0 R>>", b"/Pages 2 0 R/OpenAction<</S/JavaScript/JS(x)>>>>"),
 "names": r(b"/Catalog", b"/Catalog/Names<<>>"), "acroform": r(b"/Catalog", b"/Catalog/AcroForm<<>>"), "annots": r(b"/Parent 2 0 R", b"/Parent 2 0 R/Annots[]"), "aa": r(b"/Parent 2 0 R", b"/Parent 2 0 R/AA<<>>"),
 "metadata": r(b"/Catalog", b"/Catalog/Metadata 6 0 R"), "fontfile": r(b"/StemV 80", b"/StemV 80/FontFile2 6 0 R"), "encoding": r(b"Identity-H", b"Identity-V"), "filter": r(b"/Filter/FlateDecode", b"/Filter[/JBIG2Decode]"),
 "objstm": rebuilt(body + b"10 0 obj\n<</Type/ObjStm/Length 1>>\nstream\nx\nendstream\nendobj\n"), "comment": r(b"endobj\n2 0", b"endobj\n%x\n2 0"), "hex-name": r(b"/Type/Page/", b"/Type/P#61ge/"), "box": r(b"[0 0 300 200]", b"[0 0 300 99999]"),
 "number": r(b"[0 0 300 200]", b"[0 0 300.0 200]"), "map": r(b"<4100> <41FF> <4100>", b"<4100> <41FF> <4200>"), "order": r(b"3 0 obj", b"9 0 obj"), "id": d.replace(b"/ID[<", b"/ID[<0", 1), "xref": d.replace(b" 00000 n \n", b" 00001 n \n", 1),
 "visible": rebuilt(content(lambda c: c.replace(b"3 Tr", b"0 Tr"))), "operator": rebuilt(content(lambda c: c + b"/X Do\n")), "inline-image": rebuilt(content(lambda c: c + b"BI EI\n")), "shading": rebuilt(content(lambda c: c.replace(b"/I Do\n", b"/I Do\n/S sh\n"))),
 "surrogate": rebuilt(content(lambda c: re.sub(rb"<....", b"<D83D", c, 1))), "lower-hex": rebuilt(content(lambda c: re.sub(rb"<....", b"<00e9", c, 1))), "long-number": rebuilt(content(lambda c: re.sub(rb"/F [\d.]+", b"/F 1e5", c, 1))),
 "samples-short": r(b"/Height ", b"/Height 1"), "image-extra": r(b"/Subtype/Image", b"/Subtype/Image/SMask 6 0 R"), "ps": r(b"/Subtype/Image", b"/Subtype/PS"), "form": r(b"/Subtype/Image", b"/Subtype/Form")}
for k, b in cases.items():
    open("c.pdf", "wb").write(b); rc = subprocess.run([S, "gate", "verify", "c.pdf"], stdout=subprocess.DEVNULL).returncode
    if rc != 1 or b == d: print("accepted" if rc == 0 else rc, k)
PY
ok hostile-rebuilder "$(python3 change.py "$S")" ""
if [ -d "$data" ]; then
	n=0 good=0 bad=""
	for f in "$data"/*.pdf; do
		n=$((n + 1)); r=$(clean "$f")
		case $r in "0 delivered ") good=$((good + 1)) ;; "1 held ENC-PASSWORD" | "1 held PARSE") bad="$bad $(basename "$f")" ;; *) bad="$bad $(basename "$f"):$r"; failed=1 ;; esac
		[ ! -e out ] || "$S" gate verify out --as pdf >/dev/null || { echo "FAIL $f delivered and not verified"; failed=1; }
	done
	# Two want a password, three hold no page that poppler or qpdf finds.
	if [ $good -ge $((n * 94 / 100)) ]; then echo "ok corpus: $good of $n delivered; held:$bad"; else echo "FAIL corpus: $good of $n; $bad"; failed=1; fi
else
	echo "skip corpus: no files"
fi
exit $failed

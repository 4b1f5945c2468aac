"""Makes one file for each row of test/gate/bad_input.tsv: bombs, cut and crooked files. Nothing in them acts. usage: bad_input.py FOLDER"""
import gzip, io, os, struct, sys, zipfile, zlib

out = sys.argv[1]
os.makedirs(out, exist_ok=True)


def put(name, data):
    with open(os.path.join(out.encode(), name) if isinstance(name, bytes) else os.path.join(out, name), "wb") as f:
        f.write(data)


def zipped(members, method=zipfile.ZIP_DEFLATED):
    b = io.BytesIO()
    with zipfile.ZipFile(b, "w", method, compresslevel=9 if method == zipfile.ZIP_DEFLATED else None) as z:
        for name, data in members:
            z.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, compress_type=method)
    return b.getvalue()


# --- archives --------------------------------------------------------------------------------------------------------------
good = zipped([("a.txt", b"a\n" * 500), ("b.txt", b"b\n" * 500)])
put("ratio.zip", zipped([("a.txt", bytes(80_000_000))]))
inner = zipped([("a.txt", bytes(40_000_000))])
put("nested-ratio.zip", zipped([("%d.zip" % i, inner) for i in range(20)]))
deep = b"deep\n"
for i in range(40):
    deep = zipped([("d.txt" if i == 0 else "d.zip", deep)])
put("nested-40.zip", deep)
put("many.zip", zipped([("%05d.txt" % i, b"x") for i in range(20000)]))
put("many-folders.zip", zipped([("a/" * 120 + "%d.txt" % i, b"x") for i in range(300)]))


def overlapping(n):
    """One body, n names in the directory for it (after Fifield's overlap, whose local headers quote each other)."""
    body = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = body.compress(bytes(10_000_000)) + body.flush()
    crc = zlib.crc32(bytes(10_000_000))
    local = struct.pack("<4sHHHHHIIIHH", b"PK\3\4", 20, 0, 8, 0, 0, crc, len(data), 10_000_000, 5, 0) + b"0.txt" + data
    cd = b"".join(struct.pack("<4sHHHHHHIIIHHHHHII", b"PK\1\2", 20, 20, 0, 8, 0, 0, crc, len(data), 10_000_000, 5, 0, 0, 0, 0, 0, 0)
                  + b"%d.txt" % (i % 10) for i in range(n))
    return local + cd + struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, n, n, len(cd), len(local), 0)


put("overlap.zip", overlapping(10))
h = bytearray(good)
c = h.rindex(b"PK\1\2")
h[c + 42:c + 46] = struct.pack("<I", 3)
put("inside-another.zip", bytes(h))
h = bytearray(good)
e = h.rindex(b"PK\5\6")
h[e + 8:e + 12] = struct.pack("<HH", 60000, 60000)
put("count-lies.zip", bytes(h))
h = bytearray(good)
c = h.index(b"PK\1\2")
h[c + 24:c + 28] = struct.pack("<I", 0xffffff)
put("size-lies.zip", bytes(h))
h = bytearray(good)
h[e + 16:e + 20] = struct.pack("<I", 0xfffffff0)
put("directory-outside.zip", bytes(h))
put("cut.zip", good[:-40])
put("only-end.zip", good[e:])
put("quine-like.zip", zipped([("r.zip", good), ("r/r.zip", good)]))

# --- XML in documents ---------------------------------------------------------------------------------------------------------
TYPES = (b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
         b'<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
         b'ContentType="application/xml"/><Override PartName="/word/document.xml" '
         b'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>')
RELS = (b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" '
        b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>')
W = b'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def docx(document, more=()):
    return zipped([("[Content_Types].xml", TYPES), ("_rels/.rels", RELS), ("word/document.xml", document)] + list(more))


def body(inner):
    return b'<?xml version="1.0"?><w:document ' + W + b"><w:body>" + inner + b"</w:body></w:document>"


P = b"<w:p><w:r><w:t>x</w:t></w:r></w:p>"
put("plain.docx", docx(body(P)))
laughs = b'<!DOCTYPE l [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9)) + b"]>"
put("laughs.docx", docx(b'<?xml version="1.0"?>' + laughs + body(b"<w:p><w:r><w:t>&j;</w:t></w:r></w:p>")[21:]))
put("outside-entity.docx", docx(b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]>' +
                                body(b"<w:p><w:r><w:t>&a;</w:t></w:r></w:p>")[21:]))
put("deep-xml.docx", docx(body(b"<w:sdt><w:sdtContent>" * 60000 + P + b"</w:sdtContent></w:sdt>" * 60000)))
put("deep-tables.docx", docx(body(b"<w:tbl><w:tr><w:tc>" * 20000 + P + b"</w:tc></w:tr></w:tbl>" * 20000)))
put("attributes.docx", docx(body(b"<w:p " + b" ".join(b'w:a%d="1"' % i for i in range(200000)) + b"/>")))
put("long-name.docx", docx(body(b"<w:" + b"a" * 3_000_000 + b"/>")))
put("long-value.docx", docx(body(b'<w:p w:rsidR="' + b"0" * 30_000_000 + b'"/>')))
put("ratio.docx", docx(body(P + b"<w:p/>" * 30_000_000)))
put("many-parts.docx", docx(body(P), [("word/p%d.xml" % i, b"<x/>") for i in range(15000)]))
put("self-relation.docx", docx(body(P), [("word/_rels/document.xml.rels", RELS.replace(b"word/document.xml", b"document.xml"))]))
put("utf7.docx", docx(b'<?xml version="1.0" encoding="UTF-7"?>' + body(P)[21:]))
put("cut.docx", docx(body(P))[:-30])
put("cut-xml.docx", docx(body(P)[:-30]))
XT = TYPES.replace(b"/word/document.xml", b"/xl/workbook.xml").replace(b"wordprocessingml.document", b"spreadsheetml.sheet")
S = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
R = b'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'


def xlsx(sheet):
    types = XT.replace(b"</Types>", b'<Override PartName="/xl/s.xml" ContentType="application/vnd.openxmlformats-officedocument.'
                                    b'spreadsheetml.worksheet+xml"/></Types>')
    return zipped([("[Content_Types].xml", types), ("_rels/.rels", RELS.replace(b"word/document", b"xl/workbook")),
                   ("xl/workbook.xml", b"<workbook " + S + b" " + R + b'><sheets><sheet name="a" sheetId="1" r:id="r"/></sheets></workbook>'),
                   ("xl/_rels/workbook.xml.rels", RELS.replace(b"officeDocument\" Target=\"word/document.xml", b"worksheet\" Target=\"s.xml")),
                   ("xl/s.xml", b"<worksheet " + S + b"><sheetData>" + sheet + b"</sheetData></worksheet>")])


put("wide-range.xlsx", xlsx(b'<row r="1048577"><c r="ZZZZ99999999"><v>1</v></c></row>'))
put("deep-formula.xlsx", xlsx(b'<row r="1"><c r="A1"><f>' + b"(" * 500000 + b"1" + b")" * 500000 + b"</f><v>1</v></c></row>"))
put("many-cells.xlsx", xlsx(b'<row r="1">' + b"<c/>" * 5_000_000 + b"</row>"))

# --- PDF ----------------------------------------------------------------------------------------------------------------------


def pdf(objects, root=1):
    b, at = bytearray(b"%PDF-1.4\n"), []
    for i, o in enumerate(objects):
        at.append(len(b))
        b += b"%d 0 obj\n" % (i + 1) + o + b"\nendobj\n"
    x = len(b)
    b += b"xref\n0 %d\n0000000000 65535 f \n" % (len(at) + 1) + b"".join(b"%010d 00000 n \n" % a for a in at)
    return bytes(b + b"trailer <</Size %d /Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(at) + 1, root, x))


def stream(data, more=b""):
    return b"<<" + more + b"/Length %d>>\nstream\n" % len(data) + data + b"\nendstream"


CAT, PAGES = b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R>>"
put("plain.pdf", pdf([CAT, PAGES, PAGE, stream(b"0 0 10 10 re f")]))
put("tree-cycle.pdf", pdf([CAT, b"<</Type/Pages/Kids[2 0 R 3 0 R]/Count 2>>", PAGE, stream(b"")]))
put("tree-deep.pdf", pdf([CAT] + [b"<</Type/Pages/Kids[%d 0 R]/Count 1>>" % (i + 3) for i in range(30000)] + [PAGE, stream(b"")]))
put("tree-wide.pdf", pdf([CAT, b"<</Type/Pages/Kids[" + b"3 0 R " * 60000 + b"]/Count 60000>>", PAGE, stream(b"")]))
put("count-lies.pdf", pdf([CAT, b"<</Type/Pages/Kids[3 0 R]/Count 2000000000>>", PAGE, stream(b"")]))
FORM = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</F %d 0 R>>>>"
XPAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R/Resources<</XObject<</F 5 0 R>>>>>>"
put("do-cycle.pdf", pdf([CAT, PAGES, XPAGE, stream(b"/F Do"), stream(b"/F Do", FORM % 6), stream(b"/F Do", FORM % 5)]))
put("do-doubling.pdf", pdf([CAT, PAGES, XPAGE, stream(b"/F Do")] + [stream(b"/F Do /F Do ", FORM % (6 + i)) for i in range(40)] + [stream(b"0 0 1 1 re f", FORM % 5)]))
z = zlib.compress(bytes(200_000_000), 9)
put("flate.pdf", pdf([CAT, PAGES, PAGE, stream(zlib.compress(z, 9), b"/Filter[/FlateDecode/FlateDecode]")]))
put("cascade.pdf", pdf([CAT, PAGES, PAGE, stream(b"00>", b"/Filter[" + b"/ASCIIHexDecode" * 20000 + b"]")]))
put("huge-box.pdf", pdf([CAT, PAGES, PAGE.replace(b"0 0 200 200", b"0 0 9e9 9e9"), stream(b"")]))
put("negative-box.pdf", pdf([CAT, PAGES, PAGE.replace(b"0 0 200 200", b"9 9 -9 -9"), stream(b"")]))
put("no-box.pdf", pdf([CAT, PAGES, PAGE.replace(b"0 0 200 200", b"0 0 0 0"), stream(b"")]))
IMG = b"/Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceRGB/BitsPerComponent 8"
put("huge-image.pdf", pdf([CAT, PAGES, XPAGE, stream(b"200 0 0 200 0 0 cm /F Do"), stream(b"", IMG % (60000, 60000))]))
put("many-operators.pdf", pdf([CAT, PAGES, PAGE, stream(zlib.compress(b"0 0 200 200 re f\n" * 8_000_000, 9), b"/Filter/FlateDecode")]))
put("deep-arrays.pdf", pdf([CAT, PAGES, PAGE, stream(b"[" * 200000 + b"]" * 200000 + b" TJ")]))
put("dash.pdf", pdf([CAT, PAGES, PAGE, stream(b"[0.0001 0.0001] 0 d 0 0 m 200 200 l S " * 50)]))
put("cut.pdf", pdf([CAT, PAGES, PAGE, stream(b"0 0 10 10 re f")])[:120])
put("no-objects.pdf", b"%PDF-1.7\n" + b"x" * 5000)
put("encrypted.pdf", pdf([CAT, PAGES, PAGE, stream(b"")]).replace(b"/Root", b"/Encrypt<</Filter/Standard/V 1/R 2/O(" + b"o" * 32 + b")/U(" + b"u" * 32 + b")/P -4>>/ID[(a)(a)]/Root"))

# --- pictures -----------------------------------------------------------------------------------------------------------------


def chunk(t, d):
    return struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d))


def png(w, h, data, more=b"", bits=8, colour=2):
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", w, h, bits, colour, 0, 0, 0)) + more + chunk(b"IDAT", data) + chunk(b"IEND", b"")


row = zlib.compress(b"\0" + b"\1\2\3" * 10, 9)
put("plain.png", png(10, 10, zlib.compress((b"\0" + b"\1\2\3" * 10) * 10)))
put("wide.png", png(2_000_000_000, 1, row))
put("area.png", png(60000, 60000, row))
put("zero.png", png(0, 10, row))
put("short-data.png", png(5000, 5000, row))
put("more-data.png", png(10, 10, zlib.compress(bytes(150_000_000), 9)))
put("text-bomb.png", png(10, 10, zlib.compress((b"\0" + b"\1\2\3" * 10) * 10), chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(100_000_000), 9)) * 3))
put("chunks.png", png(10, 10, zlib.compress((b"\0" + b"\1\2\3" * 10) * 10), chunk(b"tEXt", b"a\0b") * 200000))
put("cut.png", png(10, 10, zlib.compress((b"\0" + b"\1\2\3" * 10) * 10))[:50])
put("area.bmp", b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 60000, 60000, 1, 24, 0, 0, 0, 0, 0, 0))
put("negative.bmp", b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, -1, -2147483648, 1, 24, 0, 0, 0, 0, 0, 0))
put("area.gif", b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0x80, 0, 0) + bytes(6) + b"," + struct.pack("<HHHHB", 0, 0, 65535, 65535, 0) + b"\2\2\x4c\1\0;")
put("frames.gif", b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6) + (b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2\2\x4c\1\0") * 100000 + b";")
ifd = struct.pack("<HHHIIHHIIHHIII", 3, 256, 4, 1, 50000, 257, 4, 1, 50000, 259, 3, 1, 1, 8)
put("ifd-cycle.tif", b"II*\0" + struct.pack("<I", 8) + ifd)
put("scans.jpg", b"\xff\xd8\xff\xc2\0\x0b\x08\x40\0\x40\0\1\1\x11\0\xff\xc4\0\x14\0\1" + bytes(15) + b"\0" + b"\xff\xda\0\x08\1\1\0\1\1\0\0" * 20000 + b"\xff\xd9")
put("area.jpg", b"\xff\xd8\xff\xc0\0\x11\x08\xff\xff\xff\xff\3\1\x11\0\2\x11\0\3\x11\0\xff\xd9")
put("cut.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF")
put("area.webp", b"RIFF" + struct.pack("<I", 30) + b"WEBPVP8L" + struct.pack("<I", 18) + b"\x2f" + struct.pack("<I", 16383 | 16383 << 14) + bytes(13))

# --- texts --------------------------------------------------------------------------------------------------------------------
put("line.csv", b"x" * 30_000_000)
put("cells.csv", b"," * 30_000_000 + b"\n")
put("quote.csv", b'"' + b"a\n" * 10_000_000)
put("rows.csv", b"=1\n" * 5_000_000)
put("zeros.txt", bytes(10_000_000))
put("bidi.txt", "\u202e".encode() * 2_000_000)
put("escapes.txt", b"\x1b$B" * 3_000_000)
put("deep.html", b"<div>" * 2_000_000)
put("entities.html", b"&amp" * 5_000_000)
put("open-tag.html", b"<a " + b"b='" * 5_000_000)
put("empty.txt", b"")
put("empty.pdf", b"")
put("empty.docx", b"")
put("parts.eml", b"From: a@b\nContent-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\na\n" * 30000 + b"--x--\n")
deep = b"From: a@b\n"
for i in range(300):
    deep += b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (i, i)
put("deep.eml", deep + b"\n\nx\n")
put("headers.eml", b"From: a@b\n" + b"X-A: y\n" * 500000 + b"\nx\n")
put("long-header.eml", b"From: a@b\nSubject: " + b"x" * 20_000_000 + b"\n\nx\n")

# --- one thing that is two, or another than it is called -------------------------------------------------------------------------
put("pdf-and-zip.pdf", pdf([CAT, PAGES, PAGE, stream(b"")]) + good)
put("zip-and-pdf.zip", good + pdf([CAT, PAGES, PAGE, stream(b"")]))
put("program-and-zip.zip", b"MZ" + bytes(200) + good)
put("gif-and-zip.gif", b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes(6) + b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\2\2\x4c\1\0;" + good)
put("html-in.pdf", b"<html><script>x</script>" + pdf([CAT, PAGES, PAGE, stream(b"")]))
put("pdf-called.docx", pdf([CAT, PAGES, PAGE, stream(b"")]))
put("zip-called.pdf", good)
put("zip-called.docx", good)
put("png-called.jpg", png(10, 10, zlib.compress((b"\0" + b"\1\2\3" * 10) * 10)))
put("program-called.txt", b"MZ" + bytes(400))
put("elf-called.csv", b"\x7fELF" + bytes(400))
put("script-called.txt", b"#!/bin/sh\necho x\n")
put("rtf-called.docx", b"{\\rtf1 x}")
put("gz-called.zip", gzip.compress(b"x" * 1000))
put("photo\u202egpj.exe", b"MZ" + bytes(100))
put("report\u202efdp.txt", b"x\n")
put("note.txt.exe", b"x\n")
put("note.pdf.js", b"x\n")
put("CON.txt", b"x\n")
put("a" * 200 + ".txt", b"x\n")
put(b"\xff\xfe.txt", b"x\n")
put("bell\x07.txt", b"x\n")
with open(os.path.join(out, "two-gigabytes.pdf"), "wb") as f:
    f.write(b"%PDF-1.7\n")
    f.truncate(2 << 30)
with open(os.path.join(out, "two-gigabytes.csv"), "wb") as f:
    f.truncate(2 << 30)

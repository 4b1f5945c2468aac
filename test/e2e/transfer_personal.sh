#!/usr/bin/env bash
# What leaves is looked through for personal data whatever its form: PDF by the text that the gate's workers read, Office documents,
# archives and what they hold. What was not declared is held.
set -u
. "$(dirname "$0")/transfer_house.bash"
start
enter ichiro 1003
pdf() { python3 - "$1" "$2" <<'P'
import sys
text = b"BT /F1 18 Tf 60 700 Td (" + sys.argv[2].encode() + b") Tj ET"
objs = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n" % len(text) + text + b"\nendstream", b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
out, at = b"%PDF-1.4\n", []
for i, o in enumerate(objs):
    at.append(len(out)); out += b"%d 0 obj\n" % (i + 1) + o + b"\nendobj\n"
x = len(out)
out += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % a for a in at) + b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % x
open(sys.argv[1], "wb").write(out)
P
}
docx() { python3 - "$1" "$2" <<'P'
import sys, zipfile
z = zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED)
w = "http://schemas.openxmlformats.org/"
z.writestr("[Content_Types].xml", f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Types xmlns="{w}package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>')
z.writestr("_rels/.rels", f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><Relationships xmlns="{w}package/2006/relationships"><Relationship Id="rId1" Type="{w}officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>')
z.writestr("word/document.xml", f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:document xmlns:w="{w}wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>{sys.argv[2]}</w:t></w:r></w:p><w:sectPr/></w:body></w:document>')
P
}
zipped() { python3 -c 'import sys, zipfile, os
z = zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED)
for f in sys.argv[2:]: z.write(f, os.path.basename(f))' "$@"; }
out() { get ichiro /transfers/new >/dev/null
  [[ $(post ichiro /transfers -F "csrf=$(csrf)" -F direction=out -F purpose=提供 -F outside_recipient=県 -F class_c=2 "$@") == 303* ]] || { echo refused; return; }
  sqlite3 "$D/office/office.db" "SELECT max(id) FROM transfers"; }
found() { settled "$1" >/dev/null; sqlite3 "$D/office/office.db" "SELECT state || ' ' || coalesce(content_check, '-') || ' ' || coalesce(my_numbers, '-') || ' ' || coalesce(resident_codes, '-') FROM transfers WHERE id = $1"; }
is() { local id; id=$(out "${@:3}"); [ "$(found "$id")" = "$2" ] || fail "$1: $(found "$id") $(state "$id")"; ok "$1"; }                # WHAT EXPECTED curl-options

pdf "$T/no.pdf" "Minutes of the meeting, 2026-11-20"; pdf "$T/my.pdf" "1234-5678-9018"; pdf "$T/juki.pdf" "12345678901"
docx "$T/my.docx" 123456789018; docx "$T/no.docx" 議事録; printf 'a,b\n' >"$T/no.csv"
is "a PDF without any waits for its manager" "waiting done 0 0" -F "files=@$T/no.pdf"
is "an individual number in a PDF holds it" "held done 1 0" -F "files=@$T/my.pdf"
is "so does a resident record code" "held done 0 1" -F "files=@$T/juki.pdf"
is "declared, it is counted and waits" "waiting done 1 0" -F personal=1 -F "files=@$T/my.pdf"
is "in a document of Word" "held done 1 0" -F "files=@$T/my.docx"
zipped "$T/a.zip" "$T/no.csv" "$T/my.pdf"; zipped "$T/b.zip" "$T/no.docx" "$T/my.docx"; zipped "$T/c.zip" "$T/a.zip"; zipped "$T/d.zip" "$T/no.docx" "$T/no.pdf"
is "in a PDF within an archive" "held done 1 0" -F "files=@$T/a.zip"
is "in a document within an archive" "held done 1 0" -F "files=@$T/b.zip"
is "in an archive within an archive" "held done 1 0" -F "files=@$T/c.zip"
is "an archive without any waits" "waiting done 0 0" -F "files=@$T/d.zip"
if command -v convert >/dev/null; then
  convert -size 40x40 xc:white "$T/p.png"; zipped "$T/e.zip" "$T/no.csv" "$T/p.png"
  is "a picture cannot be looked into" "waiting impossible - -" -F "files=@$T/p.png"
  is "an archive with one only in part" "waiting partly 0 0" -F "files=@$T/e.zip"
fi
grep -q 'text=yes' "$D"/office/office.db && fail "a report tells of the question"
id=$(hand ichiro "" -F "files=@$T/my.pdf"); [ "$(found "$id")" = "ready - - -" ] || fail "inward: $(found "$id")"
ok "what comes in is not looked through"

"""Archives in the one form the gate writes (docs/formats/gate-zip.md), for what a rebuilder that is taken over might say."""
import struct, zipfile, zlib
from xml.sax.saxutils import escape

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
PKG = "http://schemas.openxmlformats.org/package/2006/"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"


def pack(entries, path):
    out, central = b"", b""
    for name, content in entries:
        c = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = c.compress(content) + c.flush()
        method = 8
        if len(packed) >= len(content):
            packed, method = content, 0
        n = name.encode()
        head = struct.pack("<HHHHHIIIHH", 20, 0x800, method, 0, 0x21, zlib.crc32(content), len(packed), len(content), len(n), 0)
        central += b"PK\1\2" + struct.pack("<H", 20) + head + struct.pack("<HHHII", 0, 0, 0, 0, len(out)) + n
        out += b"PK\3\4" + head + n + packed
    end = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, len(entries), len(entries), len(central), len(out), 0)
    open(path, "wb").write(out + central + end)


def read(path):
    z = zipfile.ZipFile(path)
    return {i.filename: z.read(i) for i in z.infolist()}


def save(parts, path, order=sorted):
    pack([(n, parts[n] if isinstance(parts[n], bytes) else parts[n].encode()) for n in order(parts)], path)


def relations(rows):
    return (HEAD + f'<Relationships xmlns="{PKG}relationships">' + "".join(
        f'<Relationship Id="rId{i}" Type="{t if ":" in t else REL + t}" Target="{escape(u)}"' + (' TargetMode="External"' if ext else "") + "/>"
        for i, (t, u, ext) in enumerate(rows, 1)) + "</Relationships>").encode()


def types(overrides):
    return (HEAD + f'<Types xmlns="{PKG}content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>' +
            "".join(f'<Override PartName="/{n}" ContentType="{t}"/>' for n, t in sorted(overrides.items())) + "</Types>").encode()

#!/usr/bin/env python3
"""Do two Office documents say the same? same.py BEFORE AFTER: prints what differs, nothing when nothing does.
Read by python-docx and openpyxl where they are; slides by the words of their paragraphs, in order. Pictures, tables, charts,
comments, footnotes are counted in the packages."""
import re, sys, zipfile
import xml.etree.ElementTree as E

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


def words_docx(path):
    import docx
    d = docx.Document(path)
    w = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
    out = []
    for p in d.element.iter(w + "p"):
        out.append("".join(t.text or "" for t in p.iter(w + "t") if not any(True for a in t.iterancestors() if a.tag.endswith("}Fallback"))))
    return [x for x in out if x]


def words_xlsx(path):
    import openpyxl
    out = []
    for only in (False, True):
        wb = openpyxl.load_workbook(path, data_only=only)
        for ws in wb.worksheets:
            out.append((ws.title, ws.sheet_state, sorted(str(m) for m in ws.merged_cells.ranges)))
            for row in ws.iter_rows():
                for c in row:
                    if c.value is not None:
                        out.append((ws.title, c.coordinate, str(c.value), c.number_format, c.font.b, c.comment.text if c.comment else None))
    return out


def words_pptx(path):
    z = zipfile.ZipFile(path)
    rel = "{http://schemas.openxmlformats.org/package/2006/relationships}"
    r = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
    def targets(part):
        d, f = part.rsplit("/", 1)
        t = {}
        for x in E.fromstring(z.read(f"{d}/_rels/{f}.rels")):
            p = x.get("Target")
            p = p[1:] if p.startswith("/") else re.sub(r"[^/]+/\.\./", "", d + "/" + p)
            t[x.get("Id")] = p
        return t
    main = "ppt/presentation.xml"
    t = targets(main)
    out = []
    for s in E.fromstring(z.read(main)).iter("{http://schemas.openxmlformats.org/presentationml/2006/main}sldId"):
        root = E.fromstring(z.read(t[s.get(r)]))
        out.append([x for x in ("".join(y.text or "" for y in p.iter(A + "t")) for p in root.iter(A + "p")) if x])
    return out


def counts(path):
    z = zipfile.ZipFile(path)
    names = z.namelist()
    n = {k: sum(bool(re.search(p, x)) for x in names) for k, p in {"charts": r"charts/chart\d*\.xml$", "sheet tables": r"tables/table[^/]*\.xml$",
         "pivots": r"pivotTables/[^/]*\.xml$", "slides": r"slides/slide[^/]*\.xml$", "sheets": r"worksheets/[^/]*\.xml$", "footnotes": r"word/footnotes\.xml$",
         "comments": r"/comments?\d*\.xml$", "headers": r"word/(header|footer)\d*\.xml$", "notes": r"notesSlides/[^/]*\.xml$"}.items()}
    return n


def main():
    a, b = sys.argv[1:3]
    kind = b.rsplit(".", 1)[-1]
    f = {"docx": words_docx, "xlsx": words_xlsx, "pptx": words_pptx}[kind]
    try:
        x = f(a)
    except Exception as e:
        print(f"unreadable before: {type(e).__name__}")
        return
    y = f(b)
    if x != y:
        d = [(p, q) for p, q in zip(x, y) if p != q][:3]
        print(f"text: {len(x)} {len(y)} {d}")
    x, y = counts(a), counts(b)
    for k in x:
        if x[k] != y[k]:
            print(f"{k}: {x[k]} {y[k]}")


main()

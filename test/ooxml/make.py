#!/usr/bin/env python3
"""Small Office files made by hand, each with one active feature that does nothing: make.py FOLDER
Writes FOLDER/NAME.ext and FOLDER/list.tsv: file, the code that must be in its report, a marker that must not survive."""
import os, sys, zipfile, zlib, struct

R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
X = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
P = "http://schemas.openxmlformats.org/presentationml/2006/main"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"
O = "application/vnd.openxmlformats-officedocument."
MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"
M = "SURVIVOR"
folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
listing = []


def rels(rows):
    return ('<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">' + "".join(
        f'<Relationship Id="{i}" Type="{t if ":" in t else R + "/" + t}" Target="{u}"' + (' TargetMode="External"' if e else "") + "/>"
        for i, t, u, e in rows) + "</Relationships>")


def package(name, code, parts, main, main_type, marker=M, more=()):
    over = {main: main_type, **{k: v[0] for k, v in parts.items() if v[0]}}
    with zipfile.ZipFile(f"{folder}/{name}", "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("[Content_Types].xml", '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
                   '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                   '<Default Extension="xml" ContentType="application/xml"/><Default Extension="bin" ContentType="application/octet-stream"/>'
                   '<Default Extension="png" ContentType="image/png"/><Default Extension="emf" ContentType="image/x-emf"/>' +
                   "".join(f'<Override PartName="/{k}" ContentType="{v}"/>' for k, v in over.items()) + "</Types>")
        z.writestr("_rels/.rels", rels([("rId1", "officeDocument", main, 0)] + list(more)))
        for k, v in parts.items():
            z.writestr(k, v[1])
    listing.append((name, code, marker))


def text(words):
    return f'<w:p><w:r><w:t>{words}</w:t></w:r></w:p>'


def docx(name, code, body="", rows=(), extra=None, pre="", settings="", marker=M, ext="docx", more=(), type_=O + "wordprocessingml.document.main+xml"):
    extra = dict(extra or {})
    rows = list(rows)
    if settings:
        extra["word/settings.xml"] = (O + "wordprocessingml.settings+xml", f'<w:settings xmlns:w="{W}" xmlns:r="{R}">{settings}</w:settings>')
        rows.append(("rIdS", "settings", "settings.xml", 0))
    doc = (f'<?xml version="1.0"?>{pre}<w:document xmlns:w="{W}" xmlns:r="{R}" xmlns:a="{A}" xmlns:mc="{MC}" '
           'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
           'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
           f'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><w:body>{text("before")}{body}{text("after")}'
           '<w:sectPr/></w:body></w:document>')
    parts = {"word/document.xml": (None, doc), **extra}
    if rows:
        parts["word/_rels/document.xml.rels"] = (None, rels(rows))
    package(f"{name}.{ext}", code, parts, "word/document.xml", type_, marker, more)


def xlsx(name, code, cells='<c r="A1"><v>1</v></c>', after="", book="", rows=(), srows=(), extra=None, marker=M, ext="xlsx", sheets="",
         type_=O + "spreadsheetml.sheet.main+xml"):
    extra = dict(extra or {})
    parts = {"xl/workbook.xml": (None, f'<workbook xmlns="{X}" xmlns:r="{R}"><sheets><sheet name="S" sheetId="1" r:id="rId1"/>{sheets}</sheets>{book}</workbook>'),
             "xl/worksheets/sheet1.xml": (O + "spreadsheetml.worksheet+xml", f'<worksheet xmlns="{X}" xmlns:r="{R}"><sheetData><row r="1">{cells}</row></sheetData>{after}</worksheet>'),
             "xl/_rels/workbook.xml.rels": (None, rels([("rId1", "worksheet", "worksheets/sheet1.xml", 0)] + list(rows))), **extra}
    if srows:
        parts["xl/worksheets/_rels/sheet1.xml.rels"] = (None, rels(srows))
    package(f"{name}.{ext}", code, parts, "xl/workbook.xml", type_, marker)


def pptx(name, code, shapes="", rows=(), extra=None, tail="", marker=M, ext="pptx", prows=(), ptail="", type_=O + "presentationml.presentation.main+xml"):
    tree = '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>'
    ns = f'xmlns:p="{P}" xmlns:a="{A}" xmlns:r="{R}" xmlns:mc="{MC}"'
    cmap = '<p:clrMap bg1="lt1" tx1="dk1" bg2="lt2" tx2="dk2" accent1="accent1" accent2="accent2" accent3="accent3" accent4="accent4" accent5="accent5" accent6="accent6" hlink="hlink" folHlink="folHlink"/>'
    parts = {"ppt/presentation.xml": (None, f'<p:presentation {ns}><p:sldMasterIdLst><p:sldMasterId id="2147483648" r:id="rId2"/></p:sldMasterIdLst>'
             f'<p:sldIdLst><p:sldId id="256" r:id="rId1"/></p:sldIdLst><p:sldSz cx="9144000" cy="6858000"/><p:notesSz cx="6858000" cy="9144000"/>{ptail}</p:presentation>'),
             "ppt/_rels/presentation.xml.rels": (None, rels([("rId1", "slide", "slides/slide1.xml", 0), ("rId2", "slideMaster", "slideMasters/m.xml", 0)] + list(prows))),
             "ppt/slides/slide1.xml": (O + "presentationml.slide+xml", f'<p:sld {ns}><p:cSld><p:spTree>{tree}{shapes}</p:spTree></p:cSld>{tail}</p:sld>'),
             "ppt/slides/_rels/slide1.xml.rels": (None, rels([("rId1", "slideLayout", "../slideLayouts/l.xml", 0)] + list(rows))),
             "ppt/slideLayouts/l.xml": (O + "presentationml.slideLayout+xml", f'<p:sldLayout {ns}><p:cSld><p:spTree>{tree}</p:spTree></p:cSld></p:sldLayout>'),
             "ppt/slideLayouts/_rels/l.xml.rels": (None, rels([("rId1", "slideMaster", "../slideMasters/m.xml", 0)])),
             "ppt/slideMasters/m.xml": (O + "presentationml.slideMaster+xml", f'<p:sldMaster {ns}><p:cSld><p:spTree>{tree}</p:spTree></p:cSld>{cmap}<p:sldLayoutIdLst><p:sldLayoutId id="2147483649" r:id="rId1"/></p:sldLayoutIdLst></p:sldMaster>'),
             "ppt/slideMasters/_rels/m.xml.rels": (None, rels([("rId1", "slideLayout", "../slideLayouts/l.xml", 0)])), **dict(extra or {})}
    package(f"{name}.{ext}", code, parts, "ppt/presentation.xml", type_, marker)


BIN = (None, b"\xd0\xcf\x11\xe0 " + M.encode())


def field(code, result="shown"):
    return (f'<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText xml:space="preserve">{code}</w:instrText></w:r>'
            f'<w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>{result}</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>')


# --- Word
for n, c, code in (("dde", "FLD-DDE", f' DDE "{M}" "x" '), ("ddeauto", "FLD-DDE", f" DDEAUTO c:\\\\{M} x "), ("link", "FLD-LINK", f" LINK Excel.Sheet.8 {M} "),
                   ("includetext", "FLD-LINK", f' INCLUDETEXT "{M}" '), ("includepicture", "FLD-LINK", f' INCLUDEPICTURE "http://x/{M}" \\d '),
                   ("import", "FLD-LINK", f" IMPORT {M} "), ("macrobutton", "FLD-OTHER", f" MACROBUTTON {M} click "), ("gotobutton", "FLD-OTHER", f" GOTOBUTTON {M} x "),
                   ("rd", "FLD-OTHER", f" RD {M} "), ("database", "FLD-OTHER", f' DATABASE \\d "{M}" '), ("autotext", "FLD-OTHER", f" AUTOTEXT {M} "),
                   ("docvariable", "FLD-OTHER", f" DOCVARIABLE {M} "), ("print", "FLD-OTHER", f" PRINT {M} "), ("fillin", "FLD-OTHER", f' FILLIN "{M}" '),
                   ("hyperlink-file", "OOXML-LINK", f' HYPERLINK "file://h/{M}" '), ("hyperlink-unc", "OOXML-LINK", f' HYPERLINK "\\\\\\\\h\\\\{M}" '),
                   ("ddecase", "FLD-DDE", f"  dDeAuTo {M} ")):
    docx(f"fld-{n}", c, field(code))
docx("fld-simple", "FLD-DDE", f'<w:p><w:fldSimple w:instr=" DDEAUTO {M} "><w:r><w:t>shown</w:t></w:r></w:fldSimple></w:p>')
docx("fld-split", "FLD-DDE", '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>DDE</w:instrText></w:r><w:r><w:instrText>AUTO '
     f'{M}</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>shown</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>')
docx("fld-nested-name", "FLD-OTHER", '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>QUOTE 68 68 69'
     f'</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r><w:r><w:instrText> {M}</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>')
docx("fld-open", "FLD-OTHER", f'<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>PAGE {M}</w:instrText></w:r></w:p>')
docx("vba", "OOXML-VBA", rows=[("r1", "http://schemas.microsoft.com/office/2006/relationships/vbaProject", "vbaProject.bin", 0)],
     extra={"word/vbaProject.bin": BIN}, ext="docm", type_="application/vnd.ms-word.document.macroEnabled.main+xml")
docx("template", "OOXML-TEMPLATE", settings='<w:attachedTemplate r:id="r9"/>',
     extra={"word/_rels/settings.xml.rels": (None, rels([("r9", "attachedTemplate", f"http://x/{M}.dotm", 1)]))})
docx("altchunk", "OOXML-CHUNK", '<w:altChunk r:id="r1"/>', [("r1", "aFChunk", "c.bin", 0)], {"word/c.bin": BIN})
docx("subdoc", "OOXML-SUBDOC", '<w:p><w:subDoc r:id="r1"/></w:p>', [("r1", "subDocument", f"file:///{M}.docx", 1)])
docx("mailmerge", "OOXML-MAILMERGE", settings=f'<w:mailMerge><w:mainDocumentType w:val="formLetters"/><w:dataType w:val="odbc"/><w:query w:val="SELECT {M}"/></w:mailMerge>')
docx("docvars", "OOXML-DOCVARS", settings=f'<w:docVars><w:docVar w:name="a" w:val="{M}"/></w:docVars>')
docx("ole", "OOXML-OLE", f'<w:p><w:r><w:object><o:OLEObject Type="Embed" ProgID="{M}" ShapeID="s" ObjectID="o" r:id="r1"/></w:object></w:r></w:p>',
     [("r1", "oleObject", "e.bin", 0)], {"word/e.bin": BIN})
docx("ole-link", "OOXML-OLE", f'<w:p><w:r><w:object><o:OLEObject Type="Link" ProgID="htmlfile" ShapeID="s" ObjectID="o" r:id="r1"/></w:object></w:r></w:p>',
     [("r1", "oleObject", f"http://x/{M}!", 1)])
docx("package", "OOXML-EMBED", rows=[("r1", "package", "e.bin", 0)], extra={"word/e.bin": BIN})
docx("control", "OOXML-ACTIVEX", '<w:p><w:r><w:control r:id="r1" w:name="SURVIVOR"/></w:r></w:p>', [("r1", "control", "ax.xml", 0)],
     {"word/ax.xml": ("application/vnd.ms-office.activeX+xml", f"<a>{M}</a>")})
docx("image-link", "OOXML-EXTERNAL", '<w:p><w:r><w:drawing><wp:inline><wp:extent cx="1" cy="1"/><wp:docPr id="1" name="p"/><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr><pic:cNvPr id="1" name="p"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:link="r1"/></pic:blipFill><pic:spPr/></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>',
     [("r1", "image", f"http://x/{M}.png", 1)])
docx("image-emf", "OOXML-PICTURE", '<w:p><w:r><w:drawing><wp:inline><wp:extent cx="1" cy="1"/><wp:docPr id="1" name="p"/><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr><pic:cNvPr id="1" name="p"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:embed="r1"/></pic:blipFill><pic:spPr/></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>',
     [("r1", "image", "media/i.emf", 0)], {"word/media/i.emf": (None, b"\1\0\0\0" + M.encode() * 9)})
docx("hyperlink-js", "OOXML-LINK", '<w:p><w:hyperlink r:id="r1"><w:r><w:t>here</w:t></w:r></w:hyperlink></w:p>', [("r1", "hyperlink", f"javascript:{M}", 1)])
docx("hyperlink-unc2", "OOXML-LINK", '<w:p><w:hyperlink r:id="r1"><w:r><w:t>here</w:t></w:r></w:hyperlink></w:p>', [("r1", "hyperlink", f"file://///h/{M}", 1)])
docx("hyperlink-protocol", "OOXML-LINK", '<w:p><w:hyperlink r:id="r1"><w:r><w:t>here</w:t></w:r></w:hyperlink></w:p>', [("r1", "hyperlink", f"ms-msdt:/id {M}", 1)])
docx("vml-href", "OOXML-ATTRIBUTE", f'<w:p><w:r><w:pict><v:rect style="width:9pt" href="file:///{M}" o:href="{M}"/></w:pict></w:r></w:p>')
docx("vml-src", "OOXML-ATTRIBUTE", f'<w:p><w:r><w:pict><v:rect style="width:9pt"><v:imagedata src="http://x/{M}.png"/></v:rect></w:pict></w:r></w:p>')
docx("customxml-part", "OOXML-CUSTOM-XML", rows=[("r1", "customXml", "../customXml/item1.xml", 0)], extra={"customXml/item1.xml": (None, f"<a>{M}</a>")})
docx("customxml-bind", "OOXML-CUSTOM-XML", f'<w:sdt><w:sdtPr><w:dataBinding w:xpath="/{M}" w:storeItemID="{{0}}"/></w:sdtPr><w:sdtContent>{text("bound")}</w:sdtContent></w:sdt>')
docx("smarttag", "OOXML-CUSTOM-XML", f'<w:p><w:smartTag w:uri="{M}" w:element="place"><w:r><w:t>Tokyo</w:t></w:r></w:smartTag></w:p>')
docx("customui", "OOXML-CUSTOM-UI", more=[("rId7", "http://schemas.microsoft.com/office/2006/relationships/ui/extensibility", "customUI/c.xml", 0)],
     extra={"customUI/c.xml": (None, f'<customUI onLoad="{M}"/>')})
docx("webextension", "OOXML-WEBEXT", more=[("rId7", "http://schemas.microsoft.com/office/2011/relationships/webextensiontaskpanes", "we/t.xml", 0)],
     extra={"we/t.xml": (None, f"<we>{M}</we>")})
docx("font", "OOXML-FONT", extra={"word/fontTable.xml": (O + "wordprocessingml.fontTable+xml", f'<w:fonts xmlns:w="{W}" xmlns:r="{R}"><w:font w:name="F"><w:embedRegular r:id="r1" w:fontKey="{{0}}"/></w:font></w:fonts>'),
     "word/_rels/fontTable.xml.rels": (None, rels([("r1", "font", "f.odttf", 0)])), "word/f.odttf": (O + "obfuscatedFont", M)}, rows=[("r2", "fontTable", "fontTable.xml", 0)])
docx("glossary", "OOXML-GLOSSARY", rows=[("r1", "glossaryDocument", "glossary/document.xml", 0)], extra={"word/glossary/document.xml": (O + "wordprocessingml.document.glossary+xml", f"<a>{M}</a>")})
docx("frameset", "OOXML-FRAME", rows=[("r1", "frame", f"http://x/{M}", 1)])
docx("printer", "OOXML-PRINTER", rows=[("r1", "printerSettings", "p.bin", 0)], extra={"word/p.bin": BIN})
docx("xslt", "OOXML-CUSTOM-XML", settings=f'<w:saveThroughXslt w:solutionID="{M}"/>')
docx("signature", "OOXML-SIGNATURE", more=[("rId7", "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/origin", "_xmlsignatures/o.sigs", 0)],
     extra={"_xmlsignatures/o.sigs": (None, M)})
docx("props", "OOXML-META", more=[("rId7", "http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties", "docProps/core.xml", 0)],
     extra={"docProps/core.xml": (None, f"<a>{M}</a>")})
docx("pi", "XML-PI", pre=f"<?run {M}?>")
docx("comment", "-", f"<!-- {M} -->")
docx("unknown", "OOXML-EXT", f'<x:run xmlns:x="urn:{M}">x</x:run>')
docx("unknown-part", "OOXML-PART", rows=[("r1", "somethingNew", "n.bin", 0)], extra={"word/n.bin": BIN})
docx("choice", "-", f'<mc:AlternateContent><mc:Choice xmlns:q="urn:q" Requires="q"><q:{M}/></mc:Choice><mc:Fallback>{text("fallback")}</mc:Fallback></mc:AlternateContent>')
# --- Excel
for n, c, f in (("dde", "XL-EXTERNAL", f"{M}|'x'!A0"), ("cmd", "XL-EXTERNAL", f"cmd|'/c {M}'!A0"), ("webservice", "XL-FUNCTION", f'WEBSERVICE("http://x/{M}")'),
                ("webservice2", "XL-FUNCTION", f'_xlfn.WEBSERVICE("http://x/{M}")'), ("hyperlink", "XL-FUNCTION", f'HYPERLINK("file:///{M}","x")'), ("call", "XL-FUNCTION", f'CALL("{M}","x","J")'),
                ("register", "XL-FUNCTION", f'REGISTER.ID("{M}","x")'), ("exec", "XL-FUNCTION", f'EXEC("{M}")'), ("rtd", "XL-FUNCTION", f'RTD("{M}",,"x")'),
                ("filterxml", "XL-FUNCTION", f'FILTERXML("{M}","//a")'), ("image", "XL-FUNCTION", f'_xlfn.IMAGE("http://x/{M}")'), ("external", "XL-EXTERNAL", f"[1]{M}!A1"),
                ("external-quoted", "XL-EXTERNAL", f"'[1]{M} s'!A1"), ("path", "XL-EXTERNAL", f"'\\\\h\\{M}\\[b.xlsx]S'!A1"), ("macro", "XL-FUNCTION", f"{M}()"),
                ("nested", "XL-FUNCTION", f'IF(1,SUM(1,EXEC ("{M}")),2)')):
    xlsx(f"f-{n}", c, f'<c r="A1"><f>{f}</f><v>7</v></c>')
xlsx("name-exec", "XL-FUNCTION", book=f'<definedNames><definedName name="n">EXEC("{M}")</definedName></definedNames>')
xlsx("name-auto", "XL-NAME", book=f'<definedNames><definedName name="_xlnm.Auto_Open">S!$A$1</definedName><definedName name="auto_{M}">S!$A$1</definedName></definedNames>')
xlsx("name-vba", "XL-NAME", book=f'<definedNames><definedName name="{M}" function="1" vbProcedure="1">#REF!</definedName></definedNames>')
xlsx("validation", "XL-FUNCTION", after=f'<dataValidations count="1"><dataValidation type="custom" sqref="A1"><formula1>EXEC("{M}")</formula1></dataValidation></dataValidations>')
xlsx("condition", "XL-EXTERNAL", after=f'<conditionalFormatting sqref="A1"><cfRule type="expression" priority="1"><formula>[1]{M}!A1</formula></cfRule></conditionalFormatting>')
xlsx("xlm", "XL-XLM", sheets='<sheet name="M" sheetId="2" r:id="rId9"/>', rows=[("rId9", "http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet", "macrosheets/s.xml", 0)],
     extra={"xl/macrosheets/s.xml": ("application/vnd.ms-excel.macrosheet+xml", f'<xm:macrosheet xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main">{M}</xm:macrosheet>')}, ext="xlsm",
     type_="application/vnd.ms-excel.sheet.macroEnabled.main+xml")
xlsx("dialogsheet", "XL-DIALOG", sheets='<sheet name="D" sheetId="2" r:id="rId9"/>', rows=[("rId9", "dialogsheet", "dialogsheets/s.xml", 0)],
     extra={"xl/dialogsheets/s.xml": (O + "spreadsheetml.dialogsheet+xml", f'<dialogsheet xmlns="{X}">{M}</dialogsheet>')})
xlsx("external-link", "XL-EXTERNAL", book='<externalReferences><externalReference r:id="rId9"/></externalReferences>', rows=[("rId9", "externalLink", "externalLinks/e.xml", 0)],
     extra={"xl/externalLinks/e.xml": (O + "spreadsheetml.externalLink+xml", f'<externalLink xmlns="{X}"><ddeLink ddeService="{M}" ddeTopic="x"/></externalLink>')})
xlsx("connections", "XL-CONNECTION", rows=[("rId9", "connections", "connections.xml", 0)], extra={"xl/connections.xml": (O + "spreadsheetml.connections+xml", f'<connections xmlns="{X}"><connection id="1" name="{M}"/></connections>')})
xlsx("querytable", "XL-CONNECTION", srows=[("r1", "queryTable", "../queryTables/q.xml", 0)], extra={"xl/queryTables/q.xml": (O + "spreadsheetml.queryTable+xml", f'<queryTable xmlns="{X}" name="{M}"/>')})
xlsx("link-file", "OOXML-LINK", after='<hyperlinks><hyperlink ref="A1" r:id="r1"/></hyperlinks>', srows=[("r1", "hyperlink", f"file:///{M}.exe", 1)])
xlsx("oleobjects", "OOXML-OLE", after='<oleObjects><oleObject progId="SURVIVOR" shapeId="1" r:id="r1"/></oleObjects>', srows=[("r1", "oleObject", "../e.bin", 0)], extra={"xl/e.bin": BIN})
xlsx("controls", "OOXML-ACTIVEX", after='<controls><control shapeId="1" r:id="r1" name="SURVIVOR"/></controls>', srows=[("r1", "control", "../a.xml", 0)], extra={"xl/a.xml": ("application/vnd.ms-office.activeX+xml", M)})
xlsx("xmlmaps", "OOXML-CUSTOM-XML", rows=[("rId9", "xmlMaps", "xmlMaps.xml", 0)], extra={"xl/xmlMaps.xml": (None, f"<a>{M}</a>")})
xlsx("datamodel", "XL-CONNECTION", rows=[("rId9", "http://schemas.microsoft.com/office/2011/relationships/powerPivotData", "model/item.data", 0)], extra={"xl/model/item.data": BIN})
xlsx("volatile", "XL-RTD", rows=[("rId9", "volatileDependencies", "v.xml", 0)], extra={"xl/v.xml": (O + "spreadsheetml.volatileDependencies+xml", f"<a>{M}</a>")})
xlsx("webpublish", "XL-WEB", after=f'<webPublishItems count="1"><webPublishItem id="1" divId="{M}" sourceType="sheet" destinationFile="{M}"/></webPublishItems>')
xlsx("vba", "OOXML-VBA", rows=[("rId9", "http://schemas.microsoft.com/office/2006/relationships/vbaProject", "vbaProject.bin", 0)], extra={"xl/vbaProject.bin": BIN}, ext="xlsm",
     type_="application/vnd.ms-excel.sheet.macroEnabled.main+xml")
xlsx("shape-macro", "OOXML-ATTRIBUTE", after='<drawing r:id="r1"/>', srows=[("r1", "drawing", "../drawings/d.xml", 0)], extra={"xl/drawings/d.xml": (O + "drawing+xml",
     f'<xdr:wsDr xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" xmlns:a="{A}"><xdr:absoluteAnchor><xdr:pos x="0" y="0"/><xdr:ext cx="1" cy="1"/><xdr:sp macro="[0]!{M}" textlink=""><xdr:nvSpPr><xdr:cNvPr id="2" name="b"/><xdr:cNvSpPr/></xdr:nvSpPr><xdr:spPr/></xdr:sp><xdr:clientData/></xdr:absoluteAnchor></xdr:wsDr>')})
xlsx("note-macro", "OOXML-VML", after='<legacyDrawing r:id="r2"/>', srows=[("r1", "comments", "../comments1.xml", 0), ("r2", "vmlDrawing", "../drawings/v.vml", 0)],
     extra={"xl/comments1.xml": (O + "spreadsheetml.comments+xml", f'<comments xmlns="{X}"><authors><author>a</author></authors><commentList><comment ref="B2" authorId="0"><text><t>note</t></text></comment></commentList></comments>'),
            "xl/drawings/v.vml": (O + "vmlDrawing", f'<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:x="urn:schemas-microsoft-com:office:excel"><v:shape><x:ClientData ObjectType="Button"><x:FmlaMacro>[0]!{M}</x:FmlaMacro></x:ClientData></v:shape></xml>')})
xlsx("pivot-external", "XL-PIVOT-EXTERNAL", book='<pivotCaches><pivotCache cacheId="1" r:id="rId9"/></pivotCaches>', rows=[("rId9", "pivotCacheDefinition", "pivotCache/p.xml", 0)], srows=[("r1", "pivotTable", "../pivotTables/t.xml", 0)],
     extra={"xl/pivotCache/p.xml": (O + "spreadsheetml.pivotCacheDefinition+xml", f'<pivotCacheDefinition xmlns="{X}"><cacheSource type="external" connectionId="1"/><cacheFields count="1"><cacheField name="{M}"/></cacheFields></pivotCacheDefinition>'),
            "xl/pivotTables/t.xml": (O + "spreadsheetml.pivotTable+xml", f'<pivotTableDefinition xmlns="{X}" name="{M}" cacheId="1"/>'), "xl/pivotTables/_rels/t.xml.rels": (None, rels([("r1", "pivotCacheDefinition", "../pivotCache/p.xml", 0)]))})
X14 = 'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main" xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main"'
xlsx("x14-rule", "XL-FUNCTION", after=f'<extLst><ext uri="{{78C0D931-6437-407d-A8EE-F0AAD7539E65}}" {X14}><x14:conditionalFormattings><x14:conditionalFormatting><x14:cfRule type="expression" priority="1" id="{{00000000-0000-0000-0000-000000000001}}"><xm:f>EXEC("{M}")</xm:f></x14:cfRule><xm:sqref>A1</xm:sqref></x14:conditionalFormatting></x14:conditionalFormattings></ext></extLst>')
xlsx("x14-sparkline", "XL-EXTERNAL", after=f'<extLst><ext uri="{{05C60535-1F16-4fd2-B633-F4F36F0B64E0}}" {X14}><x14:sparklineGroups><x14:sparklineGroup><x14:sparklines><x14:sparkline><xm:f>[1]{M}!A1:A9</xm:f><xm:sqref>B1</xm:sqref></x14:sparkline></x14:sparklines></x14:sparklineGroup></x14:sparklineGroups></ext></extLst>')
xlsx("x14-slicer", "OOXML-EXT", after=f'<extLst><ext uri="{{A8765BA9-456A-4dab-B4F3-ACF838C121DE}}" {X14}><x14:slicerList><x14:slicer r:id="r9"/><!-- {M} --></x14:slicerList></ext></extLst>')
xlsx("x14-kept", "-", after=f'<conditionalFormatting sqref="A1:A9"><cfRule type="dataBar" priority="2"><dataBar><cfvo type="min"/><cfvo type="max"/><color rgb="FF638EC6"/></dataBar><extLst><ext uri="{{B025F937-C7B1-47D3-B67F-A62EFF666E3E}}" {X14}><x14:id>{{00000000-0000-0000-0000-000000000002}}</x14:id></ext></extLst></cfRule></conditionalFormatting>'
     f'<extLst><ext uri="{{78C0D931-6437-407d-A8EE-F0AAD7539E65}}" {X14}><x14:conditionalFormattings><x14:conditionalFormatting><x14:cfRule type="dataBar" id="{{00000000-0000-0000-0000-000000000002}}"><x14:dataBar minLength="0" maxLength="100" border="1" negativeBarBorderColorSameAsPositive="0"><x14:cfvo type="autoMin"/><x14:cfvo type="num"><xm:f>Sheet1!$B$1</xm:f></x14:cfvo><x14:borderColor rgb="FF638EC6"/><x14:negativeFillColor rgb="FFFF0000"/></x14:dataBar></x14:cfRule><xm:sqref>A1:A9</xm:sqref></x14:conditionalFormatting>'
     f'<x14:conditionalFormatting><x14:cfRule type="iconSet" priority="3" id="{{00000000-0000-0000-0000-000000000003}}"><x14:iconSet iconSet="3Stars" custom="1"><x14:cfvo type="percent"><xm:f>0</xm:f></x14:cfvo><x14:cfvo type="percent"><xm:f>33</xm:f></x14:cfvo><x14:cfvo type="percent"><xm:f>67</xm:f></x14:cfvo><x14:cfIcon iconSet="NoIcons" iconId="0"/><x14:cfIcon iconSet="3Stars" iconId="1"/><x14:cfIcon iconSet="3Stars" iconId="2"/></x14:iconSet></x14:cfRule><xm:sqref>C1:C9</xm:sqref></x14:conditionalFormatting></x14:conditionalFormattings></ext>'
     f'<ext uri="{{05C60535-1F16-4fd2-B633-F4F36F0B64E0}}" {X14}><x14:sparklineGroups><x14:sparklineGroup type="column" displayEmptyCellsAs="gap" high="1"><x14:colorSeries rgb="FF376092"/><x14:sparklines><x14:sparkline><xm:f>Sheet1!A1:A9</xm:f><xm:sqref>B1</xm:sqref></x14:sparkline></x14:sparklines></x14:sparklineGroup></x14:sparklineGroups></ext></extLst><!-- {M} -->')
xlsx("x14-validation", "XL-FUNCTION", after=f'<extLst><ext uri="{{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}}" xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"><x14:dataValidations xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main" count="1"><x14:dataValidation type="list"><x14:formula1><xm:f>EXEC("{M}")</xm:f></x14:formula1><xm:sqref>A1</xm:sqref></x14:dataValidation></x14:dataValidations></ext></extLst>')
# --- PowerPoint
def shape(click):
    return f'<p:sp><p:nvSpPr><p:cNvPr id="2" name="b">{click}</p:cNvPr><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/><a:p><a:r><a:t>shown</a:t></a:r></a:p></p:txBody></p:sp>'
for n, a in (("macro", f"ppaction://macro?name={M}"), ("program", "ppaction://program"), ("file", "ppaction://hlinkfile"), ("ole", "ppaction://ole?verb=0"), ("pres", f"ppaction://hlinkpres?slideindex=1&amp;slidetitle={M}")):
    pptx(f"action-{n}", "OOXML-ACTION", shape(f'<a:hlinkClick r:id="r9" action="{a}"/>'), [("r9", "hyperlink", f"file:///{M}.exe", 1)])
pptx("hover", "OOXML-ACTION", shape(f'<a:hlinkHover r:id="" action="ppaction://macro?name={M}"/>'))
pptx("link-unc", "OOXML-LINK", shape('<a:hlinkClick r:id="r9"/>'), [("r9", "hyperlink", f"\\\\h\\{M}", 1)])
pptx("ole", "OOXML-OLE", f'<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="4" name="o"/><p:cNvGraphicFramePr/><p:nvPr/></p:nvGraphicFramePr><p:xfrm/><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/presentationml/2006/ole"><p:oleObj progId="{M}" r:id="r9"><p:embed/></p:oleObj></a:graphicData></a:graphic></p:graphicFrame>',
     [("r9", "oleObject", "../e.bin", 0)], {"ppt/e.bin": BIN})
pptx("video", "OOXML-MEDIA", '<p:sp><p:nvSpPr><p:cNvPr id="2" name="b"/><p:cNvSpPr/><p:nvPr><a:videoFile r:link="r9"/></p:nvPr></p:nvSpPr><p:spPr/></p:sp>', [("r9", "video", f"http://x/{M}.mp4", 1)])
pptx("audio", "OOXML-MEDIA", rows=[("r9", "audio", "../media/a.bin", 0)], extra={"ppt/media/a.bin": BIN})
pptx("control", "OOXML-ACTIVEX", rows=[("r9", "control", "../a.xml", 0)], extra={"ppt/a.xml": ("application/vnd.ms-office.activeX+xml", M)})
pptx("timing-cmd", "OOXML-ACTION", tail=f'<p:timing><p:tnLst><p:par><p:cTn id="1"><p:childTnLst><p:cmd type="verb" cmd="{M}"><p:cBhvr><p:cTn id="2"/><p:tgtEl><p:spTgt spid="2"/></p:tgtEl></p:cBhvr></p:cmd></p:childTnLst></p:cTn></p:par></p:tnLst></p:timing>')
pptx("tags", "OOXML-META", rows=[("r9", "tags", "../tags/t.xml", 0)], extra={"ppt/tags/t.xml": (O + "presentationml.tags+xml", f"<a>{M}</a>")})
pptx("vba", "OOXML-VBA", prows=[("rId9", "http://schemas.microsoft.com/office/2006/relationships/vbaProject", "vbaProject.bin", 0)], extra={"ppt/vbaProject.bin": BIN}, ext="ppsm",
     type_="application/vnd.ms-powerpoint.slideshow.macroEnabled.main+xml")
pptx("htmlpub", "XL-WEB", prows=[("rId9", "htmlPubSaveAs", f"file:///{M}.htm", 1)])
# Documents inside: they stay, made safe themselves; what does not pass leaves the picture it showed.
xlsx("inner", "XL-FUNCTION", cells=f'<c r="A1"><f>EXEC("{M}")</f><v>41</v></c>')
INNER = open(f"{folder}/inner.xlsx", "rb").read()
SHEET = O + "spreadsheetml.sheet"
OBJECT = lambda more, prog="Excel.Sheet.12": f'<w:p><w:r><w:object w:dxaOrig="100" w:dyaOrig="100"><v:shape id="s1" style="width:10pt;height:10pt"/><o:OLEObject {more} ProgID="{prog}" ShapeID="s1" DrawAspect="Content" ObjectID="_1"/></w:object></w:r></w:p>'
docx("embedded", "-", OBJECT('Type="Embed" r:id="r1"'), [("r1", "package", "embeddings/a.xlsx", 0)], {"word/embeddings/a.xlsx": (SHEET, INNER)})
docx("embedded-macro", "-", OBJECT('Type="Embed" r:id="r1"'), [("r1", "package", "embeddings/a.xlsm", 0)], {"word/embeddings/a.xlsm": ("application/vnd.ms-excel.sheet.macroEnabled.12", INNER)})
docx("embedded-link", "OOXML-OLE", OBJECT('Type="Link" r:id="r1" UpdateMode="Always"'), [("r1", "package", "embeddings/a.xlsx", 0)], {"word/embeddings/a.xlsx": (SHEET, INNER)}, marker="OLEObject")
docx("embedded-other", "OOXML-OLE", OBJECT('Type="Embed" r:id="r1"', "Package"), [("r1", "package", "embeddings/a.xlsx", 0)], {"word/embeddings/a.xlsx": (SHEET, INNER)}, marker="OLEObject")
docx("embedded-outside", "OOXML-OLE", OBJECT('Type="Embed" r:id="r1"'), [("r1", "package", f"file:///{M}.xlsx", 1)], marker="OLEObject")
docx("embedded-broken", "OOXML-EMBED", OBJECT('Type="Embed" r:id="r1"'), [("r1", "package", "embeddings/a.xlsx", 0)], {"word/embeddings/a.xlsx": (SHEET, b"PK\3\4 SURVIVOR")}, marker="OLEObject")
docx("embedded-program", "OOXML-EMBED", OBJECT('Type="Embed" r:id="r1"'), [("r1", "package", "embeddings/a.xlsx", 0)], {"word/embeddings/a.xlsx": (SHEET, b"MZ SURVIVOR" + bytes(900))}, marker="OLEObject")
C = "http://schemas.openxmlformats.org/drawingml/2006/chart"
CHART = f'<c:chartSpace xmlns:c="{C}" xmlns:a="{A}" xmlns:r="{R}"><c:chart><c:plotArea><c:layout/><c:barChart><c:barDir val="col"/><c:ser><c:idx val="0"/><c:order val="0"/><c:val><c:numRef><c:f>S!$A$1</c:f><c:numCache><c:ptCount val="1"/><c:pt idx="0"><c:v>41</c:v></c:pt></c:numCache></c:numRef></c:val></c:ser><c:axId val="1"/><c:axId val="2"/></c:barChart></c:plotArea></c:chart><c:externalData r:id="r1"><c:autoUpdate val="1"/></c:externalData></c:chartSpace>'
INLINE = f'<w:p><w:r><w:drawing><wp:inline><wp:extent cx="900000" cy="900000"/><wp:docPr id="1" name="c"/><a:graphic><a:graphicData uri="{C}"><c:chart xmlns:c="{C}" r:id="r9"/></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>'
for n, code, row, more in (("chart-workbook", "-", ("r1", "package", "../embeddings/a.xlsx", 0), {"word/embeddings/a.xlsx": (SHEET, INNER)}),
                           ("chart-outside", "OOXML-EMBED", ("r1", "oleObject", f"file:///{M}.xlsx", 1), {})):
    docx(n, code, INLINE, [("r9", "chart", "charts/c.xml", 0)], {"word/charts/c.xml": (O + "drawingml.chart+xml", CHART), "word/charts/_rels/c.xml.rels": (None, rels([row])), **more}, marker="autoUpdate" if code == "-" else M)
FRAME = lambda ole: f'<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="4" name="o"/><p:cNvGraphicFramePr/><p:nvPr/></p:nvGraphicFramePr><p:xfrm/><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/presentationml/2006/ole">{ole}</a:graphicData></a:graphic></p:graphicFrame>'
SHOWN = '<p:pic><p:nvPicPr><p:cNvPr id="0" name="shown"/><p:cNvPicPr/><p:nvPr/></p:nvPicPr><p:blipFill/><p:spPr/></p:pic>'
BOTH = lambda prog: f'<mc:AlternateContent><mc:Choice xmlns:v="urn:schemas-microsoft-com:vml" Requires="v"><p:oleObj spid="_x0000_s1026" name="Sheet" r:id="r8" progId="{prog}"><p:embed/></p:oleObj></mc:Choice><mc:Fallback><p:oleObj name="Sheet" r:id="r8" imgW="100" imgH="100" progId="{prog}"><p:embed/>{SHOWN}</p:oleObj></mc:Fallback></mc:AlternateContent>'
pptx("embedded", "-", FRAME(BOTH("Excel.Sheet.12")), [("r8", "package", "../embeddings/a.xlsx", 0)], {"ppt/embeddings/a.xlsx": (SHEET, INNER)})
pptx("embedded-broken", "OOXML-OLE", FRAME(BOTH("Excel.Sheet.12")), [("r8", "package", "../embeddings/a.xlsx", 0)], {"ppt/embeddings/a.xlsx": (SHEET, b"SURVIVOR")}, marker="oleObj")
pptx("embedded-other", "OOXML-OLE", FRAME(BOTH("Equation.3")), [("r8", "package", "../embeddings/a.xlsx", 0)], {"ppt/embeddings/a.xlsx": (SHEET, INNER)}, marker="oleObj")
open(f"{folder}/list.tsv", "w").write("".join("\t".join(r) + "\n" for r in listing))

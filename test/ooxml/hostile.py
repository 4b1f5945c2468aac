#!/usr/bin/env python3
"""What a rebuilder that is taken over might hand over: hostile.py SEKISHO DOCX XLSX PPTX (three delivered files).
Each case changes one of them in one way, in the gate's own archive form; the verifier must refuse every one of them."""
import subprocess, sys, os
sys.path.insert(0, os.path.dirname(__file__))
import write as w

S, files = sys.argv[1], dict(zip(("docx", "xlsx", "pptx"), sys.argv[2:5]))
base = {k: w.read(v) for k, v in files.items()}
MAIN = {"docx": "word/document.xml", "xlsx": "xl/worksheets/sheet1.xml", "pptx": "ppt/slides/slide1.xml"}
END = {"docx": b"<w:sectPr", "xlsx": b"</row>", "pptx": b"</p:spTree>"}
bad = n = 0
rules = {}


def judge(language, name, parts, order=sorted, want=1):
    global bad, n
    w.save(parts, "c.bin", order)
    r = subprocess.run([S, "gate", "verify", "c.bin", "--as", language, "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    n += 1
    if os.environ.get("RULES"): print(f"{language} {name}: {r.stdout.decode().strip()}")
    if r.returncode != want:
        bad += 1
        print(f"{language} {name}: {'accepted' if r.returncode == 0 else r.returncode}")


def add(language, name, xml):
    """xml stands before the end of the main content"""
    p = dict(base[language])
    m = MAIN[language]
    assert END[language] in p[m], language
    p[m] = p[m].replace(END[language], xml.encode() + END[language], 1)
    judge(language, name, p)


def swap(language, name, part, old, new):
    p = dict(base[language])
    assert old.encode() in p[part], (name, part, old)
    p[part] = p[part].replace(old.encode(), new.encode(), 1)
    judge(language, name, p)


def with_part(language, name, part, content, type_, rel, target=None, ext=False, owner=None):
    """a further part, well declared, led to from the main one (or another)"""
    p = dict(base[language])
    owner = owner or MAIN[language]
    if content is not None:
        p[part] = content
        t = p["[Content_Types].xml"].decode()
        rows = dict((x.split('"')[1][1:], x.split('"')[3]) for x in t.split("<Override ")[1:])
        rows[part] = type_
        p["[Content_Types].xml"] = w.types(rows)
    d, f = owner.rsplit("/", 1)
    rp = f"{d}/_rels/{f}.rels"
    old = p.get(rp, b"").decode()
    rows = []
    for x in old.split("<Relationship ")[1:]:
        a = x.split('"')
        rows.append((a[3], a[5].replace("&amp;", "&"), "External" in x))
    p[rp] = w.relations(rows + [(rel, target or "/" + part, ext)])
    judge(language, name, p)


for lang in base:
    judge(lang, "good", base[lang], want=0)
run = lambda x: f"<w:p><w:r>{x}</w:r></w:p>"
t = lambda s: f"<w:t>{s}</w:t>"
fld = lambda code: run('<w:fldChar w:fldCharType="begin"/>') + run(f"<w:instrText>{code}</w:instrText>") + run('<w:fldChar w:fldCharType="end"/>')
# elements that run, load or embed
for x in ('<w:altChunk r:id="rId1"/>', '<w:altChunk/>', run('<w:object/>'), run('<w:control/>'), run('<w:movie/>'), '<w:p><w:subDoc r:id="rId1"/></w:p>', '<w:customXml><w:p/></w:customXml>',
          '<w:p><w:smartTag w:uri="u" w:element="e"/></w:p>', run('<o:OLEObject Type="Link"/>'), run('<w:pict/>'), run('<w:pict><v:rect style="a" href="file:///x"/></w:pict>'),
          run('<w:pict><v:shape style="x"><v:imagedata src="http://x"/></v:shape></w:pict>'), run('<w:pict><v:shape id="a" o:href="x"/></w:pict>'), '<w:p><w:proofErr w:type="macro"/></w:p>',
          '<w:sdt><w:sdtPr><w:dataBinding w:xpath="x"/></w:sdtPr><w:sdtContent/></w:sdt>', '<w:script/>', run('<w:t><w:t>x</w:t></w:t>'), '<w:r/>', '<w:p><w:p/></w:p>', '<w:font><o:idmap/></w:font>',
          '<w:p>words where none belong</w:p>', '<mc:AlternateContent/>', '<w:p xmlns:q="urn:q"/>', '<q:p/>', '<p/>'):
    add("docx", f"element {x[:40]}", x)
# attributes
for x in ('<w:p onload="x"/>', '<w:p w:rsidR="00000000"/>', run('<w:t xml:base="http://x">x</w:t>'), '<w:p><w:hyperlink r:id="rId99"/></w:p>', '<w:p><w:hyperlink r:id="javascript:x"/></w:p>',
          '<w:p><w:hyperlink r:id=""/></w:p>', '<w:p><w:hyperlink w:tgtFrame="x"/></w:p>', '<w:p><w:pPr><w:jc w:val="cmd"/></w:pPr></w:p>', '<w:p><w:pPr><w:jc w:val="left" w:val="left"/></w:pPr></w:p>',
          '<w:p><w:pPr><w:outlineLvl w:val="x"/></w:pPr></w:p>', '<w:p><w:pPr><w:shd w:val="clear" w:fill="12345"/></w:pPr></w:p>', run('<w:fldChar w:fldCharType="end" r:id="rId1"/>')):
    add("docx", f"attribute {x[:40]}", x)
# fields
for code in ("DDE x", "DDEAUTO x", " dde x", "\tDDE x", "LINK x", "INCLUDETEXT x", "INCLUDEPICTURE x", "IMPORT x", "MACROBUTTON x", "RD x", "PRINT x", "DATABASE x", "AUTOTEXT x", "EMBED x", "CONTROL x",
             'HYPERLINK "file:///x"', 'HYPERLINK "javascript:x"', "HYPERLINK \\\\\\\\h\\\\x", 'HYPERLINK \\l "file://x"', "PAGEDDE x", "PAGE1 x", "D x", "「DDE」", "HYPERLINK \\m \\x", "-", '"DDE" x'):
    add("docx", f"field {code}", fld(code))
    add("docx", f"simple field {code}", f'<w:p><w:fldSimple w:instr="{code.replace(chr(34), "&quot;")}"/></w:p>')
add("docx", "field split", run('<w:fldChar w:fldCharType="begin"/>') + run("<w:instrText>DD</w:instrText>") + run("<w:instrText>E x</w:instrText>") + run('<w:fldChar w:fldCharType="end"/>'))
add("docx", "field never ends", run('<w:fldChar w:fldCharType="begin"/>') + run("<w:instrText>PAGE</w:instrText>"))
add("docx", "field ends twice", fld("PAGE") + run('<w:fldChar w:fldCharType="end"/>'))
add("docx", "code outside a field", run("<w:instrText>PAGE</w:instrText>"))
add("docx", "code in a result", run('<w:fldChar w:fldCharType="begin"/>') + run("<w:instrText>PAGE</w:instrText>") + run('<w:fldChar w:fldCharType="separate"/>') + run("<w:instrText>DDE</w:instrText>") + run('<w:fldChar w:fldCharType="end"/>'))
add("docx", "name from a field", run('<w:fldChar w:fldCharType="begin"/>') + fld("QUOTE 68 68 69") + run("<w:instrText> x</w:instrText>") + run('<w:fldChar w:fldCharType="end"/>'))
add("docx", "field without a kind", run("<w:fldChar/>"))
# XML that is not in our form
for old, new, name in (('<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n', '<?xml version="1.0"?>\n', "declaration"), ("?>\n<", '?>\n<!DOCTYPE w:document [<!ENTITY a "b">]>\n<', "doctype"),
                       ("?>\n<", "?>\n<?pi x?><", "processing instruction"), ("<w:body>", "<w:body><!-- x -->", "comment"), ("<w:body>", "<w:body><![CDATA[x]]>", "cdata"), ("<w:body>", "<w:body> ", "blank"),
                       ("</w:document>", "</w:document>\n", "behind the end"), ("</w:document>", "</w:document><w:document/>", "second root"), ("<w:body>", "<w:body >", "blank in a tag"),
                       ("before", "before&xxe;", "entity"), ("before", "before&#65;", "number"), ("before", "before&quot;", "quote in text"), ("before", "before\x01", "control"), ("before", "before\r", "carriage return"),
                       ("before", "before>", "raw >"), ("<w:t>before</w:t>", "<w:t></w:t>", "empty pair"), ("<w:t>before", "<w:t ><!-- -->before", "attribute blank"), ("xmlns:r=", "xmlns:q=\"urn:q\" xmlns:r=", "namespace"),
                       ("</w:body>", "</w:bodx>", "wrong end")):
    swap("docx", f"xml {name}", MAIN["docx"], old, new)
p = dict(base["docx"]); p[MAIN["docx"]] = p[MAIN["docx"]].replace(b"before", b"before\xff"); judge("docx", "xml not UTF-8", p)
p = dict(base["docx"]); p[MAIN["docx"]] = p[MAIN["docx"]].replace(b"before", b"before\xed\xa0\x80"); judge("docx", "xml surrogate", p)
p = dict(base["docx"]); p[MAIN["docx"]] = b"\xef\xbb\xbf" + p[MAIN["docx"]]; judge("docx", "xml mark", p)
p = dict(base["docx"]); p[MAIN["docx"]] = p[MAIN["docx"]].decode().encode("utf-16"); judge("docx", "xml UTF-16", p)
add("docx", "xml depth", "<w:tbl><w:tr><w:tc>" * 200 + "</w:tc></w:tr></w:tbl>" * 200)
# parts and what leads to them
R = w.REL
for name, part, type_, rel in (("vba", "word/vbaProject.bin", "application/vnd.ms-office.vbaProject", "http://schemas.microsoft.com/office/2006/relationships/vbaProject"),
                               ("ole", "word/embeddings/oleObject1.bin", "application/vnd.openxmlformats-officedocument.oleObject", "oleObject"), ("package", "word/embeddings/a.docx", "application/x", "package"),
                               ("chunk", "word/afchunk.html", "text/html", "aFChunk"), ("printer", "word/printerSettings1.bin", "application/x", "printerSettings"), ("emf", "word/media/image9.emf", "image/x-emf", "image"),
                               ("svg", "word/media/image9.svg", "image/svg+xml", "image"), ("font", "word/fonts/f.odttf", "application/x", "font"), ("custom xml", "customXml/item1.xml", "application/xml", "customXml"),
                               ("executable", "word/a.exe", "application/x", "x"), ("header as image", "word/media/image9.png", "image/png", "header")):
    with_part("docx", f"part {name}", part, b"SURVIVOR", type_, rel)
with_part("docx", "picture that is none", "word/media/image9.png", b"\x89PNG\r\n\x1a\nSURVIVOR", "image/png", "image")
with_part("docx", "header nobody names", "word/header9.xml", b"<x/>", "application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml", "header")
for rel, target in (("attachedTemplate", "http://x/a.dotm"), ("image", "http://x/a.png"), ("oleObject", "file:///x"), ("hyperlink", "file:///x"), ("hyperlink", "javascript:x"), ("hyperlink", "\\\\h\\x"),
                    ("hyperlink", "http://x/a b"), ("hyperlink", "http://"), ("hyperlink", "ms-msdt:x"), ("hyperlink", "mailto:"), ("hyperlink", "http:x"), ("hyperlink", "http://x/\u202e"), ("hyperlink", "HTTP")):
    with_part("docx", f"external {rel} {target}", None, None, None, rel, target, True)
with_part("docx", "hyperlink nobody uses", None, None, None, "hyperlink", "http://x/", True)
with_part("docx", "target away", None, None, None, "styles", "/word/none.xml")
with_part("docx", "target up", None, None, None, "styles", "../word/document.xml")
with_part("docx", "to itself as styles", None, None, None, "styles", "/word/document.xml")
p = dict(base["docx"]); p["word/vbaProject.bin"] = b"SURVIVOR"; judge("docx", "undeclared part", p)
p = dict(base["docx"]); p["word/styles.xml"] = b"<x/>"; judge("docx", "unreached part", p)
p = dict(base["docx"]); p["_rels/.rels"] = p["_rels/.rels"].replace(b"</R", b'<Relationship Id="rId2" Type="x" Target="http://x" TargetMode="External"/></R'); judge("docx", "package relationship", p)
p = dict(base["docx"]); p["[Content_Types].xml"] = p["[Content_Types].xml"].replace(b"document.main+xml", b"template.main+xml"); judge("docx", "template", p)
p = dict(base["docx"]); p["[Content_Types].xml"] = p["[Content_Types].xml"].replace(b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml", b"application/vnd.ms-word.document.macroEnabled.main+xml"); judge("docx", "macro-enabled", p)
p = dict(base["docx"]); p["[Content_Types].xml"] = p["[Content_Types].xml"].replace(b"<Default Ext", b'<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/><Default Ext', 1); judge("docx", "default type", p)
judge("docx", "order", base["docx"], order=lambda x: sorted(x, reverse=True))
judge("docx", "as xlsx", {k: v for k, v in base["xlsx"].items()})
p = dict(base["docx"]); del p["_rels/.rels"]; judge("docx", "no relationships", p)
p = dict(base["docx"]); del p["[Content_Types].xml"]; judge("docx", "no types", p)
p = dict(base["docx"]); p["WORD/document.xml"] = p["word/document.xml"]; judge("docx", "twin", p)
p = dict(base["docx"]); p["word/../x.xml"] = b"<x/>"; judge("docx", "dots", p)
# Excel
cell = lambda f: f'<c r="B9"><f>{f}</f><v>1</v></c>'
for f in ("cmd|'/c calc'!A0", "EXEC(\"x\")", "CALL(1)", "REGISTER(1)", "REGISTER.ID(1)", "WEBSERVICE(\"http://x\")", "_xlfn.WEBSERVICE(\"x\")", "_xlfn._xlws.WEBSERVICE(\"x\")", "HYPERLINK(\"x\")", "_xlfn.IMAGE(\"x\")",
          "RTD(\"x\")", "FILTERXML(1,2)", "[1]S!A1", "'[1]S'!A1", "'\\\\h\\[b]S'!A1", "SUM(1,[2]S!A1)", "Foo(1)", "IF(1,EXEC (1),2)", "exec(1)", "A1|B1", "_xlfn.SUM.EXEC(1)", "SQL.REQUEST(1)", "EVALUATE(1)", "'never ends",
          "\"never ends", "T[never ends", "x!EXEC(1)", "１EXEC(1)"):
    add("xlsx", f"formula {f}", cell(f.replace("&", "&amp;").replace("<", "&lt;").replace('"', '"')))
for x, name in (('<c r="B9" t="macro"/>', "cell type"), ('<c r="B9" onclick="x"/>', "cell attribute"), ('<c r="B9"><x:f/></c>', "prefix"), ("<row/>", "row in a row"), ('<c r="B9" s="x"/>', "style")):
    add("xlsx", name, x)
WB, SH = "xl/workbook.xml", "xl/worksheets/sheet1.xml"
for x, name in (('<definedNames><definedName name="Auto_Open">S!A1</definedName></definedNames>', "auto open"), ('<definedNames><definedName name="_xlnm.Auto_Open">S!A1</definedName></definedNames>', "auto open 2"),
                ('<definedNames><definedName name="n" xlm="1">S!A1</definedName></definedNames>', "xlm name"), ('<definedNames><definedName name="n" vbProcedure="1">S!A1</definedName></definedNames>', "vb name"),
                ('<definedNames><definedName name="n">EXEC(1)</definedName></definedNames>', "name runs"), ('<externalReferences><externalReference r:id="rId1"/></externalReferences>', "external references"),
                ("<definedNames/>", "nothing in it"), ("<extLst/>", "extensions"), ("<webPublishing/>", "web"), ("<smartTagTypes/>", "smart tags")):
    swap("xlsx", name, WB, "</sheets>", "</sheets>" + x)
swap("xlsx", "code name", WB, "<sheets>", '<workbookPr codeName="x"/><sheets>')
swap("xlsx", "sheet to nothing", WB, 'r:id="rId1"', 'r:id="rId7"')
swap("xlsx", "sheet without link", WB, ' r:id="rId1"', "")
for x, name in (('<oleObjects/>', "ole objects"), ('<controls/>', "controls"), ('<legacyDrawing r:id="rId1"/>', "legacy drawing"), ('<drawing r:id="rId1"/>', "drawing to nothing"), ('<customProperties/>', "custom properties"),
                ('<hyperlinks/>', "no hyperlinks"), ('<hyperlinks><hyperlink ref="A1" r:id="rId1"/></hyperlinks>', "hyperlink to nothing"), ('<tableParts><tablePart r:id="rId1"/></tableParts>', "table to nothing"),
                ('<pageSetup r:id="rId1"/>', "printer"), ('<webPublishItems/>', "web items"), ('<dataValidations><dataValidation sqref="A1"><formula1>EXEC(1)</formula1></dataValidation></dataValidations>', "validation")):
    swap("xlsx", name, SH, "</sheetData>", "</sheetData>" + x)
for name, part, type_, rel, owner in (("xlm", "xl/macrosheets/sheet1.xml", "application/vnd.ms-excel.macrosheet+xml", "http://schemas.microsoft.com/office/2006/relationships/xlMacrosheet", WB),
                                      ("connections", "xl/connections.xml", "application/x", "connections", WB), ("external link", "xl/externalLinks/externalLink1.xml", "application/x", "externalLink", WB),
                                      ("vba", "xl/vbaProject.bin", "application/vnd.ms-office.vbaProject", "http://schemas.microsoft.com/office/2006/relationships/vbaProject", WB),
                                      ("vml", "xl/drawings/vmlDrawing1.vml", "application/vnd.openxmlformats-officedocument.vmlDrawing", "vmlDrawing", SH), ("query", "xl/queryTables/queryTable1.xml", "application/x", "queryTable", SH)):
    with_part("xlsx", f"part {name}", part, b"<x/>", type_, rel, owner=owner)
for u in ("{78C0D931-6437-407d-A8EE-F0AAD7539E65}", "{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}"):
    swap("xlsx", f"extension {u}", SH, "</sheetData>", f'</sheetData><extLst><ext uri="{u}"><x14:dataValidations/></ext></extLst>')
swap("xlsx", "extension runs", SH, "</sheetData>", '</sheetData><extLst><ext uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}"><x14:dataValidations><x14:dataValidation><x14:formula1><xm:f>EXEC(1)</xm:f></x14:formula1><xm:sqref>A1</xm:sqref></x14:dataValidation></x14:dataValidations></ext></extLst>')
# the drawing beside comments
if len(sys.argv) > 5:
    base["xlsx"] = w.read(sys.argv[5])
    VML = "xl/drawings/vmlDrawing1.vml"
    judge("xlsx", "good comments", base["xlsx"], want=0)
    for old, new, name in (("<x:AutoFill>", "<x:FmlaMacro>x</x:FmlaMacro><x:AutoFill>", "macro"), ('ObjectType="Note"', 'ObjectType="Button"', "button"), ("</xml>", "</xml><!-- -->", "behind"), ("<x:Row>1<", "<x:Row>2<", "other row"),
                           ("<v:fill ", '<v:imagedata src="http://x"/><v:fill ', "picture"), ("<v:shape ", '<v:shape href="http://x" ', "href")):
        swap("xlsx", f"notes {name}", VML, old, new)
# PowerPoint
sp = lambda click, more="": f'<p:sp><p:nvSpPr><p:cNvPr id="9" name="x">{click}</p:cNvPr><p:cNvSpPr/><p:nvPr>{more}</p:nvPr></p:nvSpPr><p:spPr/></p:sp>'
for a in ("ppaction://macro?name=x", "ppaction://program", "ppaction://hlinkfile", "ppaction://ole?verb=0", "ppaction://hlinkpres?slideindex=1", "x", "PPACTION://macro", "ppaction://hlinkshowjump?jump=x"):
    add("pptx", f"action {a}", sp(f'<a:hlinkClick r:id="" action="{a}"/>'))
for x, name in ((sp('<a:hlinkClick r:id="rId99"/>'), "link to nothing"), (sp('<a:hlinkClick r:id="rId1"/>'), "link to the layout"), (sp('<a:hlinkClick/>'), "link without"), (sp("", '<a:videoFile r:link="rId1"/>'), "video"),
                (sp("", '<a:audioCd/>'), "cd"), (sp('<a:snd r:embed="rId1"/>'), "sound"), ("<p:oleObj/>", "ole"), ("<p:contentPart r:id=\"rId1\"/>", "ink"), ("<p:controls/>", "controls"),
                ('<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="9" name="x"/><p:cNvGraphicFramePr/><p:nvPr/></p:nvGraphicFramePr><p:xfrm/><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/presentationml/2006/ole"/></a:graphic></p:graphicFrame>', "ole frame"),
                ('<p:pic><p:nvPicPr><p:cNvPr id="9" name="x"/><p:cNvPicPr/><p:nvPr/></p:nvPicPr><p:blipFill><a:blip r:link="rId1"/></p:blipFill><p:spPr/></p:pic>', "linked picture"),
                ('<p:pic><p:nvPicPr><p:cNvPr id="9" name="x"/><p:cNvPicPr/><p:nvPr/></p:nvPicPr><p:blipFill><a:blip r:embed="rId1"/></p:blipFill><p:spPr/></p:pic>', "picture that is a layout")):
    add("pptx", name, x)
for x in ('<p:timing><p:tnLst><p:par><p:cTn id="1"><p:childTnLst><p:cmd type="call" cmd="x"/></p:childTnLst></p:cTn></p:par></p:tnLst></p:timing>', "<p:custDataLst/>", "<p:extLst/>"):
    swap("pptx", x[:30], MAIN["pptx"], "</p:sld>", x + "</p:sld>")
swap("pptx", "custom data", "ppt/presentation.xml", "</p:presentation>", "<p:custDataLst/></p:presentation>")
with_part("pptx", "video part", "ppt/media/media1.mp4", b"x", "video/mp4", "video")
with_part("pptx", "tags", "ppt/tags/tag1.xml", b"<x/>", "application/x", "tags")
# everything the review of the standard forbids (gate/ooxml/never.tsv), where it could stand
PLACES = {"docx": ("{}", "<w:p>{}</w:p>", "<w:p><w:r>{}</w:r></w:p>", "<w:sdt><w:sdtPr>{}</w:sdtPr><w:sdtContent/></w:sdt>"), "xlsx": ("{}", '<c r="B9">{}</c>'), "pptx": ("{}", "<p:sp>{}</p:sp>")}
ON = {"docx": ("<w:p %s/>", "<w:p><w:hyperlink %s/></w:p>", "<w:p><w:r><w:pict><v:shape %s/></w:pict></w:r></w:p>"), "xlsx": ('<c r="B9" %s/>', '<c r="B9"><f %s>1</f></c>'), "pptx": (sp('<a:hlinkClick r:id="" %s/>'), "<p:sp %s/>")}
PREFIX = {"docx": ("w:", "v:", "o:"), "xlsx": ("", "x14:"), "pptx": ("p:", "a:")}
for line in open(os.path.join(os.path.dirname(__file__), "../../gate/ooxml/never.tsv")):
    if line.startswith("#"): continue
    kind, name, where, _ = line.split("\t")
    for lang in base:
        for p in (PREFIX[lang] if ":" not in name else ("",)):
            if where != "-": continue
            for i, at in enumerate(PLACES[lang] if kind == "element" else ON[lang]):
                add(lang, f"never {p}{name} {i}", at.format(f"<{p}{name}/>") if kind == "element" else at % f'{p}{name}="x"')
for part, owner, old in (("word/settings.xml", "docx", "</w:settings>"), (WB, "xlsx", "</workbook>"), ("ppt/presentation.xml", "pptx", "</p:presentation>")):
    for line in open(os.path.join(os.path.dirname(__file__), "../../gate/ooxml/never.tsv")):
        if line.startswith("element") and part in base[owner]:
            name = line.split("\t")[1]
            for p in (PREFIX[owner] if ":" not in name else ("",)):
                swap(owner, f"never in {part} {p}{name}", part, old, f"<{p}{name}/>{old}")
# what the schemas call text and the list does not
math = lambda x: f"<w:p><m:oMath><m:r>{x}</m:r></m:oMath></w:p>"
add("docx", "field in a formula", math('<w:fldChar w:fldCharType="begin"/>') + math("<w:instrText>DDEAUTO x</w:instrText>") + math('<w:fldChar w:fldCharType="end"/>'))
add("docx", "code in a formula", math("<w:instrText>DDEAUTO x</w:instrText>"))
add("docx", "bytes beside a field", run('<w:fldChar w:fldCharType="begin"><w:fldData>AAAA</w:fldData></w:fldChar>') + fld("PAGE"))
for x in ('<w:hyperlink w:anchor="file:///x"/>', '<w:hyperlink w:anchor="\\\\h\\x"/>', '<w:hyperlink w:anchor="javascript:x"/>', '<w:hyperlink w:anchor="a&#10;b"/>', '<w:r><w:rPr><w:rFonts w:ascii="a&#9;b"/></w:rPr></w:r>',
          '<w:r><w:rPr><w:lang w:val="\\\\h"/></w:rPr></w:r>', '<w:ins w:id="1" w:author="a" w:date="now"/>', '<w:ins w:id="1" w:author="a" w:date="2020-01-01T00:00:00+file"/>', '<w:ins w:id="1" w:author="' + "a" * 1025 + '"/>'):
    add("docx", f"value {x[:60]}", f"<w:p>{x}</w:p>")
for css in ("behavior:url(#x)", "background:URL(x)", "width:expression(1)", "x:http://h/x", "@import x", "JavaScript:x"):
    add("docx", f"style {css}", run(f'<w:pict><v:shape style="{css}"/></w:pict>'))
for x in ('<hyperlink ref="A1" location="file:///x"/>', '<hyperlink ref="A1" location="\\\\h\\x"/>', '<hyperlink ref="A1" location="http://x/"/>', '<hyperlink ref="A1" location="Javascript:x"/>', '<hyperlink ref="S!A1"/>', '<hyperlink ref="A1%"/>'):
    swap("xlsx", f"value {x}", SH, "</sheetData>", f"</sheetData><hyperlinks>{x}</hyperlinks>")
swap("xlsx", "value of a rule", SH, "</sheetData>", '</sheetData><conditionalFormatting sqref="A1"><cfRule type="dataBar" priority="1"><dataBar><cfvo type="formula" val="EXEC(1)"/></dataBar></cfRule></conditionalFormatting>')
swap("xlsx", "sheet hidden twice", WB, ' r:id="rId1"', ' r:id="rId1" state="veryHidden"')
swap("xlsx", "refresh at opening", WB, "<sheets>", '<workbookPr refreshAllConnections="1"/><sheets>')
swap("xlsx", "accounts", SH, "</sheetData>", '</sheetData><protectedRanges><protectedRange name="a" sqref="A1" securityDescriptor="O:WD"/></protectedRanges>')
swap("xlsx", "no base64", SH, "</sheetData>", '</sheetData><sheetProtection hashValue="abc"/>')
add("pptx", "id of a field", '<p:sp><p:txBody><a:bodyPr/><a:p><a:fld id="{x}" type="slidenum"/></a:p></p:txBody></p:sp>')
add("pptx", "kind of a field", '<p:sp><p:txBody><a:bodyPr/><a:p><a:fld id="{00000000-0000-0000-0000-000000000000}" type="http://x"/></a:p></p:txBody></p:sp>')
# every kind of relationship there is that the list does not have, inside and outside
MS = "http://schemas.microsoft.com/office/"
for rel in ("oleObject", "package", "control", "externalLink", "externalLinkPath", "attachedTemplate", "aFChunk", "subDocument", "frame", "mailMergeSource", "mailMergeHeaderSource", "recipientData", "transform", "xmlMaps", "customXml",
            "connections", "queryTable", "dialogsheet", "volatileDependencies", "audio", "video", "font", "glossaryDocument", "webSettings", "printerSettings", "tags", "htmlPubSaveAs", "customProperty", "ctrlProp", "metadata",
            "usernames", "revisionHeaders", MS + "2006/relationships/vbaProject", MS + "2006/relationships/ui/extensibility", MS + "2007/relationships/ui/extensibility", MS + "2006/relationships/ui/userCustomization",
            MS + "2006/relationships/keyMapCustomizations", MS + "2006/relationships/attachedToolbars", MS + "2006/relationships/xlMacrosheet", MS + "2006/relationships/xlIntlMacrosheet", MS + "2006/relationships/activeXControlBinary",
            MS + "2011/relationships/webextension", MS + "2011/relationships/webextensiontaskpanes", MS + "2007/relationships/slicer", MS + "2007/relationships/media", MS + "2007/relationships/hdphoto",
            "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/origin", "http://schemas.openxmlformats.org/package/2006/relationships/metadata/thumbnail"):
    for lang in base:
        with_part(lang, f"relationship {rel}", "x/any.bin", b"x", "application/x", rel)
        with_part(lang, f"relationship {rel} outside", None, None, None, rel, "http://x/", True)
# a document inside: only as a whole one of our own languages
if len(sys.argv) > 6:
    base["docx"] = w.read(sys.argv[6])
    judge("docx", "good document inside", base["docx"], want=0)
    D, IN = MAIN["docx"], "word/embeddings/document1.xlsx"
    for old, new, name in (('Type="Embed"', 'Type="Link"', "link"), ('ProgID="Excel.Sheet.12"', 'ProgID="Package"', "package"), ('ProgID="Excel.Sheet.12"', 'ProgID="Equation.3"', "equation"), (' ProgID="Excel.Sheet.12"', "", "no program"),
                           ("<o:OLEObject ", '<o:OLEObject UpdateMode="Always" ', "update"), ("<o:OLEObject ", '<o:OLEObject o:href="x" ', "address"), ("</w:object>", "<o:OLEObject/></w:object>", "second"), ("</w:object>", "<w:control/></w:object>", "control"),
                           ('ProgID="Excel.Sheet.12"', 'ProgID="Excel.SheetMacroEnabled.12"', "macro-enabled")):
        swap("docx", f"inside {name}", D, old, new)
    p = dict(base["docx"]); p[IN] = b"PK\3\4"; judge("docx", "inside no archive", p)
    p = dict(base["docx"]); p[IN] = open(sys.argv[1], "rb").read()[:5000]; judge("docx", "inside a program", p)
    inner = lambda change: (w.save(change, "inner.bin"), open("inner.bin", "rb").read())[1]
    import io, zipfile
    z = zipfile.ZipFile(io.BytesIO(base["docx"][IN])); sheet = {k: z.read(k) for k in z.namelist()}
    p = dict(base["docx"]); p[IN] = inner(sheet); judge("docx", "good document inside, written by us", p, want=0)
    for name, part, old, new in (("formula", "xl/worksheets/sheet1.xml", b"<v>41</v>", b'<f>EXEC(1)</f><v>41</v>'), ("type", "[Content_Types].xml", b"sheet.main+xml", b"template.main+xml")):
        q = dict(sheet); assert old in q[part]; q[part] = q[part].replace(old, new); p = dict(base["docx"]); p[IN] = inner(q); judge("docx", f"inside {name}", p)
    q = dict(sheet); q["xl/vbaProject.bin"] = b"x"; p = dict(base["docx"]); p[IN] = inner(q); judge("docx", "inside vba", p)
    p = {k.replace("document1.xlsx", "document1.docx") if k == IN else k: v.replace(b"document1.xlsx", b"document1.docx") if k != IN else v for k, v in base["docx"].items()}; judge("docx", "inside under another type", p)
    p = {k.replace("document1.xlsx", "document1.xlsm") if k == IN else k: v.replace(b"document1.xlsx", b"document1.xlsm") if k != IN else v for k, v in base["docx"].items()}; judge("docx", "inside under no type", p)
    deep = base["docx"]
    for level in range(6):
        p = {k: v for k, v in base["docx"].items() if k != IN}
        p["word/embeddings/document1.docx"] = inner(deep)
        deep = {k: v.replace(b"document1.xlsx", b"document1.docx").replace(b"spreadsheetml.sheet\"", b"wordprocessingml.document\"") if not k.startswith("word/embeddings/") else v for k, v in p.items()}
    judge("docx", "inside too deep", deep)
print(f"{n} cases, {bad} accepted wrongly")
sys.exit(1 if bad else 0)

#!/usr/bin/env python3
"""Turns the schemas of ECMA-376 (a folder of .xsd) into the grammar tables of the gate: gen.py XSD-FOLDER EDITS OUT"""
import glob, re, sys
import xml.etree.ElementTree as E
X = "{http://www.w3.org/2001/XMLSchema}"
O = "http://schemas.openxmlformats.org/"
PFX = {O+"spreadsheetml/2006/main": "x", O+"wordprocessingml/2006/main": "w", O+"presentationml/2006/main": "p",
       O+"drawingml/2006/main": "a", O+"drawingml/2006/chart": "c", O+"drawingml/2006/chartDrawing": "cdr",
       O+"drawingml/2006/diagram": "dgm", O+"drawingml/2006/picture": "pic", O+"drawingml/2006/spreadsheetDrawing": "xdr",
       O+"drawingml/2006/wordprocessingDrawing": "wp", O+"drawingml/2006/lockedCanvas": "lc",
       O+"officeDocument/2006/math": "m", O+"officeDocument/2006/relationships": "r",
       O+"officeDocument/2006/sharedTypes": "s",
       "http://schemas.microsoft.com/office/word/2010/wordprocessingShape": "wps", "http://schemas.microsoft.com/office/word/2010/wordprocessingGroup": "wpg",
       "http://schemas.microsoft.com/office/drawing/2008/diagram": "dsp", O+"officeDocument/2006/extended-properties": "ep", "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main": "x14", "http://schemas.microsoft.com/office/excel/2006/main": "xm", "urn:schemas-microsoft-com:vml": "v", "urn:schemas-microsoft-com:office:office": "o", "urn:schemas-microsoft-com:office:word": "w10", "http://www.w3.org/XML/1998/namespace": "xml"}
STRICT = "http://purl.oclc.org/ooxml/"
NS_OUT = [("r", "officeDocument/2006/relationships", "officeDocument/relationships"), ("x", "spreadsheetml/2006/main", "spreadsheetml/main"),
          ("w", "wordprocessingml/2006/main", "wordprocessingml/main"), ("p", "presentationml/2006/main", "presentationml/main"),
          ("a", "drawingml/2006/main", "drawingml/main"), ("pic", "drawingml/2006/picture", "drawingml/picture"),
          ("c", "drawingml/2006/chart", "drawingml/chart"), ("cdr", "drawingml/2006/chartDrawing", "drawingml/chartDrawing"),
          ("dgm", "drawingml/2006/diagram", "drawingml/diagram"), ("xdr", "drawingml/2006/spreadsheetDrawing", "drawingml/spreadsheetDrawing"),
          ("wp", "drawingml/2006/wordprocessingDrawing", "drawingml/wordprocessingDrawing"), ("lc", "drawingml/2006/lockedCanvas", "drawingml/lockedCanvas"),
          ("m", "officeDocument/2006/math", "officeDocument/math")]
NS_MS = [("wps", "http://schemas.microsoft.com/office/word/2010/wordprocessingShape"), ("wpg", "http://schemas.microsoft.com/office/word/2010/wordprocessingGroup"),
         ("dsp", "http://schemas.microsoft.com/office/drawing/2008/diagram")]
NS_MS += [("x14", "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"), ("xm", "http://schemas.microsoft.com/office/excel/2006/main"), ("ep", O + "officeDocument/2006/extended-properties"), ("v", "urn:schemas-microsoft-com:vml"), ("o", "urn:schemas-microsoft-com:office:office"), ("w10", "urn:schemas-microsoft-com:office:word")]
NS_ALL = [(p, O + u, STRICT + s) for p, u, s in NS_OUT] + [(p, u, "") for p, u in NS_MS]
BASES = {"string": "text", "token": "text", "normalizedString": "text", "boolean": "bool", "double": "dec", "float": "dec", "decimal": "dec",
         "int": "int -2147483648 2147483647", "long": "int -9223372036854775808 9223372036854775807",
         "integer": "int -9223372036854775808 9223372036854775807",
         "unsignedInt": "int 0 4294967295", "unsignedShort": "int 0 65535", "unsignedByte": "int 0 255", "short": "int -32768 32767",
         "byte": "int -128 127", "unsignedLong": "int 0 9223372036854775807", "dateTime": "date", "hexBinary": "hex", "base64Binary": "base64",
         "anyURI": "text", "ID": "text", "NCName": "text", "language": "text", "nonNegativeInteger": "int 0 9223372036854775807",
         "positiveInteger": "int 1 9223372036854775807"}
types, simples, elems, groups, agroups, attrs = {}, {}, {}, {}, {}, {}
def q(ctx, name):
    if ":" in name:
        p, n = name.split(":")
        return (ctx["map"].get(p), n)
    return (ctx["map"].get("", ctx["tns"]), name)
def load(folder):
    for f in sorted(glob.glob(folder + "/*.xsd")):
        raw = open(f, encoding="utf-8-sig").read()
        root = E.fromstring(raw)
        head = re.search(r"<(?:\w+:)?schema\b[^>]*>", raw).group(0)
        m = {k or "": v for k, v in re.findall(r'xmlns(?::(\w+))?="([^"]*)"', head)}
        tns = root.get("targetNamespace")
        if tns not in PFX or tns.startswith("urn:") or PFX[tns] == "ep": continue
        ctx = {"tns": tns, "map": m, "aq": root.get("attributeFormDefault") == "qualified"}
        for e in root:
            t, n = e.tag.replace(X, ""), e.get("name")
            d = {"complexType": types, "simpleType": simples, "element": elems, "group": groups, "attributeGroup": agroups, "attribute": attrs}.get(t)
            if d is not None: d[(tns, n)] = (ctx, e)
out_types, classes, order = {}, {}, []
def cls(spec):
    """a name for a value class"""
    if spec in ("text", "list", "guid", "formula", "field", "name", "css", "vbool", "label", "token", "lang", "place", "cells", "bool", "dec", "date", "hex", "base64", "rid"): return spec
    if spec not in classes: classes[spec] = None
    return spec
def simple(ctx, e):
    """spec of a simpleType element"""
    r = e.find(X + "restriction")
    if r is not None:
        en = [v.get("value") for v in r.findall(X + "enumeration")]
        if en: return "enum " + " ".join(x.replace(" ", "~") if x else "''" for x in en)
        b = r.get("base")
        base = simple_ref(ctx, b) if b else simple(ctx, r.find(X + "simpleType"))
        ln = r.find(X + "length")
        if base.startswith("hex") and ln is not None: return f"hex {ln.get('value')}"
        lo, hi = r.find(X + "minInclusive"), r.find(X + "maxInclusive")
        lo2, hi2 = r.find(X + "minExclusive"), r.find(X + "maxExclusive")
        if base.startswith("int"):
            a, b2 = base.split()[1:]
            if lo is not None: a = lo.get("value")
            if hi is not None: b2 = hi.get("value")
            if lo2 is not None: a = str(int(lo2.get("value")) + 1)
            if hi2 is not None: b2 = str(int(hi2.get("value")) - 1)
            return f"int {a} {b2}"
        pat = r.find(X + "pattern")
        if pat is not None and "[0-9A-F]{8}-" in pat.get("value"): return "guid"
        return base
    u = e.find(X + "union")
    if u is not None:
        parts = [simple_ref(ctx, n) for n in (u.get("memberTypes") or "").split()] + [simple(ctx, s) for s in u.findall(X + "simpleType")]
        if "text" in parts: return "text"
        return "any " + " / ".join(parts)
    return "list"
def simple_ref(ctx, name):
    ns, n = q(ctx, name)
    if ns == "http://www.w3.org/2001/XMLSchema": return BASES[n]
    if ns and PFX.get(ns) == "r": return "rid"
    if (ns, n) not in simples: return "text"
    c2, e2 = simples[(ns, n)]
    return SIMPLE.get(f"{PFX[ns]}.{n}") or simple(c2, e2)
SIMPLE = {}
def tname(ns, n): return f"{PFX.get(ns,'?')}.{n}"
def attr(ctx, a, out):
    if a.get("use") == "prohibited": return
    if a.get("ref"):
        ns, n = q(ctx, a.get("ref"))
        if ns not in PFX:
            ns = "http://www.w3.org/XML/1998/namespace"
        p = PFX[ns]
        spec = "rid" if p == "r" else "enum preserve default" if p == "xml" else None
        if spec is None:
            c2, a2 = attrs[(ns, n)]; spec = simple_ref(c2, a2.get("type"))
        out[f"{p}:{n}"] = (spec, "!" if a.get("use") == "required" and spec == "rid" else "")
        return
    n = a.get("name")
    form = a.get("form") or ("qualified" if ctx["aq"] else "unqualified")
    if a.get("type"): spec = simple_ref(ctx, a.get("type"))
    else: spec = simple(ctx, a.find(X + "simpleType"))
    out[f"{PFX[ctx['tns']]}:{n}" if form == "qualified" else n] = (spec, "")
def walk(ctx, e, T):
    for k in e:
        t = k.tag.replace(X, "")
        if t in ("sequence", "choice", "all", "complexContent"): walk(ctx, k, T)
        elif t == "simpleContent": walk(ctx, k, T)
        elif t in ("extension", "restriction"):
            ns, n = q(ctx, k.get("base"))
            if (ns, n) in types and t == "extension":
                c2, e2 = types[(ns, n)]; walk(c2, e2, T)
            elif (ns, n) not in types: T["text"] = simple_ref(ctx, k.get("base"))
            walk(ctx, k, T)
        elif t == "group":
            if k.get("ref"):
                key = q(ctx, k.get("ref"))
                if key in groups: walk(groups[key][0], groups[key][1], T)
        elif t == "attributeGroup":
            key = q(ctx, k.get("ref"))
            if key in agroups: walk(agroups[key][0], agroups[key][1], T)
        elif t == "attribute": attr(ctx, k, T["attrs"])
        elif t == "element": child(ctx, k, T)
def etype(ctx, e, owner):
    """type name of an element declaration"""
    if e.get("type"):
        ns, n = q(ctx, e.get("type"))
        if (ns, n) in types: return need(ns, n)
        spec = simple_ref(ctx, e.get("type"))
        name = "text." + re.sub(r"[^A-Za-z0-9]+", "_", spec)[:40]
        out_types.setdefault(name, {"text": spec, "attrs": {}, "kids": {}})
        return name
    ct = e.find(X + "complexType")
    name = f"{PFX[ctx['tns']]}.{owner}_{e.get('name')}"
    if name not in out_types:
        T = out_types[name] = {"text": None, "attrs": {}, "kids": {}}
        if ct is not None: walk(ctx, ct, T)
    return name
def child(ctx, k, T):
    if k.get("ref"):
        key = q(ctx, k.get("ref"))
        if key not in elems: return
        c2, e2 = elems[key]
        T["kids"][f"{PFX[key[0]]}:{key[1]}"] = etype(c2, e2, "el")
    else:
        T["kids"][f"{PFX[ctx['tns']]}:{k.get('name')}"] = etype(ctx, k, "anon")
def need(ns, n):
    name = tname(ns, n)
    if name not in out_types:
        T = out_types[name] = {"text": None, "attrs": {}, "kids": {}}
        c2, e2 = types[(ns, n)]
        if e2.get("mixed") == "true": T["text"] = "text"
        walk(c2, e2, T)
    return name
def parse_line(t):
    f = (t + "\t\t\t").split("\t")
    return f
def edits(path):
    roots = []
    drop_e, drop_a, drop_t = set(), set(), set()
    lines = [l.rstrip("\n") for l in open(path) if l.strip() and not l.startswith("#")]
    for l in lines:
        f = l.split()
        if f[0] == "simple": SIMPLE[f[1]] = " ".join(f[2:])
    for l in lines:
        f = l.split()
        if f[0] == "root":
            pass
    for l in lines:
        f = l.split()
        if f[0] == "root":                # root KIND p:elem [Type]
            p, n = f[2].split(":")
            ns = [k for k, v in PFX.items() if v == p]
            if len(f) > 3: t = f[3]
            else:
                c2, e2 = elems[(ns[0], n)]; t = etype(c2, e2, "el")
            roots.append((f[1], f[2], t))
    for l in lines:
        f = l.split()
        k = f[0]
        if k == "drop":                   # drop p:elem ... everywhere, or Type/p:elem
            for d in f[1:]: drop_e.add(d)
        elif k == "dropattr":
            for d in f[1:]: drop_a.add(d)
        elif k == "type":                 # type NAME text|- attrs.. > kids..
            T = out_types.setdefault(f[1], {"text": None, "attrs": {}, "kids": {}})
            if f[2] != "-": T["text"] = f[2].replace("_", " ")
            kids = False
            for x in f[3:]:
                if x == ">": kids = True; continue
                n, v = x.split("=", 1)
                if kids: T["kids"][n] = v
                else: T["attrs"][n] = (v.rstrip("!").replace("_", " ") if v.startswith(("enum_", "int_", "hex_", "any_")) else v.rstrip("!"), "!" if v.endswith("!") else "")
        elif k == "set":                  # set TYPE attr=class
            n, v = f[2].split("=", 1)
            fl = v[-1] if v[-1] in "!?" else ""
            v = v[:-1] if fl else v
            if f[1] in out_types: out_types[f[1]]["attrs"][n] = (v.replace("_", " ") if v.startswith(("enum_", "int_")) else v, fl)
        elif k in ("every", "every-list"): # every attr=class ...: in all types where it is text (or a list)
            was = "text" if k == "every" else "list"
            for x in f[1:]:
                n, v = x.split("=", 1)
                for T in out_types.values():
                    if n in T["attrs"] and T["attrs"][n][0] == was: T["attrs"][n] = (v, T["attrs"][n][1])
        elif k == "copyattrs":            # copyattrs TO FROM but…
            if f[1] in out_types and f[2] in out_types:
                for a, v in out_types[f[2]]["attrs"].items():
                    if a not in f[3:]: out_types[f[1]]["attrs"][a] = v
        elif k == "together":             # together TYPE child…: when the child is refused, so is the element
            if f[1] in out_types: out_types[f[1]]["together"] = f[2:]
        elif k == "text":
            if f[1] in out_types: out_types[f[1]]["text"] = f[2]
        elif k == "need":
            if f[1] in out_types: out_types[f[1]]["need"] = f[2:]
    for n, T in out_types.items():
        for a in list(T["attrs"]):
            if a.startswith(("s:",)): del T["attrs"][a]
        for k in list(T["kids"]):
            if k == "x:extLst" and T["kids"][k] == "x.CT_ExtensionList": del T["kids"][k]; continue
            if k in drop_e or f"{n}/{k}" in drop_e: del T["kids"][k]
        for a in list(T["attrs"]):
            if a in drop_a or f"{n}/{a}" in drop_a: del T["attrs"][a]
    # types asked for only by edits
    for n in list(out_types):
        for k, t in list(out_types[n]["kids"].items()):
            want(t)
    return roots
def want(t):
    if t in out_types: return
    p, n = t.split(".", 1)
    ns = [k for k, v in PFX.items() if v == p]
    if ns and (ns[0], n) in types:
        need(ns[0], n)
        for k, t2 in list(out_types[t]["kids"].items()): want(t2)
    else: sys.exit(f"no type {t}")
def main():
    load(sys.argv[1])
    roots = edits(sys.argv[2])
    roots = edits(sys.argv[2])            # again: edits touch types that the first pass asked for
    seen, todo = set(), [r[2] for r in roots]
    while todo:
        t = todo.pop()
        if t in seen: continue
        seen.add(t); todo += out_types[t]["kids"].values()
    o = open(sys.argv[3], "w")
    specs = {}
    def c(spec):
        if spec is None: return "-"
        if " " not in spec: return spec
        if spec not in specs: specs[spec] = f"{spec.split()[0][0]}{len(specs)+1}"
        return specs[spec]
    body = []
    for t in sorted(seen):
        T = out_types[t]
        body.append("type\t%s\t%s\t%s\t%s\t%s\n" % (t, c(T["text"]), " ".join(f"{a}={c(s)}{r}" for a, (s, r) in sorted(T["attrs"].items())),
                    " ".join(f"{k}={v}{'?' if k in T.get('together', []) else ''}" for k, v in sorted(T["kids"].items())), " ".join(T.get("need", []))))
    for s, n in specs.items(): o.write(f"class\t{n}\t{s}\n")
    head = "".join(f"ns\t{p}\t{u}\t{st}\n" for p, u, st in NS_ALL)
    def prefixes(t, e):
        seen, todo, got = set(), [t], {e.split(":")[0]}
        while todo:
            t = todo.pop()
            if t in seen: continue
            seen.add(t)
            for k in list(out_types[t]["kids"]) + list(out_types[t]["attrs"]):
                if ":" in k and not k.startswith("xml:"): got.add(k.split(":")[0])
            todo += out_types[t]["kids"].values()
        return " ".join(p for p, _, _ in NS_ALL if p in got)
    o.write("ns\txml\thttp://www.w3.org/XML/1998/namespace\t\n" + head)
    for k, e, t in roots: o.write(f"root\t{k}\t{e}\t{t}\t{prefixes(t, e)}\n")
    o.writelines(body)
    print(len(seen), "types", len(specs), "classes", sum(len(out_types[t]["attrs"]) for t in seen), "attributes", sum(len(out_types[t]["kids"]) for t in seen), "children")
main()

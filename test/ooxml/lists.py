#!/usr/bin/env python3
"""The lists of gate/ooxml against each other: lists.py FOLDER prints what is wrong, nothing when nothing is.
1. accept.tsv holds nothing that never.tsv names. 2. Whatever the rebuilder may write the verifier takes: else documents would be held.
3. Each type with a name that sounds like more than showing has a reason in its last column. 4. Free text is where words are shown."""
import re, sys

RISKY = re.compile(r"(^|:)(link|uri|url|href|src|action|macro|instr\w*|\w*[Ff]ldData|ffData|macro|textlink|\w*[Ss]ource\w*|embed|imagedata|\w*crypt\w*|hash\w*|"
                   r"\w*[Hh]ashValue|salt\w*|tgtEl|\w*Tgt|cond|fld|fldChar|fldSimple|hlink\w*|\w*[Hh]yperlinks?|formula\d?|calculatedColumnFormula|totalsRowFormula|path|perm\w+|"
                   r"ext|extLst|externalData|enableRefresh|linkedTxbx|styleLink|numStyleLink|control\d|updateFields|query\w*|command)$")
QUIET = {"a:ext", "cdr:ext", "xdr:ext", "v:ext", "w:permStart", "w:permEnd", "w:fldSimple", "w:hyperlink", "fld", "a:path"}   # sizes; holders of what has its own reason
WORDS = set("""alt title o:title descr string text prompt promptTitle error errorTitle display tooltip w:tooltip w:displayText w:value w:lastValue w:val w:original
 val v c n cap caption name comment description dataCaption colHeaderCaption rowHeaderCaption errorCaption missingCaption grandTotalCaption subtotalCaption
 totalsRowLabel uniqueName propertyName uniqueMemberProperty formatCode customList stringValue1 stringValue2 phldrT char m:val invalStChars invalEndChars sheet""".split())


def load(path):
    classes, types, roots = {}, {}, {}
    for line in open(path):
        f = line.rstrip("\n").split("\t")
        if f[0] == "class":
            classes[f[1]] = f[2]
        elif f[0] == "root":
            roots[f[1]] = f[2:]
        elif f[0] == "type":
            f += [""] * 8
            pairs = lambda s: {w.split("=", 1)[0]: w.split("=", 1)[1] for w in s.split()}
            types[f[1]] = (f[2], pairs(f[3]), pairs(f[4]), f[5], f[6])
    return classes, types, roots


def within(a, b):
    """is every value of class a one of class b?"""
    if a == b or b == "text":
        return True
    x, y = a.split(), b.split()
    if x[0] == "any":
        return all(within(p, b) for p in a[4:].split(" / "))
    if y[0] == "any":
        return any(within(a, p) for p in b[4:].split(" / "))
    if x[0] == y[0] == "enum":
        return set(x[1:]) <= set(y[1:])
    if x[0] == y[0] == "int":
        return int(y[1]) <= int(x[1]) and int(x[2]) <= int(y[2])
    if x[0].startswith("rid") and y[0].startswith("rid"):
        return set(x[0].split(":")[1].split(",")) <= set(y[0].split(":")[1].split(",")) and (x[0][3:6] != "opt" or y[0][3:6] == "opt")
    return False


folder = sys.argv[1]
ac, at, ar = load(folder + "/accept.tsv")
rc, rt, rr = load(folder + "/rebuild.tsv")
bad = 0


def say(*words):
    global bad
    bad += 1
    print(*words)


for line in open(folder + "/never.tsv"):
    if line.startswith("#"):
        continue
    kind, name, where, why = line.rstrip("\n").split("\t")
    for t, (_, attrs, kids, _, _) in at.items():
        for n in attrs if kind == "attribute" else kids:
            same = n == name if ":" in name else n.split(":")[-1] == name
            if same and (where == "-" or (bool(re.fullmatch(where.lstrip("!"), t)) != where.startswith("!"))):
                say("never:", t, n, why)
if set(ar) != set(rr):
    say("roots:", set(ar) ^ set(rr))
for k in rr:
    if rr[k] != ar.get(k):
        say("root:", k)
value = lambda classes, v: classes.get(v.rstrip("!?"), v.rstrip("!?"))
for t, (text, attrs, kids, needs, _) in rt.items():
    if t not in at:
        say("the verifier does not know", t)
        continue
    atext, aattrs, akids, aneeds, _ = at[t]
    if not within(value(rc, text), value(ac, atext)):
        say("text:", t, text, atext)
    for n, v in attrs.items():
        if n not in aattrs or not within(value(rc, v), value(ac, aattrs[n])):
            say("attribute:", t, n, value(rc, v), "->", value(ac, aattrs.get(n, "none")))
    for n, v in aattrs.items():
        if v.endswith("!") and not attrs.get(n, "").endswith("!"):
            say("must be there:", t, n)
    for n, v in kids.items():
        if akids.get(n, "").rstrip("?") != v.rstrip("?"):
            say("element:", t, n)
    if set(aneeds.split()) and not (needs and set(needs.split()) <= set(aneeds.split())):
        say("needs:", t, needs, aneeds)
for t, (text, attrs, kids, _, why) in at.items():
    if t not in rt:
        say("nobody writes", t)
    risky = [n for n in list(attrs) + list(kids) if RISKY.search(n) and n not in QUIET]
    if risky and not why:
        say("no reason given:", t, *risky)
    for n, v in attrs.items():
        if value(ac, v) == "text" and n not in WORDS:
            say("free text:", t, n)
        if value(ac, v) == "rid":
            say("leads anywhere:", t, n)
sys.exit(bad > 0)

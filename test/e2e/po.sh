#!/usr/bin/env bash
# Every text has its Japanese, none is left over, and a translated text has the same holes and % directives.
set -u
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
fail=0
test/po-extract.sh "$O" "$T/now.pot" || exit 1
total=$(msgfmt --statistics -o /dev/null "$T/now.pot" 2>&1 | grep -o '[0-9]* untranslated' | cut -d' ' -f1)
[ "${total:-0}" -gt 0 ] || { echo "FAIL no texts found in the sources"; exit 1; }
msgmerge --quiet --no-fuzzy-matching --no-wrap -o "$T/merged.po" po/ja.po "$T/now.pot" || exit 1
report() { # NAME FILE
  if grep -q '^msgid ".\|^#~ msgid ".\|^msgid ""$' <(sed '1,/^$/d' "$2"); then
    echo "FAIL $1:"; grep -A1 '^msgid ".\|^#~ msgid ".' "$2" | grep -o 'msgid.*' | head -40; fail=1
  else echo "ok $1"; fi
}
msgattrib --untranslated --no-obsolete --no-wrap "$T/merged.po" >"$T/missing.po"
msgattrib --only-obsolete --no-wrap "$T/merged.po" >"$T/stale.po"
msgattrib --only-fuzzy --no-wrap "$T/merged.po" >"$T/fuzzy.po"
report "no text lacks Japanese" "$T/missing.po"
report "no Japanese text is stale" "$T/stale.po"
report "none is marked fuzzy" "$T/fuzzy.po"
msgfmt --check -o /dev/null po/ja.po && echo "ok the catalogue compiles" || fail=1
python3 - po/ja.po <<'PY' && echo "ok holes match" || fail=1
import re, sys, ast
bad = 0
entry = {}
def close(e):
    global bad
    ids = [v for k, v in e.items() if k.startswith('msgid') and v]
    for k, v in e.items():
        if k.startswith('msgstr') and v and ids:
            want = set(re.findall(r'\{[a-z0-9_.]+\}', ids[-1]))
            if set(re.findall(r'\{[a-z0-9_.]+\}', v)) != want:
                print('FAIL holes differ:', ids[-1], '->', v); bad += 1
key = None
for line in open(sys.argv[1], encoding='utf-8'):
    m = re.match(r'(msgid_plural|msgid|msgstr(?:\[\d\])?|msgctxt)\s+(".*")', line)
    if m:
        if m[1] == 'msgid':
            close(entry); entry = {}
        key = m[1]; entry[key] = ast.literal_eval(m[2])
    elif line.startswith('"') and key:
        entry[key] += ast.literal_eval(line.strip())
close(entry)
sys.exit(bad > 0)
PY
exit $fail

#!/usr/bin/env bash
# The API as it describes itself: the OpenAPI document is well formed and names every address; every record of the sample city that it
# gives out is of the types it says; files that hang on a record come back as they were, to those who may see it and as nothing but a file.
set -u
T=$(mktemp -d); export T LC_ALL=C.UTF-8 LANG=C
D=$T/city house=
cleanup() { [ -z "$house" ] || { kill "$house" 2>/dev/null; wait "$house" 2>/dev/null; }; rm -rf "$T"; }
trap cleanup EXIT
fail() { echo "FAIL $*"; [ -s "$T/page" ] && sed 's/<[^>]*>/ /g; s/  */ /g' "$T/page" | tail -c 1000; tail -5 "$T/err" 2>/dev/null; exit 1; }
ok() { echo "ok $*"; }
S="$O/sekisho"; here=$(cd "$(dirname "$0")/../.." && pwd)
"$S" init "$D" --city 見本市 --standard iizuka --sample 2>"$T/err" || fail init
"$S" run "$D" --listen 127.0.0.1:0 >"$T/run" 2>>"$T/err" & house=$!
for _ in $(seq 400); do grep -q '^ready ' "$T/run" && break; sleep 0.05; done
U=$(sed -n "s/^ready \(https:[^ ]*[^ /]\)\/* .*/\1/p" "$T/run"); [ -n "$U" ] || fail "not ready"

# --- what it says of itself ---
curl -sk -o "$T/doc" "$U/api/v1/openapi.json" || fail "the document"
grep -o '^| [A-Z]* `/api/v1/[^`]*' "$here/docs/permissions.md" | tr -d '|`' >"$T/addresses"
python3 - "$T/doc" "$T/addresses" "$here/ledgers" <<'P' || fail "the document"
import json, os, re, sys
doc = json.load(open(sys.argv[1]))
assert doc['openapi'].startswith('3.1.') and doc['info']['title'] and doc['info']['version'], doc['info']
schemas = doc['components']['schemas']
ledgers = [f[:-5] for f in os.listdir(sys.argv[3]) if f.endswith('.yaml')]
assert len(ledgers) >= 45 and not [l for l in ledgers if l not in schemas], [l for l in ledgers if l not in schemas]
for line in open(sys.argv[2]):
    method, path = line.split()
    if path.endswith('openapi.json'):
        continue
    op = doc['paths'][path][method.lower()]
    named = {p['name'] for p in op.get('parameters', []) if p['in'] == 'path'}
    assert named == set(re.findall(r'{(\w+)}', path)), (path, named)
    assert {'200', '401', '403', '404'} <= set(op['responses']), path
def walk(x):
    if isinstance(x, dict):
        if '$ref' in x:
            at = doc
            for part in x['$ref'].removeprefix('#/').split('/'):
                at = at[part]
        for v in x.values(): walk(v)
    elif isinstance(x, list):
        for v in x: walk(v)
walk(doc)
try:
    from openapi_spec_validator import validate
except ImportError:
    sys.exit(0)
validate(doc)
P
ok "the document is whole: every address, its parameters, every ledger"

token=$("$S" token create "$D" --person 1038 --scope "read write" 2>>"$T/err") || fail token
api() { curl -sk --max-time 60 -o "$T/page" -w '%{http_code}' -H "Authorization: Bearer $token" "$@"; }
mkdir "$T/records"
for y in "$here"/ledgers/*.yaml; do
  l=$(basename "$y" .yaml)
  [ "$(api "$U/api/v1/ledgers/$l/records?limit=200")" = 200 ] && cp "$T/page" "$T/records/$l" || grep -q '"error"' "$T/page" || fail "$l"
done
python3 - "$T/doc" "$T/records" <<'P' || fail "a record of other types than the document says"
import json, os, sys
from jsonschema import Draft202012Validator
doc = json.load(open(sys.argv[1]))
n = 0
for l in os.listdir(sys.argv[2]):
    v = Draft202012Validator({**doc['components']['schemas'][l], 'components': doc['components']})
    for r in json.load(open(os.path.join(sys.argv[2], l)))['records']:
        for e in v.iter_errors(r['fields']):
            if e.validator != 'required':
                sys.exit(f"{l} {r['number']}: {'.'.join(map(str, e.absolute_path))}: {e.message[:200]}")
        n += 1
assert n > 1000, n
print(f'ok {n} records are of the types the document says')
P
[ "$(curl -sk -o /dev/null -D "$T/headers" -w '%{http_code}' "$U/api/v1/ledgers")" = 401 ] && grep -qi '^www-authenticate: Bearer' "$T/headers" || fail "without a token"
ok "without a token it asks for one"

# --- files that hang on a record ---
get() { curl -sk --max-time 30 -b "$T/$1" -c "$T/$1" -o "$T/page" -D "$T/headers" -w '%{http_code}' "$U$2"; }        # WHO PATH
csrf() { grep -o 'name="csrf" value="[^"]*"' "$T/page" | tail -1 | sed 's/.*value="//; s/"$//'; }
enter() { # WHO STAFF_NO
  local l; l=$("$S" link "$D" --person "$2" 2>>"$T/err") || fail "link of $2"
  l=/link/${l##*/link/}; get "$1" "$l" >/dev/null
  [ "$(curl -sk --max-time 30 -b "$T/$1" -c "$T/$1" -o "$T/page" -w '%{http_code}' -H "Origin: $U" --data-urlencode "csrf=$(csrf)" "$U$l")" = 303 ] || fail "sign-in of $2"
}
enter office 1038; enter head 1016
{ head -c 300000 /dev/urandom; echo '<script>alert(1)</script>'; } >"$T/証拠 1.html"
get head /ledgers/exceptions/new >/dev/null; section=$(grep -o 'name="section" value="[0-9]*"' "$T/page" | head -1 | grep -o '[0-9]*')
save() { # WHERE curl-options: the form of an exception with a file
  curl -sk --max-time 30 -b "$T/head" -c "$T/head" -o "$T/page" -w '%{http_code} %{redirect_url}' -H "Origin: $U" -F "csrf=$(csrf)" -F subject=古い端末 -F "section=$section" \
    -F route=ordinary -F clauses=iz.8.4.1 -F controls_waived=org.roles-filled -F all_subjects=1 -F reason=更新の予算 -F work_need=窓口業務 -F alternative=網から切り離す \
    -F residual_risk=漏えい -F way_back=来年度に更新 -F "valid_from=$(TZ=Asia/Tokyo date +%F)" -F "until=$(TZ=Asia/Tokyo date -d '+90 days' +%F)" -F do=save "${@:2}" "$U$1"
}
r=$(save /ledgers/exceptions -F "evidence=@$T/証拠 1.html;type=text/html"); r=${r##*/}; [ -n "$r" ] && [ "$r" -gt 0 ] || fail "saving with a file"
get head "/ledgers/exceptions/$r" >/dev/null; a=$(grep -o '/attachments/[0-9]*' "$T/page" | head -1); [ -n "$a" ] && grep -q '証拠 1.html' "$T/page" || fail "the file is not on the record"
[ "$(get head "$a")" = 200 ] && cmp -s "$T/page" "$T/証拠 1.html" || fail "not as it was"
grep -qi '^content-disposition: attachment' "$T/headers" && grep -qi '^x-content-type-options: nosniff' "$T/headers" && ! grep -qi '^content-type: text/html' "$T/headers" ||
  fail "as something else than a file: $(cat "$T/headers")"
sum=$(sha256sum <"$T/証拠 1.html" | cut -d' ' -f1); [ -f "$D/office/blobs/${sum:0:2}/$sum" ] || fail "not kept by its content"
[ "$(get office "$a")" = 200 ] || fail "the security office may not see it"
ok "a file is kept by its content and comes back as it was, as nothing but a file"
enter stranger 1150; [ "$(get stranger "/ledgers/exceptions/$r")" != 200 ] && [ "$(get stranger "$a")" = 404 ] && [ "$(get nobody "$a")" = 303 ] || fail "open to others"
ok "to nobody who may not see the record"

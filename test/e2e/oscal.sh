#!/usr/bin/env bash
# The OSCAL catalog of every shipped standard validates against NIST's JSON schema (looked for beside the checkout), and a
# catalog broken in one place does not.
set -euo pipefail
schema=../shared/data/oscal/oscal_catalog_schema.json
[ -f "$schema" ] || schema=$(git rev-parse --path-format=absolute --git-common-dir)/../../shared/data/oscal/oscal_catalog_schema.json
if [ ! -f "$schema" ]; then
  echo "skip oscal: the schema is not beside the checkout"
  for id in iizuka setagaya shinagawa chitose; do
    "$O/test/core/oscal_test" --print "$id" | jq -e '.catalog.metadata["oscal-version"] == "1.2.1"' >/dev/null && echo "ok oscal catalog is JSON: $id"
  done
  exit 0
fi
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
cat >"$dir/validate.py" <<'P'
import json, sys
import regex, jsonschema
from jsonschema import _utils  # noqa: F401  (the module must be loaded before its re is replaced)
# OSCAL's patterns use \p{L}, which Python's re does not know (usnistgov/metaschema #770).
for name in ("_keywords", "_validators"):
    try:
        module = __import__("jsonschema." + name, fromlist=[name])
    except ImportError:
        continue
    module.re = regex
schema, doc = json.load(open(sys.argv[1])), json.load(open(sys.argv[2]))
errors = [e.message[:200] for e in jsonschema.Draft7Validator(schema).iter_errors(doc)]
print("\n".join(errors[:5]))
sys.exit(1 if errors else 0)
P
for id in iizuka setagaya shinagawa chitose; do
  "$O/test/core/oscal_test" --print "$id" >"$dir/$id.json"
  /usr/bin/python3 "$dir/validate.py" "$schema" "$dir/$id.json"
  echo "ok oscal catalog is valid: $id"
done
jq '.catalog.groups[0].controls[0].id = "1.1"' "$dir/chitose.json" >"$dir/bad.json"
if /usr/bin/python3 "$dir/validate.py" "$schema" "$dir/bad.json" >/dev/null; then echo "an id that begins with a digit passed"; exit 1; fi
echo "ok oscal validation refuses a broken catalog"

#!/usr/bin/env bash
# Standards through the programs: list, show, own texts, diff, export; and what a board without any record says.
set -euo pipefail
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
s="$O/sekisho"
"$s" init "$dir/city" --city 見本市 --standard iizuka

"$s" standard list "$dir/city" --json | jq -e 'length == 4 and (map(select(.in_force))[0].id == "iizuka")' >/dev/null
echo "ok standard list names the one in force"
"$s" standard show "$dir/city" iizuka --json | jq -e '(.clauses | length == 643) and (.chapters | length == 10)' >/dev/null
echo "ok standard show has every clause"

"$s" status "$dir/city" --json >"$dir/status.json"
jq -e '.clauses | length == 643' "$dir/status.json" >/dev/null
# Met, on an empty folder, is only what had no events: every control under it counts 0 subjects.
jq -e '[.clauses[] | select(.status == "met") | .controls[] | select(.total != 0)] | length == 0' "$dir/status.json" >/dev/null
echo "ok an empty folder meets nothing but 0 events"

printf 'clause,text\niz.8.4.1,"第一項、本文"\niz.1.1,別の本文\n' >"$dir/texts.csv"
"$s" standard import "$dir/city" "$dir/texts.csv" --dry-run >/dev/null
"$s" standard show "$dir/city" iizuka --json | jq -e '[.clauses[] | select(.own_text != null)] | length == 0' >/dev/null
echo "ok a trial loads no text"
"$s" standard import "$dir/city" "$dir/texts.csv" --source 例規集 --version 2025 >/dev/null
"$s" standard show "$dir/city" iizuka --json | jq -e '[.clauses[] | select(.own_text == "第一項、本文")] | length == 1' >/dev/null
echo "ok own texts stand beside ours"
printf 'clause,text\niz.8.4.1,neu\niz.99.1,nirgends\n' >"$dir/wrong.csv"
if "$s" standard import "$dir/city" "$dir/wrong.csv" 2>"$dir/err"; then exit 1; fi
grep -q 'iz.99.1' "$dir/err"
"$s" standard show "$dir/city" iizuka --json | jq -e '[.clauses[] | select(.own_text == "neu")] | length == 0' >/dev/null
echo "ok one wrong row loads nothing"

"$s" standard diff "$dir/city" shinagawa iizuka --json | jq -e '(.only_b | length > 100) and .both > 20' >/dev/null
echo "ok diff says what another standard asks"
"$s" standard export "$dir/city" iizuka --oscal | jq -e '.catalog.groups | length == 10' >/dev/null
echo "ok export"
if "$s" standard export "$dir/city" nowhere --oscal >/dev/null 2>&1; then exit 1; fi
echo "ok a standard that is not there is an error"

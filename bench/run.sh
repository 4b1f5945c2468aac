#!/usr/bin/env bash
# run.sh PROGRAM [RECORDS]: every number of bench/ in turn, on folders it makes and removes. Prints only; figures worth keeping go
# to bench/RESULTS.md with machine, date and what else was running.
set -eu
here=$(dirname "$(realpath "$0")") sekisho=$(realpath "$1") records=${2:-1000000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
quiet() { grep -v ' info ' || true; }

echo "## people"
"$here/people.sh" "$sekisho" 6000
echo "## page of 50 rows, sample city"
"$sekisho" init "$work/city" --city 計測市 --standard iizuka --sample 2>&1 | quiet
"$here/page.sh" "$sekisho" "$work/city" /ledgers/carry-outs
echo "## vault"
TIMEFORMAT='verify %R s'
time "$sekisho" vault verify "$work/city" 2>&1 | quiet
echo "## vault: lines in, audit, proofs"
"$here/vault.sh" "$sekisho" 5
echo "## $records records"
"$here/grow.sh" "$work/city" carry_outs "$records"
"$sekisho" assess "$work/city" 2>&1 | quiet
"$sekisho" assess "$work/city" 2>&1 | quiet
"$here/page.sh" "$sekisho" "$work/city" /ledgers/carry-outs

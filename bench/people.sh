#!/usr/bin/env bash
# people.sh PROGRAM [PEOPLE]: imports that many people from CSV into a new city; wall time and processor time.
set -eu
sekisho=$1 n=${2:-6000} dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$sekisho" init "$dir/city" --city 計測市 --standard iizuka --sample >/dev/null
awk -v n="$n" 'BEGIN { print "staff_no,name,kana,person_type,in_scope,section,started_on,pledge,source";
	for (i = 0; i < n; i++) printf "%d,計測 %d,けいそく,regular,1,B%d,2024-04-01,pending,hr-feed\n", 20000 + i, i, 1 + i % 5 }' >"$dir/people.csv"
export TIMEFORMAT='import %R s'
time "$sekisho" people import "$dir/city" "$dir/people.csv" 2>"$dir/log"
grep -v ' info ' "$dir/log" || true

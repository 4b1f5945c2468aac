#!/usr/bin/env bash
# Runs fuzz targets, two at a time. usage: test/fuzz.sh SECONDS FOLDER TARGET...
# Seeds lie in test/fuzz/NAME/ (and a dictionary in test/fuzz/NAME.dict); what libFuzzer finds new stays in FOLDER.
# SECONDS 0 only replays the seeds. A crash is printed, kept in FOLDER, and ends this with 1: add it to the seeds once
# it is mended.
set -u
cd "$(dirname "$0")/.." || exit 3
seconds=$1 folder=$2
shift 2

one() {
	local seconds=$1 folder=$2 target=$3 name seeds found log limit
	name=${target##*/fuzz_}
	seeds=test/fuzz/$name found=$folder/corpus/$name log=$folder/$name.log
	mkdir -p "$found"
	limit=(-max_total_time="$seconds")
	[ "$seconds" != 0 ] || limit=(-runs=0)
	[ ! -f "$seeds.dict" ] || limit+=(-dict="$seeds.dict")
	[ -d "$seeds" ] || { echo "FAIL $name: no seeds in $seeds"; return 1; }
	if "$target" "${limit[@]}" -timeout=10 -rss_limit_mb=1500 -max_len=65536 -print_final_stats=1 \
	    -artifact_prefix="$folder/$name-" "$found" "$seeds" >"$log" 2>&1; then
		echo "ok $name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs in $seconds s"
	else
		echo "FAIL $name:"
		grep -v '^#' "$log" | tail -40
		return 1
	fi
}
export -f one
printf '%s\n' "$@" | xargs -P 2 -I {} bash -c 'one "$@"' _ "$seconds" "$folder" {}

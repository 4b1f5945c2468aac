#!/usr/bin/env bash
# Runs unit test programs, as many at once as there are processors; shows the output of those that fail, prints one closing line.
set -u
export RESULTS; RESULTS=$(mktemp -d) || exit 3
trap 'rm -rf "$RESULTS"' EXIT
one() {
	local t=$1 out n ok=0 text=""
	out=$(timeout 300 "$t" 2>&1) || { ok=1; text="FAIL $t"$'\n'"$(tail -60 <<<"$out")"; }
	n=$(grep -c '\[       OK \]' <<<"$out")
	[ "$ok" = 1 ] || [ "$n" -gt 0 ] || { ok=1; text="FAIL $t: ran no test"; }
	echo "$n $ok" >"$RESULTS/${t//\//_}"
	[ -z "$text" ] || printf '%s\n' "$text"
}
export -f one
printf '%s\0' "$@" | xargs -0 -r -P "$(nproc)" -I {} bash -c 'one "$1"' _ {}
read -r pass fail < <(cat "$RESULTS"/* | awk '{p += $1; f += $2} END {print p + 0, f + 0}')
[ "$(find "$RESULTS" -type f | wc -l)" = "$#" ] || { echo "unit: not every program gave a result"; exit 1; }
echo "unit: $pass passed, $fail failed"
[ "$fail" = 0 ]

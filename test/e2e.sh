#!/usr/bin/env bash
# Runs every test/e2e/*.sh against the built programs in $1 (build folder), as many at once as there are processors. Each script uses a
# folder and ports of its own and prints its own "ok NAME" lines.
set -u
O=$(realpath "$1"); export O
cd "$(dirname "$0")/.." || exit 3
export RESULTS; RESULTS=$(mktemp -d) || exit 3
trap 'rm -rf "$RESULTS"' EXIT
one() {
	local t=$1 s=$SECONDS out n
	if out=$(timeout 900 bash "$t" 2>&1); then
		n=$(grep -c '^ok ' <<<"$out")
		echo "$n 0" >"$RESULTS/$(basename "$t")"
		printf '%s\n' "$t: $n ok ($((SECONDS - s)) s)" "$(grep '^skip ' <<<"$out")" | grep .
		if [ "$n" = 0 ] && ! grep -q '^skip ' <<<"$out"; then
			echo "0 1" >"$RESULTS/$(basename "$t")"
			echo "FAIL $t: checked nothing"
		fi
	else
		echo "0 1" >"$RESULTS/$(basename "$t")"
		printf '%s\n' "FAIL $t" "$(tail -80 <<<"$out")"
	fi
}
export -f one
# The longest first, so that no processor waits for one at the end.
mapfile -t all < <(for t in test/e2e/*.sh; do case $t in */kills.sh | */collect_kill.sh | */browser.sh | */gate-office.sh | */attack.sh | */detect.sh | */matrix.sh) echo "0 $t" ;; *) echo "1 $t" ;; esac; done | sort | cut -d' ' -f2)
printf '%s\0' "${all[@]}" | xargs -0 -P "$(nproc)" -I {} bash -c 'one "$1"' _ {}
read -r pass fail < <(cat "$RESULTS"/* | awk '{p += $1; f += $2} END {print p + 0, f + 0}')
[ "$(find "$RESULTS" -type f | wc -l)" = "${#all[@]}" ] || { echo "not every script gave a result"; fail=$((fail + 1)); }
echo "$pass passed, $fail failed"
[ "$fail" = 0 ]

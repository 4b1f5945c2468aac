#!/usr/bin/env bash
# Bombs, cut and crooked files, wrong and turning names: test/gate/bad_input.tsv says for each what comes of it and how many seconds of
# processor it may take. Never a hang, never an output that the verifier does not accept, never the original, never much memory.
set -u
O=$(realpath "${O:-build}") S="$O/sekisho" failed=0 here=$(realpath "$(dirname "$0")/../gate")
W=$(mktemp -d) && cd "$W" || exit 3
trap 'rm -rf "$W"' EXIT
export LC_ALL=C.UTF-8
slow=${SAN:+8}
python3 "$here/bad_input.py" in || exit 3
printf 'seconds: %d\nseconds_per_mib: 1\n' "$((8 * ${slow:-1}))" >p.yaml
real() { # the name in the table, the file's own
	case $1 in a200.txt) printf 'a%.0s' $(seq 200); echo .txt;; bell.txt) printf 'bell\a.txt\n';; notutf8) printf '\xff\xfe.txt\n';; *) echo "$1";; esac
}
rows=0
while IFS=$'\t' read -r name outcome code seconds; do
	[ "$name" != file ] || continue
	f=in/$(real "$name") rows=$((rows + 1)); rm -f out rep
	[ -e "$f" ] || { echo "FAIL $name: not made"; failed=1; continue; }
	timeout 150 "$S" gate clean "$f" -o out --report rep --policy p.yaml 2>/dev/null; rc=$?
	got="$(jq -r '"\(.outcome)\t\(.code // "-")"' rep 2>/dev/null)"
	ms=$(jq '[.. | .cpu_ms? // empty] | add // 0' rep 2>/dev/null) mb=$(jq '[.. | .rss_kb? // empty] | max // 0 | . / 1024 | floor' rep 2>/dev/null)
	why=
	# Sanitizers look at the whole of a long line each time a piece of it is searched.
	[ -z "$slow" ] || [ "$got" != held$'\t'LIMIT-TIME ] || { echo "ok $name: out of time under sanitizers"; continue; }
	[ "$got" = "$outcome"$'\t'"$code" ] || why="want [$outcome $code], got [${got/$'\t'/ }]"
	[ "$rc" = "$([ "$outcome" = delivered ] && echo 0 || echo 1)" ] || why+=" exit $rc"
	[ "${ms:-0}" -le $((seconds * 1000 * ${slow:-1})) ] || why+=" $ms ms of processor"
	[ -n "$slow" ] || [ "${mb:-0}" -le 400 ] || why+=" $mb MB"
	if [ "$outcome" = delivered ]; then
		"$S" gate verify out --as "$(jq -r .out.language rep)" >/dev/null || why+=" not verified"
	else
		[ ! -e out ] || why+=" an output"
	fi
	if [ -z "$why" ]; then echo "ok $name: $outcome ${code/#-/}"; else echo "FAIL $name: $why"; failed=1; fi
done <"$here/bad_input.tsv"
[ "$rows" -ge 100 ] || { echo "FAIL rows: $rows"; failed=1; }
[ "$rows" = "$(find in -type f | wc -l)" ] || { echo "FAIL a file without a row: $(find in -type f | wc -l) files, $rows rows"; failed=1; }
exit $failed

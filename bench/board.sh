#!/usr/bin/env bash
# board.sh PROGRAM DIR [RUNS]: the whole board of the city in DIR: start to ready, until all is judged behind it, judged again as it runs
# (median), judged from the records alone (median), and what one changed record costs.
set -eu
sekisho=$1 dir=$2 runs=${3:-5} here=$(dirname "$(realpath "$0")")
log=$(mktemp) city='' db=$dir/office/office.db
trap '[ -z "$city" ] || { kill $city; wait $city || true; }; rm -f "$log"' EXIT
state() { sqlite3 -readonly -batch -noheader -cmd ".timeout 30000" "$db" "SELECT state FROM job WHERE kind = 'board'"; }
since() { echo $((($(date +%s%N) - $1) / 1000000)); }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] " (" v[1] " to " v[NR] ", " NR " runs)" }'; }

"$sekisho" assess "$dir" >"$log" 2>&1                    # what it holds was written past the office: how large it is is known from here on
from=$(date +%s%N)
"$sekisho" run "$dir" --listen 127.0.0.1:0 >"$log" 2>&1 & city=$!
until grep -q ^ready "$log"; do kill -0 $city || { cat "$log"; exit 1; }; sleep 0.02; done
echo "ready after $(since "$from") ms"
until [ "$(state)" = "done" ]; do sleep 0.1; done
echo "all judged $(since "$from") ms after the start"
writer=$(pgrep -f "office.*office\.writer $(realpath "$dir")" | tail -1)
cpu() { awk -v hz="$(getconf CLK_TCK)" '{ print int(($14 + $15) * 1000 / hz) }' "/proc/$writer/stat"; } # of all its threads, ended ones too
judge() { # options
	local used
	for _ in $(seq "$runs"); do
		used=$(cpu)
		"$sekisho" assess "$dir" "$@" 2>/dev/null | grep -o '[0-9]* ms' | cut -d' ' -f1 >>"$log.wall"
		echo $(($(cpu) - used)) >>"$log.cpu"
	done
	echo "$(median <"$log.wall") ms, processor time $(median <"$log.cpu") ms"
	rm -f "$log.wall" "$log.cpu"
}
echo "judged again: $(judge)"
echo "judged from the records alone: $(judge --anew)"
url=$(sed -n 's/^ready \(https:[^ ]*[^ /]\)\/* .*/\1/p' "$log")
"$here/change.sh" "$sekisho" "$dir" "$url" 200

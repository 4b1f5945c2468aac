#!/usr/bin/env bash
# run.sh PROGRAM [RECORDS]: every number of bench/ in turn, on folders it makes and removes; medians where a run is short. Prints only;
# figures worth keeping go to bench/RESULTS.md with machine, date and what else was running.
set -eu
here=$(dirname "$(realpath "$0")") sekisho=$(realpath "$1") records=${2:-1000000}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
quiet() { grep -v ' info ' || true; }
title() { echo; echo "## $* ($(date -u +%FT%TZ), load $(cut -d' ' -f1-3 /proc/loadavg))"; }
times() { local n=$1; shift; for _ in $(seq "$n"); do "$@"; done; }

title "6,000 people imported"
times 3 "$here/people.sh" "$sekisho" 6000
title "sample city: page of 50 rows, start, memory"
"$sekisho" init "$work/city" --city 計測市 --standard iizuka --sample 2>&1 | quiet
times 3 "$here/page.sh" "$sekisho" "$work/city" /ledgers/carry-outs 6
title "sample city: vault verify"
verify() { TIMEFORMAT='verify %R s'; time "$sekisho" vault verify "$work/city" 2>&1 | quiet; }
times 3 verify
title "vault: lines in, audit, proofs"
"$here/vault.sh" "$sekisho" 5
title "intake: socket to signed checkpoint, beside rsyslog and syslog-ng"
"$here/intake.sh" "$sekisho" 2000000 2
echo "## search"
"$here/search.sh" "$sekisho"
title "100,000 assets, most of them failing"
cp -a "$work/city" "$work/failing"
"$here/failing.sh" "$sekisho" "$work/failing" 100000
rm -rf "$work/failing"
title "$records carry-outs: board, one change"
"$here/grow.sh" "$work/city" carry_outs "$records"
"$here/board.sh" "$sekisho" "$work/city"
title "$records carry-outs: page of 50 rows, start, memory"
times 3 "$here/page.sh" "$sekisho" "$work/city" /ledgers/carry-outs 6

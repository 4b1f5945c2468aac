#!/usr/bin/env bash
# vault.sh PROGRAM [MILLIONS]: lines into a log (hashed, packed, indexed, signed every 50 ms), the audit of all of it, one proof. Makes its
# input with gen_syslog and says whether it packs as it must for the bars to compare. rsyslog writes the same lines to a plain file when it
# is installed (what collect is measured against over sockets stands in its own script).
set -eu
here=$(dirname "$(realpath "$0")") sekisho=$(realpath "$1") millions=${2:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8 LANG=C
cc -O2 -o "$work/gen" "$here/gen_syslog.c"
"$work/gen" $((millions * 1000000)) 1 >"$work/lines"
raw=$(stat -c %s "$work/lines") packed=$(zstd -q -1 -c "$work/lines" | wc -c)
awk -v r="$raw" -v p="$packed" -v n="$millions" 'BEGIN { x = r / p; printf "input: %d M lines, mean %.1f B, zstd -1 %.2fx%s\n", n, r / n / 1e6, x,
  (x < 4.9 || x > 5.5) ? " (NOT COMPARABLE: 5.2 +- 0.3 is needed)" : "" }'
# user + system seconds of a command
cpu() { TIMEFORMAT='%U %S'; { time "$@" >"$work/out" 2>"$work/err"; } 2>&1 | awk '{ print $1 + $2 }'; }

for _ in 1 2 3; do
  rm -rf "$work/v"
  "$sekisho" vault ingest "$work/v" --json <"$work/lines" 2>/dev/null | tr -d ',"' | awk -v n="$millions" '
    /entries_per_cpu_second/ { c = $2 } /wall_us/ { w = $2 } END { printf "ingest: %.2f M entries/CPU-s, %.2f M/s wall\n", c / 1e6, n * 1e6 / w }'
done
du -sb "$work/v/seg" "$work/v/tile" "$work/v/idx" 2>/dev/null | awk -v r="$raw" '{ s += $1; printf "%s %.1f %% of raw\n", $2, 100 * $1 / r } END { printf "disk: %.1f %% of raw\n", 100 * s / r }' | sed "s,$work/v/,,"
s=$(cpu "$sekisho" vault verify "$work/v"); grep -q '^proven' "$work/out" || { cat "$work/err"; exit 1; }
awk -v s="$s" -v n="$millions" 'BEGIN { printf "audit: %.2f M entries/CPU-s\n", n / s }'
libs=$(dirname "$sekisho")
cc -std=gnu17 -O2 -D_GNU_SOURCE -I"$here/../src" -include lib/banned.h -o "$work/prove" "$here/prove.c" "$libs"/{tlog,core,lib}.a \
  -lcrypto -lsodium -lzstd -ljansson -lunistring
"$work/prove" "$work/v"
if command -v rsyslogd >/dev/null; then
  cat >"$work/rs.conf" <<C
module(load="imfile" mode="polling" pollingInterval="1")
main_queue(queue.type="fixedArray" queue.size="250000" queue.dequeueBatchSize="4096" queue.workerThreads="2")
template(name="raw" type="string" string="%rawmsg%\n")
input(type="imfile" file="$work/lines" tag="x" readMode="0")
action(type="omfile" file="$work/rs.out" template="raw" asyncWriting="on" ioBufferSize="64k")
C
  rsyslogd -n -f "$work/rs.conf" -i "$work/rs.pid" 2>/dev/null & pid=$!
  want=$((millions * 1000000))
  for _ in $(seq 600); do sleep 0.2; [ "$(wc -l <"$work/rs.out" 2>/dev/null || echo 0)" -ge "$want" ] && break; done
  awk -v n="$millions" -v hz="$(getconf CLK_TCK)" '{ printf "rsyslog, file to plain file: %.2f M entries/CPU-s\n", n * hz / ($14 + $15) }' /proc/$pid/stat
  kill $pid; wait $pid 2>/dev/null || true
fi

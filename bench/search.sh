#!/usr/bin/env bash
# search.sh SEKISHO [LINES]: how long it takes to find things in LINES (7,000,000: 1 GB) lines of synthetic syslog, in the log and, in the
# same run, in the plain file with grep and ripgrep. Processor time and wall time of whole programs, best of three, files in the page cache.
set -eu
here=$(dirname "$(realpath "$0")") sekisho=$(realpath "$1") lines=${2:-7000000}
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
export LC_ALL=C.UTF-8
cc -O2 -o "$work/gen" "$here/gen_syslog.c"
"$work/gen" "$lines" 7 >"$work/lines"
raw=$(stat -c %s "$work/lines")
"$sekisho" vault ingest "$work/log" <"$work/lines" >/dev/null 2>&1
size() { du -sb "$1" | cut -f1; }
all=$(size "$work/log") idx=$(size "$work/log/idx")
echo "raw $raw B, log with index $all B ($((1000 * all / raw)) per mille of raw), index $idx B ($((1000 * idx / raw)) per mille)"

# Prints the best of three: processor ms, wall ms; then what the command said last.
best() { # NAME COMMAND…
  local name=$1; shift
  for _ in 1 2 3; do
    { TIMEFORMAT='%U %S %R'; time "$@" >"$work/out" 2>"$work/err" || true; } 2>&1 | tail -1
  done | awk -v name="$name" '{ c = ($1 + $2) * 1000; w = $3 * 1000; if (NR == 1 || c < cpu) cpu = c; if (NR == 1 || w < wall) wall = w }
    END { printf "%-34s %8.1f ms of processor %8.1f ms\n", name, cpu, wall }'
  sed 's/^/    /' "$work/out" | tail -1 | cut -c 1-100
}
found() { "$sekisho" vault search "$work/log" "$@" --limit 1000000; }
counted() { found "$@" | wc -l; }
blocks() { found "$@" --json | jq -c '.logs[0] | {hits, blocks, blocks_read}'; }
ip=$(sed -n "$((lines / 3))p" "$work/lines" | grep -oE '([0-9]+\.){3}[0-9]+' | head -1 || true)
[ -n "$ip" ] || ip=$(grep -m1 -oE '([0-9]+\.){3}[0-9]+' "$work/lines")
mail=$(grep -m 1 -oE '[a-z0-9.]+@[a-z.]+[a-z]' "$work/lines" || echo nobody@example.jp)
best "nothing (the program's start)" "$sekisho" vault search "$work/log" 'time:<1990-01-01'
best "word that is not there" found zzunknownzz
best "address $ip" found "$ip"
best "mail $mail" found "$mail"
best "substring, not there" found '*zzunknown*'
best "substring of the address" found "*${ip#?}*"
best "two words, counted" counted 'failed root'
best "address, without the index" found "$ip" --scan
for q in zzunknownzz "$ip" "$mail"; do echo "$q: $(blocks "$q")"; done
best "grep -F address" env LC_ALL=C grep -F "$ip" "$work/lines"
best "grep -F not there" env LC_ALL=C grep -F zzunknown "$work/lines"
if command -v rg >/dev/null; then
  best "rg -F address" rg -F "$ip" "$work/lines"
  best "rg -F not there" rg -F zzunknown "$work/lines"
fi

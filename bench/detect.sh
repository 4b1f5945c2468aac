#!/usr/bin/env bash
# detect.sh PROGRAM [MILLIONS] [RULES]: detection by itself over lines, with RULES (a folder of Sigma rules; without one only those we ship),
# then the whole way of the shipped programs: TCP -> collect -> vault (hashed, packed, indexed, signed) -> detect, until detect has looked
# at the last line. Figures are entries per CPU-second of all processes that take part. The log is audited afterwards.
set -eu
here=$(dirname "$(realpath "$0")") sekisho=$(realpath "$1") millions=${2:-3} rules=${3:-}
share=$(dirname "$sekisho")/share/sekisho
work=$(mktemp -d) house=
cleanup() { [ -z "$house" ] || kill "$house" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"; }
trap cleanup EXIT
export LC_ALL=C.UTF-8 LANG=C
cc -O2 -o "$work/gen" "$here/gen_syslog.c"
cc -O2 -D_GNU_SOURCE -o "$work/send" "$here/send_syslog.c" -lpthread
"$work/gen" $((millions * 1000000)) 1 >"$work/lines"

alone() { # NAME RULES…
  local name=$1; shift
  for _ in 1 2 3; do
    "$sekisho" rules run "$@" --figures <"$work/lines" >"$work/matches" 2>"$work/figures"
    awk -v name="$name" -v n="$(wc -l <"$work/matches")" '/^rules=/ { r = $1; t = $2; o = $3 } /^cpu=/ { sub("per_second=", "", $2);
      printf "%s (%s, %s, %s): %.2f M messages/CPU-s, %d alerts\n", name, r, t, o, $2 / 1e6, n }' "$work/figures"
  done
}
[ -z "$rules" ] || alone "the given rules" "$rules"
alone "rules we ship, those on by default" "$share/rules" --default
[ -z "$rules" ] || alone "all" "$rules" "$share/rules"

# --- the whole way ---
dir=$work/house
"$sekisho" init "$dir" --city bench --standard iizuka >/dev/null 2>&1
[ -z "$rules" ] || cp -r "$rules" "$dir/rules"
"$sekisho" run "$dir" --listen 127.0.0.1:0 --readers 1 --intake tcp:127.0.0.1:0 >"$work/out" 2>"$work/err" & house=$!
for _ in $(seq 300); do grep -q '^ready ' "$work/out" && break; sleep 0.1; done
pid() { awk -v r="$1" '$1 == r { print $2 }' "$dir/run/processes"; }
ticks() { for r in collect vault keys detect; do awk '{ print $14 + $15 }' "/proc/$(pid $r)/stat"; done | awk '{ s += $1; l = l " " $1 } END { print s l }'; }
position() { # where detect stands in the log "standard", as its state on disk says
  python3 - "$dir/detect/state" <<'P'
import struct, sys
try:
    b = open(sys.argv[1], "rb").read()
    n = struct.unpack(">I", b[12:16])[0]
    at = {b[16 + 41 * i:49 + 41 * i].split(b"\0")[0]: struct.unpack(">Q", b[49 + 41 * i:57 + 41 * i])[0] for i in range(n)}
    print(at.get(b"standard", 0))
except (OSError, struct.error):
    print(0)
P
}
sleep 2
before=$(ticks)
start=$(date +%s.%N)
"$work/send" tcp "$(awk '$1 == "tcp" { print $2 }' "$dir/run/intake")" "$work/lines"
for _ in $(seq 600); do [ "$(position)" -ge $((millions * 1000000)) ] && break; sleep 0.5; done
after=$(ticks) end=$(date +%s.%N)
[ "$(position)" -ge $((millions * 1000000)) ] || { echo "detect is only at $(position)"; tail -5 "$work/err"; exit 1; }
echo "$before $after" | awk -v n="$millions" -v hz="$(getconf CLK_TCK)" -v t="$(echo "$end $start" | awk '{ print $1 - $2 }')" '{
  printf "the whole way: %.2f M entries/CPU-s (collect %.1f s, vault %.1f s, keys %.1f s, detect %.1f s), %.1f s until the last was judged\n",
    n * hz / ($6 - $1), ($7 - $2) / hz, ($8 - $3) / hz, ($9 - $4) / hz, ($10 - $5) / hz, t }'
awk '/VmHWM/ { printf "detect: %d MB at most\n", $2 / 1024 }' "/proc/$(pid detect)/status"
kill "$house"; wait "$house" 2>/dev/null || true
house=
"$sekisho" vault verify "$dir" | tail -1

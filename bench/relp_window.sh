#!/usr/bin/env bash
# How many messages a second rsyslog's omrelp hands over, each acknowledged under a signed checkpoint, by its window.
#   O=build bench/relp_window.sh [MESSAGES [WINDOW…]]
set -eu
O=$(cd "${O:-build}" && pwd); n=${1:-5000}; shift || true
[ $# -gt 0 ] || set -- 128 5000
T=$(mktemp -d); house='' rs=''
end() { for p in $rs $house; do kill "$p" 2>/dev/null && wait "$p" 2>/dev/null; done; rm -rf "$T"; }
trap end EXIT
"$O/sekisho" init "$T/d" --city 見本市 --standard iizuka >/dev/null 2>&1
"$O/sekisho" run "$T/d" --listen 127.0.0.1:0 --readers 1 --intake relp:127.0.0.1:0 >"$T/out" 2>"$T/err" & house=$!
for _ in $(seq 400); do grep -q '^ready ' "$T/out" && break; sleep 0.05; done
relp=$(awk '$1 == "relp" { print $2; exit }' "$T/d/run/intake"); relp=${relp##*:}
size() { sed -n 2p "$T/d/vault/logs/standard/checkpoint" 2>/dev/null || echo 0; }
cpu() { awk '{ print $14 + $15 }' "/proc/$1/stat"; }
pid_of() { awk -v r="$1" '$1 == r { print $2 }' "$T/d/run/processes"; }
used() { echo $(($(cpu "$(pid_of vault)") + $(cpu "$(pid_of collect)") + $(cpu "$(pid_of keys)"))); }
seq "$n" | sed 's/.*/<13>Nov 20 10:00:00 host app: message & of the run, of about the usual length, with some words behind it/' >"$T/in"
for w in "$@"; do
  cat >"$T/rs.conf" <<C
global(workDirectory="$T")
module(load="omrelp") module(load="imptcp")
input(type="imptcp" path="$T/rs$w.sock")
template(name="raw" type="string" string="%rawmsg%")
main_queue(queue.type="FixedArray" queue.size="200000")
action(type="omrelp" target="127.0.0.1" port="$relp" windowSize="$w" template="raw")
C
  rsyslogd -n -f "$T/rs.conf" -i "$T/rs.pid" >"$T/rs.out" 2>&1 & rs=$!
  for _ in $(seq 100); do [ -S "$T/rs$w.sock" ] && break; sleep 0.05; done
  before=$(size); c0=$(used); t0=$(date +%s.%N)
  python3 -c 'import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(open(sys.argv[2],"rb").read())' "$T/rs$w.sock" "$T/in"
  for _ in $(seq 1500); do [ "$(size)" -lt $((before + n)) ] || break; sleep 0.02; done
  now=$(size); t1=$(date +%s.%N); c1=$(used)
  kill "$rs"; wait "$rs" 2>/dev/null || true; rs=
  echo "window $w: $(echo "$now $before $t1 $t0" | awk '{ printf "%.0f", ($1 - $2) / ($3 - $4) }') a second; vault, collect, keys: $((c1 - c0))0 ms of processor time for $((now - before)) messages"
done

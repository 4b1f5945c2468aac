#!/usr/bin/env bash
# page.sh PROGRAM DIR PATH [SECONDS]: the page PATH of the city in DIR over TLS, eight connections: requests a second, p50, p99, and the
# processor time one request takes in all processes of the house.
set -eu
sekisho=$1 dir=$2 path=$3 seconds=${4:-10}
log=$(mktemp) jar=$(mktemp)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$sekisho" run "$dir" --listen "127.0.0.1:$port" >"$log" 2>&1 & pid=$!
trap 'kill $pid; wait $pid || true; rm -f "$log" "$jar"' EXIT
from=$(date +%s%N)
until grep -q ^ready "$log"; do kill -0 $pid || { cat "$log"; exit 1; }; sleep 0.02; done
echo "ready after $((($(date +%s%N) - from) / 1000000)) ms"
judged() { sqlite3 -readonly -batch -noheader -cmd ".timeout 30000" "$dir/office/office.db" "SELECT state FROM job WHERE kind = 'board'"; }
until [ "$(judged)" = "done" ]; do sleep 0.2; done       # a large store is judged behind ready

tree() { echo "$1"; local c; for c in $(cat /proc/"$1"/task/*/children 2>/dev/null); do tree "$c"; done; }
# shellcheck disable=SC2046 # two fields
cpu() { local t=0 p; for p in $(tree $pid); do set -- $(cut -d' ' -f14,15 /proc/"$p"/stat); t=$((t + $1 + $2)); done; echo $((t * 1000 / $(getconf CLK_TCK))); }
pss() { local t=0 p; for p in $(tree $pid); do t=$((t + $(awk '/^Pss:/ {print $2}' /proc/"$p"/smaps_rollup))); done; echo $t; }

link=$("$sekisho" link "$dir" --person "${PERSON:-1038}")
curl -ks -o /dev/null -c "$jar" -d "" "$link"
cookie=$(awk '/__Host-sekisho/ {print $6 "=" $7}' "$jar")
[ -n "$cookie" ] || { echo "page.sh: no session" >&2; exit 1; }
code=$(curl -ks -o /dev/null -w '%{http_code} %{size_download}' -H "Cookie: $cookie" "https://localhost:$port$path")
echo "answer $code bytes"
sleep 10
echo "idle PSS $(pss) kB"
before=$(cpu)
wrk -t1 -c8 -d"$seconds"s --latency -H "Cookie: $cookie" "https://localhost:$port$path" >"$log.wrk"
after=$(cpu)
grep -E '50%|99%|Requests/sec|Non-2xx|requests in' "$log.wrk"
n=$(awk '/requests in/ {print $1}' "$log.wrk")
echo "processor time $(((after - before) * 1000 / n)) us a request"
rm -f "$log.wrk"

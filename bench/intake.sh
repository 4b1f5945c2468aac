#!/usr/bin/env bash
# intake.sh PROGRAM [LINES] [RUNS]: from the socket to the signed checkpoint, beside rsyslog and syslog-ng in the same run. Processor time
# is that of all processes of the house (of the one process for the others), from the first byte sent until the last line is
# acknowledged (ours) or in the file (theirs). Afterwards the log is verified. Then UDP, then what kill -9 costs each.
# syslog-ng is unpacked, not installed, for the two packages conflict; without network it is left out.
set -u
here=$(dirname "$(realpath "$0")") sekisho=$(realpath "$1") lines=${2:-2000000} runs=${3:-3}
T=$(mktemp -d); export LC_ALL=C.UTF-8 LANG=C
pids=
trap 'kill -9 $pids 2>/dev/null; rm -rf "$T"' EXIT
cc -O2 -D_GNU_SOURCE -o "$T/gen" "$here/gen_syslog.c" -lm && cc -O2 -D_GNU_SOURCE -o "$T/send" "$here/send_syslog.c" || exit 3
"$T/gen" "$lines" 1 >"$T/lines"
tick=$(getconf CLK_TCK)
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
# shellcheck disable=SC2046 # two fields
cpu() { local t=0 p; for p in "$@"; do set -- $(cut -d' ' -f14,15 "/proc/$p/stat"); t=$((t + $1 + $2)); done; echo $((t * 1000 / tick)); }
ms() { echo $(($(date +%s%N) / 1000000)); }
say() { # name, lines, ms of processor, ms, remark
  awk -v n="$1" -v k="$2" -v c="$3" -v w="$4" -v r="$5" 'BEGIN { printf "%-22s %9d lines  %6.3f M/CPU-s  %6.3f M/s  %s\n", n, k, c ? k / c / 1000 : 0, w ? k / w / 1000 : 0, r }'
}
until_true() { for _ in $(seq 1500); do "$@" && return 0; sleep 0.02; done; return 1; }

# --- ours ---
house_start() { # doors
  D=$T/house; rm -rf "$D"
  "$sekisho" init "$D" --city 計測市 --standard iizuka 2>/dev/null || exit 3
  "$sekisho" run "$D" --listen 127.0.0.1:0 --readers 1 "$@" >"$T/out" 2>"$T/err" & house=$!; pids=$house
  until_true grep -q ^ready "$T/out" || { cat "$T/err"; exit 3; }
  sleep 1                                            # what a start does is over
  L=$D/vault/logs/standard
  base=$(sed -n 2p "$L/checkpoint")
  all=$(awk '{ print $2 }' "$D/run/processes")
}
house_stop() { kill -INT "$house"; wait "$house" 2>/dev/null; pids=; }
signed() { echo $(($(sed -n 2p "$L/checkpoint") - base)); }
all_signed() { [ "$(signed)" -ge "$lines" ]; }
door() { awk -v k="$1" '$1 == k { print $2 }' "$D/run/intake"; }
ours() { # kind of send, connections or rate, name
  house_start --intake "${1/burst/tcp}:127.0.0.1:0"
  local c w
  # shellcheck disable=SC2086 # a list
  c=$(cpu $all); w=$(ms)
  "$T/send" "$1" "$(door "$1")" "$T/lines" "$2"
  until_true all_signed
  w=$(($(ms) - w)); sleep 0.2
  # shellcheck disable=SC2086
  c=$(($(cpu $all) - c))
  say "$3" "$(signed)" "$c" "$w" "disk $(($(du -sk "$L" | cut -f1) * 102400 / $(stat -c %s "$T/lines"))) % of raw"
  local rss; rss=$(for p in $all; do awk '/^Pss:/ { print $2 }' "/proc/$p/smaps_rollup"; done | awk '{ t += $1 } END { print int(t / 1024) }')
  house_stop
  "$sekisho" vault verify "$D" >"$T/verify" 2>&1 && echo "  verified; $rss MB in all processes" || { echo "  NOT PROVEN"; cat "$T/verify"; exit 1; }
}

# --- theirs: one process that writes a file ---
theirs() { # name, kind of send, rate, command…
  local name=$1 kind=$2 rate=$3 c w; shift 3
  rm -f "$T/file"
  "$@" >"$T/their.out" 2>&1 & local pid=$!; pids=$pid
  until_true sh -c "ss -Hltun 'sport = :$P' | grep -q ." || { echo "$name does not start: $(tail -2 "$T/their.out")"; return; }
  c=$(cpu $pid); w=$(ms)
  "$T/send" "$kind" "127.0.0.1:$P" "$T/lines" "$rate"
  local last=-1 now
  for _ in $(seq 300); do                            # all is there, or nothing more comes
    now=$(stat -c %s "$T/file" 2>/dev/null || echo 0)
    [ "$now" != "$last" ] || [ "$now" = 0 ] || break
    last=$now; sleep 0.2
  done
  w=$(($(ms) - w - 200)); c=$(($(cpu $pid) - c))
  say "$name" "$(wc -l <"$T/file")" "$c" "$w" ""
  kill -9 $pid; wait $pid 2>/dev/null; pids=
}
P=$(port)
cat >"$T/default.conf" <<X
global(workDirectory="$T")
module(load="imptcp") module(load="imudp")
input(type="imptcp" port="$P" address="127.0.0.1")
input(type="imudp" port="$P" address="127.0.0.1")
action(type="omfile" file="$T/file" template="RSYSLOG_TraditionalFileFormat")
X
cat >"$T/tuned.conf" <<X
global(workDirectory="$T" maxMessageSize="8k")
main_queue(queue.type="fixedArray" queue.size="250000" queue.dequeueBatchSize="4096" queue.workerThreads="2" queue.workerThreadMinimumMessages="60000")
module(load="imptcp" threads="2") module(load="imudp" batchSize="256" threads="1")
template(name="raw" type="string" string="%rawmsg%\n")
input(type="imptcp" port="$P" address="127.0.0.1")
input(type="imudp" port="$P" address="127.0.0.1" rcvbufSize="32m")
action(type="omfile" file="$T/file" template="raw" asyncWriting="on" ioBufferSize="64k" flushOnTXEnd="off")
X
rsyslog() { theirs "rsyslog $1" "$2" "$3" rsyslogd -n -f "$T/$1.conf" -i "$T/rs.pid"; }
ng=
(cd "$T" && apt-get download -q syslog-ng-core >/dev/null 2>&1 && dpkg -x syslog-ng-core*.deb ng)
if [ -x "$T/ng/usr/sbin/syslog-ng" ]; then
  ng=$T/ng/usr/sbin/syslog-ng N=$T/ng/usr/lib/syslog-ng/3.38
  cat >"$T/ng.conf" <<X
@version: 3.38
options { keep-hostname(yes); use-dns(no); flush-lines(1000); log-fifo-size(200000); stats-freq(0); threaded(yes); };
source s { network(ip("127.0.0.1") port($P) transport("tcp") flags(no-parse) log-iw-size(100000) log-fetch-limit(1000)); network(ip("127.0.0.1") port($P) transport("udp") flags(no-parse) so-rcvbuf(33554432)); };
destination d { file("$T/file" template("\${MSG}\n")); };
log { source(s); destination(d); flags(flow-control); };
X
  lib=$(find "$T/ng" -name 'libsyslog-ng-*.so*' | head -1)
  export LD_LIBRARY_PATH=${lib%/*}
  ldd "$ng" | grep -q 'not found' && { ldd "$ng" | grep 'not found'; ng=; }
fi
syslog_ng() { # kind, rate
  [ -n "$ng" ] || { echo "syslog-ng: left out"; return; }
  theirs "syslog-ng" "$1" "$2" "$ng" -F --no-caps -f "$T/ng.conf" --persist-file="$T/ng.persist" --pidfile="$T/ng.pid" --control="$T/ng.ctl" --module-path="$N"
}

echo "## $lines lines, $(stat -c %s "$T/lines") bytes, load $(cut -d' ' -f1-3 /proc/loadavg), $(date -u +%FT%TZ)"
echo "## TCP, one connection"
for _ in $(seq "$runs"); do
  ours tcp 1 sekisho
  rsyslog default tcp 1; rsyslog tuned tcp 1; syslog_ng tcp 1
done
echo "## TCP, eight connections"
ours tcp 8 sekisho; rsyslog default tcp 8; rsyslog tuned tcp 8; syslog_ng tcp 8
echo "## UDP, 100,000 a second (what is missing was dropped)"
"$T/gen" 500000 2 >"$T/lines"; lines=500000
ours udp 100000 sekisho; rsyslog default udp 100000; rsyslog tuned udp 100000; syslog_ng udp 100000

# --- kill -9 right after the sender's last write: lines that the receiving kernel had taken and that are nowhere ---
kill_ours() { # who, rate
  house_start --intake tcp:127.0.0.1:0
  "$T/send" burst "$(door tcp)" "$T/lines" "$2"
  if [ "$1" = house ]; then
    kill -9 "$house"; wait "$house" 2>/dev/null
    "$sekisho" run "$D" --listen 127.0.0.1:0 --readers 1 >"$T/out" 2>>"$T/err" & house=$!; pids=$house
    until_true grep -q ^ready "$T/out"
  else
    kill -9 "$(awk -v r="$1" '$1 == r { print $2 }' "$D/run/processes")"
  fi
  for _ in $(seq 30); do n=$(signed); sleep 3; [ "$n" != "$(signed)" ] || break; done
  # Batches that the killed vault had signed but not acknowledged come twice.
  echo "sekisho, $1 killed: $((lines > n ? lines - n : 0)) lines lost$([ "$n" -le "$lines" ] || echo ", $((n - lines)) twice")"
  house_stop
  "$sekisho" vault verify "$D" >"$T/verify" 2>&1 || { echo "  NOT PROVEN"; cat "$T/verify"; exit 1; }
}
kill_rsyslog() { # conf, rate
  rm -f "$T/file"; rsyslogd -n -f "$T/$1.conf" -i "$T/rs.pid" >"$T/their.out" 2>&1 & pid=$!; pids=$pid
  until_true sh -c "ss -Hltn 'sport = :$P' | grep -q ."
  "$T/send" burst "127.0.0.1:$P" "$T/lines" "$2"
  kill -9 $pid; wait $pid 2>/dev/null; pids=
  echo "rsyslog $1 killed: $((lines - $(wc -l <"$T/file"))) lines lost"
}
for rate in 50000 0; do
  [ $rate = 0 ] && lines=1000000 || lines=100000
  "$T/gen" $lines 3 >"$T/lines"
  echo "## kill -9 right after the last of $lines lines was written to the connection, $([ $rate = 0 ] && echo as fast as it goes || echo $rate a second)"
  for _ in $(seq "$runs"); do
    for who in collect vault keys house; do kill_ours $who $rate; done
    for conf in default tuned; do kill_rsyslog $conf $rate; done
  done
done

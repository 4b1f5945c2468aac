#!/usr/bin/env bash
# More than can be taken: what the kernel drops of datagrams is counted to the last one and stands in the log; a vault that stands still
# holds connections back instead of memory growing, and nothing of theirs is lost; one sender cannot take all connections.
set -u
T=$(mktemp -d); export LC_ALL=C.UTF-8 LANG=C
D=$T/house; house=; sender=; collect=; vault=
cleanup() { kill -CONT $collect $vault 2>/dev/null; for p in $house $sender; do kill -9 "$p" 2>/dev/null; done; rm -rf "$T"; }
trap cleanup EXIT
fail() { echo "FAIL $*"; grep -v ' info ' "$T/err" 2>/dev/null | tail -20; exit 1; }
ok() { echo "ok $*"; }
here=$(dirname "$0")
until_true() { for _ in $(seq 300); do "$@" && return 0; sleep 0.1; done; return 1; }
"$O/sekisho" init "$D" --city 見本市 --standard iizuka 2>"$T/err" || fail init
"$O/sekisho" run "$D" --listen 127.0.0.1:0 --readers 1 --intake udp:127.0.0.1:0 --intake tcp:127.0.0.1:0 >"$T/out" 2>>"$T/err" & house=$!
until_true grep -q '^ready ' "$T/out" || fail "not ready"
pid_of() { awk -v r="$1" '$1 == r { print $2 }' "$D/run/processes"; }
door() { awk -v k="$1" '$1 == k { sub(/.*:/, "", $2); print $2 }' "$D/run/intake"; }
collect=$(pid_of collect) vault=$(pid_of vault) L=$D/vault/logs/standard
entries() { python3 "$here/collect_drive.py" entries "$O/sekisho" "$L"; }

# --- datagrams ---
kill -STOP "$collect"
sent=$(python3 - "$(door udp)" <<'X'
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(("127.0.0.1", int(sys.argv[1])))
for n in range(100000):
    s.send(b"<13>datagram %d" % n)
print(100000)
X
)
kill -CONT "$collect"
last() { python3 -c 'import socket,sys; s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.sendto(b"<13>datagram last",("127.0.0.1",int(sys.argv[1])))' "$(door udp)"; }
sleep 1; last; sleep 1.5
counted() {
  entries | jq -s -c '[([.[] | select(.transport == "udp" and (.raw | test("datagram [0-9]")))] | length),
    ([.[] | select(.transport == "collect") | .raw | fromjson | select(.type == "loss") | .datagrams] | add // 0)]' >"$T/counted"
  [ "$(jq 'add' "$T/counted")" = "$sent" ]
}
until_true counted || fail "of $sent: taken and lost $(cat "$T/counted")"
[ "$(jq '.[1]' "$T/counted")" -gt 0 ] || fail "nothing was dropped, so nothing was tested: $(cat "$T/counted")"
ok "taken and dropped datagrams together are what was sent: $(cat "$T/counted")"

# --- a vault that stands still ---
kill -STOP "$vault"
before=$(sed -n 2p "$L/checkpoint")
python3 - "$(door tcp)" "$T/done" <<'X' & sender=$!
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
for n in range(0, 300000, 1000):
    s.sendall(b"".join(b"<13>line %07d %s\n" % (n + i, b"x" * 100) for i in range(1000)))
s.shutdown(socket.SHUT_WR); s.settimeout(60)
while s.recv(1): pass
open(sys.argv[2], "w").close()
X
sleep 3
[ ! -e "$T/done" ] || fail "37 MB went through though the vault stands still"
rss=$(awk '/^VmRSS:/ { print int($2 / 1024) }' "/proc/$collect/status")
[ -n "${SAN:-}" ] || [ "$rss" -lt 120 ] || fail "collect holds $rss MB"
kill -CONT "$vault"
until_true test -e "$T/done" || fail "the sender still waits"
wait $sender; sender=
all() { [ $(($(sed -n 2p "$L/checkpoint") - before)) -ge 300000 ]; }
until_true all || fail "$(($(sed -n 2p "$L/checkpoint") - before)) of 300000 lines"
sleep 0.5
[ "$(($(sed -n 2p "$L/checkpoint") - before))" -lt 300100 ] || fail "more entries than lines: $(($(sed -n 2p "$L/checkpoint") - before))"
ok "a vault that stands still holds the sender back ($rss MB in collect), nothing is lost"

# --- one sender, very many connections ---
python3 - "$(door tcp)" <<'X' || fail "connections"
import select, socket, sys, time
port = int(sys.argv[1])
held = [socket.create_connection(("127.0.0.1", port)) for _ in range(700)]
closed = 0
for _ in range(100):                                 # closed ones can be read
    closed = len(select.select(held, [], [], 0.1)[0])
    if closed >= 180:
        break
    time.sleep(0.1)
sys.exit(0 if 100 < closed < 300 else "%d of 700 closed" % closed)
X
ok "a source may hold 512 connections, the others are closed"
logger --tcp -n 127.0.0.1 -P "$(door tcp)" "still here"
here_still() { entries | grep -F "still here" >/dev/null; }
until_true here_still || fail "no connection is taken any more"
kill -INT "$house"; wait "$house"; house=
"$O/sekisho" vault verify "$D" >"$T/verify" 2>&1 || fail "not proven: $(cat "$T/verify")"
ok "the log is proven"

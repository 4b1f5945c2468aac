#!/usr/bin/env bash
# Logs of others come in: every door takes what real senders and crooked ones send, the raw bytes stand in the log with their
# envelope, nothing that was sent is missing, and the log is proven afterwards.
set -u
T=$(mktemp -d); export LC_ALL=C.UTF-8 LANG=C
D=$T/house; house=; rsyslog=
cleanup() { [ -z "$house" ] || kill -9 "$house" 2>/dev/null; [ -z "$rsyslog" ] || kill -9 "$rsyslog" 2>/dev/null; rm -rf "$T"; }
trap cleanup EXIT
fail() { echo "FAIL $*"; tail -30 "$T/err" 2>/dev/null; exit 1; }
ok() { echo "ok $*"; }
here=$(dirname "$0")
drive() { python3 "$here/collect_drive.py" "$@"; }
until_true() { for _ in $(seq 200); do "$@" && return 0; sleep 0.05; done; return 1; }

"$O/sekisho" init "$D" --city 見本市 --standard iizuka 2>"$T/err" || fail init
chmod 755 "$T"
echo "intake = udp:127.0.0.1:0" >>"$D/sekisho.conf"
echo "an older line" >"$T/followed"
start() {
  : >"$T/out"
  "$O/sekisho" run "$D" --listen 127.0.0.1:0 --readers 1 --intake tcp:127.0.0.1:0 --intake relp:127.0.0.1:0 \
    --intake "unix:$T/log" --intake "unix-stream:$T/stream" --intake 'udp:[::1]:0' "$@" >"$T/out" 2>>"$T/err" &
  house=$!
  until_true grep -q '^ready ' "$T/out" || fail "not ready: $(cat "$T/out")"
}
stop() { kill -INT "$house"; wait "$house"; house=; }
door() { awk -v k="$1" -v n="${2:-1}" '$1 == k && ++i == n { print $2 }' "$D/run/intake"; }
L=$D/vault/logs/standard
entries() { drive entries "$O/sekisho" "$L"; }
has() { entries | grep -F -- "$1" >/dev/null; }
comes() { until_true has "$1" || fail "not in the log: $1"; }
proven() { "$O/sekisho" vault verify "$D" >"$T/verify" 2>&1 || fail "not proven: $(cat "$T/verify")"; }

start
grep -q '^collect [0-9]* .*seccomp' "$D/run/processes" || fail "collect is not locked in"
ok "a house with doors starts collect, locked in"

# --- what real senders send ---
udp=$(door udp) tcp=$(door tcp) relp=$(door relp) udp6=$(door udp 2)
logger --udp -n 127.0.0.1 -P "${udp##*:}" "real-udp"; comes real-udp
logger --udp -n ::1 -P "${udp6##*:}" "real-udp6"; comes real-udp6
logger --tcp -n 127.0.0.1 -P "${tcp##*:}" "real-lines"; comes real-lines
logger --tcp --octet-count -n 127.0.0.1 -P "${tcp##*:}" "real-counted"; comes real-counted
logger --rfc3164 --udp -n 127.0.0.1 -P "${udp##*:}" "real-3164"; comes real-3164
logger -u "$T/log" "real-unix"; comes real-unix
entries | jq -es '[.[] | select(.raw // "" | contains("real-"))] | length == 6 and
  ([.[] | select(.raw | contains("real-udp6")) | .source == "::1" and (.peer | startswith("[::1]:"))] == [true]) and
  ([.[] | select(.raw | contains("real-lines")) | .source == "127.0.0.1" and .transport == "tcp"] == [true]) and
  ([.[] | select(.raw | contains("real-unix")) | .transport == "unix" and (.peer | startswith("pid "))] == [true])' >/dev/null ||
  fail "envelopes: $(entries)"
ok "logger over UDP, TCP, octet counting, IPv6, a Unix socket"

# --- crooked ones: the raw bytes, marked ---
drive send tcp "$tcp" <<'X'
b"<13>odd one\n15 <13>counted-yay<13>odd line\n\n2026-11-20T10:00:00Z begins with a date\n12 no count at all\n"
b"<13>in two "
b"halves\r\n<13>with \x00 zero\n<13>\xff\xfe no text\n<13>\xe5\xb8\x82\xe5\xbd\xb9\xe6\x89\x80\n99999999999 <13>digits\n"
b"30 <13>cut off by the"
X
printf '"<13>%s end-long\\n"\n' "$(head -c 150000 /dev/zero | tr '\0' x)" | drive send tcp "$tcp"
printf 'b"<13>datagram\\n"\nb""\nb"\\x00\\xff"\n' | drive send udp "$udp"
printf '"<13>stream one\\n<13>stream two\\n"\n' | drive send unix-stream "$T/stream"
comes "stream two"; comes "end-long"
entries >"$T/entries"
raws() { jq -c 'select(.transport == "tcp") | [.raw // .raw_base64, .marks // []]' "$T/entries"; }
for want in '["<13>odd one",[]]' '["<13>counted-yay",[]]' '["<13>odd line",[]]' '["",[]]' '["2026-11-20T10:00:00Z begins with a date",[]]' \
  '["12 no count at all",[]]' '["<13>in two halves\r",[]]' '["<13>市役所",[]]' '["99999999999 <13>digits",[]]' '["<13>cut off by the",["torn"]]'; do
  raws | grep -qxF -- "$want" || fail "missing: $want in $(raws | cut -c1-200)"
done
raws | grep -qxF "[\"$(printf '<13>with \000 zero' | base64)\",[\"binary\"]]" || fail "a NUL: $(raws | cut -c1-200)"
raws | grep -qxF "[\"$(printf '<13>\377\376 no text' | base64)\",[\"binary\"]]" || fail "no UTF-8: $(raws | cut -c1-200)"
ok "broken framing, NUL, no UTF-8, empty, cut off: kept as they came, marked"
jq -es '[.[] | select(.marks // [] | index("more") or index("continued"))] | (map(.raw) | join("") | length) == 150013 and
  map(.marks) == [["more"], ["more","continued"], ["continued"]]' "$T/entries" >/dev/null || fail "pieces"
ok "what is too long for an entry is linked pieces"
jq -es '[.[] | select(.transport == "udp") | .raw // .raw_base64] | index("<13>datagram\n") and index("") and index("AP8=")' "$T/entries" >/dev/null || fail datagrams
ok "datagrams are kept whole"

# --- RELP, by rsyslog ---
if command -v rsyslogd >/dev/null && ls /usr/lib/*/rsyslog/omrelp.so >/dev/null 2>&1; then
  mkfifo "$T/pipe"
  cat >"$T/rs.conf" <<X
global(workDirectory="$T")
module(load="omrelp") module(load="imptcp")
input(type="imptcp" path="$T/rs.sock")
template(name="raw" type="string" string="%rawmsg%")
action(type="omrelp" target="127.0.0.1" port="${relp##*:}" template="raw")
X
  rsyslogd -n -f "$T/rs.conf" -i "$T/rs.pid" >"$T/rs.out" 2>&1 & rsyslog=$!
  until_true test -S "$T/rs.sock" || fail "rsyslog: $(cat "$T/rs.out")"
  for i in $(seq 5000); do echo "<13>relp-$i of rsyslog"; done |
    python3 -c 'import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(sys.stdin.buffer.read())' "$T/rs.sock"
  comes "relp-5000 of"
  n=$(entries | jq -r 'select(.transport == "relp") | .raw' | sort -u | grep -c '^<13>relp-[0-9]* of rsyslog$')
  [ "$n" = 5000 ] || fail "RELP: $n of 5000"
  kill "$rsyslog"; wait "$rsyslog" 2>/dev/null; rsyslog=
  ok "rsyslog's omrelp: every message once it is acknowledged"
else
  echo "skip rsyslog with omrelp is not installed"
fi

arrived() { [ "$(sqlite3 "$D/office/office.db" "SELECT entries > 5 AND known = 0 AND abs(offset_s) < 60 FROM log_arrival WHERE source = '127.0.0.1'")" = 1 ]; }
for _ in $(seq 24); do arrived && break; sleep 0.5; done
arrived || fail "the office does not know: $(sqlite3 "$D/office/office.db" "SELECT * FROM log_arrival")"
ok "the office hears what arrived of whom, and how far its clock is off"
proven
before=$(sed -n 2p "$L/checkpoint")
stop
proven
[ "$(sed -n 2p "$L/checkpoint")" -ge "$before" ] || fail "smaller after the stop"
ok "the log is proven, running and stopped"

# --- the ledger says who is who ---
D=$T/city L=$T/city/vault/logs/standard
"$O/sekisho" init "$D" --city 見本市 --standard iizuka --sample 2>"$T/err" || fail "init the sample"
sqlite3 "$D/office/office.db" "UPDATE log_sources SET address = '127.0.0.1' WHERE source_key = 'y0-0'" || fail "the sample's log source"
start
until_true grep -q '127.0.0.1	y0-0' "$D/collect/sources-told" || fail "collect was not told"
drive send tcp "$(door tcp)" <<<'"<13>from a server of the ledger"'
comes "from a server of the ledger"
entries | jq -es '[.[] | select((.raw // "") | contains("of the ledger")) | .source] == ["y0-0"]' >/dev/null || fail "source: $(entries | tail -1)"
stop
ok "the ledger's address gives a sender its name"

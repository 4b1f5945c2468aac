#!/usr/bin/env bash
# Nothing acknowledged is lost: rsyslog sends over RELP and a client posts JSON lines while collect, vault, keys, all three at once and
# the whole house are killed in turn (SEED=, KILLS=). Afterwards every message rsyslog was given, every line whose post was
# answered with 200 and every line of a followed file is in the log, and the log is proven.
set -u
T=$(mktemp -d); export LC_ALL=C.UTF-8 LANG=C
D=$T/house; house=; rsyslog=; poster=; writer=
cleanup() { for p in $house $rsyslog $poster $writer; do kill -9 "$p" 2>/dev/null; done; rm -rf "$T"; }
trap cleanup EXIT
fail() { echo "FAIL $*"; grep -v ' info ' "$T/err" 2>/dev/null | tail -20; exit 1; }
ok() { echo "ok $*"; }
here=$(dirname "$0")
until_true() { for _ in $(seq 400); do "$@" && return 0; sleep 0.05; done; return 1; }
SEED=${SEED:-$((RANDOM + 1))} KILLS=${KILLS:-8}
echo "# SEED=$SEED KILLS=$KILLS"
RANDOM=$SEED
port=$(python3 -c 'import socket
for k in (0, 0):
    s = socket.socket(); s.bind(("127.0.0.1", k)); print(s.getsockname()[1])')
relp=${port%$'\n'*} http=${port#*$'\n'}

"$O/sekisho" init "$D" --city 見本市 --standard iizuka 2>"$T/err" || fail init
chmod 755 "$T"; mkdir "$D/collect"
printf 'token\t%s\tposter\tstandard\t0\n' "$(printf t0ken | sha256sum | cut -d' ' -f1)" >"$D/collect/sources"
: >"$T/followed"
start() {
  : >"$T/out"
  "$O/sekisho" run "$D" --listen 127.0.0.1:0 --readers 1 --intake "relp:127.0.0.1:$relp" --intake "http:127.0.0.1:$http" --intake "file:$T/followed" >"$T/out" 2>>"$T/err" &
  house=$!
  until_true grep -q '^ready ' "$T/out" || fail "not ready: $(cat "$T/out")"
}
pid_of() { awk -v r="$1" '$1 == r { print $2 }' "$D/run/processes"; }
# A thousand different moments: up to 400 ms after the last one was up.
moment() { sleep "0.$(printf %03d $((RANDOM % 400)))"; }

start
relp_too=
if ls /usr/lib/*/rsyslog/omrelp.so >/dev/null 2>&1; then
  relp_too=1
  cat >"$T/rs.conf" <<X
global(workDirectory="$T")
main_queue(queue.size="2000000")
module(load="omrelp") module(load="imptcp")
input(type="imptcp" path="$T/rs.sock")
template(name="raw" type="string" string="%rawmsg%")
action(type="omrelp" target="127.0.0.1" port="$relp" template="raw" action.resumeRetryCount="-1" action.resumeInterval="1" timeout="3" conn.timeout="2")
X
  rsyslogd -n -f "$T/rs.conf" -i "$T/rs.pid" >"$T/rs.out" 2>&1 & rsyslog=$!
  until_true test -S "$T/rs.sock" || fail "rsyslog: $(cat "$T/rs.out")"
else
  echo "skip rsyslog with omrelp is not installed: posts and the file alone"
fi
python3 - "$T" "$http" "$relp_too" <<'X' &
import http.client, json, os, socket, sys, threading, time
folder, port, relp = sys.argv[1], int(sys.argv[2]), sys.argv[3]
stop = lambda: os.path.exists(folder + "/enough")
def to_rsyslog():
    s = socket.socket(socket.AF_UNIX); s.connect(folder + "/rs.sock"); n = 0
    while not stop():
        s.sendall("".join("<13>relp-%d over rsyslog\n" % (n + i) for i in range(40)).encode()); n += 40
        time.sleep(0.02)
    open(folder + "/relp-sent", "w").write(str(n))
def to_file():
    n = 0
    while not stop():
        with open(folder + "/followed", "a") as f:
            f.write("".join("file-%d\n" % (n + i) for i in range(20)))
        n += 20
        if n % 20000 == 0:                           # some ten seconds: no rotation while the one before is not noticed yet
            os.rename(folder + "/followed", folder + "/followed.1"); open(folder + "/followed", "w").close()
        time.sleep(0.02)
    open(folder + "/file-sent", "w").write(str(n))
for t in [to_file] + ([to_rsyslog] if relp else []):
    threading.Thread(target=t).start()
n = 0; acked = open(folder + "/acked", "w")
while not stop():
    try:
        c = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        while not stop():
            body = "".join('{"post":%d}\n' % (n + i) for i in range(50)); first = n; n += 50
            c.request("POST", "/ingest/v1", body, {"Authorization": "Bearer t0ken"})
            r = c.getresponse(); text = r.read()
            if r.status == 200 and json.loads(text)["entries"] == 50:
                acked.write("".join('{"post":%d}\n' % (first + i) for i in range(50))); acked.flush()
    except (OSError, http.client.HTTPException):
        time.sleep(0.05)
X
poster=$!
for k in $(seq "$KILLS"); do
  moment
  case $((RANDOM % 5)) in
  0) kill -9 "$(pid_of collect)" ;;
  1) kill -9 "$(pid_of vault)" ;;
  2) kill -9 "$(pid_of keys)" ;;
  3) kill -9 "$(pid_of collect)" "$(pid_of vault)" "$(pid_of keys)" ;;
  4) kill -9 "$house"; wait "$house" 2>/dev/null; sleep 0.3; start ;;
  esac
  # The supervisor counts ten deaths a minute of one role as a house that cannot stand.
  sleep 1
  [ $((k % 8)) != 0 ] || { kill -INT "$house"; wait "$house"; start; }
done
touch "$T/enough"; wait $poster
sent=$(cat "$T/relp-sent" 2>/dev/null || echo 0) lines=$(cat "$T/file-sent")
L=$D/vault/logs/standard
entries() { python3 "$here/collect_drive.py" entries "$O/sekisho" "$L" | jq -r '.raw // empty'; }
all_relp() { n=$(entries | grep '^<13>relp-' | sort -u | wc -l); [ "$n" = "$sent" ]; }
all_file() { n=$(entries | grep '^file-' | sort -u | wc -l); [ "$n" = "$lines" ]; }
for _ in $(seq 30); do all_relp && all_file && break; sleep 2; done
all_file || fail "followed file: $n of $lines; missing $(entries | grep "^file-" | sort -u | comm -13 - <(seq -f "file-%.0f" 0 $((lines - 1)) | sort) | sort -V | sed -n "1p;\$p" | tr "\n" " ")"
ok "every line of the followed file: $lines, renamed away while everything was killed"
if [ -n "$relp_too" ]; then
  all_relp || fail "RELP: $n of $sent"
  total=$(entries | grep -c '^<13>relp-')
  ok "RELP: all $sent that rsyslog was given ($((total - sent)) of them twice)"
fi
entries | grep '^{"post"' | sort -u >"$T/have"; sort -u "$T/acked" >"$T/want"
lost=$(comm -13 "$T/have" "$T/want" | wc -l)
[ "$(wc -l <"$T/want")" -gt 500 ] || fail "too few posts to say anything: $(wc -l <"$T/want")"
[ "$lost" = 0 ] || fail "HTTP: $lost of $(wc -l <"$T/want") acknowledged lines are missing"
ok "HTTP: all $(wc -l <"$T/want") lines answered with 200"
kill -INT "$house"; wait "$house"; house=
"$O/sekisho" vault verify "$D" >"$T/verify" 2>&1 || fail "not proven: $(cat "$T/verify")"
ok "the log is proven"

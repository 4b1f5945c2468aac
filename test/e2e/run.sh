#!/usr/bin/env bash
# The house as a whole: a folder is made, everything starts, commands find their door, each process killed comes back while
# pages are served, a second house is refused, Ctrl-C ends all of it.
set -u
T=$(mktemp -d); export T LC_ALL=C.UTF-8 LANG=C
D=$T/house; house=
cleanup() { [ -z "$house" ] || kill -9 "$house" 2>/dev/null; rm -rf "$T"; }
trap cleanup EXIT
fail() { echo "FAIL $*"; tail -30 "$T/err" 2>/dev/null; exit 1; }
ok() { echo "ok $*"; }
until_true() { for _ in $(seq 200); do "$@" && return 0; sleep 0.05; done; return 1; }

start() {
  : >"$T/out"
  "$O/sekisho" run "$D" --listen 127.0.0.1:0 --readers 2 >"$T/out" 2>>"$T/err" &
  house=$!
  until_true grep -q '^ready ' "$T/out" || fail "not ready: $(cat "$T/out")"
  url=$(sed -n "s/^ready \(https:[^ ]*[^ /]\)\/* .*/\1/p" "$T/out")
}
stop() { kill "-${1:-INT}" "$house"; wait "$house"; code=$?; house=; }
get() { curl -sk -o "$T/page" -w '%{http_code}' --max-time 10 "$url$1"; }
serves() { [ "$(get /)" = 303 ] || [ "$(get /sign-in)" = 200 ]; }
pid_of() { pgrep -P "$house" -f -- "--fd 3 $1 "; }

# --- init ---
"$O/sekisho" init "$D" --city 見本市 --standard none 2>"$T/e"; [ $? = 2 ] && [ ! -e "$D" ] || fail "an unknown standard is wrong use"
ok "init refuses an unknown standard"
"$O/sekisho" init "$D" 2>"$T/e"; [ $? = 2 ] || fail "init without a city"
ok "init says what is missing"
from=$(date +%s%N)
"$O/sekisho" init "$D" --city 見本市 --standard iizuka 2>"$T/err" || fail init
echo "# init took $(( ($(date +%s%N) - from) / 1000000 )) ms"
[ "$(stat -c %a "$D")" = 700 ] && [ -s "$D/keys/log.key" ] && [ -s "$D/sekisho.conf" ] || fail "folders of init"
ok "init makes a folder for its owner alone"
"$O/sekisho" init "$D" --city x --standard iizuka 2>"$T/e"; [ $? = 3 ] && [ -s "$D/keys/log.key" ] || fail "init over data"
ok "init never touches a folder that holds something"

# --- a command without a running house ---
"$O/sekisho" status "$D" --json >"$T/status" 2>>"$T/err"; [ $? -le 1 ] && jq -e '.clauses | length > 100' "$T/status" >/dev/null || fail "status offline"
ok "status starts the office for itself"
pgrep -f -- "--fd 3 .* $D " >/dev/null && fail "something still runs after a command"
ok "and nothing is left running"

# --- run ---
from=$(date +%s%N)
start
echo "# ready after $(( ($(date +%s%N) - from) / 1000000 )) ms"
grep -q 'posture .*landlock=[0-9].*seccomp' "$T/out" || fail "posture: $(cat "$T/out")"
[ "$(id -u)" != 0 ] || grep -q 'posture uid mnt net' "$T/out" || fail "posture as root: $(cat "$T/out")"
ok "ready says how the processes are locked in"
serves || fail "no page at $url"
ok "pages are served"
[ "$(stat -c %a "$D/run" "$D/run/control.sock" | tr '\n' ' ')" = "700 600 " ] || fail "modes of the control socket"
ok "the control socket is its owner's"
"$O/sekisho" status "$D" --json >"$T/status2" 2>>"$T/err"; [ $? -le 1 ] && jq -e '.clauses | length > 100' "$T/status2" >/dev/null || fail "status online"
ok "status asks the running house"
"$O/sekisho" run "$D" --listen 127.0.0.1:0 >"$T/second" 2>&1; [ $? = 3 ] && grep -q "in use by process $house" "$T/second" || fail "second: $(cat "$T/second")"
ok "a second house is refused"
LC_ALL=ja_JP.UTF-8 "$O/sekisho" run "$D" --listen 127.0.0.1:0 2>&1 | grep -q "使用しています" || fail "Japanese on the terminal"
ok "messages speak the locale's language"

# --- each process killed comes back, and the whole serves again ---
for role in keys vault search detect audit auth office.writer office.job office.reader.0 office.reader.1 front; do
  old=$(pid_of "$role"); [ -n "$old" ] || fail "$role does not run"
  kill -9 "$old"
  back() { new=$(pid_of "$role"); [ -n "$new" ] && [ "$new" != "$old" ]; }
  until_true back || fail "$role did not come back"
  until_true serves || fail "no page after the death of $role"
  "$O/sekisho" status "$D" --json 2>>"$T/err" | jq -e '.clauses | length > 100' >/dev/null || fail "no command after the death of $role"
  ok "$role killed comes back"
done
"$O/sekisho" vault verify "$D" >"$T/verify" 2>&1 || fail "the log after the kills: $(cat "$T/verify")"
ok "the log verifies after the kills"

# --- the end ---
kids=$(pgrep -P "$house" | tr '\n' ' ')
from=$(date +%s%N); stop INT
[ "$code" = 0 ] || fail "Ctrl-C ended with $code"
[ $(( ($(date +%s%N) - from) / 1000000000 )) -lt 10 ] || fail "stopping took too long"
for k in $kids; do kill -0 "$k" 2>/dev/null && fail "process $k outlived the house"; done
grep -q supervise.killed "$T/err" && fail "somebody had to be killed: $(grep supervise.killed "$T/err")"
ok "Ctrl-C ends all, in order, nobody killed"
start; serves || fail "no page after a restart"; ok "a second run goes on with the data"
kids=$(pgrep -P "$house" | tr '\n' ' ')
kill -9 "$house"; wait "$house" 2>/dev/null; house=
gone() { for k in $kids; do kill -0 "$k" 2>/dev/null && return 1; done; return 0; }
until_true gone || fail "children outlive a killed supervisor"
ok "nobody outlives the supervisor"
start; stop TERM; [ "$code" = 0 ] || fail "SIGTERM ended with $code"
ok "starts again after that, SIGTERM ends it"

# --- who may use the control socket: not another user, even when the modes are wrong ---
start
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
  chmod 755 "$T" "$D" "$D/run"; chmod 666 "$D/run/control.sock"
  setpriv --reuid 65534 --regid 65534 --clear-groups "$O/sekisho" status "$D" >"$T/status3" 2>&1; [ $? = 3 ] && ! grep -q clauses "$T/status3" ||
    fail "another user got an answer: $(cat "$T/status3")"
  ok "another user's connection is closed"
fi
stop INT

# --- as on Debian 12's kernel ---
export SEKISHO_LANDLOCK_ABI_MAX=2; start
grep -q 'landlock=2 seccomp' "$T/out" && serves && "$O/sekisho" status "$D" --json 2>>"$T/err" | jq -e '.clauses | length > 100' >/dev/null ||
  fail "with Landlock ABI 2: $(cat "$T/out")"
stop INT; unset SEKISHO_LANDLOCK_ABI_MAX
ok "everything works with Landlock as old as Debian 12's"

# --- stopped at any moment of the start ---
# A shell starts what runs in its background deaf to Ctrl-C; 130: it came before there was anything to end in order.
for s in 0.02 0.05 0.1 0.2 0.4 0.8; do
  env --default-signal=INT "$O/sekisho" run "$D" --listen 127.0.0.1:0 >"$T/out" 2>>"$T/err" & house=$!
  sleep $s; stop INT
  [ "$code" = 0 ] || [ "$code" = 130 ] || fail "Ctrl-C after $s s ended with $code"
  pgrep -f -- "--fd 3 .* $D " >/dev/null && fail "somebody is left after Ctrl-C at $s s"
done
ok "Ctrl-C during the start leaves nobody"

# --- installed: the same, found beside the program wherever it is put ---
make -s -C "$(dirname "$0")/../.." O="$O" install DESTDIR="$T/inst" PREFIX=/opt/sekisho >"$T/make" 2>&1 || fail "install: $(tail -3 "$T/make")"
(cd / && "$T/inst/opt/sekisho/bin/sekisho" status "$D" --json 2>>"$T/err") | jq -e '.clauses | length > 100' >/dev/null || fail "the installed programs do not work"
ok "installed programs find each other"

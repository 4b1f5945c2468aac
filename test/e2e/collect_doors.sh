#!/usr/bin/env bash
# The other doors of collect: TLS with client certificates, RELP over TLS, HTTP with tokens, journals, followed files through both ways
# of rotation, sources by rule, limits.
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
chmod 755 "$T"; mkdir "$T/logs" "$D/collect"
# --- certificates of a municipality's own authority, and of a stranger's ---
ca() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" -keyout "$T/$1.key" -out "$T/$1.pem" 2>/dev/null; }
cert() { # authority, name
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$2" -keyout "$T/$2.key" -out "$T/$2.csr" 2>/dev/null
  printf 'subjectAltName=DNS:%s\nextendedKeyUsage=clientAuth\n' "$2" >"$T/ext"
  openssl x509 -req -in "$T/$2.csr" -CA "$T/$1.pem" -CAkey "$T/$1.key" -CAcreateserial -days 2 -extfile "$T/ext" -out "$T/$2.pem" 2>/dev/null
}
ca town; ca stranger; cert town mail.example.lg.jp; cert stranger liar.example.lg.jp
cp "$T/town.pem" "$D/collect/clients.pem"
token=$(printf 't0ken-of-the-bench' | sha256sum | cut -d' ' -f1)
printf '# who is who\ncertificate\tmail.example.lg.jp\tmail-server\tstandard\t0\ntoken\t%s\tbench\tstandard\t0\naddress\t127.0.0.0/8\tthis-machine\tstandard\t0\nfile\t%s\tapp-log\t\t\nsocket\t%s\tslow\tstandard\t5\n' \
  "$token" "$T/logs/app.log" "$T/slow" >"$D/collect/sources"
seq -f 'line %g of the first' 1000 >"$T/logs/app.log"

start() {
  : >"$T/out"
  "$O/sekisho" run "$D" --listen 127.0.0.1:0 --readers 1 --intake tls:127.0.0.1:0 --intake relps:127.0.0.1:0 --intake http:127.0.0.1:0 \
    --intake https:127.0.0.1:0 --intake "file:$T/logs/app.log" --intake "unix-stream:$T/slow" >"$T/out" 2>>"$T/err" &
  house=$!
  until_true grep -q '^ready ' "$T/out" || fail "not ready: $(cat "$T/out")"
  tls=$(door tls) relps=$(door relps) http=$(door http) https=$(door https)
}
stop() { kill -INT "$house"; wait "$house"; house=; }
door() { awk -v k="$1" '$1 == k { print $2 }' "$D/run/intake"; }
L=$D/vault/logs/standard
entries() { drive entries "$O/sekisho" "$L"; }
has() { entries | grep -F -- "$1" >/dev/null; }
comes() { until_true has "$1" || fail "not in the log: $1"; }
start

# --- TLS ---
sclient() { timeout 5 openssl s_client -quiet -no_ign_eof -connect "$tls" "$@" 2>"$T/sclient"; }
for v in -tls1_2 -tls1_3; do
  { printf '<13>over %s\n' "$v"; sleep 1; } | sclient $v -cert "$T/mail.example.lg.jp.pem" -key "$T/mail.example.lg.jp.key"
  comes "over $v"
done
entries | jq -es '[.[] | select(.transport == "tls")] | length == 2 and all(.[]; .source == "mail-server" and (.peer | startswith("127.0.0.1:")))' >/dev/null || fail "certificate: $(entries | tail -2)"
ok "TLS 1.2 and 1.3: the certificate says which source it is"
{ printf '<13>by a liar\n'; sleep 1; } | sclient -cert "$T/liar.example.lg.jp.pem" -key "$T/liar.example.lg.jp.key"
{ printf '<13>by nobody\n'; sleep 1; } | sclient
{ printf '<13>too old\n'; sleep 0.5; } | sclient -tls1_1
has "by a liar" && fail "a stranger's certificate was accepted"
has "by nobody" && fail "no certificate was accepted"
has "too old" && fail "TLS 1.1 was accepted"
ok "no other certificate, none at all, TLS 1.1: refused"

# --- RELP over TLS, by rsyslog ---
if ls /usr/lib/*/rsyslog/omrelp.so >/dev/null 2>&1; then
  cat >"$T/rs.conf" <<X
global(workDirectory="$T")
module(load="omrelp" tls.tlslib="openssl") module(load="imptcp")
input(type="imptcp" path="$T/rs.sock")
template(name="raw" type="string" string="%rawmsg%")
action(type="omrelp" target="127.0.0.1" port="${relps##*:}" template="raw" tls="on" tls.caCert="$T/town.pem"
  tls.myCert="$T/mail.example.lg.jp.pem" tls.myPrivKey="$T/mail.example.lg.jp.key" tls.authmode="certvalid" tls.permittedpeer="localhost")
X
  # The house shows its own certificate, which the sender has to be told of.
  cat "$D/keys/tls.crt" >>"$T/town.pem"
  rsyslogd -n -f "$T/rs.conf" -i "$T/rs.pid" >"$T/rs.out" 2>&1 & rsyslog=$!
  until_true test -S "$T/rs.sock" || fail "rsyslog: $(cat "$T/rs.out")"
  seq -f '<13>relps-%g of rsyslog' 500 | python3 -c 'import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(sys.stdin.buffer.read())' "$T/rs.sock"
  until_true has "relps-500 of" || fail "RELP over TLS: $(cat "$T/rs.out")"
  n=$(entries | jq -r 'select(.transport == "relp" and .source == "mail-server") | .raw' | sort -u | grep -c '^<13>relps-')
  [ "$n" = 500 ] || fail "RELP over TLS: $n of 500"
  kill "$rsyslog"; wait "$rsyslog" 2>/dev/null; rsyslog=
  ok "rsyslog's omrelp over TLS with a client certificate"
else
  echo "skip rsyslog with omrelp is not installed"
fi

# --- HTTP ---
post() { curl -s -o "$T/body" -w '%{http_code}' --max-time 20 "$@"; }
H="Authorization: Bearer t0ken-of-the-bench"
seq -f '{"n":%g,"text":"水道"}' 3000 >"$T/json"
[ "$(post -H "$H" --data-binary @"$T/json" "http://$http/ingest/v1")" = 200 ] && [ "$(jq .entries "$T/body")" = 3000 ] || fail "ingest: $(cat "$T/body")"
[ "$(entries | jq -r 'select(.source == "bench" and .transport == "http") | .raw' | sort -u | grep -c '"水道"')" = 3000 ] || fail "not all is there at the answer"
ok "JSON lines: all of them are in the log when the answer comes"
printf '{"chunked":1}\n\n{"last without its end":2}' >"$T/json2"
[ "$(post -H "$H" -H 'Transfer-Encoding: chunked' --data-binary @"$T/json2" "http://$http/ingest/v1")" = 200 ] && [ "$(jq .entries "$T/body")" = 2 ] || fail "chunked: $(cat "$T/body")"
[ "$(post -H "$H" -H 'Expect: 100-continue' --data-binary @"$T/json2" "http://$http/ingest/v1")" = 200 ] || fail "expect"
entries | jq -es '[.[] | select((.raw // "") | contains("without its end")) | .marks // []] == [[], []]' >/dev/null || fail "the last line: $(entries | tail -3)"
for want in "401 -H Authorization:x http://$http/ingest/v1" "401 -H Authorization:Bearer http://$http/ingest/v1" "404 http://$http/other" \
  "405 -X PUT http://$http/ingest/v1" "415 -H content-encoding:gzip http://$http/ingest/v1"; do
  # shellcheck disable=SC2086
  [ "$(post -d x ${want#* })" = "${want%% *}" ] || fail "not $want: $(post -d x ${want#* })"
done
[ "$(post -k --cert "$T/mail.example.lg.jp.pem" --key "$T/mail.example.lg.jp.key" -d '{"by":"certificate"}' "https://$https/ingest/v1")" = 200 ] || fail "https"
comes '"by'; entries | jq -es '[.[] | select(.raw == "{\"by\":\"certificate\"}") | .source] == ["mail-server"]' >/dev/null || fail "https source"
[ "$(post -k --cert "$T/liar.example.lg.jp.pem" --key "$T/liar.example.lg.jp.key" -d '{"by":"liar"}' "https://$https/ingest/v1")" = 401 ] || fail "https by a liar"
[ "$(post -H "$H" --data-binary @/dev/null "http://$http/ingest/v1")" = 200 ] || fail "nothing at all"
ok "HTTP: chunks, a last line without end, https by certificate; wrong token, path, method, coding are refused"

# --- journals ---
printf '__CURSOR=s=1\nMESSAGE=first entry\nPRIORITY=6\n\n\n__CURSOR=s=2\nMESSAGE\n\x0b\0\0\0\0\0\0\0two\n\nlines\n\n_PID=1\n\n' >"$T/journal"
[ "$(post -H 'Content-Type: application/vnd.fdo.journal' --data-binary @"$T/journal" "http://$http/upload")" = 202 ] || fail "upload: $(cat "$T/body")"
entries | jq -es '[.[] | select((.raw // "") | startswith("__CURSOR=")) | .raw] | length == 1 and .[0] == "__CURSOR=s=1\nMESSAGE=first entry\nPRIORITY=6\n"' >/dev/null || fail "journal: $(entries | tail -2)"
entries | jq -es '[.[] | select(.raw_base64 // "" | @base64d | startswith("__CURSOR=s=2")) | .marks] == [["binary"]]' >/dev/null || fail "journal with binary field"
ok "journal entries, with fields that hold line ends"
up=/lib/systemd/systemd-journal-upload
if [ -x $up ] && [ -x /lib/systemd/systemd-journal-remote ]; then
  printf '__REALTIME_TIMESTAMP=1790000000000000\n__MONOTONIC_TIMESTAMP=1\n_BOOT_ID=00000000000000000000000000000001\nMESSAGE=from a real journal\n\n' |
    timeout 10 /lib/systemd/systemd-journal-remote -o "$T/made.journal" - 2>"$T/jr"
  if [ -s "$T/made.journal" ]; then
    timeout 10 $up --save-state="$T/state" --url="http://$http" --file="$T/made.journal" 2>"$T/up"
    has "from a real journal" || until_true has "from a real journal" || fail "upload: $(cat "$T/up")"
    ok "systemd-journal-upload sends a journal"
  else
    echo "skip no journal could be made: $(tail -1 "$T/jr")"
  fi
else
  echo "skip systemd-journal-upload is not installed"
fi

# --- followed files ---
from_file() { entries | jq -r 'select(.source == "app-log" and .transport == "file") | .raw'; }
comes "line 1000 of the first"
[ "$(from_file | wc -l)" = 1000 ] || fail "followed: $(from_file | wc -l)"
printf 'half a li' >>"$T/logs/app.log"; sleep 0.5; has "half a li" && fail "an unfinished line was taken"
printf 'ne\n' >>"$T/logs/app.log"; comes "half a line"
ok "a file is followed line by line"
mv "$T/logs/app.log" "$T/logs/app.log.1"; echo "line 1 of the second" >"$T/logs/app.log"; echo "last of the first" >>"$T/logs/app.log.1"
comes "line 1 of the second"; comes "last of the first"
[ "$(from_file | tail -2 | tr '\n' '|')" = "last of the first|line 1 of the second|" ] || fail "order at rotation: $(from_file | tail -3)"
ok "rotation by renaming: the old one to its end, then the new one"
echo "before the cut" >>"$T/logs/app.log"; comes "before the cut"
: >"$T/logs/app.log"; echo "after it" >>"$T/logs/app.log"; comes "after it"
ok "rotation by cutting"
sleep 1.5
kill -9 "$(awk '$1 == "collect" { print $2 }' "$D/run/processes")"; echo "while collect was dead" >>"$T/logs/app.log"; comes "while collect was dead"
stop
echo "while the house was down" >>"$T/logs/app.log"; mv "$T/logs/app.log" "$T/logs/app.log.1"; echo "line 1 of the third" >"$T/logs/app.log"
start
comes "line 1 of the third"; comes "while the house was down"
sort <(from_file) | uniq -d | grep . && fail "lines twice"
ok "and where it stood is known after a kill, a stop, a rotation meanwhile, with nothing twice"

stop # renamed three times: the end of the one we know, those between and the new one, each once and in order
echo "end of the third" >>"$T/logs/app.log"; mv "$T/logs/app.log" "$T/logs/app.log.3"
echo "all of the fourth" >"$T/logs/app.log.2"; echo "all of the fifth" >"$T/logs/app.log.1"; echo "line 1 of the sixth" >"$T/logs/app.log"
start
comes "line 1 of the sixth"
[ "$(from_file | tail -4 | tr '\n' '|')" = "end of the third|all of the fourth|all of the fifth|line 1 of the sixth|" ] || fail "renamed three times: $(from_file | tail -5)"
gaps() { entries | jq -r 'select(.source == "collect") | .raw' | grep -c follow-gap; }
[ "$(gaps)" = 0 ] || fail "a gap is told where there is none"
ok "files renamed three times while nobody read: all of them, in order, each once"
sleep 1.5; stop
rm -f "$T/logs/app.log"*; echo "line 1 after the gap" >"$T/logs/app.log"
start
comes "line 1 after the gap"
[ "$(gaps)" = 1 ] || fail "the file read last is gone and nobody says so"
ok "a file that went away before it was read is said in an entry"

# --- limits ---
t0=$(date +%s%N)
# What one read brings is taken and owed: the next waits for it. Who has hung up is read at once, so this one stays.
{ seq -f '"<13>slow %g\n"' 30; sleep 1.5; seq -f '"<13>slow %g\n"' 31 40; sleep 9; } | drive send unix-stream "$T/slow" &
slow_all() { [ "$(entries | jq -r 'select(.source == "slow") | .raw' | sort -u | wc -l)" = 40 ]; }
until_true slow_all || fail "limited means late, not lost"
[ $((($(date +%s%N) - t0) / 1000000)) -gt 3000 ] || fail "the limit of a source does not slow it"
ok "a source beyond its rate is read more slowly, nothing is lost"

"$O/sekisho" vault verify "$D" >"$T/verify" 2>&1 || fail "not proven: $(cat "$T/verify")"
ok "the log is proven"

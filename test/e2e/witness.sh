#!/usr/bin/env bash
# Two towns' logs cosigned by three witnesses: what is asked for is answered as c2sp.org/tlog-witness says, a policy decides, a log that was
# put back or has two histories is found out by its own signature, and what is shown is checked by a program that has nothing of ours.
set -u
here=$(cd "$(dirname "$0")" && pwd)
O=$(realpath "${O:-build}") S="$O/sekisho" failed=0
W=$(mktemp -d) && cd "$W" || exit 3
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$W"' EXIT
export LC_ALL=C.UTF-8
ok() { if [ "$2" = "$3" ]; then echo "ok $1"; else echo "FAIL $1: want [$3], got [$2]"; failed=1; fi; }
py() { python3 "$here/witness_check.py" "$@"; }
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
up() { # until it answers
	for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return; sleep 0.1; done
	echo "FAIL nothing answers on $1"; failed=1
}
lines() { for i in $(seq "$1" "$2"); do echo "<34>Oct 11 22:14:15 web$((i % 7)) sshd[$i]: Failed password for user$i from 10.0.0.$((i % 250)) port 22"; done; }
ingest() { lines "$2" "$3" | "$S" vault ingest "$1" >/dev/null 2>&1; }

ingest a 1 300; ingest b 1 5000
A=$(cat a/vkey) B=$(cat b/vkey)
declare -A url key
for w in w1 w2 w3; do
	key[$w]=$("$S" vault witness new $w --name "$w.example")
	p=$(port); url[$w]=http://127.0.0.1:$p
	"$S" vault witness serve $w --listen "127.0.0.1:$p" 2>$w.log & pids+=($!)
	up "$p"
done
ok one-state-one-server "$("$S" vault witness sign w1 </dev/null 2>&1 | grep -c 'another witness answers')" 1
ok key-is-kept "$("$S" vault witness new w1 --name x >/dev/null 2>&1; echo $?) $(stat -c %a w1/key)" "3 600"

# --- the protocol
hash() { printf %s "$1" | sha256sum | cut -d' ' -f1; }
post() { py send "${url[w1]}/add-checkpoint" "$1"; }
py body 0 a/checkpoint >q; ok unknown-log "$(post q | cut -c1-3)" 404
for w in w1 w2 w3; do "$S" vault witness add $w "$A"; "$S" vault witness add $w b/vkey; done
ok added-twice "$("$S" vault witness add w1 "$A" 2>&1 | grep -c 'known already')" 1
monitor() { curl -s -o "$3" -w '%{http_code}' "${url[$1]}/$(hash "$2")/checkpoint"; }
ok monitor-before "$(monitor w1 "${A%%+*}" m)" 404
printf 'rubbish' >q; ok rubbish "$(post q | cut -c1-3)" 400
py body 301 a/checkpoint >q; ok old-above-size "$(post q | cut -c1-3)" 400
py body 7 a/checkpoint >q; ok old-unknown "$(post q | tr '\n' .)" "409 text/x.tlog.size 0."
sed 's/^300$/299/' a/checkpoint >x; py body 0 x >q; ok not-signed-so "$(post q | cut -c1-3)" 403
sed "s,^— ${A%%+*} ,— other.example ," a/checkpoint >x; py body 0 x >q; ok unsigned "$(post q | cut -c1-3)" 403
py body 0 a/checkpoint "$(sed -n 3p a/checkpoint)" >q; ok proof-from-nothing "$(post q | cut -c1-3)" 422
head -c 200000 /dev/zero >q; ok too-large "$(post q | cut -c1-3)" 413
{ echo "old 0"; yes "$(sed -n 3p a/checkpoint)" | head -64; echo; cat a/checkpoint; } >q; ok too-many-hashes "$(post q | cut -c1-3)" 400
ok nothing-kept "$(monitor w1 "${A%%+*}" m)" 404
py body 0 a/checkpoint >q; post q >r; ok cosigned "$(head -1 r | cut -d' ' -f1-5)" "200 text/plain; charset=utf-8 — w1.example"
ok again-from-nothing "$(post q | tr '\n' .)" "409 text/x.tlog.size 300."
py body 300 a/checkpoint >q; ok same-again "$(post q | cut -c1-3)" 200
ok monitor "$(monitor w1 "${A%%+*}" m) $(python3 - "$here" m "$A" "${key[w1]}" <<-'P'
	import importlib.util, sys
	path, note, keys = sys.argv[1], sys.argv[2], sys.argv[3:]
	sys.argv = ["x", "body", "0", "/dev/null"]
	s = importlib.util.spec_from_file_location("c", path + "/witness_check.py"); c = importlib.util.module_from_spec(s)
	sys.stdout = open("/dev/null", "w"); s.loader.exec_module(c); sys.stdout = sys.__stdout__
	print(c.check_note(open(note).read(), keys)[1])
P
)" "200 300"
ok no-other-paths "$(for p in / /add-checkpoint /x/checkpoint "/$(hash x)/checkpoint" "/../key" "/$(hash "${A%%+*}" | tr a-f A-F)/checkpoint"; do
	curl -s --path-as-is -o x -w '%{http_code} ' "${url[w1]}$p"; done)" "404 405 404 404 404 404 "

# --- asked by the logs; 2 of 3
for t in a b; do
	{ for w in w1 w2 w3; do echo "witness $w ${key[$w]} ${url[$w]}/"; done; echo "group towns 2 w1 w2 w3"; echo "quorum towns"; } >$t/witnesses
done
"$S" vault verify a --policy a/witnesses >x 2>&1; ok before-asking "$? $(grep -c 'no witness cosigned' x)" "1 1"
ok ask "$("$S" vault witness ask a --json | jq -c '.[0] | [.size, .cosigned, .met, .conflict]') $("$S" vault witness ask b >/dev/null; echo $?)" "[300,3,true,false] 0"
"$S" vault prove a 17 --policy a/witnesses >p.tlog-proof; ok prove "$?" 0
ok proof-size "$([ "$(stat -c %s p.tlog-proof)" -le 2048 ] && grep -c '^—' p.tlog-proof)" 4
ok proof-independent "$(py proof p.tlog-proof "$A" "${key[w1]}" "${key[w2]}" "${key[w3]}")" "proven 300"
ok check-proof "$("$S" vault check-proof p.tlog-proof --vkey "$A" --policy b/witnesses >/dev/null; echo $?)" 0
sed -i '/^— w2/d; /^— w3/d' p.tlog-proof
ok too-few "$("$S" vault check-proof p.tlog-proof --vkey "$A" --policy b/witnesses 2>&1 >/dev/null; echo $?)" "sekisho vault: 1 of 3 witnesses cosigned: the policy wants more, or others
1"
ok without-policy "$("$S" vault check-proof p.tlog-proof --vkey "$A" >/dev/null; echo $?)" 0
ok other-log "$("$S" vault check-proof p.tlog-proof --vkey "$B" --policy b/witnesses >/dev/null 2>&1; echo $?)" 1
ok verify "$("$S" vault verify a --policy a/witnesses --vkey "$A" >/dev/null 2>&1; echo $?)" 0
"$S" vault bundle a 'user70 OR user75' bag --reason 調査 --policy a/witnesses >/dev/null; r=$?
ok bundle "$r $(grep -c '^—' bag/data/checkpoint) $(grep -c '^quorum towns' bag/data/policy) $(sh bag/verify.sh "$A" | tail -1 | cut -c1-6)" "0 4 1 PROVEN"

cc -Wall -Wextra -Werror -o verify bag/verify.c -lcrypto
both() { echo "$(sh bag/verify.sh "$@" | tail -1 | cut -c1-10) $(cd bag && ../verify "$@" | tail -1 | cut -c1-10)"; } # files: whole paths
rebag() { (cd bag && find data -type f | sort | xargs sha256sum >manifest-sha256.txt &&
	sha256sum bagit.txt bag-info.txt VERIFY.md verify.sh verify.c manifest-sha256.txt >tagmanifest-sha256.txt); }
ok bundle-both "$(both "$A") $(both "$A" "$W/b/witnesses")" "PROVEN: 2  PROVEN: 2  PROVEN: 2  PROVEN: 2 "
ok own-policy-is-said "$(sh bag/verify.sh "$A" | grep -c 'policy is the bundle') $(cd bag && ../verify "$A" | grep -c 'policy is the bundle')" "1 1"
{ printf 'log %s\n' "$B"; cat b/witnesses; } >strange
ok bundle-other-log "$(both "$A" "$W/strange")" "NOT PROVEN NOT PROVEN"
{ sed 's/^group.*/group towns all w1 w2 w3/' b/witnesses; printf 'log %s' "$A"; } >strict
ok bundle-all-three "$(both "$A" "$W/strict")" "PROVEN: 2  PROVEN: 2 "
sed -i '/^— w3/d' bag/data/checkpoint; rebag
ok bundle-two "$(both "$A") $(both "$A" "$W/strict")" "PROVEN: 2  PROVEN: 2  NOT PROVEN NOT PROVEN"
sed -i 's/^\(— w2.example .\{20\}\)....../\1AAAAAA/' bag/data/checkpoint; rebag
ok bundle-one "$(both "$A")" "NOT PROVEN NOT PROVEN"

# --- growth, one witness away; then two
ingest a 301 2500 # and the entry that tells of the bundle
kill "${pids[2]}"; wait "${pids[2]}" 2>/dev/null
ok beyond-what-is-cosigned "$("$S" vault prove a 400 --policy a/witnesses >/dev/null 2>&1; echo $?) $("$S" vault prove a 400 >/dev/null; echo $?)" "1 0"
ok two-of-three "$("$S" vault witness ask a --json | jq -c '.[0] | [.cosigned, .met, [.witnesses[].state]]')" '[2,true,["cosigned","cosigned","unreachable"]]'
ok grown "$("$S" vault prove a 400 --policy a/witnesses >p; py proof p "$A" "${key[w1]}" "${key[w2]}")" "proven 2501"
kill "${pids[1]}"; wait "${pids[1]}" 2>/dev/null
ingest a 2501 2600
ok one-of-three "$("$S" vault witness ask a >/dev/null 2>&1; echo $?) $("$S" vault verify a --policy a/witnesses >/dev/null 2>&1; echo $?)" "1 0"
ok older-proof-stays "$(sed -n 2p a/cosigned)" 2501

# --- the read endpoints
share() { [ "$(id -u)" != 0 ] || chgrp -R $((${SEKISHO_UID_BASE:-61184} + 4)) "$1"; } # as in a data folder, where the vault's group may read
share b
tp=$(port); "$S" vault serve b --listen "127.0.0.1:$tp" 2>serve.log & pids+=($!); up "$tp"
te=$(port); "$S" vault serve b --listen "127.0.0.1:$te" --entries 2>serve2.log & pids+=($!); up "$te"
T=http://127.0.0.1:$tp
ok tiles "$(py tiles "$T" "$B")" "tree 5000 levels 2"
ok entries "$(py tiles "http://127.0.0.1:$te" "$B" --entries)" "tree 5000 levels 2"
code() { curl -s --path-as-is -o x -w '%{http_code}' "$T$1"; }
ok entries-closed "$(code /tile/entries/000)" 404
ok partial "$(code /tile/0/019.p/136)$(stat -c ' %s ' x)$(code /tile/0/019.p/137) $(code /tile/0/019) $(code /tile/0/020.p/1) $(code /tile/1/000.p/19) $(code /tile/1/000.p/20) $(code /tile/2/000.p/1)" "200 4352 404 404 404 200 404 404"
ok one-way-to-write "$(for p in /tile/00/000 /tile/0/0 /tile/0/x000/000 /tile/0/000.p/256 /tile/0/000.p/0 /tile/0/000.p/01 /tile/64/000 /tile/0/000/ /tile/0/-01 /tile/0/x000 \
	/tile/0/../0/000 /tile/0/%30%30%30 /seg /vkey /key/log.key; do code $p; done | sed 's/404//g')" ""
ok cosigned-shown "$(code /cosigned) $(grep -c '^—' x)" "200 4"
ok read-only "$(curl -s -o x -w '%{http_code}' -X POST "$T/checkpoint") $(curl -s -o x -w '%{http_code}' -X DELETE "$T/checkpoint")" "405 405"
ingest b 5001 5100; share b; sleep 1.2
ok grows-live "$(py tiles "$T" "$B")" "tree 5100 levels 2"
ok checkpoint-not-kept "$(curl -sI "$T/checkpoint" | tr -d '\r' | sed -n 's/^[Cc]ache-[Cc]ontrol: //p')" "public, max-age=2"

# --- a log that was put back
cp -r b old; ingest b 5101 5200; "$S" vault witness ask b >/dev/null 2>&1
ok continues "$(monitor w1 "${B%%+*}" m) $(sed -n 2p m)" "200 5200"
"$S" vault witness ask old >x 2>&1; ok rollback-alarm "$? $(grep -c '^ALARM.*5200 entries signed by this log, which has 5100: the log was put back' x)" "1 1"
"$S" vault verify old >x 2>&1; ok rollback-verify "$? $(grep -c 'seen-elsewhere: 5200 entries were signed, 5100 are here' x)" "1 1"
lines 1 1 | "$S" vault ingest old >x 2>&1; ok rollback-refused "$? $(grep -c 'a witness holds a signed checkpoint of 5200 entries; here are 5100' x)" "1 1"
ok not-cosigned "$(sed -n 2p old/cosigned)" 5000

# --- two histories of one log, with the key that should have refused: each signs on its own
cp -r a fork; rm -rf fork/cosigned; cp -r a straight
rm -f fork/seen-elsewhere
lines 9001 9050 | "$S" vault ingest fork >/dev/null 2>&1; lines 1 50 | "$S" vault ingest straight >/dev/null 2>&1
ok forked "$(sed -n 2p fork/checkpoint) $(sed -n 2p straight/checkpoint)" "2651 2651"
"$S" vault witness ask straight >/dev/null 2>&1
"$S" vault witness ask fork >x 2>&1; ok fork-alarm "$? $(grep -c '^ALARM.*another checkpoint of 2651 entries signed by this log, which has 2651: two histories' x)" "1 1"
"$S" vault verify fork >x 2>&1; ok fork-verify "$? $(grep -c 'seen-elsewhere' x)" "1 1"
ok straight-goes-on "$("$S" vault verify straight >/dev/null 2>&1; echo $?)" 0
# shown differently to two: whoever compares with the witness's copy sees it
lines 8001 8100 | "$S" vault ingest a >/dev/null 2>&1; monitor w1 "${A%%+*}" m >x
"$S" vault verify a --known m >x 2>&1; ok split-view "$? $(grep -c 'known checkpoint' x)" "1 1"

# --- a witness that lies stops nothing
cat >liar.py <<'P'
import http.server, sys
class H(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.send_response(409); self.send_header("content-type", "text/x.tlog.size"); self.end_headers(); self.wfile.write(b"999999\n")
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(open("lie", "rb").read())
    def log_message(self, *a): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), H).serve_forever()
P
sed '2s/.*/999999/' straight/checkpoint >lie
lp=$(port); python3 liar.py "$lp" & pids+=($!); up "$lp"
{ echo "witness w1 ${key[w1]} ${url[w1]}"; echo "witness liar ${key[w2]} http://127.0.0.1:$lp"; echo "quorum w1"; } >straight/witnesses
"$S" vault witness ask straight >x 2>&1; ok liar "$? $(grep -c 'claims 999999 entries and shows no proof' x) $(ls straight/seen-elsewhere 2>/dev/null)" "0 1 "

# --- over TLS, and what only looks like it; what a witness answers is read by a process that is locked in
openssl req -x509 -newkey ed25519 -nodes -days 2 -subj /CN=x -addext 'subjectAltName=IP:127.0.0.1' -keyout tls.key -out tls.pem 2>/dev/null
openssl req -x509 -newkey ed25519 -nodes -days 2 -subj /CN=y -addext 'subjectAltName=DNS:other.example' -keyout no.key -out no.pem 2>/dev/null
cat >tls.py <<'P'
import socket, ssl, sys, threading
port, cert, to = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); ctx.load_cert_chain(cert + ".pem", cert + ".key")
def serve(c):
    try:
        with ctx.wrap_socket(c, server_side=True) as t, socket.create_connection(("127.0.0.1", to)) as w:
            w.sendall(t.recv(200000)); w.settimeout(5)
            while (b := w.recv(65536)): t.sendall(b)
    except OSError as e: print(e, file=sys.stderr)
s = socket.create_server(("127.0.0.1", port))
while True: threading.Thread(target=serve, args=(s.accept()[0],), daemon=True).start()
P
sp=$(port); python3 tls.py "$sp" tls "${url[w1]##*:}" 2>/dev/null & pids+=($!); up "$sp"
np=$(port); python3 tls.py "$np" no "${url[w1]##*:}" 2>/dev/null & pids+=($!); up "$np"
asks() { { echo "witness w1 ${key[w1]} $1"; echo "quorum w1"; } >tls.policy; "$S" vault witness ask b --policy tls.policy "${@:2}" >x 2>&1; echo "$?"; }
ingest b 5201 5210
ok tls "$(asks "https://127.0.0.1:$sp" --ca tls.pem)" 0
ok tls-unknown-authority "$(asks "https://127.0.0.1:$sp") $(grep -c 'unreachable.*NOT trusted' x)" "1 1"
ok tls-other-name "$(asks "https://127.0.0.1:$np" --ca no.pem) $(grep -c 'unreachable.*does not match' x)" "1 1"
ok tls-none "$(asks "https://127.0.0.1:${url[w1]##*:}" --ca tls.pem) $(grep -c 'unreachable.*TLS' x)" "1 1"
ok ca-is-none "$(asks "https://127.0.0.1:$sp" --ca q) $(grep -c 'q: no certificate of an authority' x)" "3 1"
ok url-is-none "$(asks ftp://127.0.0.1) $(grep -c 'http:// or https:// is expected' x)" "1 1"
cat >endless.py <<'P'
import socket, sys, time
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    c = s.accept()[0]
    try:
        if sys.argv[2] == "mute": time.sleep(30)
        c.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 1000000)
    except OSError: pass
    c.close()
P
ep=$(port); python3 endless.py "$ep" loud & pids+=($!); up "$ep"
ok endless "$(asks "http://127.0.0.1:$ep") $(grep -c 'the answer is too long' x)" "1 1"
mp=$(port); python3 endless.py "$mp" mute & mute=$!; pids+=("$mute"); sleep 0.5
{ echo "witness w1 ${key[w1]} http://127.0.0.1:$mp"; echo "quorum w1"; } >tls.policy
"$S" vault witness ask b --policy tls.policy >x 2>&1 & asker=$!
kid() { pgrep -P "$1" 2>/dev/null | head -1; }
for _ in $(seq 50); do k=$(kid "$asker"); [ -n "$k" ] && g=$(kid "$k") && k=${g:-$k}; grep -q '^Seccomp:.2' "/proc/${k:-0}/status" 2>/dev/null && break; sleep 0.1; done
ok asker-locked-in "$(awk '/^(NoNewPrivs|Seccomp):/ { printf "%s ", $2 }' "/proc/$k/status") $(ls "/proc/$k/root/etc" 2>/dev/null | wc -l)" "1 2  0"
kill "$mute"; wait "$asker"; ok asker-ends "$? $(pgrep -P "$asker")" "1 "

# --- without a line: the question and the answer as files
kill "${pids[0]}"; wait "${pids[0]}" 2>/dev/null
{ for w in w1 w2 w3; do echo "witness $w ${key[$w]}"; done; echo "group towns 2 w1 w2 w3"; echo "quorum towns"; } >straight/witnesses
rm straight/cosigned
lines 1 9 | "$S" vault ingest straight >/dev/null 2>&1
"$S" vault witness request straight >q; "$S" vault witness sign w1 <q >x 2>y; ok by-file-refused "$? $(tr '\n' . <y)" "1 sekisho vault: 409 2651."
"$S" vault witness request straight --old 2651 >q; "$S" vault witness sign w1 <q >x; ok by-file "$? $(cut -d' ' -f1-2 x)" "0 — w1.example"
lines 10 19 | "$S" vault ingest straight >/dev/null 2>&1
ok take-one "$("$S" vault witness take straight q <x >/dev/null; echo $?) $(grep -c '^—' straight/cosigned)" "1 2"
"$S" vault witness sign w2 <q >y 2>/dev/null; known=$(sed -n 2p w2/seen-"$(hash "${A%%+*}")")
"$S" vault witness request straight --old "$known" >q2
ok other-size "$(sed '1,/^$/d' q2 | sed -n 2p)" 2670
"$S" vault witness request straight --old 2660 >q1; "$S" vault witness sign w1 <q1 >x; "$S" vault witness sign w2 <q2 >>x
lines 20 29 | "$S" vault ingest straight >/dev/null 2>&1
ok take-two "$("$S" vault witness take straight q2 <x >/dev/null; echo $?) $(grep -c '^—' straight/cosigned) $(sed -n 2p straight/cosigned)" "0 3 2670"
ok take-again "$("$S" vault witness take straight q2 <x >/dev/null; echo $?) $(grep -c '^—' straight/cosigned)" "0 3"
ok take-strange "$("$S" vault witness take b q2 --policy straight/witnesses <x >/dev/null 2>&1; echo $?)" 1
ok carried "$("$S" vault verify straight --policy straight/witnesses >/dev/null 2>&1; echo $?)" 0
printf x >>w1/vkey; ok damaged-key "$("$S" vault witness sign w1 </dev/null >/dev/null 2>&1; echo $?)" 3
exit $failed

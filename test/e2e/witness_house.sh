#!/usr/bin/env bash
# Witnesses and read endpoints beside a running house: its folders belong to the users of its processes. A whole data folder that was put
# back, keys and all, is found out by a witness and does not take entries any more. What was redacted or removed is not served.
set -u
here=$(cd "$(dirname "$0")" && pwd)
O=$(realpath "${O:-build}") S="$O/sekisho"
T=$(mktemp -d) && cd "$T" || exit 3
export LC_ALL=C.UTF-8 LANG=C
pids=() house=''
stop() { [ -z "$house" ] || { kill "$house" 2>/dev/null; wait "$house" 2>/dev/null; house=; }; }
trap 'stop; kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$T"' EXIT
fail() { echo "FAIL $*"; tail -20 err 2>/dev/null; exit 1; }
is() { [ "$2" = "$3" ] || fail "$1: want [$3], got [$2]"; }
run() {
	"$S" run "$1" --listen 127.0.0.1:0 >run.out 2>>err & house=$!
	for _ in $(seq 600); do grep -q '^ready ' run.out && return; kill -0 "$house" 2>/dev/null || break; sleep 0.05; done
	fail "it does not run"
}
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
up() { for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return; sleep 0.1; done; fail "nothing answers on $1: $(cat ./*.log)"; }
for i in $(seq 3000); do echo "<38>Nov 20 12:00:00 gw sshd[$i]: Failed password for user$i from 192.0.2.$((i % 256)) port 4$i ssh2"; done >lines
"$S" init a --city 見本市 --standard iizuka --sample 2>err || fail init
"$S" vault ingest a <lines >/dev/null 2>err || fail ingest
"$S" vault redact a 700 --reason 誤送信 >/dev/null 2>err || fail redact
run a

key=$("$S" vault witness new w --name w.example) p=$(port)
"$S" vault witness serve w --listen "127.0.0.1:$p" 2>w.log & pids+=($!); up "$p"
"$S" vault witness add w a/vault/vkey; "$S" vault witness add w a/vault/logs/standard/vkey
printf 'witness w %s http://127.0.0.1:%s\nquorum w\n' "$key" "$p" >a/witnesses
"$S" vault witness ask a --json >asked 2>err || fail "ask: $(cat asked)"
is "both logs are cosigned" "$(jq -c '[.[] | [(.log | sub("^[^/]*/[^/]*"; "")), .met]]' asked)" '[["",true],["/standard",true]]'
"$S" vault verify a --policy a/witnesses >out 2>&1 || fail "verify: $(cat out)"
"$S" vault prove a 17 --log standard --policy a/witnesses >/dev/null || fail prove
echo "ok while it runs: all logs cosigned, proven by the policy"

t=$(port); "$S" vault serve a --log standard --entries --listen "127.0.0.1:$t" 2>serve.log & pids+=($!); up "$t"
code() { curl -s -o x -w '%{http_code}' "http://127.0.0.1:$t$1"; }
python3 "$here/witness_check.py" tiles "http://127.0.0.1:$t" "$(cat a/vault/logs/standard/vkey)" >out 2>err || fail tiles
is "a bundle with a redacted entry" "$(code /tile/entries/002) $(code /tile/entries/001) $(code /tile/entries/002.p/188) $(code /tile/entries/002.p/189) $(code /tile/0/002)" "410 200 200 410 200"
t=$(port); "$S" vault serve a --listen "127.0.0.1:$t" 2>serve2.log & pids+=($!); up "$t"
python3 "$here/witness_check.py" tiles "http://127.0.0.1:$t" "$(cat a/vault/vkey)" >out 2>err || fail "tiles of the own log"
if [ "$(id -u)" = 0 ]; then
	is "its own users" "$(stat -c %u a/vault w) $(ps -o uid= -p "${pids[0]}" | tr -d ' ') $(ps -o uid= -p "${pids[1]}" | tr -d ' ')" \
		"$(printf '%s\n%s' 61188 61192) 61192 61193"
fi
for i in "${pids[@]}"; do is "locked in" "$(sed -n 's/^Seccomp:\t//p; s/^NoNewPrivs:\t//p' "/proc/$i/status" | tr -d '\n')" 12; done
echo "ok the logs are read from outside, by processes locked in"

stop
cp -a a old; had=$(sed -n 2p a/vault/logs/standard/checkpoint)
"$S" vault ingest a <lines >/dev/null 2>err || fail "more lines"
"$S" vault witness ask a >out 2>&1 || fail "ask: $(cat out)"
has=$(sed -n 2p a/vault/logs/standard/checkpoint)
"$S" vault verify old --policy old/witnesses >out 2>&1 || fail "by itself nothing is wrong with the older folder: $(cat out)"
"$S" vault witness ask old >out 2>&1; is "a folder put back" "$? $(grep -c '^ALARM.*/standard: witness w:.*the log was put back' out)" "1 1"
"$S" vault verify old >out 2>&1; is "its audit" "$? $(grep -c "standard: seen-elsewhere: $has entries were signed, $had are here" out)" "1 1"
mv old/vault/logs/standard/seen-elsewhere keep
SEKISHO_VAULT_HEARTBEAT=1 run old
"$S" vault witness ask old >out 2>&1; is "while it runs" "$?" 1
said="a witness holds a signed checkpoint of $has entries; here are"
for _ in $(seq 100); do grep -q "vault.refused.*log=standard.*$said" err && break; sleep 0.1; done
grep -q "vault.refused.*log=standard.*$said" err || fail "the running vault says nothing: $(tail -5 err)"
for _ in $(seq 50); do "$S" vault search old elsewhere --log office 2>/dev/null | grep -q '"kind":"elsewhere","source":"standard"' && break; sleep 0.2; done
"$S" vault search old elsewhere --log office | grep -q '"kind":"elsewhere","source":"standard"' || fail "no alarm entry"
stop; : >err
run old
for _ in $(seq 100); do grep -q "$said" err && break; sleep 0.1; done
grep -q "$said" err || fail "the vault opens it again: $(tail -5 err)"
stop
echo "ok a data folder put back, keys and all: alarm, audit, refusal"
"$S" vault new-origin old --log standard --reason 復元 >out 2>&1 || fail "new-origin: $(cat out)"
"$S" vault ingest old <lines >out 2>err || fail "goes on: $(cat err)"
"$S" vault verify old >out 2>&1 || fail "the new name: $(cat out)"
"$S" vault witness add w old/vault/logs/standard/vkey
"$S" vault witness ask old >out 2>&1 || fail "cosigned again: $(cat out)"
"$S" vault verify old --policy old/witnesses >out 2>&1 || fail "the new name by the policy: $(cat out)"
echo "ok after that it goes on under a new name, which the witness must be told"

# As after the removal of the first segment.
yes "<38>Nov 20 12:00:00 gw sshd[1]: Failed password for root from 192.0.2.7 port 22 ssh2" | head -1050000 | "$S" vault ingest big >/dev/null 2>err || fail "a large log"
printf 'minimum 1048576 1050000\n' >big/retention; rm big/seg/00000000000000000000
[ "$(id -u)" != 0 ] || chgrp -R $((${SEKISHO_UID_BASE:-61184} + 4)) big
t=$(port); "$S" vault serve big --entries --listen "127.0.0.1:$t" 2>serve3.log & pids+=($!); up "$t"
is "what was removed" "$(code /tile/0/000) $(code /tile/entries/000) $(code /tile/0/x004/095) $(code /tile/1/000) $(code /tile/1/015) $(code /tile/2/000.p/16) $(code /tile/0/x004/096) $(code /tile/entries/x004/096)" \
	"410 410 410 200 200 200 200 200"
echo "ok removed entries and their leaves are gone, the tree above stays"

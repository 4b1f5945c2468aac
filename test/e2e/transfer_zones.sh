#!/usr/bin/env bash
# No other path: three machines as network namespaces, a host on the Internet, the gateway that runs the house, a host on LGWAN. The
# gateway could forward, the rules forbid it; then nothing gets across but a file that the gate has rebuilt.
set -u
skip() { echo "skip transfer_zones: $*"; exit 0; }
[ "$(id -u)" = 0 ] || skip "network namespaces need root"
for c in ip nft ping python3; do command -v $c >/dev/null || skip "$c is missing"; done
N=sk$$ # the names of the three
ip netns add "$N-gw" 2>/dev/null || skip "network namespaces are not permitted here"
probe=$(printf 'table inet t {\n chain c {\n type filter hook forward priority 0; policy drop;\n }\n}\n' | ip netns exec "$N-gw" nft -f - 2>&1) || { ip netns del "$N-gw"; skip "nftables does not work here: $probe"; }
. "$(dirname "$0")/transfer_house.bash"
helpers=
nets() { for p in $helpers; do kill "$p" 2>/dev/null; wait "$p" 2>/dev/null; done; cleanup; for n in gw net lg; do ip netns del "$N-$n" 2>/dev/null; done; }
trap nets EXIT
ip netns exec "$N-gw" nft flush ruleset
in_() { ip netns exec "$N-$1" "${@:2}"; }             # MACHINE command
for n in net lg; do ip netns add "$N-$n" || fail "namespace"; done
join() { # MACHINE ADDRESS GATEWAY
  ip link add "g$1" netns "$N-gw" type veth peer name eth0 netns "$N-$1" || skip "no veth"
  in_ gw ip addr add "$3/24" dev "g$1"; in_ gw ip link set "g$1" up
  in_ "$1" ip addr add "$2/24" dev eth0; in_ "$1" ip link set eth0 up; in_ "$1" ip link set lo up; in_ "$1" ip route add default via "$3"; }
in_ gw ip link set lo up
join net 198.51.100.2 198.51.100.1
join lg 10.77.0.2 10.77.0.1
in_ gw sysctl -qw net.ipv4.ip_forward=1 || skip "forwarding cannot be switched on"

# Somebody who answers on each side, over TCP and UDP.
for n in net lg; do
  ip netns exec "$N-$n" python3 -c '
import select, socket
t = socket.socket(); t.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); t.bind(("0.0.0.0", 7007)); t.listen()
u = socket.socket(type=socket.SOCK_DGRAM); u.bind(("0.0.0.0", 7007))
while True:
    for s in select.select([t, u], [], [])[0]:
        if s is t: c, _ = t.accept(); c.sendall(b"here"); c.close()
        else: d, a = u.recvfrom(64); u.sendto(b"here", a)' & helpers="$helpers $!"
done
tcp() { in_ "$1" python3 -c 'import socket, sys; s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 1.5); print(s.recv(4).decode() if sys.argv[2] == "7007" else "here")' "$2" "${3:-7007}" 2>/dev/null; }
udp() { in_ "$1" python3 -c 'import socket, sys; s = socket.socket(type=socket.SOCK_DGRAM); s.settimeout(1.5); s.sendto(b"?", (sys.argv[1], 7007)); print(s.recv(4).decode())' "$2" 2>/dev/null; }
icmp() { in_ "$1" ping -c 1 -W 1 "$2" >/dev/null 2>&1 && echo here; }
for _ in $(seq 30); do [ "$(tcp net 10.77.0.2)" = here ] && [ "$(tcp lg 198.51.100.2)" = here ] && break; sleep 0.1; done
for k in tcp udp icmp; do
  [ "$($k net 10.77.0.2)" = here ] && [ "$($k lg 198.51.100.2)" = here ] || fail "$k: the test shows nothing, it does not pass without rules either"
done
ok "without rules TCP, UDP and ICMP pass between the networks"

# --- the gateway ------------------------------------------------------------------------------------------------------------------------
printf 'transfer-listen = 198.51.100.1:8444\n' >>"$D/sekisho.conf"
export GW="ip netns exec $N-gw" LISTEN=10.77.0.1:8443; start
[ "$U" = https://10.77.0.1:8443 ] || fail "the LGWAN front: $U"
in_ gw nft -f - <<'R' || fail "rules"
table inet gateway {
  chain forward {
    type filter hook forward priority 0; policy drop;
  }
  chain input {
    type filter hook input priority 0; policy drop;
    iif lo accept
    ct state established,related accept
    iifname gnet ip daddr 198.51.100.1 tcp dport 8444 accept
    iifname glg ip daddr 10.77.0.1 tcp dport 8443 accept
  }
  chain output {
    type filter hook output priority 0; policy drop;
    oif lo accept
    ct state established,related accept
  }
}
R
for k in tcp udp icmp; do
  [ -z "$($k net 10.77.0.2)" ] || fail "$k from the Internet to LGWAN"
  [ -z "$($k lg 198.51.100.2)" ] || fail "$k from LGWAN to the Internet"
done
ok "with them none does, in neither direction"
for k in udp icmp; do [ -z "$($k net 198.51.100.1)" ] && [ -z "$($k lg 10.77.0.1)" ] || fail "$k: the gateway itself answers"; done
[ -z "$(tcp net 10.77.0.1 8443)" ] && [ -z "$(tcp net 198.51.100.1 8443)" ] || fail "LGWAN's front from the Internet"
[ -z "$(tcp lg 198.51.100.1 8444)" ] && [ -z "$(tcp lg 10.77.0.1 8444)" ] || fail "the Internet's front from LGWAN"
[ "$(tcp net 198.51.100.1 8444)" = here ] && [ "$(tcp lg 10.77.0.1 8443)" = here ] || fail "the fronts themselves"
ports=$(in_ gw ss -Hltn | awk '{print $4}' | sort -u | tr '\n' ' '); [ "$ports" = "10.77.0.1:8443 198.51.100.1:8444 " ] || fail "the gateway listens elsewhere: $ports"
ok "each side reaches its own front and nothing else of the gateway"
for p in $(pgrep -P "$house"); do
  role=$(tr '\0' ' ' <"/proc/$p/cmdline" | grep -o -- '--fd 3 [^ ]*' | cut -d' ' -f3)
  [ "$(readlink "/proc/$p/ns/net")" != "$(in_ gw readlink /proc/self/ns/net)" ] || fail "$role is in the gateway's network"
done
ok "no process of the house is in a network at all"

# --- a file gets across, cleaned ---------------------------------------------------------------------------------------------------------
export AT="ip netns exec $N-lg"; enter ichiro 1003; enter jiro 1004
L=$U I=https://198.51.100.1:8444
AT="ip netns exec $N-net" U=$I
get net /sign-in >/dev/null; [[ $(post net /sign-in --data-urlencode staff_no=1003 --data-urlencode "password=$(cat "$T/pw.ichiro")") == *"$U/" ]] || fail "sign-in from the Internet"
for p in /ledgers /ledgers/transfers /board /me /settings /search /logs /logs/export.csv /log-sources /attachments/1 /transfers/gates /api/v1/ledgers /api/v1/status /jobs; do
  [ "$(get net $p)" = 404 ] || fail "$p from the Internet"; done
ok "the Internet's front has nothing but sign-in and transfers"
printf '氏名,値\n山田,=cmd|calc!A0\n' >"$T/a.csv"; cp /bin/true "$T/x.exe"
id=$(hand net 1004 -F "files=@$T/a.csv"); [ "$id" = 1 ] && [ "$(settled 1)" = "ready " ] || fail "handed over on the Internet: $id $(settled 1)"
[ "$(settled "$(hand net 1004 -F "files=@$T/x.exe")")" = "blocked TYPE-EXECUTABLE" ] || fail "a program"
[[ $(fetch net 1) == 403* ]] || fail "fetched on the Internet"
AT="ip netns exec $N-lg" U=$L
[[ $(fetch jiro 1) == 200* ]] && [ "$(cat "$T/page")" = "$(printf "氏名,値\n山田,'=cmd|calc!A0")" ] || fail "not fetched on LGWAN, or not cleaned"
[[ $(fetch jiro 2) == 4* ]] || fail "a program was fetched"
ok "a file handed over on the Internet is fetched on LGWAN, cleaned; a program is not"
for k in tcp udp icmp; do [ -z "$($k net 10.77.0.2)" ] && [ -z "$($k lg 198.51.100.2)" ] || fail "$k, while the house works"; done
kill "$house"; wait "$house" 2>/dev/null; house=
for k in tcp udp icmp; do [ -z "$($k net 10.77.0.2)" ] && [ -z "$($k lg 198.51.100.2)" ] || fail "$k, when the house is gone"; done
ok "and nothing else, while the house works and when it is gone"

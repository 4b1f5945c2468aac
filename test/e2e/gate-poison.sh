#!/usr/bin/env bash
# A file at which the gate dies each time: three times it is given, then it is held with a reason; others that wait meanwhile are not kept waiting.
set -u
. "$(dirname "$0")/transfer_house.bash"
start
enter ichiro 1003; enter jiro 1004
python3 -c 'import sys; sys.stdout.write("氏名,値,=1+1\n" * 2400000)' >"$T/poison.csv"
size=$(stat -c %s "$T/poison.csv")
# The gate that has the poison: one of its descriptors is a memory file of that size.
carrier() {
  local p f
  # shellcheck disable=SC2154 # the sourced file sets it
  for p in $(pgrep -P "$house" -f 'gate --fd 3 gate'); do
    for f in /proc/"$p"/fd/*; do
      case $(readlink "$f" 2>/dev/null) in /memfd:*) [ "$(stat -L -c %s "$f" 2>/dev/null)" != "$size" ] || { echo "$p"; return; } ;; esac
    done
  done
}
id=$(hand ichiro 1004 -F "files=@$T/poison.csv"); [ -n "$id" ] && [ "$id" != refused ] || fail "hand over: $id"
kills=0 slowest=0 n=0
while [ $kills -lt 20 ] && [ "$(sqlite3 "$D/office/office.db" "SELECT state FROM transfers WHERE id = $id" 2>/dev/null)" != held ]; do
  p=; for _ in $(seq 200); do p=$(carrier); [ -z "$p" ] || break; [ "$(sqlite3 "$D/office/office.db" "SELECT state FROM transfers WHERE id = $id")" = checking ] || [ $kills = 0 ] || break; sleep 0.05; done
  [ -n "$p" ] || continue
  kill -9 "$p"; kills=$((kills + 1))
  # A small file handed over at once
  n=$((n + 1)); printf 'a,%s\n' "$n" >"$T/s$n.csv"; from=$(date +%s%N)
  s=$(hand ichiro 1004 -F "files=@$T/s$n.csv"); [ "$(settled "$s")" = "ready " ] || fail "a small file beside it: $(settled "$s")"
  took=$((($(date +%s%N) - from) / 1000000)); [ $took -le $slowest ] || slowest=$took
done
[ "$(settled "$id")" = "held GATE-DIED" ] || fail "the poison: $(settled "$id") after $kills"
[ $kills = 3 ] || fail "given $kills times"
ok "a file at which the gate died three times is held ($kills)"
[ $slowest -lt 8000 ] || fail "a small file waited $slowest ms"
ok "files handed over meanwhile are ready within $slowest ms"
[[ $(fetch jiro "$id") == 4* ]] || fail "fetched"
ok "and it can be fetched by nobody"
s=$(hand ichiro 1004 -F "files=@$T/s1.csv"); [ "$(settled "$s")" = "ready " ] || fail "after it"
[ "$(pgrep -P "$house" -f 'gate --fd 3 gate' | wc -l)" -ge 3 ] || fail "gates left: $(pgrep -P "$house" -f 'gate --fd 3 gate' | wc -l)"
ok "all gates are there again"
exit 0

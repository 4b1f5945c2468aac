#!/usr/bin/env bash
# Somebody inside: every process, once locked in, tries to break out (src/core/attack.h). Prints the table attempt × process and
# fails unless every cell is a refusal ("killed", "refused") or the role's own business ("own"). "killed" counts only as the work of
# the sandbox or of the supervisor told of a broken protocol, one such death a cell. As root once more without root.
set -u
T=$(mktemp -d); export LC_ALL=C.UTF-8
PATIENCE=240                                            # seconds for all attempts, on a machine that does other things as well
house=
cleanup() { [ -z "$house" ] || kill -9 "$house" 2>/dev/null; rm -rf "$T"; }
trap cleanup EXIT
fail() { echo "FAIL $*"; tail -15 "$T/err" 2>/dev/null; exit 1; }
cd "$(dirname "$0")/../.." || exit 3
make -s O="$O" ${SAN:+SAN=$SAN} attack >"$T/make" 2>&1 || { cat "$T/make"; exit 1; }

lines() { tr -d '\0' <"$1" | sed 's/ *$//'; }
all_done() { for r in $roles; do [ -e "$T/board/$r" ] && lines "$T/board/$r" | grep -q "	end	-" || return 1; done; }

# One house with the attempts built in, until every role has made all of them.
house_with_attempts() { # name, command in front
  local name=$1 D=$T/home-$1/house; shift
  rm -rf "$T/board" "$T/home-$name"; mkdir -m 777 "$T/board"; chmod 755 "$T"
  mkdir -m 777 "$T/home-$name"
  "$@" "$O/sekisho" init "$D" --city 見本市 --standard iizuka 2>"$T/err" || fail "$name: init"
  : | "$@" tee "$D/vault/victim" >/dev/null
  echo "transfer-listen = 127.0.0.1:0" | "$@" tee -a "$D/sekisho.conf" >/dev/null
  roles="keys vault collect search detect audit auth office.writer office.job office.reader.0 gate.0 gate.1 front front.net"
  "$@" env SEKISHO_ATTACK="$T/board" "$O/attack/sekisho" run "$D" --listen 127.0.0.1:0 --readers 1 --intake udp:127.0.0.1:0 --intake tls:127.0.0.1:0 >"$T/out" 2>"$T/err" &
  house=$!
  for _ in $(seq $((PATIENCE * 5))); do all_done && return; kill -0 $house 2>/dev/null || fail "$name: the house ended"; sleep 0.2; done
  for r in $roles; do echo "# $r: $(lines "$T/board/$r" | tail -1)"; done
  fail "$name: not all attempts were made"
}

# As root: who has which user. Only those that share a store share one; and with the user of one alone, without what else holds it, the
# others are neither signalled nor read.
judge_users() {
  local role pid uid list=
  while read -r role pid _; do uid=$(stat -c %u "/proc/$pid") && list+="$uid $role $pid"$'\n'; done <"$1/run/processes"
  awk '{ r = $2; sub(/^office\..*/, "office", r); if (r == "search" || r == "audit") r = "vault"
         if (!$1 || ($1 in who && who[$1] != r)) print; who[$1] = r }' <<<"${list%$'\n'}" >"$T/shared"
  [ -s "$T/shared" ] && fail "users: shared or root: $(cat "$T/shared")"
  echo "ok each program has a user of its own ($(wc -l <<<"${list%$'\n'}") processes)"
  while read -r a b; do
    uid=$(awk -v r="$a" '$2 == r { print $1 }' <<<"$list") pid=$(awk -v r="$b" '$2 == r { print $3 }' <<<"$list")
    [ -n "$uid" ] && [ -n "$pid" ] || fail "users: $a or $b is not there"
    kill -0 "$pid" || fail "users: $b is gone"
    for try in "kill -0 $pid" "head -c 1 /proc/$pid/mem" "cat /proc/$pid/maps" "ls /proc/$pid/fd"; do
      setpriv --reuid "$uid" --regid "$uid" --clear-groups bash -c "$try" >"$T/try" 2>&1 && fail "users: $a: $try"
    done
  done <<<$'front front.net\nfront.net front\ngate.0 gate.1\ngate.1 gate.0\ngate.0 office.writer'
  echo "ok the user of one alone neither signals nor reads its neighbour"
}

# Deaths by signal are the sandbox's (SIGSYS) or the supervisor's, who says of which process why; each role has as many as "killed".
judge_deaths() { # name
  local r killed by
  awk '/supervise\.(broke|protocol) / { split($0, p, "pid="); told[p[2] + 0] = 1 }
       /supervise\.died .*signal=/ { split($0, p, "pid="); if (!/signal=31 sandbox=1/ && !(/signal=9 / && (p[2] + 0) in told)) print }' \
    "$T/err" >"$T/strange"
  [ -s "$T/strange" ] && fail "$1: died of something else: $(cat "$T/strange")"
  for r in $roles; do
    killed=$(lines "$T/board/$r" | grep -c "	killed$")
    by=$(grep -c "supervise.died role=$r pid=[0-9]* signal=" "$T/err")
    [ "$killed" = "$by" ] || fail "$1: $r: $killed attempts ended in death, $by deaths by the sandbox or for a broken protocol"
  done
  grep -q "sandbox=1" "$T/err" && grep -q "supervise.broke" "$T/err" || fail "$1: nobody was ended for what it tried"
}

attack() { # name, command in front
  local name=$1 D=$T/home-$1/house; shift
  house_with_attempts "$name" "$@"
  for f in office/office.db auth/auth.db keys/log.key keys/tls.key vault/log vault/tail vault/victim sekisho.conf run/control.sock; do
    [ -e "$D/$f" ] || fail "$name: $f is not there, so the attempts at it mean nothing"
  done
  judge_deaths "$name"
  if [ "$name" = root ] && grep -q "^ready.*uid mnt net" "$T/out"; then judge_users "$D"; fi
  kill -INT $house; wait $house; house=
  echo "# $name: $(sed -n 's/.*(posture \(.*\))/\1/p' "$T/out")"
  for r in $roles; do lines "$T/board/$r"; done | awk -F'\t' -v roles="$roles" '
    $2 == "end" || NF < 3 { next }
    !($2 in seen) { seen[$2] = 1; order[++n] = $2 }
    { cell[$2, $1] = $3 }
    END { k = split(roles, r, " "); printf "# %-26s", ""; for (i = 1; i <= k; i++) printf " %-15s", r[i]; print ""
          for (j = 1; j <= n; j++) { printf "# %-26s", order[j]
            for (i = 1; i <= k; i++) { c = cell[order[j], r[i]]; printf " %-15s", c
              if (c != "refused" && c != "killed" && c != "own") bad++ } print "" }
          print "cells " n * k " bad " bad + 0 }' >"$T/table"
  cat "$T/table"
  grep -q '^cells [1-9][0-9]* bad 0$' "$T/table" || fail "$name: something inside got through"
  [ "$(sed -n 's/^cells \([0-9]*\) .*/\1/p' "$T/table")" -ge 200 ] || fail "$name: too few attempts"
  "$@" "$O/sekisho" vault verify "$D" >"$T/verify" 2>&1 || fail "$name: the log afterwards: $(cat "$T/verify")"
  echo "ok every attempt is refused ($name)"
  echo "ok whoever died was ended for it ($name)"
}

if [ "$(id -u)" = 0 ]; then
  attack root env
  # With sanitizers every start is slow; one pass must do there.
  [ -n "${SAN:-}" ] || attack user setpriv --reuid 65534 --regid 65534 --clear-groups
else
  attack user env
fi

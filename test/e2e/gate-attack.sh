#!/usr/bin/env bash
# A rebuilder that is taken over tries to get out of its process, to wear the gate out, or to have an original delivered. Each try is
# refused; the table is printed.
set -u
O=$(realpath "${O:-build}") failed=0
make -s O="$O" "$O/test/gate-attacker" || exit 3
W=$(mktemp -d) && cd "$W" || exit 3
trap 'rm -rf "$W"' EXIT
chmod 755 "$W"; mkdir -p libexec/sekisho share/sekisho
cp "$O"/libexec/sekisho/gate* libexec/sekisho/; cp "$O/test/gate-attacker" libexec/sekisho/; cp "$O/sekisho" .; cp -r "$O/share/sekisho/gate" share/sekisho/
for cell in "" pdf verify scan office; do
	[ -z "$cell" ] || ln -s gate-attacker "libexec/sekisho/gate-attacker$cell"
	printf 'atk%s\ttext\tgate-attacker%s\tatk\tTYPE-MISMATCH\n' "$cell" "$cell" >>share/sekisho/gate/routes.tsv
done
# Sanitizers take their time, and address space without a limit.
printf 'input_mib: 10\nseconds: %d\nseconds_per_mib: 1\n' "${SAN:+2}4" >share/sekisho/gate/policy.yaml
export LC_ALL=C.UTF-8
try() { # attempt, outcome, code, signal of the rebuilder (0: it ended by itself); in the cell named by $cell
	rm -f out rep; echo "$1" >"$1.atk$cell"
	timeout 60 ./sekisho gate clean "$1.atk$cell" -o out --report rep 2>/dev/null
	got="$? $(jq -r '.outcome + " " + (.code // "-") + " " + ([.runs[] | select(.step == "rebuild")][0].signal | tostring)' rep)"
	[ ! -e out ] || got="$got $(tr -d '\n' <out)"
	# shellcheck disable=SC2053 # a pattern
	if [[ $got == $2 ]]; then echo "ok ${cell:-rebuilder}: $1: $got"; else echo "FAIL ${cell:-rebuilder}: $1: want [$2], got [$got]"; failed=1; fi
}
mkdir -p /var/tmp/gate-attack-house; trap 'rm -rf "$W"; rmdir /var/tmp/gate-attack-house' EXIT
# What only fails says so and is delivered as the text "refused": the process lives on in its cell.
for cell in "" pdf verify scan; do
	for t in open create processes house; do try $t "0 delivered - 0 refused"; done
	for t in socket exec ptrace kill executable-memory fork bomb; do try $t "1 blocked WORKER-DIED 31"; done
	[ -n "${SAN:-}" ] || try memory "0 delivered - 0 refused"
	try output "1 blocked LIMIT-OUTPUT 25"
	try loop "1 held LIMIT-TIME [29]*"
	try sleep "1 held LIMIT-TIME 9"
done
# LibreOffice's jail is wider: it has files and processes, but they are its own. The file it makes lies in an empty /tmp, the program it
# starts is one of /usr and says nothing.
cell=office
for t in open processes house; do try $t "0 delivered - 0 refused"; done
try create "0 delivered - 0 ESCAPED"; [ ! -e /tmp/gate-attacker ] && echo "ok office: what it makes is nowhere" || { echo "FAIL office: a file in /tmp"; failed=1; }
try socket "0 delivered - 0 refused"
try exec "1 blocked WORKER-DIED [09]"
try ptrace "1 blocked WORKER-DIED [39]*"
try kill "0 delivered - 0 refused"
[ "$(id -u)" != 0 ] || try bomb "0 delivered - 0 refused"
[ -n "${SAN:-}" ] || try memory "0 delivered - 0 refused"
try output "@(0 delivered - 0 refused|1 held LIMIT-TIME 9)"                  # the first process of a jail is told by an error, not ended
try loop "1 held LIMIT-TIME *"
try sleep "1 held LIMIT-TIME 9"
cell=
try report "0 delivered - 0 refused"
if [ "$(jq '.parts | length' rep)" -le 4096 ] && [ "$(jq .more_parts rep)" -gt 190000 ]; then echo "ok report is bounded"; else echo "FAIL report is bounded"; failed=1; fi
try nest "0 delivered - 0 refused"
if [ "$(jq '[.. | .code? | select(. == "LIMIT-DEPTH")] | length' rep)" = 1 ]; then echo "ok nesting ends"; else echo "FAIL nesting ends"; failed=1; fi
try wide "1 blocked ZIP-BOMB [09]"
if [ "$(jq '[.. | .members? | arrays | length] | add' rep)" -le 2000 ]; then echo "ok documents inside are bounded"; else echo "FAIL documents inside are bounded"; failed=1; fi
# What decides: nothing that a rebuilder says lets an original out.
try original "1 held VERIFY-REFUSED 0"
try language "1 held VERIFY-REFUSED 0"
try unsealed "1 blocked WORKER-DIED 0"
try nonsense "1 blocked WORKER-DIED [09]"
try verdict "1 blocked WORKER-DIED 0"
# A gate whose worker cannot be locked in gives it nothing.
printf '#!/bin/sh\nexit 0\n' >libexec/sekisho/gate-attacker; chmod 755 libexec/sekisho/gate-attacker
try unconfined "1 held WORKER-OPEN 0"
exit $failed

#!/usr/bin/env bash
# The rules as a command, and the detect process with the real vault and keys: alerts, kills, suppressions, a lost state.
# KILLS= and SEED= for longer runs.
set -eu
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ok() { echo "ok detect: $*"; }
fail() { echo "FAIL detect: $*"; exit 1; }

cat >"$work/rule.yml" <<'Y'
title: Word
id: word
logsource: {product: linux}
detection:
  s: [needle]
  condition: s
Y
"$O/sekisho" rules check "$work/rule.yml" >"$work/out" || fail "a good rule is refused"
grep -q '^1 ' "$work/out" || grep -q ' 1 ' "$work/out" || fail "check counts nothing: $(cat "$work/out")"
sed 's/condition: s/condition: t/' "$work/rule.yml" >"$work/bad.yml"
LC_ALL=C "$O/sekisho" rules check "$work/bad.yml" >"$work/out" 2>"$work/err" && fail "a faulty rule passes"
grep -q 'bad.yml:6:14: ' "$work/err" || fail "the place of the fault: $(cat "$work/err")"
ok "a fault is told with file, line and column, and the exit code says so"
printf 'Nov 20 10:00:00 h p: hay\nNov 20 10:00:01 h p: a needle\n' | "$O/sekisho" rules run "$work/rule.yml" >"$work/out"
[ "$(wc -l <"$work/out")" = 1 ] && grep -q '"rule":"word"' "$work/out" && grep -q '"line":2' "$work/out" || fail "run: $(cat "$work/out")"
ok "run prints what holds, with its line"
"$O/sekisho" rules run "$work/rule.yml" </dev/null >"$work/out" && [ ! -s "$work/out" ] || fail "nothing gives something"
"$O/sekisho" rules run >/dev/null 2>&1 && fail "no rules is accepted"
ok "nothing in, nothing out; wrong use is refused"

# --- the rules we ship: each fires where its test log says, and stays quiet on the rest ---
LC_ALL=C "$O/sekisho" rules test rules >"$work/out" || fail "shipped rules: $(cat "$work/out")"
"$O/sekisho" rules check rules >/dev/null 2>"$work/err" && [ ! -s "$work/err" ] || fail "shipped rules: $(cat "$work/err")"
on=$("$O/sekisho" rules list rules --json | jq -s 'map(select(.default)) | length')
[ "$on" -ge 15 ] && [ "$on" -le 30 ] || fail "$on rules are on by default: two people cannot live with that"
ok "$(tail -n 1 "$work/out"); $on are on by default"
cp -r rules "$work/r"
sed -i 's/gte: 20}/gte: 21}/' "$work/r/host/ssh.yml"
"$O/sekisho" rules test "$work/r" >/dev/null && fail "a rule that no longer fires passes its test"
cp rules/host/ssh.yml "$work/r/host/ssh.yml"
sed -i 's/gte: 10}$/gte: 3}/' "$work/r/host/ssh.yml"
"$O/sekisho" rules test "$work/r" >/dev/null && fail "a rule that fires too early passes its test"
rm "$work/r/host/ssh.test"
"$O/sekisho" rules test "$work/r" >/dev/null && fail "a rule without a test passes"
ok "a rule that does not fire, fires too early, or has no test log is a fault"
# --- real logs, where they are at hand ---
for data in ../shared/data ../../shared/data; do [ ! -d "$data/sigma/rules" ] || break; done
if [ -d "$data/sigma/rules" ]; then
  "$O/sekisho" rules check "$data/sigma/rules" >"$work/out" || fail "the field's rules do not load"
  grep -q 407 "$work/out" || fail "the field's rules: $(cat "$work/out")"
  "$O/sekisho" rules run rules "$data/sigma/rules" <"$data/logs/OpenSSH_2k.log" | jq -r .rule | sort | uniq -c >"$work/out"
  for r in sk-ssh-brute-force sk-ssh-spray; do grep -q " $r\$" "$work/out" || fail "$r does not fire on real logs: $(cat "$work/out")"; done
  ok "the field's 407 rules load; on a real sshd log: $(tr -s ' \n' ' ' <"$work/out")"
else
  echo "skip the field's rules: not beside the checkout"
fi

PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1 timeout 400 python3 "$here/detect_drive.py" "$O" "$work" || {
  for f in "$work"/*/detect.log; do echo "== $f"; tail -n 20 "$f"; done
  exit 1
}

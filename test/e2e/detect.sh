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

PYTHONPATH="$here" PYTHONDONTWRITEBYTECODE=1 timeout 400 python3 "$here/detect_drive.py" "$O" "$work" || {
  for f in "$work"/*/detect.log; do echo "== $f"; tail -n 20 "$f"; done
  exit 1
}

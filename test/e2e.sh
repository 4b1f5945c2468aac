#!/usr/bin/env bash
# Runs every test/e2e/*.sh against the built programs in $1 (build folder). Each script prints its own "ok NAME" lines.
set -u
O=$(realpath "$1"); export O
cd "$(dirname "$0")/.." || exit 3
pass=0 fail=0
for t in test/e2e/*.sh; do
  [ -e "$t" ] || continue
  s=$SECONDS
  if out=$(timeout 600 bash "$t" 2>&1); then
    n=$(grep -c '^ok ' <<<"$out"); pass=$((pass + n)); echo "$t: $n ok ($((SECONDS - s)) s)"
    grep '^skip ' <<<"$out"
    [ "$n" -gt 0 ] || grep -q '^skip ' <<<"$out" || { echo "FAIL $t: checked nothing"; fail=$((fail + 1)); }
  else
    echo "FAIL $t"; echo "$out" | tail -80; fail=$((fail + 1))
  fi
done
echo "$pass passed, $fail failed"
[ "$fail" = 0 ]

#!/usr/bin/env bash
# Runs unit test programs, shows the output of those that fail, prints one closing line.
set -u
pass=0 fail=0
for t in "$@"; do
  if out=$(timeout 300 "$t" 2>&1); then
    n=$(grep -c '\[       OK \]' <<<"$out"); pass=$((pass + n))
    [ "$n" -gt 0 ] || { echo "FAIL $t: ran no test"; fail=$((fail + 1)); }
  else
    echo "FAIL $t"; echo "$out" | tail -60; fail=$((fail + 1))
    pass=$((pass + $(grep -c '\[       OK \]' <<<"$out")))
  fi
done
echo "unit: $pass passed, $fail failed"
[ "$fail" = 0 ]

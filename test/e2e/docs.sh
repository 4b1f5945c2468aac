#!/usr/bin/env bash
# Documents that repeat what stands elsewhere are held against it: packages, settings, commands, files.
set -u
fail() { echo "FAIL $*"; exit 1; }
want=$(sed -n '/^  run)/,/;;/p' deps.sh | sed 's/run)//; s/echo//; s/;;//; s/\\//' | tr -s ' \n' '\n' | grep . | sort)
have=$(sed -n '/^## At run time/,/^## To build/p' docs/dependencies.md | sed -n 's/^| \([a-z0-9.+-]*\) |.*/\1/p' | grep -v '^package$' | grep '[a-z]' | sort)
[ -n "$want" ] || fail "deps.sh names nothing"
[ "$want" = "$have" ] || fail "docs/dependencies.md and deps.sh differ: $(diff <(echo "$want") <(echo "$have") | grep '^[<>]' | tr '\n' ' ')"
echo "ok every run-time package is explained"
for f in docs/*.md docs/formats/*.md SECURITY.md; do
  for l in $(grep -o '](\([^)#:]*\))' "$f" | sed 's/^](//; s/)$//'); do
    [ -e "$(dirname "$f")/$l" ] || [ -e "$l" ] || fail "$f points to $l, which is not there"
  done
  for l in $(grep -oE '\bdocs/[a-z/.-]+\.md|\btest/e2e/[a-z_]+\.sh|\bsrc/[a-z_/]+\.[ch]\b' "$f"); do [[ $l == *_x.[ch] ]] || [ -e "$l" ] || fail "$f names $l, which is not there"; done
done
echo "ok documents point to what is there"
known=$({ "$O/sekisho" --help; "$O/sekisho" vault --help 2>&1; } | grep -oE '^  [a-z-]+( [a-z-]+)?|sekisho vault [a-z-]+' | sed 's/^ *//; s/^sekisho //')
while read -r c; do
  grep -qE "^$c( |$)" <<<"$known" || fail "docs/operating.md: there is no sekisho $c"
done < <(grep -oE '`[^`]*`|^(sekisho|ExecStart).*' docs/operating.md | grep -oE '\bsekisho (vault )?[a-z][a-z-]+' | sed 's/^sekisho //' | sort -u)
echo "ok docs/operating.md names commands that exist"

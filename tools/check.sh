#!/usr/bin/env bash
# The house rules a program can judge: layers, sizes, tidiness. Prints file:line: what; exits 1 when a rule is broken.
# Notes (functions over 60 lines, files over 600) do not fail. usage: tools/check.sh [-q]   -q: no notes
set -u
shopt -s lastpipe                                     # report runs in this shell and can set failed
cd "$(dirname "$0")/.." || exit 3
quiet=0
[ "${1:-}" != -q ] || quiet=1

files=$(git ls-files -co --exclude-standard 2>/dev/null) || files=$(find . -type f -not -path './.git/*' \
	-not -path './build*' -not -path './var/*' | sed 's,^\./,,')
files=$(while read -r f; do [ ! -f "$f" ] || echo "$f"; done <<<"$files" | LC_ALL=C sort)
c_files=$(grep -E '^(src|tools|bench)/.*\.[ch]$' <<<"$files")
texts=$(grep -E '(\.(c|h|sh|sql|test|html|css|js|mjs|yaml|yml|md|mk|po|py|service)|/run|Makefile)$' <<<"$files" |
	grep -v -E '^test/fuzz/|package-lock\.json$')
failed=0
report() { # reads findings; any is a failure
	local found
	found=$(cat)
	[ -n "$found" ] || return 0
	printf '%s\n' "$found"
	failed=1
}

# Layers: src/lib <- src/core <- src/tlog <- src/<program>; generated headers carry no folder.
xargs -r awk '
	FNR == 1 { split(FILENAME, part, "/"); own = part[2] }
	part[1] != "src" { next }
	match($0, /^[ \t]*#[ \t]*include[ \t]*"[^"]*"/) {
		name = substr($0, RSTART, RLENGTH); sub(/^[^"]*"/, "", name); sub(/"$/, "", name)
		if (name !~ /\//) {
			if (own != "lib" && name ~ /^(tpl|queries|embed)\.h$/) next
			print FILENAME ":" FNR ": \"" name "\" does not say its folder"; next
		}
		folder = name; sub(/\/.*/, "", folder)
		if (folder == "lib" || folder == own || (folder == "core" && own != "lib")) next
		if (folder == "tlog" && own != "lib" && own != "core" && own != "rebuild") next
		if (folder == "rebuild" && own ~ /^gate-/ && own != "gate-verify") next
		if (folder == "test" && own != "lib" && FILENAME ~ /_test\.c$/) next
		print FILENAME ":" FNR ": src/" own " may not include \"" name "\""
	}' <<<"$c_files" | report

# A module includes its own header first, which proves that the header stands by itself; or one of its folder that
# includes it (a module of several files has a header among themselves).
while read -r f; do
	h=${f%.c}.h
	[ "$h" != "$f" ] && [ -f "$h" ] || continue
	first=$(grep -m1 '^#include' "$f")
	[ "$first" != "#include \"${h#src/}\"" ] || continue
	between=src/$(sed -n 's/^#include "\(.*\)".*/\1/p' <<<"$first")
	[ -f "$between" ] && grep -qxF "#include \"${h#src/}\"" "$between" || echo "$f:1: its own header ${h#src/} comes first"
done <<<"$(grep '^src/' <<<"$c_files")" | report

# Functions: the brace alone in its column opens one.
sizes() {
	xargs -r awk -v least="$1" -v most="$2" '
		/^\{$/ { from = FNR }
		/^\}$/ && from {
			n = FNR - from + 1
			if (n > least && (most == 0 || n <= most)) print FILENAME ":" from ": a function of " n " lines"
			from = 0
		}' <<<"$c_files"
}
sizes 100 0 | report
if [ $quiet = 0 ]; then
	sizes 60 100 | sed 's/^/note: /'
	xargs -r awk '{ line = $0; gsub(/\t/, "    ", line); gsub(/[\200-\277]/, "", line); n += length(line) > 120 }
		END { if (n) print "note: " n " lines of over 120 columns" }' <<<"$c_files"
	while read -r f; do
		n=$(wc -l <"$f")
		[ "$n" -le 600 ] || echo "note: $f:1: a file of $n lines"
	done <<<"$c_files"
fi

# Tidiness. The words are put together here so that this file does not name them.
xargs -r grep -nHE '[ 	]+$' <<<"$texts" | grep -v '\.md:[0-9]*:.*  $' | sed -E 's/^([^:]*:[0-9]+):.*/\1: blanks at the line end/' | report
xargs -r grep -nHwE "TO""DO|FIX""ME|X""XX|HA""CK" <<<"$texts" | report
xargs -r grep -nHiE "not implem""ented|place""holder text|lorem ip""sum" <<<"$texts" | report
xargs -r grep -nHE '^(<<<<<<<|>>>>>>>) ' <<<"$texts" | report
[ $failed = 0 ] || exit 1

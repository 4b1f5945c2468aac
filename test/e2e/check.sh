#!/usr/bin/env bash
# tools/check.sh refuses what it says it refuses: each broken rule alone, in a tree of its own.
set -u
here=$(cd "$(dirname "$0")/../.." && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
bad=0

fresh() {
	rm -rf "${tree:?}"/*
	mkdir -p "$tree"/{src/lib,src/core,src/front,src/office,tools}
	cp "$here/tools/check.sh" "$tree/tools/"
	printf '#ifndef LIB_A_H\n#define LIB_A_H\n#endif\n' >"$tree/src/lib/a.h"
	printf '#include "lib/a.h"\n\nint x;\n' >"$tree/src/lib/a.c"
	printf '#include <stdio.h>\n\n#include "core/c.h"\n#include "front/front.h"\n#include "lib/a.h"\n#include "tpl.h"\n' \
		>"$tree/src/front/main.c"
}
refuses() { # name, what is said
	local out
	if out=$("$tree/tools/check.sh" -q 2>&1); then
		echo "FAIL $1: accepted"
		bad=1
	elif ! grep -qF "$2" <<<"$out"; then
		echo "FAIL $1: said: $out"
		bad=1
	else
		echo "ok $1"
	fi
}
long_function() { printf 'int f(void)\n{\n'; for ((i = 0; i < $1 - 2; i++)); do echo ';'; done; echo '}'; }

fresh
long_function 100 >>"$tree/src/front/main.c"
if out=$("$tree/tools/check.sh" -q 2>&1); then echo "ok a clean tree"; else echo "FAIL a clean tree: $out"; bad=1; fi
fresh; long_function 101 >>"$tree/src/front/main.c"; refuses "a long function" "src/front/main.c:8: a function of 101 lines"
fresh; echo '#include "core/c.h"' >>"$tree/src/lib/a.c"; refuses "lib includes core" 'src/lib may not include "core/c.h"'
fresh; echo '#include "office/o.h"' >>"$tree/src/core/c.c"; refuses "core includes a program" 'src/core may not include "office/o.h"'
fresh; echo '#  include "office/o.h"' >>"$tree/src/front/main.c"; refuses "a program includes another" 'src/front may not include "office/o.h"'
fresh; echo '#include "tpl.h"' >>"$tree/src/lib/a.c"; refuses "lib includes what is generated" '"tpl.h" does not say its folder'
fresh; echo '#include "front.h"' >>"$tree/src/front/main.c"; refuses "an include without folder" '"front.h" does not say its folder'
fresh; sed -i '1i #include <stdio.h>' "$tree/src/lib/a.c"; refuses "own header not first" 'src/lib/a.c:1: its own header lib/a.h comes first'
fresh; echo 'int y; ' >>"$tree/src/lib/a.c"; refuses "blanks at a line end" 'src/lib/a.c:4: blanks at the line end'
fresh; echo "/* TO""DO */" >>"$tree/src/lib/a.c"; refuses "a left-over mark" 'src/lib/a.c:4:'
fresh; echo "<<<<<<< ours" >>"$tree/tools/x.sh"; refuses "a conflict mark" 'tools/x.sh:1:'
exit $bad

#!/usr/bin/env bash
# Old Office formats and OpenDocument: LibreOffice in its jail makes OOXML of them, which then goes the gate's whole way.
set -u
[ -x /usr/lib/libreoffice/program/soffice.bin ] || { echo "skip: no LibreOffice"; exit 0; }
O=$(realpath "${O:-build}") S="$O/sekisho" failed=0 data=$(realpath ../shared/data/gate 2>/dev/null)
W=$(mktemp -d) && cd "$W" || exit 3
trap 'rm -rf "$W"' EXIT
export LC_ALL=C.UTF-8 HOME="$W"
ok() { if [ "$2" = "$3" ]; then echo "ok $1"; else echo "FAIL $1: want [$3], got [$2]"; failed=1; fi; }
clean() { rm -f out rep; "$S" gate clean "$1" -o out --report rep --policy slow.yaml 2>/dev/null; echo "$? $(jq -r '.outcome + " " + (.code // "")' rep 2>/dev/null)"; }
text() { unzip -p out 'word/document.xml' 'xl/sharedStrings.xml' 'xl/worksheets/*.xml' 2>/dev/null | sed 's/<[^>]*>/ /g' | tr -s ' \n' ' '; }
printf 'seconds: 120\n' >slow.yaml
printf '{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Arial;}}{\\field{\\*\\fldinst DDEAUTO cmd.exe "SURVIVOR"}{\\fldrslt shown}} Hello rtf \\par}' >a.rtf
ok rtf "$(clean a.rtf; jq -r '.out.language + " " + .parts[-1].code' rep; text | grep -c 'Hello rtf'; unzip -p out | grep -ac SURVIVOR)" "$(printf '0 delivered \ndocx CONVERTED\n1\n0')"
ok rtf-verified "$("$S" gate verify out --as docx)" "verified: docx"
printf '品名,値\nりんご,12\n' >a.csv
soffice -env:UserInstallation=file://"$W"/p --headless --convert-to ods --infilter='CSV:44,34,76' a.csv >/dev/null 2>&1
ok ods "$(clean a.ods; jq -r .out.language rep; text | grep -c りんご)" "$(printf '0 delivered \nxlsx\n1')"
printf '本文です\n' >b.txt
soffice -env:UserInstallation=file://"$W"/p --headless --convert-to odt b.txt >/dev/null 2>&1
ok odt "$(clean b.odt; jq -r .out.language rep; text | grep -c 本文です)" "$(printf '0 delivered \ndocx\n1')"
ok jail "$(jq -r '[.runs[] | select(.program == "gate-office") | .posture | test("net pid landlock seccomp-deny")] | all' rep)" true
head -c 20000 /dev/urandom >r; { printf '\320\317\021\340\241\261\032\341'; cat r; } >bad.doc
ok broken "$(clean bad.doc | cut -d' ' -f1-2)" "1 held"
cp a.rtf a.xls; ok wrong-name "$(clean a.xls)" "1 blocked TYPE-MISMATCH"
if [ -d "$data" ]; then
	for f in "$data"/doc/61586.doc "$data"/xls/49612.xls "$data"/xls/MRExtraLines.xls; do ok "corpus-$(basename "$f")" "$(clean "$f")" "0 delivered "; done
else
	echo "skip corpus: no files"
fi
exit $failed

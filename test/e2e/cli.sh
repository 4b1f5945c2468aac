#!/usr/bin/env bash
# The contract of the command line: --help of everything, exit codes 0 1 2 3, messages to stderr in the locale's language.
set -u
T=$(mktemp -d); trap 'rm -rf "$T"' EXIT
export LC_ALL=C.UTF-8 LANG=C
fail() { echo "FAIL $*"; exit 1; }
S=$O/sekisho
code() { "$S" "$@" >"$T/out" 2>"$T/err"; echo $?; }

[ "$(code --help)" = 0 ] && [ ! -s "$T/err" ] || fail "--help"
grep -oE '^  [a-z]+( (list|show|import|export|diff|create))? ' "$T/out" | sed 's/^ *//; s/ *$//' >"$T/commands"
[ "$(wc -l <"$T/commands")" -ge 15 ] || fail "--help lists too little: $(cat "$T/out")"
n=0
while read -r words; do
  # shellcheck disable=SC2086
  [ "$(code $words --help)" = 0 ] && [ -s "$T/out" ] && [ ! -s "$T/err" ] || fail "$words --help: $(cat "$T/err")"
  n=$((n + 1))
done <"$T/commands"
echo "ok every command has --help ($n)"
for w in gate zone; do
  [ -x "$O/libexec/sekisho/$w" ] || ! grep -q "^  $w " "$T/commands" || fail "--help lists $w, which is not there"
done
echo "ok --help lists only what is there"
[ "$(code status --help)" = 0 ] && grep -q -- '--as-of DATE: ' "$T/out" && ! grep -q 'OSCAL' "$T/out" || fail "--help explains its own words and no others"
echo "ok --help of a command explains the words of its usage"
[ "$(code ledger --help)" = 0 ] && grep -q 'ledger import DIR LEDGER FILE' "$T/out" || fail "ledger --help"
echo "ok the first word of a command names what begins with it"
[ "$(code --version)" = 0 ] && grep -q '^sekisho [0-9]' "$T/out" || fail "--version"
echo "ok --version"

for wrong in "" nonsense "status" "run" "init" "ledger" "ledger import $T" "token" "run $T --nonsense" "init $T/x --city a"; do
  # shellcheck disable=SC2086
  [ "$(code $wrong)" = 2 ] && [ -s "$T/err" ] && [ ! -s "$T/out" ] || fail "wrong use \"$wrong\": $(cat "$T/out" "$T/err")"
done
echo "ok wrong use is 2, said on stderr"
says() { # WORDS TEXT [CODE]: wrong use that names the word
  # shellcheck disable=SC2086
  [ "$(code $1)" = "${3:-2}" ] && grep -qF -- "$2" "$T/err" && [ "$(wc -l <"$T/err")" -le "${4:-2}" ] || fail "\"$1\" does not say \"$2\": $(cat "$T/err")"
}
says "vault search $T x --bogus" 'there is no option --bogus'
says "vault search $T x --bogus" 'usage: sekisho vault search DIR QUERY'
says "vault search $T x --limit" '--limit needs a value'
says "vault search $T x --limit many" '--limit many'
says "vault search $T x --since someday" '--since someday'
says "vault search $T" 'search: an argument is missing'
says "vault search $T a b" 'b is one argument too many'
says "vault ingest $T --log A.B" '"A.B" is no name of a log'
says "vault nonsense" 'there is no command "nonsense"' 2 99
says "gate clean a.pdf --repot x" 'there is no option --repot' 2 9
says "gate clean a.pdf" '-o OUT' 2 9
says "gate clean a.pdf b.pdf" 'b.pdf is one argument too many' 2 9
says "gate clean a.pdf -o" '-o needs a value' 2 9
says "gate clean" 'say which file' 2 9
says "gate nonsense" 'there is no command "nonsense"' 2 9
echo "ok wrong use names the word that is wrong"
says "doctor $T" 'is no data folder' 3 1
says "doctor $T/none" 'is no data folder' 3 1
echo "ok the doctor gives no advice about a folder that is none of ours"
for none in "status $T/none" "run $T/none" "assess $T" "ledger import $T persons $T/none.csv"; do
  # shellcheck disable=SC2086
  [ "$(code $none)" = 3 ] && [ -s "$T/err" ] && [ ! -s "$T/out" ] || fail "failure \"$none\": $(cat "$T/out" "$T/err")"
done
echo "ok what fails is 3"
LC_ALL=ja_JP.UTF-8 "$S" status "$T/none" 2>"$T/err"; grep -q 'データフォルダー' "$T/err" || fail "Japanese: $(cat "$T/err")"
LC_ALL='' LC_MESSAGES=ja_JP.UTF-8 "$S" --help | grep -q '使い方' || fail "LC_MESSAGES"
echo "ok messages are in the locale's language"

"$S" init "$T/d" --city 見本市 --standard iizuka 2>"$T/err" || fail "init: $(cat "$T/err")"
[ "$(code ledger show "$T/d" nonsense)" = 1 ] || fail "no such ledger: $(cat "$T/err")"
echo "ok the answer no is 1"
for wrong in "standard show $T/d" "status $T/d --as-of nonsense" "link $T/d" "password $T/d" "token create $T/d --scope read"; do
  # shellcheck disable=SC2086
  [ "$(code $wrong)" = 2 ] && [ -s "$T/err" ] || fail "wrong use \"$wrong\": $(cat "$T/out" "$T/err")"
done
echo "ok wrong use of a command on the data is 2 and says why"
[ "$(code status "$T/d" --json --clause nonsense)" -le 1 ] || fail "status of an unknown clause"
[ "$(code doctor "$T/d" --json)" -le 1 ] && jq -e '.grade and (.points | length > 5)' "$T/out" >/dev/null || fail "doctor: $(cat "$T/out")"
[ "$(jq '[.points[] | select(.grade == "bad" and .id != "disk")] | length' "$T/out")" = 0 ] || fail "doctor finds a new folder bad: $(cat "$T/out")"
chmod 755 "$T/d/keys"
[ "$(code doctor "$T/d")" = 1 ] && grep -q 'keys is open to others' "$T/out" || fail "doctor overlooks open keys: $(cat "$T/out")"
echo "ok doctor grades, and sees a folder open to others"
printf 'staff_no,name\n' | "$S" people import "$T/d" - --dry-run >"$T/out" 2>"$T/err"; [ $? -le 1 ] || fail "a file from stdin: $(cat "$T/err")"
echo "ok a file may come from stdin"

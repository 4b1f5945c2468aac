#!/bin/sh
# Proves an evidence bundle with nothing but a POSIX shell and openssl 3. usage: sh verify.sh [VKEY [POLICY]]
# shellcheck disable=SC2013 # the lines hold one word
# VKEY: the log's verifier key as you know it from elsewhere; POLICY: a file (C2SP tlog-policy) with the witnesses you trust, named from the
# bundle's folder or with its whole path. Without them the bundle's own are taken, and that is said.
set -u
export LC_ALL=C
fail() { printf 'NOT PROVEN: %s\n' "$*"; exit 1; }
# The bundle is a stranger's. What goes into arithmetic, eval or a file's name has first to be nothing but a number, a hash, a plain path.
number() { case $1 in '' | *[!0-9]* | 0?* | ????????????????*) fail "a number cannot be read" ;; esac; }
hash() {
	case $1 in *[!A-Za-z0-9+/=]*) fail "a hash cannot be read" ;; esac
	[ ${#1} = 44 ] || fail "a hash cannot be read"
}
path() { case $1 in '' | [!A-Za-z0-9]* | *[!A-Za-z0-9._/-]* | *..*) fail "a manifest cannot be read" ;; esac; }
cd "$(dirname "$0")" || exit 3
tmp=$(mktemp -d) || exit 3
trap 'rm -rf "$tmp"' EXIT

# 1. Every file is as the manifests say, and no other is there.
while read -r sum name; do
	path "$name"
	[ "$(openssl dgst -sha256 -r "$name" 2>/dev/null | cut -d' ' -f1)" = "$sum" ] || fail "$name is not the file that was bagged"
	echo "$name" >>"$tmp/named"
done <<EOF
$(cat manifest-sha256.txt tagmanifest-sha256.txt)
EOF
find . ! -type d ! -name tagmanifest-sha256.txt | sed 's,^\./,,' | sort >"$tmp/there"
sort "$tmp/named" | cmp -s - "$tmp/there" || fail "files that no manifest names, or the other way round"

# 2. The checkpoint is signed by the log's key (C2SP signed-note: Ed25519).
vkey=${1:-$(cat data/vkey)}
case $vkey in *[[:cntrl:]]*) fail "the key cannot be read" ;; esac
[ $# -gt 0 ] || printf 'note: the key is the bundle%ss own; compare it with one you know: %s\n' "'" "$vkey"
policy=${2:-data/policy}
[ $# -gt 1 ] || ! grep -Eq '^[[:blank:]]*quorum[[:blank:]]+' "$policy" || grep -Eq '^[[:blank:]]*quorum[[:blank:]]+none' "$policy" ||
	echo "note: the policy is the bundle's own; compare its keys with those you know"
name=${vkey%%+*}
printf '\060\052\060\005\006\003\053\145\160\003\041\000' >"$tmp/key"
printf %s "${vkey#*+*+}" | openssl base64 -d -A | tail -c 32 >>"$tmp/key"
sed '/^$/,$d' data/checkpoint >"$tmp/text"
signed=
while IFS= read -r line; do
	case $line in "— $name "*) ;; *) continue ;; esac
	printf %s "${line#— "$name" }" | openssl base64 -d -A | tail -c 64 >"$tmp/sig"
	openssl pkeyutl -verify -pubin -inkey "$tmp/key" -keyform DER -rawin -in "$tmp/text" -sigfile "$tmp/sig" >/dev/null 2>&1 && signed=yes
done <data/checkpoint
[ "$signed" ] || fail "the checkpoint bears no good signature of $name"
[ "$(sed -n 1p "$tmp/text")" = "$name" ] || fail "the checkpoint is another log's"
size=$(sed -n 2p "$tmp/text") root=$(sed -n 3p "$tmp/text")
number "$size"; hash "$root"

# 3. It is cosigned as the policy wants (C2SP tlog-cosignature: Ed25519 over two lines and the text).
cosigned() { # vkey
	printf '\060\052\060\005\006\003\053\145\160\003\041\000' >"$tmp/wkey"
	printf %s "${1#*+*+}" | openssl base64 -d -A >"$tmp/raw"
	[ "$(head -c 1 "$tmp/raw" | od -An -tx1 | tr -d ' ')" = 04 ] || fail "the policy names a key that is no Ed25519 witness's"
	tail -c 32 "$tmp/raw" >>"$tmp/wkey"
	while IFS= read -r line; do
		case $line in "— ${1%%+*} "*) ;; *) continue ;; esac
		printf %s "${line#— "${1%%+*}" }" | openssl base64 -d -A >"$tmp/raw"
		at=$((0x$(head -c 12 "$tmp/raw" | tail -c 8 | od -An -tx1 | tr -d ' \n')))
		{ printf 'cosignature/v1\ntime %s\n' "$at"; cat "$tmp/text"; } >"$tmp/message"
		tail -c 64 "$tmp/raw" >"$tmp/sig"
		openssl pkeyutl -verify -pubin -inkey "$tmp/wkey" -keyform DER -rawin -in "$tmp/message" -sigfile "$tmp/sig" >/dev/null 2>&1 && return 0
	done <data/checkpoint
	return 1
}
has() { grep -Fxq -- "$1" "$tmp/witnessed"; }
: >"$tmp/witnessed"
logs='' listed='' quorum=''
set -f
while read -r what item rest || [ "$what" ]; do
	# shellcheck disable=SC2086 # words of a policy line
	case $what in
	log) logs=yes; [ "$item" = "$vkey" ] && listed=yes ;;
	witness) cosigned "${rest%%[[:blank:]]*}" && printf '%s\n' "$item" >>"$tmp/witnessed" ;;
	group)
		k=${rest%%[[:blank:]]*} n=0 all=0
		for m in ${rest#"$k"}; do all=$((all + 1)); has "$m" && n=$((n + 1)); done
		case $k in any) k=1 ;; all) k=$all ;; esac
		[ "$all" -gt 0 ] && [ "$n" -ge "$k" ] && printf '%s\n' "$item" >>"$tmp/witnessed" ;;
	quorum) quorum=$item ;;
	esac
done <"$policy"
set +f
[ -z "$logs" ] || [ "$listed" ] || fail "the policy does not know this log"
[ "$quorum" = none ] || { [ "$quorum" ] && has "$quorum"; } || fail "too few witnesses cosigned the checkpoint for the policy"

# 4. The range leads to the signed root (RFC 6962): subtrees before it, its leaves, subtrees behind it.
value() { sed -n "s/^$1 //p" data/range.txt | head -1; }
from=$(value from) to=$(value to)
number "$from"; number "$to"
[ "$from" -lt "$to" ] || fail "the range is not one"
[ "$to" -le "$size" ] || fail "the range is not one"
[ "$(value size)" = "$size" ] || fail "the range is of another tree"
bin() { printf %s "$1" | openssl base64 -d -A; }
node() { { printf '\001'; bin "$1"; bin "$2"; } | openssl dgst -sha256 -binary | openssl base64 -A; }
n=$from l=0
for h in $(sed -n 's/^left //p' data/range.txt); do
	hash "$h"
	while [ $((n >> l & 1)) = 0 ]; do l=$((l + 1)); [ $l -lt 63 ] || fail "too many subtrees before the range"; done
	eval "h$l=$h"; l=$((l + 1))
done
[ $((n >> l)) = 0 ] || fail "a subtree before the range is missing"
add() { # level hash
	cur=$2 l=$1 s=$((n >> $1))
	[ $((s << $1)) = "$n" ] || fail "a subtree behind the range is out of place"
	while [ $((s & 1)) = 1 ]; do eval "cur=\$(node \"\$h$l\" \"$cur\")"; l=$((l + 1)) s=$((s >> 1)); done
	eval "h$l=$cur"; n=$((n + (1 << $1)))
}
i=$from
for h in $(sed -n 's/^leaf //p' data/range.txt); do
	hash "$h"
	add 0 "$h"
	f=$(printf 'data/entries/%020d.bin' "$i")
	if [ -f "$f" ]; then
		[ "$( { printf '\000'; cat "$f"; } | openssl dgst -sha256 -binary | openssl base64 -A)" = "$h" ] || fail "entry $i is not the one in the log"
		shown=$((${shown:-0} + 1))
	fi
	i=$((i + 1))
done
[ "$i" = "$to" ] || fail "leaves of the range are missing"
for h in $(sed -n 's/^right //p' data/range.txt); do
	hash "$h"
	l=0
	while [ $((n >> l & 1)) = 0 ] && [ $((n + (2 << l))) -le "$size" ]; do l=$((l + 1)); done
	add $l "$h"
done
[ "$n" = "$size" ] || fail "a subtree behind the range is missing"
got='' l=0
while [ $((n >> l)) != 0 ]; do
	if [ $((n >> l & 1)) = 1 ]; then eval "if [ \"\$got\" ]; then got=\$(node \"\$h$l\" \"\$got\"); else got=\$h$l; fi"; fi
	l=$((l + 1))
done
[ "$got" = "$root" ] || fail "the range does not lead to the signed root"
[ "$(find data/entries -type f | wc -l)" -eq "${shown:-0}" ] || fail "entries from outside the range"
printf 'PROVEN: %s entries stand in the log %s at their places between %s and %s, of %s signed\n' "${shown:-0}" "$name" "$from" $((to - 1)) "$size"

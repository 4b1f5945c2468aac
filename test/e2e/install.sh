#!/usr/bin/env bash
# What `make install` puts down runs by itself, from another place than it was built in, and nothing but what it needs is there.
set -u
T=$(mktemp -d); export LC_ALL=C.UTF-8 LANG=C
trap 'rm -rf "$T"' EXIT
fail() { echo "FAIL $*"; tail -20 "$T/log" 2>/dev/null; exit 1; }
ok() { echo "ok $*"; }
make -s install O="$O" DESTDIR="$T/root" prefix=/usr >"$T/log" 2>&1 || fail "make install"
R=$T/root/usr
for f in bin/sekisho libexec/sekisho/{supervise,front,office,auth,vault,keys,collect,search,detect,witness,gate,gate-sniff,gate-verify,gate-text,gate-image,gate-zip,gate-ooxml,gate-pdf,gate-mail,gate-office} share/sekisho/{standards,ledgers,checks,gate,bundle,rules} share/man/man1/sekisho.1 \
  share/man/man5/sekisho.conf.5 lib/systemd/system/sekisho.service; do
  [ -e "$R/$f" ] || fail "$f is not installed"
done
[ ! -e "$R/libexec/sekisho/cli" ] || fail "the command is there twice"
! find "$R" -type f \( -name '*_test*' -o -name '*.[cho]' \) ! -path '*/share/sekisho/bundle/verify.c' | grep . || fail "build files are installed"
! find "$R" -perm /022 | grep . || fail "others may write"
[ "$(find "$T/root" -mindepth 1 -maxdepth 1)" = "$R" ] || fail "something lies outside the prefix"
ok "programs, shared data, manual pages and the unit are installed"
grep -q '^ExecStart=/usr/bin/sekisho run' "$R/lib/systemd/system/sekisho.service" || fail "the unit starts something else"
! grep -q '@' "$R/lib/systemd/system/sekisho.service" || fail "the unit is not filled in"
! command -v systemd-analyze >/dev/null || systemd-analyze verify --man=no "$R/lib/systemd/system/sekisho.service" 2>&1 | grep -i 'unknown\|invalid' && fail "the unit"
ok "the unit starts what is installed"
for p in sekisho.1 sekisho.conf.5; do
  f=$(find "$R/share/man" -name "$p"); head -c 200 "$f" | grep -q '^\.TH' || fail "$p is no manual page"
  ! command -v man >/dev/null || [ -z "$(man --warnings -E UTF-8 -l "$f" 2>&1 >/dev/null)" ] || fail "$p: $(man --warnings -l "$f" 2>&1 >/dev/null | head -5)"
done
ok "the manual pages are well formed"
mv "$T/root" "$T/elsewhere"; S=$T/elsewhere/usr/bin/sekisho      # nothing may point to where it was built or first put
"$S" --help >"$T/help" 2>"$T/log" || fail "--help"
grep -q 'sekisho COMMAND' "$T/help" || fail "no help"
"$S" --version | grep -q "$(cat VERSION)" || fail version
"$S" init "$T/d" --city 見本市 --standard iizuka --sample >"$T/log" 2>&1 || fail init
"$S" status "$T/d" --json >"$T/status" 2>"$T/log" || [ $? = 1 ] || fail status
[ "$(jq '.clauses | length' "$T/status")" -gt 100 ] || fail "no clauses"
"$S" vault verify "$T/d" >"$T/log" || fail verify
ok "the installed tree runs: help, init, status, verify"
bytes=$(find "$T/elsewhere/usr/bin" "$T/elsewhere/usr/libexec" -type f -printf '%s\n' | awk '{ n += $1 } END { print n }')
[ "$bytes" -lt $((10 << 20)) ] || [ -n "$(nm -D "$S" 2>/dev/null | grep -m1 asan)" ] || fail "$bytes bytes of programs"
ok "all programs together are under 10 MiB"

#!/usr/bin/env bash
# What a folder cannot be opened for: a read-only disk, a store written by a newer version. Each command says so and ends with 3,
# nothing is changed, what can be read is read, and once it is put right everything goes on.
set -u
T=$(mktemp -d); export LC_ALL=C.UTF-8 LANG=C
D=$T/disk/city house=
cleanup() { [ -z "$house" ] || { kill "$house" 2>/dev/null; wait "$house" 2>/dev/null; }; umount -l "$T/disk" 2>/dev/null; rm -rf "$T"; }
trap cleanup EXIT
fail() { echo "FAIL $*"; tail -20 "$T/err" 2>/dev/null; exit 1; }
S="$O/sekisho"
mkdir "$T/disk"
run_ends() { # with 3, saying $1
  timeout 60 "$S" run "$D" --listen 127.0.0.1:0 >"$T/out" 2>"$T/err"; local r=$?
  [ $r = 3 ] && grep -q "$1" "$T/err" && ! grep -q '^ready' "$T/out" || fail "run ended with $r: $(cat "$T/out")"
}
runs() {
  "$S" run "$D" --listen 127.0.0.1:0 >"$T/run" 2>"$T/err" & house=$!
  for _ in $(seq 400); do grep -q '^ready ' "$T/run" && break; sleep 0.05; done
  grep -q '^ready ' "$T/run" || fail "not ready"
  kill -INT "$house"; wait "$house" || fail "the end"; house=
}
state() { (cd "$D" && find . -type f ! -path './run/*' -exec sha256sum {} + | sort -k2); }

if mount -t tmpfs -o size=200m,mode=755 none "$T/disk" 2>/dev/null; then
  "$S" init "$D" --city 見本市 --standard iizuka 2>"$T/err" || fail init
  state >"$T/before"
  mount -o remount,ro "$T/disk" || fail "remount"
  run_ends 'Read-only file system'
  "$S" status "$D" >"$T/out" 2>"$T/err"; [ $? = 3 ] && grep -q 'Read-only file system' "$T/err" || fail "status on a read-only disk"
  "$S" vault verify "$D" >"$T/out" 2>"$T/err" && grep -q proven "$T/out" || fail "verify on a read-only disk: $(cat "$T/out")"
  state | diff -q "$T/before" - >/dev/null || fail "something changed on a read-only disk"
  mount -o remount,rw "$T/disk" || fail "remount"
  runs
  echo "ok a read-only disk: said so, the log is verified all the same, and it goes on once it can be written"
else
  "$S" init "$D" --city 見本市 --standard iizuka 2>"$T/err" || fail init
  echo "skip a read-only disk: needs root"
fi

version=$(sqlite3 "$D/office/office.db" 'PRAGMA user_version'); [ "$version" -gt 0 ] || fail "no version in the store"
sqlite3 "$D/office/office.db" 'PRAGMA user_version = 99'; sha256sum "$D/office/office.db" >"$T/before"
run_ends "the store has version 99, this program knows up to $version"
"$S" status "$D" >"$T/out" 2>"$T/err"; [ $? = 3 ] && grep -q 'version 99' "$T/err" || fail "status of a newer store"
sha256sum --quiet -c "$T/before" || fail "a newer store was changed"
sqlite3 "$D/office/office.db" "PRAGMA user_version = $version"
runs
echo "ok a store of a newer version: said so, left alone"
"$S" vault verify "$D" >"$T/out" 2>"$T/err" || fail "the log: $(cat "$T/out")"
echo "ok nothing is lost"

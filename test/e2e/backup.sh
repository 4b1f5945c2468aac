#!/usr/bin/env bash
# A backup is taken while people write, put back elsewhere and run: records, passwords, attachments and proofs are there. What is damaged,
# cut off or incomplete is refused and leaves nothing; so does a full disk. A log older than a known checkpoint signs nothing before a new
# origin; a log newer than the store gives its events back.
set -u
T=$(mktemp -d); export T LC_ALL=C.UTF-8 LANG=C
house='' writer='' mounted=''
stop() { [ -z "$house" ] || { kill "$house" 2>/dev/null; wait "$house" 2>/dev/null; house=; }; }
cleanup() { [ -z "$writer" ] || kill "$writer" 2>/dev/null; stop; [ -z "$mounted" ] || umount "$mounted"; rm -rf "$T"; }
trap cleanup EXIT
fail() { echo "FAIL $*"; tail -20 "$T/err" 2>/dev/null; exit 1; }
ok() { echo "ok $*"; }
S="$O/sekisho"
sql() { sqlite3 "file:$1/office/office.db?mode=ro" "$2"; }
start() { # DIR
  "$S" run "$1" --listen 127.0.0.1:0 >"$T/run" 2>>"$T/err" & house=$!
  for _ in $(seq 400); do grep -q '^ready ' "$T/run" && return; kill -0 "$house" 2>/dev/null || break; sleep 0.05; done
  fail "$1 does not run"
}
# Wait until nothing is left unsealed.
sealed() { for _ in $(seq 200); do [ "$(sql "$1" 'SELECT count(*) FROM outbox WHERE idx IS NULL')" = 0 ] && return; sleep 0.05; done; fail "not sealed"; }

"$S" init "$T/a" --city 見本市 --standard iizuka --sample 2>"$T/err" || fail init
cat >"$T/people.csv" <<'C'
staff_no,name,kana,person_type,in_scope,section,source,started_on,state
9001,保管 一子,ほかん いちこ,regular,1,B1,hr-feed,2020-04-01,active
C
"$S" people import "$T/a" "$T/people.csv" >/dev/null 2>>"$T/err" || fail "a person"
"$S" password "$T/a" --person 9001 >"$T/password" 2>>"$T/err" || fail "a password"
head -c 70000 /dev/urandom >"$T/blob"; h=$(sha256sum "$T/blob" | cut -d' ' -f1)
mkdir -p "$T/a/office/blobs/${h:0:2}"; cp "$T/blob" "$T/a/office/blobs/${h:0:2}/$h"
[ "$(id -u)" != 0 ] || chown -R --reference="$T/a/office" "$T/a/office/blobs"

# --- while it runs and is written to ---------------------------------------------------------------------------------------
start "$T/a"
( while :; do "$S" token create "$T/a" --person 9001 --scope read >>"$T/tokens" 2>>"$T/err"; done ) & writer=$!
sleep 1
"$S" backup "$T/a" "$T/one.tar" 2>"$T/out" || fail "backup: $(cat "$T/out")"
n=$(wc -l <"$T/tokens"); sleep 0.5; [ "$(wc -l <"$T/tokens")" -gt "$n" ] || fail "nothing is written while it runs"
kill "$writer"; wait "$writer" 2>/dev/null; writer=
ok "a backup is made while others write"
tar -tf "$T/one.tar" >"$T/list" || fail "tar does not read it"
for f in sekisho.conf office/office.db auth/auth.db auth/seal.key vault/tail vault/last-signed keys/log.key "office/blobs/${h:0:2}/$h" MANIFEST; do
  grep -qx "$f" "$T/list" || fail "$f is not in the backup"
done
! grep -qE 'db-wal|run/|lock' "$T/list" || fail "there is more in it than belongs"
mkdir "$T/x"; tar -xf "$T/one.tar" -C "$T/x"; (cd "$T/x" && grep -v '^#' MANIFEST | sha256sum -c --quiet) || fail "manifest"
ok "any tar unpacks it, and sha256sum agrees with its manifest"
[ "$(stat -c %a "$T/one.tar")" = 600 ] || fail "others can read it"
[ ! -e "$T/a/office/backup" ] && [ ! -e "$T/a/auth/backup.db" ] || fail "copies are left behind"
! "$S" backup "$T/a" "$T/one.tar" 2>"$T/out" || fail "an older backup is overwritten"
grep -q already "$T/out" || fail "no reason: $(cat "$T/out")"
ok "it is its owner's alone, leaves no copies and replaces nothing"
sealed "$T/a"; stop

# --- put back elsewhere ------------------------------------------------------------------------------------------------------
"$S" restore "$T/one.tar" "$T/b" >"$T/out" 2>>"$T/err" || fail "restore: $(cat "$T/out")"
! grep -q 'does not have' "$T/out" || fail "store and log of the backup do not fit: $(cat "$T/out")"
seq=$(sed -n 's/^# office-sequence //p' "$T/x/MANIFEST")
start "$T/b"
sealed "$T/b"
[ "$(sql "$T/b" "SELECT name FROM persons WHERE staff_no = '9001'")" = '保管 一子' ] || fail "the person is not there"
[ "$(sql "$T/b" "SELECT seq FROM record_log WHERE action = 'store.restored'")" = $((seq + 1)) ] || fail "no restored event after $seq"
cmp "$T/blob" "$T/b/office/blobs/${h:0:2}/$h" || fail "the attachment"
u=$(sed -n 's/^ready \(https:[^ ]*[^ /]\)\/* .*/\1/p' "$T/run")
curl -sk --max-time 20 -o "$T/page" -c "$T/jar" "$u/sign-in"
to=$(curl -sk --max-time 20 -b "$T/jar" -o "$T/page" -w '%{redirect_url}' -H "Origin: $u" --data-urlencode staff_no=9001 \
  --data-urlencode "password=$(cat "$T/password")" "$u/sign-in")
[[ $to == */sign-in/password ]] || fail "the password of before does not open: $to"
ok "records, attachments and passwords are back, and it runs"
"$S" vault verify "$T/b" >"$T/out" || fail "the log: $(cat "$T/out")"
i=$(sql "$T/b" "SELECT idx FROM outbox WHERE seq = $seq")
"$S" vault prove "$T/b" "$i" >"$T/proof" || fail prove
"$S" vault check-proof "$T/proof" --vkey "$T/a/vault/vkey" >"$T/out" || fail "proof: $(cat "$T/out")"
"$S" vault prove-consistency "$T/b" "$(sed -n 's/^# log-size //p' "$T/x/MANIFEST")" "$(sed -n 2p "$T/b/vault/checkpoint")" >/dev/null || fail consistency
"$S" vault show "$T/b" --from 0 --to "$(($(sed -n 2p "$T/b/vault/checkpoint") - 1))" >"$T/shown"
! grep -q '"alarm"' "$T/shown" || fail "the log saw a gap or a fork"
ok "every event from before is proven under the same key, and what follows continues it"
"$S" backup "$T/b" "$T/two.tar" 2>"$T/out" || fail "backup of the restored: $(cat "$T/out")"
stop
"$S" backup "$T/b" "$T/three.tar" 2>"$T/out" || fail "backup at rest: $(cat "$T/out")"
"$S" restore "$T/three.tar" "$T/c" >"$T/out" 2>&1 || fail "restore of a backup at rest: $(cat "$T/out")"
[ "$(sql "$T/c" "SELECT count(*) FROM record_log WHERE action = 'store.backup'")" -ge 1 ] || fail "no backup event"
ok "a restored folder is backed up and restored again, at rest too"

# --- what must be refused --------------------------------------------------------------------------------------------------------
mkdir "$T/full" && touch "$T/full/x"
! "$S" restore "$T/one.tar" "$T/full" 2>"$T/out" || fail "a folder with content is overwritten"
[ "$(ls "$T/full")" = x ] && grep -q 'not empty' "$T/out" || fail "$(cat "$T/out")"
ok "a folder that holds something is left alone"
refused() { # NAME TEXT: $T/bad.tar must not be restored, with that text
  ! "$S" restore "$T/bad.tar" "$T/bad" >"$T/out" 2>&1 || fail "$1: restored"
  grep -q "$2" "$T/out" || fail "$1: $(cat "$T/out")"
  [ ! -e "$T/bad" ] || fail "$1: something is left"
  ok "$1 is refused: $(head -1 "$T/out")"
}
size=$(stat -c %s "$T/one.tar")
offset() { tar -tRvf "$T/one.tar" | awk -v n="$1" '$NF == n { gsub(":", "", $2); print $2 * 512 + 512 }'; }
for f in office/office.db vault/tail keys/log.key MANIFEST; do
  at=$(offset "$f"); cp "$T/one.tar" "$T/bad.tar"
  python3 - "$T/bad.tar" $((at + 37)) <<'P'
import sys
f = open(sys.argv[1], 'r+b'); f.seek(int(sys.argv[2])); b = f.read(1); f.seek(-1, 1); f.write(bytes([b[0] ^ 4]))
P
  refused "a flipped bit in $f" damaged
done
for n in 0 511 100000 $((size / 2)) $((size - 1100)); do
  head -c "$n" "$T/one.tar" >"$T/bad.tar"; refused "a backup cut off at $n" 'cut off\|no manifest\|damaged'
done
without() { # MEMBER
  python3 - "$T/one.tar" "$T/bad.tar" "$1" <<'P'
import sys, tarfile
with tarfile.open(sys.argv[1]) as a, tarfile.open(sys.argv[2], 'w', format=tarfile.USTAR_FORMAT) as b:
    for m in a:
        if m.name != sys.argv[3]:
            b.addfile(m, a.extractfile(m))
P
}
without auth/seal.key; refused "a backup without a member" 'seal.key is missing'
without MANIFEST; refused "a backup without its manifest" 'no manifest'
head -c 5000 /dev/urandom >"$T/bad.tar"; refused "something else" 'no backup'
tar -P --format=ustar -cf "$T/bad.tar" "$T/x/sekisho.conf"; refused "an absolute name" 'no backup'
(cd "$T/x" && tar -P --format=ustar -cf "$T/bad.tar" ../x/sekisho.conf); refused "a name that leads out" 'no backup'
ln -s /etc "$T/x/office/link"; (cd "$T/x" && tar --format=ustar -cf "$T/bad.tar" office/link); refused "a link" 'no backup'

# --- a full disk ------------------------------------------------------------------------------------------------------------------
if [ "$(id -u)" = 0 ] && mkdir "$T/small" && mount -t tmpfs -o size=4m tmpfs "$T/small" 2>/dev/null; then
  mounted=$T/small
  ! "$S" backup "$T/b" "$T/small/out.tar" 2>"$T/out" || fail "a backup fits into nothing"
  [ -z "$(ls -A "$T/small")" ] && grep -qi 'space' "$T/out" || fail "full disk at backup: $(ls -lA "$T/small") $(cat "$T/out")"
  [ ! -e "$T/b/office/backup" ] || fail "the copy is left behind"
  ! "$S" restore "$T/one.tar" "$T/small/dir" >"$T/out" 2>&1 || fail "a restore fits into nothing"
  [ -z "$(ls -A "$T/small")" ] && grep -qi 'space' "$T/out" || fail "full disk at restore: $(ls -lA "$T/small") $(cat "$T/out")"
  "$S" backup "$T/b" "$T/four.tar" 2>"$T/out" || fail "no backup after a failed one: $(cat "$T/out")"
  ok "a full disk leaves nothing half, and the next backup works"
else
  echo "skip a full disk (needs root and a mount)"
fi

# --- a log that is older than what was signed -------------------------------------------------------------------------------------
! "$S" restore "$T/one.tar" "$T/d" --known "$T/b/vault/checkpoint" >"$T/out" 2>&1 || fail "an older log goes on: $(cat "$T/out")"
grep -q new-origin "$T/out" || fail "nobody says what to do: $(cat "$T/out")"
before=$(cat "$T/d/vault/checkpoint")
"$S" token create "$T/d" --person 9001 --scope read >/dev/null 2>&1
[ "$(cat "$T/d/vault/checkpoint")" = "$before" ] || fail "it signed"
! "$S" vault verify "$T/d" >"$T/out" 2>&1 || fail "verify does not see it"
ok "a log older than a known checkpoint signs nothing"
"$S" vault new-origin "$T/d" --reason 'the disk of the log was lost' >"$T/out" 2>&1 || fail "new origin: $(cat "$T/out")"
"$S" token create "$T/d" --person 9001 --scope read >/dev/null 2>>"$T/err"
sleep 0.3
"$S" vault verify "$T/d" >"$T/out" 2>&1 || fail "after a new origin: $(cat "$T/out")"
[ "$(head -1 "$T/d/vault/checkpoint")" != "$(head -1 <<<"$before")" ] || fail "the name is the same"
"$S" vault show "$T/d" --from 0 --to "$(($(sed -n 2p "$T/d/vault/checkpoint") - 1))" >"$T/shown"
grep -q 'new-origin.*the disk of the log was lost' "$T/shown" || fail "the log does not tell"
! grep -q '"alarm"' "$T/shown" || fail "a gap after the new origin"
"$S" vault prove "$T/d" "$i" >"$T/proof" || fail "prove after the new origin"
grep -qF "$(head -1 "$T/d/vault/checkpoint")" "$T/proof" || fail "a proof does not show the new origin"
start "$T/d"; sealed "$T/d"; stop
ok "a new origin lets it go on, and every later proof shows it"

# --- a log that is newer than the store ---------------------------------------------------------------------------------------------
"$S" restore "$T/one.tar" "$T/e" --vault "$T/a" >"$T/out" 2>>"$T/err" || fail "restore beside a newer log: $(cat "$T/out")"
last=$(sql "$T/a" 'SELECT max(seq) FROM outbox')
grep -q "$((last - seq)) events" "$T/out" && grep -q "^$last .*auth.token" "$T/out" || fail "missing events are not listed: $(cat "$T/out")"
[ "$(sql "$T/e" "SELECT count(*) FROM outbox WHERE seq > $seq AND seq <= $last AND idx IS NOT NULL")" = $((last - seq)) ] || fail "they are not taken over"
[ "$(sql "$T/e" "SELECT hash FROM outbox WHERE seq = $last" | sha256sum)" = "$(sql "$T/a" "SELECT hash FROM outbox WHERE seq = $last" | sha256sum)" ] || fail hash
start "$T/e"; sealed "$T/e"; stop
"$S" vault show "$T/e" --from 0 --to "$(($(sed -n 2p "$T/e/vault/checkpoint") - 1))" >"$T/shown"
! grep -q '"alarm"' "$T/shown" || fail "a fork after the restore"
"$S" vault verify "$T/e" >/dev/null || fail "the log of the restored"
ok "events that only the log has are listed and taken over, and the chain goes on"

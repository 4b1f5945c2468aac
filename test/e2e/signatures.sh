#!/usr/bin/env bash
# Signatures of the malware scanner from a medium: what is not signed, older, of an unknown kind or does not load stays out and the old set stays as
# it was; what is taken in is there in one step, clamd uses it, the house has it on record. With the real clamd, sigtool and clamscan.
set -u
command -v clamd >/dev/null && command -v sigtool >/dev/null && command -v clamscan >/dev/null || { echo "skip: no ClamAV"; exit 0; }
O=$(realpath "${O:-build}") S="$O/sekisho" failed=0
W=$(mktemp -d) av='' && cd "$W" || exit 3
cleanup() { [ -z "$av" ] || kill "$av" 2>/dev/null; rm -rf "$W"; }
trap cleanup EXIT
export LC_ALL=C.UTF-8
ok() { if [ "$2" = "$3" ]; then echo "ok $1"; else echo "FAIL $1: want [$3], got [$2]"; failed=1; fi; }
chmod 755 "$W"; mkdir -p var/db medium; printf 'a5d3ce5c3b4a3e1d2c3b4a5d3ce5c3b4:5:Old.One\n' >var/db/local.hdb
printf 'LocalSocket %s/c.sock\nDatabaseDirectory %s/var/db\nForeground yes\nConcurrentDatabaseReload no\nUser root\n' "$W" "$W" >c.conf
[ "$(id -u)" = 0 ] || sed -i '/^User/d' c.conf
clamd -c c.conf >c.log 2>&1 & av=$!
for _ in $(seq 100); do [ -S c.sock ] && break; sleep 0.1; done
printf 'worm body' >worm.txt; printf '%s:9:Town.Worm\n' "$(md5sum <worm.txt | cut -d' ' -f1)" >medium/town.hdb
printf 'clamd: %s/c.sock\n' "$W" >av.yaml
verdict() { "$S" gate clean worm.txt -o out --report rep --policy av.yaml 2>/dev/null; jq -r '.code // .outcome' rep; }
imp() { "$S" gate signatures import "$@" --database "$W/var/db" >said 2>err; echo $?; }
before() { (cd var/db && ls && sha256sum -- *); }
old=$(before)
ok first-clean "$(verdict)" delivered
ok unsigned-refused "$(imp medium/town.hdb; grep -c unsigned err)" "$(printf '3\n1')"
# Made with sigtool, without ClamAV's key; and one whose head says what it is not
(mkdir b && cd b && cp ../medium/town.hdb . && echo x >COPYING && sigtool --unsigned --build=daily.cud --cvd-version=7 --max-bad-sigs=0 <<<me >/dev/null 2>&1; cp daily.cud ../medium/daily.cvd; cp daily.cud ../medium/daily.cud; cp daily.cud ../medium/main.cld)
ok container-without-key "$(imp medium/daily.cvd; imp medium/main.cld --unsigned; grep -c 'does not verify' err)" "$(printf '3\n3\n1')"
ok container-unsigned-kind "$(imp medium/daily.cud --unsigned)" 3
echo x >medium/daily-8.cdiff; ok difference "$(imp medium/daily-8.cdiff --unsigned; grep -c freshclam err)" "$(printf '3\n1')"
cp medium/town.hdb medium/town.exe; ok other-kind "$(imp medium/town.exe --unsigned)" 3
cp medium/town.hdb "medium/a b.hdb"; ok strange-name "$(imp "medium/a b.hdb" --unsigned)" 3
: >medium/none.hdb; ok empty "$(imp medium/none.hdb --unsigned)" 3
ln -s /etc/passwd medium/link.hdb; ok does-not-load "$(imp medium/link.hdb --unsigned; grep -c 'does not load' err)" "$(printf '3\n1')"
ok one-bad-none-in "$(imp medium/town.hdb medium/daily.cvd --unsigned)" 3
ok usage "$("$S" gate signatures import 2>/dev/null; echo $?) $("$S" gate signatures 2>/dev/null; echo $?)" "2 2"
ok old-set-untouched "$(before; find var -name 'db*' | sort | paste -sd' ')" "$(printf '%s\nvar/db' "$old")"
D=$W/city; "$S" init "$D" --city 見本市 --standard iizuka 2>/dev/null
ok taken "$(imp medium/town.hdb --unsigned --clamd "$W/c.sock" --data "$D"; ls var/db | paste -sd' '; grep -c "not signed; its SHA-256 is $(sha256sum <medium/town.hdb | cut -d' ' -f1)" said)" "$(printf '0\nlocal.hdb town.hdb\n1')"
cat err
ok before-is-there "$(cd var/db.before && ls && sha256sum -- *)" "$old"
for _ in $(seq 50); do [ "$(verdict)" = AV-FOUND ] && break; sleep 0.2; done
ok scanner-uses-it "$(verdict)" AV-FOUND
ok on-record "$(sqlite3 "$D/office/office.db" "SELECT count(*) FROM record_log WHERE action = 'gate.signatures'") $("$S" vault search "$D/vault" town.hdb --scan 2>/dev/null | grep -c gate.signatures)" "1 1"
ok again "$(imp medium/town.hdb --unsigned; ls var | paste -sd' ')" "$(printf '0\ndb db.before')"
ok no-clamd "$(imp medium/town.hdb --unsigned --clamd "$W/none.sock")" 3
exit $failed

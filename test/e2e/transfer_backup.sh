#!/usr/bin/env bash
# A backup holds what passed the gate and no original nor key of one; put back, every file offered can be fetched, and what was in hand
# says that it must be handed over again. Bytes that are lost, or that no record names, are found at the start.
set -u
. "$(dirname "$0")/transfer_house.bash"
start
enter ichiro 1003; enter jiro 1004
printf '氏名,値\n山田,1\n' >"$T/a.csv"; cp "$T/a.csv" "$T/b.jtd"
a=$(hand ichiro 1004 -F "files=@$T/a.csv"); held=$(hand ichiro "" -F "files=@$T/b.jtd"); gone=$(hand ichiro 1004 -F "files=@$T/a.csv")
for i in $a $held $gone; do settled "$i" >/dev/null; done
wait=$(get ichiro /transfers/new >/dev/null; post ichiro /transfers -F "csrf=$(csrf)" -F direction=in -F purpose=名簿 -F class_c=2 -F personal=1 -F "files=@$T/a.csv" >/dev/null
  sqlite3 "$D/office/office.db" "SELECT max(id) FROM transfers")
[ "$(settled "$a") $(settled "$held") $(settled "$wait")" = "ready  held NO-REBUILD waiting " ] || fail "$(settled "$a") $(settled "$held") $(settled "$wait")"
gates=$(pgrep -P "$house" -f 'gate --fd 3 gate'); kill -STOP $gates
busy=$(hand ichiro "" -F "files=@$T/a.csv")
for _ in $(seq 50); do [ "$(state "$busy")" = "checking " ] && break; sleep 0.1; done; [ "$(state "$busy")" = "checking " ] || fail "in hand: $(state "$busy")"
"$S" backup "$D" "$T/one.tar" 2>"$T/out" || fail "backup: $(cat "$T/out")"
kill -CONT $gates
tar -tf "$T/one.tar" | grep transfers/ | sort >"$T/list"
printf 'office/transfers/%s.out\n' "$a" "$gone" "$wait" | sort | diff - "$T/list" || fail "files of transfers in the backup"
ok "delivered files are in a backup, originals are not"
mkdir "$T/x"; tar -xf "$T/one.tar" -C "$T/x" office/office.db
[ "$(sqlite3 "$T/x/office/office.db" "SELECT count(key) FROM transfer_file")" = 0 ] || fail "keys in the backup"
for k in $(sqlite3 "$D/office/office.db" "SELECT key FROM transfer_file WHERE key IS NOT NULL"); do ! grep -qa "$k" "$T/x/office/office.db" || fail "a key's bytes in the backup"; done
ok "no key of an original is in it either"
kill "$house"; wait "$house" 2>/dev/null; house=

D=$T/back
"$S" restore "$T/one.tar" "$D" >"$T/out" 2>>"$T/err" || fail "restore: $(cat "$T/out")"
rm "$D/office/transfers/$gone.out"; cp "$D/office/transfers/$a.out" "$D/office/transfers/999.out"
[ "$(id -u)" != 0 ] || chown -R --reference="$D/office" "$D/office/transfers"
start
for w in ichiro jiro; do rm "$T/$w"; get $w /sign-in >/dev/null
  post $w /sign-in --data-urlencode "staff_no=$([ $w = jiro ] && echo 1004 || echo 1003)" --data-urlencode "password=$(cat "$T/pw.$w")" >/dev/null; done
[[ $(fetch jiro "$a") == 200* ]] && cmp -s "$T/page" "$T/a.csv" || fail "fetch after restore"
ok "after a restore what was delivered is fetched"
[ "$(settled "$busy")" = "held ORIGINAL-LOST" ] || fail "in hand: $(settled "$busy")"
ok "what was in hand is held: it must be handed over again"
get ichiro "/transfers/$held" >/dev/null; grep -q 'もう保管していません\|保管していません\|保管されていません' "$T/page" || fail "a held file whose original is gone"
ok "a held file says that its original is no longer kept"
for _ in $(seq 100); do [ "$(state "$gone")" = "expired " ] && break; sleep 0.1; done
[ "$(state "$gone")" = "expired " ] || fail "a lost file: $(state "$gone")"
get jiro "/transfers/$gone" >/dev/null; ! grep -q "action=\"/transfers/$gone/file\"" "$T/page" || fail "a lost file is offered"
[ ! -e "$D/office/transfers/999.out" ] || fail "bytes that no record names"
ok "files that are lost are offered no more, bytes without a record go"

#!/usr/bin/env bash
# Large files: they go to the disk enciphered as they come, through nobody's memory, and are read from there as they are sent. What is
# longer than the setting is refused before it is read.
set -u
house=''
. "$(dirname "$0")/transfer_house.bash"
start
enter boss 1002; enter ichiro 1003; enter jiro 1004
peak() { local n=0 k; for p in $(pgrep -P "$house" -f "$1"); do k=$(awk '/VmHWM/ {print $2}' "/proc/$p/status"); [ "$k" -gt "$n" ] && n=$k; done; echo "$n"; } # KB
front0=$(peak 'front --fd') writer0=$(peak 'office.writer')
seq -f '%09.0f 行政文書の一行' 2000000 >"$T/big.txt"; size=$(stat -c %s "$T/big.txt"); [ "$size" -gt 60000000 ] || fail "size $size"
id=$(hand ichiro 1004 -F "files=@$T/big.txt"); [ "$id" = 1 ] || fail "hand over: $id"
[ "$(settled 1)" = "ready " ] || fail "gate: $(settled 1) $(sqlite3 "$D/office/office.db" "SELECT substr(report, 1, 300) FROM transfer_file")"
ok "$((size / 1000000)) MB are handed over and pass the gate"
[ "$(sqlite3 "$D/office/office.db" "SELECT hash || ' ' || size FROM transfers")" = "$(sha256sum "$T/big.txt" | cut -d' ' -f1) $size" ] || fail "hash"
[ "$(stat -c %s "$D/office/transfers/1.in")" = "$size" ] && ! head -c 4096 "$D/office/transfers/1.in" | grep -qa '行政' || fail "the original in the clear"
ok "its original lies there whole and enciphered"
[[ $(fetch jiro 1) == 200* ]] && cmp "$T/page" "$T/big.txt" || fail "fetch"
ok "it is fetched whole"
front=$(( $(peak 'front --fd') - front0 )) writer=$(( $(peak 'office.writer') - writer0 ))
echo "more memory at most: front $front KB, office.writer $writer KB, for $size bytes"
[ -n "${SAN:-}" ] || [ "$front" -lt 16000 ] && [ "$writer" -lt 40000 ] || fail "memory: front $front KB, office.writer $writer KB"
ok "neither front nor office holds it in memory"

# --- refused ------------------------------------------------------------------------------------------------------------------------
truncate -s 2200M "$T/huge.bin"; get ichiro /transfers/new >/dev/null; c=$(csrf)
refused() { curl -sk --max-time 30 -b "$T/ichiro" -o "$T/page" -w '%{http_code} %{size_upload}' -H "Origin: $U" "$@" -F "csrf=$c" -F direction=in -F purpose=x -F class_c=2 \
  -F "files=@$T/huge.bin" "$U/transfers"; }
r=$(refused -H 'Expect: 100-continue' --expect100-timeout 20); [ "${r% *}" = 413 ] && [ "${r#* }" = 0 ] || fail "2 GB: $r"
r=$(refused -H 'Expect:'); [ "${r% *}" = 413 ] && [ "${r#* }" -lt 8000000 ] || fail "2 GB without asking: $r"
grep -q '上限を超えて' "$T/page" || fail "what is said"
ok "2 GB are refused before they are read, in words"
truncate -s 230M "$T/huge.bin"; r=$(refused -H 'Expect:'); [ "${r% *}" = 413 ] && [ "${r#* }" -lt 8000000 ] || fail "more than the setting: $r"
ok "so is what is longer than the setting"
sqlite3 "$D/office/office.db" "SELECT count(*) FROM transfers" | grep -qx 1 || fail "a record of what was refused"
head -c 20000000 /dev/urandom >"$T/r.bin"
r=$(curl -sk --max-time 30 -o "$T/page" -w '%{http_code}' -H "Origin: $U" -F csrf=x -F direction=in -F purpose=x -F class_c=2 -F "files=@$T/r.bin" "$U/transfers")
[ "$r" = 303 ] || fail "not signed in: $r"
r=$(curl -sk --max-time 30 -b "$T/ichiro" -o "$T/page" -w '%{http_code}' -H "Origin: https://evil.example" -F "csrf=$c" -F direction=in -F purpose=x -F class_c=2 -F "files=@$T/r.bin" "$U/transfers")
[ "$r" = 403 ] || fail "from another site: $r"
r=$(curl -sk --max-time 30 -b "$T/ichiro" -o "$T/page" -w '%{http_code}' -H "Origin: $U" -F csrf=wrong -F direction=in -F purpose=x -F class_c=2 -F "files=@$T/r.bin" "$U/transfers")
[ "$r" = 403 ] || fail "another form's secret: $r"
r=$(curl -sk --max-time 30 -b "$T/ichiro" -o "$T/page" -w '%{http_code}' -H "Origin: $U" -F "csrf=$c" -F direction=in -F purpose= -F class_c=2 -F "files=@$T/r.bin" "$U/transfers")
[ "$r" = 422 ] || fail "no purpose: $r"
[ -z "$(find "$D/office/transfers" -name 'spool-*')" ] || fail "left behind: $(ls "$D/office/transfers")"
ok "who may not, and what is filled in wrongly, leaves nothing on the disk"
r=$(curl -sk --max-time 30 -b "$T/ichiro" -o "$T/page" -w '%{http_code}' -H "Origin: $U" -F "csrf=$c" -F "file=@$T/r.bin" "$U/ledgers/persons/import"); [ "$r" = 403 ] || [ "$r" = 400 ] || fail "other pages: $r"
ok "other pages take large files as before"
for _ in 1 2 3; do (curl -sk --max-time 30 --limit-rate 4M -b "$T/ichiro" -o /dev/null -H "Origin: $U" -F "csrf=$c" -F direction=in -F purpose=x -F class_c=2 -F "files=@$T/big.txt" "$U/transfers" & p=$!; sleep 1; kill $p; wait $p 2>/dev/null); done
kill "$house"; wait "$house" 2>/dev/null; start
for _ in $(seq 100); do [ -z "$(find "$D/office/transfers" -name 'spool-*')" ] && break; sleep 0.1; done # swept behind the start
[ -z "$(find "$D/office/transfers" -name 'spool-*')" ] || fail "left behind: $(ls "$D/office/transfers")"
ok "what broke off is gone at the latest with the next start"

# --- several at once, outward, locked ------------------------------------------------------------------------------------------------
cp "$T/big.txt" "$T/two.txt"
id=$(hand ichiro "" -F "files=@$T/big.txt" -F "files=@$T/r.bin;filename=empty.jtd" -F "files=@$T/two.txt"); [ "$id" = 4 ] || fail "three: $id"
[ "$(settled 2) $(settled 3) $(settled 4)" = "ready  held NO-REBUILD ready " ] || fail "$(settled 2) $(settled 3) $(settled 4)"
ok "several large ones in one form"
get ichiro /transfers/new >/dev/null
[[ $(post ichiro /transfers -F "csrf=$(csrf)" -F direction=out -F purpose=提供 -F outside_recipient=県 -F class_c=2 -F "files=@$T/big.txt") == 303* ]] || fail "outward"
[ "$(settled 5)" = "waiting " ] || fail "outward: $(settled 5)"
[ "$(sqlite3 "$D/office/office.db" "SELECT content_check FROM transfers WHERE id = 5")" = "done" ] || fail "looked through"
get boss /ledgers/transfers/5 >/dev/null; v=$(grep -o 'name="version" value="[0-9]*"' "$T/page" | head -1 | grep -o '[0-9]*')
[[ $(post boss /ledgers/transfers/5/act/approve -F "csrf=$(csrf)" -F "version=$v") == 303* ]] || fail "approve"
get ichiro /transfers/5 >/dev/null; pw=$(sed -n 's/.*<code>\([a-z0-9-]*\)<.code>.*/\1/p' "$T/page" | head -1)
[[ $(fetch ichiro 5) == 200* ]] || fail "fetch outward"
if command -v 7z >/dev/null; then 7z x -so "-p$pw" "$T/page" 2>/dev/null | cmp - "$T/big.txt" || fail "7z"; else bsdtar -xOf "$T/page" --passphrase "$pw" | cmp - "$T/big.txt" || fail bsdtar; fi
own=$(awk '/RssAnon/ {print $2}' "/proc/$(pgrep -P "$house" -f office.writer)/status"); [ -n "${SAN:-}" ] || [ "$own" -lt 40000 ] || fail "locking in memory: $own KB"  # what is looked through is mapped, not copied
ok "a large file leaves locked, and is opened by another program"

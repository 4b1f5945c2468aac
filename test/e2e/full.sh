#!/usr/bin/env bash
# A full disk: whoever writes is told so (503) and loses nothing; readers go on; with room again, everything works by itself, all that
# was acknowledged is there and nothing by half. Needs root, for a small file system.
set -u
T=$(mktemp -d); export LC_ALL=C.UTF-8 LANG=C
D=$T/disk/city house=
cleanup() { [ -z "$house" ] || { kill "$house" 2>/dev/null; wait "$house" 2>/dev/null; }; umount -l "$T/disk" 2>/dev/null; rm -rf "$T"; }
trap cleanup EXIT
fail() { echo "FAIL $*"; tail -20 "$T/err" 2>/dev/null; exit 1; }
mkdir "$T/disk"
mount -t tmpfs -o size=64m,mode=755 none "$T/disk" 2>/dev/null || { echo "skip a full disk: needs root"; exit 0; }

"$O/sekisho" init "$D" --city 見本市 --standard iizuka 2>"$T/err" || fail init
cat >"$T/units.csv" <<'X'
code,name,kind,body_type,in_scope,parent,starts_on,roles_required,state
M00,市長部局,body,mayor,1,,2020-04-01,,active
S01,情報政策課,section,mayor,1,M00,2020-04-01,,active
X
cat >"$T/people.csv" <<'X'
staff_no,name,kana,person_type,in_scope,section,source,started_on,state
1001,関所 太郎,せきしょ たろう,regular,1,S01,hr-feed,2020-04-01,active
X
"$O/sekisho" ledger import "$D" org-units "$T/units.csv" >"$T/out" 2>>"$T/err" || fail "units: $(cat "$T/out")"
"$O/sekisho" people import "$D" "$T/people.csv" >"$T/out" 2>>"$T/err" || fail "people: $(cat "$T/out")"
token=$("$O/sekisho" token create "$D" --person 1001 --scope "read write" 2>>"$T/err") || fail token
"$O/sekisho" run "$D" --listen 127.0.0.1:0 --readers 1 >"$T/run" 2>>"$T/err" & house=$!
for _ in $(seq 400); do grep -q '^ready ' "$T/run" && break; sleep 0.05; done
U=$(sed -n "s/^ready \(https:[^ ]*[^ /]\)\/* .*/\1/p" "$T/run"); [ -n "$U" ] || fail "not ready"

api() { curl -sk --max-time 30 -o "$T/page" -w '%{http_code}' -H "Authorization: Bearer $token" -H 'Content-Type: application/json' "$@"; }
section=$(api "$U/api/v1/ledgers/org-units/records?q=S01" >/dev/null; jq '[.records[].id] | max' "$T/page")
create() { api -d "{\"fields\":{\"subject\":\"$1\",\"kind\":\"equipment\",\"section\":$section,\"symptom\":\"x\",\"effect\":\"none\"}}" "$U/api/v1/ledgers/failures/records"; }
for i in 1 2 3; do [ "$(create "before-$i")" = 201 ] && echo "before-$i" >>"$T/acked" || fail "before: $(cat "$T/page")"; done

dd if=/dev/zero of="$T/disk/filler" bs=64k 2>/dev/null; dd if=/dev/zero of="$T/disk/filler2" bs=1k 2>/dev/null
refused=0
for i in $(seq 60); do
  code=$(create "full-$i")
  case $code in
  201) echo "full-$i" >>"$T/acked" ;;
  503) refused=$((refused + 1)); [ $refused -lt 5 ] || break ;;
  *) fail "a full disk answers $code: $(cat "$T/page")" ;;
  esac
done
[ $refused -ge 5 ] || fail "the disk was never full"
echo "ok a full disk answers 503, nothing else"
jq -e '.message | length > 10' "$T/page" >/dev/null || fail "no word about it: $(cat "$T/page")"
echo "ok and says why"
[ "$(api "$U/api/v1/ledgers/failures/records?limit=1")" = 200 ] || fail "reading: $(cat "$T/page")"
echo "ok reading goes on"

rm -f "$T/disk/filler" "$T/disk/filler2"
for _ in $(seq 100); do code=$(create again); [ "$code" = 201 ] && break; sleep 0.2; done
[ "$code" = 201 ] || fail "with room again: $code $(cat "$T/page")"
echo again >>"$T/acked"
echo "ok with room again it goes on by itself"
sleep 2
kill -INT "$house"; wait "$house" || fail "the end"; house=
sqlite3 "$D/office/office.db" "SELECT subject FROM failures ORDER BY 1" >"$T/have"
diff <(sort "$T/acked") "$T/have" >"$T/diff" || fail "what was acknowledged is not what is there: $(cat "$T/diff")"
echo "ok exactly what was acknowledged is there"
[ "$(sqlite3 "$D/office/office.db" "SELECT sum(idx IS NULL) || ' ' || (count(*) - max(seq)) FROM outbox; PRAGMA integrity_check")" = $'0 0\nok' ] ||
  fail "outbox: $(sqlite3 "$D/office/office.db" "SELECT sum(idx IS NULL), count(*), max(seq) FROM outbox")"
"$O/sekisho" vault verify "$D" >"$T/out" 2>&1 || fail "vault: $(cat "$T/out")"
echo "ok every event is sealed, and the log is whole"

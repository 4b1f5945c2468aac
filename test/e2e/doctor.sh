#!/usr/bin/env bash
# The doctor: a sound folder has nothing bad, and each thing that is wrong is named, graded and answered with what to do.
set -u
T=$(mktemp -d); export T LC_ALL=C.UTF-8 LANG=C
house=''
cleanup() { [ -z "$house" ] || { kill "$house" 2>/dev/null; wait "$house" 2>/dev/null; }; rm -rf "$T"; }
trap cleanup EXIT
fail() { echo "FAIL $*"; cat "$T/out" "$T/err" 2>/dev/null | tail -40; exit 1; }
S="$O/sekisho"
ask() { "$S" doctor "$T/$1" --json >"$T/out" 2>"$T/err"; }
bad() { jq -r '[.points[] | select(.grade == "bad" and .id != "disk" and .id != "disk-forecast") | .id] | unique | join(" ")' "$T/out"; }
grade() { jq -r "[.points[] | select(.id == \"$1\") | .grade] | unique | join(\" \")" "$T/out"; }
# Each wrong thing in a copy of its own: the point must turn bad or warn, the exit code follows, and there is something to do.
wrong() { # POINT GRADE NAME
  ask c; code=$?
  [[ " $(grade "$1") " == *" $2 "* ]] || fail "$3: $1 is $(grade "$1")"
  [ "$2" != bad ] || [ $code = 1 ] || fail "$3: exit code $code"
  jq -e ".points[] | select(.id == \"$1\" and .grade == \"$2\") | .do | length > 0" "$T/out" >/dev/null || fail "$3: nothing to do"
  echo "ok $3: $(jq -r "[.points[] | select(.id == \"$1\" and .grade == \"$2\")][0].text" "$T/out")"
}
fresh() { rm -rf "$T/c"; cp -a "$T/a" "$T/c"; }

"$S" init "$T/a" --city 見本市 --standard iizuka 2>"$T/err" || fail init
"$S" backup "$T/a" "$T/backup.tar" 2>"$T/err" || fail backup
ask a
[ -z "$(bad)" ] || fail "a new folder has bad points: $(bad)"
for id in folder certificate clock sandbox uid running log setting role second-factor sealing backup store; do
  [ -n "$(grade $id)" ] || fail "nothing about $id"
done
for id in folder log setting second-factor sealing backup store; do [ "$(grade $id)" = ok ] || fail "$id is $(grade $id)"; done
echo "ok a new folder with a backup has nothing bad"

"$S" run "$T/a" --listen 127.0.0.1:0 --readers 1 >"$T/run" 2>>"$T/err" & house=$!
for _ in $(seq 200); do grep -q '^ready ' "$T/run" && break; sleep 0.05; done
ask a
[ "$(jq '[.points[] | select(.id == "process" and .grade == "ok")] | length' "$T/out")" = "$(wc -l <"$T/a/run/processes")" ] || fail "not all processes are locked in"
kill "$house"; wait "$house" 2>/dev/null; house=''
[ ! -e "$T/a/run/processes" ] || fail "a list of processes is left"
echo "ok every process of a running house is seen locked in, by the kernel's word"

fresh; chmod 755 "$T/c/keys"; wrong folder bad "a folder open to others"
fresh; openssl req -x509 -newkey ed25519 -nodes -keyout /dev/null -subj /CN=x -days 10 -out "$T/c/keys/tls.crt" 2>/dev/null
wrong certificate warn "a certificate that ends soon"
fresh; echo x >"$T/c/keys/tls.crt"; wrong certificate bad "a certificate that is none"
fresh; touch -d '+2 hours' "$T/c/vault/checkpoint"; wrong clock bad "a clock that went back"
fresh; python3 - "$T/c/vault/tail" <<'P'
import sys
f = open(sys.argv[1], 'r+b'); f.seek(300); b = f.read(1); f.seek(300); f.write(bytes([b[0] ^ 1]))
P
wrong log bad "an altered log"
fresh; sqlite3 "$T/c/office/office.db" "INSERT INTO setting(name, value, set_by, set_at) VALUES ('session_hours', '48', 0, 0)" || fail sqlite
wrong setting warn "a session of two days"
fresh; sqlite3 "$T/c/office/office.db" "INSERT INTO setting(name, value, set_by, set_at) VALUES ('second_factor_roles', 'ciso', 0, 0)" || fail sqlite
wrong setting warn "roles without a second factor"
fresh; sqlite3 "$T/c/office/office.db" "UPDATE setting SET set_at = set_at - 20 * 86400000000; DROP TRIGGER record_log_fixed;
  UPDATE record_log SET at = at - 20 * 86400000000" || fail sqlite
wrong backup bad "no backup for twenty days"
fresh; sqlite3 "$T/c/office/office.db" "PRAGMA foreign_keys = OFF; INSERT INTO setting(name, value, set_by, set_at) VALUES ('x', 'y', 0, 0);
  PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'record_log_record'" || fail sqlite
wrong store bad "a store with a lost index"
cat >"$T/units.csv" <<'C'
code,name,kind,body_type,in_scope,parent,starts_on,roles_required,state
M00,市長部局,body,mayor,1,,2020-04-01,,active
S01,情報政策課,section,mayor,1,M00,2020-04-01,,active
C
cat >"$T/people.csv" <<'C'
staff_no,name,kana,person_type,in_scope,section,source,started_on,state
1001,関所 太郎,せきしょ たろう,regular,1,S01,hr-feed,2020-04-01,active
C
cat >"$T/roles.csv" <<'C'
kind,role,holder,basis,scope,unit,starts_on,decided_by,decided_on,state
appointment,ciso,1001,nomination,whole,,2024-04-01,ciso,2024-04-01,active
C
fresh
for f in org-units:units persons:people role-assignments:roles; do
  "$S" ledger import "$T/c" "${f%:*}" "$T/${f#*:}.csv" >"$T/out" 2>>"$T/err" || fail "import $f"
done
wrong second-factor warn "a CISO without a second factor"
[ "$(jq '[.points[] | select(.id == "role" and .grade == "warn")] | length' "$T/out")" = 3 ] || fail "the CISO's role has a holder now"
wrong role warn "roles without a holder"

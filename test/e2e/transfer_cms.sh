#!/usr/bin/env bash
# What leaves can be encrypted to the certificate of a partner that the ledger of parties holds: openssl opens it with the partner's key,
# and nobody else. Certificates that will not do, and ones that changed after the permission, are refused.
set -u
house=''
. "$(dirname "$0")/transfer_house.bash"
cert() { openssl req -x509 -newkey "${2:-rsa:2048}" ${3:+-pkeyopt "$3"} -nodes -keyout "$T/$1.key" -out "$T/$1.crt" -subj "/CN=$1.example.lg.jp" "${@:4}" 2>/dev/null || fail "openssl: $1"; }
cert pref rsa:2048 '' -days 30; cert new rsa:2048 '' -days 30; cert weak rsa:1024 '' -days 30; cert sign rsa:2048 '' -days 30 -addext keyUsage=digitalSignature; cert curve ec ec_paramgen_curve:P-256 -days 30
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/old.key" -out "$T/old.crt" -subj /CN=old -not_before 20200101000000Z -not_after 20210101000000Z 2>/dev/null || openssl x509 -in "$T/pref.crt" -signkey "$T/pref.key" -days -1 -out "$T/old.crt" 2>/dev/null
python3 - "$T" pref weak sign curve old >"$T/parties.csv" <<'P'
import csv, sys
w = csv.writer(sys.stdout); w.writerow(["name", "kinds", "country", "encryption_certificate", "state"])
for n in sys.argv[2:]: w.writerow([n, "partner", "日本", open(f"{sys.argv[1]}/{n}.crt").read(), "active"])
w.writerow(["broken", "partner", "日本", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "active"])
P
"$S" ledger import "$D" parties "$T/parties.csv" >"$T/out" 2>&1 || fail "parties: $(cat "$T/out")"
party() { sqlite3 "$D/office/office.db" "SELECT id FROM parties WHERE name = '$1'"; }
start; enter boss 1002; enter ichiro 1003
get ichiro /transfers/new >/dev/null; grep -q 'name="to_party"' "$T/page" && grep -q 'pref の証明書' "$T/page" || fail "no choice on the form"
seq -f '%09.0f 議事録の一行' 300000 >"$T/m.txt"
out() { get ichiro /transfers/new >/dev/null
  post ichiro /transfers -F "csrf=$(csrf)" -F direction=out -F purpose=提供 -F outside_recipient=県 -F class_c=2 -F "to_party=$1" -F "files=@$T/m.txt"; }
approve() { get boss "/ledgers/transfers/$1" >/dev/null; [[ $(post boss "/ledgers/transfers/$1/act/approve" -F "csrf=$(csrf)" -F "version=$(sqlite3 "$D/office/office.db" "SELECT version FROM transfers WHERE id=$1")") == 303* ]] || fail "approve $1"; }
for k in weak sign old broken; do [[ $(out "$(party $k)") == 422* ]] || fail "a certificate that is $k"; done
[ "$(sqlite3 "$D/office/office.db" "SELECT count(*) FROM transfers")" = 0 ] || fail "a record for one of them"
ok "weak, ended and broken certificates, and ones for signing, are refused in words"
[[ $(out "$(party pref)") == 303* ]] && [ "$(settled 1)" = "waiting " ] || fail "outward: $(state 1)"
[ "$(sqlite3 "$D/office/office.db" "SELECT certificate_hash || ' ' || encrypted || ' ' || (SELECT count(*) FROM transfer_secret) FROM transfers")" = \
  "$(openssl x509 -in "$T/pref.crt" -outform DER | sha256sum | cut -d' ' -f1) 1 0" ] || fail "fingerprint, no password"
approve 1; [[ $(fetch ichiro 1) == 200* ]] || fail fetch
cp "$T/page" "$T/m.p7m"; grep -qa 議事録 "$T/m.p7m" && fail "not locked"
openssl cms -decrypt -inform DER -in "$T/m.p7m" -inkey "$T/pref.key" -recip "$T/pref.crt" -out "$T/opened" 2>"$T/out" || fail "openssl: $(cat "$T/out")"
cmp -s "$T/opened" "$T/m.txt" || fail "content"
openssl cms -decrypt -inform DER -in "$T/m.p7m" -inkey "$T/new.key" -out "$T/opened" 2>/dev/null && cmp -s "$T/opened" "$T/m.txt" && fail "another key opens it"
ok "the partner opens it with openssl, and nobody else"
[[ $(out "$(party curve)") == 303* ]] && [ "$(settled 2)" = "waiting " ] || fail "a curve: $(state 2)"
approve 2; [[ $(fetch ichiro 2) == 200* ]] || fail "fetch (curve)"
openssl cms -decrypt -inform DER -in "$T/page" -inkey "$T/curve.key" -recip "$T/curve.crt" -out "$T/opened" 2>/dev/null && cmp -s "$T/opened" "$T/m.txt" || fail "curve"
ok "keys on a curve too"
kill "$house"; wait "$house" 2>/dev/null
sqlite3 "$D/office/office.db" "UPDATE parties SET encryption_certificate = CAST(readfile('$T/new.crt') AS TEXT) WHERE name = 'pref'" 2>"$T/sql" || fail "$(cat "$T/sql")"
start; [[ $(fetch ichiro 1) == 409* ]] || fail "a certificate that changed after the permission"
ok "a certificate that changed after the permission is not used"

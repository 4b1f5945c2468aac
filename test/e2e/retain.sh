#!/usr/bin/env bash
# sekisho vault policy|prune|hold|release|redact: on a data folder at rest and running (each becomes an event and an entry), and on a
# vault folder by itself. That old entries go and what stays is provable: src/vault/retain_test.c.
set -u
T=$(mktemp -d); export T LC_ALL=C.UTF-8 LANG=C
house=''
stop() { [ -z "$house" ] || { kill "$house" 2>/dev/null; wait "$house" 2>/dev/null; house=; }; }
trap 'stop; rm -rf "$T"' EXIT
fail() { echo "FAIL $*"; tail -20 "$T/err" 2>/dev/null; exit 1; }
ok() { echo "ok $*"; }
S="$O/sekisho"
says() { # EXIT PATTERN COMMAND…
  local want=$1 pattern=$2; shift 2
  "$@" >"$T/out" 2>&1; local code=$?
  [ $code = "$want" ] || fail "$*: exit $code: $(cat "$T/out")"
  grep -q "$pattern" "$T/out" || fail "$*: $(cat "$T/out")"
}
R=(--reason 'decided by the office')
for i in $(seq 3000); do echo "<38>Nov 20 12:00:00 gw sshd[$i]: Failed password for user$i from 192.0.2.$((i % 256)) port 4$i ssh2"; done >"$T/lines"
"$S" init "$T/a" --city 見本市 --standard iizuka --sample 2>"$T/err" || fail init
"$S" vault ingest "$T/a" <"$T/lines" >/dev/null 2>"$T/err" || fail ingest
events() { sqlite3 "file:$1/office/office.db?mode=ro" "SELECT group_concat(action, ' ') FROM (SELECT action FROM record_log WHERE action LIKE 'vault.%' AND action <> 'vault.audit' ORDER BY seq)"; }

for i in 77 2500; do "$S" vault show "$T/a" $i --log standard | grep -o 'user[0-9]* from' >>"$T/gone"; done
[ "$(wc -l <"$T/gone")" = 2 ] || fail "$(cat "$T/gone")"
for _ in $(seq 10); do # the longest retention of the ledger becomes the policy by itself, in the second life of the office at the latest
  [ "$(events "$T/a")" = vault.policy ] && break
  "$S" ledger export "$T/a" log-sources >/dev/null 2>>"$T/err"
done
[ "$(events "$T/a")" = vault.policy ] || fail "the ledger's retention is not the vault's: $(events "$T/a")"
[ "$(sqlite3 "file:$T/a/office/office.db?mode=ro" "SELECT policy_days FROM log_store WHERE log = 'standard'")" = 1098 ] || fail "another policy"
ok "what the ledger log-sources says becomes the policy of the vault, and an event"
says 0 'entry 30' "$S" vault policy "$T/a" --days 365 "${R[@]}"
says 1 'nothing is past' "$S" vault prune "$T/a" "${R[@]}"
says 0 'says so' "$S" vault hold "$T/a" case-7 --from 10 --to 20 "${R[@]}"
says 0 'says so' "$S" vault redact "$T/a" 77 "${R[@]}"
says 2 'usage' "$S" vault redact "$T/a" 78
says 1 'no log' "$S" vault redact "$T/a" 78 --log other "${R[@]}"
says 0 'redacted, as the log says: 1 ' "$S" vault verify "$T/a"
says 0 '77 \[redacted\]' "$S" vault show "$T/a" 77 --log standard
ok "at rest: a policy, a hold, a redaction, and the audit knows of them"
"$S" run "$T/a" --listen 127.0.0.1:0 >"$T/run" 2>>"$T/err" & house=$!
for _ in $(seq 400); do grep -q '^ready ' "$T/run" && break; kill -0 "$house" 2>/dev/null || break; sleep 0.05; done
grep -q '^ready ' "$T/run" || fail "it does not run"
says 0 'says so' "$S" vault redact "$T/a" 2500 "${R[@]}"
says 3 'is redacted' "$S" vault redact "$T/a" 2500 "${R[@]}"
says 0 'says so' "$S" vault release "$T/a" case-7 "${R[@]}"
says 1 'no hold' "$S" vault release "$T/a" case-7 "${R[@]}"
says 0 'redacted, as the log says: 2 ' "$S" vault verify "$T/a"
stop
[ "$(events "$T/a")" = 'vault.policy vault.policy vault.hold vault.redact vault.redact vault.release' ] || fail "events: $(events "$T/a")"
while read -r text; do ! zstd -qdc "$T/a/vault/logs/standard/seg/"* | grep -aq "$text" || fail "still there: $text"; done <"$T/gone"
zstd -qdc "$T/a/vault/logs/standard/seg/"* | grep -aq 'user79 from' || fail "others are gone"
says 0 'proven' "$S" vault verify "$T/a"
ok "while it runs; each is an event, and the text is in no file of the log"

"$S" vault ingest "$T/v" <"$T/lines" >/dev/null 2>&1 || fail "ingest by itself"
says 3 'no policy' "$S" vault prune "$T/v" "${R[@]}"
says 0 'says so' "$S" vault policy "$T/v" --days 30 "${R[@]}"
says 0 'says so' "$S" vault redact "$T/v" 5 "${R[@]}"
says 1 'numbered\|stays' "$S" vault redact "$T/v" 3000 "${R[@]}"
says 0 'redacted, as the log says: 1 ' "$S" vault verify "$T/v"
says 0 'user7 from' "$S" vault search "$T/v" user7
for how in '' --scan; do
  "$S" vault search "$T/v" user6 $how >"$T/out" 2>&1; code=$?
  [ $code = 1 ] && [ ! -s "$T/out" ] || fail "the redacted text is found, or its block is not: $code $(cat "$T/out")"
done
says 1 'is no vault folder' "$S" vault prune "$T" "${R[@]}"
ok "a vault folder by itself"

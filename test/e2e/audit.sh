#!/usr/bin/env bash
# The house audits its logs by itself: at the first start, then by the settings; its outcome is an event, a measurement, a finding. One
# edited byte, a log put back to what it was, and a log that is gone are found the next time; the process that reads cannot write.
set -u
T=$(mktemp -d); export LC_ALL=C.UTF-8
D=$T/city house=
end() { [ -z "$house" ] || { kill "$house" 2>/dev/null; wait "$house" 2>/dev/null; }; rm -rf "$T"; }
trap end EXIT
fail() { echo "FAIL $*"; grep -v 'supervise.up\|front.peer' "$T/err" | tail -8; exit 1; }
ok() { echo "ok $*"; }
S="$O/sekisho"
start() {
  : >"$T/run"
  "$S" run "$D" --listen 127.0.0.1:0 --readers 1 --intake udp:127.0.0.1:0 >"$T/run" 2>>"$T/err" & house=$!
  for _ in $(seq 400); do grep -q '^ready ' "$T/run" && break; kill -0 "$house" 2>/dev/null || break; sleep 0.05; done
  grep -q '^ready ' "$T/run" || fail "not ready"
}
stop() { kill -INT "$house"; wait "$house" || fail "the end"; house=; }
sql() { sqlite3 "file:$D/office/office.db?mode=ro" "$1"; }
events() { sql "SELECT count(*) FROM record_log WHERE action = 'vault.audit'"; }
audited() { # HOW MANY events there are to be; a new start asks at once when it is due
  for _ in $(seq 150); do [ "$(events)" -ge "$1" ] && return; sleep 0.1; done
  fail "audit $1 did not come: $(events)"
}
due() { sqlite3 "$D/office/office.db" "UPDATE log_audit_run SET done_at = done_at - 3 * 86400000000; INSERT OR REPLACE INTO setting(name, value, set_at) VALUES ('audit_hour', '0', 0)" || fail due; }
finding() { sql "SELECT count(*) FROM finding WHERE control = 'log.intact' AND part = 'chain' AND status = 'not_met' AND subject_id = 'log:$1'"; }
row() { sql "SELECT ok FROM log_audit WHERE log = '$1'"; }

"$S" init "$D" --city 見本市 --standard iizuka --sample 2>"$T/err" || fail init
start
udp=$(awk '$1 == "udp" { print $2; exit }' "$D/run/intake")
for i in $(seq 50); do logger --udp -n 127.0.0.1 -P "${udp##*:}" "line $i"; done
audited 1
[ "$(row office)" = 1 ] && [ "$(row standard)" = 1 ] || fail "what it saw: $(sql 'SELECT * FROM log_audit')"
[ "$(sql "SELECT value FROM measurement WHERE control = 'log.intact' AND part = 'denied'")" = refused ] || fail "the reading process could write"
[ "$(finding office)$(finding standard)" = 00 ] || fail "a finding on good logs"
[ "$(events)" = 1 ] || fail "more than one audit at once"
ok "the first start audits every log; a good one is met; the process that reads cannot write"
stop
cp -a "$D/vault" "$T/old"
start; [ "$(events)" = 1 ] || fail "audited again though none is due"
for i in $(seq 50); do logger --udp -n 127.0.0.1 -P "${udp##*:}" "more $i" 2>/dev/null; done
stop; due; start; audited 2; [ "$(row standard)" = 1 ] || fail "the second: $(sql 'SELECT * FROM log_audit')"
ok "not before it is due, and then again"
stop

# --- one byte of an archived line ---
cp -a "$D/vault" "$T/good"
"$S" vault ingest "$T/many" < <(for i in $(seq 3000); do echo "Nov 20 10:00:00 h p: entry $i"; done) >/dev/null 2>&1 || fail ingest
tail=$D/vault/logs/standard/tail
python3 - "$tail" <<'P' || fail "an edit"
import sys
p = sys.argv[1]; b = bytearray(open(p, 'rb').read()); i = b.rfind(b'line 4'); assert i > 0; b[i + 5] ^= 1; open(p, 'wb').write(b)
P
due; start; audited 3
for _ in $(seq 100); do [ "$(finding standard)" = 1 ] && break; sleep 0.1; done
[ "$(row standard)" = 0 ] && [ "$(finding standard)" = 1 ] && [ "$(finding office)" = 0 ] || fail "the edited line: $(sql 'SELECT * FROM log_audit')"
told=$(sql "SELECT CAST(o.body AS TEXT) FROM record_log l JOIN outbox o ON o.seq = l.seq WHERE l.action = 'vault.audit' ORDER BY l.seq DESC LIMIT 1")
[ "$(jq -c '.detail.logs | map([.log, .ok])' <<<"$told")" = '[["office",true],["standard",false]]' ] || fail "what the event tells: $told"
ok "one edited byte is a failed audit, an event and a finding"
stop
cp -a "$T/good/logs/standard/." "$D/vault/logs/standard/"
due; start; audited 4
for _ in $(seq 100); do [ "$(finding standard)" = 0 ] && break; sleep 0.1; done
[ "$(finding standard)" = 0 ] || fail "mended, and still failing: $(sql 'SELECT * FROM log_audit')"
ok "mended, the next audit is met"
stop

# --- a log of others as it was before: still signed by the right key, but it does not continue what was seen ---
rm -rf "$D/vault/logs/standard"; cp -a "$T/old/logs/standard" "$D/vault/logs/standard"
due; start; audited 5
[ "$(row standard)" = 0 ] || fail "a log put back passes: $(sql 'SELECT * FROM log_audit')"
ok "a log put back to what it was is found"
stop
rm -rf "$D/vault/logs/standard"; cp -a "$T/good/logs/standard" "$D/vault/logs/standard"
mkdir -p "$D/vault/logs/other" && cp -a "$T/many/." "$D/vault/logs/other/" && chown -R --reference="$D/vault/log" "$D/vault/logs/other" 2>/dev/null
due; start; audited 6
[ "$(row other)" = 1 ] || fail "a log that is there: $(sql 'SELECT * FROM log_audit')"
stop
rm -rf "$D/vault/logs/other"
due; start; audited 7
[ "$(row other)" = 0 ] || fail "a log that is gone is not told: $(sql 'SELECT * FROM log_audit')"
ok "a log that is gone is found"
stop

# --- the rules: what is planted comes back, each log is judged to its head, a faulty file of rules is told ---
printf 'title: x\nid: x\n' >"$T/bad.yml"; mkdir -p "$D/rules"; rm -f "$D/rules"/*
start
running() { sql "SELECT count(*) FROM measurement WHERE control = 'log.rules-running' AND $1"; }
for _ in $(seq 150); do [ "$(running "part = 'planted' AND value = 'found'")" = 1 ] && [ "$(running "part = 'run' AND value = 'judged'")" -ge 2 ] && break; sleep 0.1; done
[ "$(running "part = 'planted' AND value = 'found'")" = 1 ] || fail "the planted event: $(sql "SELECT part, subject_id, value FROM measurement WHERE control = 'log.rules-running'")"
[ "$(running "part = 'run' AND value = 'judged'")" -ge 2 ] && [ "$(running "part = 'rules' AND value = 'loaded'")" = 1 ] || fail "running: $(sql "SELECT part, subject_id, value, number FROM measurement WHERE control = 'log.rules-running'")"
[ "$(sql "SELECT count(*) FROM alerts WHERE rule = 'sk-planted'")" = 0 ] || fail "the house's own test is put before people"
stop
cp "$T/bad.yml" "$D/rules/bad.yml"; start
for _ in $(seq 100); do [ "$(running "part = 'rules' AND value = 'faults'")" = 1 ] && break; sleep 0.1; done
[ "$(sql "SELECT count(*) FROM finding WHERE control = 'log.rules-running' AND subject_id = 'log:rules' AND status = 'not_met'")" = 1 ] || fail "a faulty file of rules is not told"
stop
ok "the rules are seen to run: a planted event comes back, logs are judged to their head, a faulty file is told"

#!/usr/bin/env bash
# From a line that comes in over the network to a task in the office: collect, vault, detect and office as they run, killed on the way.
set -u
T=$(mktemp -d); export LC_ALL=C.UTF-8 LANG=C
D=$T/house; house=
cleanup() { [ -z "$house" ] || kill -9 "$house" 2>/dev/null; rm -rf "$T"; }
trap cleanup EXIT
fail() { echo "FAIL alerts: $*"; tail -20 "$T/err" 2>/dev/null; exit 1; }
ok() { echo "ok alerts: $*"; }
until_true() { for _ in $(seq 150); do "$@" && return 0; sleep 0.2; done; return 1; }

"$O/sekisho" init "$D" --city 見本市 --standard iizuka --sample >"$T/out" 2>"$T/err" || fail init
mkdir "$D/rules"
cat >"$D/rules/own.yml" <<'Y'
title: 針
id: needle
level: critical
logsource: {product: linux}
detection:
  s: [needle]
  condition: s
---
title: 特権
id: work
level: medium
logsource: {product: linux, service: sudo}
detection:
  s: ['COMMAND=']
  condition: s
sekisho: {works: true}
Y
# a work record in force now, for a device and the worker's account of the sample
db=$D/office/office.db
host=sv-work
IFS='|' read -r login person < <(sqlite3 "$db" "SELECT login, person FROM accounts WHERE state = 'active' AND person IS NOT NULL ORDER BY id LIMIT 1")
[ -n "$login" ] || fail "the sample has no account"
sqlite3 "$db" "SELECT 'DROP TRIGGER \"' || name || '\";' FROM sqlite_master WHERE type = 'trigger' AND (tbl_name LIKE 'work_records%' OR tbl_name LIKE 'devices%')" | sqlite3 "$db"
sqlite3 "$db" "INSERT INTO devices(id, number, title, name, state, version) VALUES (9001, '機器-9001', '$host', '$host', 'in-use', 1);
  INSERT INTO work_records(id, number, title, subject, state, kind, worker, planned_start, planned_end, version) VALUES (1, '作業-1', '更新', '更新', 'approved',
  'system-change', $person, unixepoch() * 1000000 - 3600000000, unixepoch() * 1000000 + 3600000000, 1);
  INSERT INTO work_records__devices(record, pos, value) SELECT 1, 1, id FROM devices WHERE name = '$host'" || fail "a work record"
start() {
  "$O/sekisho" run "$D" --listen 127.0.0.1:0 --readers 1 --intake tcp:127.0.0.1:0 >"$T/out" 2>>"$T/err" & house=$!
  until_true grep -q '^ready ' "$T/out" || fail "not ready"
}
pid_of() { awk -v r="$1" '$1 == r { print $2 }' "$D/run/processes"; }
send() { local tcp; tcp=$(awk '$1 == "tcp" { print $2 }' "$D/run/intake"); printf '%s\n' "$@" >"/dev/tcp/${tcp%:*}/${tcp##*:}"; }
rows() { sqlite3 "file:$D/office/office.db?mode=ro" "SELECT count(*) FROM alerts WHERE rule = '$1'" 2>/dev/null; }
are() { [ "$(rows "$1")" = "$2" ]; }

start
send "<13>1 $(date -Iseconds) gw1 app - - - a needle" "<13>1 $(date -Iseconds) gw1 app - - - hay"
until_true are needle 1 || fail "no row: $(sqlite3 "$D/office/office.db" 'SELECT * FROM alerts')"
got=$(sqlite3 "$D/office/office.db" "SELECT level, subject, what LIKE '%host: gw1%', entries GLOB 'standard: [0-9]*', entry > 0 FROM alerts WHERE rule = 'needle'")
[ "$got" = "critical|針|1|1|1" ] || fail "what the row says: $got"
ok "a line that a critical rule finds is a row of the ledger, with the log entry it rests on"
got=$(sqlite3 "$D/office/office.db" "SELECT a.acknowledge_by / 1000000 - a.detected_at / 1000000 BETWEEN 0 AND 5 * 86400, d.name,
  abs(d.due_at - a.acknowledge_by) < 60000000 FROM alerts a JOIN duty d ON d.ledger = 'alerts' AND d.record = a.id WHERE a.rule = 'needle'")
[ "$got" = "1|acknowledge|1" ] || fail "the task: $got"
ok "it is a task with the end that the office hours give"
sudo_line() { send "<86>1 $(date -Iseconds) $2 sudo - - - $1 : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/apt upgrade"; }
sudo_line "$login" "$host"; sudo_line "$login" other-host
until_true are work 2 || fail "not both uses of privilege: $(rows work)"
got=$(sqlite3 "$db" "SELECT state, verdict, reason LIKE '%作業-1%' FROM alerts WHERE rule = 'work' AND what LIKE '%host: $host%'")
[ "$got" = "judged|permitted|1" ] || fail "the permitted work: $got"
got=$(sqlite3 "$db" "SELECT state, verdict IS NULL, what LIKE '%作業記録がありません%' OR what LIKE '%No work record%' FROM alerts WHERE rule = 'work' AND what LIKE '%host: other-host%'")
[ "$got" = "new|1|1" ] || fail "the use without a record: $got"
ok "privileged use that a work record covers is noted as permitted, without one it stands"
for role in detect office.writer vault detect; do
  kill -9 "$(pid_of $role)"
  send "<13>1 $(date -Iseconds) gw1 app - - - needle $role" 2>/dev/null
  sleep 0.5
done
lines() { "$O/sekisho" vault search "$D" needle --log standard --json 2>"$T/search" | grep -o '"raw"' | wc -l; }
settled() { local n; n=$(lines); [ "$n" -ge 2 ] && are needle "$n" && sleep 2 && are needle "$n"; }
until_true settled || fail "$(lines) lines with a needle, $(rows needle) rows"
ok "after kills of detect, office and vault: $(lines) lines, as many rows"
kill "$house"; wait "$house" 2>/dev/null; house=
"$O/sekisho" vault verify "$D" >"$T/verify" 2>&1 || fail "not proven: $(cat "$T/verify")"
ok "the log is proven"

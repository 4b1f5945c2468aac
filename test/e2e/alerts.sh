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
Y
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

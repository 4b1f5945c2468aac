#!/usr/bin/env bash
# A large store is ready before it is judged: every page says so until it is done, writes go on meanwhile, and the board that was kept up
# is the board judged from the records alone.
set -eu
T=$(mktemp -d); D=$T/city house='' S=$(realpath "$O")/sekisho
export LC_ALL=C.UTF-8
cleanup() { [ -z "$house" ] || { kill "$house" 2>/dev/null; wait "$house" 2>/dev/null; } || true; rm -rf "$T"; }
trap cleanup EXIT
fail() { echo "FAIL $*"; tail -5 "$T/err" 2>/dev/null; exit 1; }
ok() { echo "ok $*"; }
db() { sqlite3 -batch -noheader -cmd ".timeout 30000" "$D/office/office.db" "$@"; }
board() { "$S" status "$D" --json 2>>"$T/err" | python3 -c 'import json, sys; d = json.load(sys.stdin); d.pop("as_of"); print(json.dumps(d, sort_keys=True))'; }

"$S" init "$D" --city 見本市 --standard iizuka --sample 2>"$T/err" || fail init
"$(dirname "$0")/../../bench/grow.sh" "$D" carry_outs 60000 >"$T/grow" || fail grow
"$S" assess "$D" >"$T/out" 2>>"$T/err" || fail assess
[ "$(db "SELECT state FROM job WHERE kind = 'board'")" = "done" ] || fail "the state of the board"
before=$(board)
SEKISHO_LOG=debug "$S" run "$D" --listen 127.0.0.1:0 >"$T/run" 2>"$T/log" & house=$!
for _ in $(seq 400); do grep -q '^ready ' "$T/run" && break; sleep 0.02; done
U=$(sed -n "s/^ready \(https:[^ ]*[^ /]\)\/* .*/\1/p" "$T/run"); [ -n "$U" ] || fail "not ready"
at_ready=$(grep -c 'assess.control' "$T/log" || true)
for _ in $(seq 400); do [ "$(db "SELECT state FROM job WHERE kind = 'board'")" = "done" ] && break; sleep 0.05; done
all=$(grep -c 'assess.control' "$T/log")
[ "$at_ready" -lt "$all" ] || fail "everything ($all) was judged before it was ready"
ok "ready after $at_ready of $all controls"

link=$("$S" link "$D" --person 1038 2>>"$T/err") || fail link
curl -sk -c "$T/jar" -o /dev/null -d "" "$link"
page() { curl -sk -b "$T/jar" -H 'accept-language: ja' "$U/board"; }
page | grep -q 判定中 && fail "the page says it is being judged when it is not"
db "UPDATE job SET state = 'running', done = 5 WHERE kind = 'board'"
page | grep -q '判定中です（対策項目[0-9]*件のうち5件が済みました）' || fail "the page does not say that it is being judged"
db "UPDATE job SET state = 'failed' WHERE kind = 'board'"
page | grep -q '判定できなかった対策項目があります' || fail "the page does not say that judging failed"
ok "the page says while it is being judged, and when that failed"

"$S" assess "$D" >"$T/out" 2>>"$T/err" || fail "assess while it runs"
grep -q 'held=1' "$T/log" || fail "nothing was taken as it stood"
kept=$(board)
"$S" assess "$D" --anew >"$T/out" 2>>"$T/err" || fail "assess --anew"
[ "$kept" = "$(board)" ] || fail "kept and judged anew differ"
# What the house measures of itself while it runs (log.…) is new with the start; all else stands as it stood.
records() { python3 -c 'import json, sys
d = json.load(sys.stdin)
for c in d["clauses"]:
    own = [k for k in c["controls"] if k["id"].startswith("log.")]
    c["controls"] = [k for k in c["controls"] if k not in own]
    if own: c.pop("status")
print(json.dumps(d, sort_keys=True))' <<<"$1"; }
[ "$(records "$kept")" = "$(records "$before")" ] || fail "before and after the start differ"
page | grep -q 'class="counts"' || fail "page"
page | grep -q 判定中 && fail "the page still says it is being judged"
ok "kept up and judged anew are the same"

# People bring back what they had taken out: the board follows in the same transaction, and its counts are exact.
"$(dirname "$0")/../../bench/change.sh" "$S" "$D" "$U" 20 >"$T/changes" 2>>"$T/err" || fail "changes: $(cat "$T/changes")"
counts() { db "SELECT control, part, section, status, n FROM finding_count WHERE n <> 0 ORDER BY 1, 2, 3, 4"; }
kept=$(counts)
[ "$(db "SELECT count(*) FROM job WHERE kind = 'assess'")" = 0 ] || fail "a control waits to be judged: $(db "SELECT args, state FROM job WHERE kind = 'assess'")"
"$S" assess "$D" --anew >"$T/out" 2>>"$T/err" || fail "assess --anew after changes"
[ "$kept" = "$(counts)" ] || fail "counts after changes: $(diff <(echo "$kept") <(counts) | head -5)"
grep -q 'assess.drift' "$T/log" && fail "drift: $(grep assess.drift "$T/log" | head -3)"
ok "counts stay exact through $(sed -n 's/^\([0-9]*\) changes.*/\1/p' "$T/changes") changes"

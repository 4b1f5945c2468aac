#!/usr/bin/env bash
# The transfer service in a real Chromium: the one page with a script, and what it promises.
set -u
command -v chromium >/dev/null && command -v node >/dev/null || { echo "skip transfer_browser: chromium or node is missing"; exit 0; }
[ -d test/browser/node_modules/axe-core ] || (cd test/browser && npm ci --no-audit --no-fund --silent) || exit 1
. "$(dirname "$0")/transfer_house.bash"
start
enter ichiro 1003
mkdir "$T/f"; for i in a b c d e f; do printf 'n,%s\n' $i >"$T/f/$i.csv"; done; seq -f '%09.0f 行政文書の一行' 1000000 >"$T/f/big.txt"
timeout 200 node test/browser/transfer.mjs "$U" 1003 "$(cat "$T/pw.ichiro")" "$T/f" || { tail -3 "$T/err"; exit 1; }
n=$(sqlite3 "$D/office/office.db" "SELECT count(*) || ' ' || count(DISTINCT file_name) FROM transfers"); [ "$n" = "7 7" ] || fail "records: $n"
ok "each file is there once"
# An answer that was lost: the same word is the same record.
get ichiro /transfers/new >/dev/null; c=$(csrf); curl -sk -D "$T/head" -o /dev/null -b "$T/ichiro" "$U/transfers/new"
for i in 1 2; do post ichiro /transfers -H 'X-Requested-With: transfer' -F "csrf=$c" -F direction=in -F purpose=x -F class_c=2 -F once=a1b2 -F "files=@$T/f/a.csv" >/dev/null; jq -c .ids "$T/page"; done | uniq | wc -l | grep -qx 1 || fail once
[ "$(sqlite3 "$D/office/office.db" "SELECT count(*) FROM transfers")" = 8 ] || fail "twice"
ok "sent again after a lost answer it is the same record"
grep -qi "content-security-policy:.*script-src 'self'; connect-src 'self'" "$T/head" || fail "policy of the page: $(grep -i policy "$T/head")"
for p in / /transfers /transfers/1 /ledgers /transfers/new/ /sign-in; do curl -sk -D - -o /dev/null -b "$T/ichiro" "$U$p" | grep -i '^content-security-policy' | grep -q 'script-src' && fail "$p may run scripts"; done
ok "no other page may run a script"

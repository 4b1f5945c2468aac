#!/usr/bin/env bash
# The operator's page of the gates: figures, reasons in words, held files checked again; looked at in a browser at both widths.
set -u
. "$(dirname "$0")/transfer_house.bash"
printf 'kind,role,holder,basis,scope,unit,starts_on,decided_by,decided_on,state\nappointment,sys-operator,1005,nomination,whole,,2024-04-01,ciso,2024-04-01,active\n' >"$T/op.csv"
"$S" ledger import "$D" role-assignments "$T/op.csv" >"$T/out" 2>&1 || fail "$(cat "$T/out")"
sqlite3 "$D/office/office.db" "INSERT INTO setting VALUES ('second_factor_roles', 'auditor', NULL, 1)"
start; enter ichiro 1003; enter jiro 1004; enter operator 1005
for i in $(seq 6); do printf 'n,%s\n' "$i" >"$T/a$i.csv"; a+=(-F "files=@$T/a$i.csv"); done
hand ichiro "" "${a[@]}" >/dev/null
cp /bin/true "$T/x.exe"; cp "$T/a1.csv" "$T/b.jtd"; seq 100000 >"$T/t.txt"
hand jiro "" -F "files=@$T/x.exe" -F "files=@$T/b.jtd" -F "files=@$T/t.txt" >/dev/null
for i in $(seq 9); do settled "$i" >/dev/null; done
[ "$(settled 8)" = "held NO-REBUILD" ] || fail "held: $(settled 8)"
[ "$(get operator /transfers/gates)" = 200 ] || fail "the page"
grep -q '再構成 7 件、保留 1 件、遮断 1 件' "$T/page" && grep -q 'まだ再構成できません' "$T/page" && grep -q '架空 一郎' "$T/page" && grep -q 'landlock' "$T/page" || fail "figures, reasons, senders, sandbox"
ok "outcomes, reasons in words, senders and the sandbox are there"
[ "$(get ichiro /transfers/gates)" = 403 ] || fail "not for everybody"
get ichiro /transfers >/dev/null; [[ $(post ichiro /transfers/gates/again -F "csrf=$(csrf)") == 403* ]] || fail "who may not has files checked again"
get operator /transfers/gates >/dev/null; grep -q 'action="/transfers/gates/again"' "$T/page" || fail "no button"
[[ $(post operator /transfers/gates/again -F "csrf=$(csrf)") == 303* ]] || fail "check again"
for _ in $(seq 50); do [ "$(sqlite3 "$D/office/office.db" "SELECT count(*) FROM transfers_step WHERE record = 8 AND action = 'hold'")" = 2 ] && break; sleep 0.1; done
[ "$(sqlite3 "$D/office/office.db" "SELECT count(*) || group_concat(note) FROM transfers_step WHERE record = 8 AND action = 'retry'")" = "1仮名 三郎" ] && [ "$(settled 8)" = "held NO-REBUILD" ] || fail "not checked again"
ok "held files are checked again at the operator's word, whose name stands in the record"
command -v chromium >/dev/null && command -v node >/dev/null && [ -d test/browser/node_modules/axe-core ] || { echo "skip the browser"; exit 0; }
timeout 100 node test/browser/gates.mjs "$U" 1005 "$(cat "$T/pw.operator")" || exit 1

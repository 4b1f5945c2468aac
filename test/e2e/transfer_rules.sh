#!/usr/bin/env bash
# Who permits which file is said by rules of the municipality: section, class, size, direction; whoever else may approve elsewhere, may not here.
set -u
. "$(dirname "$0")/transfer_house.bash"
printf 'kind,role,holder,basis,scope,unit,starts_on,decided_by,decided_on,state\nappointment,sys-manager,1005,nomination,whole,,2024-04-01,ciso,2024-04-01,active\n' >"$T/op.csv"
"$S" ledger import "$D" role-assignments "$T/op.csv" >"$T/out" 2>&1 || fail "$(cat "$T/out")"
sqlite3 "$D/office/office.db" "INSERT INTO setting VALUES ('second_factor_roles', 'auditor', NULL, 1), ('transfer_rules', '# the large ones
in mb>=1 : sys-manager
in section=S03 : manager
in : none
out : csirt', NULL, 1)"
start; enter boss 1002; enter ichiro 1003; enter system 1005
seq 400000 >"$T/large.txt"; printf 'n,1\n' >"$T/small.csv"
give() { # WHO DIRECTION FILE more
  get "$1" /transfers/new >/dev/null
  [[ $(post "$1" /transfers -F "csrf=$(csrf)" -F "direction=$2" -F purpose=試験 -F class_c=2 -F "files=@$3" "${@:4}") == 303* ]] || { echo refused; return; }
  local id; id=$(sqlite3 "$D/office/office.db" "SELECT max(id) FROM transfers"); settled "$id" >/dev/null
  sqlite3 "$D/office/office.db" "SELECT id || ' ' || state || ' ' || coalesce(approver, '-') FROM transfers WHERE id = $id"; }
act() { get "$1" "/ledgers/transfers/$2" >/dev/null; local v; v=$(sqlite3 "$D/office/office.db" "SELECT version FROM transfers WHERE id = $2")
  post "$1" "/ledgers/transfers/$2/act/$3" -F "csrf=$(csrf)" -F "version=$v" "${@:4}"; }                                   # WHO ID ACTION
[ "$(give ichiro in "$T/small.csv" -F personal=1)" = "1 ready -" ] || fail "in : none"
ok "a rule can ask for nobody's permission"
[ "$(give ichiro in "$T/large.txt")" = "2 waiting sys-manager" ] || fail "by size: $(state 2)"
for a in approve approve-system approve-chief; do [[ $(act boss 2 $a) == 4* ]] || fail "$a by the manager of the section"; done
[[ $(act system 2 approve) == 4* ]] && [[ $(act system 2 approve-csirt) == 4* ]] || fail "another's action"
[ "$(state 2)" = "waiting " ] || fail "decided: $(state 2)"
[[ $(act system 2 approve-system) == 303* ]] && [ "$(state 2)" = "ready " ] || fail "approve: $(state 2)"
ok "large ones are permitted by the system manager, and by nobody else"
[ "$(give system in "$T/small.csv")" = "3 waiting manager" ] || fail "by section: $(state 3)"
[[ $(act system 3 approve) == 4* ]] || fail "his own"
ok "a section has its own rule; nobody permits his own"
[ "$(give ichiro out "$T/small.csv" -F outside_recipient=県)" = "4 waiting csirt" ] || fail "outward: $(state 4)"
[[ $(act boss 4 approve) == 4* ]] && [ "$(state 4)" = "waiting " ] || fail "outward by the manager"
[[ $(act system 4 refuse -F note=不要) == 303* ]] && [ "$(state 4)" = "refused " ] || fail "refuse: $(state 4)"
ok "outward by CSIRT; who oversees may refuse"

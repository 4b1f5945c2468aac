#!/usr/bin/env bash
# One line through the whole house, as people walk it: a city is set up from CSV, people sign in with temporary passwords and a
# second factor, somebody applies for an exception, may not approve it, the CISO approves, the event is proven, the control and
# its clauses follow, an edit voids the approval, and what nobody may do is refused by the page and by the database.
set -u
T=$(mktemp -d); export T LC_ALL=C.UTF-8 LANG=C
D=$T/city house=
cleanup() { [ -z "$house" ] || { kill "$house" 2>/dev/null; wait "$house" 2>/dev/null; }; rm -rf "$T"; }
trap cleanup EXIT
fail() { echo "FAIL $*"; [ -s "$T/page" ] && sed 's/<[^>]*>/ /g; s/  */ /g' "$T/page" | tail -c 1500; tail -5 "$T/err" 2>/dev/null; exit 1; }
ok() { echo "ok $*"; }
S="$O/sekisho"

"$S" init "$D" --city 見本市 --standard iizuka 2>"$T/err" || fail init
cat >"$T/units.csv" <<'X'
code,name,kind,body_type,in_scope,parent,starts_on,roles_required,state
M00,市長部局,body,mayor,1,,2020-04-01,,active
S01,情報政策課,section,mayor,1,M00,2020-04-01,,active
S02,税務課,section,mayor,1,M00,2020-04-01,sec-manager; document-manager,active
X
cat >"$T/people.csv" <<'X'
staff_no,name,kana,person_type,in_scope,section,source,started_on,state
1001,関所 太郎,せきしょ たろう,regular,1,S01,hr-feed,2020-04-01,active
1002,見本 花子,みほん はなこ,regular,1,S02,hr-feed,2020-04-01,active
1003,架空 一郎,かくう いちろう,regular,1,S02,hr-feed,2020-04-01,active
X
cat >"$T/roles.csv" <<'X'
kind,role,holder,basis,scope,unit,starts_on,decided_by,decided_on,state
appointment,ciso,1001,nomination,whole,,2024-04-01,ciso,2024-04-01,active
appointment,sec-manager,1002,nomination,unit,S02,2024-04-01,ciso,2024-04-01,active
X
"$S" ledger import "$D" org-units "$T/units.csv" >"$T/out" 2>>"$T/err" || fail "units: $(cat "$T/out")"
"$S" people import "$D" "$T/people.csv" >"$T/out" 2>>"$T/err" || fail "people: $(cat "$T/out")"
"$S" ledger import "$D" role-assignments "$T/roles.csv" >"$T/out" 2>>"$T/err" || fail "roles: $(cat "$T/out")"
ok "a city is set up from CSV"

"$S" run "$D" --listen 127.0.0.1:0 >"$T/run" 2>>"$T/err" & house=$!
for _ in $(seq 200); do grep -q '^ready ' "$T/run" && break; sleep 0.05; done
U=$(sed -n "s/^ready \(https:[^ ]*[^ /]\)\/* .*/\1/p" "$T/run"); [ -n "$U" ] || fail "not ready"

get() { curl -sk --max-time 20 -b "$T/$1" -c "$T/$1" -o "$T/page" -w '%{http_code}' "$U$2"; }                      # WHO PATH
csrf() { grep -o 'name="csrf" value="[^"]*"' "$T/page" | tail -1 | sed 's/.*value="//; s/"$//'; }
post() { local who=$1 path=$2; shift 2; curl -sk --max-time 20 -b "$T/$who" -c "$T/$who" -o "$T/page" -w '%{http_code} %{redirect_url}' -H "Origin: $U" \
  "$@" "$U$path"; }                                                                                                # WHO PATH curl-options
version() { grep -o 'name="version" value="[0-9]*"' "$T/page" | head -1 | grep -o '[0-9]*'; }

# --- signing in: temporary password, second factor where the role needs it -------------------------------------------------
p=$("$S" password "$D" --person 1001 2>>"$T/err") || fail "temporary password"
[ "$(get ciso /sign-in)" = 200 ] || fail "sign-in page"
[[ $(post ciso /sign-in --data-urlencode staff_no=1001 --data-urlencode password=wrong-password-1) == 403* ]] || fail "a wrong password lets in"
ok "a wrong password is refused"
[[ $(post ciso /sign-in --data-urlencode staff_no=1001 --data-urlencode "password=$p") == *"/sign-in/password" ]] || fail "temporary password"
[[ $(get ciso /board) = 303 ]] || fail "half a sign-in opens the board"
ok "a temporary password opens nothing but its own change"
get ciso /sign-in/password >/dev/null; k=$(csrf)
[[ $(post ciso /sign-in/password --data-urlencode "csrf=$k" --data-urlencode "current=$p" --data-urlencode password=1001taro1001 --data-urlencode again=1001taro1001) == 422* ]] ||
  fail "own staff number in the password"
ok "a password made of one's own data is refused"
get ciso /sign-in/password >/dev/null; k=$(csrf)
new='青い海 走る電車 静かな朝'
[[ $(post ciso /sign-in/password --data-urlencode "csrf=$k" --data-urlencode "current=$p" --data-urlencode "password=$new" --data-urlencode "again=$new") == *"/sign-in/enrol" ]] ||
  fail "password change"
[[ $(post half /sign-in --data-urlencode staff_no=1001 --data-urlencode "password=$new") == *"/sign-in/enrol" ]] || fail "a second sign-in"
[ "$(get ciso /sign-in/enrol)" = 200 ] || fail "enrolment page"
k=$(csrf); secret=$(sed 's/<[^>]*>/ /g' "$T/page" | grep -oE '\b([A-Z2-7]{4} ){4,}[A-Z2-7]{1,4}\b' | head -1 | tr -d ' ')
[ -n "$secret" ] || fail "no secret on the enrolment page"
[[ $(post ciso /sign-in/enrol --data-urlencode "csrf=$k" --data-urlencode "code=$(oathtool --totp -b "$secret")") == 200* ]] || fail "TOTP"
grep -q 'class="codes"' "$T/page" || fail "no recovery codes"
[ "$(get ciso /board)" = 200 ] || fail "board after sign-in"
ok "the CISO's role asks for a second factor, then the board opens"
[ "$(get half /sign-in/enrol)" = 303 ] || fail "a half sign-in left elsewhere may replace the second factor"
ok "setting up the second factor ends what was half signed in elsewhere"

enter() { # WHO STAFF_NO: no second factor needed
  local t; t=$("$S" password "$D" --person "$2" 2>>"$T/err") || fail "password of $2"
  get "$1" /sign-in >/dev/null; post "$1" /sign-in --data-urlencode "staff_no=$2" --data-urlencode "password=$t" >/dev/null
  get "$1" /sign-in/password >/dev/null
  [[ $(post "$1" /sign-in/password --data-urlencode "csrf=$(csrf)" --data-urlencode "current=$t" --data-urlencode "password=$new $1" --data-urlencode "again=$new $1") == *"$U/" ]] ||
    fail "sign-in of $2"
}
enter head 1002; enter staff 1003
ok "others sign in without"

# --- a stranger's text in a header: the answer leads home, and the writer lives on ------------------------------------------------
for back in $'/\t/elsewhere.example' $'/board\r\nx-other: 1' "/$(printf '%05000d' 0)" //elsewhere.example '/\elsewhere.example'; do
  [[ $(post nobody /language --data-urlencode lang=ja --data-urlencode "back=$back") == "303 $U/" ]] || fail "back=$(head -c 40 <<<"$back")"
done
! grep -q 'protocol violated' "$T/err" || fail "an answer the front refuses"
ok "what a stranger types leads nowhere else and ends nobody"

status() { "$S" status "$D" --control "$1" --json 2>>"$T/err"; }
of() { jq -r --arg s "$1" '[.clauses[].controls[] | select(.status == $s) | .subjects[].title] | unique | join(" ")'; } # titles of subjects under controls of that status
status org.roles-filled >"$T/status"; of not_met <"$T/status" | grep -q 税務課 || fail "the vacant role is not seen: $(head -c 600 "$T/status")"
jq -e '[.clauses[].status] | any(. == "not_met")' "$T/status" >/dev/null || fail "no clause is red"
ok "a vacant role turns its control and clauses red, with the section's name"

# --- apply -------------------------------------------------------------------------------------------------------------------
[ "$(get staff /ledgers/exceptions/new)" = 403 ] || fail "staff may open the form"
ok "who may not apply sees no form"
[ "$(get head /ledgers/exceptions/new)" = 200 ] || fail "form"
grep -q 'ここに挙げた管理策だけが' "$T/page" || fail "the help in Japanese"
post head /language --data-urlencode "csrf=$(csrf)" --data-urlencode lang=en --data-urlencode back=/ >"$T/out"; get head /ledgers/exceptions/new >"$T/out"
grep -q 'Only the controls listed here' "$T/page" && ! grep -q 'ここに挙げた管理策だけが' "$T/page" || fail "the help in English"
get head /controls/duty.committee-report >"$T/out"; grep -q 'within 30 days of closing' "$T/page" || fail "a control in English"
post head /language --data-urlencode "csrf=$(csrf)" --data-urlencode lang=ja --data-urlencode back=/ >"$T/out"; get head /ledgers/exceptions/new >"$T/out"
ok "a form helps in the language of who reads it"
get head /controls/duty.committee-report >"$T/out"; grep -q '終了から30日以内に委員会' "$T/page" || fail "a control in Japanese"
get head /ledgers/exceptions/new >"$T/out"
ok "a control not judged yet is explained as well"
unit=$("$S" ledger export "$D" org-units 2>>"$T/err" | head -1 >/dev/null; grep -o 'name="section" value="[0-9]*"' "$T/page" | head -1 | grep -o '[0-9]*')
[ -n "$unit" ] || unit=3
fields=(--data-urlencode subject=古い端末の例外 --data-urlencode "section=$unit" --data-urlencode route=ordinary --data-urlencode clauses=iz.8.4.1
  --data-urlencode controls_waived=org.roles-filled --data-urlencode all_subjects=1 --data-urlencode reason=更新の予算が来年度 --data-urlencode work_need=窓口業務
  --data-urlencode alternative=網から切り離して使う --data-urlencode residual_risk=情報漏えい --data-urlencode way_back=来年度に更新
  --data-urlencode "valid_from=$(TZ=Asia/Tokyo date +%F)" --data-urlencode do=save)
until=$(TZ=Asia/Tokyo date -d '+90 days' +%F); k=$(csrf)
[[ $(post head /ledgers/exceptions --data-urlencode "csrf=$k" "${fields[@]}" --data-urlencode until=2020-01-01) == 422* ]] || fail "an end before the start"
grep -q '古い端末の例外' "$T/page" && grep -q '網から切り離して使う' "$T/page" || fail "what was typed is lost"
ok "a fault is named and nothing typed is lost"
[[ $(post head /ledgers/exceptions --data-urlencode "csrf=wrong" "${fields[@]}" --data-urlencode "until=$until") == 403* ]] || fail "CSRF"
ok "a form without the session's secret is refused"
r=$(post head /ledgers/exceptions --data-urlencode "csrf=$k" "${fields[@]}" --data-urlencode "until=$until")
[[ $r == *"/ledgers/exceptions/"* ]] || fail "create: $r"
id=${r##*/}; at=/ledgers/exceptions/$id
get head "$at" >/dev/null
[[ $(post head "$at/act/submit" --data-urlencode "csrf=$(csrf)" --data-urlencode "version=$(version)" --data-urlencode do=save) == 303* ]] || fail submit
get head "$at" >/dev/null
[[ $(post head "$at/act/approve" --data-urlencode "csrf=$(csrf)" --data-urlencode "version=$(version)" --data-urlencode do=save) == 403* ]] || fail "the applicant approves"
ok "who applied may not approve"

# --- approve, seal, proof --------------------------------------------------------------------------------------------------
[ "$(get ciso "$at")" = 200 ] || fail "record for the CISO"
v=$(version)
[[ $(post ciso "$at/act/refuse" --data-urlencode "csrf=$(csrf)" --data-urlencode "version=$v" --data-urlencode do=save) == 422* ]] || fail "a refusal without a reason"
ok "a refusal needs a reason"
get ciso "$at" >/dev/null
[[ $(post ciso "$at/act/approve" --data-urlencode "csrf=$(csrf)" --data-urlencode "version=$((v - 1))" --data-urlencode do=save) == 409* ]] || fail "a stale version"
ok "an old form shows the conflict"
get ciso "$at" >/dev/null
[[ $(post ciso "$at/act/approve" --data-urlencode "csrf=$(csrf)" --data-urlencode "version=$v" --data-urlencode do=save) == 303* ]] || fail approve
get ciso "$at" >/dev/null; grep -q 'class="seal ok"' "$T/page" || fail "no seal after approval"
seq=$(grep -o 'href="/events/[0-9]*"' "$T/page" | head -1 | grep -o '[0-9]*'); [ -n "$seq" ] || fail "the approval is not sealed"
[ "$(get ciso "/events/$seq")" = 200 ] && grep -q 'note good' "$T/page" || fail "event $seq is not proven"
[ "$(get ciso "/events/$seq/proof")" = 200 ] && head -1 "$T/page" | grep -q '^c2sp.org/tlog-proof@v1' || fail "proof file"
ok "the approval is sealed and its event proven"

# --- control and clause ------------------------------------------------------------------------------------------------------
status workflow.exception | jq -e '[.clauses[].controls[] | select(.id == "workflow.exception") | .status] | length > 0 and all(. == "met")' >/dev/null || fail "workflow.exception: $(status workflow.exception)"
ok "the control is met"
[ "$(get ciso /clauses/iz.8.4.1)" = 200 ] && grep -q '古い端末の例外' "$T/page" || fail "the exception is not on its clause's page"
status org.roles-filled >"$T/status"; of excepted <"$T/status" | grep -q 税務課 || fail "the waived control is not excepted: $(head -c 900 "$T/status")"
jq -e '[.clauses[].controls[].status] | all(. != "not_met")' "$T/status" >/dev/null || fail "still red under the exception"
ok "what is waived shows as excepted, never as met"

# --- decisions on a control ----------------------------------------------------------------------------------------------------
c=/controls/ledger.laws-current
get staff $c >/dev/null; ! grep -q "$c/none" "$T/page" || fail "staff see the form of a decision"
get ciso $c >/dev/null; k=$(csrf)
[[ $(post staff "$c/none" --data-urlencode "csrf=$k" --data-urlencode reason=none) == 403* ]] || fail "staff decide"
[[ $(post ciso "$c/none" --data-urlencode "csrf=$k" --data-urlencode reason= --data-urlencode until=) == 303* ]] || fail "a decision without a reason"
get ciso $c >/dev/null; ! grep -q "$c/some" "$T/page" || fail "a decision without a reason was recorded"
[[ $(post ciso "$c/none" --data-urlencode "csrf=$(csrf)" --data-urlencode reason=該当する法令なし --data-urlencode until=2099-03-31) == 303* ]] || fail "decide none"
get staff $c >/dev/null; grep -q 該当する法令なし "$T/page" || fail "the decision does not show"
get ciso $c >/dev/null
[[ $(post ciso "$c/some" --data-urlencode "csrf=$(csrf)") == 303* ]] || fail "withdraw"
get ciso $c >/dev/null; ! grep -q 該当する法令なし "$T/page" || fail "the decision still shows"
[[ $(post ciso "/controls/org.roles-filled/start" --data-urlencode "csrf=$(csrf)" --data-urlencode starts_on=2099-04-01 --data-urlencode reason=新年度から) == 303* ]] || fail start
for _ in $(seq 50); do status org.roles-filled >"$T/status"; jq -e '[.clauses[].controls[].status] | all(. == "planned")' "$T/status" >/dev/null && break; sleep 0.1; done
jq -e '[.clauses[].controls[].status] | all(. == "planned")' "$T/status" >/dev/null || fail "a control that starts later is not planned"
ok "who decides that there is none, or from when a control holds, does so with a reason"

"$S" vault verify "$D" >"$T/out" 2>>"$T/err" || fail "vault: $(cat "$T/out")"
ok "the log is proven from outside"
kill -INT "$house"; wait "$house" || fail "the end"; house=

# --- around the page: the database itself ------------------------------------------------------------------------------------
db=$D/office/office.db
sqlite3 "$db" "PRAGMA foreign_keys=ON; INSERT INTO exceptions_step(record, action, actor, at, from_state, to_state) SELECT id, 'approve', applicant, 1, 'submitted', 'approved' FROM exceptions WHERE id = $id" 2>"$T/sql" && fail "the database lets the applicant approve"
sqlite3 "$db" "UPDATE exceptions_step SET actor = 1 WHERE record = $id" 2>>"$T/sql" && fail "a step can be changed"
sqlite3 "$db" "DELETE FROM outbox" 2>>"$T/sql" && fail "events can be deleted"
ok "the database refuses as well"

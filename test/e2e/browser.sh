#!/usr/bin/env bash
# Every kind of page of a running sample city, as its sample people see it, in a real Chromium: axe finds nothing, nothing
# runs over at 390 and 320 px, the keyboard reaches everything and is seen, no script and no inline style anywhere.
# OF_A_KIND=2 judges two pages of each kind, OTHER=1 swaps the languages among the people. PICTURES=DIR keeps a screenshot of each kind of page; PEOPLE="Staff Auditor" limits whom (one word each).
set -u
command -v chromium >/dev/null && command -v node >/dev/null || { echo "skip browser: chromium or node is missing"; echo "ok nothing to check here"; exit 0; }
[ -d test/browser/node_modules/axe-core ] || (cd test/browser && npm ci --no-audit --no-fund --silent) || exit 1
T=$(mktemp -d)
pid=
end() { [ -z "$pid" ] || { kill "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; }; rm -rf "$T"; }
trap end EXIT
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$O/sekisho" init "$T/data" --city 見本市 --standard iizuka --sample >"$T/init.log" 2>&1 || { cat "$T/init.log"; exit 1; }
LC_ALL=C "$O/sekisho" run "$T/data" --listen "127.0.0.1:$port" --link >"$T/run.log" 2>"$T/run.err" &
pid=$!
for _ in $(seq 150); do
  grep -q '^ready' "$T/run.log" && break
  kill -0 "$pid" 2>/dev/null || { echo "FAIL it ended"; tail -20 "$T/run.err"; exit 1; }
  sleep 0.2
done
url=$(grep -o '^ready https://[^ ]*' "$T/run.log" | cut -d' ' -f2)
[ -n "$url" ] || { echo "FAIL not ready"; tail -20 "$T/run.err"; exit 1; }
for _ in $(seq 50); do # six links follow the ready line
  [ "$(grep -c '/link/' "$T/run.log")" -lt 6 ] || break
  sleep 0.2
done
mapfile -t people < <(sed -n 's,^  *\(.*[^ ]\)  *\(https:.*/link/.*\)$,\1=\2,p' "$T/run.log")
if [ -n "${PEOPLE:-}" ]; then
  want=()
  for p in "${people[@]}"; do [[ " $PEOPLE " == *" ${p%%=*} "* ]] && want+=("$p"); done
  people=("${want[@]}")
fi
[ "${#people[@]}" -gt 0 ] || { echo "FAIL no sign-in links"; cat "$T/run.log"; exit 1; }
fail=0
timeout 400 node test/browser/looks.mjs "$url" "${people[@]}" || fail=1
link() { # LABEL PATTERN: a new link for the first sample person called so
  "$O/sekisho" link "$T/data" --person "$(awk -F'\t' -v p="$1" 'tolower($3) ~ p { print $1; exit }' sample/links.tsv)"
}
timeout 150 node test/browser/signin.mjs "$url" "$(link 'security office')" "$(link '^staff')" || fail=1
exit $fail

#!/usr/bin/env bash
# change.sh PROGRAM DIR URL CHANGES: in the running city of DIR, that many carry-outs are returned over the API, one after the other: what
# one changed record costs the person (answer after the commit) and the writer (processor time: record, steps, proof, all checks).
set -eu
sekisho=$1 dir=$2 url=$3 n=$4
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sqlite3 -readonly -batch -noheader -separator ' ' -cmd ".timeout 30000" "$dir/office/office.db" "SELECT p.staff_no, c.id, c.version FROM carry_outs c
	JOIN persons p ON p.id = c.carrier WHERE c.state = 'out' ORDER BY c.id DESC LIMIT $n" >"$work/todo"
cut -d' ' -f1 "$work/todo" | sort -u | while read -r who; do
	echo "$who $("$sekisho" token create "$dir" --person "$who" --scope write 2>/dev/null | tail -1)" >>"$work/tokens"
done
writer=$(pgrep -f "office.*office\.writer $(realpath "$dir")" | tail -1)
cat >"$work/change.py" <<'PY'
import http.client, json, ssl, sys, time
host, work, writer = sys.argv[1:]
tokens = dict(line.split() for line in open(work + "/tokens"))
def cpu():
    f = open(f"/proc/{writer}/schedstat").read().split()
    return int(f[0]) / 1e6
c = http.client.HTTPSConnection(host, context=ssl._create_unverified_context())
wall, at = [], time.strftime("%Y-%m-%dT%H:%M", time.localtime())
before, used = cpu(), []
for line in open(work + "/todo"):
    who, id, version = line.split()
    body = json.dumps({"version": int(version), "fields": {"returned_at": at}})
    from_, cpu_ = time.monotonic(), cpu()
    c.request("POST", f"/api/v1/ledgers/carry-outs/records/{id}/actions/return", body,
              {"authorization": "Bearer " + tokens[who], "content-type": "application/json"})
    r = c.getresponse()
    text = r.read()
    if r.status != 200:
        sys.exit(f"{id}: {r.status} {text[:300]}")
    wall.append((time.monotonic() - from_) * 1000)
    used.append(cpu() - cpu_)
wall.sort(), used.sort()
n = len(wall)
print(f"{n} changes: wall p50 {wall[n // 2]:.1f} ms p99 {wall[min(n - 1, n * 99 // 100)]:.1f} ms; "
      f"processor time of the writer p50 {used[n // 2]:.1f} ms p99 {used[min(n - 1, n * 99 // 100)]:.1f} ms")
PY
python3 "$work/change.py" "${url#https://}" "$work" "$writer"

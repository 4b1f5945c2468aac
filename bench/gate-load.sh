#!/usr/bin/env bash
# gate-load.sh BUILD [FILES [LARGE]]: a town's gate under a mixed load, through the pages as people use them. First FILES (300) office files
# handed over at once: files a minute. Then one file each half second for a minute, while LARGE (6) scans of 19 MB (the most the pages take as set) are in hand: how long the
# person waits from handing over to the result, median and 95th percentile. Needs ../shared/data/gate for its documents, and root or not.
set -eu
O=$(realpath "${1:-build}") files=${2:-300} large=${3:-6} data=$(realpath "${GATE_DATA:-../shared/data/gate}")
export O
. "$(dirname "$0")/../test/e2e/transfer_house.bash"
work=$T/mix; mkdir "$work"
# The mix: of ten files four PDF, three workbooks, two texts, one picture or list or presentation; of fifty, one in an old format.
python3 - "$data" "$work" "$files" <<'PY'
import glob, os, random, shutil, sys
data, work, n = sys.argv[1], sys.argv[2], int(sys.argv[3])
random.seed(7)
by = {k: sorted(glob.glob(f"{data}/{k}/*")) for k in ("pdf", "xlsx", "docx", "pptx", "doc", "xls")}
for i in range(n + 400):
    kind = "xls" if i % 100 == 49 else "doc" if i % 100 == 99 else ["pdf", "xlsx", "docx", "pdf", "xlsx", "other", "pdf", "docx", "xlsx", "pdf"][i % 10]
    if kind == "other": kind = ["csv", "jpg", "pptx"][i // 10 % 3]
    to = f"{work}/{i:04d}"
    if kind == "csv":
        with open(to + ".csv", "w") as f:
            for r in range(2000): f.write(f"{r},氏名{i}-{r},見本市中央{r % 9}丁目,{random.randrange(10**6)}\n")
    elif kind == "jpg": open(f"{work}/want-jpg", "a").write(to + "\n")
    else: shutil.copy(random.choice(by[kind]), to + "." + kind)
PY
convert -size 4000x3000 -seed 3 plasma:grey90-grey40 -quality 88 "$T/photo.jpg"
while read -r f; do cp "$T/photo.jpg" "$f.jpg"; done <"$work/want-jpg"; rm -f "$work/want-jpg"
for i in 1 2 3 4; do convert -size 1654x2339 -seed $i plasma:grey90-grey40 -attenuate 0.4 +noise Gaussian -quality 90 "$T/page$i.jpg"; done
pages=() n=0; while [ $n -lt 17000000 ]; do pages+=("$T"/page[1-4].jpg); n=$((n + $(cat "$T"/page[1-4].jpg | wc -c))); done
img2pdf "${pages[@]}" -o "$T/scan.pdf"
start; enter ichiro 1003
busy() { echo "# busy before: $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) processors, $(date -u +%FT%TZ)"; }
db() { sqlite3 -cmd '.timeout 5000' "$D/office/office.db" "$1"; }
waiting() { db "SELECT count(*) FROM transfers WHERE state IN ('received', 'checking')"; }
hand_many() { local f a=(); for f; do a+=(-F "files=@$f"); done; [ "$(hand ichiro 1004 "${a[@]}")" != refused ] || fail "not taken"; }
waits() { # WHERE
  db "SELECT (s.at - t.created_at) / 1000 FROM transfers t JOIN transfers_step s ON s.record = t.id AND s.action IN ('deliver', 'hold', 'stop', 'put-up') WHERE $1 ORDER BY 1" |
    awk '{ v[NR] = $1 } END { if (NR) printf "%d files: half wait at most %.1f s, 95 of 100 %.1f s, the longest %.1f s\n", NR, v[int((NR + 1) / 2)] / 1000, v[int(NR * .95 + .999)] / 1000, v[NR] / 1000 }'
}
busy
all=("$work"/*); batch=("${all[@]:0:files}"); rest=("${all[@]:files}")
from=$(date +%s%N)
for ((i = 0; i < files; i += 10)); do hand_many "${batch[@]:i:10}"; done
while [ "$(waiting)" != 0 ]; do sleep 0.2; done
took=$((($(date +%s%N) - from) / 1000000))
echo "at once: $files files, $(($(cat "${batch[@]}" | wc -c) / 1000000)) MB, in $took ms: $((files * 60000 / took)) files a minute; the workers used $(db "SELECT sum(json_extract(j.value, '\$.cpu_ms')) / 1000.0 FROM transfer_file f, json_each(f.report, '\$.runs') j") s of processor"
echo "a file waits: $(waits "t.id > 0")"
db "SELECT outcome || ' ' || count(*) FROM transfers GROUP BY outcome ORDER BY 1" | paste -sd, | sed 's/^/outcomes: /'
last=$(db "SELECT max(id) FROM transfers")
busy
for ((i = 0; i < large; i++)); do cp "$T/scan.pdf" "$T/large$i.pdf"; hand_many "$T/large$i.pdf"; done
end=$((SECONDS + 60)) i=0
while [ $SECONDS -lt $end ] && [ $i -lt ${#rest[@]} ]; do
  n=$(date +%s%N); hand_many "${rest[i]}"; i=$((i + 1))
  awk -v t=$((($(date +%s%N) - n) / 1000000)) 'BEGIN { if (t < 500) system("sleep " (500 - t) / 1000) }'
done
echo "large files still in hand at the end of the minute: $(db "SELECT count(*) FROM transfers WHERE id > $last AND file_name LIKE 'large%' AND state IN ('received', 'checking')")"
for _ in $(seq 600); do [ "$(waiting)" != 0 ] || break; sleep 0.5; done
echo "small, beside the large: $(waits "t.id > $last AND file_name NOT LIKE 'large%'")"
echo "large: $(waits "file_name LIKE 'large%'"); $(db "SELECT group_concat(DISTINCT outcome || ' ' || coalesce(code, '')) FROM transfers WHERE file_name LIKE 'large%'")"

#!/usr/bin/env bash
# gate-pdf.sh PROGRAM: a text of 20 pages and a scan of 20 pages through the gate, beside pdftocairo, mat2 and the way of pixels (pdftoppm,
# img2pdf). Processor time and peak memory of the whole command; for the gate the sum and the largest of its workers.
set -eu
sekisho=$(realpath "$1") work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export LC_ALL=C.UTF-8 HOME="$work"
for i in $(seq 1 490); do echo "第${i}条 情報資産の管理責任者は、所管する情報資産について、その重要性に応じた分類を行い、必要な取扱制限を定めるものとする。"; done >text.txt
soffice -env:UserInstallation=file://"$work"/p --headless --convert-to pdf text.txt >/dev/null 2>&1
mv text.pdf text20.pdf
pages=(); for i in $(seq 20); do convert -size 1654x2339 -seed "$i" plasma:grey90-grey40 -attenuate 0.3 +noise Gaussian -quality 85 "page$i.jpg"; pages+=("page$i.jpg"); done; img2pdf "${pages[@]}" -o scan20.pdf
printf 'seconds: 300\n' >slow.yaml
for f in text20 scan20; do
	echo "## $f: $(pdfinfo $f.pdf | sed -n 's/^Pages: *//p') pages, $(stat -c %s $f.pdf) bytes"
	for grade in A B C; do
		printf 'seconds: 300\ngrade: %s\n' $grade >g.yaml
		"$sekisho" gate clean $f.pdf -o out.pdf --policy g.yaml --report rep 2>/dev/null
		echo "gate grade $grade: $(jq '[.runs[].cpu_ms] | add' rep) ms, $(jq '[.runs[].rss_kb] | max / 1024 | floor' rep) MiB, $(stat -c %s out.pdf) bytes, words $(pdftotext out.pdf - | wc -m)"
	done
	peer() { local name=$1; shift; /usr/bin/time -f "%U %S %M" -o t "$@" >/dev/null 2>&1 || true; echo "$name: $(awk '{printf "%d ms, %d MiB", ($1 + $2) * 1000, $3 / 1024}' t), $(stat -c %s peer.pdf 2>/dev/null || echo -) bytes"; rm -f peer.pdf; }
	peer pdftocairo pdftocairo -pdf $f.pdf peer.pdf
	cp $f.pdf m.pdf; command -v mat2 >/dev/null && peer mat2 sh -c 'mat2 --no-sandbox m.pdf; mv m.cleaned.pdf peer.pdf'
	peer pixels sh -c "pdftoppm -r 150 -jpeg -jpegopt quality=85 $f.pdf px && img2pdf px*.jpg -o peer.pdf"
	rm -f px*
done

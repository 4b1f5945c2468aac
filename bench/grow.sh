#!/usr/bin/env bash
# grow.sh DIR LEDGER-TABLE RECORDS [all]: multiplies what one ledger of a stopped test folder holds, by SQL, up to RECORDS: rows,
# lists, steps and words to search for. The triggers stand aside meanwhile: this is data to measure with, never real data.
set -eu
db="$1/office/office.db" t=$2 want=$3
q() { sqlite3 -batch -noheader "$db" "$@"; }

ledger=${t//_/-}
# Only what meets every check is multiplied, for a city has thousands of findings, not a million; `all` multiplies the others too.
[ "${4:-}" = all ] && good=1 ||
good="NOT EXISTS (SELECT 1 FROM finding f WHERE f.subject_kind = '$ledger' AND f.subject_id IN (\"$t\".id, '$ledger:' || \"$t\".id))"
all=$(q "SELECT count(*) FROM \"$t\"") have=$(q "SELECT count(*) FROM \"$t\" WHERE $good") stride=$(q "SELECT max(id) FROM \"$t\"")
[ "$have" -gt 0 ] || { echo "grow: $t is empty" >&2; exit 2; }
times=$(((want - all + have - 1) / have))

# Columns of a table but for those named; "x" quoted, with commas.
columns() { q "SELECT group_concat('\"' || name || '\"', ', ') FROM pragma_table_info('$1') WHERE name NOT IN ($2)"; }
copy() { # table, key column of the record, condition
	local c
	c=$(columns "$1" "'id','$2','number','created_at','updated_at'")
	if [ "$2" = id ]; then
		echo "INSERT INTO \"$1\"(id, number, created_at, updated_at, $c) SELECT id + k * $stride, number || '-' || k, created_at + k, updated_at + k, $c FROM \"$1\", times WHERE id <= $stride AND $good LIMIT $((want - all));"
	else
		echo "INSERT INTO \"$1\"(record, $c) SELECT record + k * $stride, $c FROM \"$1\", times WHERE record <= $stride AND EXISTS (SELECT 1 FROM \"$t\" b WHERE b.id = record + k * $stride);"
	fi
}
{
	echo "PRAGMA foreign_keys=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-200000; BEGIN;"
	q "SELECT 'DROP TRIGGER \"' || name || '\";' FROM sqlite_schema WHERE type = 'trigger' AND (tbl_name = '$t' OR tbl_name LIKE '${t//_/\\_}\\_%' ESCAPE '\\')"
	echo "CREATE TEMP TABLE times AS WITH RECURSIVE n(k) AS (VALUES (1) UNION ALL SELECT k + 1 FROM n WHERE k < $times) SELECT k FROM n;"
	copy "$t" id
	for child in $(q "SELECT name FROM sqlite_schema WHERE type = 'table' AND (name LIKE '${t//_/\\_}\\_\\_%' ESCAPE '\\' OR name = '${t}_step')"); do
		copy "$child" record
	done
	cat <<-SQL
		CREATE TEMP TABLE doc AS SELECT d.id, d.record FROM search_doc d WHERE d.ledger = '$ledger' AND d.record <= $stride;
		INSERT INTO search_doc(ledger, record) SELECT '$ledger', id FROM "$t" WHERE id > $stride;
		INSERT INTO search(rowid, words) SELECT n.id, s.words FROM search_doc n JOIN doc o ON o.record = 1 + (n.record - 1) % $stride
			JOIN search s ON s.rowid = o.id WHERE n.ledger = '$ledger' AND n.record > $stride;
	SQL
	q "SELECT sql || ';' FROM sqlite_schema WHERE type = 'trigger' AND (tbl_name = '$t' OR tbl_name LIKE '${t//_/\\_}\\_%' ESCAPE '\\')"
	echo "COMMIT; ANALYZE; PRAGMA wal_checkpoint(TRUNCATE);"
} >"$1/grow.sql"
q ".bail on" ".read $1/grow.sql" >/dev/null
rm -f "$1/grow.sql"
echo "$t: $(q "SELECT count(*) FROM \"$t\"") records"

#!/usr/bin/env bash
# failing.sh PROGRAM DIR [ASSETS]: the unfavourable case: an asset ledger of that many rows in the stopped test folder DIR, of which
# four in five fail three checks. From nothing to all findings, again with nothing changed, a new day, and back to nothing.
set -eu
sekisho=$1 dir=$2 n=${3:-100000} db=$2/office/office.db
"$(dirname "$0")/grow.sh" "$dir" information_assets "$n" all
guards() { sqlite3 -batch -noheader "$db" "SELECT $1 FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'information_assets'"; }
change() { # the triggers stand aside: this is data to measure with
	{ echo "BEGIN;"; echo "$drop"; echo "$1;"; echo "$make"; echo "COMMIT; PRAGMA wal_checkpoint(TRUNCATE);"; } | sqlite3 -batch -bail "$db" >/dev/null
}
drop=$(guards "'DROP TRIGGER \"' || name || '\";'") make=$(guards "sql || ';'")
judge() { # what it is, options
	local what=$1 out; shift
	out=$("$sekisho" assess "$dir" "$@" 2>/dev/null | grep -o '[0-9]* ms')
	echo "$what: $out, $(sqlite3 -readonly "$db" "SELECT count(*) FROM finding") findings"
}
judge "judged first" --anew
change "UPDATE information_assets SET classified_by = NULL, stocktake_on = '2020-01-01', place_kind = NULL WHERE id % 5 <> 0"
judge "four in five fail" --anew
judge "again, nothing changed" --anew
judge "a new day" --today "$(date -d tomorrow +%F)"
change "UPDATE information_assets SET classified_by = 1, stocktake_on = '$(date +%F)', place_kind = 'server' WHERE id % 5 <> 0"
judge "put right" --anew

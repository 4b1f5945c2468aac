/* CSV in and out of any ledger. Header row: field names (and the system columns number, state, applicant, created_on);
 * an optional second row holds their labels and is recognised by them. References are written as numbers of records
 * ("exceptions:例外-2026-001" when a field may point to several ledgers), persons by staff number, units by code.
 * `many`: joined by "; " (a JSON array where a text holds ; or a line end); table and checklist: a JSON array of
 * objects. What is exported imports again without a change. */
#ifndef CORE_LEDGER_CSV_H
#define CORE_LEDGER_CSV_H

#include "core/record.h"
#include "lib/buf.h"

#define IMPORT_ROWS_MAX 200000
#define IMPORT_FAULTS_MAX 1000

struct import_fault {
	int line;                                        /* of the file, from 1 */
	struct str field, text;
};
struct import_result {
	int64_t id;                                      /* of the import, for undo; 0 for a preview */
	int64_t rows, created, updated, unchanged;
	struct import_fault *faults;                     /* none when applied */
	size_t n_faults;
};

/* Long work tells how far it is; what `told` returns below 0 ends it. total 0: not known. */
struct pace {
	int (*told)(void *arg, int64_t done, int64_t total, struct err *e);
	void *arg;
};
/* Everything this person may see (secret fields left out). pace: NULL, or told after every 500 rows. */
int ledger_export_csv(struct world *w, const struct actor *who, const struct ledger *l, const struct pace *pace, struct buf *out,
                      struct err *e) MUST_USE;
/* How many rows that is, counted up to max. */
int ledger_export_count(struct world *w, const struct actor *who, const struct ledger *l, int64_t max, int64_t *ret, struct err *e) MUST_USE;
/* Rows of a file, without its heads; at most IMPORT_ROWS_MAX + 1. */
int64_t ledger_import_count(struct str text);
/* Tries every row in a transaction that is rolled back. text: UTF-8 (lib/csv.h csv_decode). pace: NULL, or told after every
 * IMPORT_PIECE rows. */
int ledger_import_preview(struct world *w, struct arena *a, const struct actor *who, const struct ledger *l,
                          struct str text, const struct pace *pace, struct import_result *ret, struct err *e) MUST_USE;
/* All rows or none: ERR_INVALID with faults. Joins the caller's transaction, or opens its own when there is none. */
int ledger_import_apply(struct world *w, struct arena *a, const struct actor *who, const struct ledger *l,
                        struct str text, struct import_result *ret, struct err *e) MUST_USE;
/* The same in the caller's transaction, in pieces: after every IMPORT_PIECE rows `told` may commit and begin anew (ret->id names the
 * import from the first piece on). Whoever stops it takes back what was committed with ledger_import_undo. */
#define IMPORT_PIECE 200
int ledger_import_paced(struct world *w, struct arena *a, const struct actor *who, const struct ledger *l, struct str text,
                        const struct pace *pace, struct import_result *ret, struct err *e) MUST_USE;
/* Takes a whole import back: created rows go, changed rows get their former values. ERR_CONFLICT when a row was changed
 * or is referred to since. */
int ledger_import_undo(struct world *w, struct arena *a, const struct actor *who, int64_t import,
                       struct err *e) MUST_USE;

#endif

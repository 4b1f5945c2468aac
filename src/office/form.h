/* From a sent form to values of a ledger. Names of inputs:
 *
 *   NAME                plain fields; sent several times for `many`
 *   NAME.ROW.COLUMN     tables (rows counted from 0; wholly empty rows do not count); a `many` column several times
 *   NAME.ITEM.answer    checklists, also .note and extra columns
 *   NAME (a file)       uploads; _keep.NAME = attachment id keeps a file that is there already
 *   _has.NAME           the field was on the form: absent means emptied, not untouched
 *   _add=NAME _drop=NAME.ROW   buttons: one more or one less row, nothing is saved
 *   _q.NAME _find=NAME         button: search among what may be picked, nothing is saved
 *   version note csrf
 */
#ifndef OFFICE_FORM_H
#define OFFICE_FORM_H

#include "office/office.h"

#define FORM_ROWS_MAX 300

struct form_in {
	struct values values;
	int64_t version;                                 /* -1: none */
	struct str note;
	struct str add, drop, find;                      /* which button; STR_NONE */
};

/* Stores uploads on the way. ERR_SYNTAX names an unknown input. */
int form_read(struct ctx *c, const struct ledger *l, struct form_in *ret, struct err *e) MUST_USE;
/* What was typed in the search box of a field. */
struct str form_search(const struct ctx *c, struct str field);
/* One more or one less row of a table, as a button asked. */
void form_rows_change(struct ctx *c, const struct ledger *l, struct form_in *in);

/* Attachments (attachment.c): the bytes go to blobs/ before the row that names them. */
int attachment_store(struct ctx *c, const struct upload *u, int64_t *ret_id, struct err *e) MUST_USE;
struct attachment {
	int64_t id, size;
	struct str name, type, sha256, ledger;
	int64_t record;
};
int attachment_get(struct ctx *c, int64_t id, struct attachment *ret, struct err *e) MUST_USE;
int attachment_bytes(struct ctx *c, const struct attachment *at, struct buf *out, struct err *e) MUST_USE;

#endif

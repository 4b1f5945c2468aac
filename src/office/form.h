/* From a sent form to values of a ledger. The names of inputs are those of tpl/input.html: NAME, NAME.ROW.COLUMN,
 * NAME.ITEM.answer, has=NAME for what sends nothing when empty, find.NAME for what is looked for, do=KIND:NAME for
 * the button. */
#ifndef OFFICE_FORM_H
#define OFFICE_FORM_H

#include "office/office.h"

#define FORM_ROWS_MAX 300

struct form_in {
	struct values values;
	int64_t version;                                 /* -1: none */
	struct str note;
	bool save;                                       /* the form's own button; else the form is shown again */
	struct str field;                                /* … with this field searched or one row longer */
	bool add_row;
};

/* Stores uploads on the way. ERR_SYNTAX names an unknown input. */
int form_read(struct ctx *c, const struct ledger *l, struct form_in *ret, struct err *e) MUST_USE;
/* What the person left alone stays as it was: an empty tick box keeps a "no" (it does not make it unknown), and ticks
 * carry no order. */
void form_keep(const struct ledger *l, const struct values *was, struct form_in *in);
/* What was typed in the search box of a field. */
struct str form_search(const struct ctx *c, struct str field);

/* Attachments (attachment.c): the bytes go to blobs/ before the row that names them. */
int attachment_store(struct ctx *c, const struct upload *u, int64_t *ret_id, struct err *e) MUST_USE;
struct attachment {
	int64_t id, size, created_by;
	struct str name, type, sha256;
	struct str ledger, field;                        /* of the record that names it; STR_NONE: none yet */
	int64_t record;
};
int attachment_get(struct ctx *c, int64_t id, struct attachment *ret, struct err *e) MUST_USE;
int attachment_bytes(struct ctx *c, const struct attachment *at, struct buf *out, struct err *e) MUST_USE;
/* The same without a request. */
int attachment_put_bytes(struct office *o, int64_t person, int64_t now, struct str name, const char *media_type, struct str bytes, int64_t *ret_id,
                         struct err *e) MUST_USE;
int attachment_row(struct office *o, struct arena *a, int64_t id, struct attachment *ret, struct err *e) MUST_USE;
int attachment_read(struct office *o, const struct attachment *at, struct buf *out, struct err *e) MUST_USE;

#endif

/* What readers and the job process tell the writer: they cannot write events themselves. */
#ifndef OFFICE_NOTE_H
#define OFFICE_NOTE_H

#include "office/office.h"

/* The event of it, in a transaction. */
int note_read_put(struct db *db, int64_t actor, struct str ledger, int64_t record, struct str what, struct err *e) MUST_USE;
int note_read(struct office *o, const char *peer, struct msg *m) MUST_USE;
/* Personal data or an export was read by the actor of c: becomes an event (at once in the writer, by message from a
 * reader). */
int note_personal_read(struct ctx *c, struct str ledger, int64_t record, struct str what, struct err *e) MUST_USE;
/* Logs were searched: an event; order: the work record that ordered it, or 0. asked is kept like a change, detail is for all. */
int note_search(struct ctx *c, int64_t order, struct str asked, struct str detail, struct err *e) MUST_USE;

#endif

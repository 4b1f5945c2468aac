/* Long work, done by the job process beside the requests: exports (of ledgers and of the lists of office/listing.h) and imports of more
 * rows than the setting job_rows. A job is a row of table job; whoever asked sees how far it is and may cancel it. (Judging big
 * controls is a job as well; the writer does it by the minute, core/assess.c.)
 *
 * An export reads and writes its file among the attachments. An import is tried whole on a copy of the store first; then its rows
 * are taken over in pieces of their own, so that others write in between. Cancelled, failed or interrupted, all pieces are taken
 * back, as an import is taken back from its page. */
#ifndef OFFICE_JOB_H
#define OFFICE_JOB_H

#include "office/office.h"

/* In the writer, inside a transaction: a new job of this person; the job process learns of it right after. */
int job_put(struct ctx *c, const char *kind, struct str args, int64_t total, int64_t *ret_id, struct err *e) MUST_USE;
/* In the writer: is there work? Then the job process is told. */
void job_poke(struct office *o);
/* In the job process: there is work. */
int job_comes(struct office *o, struct err *e) MUST_USE;

#endif

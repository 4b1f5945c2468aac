/* Lists of other pages than ledgers, as CSV: sign-in events, one's applications. Made in the request up to the setting job_rows;
 * a longer one is asked for as a job (office/job.h), which writes the same file. */
#ifndef OFFICE_LISTING_H
#define OFFICE_LISTING_H

#include "core/ledger_csv.h"
#include "office/office.h"

struct listing_ask {
	struct db *db;
	struct world *w;
	const struct actor *who;
	struct str asked;                                /* what is asked for, in the words of the list (kept in job.args) */
	int64_t most;                                    /* ends after so many rows */
	const struct pace *pace;                         /* NULL, or told now and then (total 0: not known) */
};
struct listing {
	const char *name;                                /* of the file and of the job */
	const char *label;                               /* N_ */
	const char *page;                                /* where it stands */
	/* *ret_more: there are more rows than the most. A full buffer is the caller's to see (buf_err). */
	int (*write)(struct listing_ask *k, struct buf *out, bool *ret_more, struct err *e);
};
extern const struct listing listing_signins, listing_my_signins, listing_applications;
/* NULL: none of that name. */
const struct listing *listing_get(struct str name);

/* The file, or the page that asks whether to make a job of it, sent to action. */
int listing_send(struct ctx *c, const struct listing *l, struct str asked, struct str action, struct err *e) MUST_USE;
/* The job, once the person said so. */
int listing_job(struct ctx *c, const struct listing *l, struct str asked, struct err *e) MUST_USE;

#endif

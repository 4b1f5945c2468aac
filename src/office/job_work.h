/* One job in the job process, shared by its kinds: job_export.c, job_import.c; started and ended by job.c. */
#ifndef OFFICE_JOB_WORK_H
#define OFFICE_JOB_WORK_H

#include "core/ledger_csv.h"
#include "lib/date.h"
#include "office/office.h"

#define JOB_CSV_MAX (64u << 20)

struct work {
	struct office *o;
	struct arena *a;
	struct world w;
	struct actor who;
	int64_t id, person;
	struct str kind, about, args;                    /* what it is about: a ledger, or the name of a list; what is asked of it */
	const struct ledger *l;                          /* NULL for a list */
	struct str upload;                               /* of an import */
	int64_t import;                                  /* 0 while nothing of it was taken over */
	bool all;                                        /* so much changed that everything is to be judged */
	char today[DATE_TEXT];
};

/* How far it is; ERR_CLOSED when it was cancelled meanwhile. */
int job_tell(struct work *x, int64_t done, int64_t total, struct err *e) MUST_USE;
/* In a transaction: its end. result: an attachment, or 0. */
int job_end(struct work *x, const char *state, struct str text, int64_t result, struct err *e) MUST_USE;
/* The writer is told that events wait (NOTE_OUTBOX), or that all is to be judged (NOTE_JUDGE). */
void job_writer_told(struct office *o, uint16_t what);

int job_export(struct work *x, struct err *e) MUST_USE;
int job_import(struct work *x, struct err *e) MUST_USE;
/* Every piece of an import that did not come to its end. */
int job_import_back(struct work *x, struct err *e) MUST_USE;
/* The copy of the store on which an import is tried. */
void job_trial_gone(struct office *o);

#endif

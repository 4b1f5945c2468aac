/* Judging: checks (checks/<control>.sql) turn records into findings; findings into the status of controls and clauses. */
#ifndef CORE_ASSESS_H
#define CORE_ASSESS_H

#include "core/record.h"
#include "lib/buf.h"

/* Worst first. */
enum status {
	ST_NOT_MET, ST_UNKNOWN, ST_IN_PROGRESS, ST_DEVIATION, ST_DUE, ST_EXCEPTED, ST_PLANNED, ST_MET, ST_NOT_APPLICABLE,
	ST_COUNT_
};
const char *status_code(enum status s);              /* "not_met" … as in the JSON */
int status_parse(struct str code);                   /* or -1 */
const char *status_label(enum status s);             /* in the language of the request */

struct checks;
/* Reads every checks/<control>.sql, prepares each on db, collects the tables it really reads and compares with its `affects:` lines. */
int checks_load(struct db *db, const char *dir, struct checks **ret, struct err *e) MUST_USE;
void checks_free(struct checks *c);

/* Above so many subjects one change is judged later, as a job (kind "assess", args the control). */
#define ASSESS_INLINE_MAX 1000
/* Controls with at most so many subjects are judged whole after a change, if that took no longer than this the last time. */
#define ASSESS_WHOLE_MAX 2000
#define ASSESS_QUICK_US 2000
#define ASSESS_BEAR_US 200000                            /* where every subject is touched, this long; else a job */

/* Judges every control, or the subjects one change touches; writes finding, finding_span, the status of controls and
 * clauses and the event of each change of a clause. In the caller's transaction. */
int assess_all(struct world *w, struct checks *c, struct err *e) MUST_USE;
/* The same result, but a control that takes long and that this process judged whole before is taken as it stands when
 * nothing but rows came in since: not the time, a new day it looks at, a parameter (src/core/assess_again.c). */
int assess_again(struct world *w, struct checks *c, struct err *e) MUST_USE;
/* assess_all in pieces, each in a transaction of its own: judges control number *at and moves on. 1: there are more. */
int assess_step(struct world *w, struct checks *c, size_t *at, struct err *e) MUST_USE;
/* After the transaction of one of these three. */
void assess_settled(struct checks *c, bool committed);
/* Rows of this table (STR_NONE: of any) changed without assess_changes: what reads them is judged whole next time. */
void assess_forget(struct checks *c, struct str table);
/* Gives back, after some minutes without a change, what is held for the next one. */
void assess_rest(struct checks *c);
/* table: of the store. Returns 1 when the change touches everything (a parameter, a setting): judge all. */
int assess_change(struct world *w, struct checks *c, struct str table, int64_t changed_id, struct err *e) MUST_USE;
/* Many at once: each control is judged once. Call it once in a transaction: counts are told from the store as it was before. */
struct table_change {
	struct str table;
	int64_t id;
};
int assess_changes(struct world *w, struct checks *c, const struct table_change *v, size_t n, struct err *e) MUST_USE;
/* Carries out the waiting jobs of kind "assess", each control whole; *ret_n of them. In the caller's transaction. */
int assess_jobs(struct world *w, struct checks *c, int64_t *ret_n, struct err *e) MUST_USE;

/* `sekisho status`: {"as_of","clauses":[{"id","status","strength","controls":[{"id","status","subjects":[…]}]}]} of the standard
 * in force. as_of: ISO date (end of that day), control, clause: STR_NONE for now and all. ERR_RANGE for a date to come. */
int assess_status_json(struct world *w, struct str as_of, struct str control, struct str clause, struct buf *out, struct err *e) MUST_USE;
/* The same for a person: only subjects this person may know of. */
int assess_status_json_for(struct world *w, const struct actor *who, struct str as_of, struct str control, struct str clause,
                           struct buf *out, struct err *e) MUST_USE;
int assess_status_text(struct world *w, struct str as_of, struct str control, struct str clause, struct buf *out, struct err *e) MUST_USE;

#endif

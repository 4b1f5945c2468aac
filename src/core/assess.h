/* Judging: checks (checks/<control>.sql) turn records into findings; findings into the status of controls and clauses. */
#ifndef CORE_ASSESS_H
#define CORE_ASSESS_H

#include "core/record.h"

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

/* Judges every control, or the subjects one change touches; writes finding, finding_span, clause status and their events. */
int assess_all(struct world *w, struct checks *c, struct err *e) MUST_USE;
int assess_change(struct world *w, struct checks *c, struct str table, int64_t changed_id, struct err *e) MUST_USE;

#endif

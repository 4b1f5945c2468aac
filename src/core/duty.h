/* Duties: what definitions ask of people by cycle, deadline or event. An occurrence is one row of table `duty`, opened
 * and closed by the engine: after every change of a record and by ledger_tick for the date. */
#ifndef CORE_DUTY_H
#define CORE_DUTY_H

#include "core/record.h"

struct duty_row {
	int64_t id, record;                              /* record 0: the register itself is to be reviewed */
	struct str ledger, name, label;                  /* label in the language of the request */
	struct str number, title;                        /* of the record; empty when the reader may not know of it */
	struct str due;                                  /* ISO date */
	int64_t due_at;                                  /* µs, when the deadline has a time; else 0 */
	bool overdue;
	int64_t section;
	struct str by;                                   /* role code, or "person" */
	int64_t person;                                  /* whose it is when it is one person's; else 0 */
	bool by_hand;                                    /* nothing in a record ends it: duty_done does */
};

/* Open occurrences that wait for this person, the oldest due first. */
int duty_list(struct world *w, struct arena *a, const struct actor *who, size_t limit, struct duty_row **ret,
              size_t *ret_n, struct err *e) MUST_USE;

/* Open occurrences of anybody, due from today to the day given, of records that this person may know of. */
int duty_coming(struct world *w, struct arena *a, const struct actor *who, struct str until, size_t limit, struct duty_row **ret,
                size_t *ret_n, struct err *e) MUST_USE;

/* Marks as done what has no action or field of its own that would end it (the review of a register). In a
 * transaction. */
int duty_done(struct world *w, struct arena *a, const struct actor *who, int64_t id, struct str note,
              struct err *e) MUST_USE;

/* Marks a notice as read and keeps the receipt. Only one's own. In a transaction. */
int notice_seen(struct world *w, const struct actor *who, int64_t notice, struct err *e) MUST_USE;

/* Decisions that wait: records whose state offers an action that only others than the applicant take, and that this
 * person may take now. */
struct waiting {
	const struct ledger *ledger;
	int64_t record, since, version;
	/* an approval that asks for nothing besides: may be given to many at once; or NULL */
	const struct action *plain;
	struct str number, title, state, applicant_name, section_name;
};
int waiting_list(struct world *w, struct arena *a, const struct actor *who, size_t limit, struct waiting **ret,
                 size_t *ret_n, struct err *e) MUST_USE;

#endif

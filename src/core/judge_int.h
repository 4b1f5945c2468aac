/* Shared by judge.c, judge_ahead.c and judge_count.c only: one control while it is judged. */
#ifndef CORE_JUDGE_INT_H
#define CORE_JUDGE_INT_H

#include "core/assess_int.h"
#include "core/tally.h"

struct verdict {                                             /* one subject and part that is not met */
	struct str subject, part, title, reason, due;
	int64_t section, exception, since;               /* section 0: none; exception 0: none */
	enum status status;
	bool highest;                                    /* has no grace */
};
struct verdicts {
	struct verdict *v;
	size_t n, cap;
};

struct waiver {
	struct str subject;                              /* kind:id */
	int64_t exception;
};

struct judge {
	struct assess *x;
	struct arena *a;                                 /* rows, until the control is judged */
	const struct control_row *k;
	struct str only;                                 /* STR_NONE: every subject */
	bool timed;                                      /* those of them whose verdicts time may have changed */
	struct verdicts now, old;
	struct tallies tallies;
	int last_part;                                   /* of the row before */
	bool in_scope;                                   /* the check returned a row at all */
	bool counted;                                    /* rows and subjects are counted by themselves: only what fails passes */
	struct waiver *waivers;
	size_t n_waivers, cap_waivers;
	int64_t waive_all;                               /* exception id */
};

/* 1.. in the order of the header; 0 when the check does not declare it. */
int judge_part(struct judge *j, struct str part);
void judge_bind(struct stmt *s, const struct judge *j);  /* clock and subject */
/* Runs the check, or a part of it, as j says, on the connection of j->x->w; rows that are met are counted, the others kept. */
int judge_run(struct judge *j, const char *sql) MUST_USE;
/* Takes (section, part, rows) of a check with `every:`, as if all were met. */
int judge_run_counts(struct judge *j, const char *sql) MUST_USE;
/* What judge_ahead found for this control, instead of running its check; false: it did not. The texts last as long as j->x. */
bool judge_take_ahead(struct judge *j);
int judge_by_key(const struct verdict *a, const struct verdict *b);
int judge_too_much(struct judge *j);                 /* ERR_TOOBIG: the arena is full */
/* Counts of the whole control, or what one subject changed in them, into finding_count. */
int judge_count(struct judge *j) MUST_USE;

#endif

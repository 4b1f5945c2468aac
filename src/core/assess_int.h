/* Shared by the files of judging only. */
#ifndef CORE_ASSESS_INT_H
#define CORE_ASSESS_INT_H

#include "core/assess.h"
#include "core/check.h"
#include "lib/hash.h"

#define ASSESS_ARENA_MAX (512u << 20)                /* controls, clauses */
#define JUDGE_ARENA_MAX ((size_t)2 << 30)            /* findings of one control, those before and those now: about two million */
extern size_t judge_arena_max;                       /* the same; tests lower it */

/* One control as the municipality has set it. */
struct control_row {
	struct str id, kind, cycle, starts_on;
	double target;                                   /* < 0: every subject */
	int64_t grace;                                   /* working days; < 0: none */
	const struct check *check;                       /* NULL: source not yet built */
};

struct ahead;
struct assess {
	struct world *w;
	const struct checks *checks;
	struct arena *a;
	struct err *e;
	struct control_row *controls;                    /* by id */
	size_t n_controls;
	bool changed;                                    /* some control or part changed its status */
	size_t moved;                                    /* findings written or dropped */
	bool looked_back;                                /* reads the store as it was */
	bool opened;                                     /* that connection for this judging only: it takes 17 MB */
	uint8_t values[SHA256_LEN];                      /* of parameters, cycles and words of the standard, once asked for */
	bool has_values;
	struct ahead *ahead;                             /* checks run before their turn, on two connections; NULL: none */
};

int assess_start(struct assess *x, struct world *w, const struct checks *c, struct err *e) MUST_USE;
/* Judges the clauses when something changed; frees what assess_start took. Hands on rc. */
int assess_finish(struct assess *x, int rc) MUST_USE;
int assess_mark_check(struct assess *x, const struct control_row *k) MUST_USE;
/* How many the control had when it was last judged; -1 never. */
int64_t assess_subjects(struct assess *x, struct str control);
void assess_forget_control(struct assess *x, const struct control_row *k);
/* What this process remembers of judging the control; NULL without a check. */
struct check_memory *assess_memory(const struct assess *x, const struct control_row *k);
const struct control_row *assess_row(const struct assess *x, struct str control);
/* The subjects that changed rows touch, one by one, whatever the size of the control; too many become a job. */
int judge_affected(struct assess *x, const struct control_row *k, const struct table_change *v, size_t n) MUST_USE;
/* Judges all subjects, or the one named. */
int judge_control(struct assess *x, const struct control_row *k, struct str subject) MUST_USE;
/* Status of the control and its parts from findings and counts. */
int judge_status(struct assess *x, const struct control_row *k) MUST_USE;
/* Status of every clause of the standard in force from its controls; spans and events. */
int judge_clauses(struct assess *x) MUST_USE;

/* Named statement, prepared at first use; NULL fills *x->e. */
/* The store as it was before this transaction, as its readers see it; NULL for a store in memory. Lasts until assess_finish. */
int assess_before(struct assess *x, struct db **ret) MUST_USE;
void assess_before_end(struct assess *x);
/* All its subjects, taking the time; was that within us the last time, and are they few? */
int judge_whole(struct assess *x, const struct control_row *k) MUST_USE;
bool assess_quick(struct assess *x, const struct control_row *k, int64_t us);
/* Runs the checks of these controls now, part by part, on this connection and a second one at once (judge_ahead.c); their judging then
 * finds the rows ready. Only speed: what cannot be had so is left to the judging, which also tells of errors. */
void judge_ahead(struct assess *x, const struct control_row *const *k, size_t n);
/* What that took for this control, µs of processor time. */
int64_t judge_ahead_cost(const struct assess *x, const struct control_row *k);
void judge_ahead_end(struct assess *x);
extern int64_t judge_ahead_min;                      /* controls of fewer subjects are not worth it; tests lower it */
/* The subjects that the check names as `timed`. */
int judge_timed(struct assess *x, const struct control_row *k) MUST_USE;
/* The subjects that fail: only their excuses and their grace may have changed. */
int judge_failing(struct assess *x, const struct control_row *k) MUST_USE;
struct stmt *assess_query(struct assess *x, int q);
int assess_db(struct assess *x);                     /* ERR_DB with SQLite's text */
int assess_full(struct assess *x);                   /* ERR_TOOBIG: an arena took no more */
/* Grows an array of the arena by doubling; NULL when the arena is full. */
void *assess_grow(struct arena *a, void *old, size_t n, size_t *cap, size_t size);

#endif

/* What the board and the first screens read: clauses of the standard in force with their status at an instant. */
#ifndef OFFICE_BOARD_H
#define OFFICE_BOARD_H

#include "office/office.h"
#include "tpl.h"

struct board_clause {
	struct str id, chapter, strength, who, heading, title;
	enum status status;
	int64_t since;
	uint32_t groups;                                 /* bits 1u << statutory group */
	int64_t met, total;                              /* subjects of its controls, now */
};
struct board_chapter {
	struct str id, title;
};
struct board {
	struct str standard, standard_title;
	int64_t at;                                      /* µs */
	struct str as_of;                                /* ISO date */
	struct board_clause *clauses;
	size_t n_clauses;
	struct board_chapter *chapters;
	size_t n_chapters;
};

/* as_of: ISO date (its end), STR_NONE or "" for now. ERR_RANGE for a date to come or none. */
int board_load(struct ctx *c, struct str as_of, struct board *ret, struct err *e) MUST_USE;
int board_instant(struct ctx *c, struct str as_of, int64_t *ret_at, struct str *ret_date, struct err *e) MUST_USE;
void board_counts(const struct board *b, int64_t ret[ST_COUNT_]);

/* Shares of the statuses as one bar; NULL when all are 0. */
const struct tpl_stack *board_stack(struct ctx *c, const int64_t n[ST_COUNT_]);
/* The eight statutory groups; NULL when the standard in force knows none. */
const struct tpl_law_groups *board_groups(struct ctx *c, const struct board *b);
/* Met and not met over the last half-year; NULL when there is no past. */
const struct tpl_trend *board_trend(struct ctx *c, struct str standard);

/* A text of a control with the municipality's values for its [parameters]. */
struct str board_words(struct ctx *c, struct str text);
/* ISO date of an instant; empty for 0. */
struct str board_day(struct ctx *c, int64_t at);
/* Words: of a strength, of who has a duty ("all", a role code, several). */
struct str strength_label(struct str strength);
struct str duty_label(struct ctx *c, struct str who);

/* Rows of tpl/subjects.html from a statement of the shape of control_findings; subjects that this person may not know
 * of are named in general words. Stops after max rows; *ret_more: there were more. last: subject and part of the
 * last row shown. */
const struct tpl_subjects *board_subjects(struct ctx *c, struct stmt *q, struct str label, size_t max, bool *ret_more,
                                          struct str last[2]);

#endif

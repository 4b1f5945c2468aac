/* A check's SELECT taken apart: each SELECT of its UNION ALL as a statement of its own, so that two connections can share the work. */
#ifndef CORE_CHECK_ARMS_H
#define CORE_CHECK_ARMS_H

#include "core/check.h"

struct check_arm {
	const char *rows;                                /* every row, columns as in check.sql */
	/* With `every:`, both or neither: the rows that are not met, and (section, part, how many rows) of all. */
	const char *failing, *counts;
};

/* The arms in the order of the check; together they return what check.sql returns. Returns how many; 0 when it is written in a way that
 * cannot be taken apart (then it is judged in one piece). In a. */
size_t check_arms(struct db *db, struct arena *a, const struct check *c, struct check_arm ret[CHECK_ARMS_MAX]) MUST_USE;

#endif

/* What the house measures of itself: rows of `measurement` (engine vault, subject kind "log") written and judged in one transaction. */
#ifndef OFFICE_MEASURED_H
#define OFFICE_MEASURED_H

#include "office/office.h"

struct measured {
	const char *control, *subject, *part, *value;
	int64_t number;
	struct str detail;                               /* STR_NONE: none */
	int64_t at;
};

/* Takes the place of the row that stood for it. */
int measured_put(struct db *db, const struct measured *m, struct err *e) MUST_USE;
/* The row that stands: false when there is none. Only value's being the same is told. */
bool measured_is(struct db *db, const struct measured *m, bool *ret_same, int64_t *ret_at);
/* A transaction: what `write` changes is judged with it, and events it put go out. */
int measured_take(struct office *o, int (*write)(struct office *o, void *arg, struct err *e), void *arg, struct err *e) MUST_USE;

#endif

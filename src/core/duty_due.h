/* Inside of the duties: which occurrences a record asks for, when they are due, what shows that they are done. */
#ifndef CORE_DUTY_DUE_H
#define CORE_DUTY_DUE_H

#include "core/engine.h"
#include "lib/date.h"

#define OCCURRENCES_MAX 400

/* What ought to be open, or is known to be done. */
struct occurrence {
	struct str row;                                  /* pos of the table row; "" the record */
	int64_t start;                                   /* µs of what set it off */
	int64_t due_at;                                  /* µs when the deadline has a time, else 0 */
	struct str due_on;
	bool done;
};
struct occurrences {
	struct occurrence v[OCCURRENCES_MAX];
	size_t n;
};

/* All that the duty asks for of this record now. */
void duty_occurrences(struct job *j, const struct record *r, const struct duty_def *d, struct occurrences *out);
/* When the duty was last done: µs, 0 never. row: index for a column of a table, SIZE_MAX for the record. */
int64_t duty_evidence(struct job *j, const struct record *r, const struct duty_def *d, size_t row);
/* When the action was last taken; 0 never. Half of two approvals is none. */
int64_t duty_last_step(struct job *j, int64_t record, struct str action);
/* A duration as written, a parameter, or a field of type duration. */
bool duty_duration(struct job *j, const struct record *r, struct str written, struct duration *ret);
struct str duty_iso(struct job *j, struct date d);
/* The field of "field" or "table.column"; *ret_column: the column, or NULL. */
const struct field *duty_column(struct job *j, struct str path, const struct field **ret_column);

#endif

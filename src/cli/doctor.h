/* What the parts of `sekisho doctor` share: a point has a grade, what was seen and what to do about it. */
#ifndef CLI_DOCTOR_H
#define CLI_DOCTOR_H

#include <stdbool.h>

#include "cli/command.h"
#include "lib/i18n.h"
#include "lib/json.h"

enum grade { GRADE_OK, GRADE_WARN, GRADE_BAD };

struct doctor {
	const char *dir;
	const struct place *place;
	struct jw json;
	bool as_json;
	unsigned count[3];
};

/* todo: a message id, NULL when there is nothing to do. */
void doctor_point(struct doctor *d, enum grade g, const char *id, const char *todo, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* doctor_machine.c: folders, disk, clock, certificate; doctor_house.c: processes, sandbox, log, and what the office
 * says */
void doctor_machine(struct doctor *d);
void doctor_house(struct doctor *d);

#endif

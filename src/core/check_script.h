/* The script beside a check, checks/<control>.test: records to make, and what the check must say of them
 * (docs/checks.md). Parsing and making the records; running the expectations is the test program's (checks_test.c). */
#ifndef CORE_CHECK_SCRIPT_H
#define CORE_CHECK_SCRIPT_H

#include "core/ledger.h"
#include "lib/db.h"

#define SCRIPT_BYTES_MAX (256u << 10)
#define SCRIPT_STEPS_MAX 2000

enum script_kind {
	SCRIPT_CASE,                                     /* text */
	SCRIPT_TODAY,                                    /* text: date */
	SCRIPT_ADD, SCRIPT_SET, SCRIPT_ROW, SCRIPT_STEP, /* text: as written after the colon */
	SCRIPT_SQL,                                      /* text: statements */
	SCRIPT_EXPECT,                                   /* subject | part | status | reason */
	SCRIPT_CONTROL,                                  /* status | part */
	SCRIPT_EXCEPT,                                   /* subject */
	SCRIPT_EXPIRE, SCRIPT_MEND,
	SCRIPT_EMPTY,                                    /* status */
};

struct script_step {
	enum script_kind kind;
	int line;
	struct str text;
	struct str cell[4];                              /* EXPECT, CONTROL: cut at | and trimmed */
};
struct script {
	const char *file;
	struct script_step *v;
	size_t n;
};

/* Faults carry file and line. */
int script_parse(struct arena *a, const char *file, struct str text, struct script *ret, struct err *e) MUST_USE;

/* Carries out ADD, SET, ROW, STEP or SQL. *ret_table: the ledger table it changed (STR_NONE for SQL). */
struct script_world {
	struct db *db;
	const struct ledgers *ledgers;
	struct arena *a;
	struct str today;
	int64_t now;
};
int script_apply(struct script_world *w, const struct script *s, const struct script_step *step,
                 struct err *e) MUST_USE;

#endif

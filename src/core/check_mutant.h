/* One condition of a SELECT taken away: what `make mutate` tries on checks. Works on text, so each condition stands on
 * its own line, beginning with WHEN, AND, OR, WHERE or HAVING (docs/checks.md). */
#ifndef CORE_CHECK_MUTANT_H
#define CORE_CHECK_MUTANT_H

#include "lib/arena.h"

#define MUTANTS_PER_LINE 2

struct mutant {                                          /* bytes from..to become `put` */
	size_t from, to;
	const char *put;
};

/* The mutants of the line that begins at byte i: an AND or OR goes with its condition, WHERE and HAVING become true,
 * the arm of a CASE always true and never true. Returns how many. */
size_t mutants_of_line(struct str body, size_t i, struct mutant out[MUTANTS_PER_LINE]);
struct str mutant_apply(struct arena *a, struct str body, const struct mutant *m);

#endif

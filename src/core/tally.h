/* Counting while a check runs: rows by section, part and status, and which subjects were seen at all. A million rows
 * pass here, so everything is a number. */
#ifndef CORE_TALLY_H
#define CORE_TALLY_H

#include "core/assess.h"

#define TALLY_SUBJECTS 0                                 /* the part that counts subjects; those of the check begin at 1 */

struct tally {
	int64_t section;                                 /* 0: none */
	int part;
	enum status status;
	int64_t n;
	bool used;
};
struct seen;
/* Zero it to begin. */
struct tallies {
	struct tally *v;                                 /* walk v[0..cap), those used */
	size_t n, cap;
	struct seen *seen;                               /* subjects with a text, or a very large number, as id */
	size_t n_seen, cap_seen;
	int32_t *by_id;                                  /* others: section + 1 by id; 0 not seen */
	size_t n_by_id;
};

void tallies_release(struct tallies *t);
/* Sets every count to 0; the subjects seen stay. */
void tallies_clear(struct tallies *t);
void tallies_add(struct tallies *t, int64_t section, int part, enum status status, int64_t n);
/* The first section a subject is seen with is its own. */
void tallies_see(struct tallies *t, struct str subject, int64_t section);
void tallies_see_id(struct tallies *t, int64_t id, int64_t section);
/* Of a subject as text, also when it was seen as a number. */
int64_t tallies_section(const struct tallies *t, struct str subject);
/* Adds what was counted apart, as if its rows had passed after those of t; from is then empty. */
void tallies_take(struct tallies *t, struct tallies *from);
/* Counts every subject seen once, as met, under TALLY_SUBJECTS. */
void tallies_add_seen(struct tallies *t);

#endif

/* Counting while a check runs: rows by section, part and status, and which subjects were seen at all. */
#ifndef CORE_TALLY_H
#define CORE_TALLY_H

#include "core/assess.h"

struct tally {
	int64_t section;                                 /* 0: none */
	struct str part;                                 /* kept by the caller; '' counts subjects */
	enum status status;
	int64_t n;
	bool used;
};
struct seen;
/* Zero it to begin. */
struct tallies {
	struct tally *v;                                 /* walk v[0..cap), those used */
	size_t n, cap;
	struct seen *seen;
	size_t n_seen, cap_seen;
};

void tallies_release(struct tallies *t);
/* Sets every count to 0; the subjects seen stay. */
void tallies_clear(struct tallies *t);
void tallies_add(struct tallies *t, int64_t section, struct str part, enum status status, int64_t n);
/* The first section a subject is seen with is its own. */
void tallies_see(struct tallies *t, struct str subject, int64_t section);
int64_t tallies_section(const struct tallies *t, struct str subject);
/* Counts every subject seen once, as met, under part ''. */
void tallies_add_seen(struct tallies *t);

#endif

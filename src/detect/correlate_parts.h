/* The state of correlations, shared by what counts and what saves. */
#ifndef DETECT_CORRELATE_PARTS_H
#define DETECT_CORRELATE_PARTS_H

#include "detect/correlate.h"

#define FEW 2u
#define CORRELATE_DEPTH 8                            /* correlations of correlations */

struct moment {
	int64_t time;
	uint64_t index, mark;                            /* mark: which rule, or the hash of a value */
	uint16_t log;
};

struct group {
	struct group *next;                              /* in the slot; what a look-up reads lies together */
	const struct rule *rule;
	uint64_t hash;
	size_t key_n;
	struct group *older, *newer;                     /* by last touch */
	int64_t newest, quiet;
	struct moment *list;                             /* few: inside, else in memory of its own */
	size_t n, cap;
	uint64_t folded;
	struct moment few[FEW];
	char key[];
};

struct correlator {
	const struct rules *rules;
	struct group **slots, *newest, *oldest;
	size_t n_slots, n_groups, bytes, groups_max, bytes_max;
	uint64_t seed;
	char logs[CORRELATE_LOGS_MAX][33];
	size_t n_logs;
	struct correlate_figures sum;
	/* Room for one match on its way; not on the stack, where the compiler would clear it for each. */
	char key[CORRELATE_KEY_MAX], spare[CORRELATE_DEPTH + 1][CORR_GROUP_MAX + 1][64];
	struct entry_ref refs[REFS_MAX];
};

uint64_t correlate_hash(uint64_t seed, struct str s);
/* The group, made when it is not there; the newest from now on. */
struct group *correlate_group(struct correlator *c, const struct rule *r, struct str key);
/* One more moment at the end, to be filled. */
struct moment *correlate_room(struct correlator *c, struct group *g);

#endif

/* A random sample of a ledger that anybody who sees the same records draws again from the same seed: ordered by SHA-256 of
 * "SEED:NUMBER", the first n. (A record without a number counts by its id.) */
#ifndef CORE_RANDOM_SAMPLE_H
#define CORE_RANDOM_SAMPLE_H

#include "core/record.h"

#define SAMPLE_MAX 100

struct sample {
	int64_t ids[SAMPLE_MAX];                         /* in the order of their hashes */
	size_t n;
	int64_t of;                                      /* records it was drawn from: all that this person may see */
};
/* n ≤ SAMPLE_MAX. */
int sample_draw(struct world *w, const struct actor *who, const struct ledger *l, struct str seed, size_t n, struct sample *ret, struct err *e) MUST_USE;

#endif

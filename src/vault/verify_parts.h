/* Between verify.c (the walk over the entries) and verify_retain.c (what the log itself says was removed). */
#ifndef VAULT_VERIFY_PARTS_H
#define VAULT_VERIFY_PARTS_H

#include "vault/verify.h"

#define VERIFY_OWN "vault"

/* A signed size on the way, and the root it must have. */
struct target {
	char name[48];
	uint64_t size;
	uint8_t root[MERKLE_LEN];
	bool met;
};

/* A list of places. */
struct places {
	uint64_t *list;
	size_t n, cap;
};

struct audit {
	struct tlog *log;
	struct verify_report *report;
	struct target *targets;
	size_t n_targets, cap_targets;
	uint64_t signed_size;                            /* the largest target */
	struct merkle_edge edge;
	struct tile_part part[TILE_LEVELS];
	struct block *block;
	bool gap;                                        /* entries before here were removed */
	char sources[SHA256_HEX];                        /* of the first segment that stays, as it says itself */

	struct retention said;                           /* as the entries say, up to here */
	char said_sources[SHA256_HEX];
	struct places gone, recorded;                    /* redacted entries met; entries of which one is told */
};

void verify_problem(struct verify_report *r, const char *where, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* --- verify_retain.c */
/* An entry of the vault itself, in order. */
void verify_own(struct audit *a, const struct entry *en, uint64_t index);
/* An entry of which only the leaf hash is there. */
void verify_redacted(struct audit *a, uint64_t index);
/* Signed sizes below what is there: their roots come from tiles and from what was kept for them, and the log continues them. */
void verify_old_targets(struct audit *a);
/* After the walk: what is missing is what the log says is missing. */
void verify_retention(struct audit *a);
void verify_forget(struct audit *a);

#endif

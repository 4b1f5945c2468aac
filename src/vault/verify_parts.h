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
	bool met, right;                                 /* right: the log's first `size` entries have this root */
	unsigned signers;                                /* bits: which keys signed it */
};

/* An entry that names a new key and the one it replaces: places in keys. */
struct key_change {
	uint64_t at;
	size_t next, old;
};

#define VERIFY_KEYS_MAX 16u
#define VERIFY_ANY_SIGNER (~0u)                      /* not from a note: what the signer itself remembers */

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
	struct note_key keys[VERIFY_KEYS_MAX];           /* the log's, newest first */
	size_t n_keys, trusted;
	struct key_change changes[VERIFY_KEYS_MAX];
	size_t n_changes;
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

/* --- verify_keys.c: signed sizes and who signed them */
/* Collects them all. */
void verify_targets(struct audit *a, const struct verify_options *o);
/* An entry of type key; false when it names no keys. */
bool verify_key_change(struct audit *a, const char *next, const char *old, uint64_t index);
/* After the walk: each is signed by the trusted key, or by one that the log connects to it. */
void verify_trust(struct audit *a);

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

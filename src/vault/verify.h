/* The whole audit of a vault folder, with no secret and without the vault: every entry hashed, every stored hash compared, the
 * root against the signed checkpoint. What is not proven is a problem: a missing file, an unknown key, an empty folder. */
#ifndef VAULT_VERIFY_H
#define VAULT_VERIFY_H

#include "core/policy.h"
#include "tlog/tlog.h"

#define VERIFY_PROBLEMS_MAX 64
#define VERIFY_KNOWN_MAX 8

struct verify_options {
	struct str vkey;                                 /* trusted verifier key; STR_NONE: the folder's own, which proves less */
	struct str known[VERIFY_KNOWN_MAX];              /* signed checkpoints kept elsewhere: the log must continue each of them */
	size_t n_known;
	const struct policy *policy;                     /* who must have cosigned; NULL: nobody */
	uint64_t known_size;                             /* somebody signed or saw this size; 0 none */
	const uint8_t *known_root;                       /* with known_size */
};

struct verify_problem {
	char where[64], what[200];
};

struct verify_report {
	struct verify_problem problems[VERIFY_PROBLEMS_MAX];
	size_t n_problems;                               /* may exceed what is kept */
	char origin[NOTE_NAME_MAX + 1];
	uint64_t size;                                   /* proven: the largest signed size whose root was met */
	uint8_t root[MERKLE_LEN];
	uint64_t entries, unsigned_entries, segments, blocks, tiles;
	uint64_t removed, redacted;                      /* entries that are gone as the log itself says */
	uint64_t loose_bytes;                            /* behind the last whole record or block: an unfinished write */
	bool own_key;
	struct sources sources;                          /* release with verify_release */
};

/* Never fails: what cannot be done is a problem in the report. */
void verify_folder(const char *path, const struct verify_options *o, struct verify_report *ret);
void verify_release(struct verify_report *r);
static inline bool verify_ok(const struct verify_report *r)
{
	return !r->n_problems;
}

#endif

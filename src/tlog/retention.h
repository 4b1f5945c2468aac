/* The file `retention` of a log: what of it was removed on purpose, and may be. The entries of the log itself say why and are what
 * an audit believes; this file says where they stand, so that who reads the log need not look through all of it.
 *
 *   minimum M AT      entries below M are gone but for segments held; the entry AT (type prune) says so
 *   policy DAYS AT    entries older than DAYS may go; the entry AT (type policy) says so
 *   hold ID A B AT    segments with entries A to B stay; the entry AT (type hold) says so
 *
 * A checkpoint that somebody outside relies on is kept as kept/SIZE; when the entries around its end go, the few hashes that
 * only they could give are written beside it, kept/SIZE.nodes, a line each: LEVEL INDEX BASE64. */
#ifndef TLOG_RETENTION_H
#define TLOG_RETENTION_H

#include "core/merkle.h"
#include "lib/buf.h"

#define HOLDS_MAX 32u
#define HOLD_ID 41
#define RETENTION_DAYS_MAX 36525
#define KEPT_NODES_MAX 16u

struct hold {
	char id[HOLD_ID];
	uint64_t from, to, at;
};

struct retention {
	uint64_t minimum, prune_at;
	int64_t days;                                    /* 0: no policy */
	uint64_t policy_at;
	struct hold holds[HOLDS_MAX];
	size_t n_holds;
};

/* [A-Za-z0-9._-]{1,40} */
bool hold_id_ok(struct str id);
struct hold *retention_hold(struct retention *r, struct str id);
/* True when a hold wants entries of [from, to). */
bool retention_holds(const struct retention *r, uint64_t from, uint64_t to);
/* The file's bytes. ERR_CORRUPT. */
int retention_parse(struct str file, struct retention *ret) MUST_USE;
/* An absent file is an empty one. ERR_CORRUPT. */
int retention_read(int dirfd, struct retention *ret, struct err *e) MUST_USE;
int retention_write(int dirfd, const struct retention *r, struct err *e) MUST_USE;

struct kept_node {
	unsigned level;                                  /* below 8: what is above stands in tiles */
	uint64_t index;
	uint8_t hash[MERKLE_LEN];
};

/* Which nodes below level 8 a proof from `size` to a size of whole bundles needs: at most KEPT_NODES_MAX, none for whole bundles. */
size_t kept_nodes_of(uint64_t size, struct kept_node *ret);
int kept_nodes_write(int dirfd, uint64_t size, const struct kept_node *nodes, size_t n, struct err *e) MUST_USE;
/* The hash of a node below level 8 as one of the kept checkpoints has it. ERR_NOTFOUND. */
int kept_node(int dirfd, unsigned level, uint64_t index, uint8_t out[MERKLE_LEN]) MUST_USE;
/* Names of kept/: sizes, sorted; *ret is malloc'ed. */
int kept_sizes(int dirfd, uint64_t **ret, size_t *ret_n, struct err *e) MUST_USE;
void kept_name(uint64_t size, bool nodes, char out[40]);

#endif

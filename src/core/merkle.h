/* The RFC 6962 (= RFC 9162 §2.1) Merkle tree over SHA-256, as pure arithmetic: it knows no files. Trees are reached
 * through a callback for *complete* subtrees, so the same code proves from memory, from tiles or from a segment.
 * A hash is 32 bytes; level 0 are leaf hashes, a complete subtree (level, index) covers leaves [index·2^level,
 * (index+1)·2^level). */
#ifndef CORE_MERKLE_H
#define CORE_MERKLE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"

#define MERKLE_LEN 32
#define MERKLE_PROOF_MAX 65                          /* hashes in the longest proof */
#define MERKLE_TILE 256                              /* hashes in a full tile (C2SP tlog-tiles), 8 levels */

void merkle_empty(uint8_t out[MERKLE_LEN]);          /* MTH of no leaves */
void merkle_leaf(const void *p, size_t n, uint8_t out[MERKLE_LEN]);
/* Of n leaves, fast: hashes side by side. */
void merkle_leaves(const struct str *leaves, size_t n, uint8_t *out);
void merkle_node(const uint8_t *left, const uint8_t *right, uint8_t out[MERKLE_LEN]);
/* MTH over n hashes laid side by side; of leaf hashes it is a root, of a tile's hashes the hash one tile level up. */
void merkle_root(const uint8_t *hashes, size_t n, uint8_t out[MERKLE_LEN]);

/* The right edge of a growing tree: at most 64 hashes, one per set bit of size. Zeroed is the empty tree. */
struct merkle_edge {
	uint64_t size;
	uint8_t h[64][MERKLE_LEN];                       /* h[l] is valid when bit l of size is set */
};

/* Appends a complete subtree of 2^level leaves; size must be a multiple of that (else ERR_WRONG_STATE). */
int merkle_edge_add(struct merkle_edge *e, unsigned level, const uint8_t *hash) MUST_USE;
void merkle_edge_root(const struct merkle_edge *e, uint8_t out[MERKLE_LEN]);

/* The hash of a complete subtree; 0 or an error, which every function below passes on. */
typedef int merkle_node_fn(void *arg, unsigned level, uint64_t index, uint8_t out[MERKLE_LEN]);

/* Root of the first `size` leaves. */
int merkle_root_at(merkle_node_fn *node, void *arg, uint64_t size, uint8_t out[MERKLE_LEN]) MUST_USE;
/* RFC 6962 §2.1.1, leaf to root. ERR_RANGE unless index < size. */
int merkle_inclusion(merkle_node_fn *node, void *arg, uint64_t index, uint64_t size,
                     uint8_t proof[MERKLE_PROOF_MAX][MERKLE_LEN], size_t *ret_n) MUST_USE;
/* RFC 6962 §2.1.2. ERR_RANGE unless 0 < from <= to. */
int merkle_consistency(merkle_node_fn *node, void *arg, uint64_t from, uint64_t to,
                       uint8_t proof[MERKLE_PROOF_MAX][MERKLE_LEN], size_t *ret_n) MUST_USE;

/* RFC 9162 §2.1.3.2: 0 when the proof binds leaf to root, else ERR_CORRUPT (ERR_RANGE: index outside the tree). */
int merkle_inclusion_check(uint64_t index, uint64_t size, const uint8_t *leaf, uint8_t proof[][MERKLE_LEN],
                           size_t n, const uint8_t *root) MUST_USE;
/* RFC 9162 §2.1.4.2. An empty old tree proves nothing and is ERR_RANGE: callers that accept it say so themselves. */
int merkle_consistency_check(uint64_t from, uint64_t to, const uint8_t *from_root, const uint8_t *to_root,
                             uint8_t proof[][MERKLE_LEN], size_t n) MUST_USE;

#endif

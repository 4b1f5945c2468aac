/* A block in memory: up to 2,048 entries as C2SP entry bundles (each entry behind its 16-bit length), with where each
 * entry begins and its leaf hash. The open block grows entry by entry; a stored one is loaded whole. */
#ifndef TLOG_BLOCK_H
#define TLOG_BLOCK_H

#include "core/merkle.h"
#include "tlog/entry.h"

#define BUNDLE 256u                                  /* entries in a bundle = hashes in a level-0 tile */
#define BLOCK_ENTRIES 2048u
#define BLOCK_BUNDLES (BLOCK_ENTRIES / BUNDLE)
#define BLOCK_BYTES (8u << 20)                       /* a block this big ends at its next bundle */
#define BLOCK_BYTES_MAX (BLOCK_BYTES + BUNDLE * (ENTRY_MAX + 2))

struct block {
	uint64_t first;                                  /* index of the first entry: a multiple of BUNDLE */
	uint32_t count;
	struct buf raw;
	uint32_t at[BLOCK_ENTRIES + 1];                  /* offset of each length in raw, and of the end */
	uint8_t leaf[BLOCK_ENTRIES][MERKLE_LEN];
	uint8_t bundle[BLOCK_BUNDLES][MERKLE_LEN];       /* MTH of each full bundle */
	int64_t time_min, time_max;                      /* of the entries that are there */
	uint32_t hashed;                                 /* bits: bundles that block_hash has done */
	uint32_t redacted;                               /* entries of which only the leaf hash is left */
};

struct block *block_new(void);
void block_free(struct block *b);
/* Forgets the entries; the next one has index first. */
void block_reset(struct block *b, uint64_t first);
/* Appends; ERR_CORRUPT for bytes that are no entry, ERR_NOMEM when full. */
int block_add(struct block *b, struct str entry) MUST_USE;
/* The same without its hash, for a block that is read: block_hash makes those of many at once. */
int block_add_unhashed(struct block *b, struct str entry) MUST_USE;
/* Appends up to the end of the bundle: as many of the n entries that stand side by side in run, each behind its length, as
 * belong there. Each of them parses (the caller looked). *ret_n, *ret_bytes: what was taken. ERR_NOMEM when full. */
int block_add_run(struct block *b, struct str run, uint32_t n, uint32_t *ret_n, size_t *ret_bytes) MUST_USE;
/* True when no further entry belongs here. */
bool block_full(const struct block *b);
/* View of the bytes of entry first + i, i < count; valid until the block changes. */
struct str block_entry(const struct block *b, uint32_t i);
/* Takes the bytes that were put into the empty block's raw for its entries: exactly count of them, else ERR_CORRUPT. Without hashes:
 * block_hash makes those of one bundle, for who wants a proof wants no others. */
int block_index(struct block *b, uint32_t count) MUST_USE;
void block_hash(struct block *b, uint32_t bundle);
int block_index_hashed(struct block *b, uint32_t count) MUST_USE;
/* Reset, then all entries of raw bytes: exactly count of them, else ERR_CORRUPT. */
int block_load(struct block *b, uint64_t first, uint32_t count, struct str raw) MUST_USE;
/* Puts the leaf hash in the place of entry first + i. All hashes stay; after an error the block must be loaded anew. */
int block_redact(struct block *b, uint32_t i) MUST_USE;

#endif

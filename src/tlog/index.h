/* The index of a log: idx/<first index of the segment>, beside seg/. Per block a filter of the words its messages hold (for query.h's
 * words) and what the block is about (times, severities). Derived and never part of a proof: missing, torn or of another version, it
 * is made again; a search that finds none reads the blocks. What it says never decides that something is there; that it says "not
 * there" is believed, which is why its records carry checks and the key of the block they were made from.
 *
 * A word is hashed with the file's own key, so that who writes log lines cannot make them collide. docs/formats/vault.md has the bytes. */
#ifndef TLOG_INDEX_H
#define TLOG_INDEX_H

#include "tlog/query.h"
#include "tlog/segment.h"

#define INDEX_VERSION 2u
#define INDEX_KEY 16u
#define INDEX_HEAD 64u                               /* bytes of the file's head */
#define INDEX_END 24u                                /* bytes of the mark at the end of a full segment's file */
#define INDEX_RECORD 96u                             /* bytes of a record before its filter */
#define INDEX_CELL 32u                               /* a cell of the filter: 8 lanes of 32 bits, one bit of each per word */
#define INDEX_CELLS_MAX 1920u
#define INDEX_CHECKED 4u                             /* cells under one check */
#define INDEX_GROUP (INDEX_CHECKED * INDEX_CELL + 2u) /* these cells and their check */
#define INDEX_RECORD_MAX (INDEX_RECORD + INDEX_CELLS_MAX / INDEX_CHECKED * INDEX_GROUP)

enum index_content { INDEX_ODD, INDEX_ASCII, INDEX_PLAIN }; /* ASCII alone; ASCII, kana and common kanji (fold.h); anything */

/* What a record says of its block. */
struct index_zone {
	uint64_t first, at;                              /* index of the first entry, offset of the frame in the segment */
	uint32_t count, packed, raw, crc;                /* as in struct seg_block */
	int64_t time_min, time_max;
	uint16_t severities;                             /* bit per severity, bit 8: a message that says none */
	uint8_t content;                                 /* enum index_content */
	uint32_t cells;
	uint64_t filter;                                 /* where its cells stand in the file */
};

/* --- making ---------------------------------------------------------------------------------------------------------- */

struct index_maker;
struct index_maker *index_maker_new(void);
void index_maker_free(struct index_maker *m);
/* Appends the record of a block whose entry bundles are raw. Pure: may run on any thread with a maker of its own. */
int index_make(struct index_maker *m, const uint8_t key[INDEX_KEY], const struct seg_block *sb, struct str raw,
               struct buf *out) MUST_USE;

/* Keeps idx/ of one log in step. Losing the index is no failure of the log: nothing here reports one to the writer. */
struct indexer;
struct indexer *indexer_new(int log_dir);
void indexer_free(struct indexer *ix);
/* Segment s got b as its last block. Also mends what the file lacks or has too much of. */
void indexer_block(struct indexer *ix, const struct segment *s, const struct block *b);
/* Brings the file of a segment up to its blocks, at most `most` of them at once; from the start when `again`. *ret_made: blocks
 * that were indexed; fewer than `most`: the file is whole. */
int indexer_mend(struct indexer *ix, const struct segment *s, bool again, size_t most, size_t *ret_made, struct err *e) MUST_USE;
/* The segment that begins at `first` goes, and its index with it. */
void indexer_drop(struct indexer *ix, uint64_t first);

/* --- reading --------------------------------------------------------------------------------------------------------- */

struct index_file {
	int fd;
	const uint8_t *p;                                /* not NULL: the bytes are here instead */
	size_t n;
	uint64_t first;
	int64_t created_ns;                              /* of the segment it was made from */
	uint8_t key[INDEX_KEY];
};

/* ERR_NOTFOUND, ERR_VERSION or ERR_CORRUPT: search without. */
int index_open(int log_dir, uint64_t first, struct index_file *ret) MUST_USE;
void index_close(struct index_file *f);
/* The record at *at, which moves behind it. False at the end and at the first that is not whole. */
bool index_next(const struct index_file *f, size_t *at, struct index_zone *ret);
/* All records of a file that holds every block of a full segment of this capacity and says so at its end; NULL otherwise.
 * The caller frees them. */
struct index_zone *index_whole(const struct index_file *f, uint64_t capacity, size_t *ret_n);
/* True when the record was made from this block. */
bool index_is_of(const struct index_zone *z, const struct seg_block *sb);

/* What a query asks of the index: made once, then keyed for each file. */
struct index_query;
struct index_query *index_query_new(struct arena *a, const struct query *q);
void index_query_key(struct index_query *iq, const uint8_t key[INDEX_KEY]);
/* False only when no entry of the block can fit. */
bool index_may(const struct index_query *iq, const struct index_file *f, const struct index_zone *z);

/* --- between index_make.c, index_words.c, index_file.c and index_query.c ------------------------------------------------ */
enum index_class { INDEX_WORD, INDEX_WIDE, INDEX_HOST, INDEX_PROGRAM, INDEX_SOURCE, INDEX_PEER };

struct index_key {
	uint64_t a, b;
};
struct index_key index_key_of(const uint8_t key[INDEX_KEY]);
/* p: readable for 16 bytes beyond n. */
uint64_t index_hash(struct index_key k, enum index_class c, const char *p, size_t n);
/* Which cell of so many. */
static inline uint32_t index_cell(uint64_t hash, uint32_t cells)
{
	return (uint32_t)((hash >> 32) * cells >> 32);
}
/* Is what words joined by signs up to level make a word of its own? A path or an address of many colons is, a time or a port is not;
 * nor is a number with a point, which its halves tell well enough. */
bool index_is_word(unsigned level, const char *p, size_t n);
/* False only when no word with this hash was put in; true as well when the place is damaged. */
bool index_has(const struct index_file *f, const struct index_zone *z, uint64_t hash);
uint16_t index_check(uint32_t group, const void *cells);
#define INDEX_PAIR_MAX 8u                            /* bytes of two characters beyond ASCII */
#define INDEX_WORD_MIN 3u                            /* shorter ones stand in nearly every block */
#define INDEX_WORD_MAX 255u                          /* longer words are known by their beginning */

#endif

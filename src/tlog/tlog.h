/* A vault folder as it lies there, for reading: by the running vault, and by anybody who has the files and no key.
 *
 *   log          what this is: version, origin, entries per segment
 *   vkey         the log's public key (C2SP verifier key)
 *   older-keys   keys it was signed with before, newest first; entries of the log (type key) tell of each change
 *   last-signed  the newest signed checkpoint, made durable before it is published
 *   checkpoint   the published one
 *   tail         entries of the open block
 *   seg/         segments
 *   tile/        full tiles of level 1 and above
 *   retention    what was removed on purpose (retention.h)
 *   cosigned     the newest checkpoint that witnesses cosigned
 *   seen-elsewhere  a checkpoint of this log that it does not continue, as a witness showed it
 *   kept/        signed checkpoints that stay provable whatever is removed
 *
 * Opening reads in the order checkpoint, last-signed, tail, segments, so that what a checkpoint covers is found even while
 * the vault goes on writing: entries move from the tail to a segment, and only there. */
#ifndef TLOG_H
#define TLOG_H

#include "core/note.h"
#include "tlog/retention.h"
#include "tlog/segment.h"
#include "tlog/tile.h"

struct tile_part {
	uint64_t n;                                      /* which tile of its level is not yet full */
	unsigned count;
	uint8_t h[TILE_BYTES];
};

struct tlog {
	int dir, seg_dir;
	char origin[NOTE_NAME_MAX + 1];
	uint8_t origin_hash[SHA256_LEN];
	uint64_t capacity;                               /* entries of a new segment */
	struct buf checkpoint, last_signed, vkey, older, cosigned, elsewhere; /* files as read; empty when absent */
	uint64_t *segs;                                  /* first index of each segment file, sorted */
	size_t n_segs, cap_segs;
	struct segment *live;                            /* the last one while written to; owned by the writer */
	struct segment *cached;                          /* the last one read */
	struct segment *peeked;                          /* one block of the last one that was only looked into */
	struct block *loaded;                            /* the last block unpacked */
	struct block *open;                              /* of the tail: entries in segments end at open->first */
	size_t tail_left;                                /* bytes behind the tail's last whole record */
	struct retention keep;                           /* what was removed on purpose */
	struct tile_part part[TILE_LEVELS];              /* [1] up: of the entries in segments */
};

/* ERR_NOTFOUND when this is no vault folder. The tiles' right edge is not loaded (tlog_tiles). */
int tlog_open(const char *path, struct tlog **ret, struct err *e) MUST_USE;
void tlog_free(struct tlog *s);
uint64_t tlog_size(const struct tlog *s);
/* Loads the not yet full tiles; what the tile files lack comes from the segments. */
int tlog_tiles(struct tlog *s, struct err *e) MUST_USE;
/* Takes one more level-1 hash, writing tiles that become full. */
int tlog_tile_push(struct tlog *s, const uint8_t *hash, struct err *e) MUST_USE;
/* Writes tile (level, n) again from what lies below. */
int tlog_tile_rebuild(struct tlog *s, unsigned level, uint64_t n, struct err *e) MUST_USE;
int tlog_seg_added(struct tlog *s, uint64_t first) MUST_USE;

/* Place of the segment that holds index in segs, or n_segs. */
size_t tlog_seg_at(const struct tlog *s, uint64_t index);
/* The segment; owned by the log, valid until the next call of any function here. */
int tlog_segment(struct tlog *s, uint64_t first, struct segment **ret, struct err *e) MUST_USE;
/* The unpacked block that holds index, with its hashes only when it is the open one; the same ownership. */
int tlog_block(struct tlog *s, uint64_t index, const struct block **ret, struct err *e) MUST_USE;
/* View of the entry's bytes; the same ownership. ERR_RANGE beyond the end. */
int tlog_entry(struct tlog *s, uint64_t index, struct str *ret, struct err *e) MUST_USE;
/* A merkle_node_fn over a struct tlog. */
int tlog_node(void *tlog, unsigned level, uint64_t index, uint8_t out[MERKLE_LEN]) MUST_USE;

/* Proof text for a store at rest, against checkpoint note `note` of `size` entries. */
int tlog_prove(struct tlog *s, uint64_t index, uint64_t size, struct str note, struct buf *entry, struct buf *proof,
                struct err *e) MUST_USE;

#endif

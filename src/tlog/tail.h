/* The file `tail`: the entries of the open block, uncompressed, each behind its length and a CRC that continues the one
 * before, in space reserved beforehand. What stands here after fdatasync survives a crash. Its first index is also the commit
 * point of the segments: blocks at or after it do not count, for their commit never finished. */
#ifndef TLOG_TAIL_H
#define TLOG_TAIL_H

#include <sys/types.h>

#include "tlog/block.h"

#define TAIL_BYTES_MAX (64u + BLOCK_BYTES_MAX + 8u * BLOCK_ENTRIES + TAIL_STEP)
#define TAIL_STEP (1u << 20)                         /* space is reserved in pieces of this */

struct tail {
	int fd;
	uint64_t first;
	uint32_t count;                                  /* records written */
	off_t end;                                       /* where the next record goes */
	off_t reserved;
	uint32_t crc;                                    /* of the last record, or of the header */
	struct buf waiting;                              /* records on their way to the file */
};

/* Makes a new tail that begins at b->first and holds b's entries, takes the old one's place in one step: durable on return. */
int tail_replace(struct tail *t, int dirfd, const uint8_t origin_hash[SHA256_LEN], const struct block *b,
                 struct err *e) MUST_USE;
/* Writes the entries of b (which begins where the tail does) that are not yet there, and syncs. */
int tail_commit(struct tail *t, const struct block *b, struct err *e) MUST_USE;
/* Cuts the reserved space off and closes. */
void tail_close(struct tail *t);

/* Reads the file into b. *ret_left: bytes after the last whole record that are not zero (a torn write, or damage).
 * ERR_NOTFOUND, ERR_CORRUPT (header). */
int tail_read(int dirfd, const uint8_t origin_hash[SHA256_LEN], struct block *b, size_t *ret_left,
              struct err *e) MUST_USE;
/* The same from bytes at hand. */
int tail_parse(struct str file, const uint8_t origin_hash[SHA256_LEN], struct block *b, size_t *ret_left) MUST_USE;

#endif

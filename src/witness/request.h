/* The body of add-checkpoint (c2sp.org/tlog-witness): "old SIZE", at most 63 hashes, an empty line, a signed checkpoint. Shape only. */
#ifndef WITNESS_REQUEST_H
#define WITNESS_REQUEST_H

#include "core/note.h"

#define REQUEST_HASHES_MAX 63
#define REQUEST_MAX (NOTE_MAX + 64u * 48u)

struct request {
	uint64_t old;
	uint8_t proof[REQUEST_HASHES_MAX][MERKLE_LEN];
	size_t n;
	struct str whole;                                /* the checkpoint with its signatures; a view, as are the next two */
	struct note note;
	struct checkpoint checkpoint;
};

/* 0 or ERR_SYNTAX, ERR_TOOBIG. */
int request_parse(struct str body, struct request *ret) MUST_USE;
void request_put(struct buf *b, uint64_t old, uint8_t proof[][MERKLE_LEN], size_t n, struct str checkpoint);
/* A decimal number without sign or leading zeroes. */
int request_size(struct str s, uint64_t *ret) MUST_USE;

#endif

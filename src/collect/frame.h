/* Where messages begin and end in a stream of bytes (RFC 6587): octet counting ("LEN SP MSG") and lines, told apart at the beginning
 * of every message, so that senders that change in the middle are read as well. Digits count only when what follows them is
 * " <", the beginning of a syslog message: a line may begin with a date. What is longer than an entry comes in pieces.
 * No bytes are lost and none are made up: pieces, line ends and counts put together are the stream. */
#ifndef COLLECT_FRAME_H
#define COLLECT_FRAME_H

#include "tlog/entry.h"

struct framer {
	bool lines;                                      /* set by the caller: no counts, lines only */
	bool counted, inside, after_counted;             /* inside: the last piece was no end */
	uint64_t left;                                   /* bytes of a counted message still to come */
};

struct piece {
	struct str raw;                                  /* view into the bytes given */
	uint16_t flags;                                  /* ENTRY_MORE, ENTRY_CONTINUED, ENTRY_TORN */
};

/* The next piece of p[*pos, n), moving *pos behind it; false: the rest must be seen again with more bytes behind it (at most
 * FRAME_REST_MAX bytes). end: nothing more will come; what is left is then torn. */
bool framer_next(struct framer *f, const char *p, size_t n, size_t *pos, bool end, struct piece *ret);
#define FRAME_REST_MAX (ENTRY_RAW_MAX + 1)

/* Of a message as it lies in memory: the next piece, at most ENTRY_RAW_MAX bytes; *at from 0. An empty message is one empty piece. */
bool piece_next(struct str whole, size_t *at, struct piece *ret);

#endif

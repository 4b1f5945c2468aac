/* The journal export format of systemd as systemd-journal-upload sends it: fields "NAME=value LF" or "NAME LF", 64-bit little-endian
 * length, data, LF; an empty line ends an entry. We look for nothing but the ends: an entry of the log holds the bytes as they came,
 * without the empty line. */
#ifndef COLLECT_JOURNAL_H
#define COLLECT_JOURNAL_H

#include "collect/frame.h"
#include "lib/buf.h"

enum journal_state { JOURNAL_NAME, JOURNAL_VALUE, JOURNAL_LENGTH, JOURNAL_DATA, JOURNAL_DATA_END };

struct journal {
	enum journal_state state;
	bool inside;                                     /* a piece of this entry was given already */
	size_t name_n;                                   /* bytes of the line so far */
	unsigned length_n;
	uint64_t length;
	struct buf entry;                                /* what is not given yet, at most ENTRY_RAW_MAX bytes */
};

void journal_init(struct journal *j);
void journal_release(struct journal *j);
/* Takes bytes of p[*pos, n) until a piece is whole, which is valid until the next call; false: all is taken. */
bool journal_next(struct journal *j, const char *p, size_t n, size_t *pos, struct piece *ret);
/* Nothing more will come: what is left, torn; false when nothing is. */
bool journal_end(struct journal *j, struct piece *ret);

#endif

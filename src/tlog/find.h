/* Finds a text in bytes without regard to ASCII case: two rare bytes of it are compared 16 or 32 places at a time. */
#ifndef TLOG_FIND_H
#define TLOG_FIND_H

#include "lib/str.h"

struct needle {
	struct str text;                                 /* lower case; the caller's, not empty */
	size_t at1, at2;                                 /* places of the two bytes */
	uint8_t byte1, byte2, case1, case2;              /* case: 0x20 where the byte is a letter */
};

/* text must be in lower case (ASCII) and live as long as the needle. */
void needle_init(struct needle *n, struct str text);
/* First place at or after `from`, or hay.n. */
size_t needle_find(const struct needle *n, struct str hay, size_t from);
/* True when a byte is no ASCII. */
bool find_beyond_ascii(struct str s);

static inline uint8_t lower(char c)
{
	uint8_t u = (uint8_t)c;

	return (uint8_t)(u - 'A') < 26 ? u | 0x20 : u;
}

#endif

/* The bytes before a message: what tlog/entry.h's entry_put would write, made once for a connection or peer, so that each message
 * costs two copies and a few patched fields. Unchained: log sources outside do not number their messages. */
#ifndef COLLECT_ENVELOPE_H
#define COLLECT_ENVELOPE_H

#include "tlog/entry.h"

#define ENVELOPE_MAX (2 + 20 + 1 + ENTRY_NAME_MAX + 1 + ENTRY_NAME_MAX + 4)

struct envelope {
	uint16_t n;                                      /* with the 16-bit length in front and the length of raw at its end */
	unsigned char bytes[ENVELOPE_MAX];
};

/* Names longer than ENTRY_NAME_MAX are cut; an empty source becomes "unknown". */
void envelope_init(struct envelope *v, uint8_t transport, struct str source, struct str peer);
/* When the next messages were received, ns since 1970 UTC. */
void envelope_stamp(struct envelope *v, int64_t time_ns);
/* Bytes of an entry with raw_n bytes, its length included. */
static inline size_t envelope_size(const struct envelope *v, size_t raw_n)
{
	return v->n + raw_n;
}
/* Writes one entry behind its 16-bit length to out, which has envelope_size bytes. raw.n <= ENTRY_RAW_MAX. */
void envelope_put(const struct envelope *v, uint16_t flags, struct str raw, unsigned char *out);
/* ENTRY_BINARY for bytes with a NUL or that are not UTF-8, else 0. */
uint16_t envelope_text(struct str raw);

#endif

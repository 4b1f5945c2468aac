/* One entry of the log: the envelope (what the vault itself knows: when, from whom, how) and the raw bytes as they came.
 * Exactly these bytes are hashed into the tree. docs/formats/vault.md has them byte by byte. */
#ifndef TLOG_ENTRY_H
#define TLOG_ENTRY_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/hash.h"

#define ENTRY_MAX 65535u                             /* C2SP entry bundles carry a 16-bit length */
#define ENTRY_RAW_MAX 64512u
#define ENTRY_NAME_MAX 255u

enum entry_transport {
	ENTRY_OWN,                                       /* the vault's own: starts, heartbeats, alarms, cuts */
	ENTRY_MESSAGE,                                   /* a typed message of another process */
	ENTRY_UDP, ENTRY_TCP, ENTRY_TLS, ENTRY_RELP, ENTRY_HTTP, ENTRY_IMPORT, ENTRY_UNIX, ENTRY_FILE,
	ENTRY_COLLECT,                                   /* collect's own: what it lost, and of whom */
	ENTRY_TRANSPORTS
};

enum {
	ENTRY_CHAINED = 1,                               /* the source numbers its entries; seq and prev are set */
	ENTRY_MORE = 2,                                  /* the message goes on in the next entry of this source and peer */
	ENTRY_CONTINUED = 4,                             /* it began in the previous entry of this source and peer */
	ENTRY_TORN = 8,                                  /* it ended otherwise than its transport ends messages: cut off, or longer than said */
	ENTRY_BINARY = 16,                               /* it holds a NUL, or is not UTF-8 */
	ENTRY_FLAGS = 31
};

struct entry {
	uint8_t transport;
	uint16_t flags;
	int64_t time_ns;                                 /* when received, UTC, as the vault's clock said: data, never order */
	uint64_t seq;                                    /* from 1 when chained, else 0 */
	uint8_t prev[SHA256_LEN];                        /* SHA-256 of the source's previous raw bytes, zero for the first */
	struct str source, peer, raw;
};

/* Appends the bytes. ERR_TOOBIG, ERR_INVALID. */
int entry_put(struct buf *b, const struct entry *en) MUST_USE;
/* Reads one; views into bytes. There is exactly one encoding of an entry: anything else is ERR_CORRUPT. */
int entry_parse(struct str bytes, struct entry *ret) MUST_USE;
/* An entry that was redacted: a zero byte and its leaf hash stand in its place (docs/formats/vault.md). */
#define REDACTED_LEN (1 + SHA256_LEN)
static inline bool entry_redacted(struct str bytes)
{
	return bytes.n == REDACTED_LEN && !bytes.p[0];
}
/* The next one of a bundle, entries side by side, each behind its 16-bit length: ERR_SHORT when none is whole. */
static inline int bundle_next(struct str *rest, struct str *ret)
{
	const uint8_t *p = (const uint8_t *)rest->p;
	size_t n;

	if (rest->n < 2)
		return ERR_SHORT;
	n = (size_t)p[0] << 8 | p[1];
	if (rest->n - 2 < n)
		return ERR_SHORT;
	*ret = str_n(rest->p + 2, n);
	*rest = str_n(rest->p + 2 + n, rest->n - 2 - n);
	return 0;
}

/* Of bytes that parse: without parsing them again. */
static inline int64_t entry_time(struct str bytes)
{
	uint64_t v;

	memcpy(&v, bytes.p + 4, sizeof v);
	return (int64_t)be64toh(v);
}
static inline bool entry_chained(struct str bytes)
{
	return bytes.p[3] & ENTRY_CHAINED;
}
/* True when bytes are an entry that differs from the entry `like` in time, number, chain and message only; head: bytes of that one before
 * its message. A shorter way to what entry_parse and comparing would say. */
static inline bool entry_alike(struct str like, size_t head, struct str bytes)
{
	size_t names = entry_chained(like) ? 20 + SHA256_LEN : 20;
	uint64_t seq;
	uint32_t n;

	if (bytes.n < head || bytes.n - head > ENTRY_RAW_MAX || bytes.n > ENTRY_MAX || memcmp(bytes.p, like.p, 4) != 0 ||
	    memcmp(bytes.p + names, like.p + names, head - 4 - names) != 0)
		return false;
	memcpy(&n, bytes.p + head - 4, sizeof n);
	memcpy(&seq, bytes.p + 12, sizeof seq);
	return be32toh(n) == bytes.n - head && (seq != 0) == entry_chained(like);
}

#endif

#include "tlog/entry.h"

#include <string.h>

#define VERSION 1
#define HEAD 20                                      /* version, transport, flags, time, number */

int entry_put(struct buf *b, const struct entry *en)
{
	bool chained = en->flags & ENTRY_CHAINED;

	if (en->raw.n > ENTRY_RAW_MAX)
		return ERR_TOOBIG;
	if (!en->source.n || en->source.n > ENTRY_NAME_MAX || en->peer.n > ENTRY_NAME_MAX ||
	    en->transport >= ENTRY_TRANSPORTS || en->flags & ~ENTRY_FLAGS || chained != (en->seq > 0))
		return ERR_INVALID;
	buf_u8(b, VERSION);
	buf_u8(b, en->transport);
	buf_u16(b, en->flags);
	buf_u64(b, (uint64_t)en->time_ns);
	buf_u64(b, en->seq);
	if (chained)
		buf_put(b, en->prev, SHA256_LEN);
	buf_u8(b, (uint8_t)en->source.n);
	buf_str(b, en->source);
	buf_u8(b, (uint8_t)en->peer.n);
	buf_str(b, en->peer);
	buf_u32(b, (uint32_t)en->raw.n);
	buf_str(b, en->raw);
	return buf_err(b);
}

static uint64_t be64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return be64toh(v);
}

static uint32_t be32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return be32toh(v);
}

/* By offsets, not by a cursor: every entry that comes in passes here. */
int entry_parse(struct str bytes, struct entry *ret)
{
	const uint8_t *p = (const uint8_t *)bytes.p, *end = p + bytes.n;
	struct entry en;
	bool chained;
	size_t n;

	if (bytes.n > ENTRY_MAX || bytes.n < HEAD + 1 + 1 + 1 + 4 || p[0] != VERSION || p[1] >= ENTRY_TRANSPORTS)
		return ERR_CORRUPT;
	en.transport = p[1];
	en.flags = (uint16_t)(p[2] << 8 | p[3]);
	en.time_ns = (int64_t)be64(p + 4);
	en.seq = be64(p + 12);
	chained = en.flags & ENTRY_CHAINED;
	if (en.flags & ~ENTRY_FLAGS || (en.seq > 0) != chained)
		return ERR_CORRUPT;
	p += HEAD;
	if (chained && (size_t)(end - p) < SHA256_LEN)
		return ERR_CORRUPT;
	if (chained) {
		memcpy(en.prev, p, SHA256_LEN);
		p += SHA256_LEN;
	} else {
		memset(en.prev, 0, SHA256_LEN);
	}
	if (end - p < 1 || !(n = *p++) || (size_t)(end - p) < n + 1)
		return ERR_CORRUPT;
	en.source = str_n(p, n);
	p += n;
	n = *p++;
	if ((size_t)(end - p) < n + 4)
		return ERR_CORRUPT;
	en.peer = str_n(p, n);
	p += n;
	n = be32(p);
	p += 4;
	if (n > ENTRY_RAW_MAX || (size_t)(end - p) != n)
		return ERR_CORRUPT;
	en.raw = str_n(p, n);
	*ret = en;
	return 0;
}

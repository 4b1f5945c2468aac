#include "tlog/entry.h"

#include <string.h>

#define VERSION 1

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

static int name(struct cur *c, struct str *ret)
{
	const void *p;
	uint8_t n;

	if (cur_u8(c, &n) || cur_bytes(c, n, &p))
		return ERR_CORRUPT;
	*ret = str_n(p, n);
	return 0;
}

int entry_parse(struct str bytes, struct entry *ret)
{
	struct cur c = cur_init(bytes.p, bytes.n);
	struct entry en = {0};
	uint8_t version;
	uint64_t time;
	const void *p;
	uint32_t n;

	if (bytes.n > ENTRY_MAX || cur_u8(&c, &version) || version != VERSION || cur_u8(&c, &en.transport) ||
	    en.transport >= ENTRY_TRANSPORTS || cur_u16(&c, &en.flags) || en.flags & ~ENTRY_FLAGS || cur_u64(&c, &time) ||
	    cur_u64(&c, &en.seq) || (en.seq > 0) != !!(en.flags & ENTRY_CHAINED))
		return ERR_CORRUPT;
	en.time_ns = (int64_t)time;
	if (en.flags & ENTRY_CHAINED) {
		if (cur_bytes(&c, SHA256_LEN, &p))
			return ERR_CORRUPT;
		memcpy(en.prev, p, SHA256_LEN);
	}
	if (name(&c, &en.source) || !en.source.n || name(&c, &en.peer) || cur_u32(&c, &n) || n > ENTRY_RAW_MAX ||
	    cur_bytes(&c, n, &p) || cur_left(&c))
		return ERR_CORRUPT;
	en.raw = str_n(p, n);
	*ret = en;
	return 0;
}

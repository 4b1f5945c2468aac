#include "tlog/segment.h"

#include <string.h>

#include "tlog/crc.h"

#define TAG_LEN 4

void put_le32(struct buf *b, uint32_t v)
{
	buf_u8(b, (uint8_t)v);
	buf_u8(b, (uint8_t)(v >> 8));
	buf_u8(b, (uint8_t)(v >> 16));
	buf_u8(b, (uint8_t)(v >> 24));
}

uint32_t get_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

void frame_put(struct buf *b, struct str payload)
{
	put_le32(b, SKIP_MAGIC);
	put_le32(b, (uint32_t)payload.n + 4);
	buf_str(b, payload);
	buf_u32(b, crc32c(0, payload.p, payload.n));
}

int frame_check(struct str content, const char *tag, struct cur *ret)
{
	struct cur tail;
	uint32_t crc;

	if (content.n < TAG_LEN + 4 || memcmp(content.p, tag, TAG_LEN) != 0)
		return ERR_CORRUPT;
	tail = cur_init(content.p + content.n - 4, 4);
	if (cur_u32(&tail, &crc) || crc != crc32c(0, content.p, content.n - 4))
		return ERR_CORRUPT;
	*ret = cur_init(content.p + TAG_LEN, content.n - TAG_LEN - 4);
	return 0;
}

void header_put(struct buf *b, const struct segment *s, const uint8_t origin_hash[SHA256_LEN])
{
	struct buf p;

	buf_init(&p, META_MAX);
	buf_puts(&p, "SVH1");
	buf_u64(&p, s->first);
	buf_u64(&p, s->capacity);
	buf_put(&p, origin_hash, SHA256_LEN);
	buf_u64(&p, (uint64_t)s->created_ns);
	buf_str(&p, s->sources);
	if (buf_err(&p))
		b->failed = true;
	else
		frame_put(b, buf_view(&p));
	buf_release(&p);
}

int header_get(struct str content, const uint8_t origin_hash[SHA256_LEN], struct segment *s)
{
	uint64_t first, capacity, created;
	const void *origin;
	struct cur c;

	if (frame_check(content, "SVH1", &c) || cur_u64(&c, &first) || cur_u64(&c, &capacity) ||
	    cur_bytes(&c, SHA256_LEN, &origin) || cur_u64(&c, &created))
		return ERR_CORRUPT;
	if (first != s->first || first % SEGMENT_UNIT || !capacity || capacity % SEGMENT_UNIT ||
	    capacity > (uint64_t)SEGMENT_UNIT * SEGMENT_UNITS_MAX || memcmp(origin, origin_hash, SHA256_LEN) != 0)
		return ERR_CORRUPT;
	s->capacity = capacity;
	s->created_ns = (int64_t)created;
	s->sources = str_n(c.p, cur_left(&c));
	return 0;
}

void meta_put(struct buf *b, const struct seg_block *sb)
{
	struct buf p;

	buf_init(&p, META_MAX);
	buf_puts(&p, "SVB2");
	buf_u64(&p, sb->first);
	buf_u32(&p, sb->count);
	buf_u64(&p, (uint64_t)sb->time_min);
	buf_u64(&p, (uint64_t)sb->time_max);
	buf_u32(&p, sb->packed);
	buf_u32(&p, sb->raw);
	buf_u32(&p, sb->crc);
	buf_u32(&p, sb->heads);
	buf_u32(&p, sb->text);
	buf_put(&p, sb->bundle, sb->count / BUNDLE * MERKLE_LEN);
	buf_str(&p, sb->sources);
	if (buf_err(&p))
		b->failed = true;
	else
		frame_put(b, buf_view(&p));
	buf_release(&p);
}

int meta_get(struct str content, struct seg_block *ret)
{
	struct seg_block sb = {0};
	uint64_t tmin, tmax;
	const void *hashes;
	struct cur c;

	bool apart = !frame_check(content, "SVB2", &c);

	if ((!apart && frame_check(content, "SVB1", &c)) || cur_u64(&c, &sb.first) || cur_u32(&c, &sb.count) || cur_u64(&c, &tmin) ||
	    cur_u64(&c, &tmax) || cur_u32(&c, &sb.packed) || cur_u32(&c, &sb.raw) || cur_u32(&c, &sb.crc) ||
	    (apart && (cur_u32(&c, &sb.heads) || cur_u32(&c, &sb.text) || !sb.heads || sb.heads > sb.packed || sb.text > sb.raw)))
		return ERR_CORRUPT;
	if (!apart)
		sb.text = sb.raw;
	if (!sb.count || sb.count % BUNDLE || sb.count > BLOCK_ENTRIES || sb.packed > PACKED_MAX ||
	    sb.raw > BLOCK_BYTES_MAX || cur_bytes(&c, sb.count / BUNDLE * MERKLE_LEN, &hashes))
		return ERR_CORRUPT;
	memcpy(sb.bundle, hashes, sb.count / BUNDLE * MERKLE_LEN);
	sb.time_min = (int64_t)tmin;
	sb.time_max = (int64_t)tmax;
	sb.sources = str_n(c.p, cur_left(&c));
	*ret = sb;
	return 0;
}

static void footer_put(struct buf *p, const struct segment *s)
{
	int64_t tmin = INT64_MAX, tmax = INT64_MIN;
	struct merkle_edge unit = {0};
	uint8_t h[MERKLE_LEN];

	for (size_t i = 0; i < s->n; i++) {
		if (s->blocks[i].time_min < tmin)
			tmin = s->blocks[i].time_min;
		if (s->blocks[i].time_max > tmax)
			tmax = s->blocks[i].time_max;
	}
	buf_puts(p, "SVF1");
	buf_u64(p, s->first);
	buf_u64(p, s->capacity);
	buf_u32(p, (uint32_t)s->n);
	buf_u64(p, (uint64_t)tmin);
	buf_u64(p, (uint64_t)tmax);
	buf_u64(p, (uint64_t)s->bytes);
	for (size_t i = 0; i < s->n; i++) {
		for (uint32_t k = 0; k < s->blocks[i].count / BUNDLE; k++) {
			if (merkle_edge_add(&unit, 0, s->blocks[i].bundle[k]))
				p->failed = true;
			if (unit.size < SEGMENT_UNIT / BUNDLE)
				continue;
			merkle_edge_root(&unit, h);
			buf_put(p, h, MERKLE_LEN);
			unit.size = 0;
		}
	}
}

static void seek_entry(struct buf *b, uint64_t packed, uint32_t raw)
{
	put_le32(b, (uint32_t)packed);
	put_le32(b, raw);
}

int closing_put(struct buf *b, const struct segment *s)
{
	uint32_t frames = (uint32_t)(2 * s->n + 2); /* header, metadata and content of each block, footer */
	size_t from = b->n, footer;
	struct buf p;

	if (!s->n || s->end != s->first + s->capacity)
		return ERR_WRONG_STATE;
	buf_init(&p, META_MAX);
	footer_put(&p, s);
	if (buf_err(&p))
		b->failed = true;
	else
		frame_put(b, buf_view(&p));
	buf_release(&p);
	footer = b->n - from;
	put_le32(b, SEEK_MAGIC);
	put_le32(b, frames * 8 + 9);
	seek_entry(b, s->blocks[0].meta_at, 0);
	for (size_t i = 0; i < s->n; i++) {
		const struct seg_block *sb = &s->blocks[i];

		seek_entry(b, sb->at + sb->heads - sb->meta_at, 0);
		seek_entry(b, sb->packed - sb->heads, sb->text);
	}
	seek_entry(b, footer, 0);
	put_le32(b, frames);
	buf_u8(b, 0);
	put_le32(b, SEEK_FOOTER_MAGIC);
	return buf_err(b);
}

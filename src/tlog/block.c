#include "tlog/block.h"

#include <stdlib.h>

#include "lib/arena.h"

struct block *block_new(void)
{
	struct block *b = xcalloc(1, sizeof *b);

	buf_init(&b->raw, BLOCK_BYTES_MAX);
	block_reset(b, 0);
	return b;
}

void block_free(struct block *b)
{
	if (!b)
		return;
	buf_release(&b->raw);
	free(b);
}

void block_reset(struct block *b, uint64_t first)
{
	b->first = first;
	b->count = 0;
	buf_clear(&b->raw);
	b->at[0] = 0;
	b->time_min = INT64_MAX;
	b->time_max = INT64_MIN;
}

/* The entry's bytes already stand at the end of raw, behind their length. */
static int added(struct block *b, struct str bytes)
{
	struct entry en;
	int r = entry_parse(bytes, &en);

	if (r)
		return r;
	merkle_leaf(bytes.p, bytes.n, b->leaf[b->count]);
	if (en.time_ns < b->time_min)
		b->time_min = en.time_ns;
	if (en.time_ns > b->time_max)
		b->time_max = en.time_ns;
	b->count++;
	b->at[b->count] = b->at[b->count - 1] + 2 + (uint32_t)bytes.n;
	return 0;
}

int block_add(struct block *b, struct str entry)
{
	int r;

	if (b->count == BLOCK_ENTRIES || entry.n > ENTRY_MAX)
		return ERR_NOMEM;
	buf_u16(&b->raw, (uint16_t)entry.n);
	buf_str(&b->raw, entry);
	if (buf_err(&b->raw))
		return ERR_NOMEM;
	r = added(b, str_n(b->raw.p + b->raw.n - entry.n, entry.n));
	if (r)
		b->raw.n = b->at[b->count];
	return r;
}

bool block_full(const struct block *b)
{
	uint64_t end = b->first + b->count;

	return b->count && (end % BLOCK_ENTRIES == 0 || (end % BUNDLE == 0 && b->raw.n >= BLOCK_BYTES));
}

struct str block_entry(const struct block *b, uint32_t i)
{
	return str_n(b->raw.p + b->at[i] + 2, b->at[i + 1] - b->at[i] - 2);
}

int block_load(struct block *b, uint64_t first, uint32_t count, struct str raw)
{
	struct cur c = cur_init(raw.p, raw.n);

	block_reset(b, first);
	if (count > BLOCK_ENTRIES)
		return ERR_CORRUPT;
	buf_str(&b->raw, raw);
	if (buf_err(&b->raw))
		return ERR_NOMEM;
	for (uint32_t i = 0; i < count; i++) {
		const void *p;
		uint16_t n;

		if (cur_u16(&c, &n) || cur_bytes(&c, n, &p) || added(b, str_n(p, n)))
			return ERR_CORRUPT;
	}
	return cur_left(&c) ? ERR_CORRUPT : 0;
}

void block_bundle(const struct block *b, uint32_t i, uint8_t out[MERKLE_LEN])
{
	merkle_root(b->leaf[i * BUNDLE], BUNDLE, out);
}

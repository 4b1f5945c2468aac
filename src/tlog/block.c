#include "tlog/block.h"

#include <stdlib.h>
#include <string.h>

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
	b->count = b->redacted = b->hashed = 0;
	buf_clear(&b->raw);
	b->at[0] = 0;
	b->time_min = INT64_MAX;
	b->time_max = INT64_MIN;
}

/* Hashes entries [from, to) of one bundle, and the bundle when it ends there. */
static void hash_run(struct block *b, uint32_t from, uint32_t to)
{
	struct str run[BUNDLE];
	uint32_t n = to - from;

	if (!n || n > BUNDLE)
		return;
	for (uint32_t i = 0; i < n; i++)
		run[i] = block_entry(b, from + i);
	merkle_leaves(run, n, b->leaf[from]);
	for (uint32_t i = 0; b->redacted && i < n; i++)
		if (entry_redacted(run[i]))
			memcpy(b->leaf[from + i], run[i].p + 1, MERKLE_LEN);
	if (to % BUNDLE == 0)
		merkle_root(b->leaf[to - BUNDLE], BUNDLE, b->bundle[to / BUNDLE - 1]);
}

/* Hashes what was appended from entry `from` on. */
static void hash_from(struct block *b, uint32_t from)
{
	hash_run(b, from, b->count);
}

/* Entry b->count is of n bytes. */
static void placed(struct block *b, size_t n)
{
	b->count++;
	b->at[b->count] = b->at[b->count - 1] + 2 + (uint32_t)n;
}

/* The same, and was received at time_ns. */
static void added(struct block *b, size_t n, int64_t time_ns)
{
	if (time_ns < b->time_min)
		b->time_min = time_ns;
	if (time_ns > b->time_max)
		b->time_max = time_ns;
	placed(b, n);
}

static int added_stored(struct block *b, struct str bytes)
{
	struct entry en;

	if (entry_redacted(bytes)) {
		b->redacted++;
		placed(b, bytes.n);
		return 0;
	}
	if (entry_parse(bytes, &en))
		return ERR_CORRUPT;
	added(b, bytes.n, en.time_ns);
	return 0;
}

int block_add(struct block *b, struct str entry)
{
	int r = block_add_unhashed(b, entry);

	if (!r)
		hash_from(b, b->count - 1);
	return r;
}

int block_add_unhashed(struct block *b, struct str entry)
{
	int r;

	if (b->count == BLOCK_ENTRIES || entry.n > ENTRY_MAX)
		return ERR_NOMEM;
	buf_u16(&b->raw, (uint16_t)entry.n);
	buf_str(&b->raw, entry);
	r = buf_err(&b->raw) ? ERR_NOMEM : added_stored(b, entry);
	if (r) {
		b->raw.n = b->at[b->count];
		b->raw.failed = false;
	}
	return r;
}

int block_add_run(struct block *b, struct str run, uint32_t n, uint32_t *ret_n, size_t *ret_bytes)
{
	uint32_t from = b->count, room = BUNDLE - b->count % BUNDLE;
	struct str rest = run, one;

	if (b->count == BLOCK_ENTRIES)
		return ERR_NOMEM;
	for (n = n < room ? n : room; b->count - from < n && !bundle_next(&rest, &one);)
		added(b, one.n, entry_time(one));
	buf_put(&b->raw, run.p, run.n - rest.n);
	if (buf_err(&b->raw) || b->count - from != n) {
		b->raw.n = b->at[from];
		b->count = from;
		return ERR_NOMEM;
	}
	hash_from(b, from);
	*ret_n = n;
	*ret_bytes = run.n - rest.n;
	return 0;
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

int block_index(struct block *b, uint32_t count)
{
	struct str rest = buf_view(&b->raw), bytes;

	if (count > BLOCK_ENTRIES || b->count)
		return ERR_CORRUPT;
	for (uint32_t i = 0; i < count; i++)
		if (bundle_next(&rest, &bytes) || added_stored(b, bytes))
			return ERR_CORRUPT;
	return rest.n ? ERR_CORRUPT : 0;
}

void block_hash(struct block *b, uint32_t bundle)
{
	uint32_t from = bundle * BUNDLE, to = from + BUNDLE < b->count ? from + BUNDLE : b->count;

	if (from < to && !(b->hashed >> bundle & 1))
		hash_run(b, from, to);
	b->hashed |= 1u << bundle;
}

int block_index_hashed(struct block *b, uint32_t count)
{
	int r = block_index(b, count);

	for (uint32_t i = 0; !r && i * BUNDLE < b->count; i++)
		block_hash(b, i);
	return r;
}

int block_load(struct block *b, uint64_t first, uint32_t count, struct str raw)
{
	block_reset(b, first);
	buf_str(&b->raw, raw);
	return buf_err(&b->raw) ? ERR_NOMEM : block_index_hashed(b, count);
}

int block_redact(struct block *b, uint32_t i)
{
	uint64_t first = b->first;
	uint32_t count = b->count;
	struct buf raw;
	int r;

	buf_init(&raw, BLOCK_BYTES_MAX);
	block_hash(b, i / BUNDLE);
	buf_put(&raw, b->raw.p, b->at[i]);
	buf_u16(&raw, REDACTED_LEN);
	buf_u8(&raw, 0);
	buf_put(&raw, b->leaf[i], MERKLE_LEN);
	buf_put(&raw, b->raw.p + b->at[i + 1], b->raw.n - b->at[i + 1]);
	r = buf_err(&raw) ? ERR_NOMEM : block_load(b, first, count, buf_view(&raw));
	explicit_bzero(raw.p, raw.n);
	buf_release(&raw);
	return r;
}

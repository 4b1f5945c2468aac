/* Entries take their places: one by one, or in runs that were checked as a whole before. */
#include "vault/vault.h"

#include <string.h>

#include "lib/clock.h"

/* The open block is full: into its segment with it. Not yet synced; the tail still has what was committed of it. */
static int close_block(struct vault *v, struct err *e)
{
	struct tlog *s = v->log;
	struct block *b = s->open;
	struct buf touched;
	int r = 0;

	if (!s->live) {
		if (b->first % SEGMENT_UNIT)
			return err_set(e, ERR_CORRUPT, "no open segment for entry %llu", (unsigned long long)b->first);
		r = segment_create(s->seg_dir, b->first, s->capacity, s->origin_hash, clock_true() * 1000,
		                   buf_view(&v->snapshot), &s->live, e);
		if (r || (r = tlog_seg_added(s, b->first)))
			return r;
		v->seg_new = true;
	}
	buf_init(&touched, META_MAX);
	sources_put(&v->sources, b->first, &touched);
	r = buf_err(&touched) ? err_set(e, ERR_NOMEM, "too many sources in one block")
	                      : segment_append(s->live, b, buf_view(&touched), e);
	buf_release(&touched);
	if (r)
		return r;
	indexer_block(v->indexer, s->live, b);
	block_reset(b, b->first + b->count);
	if (s->live->end < s->live->first + s->live->capacity)
		return 0;
	v->full[v->n_full++] = s->live;
	s->live = NULL;
	buf_clear(&v->snapshot);
	sources_put(&v->sources, 0, &v->snapshot);
	return buf_err(&v->snapshot);
}

int vault_edge(struct vault *v)
{
	const struct block *b = v->log->open;
	int r = 0;

	while (!r && v->edge.size < b->first + b->count) {
		uint32_t at = (uint32_t)(v->edge.size - b->first);
		bool whole = at % BUNDLE == 0 && b->count - at >= BUNDLE;

		r = merkle_edge_add(&v->edge, whole ? 8 : 0, whole ? b->bundle[at / BUNDLE] : b->leaf[at]);
	}
	return r;
}

/* After entries were added to the open block. */
static int grown(struct vault *v, struct err *e)
{
	int r = 0;

	if (block_full(v->log->open) && !(r = vault_edge(v)))
		r = close_block(v, e);
	v->broken = r != 0;
	return r;
}

static int may_append(struct vault *v, struct err *e)
{
	if (v->broken)
		return err_set(e, ERR_WRONG_STATE, "the log must be opened anew");
	return v->n_full == VAULT_FULL_MAX ? vault_commit(v, e) : 0;
}

int vault_append(struct vault *v, const struct entry *en, uint64_t *ret_index, struct err *e)
{
	struct tlog *s = v->log;
	uint64_t index = tlog_size(s);
	struct buf b;
	int r = may_append(v, e);

	if (r)
		return r;
	buf_init(&b, ENTRY_MAX);
	r = entry_put(&b, en);
	if (r)
		err_set(e, r, "an entry the log cannot hold");
	else if ((r = sources_follow(&v->sources, en, index)))
		err_set(e, r, "does not follow the source's last entry");
	else if ((r = block_add(s->open, buf_view(&b))))
		v->broken = err_set(e, r, "the open block is full") != 0;
	if (!r)
		r = grown(v, e);
	buf_release(&b);
	if (!r)
		*ret_index = index;
	return r;
}

/* Exactly n entries, each of which may come in a run. */
static int check_run(struct str run, uint32_t n, unsigned transports, struct err *e)
{
	struct str one, like = STR_NONE;
	size_t head = 0;
	struct entry en;

	for (uint32_t i = 0; i < n; i++) {
		if (bundle_next(&run, &one))
			return err_set(e, ERR_INVALID, "only %u of %u entries came", i, n);
		if (like.n && entry_alike(like, head, one))
			continue;
		if (entry_parse(one, &en) || en.flags & ENTRY_CHAINED || !(transports >> en.transport & 1) || str_is(en.source, VAULT_OWN))
			return err_set(e, ERR_INVALID, "entry %u of %u may not come like this", i, n);
		like = one;
		head = one.n - en.raw.n;
	}
	return n && !run.n ? 0 : err_set(e, ERR_INVALID, "%zu bytes behind %u entries", run.n, n);
}

int vault_append_run(struct vault *v, struct str run, uint32_t n, unsigned transports, uint64_t *ret_first, struct err *e)
{
	uint64_t first = tlog_size(v->log);
	int r = check_run(run, n, transports, e);

	while (!r && n) {
		uint32_t took = 0;
		size_t bytes = 0;

		r = may_append(v, e);
		if (!r && (r = block_add_run(v->log->open, run, n, &took, &bytes)))
			v->broken = err_set(e, r, "the open block is full") != 0;
		run = str_n(run.p + bytes, run.n - bytes);
		n -= took;
		if (!r)
			r = grown(v, e);
	}
	if (!r)
		*ret_first = first;
	return r;
}

int vault_append_own(struct vault *v, const char *type, const char *detail, uint64_t *ret_index, struct err *e)
{
	const struct source *last = sources_find(&v->sources, STR(VAULT_OWN));
	struct entry en = {.transport = ENTRY_OWN, .flags = ENTRY_CHAINED, .time_ns = clock_true() * 1000,
	                   .seq = last ? last->seq + 1 : 1, .source = STR(VAULT_OWN), .peer = STR("")};
	struct buf b;
	int r;

	if (last)
		memcpy(en.prev, last->hash, SHA256_LEN);
	buf_init(&b, VAULT_DETAIL_MAX + 256);
	buf_printf(&b, "{\"type\":\"%s\"%s%s}", type, *detail ? "," : "", detail);
	en.raw = buf_view(&b);
	r = buf_err(&b) ? err_set(e, ERR_TOOBIG, "too long an entry") : vault_append(v, &en, ret_index, e);
	buf_release(&b);
	return r;
}

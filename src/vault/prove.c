/* Questions to the log: proofs, and where a source's numbered entry stands. */
#include "vault/vault.h"

#include <string.h>

int vault_prove(struct vault *v, uint64_t index, struct buf *entry, struct buf *proof, struct err *e)
{
	return tlog_prove(v->log, index, v->signed_size, buf_view(&v->log->last_signed), entry, proof, e);
}

const struct source *vault_source(const struct vault *v, struct str name)
{
	return sources_find(&v->sources, name);
}

const struct sources *vault_sources(const struct vault *v)
{
	return &v->sources;
}

struct tlog *vault_log(struct vault *v)
{
	return v->log;
}

uint64_t vault_signed_size(const struct vault *v)
{
	return v->signed_size;
}

/* A source's number in an encoded list, 0 when it is not there. */
static int number_in(struct str list, struct str name, uint64_t *ret)
{
	struct sources all = {0};
	struct cur c = cur_init(list.p, list.n);
	const struct source *src;
	int r = sources_get(&all, &c);

	src = r ? NULL : sources_find(&all, name);
	*ret = src ? src->seq : 0;
	sources_release(&all);
	return r;
}

/* Looks for the numbered entry in a block, which is in memory. */
static int in_block(const struct block *b, struct str name, uint64_t seq, const uint8_t *hash, uint64_t *ret_index,
                    struct err *e)
{
	for (uint32_t i = 0; i < b->count; i++) {
		uint8_t have[SHA256_LEN];
		struct entry en;

		if (entry_parse(block_entry(b, i), &en) || en.seq != seq || !str_eq(en.source, name))
			continue;
		sha256(en.raw.p, en.raw.n, have);
		if (memcmp(have, hash, SHA256_LEN) != 0)
			return err_set(e, ERR_CONFLICT, "number %llu is taken by another entry", (unsigned long long)seq);
		*ret_index = b->first + i;
		return 0;
	}
	return ERR_NOTFOUND;
}

/* The first block of the segment after which the source has reached seq. */
static int in_segment(struct vault *v, struct segment *seg, struct str name, uint64_t seq, const uint8_t *hash,
                      uint64_t *ret_index, struct err *e)
{
	for (size_t i = 0; i < seg->n; i++) {
		const struct block *b;
		uint64_t last;
		int r = number_in(seg->blocks[i].sources, name, &last);

		if (r)
			return err_set(e, r, "seg/%020llu: its sources are damaged", (unsigned long long)seg->first);
		if (last < seq)
			continue;
		r = tlog_block(v->log, seg->blocks[i].first, &b, e);
		return r ? r : in_block(b, name, seq, hash, ret_index, e);
	}
	return ERR_NOTFOUND;
}

int vault_find(struct vault *v, struct str name, uint64_t seq, const uint8_t hash[SHA256_LEN], uint64_t *ret_index,
               struct err *e)
{
	const struct source *src = sources_find(&v->sources, name);
	struct tlog *s = v->log;
	int r;

	if (!src || !seq || seq > src->seq)
		return err_set(e, ERR_NOTFOUND, "no such number");
	if (seq == src->seq) {
		if (memcmp(src->hash, hash, SHA256_LEN) != 0)
			return err_set(e, ERR_CONFLICT, "number %llu is taken by another entry", (unsigned long long)seq);
		*ret_index = src->index;
		return 0;
	}
	r = in_block(s->open, name, seq, hash, ret_index, e);
	for (size_t i = s->n_segs; r == ERR_NOTFOUND && i > 0; i--) {
		struct segment *seg;
		uint64_t before;

		if ((r = tlog_segment(s, s->segs[i - 1], &seg, e)) || (r = number_in(seg->sources, name, &before)))
			return r;
		r = ERR_NOTFOUND;
		if (before < seq)
			return in_segment(v, seg, name, seq, hash, ret_index, e);
	}
	return r == ERR_NOTFOUND ? err_set(e, r, "no such number") : r;
}

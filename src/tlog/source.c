#include "tlog/source.h"

#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"

void sources_release(struct sources *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->list[i]);
	free(s->list);
	*s = (struct sources){0};
}

/* The place of a name, or where it would stand. */
static size_t place(const struct sources *s, struct str name, bool *ret_found)
{
	size_t lo = 0, hi = s->n;

	*ret_found = false;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = str_cmp(str_n(s->list[mid]->name, s->list[mid]->name_n), name);

		if (!c) {
			*ret_found = true;
			return mid;
		}
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct source *sources_find(const struct sources *s, struct str name)
{
	bool found;
	size_t at = place(s, name, &found);

	return found ? s->list[at] : NULL;
}

/* ERR_TOOBIG beyond SOURCES_MAX. */
static int sources_set(struct sources *s, struct str name, uint64_t seq, uint64_t index, const uint8_t *hash)
{
	struct source *src;
	bool found;
	size_t at = place(s, name, &found);

	if (!found) {
		if (s->n == SOURCES_MAX || !name.n || name.n > ENTRY_NAME_MAX)
			return ERR_TOOBIG;
		if (s->n == s->cap) {
			size_t cap = s->cap ? 2 * s->cap : 16;
			struct source **more = xcalloc(cap, sizeof *more);

			if (s->n)
				memcpy(more, s->list, s->n * sizeof *more);
			free(s->list);
			s->list = more;
			s->cap = cap;
		}
		memmove(s->list + at + 1, s->list + at, (s->n - at) * sizeof *s->list);
		src = s->list[at] = xcalloc(1, sizeof *src);
		memcpy(src->name, name.p, name.n);
		src->name_n = (uint8_t)name.n;
		s->n++;
	}
	src = s->list[at];
	src->seq = seq;
	src->index = index;
	memcpy(src->hash, hash, SHA256_LEN);
	return 0;
}

int sources_follow(struct sources *s, const struct entry *en, uint64_t index)
{
	static const uint8_t none[SHA256_LEN];
	const struct source *last;
	uint8_t hash[SHA256_LEN];

	if (!(en->flags & ENTRY_CHAINED))
		return 0;
	last = sources_find(s, en->source);
	if (en->seq != (last ? last->seq : 0) + 1 || memcmp(en->prev, last ? last->hash : none, SHA256_LEN))
		return ERR_CONFLICT;
	sha256(en->raw.p, en->raw.n, hash);
	return sources_set(s, en->source, en->seq, index, hash);
}

void sources_put(const struct sources *s, uint64_t from, struct buf *b)
{
	uint32_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->list[i]->index >= from;
	buf_u32(b, n);
	for (size_t i = 0; i < s->n; i++) {
		const struct source *src = s->list[i];

		if (src->index < from)
			continue;
		buf_u8(b, src->name_n);
		buf_put(b, src->name, src->name_n);
		buf_u64(b, src->seq);
		buf_u64(b, src->index);
		buf_put(b, src->hash, SHA256_LEN);
	}
}

int sources_get(struct sources *s, struct cur *c)
{
	uint32_t n;

	if (cur_u32(c, &n) || n > SOURCES_MAX)
		return ERR_CORRUPT;
	for (uint32_t i = 0; i < n; i++) {
		const void *name, *hash;
		uint64_t seq, index;
		uint8_t len;

		if (cur_u8(c, &len) || cur_bytes(c, len, &name) || cur_u64(c, &seq) || cur_u64(c, &index) ||
		    cur_bytes(c, SHA256_LEN, &hash) || !seq || sources_set(s, str_n(name, len), seq, index, hash))
			return ERR_CORRUPT;
	}
	return 0;
}

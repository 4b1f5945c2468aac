#include "tlog/search.h"

#include <stdlib.h>
#include <string.h>

#include "tlog/fold.h"

#define PLACES (2 * SEARCH_FACET_MAX)

void search_slot_release(struct search_slot *s)
{
	free(s->hits);
	buf_release(&s->mem);
	s->hits = NULL;
	s->n = s->cap = 0;
}

static int keep_hit(struct search_slot *s, uint64_t index, struct str bytes)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 16;
		struct search_hit *more = realloc(s->hits, cap * sizeof *more);

		if (!more)
			return ERR_NOMEM;
		s->hits = more;
		s->cap = cap;
	}
	if (!s->mem.max)
		buf_init(&s->mem, BLOCK_BYTES_MAX);
	s->hits[s->n++] = (struct search_hit){index, {NULL, bytes.n}};
	buf_str(&s->mem, bytes);
	return buf_err(&s->mem);
}

/* --- counts --------------------------------------------------------------------------------------------------------- */

static void count_value(struct search_counts *c, enum search_facet f, struct str name, uint64_t by)
{
	uint64_t h = 0xcbf29ce484222325u;

	if (!name.n)
		return;
	if (!c->rows[f])
		c->rows[f] = xcalloc(PLACES, sizeof **c->rows);
	for (size_t i = 0; i < name.n; i++)
		h = (h ^ (uint8_t)name.p[i]) * 0x100000001b3u;
	for (size_t at = (h >> 20) % PLACES;; at = (at + 1) % PLACES) {
		struct search_facet_row *row = &c->rows[f][at];

		if (row->name && row->name_n == name.n && !memcmp(row->name, name.p, name.n)) {
			row->n += by;
			return;
		}
		if (row->name)
			continue;
		if (c->n_rows[f] == SEARCH_FACET_MAX) {
			c->others[f] += by;
			return;
		}
		row->name = xmalloc(name.n);
		memcpy(row->name, name.p, name.n);
		row->name_n = (uint32_t)name.n;
		row->n = by;
		c->n_rows[f]++;
		return;
	}
}

void search_count(struct search_counts *c, const struct search_ask *ask, struct query_doc *doc)
{
	int64_t t = doc->entry.time_ns - ask->bar_from_ns;

	if (!doc->skimmed)
		skim(doc->entry.raw, &doc->skim);
	doc->skimmed = true;
	count_value(c, FACET_SOURCE, doc->entry.source, 1);
	count_value(c, FACET_HOST, str_slice(doc->skim.host, 0, ENTRY_NAME_MAX), 1);
	count_value(c, FACET_PROGRAM, str_slice(doc->skim.program, 0, ENTRY_NAME_MAX), 1);
	c->severity[doc->skim.severity == SKIM_NONE ? 8 : doc->skim.severity]++;
	if (ask->bar_ns > 0 && t >= 0 && t / ask->bar_ns < SEARCH_BARS_MAX)
		c->bars[t / ask->bar_ns]++;
}

void search_counts_add(struct search_counts *to, const struct search_counts *from)
{
	for (int f = 0; f < FACETS; f++) {
		for (size_t i = 0; from->rows[f] && i < PLACES; i++)
			count_value(to, f, str_n(from->rows[f][i].name, from->rows[f][i].name_n), from->rows[f][i].n);
		to->others[f] += from->others[f];
	}
	for (size_t i = 0; i < ARRAY_LEN(to->severity); i++)
		to->severity[i] += from->severity[i];
	for (size_t i = 0; i < SEARCH_BARS_MAX; i++)
		to->bars[i] += from->bars[i];
}

void search_counts_release(struct search_counts *c)
{
	for (int f = 0; f < FACETS; f++) {
		for (size_t i = 0; c->rows[f] && i < PLACES; i++)
			free(c->rows[f][i].name);
		free(c->rows[f]);
	}
	*c = (struct search_counts){0};
}

static int by_number(const void *a, const void *b)
{
	const struct search_facet_row *x = a, *y = b;

	if (x->n != y->n)
		return (x->n < y->n) - (x->n > y->n);
	return str_cmp(str_n(x->name, x->name_n), str_n(y->name, y->name_n));
}

size_t search_counts_top(const struct search_counts *c, enum search_facet f, struct search_facet_row *out, size_t max)
{
	struct search_facet_row *all;
	size_t n = 0;

	if (!c->rows[f])
		return 0;
	all = xcalloc(c->n_rows[f] + 1, sizeof *all);
	for (size_t i = 0; i < PLACES; i++)
		if (c->rows[f][i].name)
			all[n++] = c->rows[f][i];
	qsort(all, n, sizeof *all, by_number);
	n = n < max ? n : max;
	memcpy(out, all, n * sizeof *all);
	free(all);
	return n;
}

/* --- entries ---------------------------------------------------------------------------------------------------------- */

struct scan {
	const struct search_plan *plan;
	struct query_doc *doc;
	struct search_slot *slot;
	struct search_counts *counts;
	bool keep;
};

static int judge(const struct scan *s, uint64_t index, struct str bytes)
{
	const struct search_ask *ask = s->plan->ask;
	struct entry en;

	if (entry_redacted(bytes))
		return 0;
	if (entry_parse(bytes, &en))
		return ERR_CORRUPT;
	if (en.time_ns < ask->from_ns || en.time_ns >= ask->to_ns || (ask->may && !ask->may(ask->may_arg, &en)))
		return 0;
	query_doc_set(s->doc, &en);
	if (!query_matches(ask->query, s->doc))
		return 0;
	s->slot->matched++;
	if (s->counts)
		search_count(s->counts, ask, s->doc);
	return s->keep ? keep_hit(s->slot, index, bytes) : 0;
}

/* Could its message match although none of the words sought stands in its bytes? */
static bool odd(struct str bytes)
{
	struct entry en;

	return entry_parse(bytes, &en) || (find_beyond_ascii(en.raw) && !fold_is_plain(en.raw));
}

/* The next place of any of the words; raw.n when there is none. */
static size_t next_place(const struct search_plan *p, struct str raw, size_t from, size_t next[QUERY_NEEDS_MAX])
{
	size_t best = raw.n;

	for (size_t i = 0; i < p->n_needs; i++) {
		if (next[i] < from || (!from && !next[i]))
			next[i] = needle_find(p->needs[i], raw, from);
		if (next[i] < best)
			best = next[i];
	}
	return best;
}

bool search_not_in(const struct search_plan *p, struct str text, enum search_content content)
{
	size_t next[QUERY_NEEDS_MAX] = {0};

	return p->n_needs && content != SEARCH_UNKNOWN && next_place(p, text, 0, next) == text.n;
}

int search_block(const struct search_plan *p, uint64_t first, uint32_t count, struct str raw, enum search_content content,
                 bool keep, struct query_doc *doc, struct search_slot *slot, struct search_counts *counts)
{
	struct scan s = {p, doc, slot, counts, keep};
	size_t at = 0, next[QUERY_NEEDS_MAX] = {0}, place = p->n_needs ? next_place(p, raw, 0, next) : 0;
	bool known = content != SEARCH_UNKNOWN;

	if (p->n_needs && place == raw.n && known)
		return 0;
	for (uint32_t i = 0; i < count && first + i < p->end; i++) {
		struct str bytes;
		size_t n;
		int r;

		if (raw.n - at < 2)
			return ERR_CORRUPT;
		n = (size_t)(uint8_t)raw.p[at] << 8 | (uint8_t)raw.p[at + 1];
		if (raw.n - at - 2 < n)
			return ERR_CORRUPT;
		bytes = str_n(raw.p + at + 2, n);
		at += 2 + n;
		if (p->n_needs && place < at - n)
			place = next_place(p, raw, at - n, next);
		if (p->n_needs && place >= at && (known || !odd(bytes))) {
			if (known && place == raw.n)
				break;
			continue;
		}
		if (first + i < p->ask->after)
			continue;
		r = judge(&s, first + i, bytes);
		if (r)
			return r;
	}
	return 0;
}

#include "vault/verify_parts.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"
#include "lib/file.h"

void verify_problem(struct verify_report *r, const char *where, const char *fmt, ...)
{
	va_list ap;

	if (r->n_problems < VERIFY_PROBLEMS_MAX) {
		struct verify_problem *p = &r->problems[r->n_problems];

		snprintf(p->where, sizeof p->where, "%s", where);
		va_start(ap, fmt);
		vsnprintf(p->what, sizeof p->what, fmt, ap);
		va_end(ap);
	}
	r->n_problems++;
}

/* Meets the targets whose size lies in the block just read; the edge still ends before it. */
static void meet_targets(struct audit *a, const struct block *b)
{
	for (size_t i = 0; i < a->n_targets; i++) {
		struct target *t = &a->targets[i];
		struct merkle_edge edge = a->edge;
		uint8_t root[MERKLE_LEN];

		if (t->met || t->size < b->first || t->size > b->first + b->count)
			continue;
		for (uint32_t k = 0; b->first + k < t->size; k++)
			if (merkle_edge_add(&edge, 0, b->leaf[k]))
				return;
		merkle_edge_root(&edge, root);
		t->met = true;
		if (memcmp(root, t->root, MERKLE_LEN) != 0)
			verify_problem(a->report, t->name, "the first %llu entries are not those that were signed",
			        (unsigned long long)t->size);
		else
			t->right = true;
		if (t->right && t->size >= a->report->size) {
			a->report->size = t->size;
			memcpy(a->report->root, root, MERKLE_LEN);
		}
	}
}

static void check_chains(struct audit *a, const struct block *b, const char *where)
{
	for (uint32_t i = 0; i < b->count; i++) {
		struct str bytes = block_entry(b, i);
		struct entry en;

		/* that it parses was seen when its block was read */
		if (b->redacted && entry_redacted(bytes)) {
			verify_redacted(a, b->first + i);
			continue;
		}
		if (!entry_chained(bytes))
			continue;
		if (entry_parse(bytes, &en)) {
			verify_problem(a->report, where, "entry %llu does not parse", (unsigned long long)b->first + i);
			continue;
		}
		if (str_is(en.source, VERIFY_OWN))
			verify_own(a, &en, b->first + i);
		if (sources_follow(&a->report->sources, &en, b->first + i))
			verify_problem(a->report, where, "entry %llu does not follow the last one of %.*s", (unsigned long long)b->first + i,
			        (int)(en.source.n < 60 ? en.source.n : 60), en.source.p);
	}
	a->report->entries += b->count;
}

static void push_tile(struct audit *a, const uint8_t *hash)
{
	uint8_t h[MERKLE_LEN], disk[TILE_BYTES];

	memcpy(h, hash, MERKLE_LEN);
	for (unsigned l = 1; l < TILE_LEVELS; l++) {
		struct tile_part *p = &a->part[l];
		char path[TILE_PATH_MAX];
		int r;

		memcpy(p->h + (size_t)p->count++ * MERKLE_LEN, h, MERKLE_LEN);
		if (p->count < MERKLE_TILE)
			return;
		tile_path(l, p->n, path);
		r = tile_read(a->log->dir, l, p->n, disk);
		/* a tile is written between the entries' commit and their signature */
		if (r && (a->edge.size <= a->signed_size || r != ERR_NOTFOUND))
			verify_problem(a->report, path, r == ERR_NOTFOUND ? "missing" : "not a full tile");
		else if (!r && memcmp(disk, p->h, TILE_BYTES) != 0)
			verify_problem(a->report, path, "holds other hashes than the entries");
		a->report->tiles += !r;
		merkle_root(p->h, MERKLE_TILE, h);
		p->n++;
		p->count = 0;
	}
}

/* The encoding of the sources that sources_put would make now equals what was stored. */
static bool same_sources(const struct sources *s, uint64_t from, struct str stored)
{
	struct buf b;
	bool same;

	buf_init(&b, META_MAX);
	sources_put(s, from, &b);
	same = !buf_err(&b) && str_eq(buf_view(&b), stored);
	buf_release(&b);
	return same;
}

static void check_block(struct audit *a, const struct segment *seg, const struct seg_block *sb, const char *where)
{
	struct block *b = a->block;
	struct err e = {0};

	if (segment_read(seg, sb, b, &e)) {
		verify_problem(a->report, where, "%s", e.text);
		return;
	}
	check_chains(a, b, where);
	if (b->redacted ? b->time_min < sb->time_min || b->time_max > sb->time_max
	                : b->time_min != sb->time_min || b->time_max != sb->time_max)
		verify_problem(a->report, where, "block at entry %llu: its times are not those of the entries",
		        (unsigned long long)b->first);
	if (!same_sources(&a->report->sources, b->first, sb->sources))
		verify_problem(a->report, where, "block at entry %llu: its sources are not those of the entries",
		        (unsigned long long)b->first);
	meet_targets(a, b);
	for (uint32_t i = 0; i < b->count / BUNDLE; i++) {
		const uint8_t *h = b->bundle[i];

		if (memcmp(h, sb->bundle[i], MERKLE_LEN) != 0)
			verify_problem(a->report, where, "block at entry %llu: its hashes are not those of the entries",
			        (unsigned long long)b->first);
		if (merkle_edge_add(&a->edge, 8, h))
			verify_problem(a->report, where, "block at entry %llu is out of place", (unsigned long long)b->first);
		push_tile(a, h);
	}
	a->report->blocks++;
}

/* Behind a gap the segment itself says where its sources stood; for the first one that stays, so does the entry about the gap. */
static void adopt_sources(struct audit *a, const struct segment *seg, const char *where)
{
	struct cur c = cur_init(seg->sources.p, seg->sources.n);

	sources_release(&a->report->sources);
	if (sources_get(&a->report->sources, &c))
		verify_problem(a->report, where, "its sources are damaged");
	if (seg->first == a->log->keep.minimum)
		sha256_hex(seg->sources.p, seg->sources.n, a->sources);
	a->gap = false;
}

/* False when the walk cannot go on behind this segment. */
static bool check_segment(struct audit *a, uint64_t first)
{
	uint64_t end = a->log->open->first;
	struct segment *seg;
	struct err e = {0};
	char where[32];

	snprintf(where, sizeof where, "seg/%020llu", (unsigned long long)first);
	if (segment_open(a->log->seg_dir, first, a->log->origin_hash, false, &seg, &e)) {
		verify_problem(a->report, where, "%s", e.text);
		return false;
	}
	if (seg->capacity != a->log->capacity)
		verify_problem(a->report, where, "made for another number of entries than the log's");
	if (a->gap)
		adopt_sources(a, seg, where);
	else if (!same_sources(&a->report->sources, 0, seg->sources))
		verify_problem(a->report, where, "its sources are not those of the entries before");
	for (size_t i = 0; i < seg->n && seg->blocks[i].first < end; i++)
		check_block(a, seg, &seg->blocks[i], where);
	if (seg->end < end && seg->end < seg->first + seg->capacity)
		verify_problem(a->report, where, "ends before entry %llu", (unsigned long long)seg->end);
	if (!seg->sealed && seg->first + seg->capacity <= a->signed_size)
		verify_problem(a->report, where, "its footer or seek table is damaged");
	if (!seg->sealed)
		a->report->loose_bytes += (uint64_t)(seg->file_bytes - seg->bytes);
	a->report->segments++;
	segment_free(seg);
	return a->edge.size == (end < first + a->log->capacity ? end : first + a->log->capacity);
}

/* A segment that was removed: its tiles stand for it. */
static bool check_gap(struct audit *a)
{
	uint8_t tile[TILE_BYTES];
	char path[TILE_PATH_MAX];

	for (uint64_t end = a->edge.size + a->log->capacity; a->edge.size < end;) {
		uint64_t n = a->edge.size / SEGMENT_UNIT;

		tile_path(1, n, path);
		if (tile_read(a->log->dir, 1, n, tile)) {
			verify_problem(a->report, path, "missing, and it is all that is left of its entries");
			return false;
		}
		for (unsigned i = 0; i < MERKLE_TILE; i++) {
			if (merkle_edge_add(&a->edge, 8, tile + (size_t)i * MERKLE_LEN))
				return false;
			push_tile(a, tile + (size_t)i * MERKLE_LEN);
		}
	}
	a->gap = true;
	a->report->removed += a->log->capacity;
	return true;
}

static void walk(struct audit *a)
{
	struct tlog *s = a->log;
	size_t i = 0;

	while (a->edge.size < s->open->first) {
		if (a->edge.size < s->keep.minimum && (i == s->n_segs || s->segs[i] != a->edge.size)) {
			if (!check_gap(a))
				return;
			continue;
		}
		if (i == s->n_segs || s->segs[i] != a->edge.size) {
			verify_problem(a->report, "seg", "the segment that begins at entry %llu is missing",
			        (unsigned long long)a->edge.size);
			return;
		}
		if (!check_segment(a, s->segs[i++])) {
			if (!a->report->n_problems)
				verify_problem(a->report, "seg", "entries from %llu on cannot be read", (unsigned long long)a->edge.size);
			return;
		}
	}
	check_chains(a, s->open, "tail");
	meet_targets(a, s->open);
	a->report->loose_bytes += s->tail_left;
}

void verify_folder(const char *path, const struct verify_options *o, struct verify_report *ret)
{
	struct audit a = {.report = ret, .block = block_new()};
	struct err e = {0};

	*ret = (struct verify_report){0};
	if (tlog_open(path, &a.log, &e)) {
		verify_problem(ret, "folder", "%s", e.text);
		block_free(a.block);
		return;
	}
	memcpy(ret->origin, a.log->origin, sizeof ret->origin);
	verify_targets(&a, o);
	walk(&a);
	verify_old_targets(&a);
	verify_retention(&a);
	verify_trust(&a);
	for (size_t i = 0; i < a.n_targets; i++)
		if (!a.targets[i].met)
			verify_problem(ret, a.targets[i].name, "%llu entries were signed, %llu are here",
			        (unsigned long long)a.targets[i].size, (unsigned long long)ret->entries);
	if (!a.n_targets && !ret->n_problems)
		verify_problem(ret, "checkpoint", "nothing is signed");
	ret->unsigned_entries = ret->entries > a.signed_size ? ret->entries - a.signed_size : 0;
	tlog_free(a.log);
	block_free(a.block);
	free(a.targets);
	verify_forget(&a);
}

void verify_release(struct verify_report *r)
{
	sources_release(&r->sources);
}

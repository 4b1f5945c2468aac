#include "tlog/tlog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "tlog/tail.h"

#define LOG_FILE_MAX 1024u
#define SEGS_MAX (1u << 24)

static int read_about(struct tlog *s, struct err *e)
{
	struct str rest, origin, units;
	struct buf b;
	int64_t n;
	int r;

	buf_init(&b, LOG_FILE_MAX);
	r = file_read_at(s->dir, "log", LOG_FILE_MAX, &b, e);
	if (!r) {
		rest = buf_view(&b);
		if (!str_is(str_cut(&rest, '\n'), "sekisho vault 1")) {
			r = err_set(e, ERR_VERSION, "log: not a vault of this version");
		} else {
			origin = str_cut(&rest, '\n');
			units = str_cut(&rest, '\n');
			if (!str_starts(origin, "origin ") || note_name_check(str_slice(origin, 7, origin.n)) ||
			    !str_starts(units, "segment ") ||
			    str_int(str_slice(units, 8, units.n), SEGMENT_UNIT, (int64_t)SEGMENT_UNIT * SEGMENT_UNITS_MAX, &n) ||
			    n % SEGMENT_UNIT || rest.n) {
				r = err_set(e, ERR_CORRUPT, "log: damaged");
			} else {
				memcpy(s->origin, origin.p + 7, origin.n - 7);
				s->capacity = (uint64_t)n;
				sha256(s->origin, origin.n - 7, s->origin_hash);
			}
		}
	}
	buf_release(&b);
	return r;
}

static int by_index(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int tlog_seg_added(struct tlog *s, uint64_t first)
{
	if (s->n_segs == SEGS_MAX)
		return ERR_TOOBIG;
	if (s->n_segs == s->cap_segs) {
		size_t cap = s->cap_segs ? 2 * s->cap_segs : 64;
		uint64_t *more = xcalloc(cap, sizeof *more);

		if (s->n_segs)
			memcpy(more, s->segs, s->n_segs * sizeof *more);
		free(s->segs);
		s->segs = more;
		s->cap_segs = cap;
	}
	s->segs[s->n_segs++] = first;
	return 0;
}

static int list_segs(struct tlog *s, const char *path, struct err *e)
{
	struct arena *a = arena_new(1u << 30);
	const char *dir = arena_printf(a, "%s/seg", path);
	char **names;
	size_t n;
	int r = dir_list(a, dir, "", &names, &n, e);

	for (size_t i = 0; !r && i < n; i++) {
		uint64_t first;

		if (!segment_name_parse(names[i], &first))
			r = tlog_seg_added(s, first);
	}
	arena_free(a);
	if (!r && s->n_segs)
		qsort(s->segs, s->n_segs, sizeof *s->segs, by_index);
	return r;
}

/* A file that may be absent. */
static int optional(struct tlog *s, const char *name, struct buf *b, struct err *e)
{
	int r = file_read_at(s->dir, name, NOTE_MAX, b, e);

	return r == ERR_NOTFOUND ? 0 : r;
}

static int open_all(struct tlog *s, const char *path, struct err *e)
{
	int r;

	s->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir < 0)
		return errno == ENOENT ? err_set(e, ERR_NOTFOUND, "%s: no such folder", path) : err_sys(e, "%s", path);
	if ((r = read_about(s, e)) || (r = optional(s, "seen-elsewhere", &s->elsewhere, e)) || (r = optional(s, "cosigned", &s->cosigned, e)) ||
	    (r = optional(s, "checkpoint", &s->checkpoint, e)) ||
	    (r = optional(s, "last-signed", &s->last_signed, e)) || (r = optional(s, "vkey", &s->vkey, e)) || (r = optional(s, "older-keys", &s->older, e)) ||
	    (r = retention_read(s->dir, &s->keep, e)))
		return r;
	s->seg_dir = openat(s->dir, "seg", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->seg_dir < 0)
		return err_sys(e, "seg");
	r = tail_read(s->dir, s->origin_hash, s->open, &s->tail_left, e);
	return r ? r : list_segs(s, path, e);
}

int tlog_open(const char *path, struct tlog **ret, struct err *e)
{
	struct tlog *s = xcalloc(1, sizeof *s);
	int r;

	s->dir = s->seg_dir = -1;
	s->open = block_new();
	s->loaded = block_new();
	buf_init(&s->checkpoint, NOTE_MAX);
	buf_init(&s->last_signed, NOTE_MAX);
	buf_init(&s->vkey, NOTE_MAX);
	buf_init(&s->older, NOTE_MAX);
	buf_init(&s->cosigned, NOTE_MAX);
	buf_init(&s->elsewhere, NOTE_MAX);
	r = open_all(s, path, e);
	if (r) {
		tlog_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

void tlog_free(struct tlog *s)
{
	if (!s)
		return;
	segment_free(s->cached);
	segment_free(s->peeked);
	block_free(s->open);
	block_free(s->loaded);
	buf_release(&s->checkpoint);
	buf_release(&s->last_signed);
	buf_release(&s->vkey);
	buf_release(&s->older);
	buf_release(&s->cosigned);
	buf_release(&s->elsewhere);
	free(s->segs);
	if (s->seg_dir >= 0)
		close(s->seg_dir);
	if (s->dir >= 0)
		close(s->dir);
	free(s);
}

uint64_t tlog_size(const struct tlog *s)
{
	return s->open->first + s->open->count;
}

size_t tlog_seg_at(const struct tlog *s, uint64_t index)
{
	size_t lo = 0, hi = s->n_segs;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (s->segs[mid] <= index)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? lo - 1 : s->n_segs;
}

int tlog_segment(struct tlog *s, uint64_t first, struct segment **ret, struct err *e)
{
	int r;

	if (s->live && s->live->first == first) {
		*ret = s->live;
		return 0;
	}
	if (!s->cached || s->cached->first != first) {
		segment_free(s->cached);
		s->cached = NULL;
		r = segment_open(s->seg_dir, first, s->origin_hash, false, &s->cached, e);
		if (r)
			return r;
	}
	*ret = s->cached;
	return 0;
}

/* For one block of a segment that is not at hand, the others need not be read. */
static bool peek(struct tlog *s, uint64_t first, uint64_t index)
{
	if ((s->live && s->live->first == first) || (s->cached && s->cached->first == first))
		return false;
	if (s->peeked && s->peeked->first == first && segment_find(s->peeked, index))
		return true;
	segment_free(s->peeked);
	s->peeked = NULL;
	return !segment_open_at(s->seg_dir, first, s->origin_hash, index, &s->peeked);
}

/* The segment and the block in it that hold index. */
static int locate(struct tlog *s, uint64_t index, struct segment **ret, const struct seg_block **ret_block,
                  struct err *e)
{
	size_t at = tlog_seg_at(s, index);
	int r;

	if (at == s->n_segs || (index < s->keep.minimum && index >= s->segs[at] + s->capacity))
		return index < s->keep.minimum
		               ? err_set(e, ERR_NOTFOUND, "entry %llu was removed when its time was over; the log begins at %llu",
		                         (unsigned long long)index, (unsigned long long)s->keep.minimum)
		               : err_set(e, ERR_CORRUPT, "no segment holds entry %llu", (unsigned long long)index);
	if (peek(s, s->segs[at], index)) {
		*ret = s->peeked;
		*ret_block = segment_find(*ret, index);
		return 0;
	}
	r = tlog_segment(s, s->segs[at], ret, e);
	if (r)
		return r;
	*ret_block = segment_find(*ret, index);
	return *ret_block ? 0 : err_set(e, ERR_CORRUPT, "no segment holds entry %llu", (unsigned long long)index);
}

int tlog_block(struct tlog *s, uint64_t index, const struct block **ret, struct err *e)
{
	const struct seg_block *sb;
	struct segment *seg;
	int r;

	if (index >= tlog_size(s))
		return err_set(e, ERR_RANGE, "the log ends before entry %llu", (unsigned long long)index);
	if (index >= s->open->first) {
		*ret = s->open;
		return 0;
	}
	if (index < s->loaded->first || index >= s->loaded->first + s->loaded->count) {
		r = locate(s, index, &seg, &sb, e);
		if (r)
			return r;
		r = segment_load(seg, sb, s->loaded, e);
		if (r) {
			block_reset(s->loaded, 0);
			return r;
		}
	}
	*ret = s->loaded;
	return 0;
}

int tlog_entry(struct tlog *s, uint64_t index, struct str *ret, struct err *e)
{
	const struct block *b;
	int r = tlog_block(s, index, &b, e);

	if (!r)
		*ret = block_entry(b, (uint32_t)(index - b->first));
	return r;
}

/* Hash n of level 1: of the bundle of entries [256n, 256n + 256). */
static int bundle_hash(struct tlog *s, uint64_t n, uint8_t *out)
{
	const struct seg_block *sb;
	struct segment *seg;
	uint64_t index = n * BUNDLE;
	int r;

	if (index >= s->open->first) {
		if (index + BUNDLE > tlog_size(s))
			return ERR_RANGE;
		memcpy(out, s->open->bundle[(index - s->open->first) / BUNDLE], MERKLE_LEN);
		return 0;
	}
	r = locate(s, index, &seg, &sb, NULL);
	if (!r)
		memcpy(out, sb->bundle[(index - sb->first) / BUNDLE], MERKLE_LEN);
	return r;
}

static int tile_from_below(struct tlog *s, unsigned level, uint64_t n, unsigned from, unsigned count, uint8_t *out);

/* `count` hashes from position `from` of tile (level, n). */
static int tile_hashes(struct tlog *s, unsigned level, uint64_t n, unsigned from, unsigned count, uint8_t *out)
{
	const struct tile_part *p = &s->part[level];
	uint8_t whole[TILE_BYTES];
	int r;

	if (n == p->n && from + count <= p->count) {
		memcpy(out, p->h + (size_t)from * MERKLE_LEN, (size_t)count * MERKLE_LEN);
		return 0;
	}
	/* the one that is growing has no file; where the parts were not loaded (tlog_tiles), the file tells */
	r = n < p->n || !p->count ? tile_read(s->dir, level, n, whole) : ERR_NOTFOUND;
	if (!r)
		memcpy(out, whole + (size_t)from * MERKLE_LEN, (size_t)count * MERKLE_LEN);
	return r == ERR_NOTFOUND ? tile_from_below(s, level, n, from, count, out) : r;
}

static int tile_from_below(struct tlog *s, unsigned level, uint64_t n, unsigned from, unsigned count, uint8_t *out)
{
	uint8_t below[TILE_BYTES];
	int r = 0;

	for (unsigned i = 0; !r && i < count; i++) {
		uint64_t at = n * MERKLE_TILE + from + i;

		if (level == 1) {
			r = bundle_hash(s, at, out + (size_t)i * MERKLE_LEN);
			continue;
		}
		r = tile_hashes(s, level - 1, at, 0, MERKLE_TILE, below);
		if (!r)
			merkle_root(below, MERKLE_TILE, out + (size_t)i * MERKLE_LEN);
	}
	return r;
}

int tlog_node(void *tlog, unsigned level, uint64_t index, uint8_t out[MERKLE_LEN])
{
	unsigned tile_level = level / 8, count = 1u << level % 8, at;
	uint64_t from = index << level % 8;
	uint8_t hashes[TILE_BYTES];
	struct tlog *s = tlog;
	const struct block *b;
	int r;

	if (tile_level >= TILE_LEVELS || (index + 1) > tlog_size(s) >> level)
		return ERR_RANGE;
	if (!tile_level) {
		r = tlog_block(s, from, &b, NULL);
		if (!r && b == s->loaded)
			block_hash(s->loaded, (uint32_t)(from - b->first) / BUNDLE);
		if (!r)
			merkle_root(b->leaf[from - b->first], count, out);
		return r == ERR_NOTFOUND ? kept_node(s->dir, level, index, out) : r;
	}
	at = (unsigned)(from % MERKLE_TILE);
	r = tile_hashes(s, tile_level, from / MERKLE_TILE, at, count, hashes);
	if (!r)
		merkle_root(hashes, count, out);
	return r;
}

int tlog_tiles(struct tlog *s, struct err *e)
{
	uint64_t have = s->open->first / BUNDLE;
	int r;

	for (unsigned l = 1; l < TILE_LEVELS; l++, have /= MERKLE_TILE) {
		s->part[l].n = have / MERKLE_TILE;
		s->part[l].count = 0;
	}
	have = s->open->first / BUNDLE;
	for (unsigned l = 1; l < TILE_LEVELS; l++, have /= MERKLE_TILE) {
		struct tile_part *p = &s->part[l];
		unsigned count = (unsigned)(have % MERKLE_TILE);

		r = tile_from_below(s, l, p->n, 0, count, p->h);
		if (r)
			return err_set(e, r, "the hashes of tile level %u cannot be put together", l);
		p->count = count;
	}
	return 0;
}

int tlog_tile_push(struct tlog *s, const uint8_t *hash, struct err *e)
{
	uint8_t h[MERKLE_LEN];
	int r;

	memcpy(h, hash, MERKLE_LEN);
	for (unsigned l = 1; l < TILE_LEVELS; l++) {
		struct tile_part *p = &s->part[l];

		memcpy(p->h + (size_t)p->count++ * MERKLE_LEN, h, MERKLE_LEN);
		if (p->count < MERKLE_TILE)
			return 0;
		r = tile_write(s->dir, l, p->n, p->h, e);
		if (r)
			return r;
		merkle_root(p->h, MERKLE_TILE, h);
		p->n++;
		p->count = 0;
	}
	return 0;
}

int tlog_tile_rebuild(struct tlog *s, unsigned level, uint64_t n, struct err *e)
{
	uint8_t hashes[TILE_BYTES];
	int r = tile_from_below(s, level, n, 0, MERKLE_TILE, hashes);

	if (r)
		return err_set(e, r, "tile %u/%llu cannot be put together", level, (unsigned long long)n);
	return tile_write(s->dir, level, n, hashes, e);
}

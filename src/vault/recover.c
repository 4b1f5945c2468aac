/* Opening a log: first judge without touching anything, then repair what a crash may leave behind.
 *
 * A crash leaves: a torn record at the end of the tail; blocks, whole or torn, or a whole segment behind the tail's first
 * index; a full segment without footer; a missing newest tile; an old published checkpoint; files that begin with a dot.
 * Everything else is damage, and a log that is damaged below its last signed size is not opened. */
#include "vault/vault.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "tlog/io.h"

/* The segment that ends, or should end, at the tail. NULL when the log has none yet. */
static int last_segment(struct tlog *s, struct segment **ret, struct err *e)
{
	size_t at = s->open->first ? tlog_seg_at(s, s->open->first - 1) : s->n_segs;
	int r;

	*ret = NULL;
	if (!s->open->first)
		return 0;
	if (at == s->n_segs)
		return err_set(e, ERR_CORRUPT, "the segments before entry %llu are missing", (unsigned long long)s->open->first);
	r = segment_open(s->seg_dir, s->segs[at], s->origin_hash, true, ret, e);
	if (!r && *ret && (*ret)->end < s->open->first) {
		r = err_set(e, ERR_CORRUPT, "entries %llu to %llu are missing", (unsigned long long)(*ret)->end,
		            (unsigned long long)s->open->first - 1);
		segment_free(*ret);
		*ret = NULL;
	}
	return r;
}

int recover_edge(struct vault *v, struct err *e)
{
	struct tlog *s = v->log;
	int r = last_segment(s, &s->live, e);

	if (r || (r = tlog_tiles(s, e)))
		return r;
	for (int l = TILE_LEVELS - 1; !r && l > 0; l--)
		for (unsigned i = 0; !r && i < s->part[l].count; i++)
			r = merkle_edge_add(&v->edge, 8u * (unsigned)l, s->part[l].h + (size_t)i * MERKLE_LEN);
	for (uint32_t i = 0; !r && i < s->open->count; i++)
		r = merkle_edge_add(&v->edge, 0, s->open->leaf[i]);
	if (!r && v->edge.size != tlog_size(s))
		r = ERR_CORRUPT;
	return r ? err_set(e, r, "the tree cannot be put together") : 0;
}

/* Every segment between where the log begins and its tail is there; what lies in them is the audit's to read. */
static int all_there(const struct tlog *s, struct err *e)
{
	for (uint64_t at = s->keep.minimum; at < s->open->first; at += s->capacity) {
		size_t i = tlog_seg_at(s, at);

		if (i == s->n_segs || s->segs[i] != at)
			return err_set(e, ERR_CORRUPT, "seg/%020llu is missing", (unsigned long long)at);
	}
	return 0;
}

/* Only one that this log's key signed counts: anybody could put another. */
int vault_elsewhere(struct vault *v, struct err *e)
{
	struct tlog *s = v->log;
	uint8_t root[MERKLE_LEN];
	struct checkpoint c;
	struct buf note;
	int r = 0;

	buf_init(&note, NOTE_MAX);
	if (file_read_at(s->dir, "seen-elsewhere", NOTE_MAX, &note, NULL) || checkpoint_check(buf_view(&note), &v->key, &c, NULL))
		r = 0;
	else if (c.size > tlog_size(s))
		r = err_set(e, ERR_CORRUPT, "a witness holds a signed checkpoint of %llu entries; here are %llu", (unsigned long long)c.size,
		            (unsigned long long)tlog_size(s));
	else if (!merkle_root_at(tlog_node, s, c.size, root) && memcmp(root, c.root, MERKLE_LEN) != 0)
		r = err_set(e, ERR_CORRUPT, "a witness holds another signed history of %llu entries", (unsigned long long)c.size);
	buf_release(&note);
	return r;
}

int recover_judge(struct vault *v, struct err *e)
{
	struct tlog *s = v->log;
	uint8_t root[MERKLE_LEN];
	struct checkpoint c;
	int r = all_there(s, e);

	if (r)
		return r;
	if (!s->last_signed.n)
		return s->checkpoint.n ? err_set(e, ERR_CORRUPT, "last-signed is missing, but a checkpoint was published") : 0;
	if (!v->has_key)
		return err_set(e, ERR_CORRUPT, "vkey is missing, but the log was signed");
	r = checkpoint_check(buf_view(&s->last_signed), &v->key, &c, e);
	if (r || !str_is(c.origin, s->origin))
		return err_set(e, ERR_CORRUPT, "last-signed is not this log's");
	if (c.size > tlog_size(s))
		return err_set(e, ERR_CORRUPT, "the log has %llu entries, but %llu were signed",
		               (unsigned long long)tlog_size(s), (unsigned long long)c.size);
	r = merkle_root_at(tlog_node, s, c.size, root);
	if (r)
		return err_set(e, r, "the signed tree cannot be put together");
	if (memcmp(root, c.root, MERKLE_LEN) != 0)
		return err_set(e, ERR_CORRUPT, "the first %llu entries are not those that were signed",
		               (unsigned long long)c.size);
	v->signed_size = c.size;
	memcpy(v->signed_root, root, MERKLE_LEN);
	return vault_elsewhere(v, e);
}

/* Segments that begin at or after the tail belong to a commit that never ended. */
static int drop_segments(struct tlog *s, struct vault_repair *repair, struct err *e)
{
	bool any = false;

	while (s->n_segs && s->segs[s->n_segs - 1] >= s->open->first) {
		uint64_t first = s->segs[s->n_segs - 1];
		char name[SEGMENT_NAME];
		struct segment *seg;

		if (!segment_open(s->seg_dir, first, s->origin_hash, false, &seg, NULL)) {
			repair->lost_entries += seg->end - first;
			repair->torn_bytes += (uint64_t)seg->file_bytes;
			segment_free(seg);
		}
		segment_name(first, name);
		if (unlinkat(s->seg_dir, name, 0))
			return err_sys(e, "seg/%s", name);
		s->n_segs--;
		any = repair->cut = true;
	}
	return any && dir_fsync(s->seg_dir) ? err_sys(e, "seg") : 0;
}

static int repair_live(struct tlog *s, struct vault_repair *repair, struct err *e)
{
	struct segment *seg = s->live;
	bool full;
	int r = 0;

	if (!seg)
		return 0;
	full = s->open->first == seg->first + seg->capacity;
	if (seg->end > s->open->first || (!seg->sealed && seg->file_bytes > seg->bytes)) {
		/* a torn footer holds no entries and needs no mention */
		repair->cut = repair->cut || !full;
		repair->lost_entries += seg->end - s->open->first;
		repair->torn_bytes += (uint64_t)(seg->file_bytes - seg->bytes);
		r = segment_cut(seg, s->open->first, e);
	}
	if (!r && full) {
		segment_free(seg); /* seal_earlier closes it properly */
		s->live = NULL;
	}
	return r;
}

/* A commit may have filled several segments and ended before all had their footers. */
static int seal_earlier(struct tlog *s, struct err *e)
{
	for (size_t i = s->n_segs; i > 0; i--) {
		struct segment *seg;
		bool was;
		int r;

		if (s->live && s->live->first == s->segs[i - 1])
			continue;
		r = segment_open(s->seg_dir, s->segs[i - 1], s->origin_hash, true, &seg, e);
		if (r)
			return r;
		was = seg->sealed;
		if (!was && (r = segment_cut(seg, seg->first + seg->capacity, e)) == 0)
			r = segment_seal(seg, e);
		segment_free(seg);
		if (r || was)
			return r;
	}
	return 0;
}

/* The newest full tiles may be missing: they are written after the entries are safe. */
static int repair_tiles(struct tlog *s, struct err *e)
{
	for (unsigned l = 1; l < TILE_LEVELS; l++) {
		uint8_t tile[TILE_BYTES];

		for (uint64_t n = s->part[l].n; n > 0 && tile_read(s->dir, l, n - 1, tile) == ERR_NOTFOUND; n--) {
			int r = tlog_tile_rebuild(s, l, n - 1, e);

			if (r)
				return r;
		}
	}
	return 0;
}

/* What an interrupted write of a small file leaves. */
static int sweep(struct tlog *s)
{
	static const char *const names[] = {".tail.new", ".checkpoint.new"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		unlinkat(s->dir, names[i], 0);
	for (size_t i = 0; i < s->n_segs; i++) { /* a segment that was being written anew */
		char name[SEGMENT_NAME + 16];

		snprintf(name, sizeof name, ".redact/%020llu", (unsigned long long)s->segs[i]);
		unlinkat(s->seg_dir, name, 0);
	}
	unlinkat(s->seg_dir, ".redact", AT_REMOVEDIR);
	return 0;
}

static int show_again(struct tlog *s, struct err *e)
{
	if (str_eq(buf_view(&s->checkpoint), buf_view(&s->last_signed)))
		return 0;
	return file_write_atomic_at(s->dir, "checkpoint", s->last_signed.p, s->last_signed.n, 0644, e);
}

int recover_repair(struct vault *v, struct vault_repair *repair, struct err *e)
{
	struct tlog *s = v->log;
	int r;

	if (s->tail_left) {
		repair->cut = true;
		repair->torn_bytes += s->tail_left;
	}
	if ((r = sweep(s)) || (r = drop_segments(s, repair, e)) || (r = repair_live(s, repair, e)) ||
	    (r = seal_earlier(s, e)) || (r = repair_tiles(s, e)) || (r = show_again(s, e)))
		return r;
	/* Always written anew: after a failed fdatasync the old file may only be in memory what it seems to be. */
	return tail_replace(&v->tail, s->dir, s->origin_hash, s->open, e);
}

int recover_sources(struct vault *v, struct err *e)
{
	struct tlog *s = v->log;
	struct segment *seg;
	struct cur c;
	int r = 0;

	if (s->open->first) {
		r = tlog_segment(s, s->segs[tlog_seg_at(s, s->open->first - 1)], &seg, e);
		if (r)
			return r;
		c = cur_init(seg->sources.p, seg->sources.n);
		r = sources_get(&v->sources, &c);
		for (size_t i = 0; !r && i < seg->n; i++) {
			c = cur_init(seg->blocks[i].sources.p, seg->blocks[i].sources.n);
			r = sources_get(&v->sources, &c);
		}
		if (r)
			return err_set(e, r, "seg/%020llu: its sources are damaged", (unsigned long long)seg->first);
	}
	if (!s->live) {
		sources_put(&v->sources, 0, &v->snapshot);
		if (buf_err(&v->snapshot))
			return err_set(e, ERR_NOMEM, "too many sources");
	}
	for (uint32_t i = 0; i < s->open->count; i++) {
		struct entry en;

		if (entry_redacted(block_entry(s->open, i)))
			continue; /* it was not chained */
		r = entry_parse(block_entry(s->open, i), &en);
		if (r || (r = sources_follow(&v->sources, &en, s->open->first + i)))
			return err_set(e, r, "tail: entry %llu does not follow its source's last",
			               (unsigned long long)s->open->first + i);
	}
	return 0;
}

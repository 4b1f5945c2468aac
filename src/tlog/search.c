#include "tlog/search.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/clock.h"
#include "tlog/crc.h"
#include "tlog/index.h"
#include "tlog/io.h"
#include "tlog/packer.h"

#define INLINE_BLOCKS 6                              /* so few blocks are not worth a thread */

/* A block to be read, as the segment's own words or a whole index say. */
struct unit {
	uint64_t first, at;
	uint32_t count, packed, raw, crc;
	int64_t time_min, time_max;
	enum search_content content;
};

/* The blocks of one segment (or the open one) that may hold something, newest first. */
struct batch {
	const struct search_plan *plan;
	int fd;                                          /* of the segment */
	const struct block *open;                        /* instead: the open block */
	struct unit *units;
	size_t n;
	struct search_slot *slots;
	bool *done;
	size_t wanted;                                   /* hits */
	pthread_mutex_t lock;                            /* the rest is under it */
	size_t next, prefix, hits, bytes;                /* to be taken; done without a hole, and what stands in those */
	bool stop, late;
	uint64_t read, bytes_read, damaged;
};

struct worker {
	struct batch *batch;
	struct search_counts *counts, own;
	struct query_doc doc;
	struct packer *packer;
	struct buf packed, raw;
};

static void worker_init(struct worker *w, struct batch *b)
{
	*w = (struct worker){.batch = b, .packer = packer_new()};
	buf_init(&w->packed, PACKED_MAX);
	buf_init(&w->raw, BLOCK_BYTES_MAX);
	query_doc_init(&w->doc);
	if (b->plan->ask->counts)
		w->counts = &w->own;
}

static void worker_release(struct worker *w)
{
	if (w->counts)
		search_counts_add(w->batch->plan->ask->counts, w->counts);
	search_counts_release(&w->own);
	query_doc_release(&w->doc);
	packer_free(w->packer);
	buf_release(&w->packed);
	buf_release(&w->raw);
}

/* The block's bundles; none when nothing sought stands in its text. */
static int unpack(struct worker *w, const struct unit *u, struct str *ret, size_t *ret_bytes)
{
	struct packer_text t;
	char *to;

	buf_clear(&w->packed);
	buf_clear(&w->raw);
	to = buf_room(&w->packed, u->packed);
	if (!to || io_read(w->batch->fd, to, u->packed, (off_t)u->at) || crc32c(0, to, u->packed) != u->crc ||
	    packer_text(w->packer, str_n(to, u->packed), u->raw, &t))
		return ERR_CORRUPT;
	*ret_bytes = t.text.n;
	*ret = STR_NONE;
	if (search_not_in(w->batch->plan, t.text, u->content))
		return 0;
	if (!t.heads)
		*ret = t.text;
	else if (packer_bundles(w->packer, u->count, u->raw, &w->raw))
		return ERR_CORRUPT;
	else
		*ret = buf_view(&w->raw);
	return 0;
}

static int search_one(struct worker *w, size_t i, bool keep, size_t *ret_bytes)
{
	struct batch *b = w->batch;
	const struct unit *u;
	struct str raw;
	int r;

	*ret_bytes = 0;
	if (b->open) {
		raw = buf_view(&b->open->raw);
		return search_block(b->plan, b->open->first, b->open->count, raw, SEARCH_UNKNOWN, keep, &w->doc, &b->slots[i], w->counts);
	}
	u = &b->units[i];
	r = unpack(w, u, &raw, ret_bytes);
	if (r || !raw.n)
		return r;
	return search_block(b->plan, u->first, u->count, raw, u->content, keep, &w->doc, &b->slots[i], w->counts);
}

/* Under the lock. */
static void finished(struct batch *b, size_t i, int r, size_t bytes)
{
	const struct search_ask *ask = b->plan->ask;

	b->done[i] = true;
	b->read++;
	b->bytes_read += bytes;
	b->damaged += r != 0;
	for (; b->prefix < b->n && b->done[b->prefix]; b->prefix++) {
		b->hits += b->slots[b->prefix].n;
		b->bytes += b->slots[b->prefix].mem.n;
		if (!ask->counts && (b->hits >= b->wanted || (ask->bytes_max && b->bytes >= ask->bytes_max)))
			b->stop = true;
	}
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct batch *b = w->batch;
	const struct search_ask *ask = b->plan->ask;

	pthread_mutex_lock(&b->lock);
	while (!b->stop && b->next < b->n) {
		size_t i = b->next++, bytes;
		bool keep = b->hits < b->wanted;
		int r;

		pthread_mutex_unlock(&b->lock);
		r = search_one(w, i, keep, &bytes);
		pthread_mutex_lock(&b->lock);
		finished(b, i, r, bytes);
		if (ask->deadline && clock_mono() > ask->deadline && b->prefix < b->n)
			b->stop = b->late = true;
	}
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

static void run_threads(struct batch *b, unsigned threads)
{
	struct worker *w = xcalloc(threads, sizeof *w);
	pthread_t *id = xcalloc(threads, sizeof *id);
	unsigned started = 0;

	for (unsigned i = 0; i < threads; i++)
		worker_init(&w[i], b);
	while (started + 1 < threads && !pthread_create(&id[started], NULL, work, &w[started + 1]))
		started++;
	work(&w[0]);
	for (unsigned i = 0; i < started; i++)
		pthread_join(id[i], NULL);
	for (unsigned i = 0; i < threads; i++)
		worker_release(&w[i]);
	free(w);
	free(id);
}

/* --- the log ------------------------------------------------------------------------------------------------------------- */

struct run {
	struct tlog *log;
	struct search_plan plan;
	struct search_result *out;
	size_t cap;
	struct index_query *index;
	unsigned threads;
	bool stop;
};

static void take_hit(struct run *r, const struct search_hit *h, const char *bytes)
{
	struct search_result *out = r->out;

	if (out->n == r->cap) {
		size_t cap = r->cap ? 2 * r->cap : 64;
		struct search_hit *more = xcalloc(cap, sizeof *more);

		if (out->n)
			memcpy(more, out->hits, out->n * sizeof *more);
		free(out->hits);
		out->hits = more;
		r->cap = cap;
	}
	out->hits[out->n++] = (struct search_hit){h->index, {(const char *)(uintptr_t)out->mem.n, h->bytes.n}};
	buf_put(&out->mem, bytes, h->bytes.n);
}

/* Hits of the finished blocks, newest first, up to the limit. */
static void take_slots(struct run *r, struct batch *b)
{
	const struct search_ask *ask = r->plan.ask;

	for (size_t i = 0; i < b->prefix; i++) {
		struct search_slot *s = &b->slots[i];
		size_t at = s->mem.n;

		r->out->matched += s->matched;
		for (size_t k = s->n; k--;) {
			bool full = r->out->n == ask->limit || (ask->bytes_max && r->out->n && r->out->mem.n + s->hits[k].bytes.n > ask->bytes_max);

			if (full) {
				if (r->out->next == UINT64_MAX)
					r->out->next = r->out->n ? r->out->hits[r->out->n - 1].index : s->hits[k].index + 1;
				r->stop = !ask->counts;
				break;
			}
			at -= s->hits[k].bytes.n;
			take_hit(r, &s->hits[k], s->mem.p + at);
		}
		/* counted only: more is there than was handed out */
		if (r->out->next == UINT64_MAX && s->matched > s->n && r->out->n)
			r->out->next = r->out->hits[r->out->n - 1].index;
	}
}

static void run_batch(struct run *r, struct batch *b)
{
	const struct search_ask *ask = r->plan.ask;
	unsigned threads = b->n <= INLINE_BLOCKS ? 1 : r->threads;

	if (!b->n)
		return;
	b->plan = &r->plan;
	b->wanted = ask->limit - r->out->n;
	b->slots = xcalloc(b->n, sizeof *b->slots);
	b->done = xcalloc(b->n, sizeof *b->done);
	pthread_mutex_init(&b->lock, NULL);
	run_threads(b, threads);
	pthread_mutex_destroy(&b->lock);
	r->out->blocks_read += b->read;
	r->out->bytes_read += b->bytes_read;
	r->out->damaged += b->damaged;
	take_slots(r, b);
	if (b->prefix < b->n) {
		r->stop = true;
		r->out->late = b->late;
		if (r->out->next == UINT64_MAX) /* above the first that was not searched */
			r->out->next = b->open ? b->open->first + b->open->count : b->units[b->prefix].first + b->units[b->prefix].count;
	}
	for (size_t i = 0; i < b->n; i++)
		search_slot_release(&b->slots[i]);
	free(b->slots);
	free(b->done);
}

static bool in_time(const struct search_ask *ask, int64_t min, int64_t max)
{
	return max >= ask->from_ns && min < ask->to_ns;
}

/* A block of the segment, oldest first: kept when it may hold something. */
static void consider(struct run *r, struct batch *b, const struct unit *u, bool no)
{
	if (u->first >= r->plan.end || u->first + u->count <= r->plan.ask->after || u->first >= r->log->open->first)
		return;
	r->out->blocks++;
	if (!no && in_time(r->plan.ask, u->time_min, u->time_max))
		b->units[b->n++] = *u;
}

static enum search_content content_of(const struct index_zone *z)
{
	return z->content == INDEX_ASCII ? SEARCH_ASCII : z->content == INDEX_PLAIN ? SEARCH_PLAIN : SEARCH_UNKNOWN;
}

/* The index of a finished segment knows its blocks; ERR_NOTFOUND when it is not whole. */
static int from_index(struct run *r, const struct index_file *f, uint64_t first, struct batch *b)
{
	struct index_zone *zones;
	size_t n;

	zones = index_whole(f, r->log->capacity, &n);
	if (!zones)
		return ERR_NOTFOUND;
	b->fd = segment_peek(r->log->seg_dir, first, r->log->origin_hash, f->created_ns);
	if (b->fd >= 0)
		b->units = xcalloc(n, sizeof *b->units);
	for (size_t i = 0; b->fd >= 0 && i < n; i++) {
		const struct index_zone *z = &zones[i];
		struct unit u = {z->first, z->at, z->count, z->packed, z->raw, z->crc, z->time_min, z->time_max, content_of(z)};

		consider(r, b, &u, !in_time(r->plan.ask, u.time_min, u.time_max) || !index_may(r->index, f, z));
	}
	free(zones);
	return b->fd < 0 ? ERR_NOTFOUND : 0;
}

/* The segment says itself which blocks it has; a record that is not of its block says nothing, nor do those behind it. */
static int from_segment(struct run *r, const struct index_file *f, uint64_t first, struct batch *b, struct err *e)
{
	struct index_zone z;
	struct segment *seg;
	size_t at = 0;
	int code = tlog_segment(r->log, first, &seg, e);
	bool indexed = f != NULL;

	if (code)
		return code;
	indexed = indexed && f->created_ns == seg->created_ns;
	b->fd = seg->fd;
	b->units = xcalloc(seg->n + 1, sizeof *b->units);
	for (size_t i = 0; i < seg->n; i++) {
		const struct seg_block *sb = &seg->blocks[i];
		struct unit u = {sb->first, sb->at, sb->count, sb->packed, sb->raw, sb->crc, sb->time_min, sb->time_max, SEARCH_UNKNOWN};
		bool no = false;

		indexed = indexed && index_next(f, &at, &z) && index_is_of(&z, sb);
		if (indexed) {
			u.content = content_of(&z);
			no = !index_may(r->index, f, &z);
		} else {
			r->out->unindexed++;
		}
		consider(r, b, &u, no);
	}
	return 0;
}

static int search_segment(struct run *r, uint64_t first, struct err *e)
{
	bool open = !r->plan.ask->scan, own;
	struct index_file f;
	struct batch b = {.fd = -1};
	int code = ERR_NOTFOUND;

	open = open && !index_open(r->log->dir, first, &f);
	if (open) {
		index_query_key(r->index, f.key);
		code = from_index(r, &f, first, &b);
	}
	own = !code;
	if (code)
		code = from_segment(r, open ? &f : NULL, first, &b, e);
	if (open)
		index_close(&f);
	for (size_t i = 0; i < b.n / 2; i++) {
		struct unit u = b.units[i];

		b.units[i] = b.units[b.n - 1 - i];
		b.units[b.n - 1 - i] = u;
	}
	if (!code)
		run_batch(r, &b);
	if (own)
		close(b.fd);
	free(b.units);
	return code;
}

uint64_t search_size(const struct tlog *s)
{
	uint64_t size = tlog_size(s);
	struct checkpoint c;
	struct note n;

	if (s->checkpoint.n && !note_parse(buf_view(&s->checkpoint), &n) && !checkpoint_parse(n.text, &c) && c.size < size)
		size = c.size;
	return size;
}

int search_log(struct tlog *s, const struct search_ask *ask, struct search_result *ret, struct err *e)
{
	struct run r = {.log = s, .plan = {.ask = ask}, .out = ret};
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	int code = 0;
	struct arena *a = arena_new(64 << 20);

	*ret = (struct search_result){.size = search_size(s), .next = UINT64_MAX};
	r.index = index_query_new(a, ask->query);
	buf_init(&ret->mem, SIZE_MAX / 4);
	r.plan.end = ret->size < ask->before ? ret->size : ask->before;
	r.plan.n_needs = query_needs(ask->query, r.plan.needs);
	r.threads = ask->threads ? ask->threads : n > 0 ? (unsigned)n : 1;
	r.threads = r.threads > SEARCH_THREADS_MAX ? SEARCH_THREADS_MAX : r.threads;
	if (s->open->count && s->open->first < r.plan.end && in_time(ask, s->open->time_min, s->open->time_max)) {
		struct batch b = {.fd = -1, .open = s->open, .n = 1};

		run_batch(&r, &b);
	}
	for (size_t i = s->n_segs; !code && !r.stop && i--;)
		if (s->segs[i] < r.plan.end && s->segs[i] < s->open->first && s->segs[i] + s->capacity > ask->after)
			code = search_segment(&r, s->segs[i], e);
	for (size_t i = 0; i < ret->n; i++)
		ret->hits[i].bytes.p = ret->mem.p + (uintptr_t)ret->hits[i].bytes.p;
	ret->complete = ret->next == UINT64_MAX && !code;
	arena_free(a);
	return code;
}

void search_result_release(struct search_result *r)
{
	free(r->hits);
	buf_release(&r->mem);
	*r = (struct search_result){0};
}

int search_span(struct tlog *s, int64_t *ret_first_ns, int64_t *ret_last_ns, struct err *e)
{
	struct segment *seg;
	int r;

	*ret_first_ns = s->open->count ? s->open->time_min : 0;
	*ret_last_ns = s->open->count ? s->open->time_max : 0;
	if (!s->n_segs || !s->open->first)
		return 0;
	r = tlog_segment(s, s->segs[0], &seg, e);
	if (!r && seg->n)
		*ret_first_ns = seg->blocks[0].time_min;
	if (!r && !s->open->count) {
		r = tlog_segment(s, s->segs[s->n_segs - 1], &seg, e);
		if (!r && seg->n)
			*ret_last_ns = seg->blocks[seg->n - 1].time_max;
	}
	return r;
}

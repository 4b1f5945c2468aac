#include "tlog/index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"
#include "tlog/crc.h"
#include "tlog/index_words.h"
#include "tlog/io.h"

#define MAGIC "SVINDEX\n"
#define PATH_MAX_ 40

/* --- reading ------------------------------------------------------------------------------------------------------------ */

static void path_of(uint64_t first, char out[PATH_MAX_])
{
	snprintf(out, PATH_MAX_, "idx/%020llu", (unsigned long long)first);
}

static int head_get(const uint8_t *p, struct index_file *f)
{
	struct cur c = cur_init(p, INDEX_HEAD);
	const void *magic, *key, *rest;
	uint64_t created;
	uint32_t version, crc;

	if (cur_bytes(&c, 8, &magic) || memcmp(magic, MAGIC, 8) != 0 || cur_u32(&c, &version))
		return ERR_CORRUPT;
	if (version != INDEX_VERSION)
		return ERR_VERSION;
	if (cur_u64(&c, &f->first) || cur_u64(&c, &created) || cur_bytes(&c, INDEX_KEY, &key) ||
	    cur_bytes(&c, INDEX_HEAD - 4 - 44, &rest) || cur_u32(&c, &crc) || crc != crc32c(0, p, INDEX_HEAD - 4))
		return ERR_CORRUPT;
	f->created_ns = (int64_t)created;
	memcpy(f->key, key, INDEX_KEY);
	return 0;
}

static void head_put(struct buf *b, uint64_t first, int64_t created_ns, const uint8_t key[INDEX_KEY])
{
	buf_put(b, MAGIC, 8);
	buf_u32(b, INDEX_VERSION);
	buf_u64(b, first);
	buf_u64(b, (uint64_t)created_ns);
	buf_put(b, key, INDEX_KEY);
	while (b->n < INDEX_HEAD - 4)
		buf_u8(b, 0);
	buf_u32(b, crc32c(0, b->p, b->n));
}

static bool get(const struct index_file *f, void *to, size_t n, uint64_t at)
{
	if (at > f->n || n > f->n - at)
		return false;
	if (f->p)
		memcpy(to, f->p + at, n);
	return f->p || !io_read(f->fd, to, n, (off_t)at);
}

int index_open(int log_dir, uint64_t first, struct index_file *ret)
{
	struct index_file f = {.fd = -1};
	uint8_t head[INDEX_HEAD];
	char path[PATH_MAX_];
	struct stat st;
	int r;

	path_of(first, path);
	f.fd = openat(log_dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (f.fd < 0)
		return ERR_NOTFOUND;
	r = fstat(f.fd, &st) || !S_ISREG(st.st_mode) ? ERR_CORRUPT : 0;
	if (!r) {
		f.n = (size_t)st.st_size;
		r = get(&f, head, sizeof head, 0) ? head_get(head, &f) : ERR_CORRUPT;
	}
	if (!r && f.first != first)
		r = ERR_CORRUPT;
	if (r)
		index_close(&f);
	else
		*ret = f;
	return r;
}

void index_close(struct index_file *f)
{
	if (!f->p && f->fd >= 0)
		close(f->fd);
	*f = (struct index_file){.fd = -1};
}

/* Bytes of the record that begins with this head, or 0. */
static size_t record_get(const uint8_t *p, struct index_zone *z)
{
	struct cur c = cur_init(p, INDEX_RECORD);
	uint64_t min, max;
	const void *tag, *rest;
	uint32_t bytes, crc;
	uint8_t none;

	if (cur_bytes(&c, 4, &tag) || memcmp(tag, "SVI1", 4) != 0 || cur_u32(&c, &bytes) || cur_u64(&c, &z->first) ||
	    cur_u64(&c, &z->at) || cur_u32(&c, &z->count) || cur_u32(&c, &z->packed) || cur_u32(&c, &z->raw) || cur_u32(&c, &z->crc) ||
	    cur_u64(&c, &min) || cur_u64(&c, &max) || cur_u16(&c, &z->severities) || cur_u8(&c, &z->content) || cur_u8(&c, &none) ||
	    cur_u32(&c, &z->cells) || cur_bytes(&c, INDEX_RECORD - 4 - 64, &rest) || cur_u32(&c, &crc) ||
	    crc != crc32c(0, p, INDEX_RECORD - 4))
		return 0;
	z->time_min = (int64_t)min;
	z->time_max = (int64_t)max;
	if (!z->cells || z->cells > INDEX_CELLS_MAX || z->cells % INDEX_CHECKED || bytes != INDEX_RECORD + z->cells / INDEX_CHECKED * INDEX_GROUP)
		return 0;
	return bytes;
}

bool index_next(const struct index_file *f, size_t *at, struct index_zone *ret)
{
	uint8_t head[INDEX_RECORD];
	struct index_zone z = {0};
	size_t n;

	if (*at < INDEX_HEAD)
		*at = INDEX_HEAD;
	n = get(f, head, sizeof head, *at) ? record_get(head, &z) : 0;
	if (!n || n > f->n - *at)
		return false;
	z.filter = *at + INDEX_RECORD;
	*ret = z;
	*at += n;
	return true;
}

uint16_t index_check(uint32_t group, const void *cells)
{
	return (uint16_t)crc32c(group, cells, INDEX_CHECKED * INDEX_CELL);
}

static bool group_has(const uint8_t group[INDEX_GROUP], uint32_t at, uint64_t h)
{
	uint32_t cell[INDEX_LANES];

	memcpy(cell, group + at % INDEX_CHECKED * INDEX_CELL, INDEX_CELL);
	for (unsigned i = 0; i < INDEX_LANES; i++)
		if (!(cell[i] >> ((uint32_t)h * index_salts[i] >> 27) & 1))
			return false;
	return true;
}

bool index_has(const struct index_file *f, const struct index_zone *z, uint64_t h)
{
	uint32_t cell = index_cell(h, z->cells), group = cell / INDEX_CHECKED;
	uint8_t bytes[INDEX_GROUP];
	uint16_t check;

	if (!get(f, bytes, sizeof bytes, z->filter + (uint64_t)group * INDEX_GROUP))
		return true;
	check = index_check(group, bytes);
	if (bytes[INDEX_GROUP - 2] != check >> 8 || bytes[INDEX_GROUP - 1] != (check & 0xff))
		return true; /* rotten: no answer */
	return group_has(bytes, cell, h);
}

/* "SVIE", u64 entries, u64 blocks, CRC of these and the head's key. Before it stand the heads of all records once more. */
static void end_put(struct buf *b, uint64_t entries, uint64_t blocks, const uint8_t key[INDEX_KEY])
{
	size_t at = b->n;

	buf_put(b, "SVIE", 4);
	buf_u64(b, entries);
	buf_u64(b, blocks);
	buf_u32(b, buf_err(b) ? 0 : crc32c(crc32c(0, key, INDEX_KEY), b->p + at, INDEX_END - 4));
}

/* Number of records when the file ends with the mark of a full segment, else 0. */
static size_t end_get(const struct index_file *f, uint64_t capacity)
{
	uint8_t end[INDEX_END];
	uint64_t entries, blocks;
	struct buf want;
	struct cur c;
	bool same;

	if (f->n < INDEX_HEAD + INDEX_END || !get(f, end, sizeof end, f->n - INDEX_END))
		return 0;
	c = cur_init(end + 4, INDEX_END - 4);
	if (cur_u64(&c, &entries) || cur_u64(&c, &blocks) || entries != capacity || blocks > capacity / BUNDLE ||
	    f->n < INDEX_HEAD + INDEX_END + blocks * INDEX_RECORD)
		return 0;
	buf_init(&want, INDEX_END);
	end_put(&want, entries, blocks, f->key);
	same = !buf_err(&want) && !memcmp(want.p, end, INDEX_END);
	buf_release(&want);
	return same ? (size_t)blocks : 0;
}

struct index_zone *index_whole(const struct index_file *f, uint64_t capacity, size_t *ret_n)
{
	size_t n = end_get(f, capacity), bytes = n * INDEX_RECORD;
	uint64_t at = INDEX_HEAD, table = f->n - INDEX_END - bytes, next = f->first;
	struct index_zone *z;
	uint8_t *heads;
	bool good;

	if (!n)
		return NULL;
	z = xcalloc(n, sizeof *z);
	heads = xmalloc(bytes);
	good = get(f, heads, bytes, table);
	for (size_t i = 0; good && i < n; i++) {
		size_t record = record_get(heads + i * INDEX_RECORD, &z[i]);

		good = record && z[i].first == next;
		z[i].filter = at + INDEX_RECORD;
		at += record;
		next += z[i].count;
	}
	good = good && at == table && next == f->first + capacity;
	free(heads);
	if (!good) {
		free(z);
		return NULL;
	}
	*ret_n = n;
	return z;
}

bool index_is_of(const struct index_zone *z, const struct seg_block *sb)
{
	return z->first == sb->first && z->count == sb->count && z->at == sb->at && z->packed == sb->packed && z->raw == sb->raw &&
	       z->crc == sb->crc;
}

/* --- keeping ---------------------------------------------------------------------------------------------------------------- */

struct indexer {
	int dir;                                         /* the log's folder */
	int fd;                                          /* the file being added to, -1 */
	uint64_t first;
	size_t records;
	off_t end;
	uint8_t key[INDEX_KEY];
	bool made_dir, ended;
	struct index_maker *maker;
	struct buf out;
};

struct indexer *indexer_new(int log_dir)
{
	struct indexer *ix = xcalloc(1, sizeof *ix);

	ix->dir = log_dir;
	ix->fd = -1;
	ix->maker = index_maker_new();
	buf_init(&ix->out, 16u << 20);
	return ix;
}

void indexer_free(struct indexer *ix)
{
	if (!ix)
		return;
	if (ix->fd >= 0)
		close(ix->fd);
	index_maker_free(ix->maker);
	buf_release(&ix->out);
	free(ix);
}

static void drop(struct indexer *ix)
{
	if (ix->fd >= 0)
		close(ix->fd);
	ix->fd = -1;
}

/* How many records of the file fit the segment's blocks from the first on, and where they end. */
static int measure(struct indexer *ix, const struct segment *s)
{
	struct index_file f;
	struct index_zone z;
	size_t at = 0;
	int r = index_open(ix->dir, s->first, &f);

	if (r)
		return r;
	if (f.created_ns != s->created_ns) {
		index_close(&f);
		return ERR_CORRUPT;
	}
	ix->records = 0;
	ix->end = INDEX_HEAD;
	memcpy(ix->key, f.key, INDEX_KEY);
	while (ix->records < s->n && index_next(&f, &at, &z) && index_is_of(&z, &s->blocks[ix->records])) {
		ix->records++;
		ix->end = (off_t)at;
	}
	index_close(&f);
	return 0;
}

static int create(struct indexer *ix, const struct segment *s)
{
	char path[PATH_MAX_];

	if (!ix->made_dir && mkdirat(ix->dir, "idx", 0750) && errno != EEXIST)
		return ERR_SYS;
	ix->made_dir = true;
	path_of(s->first, path);
	/* Not over the old one: somebody may have it mapped. */
	if (unlinkat(ix->dir, path, 0) && errno != ENOENT)
		return ERR_SYS;
	ix->fd = openat(ix->dir, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (ix->fd < 0)
		return ERR_SYS;
	random_bytes(ix->key, INDEX_KEY);
	buf_clear(&ix->out);
	head_put(&ix->out, s->first, s->created_ns, ix->key);
	ix->records = 0;
	ix->end = INDEX_HEAD;
	return io_write(ix->fd, ix->out.p, ix->out.n, 0);
}

static bool is_full(const struct segment *s)
{
	return s->end == s->first + s->capacity;
}

/* Opens the file of s for adding, without records that are not of its blocks. */
static int take_up(struct indexer *ix, const struct segment *s, bool again)
{
	char path[PATH_MAX_];
	struct stat st;
	bool ended;
	int r;

	drop(ix);
	ix->ended = false;
	ix->first = s->first;
	r = again ? ERR_NOTFOUND : measure(ix, s);
	if (r)
		return create(ix, s);
	path_of(s->first, path);
	ix->fd = openat(ix->dir, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (ix->fd < 0 || fstat(ix->fd, &st))
		return ERR_SYS;
	ended = is_full(s) && st.st_size == ix->end + (off_t)(s->n * INDEX_RECORD + INDEX_END);
	/* A torn or stale end is made anew in a file of its own, for readers may have this one mapped. */
	if (st.st_size > ix->end && !ended) {
		drop(ix);
		return create(ix, s);
	}
	ix->ended = ended;
	return 0;
}

static int add(struct indexer *ix, const struct seg_block *sb, struct str raw)
{
	int r;

	buf_clear(&ix->out);
	r = index_make(ix->maker, ix->key, sb, raw, &ix->out);
	if (!r)
		r = io_write(ix->fd, ix->out.p, ix->out.n, ix->end);
	if (!r) {
		ix->end += (off_t)ix->out.n;
		ix->records++;
	}
	return r;
}

/* All heads once more, so that they are read at once, and the mark of a full segment. */
static int finish(struct indexer *ix, const struct segment *s)
{
	struct index_file f;
	uint8_t head[INDEX_RECORD];
	struct index_zone z;
	size_t at = 0, before;

	if (!is_full(s) || ix->records < s->n || ix->ended)
		return 0;
	buf_clear(&ix->out);
	if (index_open(ix->dir, s->first, &f))
		return ERR_CORRUPT;
	while (before = at < INDEX_HEAD ? INDEX_HEAD : at, index_next(&f, &at, &z) && get(&f, head, sizeof head, before))
		buf_put(&ix->out, head, sizeof head);
	index_close(&f);
	if (ix->out.n != ix->records * INDEX_RECORD)
		return ERR_CORRUPT;
	end_put(&ix->out, s->capacity, s->n, ix->key);
	ix->ended = true;
	return io_write(ix->fd, ix->out.p, ix->out.n, ix->end);
}

/* Indexes the blocks the file has not yet, before block `until`. */
static int catch_up(struct indexer *ix, const struct segment *s, size_t until, size_t *made, struct err *e)
{
	struct block *b = ix->records < until ? block_new() : NULL;
	int r = 0;

	while (!r && ix->records < until) {
		const struct seg_block *sb = &s->blocks[ix->records];

		r = segment_read(s, sb, b, e);
		if (!r && (r = add(ix, sb, buf_view(&b->raw))))
			err_set(e, r, "idx/%020llu cannot be written", (unsigned long long)s->first);
		*made += !r;
	}
	block_free(b);
	return r;
}

void indexer_block(struct indexer *ix, const struct segment *s, const struct block *b)
{
	size_t made = 0;
	int r = 0;

	if (!s->n)
		return;
	if (ix->fd < 0 || ix->first != s->first || ix->records + 1 != s->n)
		r = take_up(ix, s, false);
	if (!r)
		r = catch_up(ix, s, s->n - 1, &made, NULL);
	if (!r && ix->records < s->n)
		r = add(ix, &s->blocks[s->n - 1], buf_view(&b->raw));
	if (!r)
		r = finish(ix, s);
	if (r)
		drop(ix);
}

int indexer_mend(struct indexer *ix, const struct segment *s, bool again, size_t most, size_t *ret_made, struct err *e)
{
	int r = take_up(ix, s, again);
	size_t until = !r && s->n - ix->records > most ? ix->records + most : s->n;

	*ret_made = 0;
	r = r ? err_set(e, r, "idx/%020llu cannot be made", (unsigned long long)s->first) : catch_up(ix, s, until, ret_made, e);
	if (!r && finish(ix, s))
		r = err_set(e, ERR_SYS, "idx/%020llu cannot be written", (unsigned long long)s->first);
	drop(ix);
	return r;
}

void indexer_drop(struct indexer *ix, uint64_t first)
{
	char path[PATH_MAX_];

	if (ix->first == first)
		drop(ix);
	path_of(first, path);
	if (unlinkat(ix->dir, path, 0))
		errno = 0; /* there was none */
}

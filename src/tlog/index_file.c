#include "tlog/index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"
#include "tlog/crc.h"
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

int index_open(int log_dir, uint64_t first, struct index_file *ret)
{
	struct index_file f = {0};
	char path[PATH_MAX_];
	struct stat st;
	void *p;
	int fd, r;

	path_of(first, path);
	fd = openat(log_dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return ERR_NOTFOUND;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size < (off_t)INDEX_HEAD) {
		close(fd);
		return ERR_CORRUPT;
	}
	f.n = (size_t)st.st_size;
	p = mmap(NULL, f.n, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		return ERR_CORRUPT;
	f.p = p;
	r = head_get(p, &f);
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
	if (f->p)
		munmap((void *)(uintptr_t)f->p, f->n);
	*f = (struct index_file){0};
}

/* Bytes of the whole record at p, or 0. */
static size_t record_get(const uint8_t *p, size_t n, struct index_zone *z)
{
	struct cur c = cur_init(p, n);
	uint64_t min, max;
	const void *tag, *rest;
	uint32_t bytes, crc;
	uint8_t none;

	if (n < INDEX_RECORD || cur_bytes(&c, 4, &tag) || memcmp(tag, "SVI1", 4) != 0 || cur_u32(&c, &bytes) || cur_u64(&c, &z->first) ||
	    cur_u64(&c, &z->at) || cur_u32(&c, &z->count) || cur_u32(&c, &z->packed) || cur_u32(&c, &z->raw) || cur_u32(&c, &z->crc) ||
	    cur_u64(&c, &min) || cur_u64(&c, &max) || cur_u16(&c, &z->severities) || cur_u8(&c, &z->content) || cur_u8(&c, &none) ||
	    cur_u32(&c, &z->cells) || cur_bytes(&c, INDEX_RECORD - 4 - 64, &rest) || cur_u32(&c, &crc) ||
	    crc != crc32c(0, p, INDEX_RECORD - 4))
		return 0;
	z->time_min = (int64_t)min;
	z->time_max = (int64_t)max;
	if (!z->cells || z->cells > INDEX_CELLS_MAX || z->cells % INDEX_CHECKED || INDEX_CELLS_MAX % z->cells ||
	    bytes != INDEX_RECORD + z->cells * INDEX_CELL + z->cells / INDEX_CHECKED * 2 || bytes > n)
		return 0;
	return bytes;
}

bool index_next(const struct index_file *f, size_t *at, struct index_zone *ret, const uint8_t **ret_filter)
{
	struct index_zone z;
	size_t n;

	if (*at < INDEX_HEAD)
		*at = INDEX_HEAD;
	n = *at < f->n ? record_get(f->p + *at, f->n - *at, &z) : 0;
	if (!n)
		return false;
	*ret = z;
	*ret_filter = f->p + *at + INDEX_RECORD;
	*at += n;
	return true;
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
	bool made_dir;
	struct index_maker *maker;
	struct buf out;
};

struct indexer *indexer_new(int log_dir)
{
	struct indexer *ix = xcalloc(1, sizeof *ix);

	ix->dir = log_dir;
	ix->fd = -1;
	ix->maker = index_maker_new();
	buf_init(&ix->out, INDEX_RECORD_MAX + INDEX_HEAD);
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
	const uint8_t *filter;
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
	while (ix->records < s->n && index_next(&f, &at, &z, &filter) && index_is_of(&z, &s->blocks[ix->records])) {
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

/* Opens the file of s for adding, without records that are not of its blocks. */
static int take_up(struct indexer *ix, const struct segment *s, bool again)
{
	char path[PATH_MAX_];
	struct stat st;
	int r;

	drop(ix);
	ix->first = s->first;
	r = again ? ERR_NOTFOUND : measure(ix, s);
	if (r)
		return create(ix, s);
	path_of(s->first, path);
	ix->fd = openat(ix->dir, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (ix->fd < 0 || fstat(ix->fd, &st))
		return ERR_SYS;
	/* A torn or stale end is made anew in a file of its own, for readers may have this one mapped. */
	return st.st_size > ix->end ? (drop(ix), create(ix, s)) : 0;
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
	if (r)
		drop(ix);
}

int indexer_mend(struct indexer *ix, const struct segment *s, bool again, size_t *ret_made, struct err *e)
{
	int r = take_up(ix, s, again);

	*ret_made = 0;
	r = r ? err_set(e, r, "idx/%020llu cannot be made", (unsigned long long)s->first) : catch_up(ix, s, s->n, ret_made, e);
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

#include "tlog/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tlog/crc.h"
#include "tlog/io.h"
#include "tlog/packer.h"

#define ARENA_MAX (256u << 20)
#define RESERVE_STEP (4 << 20)
#define FRONT 512u                                   /* bytes of a frame read at once: all of most metadata */

void segment_name(uint64_t first, char out[SEGMENT_NAME])
{
	snprintf(out, SEGMENT_NAME, "%020llu", (unsigned long long)first);
}

int segment_name_parse(const char *name, uint64_t *ret_first)
{
	int64_t v;

	if (strlen(name) != SEGMENT_NAME - 1 || str_int(str_from(name), 0, INT64_MAX, &v) || v % SEGMENT_UNIT)
		return ERR_SYNTAX;
	*ret_first = (uint64_t)v;
	return 0;
}

struct segment *segment_new(uint64_t first)
{
	struct segment *s = xcalloc(1, sizeof *s);

	s->fd = -1;
	s->first = s->end = first;
	s->arena = arena_new(ARENA_MAX);
	return s;
}

void segment_free(struct segment *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	free(s->blocks);
	arena_free(s->arena);
	free(s);
}

void segment_add(struct segment *s, const struct seg_block *sb)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 64;
		struct seg_block *more = xcalloc(cap, sizeof *more);

		if (s->n)
			memcpy(more, s->blocks, s->n * sizeof *more);
		free(s->blocks);
		s->blocks = more;
		s->cap = cap;
	}
	s->blocks[s->n++] = *sb;
	s->bytes = (off_t)(sb->at + sb->packed);
	s->end = sb->first + sb->count;
}

int segment_frame(struct segment *s, off_t at, struct str *ret)
{
	uint8_t front[FRONT];
	size_t got = sizeof front;
	uint32_t n;
	char *p;

	if (at < 0 || at > s->file_bytes - (off_t)SKIP_HEAD)
		return ERR_CORRUPT;
	if ((off_t)got > s->file_bytes - at)
		got = (size_t)(s->file_bytes - at);
	if (io_read(s->fd, front, got, at) || get_le32(front) != SKIP_MAGIC)
		return ERR_CORRUPT;
	n = get_le32(front + 4);
	if (n > META_MAX || (off_t)n > s->file_bytes - at - (off_t)SKIP_HEAD)
		return ERR_CORRUPT;
	p = arena_alloc(s->arena, n + 1);
	if (!p)
		return ERR_CORRUPT;
	got -= SKIP_HEAD;
	got = got < n ? got : n;
	memcpy(p, front + SKIP_HEAD, got);
	if (got < n && io_read(s->fd, p + got, n - got, at + (off_t)(SKIP_HEAD + got)))
		return ERR_CORRUPT;
	*ret = str_n(p, n);
	return 0;
}

/* True when footer and seek table stand behind the last block exactly as they must. */
static bool is_sealed(const struct segment *s)
{
	bool same = false;
	struct buf want;
	char *have;

	buf_init(&want, META_MAX);
	if (!closing_put(&want, s) && s->file_bytes == s->bytes + (off_t)want.n) {
		have = xmalloc(want.n);
		same = !io_read(s->fd, have, want.n, s->bytes) && !memcmp(have, want.p, want.n);
		free(have);
	}
	buf_release(&want);
	return same;
}

static int read_blocks(struct segment *s, const uint8_t *origin_hash)
{
	struct str content;

	if (segment_frame(s, 0, &content) || header_get(content, origin_hash, s))
		return ERR_CORRUPT;
	s->bytes = (off_t)(SKIP_HEAD + content.n);
	while (s->end < s->first + s->capacity) {
		struct seg_block sb;

		if (segment_frame(s, s->bytes, &content) || meta_get(content, &sb) || sb.first != s->end ||
		    sb.count > s->first + s->capacity - s->end)
			break;
		sb.meta_at = (uint64_t)s->bytes;
		sb.at = sb.meta_at + SKIP_HEAD + content.n;
		if (sb.packed > (uint64_t)s->file_bytes - sb.at)
			break;
		segment_add(s, &sb);
	}
	s->sealed = is_sealed(s);
	return 0;
}

int segment_open(int dirfd, uint64_t first, const uint8_t origin_hash[SHA256_LEN], bool writable, struct segment **ret,
                 struct err *e)
{
	struct segment *s = segment_new(first);
	char name[SEGMENT_NAME];
	struct stat st;
	int r = 0;

	segment_name(first, name);
	s->fd = openat(dirfd, name, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW);
	if (s->fd < 0 || fstat(s->fd, &st)) {
		r = err_sys(e, "seg/%s", name);
	} else {
		s->file_bytes = st.st_size;
		r = read_blocks(s, origin_hash);
		if (r)
			err_set(e, r, "seg/%s: its header is damaged or another log's", name);
	}
	if (r) {
		segment_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

int segment_peek(int dirfd, uint64_t first, const uint8_t origin_hash[SHA256_LEN], int64_t created_ns)
{
	uint8_t head[SKIP_HEAD + 4 + 8 + 8 + SHA256_LEN + 8] = {0};
	struct cur c = cur_init(head + SKIP_HEAD + 4, sizeof head - SKIP_HEAD - 4);
	uint64_t is = 0, capacity = 0, created = 0;
	const void *origin = NULL;
	char name[SEGMENT_NAME];
	int fd;

	segment_name(first, name);
	fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -1;
	if (!io_read(fd, head, sizeof head, 0) && get_le32(head) == SKIP_MAGIC && !cur_u64(&c, &is) && !cur_u64(&c, &capacity) &&
	    !cur_bytes(&c, SHA256_LEN, &origin) && !cur_u64(&c, &created) && is == first && (int64_t)created == created_ns &&
	    !memcmp(origin, origin_hash, SHA256_LEN))
		return fd;
	close(fd);
	return -1;
}

static int put(struct segment *s, const struct buf *b, off_t at, struct err *e)
{
	if (buf_err(b))
		return err_set(e, ERR_NOMEM, "seg/%020llu: too much metadata", (unsigned long long)s->first);
	if (io_write(s->fd, b->p, b->n, at))
		return err_sys(e, "seg/%020llu", (unsigned long long)s->first);
	if (at + (off_t)b->n > s->file_bytes)
		s->file_bytes = at + (off_t)b->n;
	return 0;
}

int segment_create(int dirfd, uint64_t first, uint64_t capacity, const uint8_t origin_hash[SHA256_LEN],
                   int64_t created_ns, struct str snapshot, struct segment **ret, struct err *e)
{
	struct segment *s = segment_new(first);
	char name[SEGMENT_NAME];
	struct buf b;
	int r;

	segment_name(first, name);
	s->capacity = capacity;
	s->created_ns = created_ns;
	s->sources = arena_str(s->arena, snapshot);
	s->fd = openat(dirfd, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (s->fd < 0) {
		r = err_sys(e, "seg/%s", name);
		segment_free(s);
		return r;
	}
	buf_init(&b, META_MAX);
	header_put(&b, s, origin_hash);
	r = put(s, &b, 0, e);
	s->bytes = (off_t)b.n;
	buf_release(&b);
	if (r) {
		segment_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

/* One for the life of a thread. */
static _Thread_local struct packer *packer;
static _Thread_local struct buf frames;

static void open_packer(void)
{
	if (packer)
		return;
	packer = packer_new();
	buf_init(&frames, META_MAX + PACKED_MAX);
}

/* Space for what comes, so that a write finds it and the disk need not look for it: beyond the end of the file, which stays
 * the end of what was written. */
static int reserve(struct segment *s, off_t to)
{
	if (to <= s->reserved)
		return 0;
	to = (to + RESERVE_STEP - 1) / RESERVE_STEP * RESERVE_STEP;
	if (io_reserve_beyond(s->fd, s->reserved, to - s->reserved))
		return ERR_SYS;
	s->reserved = to;
	return 0;
}

int segment_append(struct segment *s, const struct block *b, struct str sources, struct err *e)
{
	return segment_append_as(s, b, sources, b->time_min, b->time_max, e);
}

int segment_append_as(struct segment *s, const struct block *b, struct str sources, int64_t time_min, int64_t time_max,
                      struct err *e)
{
	struct seg_block sb = {.first = b->first, .count = b->count, .raw = (uint32_t)b->raw.n, .time_min = time_min,
	                       .time_max = time_max, .meta_at = (uint64_t)s->bytes};
	struct str packed;
	int r;

	if (b->first != s->end || b->count % BUNDLE || !b->count || s->end + b->count > s->first + s->capacity)
		return err_set(e, ERR_WRONG_STATE, "a block that does not follow its segment");
	open_packer();
	r = packer_pack(packer, b, &packed, &sb.heads, &sb.text);
	if (r)
		return err_set(e, r, "a block could not be compressed");
	memcpy(sb.bundle, b->bundle, sizeof sb.bundle);
	sb.packed = (uint32_t)packed.n;
	sb.crc = crc32c(0, packed.p, packed.n);
	sb.sources = arena_str(s->arena, sources);
	buf_clear(&frames);
	meta_put(&frames, &sb);
	sb.at = sb.meta_at + frames.n;
	buf_str(&frames, packed);
	if (reserve(s, s->bytes + (off_t)frames.n))
		return err_sys(e, "seg/%020llu", (unsigned long long)s->first);
	r = put(s, &frames, s->bytes, e);
	if (!r)
		segment_add(s, &sb);
	return r;
}

void segment_trim(struct segment *s)
{
	/* failing that, space stays taken: no harm */
	if (s && s->reserved && !io_truncate(s->fd, s->file_bytes))
		s->reserved = 0;
}

int segment_cut(struct segment *s, uint64_t index, struct err *e)
{
	size_t n = s->n;

	while (n && s->blocks[n - 1].first >= index)
		n--;
	if ((n ? s->blocks[n - 1].first + s->blocks[n - 1].count : s->first) != index)
		return err_set(e, ERR_RANGE, "seg/%020llu: no block ends before entry %llu", (unsigned long long)s->first,
		               (unsigned long long)index);
	s->bytes = n ? (off_t)(s->blocks[n - 1].at + s->blocks[n - 1].packed)
	             : s->n ? (off_t)s->blocks[0].meta_at : s->bytes;
	s->n = n;
	s->end = index;
	s->sealed = false;
	if (io_truncate(s->fd, s->bytes) || io_sync(s->fd))
		return err_sys(e, "seg/%020llu", (unsigned long long)s->first);
	s->file_bytes = s->bytes;
	return 0;
}

int segment_seal(struct segment *s, struct err *e)
{
	struct buf b;
	int r;

	buf_init(&b, META_MAX);
	r = closing_put(&b, s);
	if (r)
		err_set(e, r, "only a full segment is sealed");
	else
		r = put(s, &b, s->bytes, e);
	if (!r && (io_truncate(s->fd, s->bytes + (off_t)b.n) || io_sync(s->fd)))
		r = err_sys(e, "seg/%020llu", (unsigned long long)s->first);
	s->sealed = !r;
	buf_release(&b);
	return r;
}

const struct seg_block *segment_find(const struct segment *s, uint64_t index)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (s->blocks[mid].first + s->blocks[mid].count <= index)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < s->n && s->blocks[lo].first <= index ? &s->blocks[lo] : NULL;
}

int segment_read(const struct segment *s, const struct seg_block *sb, struct block *b, struct err *e)
{
	int r = segment_load(s, sb, b, e);

	for (uint32_t i = 0; !r && i < sb->count / BUNDLE; i++)
		block_hash(b, i);
	return r;
}

/* The frames of a block, checked; valid until the thread packs or reads again. */
static int read_frames(const struct segment *s, const struct seg_block *sb, struct str *ret, struct err *e)
{
	unsigned long long at = sb->first;
	char *packed;

	buf_clear(&frames);
	packed = buf_room(&frames, sb->packed);
	if (!packed)
		return err_set(e, ERR_CORRUPT, "block at entry %llu: too big", at);
	if (io_read(s->fd, packed, sb->packed, (off_t)sb->at))
		return err_set(e, ERR_CORRUPT, "block at entry %llu: cannot be read", at);
	if (crc32c(0, packed, sb->packed) != sb->crc)
		return err_set(e, ERR_CORRUPT, "block at entry %llu: wrong checksum", at);
	*ret = str_n(packed, sb->packed);
	return 0;
}

int segment_load(const struct segment *s, const struct seg_block *sb, struct block *b, struct err *e)
{
	struct packer_text t;
	struct str packed;
	int r;

	open_packer();
	block_reset(b, sb->first);
	r = read_frames(s, sb, &packed, e);
	if (r)
		return r;
	r = packer_text(packer, packed, sb->raw, &t) || t.heads != sb->heads || t.text.n != sb->text ? ERR_CORRUPT : 0;
	if (!r)
		r = packer_bundles(packer, sb->count, sb->raw, &b->raw);
	if (!r)
		r = block_index(b, sb->count);
	return r ? err_set(e, ERR_CORRUPT, "block at entry %llu: does not unpack to its entries", (unsigned long long)sb->first) : 0;
}

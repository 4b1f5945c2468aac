#include "tlog/tail.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "tlog/crc.h"
#include "tlog/io.h"

#define MAGIC "SVTAIL1\n"
#define HEAD (8 + 8 + SHA256_LEN + 4)

static void head_put(struct buf *b, uint64_t first, const uint8_t *origin_hash)
{
	size_t from = b->n;

	buf_puts(b, MAGIC);
	buf_u64(b, first);
	buf_put(b, origin_hash, SHA256_LEN);
	if (!b->failed)
		buf_u32(b, crc32c(0, b->p + from, b->n - from));
}

/* Of one record: the chain up to it, then its length and bytes. A record left from an earlier life of the file does not fit. */
static uint32_t record_crc(uint32_t before, struct str entry)
{
	uint8_t n[4] = {(uint8_t)(entry.n >> 24), (uint8_t)(entry.n >> 16), (uint8_t)(entry.n >> 8), (uint8_t)entry.n};

	return crc32c(crc32c(before, n, sizeof n), entry.p, entry.n);
}

static void put_records(struct tail *t, const struct block *b)
{
	for (; t->count < b->count; t->count++) {
		struct str entry = block_entry(b, t->count);

		t->crc = record_crc(t->crc, entry);
		buf_u32(&t->waiting, (uint32_t)entry.n);
		buf_u32(&t->waiting, t->crc);
		buf_str(&t->waiting, entry);
	}
}

static int flush(struct tail *t, struct err *e)
{
	off_t need = t->end + (off_t)t->waiting.n;

	if (buf_err(&t->waiting))
		return err_set(e, ERR_NOMEM, "tail: too much waits");
	if (need > t->reserved) {
		off_t to = (need + TAIL_STEP - 1) / TAIL_STEP * TAIL_STEP;

		if (io_reserve(t->fd, t->reserved, to - t->reserved))
			return err_sys(e, "tail");
		t->reserved = to;
	}
	if (io_write(t->fd, t->waiting.p, t->waiting.n, t->end))
		return err_sys(e, "tail");
	t->end = need;
	buf_clear(&t->waiting);
	return 0;
}

int tail_commit(struct tail *t, const struct block *b, struct err *e)
{
	int r;

	put_records(t, b);
	r = flush(t, e);
	return r || !io_sync(t->fd) ? r : err_sys(e, "tail");
}

int tail_replace(struct tail *t, int dirfd, const uint8_t origin_hash[SHA256_LEN], const struct block *b, struct err *e)
{
	struct tail new = {.fd = -1, .first = b->first};
	int r;

	buf_init(&new.waiting, TAIL_BYTES_MAX);
	head_put(&new.waiting, b->first, origin_hash);
	new.crc = new.waiting.failed ? 0 : crc32c(0, new.waiting.p, HEAD);
	put_records(&new, b);
	new.fd = openat(dirfd, ".tail.new", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	r = new.fd < 0 ? err_sys(e, "tail") : flush(&new, e);
	if (!r && (fsync(new.fd) || renameat(dirfd, ".tail.new", dirfd, "tail") || dir_fsync(dirfd)))
		r = err_sys(e, "tail");
	if (r) {
		if (new.fd >= 0)
			close(new.fd);
		buf_release(&new.waiting);
		return r;
	}
	if (t->fd >= 0)
		close(t->fd);
	buf_release(&t->waiting);
	*t = new;
	return 0;
}

void tail_close(struct tail *t)
{
	if (t->fd >= 0) {
		/* Without the reserve every byte of a closed log is accounted for. Failing that, zeros stay: no harm. */
		if (t->end && !io_truncate(t->fd, t->end))
			(void)!fsync(t->fd);
		close(t->fd);
	}
	t->fd = -1;
	buf_release(&t->waiting);
}

int tail_parse(struct str file, const uint8_t origin_hash[SHA256_LEN], struct block *b, size_t *ret_left)
{
	struct cur c = cur_init(file.p, file.n), good;
	const void *magic, *origin;
	uint64_t first;
	uint32_t crc, stored;

	if (cur_bytes(&c, 8, &magic) || cur_u64(&c, &first) || cur_bytes(&c, SHA256_LEN, &origin) || cur_u32(&c, &stored) ||
	    memcmp(magic, MAGIC, 8) != 0 || stored != crc32c(0, file.p, HEAD - 4) || first % BUNDLE ||
	    memcmp(origin, origin_hash, SHA256_LEN) != 0)
		return ERR_CORRUPT;
	crc = crc32c(0, file.p, HEAD);
	block_reset(b, first);
	for (good = c;; good = c) {
		const void *p;
		uint32_t n;

		if (cur_u32(&c, &n) || !n || cur_u32(&c, &stored) || cur_bytes(&c, n, &p) ||
		    stored != record_crc(crc, str_n(p, n)) || block_full(b) || block_add_unhashed(b, str_n(p, n)))
			break;
		crc = stored;
	}
	for (uint32_t i = 0; i * BUNDLE < b->count; i++)
		block_hash(b, i);
	*ret_left = cur_left(&good);
	while (*ret_left && !good.p[*ret_left - 1])
		--*ret_left;
	return 0;
}

int tail_read(int dirfd, const uint8_t origin_hash[SHA256_LEN], struct block *b, size_t *ret_left, struct err *e)
{
	struct buf file;
	int r;

	buf_init(&file, TAIL_BYTES_MAX);
	r = file_read_at(dirfd, "tail", TAIL_BYTES_MAX, &file, e);
	if (!r) {
		r = tail_parse(buf_view(&file), origin_hash, b, ret_left);
		if (r)
			err_set(e, r, "tail: its header is damaged or another log's");
	}
	buf_release(&file);
	return r;
}

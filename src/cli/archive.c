#include "cli/archive.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/archive_int.h"
#include "lib/arena.h"
#include "lib/file.h"
#include "lib/i18n.h"

#define MANIFEST_MAX (512u << 20)

struct member {
	char name[ARCHIVE_NAME_MAX + 1], sha256[SHA256_HEX];
};
struct archive {
	int fd;
	off_t at;
	struct member *members;
	size_t n, cap;
	const char **sorted;                             /* names of the members there were at archive_index */
	size_t n_sorted;
	struct buf facts;
};

static int sys_err(struct err *e, const char *what)
{
	return err_set(e, ERR_SYS, "%s: %s", what, strerror(errno));
}

struct archive *archive_new(int fd)
{
	struct archive *a = xcalloc(1, sizeof *a);
	a->fd = fd;
	buf_init(&a->facts, 65536);
	return a;
}

static void index_free(struct archive *a)
{
	for (size_t i = 0; i < a->n_sorted; i++)
		free((void *)(uintptr_t)a->sorted[i]);
	free(a->sorted);
	a->sorted = NULL;
	a->n_sorted = 0;
}

void archive_free(struct archive *a)
{
	if (!a)
		return;
	index_free(a);
	free(a->members);
	buf_release(&a->facts);
	free(a);
}

/* --- hashing ----------------------------------------------------------------------------------------------------- */

void digest_begin(struct digest *d)
{
	d->ctx = EVP_MD_CTX_new();
	if (!d->ctx || EVP_DigestInit_ex(d->ctx, EVP_sha256(), NULL) != 1)
		abort();
}

void digest_put(struct digest *d, const void *p, size_t n)
{
	if (EVP_DigestUpdate(d->ctx, p, n) != 1)
		abort();
}

void digest_end(struct digest *d, char out[SHA256_HEX])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char h[SHA256_LEN];
	if (EVP_DigestFinal_ex(d->ctx, h, NULL) != 1)
		abort();
	EVP_MD_CTX_free(d->ctx);
	for (size_t i = 0; i < sizeof h; i++) {
		out[2 * i] = hex[h[i] >> 4];
		out[2 * i + 1] = hex[h[i] & 15];
	}
	out[2 * SHA256_LEN] = 0;
}

/* --- writing ----------------------------------------------------------------------------------------------------- */

/* POSIX ustar; a size of 8 GiB and more in the binary form that every tar of today reads. */
static void header_make(unsigned char h[TAR_BLOCK], const char *name, uint64_t size)
{
	unsigned sum = 0;
	memset(h, 0, TAR_BLOCK);
	memcpy(h, name, strlen(name));
	memcpy(h + 100, "0000600", 8);
	memcpy(h + 108, "0000000", 8);
	memcpy(h + 116, "0000000", 8);
	if (size >> 33 == 0) {
		snprintf((char *)h + 124, 12, "%011llo", (unsigned long long)size);
	} else {
		h[124] = 0x80;
		for (int i = 0; i < 8; i++)
			h[135 - i] = (unsigned char)(size >> (8 * i));
	}
	memcpy(h + 136, "00000000000", 12);
	memset(h + 148, ' ', 8);
	h[156] = '0';
	memcpy(h + 257, "ustar\00000", 8);
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += h[i];
	snprintf((char *)h + 148, 8, "%06o", sum);
	h[155] = ' ';
}

static int put(struct archive *a, const void *p, size_t n, struct err *e)
{
	if (fd_write_all(a->fd, p, n) != 0)
		return sys_err(e, _("the backup cannot be written"));
	a->at += (off_t)n;
	return 0;
}

static int put_padding(struct archive *a, uint64_t size, struct err *e)
{
	static const unsigned char zero[TAR_BLOCK];
	size_t rest = (size_t)(size % TAR_BLOCK);
	return rest ? put(a, zero, TAR_BLOCK - rest, e) : 0;
}

static void remember(struct archive *a, const char *name, const char *sha256)
{
	if (a->n == a->cap) {
		size_t cap = a->cap ? 2 * a->cap : 256;
		struct member *more = xcalloc(cap, sizeof *more);
		if (a->n)
			memcpy(more, a->members, a->n * sizeof *more);
		free(a->members);
		a->members = more;
		a->cap = cap;
	}
	struct member *m = &a->members[a->n++];
	snprintf(m->name, sizeof m->name, "%s", name);
	snprintf(m->sha256, sizeof m->sha256, "%s", sha256);
}

static int copy(struct archive *a, const char *name, int fd, uint64_t size, struct digest *d, struct err *e)
{
	static unsigned char block[1u << 16];
	while (size > 0) {
		ssize_t n = read(fd, block, size < sizeof block ? (size_t)size : sizeof block);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return sys_err(e, name);
		if (n == 0)
			return err_set(e, ERR_BUSY, _("%s became shorter while it was copied"), name);
		digest_put(d, block, (size_t)n);
		int r = put(a, block, (size_t)n, e);
		if (r != 0)
			return r;
		size -= (uint64_t)n;
	}
	return 0;
}

int archive_add(struct archive *a, const char *name, int fd, struct err *e)
{
	unsigned char h[TAR_BLOCK];
	char sha256[SHA256_HEX];
	struct digest d;
	off_t end = lseek(fd, 0, SEEK_END);
	if (!archive_name_ok(str_from(name)))
		return err_set(e, ERR_INVALID, _("\"%s\" is no file of a data folder"), name);
	if (end < 0 || lseek(fd, 0, SEEK_SET) != 0)
		return sys_err(e, name);
	header_make(h, name, (uint64_t)end);
	int r = put(a, h, sizeof h, e);
	if (r != 0)
		return r;
	digest_begin(&d);
	r = copy(a, name, fd, (uint64_t)end, &d, e);
	digest_end(&d, sha256);
	if (r == 0)
		r = put_padding(a, (uint64_t)end, e);
	if (r == 0)
		remember(a, name, sha256);
	return r;
}

static int by_name(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;
	return strcmp(*x, *y);
}

void archive_index(struct archive *a)
{
	index_free(a);
	a->sorted = xcalloc(a->n ? a->n : 1, sizeof *a->sorted);
	a->n_sorted = a->n;
	for (size_t i = 0; i < a->n; i++)
		a->sorted[i] = xstrdup(a->members[i].name);
	qsort(a->sorted, a->n_sorted, sizeof *a->sorted, by_name);
}

bool archive_has(const struct archive *a, const char *name)
{
	return a->n_sorted && bsearch(&name, a->sorted, a->n_sorted, sizeof *a->sorted, by_name);
}

struct archive_mark archive_here(const struct archive *a)
{
	return (struct archive_mark){a->at, a->n};
}

int archive_back(struct archive *a, struct archive_mark m, struct err *e)
{
	if (ftruncate(a->fd, m.at) != 0 || lseek(a->fd, m.at, SEEK_SET) != m.at)
		return sys_err(e, "ftruncate");
	a->at = m.at;
	a->n = m.members;
	return 0;
}

void archive_fact(struct archive *a, const char *name, const char *value)
{
	buf_printf(&a->facts, "# %s %s\n", name, value);
}

int archive_end(struct archive *a, struct err *e)
{
	static const unsigned char zero[2 * TAR_BLOCK];
	unsigned char h[TAR_BLOCK];
	char sha256[SHA256_HEX];
	struct buf b;
	buf_init(&b, MANIFEST_MAX);
	buf_printf(&b, "# sekisho-backup 1\n%s", buf_z(&a->facts));
	for (size_t i = 0; i < a->n; i++)
		buf_printf(&b, "%s  %s\n", a->members[i].sha256, a->members[i].name);
	sha256_hex(b.p, b.n, sha256);
	buf_printf(&b, "# manifest %s\n", sha256);
	int r = buf_err(&b) ? err_set(e, ERR_TOOBIG, "%s", ARCHIVE_MANIFEST) : 0;
	if (r == 0) {
		header_make(h, ARCHIVE_MANIFEST, b.n);
		if ((r = put(a, h, sizeof h, e)) == 0 && (r = put(a, b.p, b.n, e)) == 0 && (r = put_padding(a, b.n, e)) == 0)
			r = put(a, zero, sizeof zero, e);
	}
	buf_release(&b);
	if (r == 0 && fsync(a->fd) != 0)
		r = sys_err(e, _("the backup cannot be written"));
	return r;
}

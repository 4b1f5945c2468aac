/* Reading a backup: what comes from it is not trusted before the manifest has been held against it. */
#include "cli/archive_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/file.h"
#include "lib/i18n.h"

#define MANIFEST_MAX (512u << 20)
#define MEMBERS_MAX 50000000u

struct unpack {
	int fd, dir;
	struct buf seen;                                 /* "HASH  NAME\n" of each member, as the manifest must say */
	struct buf manifest;
};

static int sys_err(struct err *e, const char *what)
{
	return err_set(e, ERR_SYS, "%s: %s", what, strerror(errno));
}

bool archive_name_ok(struct str name)
{
	if (!name.n || name.n > ARCHIVE_NAME_MAX)
		return false;
	char before = '/';
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
		             c == '_' || c == '+';
		if (before == '/' ? !plain : !plain && c != '.' && c != '/')
			return false;
		before = c;
	}
	return before != '/';
}

static int cut_off(struct err *e)
{
	return err_set(e, ERR_CORRUPT, "%s", _("The backup is cut off: its end is missing"));
}

/* Exactly n bytes. */
static int take(int fd, void *p, size_t n, struct err *e)
{
	unsigned char *at = p;
	while (n > 0) {
		ssize_t got = read(fd, at, n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return sys_err(e, _("the backup cannot be read"));
		if (got == 0)
			return cut_off(e);
		at += got;
		n -= (size_t)got;
	}
	return 0;
}

static int octal(const unsigned char *p, size_t n, uint64_t *ret)
{
	uint64_t v = 0;
	size_t i = 0;
	for (; i < n && p[i] >= '0' && p[i] <= '7'; i++)
		v = v << 3 | (uint64_t)(p[i] - '0');
	for (size_t k = i; k < n; k++)
		if (p[k] != 0 && p[k] != ' ')
			return ERR_SYNTAX;
	*ret = v;
	return i ? 0 : ERR_SYNTAX;
}

/* Only what header_make writes: plain files. */
static int header_read(const unsigned char h[TAR_BLOCK], char name[ARCHIVE_NAME_MAX + 1], uint64_t *ret_size)
{
	uint64_t sum = 0, said;
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += i >= 148 && i < 156 ? ' ' : h[i];
	if (octal(h + 148, 8, &said) != 0 || said != sum || h[156] != '0' || memcmp(h + 257, "ustar", 6) != 0 || h[99])
		return ERR_CORRUPT;
	memcpy(name, h, ARCHIVE_NAME_MAX + 1);
	if (!archive_name_ok(str_from(name)))
		return ERR_CORRUPT;
	if (h[124] != 0x80)
		return octal(h + 124, 12, ret_size);
	*ret_size = 0;
	for (int i = 125; i < 136; i++) {
		if (*ret_size >> 54)
			return ERR_CORRUPT;
		*ret_size = *ret_size << 8 | h[i];
	}
	return 0;
}

static bool all_zero(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

/* Opens dir/name for writing, making the folders before it. */
static int make_file(int dir, const char *name, struct err *e)
{
	int at = dup(dir), fd;
	const char *slash;
	while (at >= 0 && (slash = strchr(name, '/')) != NULL) {
		char part[ARCHIVE_NAME_MAX + 1];
		snprintf(part, sizeof part, "%.*s", (int)(slash - name), name);
		if (mkdirat(at, part, 0700) != 0 && errno != EEXIST)
			break;
		int next = openat(at, part, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
		close(at);
		at = next;
		name = slash + 1;
	}
	if (at < 0 || strchr(name, '/')) {
		int r = sys_err(e, name);
		if (at >= 0)
			close(at);
		return r;
	}
	fd = openat(at, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		fd = sys_err(e, name);
	close(at);
	return fd;
}

/* The bytes of one member to fd (a file), or into the manifest. */
static int take_member(struct unpack *u, const char *name, uint64_t size, int fd, struct err *e)
{
	static unsigned char block[1u << 16];
	char sha256[SHA256_HEX];
	uint64_t left = size;
	struct digest d;
	int r = 0;
	digest_begin(&d);
	while (r == 0 && left > 0) {
		size_t n = left < sizeof block ? (size_t)left : sizeof block;
		if ((r = take(u->fd, block, n, e)) != 0)
			break;
		digest_put(&d, block, n);
		if (fd < 0)
			buf_put(&u->manifest, block, n);
		else if (fd_write_all(fd, block, n) != 0)
			r = sys_err(e, name);
		left -= n;
	}
	digest_end(&d, sha256);
	if (r == 0 && size % TAR_BLOCK)
		r = take(u->fd, block, TAR_BLOCK - (size_t)(size % TAR_BLOCK), e);
	if (r == 0 && fd >= 0) {
		buf_printf(&u->seen, "%s  %s\n", sha256, name);
		if (fsync(fd) != 0)
			r = sys_err(e, name);
	}
	return r;
}

/* All members up to the manifest, which is the last. */
static int take_all(struct unpack *u, struct err *e)
{
	unsigned char h[TAR_BLOCK];
	char name[ARCHIVE_NAME_MAX + 1];
	for (unsigned n = 0; n < MEMBERS_MAX; n++) {
		uint64_t size;
		int r = take(u->fd, h, sizeof h, e);
		if (r != 0)
			return r;
		if (all_zero(h, sizeof h))
			return err_set(e, ERR_CORRUPT, "%s", _("The backup has no manifest"));
		if (header_read(h, name, &size) != 0)
			return err_set(e, ERR_CORRUPT, n ? _("The backup is damaged after member %u")
			               : _("This is no backup of Sekisho"), n);
		if (strcmp(name, ARCHIVE_MANIFEST) == 0)
			return size > MANIFEST_MAX ? cut_off(e) : take_member(u, name, size, -1, e);
		int fd = make_file(u->dir, name, e);
		if (fd < 0)
			return fd;
		r = take_member(u, name, size, fd, e);
		close(fd);
		if (r != 0)
			return r;
	}
	return err_set(e, ERR_TOOBIG, "%u", MEMBERS_MAX);
}

/* The manifest is untouched, and lists exactly the members that came, in their order, with their hashes. */
static int compare(struct unpack *u, struct buf *facts, struct err *e)
{
	struct str text = buf_view(&u->manifest), seen = buf_view(&u->seen);
	char sha256[SHA256_HEX];
	size_t tail = sizeof "# manifest \n" - 1 + SHA256_HEX - 1;
	if (buf_err(&u->manifest) || buf_err(&u->seen))
		return err_set(e, ERR_TOOBIG, "%s", ARCHIVE_MANIFEST);
	if (text.n < tail || !str_starts(str_slice(text, text.n - tail, tail), "# manifest "))
		return err_set(e, ERR_CORRUPT, "%s", _("The backup's manifest is damaged"));
	sha256_hex(text.p, text.n - tail, sha256);
	if (!str_eq(str_slice(text, text.n - SHA256_HEX, SHA256_HEX - 1), str_from(sha256)))
		return err_set(e, ERR_CORRUPT, "%s", _("The backup's manifest is damaged"));
	text.n -= tail;
	if (!str_is(str_cut(&text, '\n'), "# sekisho-backup 1"))
		return err_set(e, ERR_VERSION, "%s", _("The backup was made by a newer version"));
	while (text.n) {
		struct str line = str_cut(&text, '\n');
		if (str_starts(line, "# ")) {
			buf_printf(facts, "%.*s\n", STR_ARG(str_slice(line, 2, line.n)));
			continue;
		}
		struct str came = str_cut(&seen, '\n'), name = str_slice(line, SHA256_HEX + 1, line.n);
		if (str_eq(line, came))
			continue;
		bool damaged = str_eq(name, str_slice(came, SHA256_HEX + 1, came.n));
		return err_set(e, ERR_CORRUPT, damaged ? _("%.*s is damaged: it has another SHA-256 than the manifest says")
		               : _("%.*s is missing from the backup"), STR_ARG(name));
	}
	if (seen.n)
		return err_set(e, ERR_CORRUPT, "%s", _("The backup holds files that its manifest does not name"));
	return 0;
}

int archive_unpack(int fd, int dirfd, struct buf *facts, struct err *e)
{
	struct unpack u = {.fd = fd, .dir = dirfd};
	buf_init(&u.seen, MANIFEST_MAX);
	buf_init(&u.manifest, MANIFEST_MAX);
	int r = take_all(&u, e);
	if (r == 0)
		r = compare(&u, facts, e);
	buf_release(&u.seen);
	buf_release(&u.manifest);
	return r;
}

struct str archive_fact_of(const struct buf *facts, const char *name)
{
	struct str rest = buf_view(facts);
	while (rest.n) {
		struct str value = str_cut(&rest, '\n'), key = str_cut(&value, ' ');
		if (str_is(key, name))
			return value;
	}
	return STR_NONE;
}

#include "watch/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/file.h"
#include "lib/hash.h"

#define CONF_MAX 16384
#define SETTLED_S 30                                     /* untouched for so long it counts as complete without a word of the kernel */
#define PIECE 65536

static int sys_err(struct err *e, const char *what)
{
	return err_set(e, ERR_SYS, "%s: %s", what, strerror(errno));
}

/* --- settings -------------------------------------------------------------------------------------------------------- */

static int put(struct folder *f, struct str key, struct str value, struct err *e)
{
	const struct {
		const char *key;
		char *to;
		size_t n;
	} texts[] = {{"token", f->token, sizeof f->token}, {"direction", f->direction, sizeof f->direction}, {"class", f->class_c, sizeof f->class_c},
	             {"purpose", f->purpose, sizeof f->purpose}, {"recipients", f->recipients, sizeof f->recipients},
	             {"outside-recipient", f->outside, sizeof f->outside}, {"provision", f->provision, sizeof f->provision}};
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		if (str_is(key, texts[i].key)) {
			if (value.n >= texts[i].n)
				return err_set(e, ERR_TOOBIG, "%s/watch.conf: %s is too long", f->path, texts[i].key);
			snprintf(texts[i].to, texts[i].n, "%.*s", STR_ARG(value));
			return 0;
		}
	if (!str_is(key, "personal"))
		return err_set(e, ERR_SYNTAX, "%s/watch.conf: \"%.*s\" is no setting", f->path, STR_ARG(key));
	f->personal = str_is(value, "yes");
	return 0;
}

static int read_conf(struct folder *f, struct err *e)
{
	char path[300];
	struct buf b;
	struct stat st;
	snprintf(path, sizeof path, "%s/watch.conf", f->path);
	int r = 0, fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		r = err_set(e, ERR_NOTFOUND, "%s is missing", path);
	else if (st.st_mode & 077)
		r = err_set(e, ERR_DENIED, "%s holds a token: nobody else may read it (chmod 600)", path);
	buf_init(&b, CONF_MAX);
	r = r == 0 ? fd_read_all(fd, CONF_MAX, &b, e) : r;
	if (fd >= 0)
		close(fd);
	struct str rest = buf_view(&b);
	while (r == 0 && rest.n) {
		struct str value = str_trim(str_cut(&rest, '\n')), key;
		if (!value.n || value.p[0] == '#')
			continue;
		key = str_trim(str_cut(&value, '='));
		r = put(f, key, value.p ? str_trim(value) : STR(""), e);
	}
	buf_release(&b);
	if (r == 0 && (!f->token[0] || !f->purpose[0]))
		r = err_set(e, ERR_INVALID, "%s: token and purpose are needed", path);
	if (r == 0 && strcmp(f->direction, "in") != 0 && strcmp(f->direction, "out") != 0)
		r = err_set(e, ERR_INVALID, "%s: direction is in or out", path);
	return r;
}

int folder_read(struct folder *f, const char *path, struct err *e)
{
	static const char *const names[] = {"in", "out", "done", "held"};
	*f = (struct folder){.in = -1, .out = -1, .done = -1, .held = -1, .watch = -1};
	if (path[0] != '/' || strlen(path) >= sizeof f->path)
		return err_set(e, ERR_INVALID, "%s: a watched folder is named by its whole path", path);
	snprintf(f->path, sizeof f->path, "%s", path);
	snprintf(f->class_c, sizeof f->class_c, "2");
	int r = read_conf(f, e), dir = r == 0 ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (r == 0 && dir < 0)
		r = sys_err(e, path);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(names); i++) {
		struct stat st;
		if (mkdirat(dir, names[i], 0770) != 0 && errno != EEXIST)
			r = sys_err(e, path);
		else if (fstatat(dir, names[i], &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(st.st_mode))
			r = err_set(e, ERR_INVALID, "%s/%s is no folder", path, names[i]);
	}
	if (dir >= 0)
		close(dir);
	return r;
}

int folder_open(struct folder *f, const char *seen, struct err *e)
{
	int *const fds[] = {&f->in, &f->out, &f->done, &f->held};
	static const char *const names[] = {"in", "out", "done", "held"};
	int dir = open(seen, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		if (dir < 0 || (*fds[i] = openat(dir, names[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)) < 0)
			return sys_err(e, f->path);
	close(dir);
	return 0;
}

/* --- what comes in --------------------------------------------------------------------------------------------------- */

static bool wanted(const char *name)
{
	struct str s = str_from(name);
	return s.n && s.n <= NAME_MAX_HERE && name[0] != '.' && !str_ends(s, ".part") && !str_ends(s, ".tmp") && !str_ends(s, "~");
}

void folder_told(struct folder *f, struct str name)
{
	snprintf(f->told[f->n_told++ % ARRAY_LEN(f->told)], NAME_MAX_HERE + 1, "%.*s", STR_ARG(name));
}

/* Said once, good once: the next file of that name is complete when the kernel says so anew. */
static bool take_told(struct folder *f, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(f->told); i++)
		if (strcmp(f->told[i], name) == 0) {
			f->told[i][0] = 0;
			return true;
		}
	return false;
}

/* One file as it is now: a change makes another word, and so another transfer. */
static void key_of(const struct folder *f, const char *name, const struct stat *st, char key[65])
{
	char text[700];
	int n = snprintf(text, sizeof text, "%s|%s|%lld|%lld|%lld.%09ld", f->path, name, (long long)st->st_ino, (long long)st->st_size,
	                 (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
	sha256_hex(text, (size_t)n, key);
}

/* With a second name it could be another's, or our own settings. */
static bool whole(const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_nlink == 1;
}

static bool in_hand(const struct folder *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->items[i].name, name) == 0)
			return true;
	return false;
}

void folder_scan(struct folder *f)
{
	int fd = openat(f->in, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *x;
	if (!d) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while (f->n < ITEMS_MAX && (x = readdir(d))) {
		struct stat st;
		if (!wanted(x->d_name) || in_hand(f, x->d_name) || fstatat(f->in, x->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !whole(&st) ||
		    (!take_told(f, x->d_name) && clock_true() / SECOND_US - st.st_mtim.tv_sec < SETTLED_S))
			continue;
		struct item *it = &f->items[f->n++];
		*it = (struct item){0};
		snprintf(it->name, sizeof it->name, "%s", x->d_name);
		key_of(f, it->name, &st, it->key);
	}
	closedir(d);
}

int folder_file(const struct folder *f, const struct item *it, int64_t *ret_size)
{
	struct stat st;
	char key[65];
	int fd = openat(f->in, it->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) != 0 || !whole(&st) || (key_of(f, it->name, &st, key), strcmp(key, it->key) != 0)) {
		close(fd);
		return -1;
	}
	*ret_size = st.st_size;
	return fd;
}

/* --- what goes out --------------------------------------------------------------------------------------------------- */

static int copy(int from, int64_t size, int to)
{
	char mem[PIECE];
	for (int64_t at = 0; at < size;) {
		ssize_t n = pread(from, mem, size - at < PIECE ? (size_t)(size - at) : PIECE, at);
		if (n <= 0 || fd_write_all(to, mem, (size_t)n) < 0)
			return ERR_SYS;
		at += n;
	}
	return 0;
}

/* A name that stands for one file in one folder and hides nothing. */
static void plain_name(struct str name, const char *otherwise, char out[NAME_MAX_HERE + 1])
{
	bool ok = name.n && name.n <= NAME_MAX_HERE - 60 && name.p[0] != '.' && !memchr(name.p, '/', name.n) && !memchr(name.p, 0, name.n);
	snprintf(out, NAME_MAX_HERE + 1, "%.*s", ok ? (int)name.n : 195, ok ? name.p : otherwise);
}

static int put_whole(int dir, const char *name, int from, int64_t size, struct str text, struct err *e)
{
	(void)unlinkat(dir, ".part", 0);                 /* of an earlier life, or a pipe that somebody put there */
	int fd = openat(dir, ".part", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		return sys_err(e, name);
	int r = from >= 0 ? copy(from, size, fd) : fd_write_all(fd, text.p, text.n);
	if (r < 0 || fsync(fd) != 0 || renameat2(dir, ".part", dir, name, RENAME_NOREPLACE) != 0)
		r = r == 0 && errno == EEXIST ? ERR_EXISTS : sys_err(e, name);
	close(fd);
	if (r < 0)
		unlinkat(dir, ".part", 0);
	return r == 0 && fsync(dir) != 0 ? sys_err(e, name) : r;
}

static int put_report(int dir, const char *name, struct str report, struct err *e)
{
	char path[NAME_MAX_HERE + 40];
	snprintf(path, sizeof path, "%.*s.report.json", NAME_MAX_HERE - 13, name);
	(void)unlinkat(dir, path, 0);
	return put_whole(dir, path, -1, 0, report, e);
}

int folder_put_out(struct folder *f, const struct item *it, struct str name, int from, int64_t size, struct str report, struct err *e)
{
	char plain[NAME_MAX_HERE + 1], with[NAME_MAX_HERE + 40];
	plain_name(name, it->name, plain);
	int r = put_whole(f->out, plain, from, size, STR_NONE, e);
	if (r == ERR_EXISTS) {
		snprintf(with, sizeof with, "%lld-%.*s", (long long)it->id, NAME_MAX_HERE - 25, plain);
		(void)unlinkat(f->out, with, 0);         /* of this same transfer, before it ended */
		r = put_whole(f->out, with, from, size, STR_NONE, e);
		snprintf(plain, sizeof plain, "%.*s", NAME_MAX_HERE, with);
	}
	return r < 0 ? r : put_report(f->out, plain, report, e);
}

int folder_end(struct folder *f, struct item *it, bool passed, struct str report, struct err *e)
{
	char to[NAME_MAX_HERE + 40];
	int64_t size;
	int fd = folder_file(f, it, &size), r = 0, dir = passed ? f->done : f->held;
	if (it->id)
		snprintf(to, sizeof to, "%lld-%.*s", (long long)it->id, NAME_MAX_HERE - 40, it->name);
	else                                             /* refused before it had a number */
		snprintf(to, sizeof to, "0-%.12s-%.*s", it->key, NAME_MAX_HERE - 40, it->name);
	if (!passed)
		r = put_report(dir, to, report, e);
	if (r == 0 && fd >= 0 && renameat(f->in, it->name, dir, to) != 0)
		r = sys_err(e, it->name);
	if (fd >= 0)
		close(fd);
	if (r == 0)
		*it = f->items[--f->n];
	return r;
}

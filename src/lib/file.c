#include "lib/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/hash.h"

#define READ_CHUNK 65536u

int fd_read_all(int fd, size_t max, struct buf *out, struct err *e)
{
	/* pread leaves the offset alone, which a descriptor's other owners share. */
	bool seekable = lseek(fd, 0, SEEK_CUR) >= 0;
	size_t got = 0;
	struct stat st;
	max = max < SIZE_MAX / 2 ? max : SIZE_MAX / 2;
	size_t guess = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 ? (size_t)st.st_size + 1 : READ_CHUNK;
	for (;;) {
		size_t want = guess > got ? guess - got : READ_CHUNK;
		/* One byte more than allowed tells a file that is exactly max from one that is longer. */
		want = want > max - got + 1 ? max - got + 1 : want;
		size_t free_bytes = out->max - out->n;
		if (want > free_bytes)
			want = free_bytes;
		char probe = 0;
		void *to = want ? buf_room(out, want) : &probe;
		if (!to)
			return err_set(e, ERR_NOMEM, "out of memory");
		ssize_t n = seekable ? pread(fd, to, want ? want : 1, (off_t)got) : read(fd, to, want ? want : 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "read");
		if (n == 0)
			return 0;
		if ((size_t)n > max - got || !want)
			return err_set(e, ERR_TOOBIG, "longer than %zu bytes", max < out->max ? max : out->max);
		buf_grew(out, (size_t)n);
		got += (size_t)n;
	}
}

int file_read_at(int dirfd, const char *name, size_t max, struct buf *out, struct err *e)
{
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0) {
		bool absent = errno == ENOENT;
		int r = err_sys(e, "%s", name);
		if (absent && e)
			e->code = ERR_NOTFOUND;
		return absent ? ERR_NOTFOUND : r;
	}
	int r = fd_read_all(fd, max, out, e);
	close(fd);
	if (r && e) {
		struct err inner = *e;
		err_set(e, r, "%s: %.300s", name, inner.text);
	}
	return r;
}

int file_read(const char *path, size_t max, struct buf *out, struct err *e)
{
	return file_read_at(AT_FDCWD, path, max, out, e);
}

int fd_write_all(int fd, const void *p, size_t n)
{
	const char *at = p;
	while (n) {
		ssize_t k = write(fd, at, n);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return ERR_SYS;
		at += k;
		n -= (size_t)k;
	}
	return 0;
}

int dir_fsync(int dirfd)
{
	return fsync(dirfd) < 0 ? ERR_SYS : 0;
}

int file_write_atomic_at(int dirfd, const char *name, const void *p, size_t n, mode_t mode, struct err *e)
{
	char token[16], temp[NAME_MAX + 1];
	random_token(token, 9);
	if ((size_t)snprintf(temp, sizeof temp, ".%.200s.%s", name, token) >= sizeof temp)
		return err_set(e, ERR_TOOBIG, "%s: name too long", name);
	int fd = openat(dirfd, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(e, "%s", name);
	int r = 0;
	if (fd_write_all(fd, p, n) || fchmod(fd, mode) < 0 || fsync(fd) < 0)
		r = err_sys(e, "%s", name);
	if (close(fd) < 0 && !r)
		r = err_sys(e, "%s", name);
	if (!r && renameat(dirfd, temp, dirfd, name) < 0)
		r = err_sys(e, "%s", name);
	if (r) {
		int saved = errno;
		unlinkat(dirfd, temp, 0);
		errno = saved;
		return r;
	}
	return dirfd != AT_FDCWD && dir_fsync(dirfd) ? err_sys(e, "%s: folder", name) : 0;
}

int dir_make(const char *path, mode_t mode, struct err *e)
{
	char part[PATH_MAX];
	size_t n = strlen(path);
	if (n == 0 || n >= sizeof part)
		return err_set(e, ERR_TOOBIG, "%.200s: path empty or too long", path);
	memcpy(part, path, n + 1);
	for (size_t i = 1; i <= n; i++) {
		if (part[i] != '/' && part[i] != 0)
			continue;
		part[i] = 0;
		struct stat st;
		/* Asked first: above a read-only or foreign folder mkdir says EROFS or EACCES, not EEXIST. */
		if (!(stat(part, &st) == 0 && S_ISDIR(st.st_mode)) && mkdir(part, mode) < 0)
			return err_sys(e, "%s", part);
		part[i] = path[i];
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int dir_read(struct arena *a, DIR *d, const char *suffix, char ***ret, size_t *ret_n)
{
	size_t n = 0, cap = 32;
	char **names = arena_array(a, cap, sizeof *names);
	struct dirent *entry;
	if (!names)
		return ERR_NOMEM;
	while ((errno = 0, entry = readdir(d)) != NULL) {
		struct str name = str_from(entry->d_name);
		if (str_is(name, ".") || str_is(name, "..") || !str_ends(name, suffix))
			continue;
		if (n == cap) {
			char **more = arena_array(a, cap * 2, sizeof *more);
			if (!more)
				return ERR_NOMEM;
			memcpy(more, names, n * sizeof *names);
			names = more;
			cap *= 2;
		}
		names[n] = arena_strdup(a, entry->d_name);
		if (!names[n++])
			return ERR_NOMEM;
	}
	if (errno)
		return ERR_SYS;
	qsort(names, n, sizeof *names, by_name);
	*ret = names;
	*ret_n = n;
	return 0;
}

int dir_list(struct arena *a, const char *path, const char *suffix, char ***ret, size_t *ret_n, struct err *e)
{
	DIR *d = opendir(path);
	if (!d) {
		bool absent = errno == ENOENT;
		int r = err_sys(e, "%s", path);
		if (absent && e)
			e->code = ERR_NOTFOUND;
		return absent ? ERR_NOTFOUND : r;
	}
	int r = dir_read(a, d, suffix, ret, ret_n);
	if (r == ERR_SYS)
		err_sys(e, "%s", path);
	else if (r)
		err_set(e, r, "%s: too many names", path);
	closedir(d);
	return r;
}

int memfd_sealed(const char *name, const void *p, size_t n)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -1;
	if (fd_write_all(fd, p, n) || lseek(fd, 0, SEEK_SET) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0) {
		int saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

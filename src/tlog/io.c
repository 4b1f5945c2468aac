#include "tlog/io.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int io_read(int fd, void *p, size_t n, off_t at)
{
	char *to = p;

	while (n) {
		ssize_t got = pread(fd, to, n, at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? ERR_SYS : ERR_SHORT;
		to += got;
		at += got;
		n -= (size_t)got;
	}
	return 0;
}

int io_write(int fd, const void *p, size_t n, off_t at)
{
	const char *from = p;

	while (n) {
		ssize_t put = pwrite(fd, from, n, at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return ERR_SYS;
		from += put;
		at += put;
		n -= (size_t)put;
	}
	return 0;
}

int io_truncate(int fd, off_t n)
{
	return ftruncate(fd, n) ? ERR_SYS : 0;
}

int io_sync(int fd)
{
	return fdatasync(fd) ? ERR_SYS : 0;
}

static int reserve(int fd, int how, off_t from, off_t n)
{
	int r;

	do
		r = fallocate(fd, how, from, n);
	while (r && errno == EINTR);
	return r && errno != EOPNOTSUPP && errno != ENOSYS ? ERR_SYS : 0;
}

int io_reserve(int fd, off_t from, off_t n)
{
	return reserve(fd, 0, from, n);
}

int io_reserve_beyond(int fd, off_t from, off_t n)
{
	return reserve(fd, FALLOC_FL_KEEP_SIZE, from, n);
}

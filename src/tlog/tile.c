#include "tlog/tile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"

void tile_path(unsigned level, uint64_t n, char out[TILE_PATH_MAX])
{
	unsigned part[7], parts = 0;
	int at = snprintf(out, TILE_PATH_MAX, "tile/%u", level);

	do
		part[parts++] = (unsigned)(n % 1000);
	while ((n /= 1000) && parts < 7);
	while (parts--)
		at += snprintf(out + at, (size_t)(TILE_PATH_MAX - at), parts ? "/x%03u" : "/%03u", part[parts]);
}

int tile_read(int dirfd, unsigned level, uint64_t n, uint8_t out[TILE_BYTES])
{
	char path[TILE_PATH_MAX];
	struct buf b;
	int r;

	tile_path(level, n, path);
	buf_init(&b, TILE_BYTES);
	r = file_read_at(dirfd, path, TILE_BYTES, &b, NULL);
	if (!r && b.n != TILE_BYTES)
		r = ERR_CORRUPT;
	if (!r)
		memcpy(out, b.p, TILE_BYTES);
	buf_release(&b);
	return r == ERR_TOOBIG ? ERR_CORRUPT : r;
}

int tile_write(int dirfd, unsigned level, uint64_t n, const uint8_t hashes[TILE_BYTES], struct err *e)
{
	char path[TILE_PATH_MAX], *slash;
	int fd, r;

	tile_path(level, n, path);
	for (slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		if (mkdirat(dirfd, path, 0750) && errno != EEXIST)
			return err_sys(e, "%s", path);
		*slash = '/';
	}
	slash = strrchr(path, '/');
	*slash = 0;
	fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_sys(e, "%s", path);
	r = file_write_atomic_at(fd, slash + 1, hashes, TILE_BYTES, 0640, e);
	close(fd);
	return r;
}

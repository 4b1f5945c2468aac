/* A backup from anywhere: whatever the bytes are, nothing is written outside the folder, and it ends. */
#include "cli/archive.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	return remove(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char dir[] = "/tmp/fuzz-archive-XXXXXX";
	struct buf facts;
	struct err e;
	int fd = memfd_create("in", MFD_CLOEXEC), at = mkdtemp(dir) ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd < 0 || at < 0 || fd_write_all(fd, p, n) != 0 || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	buf_init(&facts, 65536);
	(void)!archive_unpack(fd, at, &facts, &e);
	buf_release(&facts);
	close(fd);
	close(at);
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return 0;
}

/* What a log takes on the disk and how far back it reaches, for VAULT_STATE. Looked at once a minute at most: a large log has
 * thousands of files. */
#include "vault/serve.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "lib/clock.h"

#define LOOK_US (60 * SECOND_US)
#define DEPTH_MAX 4

/* Bytes of the folder's files; what `skip` names is another log's. Takes fd. */
static int64_t folder_bytes(int fd, const char *skip, int depth)
{
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	int64_t sum = 0;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	for (struct dirent *i; (i = readdir(d));) {
		struct stat st;

		if (!strcmp(i->d_name, ".") || !strcmp(i->d_name, "..") || (skip && !strcmp(i->d_name, skip)) ||
		    fstatat(dirfd(d), i->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		sum += (int64_t)st.st_blocks * 512;
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
			sum += folder_bytes(openat(dirfd(d), i->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), NULL, depth + 1);
	}
	closedir(d);
	return sum;
}

static int64_t oldest(struct serve_log *l)
{
	struct tlog *t = vault_log(l->vault);
	struct str bytes;
	struct entry en;

	if (t->keep.minimum >= tlog_size(t) || tlog_entry(t, t->keep.minimum, &bytes, NULL) || entry_parse(bytes, &en))
		return 0;
	return en.time_ns / 1000;
}

void serve_space(struct serve_log *l)
{
	int64_t now = clock_mono();

	if (!l->vault || (l->looked_at && now - l->looked_at < LOOK_US))
		return;
	l->looked_at = now;
	l->used = folder_bytes(openat(AT_FDCWD, l->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), *l->name ? NULL : "logs", 0);
	l->oldest_at = oldest(l);
}

bool serve_disk(const struct serve *s, int64_t *ret_free, int64_t *ret_total)
{
	int fd = open(s->own->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statvfs fs;
	bool known = fd >= 0 && !fstatvfs(fd, &fs) && fs.f_frsize;

	if (fd >= 0)
		close(fd);
	if (!known)
		return false;
	*ret_free = (int64_t)(fs.f_bavail * fs.f_frsize);
	*ret_total = (int64_t)(fs.f_blocks * fs.f_frsize);
	return true;
}

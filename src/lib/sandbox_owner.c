/* Hands a folder to a role's uid. The folder may have been written by a process somebody took over: links are not
 * followed, a file with a second name is not given away (it could be somebody else's). */
#include "lib/sandbox_parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 16

static int failed(struct err *e, const char *path, const char *name)
{
	return err_set(e, ERR_SYS, "sandbox: cannot hand over %s (%s): %s", path, name, strerror(errno));
}

static int give_below(int dir, unsigned uid, int depth, const char *path, struct err *e)
{
	int r = 0;
	DIR *d = depth < DEPTH_MAX ? fdopendir(dir) : NULL;
	if (!d) {
		close(dir);
		return failed(e, path, ".");
	}
	for (struct dirent *i; r == 0 && (i = readdir(d));) {
		struct stat st;
		if (strcmp(i->d_name, ".") == 0 || strcmp(i->d_name, "..") == 0)
			continue;
		if (fstatat(dirfd(d), i->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;                                /* gone meanwhile */
		if (S_ISDIR(st.st_mode)) {
			int sub = openat(dirfd(d), i->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			r = sub < 0 ? failed(e, path, i->d_name) : give_below(sub, uid, depth + 1, path, e);
		} else if (!S_ISREG(st.st_mode) || st.st_nlink > 1) {
			continue;
		}
		if (r == 0 && (st.st_uid != uid || st.st_gid != uid) &&
		    fchownat(dirfd(d), i->d_name, uid, uid, AT_SYMLINK_NOFOLLOW) != 0)
			r = failed(e, path, i->d_name);
	}
	closedir(d);
	return r;
}

int sandbox_hand_over(const char *path, unsigned uid, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchown(fd, uid, uid) != 0) {
		int r = failed(e, path, ".");
		if (fd >= 0)
			close(fd);
		return r;
	}
	return give_below(fd, uid, 0, path, e);
}

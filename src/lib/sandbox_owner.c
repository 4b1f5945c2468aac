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

static int give_below(int dir, unsigned uid, int depth, const char *path, struct err *e);

/* What the name stands for is held fast first: whoever writes there cannot make it something else between the look and the gift. */
static int give_one(int dir, const char *name, unsigned uid, int depth, const char *path, struct err *e)
{
	struct stat st;
	int r = 0, fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;                                        /* gone meanwhile */
	if (fd < 0 || fstat(fd, &st) != 0)
		r = failed(e, path, name);
	bool folder = r == 0 && S_ISDIR(st.st_mode), ours = folder || (r == 0 && S_ISREG(st.st_mode) && st.st_nlink <= 1);
	if (folder && depth < DEPTH_MAX) {                   /* nothing of ours lies deeper, and nobody stops a start by digging */
		int sub = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (sub >= 0)
			r = give_below(sub, uid, depth + 1, path, e);
		else if (errno != ENOENT)
			r = failed(e, path, name);
	}
	if (r == 0 && ours && (st.st_uid != uid || st.st_gid != uid) && fchownat(fd, "", uid, uid, AT_EMPTY_PATH) != 0)
		r = failed(e, path, name);
	if (fd >= 0)
		close(fd);
	return r;
}

static int give_below(int dir, unsigned uid, int depth, const char *path, struct err *e)
{
	int r = 0;
	DIR *d = fdopendir(dir);
	if (!d) {
		close(dir);
		return failed(e, path, ".");
	}
	for (struct dirent *i; r == 0 && (i = readdir(d));)
		if (strcmp(i->d_name, ".") != 0 && strcmp(i->d_name, "..") != 0)
			r = give_one(dirfd(d), i->d_name, uid, depth, path, e);
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

/* The order matters: folders are handed over and bound while we may, then the uid goes, then Landlock (which forbids
 * mounting), then the limits, and seccomp last, because it forbids all of the above. */
#include "lib/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/sandbox_parts.h"

#define SEEN "/run/sekisho"

static char posture[96] = "open";

const char *sandbox_posture(void)
{
	return posture;
}

static void add_posture(const char *word)
{
	size_t n = strlen(posture);
	snprintf(posture + n, sizeof posture - n, "%s%s", n ? " " : "", word);
}

static int sys_err(struct err *e, const char *what, const char *path)
{
	return err_set(e, ERR_SYS, "sandbox: %s%s%s: %s", what, path ? " " : "", path ? path : "", strerror(errno));
}

/* One thread only: no_new_privs, Landlock and seccomp hold for the caller and what it starts, not for its siblings. */
static int one_thread(struct err *e)
{
	char text[4096];
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = 0;
	const char *t = strstr(text, "\nThreads:\t");
	if (t && strncmp(t, "\nThreads:\t1\n", 12) != 0)
		return err_set(e, ERR_WRONG_STATE, "sandbox: entered with more than one thread");
	return 0;
}

/* --- as root: uid and namespaces -------------------------------------------------------------------------------- */

static int bind_dir(const char *from, const char *to, bool write, struct err *e)
{
	unsigned long flags = MS_BIND | MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_NOEXEC | (write ? 0 : MS_RDONLY);
	if (mount(from, to, NULL, MS_BIND, NULL) != 0 || mount(NULL, to, NULL, flags, NULL) != 0)
		return sys_err(e, "bind", from);
	return 0;
}

static int make_path(char *path)
{
	for (char *p = path + 1;; p++)
		if (*p == '/' || !*p) {
			char was = *p;
			*p = 0;
			int r = mkdir(path, 0755);
			*p = was;
			if (r != 0 && errno != EEXIST)
				return -1;
			if (!was)
				return 0;
		}
}

/* An own root: an empty tmpfs in which only the given folders are bound. Network and IPC are empty as well; sockets
 * received from outside keep working. 1: the kernel does not let us (a container), nothing was changed. */
static int new_root(const struct sandbox_dir *dirs, size_t n, bool same_paths, struct err *e)
{
	char to[300];
	if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC) != 0)
		return errno == EPERM || errno == EINVAL || errno == ENOSYS ? 1 : sys_err(e, "unshare", NULL);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("sekisho", "/run", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "size=64k,nr_inodes=64,mode=755") != 0)
		return sys_err(e, "mount /run", NULL);
	if (mkdir("/run/run", 0755) != 0 || mkdir("/run" SEEN, 0755) != 0)
		return sys_err(e, "mkdir", SEEN);
	for (size_t i = 0; i < n; i++) {
		if (same_paths)
			snprintf(to, sizeof to, "/run%.255s", dirs[i].path);
		else
			snprintf(to, sizeof to, "/run" SEEN "/%zu", i);
		if (make_path(to) != 0)
			return sys_err(e, "mkdir", to);
		int r = bind_dir(dirs[i].path, to, dirs[i].write, e);
		if (r != 0)
			return r;
	}
	if (chdir("/run") != 0 || syscall(SYS_pivot_root, ".", ".") != 0 || umount2(".", MNT_DETACH) != 0 ||
	    chdir("/") != 0)
		return sys_err(e, "pivot_root", NULL);
	if (mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0)
		return sys_err(e, "remount /", NULL);
	return 0;
}

static unsigned uid_base(void)
{
	int64_t v = SANDBOX_UID_BASE;
	const char *z = getenv("SEKISHO_UID_BASE");
	if (z && str_int(str_from(z), 1000, INT32_MAX, &v) != 0)
		v = SANDBOX_UID_BASE;
	return (unsigned)v;
}

static void drop_bounding_set(void)
{
	for (int cap = 0; cap < 64 && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);  /* without CAP_SETPCAP the rest must do */
}

/* group: of another role's files that may be read, or the own. */
static int become(unsigned uid, unsigned group, struct err *e)
{
	gid_t also = group;

	drop_bounding_set();
	if (setgroups(group != uid, &also) != 0 || setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0)
		return sys_err(e, "setresuid", NULL);
	if (setresuid(0, 0, 0) == 0 || getuid() != uid || geteuid() != uid)
		return err_set(e, ERR_WRONG_STATE, "sandbox: still root after setresuid");
	return 0;
}

/* Root of a container that may not mount: another uid would not even reach its folder below the closed one. So as
 * without root, but with no capability left. */
static int powerless_root(const struct sandbox_dir *dirs, size_t n, struct err *e)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
	int r = 0;
	for (size_t i = 0; r == 0 && i < n; i++)         /* what an earlier start gave to a role comes back */
		r = dirs[i].write ? sandbox_hand_over(dirs[i].path, geteuid(), e) : 0;
	if (r != 0)
		return r;
	drop_bounding_set();
	if (syscall(SYS_capset, &head, none) != 0)
		return sys_err(e, "capset", NULL);
	add_posture("nocaps");
	return 0;
}

/* 1: done, with a uid of its own; 0: done without. */
static int as_root(const struct sandbox_profile *p, struct sandbox_dir *dirs, size_t n, struct err *e)
{
	unsigned uid = uid_base() + p->uid_offset;
	int r = new_root(dirs, n, p->same_paths, e);
	if (r != 0)
		return r < 0 ? r : powerless_root(dirs, n, e);
	for (size_t i = 0; i < n && !p->same_paths; i++)
		snprintf(dirs[i].path, sizeof dirs[i].path, SEEN "/%zu", i);
	for (size_t i = 0; i < n; i++)
		if (dirs[i].write && (r = sandbox_hand_over(dirs[i].path, uid, e)) != 0)
			return r;
	if ((r = become(uid, p->reads_of ? uid_base() + p->reads_of : uid, e)) != 0)
		return r;
	add_posture("uid mnt net");
	return 1;
}

/* --- for all ------------------------------------------------------------------------------------------------------ */

static int limit(int what, unsigned long max, struct err *e)
{
	struct rlimit now, want = {max, max};
	if (getrlimit((__rlimit_resource_t)what, &now) != 0)
		return sys_err(e, "getrlimit", NULL);
	if (now.rlim_max < max)
		want.rlim_cur = want.rlim_max = now.rlim_max;
	return setrlimit((__rlimit_resource_t)what, &want) == 0 ? 0 : sys_err(e, "setrlimit", NULL);
}

/* RLIMIT_NPROC counts all of a uid's threads: without a uid of one's own only "none" means something. */
static int limits(const struct sandbox_profile *p, bool own_uid, struct err *e)
{
	int r = limit(RLIMIT_CORE, 0, e);
	if (r == 0)
		r = limit(RLIMIT_NOFILE, p->files_max, e);
	if (r == 0)
		r = limit(RLIMIT_FSIZE, p->file_max, e);
#ifndef __SANITIZE_ADDRESS__
	if (r == 0 && p->memory_max)
		r = limit(RLIMIT_AS, p->memory_max, e);
#endif
	if (r == 0 && (own_uid || p->threads_max == 0))
		r = limit(RLIMIT_NPROC, p->threads_max, e);
	return r;
}

static int resolve(const struct sandbox_profile *p, const char *given, struct sandbox_dir *ret, struct err *e)
{
	bool ro = strncmp(given, "ro:", 3) == 0;
	char *real = realpath(ro ? given + 3 : given, NULL);
	if (!real)
		return sys_err(e, "folder", given);
	int n = snprintf(ret->path, sizeof ret->path, "%s", real);
	ret->write = p->writes_files && !ro;
	free(real);
	return n < (int)sizeof ret->path ? 0 : err_set(e, ERR_TOOBIG, "sandbox: path too long: %s", given);
}

/* What the kernel says afterwards, not what we asked for. */
static int check(struct err *e)
{
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return err_set(e, ERR_WRONG_STATE, "sandbox: no_new_privs or not-dumpable does not hold");
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	close(fd);
	return err_set(e, ERR_WRONG_STATE,
	               "sandbox: files outside are still readable (neither Landlock nor a mount namespace)");
}

int sandbox_enter(const struct sandbox_profile *p, const char *const *dirs, size_t n, char (*ret_dirs)[256],
                  struct err *e)
{
	struct sandbox_dir d[SANDBOX_DIRS_MAX];
	if (n > SANDBOX_DIRS_MAX)
		return err_set(e, ERR_RANGE, "sandbox: too many folders");
	int r = one_thread(e), parent_signal = 0, abi = 0;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = resolve(p, dirs[i], &d[i], e);
	if (r != 0)
		return r;
	posture[0] = 0;
	(void)prctl(PR_GET_PDEATHSIG, &parent_signal);
	int own_uid = geteuid() == 0 ? as_root(p, d, n, e) : 0;
	if (own_uid < 0)
		return own_uid;
	/* A change of uid clears the first and sets the second by a sysctl. */
	if (prctl(PR_SET_PDEATHSIG, parent_signal) != 0 || prctl(PR_SET_DUMPABLE, 0) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return sys_err(e, "prctl", NULL);
	if ((r = sandbox_landlock(d, n, &abi, e)) != 0 || (r = limits(p, own_uid, e)) != 0 || (r = check(e)) != 0 ||
	    (r = sandbox_seccomp(p, e)) != 0)
		return r;
	if (abi > 0) {
		char word[32];
		snprintf(word, sizeof word, "landlock=%d", abi);
		add_posture(word);
	}
	add_posture("seccomp");
	for (size_t i = 0; i < n; i++)
		memcpy(ret_dirs[i], d[i].path, sizeof d[i].path);
	return 0;
}

#include "gate-office/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "gate-office/jail.h"

#define TMP_SIZE "size=768m,nr_inodes=20000,mode=1777"

const struct jail_place jail_places[] = {
	{"/usr", false, true}, {"/lib", false, true}, {"/lib64", false, true}, {"/bin", false, true}, {"/etc/fonts", false, false},
	{"/etc/libreoffice", false, false}, {"/etc/ld.so.cache", false, false}, {"/etc/locale.alias", false, false},
	{"/var/lib/libreoffice", false, false}, {"/var/spool/libreoffice", false, false}, {"/var/cache/fontconfig", false, false},
	{"/proc", false, false}, {"/dev/null", true, false}, {"/dev/urandom", false, false}, {"/dev/random", false, false},
	{JAIL_TMP, true, false}};

const size_t n_jail_places = ARRAY_LEN(jail_places);

static int denied(struct err *e, const char *what, const char *path)
{
	return err_set(e, ERR_DENIED, "%s %s: %s", what, path, strerror(errno));
}

static int make_way(const char *path, bool folder)
{
	char part[160];
	int fd;

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
		if (mkdir(part, 0755) && errno != EEXIST)
			return ERR_SYS;
	}
	if (folder)
		return mkdir(path, 0755) && errno != EEXIST ? ERR_SYS : 0;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd >= 0)
		close(fd);
	return fd < 0 ? ERR_SYS : 0;
}

/* Read only, without programs that change the user; what the mount it comes from forbids stays forbidden. */
static int bind_one(const char *from, const char *to, bool device)
{
	struct statvfs st;
	unsigned long flags = MS_BIND | MS_REMOUNT | MS_NOSUID | (device ? 0 : MS_RDONLY | MS_NODEV);

	if (mount(from, to, NULL, MS_BIND | MS_REC, NULL) || statvfs(to, &st))
		return ERR_SYS;
	flags |= (st.f_flag & ST_NOATIME ? MS_NOATIME : 0) | (st.f_flag & ST_NODIRATIME ? MS_NODIRATIME : 0) |
	         (st.f_flag & ST_RELATIME ? MS_RELATIME : 0) | (st.f_flag & ST_NOEXEC ? MS_NOEXEC : 0);
	/* Without root a mount may be locked as it is; Landlock lets nothing be written either way. */
	return mount(NULL, to, NULL, flags, NULL) && geteuid() == 0 ? ERR_SYS : 0;
}

static int show(const struct jail_place *p, struct err *e)
{
	char to[120], target[200];
	struct stat st;
	ssize_t n;

	snprintf(to, sizeof to, JAIL_TMP "%s", p->path);
	if (lstat(p->path, &st))
		return 0;                                /* not on this machine */
	if (S_ISLNK(st.st_mode)) {                       /* /lib where there is /usr/lib */
		n = readlink(p->path, target, sizeof target - 1);
		target[n > 0 ? n : 0] = 0;
		return n > 0 && !symlink(target, to) ? 0 : denied(e, "link", p->path);
	}
	if (make_way(to, S_ISDIR(st.st_mode)) || bind_one(p->path, to, S_ISCHR(st.st_mode)))
		return denied(e, "show", p->path);
	return 0;
}

/* Its own processes and nothing else of the kernel's; where not even that can be had, nothing is there. */
static void own_proc(void)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	if (mount("proc", JAIL_TMP "/proc", "proc", flags, "hidepid=invisible,subset=pid"))
		(void)mount("proc", JAIL_TMP "/proc", "proc", flags, "hidepid=2");
}

int tree_enter(struct err *e)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("sekisho", JAIL_TMP, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,nr_inodes=200,mode=755"))
		return denied(e, "mount", JAIL_TMP);
	for (size_t i = 0; i < n_jail_places; i++) {
		bool ours = strcmp(jail_places[i].path, "/proc") == 0 || strcmp(jail_places[i].path, JAIL_TMP) == 0;
		int r = ours ? 0 : show(&jail_places[i], e);

		if (r)
			return r;
	}
	if (make_way(JAIL_TMP "/proc", true) || make_way(JAIL_TMP JAIL_TMP, true) ||
	    mount("sekisho", JAIL_TMP JAIL_TMP, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, TMP_SIZE))
		return denied(e, "mount", JAIL_TMP JAIL_TMP);
	own_proc();
	if (chdir(JAIL_TMP) || syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) || chdir("/"))
		return denied(e, "pivot_root", JAIL_TMP);
	return mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) ? denied(e, "remount", "/") : 0;
}

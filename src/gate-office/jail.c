#include "gate-office/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/file.h"

#define TMP_SIZE "size=768m,nr_inodes=20000,mode=1777"
#define MEMORY_MAX (4ul << 30)
#define FILE_MAX_ (512ul << 20)
#define PROCESSES_MAX 64ul
#define FILES_MAX 512ul

#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_1 ((1ull << 13) - 1)

static void add(char *posture, size_t n, const char *word)
{
	size_t at = strlen(posture);

	snprintf(posture + at, n - at, "%s%s", at ? " " : "", word);
}

static bool write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && !fd_write_all(fd, text, strlen(text));

	if (fd >= 0)
		close(fd);
	return ok;
}

/* Without root: a user namespace in which we are who we are. */
static bool namespaces(void)
{
	char map[64];
	unsigned uid = geteuid(), gid = getegid();

	if (uid == 0)
		return !unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC);
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC))
		return false;
	snprintf(map, sizeof map, "%u %u 1", uid, uid);
	if (!write_to("/proc/self/setgroups", "deny") || !write_to("/proc/self/uid_map", map))
		return false;
	snprintf(map, sizeof map, "%u %u 1", gid, gid);
	return write_to("/proc/self/gid_map", map);
}

static int landlock(struct err *e)
{
	static const struct { const char *path; bool write, run; } places[] = {
		{"/usr", false, true}, {"/lib", false, true}, {"/lib64", false, true}, {"/bin", false, true}, {"/etc/fonts", false, false},
		{"/etc/libreoffice", false, false}, {"/etc/ld.so.cache", false, false}, {"/etc/locale.alias", false, false},
		{"/var/lib/libreoffice", false, false}, {"/var/spool/libreoffice", false, false}, {"/var/cache/fontconfig", false, false}, {"/proc", false, false}, {"/dev/null", true, false},
		{"/dev/urandom", false, false}, {"/dev/random", false, false}, {JAIL_TMP, true, false}};
	struct landlock_ruleset_attr a = {.handled_access_fs = FS_1};
	int rules = (int)syscall(SYS_landlock_create_ruleset, &a, sizeof a.handled_access_fs, 0);

	if (rules < 0)
		return err_set(e, ERR_DENIED, "landlock: %s", strerror(errno));
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		struct stat st;
		struct landlock_path_beneath_attr p = {.parent_fd = open(places[i].path, O_PATH | O_CLOEXEC)};

		if (p.parent_fd < 0 || fstat(p.parent_fd, &st))
			continue;                        /* what is not there need not be allowed */
		p.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE;
		if (S_ISDIR(st.st_mode))
			p.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR | (places[i].write ? FS_1 & ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE : 0);
		else if (places[i].write)
			p.allowed_access |= LANDLOCK_ACCESS_FS_WRITE_FILE;
		p.allowed_access |= places[i].run ? LANDLOCK_ACCESS_FS_EXECUTE : 0;
		(void)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &p, 0);
		close(p.parent_fd);
	}
	if (syscall(SYS_landlock_restrict_self, rules, 0)) {
		close(rules);
		return err_set(e, ERR_DENIED, "landlock: %s", strerror(errno));
	}
	close(rules);
	return 0;
}

/* What no converter needs and every break-out does. */
static int seccomp(struct err *e)
{
	static const int never[] = {
		SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(kcmp), SCMP_SYS(mount), SCMP_SYS(umount2),
		SCMP_SYS(pivot_root), SCMP_SYS(setns), SCMP_SYS(unshare), SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(keyctl), SCMP_SYS(add_key),
		SCMP_SYS(request_key), SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load), SCMP_SYS(init_module), SCMP_SYS(finit_module),
		SCMP_SYS(delete_module), SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register), SCMP_SYS(userfaultfd),
		SCMP_SYS(open_by_handle_at), SCMP_SYS(reboot), SCMP_SYS(swapon), SCMP_SYS(swapoff), SCMP_SYS(acct), SCMP_SYS(quotactl), SCMP_SYS(chroot),
		SCMP_SYS(settimeofday), SCMP_SYS(clock_settime), SCMP_SYS(sethostname), SCMP_SYS(setdomainname), SCMP_SYS(iopl), SCMP_SYS(ioperm),
		SCMP_SYS(pidfd_getfd), SCMP_SYS(fanotify_init), SCMP_SYS(syslog), SCMP_SYS(vhangup)};
	/* Another jail has the same uid, and without root so has everything the user runs: no signal, no limit, no message reaches them.
	 * Sockets that lie in folders are outside Landlock's rules, and a session's bus behind one of them starts programs. */
	static const int refused[] = {
		SCMP_SYS(kill), SCMP_SYS(tkill), SCMP_SYS(tgkill), SCMP_SYS(rt_sigqueueinfo), SCMP_SYS(rt_tgsigqueueinfo), SCMP_SYS(pidfd_open),
		SCMP_SYS(pidfd_send_signal), SCMP_SYS(connect)};
	static const int owners[] = {F_SETOWN, F_SETOWN_EX, F_SETSIG};
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ALLOW);
	int r = f ? seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) : -ENOMEM;

	for (size_t i = 0; !r && i < ARRAY_LEN(never); i++)
		r = seccomp_rule_add(f, SCMP_ACT_KILL_PROCESS, never[i], 0);
	for (size_t i = 0; !r && i < ARRAY_LEN(refused); i++)
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), refused[i], 0);
	for (size_t i = 0; !r && i < ARRAY_LEN(owners); i++)
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(fcntl), 1, SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)owners[i]));
	if (!r)
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(prlimit64), 1, SCMP_A0(SCMP_CMP_NE, 0));
	if (!r)
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_NE, AF_UNIX));
	if (!r)                                          /* sendto needs no connect */
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 1, SCMP_A1(SCMP_CMP_MASKED_EQ, 15, SOCK_DGRAM));
	if (!r)
		r = seccomp_load(f);
	if (f)
		seccomp_release(f);
	return r ? err_set(e, ERR_DENIED, "seccomp: %s", strerror(-r)) : 0;
}

static int limits(bool own_uid, struct err *e)
{
	const struct { int what; unsigned long max; } list[] = {
		{RLIMIT_CORE, 0},
#ifndef __SANITIZE_ADDRESS__
		{RLIMIT_AS, MEMORY_MAX},
#endif
		{RLIMIT_FSIZE, FILE_MAX_}, {RLIMIT_NOFILE, FILES_MAX}, {RLIMIT_NPROC, PROCESSES_MAX}};

	for (size_t i = 0; i < ARRAY_LEN(list); i++) {
		struct rlimit l = {list[i].max, list[i].max};

		if (list[i].what == RLIMIT_NPROC && !own_uid)
			continue;                        /* would count all of the user's */
		if (setrlimit((__rlimit_resource_t)list[i].what, &l))
			return err_set(e, ERR_DENIED, "limits: %s", strerror(errno));
	}
	return 0;
}

int jail_enter(unsigned uid, char *posture, size_t n, struct err *e)
{
	bool root = geteuid() == 0;
	int r;

	if (!namespaces())
		return err_set(e, ERR_DENIED, "namespaces: %s", strerror(errno));
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("sekisho", JAIL_TMP, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, TMP_SIZE))
		return err_set(e, ERR_DENIED, "mount %s: %s", JAIL_TMP, strerror(errno));
	add(posture, n, root ? "uid mnt net" : "userns mnt net");
	if (root && (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid) || !setresuid(0, 0, 0)))
		return err_set(e, ERR_DENIED, "setresuid: %s", strerror(errno));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return err_set(e, ERR_DENIED, "no_new_privs: %s", strerror(errno));
	r = limits(root, e);
	if (!r)
		r = landlock(e);
	if (!r)
		r = seccomp(e);
	if (!r)
		add(posture, n, "landlock seccomp-deny");
	return r;
}

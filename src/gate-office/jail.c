#include "gate-office/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gate-office/tree.h"
#include "lib/file.h"

#define MEMORY_MAX (4ul << 30)
#define FILE_MAX_ (512ul << 20)
#define PROCESSES_MAX 64ul
#define FILES_MAX 512ul

#define SPACES (CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWUTS)
#define NS_FLAGS (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)
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

/* Without root: a user namespace in which we are who we are. The namespace of processes begins with the next child. */
static bool namespaces(void)
{
	char map[64];
	unsigned uid = geteuid(), gid = getegid();

	if (uid == 0)
		return !unshare(SPACES);
	if (unshare(CLONE_NEWUSER | SPACES))
		return false;
	snprintf(map, sizeof map, "%u %u 1", uid, uid);
	if (!write_to("/proc/self/setgroups", "deny") || !write_to("/proc/self/uid_map", map))
		return false;
	snprintf(map, sizeof map, "%u %u 1", gid, gid);
	return write_to("/proc/self/gid_map", map);
}

static int landlock(struct err *e)
{
	struct landlock_ruleset_attr a = {.handled_access_fs = FS_1};
	int rules = (int)syscall(SYS_landlock_create_ruleset, &a, sizeof a.handled_access_fs, 0);

	if (rules < 0)
		return err_set(e, ERR_DENIED, "landlock: %s", strerror(errno));
	for (size_t i = 0; i < n_jail_places; i++) {
		struct stat st;
		struct landlock_path_beneath_attr p = {.parent_fd = open(jail_places[i].path, O_PATH | O_CLOEXEC)};

		if (p.parent_fd < 0 || fstat(p.parent_fd, &st))
			continue;                        /* what is not there need not be allowed */
		p.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE;
		if (S_ISDIR(st.st_mode))
			p.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR | (jail_places[i].write ? FS_1 & ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE : 0);
		else if (jail_places[i].write)
			p.allowed_access |= LANDLOCK_ACCESS_FS_WRITE_FILE;
		p.allowed_access |= jail_places[i].run ? LANDLOCK_ACCESS_FS_EXECUTE : 0;
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
	/* Threads and children, but no namespaces: inside one it would have rights that it has not. clone3 hides its flags in memory. */
	for (int bit = 0; !r && bit < 32; bit++)
		if (NS_FLAGS & (1u << bit))
			r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, 1u << bit, 1u << bit));
	if (!r)
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
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

static int become(bool root, unsigned uid, struct err *e)
{
	if (root && (setgroups(0, NULL) || setresgid(uid, uid, uid) || setresuid(uid, uid, uid) || !setresuid(0, 0, 0)))
		return err_set(e, ERR_DENIED, "setresuid: %s", strerror(errno));
	/* A change of user forgets the first. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) || prctl(PR_SET_DUMPABLE, 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return err_set(e, ERR_DENIED, "prctl: %s", strerror(errno));
	return 0;
}

/* What stays outside: waits for the first process of the jail, with which all of it ends, and ends like it. Whoever ends this one ends
 * the jail. It has no descriptor and may do nothing else. */
static _Noreturn void keep(pid_t first, bool root, unsigned uid)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
	struct rlimit none = {0, 0};
	int status = 127 << 8, r = f ? setrlimit(RLIMIT_CORE, &none) : -1;
	pid_t self = getpid();
	static const int may[] = {SCMP_SYS(wait4), SCMP_SYS(exit_group), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigaction), SCMP_SYS(restart_syscall),
#ifdef __SANITIZE_ADDRESS__
	                          SCMP_SYS(sigaltstack), SCMP_SYS(munmap), SCMP_SYS(write), SCMP_SYS(futex), SCMP_SYS(gettid),
#endif
	};

	closefrom(0);
	for (size_t i = 0; !r && i < ARRAY_LEN(may); i++)
		r = seccomp_rule_add(f, SCMP_ACT_ALLOW, may[i], 0);
	if (!r)
		r = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(kill), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)self));
	if (r || become(root, uid, &(struct err){0}) || seccomp_load(f))
		_exit(127);                              /* and the jail with it */
	while (wait4(first, &status, 0, NULL) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status)) {
		signal(WTERMSIG(status), SIG_DFL);
		kill(self, WTERMSIG(status));
	}
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 127);
}

int jail_enter(unsigned uid, char *posture, size_t n, struct err *e)
{
	bool root = geteuid() == 0;
	pid_t first;
	int r;

	if (!namespaces())
		return err_set(e, ERR_DENIED, "namespaces: %s", strerror(errno));
	first = fork();
	if (first < 0)
		return err_set(e, ERR_DENIED, "fork: %s", strerror(errno));
	if (first > 0)
		keep(first, root, uid);
	r = tree_enter(e);
	if (!r)
		r = become(root, uid, e);
	if (r)
		return r;
	add(posture, n, root ? "uid mnt net pid" : "userns mnt net pid");
	r = limits(root, e);
	if (!r)
		r = landlock(e);
	if (!r)
		r = seccomp(e);
	if (!r)
		add(posture, n, "landlock seccomp-deny");
	return r;
}

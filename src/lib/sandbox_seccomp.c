/* seccomp: which calls. The lists are in sandbox_profiles.c; here are the calls whose arguments decide. Everything else
 * kills the process: there is no second try for somebody inside. */
#include "lib/sandbox_profiles.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/sandbox_parts.h"

#define ALLOW SCMP_ACT_ALLOW

/* No F_SETOWN, F_SETSIG: they make the kernel send signals to others. */
static const int fcntl_commands[] = {F_DUPFD,    F_DUPFD_CLOEXEC, F_GETFD,      F_SETFD,     F_GETFL,      F_SETFL,
                                     F_GETLK, F_SETLK,    F_SETLKW,        F_OFD_GETLK,  F_OFD_SETLK, F_OFD_SETLKW,
                                     F_ADD_SEALS, F_GET_SEALS};

#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)
#define NS_FLAGS (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

/* Threads, never processes. clone3 hides its flags in memory; told there is none, the C library uses clone. */
static int threads(scmp_filter_ctx f, bool may)
{
	int r = seccomp_rule_add(f, SCMP_ACT_ERRNO(may ? ENOSYS : EPERM), SCMP_SYS(clone3), 0);
	if (r == 0 && may)
		r = seccomp_rule_add(f, ALLOW, SCMP_SYS(clone), 1,
		                     SCMP_A0(SCMP_CMP_MASKED_EQ, THREAD_FLAGS | NS_FLAGS, THREAD_FLAGS));
	return r;
}

/* Calls that libraries make on the way and that must fail softly: looking for a terminal, a settings file, a time
 * zone. */
static int soft(scmp_filter_ctx f, const struct sandbox_profile *p)
{
	static const int looks[] = {SCMP_SYS(openat), SCMP_SYS(open),     SCMP_SYS(access),     SCMP_SYS(faccessat),
	                            SCMP_SYS(stat),   SCMP_SYS(readlink), SCMP_SYS(faccessat2), SCMP_SYS(lstat)};
	int r = seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOTTY), SCMP_SYS(ioctl), 0);
	if (r == 0)                                      /* SQLite, where it sees uid 0 */
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(fchown), 0);
	for (size_t i = 0; r == 0 && !p->writes_files && i < sizeof looks / sizeof *looks; i++)
		r = seccomp_rule_add(f, SCMP_ACT_ERRNO(EACCES), looks[i], 0);
	return r;
}

static int by_argument(scmp_filter_ctx f, const struct sandbox_profile *p)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < sizeof fcntl_commands / sizeof *fcntl_commands; i++)
		r = seccomp_rule_add(f, ALLOW, SCMP_SYS(fcntl), 1, SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)fcntl_commands[i]));
	if (r == 0)
		r = seccomp_rule_add(f, ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (r == 0)
		r = seccomp_rule_add(f, ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (r == 0)                                      /* abort() */
		r = seccomp_rule_add(f, ALLOW, SCMP_SYS(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	if (r == 0)                                      /* getrlimit */
		r = seccomp_rule_add(f, ALLOW, SCMP_SYS(prlimit64), 2, SCMP_A0(SCMP_CMP_EQ, 0), SCMP_A2(SCMP_CMP_EQ, 0));
	if (r == 0)
		r = seccomp_rule_add(f, ALLOW, SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
	if (r == 0)
		r = threads(f, p->threads_max > 0);
	return r == 0 ? soft(f, p) : r;
}

static int by_list(scmp_filter_ctx f, const int *calls)
{
	int r = 0;
	for (; r == 0 && *calls != -1; calls++)
		r = seccomp_rule_add(f, ALLOW, *calls, 0);
	return r;
}

#ifdef SEKISHO_SANDBOX_DEBUG
/* A build for developers (make SANDBOX_DEBUG=1) says which call is missing in a list, then dies as well. */
static void tell(int sig, siginfo_t *i, void *context)
{
	char text[64];
	int n = snprintf(text, sizeof text, "sandbox: system call %d is not allowed\n", i->si_syscall);
	if (write(2, text, (size_t)n) == n)
		_exit(99);
	_exit(98);
}
#define DENY SCMP_ACT_TRAP
#else
#define DENY SCMP_ACT_KILL_PROCESS
#endif

int sandbox_seccomp(const struct sandbox_profile *p, struct err *e)
{
#ifdef SEKISHO_SANDBOX_DEBUG
	sigaction(SIGSYS, &(struct sigaction){.sa_sigaction = tell, .sa_flags = SA_SIGINFO}, NULL);
#endif
	scmp_filter_ctx f = seccomp_init(DENY);
	if (!f)
		return err_set(e, ERR_NOMEM, "sandbox: seccomp");
	int r = seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	(void)seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree instead of a chain, where the library knows it */
	if (r == 0)
		r = by_list(f, sandbox_base_calls);
	if (r == 0)
		r = by_list(f, p->syscalls);
	if (r == 0)
		r = by_argument(f, p);
	if (r == 0)
		r = seccomp_load(f);
	seccomp_release(f);
	return r == 0 ? 0 : err_set(e, ERR_SYS, "sandbox: seccomp: %s", strerror(-r));
}

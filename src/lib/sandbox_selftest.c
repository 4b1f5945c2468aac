/* Tries, in a forked child per attempt, what somebody inside would try first. An attempt is refused when the call fails
 * or the process is killed for it; the profile is bad when one works, or when the child cannot even enter. */
#include "lib/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int victim;                                   /* the parent */

static bool try_open(void)
{
	return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0;
}

static bool try_create(void)
{
	return open("/tmp/.sekisho-self-test", O_RDWR | O_CREAT | O_CLOEXEC, 0600) >= 0;
}

static bool try_socket(void)
{
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0;
}

static bool try_socketpair(void)
{
	int p[2];
	return socketpair(AF_UNIX, SOCK_STREAM, 0, p) == 0;
}

static bool try_exec(void)
{
	char *argv[] = {(char *)(uintptr_t)"false", NULL};
	execv("/bin/false", argv);                       /* whose exit code says "worked" */
	return errno == ENOENT;                          /* the call itself went through */
}

static bool try_fork(void)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	return pid > 0;
}

static bool try_ptrace(void)
{
	return ptrace(PTRACE_ATTACH, victim, NULL, NULL) == 0;
}

static bool try_kill(void)
{
	return kill(victim, 0) == 0;
}

static bool try_signal_owner(void)
{
	int p[2];
	return pipe(p) == 0 && fcntl(p[0], F_SETOWN, victim) == 0;
}

static bool try_read_memory(void)
{
	char c;
	struct iovec mine = {&c, 1}, theirs = {(void *)(uintptr_t)&victim, 1};
	return process_vm_readv(victim, &mine, 1, &theirs, 1, 0) == 1;
}

static bool try_pidfd(void)
{
	return syscall(SYS_pidfd_open, victim, 0) >= 0;
}

static bool try_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

static bool try_uid(void)
{
	return setuid(0) == 0 || setuid(getuid()) == 0;
}

static bool try_dumpable(void)
{
	return syscall(SYS_prctl, 4 /* PR_SET_DUMPABLE */, 1, 0, 0, 0) == 0;
}

static const struct {
	const char *name;
	bool (*works)(void);
} attempts[] = {
	{"open /etc/passwd", try_open},
	{"create a file in /tmp", try_create},
	{"socket", try_socket},
	{"socketpair", try_socketpair},
	{"exec", try_exec},
	{"fork", try_fork},
	{"ptrace", try_ptrace},
	{"kill", try_kill},
	{"F_SETOWN", try_signal_owner},
	{"process_vm_readv", try_read_memory},
	{"pidfd_open", try_pidfd},
	{"executable memory", try_code},
	{"setuid", try_uid},
	{"become dumpable", try_dumpable},
};

enum { REFUSED = 0, WORKED = 1, NOT_ENTERED = 2 };

static void in_child(const struct sandbox_profile *p, size_t i, int out)
{
	struct err why = {0};
	if (sandbox_enter(p, NULL, 0, NULL, &why) != 0) {
		(void)!write(out, &why, sizeof why);
		_exit(NOT_ENTERED);
	}
	_exit(attempts[i].works() ? WORKED : REFUSED);
}

int sandbox_self_test(const struct sandbox_profile *p, struct err *e)
{
	victim = getpid();
	for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
		int pipe_fd[2], status = 0;
		struct err why = {0};
		if (pipe2(pipe_fd, O_CLOEXEC) != 0)
			return err_set(e, ERR_SYS, "sandbox: pipe: %s", strerror(errno));
		pid_t pid = fork();
		if (pid == 0)
			in_child(p, i, pipe_fd[1]);
		close(pipe_fd[1]);
		ssize_t got = read(pipe_fd[0], &why, sizeof why);
		close(pipe_fd[0]);
		if (pid < 0 || waitpid(pid, &status, 0) != pid)
			return err_set(e, ERR_SYS, "sandbox: fork: %s", strerror(errno));
		if (got == (ssize_t)sizeof why)
			return err_set(e, why.code, "%s", why.text);
		bool refused = WIFEXITED(status) ? WEXITSTATUS(status) == REFUSED : WTERMSIG(status) == SIGSYS;
		if (!refused)
			return err_set(e, ERR_DENIED, "sandbox: %s: %s is possible", p->name, attempts[i].name);
	}
	return 0;
}

/* Workers as children of this process: for `sekisho gate …`. In the house the supervisor starts them (serve.c). */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "gate/gate.h"

#define SCANNER "gate-scan"
#define CONNECTIONS 2                                /* of the scanner, behind its pair */

static int connect_one(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd;

	if (!path || (size_t)snprintf(a.sun_path, sizeof a.sun_path, "%s", path) >= sizeof a.sun_path)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void close_all(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* Descriptors GATE_FD and following; those given are out of the way, above. */
static _Noreturn void become(const char *path, const int *fds, size_t n, pid_t parent, unsigned seconds)
{
	char *argv[] = {(char *)(uintptr_t)path, (char *)(uintptr_t)"--fd=3", NULL};
	char *env[] = {(char *)(uintptr_t)"PATH=/usr/bin:/bin", (char *)(uintptr_t)"LANG=C.UTF-8", NULL};
	struct rlimit cpu = {seconds, seconds + 1};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || setrlimit(RLIMIT_CPU, &cpu))
		_exit(127);
	for (size_t i = 0; i < n; i++)
		if (dup2(fds[i], GATE_FD + (int)i) < 0)
			_exit(127);
	closefrom(GATE_FD + (int)n);
	execve(path, argv, env);
	_exit(127);
}

static int start(void *arg, const char *program, unsigned seconds, struct started *ret, struct err *e)
{
	const struct gate *g = arg;
	size_t n = strcmp(program, SCANNER) == 0 ? 1 + CONNECTIONS : 1;
	int fds[1 + CONNECTIONS] = {-1, -1, -1}, pair[2];
	pid_t parent = getpid(), pid = -1;
	char path[4400];

	if ((size_t)snprintf(path, sizeof path, "%s/%s", g->libexec, program) >= sizeof path || access(path, X_OK))
		return err_set(e, ERR_NOTFOUND, "this installation has no program \"%s\"", program);
	for (size_t i = 1; i < n; i++) {
		int fd = connect_one(g->clamd);

		fds[i] = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, GATE_FD + 1 + CONNECTIONS);
		close_all(&fd, 1);
		if (fds[i] < 0) {
			close_all(fds, n);
			return err_set(e, ERR_NOTFOUND, "clamd does not answer");
		}
	}
	if (msg_pair(pair)) {
		close_all(fds, n);
		return err_sys(e, "socketpair");
	}
	fds[0] = fcntl(pair[1], F_DUPFD_CLOEXEC, GATE_FD + 1 + CONNECTIONS);
	close(pair[1]);
	if (fds[0] >= 0)
		pid = fork();
	if (!pid)
		become(path, fds, n, parent, seconds);
	close_all(fds, n);
	if (pid < 0) {
		close(pair[0]);
		return err_sys(e, "fork");
	}
	*ret = (struct started){pair[0], pid, "nocgroup"};
	return 0;
}

static void end(void *arg, int64_t worker, bool kill_it, struct run *run)
{
	struct rusage use = {0};
	int status = 0;

	(void)arg;
	if (kill_it)
		kill((pid_t)worker, SIGKILL);
	while (wait4((pid_t)worker, &status, 0, &use) < 0 && errno == EINTR)
		;
	run->exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	run->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	run->cpu_ms = (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000 + (use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1000;
	run->rss_kb = use.ru_maxrss;
}

const struct spawner spawner_fork = {start, end};

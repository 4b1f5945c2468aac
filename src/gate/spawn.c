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

static _Noreturn void become(const char *path, int sock, pid_t parent, unsigned seconds)
{
	char *argv[] = {(char *)(uintptr_t)path, (char *)(uintptr_t)"--fd=3", NULL};
	char *env[] = {(char *)(uintptr_t)"PATH=/usr/bin:/bin", (char *)(uintptr_t)"LANG=C.UTF-8", NULL};
	struct rlimit cpu = {seconds, seconds + 1};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || setrlimit(RLIMIT_CPU, &cpu) || dup2(sock, GATE_FD) < 0 || fcntl(GATE_FD, F_SETFD, 0))
		_exit(127);
	closefrom(GATE_FD + 1);
	execve(path, argv, env);
	_exit(127);
}

static int start(void *arg, const char *program, unsigned seconds, int *ret_sock, int64_t *ret_worker, struct err *e)
{
	const struct gate *g = arg;
	char path[4400];
	pid_t parent = getpid(), pid;
	int pair[2];

	if ((size_t)snprintf(path, sizeof path, "%s/%s", g->libexec, program) >= sizeof path || access(path, X_OK))
		return err_set(e, ERR_NOTFOUND, "this installation has no program \"%s\"", program);
	if (msg_pair(pair))
		return err_sys(e, "socketpair");
	pid = fork();
	if (!pid)
		become(path, pair[1], parent, seconds);
	close(pair[1]);
	*ret_sock = pair[0];
	*ret_worker = pid;
	return pid > 0 ? 0 : err_sys(e, "fork");
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

static int scanner(void *arg)
{
	const char *path = ((const struct gate *)arg)->clamd;
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd;

	if ((size_t)snprintf(a.sun_path, sizeof a.sun_path, "%s", path) >= sizeof a.sun_path)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a)) {
		close(fd);
		fd = -1;
	}
	return fd;
}

const struct spawner spawner_fork = {start, end, scanner};

#include "supervise/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/proto.h"
#include "lib/log.h"

#define ENV_MAX 32

/* What a program may learn from the environment: language, time zone, our own settings, sanitizers in test builds. */
static void environment(char *out[ENV_MAX + 1])
{
	static const char *const keep[] = {"LANG=", "LC_", "TZ=", "SEKISHO_", "ASAN_OPTIONS=", "UBSAN_OPTIONS="};
	size_t n = 0;
	for (char **e = environ; *e && n < ENV_MAX; e++)
		for (size_t i = 0; i < ARRAY_LEN(keep); i++)
			if (strncmp(*e, keep[i], strlen(keep[i])) == 0) {
				out[n++] = *e;
				break;
			}
	out[n] = NULL;
}

static void __attribute__((noreturn)) become(struct super *s, struct role *r, int fd, pid_t parent)
{
	char path[4096], number[16], *env[ENV_MAX + 1];
	snprintf(path, sizeof path, "%s/%s", s->libexec, r->program);
	snprintf(number, sizeof number, "%d", SUPERVISOR_FD);
	environment(env);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGINT, SIG_IGN);                         /* Ctrl-C is the supervisor's */
	signal(SIGTERM, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent || null < 0 || dup2(null, 0) < 0 || dup2(2, 1) < 0)
		_exit(126);
	if (fd == SUPERVISOR_FD ? fcntl(fd, F_SETFD, 0) != 0 : dup2(fd, SUPERVISOR_FD) < 0)
		_exit(126);
	char *argv[] = {path, (char *)(uintptr_t)"--fd", number, r->name, (char *)(uintptr_t)s->dir, (char *)(uintptr_t)s->share, NULL};
	execve(path, argv, env);
	log_error("supervise.exec", "program=%s text=\"%s\"", path, strerror(errno));
	_exit(127);
}

pid_t spawn_role(struct super *s, struct role *r)
{
	int p[2];
	if (msg_pair(p) != 0)
		return -1;
	pid_t parent = getpid(), pid = fork();
	if (pid == 0)
		become(s, r, p[1], parent);
	close(p[1]);
	if (pid < 0) {
		close(p[0]);
		return -1;
	}
	r->sup = p[0];
	return pid;
}

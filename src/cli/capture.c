#include "cli/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/command.h"

#define ARGS_MAX 16

static void __attribute__((noreturn)) become(const char *path, const char *const *args, int out)
{
	char *argv[ARGS_MAX + 2] = {(char *)(uintptr_t)path};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (size_t i = 0; i < ARGS_MAX && args[i]; i++)
		argv[i + 1] = (char *)(uintptr_t)args[i];
	if (null >= 0 && dup2(null, 0) >= 0 && dup2(out >= 0 ? out : null, 1) >= 0 && (out >= 0 || dup2(null, 2) >= 0))
		execv(path, argv);
	_exit(EXIT_FAILED);
}

static int read_all(int fd, struct buf *out)
{
	char block[16384];
	for (;;) {
		ssize_t n = read(fd, block, sizeof block);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 ? buf_err(out) : ERR_SYS;
		buf_put(out, block, (size_t)n);
	}
}

int capture(const struct place *p, const char *program, const char *const *args, struct buf *out, struct err *e)
{
	char path[4200];
	int pipe[2] = {-1, -1}, status = -1;
	int r = place_program(p, program, path, sizeof path, e);
	if (r == 0 && out && pipe2(pipe, O_CLOEXEC) != 0)
		r = ERR_SYS;
	if (r != 0)
		return r == ERR_SYS ? err_set(e, r, "%s: %s", program, strerror(errno)) : r;
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0)
		become(path, args, pipe[1]);
	if (pipe[1] >= 0)
		close(pipe[1]);
	if (pid > 0 && out)
		r = read_all(pipe[0], out);
	if (pipe[0] >= 0)
		close(pipe[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid < 0 || r != 0 || !WIFEXITED(status))
		return err_set(e, ERR_SYS, "%s: %s", program, pid < 0 ? strerror(errno) : err_text(r));
	return WEXITSTATUS(status);
}

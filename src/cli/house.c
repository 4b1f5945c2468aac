#include "cli/house.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/command.h"
#include "lib/msg.h"

static int sys_err(struct err *e, const char *what)
{
	return err_set(e, ERR_SYS, "%s: %s", what, strerror(errno));
}

/* Commands that each start a house of their own take turns. */
static int turn(const char *dir, struct err *e)
{
	char path[4200];
	snprintf(path, sizeof path, "%s/sekisho.conf", dir);
	if (access(path, F_OK) != 0)
		return err_set(e, ERR_NOTFOUND, _("%s is no data folder; make one with sekisho init"), dir);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return sys_err(e, path);
	while (flock(fd, LOCK_EX) != 0)
		if (errno != EINTR) {
			close(fd);
			return sys_err(e, path);
		}
	return fd;
}

static int start(struct house_door *d, const struct place *p, const char *dir, struct err *e)
{
	char path[4200];
	int pair[2];
	if (place_program(p, "supervise", path, sizeof path, e) != 0)
		return ERR_NOTFOUND;
	if (msg_pair(pair) != 0)
		return sys_err(e, "socketpair");
	fflush(stdout);
	d->supervise = fork();
	if (d->supervise == 0) {
		char *argv[] = {path, (char *)(uintptr_t)dir, (char *)(uintptr_t)"--share", (char *)(uintptr_t)p->share,
		                (char *)(uintptr_t)"--oneshot", NULL};
		setenv("SEKISHO_LOG", "warn", 0);
		if (pair[1] == 3 ? fcntl(3, F_SETFD, 0) == 0 : dup2(pair[1], 3) == 3)
			execv(path, argv);
		_exit(127);
	}
	close(pair[1]);
	d->fd = pair[0];
	return d->supervise < 0 ? sys_err(e, "fork") : 0;
}

int door_open(struct house_door *d, const struct place *p, const char *dir, struct err *e)
{
	*d = (struct house_door){.fd = control_connect(dir), .lock = -1};
	if (d->fd >= 0)
		return 0;
	if (d->fd != ERR_NOTFOUND)
		return sys_err(e, dir);
	d->lock = turn(dir, e);
	if (d->lock < 0)
		return d->lock;
	d->fd = control_connect(dir);                    /* somebody may have started one while we waited */
	if (d->fd >= 0)
		return 0;
	int r = start(d, p, dir, e);
	if (r != 0)
		door_close(d);
	return r;
}

void door_close(struct house_door *d)
{
	if (d->fd >= 0)
		close(d->fd);
	if (d->supervise > 0) {
		kill(d->supervise, SIGTERM);
		while (waitpid(d->supervise, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (d->lock >= 0)
		close(d->lock);
	*d = (struct house_door){.fd = -1, .lock = -1};
}

int door_call(const struct place *p, const char *dir, const struct control_call *call, control_out *out, void *arg)
{
	struct house_door d;
	struct err e = {0};
	int code = EXIT_FAILED;
	if (door_open(&d, p, dir, &e) != 0)
		return command_fail(&e);
	int r = control_run(d.fd, call, out, arg, &code);
	door_close(&d);
	if (r == 0)
		return code;
	err_set(&e, r, _("the office ended before it answered (%s)"), err_text(r));
	return command_fail(&e);
}

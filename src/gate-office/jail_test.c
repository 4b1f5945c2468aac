/* What somebody inside the jail would try first, each in a process of its own. */
#include "gate-office/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static pid_t victim;                                 /* the test itself: without root of the same uid */

static bool try_signal(void)
{
	return kill(victim, 0) == 0;
}

static bool try_owner(void)
{
	int p[2];

	return pipe(p) == 0 && fcntl(p[0], F_SETOWN, victim) == 0;
}

static bool try_limit(void)
{
	struct rlimit l;

	return prlimit(victim, RLIMIT_CPU, NULL, &l) == 0;
}

/* EPERM is the jail's word; any other error means that the call itself went through. */
static bool try_bus(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "/run/user/0/bus"};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	return connect(fd, (struct sockaddr *)&a, sizeof a) == 0 || errno != EPERM;
}

static bool try_datagram(void)
{
	return socket(AF_UNIX, SOCK_DGRAM, 0) >= 0;
}

static bool try_internet(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

/* Exit 0: refused; 1: it worked; 77: no jail can be entered here. */
static int attempt(bool (*what)(void))
{
	char posture[96] = "";
	struct err e = {0};
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(jail_enter(65534, posture, sizeof posture, &e) ? 77 : what() ? 1 : 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 0;
}

static void nothing_outside_is_reached(void **state)
{
	static const struct {
		const char *name;
		bool (*what)(void);
	} list[] = {{"signal", try_signal}, {"owner", try_owner}, {"limit", try_limit}, {"bus", try_bus}, {"datagram", try_datagram},
	            {"internet", try_internet}};

	(void)state;
	victim = getpid();
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		int r = attempt(list[i].what);

		if (r == 77)
			skip();
		if (r)
			fail_msg("%s worked", list[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_outside_is_reached)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

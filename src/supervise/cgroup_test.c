/* Control groups as the kernel keeps them, where this test can have one of its own; elsewhere it says why not. */
#include "supervise/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const roots[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
static struct cgroups groups = {.gate = -1};
static char mine[128];

static bool put(const char *folder, const char *name, const char *text)
{
	char path[256];
	int fd;
	bool ok;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ok = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	if (fd >= 0)
		close(fd);
	return ok;
}

/* A group of our own below the first one, and into it: what systemd does for a service with Delegate=. */
static int setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(roots) && !mine[0]; i++) {
		struct stat st;
		char path[128];

		snprintf(path, sizeof path, "%s/cgroup.controllers", roots[i]);
		if (stat(path, &st) != 0)
			continue;
		(void)put(roots[i], "cgroup.subtree_control", "+memory +pids +cpu");
		snprintf(mine, sizeof mine, "%s/sekisho-test-%d", roots[i], (int)getpid());
		if (mkdir(mine, 0755) != 0 || !put(mine, "cgroup.procs", "0"))
			mine[0] = 0;
	}
	cgroups_open(&groups);
	if (groups.gate < 0)
		print_message("skip: %s\n", groups.why);
	return 0;
}

static int teardown(void **state)
{
	char path[256];

	(void)state;
	cgroups_close(&groups);
	for (size_t i = 0; i < ARRAY_LEN(roots) && mine[0]; i++)
		(void)put(roots[i], "cgroup.procs", "0");
	snprintf(path, sizeof path, "%s/gate", mine);
	(void)rmdir(path);
	snprintf(path, sizeof path, "%s/house", mine);
	(void)rmdir(path);
	(void)rmdir(mine);
	return 0;
}

static void without_one_it_says_so(void **state)
{
	int dir = 7;

	(void)state;
	if (groups.gate >= 0)
		skip();
	assert_true(groups.why[0] != 0);
	assert_string_equal(cgroups_posture(&groups), "nocgroup");
	assert_int_equal(cgroup_make(&groups, 0, STR("gate-text"), &dir), 0);
	assert_int_equal(dir, -1);
	assert_true(cgroup_join(dir));
	assert_false(cgroup_end(&groups, 0));
}

static void eat(size_t n)
{
	for (size_t i = 0; i < n; i += 4096) {
		volatile char *p = malloc(4096);

		if (p)
			*p = 1;
	}
}

/* How many children it may have at once. */
static int bomb(int most)
{
	int n = 0;

	while (n < most) {
		pid_t pid = fork();

		if (pid == 0)
			for (;;)
				pause();
		if (pid < 0)
			break;
		n++;
	}
	signal(SIGTERM, SIG_IGN);
	return n;
}

/* In the group of that program: the status it ended with. */
static int in_group(const char *program, size_t eats, int children, bool *ret_starved)
{
	int dir, status = -1;
	pid_t pid;

	assert_int_equal(cgroup_make(&groups, 3, str_from(program), &dir), 0);
	assert_true(dir >= 0);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		if (!cgroup_join(dir))
			_exit(99);
		eat(eats);
		_exit(bomb(children));
	}
	close(dir);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	kill(-pid, SIGKILL);
	for (int i = 0; i < 100 && kill(-pid, 0) == 0; i++)
		usleep(10000);
	*ret_starved = cgroup_end(&groups, 3);
	return status;
}

static void memory_and_processes_are_bounded(void **state)
{
	bool starved;
	int status;

	(void)state;
	if (groups.gate < 0)
		skip();
	assert_string_equal(cgroups_posture(&groups), "cgroup");
	status = in_group("gate-scan", 16u << 20, 0, &starved);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_false(starved);
	status = in_group("gate-scan", 600u << 20, 0, &starved);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_true(starved);
	status = in_group("gate-text", 0, 50, &starved);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0); /* not one */
	status = in_group("gate-office", 0, 120, &starved);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 79);
	assert_false(starved);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(without_one_it_says_so), cmocka_unit_test(memory_and_processes_are_bounded)};

	return cmocka_run_group_tests(tests, setup, teardown);
}

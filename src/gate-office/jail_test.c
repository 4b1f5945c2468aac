/* What somebody inside the jail would try first, each in a process of its own. */
#include "gate-office/jail.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static pid_t victim;                                 /* the test itself: without root of the same uid */
static char house[64];                               /* a folder as a house would have, and a file in it */

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

/* Like ps: how many processes are seen beside oneself and the first of the jail. */
static bool try_list(void)
{
	DIR *d = opendir("/proc");
	int n = 0;

	for (struct dirent *i; d && (i = readdir(d));)
		if (i->d_name[0] >= '1' && i->d_name[0] <= '9' && strtol(i->d_name, NULL, 10) != getpid())
			n++;
	return n > 0;
}

static bool opened(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* As LibreOffice would: from a child of the first process, which must not read that one either. */
static bool try_first(void)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(opened("/proc/1/environ") || opened("/proc/1/mem") || opened("/proc/1/maps") ? 1 : 0);
	return pid < 0 || waitpid(pid, &status, 0) != pid || status != 0;
}

static bool try_victim(void)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/environ", (int)victim);
	return opened(path) || getppid() == victim;
}

static bool try_machine(void)
{
	static const char *const list[] = {"/etc/passwd", "/etc/shadow", "/etc/hostname", "/proc/cpuinfo", "/proc/kallsyms", "/proc/sys", "/sys",
	                                   "/run", "/root", "/home", "/var/log", "/dev/mem", "/dev/kmsg", "/dev/tty", "/dev/sda"};

	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		if (opened(list[i]))
			return true;
	return false;
}

static bool try_house(void)
{
	char path[100];

	snprintf(path, sizeof path, "%s/office.db", house);
	return opened(path) || opened(house);
}

static bool try_leave_a_trace(void)
{
	static const char *const list[] = {"/usr/x", "/etc/x", "/x", "/var/x", "/dev/shm/x"};

	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		if (open(list[i], O_CREAT | O_WRONLY | O_CLOEXEC, 0600) >= 0)
			return true;
	return false;
}

static bool try_namespace(void)
{
	return syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0) >= 0;
}

/* Its own place is there, so that what fails above does not fail for want of any. */
static bool try_nothing_works(void)
{
	int fd = open(JAIL_TMP "/x", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	return fd < 0 || !opened("/dev/urandom") || !opened("/usr/share") || getpid() != 1;
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
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void nothing_outside_is_reached(void **state)
{
	static const struct {
		const char *name;
		bool (*what)(void);
	} list[] = {{"signal", try_signal}, {"owner", try_owner}, {"limit", try_limit}, {"bus", try_bus}, {"datagram", try_datagram},
	            {"internet", try_internet}, {"ps", try_list}, {"the first's environment", try_first}, {"a stranger's environment", try_victim},
	            {"files of the machine", try_machine}, {"files of the house", try_house}, {"leave a trace", try_leave_a_trace},
	            {"a namespace", try_namespace}, {"nothing at all", try_nothing_works}};
	char file[100];
	int fd, bad = 0, none = 0;

	(void)state;
	victim = getpid();
	snprintf(house, sizeof house, "/var/tmp/sekisho-house-XXXXXX");
	assert_non_null(mkdtemp(house));
	assert_int_equal(chmod(house, 0755), 0);
	snprintf(file, sizeof file, "%s/office.db", house);
	fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	close(fd);
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		int r = attempt(list[i].what);

		if (r && r != 77)
			print_error("%s: %d\n", list[i].name, r);
		bad += r && r != 77;
		none += r == 77;
	}
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(house), 0);
	assert_int_equal(bad, 0);
	if (none)
		skip();
}

static void alarm_rings(int sig)
{
	(void)sig;
}

/* Whoever ends the process outside ends the jail, and what is in it. */
static void it_goes_with_its_keeper(void **state)
{
	char posture[96] = "", byte;
	struct err e = {0};
	int p[2], status;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(p), 0);
	pid = fork();
	if (pid == 0) {
		close(p[0]);
		if (jail_enter(65534, posture, sizeof posture, &e))
			_exit(77);
		if (fork() >= 0 && write(p[1], "x", 1) == 1) /* both hold the pipe */
			for (;;)
				pause();
		_exit(1);
	}
	close(p[1]);
	if (read(p[0], &byte, 1) != 1) {
		waitpid(pid, &status, 0);
		assert_int_equal(WEXITSTATUS(status), 77);
		skip();
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	sigaction(SIGALRM, &(struct sigaction){.sa_handler = alarm_rings}, NULL);
	alarm(10);
	while (read(p[0], &byte, 1) == 1)
		;
	assert_true(alarm(0) > 0);                       /* the end of the pipe, not of our patience */
	close(p[0]);
}

static void die_of_memory(void)
{
	volatile uintptr_t nowhere = 8;

	signal(SIGSEGV, SIG_DFL);                        /* the test frame has its own idea */
	*(volatile int *)nowhere = 1;
}

static void it_ends_as_what_is_inside(void **state)
{
	static const struct {
		int sig, exit;
	} list[] = {{0, 0}, {0, 4}, {SIGSEGV, 0}, {SIGXCPU, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		char posture[96] = "";
		struct err e = {0};
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			struct rlimit cpu = {1, 2};

			if (jail_enter(65534, posture, sizeof posture, &e))
				_exit(77);
			if (list[i].sig == SIGXCPU && setrlimit(RLIMIT_CPU, &cpu) == 0)
				for (volatile unsigned k = 0;; k++)
					;
			if (list[i].sig == SIGSEGV)
				die_of_memory();
			if (list[i].sig)
				_exit(9);
			_exit(list[i].exit);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
			skip();
		if (list[i].sig == SIGXCPU)              /* the first process of a jail is deaf to the warning; the end follows */
			assert_true(WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL));
		else if (list[i].sig == SIGSEGV)
			assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
		else if (!list[i].sig)
			assert_true(WIFEXITED(status) && WEXITSTATUS(status) == list[i].exit);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_outside_is_reached), cmocka_unit_test(it_goes_with_its_keeper),
	                                   cmocka_unit_test(it_ends_as_what_is_inside)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

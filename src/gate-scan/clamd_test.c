/* What clamd may answer, and a clamd that is hostile or gone. */
#include "gate-scan/clamd.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void verdicts(void **state)
{
	static const struct {
		const char *answer, *verdict;
	} list[] = {
		{"fd[9]: OK", "OK"},
		{"2: fd[9]: OK", "OK"},
		{"stream: OK", "OK"},
		{"17: stream: Eicar-Test FOUND", "Eicar-Test FOUND"},
		{"INSTREAM size limit exceeded. ERROR", ""},
		{"2: No file descriptor received. ERROR", ""},
		{"OK", ""},
		{": OK", ""},
		{"2: OK", ""},
		{"/tmp/x: OK", ""},
		{"fd[]: OK", ""},
		{"fd[9", ""},
		{"fd[9]OK", ""},
		{"fd[9]:OK", ""},
		{"fd[x]: OK", ""},
		{"2:fd[9]: OK", ""},
		{"x: fd[9]: OK", ""},
		{"2: 3: fd[9]: OK", ""},
		{"stream: OK\n", "OK\n"},
		{"stream:  OK", " OK"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(list); i++) {
		struct str v = clamd_verdict(str_from(list[i].answer));

		if (!str_is(v, list[i].verdict))
			fail_msg("[%s] gave [%.*s]", list[i].answer, STR_ARG(v));
	}
}

/* One connection whose other end says these bytes and closes. */
static int says(const char *bytes, size_t n)
{
	int p[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, p), 0);
	assert_int_equal(write(p[1], bytes, n), (ssize_t)n);
	assert_int_equal(shutdown(p[1], SHUT_WR), 0);
	return p[0];                                     /* p[1] stays open: what we say must have a reader */
}

static void answers_are_whole_and_single(void **state)
{
	static char long_one[CLAMD_ANSWER_MAX + 10];
	static const struct {
		const char *bytes;
		size_t n;
		bool good;
	} list[] = {
		{"fd[1]: OK", 10, true},
		{"fd[1]: OK", 9, false},                 /* cut */
		{"", 0, false},
		{"fd[1]: OK\0fd[2]: OK", 20, false},     /* two answers to one question */
		{"fd[1]: OK\0x", 12, false},
		{long_one, sizeof long_one, false},
	};
	int fd = memfd_create("t", MFD_CLOEXEC);

	(void)state;
	memset(long_one, 'x', sizeof long_one);
	for (size_t i = 0; i < ARRAY_LEN(list); i++) {
		char out[CLAMD_ANSWER_MAX] = "";
		int sock = says(list[i].bytes, list[i].n);
		bool got = clamd_descriptor(sock, fd, out);

		if (got != list[i].good || (got && strcmp(out, "OK") != 0))
			fail_msg("answer %zu: %d [%s]", i, got, out);
		close(sock);
	}
	close(fd);
}

/* All that is ever written to clamd, for a file of two chunks. */
static void the_stream_is_framed(void **state)
{
	enum { N = 65536 + 3 };
	static char content[N], said[N + 64];
	char out[CLAMD_ANSWER_MAX];
	int fd = memfd_create("t", MFD_CLOEXEC), p[2];
	int status = -1;
	size_t got = 0;
	ssize_t k;
	pid_t pid;

	(void)state;
	memset(content, 'c', N);
	assert_int_equal(write(fd, content, N), N);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, p), 0);
	pid = fork();
	if (pid == 0) {
		close(p[0]);
		_exit(clamd_stream(p[1], fd, out) && strcmp(out, "Some.Thing FOUND") == 0 ? 0 : 1);
	}
	close(p[1]);
	while (got < 10 + 4 + 65536 + 4 + 3 + 4 && (k = read(p[0], said + got, sizeof said - got)) > 0)
		got += (size_t)k;
	assert_int_equal(got, 10 + 4 + 65536 + 4 + 3 + 4);
	assert_memory_equal(said, "zINSTREAM\0\0\1\0\0", 14);
	assert_memory_equal(said + 14 + 65536, "\0\0\0\3ccc\0\0\0\0", 11);
	assert_int_equal(write(p[0], "stream: Some.Thing FOUND", 25), 25);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(p[0]);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(verdicts), cmocka_unit_test(answers_are_whole_and_single),
	                                   cmocka_unit_test(the_stream_is_framed)};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

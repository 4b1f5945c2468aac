#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/log.h"

/* What fn writes to stderr. */
static void captured(void (*fn)(void), char *out, size_t size)
{
	int pipe_fd[2], saved = dup(STDERR_FILENO);
	assert_int_equal(pipe2(pipe_fd, O_CLOEXEC), 0);
	dup2(pipe_fd[1], STDERR_FILENO);
	close(pipe_fd[1]);
	fn();
	dup2(saved, STDERR_FILENO);
	close(saved);
	ssize_t n = read(pipe_fd[0], out, size - 1);
	close(pipe_fd[0]);
	out[n < 0 ? 0 : n] = 0;
}

static void assert_matches(const char *text, const char *pattern)
{
	regex_t re;
	assert_int_equal(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
	int r = regexec(&re, text, 0, NULL, 0);
	regfree(&re);
	if (r)
		print_error("%s\n does not match %s\n", text, pattern);
	assert_int_equal(r, 0);
}

#define STAMP "^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z prog "

static void plain(void)
{
	errno = EAGAIN;
	log_info("a.b", "size=%d n=%d", 3, 4);
	assert_int_equal(errno, EAGAIN);
	log_debug("a.c", "hidden=1");
}

static void with_line_end(void)
{
	log_warn("a.b", "v=x\ny\x1b[0m\x7f");
}

static void without_values(void)
{
	log_error("a.b", "%s", "");
}

static void shifted(void)
{
	clock_shift(-40000LL * DAY_US);                      /* a log tells the true time */
	log_info("a.b", "x=1");
	clock_shift(0);
}

static void too_long(void)
{
	log_info("a.b", "x=%05000d", 1);
}

static int digits;

static void sized(void)
{
	log_info("a.b", "x=%0*d", digits, 1);
}

/* Every length around the longest line: whole or cut, with one line end. */
static void test_longest_line(void **state)
{
	char out[4096];
	log_open("prog");
	digits = 1;
	captured(sized, out, sizeof out);
	size_t rest = strlen(out) - 1;
	for (digits = 1900; digits < 2100; digits++) {
		captured(sized, out, sizeof out);
		size_t whole = rest + (size_t)digits, n = strlen(out);
		assert_int_equal(n, whole < 2048 ? whole : 2048);
		assert_int_equal(strchr(out, '\n') - out, n - 1);
	}
}

static void debugging(void)
{
	log_level_set(LOG_DEBUG_);
	log_debug("a.c", "shown=1");
	log_level_set(LOG_ERROR_);
	log_warn("a.d", "hidden=1");
	log_level_set(LOG_INFO_);
}

static void test_lines(void **state)
{
	static const struct {
		void (*fn)(void);
		const char *pattern;
	} cases[] = { { plain, STAMP "info a\\.b size=3 n=4\n$" },
		          { with_line_end, STAMP "warn a\\.b v=x\\?y\\?\\[0m\\?\n$" },
		          { without_values, STAMP "error a\\.b\n$" },       { shifted, STAMP "info a\\.b x=1\n$" },
		          { too_long, STAMP "info a\\.b x=0+\n$" },         { debugging, STAMP "debug a\\.c shown=1\n$" } };
	char out[4096];
	log_open("prog");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		captured(cases[i].fn, out, sizeof out);
		assert_matches(out, cases[i].pattern);
		assert_true(strlen(out) <= 2048);
	}
}

static void dying(void)
{
	pid_t pid = fork();
	if (pid == 0)
		log_fatal("a.z", "why=%s", "test");
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 3);
}

static void test_fatal_ends_with_3(void **state)
{
	char out[4096];
	captured(dying, out, sizeof out);
	assert_matches(out, STAMP "error a\\.z why=test\n$");
}

static void test_clocks(void **state)
{
	int64_t before = clock_true(), mono = clock_mono();
	clock_shift(-3 * DAY_US);
	int64_t now = clock_now(), after = clock_true();
	clock_shift(0);
	assert_true(now >= before - 3 * DAY_US && now <= after - 3 * DAY_US);
	assert_true(after >= before && clock_mono() >= mono);
	assert_true(before > 1700000000LL * SECOND_US);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_longest_line),
		cmocka_unit_test(test_fatal_ends_with_3),
		cmocka_unit_test(test_clocks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "lib/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct loop *loop;
static char trace[64], letters[] = "abcdefghijklmnopqrstuvwxyz";
static int pipes[3][2];

static void note(char c)
{
	trace[strlen(trace)] = c;
}

static int setup(void **state)
{
	memset(trace, 0, sizeof trace);
	loop = loop_new();
	for (int i = 0; i < 3; i++)
		if (pipe(pipes[i]) != 0)
			return -1;
	return 0;
}

static int teardown(void **state)
{
	loop_free(loop);
	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 2; k++)
			close(pipes[i][k]);
	return 0;
}

static void on_stop(void *arg)
{
	note('.');
	loop_stop(loop);
}

static void on_letter(void *arg)
{
	note(*(const char *)arg);
}

static void test_timers_in_order_and_cancelled(void **state)
{
	loop_after(loop, 20, on_letter, letters + ('c' - 'a'));
	loop_after(loop, 0, on_letter, letters + ('a' - 'a'));
	int gone = loop_after(loop, 5, on_letter, letters + ('x' - 'a'));
	loop_after(loop, 10, on_letter, letters + ('b' - 'a'));
	loop_after(loop, 30, on_stop, NULL);
	loop_cancel(loop, gone);
	loop_run(loop);
	assert_string_equal(trace, "abc.");
}

static void on_read(void *arg)
{
	int i = *(int *)arg;
	char c;
	assert_int_equal(read(pipes[i][0], &c, 1), 1);
	note(c);
	if (c == '.')
		loop_stop(loop);
}

/* The first callback removes the second, which is readable as well, and adds the third. */
static void on_swap(void *arg)
{
	static int two = 2;
	char c;
	assert_int_equal(read(pipes[0][0], &c, 1), 1);
	note(c);
	loop_remove(loop, pipes[0][0]);
	loop_remove(loop, pipes[1][0]);
	loop_add(loop, pipes[2][0], on_read, &two);
}

static void test_change_while_dispatching(void **state)
{
	int one = 1;
	loop_add(loop, pipes[0][0], on_swap, NULL);
	loop_add(loop, pipes[1][0], on_read, &one);
	assert_int_equal(write(pipes[0][1], "aa", 2), 2);
	assert_int_equal(write(pipes[1][1], "x", 1), 1);
	assert_int_equal(write(pipes[2][1], "bc.", 3), 3);
	loop_run(loop);
	assert_string_equal(trace, "abc.");
}

static void on_hang_up(void *arg)
{
	char c;
	assert_int_equal(read(pipes[0][0], &c, 1), 0);
	note('h');
	loop_stop(loop);
}

static void test_hang_up_is_told(void **state)
{
	loop_add(loop, pipes[0][0], on_hang_up, NULL);
	close(pipes[0][1]);
	pipes[0][1] = dup(0);
	loop_run(loop);
	assert_string_equal(trace, "h");
}

static void on_again(void *arg)
{
	loop_after(loop, 0, on_again, NULL);
}

static void test_busy_timer_does_not_starve(void **state)
{
	int one = 1;
	loop_after(loop, 0, on_again, NULL);
	loop_add(loop, pipes[1][0], on_read, &one);
	assert_int_equal(write(pipes[1][1], ".", 1), 1);
	loop_run(loop);
	assert_string_equal(trace, ".");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(test_timers_in_order_and_cancelled),
		T(test_change_while_dispatching),
		T(test_hang_up_is_told),
		T(test_busy_timer_does_not_starve),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

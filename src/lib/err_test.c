#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "lib/err.h"

static void test_every_code_has_a_name(void **state)
{
	for (int code = 0; code >= ERR_ANONYMOUS; code--) {
		assert_non_null(err_text(code));
		assert_string_not_equal(err_text(code), "unknown error");
		for (int other = 0; other > code; other--)
			assert_string_not_equal(err_text(code), err_text(other));
	}
	assert_string_equal(err_text(ERR_ANONYMOUS - 1), "unknown error");
	assert_string_equal(err_text(1), "unknown error");
}

static void test_places(void **state)
{
	static const struct {
		const char *file;
		int line, col;
		const char *want;
	} cases[] = { { "f", 3, 4, "f:3:4: text 5" }, { "f", 3, 0, "f:3: text 5" },  { "f", 0, 0, "f: text 5" },
		          { "", 3, 4, "3:4: text 5" },    { NULL, 3, 0, "3: text 5" },  { NULL, 0, 0, "text 5" } };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e;
		char out[100];
		assert_int_equal(err_at(&e, ERR_RANGE, cases[i].file, cases[i].line, cases[i].col, "text %d", 5), ERR_RANGE);
		assert_int_equal(e.code, ERR_RANGE);
		assert_string_equal(err_format(&e, out, sizeof out), cases[i].want);
	}
}

static void test_set_clears_the_place(void **state)
{
	struct err e;
	err_at(&e, ERR_RANGE, "f", 3, 4, "old");
	assert_int_equal(err_set(&e, ERR_DENIED, "new"), ERR_DENIED);
	assert_true(e.line == 0 && e.col == 0 && e.file[0] == 0);
	assert_int_equal(err_set(NULL, ERR_DENIED, "nobody listens"), ERR_DENIED);
	assert_int_equal(err_at(NULL, ERR_DENIED, "f", 1, 1, "x"), ERR_DENIED);
}

static void test_long_texts_are_cut(void **state)
{
	struct err e;
	char big[2000], out[20];
	memset(big, 'a', sizeof big - 1);
	big[sizeof big - 1] = 0;
	err_at(&e, ERR_RANGE, big, 1, 1, "%s", big);
	assert_int_equal(strlen(e.file), sizeof e.file - 1);
	assert_int_equal(strlen(e.text), ERR_TEXT_MAX - 1);
	assert_int_equal(strlen(err_format(&e, out, sizeof out)), sizeof out - 1);
	errno = ENOENT;
	assert_int_equal(err_sys(&e, "%s", big), ERR_SYS);
	assert_int_equal(strlen(e.text), ERR_TEXT_MAX - 1);
}

static void test_system_errors(void **state)
{
	struct err e;
	errno = ENOENT;
	assert_int_equal(err_sys(&e, "open %s", "x"), ERR_SYS);
	assert_string_equal(e.text, "open x: No such file or directory");
	assert_int_equal(errno, ENOENT);
	assert_int_equal(err_sys(NULL, "x"), ERR_SYS);
	errno = 99999;
	err_sys(&e, "x");
	assert_string_equal(e.text, "x: unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_code_has_a_name), cmocka_unit_test(test_places),
		cmocka_unit_test(test_set_clears_the_place),  cmocka_unit_test(test_long_texts_are_cut),
		cmocka_unit_test(test_system_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

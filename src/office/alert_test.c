#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/clock.h"
#include "lib/date.h"
#include "office/alert.h"

/* 2026-11-20 is a Friday. */
static void test_due(void **state)
{
	static const struct {
		const char *at;
		bool critical;
		int minutes;
		const char *due;
	} table[] = {
		{"2026-11-19T10:00", true, 60, "2026-11-19 11:00"},
		{"2026-11-19T16:45", true, 60, "2026-11-20 09:00"},
		{"2026-11-20T17:15", true, 60, "2026-11-23 09:30"},
		{"2026-11-20T22:00", true, 60, "2026-11-23 09:30"},
		{"2026-11-21T12:00", true, 60, "2026-11-23 09:30"},
		{"2026-11-19T03:00", true, 60, "2026-11-19 09:30"},
		{"2026-11-19T10:00", true, 1050, "2026-11-23 10:00"},
		{"2026-11-19T10:00", false, 60, "2026-11-20 12:00"},
		{"2026-11-19T03:00", false, 60, "2026-11-19 12:00"},
		{"2026-11-20T08:30", false, 60, "2026-11-23 12:00"},
		{"2026-11-22T03:00", false, 60, "2026-11-23 12:00"},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		char got[40];
		int64_t at;
		assert_int_equal(instant_parse(str_from(table[i].at), &at), 0);
		instant_format(alert_due(table[i].critical, table[i].minutes, at), got, sizeof(got));
		assert_string_equal(got, table[i].due);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_due)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

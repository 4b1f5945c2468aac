/* When the house audits its logs. */
#include "office/audit.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/date.h"

static int64_t at(const char *day, int hour, int minute)
{
	struct date d;
	assert_int_equal(date_parse(str_from(day), &d), 0);
	return date_to_instant(d, hour, minute);
}

static void test_due(void **state)
{
	static const struct {
		const char *day;
		int hour, minute;
		const char *last;
		int last_hour;
		int64_t from, days;
		bool due;
	} t[] = {
		{"2026-11-20", 0, 0, NULL, 0, 2, 1, true},              /* never */
		{"2026-11-20", 1, 59, "2026-11-19", 2, 2, 1, false},    /* before the hour */
		{"2026-11-20", 2, 0, "2026-11-19", 2, 2, 1, true},      /* on it */
		{"2026-11-20", 2, 0, "2026-11-19", 23, 2, 1, true},     /* asked late the day before: the next day's hour all the same */
		{"2026-11-20", 23, 0, "2026-11-20", 2, 2, 1, false},    /* once a day */
		{"2026-11-20", 2, 0, "2026-11-14", 2, 2, 7, false},
		{"2026-11-21", 2, 0, "2026-11-14", 2, 2, 7, true},
		{"2027-01-01", 0, 0, "2026-12-31", 0, 0, 1, true},      /* across the year */
		{"2026-11-20", 0, 0, "2026-11-21", 0, 2, 1, true},      /* the clock was put back */
	};
	(void)state;
	assert_int_equal(date_zone_open("Asia/Tokyo"), 0);
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		assert_int_equal(audit_due(at(t[i].day, t[i].hour, t[i].minute), t[i].last ? at(t[i].last, t[i].last_hour, 0) : 0, t[i].from, t[i].days), t[i].due);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_due)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

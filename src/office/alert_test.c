#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/clock.h"
#include "lib/date.h"
#include "office/alert.h"

/* 2026-11-20 is a Friday, the Monday after it a holiday. */
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
		{"2026-11-20T17:15", true, 60, "2026-11-24 09:30"},
		{"2026-11-20T22:00", true, 60, "2026-11-24 09:30"},
		{"2026-11-21T12:00", true, 60, "2026-11-24 09:30"},
		{"2026-11-19T03:00", true, 60, "2026-11-19 09:30"},
		{"2026-11-19T10:00", true, 1050, "2026-11-24 10:00"},
		{"2026-11-19T10:00", false, 60, "2026-11-20 12:00"},
		{"2026-11-19T03:00", false, 60, "2026-11-19 12:00"},
		{"2026-11-20T08:30", false, 60, "2026-11-24 12:00"},
		{"2026-12-28T17:00", true, 60, "2027-01-04 09:15"},   /* the new year */
		{"2026-12-28T10:00", false, 60, "2027-01-04 12:00"},
		{"2026-05-01T17:15", true, 60, "2026-05-07 09:30"},   /* five holidays and a substitute */
		{"2026-11-22T03:00", false, 60, "2026-11-24 12:00"},
	};
	struct office_hours hours = {.closed = STR("12-29..01-03")};
	assert_int_equal(hours_parse(STR("08:30-17:15"), &hours.begins, &hours.ends), 0);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		char got[40];
		int64_t at;
		assert_int_equal(instant_parse(str_from(table[i].at), &at), 0);
		instant_format(alert_due(&hours, table[i].critical, table[i].minutes, at), got, sizeof(got));
		assert_string_equal(got, table[i].due);
	}
}

static int64_t at(const char *text)
{
	int64_t us;
	assert_int_equal(instant_parse(str_from(text), &us), 0);
	return us;
}

/* Somebody on duty in a night, one over a weekend, one who begins before the other ends. */
static void test_roster(void **state)
{
	static const struct {
		const char *at;
		bool critical;
		int minutes;
		const char *due;
	} table[] = {
		{"2026-11-19T20:00", true, 60, "2026-11-19 21:00"},   /* on duty at night: the clock runs */
		{"2026-11-19T23:30", true, 60, "2026-11-20 09:00"},   /* half of it, then the morning */
		{"2026-11-19T16:45", true, 60, "2026-11-19 18:30"},   /* half of it, then the night's shift from 18:00 */
		{"2026-11-19T20:00", false, 0, "2026-11-20 00:00"},   /* by the end of the shift */
		{"2026-11-21T09:00", true, 60, "2026-11-21 11:00"},   /* before the shift of the day off */
		{"2026-11-21T12:00", false, 0, "2026-11-22 10:00"},
		{"2026-11-21T12:00", true, 1500, "2026-11-22 13:00"}, /* into the next one's */
		{"2026-11-22T20:00", true, 60, "2026-11-24 09:30"},   /* nobody */
	};
	struct office_hours hours = {.closed = STR("12-29..01-03")};
	assert_int_equal(hours_parse(STR("08:30-17:15"), &hours.begins, &hours.ends), 0);
	hours.shifts[hours.n_shifts++] = (struct shift){at("2026-11-19T18:00"), at("2026-11-20T00:00"), 7};
	hours.shifts[hours.n_shifts++] = (struct shift){at("2026-11-21T10:00"), at("2026-11-22T10:00"), 8};
	hours.shifts[hours.n_shifts++] = (struct shift){at("2026-11-22T09:00"), at("2026-11-22T18:00"), 9};
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		char got[40];
		instant_format(alert_due(&hours, table[i].critical, table[i].minutes, at(table[i].at)), got, sizeof got);
		assert_string_equal(got, table[i].due);
	}
	assert_int_equal(hours_on_duty(&hours, at("2026-11-19T18:00"))->person, 7);
	assert_null(hours_on_duty(&hours, at("2026-11-20T00:00")));
	assert_int_equal(hours_on_duty(&hours, at("2026-11-22T09:30"))->person, 8);
	assert_null(hours_on_duty(&hours, at("2026-11-22T18:00")));
}

static void test_hours(void **state)
{
	static const char *const wrong[] = {"", "8:30-17:15", "08:30", "17:15-08:30", "08:30-08:30", "08:60-09:00", "00:00-24:01", "08:30-17:15x"};
	int64_t begins, ends;
	assert_int_equal(hours_parse(STR("00:00-24:00"), &begins, &ends), 0);
	assert_int_equal(ends, 1440);
	assert_int_equal(hours_parse(STR("09:00 - 17:30"), &begins, &ends), 0);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		assert_int_equal(hours_parse(str_from(wrong[i]), &begins, &ends), ERR_SYNTAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_due), cmocka_unit_test(test_roster), cmocka_unit_test(test_hours)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Holidays against the years as they were gazetted. */
#include "lib/holiday.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* All holidays of the year, substitute and citizens' ones included, Sundays too. */
static const struct {
	int year;
	const char *days;
} years[] = {
	{2003, "01-01 01-13 02-11 03-21 04-29 05-03 05-05 07-21 09-15 09-23 10-13 11-03 11-23 11-24 12-23"},
	{2005, "01-01 01-10 02-11 03-20 03-21 04-29 05-03 05-04 05-05 07-18 09-19 09-23 10-10 11-03 11-23 12-23"},
	{2007, "01-01 01-08 02-11 02-12 03-21 04-29 04-30 05-03 05-04 05-05 07-16 09-17 09-23 09-24 10-08 11-03 11-23 12-23 12-24"},
	{2008, "01-01 01-14 02-11 03-20 04-29 05-03 05-04 05-05 05-06 07-21 09-15 09-23 10-13 11-03 11-23 11-24 12-23"},
	{2009, "01-01 01-12 02-11 03-20 04-29 05-03 05-04 05-05 05-06 07-20 09-21 09-22 09-23 10-12 11-03 11-23 12-23"},
	{2015, "01-01 01-12 02-11 03-21 04-29 05-03 05-04 05-05 05-06 07-20 09-21 09-22 09-23 10-12 11-03 11-23 12-23"},
	{2016, "01-01 01-11 02-11 03-20 03-21 04-29 05-03 05-04 05-05 07-18 08-11 09-19 09-22 10-10 11-03 11-23 12-23"},
	{2019, "01-01 01-14 02-11 03-21 04-29 04-30 05-01 05-02 05-03 05-04 05-05 05-06 07-15 08-11 08-12 09-16 09-23 10-14 10-22 11-03 11-04 11-23"},
	{2020, "01-01 01-13 02-11 02-23 02-24 03-20 04-29 05-03 05-04 05-05 05-06 07-23 07-24 08-10 09-21 09-22 11-03 11-23"},
	{2021, "01-01 01-11 02-11 02-23 03-20 04-29 05-03 05-04 05-05 07-22 07-23 08-08 08-09 09-20 09-23 11-03 11-23"},
	{2022, "01-01 01-10 02-11 02-23 03-21 04-29 05-03 05-04 05-05 07-18 08-11 09-19 09-23 10-10 11-03 11-23"},
	{2023, "01-01 01-02 01-09 02-11 02-23 03-21 04-29 05-03 05-04 05-05 07-17 08-11 09-18 09-23 10-09 11-03 11-23"},
	{2024, "01-01 01-08 02-11 02-12 02-23 03-20 04-29 05-03 05-04 05-05 05-06 07-15 08-11 08-12 09-16 09-22 09-23 10-14 11-03 11-04 11-23"},
	{2025, "01-01 01-13 02-11 02-23 02-24 03-20 04-29 05-03 05-04 05-05 05-06 07-21 08-11 09-15 09-23 10-13 11-03 11-23 11-24"},
	{2026, "01-01 01-12 02-11 02-23 03-20 04-29 05-03 05-04 05-05 05-06 07-20 08-11 09-21 09-22 09-23 10-12 11-03 11-23"},
	{2027, "01-01 01-11 02-11 02-23 03-21 03-22 04-29 05-03 05-04 05-05 07-19 08-11 09-20 09-23 10-11 11-03 11-23"},
};

static void test_years(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof years / sizeof *years; i++) {
		char got[400] = "";
		for (struct date d = {years[i].year, 1, 1}; d.year == years[i].year; d = date_add(d, 0, 0, 1))
			if (holiday_name(d))
				snprintf(got + strlen(got), sizeof got - strlen(got), "%s%02d-%02d", *got ? " " : "", d.month, d.day);
		assert_string_equal(got, years[i].days);
	}
}

static void test_names(void **state)
{
	static const struct {
		struct date d;
		const char *name;
	} t[] = {
		{{2026, 1, 12}, "成人の日"}, {{2026, 5, 6}, "振替休日"}, {{2026, 9, 22}, "国民の休日"}, {{2026, 3, 20}, "春分の日"},
		{{2019, 4, 30}, "国民の休日"}, {{2019, 10, 22}, "即位礼正殿の儀の行われる日"}, {{2006, 5, 4}, "国民の休日"}, {{2012, 9, 22}, "秋分の日"},
		{{2018, 12, 24}, "振替休日"}, {{2019, 12, 23}, NULL}, {{2026, 12, 31}, NULL}, {{1999, 1, 1}, NULL}, {{2100, 1, 1}, NULL},
		{{2099, 9, 23}, "秋分の日"}, {{2096, 3, 19}, "春分の日"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		const char *name = holiday_name(t[i].d);
		if ((name != NULL) != (t[i].name != NULL) || (name && strcmp(name, t[i].name) != 0))
			fail_msg("%d-%02d-%02d: %s", t[i].d.year, t[i].d.month, t[i].d.day, name ? name : "none");
	}
	assert_true(holiday_or_weekend((struct date){2026, 11, 21}));
	assert_true(holiday_or_weekend((struct date){2026, 11, 22}));
	assert_true(holiday_or_weekend((struct date){2026, 11, 23}));
	assert_false(holiday_or_weekend((struct date){2026, 11, 24}));
}

static void test_closed(void **state)
{
	static const struct {
		const char *list;
		struct date d;
		bool closed;
	} t[] = {
		{"12-29..01-03", {2026, 12, 28}, false}, {"12-29..01-03", {2026, 12, 29}, true}, {"12-29..01-03", {2027, 1, 3}, true},
		{"12-29..01-03", {2027, 1, 4}, false}, {"08-13..08-15", {2026, 8, 14}, true}, {"08-13..08-15", {2026, 8, 16}, false},
		{"2027-05-06", {2027, 5, 6}, true}, {"2027-05-06", {2028, 5, 6}, false}, {" 08-14 , 2027-05-06 ", {2027, 5, 6}, true},
		{"02-29", {2028, 2, 29}, true}, {"", {2026, 1, 1}, false},
	};
	static const char *const wrong[] = {"12-29..", "12-32", "13-01", "x", "12-29...01-03", "2026-02-30", "1-1", "12-29..01-03;08-14"};
	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		assert_int_equal(closed_days_check(str_from(t[i].list)), 0);
		if (closed_day(str_from(t[i].list), t[i].d) != t[i].closed)
			fail_msg("%s %d-%02d-%02d", t[i].list, t[i].d.year, t[i].d.month, t[i].d.day);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		if (closed_days_check(str_from(wrong[i])) != ERR_SYNTAX)
			fail_msg("%s", wrong[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_years), cmocka_unit_test(test_names), cmocka_unit_test(test_closed)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "lib/clock.h"
#include "lib/date.h"

static void assert_date(struct date d, const char *want)
{
	char text[DATE_TEXT];
	date_format(d, text);
	assert_string_equal(text, want);
}

static struct date date_of(const char *iso)
{
	struct date d = { 0 };
	assert_int_equal(date_parse(str_from(iso), &d), 0);
	return d;
}

/* The C library's calendar is the judge, over all years that can be written. */
static void test_days_agree_with_libc(void **state)
{
	int weekday = -1;
	for (int64_t day = date_days((struct date){ 1, 1, 1 }); day <= date_days((struct date){ 9999, 12, 31 }); day++) {
		struct date d = date_from_days(day);
		if (!date_valid(d) || date_days(d) != day || (weekday >= 0 && date_weekday(d) != (weekday + 1) % 7))
			fail_msg("day %lld", (long long)day);
		weekday = date_weekday(d);
		if (day % 97)
			continue;
		time_t t = day * 86400;
		struct tm tm;
		gmtime_r(&t, &tm);
		if (tm.tm_year + 1900 != d.year || tm.tm_mon + 1 != d.month || tm.tm_mday != d.day || tm.tm_wday != weekday)
			fail_msg("day %lld differs from libc", (long long)day);
	}
}

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		int strict, loose;
		const char *want;
	} cases[] = {
		{ "2026-11-20", 0, 0, "2026-11-20" },
		{ "2024-02-29", 0, 0, "2024-02-29" },
		{ "2023-02-29", ERR_RANGE, ERR_RANGE, NULL },
		{ "2100-02-29", ERR_RANGE, ERR_RANGE, NULL },
		{ "2000-02-29", 0, 0, "2000-02-29" },
		{ "2026-04-31", ERR_RANGE, ERR_RANGE, NULL },
		{ "2026-00-01", ERR_RANGE, ERR_RANGE, NULL },
		{ "2026-13-01", ERR_RANGE, ERR_RANGE, NULL },
		{ "2026-01-00", ERR_RANGE, ERR_RANGE, NULL },
		{ "0001-01-01", 0, 0, "0001-01-01" },
		{ "0000-01-01", ERR_RANGE, ERR_RANGE, NULL },
		{ "9999-12-31", 0, 0, "9999-12-31" },
		{ "2026-1-5", ERR_SYNTAX, 0, "2026-01-05" },
		{ "2026/11/20", ERR_SYNTAX, 0, "2026-11-20" },
		{ "2026.11.20", ERR_SYNTAX, 0, "2026-11-20" },
		{ "2026-11/20", ERR_SYNTAX, 0, "2026-11-20" },
		{ "2026/11-20", ERR_SYNTAX, 0, "2026-11-20" },
		{ "20261120", ERR_SYNTAX, 0, "2026-11-20" },
		{ "2026年11月20日", ERR_SYNTAX, 0, "2026-11-20" },
		{ "２０２６／１１／２０", ERR_SYNTAX, 0, "2026-11-20" },
		{ "令和8年11月20日", ERR_SYNTAX, 0, "2026-11-20" },
		{ " 令和　８ 年 11月 20 日", ERR_SYNTAX, 0, "2026-11-20" },
		{ "令和元年5月1日", ERR_SYNTAX, 0, "2019-05-01" },
		{ "令和元年4月30日", ERR_SYNTAX, ERR_RANGE, NULL },
		{ "平成31年4月30日", ERR_SYNTAX, 0, "2019-04-30" },
		{ "平成32年3月31日", ERR_SYNTAX, 0, "2020-03-31" },
		{ "平成元年1月8日", ERR_SYNTAX, 0, "1989-01-08" },
		{ "平成元年1月7日", ERR_SYNTAX, ERR_RANGE, NULL },
		{ "昭和64年1月7日", ERR_SYNTAX, 0, "1989-01-07" },
		{ "大正15年12月24日", ERR_SYNTAX, 0, "1926-12-24" },
		{ "明治45年7月29日", ERR_SYNTAX, 0, "1912-07-29" },
		{ "R8.11.20", ERR_SYNTAX, 0, "2026-11-20" },
		{ "r08-11-20", ERR_SYNTAX, 0, "2026-11-20" },
		{ "Ｒ８．１１．２０", ERR_SYNTAX, 0, "2026-11-20" },
		{ "ｓ６０．４．１", ERR_SYNTAX, 0, "1985-04-01" },
		{ "㋿8年1月1日", ERR_SYNTAX, 0, "2026-01-01" },
		{ "R0.1.1", ERR_SYNTAX, ERR_RANGE, NULL },
		{ "R99.1.1", ERR_SYNTAX, 0, "2117-01-01" },
		{ "R100.1.1", ERR_SYNTAX, ERR_SYNTAX, NULL },
		{ "X8.1.1", ERR_SYNTAX, ERR_SYNTAX, NULL },
		{ "26-11-20", ERR_SYNTAX, ERR_SYNTAX, NULL },
		{ "2026-11", ERR_SYNTAX, ERR_SYNTAX, NULL },
		{ "2026-11-20-", ERR_SYNTAX, ERR_SYNTAX, NULL },
		{ "2026--11-20", ERR_SYNTAX, ERR_SYNTAX, NULL },
		{ "2026-11-20日日", ERR_SYNTAX, ERR_SYNTAX, NULL },
		{ "2026年日11月20", ERR_SYNTAX, ERR_SYNTAX, NULL },
		{ "-026-11-20", ERR_SYNTAX, ERR_SYNTAX, NULL },
		{ "2026-11-2x", ERR_SYNTAX, ERR_SYNTAX, NULL },
		{ "2026-11-20T00:00", ERR_SYNTAX, ERR_SYNTAX, NULL },
		{ "2026-011-20", ERR_SYNTAX, ERR_SYNTAX, NULL },
		{ "202611200", ERR_SYNTAX, ERR_SYNTAX, NULL },
		{ "令和", ERR_SYNTAX, ERR_SYNTAX, NULL },
		{ "", ERR_SYNTAX, ERR_SYNTAX, NULL },
		{ "日", ERR_SYNTAX, ERR_SYNTAX, NULL },
		{ "000000000000000000000000000002026-11-20", ERR_SYNTAX, ERR_SYNTAX, NULL },
		{ "2026-11-2\xef\xbc\x11", ERR_SYNTAX, ERR_SYNTAX, NULL },
		{ "2026-11-2㼑", ERR_SYNTAX, ERR_SYNTAX, NULL },
		{ "\xef\xbc", ERR_SYNTAX, ERR_SYNTAX, NULL },
		{ "2026\xef\xbc\x20", ERR_SYNTAX, ERR_SYNTAX, NULL },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct date strict = { 1, 2, 3 }, loose = { 1, 2, 3 };
		int rs = date_parse(str_from(cases[i].text), &strict), rl = date_parse_loose(str_from(cases[i].text), &loose);
		if (rs != cases[i].strict || rl != cases[i].loose)
			fail_msg("%s: %d %d", cases[i].text, rs, rl);
		assert_date(strict, rs ? "0001-02-03" : cases[i].want);
		assert_date(loose, rl ? "0001-02-03" : cases[i].want);
	}
	assert_int_equal(date_parse_loose(STR_NONE, &(struct date){ 0 }), ERR_SYNTAX);
}

static void test_wareki(void **state)
{
	static const char *const cases[][2] = {
		{ "2026-11-20", "令和8年11月20日" },   { "2019-05-01", "令和元年5月1日" },  { "2019-04-30", "平成31年4月30日" },
		{ "1989-01-08", "平成元年1月8日" },    { "1989-01-07", "昭和64年1月7日" },  { "1926-12-25", "昭和元年12月25日" },
		{ "1926-12-24", "大正15年12月24日" },  { "1912-07-30", "大正元年7月30日" }, { "1912-07-29", "明治45年7月29日" },
		{ "1868-01-25", "明治元年1月25日" },   { "1868-01-24", "1868-01-24" },      { "9999-12-31", "令和7981年12月31日" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char text[DATE_WAREKI];
		date_wareki(date_of(cases[i][0]), text);
		assert_string_equal(text, cases[i][1]);
	}
}

static void test_fiscal_years(void **state)
{
	assert_int_equal(date_fiscal_year(date_of("2026-03-31")), 2025);
	assert_int_equal(date_fiscal_year(date_of("2026-04-01")), 2026);
	assert_int_equal(date_fiscal_year(date_of("2026-12-31")), 2026);
	static const struct {
		int year;
		const char *want;
	} cases[] = { { 2026, "R8" }, { 2019, "R1" }, { 2018, "H30" }, { 1989, "H1" }, { 1988, "S63" }, { 1926, "T15" },
		          { 1868, "M1" } };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char era[8];
		assert_int_equal(date_fiscal_era(cases[i].year, era, sizeof era), 0);
		assert_string_equal(era, cases[i].want);
	}
	char era[8] = "x";
	assert_int_equal(date_fiscal_era(1867, era, sizeof era), ERR_RANGE);
	assert_int_equal(date_fiscal_era(10000, era, sizeof era), ERR_RANGE);
	assert_string_equal(era, "x");
}

static void test_add(void **state)
{
	static const struct {
		const char *from;
		int years, months, days;
		const char *want;
	} cases[] = {
		{ "2024-02-29", 1, 0, 0, "2025-02-28" },   { "2024-02-29", 4, 0, 0, "2028-02-29" },
		{ "2026-01-31", 0, 1, 0, "2026-02-28" },   { "2026-01-31", 0, 1, 1, "2026-03-01" },
		{ "2026-03-31", 0, -1, 0, "2026-02-28" },  { "2026-01-15", 0, -1, 0, "2025-12-15" },
		{ "2026-01-15", 0, -13, 0, "2024-12-15" }, { "2026-12-15", 0, 12, 0, "2027-12-15" },
		{ "2026-12-31", 0, 0, 1, "2027-01-01" },   { "2026-01-01", 0, 0, -1, "2025-12-31" },
		{ "9999-12-31", 0, 0, 1, "9999-12-31" },   { "0001-01-01", 0, 0, -1, "0001-01-01" },
		{ "2026-01-01", 8000, 0, 0, "9999-12-31" },  { "2026-01-01", -2026, 0, 0, "0001-01-01" },
		{ "0001-01-15", 0, -1, 31, "0001-01-15" },   { "9999-12-15", 0, 1, -31, "9999-12-15" },
		{ "2026-01-01", INT32_MAX, INT32_MAX, INT32_MAX, "9999-12-31" },
		{ "2026-01-01", INT32_MIN, INT32_MIN, INT32_MIN, "0001-01-01" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_date(date_add(date_of(cases[i].from), cases[i].years, cases[i].months, cases[i].days), cases[i].want);
}

static void test_durations(void **state)
{
	static const struct {
		const char *text;
		int code;
		int64_t n;
		enum unit unit;
	} cases[] = {
		{ "3d", 0, 3, UNIT_DAY },         { "2w", 0, 2, UNIT_WEEK },          { "6mo", 0, 6, UNIT_MONTH },
		{ "1y", 0, 1, UNIT_YEAR },        { "4h", 0, 4, UNIT_HOUR },          { "30min", 0, 30, UNIT_MIN },
		{ "5wd", 0, 5, UNIT_WORKDAY },    { "0d", 0, 0, UNIT_DAY },           { "100000d", 0, 100000, UNIT_DAY },
		{ "100001d", ERR_RANGE, 0, 0 },   { "3", ERR_SYNTAX, 0, 0 },          { "d", ERR_SYNTAX, 0, 0 },
		{ "", ERR_SYNTAX, 0, 0 },         { "3 d", ERR_SYNTAX, 0, 0 },        { "-3d", ERR_SYNTAX, 0, 0 },
		{ "3m", ERR_SYNTAX, 0, 0 },       { "3days", ERR_SYNTAX, 0, 0 },      { "1.5d", ERR_SYNTAX, 0, 0 },
		{ "99999999999999999999d", ERR_RANGE, 0, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct duration d = { 0 };
		assert_int_equal(duration_parse(str_from(cases[i].text), &d), cases[i].code);
		assert_true(d.n == cases[i].n && d.unit == cases[i].unit);
	}
}

static void test_plus(void **state)
{
	static const struct {
		const char *from;                                /* 2026-11-20 is a Friday */
		int64_t n;
		enum unit unit;
		int sign;
		const char *want;
	} cases[] = {
		{ "2026-11-20", 0, UNIT_WORKDAY, 1, "2026-11-20" },   { "2026-11-20", 1, UNIT_WORKDAY, 1, "2026-11-23" },
		{ "2026-11-20", 5, UNIT_WORKDAY, 1, "2026-11-27" },   { "2026-11-20", 6, UNIT_WORKDAY, 1, "2026-11-30" },
		{ "2026-11-21", 1, UNIT_WORKDAY, 1, "2026-11-23" },   { "2026-11-22", 1, UNIT_WORKDAY, 1, "2026-11-23" },
		{ "2026-11-21", 5, UNIT_WORKDAY, 1, "2026-11-27" },   { "2026-11-21", 6, UNIT_WORKDAY, 1, "2026-11-30" },
		{ "2026-11-23", 1, UNIT_WORKDAY, -1, "2026-11-20" },  { "2026-11-22", 1, UNIT_WORKDAY, -1, "2026-11-20" },
		{ "2026-11-22", 6, UNIT_WORKDAY, -1, "2026-11-13" },  { "2026-11-20", 10, UNIT_WORKDAY, -1, "2026-11-06" },
		{ "2026-11-20", 3, UNIT_DAY, 1, "2026-11-23" },       { "2026-11-20", 3, UNIT_DAY, -1, "2026-11-17" },
		{ "2026-11-20", 2, UNIT_WEEK, 1, "2026-12-04" },      { "2026-08-31", 6, UNIT_MONTH, 1, "2027-02-28" },
		{ "2024-02-29", 1, UNIT_YEAR, -1, "2023-02-28" },     { "2026-11-20", 90, UNIT_HOUR, 1, "2026-11-20" },
		{ "2026-11-20", 90, UNIT_MIN, 1, "2026-11-20" },      { "2026-11-20", INT64_MAX, UNIT_YEAR, 1, "9999-12-31" },
		{ "2026-11-20", INT64_MAX, UNIT_WEEK, -1, "0110-05-09" },
		{ "2026-11-20", INT64_MIN, UNIT_DAY, 1, "2026-11-20" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_date(date_plus(date_of(cases[i].from), (struct duration){ cases[i].n, cases[i].unit }, cases[i].sign),
		            cases[i].want);
}

/* n working days by steps and at once, from each weekday, both ways. */
static void test_workdays_agree_with_counting(void **state)
{
	for (int start = 0; start < 7; start++) {
		for (int sign = -1; sign <= 1; sign += 2) {
			struct date from = date_add(date_of("2026-11-15"), 0, 0, start), d = from;
			for (int n = 1; n <= 40; n++) {
				do
					d = date_add(d, 0, 0, sign);
				while (date_weekday(d) == 0 || date_weekday(d) == 6);
				struct date got = date_plus(from, (struct duration){ n, UNIT_WORKDAY }, sign);
				assert_int_equal(date_days(got), date_days(d));
			}
		}
	}
}

static void test_instants_in_the_zone(void **state)
{
	static const struct {
		const char *text;
		int code;
		int64_t seconds;
		const char *shown, *rfc3339;
	} cases[] = {
		{ "1970-01-01T09:00", 0, 0, "1970-01-01 09:00", "1970-01-01T09:00:00+09:00" },
		{ "1970-01-01 00:00", 0, -32400, "1970-01-01 00:00", "1970-01-01T00:00:00+09:00" },
		{ "2026-11-20T09:30:59", 0, 1795134659, "2026-11-20 09:30", "2026-11-20T09:30:59+09:00" },
		{ "2026-11-20T23:59", 0, 1795186740, "2026-11-20 23:59", "2026-11-20T23:59:00+09:00" },
		{ "2026-11-20T24:00", ERR_SYNTAX, 0, NULL, NULL },
		{ "2026-11-20T09:60", ERR_SYNTAX, 0, NULL, NULL },
		{ "2026-11-20T09:30:60", ERR_SYNTAX, 0, NULL, NULL },
		{ "2026-11-20T09:3", ERR_SYNTAX, 0, NULL, NULL },
		{ "2026-11-20", ERR_SYNTAX, 0, NULL, NULL },
		{ "2026-11-20T-9:30", ERR_SYNTAX, 0, NULL, NULL },
		{ "2026-11-20T09:30Z", ERR_SYNTAX, 0, NULL, NULL },
		{ "2026-11-20t09:30", ERR_SYNTAX, 0, NULL, NULL },
		{ "2026-11-20T09-30", ERR_SYNTAX, 0, NULL, NULL },
		{ "2026-11-20T09:30.00", ERR_SYNTAX, 0, NULL, NULL },
		{ "2026-02-29T09:30", ERR_RANGE, 0, NULL, NULL },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t us = 7;
		char text[40];
		if (instant_parse(str_from(cases[i].text), &us) != cases[i].code)
			fail_msg("%s", cases[i].text);
		assert_true(us == (cases[i].code ? 7 : cases[i].seconds * SECOND_US));
		if (cases[i].code)
			continue;
		instant_format(us, text, sizeof text);
		assert_string_equal(text, cases[i].shown);
		instant_rfc3339(us + 999999, text, sizeof text);
		assert_string_equal(text, cases[i].rfc3339);
	}
	assert_date(date_of_instant(-1), "1970-01-01");
	assert_date(date_of_instant(-32400 * SECOND_US - 1), "1969-12-31");
	assert_true(date_to_instant(date_of("2026-11-20"), 9, 30) == 1795134600 * SECOND_US);
}

static void test_zone_opened(void **state)
{
	assert_int_equal(date_zone_open(NULL), 0);
	test_instants_in_the_zone(state);                    /* as with the built-in offset */
	static const char *const unknown[] = { "Asia/Nowhere", "", "/etc/passwd", "../../etc/passwd", "Asia/Tokyo\n" };
	for (size_t i = 0; i < ARRAY_LEN(unknown); i++)
		assert_int_equal(date_zone_open(unknown[i]), ERR_NOTFOUND);
	test_instants_in_the_zone(state);
}

static void test_zone_with_changing_clocks(void **state)
{
	char text[40];
	assert_int_equal(date_zone_open("Europe/Berlin"), 0);
	instant_rfc3339(date_to_instant(date_of("2026-03-29"), 1, 59), text, sizeof text);
	assert_string_equal(text, "2026-03-29T01:59:00+01:00");
	instant_rfc3339(date_to_instant(date_of("2026-03-29"), 3, 0), text, sizeof text);
	assert_string_equal(text, "2026-03-29T03:00:00+02:00");
	instant_rfc3339(date_to_instant(date_of("2026-10-25"), 3, 0), text, sizeof text);
	assert_string_equal(text, "2026-10-25T03:00:00+01:00");
	for (int minute = -300; minute < 600; minute++) { /* asked near the change first, and from both sides of it */
		int64_t us = date_to_instant(date_of("2026-03-29"), 1, 0) + minute * 60000000LL;
		instant_rfc3339(us, text, sizeof text);
		assert_string_equal(text + 19, minute < 60 ? "+01:00" : "+02:00");
	}
	assert_int_equal(date_zone_open("America/New_York"), 0);
	instant_rfc3339(0, text, sizeof text);
	assert_string_equal(text, "1969-12-31T19:00:00-05:00");
	assert_int_equal(date_zone_open("UTC"), 0);
	instant_rfc3339(0, text, sizeof text);
	assert_string_equal(text, "1970-01-01T00:00:00Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_days_agree_with_libc),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_wareki),
		cmocka_unit_test(test_fiscal_years),
		cmocka_unit_test(test_add),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_plus),
		cmocka_unit_test(test_workdays_agree_with_counting),
		cmocka_unit_test(test_instants_in_the_zone),
		cmocka_unit_test(test_zone_opened),
		cmocka_unit_test(test_zone_with_changing_clocks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

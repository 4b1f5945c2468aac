#include "lib/holiday.h"

#include <stddef.h>

#define SUNDAY 0
#define MONDAY 1

/* A day of the month, or its nth Monday; in the years from `from` to `to`. */
static const struct fixed {
	int month, day, monday;
	int from, to;
	const char *name;
} fixed[] = {
	{1, 1, 0, 2000, 9999, "元日"},
	{1, 0, 2, 2000, 9999, "成人の日"},
	{2, 11, 0, 2000, 9999, "建国記念の日"},
	{2, 23, 0, 2020, 9999, "天皇誕生日"},
	{4, 29, 0, 2000, 2006, "みどりの日"},
	{4, 29, 0, 2007, 9999, "昭和の日"},
	{5, 1, 0, 2019, 2019, "天皇の即位の日"},
	{5, 3, 0, 2000, 9999, "憲法記念日"},
	{5, 4, 0, 2007, 9999, "みどりの日"},
	{5, 5, 0, 2000, 9999, "こどもの日"},
	{7, 20, 0, 2000, 2002, "海の日"},
	{7, 0, 3, 2003, 2019, "海の日"},
	{7, 23, 0, 2020, 2020, "海の日"},
	{7, 22, 0, 2021, 2021, "海の日"},
	{7, 0, 3, 2022, 9999, "海の日"},
	{8, 11, 0, 2016, 2019, "山の日"},
	{8, 10, 0, 2020, 2020, "山の日"},
	{8, 8, 0, 2021, 2021, "山の日"},
	{8, 11, 0, 2022, 9999, "山の日"},
	{9, 15, 0, 2000, 2002, "敬老の日"},
	{9, 0, 3, 2003, 9999, "敬老の日"},
	{10, 0, 2, 2000, 2019, "体育の日"},
	{10, 22, 0, 2019, 2019, "即位礼正殿の儀の行われる日"},
	{7, 24, 0, 2020, 2020, "スポーツの日"},
	{7, 23, 0, 2021, 2021, "スポーツの日"},
	{10, 0, 2, 2022, 9999, "スポーツの日"},
	{11, 3, 0, 2000, 9999, "文化の日"},
	{11, 23, 0, 2000, 9999, "勤労感謝の日"},
	{12, 23, 0, 2000, 2018, "天皇誕生日"},
};

/* Of March and September, 1980 to 2099; in millionths of a day. */
static int equinox(int year, bool spring)
{
	long n = (spring ? 20843100L : 23248800L) + 242194L * (year - 1980);
	return (int)(n / 1000000) - (year - 1980) / 4;
}

/* What the law names, before what follows from two of them. */
static const char *named(struct date d)
{
	if (d.year < HOLIDAY_YEAR_MIN || d.year > HOLIDAY_YEAR_MAX)
		return NULL;
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
		const struct fixed *f = &fixed[i];
		if (d.month != f->month || d.year < f->from || d.year > f->to)
			continue;
		if (f->monday ? date_weekday(d) == MONDAY && (d.day - 1) / 7 + 1 == f->monday : d.day == f->day)
			return f->name;
	}
	if (d.month == 3 && d.day == equinox(d.year, true))
		return "春分の日";
	if (d.month == 9 && d.day == equinox(d.year, false))
		return "秋分の日";
	return NULL;
}

/* From 2007 the next day that is none, until then the Monday alone. */
static bool substitute(struct date d)
{
	struct date before = date_add(d, 0, 0, -1);
	if (date_weekday(d) == SUNDAY)
		return false;
	if (d.year < 2007)
		return date_weekday(d) == MONDAY && named(before);
	while (named(before) && date_weekday(before) != SUNDAY)
		before = date_add(before, 0, 0, -1);
	return named(before) != NULL;
}

const char *holiday_name(struct date d)
{
	const char *name = named(d);
	if (name || d.year < HOLIDAY_YEAR_MIN || d.year > HOLIDAY_YEAR_MAX)
		return name;
	if (substitute(d))
		return "振替休日";
	if (date_weekday(d) != SUNDAY && named(date_add(d, 0, 0, -1)) && named(date_add(d, 0, 0, 1)))
		return "国民の休日";
	return NULL;
}

bool holiday_or_weekend(struct date d)
{
	int day = date_weekday(d);
	return day == SUNDAY || day == 6 || holiday_name(d);
}

/* --- closed days -------------------------------------------------------------------------------------------------------- */

struct closed {
	struct date first, last;                         /* of a span: months and days; year 0 every year */
	bool span;
};

/* MM-DD in a leap year, so that 02-29 may be named. */
static bool month_day(struct str s, struct date *ret)
{
	int64_t month, day;
	if (s.n != 5 || s.p[2] != '-' || str_int(str_slice(s, 0, 2), 1, 12, &month) || str_int(str_slice(s, 3, 5), 1, 31, &day))
		return false;
	*ret = (struct date){2000, (int)month, (int)day};
	if (!date_valid(*ret))
		return false;
	ret->year = 0;
	return true;
}

static bool parse_one(struct str s, struct closed *ret)
{
	*ret = (struct closed){0};
	if (s.n == 12 && s.p[5] == '.' && s.p[6] == '.') {
		ret->span = true;
		return month_day(str_slice(s, 0, 5), &ret->first) && month_day(str_slice(s, 7, 12), &ret->last);
	}
	return month_day(s, &ret->first) || date_parse(s, &ret->first) == 0;
}

int closed_days_check(struct str list)
{
	struct closed c;
	while (list.n) {
		struct str one = str_trim(str_cut(&list, ','));
		if (one.n && !parse_one(one, &c))
			return ERR_SYNTAX;
	}
	return 0;
}

static bool within(const struct closed *c, struct date d)
{
	int day = d.month * 100 + d.day, first = c->first.month * 100 + c->first.day, last = c->last.month * 100 + c->last.day;
	if (!c->span)
		return day == first && (!c->first.year || c->first.year == d.year);
	return first <= last ? day >= first && day <= last : day >= first || day <= last; /* across the new year */
}

bool closed_day(struct str list, struct date d)
{
	struct closed c;
	while (list.n) {
		struct str one = str_trim(str_cut(&list, ','));
		if (one.n && parse_one(one, &c) && within(&c, d))
			return true;
	}
	return false;
}

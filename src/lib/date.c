#include "lib/date.h"

#define YEAR_MIN 1
#define YEAR_MAX 9999

static const int month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

static int days_in(int year, int month)
{
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return month_days[month - 1] + (month == 2 && leap);
}

bool date_valid(struct date d)
{
	return d.year >= YEAR_MIN && d.year <= YEAR_MAX && d.month >= 1 && d.month <= 12 && d.day >= 1 &&
	       d.day <= days_in(d.year, d.month);
}

/* Both directions count years from 1 March, so that the leap day comes last. */
int64_t date_days(struct date d)
{
	int64_t y = d.month <= 2 ? d.year - 1 : d.year;
	int64_t era = (y >= 0 ? y : y - 399) / 400, yoe = y - era * 400;
	int64_t doy = (153 * (d.month + (d.month > 2 ? -3 : 9)) + 2) / 5 + d.day - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

struct date date_from_days(int64_t days)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	struct date d = { .month = (int)(mp < 10 ? mp + 3 : mp - 9), .day = (int)(doy - (153 * mp + 2) / 5 + 1) };
	d.year = (int)(yoe + era * 400 + (d.month <= 2));
	return d;
}

int date_weekday(struct date d)
{
	int64_t w = (date_days(d) + 4) % 7;              /* 1970-01-01 was a Thursday */
	return (int)(w < 0 ? w + 7 : w);
}

/* Dates beyond the calendar's ends stop there: they come from durations without sense, and must stay printable. */
static struct date clip(int64_t days)
{
	static const struct date first = { YEAR_MIN, 1, 1 }, last = { YEAR_MAX, 12, 31 };
	if (days < date_days(first))
		return first;
	return days > date_days(last) ? last : date_from_days(days);
}

struct date date_add(struct date d, int years, int months, int days)
{
	int64_t m = ((int64_t)d.year + years) * 12 + (d.month - 1) + months;
	int64_t y = m >= 0 ? m / 12 : (m - 11) / 12;
	struct date r = { .year = (int)y, .month = (int)(m - y * 12) + 1, .day = d.day };
	if (y < YEAR_MIN - 1 || y > YEAR_MAX + 1)
		return clip(y < YEAR_MIN ? INT64_MIN : INT64_MAX);
	if (r.day > days_in(r.year, r.month))
		r.day = days_in(r.year, r.month);
	return clip(date_days(r) + days);
}

int date_fiscal_year(struct date d)
{
	return d.month >= 4 ? d.year : d.year - 1;
}

static struct date workday_step(struct date d, int sign)
{
	int weekday;
	do {
		d = date_add(d, 0, 0, sign);
		weekday = date_weekday(d);
	} while (weekday == 0 || weekday == 6);
	return d;
}

static struct date workdays(struct date d, int n, int sign)
{
	if (n == 0)
		return d;
	d = workday_step(d, sign);                       /* now on a working day: five more are a week */
	d = date_add(d, 0, 0, sign * ((n - 1) / 5) * 7);
	for (int i = (n - 1) % 5; i > 0; i--)
		d = workday_step(d, sign);
	return d;
}

struct date date_plus(struct date d, struct duration by, int sign)
{
	int n = by.n > DURATION_MAX ? DURATION_MAX : by.n < 0 ? 0 : (int)by.n;
	sign = sign < 0 ? -1 : 1;
	switch (by.unit) {
	case UNIT_MIN:
	case UNIT_HOUR:
		return d;
	case UNIT_DAY:
		return date_add(d, 0, 0, sign * n);
	case UNIT_WORKDAY:
		return workdays(d, n, sign);
	case UNIT_WEEK:
		return date_add(d, 0, 0, sign * n * 7);
	case UNIT_MONTH:
		return date_add(d, 0, sign * n, 0);
	case UNIT_YEAR:
		return date_add(d, sign * n, 0, 0);
	}
	return d;
}

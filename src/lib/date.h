/* Calendar: ISO dates in the municipality's zone, 和暦, fiscal years (1 April – 31 March), durations of definitions. */
#ifndef LIB_DATE_H
#define LIB_DATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"

struct date {
	int year, month, day;                            /* proleptic Gregorian; month and day from 1 */
};

#define DATE_TEXT 11                                 /* "2026-11-20" and NUL */
#define DATE_WAREKI 40

/* Opens the zone (Asia/Tokyo when name is NULL) before the sandbox closes; ERR_NOTFOUND when unknown. Until then the
 * zone is UTC+9. Sets TZ of the process. */
int date_zone_open(const char *name) MUST_USE;

bool date_valid(struct date d);
int date_parse(struct str s, struct date *ret) MUST_USE;            /* strictly YYYY-MM-DD */
/* What people type: 2026-11-20, 2026/1/5, 20261120, 令和8年11月20日, R8.11.20, full width, blanks between. A date after an
 * era's end (平成32年) is understood; one before its start is ERR_RANGE. */
int date_parse_loose(struct str s, struct date *ret) MUST_USE;
void date_format(struct date d, char out[DATE_TEXT]);
void date_wareki(struct date d, char out[DATE_WAREKI]);             /* 令和8年11月20日; 元年 for the first; ISO before Meiji */
int64_t date_days(struct date d);                                   /* days since 1970-01-01 */
struct date date_from_days(int64_t days);
int date_weekday(struct date d);                                    /* 0 = Sunday */
struct date date_add(struct date d, int years, int months, int days); /* month ends clip, years 1–9999 too */
int date_fiscal_year(struct date d);                                /* the year it starts in */
/* "R8", by the era of 1 May (2019 is R1, as it was called). ERR_RANGE before Meiji. */
int date_fiscal_era(int fiscal_year, char *out, size_t size);

struct date date_of_instant(int64_t us);                            /* in the zone */
int64_t date_to_instant(struct date d, int hour, int minute);       /* in the zone */
/* "2026-11-20T09:30" or with a space or seconds, in the zone. */
int instant_parse(struct str s, int64_t *ret) MUST_USE;
void instant_format(int64_t us, char *out, size_t size);            /* "2026-11-20 09:30" in the zone */
void instant_rfc3339(int64_t us, char *out, size_t size);           /* "2026-11-20T09:30:00+09:00" */

#define DURATION_MAX 100000

/* "3d", "2w", "6mo", "1y", "4h", "30min", "5wd" (working days). */
enum unit { UNIT_MIN, UNIT_HOUR, UNIT_DAY, UNIT_WORKDAY, UNIT_WEEK, UNIT_MONTH, UNIT_YEAR };
struct duration {
	int64_t n;
	enum unit unit;
};
int duration_parse(struct str s, struct duration *ret) MUST_USE;
struct date date_plus(struct date d, struct duration by, int sign); /* hours and minutes count as 0 days */

#endif

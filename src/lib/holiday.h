/* National holidays of Japan, computed (国民の祝日に関する法律 as in force from 2000 on, with the exceptions made for 2019 to 2021), and the days
 * on which municipal offices are closed. The equinoxes are the usual approximation, right for 1980 to 2099; the days really named are
 * gazetted each February for the year after, and the two have never differed in that time. */
#ifndef LIB_HOLIDAY_H
#define LIB_HOLIDAY_H

#include <stdbool.h>

#include "lib/date.h"

#define HOLIDAY_YEAR_MIN 2000
#define HOLIDAY_YEAR_MAX 2099

/* Its Japanese name, 振替休日 and 国民の休日 included; NULL when it is none, or the year is outside the range above. */
const char *holiday_name(struct date d);
/* Saturdays, Sundays, holidays. */
bool holiday_or_weekend(struct date d);

/* Days of the year on which an office is closed besides: "12-29..01-03, 08-14, 2027-05-06", each MM-DD, YYYY-MM-DD, or a span of two
 * MM-DD. Empty: none. ERR_SYNTAX. */
int closed_days_check(struct str list) MUST_USE;
bool closed_day(struct str list, struct date d);

#endif

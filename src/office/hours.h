/* When the office works: hours of the day, days it is closed, and who is on duty beside (ledger duty-rosters). */
#ifndef OFFICE_HOURS_H
#define OFFICE_HOURS_H

#include "lib/arena.h"
#include "lib/date.h"
#include "lib/db.h"

#define SHIFTS_MAX 64u
#define HOURS_DEFAULT "08:30-17:15"
#define CLOSED_DEFAULT "12-29..01-03"

struct shift {
	int64_t from, until, person;                     /* µs UTC; until is no longer part of it */
};
struct office_hours {
	int64_t begins, ends;                            /* minutes of the day */
	struct str closed;                               /* lib/holiday.h */
	struct shift shifts[SHIFTS_MAX];                 /* those that end after the instant asked for, by their beginning */
	size_t n_shifts;
};

/* "08:30-17:15". ERR_SYNTAX. */
int hours_parse(struct str s, int64_t *ret_begins, int64_t *ret_ends) MUST_USE;
/* Of the settings and the roster as of `at`; the texts are the arena's. */
void hours_load(struct db *db, struct arena *a, int64_t at, struct office_hours *ret);
bool hours_working(const struct office_hours *h, struct date d);
/* The day after d that is one. */
struct date hours_next_working(const struct office_hours *h, struct date d);
/* `minutes` of time in which somebody works, counted from `at`: office hours of working days, and shifts. */
int64_t hours_after(const struct office_hours *h, int64_t at, int64_t minutes);
/* Who is on duty then; NULL: nobody. */
const struct shift *hours_on_duty(const struct office_hours *h, int64_t at);

#endif

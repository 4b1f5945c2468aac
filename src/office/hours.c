#include "office/hours.h"

#include "lib/clock.h"
#include "lib/holiday.h"
#include "office/setting.h"

#define MINUTE_US (60 * SECOND_US)
#define PIECES_MAX 4000                              /* of time looked at: some ten years of days */

static bool minute_of_day(struct str s, int64_t *ret)
{
	int64_t hour, minute;
	if (s.n != 5 || s.p[2] != ':' || str_int(str_slice(s, 0, 2), 0, 24, &hour) || str_int(str_slice(s, 3, 5), 0, 59, &minute))
		return false;
	*ret = hour * 60 + minute;
	return *ret <= 24 * 60;
}

int hours_parse(struct str s, int64_t *ret_begins, int64_t *ret_ends)
{
	struct str rest = s, first = str_trim(str_cut(&rest, '-'));
	int64_t begins, ends;
	if (!minute_of_day(first, &begins) || !minute_of_day(str_trim(rest), &ends) || begins >= ends)
		return ERR_SYNTAX;
	*ret_begins = begins;
	*ret_ends = ends;
	return 0;
}

void hours_load(struct db *db, struct arena *a, int64_t at, struct office_hours *ret)
{
	struct stmt *q;
	*ret = (struct office_hours){.closed = setting_text(db, a, "closed_days")};
	if (hours_parse(setting_text(db, a, "office_hours"), &ret->begins, &ret->ends) != 0)
		(void)!hours_parse(STR(HOURS_DEFAULT), &ret->begins, &ret->ends);
	if (closed_days_check(ret->closed) != 0)
		ret->closed = STR(CLOSED_DEFAULT);
	q = db_sql(db, "SELECT starts_at, ends_at, person FROM duty_rosters WHERE state = 'active' AND ends_at > ?1 ORDER BY starts_at, id LIMIT 64");
	if (!q)                                          /* a city without that ledger */
		return;
	bind_int(q, 1, at);
	while (ret->n_shifts < SHIFTS_MAX && step(q) == 1)
		ret->shifts[ret->n_shifts++] = (struct shift){col_int(q, 0), col_int(q, 1), col_int(q, 2)};
	stmt_done(q);
}

bool hours_working(const struct office_hours *h, struct date d)
{
	return !holiday_or_weekend(d) && !closed_day(h->closed, d);
}

struct date hours_next_working(const struct office_hours *h, struct date d)
{
	for (int i = 0; i < PIECES_MAX; i++) {
		d = date_add(d, 0, 0, 1);
		if (hours_working(h, d))
			break;
	}
	return d;
}

static int64_t at_minute(struct date d, int64_t minute)
{
	return minute == 24 * 60 ? date_to_instant(date_add(d, 0, 0, 1), 0, 0) : date_to_instant(d, (int)(minute / 60), (int)(minute % 60));
}

const struct shift *hours_on_duty(const struct office_hours *h, int64_t at)
{
	for (size_t i = 0; i < h->n_shifts; i++)
		if (h->shifts[i].from <= at && at < h->shifts[i].until)
			return &h->shifts[i];
	return NULL;
}

/* The stretch of working time that holds t or else begins next. */
static struct shift stretch(const struct office_hours *h, int64_t t)
{
	struct date d = date_of_instant(t);
	struct shift s = {0};
	if (!hours_working(h, d) || t >= at_minute(d, h->ends))
		d = hours_next_working(h, d);
	s.from = at_minute(d, h->begins);
	s.until = at_minute(d, h->ends);
	for (size_t i = 0; i < h->n_shifts; i++) {
		const struct shift *x = &h->shifts[i];
		bool now = x->from <= t && t < x->until, is = s.from <= t;
		if ((now && (!is || x->until > s.until)) || (!now && !is && x->from > t && x->from < s.from))
			s = *x;
	}
	return s;
}

int64_t hours_after(const struct office_hours *h, int64_t at, int64_t minutes)
{
	int64_t left = minutes * MINUTE_US;
	for (int i = 0; i < PIECES_MAX; i++) {
		struct shift s = stretch(h, at);
		at = at > s.from ? at : s.from;
		if (at + left <= s.until)
			return at + left;
		left -= s.until - at;
		at = s.until;
	}
	return at;
}

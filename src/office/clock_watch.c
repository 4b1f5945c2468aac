#include "office/clock_watch.h"

#include "core/event.h"
#include "lib/clock.h"
#include "lib/log.h"

#define BACK_MIN_US (60 * SECOND_US)

/* What the clock should show at least; 0: nothing is known. */
static int64_t expected(struct office *o)
{
	static int64_t was, was_mono;
	int64_t now = clock_now(), mono = clock_mono(), newest = 0;
	if (was) {
		newest = was + (mono - was_mono);
	} else {
		struct stmt *q = db_sql(o->db, "SELECT at FROM record_log ORDER BY seq DESC LIMIT 1");
		newest = q && step(q) == 1 ? col_int(q, 0) : 0;
		if (q)
			stmt_done(q);
	}
	was = now;
	was_mono = mono;
	return newest;
}

void clock_watch(struct office *o)
{
	struct err e = {0};
	char detail[64];
	int64_t back = expected(o) - clock_now();
	if (back < BACK_MIN_US)
		return;
	log_error("office.clock", "text=\"the clock went back\" seconds=%lld", (long long)(back / SECOND_US));
	snprintf(detail, sizeof(detail), "{\"seconds\":%lld}", (long long)(back / SECOND_US));
	const struct event ev = {.action = "clock.back", .detail = str_from(detail)};
	int r = db_begin(o->db, &e);
	if (r < 0 || (r = event_put(o->db, &ev, NULL, &e)) < 0 || (r = db_commit(o->db, &e)) < 0) {
		if (db_in_tx(o->db))
			db_rollback(o->db);
		log_error("office.clock", "text=\"%s\"", e.text);
	}
}

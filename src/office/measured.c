#include "office/measured.h"

#include "lib/clock.h"
#include "lib/date.h"
#include "office/change.h"
#include "office/dispatch.h"
#include "queries.h"

int measured_put(struct db *db, const struct measured *m, struct err *e)
{
	struct stmt *q = db_query(db, Q_MEASURE_FORGET);
	bind_z(q, 1, m->control);
	bind_z(q, 2, m->subject);
	bind_z(q, 3, m->part);
	int r = run(q, e);
	if (r < 0)
		return r;
	q = db_query(db, Q_MEASURE_PUT);
	bind_z(q, 1, m->control);
	bind_z(q, 2, m->subject);
	bind_z(q, 3, m->part);
	bind_z(q, 4, m->value);
	bind_int(q, 5, m->number);
	bind_str(q, 6, m->detail);
	bind_int(q, 7, m->at);
	return run(q, e);
}

bool measured_is(struct db *db, const struct measured *m, bool *ret_same, int64_t *ret_at)
{
	struct stmt *q = db_query(db, Q_MEASURE_IS);
	bind_z(q, 1, m->control);
	bind_z(q, 2, m->subject);
	bind_z(q, 3, m->part);
	bool is = step(q) == 1;
	if (is) {
		*ret_same = str_is(col_str(q, 0), m->value);
		*ret_at = col_int(q, 1);
	}
	stmt_done(q);
	return is;
}

int measured_take(struct office *o, int (*write)(struct office *o, void *arg, struct err *e), void *arg, struct err *e)
{
	char today[DATE_TEXT];
	struct world w = {.db = o->db, .ledgers = o->ledgers, .now = clock_now()};
	bool all = false;
	date_format(date_of_instant(w.now), today);
	w.today = str_from(today);
	int r = db_begin(o->db, e);
	if (r < 0)
		return r;
	change_clear();
	r = write(o, arg, e);
	if (r >= 0)
		r = change_assess(&w, o->checks, &all, e);
	if (r >= 0)
		r = db_commit(o->db, e);
	if (r < 0) {
		db_rollback(o->db);
		change_clear();
	}
	assess_settled(o->checks, r >= 0);
	if (r >= 0 && all)
		o->assess_soon(o);
	outbox_poke(o);
	return r;
}

/* When the whole board is judged (judging.h). */
#include "office/judging.h"

#include <malloc.h>
#include <sqlite3.h>

#include "core/check.h"
#include "lib/clock.h"
#include "lib/date.h"
#include "lib/log.h"
#include "office/change.h"
#include "queries.h"

#define PIECE_US 20000                                   /* small controls together, so that a piece is worth its commit */

static struct {
	bool pending;
	bool told;                                       /* the board may be behind: after a start, not when it is only proven again */
	size_t at, failed;
} pieces;

static void world_now(struct office *o, struct world *w, char today[DATE_TEXT])
{
	*w = (struct world){.db = o->db, .ledgers = o->ledgers, .now = clock_now()};
	date_format(date_of_instant(w->now), today);
	w->today = str_from(today);
}

static int note_state(struct office *o, const char *state, int64_t done, struct err *e)
{
	struct stmt *q = db_query(o->db, Q_BOARD_JOB_PUT);
	bind_z(q, 1, state);
	bind_int(q, 2, done);
	bind_int(q, 3, clock_now());
	return run(q, e);
}

/* The end of a transaction that judged. */
static int end(struct office *o, int r, struct err *e)
{
	change_clear();
	if (r >= 0) {
		int k = db_commit(o->db, e);
		r = k < 0 ? k : r;
	}
	if (r < 0)
		db_rollback(o->db);
	assess_settled(o->checks, r >= 0);
	return r;
}

/* Judging a large store leaves free memory behind that the process would keep. */
static void give_back(struct office *o)
{
	sqlite3_db_release_memory(db_handle(o->db));
	malloc_trim(0);
}

static int judge_all(struct office *o, bool anew, struct err *e)
{
	struct world w;
	char today[DATE_TEXT];
	world_now(o, &w, today);
	int r = db_begin(o->db, e);
	if (r < 0)
		return r;
	change_clear();
	r = anew ? assess_all(&w, o->checks, e) : assess_again(&w, o->checks, e);
	if (r >= 0)
		r = note_state(o, "done", 0, e);
	r = end(o, r, e);
	give_back(o);
	if (r >= 0) {
		pieces.pending = false;
	} else {
		struct err ignored;                      /* the first error is the one to tell */
		if (db_begin(o->db, &ignored) >= 0)
			end(o, note_state(o, "failed", 0, &ignored), &ignored);
	}
	return r;
}

int office_assess(struct office *o, struct err *e)
{
	return judge_all(o, false, e);
}

int office_assess_anew(struct office *o, struct err *e)
{
	return judge_all(o, true, e);
}

static bool is_large(struct office *o)
{
	struct stmt *q = db_query(o->db, Q_BOARD_SUBJECTS);
	bool large = step(q) == 1 && col_int(q, 0) > JUDGING_LARGE;
	stmt_done(q);
	return large;
}

static void begin_pieces(bool told)
{
	pieces.pending = true;
	pieces.told = told;
	pieces.at = pieces.failed = 0;
}

int judging_day(struct office *o, struct err *e)
{
	static bool started;
	bool first = !started, large = is_large(o);
	int r;
	if (first && large) {
		r = db_begin(o->db, e);
		if (r < 0)
			return r;
		r = end(o, note_state(o, "running", 0, e), e);
		begin_pieces(true);
	} else {
		r = office_assess(o, e);
		if (r >= 0 && large)
			begin_pieces(false);             /* in idle moments of the day: are the records as what was built upon says? */
	}
	started = r >= 0;
	return r;
}

bool judging_pending(void)
{
	return pieces.pending;
}

int judging_piece(struct office *o, struct err *e)
{
	struct world w;
	char today[DATE_TEXT];
	int64_t until = clock_mono() + PIECE_US;
	world_now(o, &w, today);
	int r = db_begin(o->db, e);
	if (r < 0)
		return r;
	change_clear();
	do
		r = assess_step(&w, o->checks, &pieces.at, e);
	while (r == 1 && clock_mono() < until);
	if (r == 0 || (r == 1 && pieces.told)) {
		int k = note_state(o, r ? "running" : pieces.failed ? "failed" : "done", (int64_t)pieces.at, e);
		r = k < 0 ? k : r;
	}
	r = end(o, r, e);
	if (r < 0) {                                     /* one control that cannot be judged leaves the others theirs */
		pieces.at++;
		pieces.failed++;
	}
	pieces.pending = r == 1 || (r < 0 && pieces.failed < CHECKS_MAX);
	if (!pieces.pending)
		give_back(o);
	return r;
}

bool judging_now(struct db *db, struct judging_state *ret)
{
	struct stmt *q = db_query(db, Q_BOARD_JOB_BEHIND);
	bool behind = step(q) == 1;
	if (behind)
		*ret = (struct judging_state){col_int(q, 0), col_int(q, 1), col_int(q, 2), col_int(q, 3) != 0};
	stmt_done(q);
	return behind;
}

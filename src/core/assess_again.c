/* What an earlier judging still proves, so that the whole board can be had again without reading every record.
 *
 * Every change of a row is judged in its own transaction (assess_changes), so a control that was judged whole once holds until something
 * else comes in: time, a parameter, its excuses. Where time decides, the check may name the subjects that it can touch (`timed:`); else all
 * are judged. Only controls that took longer than ASSESS_QUICK_US are spared, only in the process that judged them, and never those that
 * read what nobody follows (enum check_basis). */
#include <sqlite3.h>

#include "core/assess_int.h"
#include "core/ledger_sql.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "queries.h"

#define REST_US (600 * SECOND_US)                        /* the second connection is closed after so long without a change */

struct check_memory *assess_memory(const struct assess *x, const struct control_row *k)
{
	for (size_t i = 0; k->check && i < x->checks->n; i++)
		if (x->checks->v[i] == k->check)
			return &x->checks->memory[i];
	return NULL;
}

/* Digest of all that param(), std…() and cycle() can answer. */
static int load_values(struct assess *x)
{
	struct stmt *s = x->has_values ? NULL : assess_query(x, Q_ASSESS_VALUES);
	int rc;

	if (x->has_values)
		return 0;
	if (!s)
		return ERR_DB;
	while ((rc = step(s)) == 1) {
		struct str row = col_str(s, 0);
		const struct str parts[] = {str_n((const char *)x->values, sizeof x->values), row};

		sha256_parts(parts, ARRAY_LEN(parts), x->values);
	}
	stmt_done(s);
	x->has_values = rc == 0;
	return rc < 0 ? assess_db(x) : 0;
}

/* What was found still holds, but for excuses and grace: not at all, where time decides nothing, or everywhere. */
enum holds { HOLDS_NOT, HOLDS_BUT_TIME, HOLDS };

static enum holds holds(struct assess *x, const struct control_row *k)
{
	const struct check_memory *m = assess_memory(x, k);
	const struct check *c = k->check;

	if (!m || m->state != MEMORY_HOLDS || c->basis != BASIS_ROWS || m->cost <= ASSESS_QUICK_US)
		return HOLDS_NOT;
	if (c->by_values && memcmp(m->values, x->values, sizeof x->values) != 0)
		return HOLDS_NOT;
	if (c->by_now || (c->by_day && !str_is(x->w->today, m->day)))
		return c->timed ? HOLDS_BUT_TIME : HOLDS_NOT;
	return HOLDS;
}

static void remember(struct assess *x, const struct control_row *k)
{
	struct check_memory *m = assess_memory(x, k);

	if (!m || k->check->basis != BASIS_ROWS)
		return;
	m->state = MEMORY_NEW;
	snprintf(m->day, sizeof m->day, "%.*s", STR_ARG(x->w->today));
	memcpy(m->values, x->values, sizeof m->values);
}

void assess_settled(struct checks *c, bool committed)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->memory[i].state == MEMORY_NEW)
			c->memory[i].state = committed ? MEMORY_HOLDS : MEMORY_NONE;
}

void assess_forget(struct checks *c, struct str table)
{
	struct str base = table.p ? check_base_table(table) : table;

	for (size_t i = 0; i < c->n; i++) {
		const struct check *k = c->v[i];
		bool read = !table.p;

		for (size_t t = 0; !read && t < k->n_reads; t++)
			read = str_eq(check_base_table(k->reads[t]), base);
		if (read)
			c->memory[i].state = MEMORY_NONE;
	}
}

void assess_forget_control(struct assess *x, const struct control_row *k)
{
	struct check_memory *m = assess_memory(x, k);

	if (m)
		m->state = MEMORY_NONE;
}

int judge_failing(struct assess *x, const struct control_row *k)
{
	struct stmt *s = assess_query(x, Q_FINDING_EXCUSABLE);
	struct str *v = NULL;
	size_t n = 0, cap = 0;
	int rc;

	if (!s)
		return ERR_DB;
	bind_str(s, 1, k->id);
	bind_int(s, 2, k->grace >= 0);
	while ((rc = step(s)) == 1 && n <= ASSESS_WHOLE_MAX) {
		if (n == cap)
			v = assess_grow(x->a, v, n, &cap, sizeof *v);
		if (!v)
			break;
		v[n++] = col_dup(s, 0, x->a);
	}
	stmt_done(s);
	if (rc < 0)
		return assess_db(x);
	if (arena_full(x->a))
		return assess_full(x);
	if (n > ASSESS_WHOLE_MAX)
		return judge_whole(x, k);
	rc = judge_status(x, k);
	for (size_t i = 0; !rc && v && i < n; i++)
		rc = judge_control(x, k, v[i]);
	return rc;
}

/* NULL for a store in memory. */
static const char *store_file(struct assess *x)
{
	const char *path = sqlite3_db_filename(db_handle(x->w->db), "main");

	return path && *path ? path : NULL;
}

bool assess_quick(struct assess *x, const struct control_row *k, int64_t us)
{
	const struct check_memory *m = assess_memory(x, k);

	return (!m || m->cost <= us) && assess_subjects(x, k->id) <= ASSESS_WHOLE_MAX;
}

int judge_whole(struct assess *x, const struct control_row *k)
{
	struct check_memory *m = assess_memory(x, k);
	int64_t from = clock_mono();
	int rc = judge_control(x, k, STR_NONE);

	if (m && store_file(x))                          /* a store in memory is small */
		m->cost = clock_mono() - from + judge_ahead_cost(x, k);
	return rc;
}

static int judge_rest(struct assess *x, const struct control_row *k, enum holds held)
{
	int rc = held == HOLDS_BUT_TIME ? judge_timed(x, k) : 0;

	return rc ? rc : judge_failing(x, k);
}

/* One control of the board, anew or as far as needed. */
static int judge_one(struct assess *x, const struct control_row *k, bool anew)
{
	int64_t from = clock_mono();
	int rc = load_values(x);
	enum holds held = holds(x, k);
	size_t moved = x->moved;

	if (!rc)
		rc = assess_mark_check(x, k);
	if (!rc)
		rc = held && !anew ? judge_rest(x, k, held) : judge_whole(x, k);
	if (!rc)
		remember(x, k);
	if (!rc && held == HOLDS && anew && x->moved > moved) /* a change was judged wrongly, or a row was written past the office */
		log_warn("assess.drift", "control=%.*s findings=%zu", STR_ARG(k->id), x->moved - moved);
	log_debug("assess.control", "control=%.*s us=%lld%s", STR_ARG(k->id), (long long)(clock_mono() - from),
	          held && !anew ? " held=1" : "");
	return rc;
}

/* The large ones, on two connections; both see the same only as long as this transaction has written nothing. */
static int large_ones(struct assess *x, bool anew)
{
	const struct control_row **v = arena_array(x->a, x->n_controls + 1, sizeof(struct control_row *));
	int rc = load_values(x);
	size_t n = 0;

	if (rc || !v || !store_file(x) || !db_untouched(x->w->db))
		return rc;
	for (size_t i = 0; i < x->n_controls; i++) {
		const struct control_row *k = &x->controls[i];

		if (k->check && k->check->basis == BASIS_ROWS && assess_subjects(x, k->id) >= judge_ahead_min &&
		    (anew || holds(x, k) == HOLDS_NOT))
			v[n++] = k;
	}
	if (n)
		judge_ahead(x, v, n);
	return 0;
}

static int judge_board(struct world *w, struct checks *c, bool anew, struct err *e)
{
	struct assess x;
	int rc = assess_start(&x, w, c, e);

	db_sweep(w->db, true);
	if (!rc)
		rc = large_ones(&x, anew);
	for (size_t i = 0; !rc && i < x.n_controls; i++)
		rc = judge_one(&x, &x.controls[i], anew);
	db_sweep(w->db, false);
	x.changed = true;                                /* another standard or network model may be in force */
	return assess_finish(&x, rc);
}

int assess_all(struct world *w, struct checks *c, struct err *e)
{
	return judge_board(w, c, true, e);
}

int assess_again(struct world *w, struct checks *c, struct err *e)
{
	return judge_board(w, c, false, e);
}

int assess_step(struct world *w, struct checks *c, size_t *at, struct err *e)
{
	struct assess x;
	int rc = assess_start(&x, w, c, e);
	bool more = !rc && *at < x.n_controls;

	if (more) {
		db_sweep(w->db, true);
		rc = judge_one(&x, &x.controls[*at], true);
		db_sweep(w->db, false);
	}
	x.changed |= !more;
	rc = assess_finish(&x, rc);
	*at += !rc && more;
	return rc ? rc : more;
}

/* --- the store as it was ---------------------------------------------------------------------------------------------- */

static int open_before(struct assess *x, const char *path)
{
	struct checks *c = (struct checks *)x->checks;
	struct db *db;
	int rc = db_open(path, DB_READ, &db, x->e);

	if (rc)
		return rc;
	rc = ledger_functions(db) ? err_set(x->e, ERR_DB, "%s", db_error(db)) : check_functions(db, x->e);
	if (rc)
		db_close(db);
	else
		c->before = db;
	return rc;
}

int assess_before(struct assess *x, struct db **ret)
{
	const char *path = store_file(x);
	int rc = 0;

	*ret = NULL;
	if (!path)
		return 0;
	if (!x->checks->before)
		rc = open_before(x, path);
	if (!rc && !x->looked_back)
		rc = db_begin(x->checks->before, x->e);
	if (rc)
		return rc;
	x->looked_back = true;
	((struct checks *)x->checks)->before_used = clock_mono();
	*ret = x->checks->before;
	return 0;
}

static void close_before(struct checks *c)
{
	db_close(c->before);
	c->before = NULL;
}

void assess_before_end(struct assess *x)
{
	if (x->looked_back)
		db_rollback(x->checks->before);
	x->looked_back = false;
	if (x->opened)
		close_before((struct checks *)x->checks);
	x->opened = false;
}

void assess_rest(struct checks *c)
{
	if (!c->before || clock_mono() - c->before_used < REST_US)
		return;
	close_before(c);
}

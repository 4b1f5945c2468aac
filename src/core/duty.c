/* Opens and closes occurrences of duties from what a record now says. An occurrence is the same as long as its ledger,
 * record, name and row are; what changes is when it is due and whether it is done. */
#include "core/duty.h"

#include "core/engine.h"
#include "lib/date.h"

#define OCCURRENCES_MAX 400
#define DEFAULT_NOTICE_DAYS 14

/* What ought to be open, or is known to be done. */
struct occurrence {
	struct str row;                                  /* pos of the table row; "" the record */
	int64_t start;                                   /* µs of what set it off */
	int64_t due_at;                                  /* µs when the deadline has a time, else 0 */
	struct str due_on;
	bool done;
};
struct occurrences {
	struct occurrence v[OCCURRENCES_MAX];
	size_t n;
};

static bool list_has(const struct str_list *l, struct str s)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->v[i], s))
			return true;
	return false;
}

static struct str parameter_unit(struct job *j, struct str name)
{
	struct str unit = STR("d");
	struct stmt *s = db_sql(j->w->db, "SELECT unit FROM parameter_def WHERE name = ?1 AND unit IS NOT NULL");
	if (!s)
		return unit;
	bind_str(s, 1, name);
	if (step(s) == 1)
		unit = col_dup(s, 0, j->a);
	stmt_done(s);
	return unit;
}

/* A duration as written, a parameter, or a field of type duration. */
static bool duration_of(struct job *j, const struct record *r, struct str written, struct duration *ret)
{
	struct str text = written, name = STR_NONE;
	int64_t n;
	if (text.n > 2 && text.p[0] == '[') {
		name = str_slice(text, 1, text.n - 2);
		text = parameter(j->w, j->a, name);
	} else if (r) {
		const struct field *f = ledger_field(j->l, text);
		if (f)
			text = r->all[field_index(j->l, f)].text;
	}
	if (!text.n)
		return false;
	if (duration_parse(text, ret) == 0)
		return true;
	/* A parameter is a bare number beside its unit. */
	return str_int(text, 0, 100000, &n) == 0 &&
	       duration_parse(arena_strf(j->a, "%lld%.*s", (long long)n, STR_ARG(parameter_unit(j, name))), ret) == 0;
}

static struct str iso(struct job *j, struct date d)
{
	char text[DATE_TEXT];
	date_format(d, text);
	return arena_str(j->a, str_from(text));
}

/* An exact date or instant as µs; dates count from their first minute. 0 when there is none. */
static int64_t instant_of(struct str exact)
{
	struct date d;
	int64_t us;
	if (exact.n > 1 && exact.p[0] == '@')
		return str_int(str_slice(exact, 1, exact.n), INT64_MIN, INT64_MAX, &us) == 0 ? us : 0;
	return date_parse(exact, &d) == 0 ? date_to_instant(d, 0, 0) : 0;
}

static void due_after(struct job *j, struct occurrence *o, struct duration by)
{
	if (by.unit == UNIT_MIN || by.unit == UNIT_HOUR) {
		o->due_at = o->start + by.n * (by.unit == UNIT_MIN ? 60 : 3600) * 1000000LL;
		o->due_on = iso(j, date_of_instant(o->due_at));
	} else {
		o->due_on = iso(j, date_plus(date_of_instant(o->start), by, 1));
	}
}

/* When the action was last taken; 0 never. Half of two approvals is none. */
static int64_t last_step(struct job *j, int64_t record, struct str action)
{
	const struct action *act = ledger_action(j->l, action);
	struct stmt *s = db_sql(j->w->db, arena_printf(j->a, "SELECT at, from_state IS to_state FROM \"%.*s_step\" WHERE record = ?1 AND action = ?2"
	                                              " ORDER BY id DESC LIMIT 1", STR_ARG(j->l->table)));
	int64_t at = 0;
	if (!s)
		return 0;
	bind_int(s, 1, record);
	bind_str(s, 2, action);
	if (step(s) == 1 && !(act && act->two_of.n && act->to.p && col_int(s, 1)))
		at = col_int(s, 0);
	stmt_done(s);
	return at;
}

/* When the record came into one of the states it is in now. */
static int64_t state_since(struct job *j, const struct record *r, const struct str_list *states)
{
	struct stmt *s = db_sql(j->w->db, arena_printf(j->a, "SELECT at, from_state FROM \"%.*s_step\" WHERE record = ?1 AND from_state IS NOT to_state"
	                                              " ORDER BY id DESC", STR_ARG(j->l->table)));
	int64_t at = r->created_at;
	if (!s)
		return at;
	bind_int(s, 1, r->id);
	while (step(s) == 1) {
		at = col_int(s, 0);
		if (!list_has(states, col_str(s, 1)))
			break;
	}
	stmt_done(s);
	return at;
}

/* --- evidence -------------------------------------------------------------------------------------------------------- */

/* The part of "table.column", or the field itself. */
static const struct field *column_of(struct job *j, struct str path, const struct field **ret_column)
{
	struct str column = path, name = str_cut(&column, '.');
	const struct field *f = ledger_field(j->l, name);
	*ret_column = f && column.p ? field_column(f, column) : NULL;
	return f;
}

static int64_t done_row_at(struct job *j, const struct record *r, const struct row_test *t)
{
	struct err e;
	struct job quiet = *j;
	quiet.e = &e;
	return row_tests(&quiet, r, t, 1, true) == 0 ? j->w->now : 0;
}

/* When the duty was last done: µs, 0 never. row: index for a column of a table, SIZE_MAX for the record. */
static int64_t evidence(struct job *j, const struct record *r, const struct duty_def *d, size_t row)
{
	const struct field *column, *f;
	if (d->done_row)
		return done_row_at(j, r, d->done_row);
	if (!d->done.p)
		return 0;
	if (ledger_action(j->l, d->done))
		return last_step(j, r->id, d->done);
	f = column_of(j, d->done, &column);
	if (!f)
		return 0;
	const struct value *v = &r->all[field_index(j->l, f)];
	struct str text = column ? (row < v->n_rows ? row_cell(&v->rows[row], column->name) : STR_NONE) : v->text;
	enum field_type t = column ? column->type : f->type;
	if (t == FT_DATE || t == FT_DATETIME) {
		/* A date counts to the end of its day, so that what is done on the day it was set off counts. */
		int64_t at = instant_of(text);
		return at && t == FT_DATE ? at + 86400LL * 1000000 - 1 : at;
	}
	return (column ? text.n > 0 : !value_empty(v)) ? j->w->now : 0;
}

/* --- the three kinds ------------------------------------------------------------------------------------------------- */

static void cycle(struct job *j, const struct record *r, const struct duty_def *d, struct occurrences *out)
{
	struct duration by;
	struct occurrence *o = &out->v[out->n];
	if (!duration_of(j, r, d->every, &by))
		return;
	*o = (struct occurrence){.row = STR(""), .start = d->while_.n ? state_since(j, r, &d->while_) : r->created_at};
	int64_t done = d->done_row ? 0 : evidence(j, r, d, SIZE_MAX);
	if (done > o->start)
		o->start = done;
	due_after(j, o, by);
	o->due_at = 0;
	out->n++;
}

static void one_deadline(struct job *j, const struct record *r, const struct duty_def *d, size_t row, int64_t start, struct occurrences *out)
{
	struct duration by;
	if (!start || out->n == OCCURRENCES_MAX || !duration_of(j, r, d->within, &by))
		return;
	struct occurrence *o = &out->v[out->n++];
	*o = (struct occurrence){.row = row == SIZE_MAX ? STR("") : arena_strf(j->a, "%zu", row), .start = start};
	due_after(j, o, by);
	o->done = evidence(j, r, d, row) >= start;
}

static void deadline(struct job *j, const struct record *r, const struct duty_def *d, struct occurrences *out)
{
	const struct field *column, *f;
	if (str_is(d->after, "created")) {
		one_deadline(j, r, d, SIZE_MAX, r->created_at, out);
	} else if (ledger_action(j->l, d->after)) {
		one_deadline(j, r, d, SIZE_MAX, last_step(j, r->id, d->after), out);
	} else if ((f = column_of(j, d->after, &column)) && column) {
		const struct value *v = &r->all[field_index(j->l, f)];
		for (size_t i = 0; i < v->n_rows; i++)
			one_deadline(j, r, d, i, instant_of(row_cell(&v->rows[i], column->name)), out);
	} else if (f) {
		one_deadline(j, r, d, SIZE_MAX, instant_of(r->all[field_index(j->l, f)].text), out);
	}
}

static void one_due(struct job *j, const struct record *r, const struct duty_def *d, size_t row, struct str due, struct occurrences *out)
{
	int64_t at = instant_of(due);
	if (!at || out->n == OCCURRENCES_MAX)
		return;
	struct occurrence *o = &out->v[out->n++];
	*o = (struct occurrence){.row = row == SIZE_MAX ? STR("") : arena_strf(j->a, "%zu", row), .due_on = iso(j, date_of_instant(at))};
	if (due.p[0] == '@')
		o->due_at = at;
	/* A field that says it is done says so for good; an action does so from the day the occurrence was opened (reconcile). */
	o->done = !ledger_action(j->l, d->done) && evidence(j, r, d, row) > 0;
}

static void dated(struct job *j, const struct record *r, const struct duty_def *d, struct occurrences *out)
{
	const struct field *column, *f = column_of(j, d->due, &column);
	if (!f)
		return;
	const struct value *v = &r->all[field_index(j->l, f)];
	if (!column)
		one_due(j, r, d, SIZE_MAX, v->text, out);
	for (size_t i = 0; column && i < v->n_rows; i++)
		one_due(j, r, d, i, row_cell(&v->rows[i], column->name), out);
}

/* --- against the table ---------------------------------------------------------------------------------------------- */

static int close_row(struct job *j, int64_t duty, const char *how)
{
	struct stmt *s = db_sql(j->w->db, "UPDATE duty SET done_at = ?2, done_by = ?3, how = ?4 WHERE id = ?1");
	if (!s)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	bind_int(s, 1, duty);
	bind_int(s, 2, j->w->now);
	bind_int(s, 3, j->who->person);
	bind_z(s, 4, how);
	int err = run(s, j->e);
	return err < 0 ? err : 0;
}

static struct str notice_day(struct job *j, const struct record *r, const struct duty_def *d, struct str due)
{
	struct duration by = {DEFAULT_NOTICE_DAYS, UNIT_DAY};
	struct date day;
	if (d->within.p || date_parse(due, &day) < 0)
		return STR_NONE;                             /* set off by an event: known at once */
	if (d->notice.p && !duration_of(j, r, d->notice, &by))
		return STR_NONE;
	return iso(j, date_plus(day, by, -1));
}

static void bind_doer(struct job *j, const struct record *r, const struct duty_def *d, struct stmt *s, int by_at, int person_at)
{
	const struct who *w = d->by.n ? &d->by.v[0] : NULL;
	int64_t person = w && w->kind != WHO_ROLE && w->kind != WHO_MANAGER_OF_SECTION ? rights_person_of(j, r, w) : 0;
	if (person) {
		bind_z(s, by_at, "person");
		bind_int(s, person_at, person);
		return;
	}
	bind_str(s, by_at, w && w->kind == WHO_ROLE ? w->name : STR("sec-manager"));
	bind_null(s, person_at);
}

static int open_row(struct job *j, const struct record *r, const struct duty_def *d, const struct occurrence *o)
{
	struct stmt *s = db_sql(j->w->db, "INSERT INTO duty(ledger, record, name, title, row, by, person, section, opened_at, due_on, due_at, notice_on)"
	                                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)");
	if (!s)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	bind_str(s, 1, j->l->name);
	bind_int(s, 2, r->id);
	bind_str(s, 3, d->name);
	bind_str(s, 4, d->label.ja);
	bind_str(s, 5, o->row);
	bind_doer(j, r, d, s, 6, 7);
	if (r->section)
		bind_int(s, 8, r->section);
	bind_int(s, 9, j->w->now);
	bind_str(s, 10, o->due_on);
	if (o->due_at)
		bind_int(s, 11, o->due_at);
	bind_str(s, 12, notice_day(j, r, d, o->due_on));
	int err = run(s, j->e);
	return err < 0 ? err : 0;
}

static int redate_row(struct job *j, const struct record *r, const struct duty_def *d, int64_t duty, const struct occurrence *o)
{
	struct stmt *s = db_sql(j->w->db, "UPDATE duty SET due_on = ?2, due_at = ?3, notice_on = ?4, by = ?5, person = ?6, section = ?7 WHERE id = ?1");
	if (!s)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	bind_int(s, 1, duty);
	bind_str(s, 2, o->due_on);
	if (o->due_at)
		bind_int(s, 3, o->due_at);
	bind_str(s, 4, notice_day(j, r, d, o->due_on));
	bind_doer(j, r, d, s, 5, 6);
	if (r->section)
		bind_int(s, 7, r->section);
	int err = run(s, j->e);
	return err < 0 ? err : 0;
}

/* Was this very occurrence (same due date) done before? */
static bool done_before(struct job *j, const struct record *r, const struct duty_def *d, const struct occurrence *o)
{
	struct stmt *s = db_sql(j->w->db, "SELECT 1 FROM duty WHERE ledger = ?1 AND record = ?2 AND name = ?3 AND done_at IS NOT NULL"
	                                  " AND row = ?4 AND due_on = ?5 AND how IN ('action', 'row')");
	if (!s)
		return false;
	bind_str(s, 1, j->l->name);
	bind_int(s, 2, r->id);
	bind_str(s, 3, d->name);
	bind_str(s, 4, o->row);
	bind_str(s, 5, o->due_on);
	bool found = step(s) == 1;
	stmt_done(s);
	return found;
}

struct open_duty {
	int64_t id, opened_at, due_at;
	struct str due_on;
};

static int open_one(struct job *j, const struct record *r, const struct duty_def *d, struct str row, struct open_duty *ret)
{
	struct stmt *s = db_sql(j->w->db, "SELECT id, opened_at, due_on, due_at FROM duty WHERE ledger = ?1 AND record = ?2 AND name = ?3"
	                                  " AND row = ?4 AND done_at IS NULL");
	*ret = (struct open_duty){0};
	if (!s)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	bind_str(s, 1, j->l->name);
	bind_int(s, 2, r->id);
	bind_str(s, 3, d->name);
	bind_str(s, 4, row);
	int got = step(s);
	if (got == 1)
		*ret = (struct open_duty){col_int(s, 0), col_int(s, 1), col_int(s, 3), col_dup(s, 2, j->a)};
	stmt_done(s);
	return got < 0 ? err_set(j->e, ERR_DB, "%s", db_error(j->w->db)) : 0;
}

static int settle(struct job *j, const struct record *r, const struct duty_def *d, struct occurrence *o)
{
	struct open_duty open;
	int err = open_one(j, r, d, o->row, &open);
	if (err < 0)
		return err;
	const char *how = ledger_action(j->l, d->done) ? "action" : "row";
	if (open.id && d->every.p && str_cmp(o->due_on, open.due_on) > 0 && !d->done_row) {
		err = close_row(j, open.id, how);            /* done: the next turn begins */
		open.id = 0;
	}
	if (err == 0 && open.id && d->every.p && d->done_row && evidence(j, r, d, SIZE_MAX))
		return close_row(j, open.id, "row");
	bool action_done = open.id && d->due.p && ledger_action(j->l, d->done) && last_step(j, r->id, d->done) >= open.opened_at;
	if (err == 0 && open.id && (o->done || action_done))
		return close_row(j, open.id, how);
	if (err < 0 || o->done)
		return err;
	if (!open.id)
		return (d->due.p && done_before(j, r, d, o)) ? 0 : open_row(j, r, d, o);
	return redate_row(j, r, d, open.id, o);
}

/* Open rows that no occurrence stands for any more: the state was left, the condition ended, the table row went. */
static int close_others(struct job *j, const struct record *r, const struct duty_def *d, const struct occurrences *live)
{
	int64_t ids[OCCURRENCES_MAX];
	size_t n = 0;
	int err = 0;
	struct stmt *s = db_sql(j->w->db, "SELECT id, row FROM duty WHERE ledger = ?1 AND record = ?2 AND name = ?3 AND done_at IS NULL");
	if (!s)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	bind_str(s, 1, j->l->name);
	bind_int(s, 2, r->id);
	bind_str(s, 3, d->name);
	while (n < OCCURRENCES_MAX && step(s) == 1) {
		bool found = false;
		for (size_t i = 0; live && i < live->n; i++)
			found |= str_eq(live->v[i].row, col_str(s, 1));
		if (!found)
			ids[n++] = col_int(s, 0);
	}
	stmt_done(s);
	bool acted = ledger_action(j->l, d->done) && last_step(j, r->id, d->done) == j->w->now;
	for (size_t i = 0; err == 0 && i < n; i++)
		err = close_row(j, ids[i], acted ? "action" : "left");
	return err;
}

static int one_duty(struct job *j, const struct record *r, const struct duty_def *d)
{
	struct occurrences *live = arena_alloc(j->a, sizeof *live);
	enum truth holds = TRUTH_TRUE;
	int err = live ? 0 : err_set(j->e, ERR_NOMEM, "duty");
	const struct state *st = ledger_state(j->l, r->state);
	bool applies = d->while_.n ? list_has(&d->while_, r->state) : !(d->every.p && st && st->end);
	if (err == 0 && applies)
		err = expr_judge(j, r, &d->when, 1, &holds);
	if (err < 0)
		return err;
	if (applies && holds == TRUTH_TRUE) {
		if (d->every.p)
			cycle(j, r, d, live);
		else if (d->within.p)
			deadline(j, r, d, live);
		else
			dated(j, r, d, live);
	}
	for (size_t i = 0; err == 0 && i < live->n; i++)
		err = settle(j, r, d, &live->v[i]);
	return err < 0 ? err : close_others(j, r, d, live);
}

int duty_follow(struct job *j, int64_t id)
{
	struct record r;
	if (!j->l->n_duties)
		return 0;
	int err = record_load(j, id, &r);
	for (size_t i = 0; err == 0 && i < j->l->n_duties; i++)
		err = one_duty(j, &r, &j->l->duties[i]);
	return err;
}

/* A row here may be what a duty of another ledger waits for (`done-row`). */
int duty_follow_others(struct job *j, const struct record *r)
{
	int err = 0;
	for (size_t i = 0; i < j->w->ledgers->n; i++) {
		const struct ledger *other = j->w->ledgers->v[i];
		for (size_t d = 0; err == 0 && d < other->n_duties; d++) {
			const struct row_test *t = other->duties[d].done_row;
			if (!t || !str_eq(t->ledger, j->l->name))
				continue;
			const struct field *column, *f = column_of(j, t->via, &column);
			struct job jo = *j;
			int64_t id;
			jo.l = other;
			if (!f || column)
				continue;
			const struct value *v = &r->all[field_index(j->l, f)];
			for (size_t k = 0; err == 0 && k < (f->many ? v->n_many : 1); k++) {
				struct str ref = f->many ? v->many[k] : v->text, kind = other->name;
				if (ref.n && memchr(ref.p, ':', ref.n))
					kind = str_cut(&ref, ':');
				if (str_eq(kind, other->name) && str_int(ref, 1, INT64_MAX, &id) == 0)
					err = duty_follow(&jo, id);
			}
		}
	}
	return err;
}

int duty_record_changed(struct world *w, struct arena *a, const struct ledger *l, int64_t id, struct err *e)
{
	static const struct actor system = {0};
	struct job j = {.w = w, .a = a, .who = &system, .l = l, .e = e};
	return duty_follow(&j, id);
}

#include "core/duty_due.h"

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

bool duty_duration(struct job *j, const struct record *r, struct str written, struct duration *ret)
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

struct str duty_iso(struct job *j, struct date d)
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
		o->due_on = duty_iso(j, date_of_instant(o->due_at));
	} else {
		o->due_on = duty_iso(j, date_plus(date_of_instant(o->start), by, 1));
	}
}

int64_t duty_last_step(struct job *j, int64_t record, struct str action)
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

/* --- evidence ---------------------------------------------------------------------------------------------------- */

const struct field *duty_column(struct job *j, struct str path, const struct field **ret_column)
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

int64_t duty_evidence(struct job *j, const struct record *r, const struct duty_def *d, size_t row)
{
	const struct field *column, *f;
	if (d->done_row)
		return done_row_at(j, r, d->done_row);
	if (!d->done.p)
		return 0;
	if (ledger_action(j->l, d->done))
		return duty_last_step(j, r->id, d->done);
	f = duty_column(j, d->done, &column);
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

/* --- the three kinds --------------------------------------------------------------------------------------------- */

static void cycle(struct job *j, const struct record *r, const struct duty_def *d, struct occurrences *out)
{
	struct duration by;
	struct occurrence *o = &out->v[out->n];
	if (!duty_duration(j, r, d->every, &by))
		return;
	*o = (struct occurrence){.row = STR(""), .start = d->while_.n ? state_since(j, r, &d->while_) : r->created_at};
	int64_t done = d->done_row ? 0 : duty_evidence(j, r, d, SIZE_MAX);
	if (done > o->start)
		o->start = done;
	due_after(j, o, by);
	o->due_at = 0;
	out->n++;
}

static void one_deadline(struct job *j, const struct record *r, const struct duty_def *d, size_t row, int64_t start,
                         struct occurrences *out)
{
	struct duration by;
	if (!start || out->n == OCCURRENCES_MAX || !duty_duration(j, r, d->within, &by))
		return;
	struct occurrence *o = &out->v[out->n++];
	*o = (struct occurrence){.row = row == SIZE_MAX ? STR("") : arena_strf(j->a, "%zu", row), .start = start};
	due_after(j, o, by);
	o->done = duty_evidence(j, r, d, row) >= start;
}

static void deadline(struct job *j, const struct record *r, const struct duty_def *d, struct occurrences *out)
{
	const struct field *column, *f;
	if (str_is(d->after, "created")) {
		one_deadline(j, r, d, SIZE_MAX, r->created_at, out);
	} else if (ledger_action(j->l, d->after)) {
		one_deadline(j, r, d, SIZE_MAX, duty_last_step(j, r->id, d->after), out);
	} else if ((f = duty_column(j, d->after, &column)) && column) {
		const struct value *v = &r->all[field_index(j->l, f)];
		for (size_t i = 0; i < v->n_rows; i++)
			one_deadline(j, r, d, i, instant_of(row_cell(&v->rows[i], column->name)), out);
	} else if (f) {
		one_deadline(j, r, d, SIZE_MAX, instant_of(r->all[field_index(j->l, f)].text), out);
	}
}

static void one_due(struct job *j, const struct record *r, const struct duty_def *d, size_t row, struct str due,
                    struct occurrences *out)
{
	int64_t at = instant_of(due);
	if (!at || out->n == OCCURRENCES_MAX)
		return;
	struct occurrence *o = &out->v[out->n++];
	*o = (struct occurrence){.row = row == SIZE_MAX ? STR("") : arena_strf(j->a, "%zu", row),
	                         .due_on = duty_iso(j, date_of_instant(at))};
	if (due.p[0] == '@')
		o->due_at = at;
	/* A field that says it is done says so for good; an action does so from the day the occurrence was opened
	 * (reconcile). */
	o->done = !ledger_action(j->l, d->done) && duty_evidence(j, r, d, row) > 0;
}

static void dated(struct job *j, const struct record *r, const struct duty_def *d, struct occurrences *out)
{
	const struct field *column, *f = duty_column(j, d->due, &column);
	if (!f)
		return;
	const struct value *v = &r->all[field_index(j->l, f)];
	if (!column)
		one_due(j, r, d, SIZE_MAX, v->text, out);
	for (size_t i = 0; column && i < v->n_rows; i++)
		one_due(j, r, d, i, row_cell(&v->rows[i], column->name), out);
}

void duty_occurrences(struct job *j, const struct record *r, const struct duty_def *d, struct occurrences *out)
{
	if (d->every.p)
		cycle(j, r, d, out);
	else if (d->within.p)
		deadline(j, r, d, out);
	else
		dated(j, r, d, out);
}

/* Which controls are judged when: all of them for the date, or those that one changed row touches. */
#include "core/assess_int.h"

#include "lib/i18n.h"
#include "queries.h"

static const struct {
	const char *code, *label;
} statuses[ST_COUNT_] = {
	[ST_NOT_MET] = {"not_met", N_("Not met")},
	[ST_UNKNOWN] = {"unknown", N_("Unknown")},
	[ST_IN_PROGRESS] = {"in_progress", N_("In progress")},
	[ST_DEVIATION] = {"deviation", N_("Deviation")},
	[ST_DUE] = {"due", N_("Due soon")},
	[ST_EXCEPTED] = {"excepted", N_("Excepted")},
	[ST_PLANNED] = {"planned", N_("Planned")},
	[ST_MET] = {"met", N_("Met")},
	[ST_NOT_APPLICABLE] = {"not_applicable", N_("Not applicable")},
};

const char *status_code(enum status s)
{
	return statuses[s].code;
}

int status_parse(struct str code)
{
	for (int i = 0; i < ST_COUNT_; i++)
		if (str_is(code, statuses[i].code))
			return i;
	return -1;
}

const char *status_label(enum status s)
{
	return _(statuses[s].label);
}

struct stmt *assess_query(struct assess *x, int q)
{
	struct stmt *s = db_sql(x->w->db, queries[q].sql);

	if (!s)
		assess_db(x);
	return s;
}

int assess_db(struct assess *x)
{
	return err_set(x->e, ERR_DB, "%s", db_error(x->w->db));
}

void *assess_grow(struct arena *a, void *old, size_t n, size_t *cap, size_t size)
{
	void *more;

	*cap = *cap ? *cap * 2 : 64;
	more = arena_array(a, *cap, size);
	if (!more)
		abort();                                 /* beyond ASSESS_ARENA_MAX: more findings than a store can hold */
	if (n)
		memcpy(more, old, n * size);
	return more;
}

static int load_controls(struct assess *x)
{
	struct stmt *s = assess_query(x, Q_ASSESS_CONTROLS);
	size_t cap = 0;
	int rc;

	if (!s)
		return ERR_DB;
	while ((rc = step(s)) == 1) {
		struct control_row *k;

		if (x->n_controls == cap)
			x->controls = assess_grow(x->a, x->controls, x->n_controls, &cap, sizeof *x->controls);
		k = &x->controls[x->n_controls++];
		k->id = col_dup(s, 0, x->a);
		k->kind = col_dup(s, 1, x->a);
		k->cycle = col_dup(s, 2, x->a);
		k->target = col_null(s, 3) ? -1 : col_real(s, 3);
		k->grace = col_null(s, 4) ? -1 : col_int(s, 4);
		k->starts_on = col_dup(s, 5, x->a);
		k->check = checks_get(x->checks, k->id);
	}
	stmt_done(s);
	return rc < 0 ? assess_db(x) : 0;
}

int assess_start(struct assess *x, struct world *w, const struct checks *c, struct err *e)
{
	*x = (struct assess){.w = w, .checks = c, .a = arena_new(ASSESS_ARENA_MAX), .e = e};
	return load_controls(x);
}

int assess_finish(struct assess *x, int rc)
{
	if (!rc && x->changed)
		rc = judge_clauses(x);
	arena_free(x->a);
	return rc;
}

const struct control_row *assess_row(const struct assess *x, struct str id)
{
	for (size_t i = 0; i < x->n_controls; i++)
		if (str_eq(x->controls[i].id, id))
			return &x->controls[i];
	return NULL;
}

static int mark_check(struct assess *x, const struct control_row *k)
{
	struct stmt *s = assess_query(x, Q_CONTROL_HAS_CHECK);

	if (!s)
		return ERR_DB;
	bind_str(s, 1, k->id);
	bind_int(s, 2, k->check != NULL);
	return run(s, x->e);
}

int assess_all(struct world *w, struct checks *c, struct err *e)
{
	struct assess x;
	int rc = assess_start(&x, w, c, e);

	for (size_t i = 0; !rc && i < x.n_controls; i++) {
		rc = mark_check(&x, &x.controls[i]);
		if (!rc)
			rc = judge_control(&x, &x.controls[i], STR_NONE);
	}
	x.changed = true;                                /* another standard or network model may be in force */
	return assess_finish(&x, rc);
}

int assess_control(struct world *w, struct checks *c, struct str control, struct err *e)
{
	struct assess x;
	const struct control_row *k;
	int rc = assess_start(&x, w, c, e);

	if (!rc) {
		k = assess_row(&x, control);
		rc = k ? judge_control(&x, k, STR_NONE) : err_set(e, ERR_NOTFOUND, "no control %.*s", STR_ARG(control));
	}
	return assess_finish(&x, rc);
}

static int job(struct assess *x, struct str control)
{
	struct stmt *s = assess_query(x, Q_ASSESS_JOB_WAITING);
	int rc;

	if (!s)
		return ERR_DB;
	bind_str(s, 1, control);
	rc = step(s);
	stmt_done(s);
	if (rc)
		return rc < 0 ? assess_db(x) : 0;
	s = assess_query(x, Q_ASSESS_JOB_PUT);
	if (!s)
		return ERR_DB;
	bind_str(s, 1, control);
	bind_int(s, 2, x->w->now);
	return run(s, x->e);
}

/* How many subjects the control had when it was last judged; -1 never. */
static int64_t subjects_of(struct assess *x, struct str control)
{
	struct stmt *s = assess_query(x, Q_CONTROL_STATUS_GET);
	int64_t n = -1;

	if (!s)
		return ERR_DB;
	bind_str(s, 1, control);
	bind_z(s, 2, "");
	if (step(s) == 1)
		n = col_int(s, 2);
	stmt_done(s);
	return n;
}

static int judge_touched(struct assess *x, const struct control_row *k, const struct check_affects *f, int64_t id)
{
	struct stmt *s = db_sql(x->w->db, f->sql);
	struct str *subjects = NULL;
	size_t n = 0, cap = 0;
	int rc;

	if (!s)
		return assess_db(x);
	bind_int(s, bind_index(s, ":id"), id);
	while ((rc = step(s)) == 1 && n <= ASSESS_INLINE_MAX) {
		if (col_null(s, 0))
			continue;
		if (n == cap)
			subjects = assess_grow(x->a, subjects, n, &cap, sizeof *subjects);
		subjects[n++] = col_dup(s, 0, x->a);
	}
	stmt_done(s);
	if (rc < 0)
		return assess_db(x);
	if (n > ASSESS_INLINE_MAX)
		return job(x, k->id);
	for (size_t i = 0; i < n; i++) {
		rc = judge_control(x, k, subjects[i]);
		if (rc)
			return rc;
	}
	return n ? job(x, k->id) : 0;
}

int judge_affected(struct assess *x, const struct control_row *k, struct str table, int64_t id)
{
	for (size_t i = 0; k->check && i < k->check->n_affects; i++)
		if (str_eq(k->check->affects[i].table, table))
			return k->check->affects[i].sql ? judge_touched(x, k, &k->check->affects[i], id) : judge_control(x, k, STR_NONE);
	return 0;
}

static int judge_change(struct assess *x, const struct control_row *k, struct str table, int64_t id)
{
	int64_t subjects;

	for (size_t i = 0; k->check && i < k->check->n_affects; i++) {
		const struct check_affects *f = &k->check->affects[i];

		if (!str_eq(f->table, table))
			continue;
		subjects = subjects_of(x, k->id);
		if (subjects <= ASSESS_WHOLE_MAX)
			return judge_control(x, k, STR_NONE);
		return f->sql ? judge_touched(x, k, f, id) : job(x, k->id);
	}
	return 0;
}

/* An exception came, changed or ended: the controls it names, and those where it counted until now. */
static int judge_excepted(struct assess *x, int64_t id)
{
	static const int which[] = {Q_CONTROLS_WAIVED_BY, Q_FINDING_EXCEPTED_BY};
	struct str *names = NULL;
	size_t n = 0, cap = 0;
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(which); i++) {
		struct stmt *s = assess_query(x, which[i]);

		if (!s)
			return ERR_DB;
		bind_int(s, 1, id);
		while ((rc = step(s)) == 1) {
			if (n == cap)
				names = assess_grow(x->a, names, n, &cap, sizeof *names);
			names[n++] = col_dup(s, 0, x->a);
		}
		stmt_done(s);
		if (rc < 0)
			return assess_db(x);
	}
	for (size_t i = 0; !rc && i < n; i++) {
		const struct control_row *k = assess_row(x, names[i]);

		if (k)
			rc = subjects_of(x, k->id) <= ASSESS_WHOLE_MAX * 10 ? judge_control(x, k, STR_NONE) : job(x, k->id);
	}
	return rc;
}

int assess_change(struct world *w, struct checks *c, struct str table, int64_t changed_id, struct err *e)
{
	struct assess x;
	int rc;

	if (check_config_table(table))
		return 1;
	if (!str_eq(check_base_table(table), table))
		return 0;                                /* its record changes as well */
	rc = assess_start(&x, w, c, e);
	for (size_t i = 0; !rc && i < x.n_controls; i++)
		rc = judge_change(&x, &x.controls[i], table, changed_id);
	if (!rc && str_is(table, "exceptions"))
		rc = judge_excepted(&x, changed_id);
	return assess_finish(&x, rc);
}

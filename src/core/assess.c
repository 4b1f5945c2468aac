/* Which controls are judged when: all of them for the date, or those that one changed row touches. */
#include "core/assess.h"

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

int assess_full(struct assess *x)
{
	return err_set(x->e, ERR_TOOBIG, "more controls, clauses or exceptions than %u MB hold", ASSESS_ARENA_MAX >> 20);
}

void *assess_grow(struct arena *a, void *old, size_t n, size_t *cap, size_t size)
{
	void *more;

	*cap = *cap ? *cap * 2 : 64;
	more = arena_array(a, *cap, size);
	if (more && n)
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
		if (!x->controls)
			break;
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
	if (rc < 0)
		return assess_db(x);
	return arena_full(x->a) ? assess_full(x) : 0;
}

int assess_start(struct assess *x, struct world *w, const struct checks *c, struct err *e)
{
	*x = (struct assess){.w = w, .checks = c, .a = arena_new(ASSESS_ARENA_MAX), .e = e};
	return load_controls(x);
}

int assess_finish(struct assess *x, int rc)
{
	judge_ahead_end(x);
	assess_before_end(x);
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

int assess_mark_check(struct assess *x, const struct control_row *k)
{
	struct stmt *s = assess_query(x, Q_CONTROL_HAS_CHECK);

	if (!s)
		return ERR_DB;
	bind_str(s, 1, k->id);
	bind_int(s, 2, k->check != NULL);
	return run(s, x->e);
}

/* Judged whole later, and until then not known to hold. */
static int job(struct assess *x, const struct control_row *k)
{
	struct stmt *s = assess_query(x, Q_ASSESS_JOB_WAITING);
	int rc;

	if (!s)
		return ERR_DB;
	assess_forget_control(x, k);
	bind_str(s, 1, k->id);
	rc = step(s);
	stmt_done(s);
	if (rc)
		return rc < 0 ? assess_db(x) : 0;
	s = assess_query(x, Q_ASSESS_JOB_PUT);
	if (!s)
		return ERR_DB;
	bind_str(s, 1, k->id);
	bind_int(s, 2, x->w->now);
	return run(s, x->e);
}

/* How many subjects the control had when it was last judged; -1 never. */
int64_t assess_subjects(struct assess *x, struct str control)
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

/* Subjects of several changes, each once. */
struct touched {
	struct str *v;
	size_t n, cap;
	bool every;
};

static int touch(struct assess *x, const struct check_affects *f, int64_t id, struct touched *t)
{
	struct stmt *s;
	int rc;

	if (!f->sql) {
		t->every = true;
		return 0;
	}
	s = db_sql(x->w->db, f->sql);
	if (!s)
		return assess_db(x);
	bind_int(s, bind_index(s, ":id"), id);
	while ((rc = step(s)) == 1 && t->n <= ASSESS_INLINE_MAX) {
		size_t i = 0;

		while (i < t->n && !str_eq(t->v[i], col_str(s, 0)))
			i++;
		if (i < t->n || col_null(s, 0))
			continue;
		if (t->n == t->cap)
			t->v = assess_grow(x->a, t->v, t->n, &t->cap, sizeof *t->v);
		if (!t->v)
			break;
		t->v[t->n++] = col_dup(s, 0, x->a);
	}
	stmt_done(s);
	if (rc < 0)
		return assess_db(x);
	return arena_full(x->a) ? assess_full(x) : 0;
}

static const struct check_affects *affects_of(const struct check *c, struct str table)
{
	for (size_t i = 0; c && i < c->n_affects; i++)
		if (str_eq(c->affects[i].table, table))
			return &c->affects[i];
	return NULL;
}

int judge_affected(struct assess *x, const struct control_row *k, const struct table_change *v, size_t n)
{
	struct touched t = {0};
	int rc = 0;

	for (size_t i = 0; !rc && i < n; i++) {
		const struct check_affects *f = affects_of(k->check, v[i].table);

		rc = f ? touch(x, f, v[i].id, &t) : 0;
	}
	if (rc || (!t.n && !t.every))
		return rc;
	if (t.every || t.n > ASSESS_INLINE_MAX)
		return assess_quick(x, k, ASSESS_BEAR_US) ? judge_whole(x, k) : job(x, k);
	for (size_t i = 0; !rc && i < t.n; i++)
		rc = judge_control(x, k, t.v[i]);
	return rc || x->looked_back ? rc : job(x, k);    /* recounts */
}

static int judge_changed(struct assess *x, const struct control_row *k, const struct table_change *v, size_t n)
{
	size_t i = 0;

	while (i < n && !affects_of(k->check, v[i].table))
		i++;
	if (i == n)
		return 0;
	return assess_quick(x, k, ASSESS_QUICK_US) ? judge_whole(x, k) : judge_affected(x, k, v, n);
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
			if (!names)
				break;
			names[n++] = col_dup(s, 0, x->a);
		}
		stmt_done(s);
		if (rc < 0)
			return assess_db(x);
		if (arena_full(x->a))
			return assess_full(x);
	}
	for (size_t i = 0; !rc && i < n; i++) {
		const struct control_row *k = assess_row(x, names[i]);

		if (k)
			rc = assess_quick(x, k, ASSESS_QUICK_US) ? judge_whole(x, k) : judge_failing(x, k);
	}
	return rc;
}

/* Leaves what concerns some check; child and step tables do not, for their record changes as well. 1: everything does. */
static int concerning(const struct checks *c, const struct table_change *v, size_t n, struct table_change *ret, size_t *ret_n)
{
	*ret_n = 0;
	for (size_t i = 0; i < n; i++) {
		bool used = str_is(v[i].table, "exceptions");

		if (check_config_table(v[i].table))
			return 1;
		for (size_t k = 0; !used && c && k < c->n; k++)
			used = affects_of(c->v[k], v[i].table) != NULL;
		if (used)
			ret[(*ret_n)++] = v[i];
	}
	return 0;
}

int assess_changes(struct world *w, struct checks *c, const struct table_change *v, size_t n, struct err *e)
{
	struct table_change *left = xcalloc(n ? n : 1, sizeof *left);
	size_t n_left;
	struct assess x;
	int rc = concerning(c, v, n, left, &n_left);

	for (size_t i = 0; rc == 1 && i < n; i++)        /* these rows are judged with everything */
		if (!check_config_table(v[i].table))
			assess_forget(c, v[i].table);
	if (!rc && n_left) {
		rc = assess_start(&x, w, c, e);
		for (size_t i = 0; !rc && i < x.n_controls; i++)
			rc = judge_changed(&x, &x.controls[i], left, n_left);
		for (size_t i = 0; !rc && i < n_left; i++)
			if (str_is(left[i].table, "exceptions"))
				rc = judge_excepted(&x, left[i].id);
		rc = assess_finish(&x, rc);
	}
	free(left);
	return rc;
}

int assess_change(struct world *w, struct checks *c, struct str table, int64_t changed_id, struct err *e)
{
	return assess_changes(w, c, &(struct table_change){table, changed_id}, 1, e);
}

int assess_jobs(struct world *w, struct checks *c, int64_t *ret_n, struct err *e)
{
	struct assess x;
	struct str control = STR_NONE;
	int rc = assess_start(&x, w, c, e);

	*ret_n = 0;
	while (!rc) {
		struct stmt *s = assess_query(&x, Q_ASSESS_JOB_NEXT);
		int64_t id = 0;

		rc = s ? step(s) : ERR_DB;
		if (rc == 1) {
			id = col_int(s, 0);
			control = col_dup(s, 1, x.a);
		}
		stmt_done(s);
		if (rc <= 0)
			break;
		const struct control_row *k = assess_row(&x, control);
		rc = k ? judge_whole(&x, k) : 0;
		s = rc ? NULL : assess_query(&x, Q_ASSESS_JOB_DONE);
		if (s) {
			bind_int(s, 1, id);
			bind_int(s, 2, w->now);
			rc = run(s, e);
			++*ret_n;
		}
	}
	return assess_finish(&x, rc);
}

/* One control: run its check, apply exceptions and grace, store what is not met, keep spans and counts. */
#include "core/judge_int.h"

#include "lib/date.h"
#include "queries.h"

size_t judge_arena_max = JUDGE_ARENA_MAX;

static int by_subject(const void *a, const void *b)
{
	return str_cmp(((const struct waiver *)a)->subject, ((const struct waiver *)b)->subject);
}

int judge_too_much(struct judge *j)
{
	return err_set(j->x->e, ERR_TOOBIG, "control %.*s: its findings take more than %zu MB", STR_ARG(j->k->id), judge_arena_max >> 20);
}

static int load_waivers(struct judge *j)
{
	struct stmt *s = assess_query(j->x, Q_EXCEPTIONS_OF_CONTROL);
	int rc;

	if (!s)
		return ERR_DB;
	bind_str(s, 1, j->k->id);
	bind_str(s, 2, j->x->w->today);
	while ((rc = step(s)) == 1) {
		struct waiver *v;

		if (col_int(s, 1)) {
			j->waive_all = col_int(s, 0);
			continue;
		}
		if (col_null(s, 3))
			continue;
		if (j->n_waivers == j->cap_waivers)
			j->waivers = assess_grow(j->a, j->waivers, j->n_waivers, &j->cap_waivers, sizeof *j->waivers);
		if (!j->waivers)
			break;
		v = &j->waivers[j->n_waivers++];
		v->exception = col_int(s, 0);
		v->subject = arena_strf(j->a, "%.*s:%lld", STR_ARG(col_str(s, 2)), (long long)col_int(s, 3));
	}
	stmt_done(s);
	if (arena_full(j->a))
		return judge_too_much(j);
	if (j->waivers)
		qsort(j->waivers, j->n_waivers, sizeof *j->waivers, by_subject);
	return rc < 0 ? assess_db(j->x) : 0;
}

static bool has_kind(struct str subject)
{
	return subject.n && memchr(subject.p, ':', subject.n);
}

static int64_t waived(struct judge *j, struct str subject)
{
	struct waiver key = {.subject = subject};
	const struct waiver *w;

	if (j->waive_all || !j->n_waivers)
		return j->waive_all;
	if (!has_kind(subject))
		key.subject = arena_strf(j->a, "%.*s:%.*s", STR_ARG(j->k->check->subject), STR_ARG(subject));
	w = bsearch(&key, j->waivers, j->n_waivers, sizeof *j->waivers, by_subject);
	return w ? w->exception : 0;
}

static int check_fault(struct judge *j, const char *what, struct str value)
{
	return err_at(j->x->e, ERR_INVALID, j->k->check->file, 0, 0, "%s '%.*s'", what, STR_ARG(value));
}

/* "past|2026-10-01" is not met; a status word may stand before: "due soon|…", "unknown stale", "not_met! key" where the
 * highest class has no grace. */
static int parse_verdict(struct judge *j, struct str text, struct verdict *r)
{
	struct str rest = text, word = str_cut(&rest, ' ');
	int status = ST_NOT_MET;

	if (rest.p && !memchr(word.p, '|', word.n)) {
		r->highest = str_ends(word, "!");
		word.n -= r->highest;
		status = status_parse(word);
		text = rest;
	}
	if (status != ST_NOT_MET && status != ST_UNKNOWN && status != ST_IN_PROGRESS && status != ST_DUE)
		return check_fault(j, "the check returned the status", word);
	if (!text.n)
		return check_fault(j, "the check returned no reason with", word);
	r->status = (enum status)status;
	r->reason = arena_str(j->a, text);
	return 0;
}

/* 1.. in the order of the header; 0 when the check does not declare it. Rows of one part come together. */
int judge_part(struct judge *j, struct str part)
{
	const struct check *c = j->k->check;

	if (j->last_part && str_eq(c->parts[j->last_part - 1].key, part))
		return j->last_part;
	for (size_t i = 0; i < c->n_parts; i++)
		if (str_eq(c->parts[i].key, part))
			return j->last_part = (int)i + 1;
	return 0;
}

/* One row of the check at the cursor. */
static int take_row(struct judge *j, struct stmt *s)
{
	int part = judge_part(j, col_str(s, 3)), rc;
	int64_t section = col_int(s, 1);                 /* NULL is 0: none */
	struct verdict r = {.section = section, .since = j->x->w->now};

	if (!part)
		return check_fault(j, "the check returned an undeclared part", col_str(s, 3));
	r.part = j->k->check->parts[part - 1].key;
	j->in_scope = true;
	if (col_is_int(s, 0) && !j->only.p)              /* a table by id is for many */
		tallies_see_id(&j->tallies, col_int(s, 0), section);
	else if (col_str(s, 0).n)
		tallies_see(&j->tallies, col_str(s, 0), section);
	else
		return check_fault(j, "the check returned no subject for part", r.part);
	if (col_null(s, 4)) {
		tallies_add(&j->tallies, section, part, ST_MET, 1);
		return 0;
	}
	rc = parse_verdict(j, col_str(s, 4), &r);
	if (rc)
		return rc;
	if (j->counted)                                  /* among those that are met, until here */
		tallies_add(&j->tallies, section, part, ST_MET, -1);
	r.subject = col_dup(s, 0, j->a);
	r.title = col_dup(s, 2, j->a);
	r.due = col_dup(s, 5, j->a);
	if (j->now.n == j->now.cap)
		j->now.v = assess_grow(j->a, j->now.v, j->now.n, &j->now.cap, sizeof *j->now.v);
	if (arena_full(j->a))
		return judge_too_much(j);
	j->now.v[j->now.n++] = r;
	return 0;
}

void judge_bind(struct stmt *s, const struct judge *j)
{
	int i = bind_index(s, ":today");
	int64_t id;

	if (i)
		bind_str(s, i, j->x->w->today);
	i = bind_index(s, ":now");
	if (i)
		bind_int(s, i, j->x->w->now);
	if (j->only.p && !str_int(j->only, INT64_MIN, INT64_MAX, &id))
		bind_int(s, bind_index(s, ":subject"), id);
	else if (j->only.p)
		bind_str(s, bind_index(s, ":subject"), j->only);
}

int judge_run(struct judge *j, const char *sql)
{
	struct stmt *s = db_sql(j->x->w->db, sql);
	int rc;

	if (!s)
		return assess_db(j->x);
	judge_bind(s, j);
	while ((rc = step(s)) == 1) {
		rc = take_row(j, s);
		if (rc)
			break;
	}
	if (rc == ERR_DB)
		err_at(j->x->e, ERR_DB, j->k->check->file, 0, 0, "%s", db_error(j->x->w->db));
	stmt_done(s);
	return rc;
}

int judge_run_counts(struct judge *j, const char *sql)
{
	struct stmt *s = db_sql(j->x->w->db, sql);
	int rc;

	if (!s)
		return assess_db(j->x);
	judge_bind(s, j);
	while ((rc = step(s)) == 1) {
		int64_t section = col_int(s, 0), n = col_int(s, 2);
		int part = judge_part(j, col_str(s, 1));

		if (!part) {
			rc = check_fault(j, "the check returned an undeclared part", col_str(s, 1));
			break;
		}
		j->in_scope = true;
		tallies_add(&j->tallies, section, part, ST_MET, n);
		if (part == j->k->check->every)
			tallies_add(&j->tallies, section, TALLY_SUBJECTS, ST_MET, n);
	}
	stmt_done(s);
	return rc;
}

static int run_check(struct judge *j)
{
	const struct check *c = j->k->check;

	if (!j->only.p && !j->timed && judge_take_ahead(j))
		return 0;
	return judge_run(j, j->only.p ? c->sql_one : j->timed ? c->sql_timed : c->sql);
}

int judge_by_key(const struct verdict *a, const struct verdict *b)
{
	int d = str_cmp(a->subject, b->subject);

	return d ? d : str_cmp(a->part, b->part);
}

static int by_key_and_status(const void *a, const void *b)
{
	const struct verdict *x = a, *y = b;
	int d = judge_by_key(x, y);

	return d ? d : (int)x->status - (int)y->status;
}

/* Sorted; of several rows for one subject and part the worst stays. */
static void order(struct verdicts *r)
{
	size_t n = 0;

	if (r->n)
		qsort(r->v, r->n, sizeof *r->v, by_key_and_status);
	for (size_t i = 0; i < r->n; i++)
		if (!n || judge_by_key(&r->v[n - 1], &r->v[i]))
			r->v[n++] = r->v[i];
	r->n = n;
}

static struct stmt *old_findings(struct judge *j)
{
	struct stmt *s;

	if (j->timed) {
		s = db_sql(j->x->w->db, j->k->check->sql_timed_ids);
		if (!s) {
			assess_db(j->x);
			return NULL;
		}
		judge_bind(s, j);
		bind_str(s, bind_index(s, ":control"), j->k->id);
		return s;
	}
	s = assess_query(j->x, j->only.p ? Q_FINDING_OF_SUBJECT : Q_FINDING_OF_CONTROL);
	if (s) {
		bind_str(s, 1, j->k->id);
		if (j->only.p)
			bind_str(s, 2, j->only);
	}
	return s;
}

static int load_old(struct judge *j)
{
	struct stmt *s = old_findings(j);
	struct arena *a = j->a;
	int rc;

	if (!s)
		return ERR_DB;
	while ((rc = step(s)) == 1) {
		if (j->old.n == j->old.cap)
			j->old.v = assess_grow(a, j->old.v, j->old.n, &j->old.cap, sizeof *j->old.v);
		if (arena_full(a))
			break;
		j->old.v[j->old.n++] = (struct verdict){.subject = col_dup(s, 0, a), .part = col_dup(s, 1, a), .reason = col_dup(s, 3, a),
			.due = col_dup(s, 4, a), .section = col_int(s, 5), .title = col_dup(s, 6, a), .since = col_int(s, 7),
			.exception = col_int(s, 8), .status = (enum status)status_parse(col_str(s, 2))};
	}
	stmt_done(s);
	if (rc < 0)
		return assess_db(j->x);
	return arena_full(a) ? judge_too_much(j) : 0;
}

/* Failing since when, whatever it was called meanwhile. */
static bool failing(enum status s)
{
	return s == ST_NOT_MET || s == ST_IN_PROGRESS;
}

static bool within_grace(struct judge *j, int64_t since)
{
	char end[DATE_TEXT];

	date_format(date_plus(date_of_instant(since), (struct duration){j->k->grace, UNIT_WORKDAY}, 1), end);
	return str_cmp(j->x->w->today, str_from(end)) <= 0;
}

/* Exceptions and grace: what the municipality has decided about a failing subject. */
static void soften(struct judge *j, struct verdict *r, const struct verdict *old)
{
	if (old && (old->status == r->status || (failing(old->status) && failing(r->status))))
		r->since = old->since;
	if (!failing(r->status))
		return;
	r->exception = waived(j, r->subject);
	if (r->exception) {
		r->status = ST_EXCEPTED;
		r->since = old && old->status == ST_EXCEPTED ? old->since : j->x->w->now;
	} else if (r->status == ST_NOT_MET && j->k->grace >= 0 && !r->highest && within_grace(j, r->since)) {
		r->status = ST_IN_PROGRESS;
	}
}

static struct str kind_of(struct judge *j, struct str subject)
{
	struct str rest = subject;

	return has_kind(subject) ? str_cut(&rest, ':') : j->k->check->subject;
}

static void bind_finding(struct judge *j, struct stmt *s, const struct verdict *r)
{
	bind_str(s, 1, j->k->id);
	bind_str(s, 2, r->subject);
	bind_str(s, 3, r->part);
	bind_str(s, 4, kind_of(j, r->subject));
	if (r->section)
		bind_int(s, 5, r->section);
	else
		bind_null(s, 5);
	bind_str(s, 6, r->title);
	bind_z(s, 7, status_code(r->status));
	bind_str(s, 8, r->reason);
	bind_str(s, 9, r->due);
}

static int close_span(struct judge *j, const struct verdict *r)
{
	struct stmt *s = assess_query(j->x, Q_FINDING_SPAN_CLOSE);

	if (!s)
		return ERR_DB;
	bind_str(s, 1, j->k->id);
	bind_str(s, 2, r->subject);
	bind_str(s, 3, r->part);
	bind_int(s, 4, j->x->w->now);
	return run(s, j->x->e);
}

static int drop(struct judge *j, const struct verdict *r)
{
	struct stmt *s = assess_query(j->x, Q_FINDING_DROP);
	int rc;

	j->x->moved++;
	if (!s)
		return ERR_DB;
	bind_str(s, 1, j->k->id);
	bind_str(s, 2, r->subject);
	bind_str(s, 3, r->part);
	rc = run(s, j->x->e);
	return rc ? rc : close_span(j, r);
}

static int store(struct judge *j, const struct verdict *r, bool new_span)
{
	struct stmt *s = assess_query(j->x, Q_FINDING_PUT);
	int rc;

	j->x->moved++;
	if (!s)
		return ERR_DB;
	bind_finding(j, s, r);
	if (r->exception)
		bind_int(s, 10, r->exception);
	else
		bind_null(s, 10);
	bind_int(s, 11, r->since);
	rc = run(s, j->x->e);
	if (rc || !new_span)
		return rc;
	s = assess_query(j->x, Q_FINDING_SPAN_OPEN);
	if (!s)
		return ERR_DB;
	bind_finding(j, s, r);
	bind_int(s, 10, j->x->w->now);
	return run(s, j->x->e);
}

static int replace(struct judge *j, const struct verdict *old, const struct verdict *now)
{
	bool same_span = old->status == now->status && str_eq(old->reason, now->reason) && str_eq(old->due, now->due);
	int rc = 0;

	if (same_span && str_eq(old->title, now->title) && old->section == now->section && old->exception == now->exception)
		return 0;
	if (!same_span)
		rc = close_span(j, old);
	return rc ? rc : store(j, now, !same_span);
}

static int merge(struct judge *j)
{
	size_t i = 0, k = 0;
	int rc = 0;

	while (!rc && (i < j->old.n || k < j->now.n)) {
		int d = i == j->old.n ? 1 : k == j->now.n ? -1 : judge_by_key(&j->old.v[i], &j->now.v[k]);

		if (d < 0) {
			rc = drop(j, &j->old.v[i++]);
			continue;
		}
		soften(j, &j->now.v[k], d ? NULL : &j->old.v[i]);
		rc = d ? store(j, &j->now.v[k], true) : replace(j, &j->old.v[i], &j->now.v[k]);
		i += !d;
		k++;
	}
	return rc;
}

static int judge(struct assess *x, const struct control_row *k, struct str subject, bool timed)
{
	struct judge j = {.x = x, .k = k, .only = subject, .timed = timed};
	int rc;

	if (!k->check)
		return judge_status(x, k);
	j.a = arena_new(judge_arena_max);
	rc = load_waivers(&j);
	if (!rc)
		rc = run_check(&j);
	if (!rc)
		rc = load_old(&j);
	if (!rc) {
		order(&j.now);
		order(&j.old);
		rc = merge(&j);
	}
	if (!rc && arena_full(j.a))                      /* a name needed for an exception may be missing */
		rc = judge_too_much(&j);
	if (!rc)
		rc = judge_count(&j);
	tallies_release(&j.tallies);
	arena_free(j.a);
	return rc ? rc : judge_status(x, k);
}

int judge_control(struct assess *x, const struct control_row *k, struct str subject)
{
	return judge(x, k, subject, false);
}

int judge_timed(struct assess *x, const struct control_row *k)
{
	return judge(x, k, STR_NONE, true);
}

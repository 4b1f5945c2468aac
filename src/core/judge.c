/* One control: run its check, apply exceptions and grace, store what is not met, keep spans and counts. */
#include "core/assess_int.h"

#include "core/tally.h"
#include "lib/date.h"
#include "queries.h"

size_t judge_arena_max = JUDGE_ARENA_MAX;

struct verdict {                                             /* one subject and part that is not met */
	struct str subject, part, title, reason, due;
	int64_t section, exception, since;               /* section 0: none; exception 0: none */
	enum status status;
	bool highest;                                    /* has no grace */
};
struct verdicts {
	struct verdict *v;
	size_t n, cap;
};

struct waiver {
	struct str subject;                              /* kind:id */
	int64_t exception;
};

struct judge {
	struct assess *x;
	struct arena *a;                                 /* rows, until the control is judged */
	const struct control_row *k;
	struct str only;                                 /* STR_NONE: every subject */
	struct verdicts now, old;
	struct tallies tallies;
	int last_part;                                   /* of the row before */
	bool in_scope;                                   /* the check returned a row at all */
	struct waiver *waivers;
	size_t n_waivers, cap_waivers;
	int64_t waive_all;                               /* exception id */
};

static int by_subject(const void *a, const void *b)
{
	return str_cmp(((const struct waiver *)a)->subject, ((const struct waiver *)b)->subject);
}

static int too_much(struct judge *j)
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
		return too_much(j);
	if (j->n_waivers)
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
static int part_number(struct judge *j, struct str part)
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
	int part = part_number(j, col_str(s, 3)), rc;
	int64_t section = col_int(s, 1);                 /* NULL is 0: none */
	struct verdict r = {.section = section, .since = j->x->w->now};

	if (!part)
		return check_fault(j, "the check returned an undeclared part", col_str(s, 3));
	r.part = j->k->check->parts[part - 1].key;
	j->in_scope = true;
	if (col_is_int(s, 0))
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
	r.subject = col_dup(s, 0, j->a);
	r.title = col_dup(s, 2, j->a);
	r.due = col_dup(s, 5, j->a);
	if (j->now.n == j->now.cap)
		j->now.v = assess_grow(j->a, j->now.v, j->now.n, &j->now.cap, sizeof *j->now.v);
	if (arena_full(j->a))
		return too_much(j);
	j->now.v[j->now.n++] = r;
	return 0;
}

static void bind_clock(struct stmt *s, const struct world *w)
{
	int i = bind_index(s, ":today");

	if (i)
		bind_str(s, i, w->today);
	i = bind_index(s, ":now");
	if (i)
		bind_int(s, i, w->now);
}

static int run_check(struct judge *j)
{
	struct stmt *s = db_sql(j->x->w->db, j->only.p ? j->k->check->sql_one : j->k->check->sql);
	int64_t id;
	int rc;

	if (!s)
		return assess_db(j->x);
	bind_clock(s, j->x->w);
	if (j->only.p && !str_int(j->only, INT64_MIN, INT64_MAX, &id))
		bind_int(s, bind_index(s, ":subject"), id);
	else if (j->only.p)
		bind_str(s, bind_index(s, ":subject"), j->only);
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

static int by_key(const struct verdict *a, const struct verdict *b)
{
	int d = str_cmp(a->subject, b->subject);

	return d ? d : str_cmp(a->part, b->part);
}

static int by_key_and_status(const void *a, const void *b)
{
	const struct verdict *x = a, *y = b;
	int d = by_key(x, y);

	return d ? d : (int)x->status - (int)y->status;
}

/* Sorted; of several rows for one subject and part the worst stays. */
static void order(struct verdicts *r)
{
	size_t n = 0;

	if (r->n)
		qsort(r->v, r->n, sizeof *r->v, by_key_and_status);
	for (size_t i = 0; i < r->n; i++)
		if (!n || by_key(&r->v[n - 1], &r->v[i]))
			r->v[n++] = r->v[i];
	r->n = n;
}

static int load_old(struct judge *j)
{
	struct stmt *s = assess_query(j->x, j->only.p ? Q_FINDING_OF_SUBJECT : Q_FINDING_OF_CONTROL);
	struct arena *a = j->a;
	int rc;

	if (!s)
		return ERR_DB;
	bind_str(s, 1, j->k->id);
	if (j->only.p)
		bind_str(s, 2, j->only);
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
	return arena_full(a) ? too_much(j) : 0;
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
		int d = i == j->old.n ? 1 : k == j->now.n ? -1 : by_key(&j->old.v[i], &j->now.v[k]);

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

/* A part the check no longer judges is counted no more. */
static void count(struct judge *j, const struct verdict *r, enum status status, int64_t n)
{
	int part = part_number(j, r->part);

	if (part)
		tallies_add(&j->tallies, r->section, part, status, n);
}

/* Part '' counts subjects, each by its worst part. */
static void count_subjects(struct judge *j)
{
	size_t i = 0;

	tallies_add_seen(&j->tallies);
	while (i < j->now.n) {
		struct str subject = j->now.v[i].subject;
		enum status worst = ST_MET;
		int64_t section = tallies_section(&j->tallies, subject);

		for (; i < j->now.n && str_eq(j->now.v[i].subject, subject); i++) {
			count(j, &j->now.v[i], j->now.v[i].status, 1);
			if (j->now.v[i].status < worst)
				worst = j->now.v[i].status;
		}
		tallies_add(&j->tallies, section, TALLY_SUBJECTS, ST_MET, -1);
		tallies_add(&j->tallies, section, TALLY_SUBJECTS, worst, 1);
	}
}

static enum status worst_in(const struct verdicts *r)
{
	enum status worst = ST_MET;

	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].status < worst)
			worst = r->v[i].status;
	return worst;
}

/* By subject the count of met ones cannot be known exactly (was it in scope before?): what was stored leaves, what is stored
 * now enters, and whoever failed for the first time is taken to have been met. A job recounts. */
static void count_change(struct judge *j)
{
	const struct verdict *any = j->now.n ? j->now.v : j->old.v;
	size_t i = 0, k = 0;

	while (i < j->old.n || k < j->now.n) {
		int d = i == j->old.n ? 1 : k == j->now.n ? -1 : by_key(&j->old.v[i], &j->now.v[k]);

		if (d <= 0)
			count(j, &j->old.v[i], j->old.v[i].status, -1);
		if (d >= 0)
			count(j, &j->now.v[k], j->now.v[k].status, 1);
		if (d > 0)
			count(j, &j->now.v[k], ST_MET, -1);
		if (d < 0 && j->in_scope)
			count(j, &j->old.v[i], ST_MET, 1);
		i += d <= 0;
		k += d >= 0;
	}
	if (!j->old.n && !j->now.n)
		return;
	tallies_add(&j->tallies, any->section, TALLY_SUBJECTS, worst_in(&j->old), -1);
	if (j->in_scope)
		tallies_add(&j->tallies, any->section, TALLY_SUBJECTS, worst_in(&j->now), 1);
}

static int store_counts(struct judge *j)
{
	struct stmt *s;
	int rc;

	if (!j->only.p) {
		s = assess_query(j->x, Q_FINDING_COUNT_CLEAR);
		if (!s)
			return ERR_DB;
		bind_str(s, 1, j->k->id);
		rc = run(s, j->x->e);
		if (rc)
			return rc;
	}
	for (size_t i = 0; i < j->tallies.cap; i++) {
		const struct tally *c = &j->tallies.v[i];

		if (!c->used || !c->n)
			continue;
		s = assess_query(j->x, Q_FINDING_COUNT_ADD);
		if (!s)
			return ERR_DB;
		bind_str(s, 1, j->k->id);
		bind_int(s, 2, c->section);
		bind_str(s, 3, c->part ? j->k->check->parts[c->part - 1].key : STR(""));
		bind_z(s, 4, status_code(c->status));
		bind_int(s, 5, c->n);
		rc = run(s, j->x->e);
		if (rc)
			return rc;
	}
	return 0;
}

int judge_control(struct assess *x, const struct control_row *k, struct str subject)
{
	struct judge j = {.x = x, .k = k, .only = subject};
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
		rc = too_much(&j);
	if (!rc) {
		if (subject.p) {
			/* met rows of the subject were counted on the way in: they are no news */
			tallies_clear(&j.tallies);
			count_change(&j);
		} else {
			count_subjects(&j);
		}
		rc = store_counts(&j);
	}
	tallies_release(&j.tallies);
	arena_free(j.a);
	return rc ? rc : judge_status(x, k);
}

/* How many subjects are met, fail, are excused: by section and part, exactly, whether all were judged or one. */
#include "core/judge_int.h"

#include "queries.h"

/* A part the check no longer judges is counted no more. */
static void count(struct judge *j, const struct verdict *r, enum status status, int64_t n)
{
	int part = judge_part(j, r->part);

	if (part)
		tallies_add(&j->tallies, r->section, part, status, n);
}

/* Part '' counts subjects, each by its worst part. */
static void count_subjects(struct judge *j)
{
	size_t i = 0;

	if (!j->counted)
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

/* One row of the check as the store stood before this transaction. */
struct row_before {
	int64_t section;
	int part;
	bool met;
};
struct rows_before {
	struct row_before *v;
	size_t n, cap;
};

static int load_before(struct judge *j, struct db *before, struct rows_before *ret)
{
	struct stmt *s = db_sql(before, j->k->check->sql_one);
	int rc;

	if (!s)
		return err_set(j->x->e, ERR_DB, "%s", db_error(before));
	judge_bind(s, j);
	while ((rc = step(s)) == 1) {
		int part = judge_part(j, col_str(s, 3));

		if (!part)
			continue;
		if (ret->n == ret->cap)
			ret->v = assess_grow(j->a, ret->v, ret->n, &ret->cap, sizeof *ret->v);
		if (!ret->v)
			break;
		ret->v[ret->n++] = (struct row_before){col_int(s, 1), part, col_null(s, 4)};
	}
	stmt_done(s);
	if (rc < 0)
		return err_set(j->x->e, ERR_DB, "%s", db_error(before));
	return arena_full(j->a) ? judge_too_much(j) : 0;
}

/* Which rows the stored finding of a part stood for: those that failed, or one, where only time has passed since it was judged. */
static size_t failed_rows(const struct rows_before *b, int part)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		n += b->v[i].part == part && !b->v[i].met;
	return n ? n : 1;
}

/* What the subject was counted as until now leaves: its findings as they are stored, its other rows as met. */
static void take_back(struct judge *j, const struct rows_before *b)
{
	size_t stands_for[CHECK_PARTS_MAX + 1] = {0};

	for (size_t i = 0; i < j->old.n; i++) {
		int part = judge_part(j, j->old.v[i].part);

		count(j, &j->old.v[i], j->old.v[i].status, -1);
		stands_for[part] = part ? failed_rows(b, part) : 0;
	}
	for (int met = 0; met < 2; met++)                /* failed rows first */
		for (size_t i = 0; i < b->n; i++) {
			const struct row_before *r = &b->v[i];

			if (r->met != met)
				continue;
			if (stands_for[r->part])
				stands_for[r->part]--;
			else
				tallies_add(&j->tallies, r->section, r->part, ST_MET, -1);
		}
	if (b->n || j->old.n)
		tallies_add(&j->tallies, b->n ? b->v[0].section : j->old.v[0].section, TALLY_SUBJECTS, worst_in(&j->old), -1);
}

/* Without the store as it was (a store in memory) the count of met ones cannot be known (was the subject in scope before?): whoever
 * fails for the first time is taken to have been met. A job recounts. */
static void count_change(struct judge *j)
{
	const struct verdict *any = j->now.n ? j->now.v : j->old.v;
	size_t i = 0, k = 0;

	while (i < j->old.n || k < j->now.n) {
		int d = i == j->old.n ? 1 : k == j->now.n ? -1 : judge_by_key(&j->old.v[i], &j->now.v[k]);

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

/* One subject's parts from old[*i] and now[*k] on: the moves of their rows; returns the worst before and now. */
static void move_parts(struct judge *j, struct str subject, size_t *i, size_t *k, enum status worst[2])
{
	const struct verdicts *old = &j->old, *now = &j->now;

	for (;;) {
		bool before = *i < old->n && str_eq(old->v[*i].subject, subject), after = *k < now->n && str_eq(now->v[*k].subject, subject);
		int d = before && after ? judge_by_key(&old->v[*i], &now->v[*k]) : before ? -1 : 1;

		if (!before && !after)
			return;
		if (d <= 0) {
			const struct verdict *v = &old->v[(*i)++];

			count(j, v, v->status, -1);
			if (d < 0)
				count(j, v, ST_MET, 1);
			worst[0] = v->status < worst[0] ? v->status : worst[0];
		}
		if (d >= 0) {
			const struct verdict *v = &now->v[(*k)++];

			count(j, v, v->status, 1);
			if (d > 0)
				count(j, v, ST_MET, -1);
			worst[1] = v->status < worst[1] ? v->status : worst[1];
		}
	}
}

/* Where only time has passed, no subject came into scope or left it: what is met no more has been met, and the other way round. */
static void count_moves(struct judge *j)
{
	size_t i = 0, k = 0;

	tallies_clear(&j->tallies);                      /* the subjects seen stay */
	while (i < j->old.n || k < j->now.n) {
		bool first_old = k == j->now.n || (i < j->old.n && str_cmp(j->old.v[i].subject, j->now.v[k].subject) <= 0);
		struct str subject = first_old ? j->old.v[i].subject : j->now.v[k].subject;
		enum status worst[2] = {ST_MET, ST_MET};
		int64_t section = tallies_section(&j->tallies, subject);

		move_parts(j, subject, &i, &k, worst);
		tallies_add(&j->tallies, section, TALLY_SUBJECTS, worst[0], -1);
		tallies_add(&j->tallies, section, TALLY_SUBJECTS, worst[1], 1);
	}
}

static int store_counts(struct judge *j)
{
	struct stmt *s;
	int rc;

	if (!j->only.p && !j->timed) {
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


int judge_count(struct judge *j)
{
	struct rows_before rows = {0};
	struct db *before = NULL;
	int rc = j->only.p ? assess_before(j->x, &before) : 0;

	if (!rc && before)
		rc = load_before(j, before, &rows);
	if (rc)
		return rc;
	if (before) {
		count_subjects(j);
		take_back(j, &rows);
	} else if (j->timed) {
		count_moves(j);
	} else if (j->only.p) {
		tallies_clear(&j->tallies);              /* its met rows were counted on the way in: they are no news */
		count_change(j);
	} else {
		count_subjects(j);
	}
	return store_counts(j);
}

/* Opens and closes occurrences of duties from what a record now says. An occurrence is the same as long as its ledger,
 * record, name and row are; what changes is when it is due and whether it is done. */
#include "core/duty.h"

#include "core/duty_due.h"

#define DEFAULT_NOTICE_DAYS 14

static bool list_has(const struct str_list *l, struct str s)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->v[i], s))
			return true;
	return false;
}

/* --- against the table ------------------------------------------------------------------------------------------- */

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
	if (d->notice.p && !duty_duration(j, r, d->notice, &by))
		return STR_NONE;
	return duty_iso(j, date_plus(day, by, -1));
}

static void bind_doer(struct job *j, const struct record *r, const struct duty_def *d, struct stmt *s, int by_at,
                      int person_at)
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

static int redate_row(struct job *j, const struct record *r, const struct duty_def *d, int64_t duty,
                      const struct occurrence *o)
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

static int open_one(struct job *j, const struct record *r, const struct duty_def *d, struct str row,
                    struct open_duty *ret)
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
	if (err == 0 && open.id && d->every.p && d->done_row && duty_evidence(j, r, d, SIZE_MAX))
		return close_row(j, open.id, "row");
	bool action_done = open.id && d->due.p && ledger_action(j->l, d->done) &&
	                   duty_last_step(j, r->id, d->done) >= open.opened_at;
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
	bool acted = ledger_action(j->l, d->done) && duty_last_step(j, r->id, d->done) == j->w->now;
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
	if (applies && holds == TRUTH_TRUE)
		duty_occurrences(j, r, d, live);
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
			const struct field *column, *f = duty_column(j, t->via, &column);
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

/* What waits for somebody: duties and decisions; and what the system does by itself as days go by. */
#include "core/duty.h"

#include "core/engine.h"
#include "core/event.h"
#include "core/ledger_expr.h"
#include "lib/date.h"
#include "lib/i18n.h"

#define TICK_ARENA (16u << 20)
#define TICK_MAX 20000                               /* records one `auto` action moves in one run */

static struct str roles_json(struct arena *a, const struct actor *who)
{
	struct str out = STR("[");
	for (int r = 0; r < ROLE_COUNT_; r++)
		if (ACTOR_HAS(who, r))
			out = arena_strf(a, "%.*s%s\"%s\"", STR_ARG(out), out.n > 1 ? "," : "", role_code((enum role)r));
	return arena_strf(a, "%.*s]", STR_ARG(out));
}

static bool role_covers(struct world *w, const struct actor *who, struct str role, int64_t section)
{
	for (size_t i = 0; i < who->n_held; i++)
		if (str_is(role, role_code(who->held[i].role)) &&
		    (!who->held[i].unit || unit_within(w->db, section, who->held[i].unit)))
			return true;
	return false;
}

/* A register's review belongs to no section: whoever holds the role anywhere may do it. */
static bool holds(const struct actor *who, struct str role)
{
	for (size_t i = 0; i < who->n_held; i++)
		if (str_is(role, role_code(who->held[i].role)))
			return true;
	return false;
}

static const struct duty_def *duty_of(const struct ledger *l, struct str name)
{
	for (size_t i = 0; l && i < l->n_duties; i++)
		if (str_eq(l->duties[i].name, name))
			return &l->duties[i];
	return NULL;
}

static const char list_sql[] =
	"SELECT id, ledger, record, name, due_on, due_at, section, by, person FROM duty WHERE done_at IS NULL"
	" AND (notice_on IS NULL OR notice_on <= ?2) AND (person = ?1 OR person IS NULL AND by IN (SELECT value FROM json_each(?3)))"
	" ORDER BY due_on, id";

static void duty_describe(struct world *w, struct arena *a, const struct actor *who, struct duty_row *d)
{
	const struct ledger *l = ledgers_get(w->ledgers, d->ledger);
	const struct duty_def *def = duty_of(l, d->name);
	struct job j = {.w = w, .a = a, .who = who, .l = l};
	d->label = def ? label_text(&def->label) : d->name;
	d->by_hand = !def || (!def->done.p && !def->done_row);
	if (l && !d->record)
		d->label = arena_strf(a, _("Review of the register: %.*s"), STR_ARG(label_text(&l->label)));
	d->overdue = d->due_at ? d->due_at < w->now : d->due.n && str_cmp(d->due, w->today) < 0;
	if (!l || !d->record || !visible(&j, d->record))
		return;
	struct stmt *s = db_sql(w->db, arena_printf(a, "SELECT number, title FROM \"%.*s\" WHERE id = ?1",
	                                            STR_ARG(l->table)));
	if (!s)
		return;
	bind_int(s, 1, d->record);
	if (step(s) == 1) {
		d->number = col_dup(s, 0, a);
		d->title = col_dup(s, 1, a);
	}
	stmt_done(s);
}

int duty_coming(struct world *w, struct arena *a, const struct actor *who, struct str until, size_t limit, struct duty_row **ret, size_t *ret_n,
                struct err *e)
{
	static const char sql[] = "SELECT id, ledger, record, name, due_on, due_at, section, by, person FROM duty"
		" WHERE done_at IS NULL AND due_on BETWEEN ?1 AND ?2 ORDER BY due_on, id";
	struct duty_row *v = arena_array(a, limit + 1, sizeof *v);
	struct stmt *s = v ? db_sql(w->db, sql) : NULL;
	size_t n = 0;
	int got = 0;
	if (!s)
		return err_set(e, ERR_DB, "%s", db_error(w->db));
	bind_str(s, 1, w->today);
	bind_str(s, 2, until);
	while (n < limit && (got = step(s)) == 1) {
		struct duty_row d = {.id = col_int(s, 0), .ledger = col_dup(s, 1, a), .record = col_int(s, 2), .name = col_dup(s, 3, a),
			.due = col_dup(s, 4, a), .due_at = col_int(s, 5), .section = col_int(s, 6), .by = col_dup(s, 7, a), .person = col_int(s, 8)};
		duty_describe(w, a, who, &d);
		if (d.number.n || d.title.n || (!d.record && ledger_may_list(who, ledgers_get(w->ledgers, d.ledger))))
			v[n++] = d;
	}
	stmt_done(s);
	*ret = v;
	*ret_n = n;
	return got < 0 ? err_set(e, ERR_DB, "%s", db_error(w->db)) : 0;
}

int duty_list(struct world *w, struct arena *a, const struct actor *who, size_t limit, struct duty_row **ret,
              size_t *ret_n, struct err *e)
{
	struct duty_row *v = arena_array(a, limit + 1, sizeof *v);
	struct stmt *s = v ? db_sql(w->db, list_sql) : NULL;
	size_t n = 0;
	int got = 0;
	if (!s)
		return err_set(e, ERR_DB, "%s", db_error(w->db));
	bind_int(s, 1, who->person);
	bind_str(s, 2, w->today);
	bind_str(s, 3, roles_json(a, who));
	while (n < limit && (got = step(s)) == 1) {
		struct duty_row d = {.id = col_int(s, 0), .ledger = col_dup(s, 1, a), .record = col_int(s, 2),
		                     .name = col_dup(s, 3, a),
			.due = col_dup(s, 4, a), .due_at = col_int(s, 5), .section = col_int(s, 6), .by = col_dup(s, 7, a),
			.person = col_int(s, 8)};
		if (d.person || !d.record || role_covers(w, who, d.by, d.section))
			v[n++] = d;
	}
	stmt_done(s);
	for (size_t i = 0; i < n; i++)
		duty_describe(w, a, who, &v[i]);
	*ret = v;
	*ret_n = n;
	return got < 0 ? err_set(e, ERR_DB, "%s", db_error(w->db)) : 0;
}

/* --- decisions --------------------------------------------------------------------------------------------------- */

static bool in_state(const struct action *act, struct str state)
{
	for (size_t i = 0; i < act->from.n; i++)
		if (str_eq(act->from.v[i], state))
			return true;
	return false;
}

/* *plain: the first such approval that needs nothing filled in. */
static bool may_take_any(struct job *j, struct record *r, const struct action **plain)
{
	struct err ignored;
	struct job quiet = *j;
	struct permit p;
	bool any = false;
	quiet.e = &ignored;
	*plain = NULL;
	for (size_t i = 0; i < j->l->n_actions && !*plain; i++) {
		const struct action *act = &j->l->actions[i];
		if (!action_decides(act) || !in_state(act, r->state) || (any && act->needs.n) ||
		    act_permit(&quiet, r, act, &p) < 0)
			continue;
		any = true;
		if (!act->needs.n && !action_is_refusal(act))
			*plain = act;
	}
	return any;
}

static int waiting_ids(struct job *j, int64_t *ids, size_t max, size_t *ret)
{
	struct buf sql;
	bool any = false;
	*ret = 0;
	buf_init(&sql, SQL_TEXT_MAX);
	buf_printf(&sql, "SELECT r.id FROM \"%.*s\" r WHERE r.state IN (''", STR_ARG(j->l->table));
	for (size_t i = 0; i < j->l->n_states; i++)
		for (size_t k = 0; k < j->l->n_actions; k++)
			if (!j->l->states[i].live && action_decides(&j->l->actions[k]) &&
			    in_state(&j->l->actions[k], j->l->states[i].name)) {
				buf_printf(&sql, ", '%.*s'", STR_ARG(j->l->states[i].name));
				any = true;
			}
	buf_puts(&sql, ") AND ");
	int err = any ? visible_sql(j, &sql) : 0;
	buf_puts(&sql, " ORDER BY r.updated_at LIMIT 500");
	struct stmt *s = any && err == 0 && buf_err(&sql) == 0 ? db_sql(j->w->db, buf_z(&sql)) : NULL;
	buf_release(&sql);
	if (!any || err < 0)
		return err;
	if (!s || visible_bind(j, s) < 0)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	while (*ret < max && step(s) == 1)
		ids[(*ret)++] = col_int(s, 0);
	stmt_done(s);
	return 0;
}

int waiting_list(struct world *w, struct arena *a, const struct actor *who, size_t limit, struct waiting **ret,
                 size_t *ret_n, struct err *e)
{
	struct waiting *v = arena_array(a, limit + 1, sizeof *v);
	size_t n = 0;
	if (!v)
		return err_set(e, ERR_NOMEM, "list");
	for (size_t i = 0; i < w->ledgers->n && n < limit; i++) {
		struct job j = {.w = w, .a = a, .who = who, .l = w->ledgers->v[i], .e = e};
		int64_t ids[500];
		size_t n_ids;
		int err = waiting_ids(&j, ids, ARRAY_LEN(ids), &n_ids);
		for (size_t k = 0; err == 0 && k < n_ids && n < limit; k++) {
			struct record r;
			const struct action *plain;
			err = record_load(&j, ids[k], &r);
			if (err == 0 && may_take_any(&j, &r, &plain))
				v[n++] = (struct waiting){.ledger = j.l, .record = r.id, .since = r.updated_at, .version = r.version,
				                          .plain = plain, .number = r.number, .title = r.title,
					.state = r.state, .applicant_name = person_name(w, a, r.applicant),
					.section_name = unit_name(w, a, r.section)};
		}
		if (err < 0)
			return err;
	}
	*ret = v;
	*ret_n = n;
	return 0;
}

/* --- the review of registers ------------------------------------------------------------------------------------- */

static int review_open(struct job *j)
{
	struct duration by;
	struct date base;
	struct str from = STR_NONE;
	char text[DATE_TEXT];
	if (!j->l->review_every.n || duration_parse(j->l->review_every, &by) < 0)
		return 0;
	struct stmt *s = db_sql(j->w->db, "SELECT done_at IS NULL, date(max(done_at) / 1000000, 'unixepoch', '+9 hours') FROM duty WHERE ledger = ?1"
	                                  " AND record = 0 GROUP BY 1 ORDER BY 1 DESC LIMIT 1");
	if (!s)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	bind_str(s, 1, j->l->name);
	bool open = false;
	if (step(s) == 1) {
		open = col_int(s, 0) != 0;
		from = col_dup(s, 1, j->a);
	}
	stmt_done(s);
	if (open)
		return 0;
	if (date_parse(from.n ? from : j->w->today, &base) < 0)
		return 0;
	struct date due = date_plus(base, by, 1);
	date_format(due, text);
	s = db_sql(j->w->db, "INSERT INTO duty(ledger, record, name, title, by, opened_at, due_on, notice_on)"
	                     " VALUES (?1, 0, 'register-review', ?2, ?3, ?4, ?5, date(?5, '-14 days'))");
	if (!s)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	bind_str(s, 1, j->l->name);
	bind_str(s, 2, j->l->label.ja);
	bind_str(s, 3, j->l->review_by.kind == WHO_ROLE ? j->l->review_by.name : STR("sec-manager"));
	bind_int(s, 4, j->w->now);
	bind_z(s, 5, text);
	int err = run(s, j->e);
	return err < 0 ? err : 0;
}

int duty_done(struct world *w, struct arena *a, const struct actor *who, int64_t id, struct str note, struct err *e)
{
	struct duty_row d = {0};
	struct stmt *s = db_sql(w->db, "SELECT ledger, record, name, by, person, section FROM duty WHERE id = ?1 AND done_at IS NULL");
	if (!s)
		return err_set(e, ERR_DB, "%s", db_error(w->db));
	bind_int(s, 1, id);
	if (step(s) != 1)
		return err_set(e, ERR_NOTFOUND, "%s", _("This duty is not open"));
	d = (struct duty_row){.ledger = col_dup(s, 0, a), .record = col_int(s, 1), .name = col_dup(s, 2, a),
	                      .by = col_dup(s, 3, a),
		.person = col_int(s, 4), .section = col_int(s, 5)};
	stmt_done(s);
	const struct duty_def *def = duty_of(ledgers_get(w->ledgers, d.ledger), d.name);
	if (def && (def->done.p || def->done_row))
		return err_set(e, ERR_WRONG_STATE, "%s", _("This duty ends by doing it in the record itself"));
	bool mine = d.person ? d.person == who->person : d.record ? role_covers(w, who, d.by, d.section) : holds(who, d.by);
	if (!who->admin && !mine)
		return err_set(e, ERR_DENIED, "%s", _("This is for others to decide"));
	s = db_sql(w->db, "UPDATE duty SET done_at = ?2, done_by = ?3, how = 'action' WHERE id = ?1");
	if (!s)
		return err_set(e, ERR_DB, "%s", db_error(w->db));
	bind_int(s, 1, id);
	bind_int(s, 2, w->now);
	bind_int(s, 3, who->person);
	int err = run(s, e);
	const struct event ev = {.action = "duty.done", .actor = who->person, .ledger = d.ledger, .record = d.record,
	                         .change = note,
		.detail = arena_strf(a, "{\"duty\":\"%.*s\"}", STR_ARG(d.name))};
	if (err >= 0)
		err = event_put(w->db, &ev, NULL, e);
	struct job j = {.w = w, .a = a, .who = who, .l = ledgers_get(w->ledgers, d.ledger), .e = e};
	return err < 0 || d.record || !j.l ? err : review_open(&j);
}

/* --- by the day -------------------------------------------------------------------------------------------------- */

/* Records in the states of an action for which its `auto` holds today. */
static int auto_ids(struct job *j, const struct action *act, int64_t *ids, size_t *ret)
{
	struct buf sql;
	*ret = 0;
	buf_init(&sql, SQL_TEXT_MAX);
	buf_printf(&sql, "SELECT id FROM (SELECT *, ?1 AS today, ?2 AS now FROM \"%.*s_v\") WHERE state IN (''",
	           STR_ARG(j->l->table));
	for (size_t i = 0; i < act->from.n; i++)
		buf_printf(&sql, ", '%.*s'", STR_ARG(act->from.v[i]));
	buf_puts(&sql, ") AND (");
	expr_sql(act->automatic, false, &sql);
	buf_printf(&sql, ") ORDER BY id LIMIT %d", TICK_MAX);
	struct stmt *s = buf_err(&sql) == 0 ? db_sql(j->w->db, buf_z(&sql)) : NULL;
	buf_release(&sql);
	if (!s)
		return err_set(j->e, ERR_DB, "%.*s: %s", STR_ARG(j->l->name), db_error(j->w->db));
	bind_str(s, 1, j->w->today);
	bind_int(s, 2, j->w->now);
	int got;
	while ((got = step(s)) == 1)
		ids[(*ret)++] = col_int(s, 0);
	return got < 0 ? err_set(j->e, ERR_DB, "%s", db_error(j->w->db)) : 0;
}

static int tick_action(struct job *j, const struct action *act, int64_t *moved)
{
	static const struct permit system = {.grant = {.ok = true}};
	int64_t *ids = arena_array(j->a, TICK_MAX, sizeof *ids);
	size_t n = 0;
	int err = ids ? auto_ids(j, act, ids, &n) : err_set(j->e, ERR_NOMEM, "tick");
	struct arena *scratch = arena_new(8u << 20);
	for (size_t i = 0; err == 0 && i < n; i++) {
		struct job one = *j;
		struct record r;
		struct faults faults = {0};
		one.a = scratch;
		one.faults = &faults;
		arena_clear(scratch);
		err = record_load(&one, ids[i], &r);
		if (err == 0)
			err = mark(&one);
		if (err == 0)
			err = mark_end(&one, store_refusal(&one, act_take(&one, &r, act, &system, NULL, STR_NONE)));
		/* What its own rules or the database refuse stays where it is and shows on the board; the others go on. */
		if (err == ERR_INVALID || err == ERR_DENIED || err == ERR_WRONG_STATE)
			err = 0;
		else if (err == 0)
			(*moved)++;
	}
	arena_free(scratch);
	return err;
}

static bool depends_on_today(const struct ledger *l)
{
	for (size_t i = 0; i < l->n_duties; i++)
		if (l->duties[i].when.p && (expr_mentions(l->duties[i].when, STR("today")) ||
		                            expr_mentions(l->duties[i].when, STR("now"))))
			return true;
	return false;
}

static int tick_duties(struct job *j)
{
	int64_t *ids = arena_array(j->a, TICK_MAX, sizeof *ids);
	size_t n = 0;
	int err = ids ? review_open(j) : err_set(j->e, ERR_NOMEM, "tick");
	struct stmt *s = err == 0 && depends_on_today(j->l)
		? db_sql(j->w->db, arena_printf(j->a, "SELECT id FROM \"%.*s\" ORDER BY id DESC LIMIT %d", STR_ARG(j->l->table),
		                                TICK_MAX)) : NULL;
	while (s && step(s) == 1)
		ids[n++] = col_int(s, 0);
	struct arena *scratch = n ? arena_new(8u << 20) : NULL;
	for (size_t i = 0; err == 0 && i < n; i++) {
		struct job one = *j;
		one.a = scratch;
		arena_clear(scratch);
		err = duty_follow(&one, ids[i]);
	}
	arena_free(scratch);
	return err;
}

int ledger_tick(struct world *w, struct arena *a, int64_t *ret_moved, struct err *e)
{
	static const struct actor system = {0};
	struct arena *own = arena_new(TICK_ARENA);       /* whatever is left in the caller's */
	int err = 0;
	*ret_moved = 0;
	for (size_t i = 0; err == 0 && i < w->ledgers->n; i++) {
		struct job j = {.w = w, .a = own, .who = &system, .l = w->ledgers->v[i], .e = e};
		arena_clear(own);
		for (size_t k = 0; err == 0 && k < j.l->n_actions; k++)
			if (j.l->actions[k].automatic.p)
				err = tick_action(&j, &j.l->actions[k], ret_moved);
		if (err == 0)
			err = tick_duties(&j);
	}
	arena_free(own);
	return err;
}

/* Runs every checks/<control>.test against its check on a store in memory, with all ledgers' tables.
 *
 *   checks_test               every check; each needs a test, and each part of it one that fails and one that is met
 *   checks_test CONTROL…      only these, with every failure
 *   checks_test --mutate [CONTROL…]   drops one condition at a time; each drop must make a test fail; prints survivors
 *
 * Beside the script's own expectations every check is held to: the findings after a change judged by subject are those of
 * judging everything (else an `affects:` line is missing or wrong); every reason it gives is in its header; the first failing
 * subject becomes `excepted` under an exception and fails again when that ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sqlite3.h>

#include "core/assess_int.h"
#include "core/check_mutant.h"
#include "core/check_script.h"
#include "core/ledger_sql.h"
#include "core/standard.h"
#include "core/store.h"
#include "lib/date.h"
#include "lib/file.h"
#include "queries.h"

#define DEFAULT_TODAY "2026-11-20"
#define HEADS_MAX 8

struct suite {
	struct db *db;
	struct ledgers *ledgers;
	struct checks *checks;
	struct script fixtures;
	struct arena *a;
} suite;

struct testing {                                         /* one script being run */
	const struct check *check;
	const struct script *script;
	struct arena *a;
	struct world world;
	char today[DATE_TEXT];
	const char *name;                                /* of the case */
	bool tried_exception;
	uint32_t failed, met;                            /* bits by part */
	struct err err;
};

static int fault(struct testing *t, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int fault(struct testing *t, int line, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return err_at(&t->err, ERR_INVALID, t->script->file, line, 0, "[%s] %s", t->name, text);
}

/* --- judging ---------------------------------------------------------------------------------------------------------------- */

static int judge(struct testing *t)
{
	struct assess x;
	int rc = assess_start(&x, &t->world, suite.checks, &t->err);

	if (!rc) {
		const struct control_row *k = assess_row(&x, t->check->control);

		rc = k ? judge_control(&x, k, STR_NONE) : err_set(&t->err, ERR_NOTFOUND, "no such control in controls.tsv");
	}
	x.changed = false;                               /* clauses are tested elsewhere */
	return assess_finish(&x, rc);
}

static int judge_rows(struct testing *t, const struct table_change *v, size_t n)
{
	struct assess x;
	int rc = assess_start(&x, &t->world, suite.checks, &t->err);

	if (!rc)
		rc = judge_affected(&x, assess_row(&x, t->check->control), v, n);
	x.changed = false;
	return assess_finish(&x, rc);
}

static struct str findings(struct testing *t)
{
	struct stmt *s = db_sql(suite.db, "SELECT coalesce(group_concat(subject_id || ' ' || part || ' ' || status || ' ' || coalesce(reason, ''), "
	                                  "char(10)), '') FROM (SELECT * FROM finding WHERE control = ?1 ORDER BY subject_id, part)");
	struct str v = STR("");

	bind_str(s, 1, t->check->control);
	if (step(s) == 1)
		v = col_dup(s, 0, t->a);
	stmt_done(s);
	return v;
}

static int known_reasons(struct testing *t, int line)
{
	struct stmt *s = db_sql(suite.db, "SELECT reason FROM finding WHERE control = ?1");
	int rc = 0;

	bind_str(s, 1, t->check->control);
	while (!rc && step(s) == 1) {
		struct str rest = col_str(s, 0), key = str_cut(&rest, '|');
		bool known = false;

		for (size_t i = 0; i < t->check->n_reasons; i++)
			known |= str_eq(t->check->reasons[i].key, key);
		if (!known)
			rc = fault(t, line, "reason '%.*s' is not in the header of the check", STR_ARG(key));
	}
	stmt_done(s);
	return rc;
}

/* --- changes: which ledger tables did the step write to, and which records did they have? ------------------------------------- */

struct written {
	struct str tables[HEADS_MAX];
	size_t n;
};

static int watch(void *arg, int op, const char *table, const char *y, const char *schema, const char *trigger)
{
	struct written *w = arg;
	struct str base;

	(void)y, (void)schema, (void)trigger;
	if (op != SQLITE_INSERT && op != SQLITE_UPDATE && op != SQLITE_DELETE)
		return SQLITE_OK;
	base = check_base_table(str_from(table));
	for (size_t i = 0; i < w->n; i++)
		if (str_eq(w->tables[i], base))
			return SQLITE_OK;
	if (w->n < HEADS_MAX && strncmp(table, "sqlite_", 7))
		w->tables[w->n++] = arena_str(suite.a, base);
	return SQLITE_OK;
}

static int apply(struct testing *t, const struct script_step *step_, struct written *w)
{
	struct script_world sw = {suite.db, suite.ledgers, t->a, t->world.today, t->world.now};
	int rc;

	*w = (struct written){0};
	if (step_->kind == SCRIPT_SQL) {
		sqlite3_set_authorizer(db_handle(suite.db), watch, w);
		rc = script_apply(&sw, t->script, step_, &t->err);
		sqlite3_set_authorizer(db_handle(suite.db), NULL, NULL);
		return rc;
	}
	rc = script_apply(&sw, t->script, step_, &t->err);
	if (!rc) {
		struct str rest = step_->text;

		w->tables[w->n++] = ledgers_get(suite.ledgers, str_cut(&rest, ' '))->table;
	}
	return rc;
}

static int rows_of(struct testing *t, struct str table, struct table_change **ret, size_t *ret_n)
{
	struct stmt *s = db_sql(suite.db, arena_printf(t->a, "SELECT id FROM \"%.*s\"", STR_ARG(table)));
	size_t cap = 0;

	*ret = NULL;
	*ret_n = 0;
	if (!s)
		return 0;                                /* a table without ids is no ledger */
	while (step(s) == 1) {
		if (*ret_n == cap)
			*ret = assess_grow(t->a, *ret, *ret_n, &cap, sizeof **ret);
		(*ret)[(*ret_n)++] = (struct table_change){table, col_int(s, 0)};
	}
	stmt_done(s);
	return 0;
}

static bool judges_every(const struct check *c, struct str table)
{
	for (size_t i = 0; i < c->n_affects; i++)
		if (str_eq(c->affects[i].table, table) && !c->affects[i].sql)
			return true;
	return false;
}

/* Carries out a step and judges what it touched by subject; then everything: the second must find no difference. */
static int change(struct testing *t, const struct script_step *step_, bool compare)
{
	struct written w;
	struct str one;
	bool every = false;                              /* "affects: TABLE = *" */
	int rc = apply(t, step_, &w);

	if (rc || !compare)
		return rc;
	for (size_t i = 0; !rc && i < w.n; i++) {
		struct table_change *v;
		size_t n;

		if (check_config_table(w.tables[i]))
			return judge(t);
		rows_of(t, w.tables[i], &v, &n);
		every |= judges_every(t->check, w.tables[i]);
		rc = judge_rows(t, v, n);
	}
	if (every)
		return rc ? rc : judge(t);
	one = findings(t);
	if (!rc)
		rc = judge(t);
	if (!rc && !str_eq(one, findings(t)))
		rc = fault(t, step_->line, "judging the touched subjects gives other findings than judging all: is an affects line wrong?\n"
		           "by subject:\n%.*s\nall:\n%.*s", STR_ARG(one), STR_ARG(findings(t)));
	return rc;
}

/* --- expectations --------------------------------------------------------------------------------------------------------------- */

/* The id of a subject named by id or by title; the check's own rows decide. */
static struct str subject_id(struct testing *t, struct str name, struct str part, bool *ret_met)
{
	struct stmt *s = db_sql(suite.db, arena_printf(t->a, "SELECT subject_id, verdict IS NULL FROM (%s) WHERE part = :part AND "
	                                               "(CAST(subject_id AS TEXT) = :name OR title = :name)", t->check->sql));
	struct str id = STR_NONE;

	if (!s)
		return STR_NONE;
	bind_str(s, bind_index(s, ":part"), part);
	bind_str(s, bind_index(s, ":name"), name);
	if (bind_index(s, ":today"))
		bind_str(s, bind_index(s, ":today"), t->world.today);
	if (bind_index(s, ":now"))
		bind_int(s, bind_index(s, ":now"), t->world.now);
	if (step(s) == 1) {
		id = col_dup(s, 0, t->a);
		*ret_met = col_int(s, 1);
	}
	stmt_done(s);
	return id;
}

static uint32_t part_bit(struct testing *t, struct str part)
{
	for (size_t i = 0; i < t->check->n_parts; i++)
		if (str_eq(t->check->parts[i].key, part))
			return 1u << i;
	return 0;
}

static int has_finding(struct testing *t, int line, struct str id, struct str part, struct str status, struct str reason)
{
	struct stmt *s = db_sql(suite.db, "SELECT status, reason FROM finding WHERE control = ?1 AND subject_id = ?2 AND part = ?3");
	struct str found = STR("met"), why = STR("");

	bind_str(s, 1, t->check->control);
	bind_str(s, 2, id);
	bind_str(s, 3, part);
	if (step(s) == 1) {
		struct str rest = col_dup(s, 1, t->a);

		found = col_dup(s, 0, t->a);
		why = str_cut(&rest, '|');
	}
	stmt_done(s);
	if (!str_eq(found, status))
		return fault(t, line, "%.*s %.*s is %.*s (%.*s), not %.*s", STR_ARG(id), STR_ARG(part), STR_ARG(found), STR_ARG(why), STR_ARG(status));
	if (reason.n && !str_eq(reason, why))
		return fault(t, line, "%.*s %.*s: the reason is %.*s, not %.*s", STR_ARG(id), STR_ARG(part), STR_ARG(why), STR_ARG(reason));
	return 0;
}

static int make_exception(struct testing *t, struct str subject, int line)
{
	struct str rest = subject, kind = memchr(subject.p, ':', subject.n) ? str_cut(&rest, ':') : t->check->subject;
	char until[DATE_TEXT];
	struct date d;
	struct buf sql;
	int rc;

	if (date_parse(t->world.today, &d))
		return fault(t, line, "today is no date");
	date_format(date_add(d, 0, 0, 60), until);
	buf_init(&sql, 8000);
	buf_printf(&sql, "exceptions 99001 state=approved seal=x valid_from=%.*s until=%s controls_waived=%.*s reason=r alternative=a "
	           "route=ordinary subject=\"test exception\" subjects=%.*s:%.*s clauses=iz.8.4.1 all_subjects=0",
	           STR_ARG(t->world.today), until, STR_ARG(t->check->control), STR_ARG(kind), STR_ARG(rest));
	struct script_step add = {.kind = SCRIPT_ADD, .line = line, .text = arena_str(t->a, buf_view(&sql))};
	buf_release(&sql);
	struct script_world sw = {suite.db, suite.ledgers, t->a, t->world.today, t->world.now};
	rc = script_apply(&sw, t->script, &add, &t->err);
	if (rc) {
		/* A subject that an exception cannot name, no record: waive the control as a whole. */
		const char *text = arena_z(t->a, add.text), *at = strstr(text, " subjects=");

		t->err = (struct err){0};
		rc = db_exec(suite.db, "DELETE FROM exceptions WHERE id = 99001", &t->err);
		if (rc)
			return rc;
		add.text = arena_strf(t->a, "%.*s all_subjects=1", (int)(at - text), text);
		rc = script_apply(&sw, t->script, &add, &t->err);
	}
	return rc;
}

static int end_exception(struct testing *t)
{
	return db_exec(suite.db, "UPDATE exceptions SET until = valid_from, valid_from = '2000-01-01', until = '2000-01-02' WHERE id = 99001", &t->err);
}

/* What fails again has its grace anew. */
static bool has_grace(struct testing *t)
{
	struct stmt *s = db_sql(suite.db, "SELECT grace_days IS NOT NULL FROM control WHERE id = ?1");
	bool yes;

	bind_str(s, 1, t->check->control);
	yes = step(s) == 1 && col_int(s, 0);
	stmt_done(s);
	return yes;
}

/* An exception covers the subject while it lasts and no longer. */
static int try_exception(struct testing *t, int line, struct str id, struct str part)
{
	int rc;

	t->tried_exception = true;
	rc = db_exec(suite.db, "SAVEPOINT excepted", &t->err);
	if (!rc)
		rc = make_exception(t, id, line);
	if (!rc)
		rc = judge(t);
	if (!rc)
		rc = has_finding(t, line, id, part, STR("excepted"), STR_NONE);
	if (!rc)
		rc = end_exception(t);
	if (!rc)
		rc = judge(t);
	if (!rc)
		rc = has_finding(t, line, id, part, has_grace(t) ? STR("in_progress") : STR("not_met"), STR_NONE);
	if (rc)
		return rc;
	return db_exec(suite.db, "ROLLBACK TO excepted; RELEASE excepted", &t->err);
}

static int expect(struct testing *t, const struct script_step *x)
{
	struct str name = x->cell[0], part = x->cell[1], status = x->cell[2], id;
	bool met = false;
	int rc;

	if (!part_bit(t, part))
		return fault(t, x->line, "the check has no part '%.*s'", STR_ARG(part));
	rc = judge(t);
	if (!rc)
		rc = known_reasons(t, x->line);
	if (rc)
		return rc;
	id = subject_id(t, name, part, &met);
	if (str_is(status, "absent"))
		return id.p ? fault(t, x->line, "%.*s is judged for %.*s but should be out of scope", STR_ARG(name), STR_ARG(part)) : 0;
	if (status_parse(status) < 0)
		return fault(t, x->line, "'%.*s' is no status", STR_ARG(status));
	if (!id.p)
		return fault(t, x->line, "%.*s is not judged for %.*s", STR_ARG(name), STR_ARG(part));
	if (met != str_is(status, "met"))
		return fault(t, x->line, "%.*s %.*s is %s", STR_ARG(name), STR_ARG(part), met ? "met" : "not met");
	rc = has_finding(t, x->line, id, part, status, x->cell[3]);
	if (rc)
		return rc;
	if (met)
		t->met |= part_bit(t, part);
	else
		t->failed |= part_bit(t, part);
	return str_is(status, "not_met") && !t->tried_exception ? try_exception(t, x->line, id, part) : 0;
}

static int expect_control(struct testing *t, int line, struct str status, struct str part)
{
	struct stmt *s;
	struct str found = STR("none");
	int rc = judge(t);

	if (rc)
		return rc;
	s = db_sql(suite.db, "SELECT status FROM control_status WHERE control = ?1 AND part = ?2");
	bind_str(s, 1, t->check->control);
	bind_str(s, 2, part.p ? part : STR(""));
	if (step(s) == 1)
		found = col_dup(s, 0, t->a);
	stmt_done(s);
	return str_eq(found, status) ? 0 : fault(t, line, "the control is %.*s, not %.*s", STR_ARG(found), STR_ARG(status));
}

/* --- running a script -------------------------------------------------------------------------------------------------------------- */

static void set_today(struct testing *t, struct str date)
{
	struct date d;

	if (date_parse(date, &d))
		return;
	date_format(d, t->today);
	t->world.today = str_from(t->today);
	t->world.now = date_to_instant(d, 12, 0);
}

/* Findings, counts and status as they are stored. */
static struct str stored(struct testing *t)
{
	struct stmt *s = db_sql(suite.db, "SELECT coalesce(group_concat(v, char(10)), '') FROM (SELECT json_array('finding', subject_id, part, section, "
		"title, status, reason, due_at, exception, since_at) AS v FROM finding WHERE control = ?1 UNION ALL SELECT json_array('count', section, "
		"part, status, n) FROM finding_count WHERE control = ?1 AND n <> 0 UNION ALL SELECT json_array('control', part, status, met, total) "
		"FROM control_status WHERE control = ?1 ORDER BY v)");
	struct str v = STR("");

	bind_str(s, 1, t->check->control);
	if (step(s) == 1)
		v = col_dup(s, 0, t->a);
	stmt_done(s);
	return v;
}

static int judge_as_timed(struct testing *t)
{
	struct assess x;
	int rc = assess_start(&x, &t->world, suite.checks, &t->err);

	if (!rc)
		rc = judge_timed(&x, assess_row(&x, t->check->control));
	x.changed = false;
	return assess_finish(&x, rc);
}

/* As time passes, judging the subjects that the check calls `timed` must come to the same as judging all. */
static int time_passes(struct testing *t, int line)
{
	static const int days[] = {1, 1, 1, 1, 6, 30, 400};
	char first[DATE_TEXT];
	struct date d;
	int rc = t->check->timed ? db_exec(suite.db, "SAVEPOINT time", &t->err) : 0;

	if (!t->check->timed || rc || date_parse(t->world.today, &d))
		return rc;
	snprintf(first, sizeof first, "%s", t->today);
	rc = judge(t);
	for (size_t i = 0; !rc && i < ARRAY_LEN(days); i++) {
		char day[DATE_TEXT];
		struct str all;

		d = date_add(d, 0, 0, days[i]);
		date_format(d, day);
		set_today(t, str_from(day));
		rc = db_exec(suite.db, "SAVEPOINT whole", &t->err);
		if (!rc)
			rc = judge(t);
		all = stored(t);
		if (!rc)
			rc = db_exec(suite.db, "ROLLBACK TO whole; RELEASE whole", &t->err);
		if (!rc)
			rc = judge_as_timed(t);
		if (!rc && !str_eq(all, stored(t)))
			rc = fault(t, line, "on %s judging the timed subjects gives something else than judging all: is the timed line wrong?\n"
			           "timed:\n%.*s\nall:\n%.*s", day, STR_ARG(stored(t)), STR_ARG(all));
	}
	set_today(t, str_from(first));
	return db_exec(suite.db, "ROLLBACK TO time; RELEASE time", NULL) ? ERR_DB : rc;
}

/* SELECT by SELECT, as large checks are judged, must come to the same as in one piece. */
static int in_pieces(struct testing *t, int line)
{
	struct assess x;
	struct str whole = STR(""), pieces = STR("");
	int rc = db_exec(suite.db, "SAVEPOINT whole", &t->err);

	if (!rc)
		rc = judge(t);
	if (!rc)
		whole = stored(t);
	if (!rc)
		rc = db_exec(suite.db, "ROLLBACK TO whole", &t->err);
	if (!rc)
		rc = assess_start(&x, &t->world, suite.checks, &t->err);
	if (!rc) {
		const struct control_row *k = assess_row(&x, t->check->control);

		judge_ahead(&x, &k, 1);
		rc = judge_control(&x, k, STR_NONE);
		if (!rc && !judge_ahead_cost(&x, k))
			rc = fault(t, line, "the check cannot be taken apart");
		x.changed = false;
		rc = assess_finish(&x, rc);
	}
	if (!rc)
		pieces = stored(t);
	if (!rc && !str_eq(whole, pieces))
		rc = fault(t, line, "judged SELECT by SELECT it is something else: is the every line wrong?\npieces:\n%.*s\nwhole:\n%.*s",
		           STR_ARG(pieces), STR_ARG(whole));
	return db_exec(suite.db, "ROLLBACK TO whole; RELEASE whole", NULL) ? ERR_DB : rc;
}

static int run_step(struct testing *t, const struct script_step *x, bool *settled)
{
	int rc;

	struct str id;
	bool met;

	switch (x->kind) {
	case SCRIPT_TODAY:
		set_today(t, x->text);
		return *settled ? judge(t) : 0;
	case SCRIPT_ADD: case SCRIPT_SET: case SCRIPT_ROW: case SCRIPT_STEP: case SCRIPT_SQL:
		return change(t, x, *settled);
	case SCRIPT_EXPECT:
		*settled = true;
		rc = expect(t, x);
		if (!rc)
			rc = in_pieces(t, x->line);
		return rc ? rc : time_passes(t, x->line);
	case SCRIPT_CONTROL:
		*settled = true;
		return expect_control(t, x->line, x->cell[0], x->cell[1]);
	case SCRIPT_EXCEPT:
		for (size_t i = 0; i < t->check->n_parts; i++) {
			id = subject_id(t, x->text, t->check->parts[i].key, &met);
			if (id.p)
				return make_exception(t, id, x->line);
		}
		return fault(t, x->line, "no subject '%.*s' to except", STR_ARG(x->text));
	case SCRIPT_EXPIRE:
		return end_exception(t);
	case SCRIPT_MEND:
		return 0;
	case SCRIPT_CASE: case SCRIPT_EMPTY:
		break;
	}
	return 0;
}

/* Steps from..to: one case. Before the first expectation nothing is judged. */
static int run_case(struct testing *t, size_t from, size_t to, struct str today)
{
	bool settled = false;
	int rc = db_exec(suite.db, "SAVEPOINT one_case", &t->err);

	set_today(t, today);
	t->name = "";
	for (size_t i = from; !rc && i < to; i++) {
		const struct script_step *x = &t->script->v[i];

		if (x->kind == SCRIPT_CASE) {
			t->name = arena_z(t->a, x->text);
		} else if (x->kind == SCRIPT_EMPTY) {
			rc = db_exec(suite.db, "DELETE FROM org_units; DELETE FROM persons; DELETE FROM role_assignments", &t->err);
			if (!rc)
				rc = expect_control(t, x->line, x->text, STR_NONE);
		} else {
			rc = run_step(t, x, &settled);
		}
	}
	if (db_exec(suite.db, "ROLLBACK TO one_case; RELEASE one_case", NULL))
		return ERR_DB;
	return rc;
}

static int run_script(struct testing *t)
{
	struct str today = STR(DEFAULT_TODAY);
	size_t i = 0;
	int rc = db_begin(suite.db, &t->err);

	while (!rc && i < t->script->n) {
		size_t end = i + 1;

		if (t->script->v[i].kind == SCRIPT_TODAY) {
			today = t->script->v[i++].text;
			continue;
		}
		while (end < t->script->n && t->script->v[end].kind != SCRIPT_CASE && t->script->v[end].kind != SCRIPT_EMPTY)
			end++;
		if (t->script->v[i].kind != SCRIPT_CASE && t->script->v[i].kind != SCRIPT_EMPTY)
			rc = fault(t, t->script->v[i].line, "a step stands before the first case");
		else
			rc = run_case(t, i, end, today);
		i = end;
	}
	db_rollback(suite.db);
	return rc;
}

static int covered(struct testing *t)
{
	for (size_t i = 0; i < t->check->n_parts; i++) {
		if (!(t->failed & 1u << i))
			return fault(t, 0, "no expectation in which part %.*s is not met", STR_ARG(t->check->parts[i].key));
		if (!(t->met & 1u << i))
			return fault(t, 0, "no expectation in which part %.*s is met", STR_ARG(t->check->parts[i].key));
	}
	return 0;
}

static int load_script(struct arena *a, struct str control, struct script *ret, struct err *e)
{
	const char *path = arena_printf(a, "checks/%.*s.test", STR_ARG(control));
	struct buf text;
	int rc;

	buf_init(&text, SCRIPT_BYTES_MAX);
	rc = file_read(path, SCRIPT_BYTES_MAX, &text, e);
	if (!rc)
		rc = script_parse(a, path, arena_str(a, buf_view(&text)), ret, e);
	buf_release(&text);
	return rc;
}

static int try_check(const struct check *c, struct err *e)
{
	struct arena *a = arena_new(256u << 20);
	struct script script;
	struct testing t = {.check = c, .script = &script, .a = a, .name = "", .world = {.db = suite.db, .ledgers = suite.ledgers}};
	int rc = load_script(a, c->control, &script, &t.err);

	if (!rc)
		rc = run_script(&t);
	if (!rc)
		rc = covered(&t);
	*e = t.err;
	arena_free(a);
	return rc;
}

/* --- mutation ------------------------------------------------------------------------------------------------------------------------ */

/* Each value that the timed line names taken away: some subject must be missed. */
static int mutate_timed(struct check **slot, int *ret_tried)
{
	struct check *c = *slot;
	struct str timed = c->timed ? str_from(c->timed) : STR("");
	int survivors = 0;
	struct err e = {0};

	for (size_t i = 0; i < timed.n; i++) {
		size_t end = i + 1;

		if (timed.p[i] != '\'')
			continue;
		while (end < timed.n && timed.p[end] != '\'')
			end++;
		struct arena *a = arena_new(4u << 20);
		struct check changed = *c;

		changed.timed = arena_printf(a, "%.*s'-%.*s", (int)i, timed.p, (int)(timed.n - end), timed.p + end);
		check_set_body(a, &changed, c->body);
		*slot = &changed;
		++*ret_tried;
		if (!try_check(&changed, &e)) {
			printf("survivor %s timed: %.*s'\n", c->file, (int)(end - i), timed.p + i);
			survivors++;
		}
		*slot = c;
		arena_free(a);
		i = end;
	}
	return survivors;
}

/* Returns the number of survivors. */
static int mutate(struct check **slot, int *ret_tried)
{
	struct check *c = *slot;
	struct str body = c->body;
	int survivors = 0, line = 1;
	struct err e = {0};

	if (try_check(c, &e)) {
		printf("%.*s: the test fails unchanged: %s\n", STR_ARG(c->control), e.text);
		return 1;
	}
	for (size_t i = 0; i < body.n; line += i < body.n && body.p[i] == '\n', i++) {
		struct mutant cuts[MUTANTS_PER_LINE];
		size_t n = i == 0 || body.p[i - 1] == '\n' ? mutants_of_line(body, i, cuts) : 0;

		for (size_t k = 0; k < n; k++) {
			struct arena *a = arena_new(4u << 20);
			struct check changed = *c;

			check_set_body(a, &changed, mutant_apply(a, body, &cuts[k]));
			*slot = &changed;
			++*ret_tried;
			if (!try_check(&changed, &e)) {
				struct str cut = str_trim(str_slice(body, cuts[k].from, cuts[k].to - cuts[k].from));

				printf("survivor %s SELECT line %d: %.*s ->%s\n", c->file, line, (int)(cut.n > 90 ? 90 : cut.n), cut.p, cuts[k].put);
				survivors++;
			}
			*slot = c;
			arena_free(a);
		}
	}
	return survivors + mutate_timed(slot, ret_tried);
}

/* --- main --------------------------------------------------------------------------------------------------------------------------------- */

/* Scripts put records into any state and name only what their check reads: the guards of the tables are tested elsewhere. */
static int drop_guards(struct err *e)
{
	struct stmt *s = db_sql(suite.db, "SELECT coalesce(group_concat('DROP TRIGGER \"' || name || '\";', ''), '') FROM sqlite_schema "
	                                  "WHERE type = 'trigger'");
	int rc = step(s) == 1 ? 0 : ERR_DB;
	const char *sql = rc ? "" : arena_z(suite.a, col_dup(s, 0, suite.a));

	stmt_done(s);
	if (!rc)
		rc = db_exec(suite.db, sql, e);
	return rc ? rc : db_exec(suite.db, "PRAGMA foreign_keys=OFF", e);
}

static int load_fixtures(struct err *e)
{
	struct script_world w = {suite.db, suite.ledgers, suite.a, STR(DEFAULT_TODAY), 0};
	struct date d;
	int rc = date_parse(w.today, &d);

	w.now = date_to_instant(d, 12, 0);
	for (size_t i = 0; !rc && i < suite.fixtures.n; i++)
		rc = script_apply(&w, &suite.fixtures, &suite.fixtures.v[i], e);
	return rc;
}

static int load_suite(struct err *e)
{
	struct buf text;
	int rc = db_open(":memory:", DB_CREATE, &suite.db, e);

	suite.a = arena_new(64u << 20);
	if (!rc)
		rc = store_schema(suite.db, e);
	if (!rc)
		rc = ledgers_load("ledgers", NULL, &suite.ledgers, e);
	if (!rc)
		rc = ledger_functions(suite.db);
	if (!rc)
		rc = ledgers_migrate(suite.db, suite.ledgers, e);
	if (!rc)
		rc = standards_load(suite.db, ".", e);
	if (!rc)
		rc = standard_use(suite.db, STR("iizuka"), e);
	if (!rc)
		rc = drop_guards(e);
	if (!rc)
		rc = checks_load(suite.db, "checks", &suite.checks, e);
	if (!rc)
		rc = checks_index(suite.db, suite.checks, e);
	buf_init(&text, SCRIPT_BYTES_MAX);
	if (!rc)
		rc = file_read("checks/fixtures.test", SCRIPT_BYTES_MAX, &text, e);
	if (!rc)
		rc = script_parse(suite.a, "checks/fixtures.test", arena_str(suite.a, buf_view(&text)), &suite.fixtures, e);
	buf_release(&text);
	return rc ? rc : load_fixtures(e);
}

static void one(void **state)
{
	const struct check *c = *state;
	struct err e = {0};

	if (try_check(c, &e))
		fail_msg("%s:%d: %s", e.file, e.line, e.text);
}

static bool wanted(const struct check *c, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (str_is(c->control, argv[i]))
			return true;
	return argc == 1;
}

static int run_mutation(int argc, char **argv)
{
	int survivors = 0, tried = 0;

	for (size_t i = 0; i < suite.checks->n; i++)
		if (wanted(suite.checks->v[i], argc, argv))
			survivors += mutate(&suite.checks->v[i], &tried);
	printf("mutate: %d changes tried, %d survived\n", tried, survivors);
	return survivors != 0;
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[CHECKS_MAX];
	struct err e = {0};
	char text[700];
	size_t n = 0;

	if (date_zone_open(NULL) || load_suite(&e)) {
		printf("%s\n", err_format(&e, text, sizeof text));
		return 1;
	}
	if (argc > 1 && !strcmp(argv[1], "--mutate"))
		return run_mutation(argc - 1, argv + 1);
	for (size_t i = 0; i < suite.checks->n; i++)
		if (wanted(suite.checks->v[i], argc, argv))
			tests[n++] = (struct CMUnitTest){.name = arena_z(suite.a, suite.checks->v[i]->control), .test_func = one,
				.initial_state = suite.checks->v[i]};
	return _cmocka_run_group_tests("checks", tests, n, NULL, NULL);
}

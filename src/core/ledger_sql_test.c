#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/ledger_ddl.h"
#include "core/ledger_sql.h"
#include "core/store.h"

/* All of our ledgers in one store, with three persons and two sections, one above the other. */
struct world {
	struct db *db;
	struct ledgers *all;
	struct arena *a;
};
static struct world w;

static void must(int rc, const struct err *e)
{
	char text[700];

	if (rc)
		fail_msg("%s", err_format(e, text, sizeof text));
}

static void sql(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void sql(const char *fmt, ...)
{
	struct err e = { 0 };
	struct buf b;
	va_list ap;

	buf_init(&b, 1 << 20);
	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	if (db_exec(w.db, buf_z(&b), &e))
		fail_msg("%s: %s", buf_z(&b), e.text);
	buf_release(&b);
}

/* Runs SQL that has to fail; the message begins with `word`. */
static void refused(const char *word, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void refused(const char *word, const char *fmt, ...)
{
	struct err e = { 0 };
	struct buf b;
	va_list ap;

	buf_init(&b, 1 << 20);
	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	if (!db_exec(w.db, buf_z(&b), &e))
		fail_msg("not refused (%s): %s", word, buf_z(&b));
	if (!str_starts(str_from(e.text), word))
		fail_msg("%s\n  said:     %s\n  expected: %s", buf_z(&b), e.text, word);
	buf_release(&b);
}

static int64_t number(const char *text)
{
	struct stmt *s = db_sql(w.db, text);
	int64_t n;

	if (!s || step(s) != 1)
		fail_msg("%s: %s", text, db_error(w.db));
	n = col_int(s, 0);
	stmt_done(s);
	return n;
}

static int setup(void **state)
{
	struct err e = { 0 };

	w.a = arena_new(16 << 20);
	must(ledgers_load("ledgers", NULL, &w.all, &e), &e);
	must(db_open(":memory:", DB_CREATE, &w.db, &e), &e);
	assert_int_equal(ledger_functions(w.db), 0);
	must(store_schema(w.db, &e), &e);
	must(ledgers_migrate(w.db, w.all, &e), &e);
	sql("INSERT INTO org_units(id, state, code, name, kind, parent) VALUES (901, 'draft', 'a', 'A', 'body', NULL), "
	    "(902, 'draft', 'b', 'B', 'bureau', 901), (903, 'draft', 'c', 'C', 'bureau', 901)");
	sql("INSERT INTO persons(id, state, name, section) VALUES (901, 'planned', 'one', 901), (902, 'planned', 'two', 902), "
	    "(903, 'planned', 'three', 903)");
	return 0;
}

static int teardown(void **state)
{
	db_close(w.db);
	ledgers_free(w.all);
	arena_free(w.a);
	return 0;
}

/* The least a ledger's rules ask of a new record. */
static const char *least(const struct ledger *l)
{
	return str_is(l->name, "role-assignments") ? ", role) VALUES ('%.*s', 'ciso')" : ") VALUES ('%.*s')";
}

static void insert_row(const struct ledger *l, struct str state)
{
	char *tail = arena_printf(w.a, least(l), STR_ARG(state));

	sql("INSERT INTO \"%.*s\"(state%s", STR_ARG(l->table), tail);
}

static void fresh(void)
{
	sql("SAVEPOINT s");
}

static void undo(void)
{
	sql("ROLLBACK TO s; RELEASE s");
}

static const char *start_of(const char *ledger)
{
	const struct ledger *l = ledgers_get(w.all, str_from(ledger));

	for (size_t k = 0; k < l->n_states; k++)
		if (l->states[k].start)
			return arena_z(w.a, l->states[k].name);
	return NULL;
}

static void test_every_table_takes_a_row(void **state)
{
	fresh();
	for (size_t i = 0; i < w.all->n; i++) {
		const struct ledger *l = w.all->v[i];

		for (size_t k = 0; k < l->n_states; k++)
			if (l->states[k].start)
				insert_row(l, l->states[k].name);
			else
				refused("state:", "INSERT INTO \"%.*s\"(state) VALUES ('%.*s')", STR_ARG(l->table),
				        STR_ARG(l->states[k].name));
		assert_true(number(arena_printf(w.a, "SELECT count(*) FROM \"%.*s_v\"", STR_ARG(l->table))) > 0);
	}
	undo();
}

/* ---- separation of duties, in every ledger ---- */

/* A record in any state, with person 902 where `who` says. */
static void record_for(const struct ledger *l, struct str state, const struct who *who)
{
	const struct field *f = who->kind == WHO_FIELD ? ledger_field(l, who->name) : NULL;
	struct str column = who->kind == WHO_APPLICANT ? STR("applicant") : who->kind == WHO_OWNER ? STR("owner")
	                    : who->name;

	if (f && f->many) {
		sql("INSERT INTO \"%.*s\"(id, state) VALUES (77, '%.*s')", STR_ARG(l->table), STR_ARG(state));
		sql("INSERT INTO \"%.*s__%.*s\"(record, pos, value) VALUES (77, 0, 902)", STR_ARG(l->table), STR_ARG(f->name));
	} else {
		sql("INSERT INTO \"%.*s\"(id, state, \"%.*s\") VALUES (77, '%.*s', 902)", STR_ARG(l->table), STR_ARG(column),
		    STR_ARG(state));
	}
}

static char *step_sql(const struct ledger *l, const struct action *act, const char *actor, const char *on_behalf)
{
	struct str from = act->from.v[0], to = act->to.n && !act->two_of.n ? act->to : from;

	return arena_printf(w.a, "INSERT INTO \"%.*s_step\"(record, action, actor, on_behalf, at, note, from_state, to_state) VALUES (77, '%.*s', "
	                    "%s, %s, 1, 'because', '%.*s', '%.*s')", STR_ARG(l->table), STR_ARG(act->name), actor, on_behalf, STR_ARG(from),
	                    STR_ARG(to));
}

static void separation_holds(const struct ledger *l, const struct action *act, const struct who *who)
{
	char *word = arena_printf(w.a, "separation: %.*s", STR_ARG(act->name));
	struct err e = { 0 };

	sql("SAVEPOINT s");
	sql("DROP TRIGGER \"%.*s_t_insert\"; DROP TRIGGER IF EXISTS \"%.*s_t_rules_insert\"", STR_ARG(l->table),
	    STR_ARG(l->table));
	record_for(l, act->from.v[0], who);
	refused(word, "%s", step_sql(l, act, "902", "NULL"));
	refused(word, "%s", step_sql(l, act, "901", "902"));
	refused(word, "%s", step_sql(l, act, "902", "901"));
	refused(word, "%s", step_sql(l, act, "NULL", "NULL"));
	/* another person is let through (a rule of the bare record may still speak) */
	if (db_exec(w.db, step_sql(l, act, "903", "NULL"), &e) && !str_starts(str_from(e.text), "rule"))
		fail_msg("%.*s.%.*s: %s", STR_ARG(l->name), STR_ARG(act->name), e.text);
	sql("ROLLBACK TO s");
	/* and so is the same person by a recorded override, once */
	sql("DROP TRIGGER \"%.*s_t_insert\"; DROP TRIGGER IF EXISTS \"%.*s_t_rules_insert\"", STR_ARG(l->table),
	    STR_ARG(l->table));
	record_for(l, act->from.v[0], who);
	sql("INSERT INTO override(ledger, record, action, actor, reason, by, at) VALUES ('%.*s', 77, '%.*s', 902, 'nobody else', 901, 1)",
	    STR_ARG(l->name), STR_ARG(act->name));
	if (db_exec(w.db, step_sql(l, act, "902", "NULL"), &e) && !str_starts(str_from(e.text), "rule"))
		fail_msg("%.*s.%.*s: override: %s", STR_ARG(l->name), STR_ARG(act->name), e.text);
	if (!act->two_of.n && !str_starts(str_from(e.text), "rule"))
		refused(word, "%s", step_sql(l, act, "902", "NULL"));
	sql("ROLLBACK TO s; RELEASE s");
}

static void test_separation_in_every_ledger(void **state)
{
	size_t n = 0;

	for (size_t i = 0; i < w.all->n; i++)
		for (size_t k = 0; k < w.all->v[i]->n_actions; k++) {
			const struct action *act = &w.all->v[i]->actions[k];

			for (size_t x = 0; x < act->not_.n; x++, n++)
				separation_holds(w.all->v[i], act, &act->not_.v[x]);
		}
	assert_true(n >= 112);
}

/* ---- one ledger closely ---- */

#define EXCEPTION                                                                                                     \
	"INSERT INTO exceptions(id, state, applicant, route, reason, created_on) VALUES (1, 'draft', 902, 'ordinary', 'r', "     \
	"'2026-04-01'); INSERT INTO exceptions_step(record, action, actor, at, to_state) VALUES (1, 'create', 902, 1, 'draft');"
#define STEP(action, actor, from, to, note)                                                                           \
	"INSERT INTO exceptions_step(record, action, actor, at, from_state, to_state, note) VALUES (1, '" action "', " actor ", 2, '" \
	from "', '" to "', " note ")"
#define MOVE(to) "UPDATE exceptions SET state = '" to "' WHERE id = 1"

static void test_states_move_only_with_steps(void **state)
{
	fresh();
	sql(EXCEPTION);
	refused("state: it changes only after its step", MOVE("submitted"));
	refused("state: it changes only after its step", MOVE("approved"));
	refused("state: submit does not lead there", STEP("submit", "902", "draft", "approved", "NULL"));
	refused("state: the record is elsewhere", STEP("approve", "901", "submitted", "approved", "NULL"));
	refused("state: no such action", STEP("leap", "901", "draft", "approved", "NULL"));
	refused("state: a record is created once", STEP("create", "902", "draft", "draft", "NULL"));
	refused("reference: no such record",
	        "INSERT INTO exceptions_step(record, action, actor, at) VALUES (5, 'update', 901, 1)");
	sql(STEP("update", "902", "draft", "draft", "NULL"));
	sql(STEP("submit", "902", "draft", "submitted", "NULL"));
	refused("state: it changes only after its step", MOVE("approved"));
	sql(MOVE("submitted"));
	refused("separation: the applicant does not change", "UPDATE exceptions SET applicant = 903 WHERE id = 1");
	refused("note: refuse needs a reason", STEP("refuse", "901", "submitted", "refused", "NULL"));
	refused("note: refuse needs a reason", STEP("refuse", "901", "submitted", "refused", "'  '"));
	refused("separation: refuse: not by applicant", STEP("refuse", "902", "submitted", "refused", "'no'"));
	refused("separation: expire is taken by the system", "UPDATE exceptions SET until = '2026-04-02' WHERE id = 1;"
	        STEP("approve", "901", "submitted", "approved", "NULL") ";" MOVE("approved") ";"
	        STEP("expire", "901", "approved", "expired", "NULL"));
	undo();
}

static void test_ended_records_stay(void **state)
{
	fresh();
	sql(EXCEPTION);
	sql("INSERT INTO exceptions__clauses(record, pos, value) VALUES (1, 0, 'iz.1')");
	sql(STEP("submit", "902", "draft", "submitted", "NULL") ";" MOVE("submitted"));
	sql(STEP("refuse", "901", "submitted", "refused", "'no'") ";" MOVE("refused"));
	refused("kept: a record in an end state", "UPDATE exceptions SET reason = 'better' WHERE id = 1");
	refused("kept: clauses of an ended record", "DELETE FROM exceptions__clauses WHERE record = 1");
	refused("kept: clauses of an ended record",
	        "INSERT INTO exceptions__clauses(record, pos, value) VALUES (1, 1, 'iz.2')");
	refused("kept: clauses of an ended record", "UPDATE exceptions__clauses SET value = 'iz.2' WHERE record = 1");
	refused("kept: a record that has moved on", "DELETE FROM exceptions WHERE id = 1");
	refused("kept: steps do not change", "UPDATE exceptions_step SET actor = 903");
	refused("kept: steps are not deleted", "DELETE FROM exceptions_step");
	refused("state:", MOVE("draft"));
	sql("UPDATE exceptions SET updated_at = 5, version = version + 1 WHERE id = 1");
	undo();
	/* a draft that nobody has acted on may go; its steps stay */
	fresh();
	sql(EXCEPTION "DELETE FROM exceptions WHERE id = 1");
	assert_int_equal(number("SELECT count(*) FROM exceptions_step WHERE record = 1"), 1);
	undo();
}

static void test_log_and_overrides_stay(void **state)
{
	fresh();
	sql("INSERT INTO record_log(seq, ledger, record, version, at, actor, action, salt, change) "
	    "VALUES (1, 'exceptions', 1, 1, 1, 902, 'record.create', x'00', '[]')");
	sql("INSERT INTO override(ledger, record, action, actor, reason, by, at) VALUES ('exceptions', 1, 'approve', 902, 'x', 901, 1)");
	refused("record_log: entries cannot be deleted", "DELETE FROM record_log");
	refused("record_log: entries cannot be changed", "UPDATE record_log SET actor = 903");
	refused("record_log: entries cannot be changed", "UPDATE record_log SET change = NULL, salt = NULL");
	sql("UPDATE record_log SET change = NULL, salt = NULL, erased_at = 9, erased_by = 901, erased_reason = 'asked for'");
	refused("record_log: entries cannot be changed", "UPDATE record_log SET erased_at = 10, erased_reason = 'again'");
	refused("override: entries cannot be deleted", "DELETE FROM override");
	refused("override: entries cannot be changed", "UPDATE override SET actor = 903");
	refused("CHECK constraint failed",
	        "INSERT INTO override(ledger, record, action, actor, reason, by, at) VALUES ('x', 1, 'y', 1, ' ', 1, 1)");
	undo();
}

static void test_values(void **state)
{
	fresh();
	sql(EXCEPTION "INSERT INTO risks(id, state) VALUES (5, '%s'); INSERT INTO devices(id, state) VALUES (6, '%s')",
	    start_of("risks"), start_of("devices"));
	refused("choice: route: no such code", "UPDATE exceptions SET route = 'scenic' WHERE id = 1");
	refused("choice: route: no such code", "INSERT INTO exceptions(state, route) VALUES ('draft', 'scenic')");
	refused("CHECK constraint failed", "UPDATE exceptions SET subject = '' WHERE id = 1");
	refused("CHECK constraint failed", "UPDATE exceptions SET until = '1 April' WHERE id = 1");
	refused("CHECK constraint failed", "UPDATE exceptions SET all_subjects = 2 WHERE id = 1");
	refused("cannot store TEXT", "UPDATE exceptions SET risk = 'five' WHERE id = 1");
	refused("reference: subjects: no such record", "INSERT INTO exceptions__subjects VALUES (1, 0, 6, 'risks')");
	refused("reference: subjects: no such record", "INSERT INTO exceptions__subjects VALUES (1, 0, 7, 'devices')");
	refused("reference: subjects: a record and its ledger",
	        "INSERT INTO exceptions__subjects(record, pos, value) VALUES (1, 0, 6)");
	sql("INSERT INTO exceptions__subjects VALUES (1, 0, 6, 'devices')");
	refused("FOREIGN KEY", "UPDATE exceptions SET risk = 99 WHERE id = 1");
	refused("UNIQUE", "INSERT INTO persons(state, staff_no) VALUES ('planned', '7'), ('planned', '7')");
	undo();
}

static void test_rules(void **state)
{
	fresh();
	sql(EXCEPTION);
	refused("rule 1: The end date must not precede",
	        "UPDATE exceptions SET valid_from = '2026-05-01', until = '2026-04-30' WHERE id = 1");
	refused("rule 2:", "UPDATE exceptions SET valid_from = '2026-03-31' WHERE id = 1");
	sql("UPDATE exceptions SET valid_from = '2026-05-01', until = '2026-05-01' WHERE id = 1");
	/* a rule on lists is judged when the change is complete */
	sql("INSERT INTO remote_access(id, state, via_internet) VALUES (77, '%s', 1)", start_of("remote-access"));
	refused("rule 4: Internet access needs two factors", "INSERT INTO remote_access_step(record, action, actor, at, to_state) SELECT 77, 'create', 902, 1, state "
	        "FROM remote_access WHERE id = 77");
	sql("INSERT INTO remote_access__factors(record, pos, value) SELECT 77, 0, 'possession' UNION ALL SELECT 77, 1, 'knowledge'");
	sql("INSERT INTO remote_access_step(record, action, actor, at, to_state) SELECT 77, 'create', 902, 1, state FROM remote_access WHERE id = 77");
	undo();
}

static void test_two_of(void **state)
{
#define SECRET(actor, behalf, to)                                                                                      \
	"INSERT INTO disposals_step(record, action, actor, on_behalf, at, from_state, to_state) VALUES (1, 'approve-secret', " actor   \
	", " behalf ", 1, 'submitted', '" to "')"
	fresh();
	sql("INSERT INTO disposals(id, state, applicant) VALUES (1, 'draft', 901);"
	    "INSERT INTO disposals_step(record, action, actor, at, from_state, to_state) VALUES (1, 'submit', 901, 1, 'draft', 'submitted');"
	    "UPDATE disposals SET state = 'submitted' WHERE id = 1");
	refused("separation: approve-secret needs two persons", SECRET("902", "NULL", "approved"));
	refused("separation: approve-secret: not by applicant", SECRET("901", "NULL", "submitted"));
	sql(SECRET("902", "NULL", "submitted"));
	refused("separation: approve-secret needs two different", SECRET("902", "NULL", "approved"));
	refused("separation: approve-secret needs two different", SECRET("903", "902", "approved"));
	refused("separation: approve-secret needs two different", SECRET("902", "903", "approved"));
	/* an edit after the first approval voids it */
	fresh();
	sql("INSERT INTO disposals_step(record, action, actor, at, from_state, to_state) VALUES (1, 'update', 901, 1, 'submitted', 'submitted')");
	refused("separation: approve-secret needs two persons", SECRET("903", "NULL", "approved"));
	sql("ROLLBACK TO s; RELEASE s");
	sql(SECRET("903", "NULL", "approved") "; UPDATE disposals SET state = 'approved' WHERE id = 1");
	undo();
#undef SECRET
}

static void test_auditor_apart(void **state)
{
#define CREATE "INSERT INTO audits_step(record, action, actor, at, to_state) VALUES (1, 'create', 901, 1, 'preparing')"
#define AUDITOR(person, reason)                                                                                        \
	"DELETE FROM audits__auditors; INSERT INTO audits__auditors(record, pos, person, unavoidable_reason) VALUES (1, 0, " person ", " reason ");"
	fresh();
	sql("INSERT INTO audits(id, state, kind) VALUES (1, 'preparing', 'audit'); INSERT INTO audits__sections VALUES (1, 0, 902)");
	refused("separation: auditors.person belongs to sections", AUDITOR("902", "NULL") CREATE);
	sql("SAVEPOINT t; " AUDITOR("903", "NULL") CREATE "; ROLLBACK TO t");
	sql(AUDITOR("902", "'only one qualified'") CREATE "; ROLLBACK TO t");
	/* a unit below the audited one is the audited one; the section of an audited system counts as well */
	sql("UPDATE audits__sections SET value = 901");
	refused("separation: auditors.person belongs to sections", AUDITOR("903", "NULL") CREATE);
	sql("ROLLBACK TO t; DELETE FROM audits__sections; INSERT INTO information_systems(id, state, section) VALUES (8, '%s', 903);"
	    "INSERT INTO audits__systems VALUES (1, 0, 8); SAVEPOINT t", start_of("information-systems"));
	refused("separation: auditors.person belongs to systems.section", AUDITOR("903", "NULL") CREATE);
	/* whoever belongs to the section audited takes no auditor's action */
	sql("ROLLBACK TO t; DELETE FROM audits__systems; INSERT INTO audits__sections VALUES (1, 0, 902); " AUDITOR("903",
	        "NULL") CREATE);
	refused("separation: actor belongs to sections", "INSERT INTO audits_step(record, action, actor, at, from_state, to_state) VALUES "
	        "(1, 'begin', 902, 1, 'preparing', 'running')");
	sql("INSERT INTO override(ledger, record, action, actor, reason, by, at) VALUES ('audits', 1, 'begin', 902, 'ill', 901, 1)");
	sql("INSERT INTO audits_step(record, action, actor, at, from_state, to_state) VALUES (1, 'begin', 902, 1, 'preparing', 'running')");
	undo();
#undef CREATE
#undef AUDITOR
}

/* ---- expressions ---- */

static bool truth(const char *ledger, const char *expr)
{
	struct err e = { 0 };
	bool yes = false;

	must(ledger_expr_true(w.db, ledgers_get(w.all, str_from(ledger)), str_from(expr), 1, STR("2026-11-20"), 1000, &yes,
	                      &e), &e);
	return yes;
}

static void test_expressions(void **state)
{
	fresh();
	sql("INSERT INTO web_meetings(id, state, class_c) VALUES (1, 'draft', '3B');"
	    "INSERT INTO disposals(id, state, way_out) VALUES (1, 'draft', 'before');"
	    "INSERT INTO information_assets(id, state, class_c, class_i, class_a, personal, origin) VALUES (1, '%s', '3A', '2', '1', 1, "
	    "'internal')", start_of("information-assets"));
	assert_false(truth("web-meetings", "side = 'host'"));           /* NULL is false */
	assert_false(truth("web-meetings", "side <> 'host'"));
	assert_true(truth("web-meetings", "today = '2026-11-20' and now = 1000"));
	assert_true(truth("web-meetings", "level(class_c) > 3.1 and level(class_c) < 3.3"));
	assert_true(truth("web-meetings", "settings is null and not answered(settings) and rows_in(settings) = 0"));
	sql("INSERT INTO web_meetings__settings(record, item, answer) VALUES (1, 'passcode', 'yes'), (1, 'locked', 'no')");
	assert_true(truth("web-meetings", "ticked(settings, 'passcode') and not ticked(settings, 'locked')"));
	assert_false(truth("web-meetings", "answered(settings)"));      /* the other items have no answer */
	sql("INSERT INTO web_meetings__settings(record, item, answer) VALUES (1, 'waiting-room', 'na'), (1, 'invited-only', 'yes'), "
	    "(1, 'sharing', 'yes'), (1, 'surroundings', 'yes')");
	assert_true(truth("web-meetings", "answered(settings) and not passed(settings)"));
	sql("UPDATE web_meetings__settings SET answer = 'yes' WHERE item = 'locked'");
	assert_true(truth("web-meetings", "passed(settings)"));
	sql("INSERT INTO web_meetings__participant_kinds VALUES (1, 0, 'own'), (1, 1, 'residents')");
	assert_true(truth("web-meetings",
	                  "has(participant_kinds, 'residents') and not has(participant_kinds, 'contractor')"));
	sql("UPDATE web_meetings SET held_from = 1763996400000000");    /* 2025-11-25 00:00 in Tokyo */
	assert_true(truth("web-meetings", "day(held_from) = '2025-11-25'"));

	assert_false(truth("disposals", "mynumber"));
	sql("INSERT INTO disposals__items(record, pos, serial, level, mynumber) VALUES (1, 0, 'a', '2', 0), (1, 1, 'b', '3B', 1), (1, 2, 'c', '3C', 0)");
	assert_true(truth("disposals", "top_level = '3B' and level(top_level) >= 3 and mynumber"));
	assert_true(truth("disposals", "rows_in(items) = 3"));

	assert_true(truth("information-assets", "floor_c is null and asset_value = 3"));
	sql("UPDATE information_assets SET resident_file = 1 WHERE id = 1");
	assert_true(truth("information-assets", "floor_c = '3B'"));
	sql("UPDATE information_assets SET secret_grade = 'secret' WHERE id = 1");
	assert_true(truth("information-assets", "floor_c = '3A'"));
	/* through a reference, and a computed field of the other ledger */
	sql("INSERT INTO risks(id, state) VALUES (1, '%s')", start_of("risks"));
	assert_true(truth("risks", "asset_value is null"));
	sql("INSERT INTO risks__assets(record, pos, value) VALUES (1, 0, 1)");
	assert_true(truth("risks", "asset_value = 3"));
	undo();
}

static void test_expressions_are_fenced(void **state)
{
	static const char *const bad[] = {
		"(SELECT 1)", "id = 1; DROP TABLE exceptions", "id -- x", "random()", "sqlite_version()", "\"id\" = 1", "id = ?1", "persons.name",
		"load_extension('x')", "state = 'flying'", "highest(reason, 'x')", "raise(abort, 'x')", "id = 'x", "today_()",
	};
	const struct ledger *l = ledgers_get(w.all, STR("exceptions"));

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = { 0 };

		if (!ledger_expr_check(w.db, l, str_from(bad[i]), &e))
			fail_msg("accepted: %s", bad[i]);
	}
	for (size_t i = 0; i < w.all->n; i++)
		for (size_t k = 0; k < w.all->v[i]->n_exprs; k++) {
			const struct expr *x = &w.all->v[i]->exprs[k];
			struct err e = { 0 };

			if (!x->on.p && !x->row)
				must(ledger_expr_check(w.db, w.all->v[i], x->text, &e), &e);
		}
}

static void test_no_such_record(void **state)
{
	struct err e = { 0 };
	bool yes;

	assert_int_equal(ledger_expr_true(w.db, ledgers_get(w.all, STR("risks")), STR("id = 1"), 4711, STR("2026-11-20"), 0,
	                                  &yes, &e),
	                 ERR_NOTFOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_table_takes_a_row),
		cmocka_unit_test(test_separation_in_every_ledger),
		cmocka_unit_test(test_states_move_only_with_steps),
		cmocka_unit_test(test_ended_records_stay),
		cmocka_unit_test(test_log_and_overrides_stay),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_two_of),
		cmocka_unit_test(test_auditor_apart),
		cmocka_unit_test(test_expressions),
		cmocka_unit_test(test_expressions_are_fenced),
		cmocka_unit_test(test_no_such_record),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

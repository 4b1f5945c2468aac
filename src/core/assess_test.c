/* Judging itself, over checks made for the test: their verdicts are what the field `work` of a person says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/assess_int.h"
#include "core/ledger_sql.h"
#include "core/standard.h"
#include "core/store.h"
#include "lib/date.h"
#include "lib/file.h"
#include "queries.h"

#define BODY "SELECT p.id AS subject_id, p.section, p.title, coalesce(p.work_place, 'open') AS part, p.work AS verdict, NULL AS due_at\n" \
             "FROM persons p WHERE p.state = 'active'\n"
#define REASONS "-- reason: idle | {1} 日使われていません | Unused for {1} days\n-- affects: persons = SELECT :id\n"

static const struct {
	const char *control, *sql;
} own_checks[] = {
	{"account.unused", "-- control: account.unused\n-- subject: persons\n-- part: open\n" REASONS BODY},
	{"workflow.exception", "-- control: workflow.exception\n-- subject: exceptions\n-- part: expired\n-- part: seal\n-- later: urgent\n"
	 "-- reason: idle | x | x\n-- affects: exceptions = SELECT :id\n"
	 "SELECT x.id AS subject_id, 0 AS section, x.title, 'expired' AS part, x.conditions AS verdict, NULL AS due_at FROM exceptions x"},
	{"workflow.delegation", "-- control: workflow.delegation\n-- subject: persons\n-- part: approved\n-- part: in-force\n" REASONS
	 "SELECT p.id AS subject_id, p.section, p.title, 'approved' AS part, p.work AS verdict, NULL AS due_at FROM persons p WHERE p.id = 3"},
	{"zone.systems-placed", "-- control: zone.systems-placed\n-- subject: persons\n-- part: terminals\n" REASONS
	 "SELECT p.id AS subject_id, p.section, p.title, 'terminals' AS part, p.work AS verdict, NULL AS due_at FROM persons p WHERE p.id = 3"},
};

struct fixture {
	struct db *db;
	struct ledgers *ledgers;
	struct checks *checks;
	struct world w;
	char today[DATE_TEXT], dir[40];
	struct arena *a;
};

static void day(struct fixture *f, const char *date)
{
	struct date d;

	assert_int_equal(date_parse(str_from(date), &d), 0);
	date_format(d, f->today);
	f->w.today = str_from(f->today);
	f->w.now = date_to_instant(d, 12, 0);
}

static void run_sql(struct fixture *f, const char *sql)
{
	struct err e = {0};

	if (db_exec(f->db, sql, &e))
		fail_msg("%s: %s", sql, e.text);
}

static void judge_all(struct fixture *f)
{
	struct err e = {0};

	if (assess_all(&f->w, f->checks, &e))
		fail_msg("%s: %s", e.file, e.text);
}

static const char *text(struct fixture *f, const char *sql)
{
	struct stmt *s = db_sql(f->db, sql);
	const char *v = "";

	if (!s)
		fail_msg("%s: %s", sql, db_error(f->db));
	if (step(s) == 1)
		v = arena_z(f->a, col_null(s, 0) ? STR("null") : col_dup(s, 0, f->a));
	stmt_done(s);
	return v;
}

static void person(struct fixture *f, int id, const char *verdict)
{
	run_sql(f, arena_printf(f->a, "INSERT INTO persons(id, number, title, state, name, person_type, section, source, started_on, in_scope, pledge, work, "
	                        "created_at, created_on, created_by, updated_at, updated_by, version) VALUES (%d, 'p%d', 'P%d', 'active', 'P', 'regular', "
	                        "%d, 'manual', '2020-04-01', 1, 'pending', %s%s%s, 0, '2020-04-01', 0, 0, 0, 1)", id, id, id, 1 + id % 2,
	                        verdict ? "'" : "", verdict ? verdict : "NULL", verdict ? "'" : ""));
}

static int loaded(void **state)
{
	struct fixture *f = xcalloc(1, sizeof *f);
	struct err e = {0};
	int rc;

	f->a = arena_new(64u << 20);
	assert_int_equal(date_zone_open(NULL), 0);
	snprintf(f->dir, sizeof f->dir, "/tmp/sekisho-assess-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	for (size_t i = 0; i < ARRAY_LEN(own_checks); i++) {
		FILE *out = fopen(arena_printf(f->a, "%s/%s.sql", f->dir, own_checks[i].control), "w");

		assert_non_null(out);
		fputs(own_checks[i].sql, out);
		fclose(out);
	}
	rc = db_open(":memory:", DB_CREATE, &f->db, &e);
	if (!rc)
		rc = store_schema(f->db, &e);
	if (!rc)
		rc = ledgers_load("ledgers", NULL, &f->ledgers, &e);
	if (!rc)
		rc = ledgers_migrate(f->db, f->ledgers, &e);
	if (!rc)
		rc = standards_load(f->db, ".", &e);
	if (!rc)
		rc = standard_use(f->db, STR("iizuka"), &e);
	if (!rc)
		rc = checks_load(f->db, f->dir, &f->checks, &e);
	if (rc)
		fail_msg("%s:%d %s", e.file, e.line, e.text);
	run_sql(f, "PRAGMA foreign_keys=OFF");
	/* The states below are written as they are: the guards of the tables are tested elsewhere. */
	for (;;) {
		const char *name = text(f, "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND (name LIKE 'exceptions%' OR name LIKE 'persons%')");

		if (!*name)
			break;
		run_sql(f, arena_printf(f->a, "DROP TRIGGER \"%s\"", name));
	}
	f->w = (struct world){.db = f->db, .ledgers = f->ledgers};
	day(f, "2026-11-20");
	*state = f;
	return 0;
}

static int unloaded(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(own_checks); i++)
		unlink(arena_printf(f->a, "%s/%s.sql", f->dir, own_checks[i].control));
	rmdir(f->dir);
	checks_free(f->checks);
	ledgers_free(f->ledgers);
	db_close(f->db);
	arena_free(f->a);
	free(f);
	return 0;
}

/* Every test begins with the empty folder. */
static int setup(void **state)
{
	struct fixture *f = *state;
	struct err e = {0};

	day(f, "2026-11-20");
	return db_begin(f->db, &e);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	db_rollback(f->db);
	return 0;
}

static const char *control(struct fixture *f, const char *id, const char *part)
{
	return text(f, arena_printf(f->a, "SELECT status FROM control_status WHERE control = '%s' AND part = '%s'", id, part));
}

static const char *clause(struct fixture *f, const char *id)
{
	return text(f, arena_printf(f->a, "SELECT status FROM clause_status WHERE clause = '%s'", id));
}

static const char *finding(struct fixture *f, int id)
{
	return text(f, arena_printf(f->a, "SELECT status FROM finding WHERE control = 'account.unused' AND subject_id = '%d'", id));
}

/* On an empty folder nothing is met except "0 events". */
static void empty_folder(void **state)
{
	struct fixture *f = *state;

	judge_all(f);
	assert_string_equal(control(f, "account.unused", ""), "unknown");
	assert_string_equal(control(f, "workflow.exception", "expired"), "met");
	assert_string_equal(control(f, "workflow.exception", "urgent"), "unknown");
	assert_string_equal(control(f, "workflow.exception", ""), "unknown");
	assert_string_equal(control(f, "org.roles-filled", ""), "unknown");
	assert_string_equal(text(f, "SELECT count(*) FROM clause_status WHERE status = 'met' AND clause NOT IN ('iz.2.1.5')"), "0");
	assert_string_equal(text(f, "SELECT count(*) FROM clause_status"), "643");
	assert_string_equal(text(f, "SELECT count(*) FROM clause_span WHERE to_at IS NULL"), "643");
	run_sql(f, "INSERT INTO declaration(control, text, by, at) VALUES ('account.unused', 'none', 1, 1)");
	judge_all(f);
	assert_string_equal(control(f, "account.unused", ""), "not_applicable");
	run_sql(f, "UPDATE declaration SET until_on = '2026-11-19'");
	judge_all(f);
	assert_string_equal(control(f, "account.unused", ""), "unknown");
}

static void counts_by_section_and_status(void **state)
{
	struct fixture *f = *state;

	person(f, 1, NULL);
	person(f, 2, NULL);
	person(f, 3, "idle|90");
	person(f, 4, "due idle|80");
	person(f, 5, "unknown idle|0");
	judge_all(f);
	assert_string_equal(text(f, "SELECT n FROM finding_count WHERE control = 'account.unused' AND part = 'open' AND status = 'met' AND section = 1"), "1");
	assert_string_equal(text(f, "SELECT sum(n) FROM finding_count WHERE control = 'account.unused' AND part = ''"), "5");
	assert_string_equal(text(f, "SELECT met || '/' || total FROM control_status WHERE control = 'account.unused' AND part = ''"), "2/5");
	assert_string_equal(text(f, "SELECT count(*) FROM finding WHERE control = 'account.unused'"), "3");
	assert_string_equal(text(f, "SELECT status FROM finding WHERE subject_id = '4' AND control = 'account.unused'"), "due");
}

/* target=98%;grace=10wd */
static void grace_and_target(void **state)
{
	struct fixture *f = *state;

	for (int i = 1; i <= 100; i++)
		person(f, i, NULL);
	run_sql(f, "UPDATE persons SET work = 'idle|90' WHERE id IN (3, 4)");
	judge_all(f);
	assert_string_equal(finding(f, 3), "in_progress");
	assert_string_equal(control(f, "account.unused", "open"), "in_progress");
	run_sql(f, "UPDATE persons SET work = 'idle|90' WHERE id = 5");
	judge_all(f);
	assert_string_equal(finding(f, 5), "in_progress");
	assert_string_equal(control(f, "account.unused", "open"), "not_met"); /* 97 % */
	run_sql(f, "UPDATE persons SET work = NULL WHERE id IN (4, 5)");
	day(f, "2026-12-04");
	judge_all(f);
	assert_string_equal(finding(f, 3), "in_progress"); /* the tenth working day */
	day(f, "2026-12-07");
	judge_all(f);
	assert_string_equal(finding(f, 3), "not_met");
	run_sql(f, "UPDATE persons SET work = NULL WHERE id = 3; UPDATE persons SET work = 'not_met! idle|90' WHERE id = 6");
	judge_all(f);
	assert_string_equal(finding(f, 3), "");
	assert_string_equal(finding(f, 6), "not_met"); /* the highest class has no grace */
}

static void exception_row(struct fixture *f, const char *more)
{
	run_sql(f, arena_printf(f->a, "DELETE FROM exceptions; DELETE FROM exceptions__controls_waived; DELETE FROM exceptions__subjects;"
	        "INSERT INTO exceptions(id, number, title, state, subject, section, route, reason, work_need, alternative, residual_risk, way_back, "
	        "valid_from, until, seal, seal_broken, all_subjects, created_at, created_on, created_by, updated_at, updated_by, version) VALUES "
	        "(1, 'x', 'x', 'approved', 'x', 1, 'ordinary', 'r', 'w', 'a', 'r', 'b', '2026-11-01', '2026-11-30', 'h', 0, 0, 0, '2026-11-01', 0, 0, 0, 1);"
	        "INSERT INTO exceptions__controls_waived(record, pos, value) VALUES (1, 0, 'account.unused');"
	        "INSERT INTO exceptions__subjects(record, pos, value, value_kind) VALUES (1, 0, 3, 'persons');%s", more));
}

static void exceptions_cover_while_they_hold(void **state)
{
	static const struct {
		const char *more, *expect;
	} rows[] = {
		{"", "excepted"},
		{"UPDATE exceptions SET seal_broken = 1", "in_progress"},
		{"UPDATE exceptions SET until = '2026-11-19'", "in_progress"},
		{"UPDATE exceptions SET until = '2026-11-20'", "excepted"},
		{"UPDATE exceptions SET valid_from = '2026-11-21'", "in_progress"},
		{"UPDATE exceptions SET state = 'submitted'", "in_progress"},
		{"UPDATE exceptions__subjects SET value = 4", "in_progress"},
		{"UPDATE exceptions__subjects SET value_kind = 'devices'", "in_progress"},
		{"UPDATE exceptions__controls_waived SET value = 'account.mfa'", "in_progress"},
		{"UPDATE exceptions SET all_subjects = 1; DELETE FROM exceptions__subjects", "excepted"},
	};
	struct fixture *f = *state;
	struct err e = {0};

	person(f, 3, "idle|90");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		exception_row(f, rows[i].more);
		judge_all(f);
		if (strcmp(finding(f, 3), rows[i].expect))
			fail_msg("%s: %s", rows[i].more, finding(f, 3));
	}
	/* The change of the exception alone is enough, and its end on the day. */
	exception_row(f, "");
	assert_int_equal(assess_change(&f->w, f->checks, STR("exceptions"), 1, &e), 0);
	assert_string_equal(finding(f, 3), "excepted");
	assert_string_equal(control(f, "account.unused", ""), "excepted");
	assert_string_equal(text(f, "SELECT exception FROM finding WHERE control = 'account.unused'"), "1");
	run_sql(f, "UPDATE exceptions SET seal_broken = 1; DELETE FROM exceptions__controls_waived");
	assert_int_equal(assess_change(&f->w, f->checks, STR("exceptions"), 1, &e), 0);
	assert_string_equal(finding(f, 3), "in_progress");
	exception_row(f, "");
	judge_all(f);
	day(f, "2026-12-01");
	judge_all(f);
	assert_string_equal(finding(f, 3), "in_progress");
}

static void strength_and_roll_up(void **state)
{
	struct fixture *f = *state;

	person(f, 3, "idle|90");
	judge_all(f);
	assert_string_equal(control(f, "workflow.delegation", "approved"), "not_met");
	assert_string_equal(control(f, "workflow.delegation", "in-force"), "met"); /* 0 events */
	assert_string_equal(clause(f, "iz.2.1.5"), "met"); /* may: one part fails, the other is met */
	assert_string_equal(clause(f, "iz.7.2.1.3.c"), "not_met");
	assert_string_equal(clause(f, "iz.4.1.2.a.s2"), "deviation"); /* desirable */
	assert_string_equal(clause(f, "iz.7.5.3"), "unknown");
	run_sql(f, "UPDATE persons SET work = NULL");
	judge_all(f);
	assert_string_equal(clause(f, "iz.7.2.1.3.c"), "unknown"); /* another control of it has no check */
	assert_string_equal(clause(f, "iz.4.1.2.a.s2"), "met");
}

static void parents_are_no_better_than_children(void **state)
{
	struct fixture *f = *state;

	run_sql(f, "DELETE FROM binding; INSERT INTO binding(clause, control, part) VALUES ('iz.2.10.1', 'workflow.delegation', 'in-force'),"
	           "('iz.2.10.1.1', 'workflow.delegation', 'in-force'), ('iz.2.10.1.2', 'workflow.delegation', 'approved'),"
	           "('iz.2.10.1.3', 'workflow.delegation', 'in-force'), ('iz.2.10.2', 'workflow.delegation', 'in-force')");
	person(f, 3, "idle|90");
	judge_all(f);
	assert_string_equal(clause(f, "iz.2.10.1.2"), "not_met");
	assert_string_equal(clause(f, "iz.2.10.1.1"), "met");
	assert_string_equal(clause(f, "iz.2.10.1"), "not_met");
	assert_string_equal(clause(f, "iz.2.10.2"), "met");
	run_sql(f, "INSERT INTO clause_model(clause, model) VALUES ('iz.2.10.1.2', 'beta')");
	judge_all(f);
	assert_string_equal(clause(f, "iz.2.10.1.2"), "not_applicable");
	assert_string_equal(clause(f, "iz.2.10.1"), "met");
	run_sql(f, "INSERT INTO setting(name, value, set_at) VALUES ('network_model', 'beta', 1)");
	judge_all(f);
	assert_string_equal(clause(f, "iz.2.10.1.2"), "not_met");
}

static void planned_until_it_starts(void **state)
{
	struct fixture *f = *state;

	person(f, 3, "not_met! idle|90");
	run_sql(f, "INSERT INTO control_setting(control, starts_on, set_at) VALUES ('account.unused', '2026-11-21', 1)");
	judge_all(f);
	assert_string_equal(control(f, "account.unused", ""), "planned");
	day(f, "2026-11-21");
	judge_all(f);
	assert_string_equal(control(f, "account.unused", ""), "not_met");
}

static void the_past_is_read_from_spans(void **state)
{
	struct fixture *f = *state;
	struct err e = {0};
	struct buf out;

	person(f, 3, NULL);
	judge_all(f);
	day(f, "2026-11-23");
	run_sql(f, "UPDATE persons SET work = 'not_met! idle|90'");
	judge_all(f);
	day(f, "2026-11-25");
	run_sql(f, "UPDATE persons SET work = 'not_met! idle|92'");
	judge_all(f);
	day(f, "2026-11-26");
	run_sql(f, "UPDATE persons SET work = NULL");
	judge_all(f);
	static const struct {
		const char *as_of, *has;
	} rows[] = {
		{"2026-11-19", "{\"id\":\"account.unused\",\"part\":null,\"status\":\"unknown\""},
		{"2026-11-20", "\"status\":\"met\",\"reason\":null,\"met\":1,\"total\":1,\"subjects\":[]"},
		{"2026-11-22", "\"status\":\"met\",\"reason\":null,\"met\":1,\"total\":1,\"subjects\":[]"},
		{"2026-11-23", "\"subjects\":[{\"id\":\"3\",\"title\":\"P3\",\"status\":\"not_met\",\"part\":\"open\",\"reason\":\"90 日使われていません\""},
		{"2026-11-24", "\"reason\":\"90 日使われていません\""},
		{"2026-11-25", "\"reason\":\"92 日使われていません\""},
		{"2026-11-26", "\"status\":\"met\",\"reason\":null,\"met\":1,\"total\":1,\"subjects\":[]"},
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		buf_init(&out, 1 << 20);
		if (assess_status_json(&f->w, str_from(rows[i].as_of), STR("account.unused"), STR_NONE, &out, &e))
			fail_msg("%s", e.text);
		if (!strstr(buf_z(&out), rows[i].has))
			fail_msg("%s: %s", rows[i].as_of, buf_z(&out));
		buf_release(&out);
	}
	buf_init(&out, 1 << 20);
	assert_int_equal(assess_status_json(&f->w, STR("2026-11-27"), STR_NONE, STR_NONE, &out, &e), ERR_RANGE);
	assert_int_equal(assess_status_json(&f->w, STR("26-11-27"), STR_NONE, STR_NONE, &out, &e), ERR_SYNTAX);
	assert_int_equal(assess_status_json(&f->w, STR_NONE, STR_NONE, STR("iz.0"), &out, &e), ERR_NOTFOUND);
	buf_clear(&out);
	assert_int_equal(assess_status_text(&f->w, STR_NONE, STR_NONE, STR("iz.7.2.1.2.c"), &out, &e), 0);
	assert_non_null(strstr(buf_z(&out), "account.unused  met  1/1"));
	buf_release(&out);
	assert_string_equal(text(f, "SELECT count(*) FROM finding_span WHERE control = 'account.unused'"), "2");
}

/* A change of a clause is an event; judging again without a change is none. */
static void changes_are_events(void **state)
{
	struct fixture *f = *state;
	const char *before;

	person(f, 3, NULL);
	judge_all(f);
	before = text(f, "SELECT count(*) FROM outbox");
	judge_all(f);
	assert_string_equal(text(f, "SELECT count(*) FROM outbox"), before);
	run_sql(f, "UPDATE persons SET work = 'idle|9'");
	judge_all(f);
	assert_string_not_equal(text(f, "SELECT count(*) FROM outbox"), before);
	assert_non_null(strstr(text(f, "SELECT CAST(body AS TEXT) FROM outbox ORDER BY seq DESC LIMIT 1"), "clause.status"));
}

/* Above ASSESS_WHOLE_MAX subjects a change is judged by subject, and the job recounts. */
static void many_subjects(void **state)
{
	struct fixture *f = *state;
	struct err e = {0};
	int64_t n;

	run_sql(f, "INSERT INTO persons(id, number, title, state, name, person_type, section, source, started_on, in_scope, pledge, created_at, created_on, "
	           "created_by, updated_at, updated_by, version) WITH RECURSIVE c(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM c WHERE i < 2500) "
	           "SELECT i, 'p' || i, 'P' || i, 'active', 'P', 'regular', 1, 'manual', '2020-04-01', 1, 'pending', 0, '2020-04-01', 0, 0, 0, 1 FROM c");
	judge_all(f);
	run_sql(f, "UPDATE persons SET work = 'idle|9' WHERE id = 77");
	assert_int_equal(assess_change(&f->w, f->checks, STR("persons"), 77, &e), 0);
	assert_string_equal(finding(f, 77), "in_progress");
	assert_string_equal(control(f, "account.unused", ""), "in_progress");
	assert_string_equal(clause(f, "iz.7.2.1.2.c"), "unknown"); /* account.leaver-closed has no check here */
	assert_string_equal(text(f, "SELECT count(*) FROM job WHERE kind = 'assess' AND args = 'account.unused' AND state = 'waiting'"), "1");
	assert_string_equal(text(f, "SELECT n FROM finding_count WHERE control = 'account.unused' AND part = 'open' AND status = 'met'"), "2499");
	run_sql(f, "UPDATE persons SET work = NULL WHERE id = 77");
	assert_int_equal(assess_change(&f->w, f->checks, STR("persons"), 77, &e), 0);
	assert_string_equal(control(f, "account.unused", ""), "met");
	assert_string_equal(text(f, "SELECT met || '/' || total FROM control_status WHERE control = 'account.unused' AND part = ''"), "2500/2500");
	run_sql(f, "UPDATE persons SET work = 'idle|9' WHERE id = 77");
	assert_int_equal(assess_change(&f->w, f->checks, STR("persons"), 77, &e), 0);
	run_sql(f, "UPDATE persons SET state = 'left' WHERE id = 77");
	assert_int_equal(assess_change(&f->w, f->checks, STR("persons"), 77, &e), 0);
	assert_string_equal(finding(f, 77), "");
	assert_int_equal(assess_jobs(&f->w, f->checks, &n, &e), 0);
	assert_int_equal(n, 1);
	assert_string_equal(text(f, "SELECT met || '/' || total FROM control_status WHERE control = 'account.unused' AND part = ''"), "2499/2499");
	assert_int_equal(assess_change(&f->w, f->checks, STR("persons__movements"), 1, &e), 0);
	assert_int_equal(assess_change(&f->w, f->checks, STR("parameter"), 1, &e), 1);
}

/* --- headers of checks --------------------------------------------------------------------------------------------------------- */

/* Findings that take more room than there is are an error with the name of the control, never half a result. */
static void more_findings_than_room(void **state)
{
	struct fixture *f = *state;
	struct err e = {0};

	for (int i = 0; i < 2000; i++)
		person(f, 1000 + i, i % 2 ? "idle|90" : NULL);
	judge_arena_max = 100000;
	assert_int_equal(assess_all(&f->w, f->checks, &e), ERR_TOOBIG);
	assert_non_null(strstr(e.text, "account.unused"));
	assert_string_equal(text(f, "SELECT count(*) FROM finding WHERE control = 'account.unused'"), "0");
	for (size_t max = 4096; max < 1u << 20; max += 4096) { /* wherever it ends */
		judge_arena_max = max;
		run_sql(f, "SAVEPOINT s");
		if (assess_all(&f->w, f->checks, &e) != ERR_TOOBIG)
			assert_string_equal(text(f, "SELECT count(*) FROM finding WHERE control = 'account.unused' AND reason = 'idle|90'"), "1000");
		run_sql(f, "ROLLBACK TO s; RELEASE s");
	}
	judge_arena_max = JUDGE_ARENA_MAX;
	judge_all(f);
	assert_string_equal(text(f, "SELECT count(*) FROM finding WHERE control = 'account.unused'"), "1000");
}

static void faults_of_checks(void **state)
{
	static const struct {
		const char *sql, *says;
		int line;
	} rows[] = {
		{"SELECT 1", "required", 1},
		{"-- control: a\n-- subject: b\nSELECT 1", "part", 1},
		{"-- control: a\n-- subject: b\n-- part: p\n", "no SELECT", 1},
		{"-- control: a\n-- subjekt: b\n-- part: p\nSELECT 1", "unknown header", 2},
		{"-- control: a\n-- subject: b\n-- part: p\n-- reason: x\nSELECT 1", "KEY", 4},
		{"-- control: a\n-- subject: b\n-- part: p\n-- empty: maybe\nSELECT 1", "empty", 4},
		{"-- control: a\n-- subject: b\n-- part: p\n-- affects: persons\nSELECT 1", "TABLE", 4},
		{"-- control:\n-- subject: b\n-- part: p\nSELECT 1", "a value is missing", 1},
	};
	static const struct {
		const char *rest, *says;
	} prepared[] = {
		{BODY, "affects: persons"},
		{"-- affects: persons = SELECT :id\n-- affects: media = SELECT :id\n" BODY, "does not read"},
		{"-- affects: persons = SELECT 1\n" BODY, ":id"},
		{"-- affects: persons = SELECT x FROM nowhere WHERE :id\n" BODY, "nowhere"},
		{"SELECT 1 AS subject_id", "no such column"},
	};
	struct fixture *f = *state;
	struct check *c;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = {0};

		if (check_parse(f->a, "x.sql", str_from(rows[i].sql), &c, &e) != ERR_SYNTAX || e.line != rows[i].line || !strstr(e.text, rows[i].says))
			fail_msg("row %zu: %d %s", i, e.line, e.text);
	}
	for (size_t i = 0; i < ARRAY_LEN(prepared); i++) {
		const char *sql = arena_printf(f->a, "-- control: a\n-- subject: persons\n-- part: open\n%s", prepared[i].rest);
		struct err e = {0};

		assert_int_equal(check_parse(f->a, "x.sql", str_from(sql), &c, &e), 0);
		if (!check_prepare(f->db, f->a, c, &e) || !strstr(e.text, prepared[i].says))
			fail_msg("row %zu: %s", i, e.text);
	}
}

static void functions(void **state)
{
	static const struct {
		const char *sql, *is;
	} rows[] = {
		{"SELECT say('k', 'a|b', NULL, 3)", "k|a/b||3"},
		{"SELECT typeof(param('report_days')) || param('report_days')", "integer30"},
		{"SELECT param('bcc_exempt')", "lg.jp,go.jp"},
		{"SELECT cycle('exception.reviewed')", "6mo"},
		{"SELECT cycle('workflow.exception')", "null"},
		{"SELECT std('exception_approver')", "ciso"},
		{"SELECT std('nothing')", "null"},
		{"SELECT std_has('body_types', 'mayor') || std_has('body_types', 'may') || std_has('nothing', 'x')", "100"},
		{"SELECT std_list('system_roles') || std_list('nothing')", "[\"sys-manager\"][]"},
		{"SELECT ahead('2026-01-31', '1mo') || ' ' || back('2026-03-31', '1mo') || ' ' || ahead('2026-11-20', '1wd')", "2026-02-28 2026-02-28 2026-11-23"},
		{"SELECT ahead(NULL, '1d')", "null"},
		{"SELECT fy('2026-03-31') || fy('2026-04-01')", "20252026"},
	};
	static const char *const refused[] = {"SELECT param('nothing')", "SELECT cycle('nothing')", "SELECT ahead('soon', '1d')",
		"SELECT ahead('2026-01-01', 'long')", "SELECT fy('x')"};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_string_equal(text(f, rows[i].sql), rows[i].is);
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct stmt *s = db_sql(f->db, refused[i]);

		assert_non_null(s);
		assert_int_equal(step(s), ERR_DB);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(empty_folder, setup, teardown),
		cmocka_unit_test_setup_teardown(counts_by_section_and_status, setup, teardown),
		cmocka_unit_test_setup_teardown(grace_and_target, setup, teardown),
		cmocka_unit_test_setup_teardown(exceptions_cover_while_they_hold, setup, teardown),
		cmocka_unit_test_setup_teardown(strength_and_roll_up, setup, teardown),
		cmocka_unit_test_setup_teardown(parents_are_no_better_than_children, setup, teardown),
		cmocka_unit_test_setup_teardown(planned_until_it_starts, setup, teardown),
		cmocka_unit_test_setup_teardown(the_past_is_read_from_spans, setup, teardown),
		cmocka_unit_test_setup_teardown(changes_are_events, setup, teardown),
		cmocka_unit_test_setup_teardown(many_subjects, setup, teardown),
		cmocka_unit_test_setup_teardown(more_findings_than_room, setup, teardown),
		cmocka_unit_test_setup_teardown(faults_of_checks, setup, teardown),
		cmocka_unit_test_setup_teardown(functions, setup, teardown),
	};

	return cmocka_run_group_tests(tests, loaded, unloaded);
}

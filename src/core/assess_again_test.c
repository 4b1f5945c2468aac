/* A board kept up by changes and by what was judged before is the board that judging all anew gives: findings, since when, counts,
 * statuses. Random changes on a store in a file, against a copy judged from the records alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/assess_int.h"
#include "core/ledger_sql.h"
#include "core/standard.h"
#include "core/store.h"
#include "lib/clock.h"
#include "lib/date.h"
#include "queries.h"

#define PEOPLE 2600                                      /* more than ASSESS_WHOLE_MAX */
#define HEAD_OF(control, parts, id) "-- control: " control "\n-- subject: persons\n-- part: " parts "\n-- reason: idle | x | x\n" \
	"-- reason: late | x | x\n-- affects: persons = SELECT " id "\n"
#define HEAD(control, parts) HEAD_OF(control, parts, ":id")
#define FROM_PERSONS " FROM persons p WHERE p.state = 'active'\n"

static const struct {
	const char *control, *sql;
} own_checks[] = {
	/* With grace and exceptions; two rows of one part where the person is in two places. */
	{"account.unused", HEAD("account.unused", "open")
	 "SELECT p.id AS subject_id, p.section, p.title, 'open' AS part, p.work AS verdict, NULL AS due_at" FROM_PERSONS
	 "UNION ALL SELECT p.id, p.section, p.title, 'open', iif(p.phone = 'x', say('idle', 2), NULL), NULL" FROM_PERSONS "AND p.phone IS NOT NULL"},
	/* Time decides for some. */
	{"workflow.delegation", HEAD("workflow.delegation", "approved\n-- part: in-force")
	 "-- timed: SELECT t.id FROM persons t WHERE t.work_place = 'timed'\n"
	 "SELECT p.id AS subject_id, p.section, p.title, 'approved' AS part, p.work AS verdict, NULL AS due_at" FROM_PERSONS
	 "UNION ALL SELECT 0 + p.id, 1 + p.section, p.title, 'in-force', CASE WHEN p.work_place = 'timed' AND p.started_on < :today "
	 "THEN say('late', p.started_on) END, p.started_on" FROM_PERSONS "AND p.kana IS NOT NULL"},
	/* A parameter and the day decide, for all. */
	{"zone.systems-placed", HEAD("zone.systems-placed", "terminals\n-- every: terminals\n-- index: persons(section, state)")
	 "SELECT p.id AS subject_id, p.section, p.title, 'terminals' AS part, CASE WHEN p.started_on > back(:today, param('report_days') || 'd') "
	 "THEN say('late') END AS verdict, NULL AS due_at" FROM_PERSONS},
	/* Text subjects. */
	{"training.attended", HEAD_OF("training.attended", "roster", "'persons:' || :id")
	 "SELECT 'persons:' || p.id AS subject_id, p.section, p.title, 'roster' AS part, p.work AS verdict, NULL AS due_at" FROM_PERSONS},
};

struct fixture {
	struct db *db;
	struct ledgers *ledgers;
	struct checks *checks;
	struct world w;
	char today[DATE_TEXT], dir[40];
	struct arena *a;
	unsigned seed;
};

static void day(struct fixture *f, struct date d)
{
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

static struct str text(struct fixture *f, const char *sql)
{
	struct stmt *s = db_sql(f->db, sql);
	struct str v = STR("");

	if (!s)
		fail_msg("%s: %s", sql, db_error(f->db));
	if (step(s) == 1 && !col_null(s, 0))
		v = col_dup(s, 0, f->a);
	stmt_done(s);
	return v;
}

static struct str board(struct fixture *f)
{
	return text(f, "SELECT group_concat(v, char(10)) FROM (SELECT json_array('finding', control, subject_id, part, section, title, status, reason, "
	               "due_at, exception, since_at) AS v FROM finding UNION ALL SELECT json_array('span', control, subject_id, part, status, from_at) "
	               "FROM finding_span WHERE to_at IS NULL UNION ALL SELECT json_array('count', control, section, part, status, n) FROM finding_count "
	               "WHERE n <> 0 UNION ALL SELECT json_array('control', control, part, status, met, total, since_at) FROM control_status "
	               "UNION ALL SELECT json_array('clause', clause, status, since_at) FROM clause_status ORDER BY v)");
}

static void begin(struct fixture *f)
{
	struct err e = {0};

	assert_int_equal(db_begin(f->db, &e), 0);
}

static void commit(struct fixture *f)
{
	struct err e = {0};

	assert_int_equal(db_commit(f->db, &e), 0);
	assess_settled(f->checks, true);
}

/* What stands must be what judging all would write now: by this connection alone, or shared with a second one. */
static void compare_with(struct fixture *f, const char *after, int64_t ahead_min)
{
	struct err e = {0};
	struct str kept = board(f), anew;

	judge_ahead_min = ahead_min;
	begin(f);
	assert_int_equal(assess_all(&f->w, f->checks, &e), 0);
	anew = board(f);
	db_rollback(f->db);
	if (!str_eq(kept, anew)) {
		size_t i = 0;

		while (i < kept.n && i < anew.n && kept.p[i] == anew.p[i])
			i++;
		while (i && kept.p[i - 1] != '\n')
			i--;
		fail_msg("%s: kept %.300s\nanew %.300s", after, kept.p + i, anew.p + i);
	}
}

static void compare(struct fixture *f, const char *after)
{
	compare_with(f, after, 0);
	compare_with(f, after, INT64_MAX);
}

static unsigned below(struct fixture *f, unsigned n)
{
	f->seed = f->seed * 1103515245u + 12345u;
	return (f->seed >> 8) % n;
}

static int loaded(void **state)
{
	struct fixture *f = xcalloc(1, sizeof *f);
	struct err e = {0};
	int rc;

	f->a = arena_new(512u << 20);
	f->seed = 1;
	assert_int_equal(date_zone_open(NULL), 0);
	snprintf(f->dir, sizeof f->dir, "/tmp/sekisho-again-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	for (size_t i = 0; i < ARRAY_LEN(own_checks); i++) {
		FILE *out = fopen(arena_printf(f->a, "%s/%s.sql", f->dir, own_checks[i].control), "w");

		assert_non_null(out);
		fputs(own_checks[i].sql, out);
		fclose(out);
	}
	rc = db_open(arena_printf(f->a, "%s/office.db", f->dir), DB_CREATE, &f->db, &e);
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
	run_sql(f, "PRAGMA foreign_keys=OFF; PRAGMA synchronous=OFF");
	/* The states below are written as they are: the guards of the tables are tested elsewhere. */
	run_sql(f, arena_z(f->a, text(f, "SELECT group_concat('DROP TRIGGER \"' || name || '\"', ';') FROM sqlite_schema WHERE type = 'trigger'")));
	f->w = (struct world){.db = f->db, .ledgers = f->ledgers};
	day(f, (struct date){2026, 11, 20});
	*state = f;
	return 0;
}

static int unloaded(void **state)
{
	static const char *const more[] = {"office.db", "office.db-wal", "office.db-shm"};
	struct fixture *f = *state;

	checks_free(f->checks);
	db_close(f->db);
	for (size_t i = 0; i < ARRAY_LEN(own_checks); i++)
		unlink(arena_printf(f->a, "%s/%s.sql", f->dir, own_checks[i].control));
	for (size_t i = 0; i < ARRAY_LEN(more); i++)
		unlink(arena_printf(f->a, "%s/%s", f->dir, more[i]));
	rmdir(f->dir);
	ledgers_free(f->ledgers);
	arena_free(f->a);
	free(f);
	return 0;
}

static void people(struct fixture *f)
{
	run_sql(f, arena_printf(f->a, "INSERT INTO persons(id, number, title, state, name, kana, person_type, section, source, started_on, in_scope, pledge, "
	           "work, phone, work_place, created_at, created_on, created_by, updated_at, updated_by, version) WITH RECURSIVE c(i) AS (VALUES (1) UNION ALL "
	           "SELECT i + 1 FROM c WHERE i < %d) SELECT i, 'p' || i, 'P' || i, iif(i %% 9, 'active', 'left'), 'P', iif(i %% 4, 'k', NULL), 'regular', "
	           "1 + i %% 7, 'manual', date('2026-11-01', '+' || i %% 60 || ' days'), 1, 'pending', iif(i %% 30, NULL, 'idle|9'), iif(i %% 11, NULL, "
	           "iif(i %% 22, 'x', 'y')), iif(i %% 5, 'office', 'timed'), 0, '2020-04-01', 0, 0, 0, 1 FROM c", PEOPLE));
}

/* One random change of one person; returns the id. */
static int64_t change_person(struct fixture *f)
{
	static const char *const sets[] = {"work = 'idle|9'", "work = NULL", "work = 'due soon|1'", "state = 'left'", "state = 'active'",
		"section = 1 + section % 7", "phone = NULL", "phone = 'x'", "phone = 'y'", "kana = NULL", "kana = 'k'", "work_place = 'timed'",
		"work_place = NULL", "title = title || 'x'", "started_on = '2026-12-05'", "started_on = '2026-10-05'", "section = NULL"};
	int64_t id = 1 + below(f, PEOPLE + 20);

	if (id > PEOPLE)
		run_sql(f, arena_printf(f->a, "INSERT OR IGNORE INTO persons(id, number, title, state, name, person_type, section, source, started_on, in_scope, "
		           "pledge, version) VALUES (%d, 'n%d', 'N', 'active', 'N', 'regular', 3, 'manual', '2026-11-01', 1, 'pending', 1)", (int)id, (int)id));
	for (unsigned n = 1 + below(f, 3); n; n--)
		run_sql(f, arena_printf(f->a, "UPDATE persons SET %s WHERE id = %d", sets[below(f, ARRAY_LEN(sets))], (int)id));
	return id;
}

static void change_people(struct fixture *f)
{
	struct table_change v[8];
	struct err e = {0};
	size_t n = 1 + below(f, ARRAY_LEN(v));

	begin(f);
	for (size_t i = 0; i < n; i++)
		v[i] = (struct table_change){STR("persons"), change_person(f)};
	f->w.now++;
	if (assess_changes(&f->w, f->checks, v, n, &e))
		fail_msg("%s: %s", e.file, e.text);
	if (below(f, 5) == 0) {
		db_rollback(f->db);
		assess_settled(f->checks, false);
	} else {
		commit(f);
	}
}

static void again(struct fixture *f)
{
	struct err e = {0};

	begin(f);
	if (assess_again(&f->w, f->checks, &e))
		fail_msg("%s: %s", e.file, e.text);
	commit(f);
}

static void exception(struct fixture *f, const char *sql)
{
	struct err e = {0};

	begin(f);
	run_sql(f, sql);
	assert_int_equal(assess_change(&f->w, f->checks, STR("exceptions"), 1, &e), 0);
	commit(f);
}

static void changes_keep_the_board(void **state)
{
	struct fixture *f = *state;

	people(f);
	again(f);
	compare(f, "first");
	for (int i = 0; i < 300; i++) {
		change_people(f);
		if (i % 10 == 0)
			compare(f, "change");
		arena_clear(f->a);
	}
	assert_int_equal(text(f, "SELECT count(*) FROM job").n, 1);
	assert_string_equal(text(f, "SELECT count(*) FROM job").p, "0"); /* nothing left to recount */
	f->checks->before_used -= 3600 * SECOND_US;
	assess_rest(f->checks);                          /* opened again when needed */
	assert_null(f->checks->before);
	change_people(f);
	compare(f, "rest");
}

static void days_pass(void **state)
{
	struct fixture *f = *state;
	struct date d = {2026, 11, 20};

	for (size_t i = 0; i < f->checks->n; i++)        /* as if each took long: what holds is not judged again */
		f->checks->memory[i].cost = SECOND_US;
	for (int i = 0; i < 40; i++) {
		d = date_add(d, 0, 0, 1 + (int)below(f, 3));
		day(f, d);
		again(f);
		for (size_t k = 0; k < f->checks->n; k++)
			f->checks->memory[k].cost = SECOND_US;
		compare(f, "day");
		if (i == 10)
			exception(f, "INSERT INTO exceptions(id, number, title, state, subject, valid_from, until, all_subjects, version) VALUES (1, 'E1', 'E', 'approved', "
			             "'E', '2026-11-20', '2026-12-24', 0, 1); INSERT INTO exceptions__controls_waived VALUES (1, 1, 'account.unused'), (1, 2, "
			             "'workflow.delegation'); INSERT INTO exceptions__subjects(record, pos, value_kind, value) SELECT 1, id, 'persons', id FROM "
			             "persons WHERE id % 2");
		if (i == 15)
			exception(f, "DELETE FROM exceptions__controls_waived WHERE value = 'workflow.delegation'");
		if (i == 12 || i == 30) {
			begin(f);
			run_sql(f, i == 12 ? "INSERT INTO parameter(name, value, from_at, set_by) VALUES ('report_days', '5', 1, 1)"
			                   : "UPDATE control_setting SET cycle = NULL; UPDATE parameter SET value = '3' WHERE name = 'report_days'");
			commit(f);
			again(f);
			compare(f, "parameter");
		}
		if (i == 20 || i == 25) {                /* a grace that is over at once, and a longer one */
			begin(f);
			run_sql(f, i == 20 ? "INSERT INTO control_setting(control, grace_days, set_at) VALUES ('account.unused', 0, 1)"
			                   : "UPDATE control_setting SET grace_days = 30 WHERE control = 'account.unused'");
			commit(f);
			again(f);
			compare(f, "grace");
		}
		if (i % 3 == 0) {
			change_people(f);
			compare(f, "change");
		}
		arena_clear(f->a);
	}
}

/* Rows written without assess_changes stay unseen where a control holds, until told; what is judged anew sees them. */
static void forgotten_and_proven(void **state)
{
	struct fixture *f = *state;
	struct err e = {0};
	size_t at = 0;
	int rc;

	again(f);
	for (size_t i = 0; i < f->checks->n; i++)
		f->checks->memory[i].cost = SECOND_US;
	begin(f);
	run_sql(f, "UPDATE persons SET work = 'idle|77' WHERE id BETWEEN 100 AND 120 AND work IS NULL");
	commit(f);
	again(f);
	assert_string_equal(text(f, "SELECT count(*) FROM finding WHERE control = 'training.attended' AND reason = 'idle|77'").p, "0");
	assess_forget(f->checks, STR("persons_step"));
	again(f);
	compare(f, "forgotten");
	begin(f);
	run_sql(f, "UPDATE persons SET work = 'idle|78' WHERE id BETWEEN 100 AND 120");
	commit(f);
	do {
		begin(f);
		rc = assess_step(&f->w, f->checks, &at, &e);
		assert_true(rc >= 0);
		commit(f);
	} while (rc == 1);
	compare(f, "step by step");
}

/* A second connection does not see what this transaction has written: then none is asked. */
static void own_rows_are_seen(void **state)
{
	struct fixture *f = *state;
	struct err e = {0};

	judge_ahead_min = 0;
	begin(f);
	run_sql(f, "UPDATE persons SET work = 'idle|79' WHERE id BETWEEN 200 AND 220 AND state = 'active'");
	assert_int_equal(assess_all(&f->w, f->checks, &e), 0);
	assert_string_not_equal(text(f, "SELECT count(*) FROM finding WHERE control = 'training.attended' AND reason = 'idle|79'").p, "0");
	commit(f);
	compare(f, "own rows");
}

/* Made with the checks, gone with them. */
static void indexes_follow_checks(void **state)
{
	static const char all[] = "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name LIKE 'check\\_%' ESCAPE '\\'";
	struct fixture *f = *state;
	struct checks none = {0};
	struct err e = {0};

	for (int i = 0; i < 2; i++) {
		assert_int_equal(checks_index(f->db, f->checks, &e), 0);
		assert_string_equal(text(f, all).p, "1");
	}
	compare(f, "indexed");
	assert_int_equal(checks_index(f->db, &none, &e), 0);
	assert_string_equal(text(f, all).p, "0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_keep_the_board),
		cmocka_unit_test(days_pass),
		cmocka_unit_test(forgotten_and_proven),
		cmocka_unit_test(own_rows_are_seen),
		cmocka_unit_test(indexes_follow_checks),
	};

	return cmocka_run_group_tests(tests, loaded, unloaded);
}

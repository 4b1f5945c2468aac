#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

#include "lib/db.h"

static struct db *open_memory(void)
{
	struct err e;
	struct db *db = NULL;

	assert_int_equal(db_open(":memory:", DB_CREATE, &db, &e), 0);
	assert_int_equal(db_exec(db, "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b REAL, c BLOB) STRICT", &e), 0);
	return db;
}

static void test_values_come_back(void **state)
{
	struct db *db = open_memory();
	struct arena *a = arena_new(1 << 16);
	struct err e;
	struct stmt *s = db_sql(db, "INSERT INTO t(a, b, c) VALUES (?1, ?2, ?3)");

	assert_non_null(s);
	bind_str(s, 1, str_n("a\0b", 3));
	bind_real(s, 2, 1.5);
	bind_blob(s, 3, "\0\1", 2);
	assert_int_equal(run(s, &e), 0);
	assert_int_equal(db_last_id(db), 1);
	assert_int_equal(db_changes(db), 1);
	/* the same statement again: nothing of the last run lingers */
	s = db_sql(db, "INSERT INTO t(a, b, c) VALUES (?1, ?2, ?3)");
	bind_blob(s, 3, "", 0);
	assert_int_equal(run(s, &e), 0);

	s = db_sql(db, "SELECT a, b, c, id FROM t ORDER BY id");
	assert_int_equal(step(s), 1);
	assert_int_equal(col_count(s), 4);
	assert_int_equal(col_str(s, 0).n, 3);
	assert_memory_equal(col_dup(s, 0, a).p, "a\0b", 3);
	assert_true(col_real(s, 1) == 1.5);
	assert_int_equal(col_str(s, 2).n, 2);
	assert_int_equal(step(s), 1);
	assert_true(col_null(s, 0));
	assert_null(col_str(s, 0).p);
	assert_false(col_null(s, 2));
	assert_non_null(col_str(s, 2).p);
	assert_int_equal(col_int(s, 3), 2);
	assert_int_equal(step(s), 0);
	arena_free(a);
	db_close(db);
}

static void test_failures_are_told(void **state)
{
	struct db *db = open_memory();
	struct err e;
	struct stmt *s;
	static const struct db_query good[] = { { "one", "SELECT 1;\n" } };
	static const struct db_query bad[] = { { "one", "SELECT 1" }, { "broken", "SELECT missing FROM t" } };
	static const struct db_query two[] = { { "two", "SELECT 1; SELECT 2" } };

	assert_null(db_sql(db, "SELEC"));
	assert_non_null(strstr(db_error(db), "syntax error"));
	s = db_sql(db, "INSERT INTO t(id) VALUES (?1)");
	bind_z(s, 1, "no number");
	assert_int_equal(run(s, &e), ERR_DB);
	assert_string_equal(e.text, "run: datatype mismatch");
	bind_int(s, 2, 1);                               /* there is no second parameter */
	assert_int_equal(run(s, &e), ERR_DB);
	assert_int_equal(run(s, &e), 0);                 /* and the failure does not stick */
	assert_int_equal(db_prepare_all(db, bad, 2, &e), ERR_DB);
	assert_string_equal(e.text, "query broken: no such column: missing");
	assert_int_equal(db_prepare_all(db, two, 1, &e), ERR_DB);
	assert_int_equal(db_prepare_all(db, good, 1, &e), 0);
	assert_int_equal(step(db_query(db, 0)), 1);
	/* a double-quoted word is a name, never silently a text */
	assert_null(db_sql(db, "SELECT \"missing\" FROM t"));
	db_close(db);
}

static void test_transactions(void **state)
{
	struct db *db = open_memory();
	struct err e;
	struct stmt *s;

	assert_int_equal(db_exec(db, "INSERT INTO t(a) VALUES ('x'), ('y')", &e), 0);
	assert_int_equal(db_begin(db, &e), 0);
	assert_true(db_in_tx(db));
	assert_int_equal(db_exec(db, "DELETE FROM t", &e), 0);
	s = db_sql(db, "VALUES (1), (2)");
	assert_int_equal(step(s), 1);                    /* still running when all is undone */
	db_rollback(db);
	assert_false(db_in_tx(db));
	assert_ptr_equal(db_sql(db, "VALUES (1), (2)"), s); /* and free again */
	db_rollback(db);
	s = db_sql(db, "SELECT count(*) FROM t");
	assert_int_equal(step(s), 1);
	assert_int_equal(col_int(s, 0), 2);
	stmt_done(s);
	assert_int_equal(db_begin(db, &e), 0);
	assert_int_equal(db_exec(db, "DELETE FROM t WHERE id = 1", &e), 0);
	assert_int_equal(db_commit(db, &e), 0);
	assert_int_equal(step(s), 1);
	assert_int_equal(col_int(s, 0), 1);
	db_close(db);
}

static void test_cache_is_bounded(void **state)
{
	struct db *db = open_memory();
	struct arena *a = arena_new(1 << 20);
	struct stmt *running = db_sql(db, "VALUES (1), (2), (3)"), *again;

	assert_int_equal(step(running), 1);
	for (int i = 0; i < 3 * DB_CACHE_MAX; i++) {
		struct stmt *s = db_sql(db, arena_printf(a, "SELECT %d", i));

		assert_int_equal(step(s), 1);
		assert_int_equal(col_int(s, 0), i);
		stmt_done(s);
	}
	/* the one in use was not thrown out, and asking for its text gives another */
	again = db_sql(db, "VALUES (1), (2), (3)");
	assert_ptr_not_equal(again, running);
	assert_int_equal(step(running), 1);
	assert_int_equal(col_int(running, 0), 2);
	arena_free(a);
	db_close(db);
}

/* Texts of gen/queries.h end in a line break, which SQLite does not keep. */
static void test_cache_gives_the_same_again(void **state)
{
	static const char *const texts[] = {"SELECT 1", "SELECT 2;", "SELECT 3;\n", "SELECT 4\n"};
	struct db *db = open_memory();

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct stmt *first = db_sql(db, texts[i]);

		assert_non_null(first);
		assert_ptr_equal(db_sql(db, texts[i]), first);
	}
	assert_ptr_not_equal(db_sql(db, "SELECT 1"), db_sql(db, "SELECT 1 + 1"));
	db_close(db);
}

static void test_files(void **state)
{
	char dir[] = "/tmp/db_test.XXXXXX", path[64];
	struct db *w = NULL, *r = NULL;
	struct err e;
	struct stmt *s;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/x.db", dir);
	assert_int_equal(db_open(path, DB_WRITE, &w, &e), ERR_DB);
	assert_int_equal(db_open(path, DB_CREATE, &w, &e), 0);
	assert_int_equal(db_exec(w, "CREATE TABLE t(a INTEGER) STRICT; INSERT INTO t VALUES (7)", &e), 0);
	s = db_sql(w, "PRAGMA journal_mode");
	assert_int_equal(step(s), 1);
	assert_true(str_is(col_str(s, 0), "wal"));
	stmt_done(s);
	s = db_sql(w, "PRAGMA synchronous");
	assert_int_equal(step(s), 1);
	assert_int_equal(col_int(s, 0), 2);
	stmt_done(s);
	assert_int_equal(db_open(path, DB_READ, &r, &e), 0);
	assert_int_equal(db_begin(r, &e), 0);
	s = db_sql(r, "SELECT a FROM t");
	assert_int_equal(step(s), 1);
	assert_int_equal(col_int(s, 0), 7);
	stmt_done(s);
	db_rollback(r);
	assert_int_equal(db_exec(r, "DELETE FROM t", &e), ERR_DB);
	db_close(r);
	db_close(w);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_come_back),
		cmocka_unit_test(test_failures_are_told),
		cmocka_unit_test(test_transactions),
		cmocka_unit_test(test_cache_is_bounded),
		cmocka_unit_test(test_cache_gives_the_same_again),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

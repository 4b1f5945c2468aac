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
	sql("INSERT INTO org_units(id, state, code, name, kind) SELECT 1, '%s', 'a', 'A', 'body'", "draft");
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

static void test_every_table_takes_a_row(void **state)
{
	for (size_t i = 0; i < w.all->n; i++) {
		const struct ledger *l = w.all->v[i];

		for (size_t k = 0; k < l->n_states; k++)
			if (l->states[k].start)
				insert_row(l, l->states[k].name);
			else
				refused("state:", "INSERT INTO \"%.*s\"(state) VALUES ('%.*s')", STR_ARG(l->table), STR_ARG(l->states[k].name));
		assert_true(number(arena_printf(w.a, "SELECT count(*) FROM \"%.*s_v\"", STR_ARG(l->table))) > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_table_takes_a_row),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}

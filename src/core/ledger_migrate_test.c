#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <unistd.h>

#include "core/ledger_sql.h"
#include "core/store.h"
#include "lib/buf.h"

/* Two ledgers; each case changes lines of the first. */
#define HEAD(name)                                                                                                   \
	"ledger: " name "\nlabel: {ja: 台帳, en: Things}\nrecord: {ja: 物品, en: Thing}\npurpose: {ja: 管理, en: Keeps}\n"       \
	"number: \"{seq}\"\ntitle: \"{subject}\"\nclauses: [iz.1]\ncontrols: [a.b]\nsee: all\nexistence: open\nwrite: [staff]\n"    \
	"review: {every: 1y, by: chief}\nretain: 5y\nfields:\n"
#define FIELD(name, rest) "  - {name: " name ", " rest ", label: {ja: 欄, en: Field}}\n"
#define TAIL                                                                                                         \
	"states:\n  draft: {label: {ja: 案, en: Draft}, start: true}\n  closed: {label: {ja: 終, en: Closed}, end: true}\n"      \
	"actions:\n  - {name: close, from: draft, to: closed, by: [chief], not: [applicant]}\n"

static const char OTHERS[] = HEAD("others") FIELD("subject", "type: text") TAIL;
static const char FIRST[] = HEAD("things")
    FIELD("subject", "type: text")
    FIELD("size", "type: text")
    FIELD("kind", "type: choice, of: [{code: big, ja: 大, en: Big}, {code: small, ja: 小, en: Small}]")
    FIELD("near", "type: ref, to: others")
    FIELD("tags", "type: text, many: true")
    FIELD("parts", "type: table, columns: [{name: weight, type: integer, label: {ja: 重, en: Weight}}]")
    TAIL;

struct town {
	char path[64];
	struct db *db;
};

static void put_file(const struct town *t, const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", t->path, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int migrate(struct town *t, const char *things, struct err *e)
{
	struct ledgers *all = NULL;
	char text[700];
	int rc;

	put_file(t, "things.yaml", things);
	if (ledgers_load(t->path, NULL, &all, e))
		fail_msg("%s", err_format(e, text, sizeof text));
	rc = ledgers_migrate(t->db, all, e);
	ledgers_free(all);
	return rc;
}

static void must_migrate(struct town *t, const char *things)
{
	struct err e = { 0 };

	if (migrate(t, things, &e))
		fail_msg("%s", e.text);
}

static int64_t number(struct town *t, const char *sql)
{
	struct stmt *s = db_sql(t->db, sql);
	int64_t n;

	if (!s || step(s) != 1)
		fail_msg("%s: %s", sql, db_error(t->db));
	n = col_null(s, 0) ? -1 : col_int(s, 0);
	stmt_done(s);
	return n;
}

static void texts(struct town *t, const char *sql, const char *expect)
{
	struct stmt *s = db_sql(t->db, sql);
	struct buf b;

	if (!s)
		fail_msg("%s: %s", sql, db_error(t->db));
	buf_init(&b, 1 << 16);
	while (step(s) == 1)
		for (int i = 0; i < col_count(s); i++) {
			if (b.n)
				buf_putc(&b, ' ');
			buf_str(&b, col_null(s, i) ? STR("-") : col_str(s, i));
		}
	assert_string_equal(buf_z(&b), expect);
	buf_release(&b);
}

static void sql(struct town *t, const char *text)
{
	struct err e = { 0 };

	if (db_exec(t->db, text, &e))
		fail_msg("%s: %s", text, e.text);
}

static int open_town(void **state)
{
	struct town *t = calloc(1, sizeof *t);
	struct err e = { 0 };

	snprintf(t->path, sizeof t->path, "/tmp/migrate_test.XXXXXX");
	assert_non_null(mkdtemp(t->path));
	put_file(t, "others.yaml", OTHERS);
	assert_int_equal(db_open(":memory:", DB_CREATE, &t->db, &e), 0);
	assert_int_equal(ledger_functions(t->db), 0);
	assert_int_equal(store_schema(t->db, &e), 0);
	must_migrate(t, FIRST);
	sql(t, "INSERT INTO others(id, state) VALUES (1, 'draft'), (2, 'draft');"
	       "INSERT INTO things(id, state, subject, size, kind, near) VALUES (1, 'draft', 'one', '12', 'big', 2), (2, 'draft', 'two', 'wide', 'small', NULL);"
	       "INSERT INTO things__tags(record, pos, value) VALUES (1, 0, 'x'), (1, 1, 'y');"
	       "INSERT INTO things__parts(record, pos, weight) VALUES (2, 0, 5);"
	       "INSERT INTO things_step(record, action, at, to_state) VALUES (1, 'create', 1, 'draft')");
	*state = t;
	return 0;
}

static int close_town(void **state)
{
	struct town *t = *state;
	char path[128];

	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/%s.yaml", t->path, i ? "things" : "others");
		unlink(path);
	}
	rmdir(t->path);
	db_close(t->db);
	free(t);
	return 0;
}

static void test_second_run_changes_nothing(void **state)
{
	struct town *t = *state;
	int64_t version = number(t, "PRAGMA schema_version");
	int64_t rows = number(t, "SELECT count(*) FROM ledger_definition_history");

	must_migrate(t, FIRST);
	assert_int_equal(number(t, "PRAGMA schema_version"), version);
	assert_int_equal(number(t, "SELECT count(*) FROM ledger_definition_history"), rows);
	assert_int_equal(number(t, "PRAGMA foreign_keys"), 1);
}

static void test_words_alone_touch_no_table(void **state)
{
	struct town *t = *state;
	int64_t version = number(t, "PRAGMA schema_version");
	char *changed = strdup(FIRST);

	memcpy(strstr(changed, "en: Things"), "en: Thongs", strlen("en: Thongs"));
	must_migrate(t, changed);
	free(changed);
	assert_int_equal(number(t, "PRAGMA schema_version"), version);
	assert_int_equal(number(t, "SELECT count(*) FROM ledger_definition_history WHERE name = 'things'"), 2);
	assert_int_equal(number(t, "SELECT instr(source, 'Thongs') > 0 FROM ledger_definition WHERE name = 'things'"), 1);
}

static void test_added_and_removed(void **state)
{
	struct town *t = *state;
	/* size and parts leave, colour comes, parts' rows and size's values stay */
	static const char second[] = HEAD("things") FIELD("subject", "type: text") FIELD("colour", "type: text")
	    FIELD("kind", "type: choice, of: [{code: big, ja: 大, en: Big}, {code: small, ja: 小, en: Small}]")
	    FIELD("near", "type: ref, to: others") FIELD("tags", "type: text, many: true") TAIL;

	must_migrate(t, second);
	texts(t, "SELECT id, subject, colour, size, near FROM things ORDER BY id", "1 one - 12 2 2 two - wide -");
	texts(t, "SELECT record, weight FROM things__parts", "2 5");
	texts(t, "SELECT name FROM pragma_table_info('things_v') WHERE name IN ('size', 'colour')", "colour");
	texts(t, "SELECT tags FROM things_v ORDER BY id", "[\"x\",\"y\"] -");
	assert_int_equal(number(t, "SELECT count(*) FROM things_step"), 1);
	sql(t, "UPDATE things SET colour = 'red' WHERE id = 2");
	must_migrate(t, FIRST);                          /* and back again: everything is still there */
	texts(t, "SELECT id, colour, size FROM things ORDER BY id", "1 - 12 2 red wide");
	texts(t, "SELECT parts FROM things_v WHERE id = 2", "[{\"pos\":0,\"weight\":5}]");
}

static void test_renamed(void **state)
{
	struct town *t = *state;
	static const char second[] = HEAD("things") FIELD("subject", "type: text") FIELD("breadth", "type: text, was: size")
	    FIELD("kind", "type: choice, of: [{code: big, ja: 大, en: Big}, {code: small, ja: 小, en: Small}]")
	    FIELD("beside", "type: ref, to: others, was: near") FIELD("words", "type: text, many: true, was: tags")
	    FIELD("pieces", "type: table, was: parts, columns: [{name: mass, type: integer, was: weight, label: {ja: 重, en: Mass}}]") TAIL;

	must_migrate(t, second);
	texts(t, "SELECT id, breadth, beside FROM things ORDER BY id", "1 12 2 2 wide -");
	texts(t, "SELECT value FROM things__words ORDER BY pos", "x y");
	texts(t, "SELECT record, mass FROM things__pieces", "2 5");
	assert_int_equal(number(t, "SELECT count(*) FROM pragma_table_info('things') WHERE name IN ('size', 'near')"), 0);
	assert_int_equal(number(t, "SELECT count(*) FROM sqlite_schema WHERE name IN ('things__tags', 'things__parts')"), 0);
	must_migrate(t, second);
}

static void test_choices(void **state)
{
	struct town *t = *state;
	struct err e = { 0 };
	static const char second[] = HEAD("things") FIELD("subject", "type: text") FIELD("size", "type: text")
	    FIELD("kind", "type: choice, of: [{code: huge, ja: 巨, en: Huge}, {code: small, ja: 小, en: Small}]")
	    FIELD("near", "type: ref, to: others") FIELD("tags", "type: text, many: true")
	    FIELD("parts", "type: table, columns: [{name: weight, type: integer, label: {ja: 重, en: Weight}}]") TAIL;

	must_migrate(t, second);
	texts(t, "SELECT kind FROM things ORDER BY id", "big small");
	sql(t, "UPDATE things SET subject = 'still' WHERE id = 1");
	sql(t, "UPDATE things SET kind = 'huge' WHERE id = 2");
	assert_int_equal(db_exec(t->db, "UPDATE things SET kind = 'big' WHERE id = 2", &e), ERR_DB);
	assert_string_equal(e.text, "choice: kind: no such code");
}

static void test_other_types(void **state)
{
	struct town *t = *state;
	static const char second[] = HEAD("things") FIELD("subject", "type: text, many: true") FIELD("size", "type: integer")
	    FIELD("kind", "type: choice, of: [{code: big, ja: 大, en: Big}, {code: small, ja: 小, en: Small}]")
	    FIELD("near", "type: ref, to: [others, things]") FIELD("tags", "type: text, many: true")
	    FIELD("parts", "type: table, columns: [{name: weight, type: integer, label: {ja: 重, en: Weight}}]") TAIL;
	struct err e = { 0 };

	must_migrate(t, second);
	/* what reads as a number became one; what does not stays beside */
	texts(t, "SELECT size, size__text FROM things ORDER BY id", "12 12 - wide");
	/* one target became two: the kind is that of before */
	texts(t, "SELECT near, near_kind FROM things ORDER BY id", "2 others - -");
	assert_int_equal(db_exec(t->db, "UPDATE things SET near_kind = 'things', near = 9 WHERE id = 1", &e), ERR_DB);
	sql(t, "UPDATE things SET near_kind = 'things', near = 2 WHERE id = 1");
	/* a single value became the first of a list */
	texts(t, "SELECT record, pos, value FROM things__subject ORDER BY record", "1 0 one 2 0 two");
	must_migrate(t, second);
	texts(t, "SELECT record, pos, value FROM things__subject ORDER BY record", "1 0 one 2 0 two");
}

static void test_failure_leaves_all_as_it_was(void **state)
{
	struct town *t = *state;
	static const char second[] = HEAD("things") FIELD("subject", "type: text") FIELD("colour", "type: text")
	    FIELD("size", "type: text, unique: true")
	    FIELD("kind", "type: choice, of: [{code: big, ja: 大, en: Big}, {code: small, ja: 小, en: Small}]")
	    FIELD("near", "type: ref, to: things, was: near2") FIELD("tags", "type: text, many: true")
	    FIELD("parts", "type: table, columns: [{name: weight, type: integer, label: {ja: 重, en: Weight}}]") TAIL;
	struct err e = { 0 };

	sql(t, "UPDATE things SET size = '12'");
	assert_int_equal(migrate(t, second, &e), ERR_DB);
	assert_string_equal(e.text, "things: UNIQUE constraint failed: things.size");
	assert_int_equal(number(t, "SELECT count(*) FROM pragma_table_info('things') WHERE name = 'colour'"), 0);
	assert_int_equal(number(t, "PRAGMA foreign_keys"), 1);
	assert_int_equal(number(t, "SELECT count(*) FROM ledger_definition_history WHERE name = 'things'"), 1);
	/* the triggers of before are there */
	assert_int_equal(db_exec(t->db, "UPDATE things SET kind = 'odd'", &e), ERR_DB);
	assert_int_equal(db_exec(t->db, "UPDATE things SET near = 99 WHERE id = 1", &e), ERR_DB);
	/* a reference that would point nowhere is found before the commit: others 2 is no thing 5 */
	sql(t, "UPDATE things SET size = id; INSERT INTO others(id, state) VALUES (5, 'draft'); UPDATE things SET near = 5 WHERE id = 1");
	assert_int_equal(migrate(t, second, &e), ERR_INVALID);
	assert_non_null(strstr(e.text, "things: row 1 refers to a record of things that is not there"));
	texts(t, "SELECT near FROM things WHERE id = 1", "5");
}

static void test_ids_are_not_given_again(void **state)
{
	struct town *t = *state;
	static const char second[] = HEAD("things") FIELD("subject", "type: text") FIELD("colour", "type: text") TAIL;

	sql(t, "INSERT INTO things(id, state) VALUES (40, 'draft'); DELETE FROM things WHERE id = 40");
	must_migrate(t, second);
	sql(t, "INSERT INTO things(state) VALUES ('draft')");
	assert_int_equal(number(t, "SELECT max(id) FROM things"), 41);
}

static void test_circle(void **state)
{
	struct town *t = *state;
	struct ledgers *all = NULL;
	struct err e = { 0 };

	put_file(t, "things.yaml", HEAD("things") FIELD("subject", "type: text") FIELD("a", "type: integer, computed: \"b + 1\"")
	         FIELD("b", "type: integer, computed: \"a + 1\"") TAIL);
	assert_int_equal(ledgers_load(t->path, NULL, &all, &e), ERR_SYNTAX);
	assert_string_equal(e.text, "computed fields lean on each other in a circle");
}

static void test_newer_store_is_refused(void **state)
{
	struct town *t = *state;
	char path[128];
	struct db *db = NULL;
	struct err e = { 0 };

	snprintf(path, sizeof path, "%s/office.db", t->path);
	assert_int_equal(store_open(path, DB_READ, &db, &e), ERR_DB);
	assert_int_equal(store_open(path, DB_CREATE, &db, &e), 0);
	db_close(db);
	assert_int_equal(store_open(path, DB_READ, &db, &e), 0);
	db_close(db);
	assert_int_equal(db_open(path, DB_WRITE, &db, &e), 0);
	assert_int_equal(db_exec(db, "PRAGMA user_version=99", &e), 0);
	db_close(db);
	assert_int_equal(store_open(path, DB_WRITE, &db, &e), ERR_VERSION);
	assert_int_equal(store_open(path, DB_READ, &db, &e), ERR_VERSION);
	char want[80];
	snprintf(want, sizeof want, "the store has version 99, this program knows up to %d", STORE_VERSION);
	assert_string_equal(e.text, want);
	assert_int_equal(unlink(path), 0);
}

static void test_older_store_is_brought_up(void **state)
{
	struct town *t = *state;
	char path[128];
	struct db *db = NULL;
	struct err e = { 0 };

	snprintf(path, sizeof path, "%s/office.db", t->path);
	assert_int_equal(store_open(path, DB_CREATE, &db, &e), 0);
	assert_int_equal(db_exec(db, "ALTER TABLE control DROP COLUMN measure_ja; ALTER TABLE control DROP COLUMN fails_when_ja;"
	                             "ALTER TABLE session DROP COLUMN confirmed_at; ALTER TABLE token DROP COLUMN label; ALTER TABLE job DROP COLUMN lang;"
	                             "INSERT INTO control(id, kind, title_ja, title_en, measure) VALUES ('x', 'term', 'x', 'x', 'kept');"
	                             "PRAGMA user_version=1", &e), 0);
	db_close(db);
	assert_int_equal(store_open(path, DB_READ, &db, &e), ERR_WRONG_STATE);
	assert_int_equal(store_open(path, DB_WRITE, &db, &e), 0);
	assert_int_equal(db_exec(db, "UPDATE control SET measure_ja = '残る', fails_when_ja = NULL WHERE measure = 'kept';"
	                             "UPDATE session SET confirmed_at = NULL; UPDATE token SET label = NULL", &e), 0);
	db_close(db);
	assert_int_equal(store_open(path, DB_READ, &db, &e), 0);
	db_close(db);
	assert_int_equal(unlink(path), 0);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, open_town, close_town)
	const struct CMUnitTest tests[] = {
		CASE(test_second_run_changes_nothing), CASE(test_words_alone_touch_no_table), CASE(test_added_and_removed),
		CASE(test_renamed),                    CASE(test_choices),                    CASE(test_other_types),
		CASE(test_failure_leaves_all_as_it_was), CASE(test_ids_are_not_given_again),  CASE(test_circle),
		CASE(test_newer_store_is_refused),     CASE(test_older_store_is_brought_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/standard.h"
#include "lib/file.h"
#include "queries.h"

static int64_t number(struct db *db, const char *sql)
{
	struct stmt *s = db_sql(db, sql);
	int64_t n;

	assert_non_null(s);
	assert_int_equal(step(s), 1);
	n = col_int(s, 0);
	stmt_done(s);
	return n;
}

static int loaded(void **state)
{
	struct db *db;
	struct err e = {0};

	assert_int_equal(db_open(":memory:", DB_CREATE, &db, &e), 0);
	assert_int_equal(db_exec(db, sql_schema, &e), 0);
	if (standards_load(db, ".", &e))
		fail_msg("%s:%d: %s", e.file, e.line, e.text);
	*state = db;
	return 0;
}

static int closed(void **state)
{
	db_close(*state);
	return 0;
}

static void all_is_there(void **state)
{
	struct db *db = *state;

	assert_int_equal(number(db, "SELECT count(*) FROM control WHERE NOT withdrawn"), 303);
	assert_int_equal(number(db, "SELECT count(*) FROM clause WHERE standard = 'iizuka' AND NOT withdrawn"), 643);
	assert_int_equal(number(db, "SELECT count(*) FROM clause WHERE NOT withdrawn"), 1038);
	assert_int_equal(number(db, "SELECT count(*) FROM parameter_def"), 80);
	assert_int_equal(number(db, "SELECT count(*) FROM law_group"), 8);
	assert_int_equal(number(db, "SELECT count(*) FROM clause c WHERE NOT EXISTS (SELECT 1 FROM binding b WHERE b.clause = c.id)"), 0);
	assert_int_equal(number(db, "SELECT count(*) FROM clause_group"), 1038);
	assert_int_equal(number(db, "SELECT count(*) FROM clause_model WHERE clause = 'se.6.3.3' AND model = 'beta'"), 1);
	assert_int_equal(number(db, "SELECT count(*) FROM clause c WHERE NOT EXISTS (SELECT 1 FROM chapter h "
	                            "WHERE h.standard = c.standard AND h.id = c.chapter)"), 0);
	assert_int_equal(number(db, "SELECT count(*) FROM control c WHERE NOT EXISTS (SELECT 1 FROM control_part p WHERE p.control = c.id)"), 0);
	assert_int_equal(number(db, "SELECT grace_days FROM control WHERE id = 'account.unused' AND target = 0.98"), 10);
}

static void parents_skip_what_is_no_clause(void **state)
{
	static const struct {
		const char *id, *parent;
	} rows[] = {
		{"iz.2.10.1.2", "iz.2.10.1"},
		{"iz.2.1.1.s2", NULL},                       /* a second sentence stands beside the first */
		{"iz.3.1.c3a.1", "iz.3.1.c3a"},
		{"iz.3.1.c.r3.s2", "iz.3.1"},                /* iz.3.1.c is a heading only */
		{"ch.2.1.s2", "ch.2"},
	};
	struct db *db = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct stmt *s = db_sql(db, "SELECT parent FROM clause WHERE id = ?1");

		bind_z(s, 1, rows[i].id);
		assert_int_equal(step(s), 1);
		if (rows[i].parent)
			assert_true(str_is(col_str(s, 0), rows[i].parent));
		else
			assert_true(col_null(s, 0));
		stmt_done(s);
	}
}

static void loading_again_keeps_what_the_city_set(void **state)
{
	struct db *db = *state;
	struct err e = {0};
	struct arena *a = arena_new(1 << 20);
	struct str v;

	assert_int_equal(standard_use(db, STR("iizuka"), &e), 0);
	assert_int_equal(param_set(db, STR("report_days"), STR("20"), 5, 1, STR("decided"), &e), 0);
	assert_int_equal(param_set(db, STR("report_days"), STR("21"), 6, 1, STR("again"), &e), 0);
	assert_int_equal(clause_text_set(db, STR("iz.8.4.1"), STR("条文"), STR("例規集"), STR("2025"), 5, 1, &e), 0);
	assert_int_equal(db_exec(db, "INSERT INTO control_setting(control, starts_on, set_at) VALUES ('account.unused', '2030-01-01', 1);"
	                             "INSERT INTO binding(clause, control, part, source) VALUES ('iz.1.1', 'org.post-bound', '', 'city')", &e), 0);
	assert_int_equal(standards_load(db, ".", &e), 0);
	assert_int_equal(param_get(db, a, "report_days", &v), 0);
	assert_true(str_is(v, "21"));
	assert_int_equal(param_get(db, a, "ack_days", &v), 0);
	assert_true(str_is(v, "14"));
	assert_int_equal(param_get(db, a, "no_such", &v), ERR_NOTFOUND);
	assert_int_equal(number(db, "SELECT count(*) FROM parameter WHERE name = 'report_days'"), 2);
	assert_int_equal(number(db, "SELECT own_text = '条文' FROM clause WHERE id = 'iz.8.4.1'"), 1);
	assert_int_equal(number(db, "SELECT count(*) FROM control_setting"), 1);
	assert_int_equal(number(db, "SELECT count(*) FROM binding WHERE source = 'city'"), 1);
	assert_int_equal(number(db, "SELECT active FROM standard WHERE id = 'iizuka'"), 1);
	assert_int_equal(number(db, "SELECT value = 'ciso' FROM standard_param_now WHERE name = 'superior.chief'"), 1);
	arena_free(a);
}

static void values_out_of_range_are_refused(void **state)
{
	static const struct {
		const char *name, *value;
		int rc;
	} rows[] = {
		{"report_days", "1", 0}, {"report_days", "0", ERR_INVALID}, {"report_days", "180", 0}, {"report_days", "181", ERR_INVALID},
		{"report_days", "3d", ERR_INVALID}, {"report_days", "", ERR_INVALID},
		{"rights_review_by", "02-28", 0}, {"rights_review_by", "02-30", ERR_INVALID}, {"rights_review_by", "9-30", ERR_INVALID},
		{"hr_season", "03-20/04-10", 0}, {"hr_season", "03-20", ERR_INVALID},
		{"audit_yearly", "1", 0}, {"audit_yearly", "yes", ERR_INVALID},
		{"bcc_exempt", "lg.jp", 0}, {"no_such", "1", ERR_NOTFOUND},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = {0};

		if (param_set(*state, str_from(rows[i].name), str_from(rows[i].value), 1, 1, STR_NONE, &e) != rows[i].rc)
			fail_msg("%s = %s: %s", rows[i].name, rows[i].value, e.text);
	}
}

static void own_texts_load_whole_or_not_at_all(void **state)
{
	struct db *db = *state;
	struct err e = {0};
	int64_t n = 0;

	assert_int_equal(clause_texts_load(db, STR("clause,text\niz.1.1,\"一,二\"\niz.2.1.1,三\n"), STR("s"), STR("v"), 1, 1,
	                                   &n, &e), 0);
	assert_int_equal(n, 2);
	assert_int_equal(number(db, "SELECT own_text = '一,二' FROM clause WHERE id = 'iz.1.1'"), 1);
	assert_int_equal(clause_texts_load(db, STR("clause\ttext\niz.1.1\tneu\niz.9.9.9.9\tx\n"), STR("s"), STR("v"), 1, 1,
	                                   &n, &e), ERR_NOTFOUND);
	assert_int_equal(e.line, 3);
	assert_int_equal(number(db, "SELECT own_text = '一,二' FROM clause WHERE id = 'iz.1.1'"), 1);
	assert_int_equal(clause_texts_load(db, STR("id,words\n"), STR("s"), STR("v"), 1, 1, &n, &e), ERR_SYNTAX);
}

static void a_digest_of_what_is_shipped(void **state)
{
	char one[SHA256_HEX], two[SHA256_HEX];
	struct err e = {0};

	(void)state;
	assert_int_equal(standards_digest(".", one, &e), 0);
	assert_int_equal(standards_digest(".", two, &e), 0);
	assert_string_equal(one, two);
	assert_int_equal(standards_digest("standards", two, &e), ERR_NOTFOUND);
}

static void decisions_need_a_reason(void **state)
{
	struct db *db = *state;
	struct err e = {0};
	const struct str c = STR("class.storage-place"), none = STR_NONE;

	assert_int_equal(control_declare_none(db, STR("no.such"), none, STR("r"), none, 1, 1, &e), ERR_NOTFOUND);
	assert_int_equal(control_declare_none(db, c, STR("no-part"), STR("r"), none, 1, 1, &e), ERR_NOTFOUND);
	assert_int_equal(control_declare_none(db, c, none, STR(" "), none, 1, 1, &e), ERR_INVALID);
	assert_int_equal(control_declare_none(db, c, none, STR("r"), STR("soon"), 1, 1, &e), ERR_INVALID);
	assert_int_equal(control_declaration_withdraw(db, c, 1, 1, &e), ERR_NOTFOUND);
	assert_int_equal(control_declare_none(db, c, STR("place"), STR("r"), STR("2027-03-31"), 1, 1, &e), 0);
	assert_int_equal(number(db, "SELECT count(*) FROM declaration WHERE part = 'place' AND until_on = '2027-03-31'"),
	                 1);
	assert_int_equal(control_declaration_withdraw(db, c, 2, 3, &e), 0);
	assert_int_equal(number(db, "SELECT count(*) FROM declaration WHERE withdrawn_at = 2 AND withdrawn_by = 3"), 1);
	assert_int_equal(control_start_set(db, c, STR("2027-04-01"), STR("r"), 1, 1, &e), 0);
	assert_int_equal(control_start_set(db, c, none, STR("r"), 1, 1, &e), 0);
	assert_int_equal(number(db, "SELECT count(*) FROM control_setting WHERE starts_on IS NULL"), 1);
	assert_int_equal(control_start_set(db, c, STR("2027-04-31"), STR("r"), 1, 1, &e), ERR_INVALID);
	assert_int_equal(control_start_set(db, c, none, STR(""), 1, 1, &e), ERR_INVALID);
}

/* A folder of standards whose one file was changed. */
static int load_broken(const char *file, const char *from, const char *to, struct err *e)
{
	char dir[] = "/tmp/sekisho-standard-XXXXXX", cmd[400], path[200];
	struct db *db;
	struct buf b;
	struct str text;
	const char *at;
	int rc;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/standards", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/standards/iizuka", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	static const char *const files[] = {"controls.tsv", "parts.tsv", "groups.tsv", "parameters.tsv", "params.yaml",
	                                    "iizuka/about.yaml",
		"iizuka/clauses.tsv", "iizuka/bindings.tsv", "iizuka/params.yaml"};
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct buf out;

		buf_init(&b, 4u << 20);
		buf_init(&out, 4u << 20);
		snprintf(path, sizeof path, "standards/%s", files[i]);
		assert_int_equal(file_read(path, 4u << 20, &b, e), 0);
		text = buf_view(&b);
		at = strcmp(file, files[i]) ? NULL : strstr(buf_z(&b), from);
		if (at) {
			buf_put(&out, text.p, (size_t)(at - text.p));
			buf_puts(&out, to);
			buf_puts(&out, at + strlen(from));
		} else {
			buf_str(&out, text);
		}
		snprintf(path, sizeof path, "%s/standards/%s", dir, files[i]);
		int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		assert_int_equal(fd_write_all(fd, out.p, out.n), 0);
		close(fd);
		buf_release(&b);
		buf_release(&out);
	}
	assert_int_equal(db_open(":memory:", DB_CREATE, &db, e), 0);
	assert_int_equal(db_exec(db, sql_schema, e), 0);
	rc = standards_load(db, dir, e);
	if (rc)
		assert_int_equal(number(db, "SELECT count(*) FROM control"), 0);
	db_close(db);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		snprintf(cmd, sizeof cmd, "%s/standards/%s", dir, files[i]);
		unlink(cmd);
	}
	snprintf(path, sizeof path, "%s/standards/iizuka", dir);
	rmdir(path);
	snprintf(path, sizeof path, "%s/standards", dir);
	rmdir(path);
	rmdir(dir);
	return rc;
}

static void faults_carry_their_place(void **state)
{
	static const struct {
		const char *file, *from, *to;
		int line;
	} rows[] = {
		{"iizuka/clauses.tsv", "\tmust\t", "\tmuss\t", 2},
		{"iizuka/bindings.tsv", "\tdef.scope\tbody-type", "\tdef.skope\tbody-type", 2},
		{"iizuka/bindings.tsv", "\tdef.scope\tbody-type", "\tdef.scope\tbody-kind", 2},
		{"iizuka/bindings.tsv", "iz.1.1\t", "iz.1.x\t", 2},
		{"controls.tsv", "def.glossary\t", "def.asset-types\t", 3},
		{"controls.tsv", "target=98%", "target=98", 14},
		{"controls.tsv", "ネットワーク領域の定義", "", 4},
		{"controls.tsv", "\tThe management zone has no administrator.\t", "\t\t", 4},
		{"controls.tsv", "\t管理系の領域に管理者がいない。", "\t", 4},
		{"parts.tsv", "control\tpart\tja", "control\tteil\tja", 1},
		{"parts.tsv", "def.asset-types\ttyped", "def.asset-types\ttypes", 3},
		{"iizuka/about.yaml", "id: iizuka", "id: other", 1},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err e = {0};
		int rc = load_broken(rows[i].file, rows[i].from, rows[i].to, &e);

		if (rc != ERR_SYNTAX || e.line != rows[i].line || !strstr(e.file, rows[i].file))
			fail_msg("row %zu: %d %s:%d: %s", i, rc, e.file, e.line, e.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_is_there, loaded, closed),
		cmocka_unit_test_setup_teardown(parents_skip_what_is_no_clause, loaded, closed),
		cmocka_unit_test_setup_teardown(loading_again_keeps_what_the_city_set, loaded, closed),
		cmocka_unit_test_setup_teardown(values_out_of_range_are_refused, loaded, closed),
		cmocka_unit_test_setup_teardown(own_texts_load_whole_or_not_at_all, loaded, closed),
		cmocka_unit_test_setup_teardown(decisions_need_a_reason, loaded, closed),
		cmocka_unit_test(a_digest_of_what_is_shipped),
		cmocka_unit_test(faults_carry_their_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The catalog of each shipped standard: what the schema cannot say. `oscal_test --print ID` prints one, for
 * test/e2e/oscal.sh. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>

#include "core/oscal.h"
#include "core/standard.h"
#include "lib/date.h"
#include "queries.h"

#define CATALOG_MAX (32u << 20)

static struct db *db;

static int loaded(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(date_zone_open(NULL), 0);
	assert_int_equal(db_open(":memory:", DB_CREATE, &db, &e), 0);
	assert_int_equal(db_exec(db, sql_schema, &e), 0);
	if (standards_load(db, ".", &e))
		fail_msg("%s:%d: %s", e.file, e.line, e.text);
	return 0;
}

static int closed(void **state)
{
	(void)state;
	db_close(db);
	return 0;
}

struct tally {
	json_t *ids;
	size_t clauses;
};

static void take_id(struct tally *t, json_t *o)
{
	const char *id = json_string_value(json_object_get(o, "id"));

	assert_non_null(id);
	if (json_object_get(t->ids, id))
		fail_msg("id %s stands twice", id);
	json_object_set_new(t->ids, id, json_true());
}

static void walk(struct tally *t, json_t *control)
{
	bool statement = false;

	take_id(t, control);
	t->clauses++;
	for (size_t i = 0; i < json_array_size(json_object_get(control, "parts")); i++) {
		json_t *part = json_array_get(json_object_get(control, "parts"), i);

		take_id(t, part);
		statement |= !strcmp(json_string_value(json_object_get(part, "name")), "statement");
	}
	assert_true(statement);
	for (size_t i = 0; i < json_array_size(json_object_get(control, "controls")); i++)
		walk(t, json_array_get(json_object_get(control, "controls"), i));
}

static void every_clause_once(void **state)
{
	static const struct {
		const char *id;
		size_t clauses;
	} rows[] = {{"iizuka", 643}, {"setagaya", 166}, {"shinagawa", 66}, {"chitose", 163}};

	(void)state;
	for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
		struct tally t = {json_object(), 0};
		struct buf out, again;
		struct err e = {0};
		json_t *doc, *groups;

		buf_init(&out, CATALOG_MAX);
		buf_init(&again, CATALOG_MAX);
		assert_int_equal(oscal_catalog(db, str_from(rows[r].id), &out, &e), 0);
		assert_int_equal(oscal_catalog(db, str_from(rows[r].id), &again, &e), 0);
		assert_true(str_eq(buf_view(&out), buf_view(&again)));
		doc = json_loadb(out.p, out.n, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(doc);
		groups = json_object_get(json_object_get(doc, "catalog"), "groups");
		for (size_t i = 0; i < json_array_size(groups); i++) {
			json_t *group = json_array_get(groups, i), *controls = json_object_get(group, "controls");

			take_id(&t, group);
			for (size_t k = 0; k < json_array_size(controls); k++)
				walk(&t, json_array_get(controls, k));
		}
		assert_int_equal(t.clauses, rows[r].clauses);
		json_decref(doc);
		json_decref(t.ids);
		buf_release(&out);
		buf_release(&again);
	}
}

static void own_wording_is_the_statement(void **state)
{
	struct err e = {0};
	struct buf out;

	(void)state;
	assert_int_equal(clause_text_set(db, STR("iz.8.4.1"), STR("第一項の本文"), STR("例規"), STR("1"), 1, 0, &e), 0);
	buf_init(&out, CATALOG_MAX);
	assert_int_equal(oscal_catalog(db, STR("iizuka"), &out, &e), 0);
	assert_non_null(strstr(buf_z(&out), "\"prose\": \"第一項の本文\""));
	buf_release(&out);
	buf_init(&out, CATALOG_MAX);
	assert_int_equal(oscal_catalog(db, STR("nowhere"), &out, &e), ERR_NOTFOUND);
	buf_release(&out);
}

static void lists_and_shows(void **state)
{
	struct err e = {0};
	struct buf out;
	json_t *doc;

	(void)state;
	assert_int_equal(standard_use(db, STR("iizuka"), &e), 0);
	buf_init(&out, CATALOG_MAX);
	assert_int_equal(standard_list(db, true, &out, &e), 0);
	doc = json_loadb(out.p, out.n, 0, NULL);
	assert_int_equal(json_array_size(doc), 4);
	assert_string_equal(json_string_value(json_object_get(json_array_get(doc, 0), "id")), "iizuka");
	assert_true(json_is_true(json_object_get(json_array_get(doc, 0), "in_force")));
	json_decref(doc);
	buf_clear(&out);
	assert_int_equal(standard_show(db, STR("chitose"), true, &out, &e), 0);
	doc = json_loadb(out.p, out.n, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(doc, "clauses")), 163);
	assert_true(json_array_size(json_object_get(doc, "controls")) > 50);
	json_decref(doc);
	buf_clear(&out);
	assert_int_equal(standard_show(db, STR("nowhere"), false, &out, &e), ERR_NOTFOUND);
	buf_clear(&out);
	assert_int_equal(standard_list(db, false, &out, &e), 0);
	assert_int_equal(out.p[0], '*');
	buf_clear(&out);
	assert_int_equal(standard_diff(db, STR("shinagawa"), STR("chitose"), true, &out, &e), 0);
	doc = json_loadb(out.p, out.n, 0, NULL);
	assert_true(json_array_size(json_object_get(doc, "only_a")) > 0);
	assert_true(json_array_size(json_object_get(doc, "only_b")) > 20);
	assert_true(json_integer_value(json_object_get(doc, "both")) > 10);
	json_decref(doc);
	buf_clear(&out);
	assert_int_equal(standard_diff(db, STR("iizuka"), STR("iizuka"), false, &out, &e), 0);
	assert_int_equal(out.n, 0);
	assert_int_equal(standard_diff(db, STR("iizuka"), STR("nowhere"), false, &out, &e), ERR_NOTFOUND);
	buf_release(&out);
}

static int print(const char *id)
{
	struct err e = {0};
	struct buf out;
	void *none = NULL;

	loaded(&none);
	buf_init(&out, CATALOG_MAX);
	if (oscal_catalog(db, str_from(id), &out, &e))
		return 1;
	fwrite(out.p, 1, out.n, stdout);
	buf_release(&out);
	db_close(db);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_clause_once, loaded, closed),
		cmocka_unit_test_setup_teardown(own_wording_is_the_statement, loaded, closed),
		cmocka_unit_test_setup_teardown(lists_and_shows, loaded, closed),
	};

	if (argc == 3 && !strcmp(argv[1], "--print"))
		return print(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

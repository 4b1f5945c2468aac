#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include <jansson.h>

#include "lib/json.h"

static void write_all(struct jw *j)
{
	jw_object(j);
	jw_kstr(j, "s", STR("a\"\\/\b\f\n\r\t\x01\x7f情報😀"));
	jw_kstr(j, "bad", STR("\xff\xc3(\xed\xa0\x80"));
	jw_kstr(j, "nul", str_n("a\0b", 3));
	jw_kz(j, "none", NULL);
	jw_kstr(j, "none2", STR_NONE);
	jw_kz(j, "k\"\n", "");
	jw_kint(j, "min", INT64_MIN);
	jw_kint(j, "max", INT64_MAX);
	jw_kbool(j, "t", true);
	jw_kbool(j, "f", false);
	jw_key(j, "list");
	jw_array(j);
	jw_double(j, 0.1);
	jw_double(j, 1e300);
	jw_double(j, -2.5);
	jw_double(j, NAN);
	jw_double(j, INFINITY);
	jw_object(j);
	jw_end_object(j);
	jw_array(j);
	jw_end_array(j);
	jw_raw(j, STR("[1,2]"));
	jw_end_array(j);
	jw_end_object(j);
}

/* A strict reader takes what is written, compact and pretty, and finds the same in it. */
static void test_jansson_reads_it(void **state)
{
	json_t *root[2];
	for (int pretty = 0; pretty < 2; pretty++) {
		struct buf b;
		struct jw j;
		json_error_t why;
		buf_init(&b, 4096);
		jw_init(&j, &b, pretty);
		write_all(&j);
		assert_int_equal(buf_err(&b), 0);
		root[pretty] = json_loadb(b.p, b.n, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
		if (!root[pretty])
			fail_msg("%d:%d %s", why.line, why.column, why.text);
		assert_int_equal(memchr(b.p, '\n', b.n) != NULL, pretty);
		buf_release(&b);
	}
	json_t *o = root[0], *list = json_object_get(o, "list");
	assert_true(json_equal(root[0], root[1]));
	assert_string_equal(json_string_value(json_object_get(o, "s")), "a\"\\/\b\f\n\r\t\x01\x7f情報😀");
	assert_string_equal(json_string_value(json_object_get(o, "bad")), "\uFFFD\uFFFD(\uFFFD\uFFFD\uFFFD");
	assert_int_equal(json_string_length(json_object_get(o, "nul")), 3);
	assert_true(json_is_null(json_object_get(o, "none")) && json_is_null(json_object_get(o, "none2")));
	assert_string_equal(json_string_value(json_object_get(o, "k\"\n")), "");
	assert_true(json_integer_value(json_object_get(o, "min")) == INT64_MIN);
	assert_true(json_integer_value(json_object_get(o, "max")) == INT64_MAX);
	assert_true(json_is_true(json_object_get(o, "t")) && json_is_false(json_object_get(o, "f")));
	assert_int_equal(json_array_size(list), 8);
	assert_true(json_real_value(json_array_get(list, 0)) == 0.1);
	assert_true(json_real_value(json_array_get(list, 1)) == 1e300);
	assert_true(json_is_null(json_array_get(list, 3)) && json_is_null(json_array_get(list, 4)));
	assert_int_equal(json_array_size(json_array_get(list, 7)), 2);
	json_decref(root[0]);
	json_decref(root[1]);
}

static void test_texts(void **state)
{
	struct buf b;
	struct jw j;
	buf_init(&b, 4096);
	jw_init(&j, &b, false);
	jw_array(&j);
	jw_z(&j, "a \x1f\"\x7f");
	jw_double(&j, 0.1);
	jw_double(&j, 0.1 + 0.2);
	jw_int(&j, -1);
	jw_null(&j);
	jw_end_array(&j);
	assert_string_equal(buf_z(&b), "[\"a \\u001f\\\"\\u007f\",0.1,0.30000000000000004,-1,null]");
	buf_clear(&b);
	jw_init(&j, &b, true);
	jw_object(&j);
	jw_kint(&j, "a", 1);
	jw_key(&j, "b");
	jw_array(&j);
	jw_end_array(&j);
	jw_end_object(&j);
	assert_string_equal(buf_z(&b), "{\n  \"a\": 1,\n  \"b\": []\n}\n");
	buf_release(&b);
}

/* Mistakes of the caller and full buffers never give half a document. */
static void test_misuse_fails(void **state)
{
	struct buf b;
	struct jw j;
	buf_init(&b, 4096);
	jw_init(&j, &b, false);
	for (int i = 0; i < 63; i++)
		jw_array(&j);
	assert_int_equal(buf_err(&b), 0);
	jw_array(&j);
	assert_int_equal(buf_err(&b), ERR_NOMEM);
	buf_clear(&b);
	jw_init(&j, &b, false);
	jw_end_array(&j);
	assert_int_equal(buf_err(&b), ERR_NOMEM);
	buf_release(&b);
	buf_init(&b, 3);
	jw_init(&j, &b, false);
	jw_z(&j, "ab");
	assert_int_equal(buf_err(&b), ERR_NOMEM);
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jansson_reads_it),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_misuse_fails),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

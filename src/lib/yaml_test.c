#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "lib/buf.h"
#include "lib/yaml.h"

static void test_tree(void **state)
{
	static const char text[] = "# head\n"
	                           "ledger: 例外措置\n"
	                           "list: [a, 'b', \"c\", ]\n"
	                           "flag: true\n"
	                           "off: false\n"
	                           "word: \"true\"\n"
	                           "n: -12\n"
	                           "empty:\n"
	                           "block: |\n  x\n  y\n"
	                           "deep: {a: {b: [1]}}\n";
	struct arena *a = arena_new(1 << 20);
	struct yaml_node *root, *n;
	struct err e;
	bool flag = false;
	assert_int_equal(yaml_parse(a, "t.yaml", str_from(text), &root, &e), 0);
	assert_int_equal(root->kind, YAML_MAP);
	assert_int_equal(root->n, 9);
	assert_true(str_is(yaml_get(root, "ledger")->text, "例外措置"));
	assert_int_equal(yaml_get(root, "ledger")->line, 2);
	assert_int_equal(yaml_get(root, "ledger")->col, 9);
	n = yaml_get(root, "list");
	assert_int_equal(n->kind, YAML_LIST);
	assert_int_equal(n->n, 3);
	assert_true(!n->items[0]->quoted && n->items[1]->quoted && n->items[2]->quoted);
	assert_int_equal(n->items[1]->col, 11);
	assert_int_equal(yaml_bool(yaml_get(root, "flag"), &flag), 0);
	assert_true(flag);
	assert_int_equal(yaml_bool(yaml_get(root, "word"), &flag), ERR_SYNTAX);
	assert_int_equal(yaml_bool(yaml_get(root, "n"), &flag), ERR_SYNTAX);
	assert_int_equal(yaml_bool(yaml_get(root, "list"), &flag), ERR_SYNTAX);
	assert_int_equal(yaml_get(root, "empty")->text.n, 0);
	assert_false(yaml_get(root, "empty")->quoted);
	assert_true(yaml_get(root, "block")->quoted);
	assert_true(str_is(yaml_get(root, "block")->text, "x\ny\n"));
	n = yaml_get(yaml_get(yaml_get(root, "deep"), "a"), "b");
	assert_true(str_is(n->items[0]->text, "1"));
	/* asking what is not there */
	assert_null(yaml_get(root, "none"));
	assert_null(yaml_get(NULL, "a"));
	assert_null(yaml_get(n, "a"));
	assert_int_equal(yaml_bool(yaml_get(root, "off"), &flag), 0);
	assert_false(flag);
	assert_int_equal(yaml_bool(NULL, &flag), ERR_SYNTAX);
	arena_free(a);
}

static void test_refused(void **state)
{
	static const struct {
		struct str text;
		int code;
		const char *said;
	} cases[] = {
		{ STR_INIT(""), ERR_SYNTAX, "t:1:1: the file is empty" },
		{ STR_INIT("# only this\n"), ERR_SYNTAX, "t:2:1: the file is empty" },
		{ STR_INIT("a: 1\nb: 2\na: 3\n"), ERR_SYNTAX, "t:3:1: key given twice: a" },
		{ STR_INIT("x: {a: 1, 'a': 2}\n"), ERR_SYNTAX, "t:1:11: key given twice: a" },
		{ STR_INIT("b: 1\na: 1\nb: 1\na: 1\n"), ERR_SYNTAX, "t:3:1: key given twice: b" },
		{ STR_INIT("a: 1\nb: 1\na: 1\nb: 1\n"), ERR_SYNTAX, "t:3:1: key given twice: a" },
		{ STR_INIT("{a: 1, b: 1, a: 1, b: 1}\n"), ERR_SYNTAX, "t:1:14: key given twice: a" },
		{ STR_INIT("{b: 1, a: 1, b: 1, a: 1}\n"), ERR_SYNTAX, "t:1:14: key given twice: b" },
		{ STR_INIT("{  a: 1,\na: 2}\n"), ERR_SYNTAX, "t:2:1: key given twice: a" },
		{ STR_INIT("{   b: 1, a: 1,\nb: 1,  a: 2}\n"), ERR_SYNTAX, "t:2:1: key given twice: b" },
		{ STR_INIT("a: &x 1\n"), ERR_SYNTAX, "t:1:4: anchors are not allowed here" },
		{ STR_INIT("a: &x [1]\n"), ERR_SYNTAX, "t:1:4: anchors are not allowed here" },
		{ STR_INIT("a: &x {b: 1}\n"), ERR_SYNTAX, "t:1:4: anchors are not allowed here" },
		{ STR_INIT("&x a: 1\n"), ERR_SYNTAX, "t:1:1: anchors are not allowed here" },
		{ STR_INIT("a: *x\n"), ERR_SYNTAX, "t:1:4: aliases are not allowed here" },
		{ STR_INIT("*x : 1\n"), ERR_SYNTAX, "t:1:1: aliases are not allowed here" },
		{ STR_INIT("a: !!str 1\n"), ERR_SYNTAX, "t:1:4: tags are not allowed here" },
		{ STR_INIT("a: ! 1\n"), ERR_SYNTAX, "t:1:4: tags are not allowed here" },
		{ STR_INIT("a: !t [1]\n"), ERR_SYNTAX, "t:1:4: tags are not allowed here" },
		{ STR_INIT("a: !t {b: 1}\n"), ERR_SYNTAX, "t:1:4: tags are not allowed here" },
		{ STR_INIT("%YAML 1.1\n---\na: 1\n"), ERR_SYNTAX, "t:1:1: directives are not allowed here" },
		{ STR_INIT("%TAG ! tag:x,2000:\n---\na: 1\n"), ERR_SYNTAX, "t:1:1: directives are not allowed here" },
		{ STR_INIT("a: 1\n---\nb: 1\n"), ERR_SYNTAX, "t:2:1: more than one document" },
		{ STR_INIT("[a]: 1\n"), ERR_SYNTAX, "t:1:1: a key must be a plain text" },
		{ STR_INIT("? {a: 1}\n: 1\n"), ERR_SYNTAX, "t:1:3: a key must be a plain text" },
		{ STR_INIT("a: [1\n"), ERR_SYNTAX, "t:2:1: did not find expected ',' or ']'" },
		{ STR_INIT("a: 1\n b: 2\n"), ERR_SYNTAX, "t:2:3: mapping values are not allowed in this context" },
		{ STR_INIT("a: 'x\n"), ERR_SYNTAX, "t:2:1: found unexpected end of stream" },
		{ STR_INIT("a:\n\tb: 1\n"), ERR_SYNTAX, "t:2:1: found character that cannot start any token" },
		{ STR_INIT("a: 1\nb: \xff\n"), ERR_SYNTAX, "t:2: not valid UTF-8" },
		{ STR_INIT("a: 1\nb: \0\n"), ERR_SYNTAX, "t:2: not valid UTF-8" },
		{ STR_INIT("a: \x01\n"), ERR_SYNTAX, "t:1: control characters are not allowed" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *a = arena_new(1 << 20);
		struct yaml_node *root = NULL;
		struct err e;
		char said[600];
		int r = yaml_parse(a, "t", cases[i].text, &root, &e);
		assert_string_equal(err_format(&e, said, sizeof said), cases[i].said);
		assert_int_equal(r, cases[i].code);
		assert_null(root);
		arena_free(a);
	}
}

static int parse(const struct buf *b, size_t cap)
{
	struct arena *a = arena_new(cap);
	struct yaml_node *root;
	struct err e = { 0 };
	int r = yaml_parse(a, "t", buf_view(b), &root, &e);
	assert_int_equal(e.code, r);
	arena_free(a);
	return r;
}

static void test_limits_are_exact(void **state)
{
	struct buf b;
	buf_init(&b, YAML_BYTES_MAX + 1);
	for (int more = 0; more < 2; more++) {
		buf_clear(&b);
		for (int i = 0; i < YAML_DEPTH_MAX + more; i++)
			buf_putc(&b, '[');
		for (int i = 0; i < YAML_DEPTH_MAX + more; i++)
			buf_putc(&b, ']');
		assert_int_equal(parse(&b, 1 << 20), more ? ERR_TOOBIG : 0);

		buf_clear(&b);
		for (int i = 0; i < YAML_NODES_MAX - 1 + more; i++)
			buf_puts(&b, "- x\n");                       /* and the list itself */
		assert_int_equal(parse(&b, 16u << 20), more ? ERR_TOOBIG : 0);

		buf_clear(&b);
		buf_puts(&b, "a: b\n#");
		while (b.n < YAML_BYTES_MAX + (size_t)more)
			buf_putc(&b, 'x');
		assert_int_equal(parse(&b, 1 << 20), more ? ERR_TOOBIG : 0);
	}
	buf_clear(&b);
	for (int i = 0; i < 100000; i++)                     /* hostile nesting ends at once */
		buf_putc(&b, '[');
	assert_int_equal(parse(&b, 1 << 20), ERR_TOOBIG);
	buf_release(&b);
}

static void test_arena_cap(void **state)
{
	struct buf b;
	buf_init(&b, 1 << 20);
	buf_puts(&b, "a: [1, 2, 3, 4, 5, 6, 7, 8, 9]\nb: {c: d}\n");
	int ok = 0, full = 0;
	for (size_t cap = 0; cap < 8000; cap += 16) {
		int r = parse(&b, cap);
		assert_true(r == 0 || r == ERR_NOMEM);
		assert_true(r == 0 || !ok);
		ok += r == 0;
		full += r != 0;
	}
	assert_true(ok && full);
	buf_release(&b);
}

static void test_mark_is_skipped(void **state)
{
	struct arena *a = arena_new(1 << 20);
	struct yaml_node *root;
	struct err e;
	assert_int_equal(yaml_parse(a, "t", STR("\xef\xbb\xbf" "a: 1"), &root, &e), 0);
	assert_true(str_is(yaml_get(root, "a")->text, "1"));
	assert_int_equal(root->col, 1);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limits_are_exact),
		cmocka_unit_test(test_arena_cap),
		cmocka_unit_test(test_mark_is_skipped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

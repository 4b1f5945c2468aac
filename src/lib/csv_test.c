#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lib/csv.h"

/* The whole text as "cell|cell/cell|cell" with the line of each row before it, or the error. */
static const char *shape(struct arena *a, struct str text, char sep)
{
	struct csv *c = csv_open(text, sep);
	struct str *cells, out = STR("");
	size_t n;
	struct err e;
	int r;
	while ((r = csv_row(c, a, &cells, &n, &e)) == 1) {
		out = arena_strf(a, "%s%s%d:", out.p, out.n ? "/" : "", csv_line(c));
		for (size_t i = 0; i < n; i++)
			out = arena_strf(a, "%s%s%.*s", out.p, i ? "|" : "", STR_ARG(cells[i]));
	}
	csv_close(c);
	return r ? arena_printf(a, "%s line %d: %s", err_text(r), e.line, e.text) : out.p;
}

static void test_reading(void **state)
{
	static const struct {
		struct str text;
		char sep;
		const char *want;
	} cases[] = {
		{ STR_INIT(""), ',', "" },
		{ STR_INIT("\r\n\n"), ',', "" },
		{ STR_INIT("a"), ',', "1:a" },
		{ STR_INIT("a,b\r\nc,d\r\n"), ',', "1:a|b/2:c|d" },
		{ STR_INIT("a,b\nc,d"), ',', "1:a|b/2:c|d" },
		{ STR_INIT("a\rb\r"), ',', "1:a/2:b" },
		{ STR_INIT("a,\n,b\n,"), ',', "1:a|/2:|b/3:|" },
		{ STR_INIT("\n\na\n\nb"), ',', "3:a/5:b" },
		{ STR_INIT("\"\"\n\"a\""), ',', "1:/2:a" },
		{ STR_INIT("\"a,\"\"b\"\"\r\nc\",d\ne"), ',', "1:a,\"b\"\r\nc|d/3:e" },
		{ STR_INIT("a\"b,c\"\"d"), ',', "1:a\"b|c\"\"d" },
		{ STR_INIT("\xef\xbb\xbf\"a\""), ',', "1:a" },
		{ STR_INIT("a\tb\n\"c\td\""), '\t', "1:a|b/2:\"c|d\"" },
		{ STR_INIT("a\tb"), ',', "1:a\tb" },
		{ STR_INIT("a,b"), '\t', "1:a,b" },
		{ STR_INIT("x\n\"a"), ',', "ends too early line 2: a quoted cell does not end" },
		{ STR_INIT("\"a\n\nb"), ',', "ends too early line 1: a quoted cell does not end" },
		{ STR_INIT("\"\"\""), ',', "ends too early line 1: a quoted cell does not end" },
		{ STR_INIT("x\n\"a\"b"), ',', "does not parse line 2: text after a closing quote" },
		{ STR_INIT("\"a\" ,b"), ',', "does not parse line 1: text after a closing quote" },
		{ STR_INIT("x\na\0b"), ',', "does not parse line 2: a NUL byte" },
		{ STR_INIT("\0"), ',', "does not parse line 1: a NUL byte" },
		{ STR_INIT("\"a\"\0"), ',', "does not parse line 1: text after a closing quote" },
		{ STR_INIT("\"\0\""), ',', "does not parse line 1: a NUL byte" },
	};
	struct arena *a = arena_new(1 << 20);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(shape(a, cases[i].text, cases[i].sep), cases[i].want);
	arena_free(a);
}

static void test_column_limit(void **state)
{
	struct arena *a = arena_new(1 << 20);
	for (size_t n = CSV_COLUMNS_MAX - 1; n <= CSV_COLUMNS_MAX + 1; n++) {
		struct buf b;
		struct err e;
		struct str *cells;
		size_t got;
		buf_init(&b, 10000);
		for (size_t i = 0; i < n; i++)
			csv_cell(&b, STR("x"), i == 0, false);
		struct csv *c = csv_open(buf_view(&b), ',');
		assert_int_equal(csv_row(c, a, &cells, &got, &e), n > CSV_COLUMNS_MAX ? ERR_TOOBIG : 1);
		if (n <= CSV_COLUMNS_MAX)
			assert_int_equal(got, n);
		csv_close(c);
		buf_release(&b);
	}
	arena_free(a);
}

static void test_cell_limit(void **state)
{
	struct arena *a = arena_new(16u << 20);
	for (int quoted = 0; quoted < 2; quoted++) {
		for (size_t n = CSV_CELL_MAX; n <= CSV_CELL_MAX + 1; n++) {
			struct buf b;
			struct err e;
			struct str *cells;
			size_t got;
			buf_init(&b, CSV_CELL_MAX + 10);
			buf_puts(&b, quoted ? "\"" : "");
			for (size_t i = 0; i < n; i++)
				buf_putc(&b, 'x');
			buf_puts(&b, quoted ? "\"\n" : "\n");
			struct csv *c = csv_open(buf_view(&b), ',');
			assert_int_equal(csv_row(c, a, &cells, &got, &e), n > CSV_CELL_MAX ? ERR_TOOBIG : 1);
			if (n == CSV_CELL_MAX)
				assert_int_equal(cells[0].n, n);
			csv_close(c);
			buf_release(&b);
		}
	}
	arena_free(a);
}

static void test_row_limit(void **state)
{
	struct arena *a = arena_new(1 << 20);
	size_t n = (CSV_ROWS_MAX + 1) * 2u, got, rows = 0;
	char *text = xmalloc(n);
	struct str *cells;
	struct err e;
	int r;
	for (size_t i = 0; i < n; i++)
		text[i] = i % 2 ? '\n' : 'x';
	struct csv *c = csv_open(str_n(text, n), ',');
	while ((r = csv_row(c, a, &cells, &got, &e)) == 1) {
		arena_clear(a);
		rows++;
	}
	assert_int_equal(r, ERR_TOOBIG);
	assert_int_equal(rows, CSV_ROWS_MAX);
	csv_close(c);
	c = csv_open(str_n(text, n - 2), ',');
	for (rows = 0; (r = csv_row(c, a, &cells, &got, &e)) == 1; rows++)
		arena_clear(a);
	assert_int_equal(r, 0);
	csv_close(c);
	free(text);
	arena_free(a);
}

static void test_arena_cap(void **state)
{
	struct arena *a = arena_new(64);
	struct str *cells;
	size_t n;
	struct err e;
	struct csv *c = csv_open(STR("a,b,c,d,e,f,g,h,i,j\n"), ',');
	assert_int_equal(csv_row(c, a, &cells, &n, &e), ERR_NOMEM);
	assert_int_equal(e.line, 1);
	csv_close(c);
	arena_free(a);
}

static void test_writing(void **state)
{
	static const struct {
		struct str cell;
		bool first, defuse;
		const char *want;
	} cases[] = {
		{ STR_INIT("a"), true, false, "a" },
		{ STR_INIT("a"), false, false, ",a" },
		{ STR_INIT(""), true, false, "\"\"" },
		{ STR_INIT(""), false, false, "," },
		{ { NULL, 0 }, false, false, "," },
		{ STR_INIT("a,b"), true, false, "\"a,b\"" },
		{ STR_INIT("a\"b"), true, false, "\"a\"\"b\"" },
		{ STR_INIT("a\nb"), true, false, "\"a\nb\"" },
		{ STR_INIT("a\rb"), true, false, "\"a\rb\"" },
		{ STR_INIT(" a"), true, false, "\" a\"" },
		{ STR_INIT("a "), true, false, "\"a \"" },
		{ STR_INIT("=1+1"), true, false, "=1+1" },
		{ STR_INIT("=1+1"), true, true, "'=1+1" },
		{ STR_INIT("+1"), true, true, "'+1" },
		{ STR_INIT("-1"), true, true, "'-1" },
		{ STR_INIT("@a"), true, true, "'@a" },
		{ STR_INIT("\ta"), true, true, "\"'\ta\"" },
		{ STR_INIT("\ra"), true, true, "\"'\ra\"" },
		{ STR_INIT("'=1"), true, true, "''=1" },
		{ STR_INIT("'a"), true, true, "'a" },
		{ STR_INIT("1=1"), true, true, "1=1" },
		{ STR_INIT("'"), true, true, "'" },
		{ STR_INIT("'\0"), true, true, "'" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf b;
		buf_init(&b, 100);
		csv_cell(&b, cases[i].cell, cases[i].first, cases[i].defuse);
		assert_string_equal(buf_z(&b), cases[i].want);
		buf_release(&b);
	}
}

/* Every text of up to four of these letters, in two columns, comes back as it was. */
static void test_round_trip(void **state)
{
	static const char letters[] = "a'=-\"\n\r\t, ";
	struct arena *a = arena_new(1 << 20);
	for (unsigned code = 0; code < 10000; code++) {
		char cell[5];
		size_t n = 0, got;
		for (unsigned rest = code; rest; rest /= 10)
			cell[n++] = letters[rest % 10];
		struct str s = str_n(cell, n), *cells;
		struct buf b;
		struct err e;
		buf_init(&b, 100);
		csv_cell(&b, s, true, true);
		csv_cell(&b, s, false, true);
		csv_end_row(&b);
		csv_cell(&b, s, true, false);
		csv_end_row(&b);
		struct csv *c = csv_open(buf_view(&b), ',');
		assert_int_equal(csv_row(c, a, &cells, &got, &e), 1);
		if (got != 2 || !str_eq(csv_undefuse(cells[0]), s) || !str_eq(csv_undefuse(cells[1]), s))
			fail_msg("code %u: %s", code, buf_z(&b));
		assert_int_equal(csv_row(c, a, &cells, &got, &e), 1);
		if (got != 1 || !str_eq(cells[0], s))
			fail_msg("code %u: %s", code, buf_z(&b));
		assert_int_equal(csv_row(c, a, &cells, &got, &e), 0);
		csv_close(c);
		buf_release(&b);
		arena_clear(a);
	}
	arena_free(a);
}

static void test_decoding(void **state)
{
	static const struct {
		struct str in;
		int code;
		bool cp932;
		const char *want;
		int line;
	} cases[] = {
		{ STR_INIT(""), 0, false, "", 0 },
		{ STR_INIT("情報,x"), 0, false, "情報,x", 0 },
		{ STR_INIT("\xef\xbb\xbf情報"), 0, false, "情報", 0 },
		{ STR_INIT("\x8f\xee\x95\xf1,x"), 0, true, "情報,x", 0 },
		{ STR_INIT("\xef\xbb\xbf\x8f\xee"), ERR_SYNTAX, false, NULL, 0 },
		{ STR_INIT("a\nb\n\xff\xfe"), ERR_SYNTAX, false, NULL, 3 },
		{ STR_INIT("a\0b"), ERR_SYNTAX, false, NULL, 1 },
		{ STR_INIT("\xff\xfe" "a\0b\0"), ERR_SYNTAX, false, NULL, 1 }, /* UTF-16 */
		{ STR_INIT("a\nb\x8f"), ERR_SYNTAX, false, NULL, 2 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf b;
		struct err e = { 0 };
		bool cp932 = false;
		buf_init(&b, 100);
		assert_int_equal(csv_decode(cases[i].in, &b, &cp932, &e), cases[i].code);
		assert_int_equal(cp932, cases[i].cp932);
		assert_int_equal(e.line, cases[i].line);
		if (cases[i].want)
			assert_string_equal(buf_z(&b), cases[i].want);
		buf_release(&b);
	}
	struct buf b;
	bool cp932;
	struct err e;
	buf_init(&b, 2);
	assert_int_equal(csv_decode(STR("abc"), &b, &cp932, &e), ERR_NOMEM);
	assert_string_equal(e.text, "the file is too large");
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reading),    cmocka_unit_test(test_column_limit), cmocka_unit_test(test_cell_limit),
		cmocka_unit_test(test_row_limit),  cmocka_unit_test(test_arena_cap),    cmocka_unit_test(test_writing),
		cmocka_unit_test(test_round_trip), cmocka_unit_test(test_decoding),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

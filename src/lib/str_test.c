#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/str.h"

static void test_compare(void **state)
{
	static const struct {
		struct str a, b;
		int cmp;
		bool ieq;
	} cases[] = {
		{ { "", 0 }, { NULL, 0 }, 0, true },
		{ { "a", 1 }, { "a", 1 }, 0, true },
		{ { "a", 1 }, { "A", 1 }, 1, true },
		{ { "a", 1 }, { "ab", 2 }, -1, false },
		{ { "a\0b", 3 }, { "a\0c", 3 }, -1, false },
		{ { "\xff", 1 }, { "\x01", 1 }, 1, false },
		{ { "[", 1 }, { "{", 1 }, -1, false },
		{ { "AZ", 2 }, { "az", 2 }, -1, true },
		{ { "", 0 }, { "x", 1 }, -1, false },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(str_cmp(cases[i].a, cases[i].b), cases[i].cmp);
		assert_int_equal(str_cmp(cases[i].b, cases[i].a), -cases[i].cmp);
		assert_int_equal(str_eq(cases[i].a, cases[i].b), cases[i].cmp == 0);
		assert_int_equal(str_ieq(cases[i].a, cases[i].b), cases[i].ieq);
	}
	assert_true(str_is(STR_NONE, ""));
	assert_false(str_is(STR("a"), "ab"));
	assert_null(str_from(NULL).p);
	assert_int_equal(str_from("abc").n, 3);
}

static void test_parts(void **state)
{
	assert_true(str_starts(STR("abc"), "ab") && str_starts(STR_NONE, "") && !str_starts(STR("a"), "ab") &&
	            !str_starts(STR("abc"), "b"));
	assert_true(str_ends(STR("abc"), "bc") && str_ends(STR("abc"), "abc") && !str_ends(STR("c"), "bc") &&
	            !str_ends(STR("abc"), "b") && str_ends(STR_NONE, ""));
	assert_true(str_has(STR("abcd"), "bc") && str_has(STR("ab"), "ab") && str_has(STR_NONE, "") &&
	            !str_has(STR_NONE, "a"));
	assert_true(str_has(STR("a\0bc"), "bc") && !str_has(STR("abcd"), "bd"));
	assert_true(str_is(str_trim(STR(" \t\r\n\v\f a b \n")), "a b"));
	assert_int_equal(str_trim(STR(" \t ")).n, 0);
	static const struct {
		size_t from, n;
		const char *want;
	} slices[] = { { 0, 3, "abc" }, { 1, 1, "b" },       { 3, 1, "" }, { 4, 1, "" },
		           { 2, 9, "c" },   { 1, SIZE_MAX, "bc" }, { 0, 0, "" }, { SIZE_MAX, SIZE_MAX, "" } };
	for (size_t i = 0; i < ARRAY_LEN(slices); i++)
		assert_true(str_is(str_slice(STR("abc"), slices[i].from, slices[i].n), slices[i].want));
	assert_null(str_slice(STR_NONE, 1, 1).p);
}

static void test_cut(void **state)
{
	struct str rest = STR("a,,b,");
	assert_true(str_is(str_cut(&rest, ','), "a"));
	assert_true(str_is(str_cut(&rest, ','), ""));
	assert_true(str_is(str_cut(&rest, ','), "b"));
	assert_non_null(rest.p);                             /* a last, empty part is still to come */
	struct str last = str_cut(&rest, ',');
	assert_non_null(last.p);
	assert_int_equal(last.n, 0);
	assert_null(rest.p);
	assert_null(str_cut(&rest, ',').p);
}

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		int64_t min, max;
		int code;
		int64_t want;
	} cases[] = {
		{ "0", 0, 0, 0, 0 },
		{ "007", 0, 9, 0, 7 },
		{ "-0", 0, 0, 0, 0 },
		{ "10", 0, 9, ERR_RANGE, 0 },
		{ "-1", 0, 9, ERR_RANGE, 0 },
		{ "9223372036854775807", INT64_MIN, INT64_MAX, 0, INT64_MAX },
		{ "9223372036854775808", INT64_MIN, INT64_MAX, ERR_RANGE, 0 },
		{ "-9223372036854775808", INT64_MIN, INT64_MAX, 0, INT64_MIN },
		{ "-9223372036854775809", INT64_MIN, INT64_MAX, ERR_RANGE, 0 },
		{ "99999999999999999999999", INT64_MIN, INT64_MAX, ERR_RANGE, 0 },
		{ "99999999999999999999x", INT64_MIN, INT64_MAX, ERR_SYNTAX, 0 },
		{ "", 0, 9, ERR_SYNTAX, 0 },
		{ "-", -9, 9, ERR_SYNTAX, 0 },
		{ "+1", 0, 9, ERR_SYNTAX, 0 },
		{ " 1", 0, 9, ERR_SYNTAX, 0 },
		{ "1 ", 0, 9, ERR_SYNTAX, 0 },
		{ "0x1", 0, 9, ERR_SYNTAX, 0 },
		{ "--1", -9, 9, ERR_SYNTAX, 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t v = 4711;
		assert_int_equal(str_int(str_from(cases[i].text), cases[i].min, cases[i].max, &v), cases[i].code);
		assert_true(v == (cases[i].code ? 4711 : cases[i].want));
	}
}

static void test_cursor_reads_big_endian(void **state)
{
	static const unsigned char bytes[] = { 1, 2, 3, 0xff, 0xfe, 0xfd, 0xfc, 1, 2, 3, 4, 5, 6, 7, 8 };
	struct cur c = cur_init(bytes, sizeof bytes);
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	assert_int_equal(cur_u8(&c, &u8), 0);
	assert_int_equal(cur_u16(&c, &u16), 0);
	assert_int_equal(cur_u32(&c, &u32), 0);
	assert_int_equal(cur_u64(&c, &u64), 0);
	assert_int_equal(u8, 1);
	assert_int_equal(u16, 0x0203);
	assert_int_equal(u32, 0xfffefdfcu);
	assert_true(u64 == 0x0102030405060708u);
	assert_int_equal(cur_left(&c), 0);
	assert_false(c.bad);
}

/* One byte too few for each read; afterwards nothing reads any more. */
static void test_cursor_stops_at_the_end(void **state)
{
	static const unsigned char bytes[8] = { 0 };
	uint8_t u8 = 7;
	uint16_t u16 = 7;
	uint32_t u32 = 7;
	uint64_t u64 = 7;
	const void *p = bytes;
	for (int kind = 0; kind < 5; kind++) {
		size_t n[] = { 0, 1, 3, 7, 8 };
		struct cur c = cur_init(bytes, n[kind]);
		int r = kind == 0   ? cur_u8(&c, &u8)
		        : kind == 1 ? cur_u16(&c, &u16)
		        : kind == 2 ? cur_u32(&c, &u32)
		        : kind == 3 ? cur_u64(&c, &u64)
		                    : cur_bytes(&c, 9, &p);
		assert_int_equal(r, ERR_SHORT);
		assert_true(c.bad);
		assert_int_equal(cur_left(&c), 0);
		assert_int_equal(cur_bytes(&c, 0, &p), ERR_SHORT);
	}
	assert_true(u8 == 7 && u16 == 7 && u32 == 7 && u64 == 7 && p == bytes);
	struct cur none = cur_init(NULL, 5);
	assert_int_equal(cur_left(&none), 0);
	assert_int_equal(cur_bytes(&none, 0, &p), 0);
	struct cur huge = cur_init(bytes, 8);
	assert_int_equal(cur_bytes(&huge, SIZE_MAX, &p), ERR_SHORT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_cursor_reads_big_endian),
		cmocka_unit_test(test_cursor_stops_at_the_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "lib/buf.h"

static void test_maximum_is_exact(void **state)
{
	/* Above and below the first growth step of 256. */
	static const size_t maxima[] = { 0, 1, 3, 255, 256, 257, 5000 };
	char data[5001];
	memset(data, 'x', sizeof data);
	for (size_t i = 0; i < ARRAY_LEN(maxima); i++) {
		struct buf b;
		buf_init(&b, maxima[i]);
		buf_put(&b, data, maxima[i]);
		assert_int_equal(buf_err(&b), 0);
		assert_int_equal(buf_view(&b).n, maxima[i]);
		assert_int_equal(strlen(buf_z(&b)), maxima[i]);
		buf_putc(&b, 'y');
		assert_int_equal(buf_err(&b), ERR_NOMEM);
		assert_string_equal(buf_z(&b), "");
		assert_int_equal(buf_view(&b).n, 0);
		buf_clear(&b);
		buf_put(&b, data, maxima[i] + 1);
		assert_int_equal(buf_err(&b), ERR_NOMEM);
		buf_clear(&b);
		for (size_t k = 0; k < maxima[i]; k++)
			buf_putc(&b, 'z');
		assert_int_equal(buf_err(&b), 0);
		assert_int_equal(b.n, maxima[i]);
		buf_release(&b);
	}
}

static void test_failure_sticks(void **state)
{
	struct buf b;
	buf_init(&b, 4);
	buf_puts(&b, "abc");
	const char *kept = b.p;
	buf_puts(&b, "de");
	buf_putc(&b, 'x');
	buf_printf(&b, "%d", 1);
	buf_u8(&b, 1);
	assert_null(buf_room(&b, 0));
	assert_int_equal(buf_err(&b), ERR_NOMEM);
	assert_int_equal(b.n, 3);
	assert_memory_equal(kept, "abc", 3);                 /* what a caller still reads is there */
	buf_release(&b);
	buf_puts(&b, "abcd");
	assert_string_equal(buf_z(&b), "abcd");
	buf_release(&b);
}

static void test_empty_views(void **state)
{
	struct buf b;
	buf_init(&b, 4);
	assert_non_null(buf_view(&b).p);
	assert_string_equal(buf_z(&b), "");
	buf_put(&b, NULL, 0);
	buf_str(&b, STR_NONE);
	assert_int_equal(buf_err(&b), 0);
	buf_release(&b);
}

static void test_numbers_are_big_endian(void **state)
{
	static const unsigned char want[] = { 1, 2, 3, 4, 5, 6, 7, 0xf8, 9, 10, 11, 12, 13, 14, 15 };
	struct buf b;
	buf_init(&b, sizeof want);
	buf_u8(&b, 1);
	buf_u16(&b, 0x0203);
	buf_u32(&b, 0x04050607);
	buf_u64(&b, 0xf8090a0b0c0d0e0fu);
	assert_int_equal(buf_err(&b), 0);
	assert_memory_equal(b.p, want, sizeof want);
	buf_release(&b);
}

static void test_printf_lengths(void **state)
{
	/* Around the size up to which a stack buffer is used. */
	for (int n = 250; n < 262; n++) {
		struct buf b;
		buf_init(&b, (size_t)n);
		buf_printf(&b, "%*d", n, 7);
		assert_int_equal(buf_err(&b), 0);
		assert_int_equal(strlen(buf_z(&b)), n);
		assert_int_equal(b.p[n - 1], '7');
		buf_clear(&b);
		buf_printf(&b, "%*d", n + 1, 7);
		assert_int_equal(buf_err(&b), ERR_NOMEM);
		buf_release(&b);
	}
}

static void test_room(void **state)
{
	struct buf b;
	buf_init(&b, 10);
	char *p = buf_room(&b, 10);
	assert_non_null(p);
	memcpy(p, "0123456789", 10);
	buf_grew(&b, 4);
	assert_string_equal(buf_z(&b), "0123");
	assert_non_null(buf_room(&b, 6));
	assert_null(buf_room(&b, 7));
	buf_release(&b);
}

static void test_hex(void **state)
{
	struct buf b;
	unsigned char out[3];
	buf_init(&b, 100);
	buf_hex(&b, "\x00\x9f\xff", 3);
	assert_string_equal(buf_z(&b), "009fff");
	buf_release(&b);
	static const struct {
		const char *text;
		size_t cap;
		long want;
	} cases[] = { { "009fFF", 3, 3 },        { "009fff", 2, ERR_TOOBIG }, { "", 0, 0 },
		          { "0", 3, ERR_SYNTAX },
		          { "0g", 3, ERR_SYNTAX },   { "g0", 3, ERR_SYNTAX },     { "0/", 3, ERR_SYNTAX },
		          { ":0", 3, ERR_SYNTAX },
		          { " 00 ", 3, ERR_SYNTAX }, { "0`", 3, ERR_SYNTAX },     { "@0", 3, ERR_SYNTAX } };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(hex_decode(str_from(cases[i].text), out, cases[i].cap), cases[i].want);
	assert_int_equal(hex_decode(STR("0a9fAF"), out, 3), 3);
	assert_memory_equal(out, "\x0a\x9f\xaf", 3);
}

/* RFC 4648 §10, and texts that decode to something but are not the one text of it. */
static void test_base64(void **state)
{
	static const char *const pairs[][2] = { { "", "" },           { "f", "Zg==" },         { "fo", "Zm8=" },
		                                    { "foo", "Zm9v" },    { "foob", "Zm9vYg==" },  { "fooba", "Zm9vYmE=" },
		                                    { "foobar", "Zm9vYmFy" }, { "\xfb\xff", "+/8=" } };
	char out[8];
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct buf b;
		size_t n = strlen(pairs[i][0]);
		buf_init(&b, 100);
		buf_base64(&b, pairs[i][0], n);
		assert_string_equal(buf_z(&b), pairs[i][1]);
		buf_release(&b);
		assert_int_equal(base64_decode(str_from(pairs[i][1]), out, n), n);
		assert_memory_equal(out, pairs[i][0], n);
		if (n)
			assert_int_equal(base64_decode(str_from(pairs[i][1]), out, n - 1), ERR_TOOBIG);
	}
	static const char *const bad[] = { "Z",     "Zg",    "Zg=",   "Zh==",  "Zm9=", "====", "Z===", "Zg==Zg==",
		                               "Zm 9v", "Zm9v\n", "Zm9-", "Zm9_", "=Zg=", "Zg=a" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(base64_decode(str_from(bad[i]), out, sizeof out), ERR_SYNTAX);
	assert_int_equal(base64_decode(str_n("Zm\0v", 4), out, sizeof out), ERR_SYNTAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_maximum_is_exact),       cmocka_unit_test(test_failure_sticks),
		cmocka_unit_test(test_empty_views),            cmocka_unit_test(test_numbers_are_big_endian),
		cmocka_unit_test(test_printf_lengths),         cmocka_unit_test(test_room),
		cmocka_unit_test(test_hex),                    cmocka_unit_test(test_base64),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "front/form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/buf.h"

/* Like STR, where a constant is wanted. */
#define S(lit) {lit, sizeof(lit) - 1}

static void bodies(void **state)
{
	static const struct {
		struct str body;
		const char *seen;                        /* name=value| … */
		int code;
	} t[] = {
		{S(""), "", 0},
		{S("a=1&b=2"), "a=1|b=2|", 0},
		{S("a=1&a=2"), "a=1|a=2|", 0},
		{S("a"), "a=|", 0},
		{S("a="), "a=|", 0},
		{S("a=b=c"), "a=b=c|", 0},
		{S("a=x+y%2B%26"), "a=x y+&|", 0},
		{S("%E6%83%85=%E5%A0%B1"), "情=報|", 0},
		{S("a=1%0D%0A2%09"), "a=1\r\n2\t|", 0},
		{S("a=%00"), NULL, ERR_SYNTAX},
		{S("a=\0"), NULL, ERR_SYNTAX},
		{S("a=%01"), NULL, ERR_SYNTAX},
		{S("a=%7f"), NULL, ERR_SYNTAX},
		{S("a=%"), NULL, ERR_SYNTAX},
		{S("a=%1"), NULL, ERR_SYNTAX},
		{S("a=%G1"), NULL, ERR_SYNTAX},
		{S("a=%ff"), NULL, ERR_SYNTAX},
		{S("a=\x93\xfa"), NULL, ERR_SYNTAX},
		{S("=1"), NULL, ERR_SYNTAX},
		{S("a=1&"), NULL, ERR_SYNTAX},
		{S("&&"), NULL, ERR_SYNTAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct arena *a = arena_new(1 << 20);
		struct field *f;
		size_t n;
		struct buf b;

		buf_init(&b, 1000);
		assert_int_equal(form_parse(t[i].body, a, &f, &n), t[i].code);
		for (size_t k = 0; k < n && !t[i].code; k++)
			buf_printf(&b, "%.*s=%.*s|", STR_ARG(f[k].name), STR_ARG(f[k].value));
		if (t[i].seen)
			assert_string_equal(buf_z(&b), t[i].seen);
		buf_release(&b);
		arena_free(a);
	}
}

static int parse_times(const char *piece, size_t times, const char *tail, size_t tail_n)
{
	struct arena *a = arena_new(16 << 20);
	struct field *f;
	struct buf b;
	size_t n;
	int r;

	buf_init(&b, 4 << 20);
	for (size_t i = 0; i < times; i++)
		buf_puts(&b, piece);
	buf_puts(&b, "z=");
	for (size_t i = 0; i < tail_n; i++)
		buf_puts(&b, tail);
	r = form_parse(buf_view(&b), a, &f, &n);
	buf_release(&b);
	arena_free(a);
	return r;
}

static void limits(void **state)
{
	(void)state;
	assert_int_equal(parse_times("a=1&", FIELDS_MAX - 1, "", 0), 0);
	assert_int_equal(parse_times("a=1&", FIELDS_MAX, "", 0), ERR_TOOBIG);
	assert_int_equal(parse_times("", 0, "v", FIELD_VALUE_MAX), 0);
	assert_int_equal(parse_times("", 0, "v", FIELD_VALUE_MAX + 1), ERR_TOOBIG);
	assert_int_equal(parse_times("n", FIELD_NAME_MAX - 1, "", 0), 0);
	assert_int_equal(parse_times("n", FIELD_NAME_MAX, "", 0), ERR_TOOBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(bodies), cmocka_unit_test(limits)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

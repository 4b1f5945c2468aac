#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "gate-verify/fold.h"

static int compare(struct arena *a, const char *x, const char *y)
{
	struct folded f, g;

	assert_true(fold_name(a, str_from(x), &f));
	assert_true(fold_name(a, str_from(y), &g));
	return fold_cmp(&f, &g);
}

static void twins(void **state)
{
	static const struct { const char *a, *b; } same[] = {
		{"a", "A"}, {"a", "ａ"}, {"が", "か\u3099"}, {"ｶﾞ", "ガ"}, {"ß", "SS"}, {"①", "1"}, {"㍿", "株式会社"}, {"葛\U000e0100", "葛"}, {"a\u200b", "a"}, {"가", "\u1100\u1161"},
		{"각", "\u1100\u1161\u11a8"}, {"q\u0307\u0323", "q\u0323\u0307"}, {"ﬁ", "FI"}, {"K", "k"}, {"Å", "å"},
	};
	static const struct { const char *a, *b; } other[] = {{"a", "b"}, {"か", "が"}, {"は", "ば"}, {"a", "á"}, {"1", "2"}, {"ア", "あ"}, {"a/b", "ab"}};
	struct arena *a = arena_new(1u << 20);

	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		if (compare(a, same[i].a, same[i].b))
			fail_msg("%s is not %s", same[i].a, same[i].b);
	for (size_t i = 0; i < ARRAY_LEN(other); i++)
		if (!compare(a, other[i].a, other[i].b))
			fail_msg("%s is %s", other[i].a, other[i].b);
	assert_true(compare(a, "a/x", "a.txt") < 0);     /* a folder's content stands behind it at once */
	arena_free(a);
}

static void hidden(void **state)
{
	static const uint32_t yes[] = {0xad, 0x200b, 0x200e, 0x202e, 0x2028, 0x2060, 0x2066, 0x3164, 0xfe0f, 0xfeff, 0xffa0, 0xfffe, 0xe0001, 0xe0100, 0x85, 0x61c, 0x115f, 0x180e};
	static const uint32_t no[] = {'a', 0x20, 0x3000, 0x3042, 0xff21, 0x1f600, 0x301, 0x2d, 0xa0};

	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		if (!fold_hidden(yes[i]))
			fail_msg("U+%04X", yes[i]);
	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		if (fold_hidden(no[i]))
			fail_msg("U+%04X", no[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(twins), cmocka_unit_test(hidden)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

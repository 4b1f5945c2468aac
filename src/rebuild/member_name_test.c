#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "rebuild/member_name.h"

static void fit(void **state)
{
	static const struct { const char *was, *is; } t[] = {
		{"a.txt", "a.txt"}, {"資料/令和８年　一覧.csv", "資料/令和８年　一覧.csv"}, {"CON.txt", "_CON.txt"}, {"con", "_con"}, {"a/nul.tar.gz/b.txt", "a/_nul.tar.gz/b.txt"},
		{"LPT1 .txt", "_LPT1 .txt"}, {"com0", "_com0"}, {"COM\u00b9.csv", "_COM\u00b9.csv"}, {"conin$.x", "_conin$.x"}, {"COM10.txt", "COM10.txt"}, {"CONTRACT.txt", "CONTRACT.txt"},
		{"a. ", "a"}, {" .a. . ", "a"}, {"　a　/b", "a/b"}, {"\u00a0a", "a"}, {"...", "_"}, {"a//b", "a/_/b"}, {"a:b*c?.txt", "a_b_c_.txt"},
		{"a\u202etxt.exe", "atxt.exe"}, {"a\u200bb\u2060c\u00add.txt", "abcd.txt"}, {"葛\U000e0100城.txt", "葛城.txt"}, {"a\ufe0f", "a"}, {"a\u3164b", "ab"}, {"a\x01\xc2\x85" "b", "ab"},
		{"C\u200bON.txt", "_CON.txt"}, {"a.\u200b", "a"},
	};
	struct arena *a = arena_new(1u << 20);

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct str s = member_name(a, str_from(t[i].was));

		if (!str_is(s, t[i].is))
			fail_msg("%s: %.*s", t[i].was, STR_ARG(s));
		if (!str_eq(member_name(a, s), s))
			fail_msg("%s: not a fixpoint", t[i].was);
	}
	char longest[1000];

	memset(longest, 'x', sizeof longest);
	memcpy(longest + 990, "\xe3\x81\x82.docx", 8);
	assert_true(member_name(a, str_n(longest, 998)).n <= 230);
	assert_true(str_ends(member_name(a, str_n(longest, 998)), ".docx"));
	arena_free(a);
}

static void unique(void **state)
{
	static const struct { const char *was, *is; } t[] = {
		{"a.txt", "a.txt"}, {"A.TXT", "A (2).TXT"}, {"ａ.txt", "ａ (3).txt"}, {"a.txt/b.txt", "a (4).txt/b.txt"}, {"a.txt/c.txt", "a (4).txt/c.txt"}, {"a (4).txt", "a (4) (2).txt"},
		{"が.txt", "が.txt"}, {"か\u3099.txt", "か\u3099 (2).txt"}, {"ｶﾞ.txt", "ｶﾞ.txt"}, {"ガ.txt", "ガ (2).txt"}, {"ß.txt", "ß.txt"}, {"SS.txt", "SS (2).txt"},
		{"x/y.txt", "x/y.txt"}, {"X/y.txt", "X/y (2).txt"}, {"x", "x (2)"}, {"①.txt", "①.txt"}, {"1.txt", "1 (2).txt"},
	};
	struct arena *a = arena_new(8u << 20);
	struct member_names *m = member_names_new(a);

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct str s = member_unique(m, str_from(t[i].was));

		if (!str_is(s, t[i].is))
			fail_msg("%s: %.*s", t[i].was, STR_ARG(s));
	}
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(fit), cmocka_unit_test(unique)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

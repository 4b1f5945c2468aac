#include "auth/weak.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "lib/text.h"

static void reasons(void **state)
{
	static const struct {
		const char *password, *why;
	} t[] = {
		{"kurage-no-sanpo-michi", NULL},
		{"青い急須 と 雨の坂道を", NULL},
		{"Vx9#tq!mLw2z", NULL},
		{"correct horse battery", NULL},
		{"short1!aB", "short"},
		{"情報情報情報情報情報", "short"},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "short"},
		{"password1234", "common"},
		{"P@ssw0rd2026!", "common"},
		{"Passw0rd!!!!", "common"},
		{"2026password", "common"},
		{"passwordadmin", "common"},
		{"ＰＡＳＳＷＯＲＤ１２３４", "common"},
		{"drowssap2026", "common"},
		{"qwertyuiop12", "common"},
		{"1qaz2wsx3edc", "common"},
		{"zaq12wsxcde3", "common"},
		{"123456789012", "common"},
		{"098765432109", "common"},
		{"202604012026", "common"},
		{"aaaaaaaaaaaa", "common"},
		{"abcabcabcabc", "common"},
		{"Sakura202604", "common"},
		{"sekisho-sekisho", "common"},
		{"Welcome2026!!", "common"},
		{"管理者管理者管理者管理者", "common"},
		{"いろはにほへとちりぬるを", "common"},
		{"kz-10234-vbnq-tree", "own-data"},
		{"kz-tree-5678-lamp", "own-data"},
		{"kz-tree-19850403-lamp", "own-data"},
		{"kz-tree-850403-lamp", "own-data"},
		{"lamp-S60.04.03-tree", "own-data"},
		{"tree-0403-lamp-oak", "own-data"},
		{"suzuki-tree-lamp", "own-data"},
		{"tree-ichirou-lamp", "own-data"},
		{"tree-ｉｃｈｉｒｏ-lamp", "own-data"},
		{"tree-itirou-lamp", "own-data"},
		{"鈴木の秘密の庭園と噴水の音", "own-data"},
		{"lamp-suzuki.i-tree", "own-data"},
	};
	const struct str guesses[] = {STR("10234"), STR("090-1234-5678"), STR("1985-04-03"), STR("鈴木 一郎"), STR("スズキ　イチロウ"),
	                              STR("suzuki.i@city.example"), STR("")};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const char *why = weak_why(str_from(t[i].password), 12, guesses, ARRAY_LEN(guesses));

		if (!!why != !!t[i].why || (why && strcmp(why, t[i].why)))
			fail_msg("%s: %s, want %s", t[i].password, why ? why : "fine", t[i].why ? t[i].why : "fine");
	}
}

static void length_counts_characters(void **state)
{
	(void)state;
	assert_null(weak_why(STR("雨の坂道と青い急須の音"), 11, NULL, 0));
	assert_string_equal(weak_why(STR("雨の坂道と青い急須の音"), 12, NULL, 0), "short");
}

/* Without own data nothing is refused for it. */
static void nobody_in_particular(void **state)
{
	(void)state;
	assert_null(weak_why(STR("suzuki-tree-lamp"), 12, NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(reasons), cmocka_unit_test(length_counts_characters),
	                                   cmocka_unit_test(nobody_in_particular)};

	if (text_open())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What a rule may say, and which one counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "office/transfer_rule.h"

static void test_check(void **state)
{
	static const struct {
		const char *text;
		bool ok;
	} t[] = {
		{"", true}, {"# a remark\n\n", true}, {"in : none", true}, {"in: none", true}, {"any class>=3 : chief; in mb>=50 : sys-manager", true},
		{"out section=S02 class>=2 mb>=10 personal : csirt", true}, {"out : none", false}, {"any : none", false}, {"in", false}, {"in :", false},
		{"in : nobody", false}, {"up : manager", false}, {"in class>=x : manager", false}, {"in class>=0 : manager", false}, {"in mb>= : manager", false},
		{"in section= : manager", false}, {"in everything : manager", false}, {": manager", false}, {"in : manager\nout : none", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct err e;
		if ((transfer_rules_check(str_from(t[i].text), &e) == 0) != t[i].ok)
			fail_msg("%s", t[i].text);
	}
}

static void test_who(void **state)
{
	const struct str rules = STR("# first fits\nin personal : data-manager\nin class>=3 : chief\nin mb>=50 : sys-manager\nout class>=3 : csirt\nin class>=1 : none\n");
	static const struct {
		struct transfer_case x;
		const char *who;
	} t[] = {
		{{.level = 1}, "none"}, {{.level = 3}, "chief"}, {{.level = 3, .personal = true}, "data-manager"}, {{.level = 2, .size = 50 << 20}, "sys-manager"},
		{{.level = 2, .size = (50 << 20) - 1}, "none"}, {{.outward = true, .level = 3}, "csirt"}, {{.outward = true, .level = 2}, NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		const char *who = transfer_rules_who(NULL, rules, &t[i].x);
		if ((who == NULL) != (t[i].who == NULL) || (who && strcmp(who, t[i].who) != 0))
			fail_msg("case %zu: %s", i, who ? who : "none fits");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_check), cmocka_unit_test(test_who)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What a rule may say, and which one counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "office/transfer_rule.h"
#include "queries.h"

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

static void test_section(void **state)
{
	static const struct {
		const char *rules, *who;
		int64_t section;
	} t[] = {
		{"in section=S1 : chief", "chief", 1}, {"in section=S1 : chief", "chief", 2}, {"in section=S1 : chief", NULL, 3},
		{"in section=S9 : chief", "chief", 3}, {"in section=S9 : none\nin : manager", "manager", 3},
		{"in section=S3 : none\nin : manager", "none", 3}, {"in section=S3 : none\nin : manager", "manager", 1},
	};
	static struct db_query asked[Q_TRANSFER_UNIT + 1];   /* the only one that is asked, at its place */
	struct db *db;
	(void)state;
	for (size_t i = 0; i < Q_TRANSFER_UNIT; i++)
		asked[i] = (struct db_query){"none", "SELECT 1"};
	asked[Q_TRANSFER_UNIT] = queries[Q_TRANSFER_UNIT];
	assert_int_equal(db_open(":memory:", DB_CREATE, &db, NULL), 0);
	assert_int_equal(db_exec(db, "CREATE TABLE org_units (id INTEGER PRIMARY KEY, parent INTEGER, code TEXT, no TEXT, valid_to TEXT, state TEXT);"
	                             "INSERT INTO org_units (id, parent, code) VALUES (1, NULL, 'S1'), (2, 1, 'S2'), (3, NULL, 'S3')", NULL), 0);
	assert_int_equal(db_prepare_all(db, asked, Q_TRANSFER_UNIT + 1, NULL), 0);
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct transfer_case x = {.section = t[i].section};
		const char *who = transfer_rules_who(db, str_from(t[i].rules), &x);
		if ((who == NULL) != (t[i].who == NULL) || (who && strcmp(who, t[i].who) != 0))
			fail_msg("case %zu: %s", i, who ? who : "none fits");
	}
	db_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_check), cmocka_unit_test(test_who), cmocka_unit_test(test_section)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/check_mutant.h"

static void each_condition(void **state)
{
	static const struct {
		const char *body, *first, *second;
	} rows[] = {
		{"WHERE a = 1", "WHERE TRUE ", NULL},
		{"WHERE a = 1 AND b = 2", "WHERE TRUE AND b = 2", NULL},
		{"  AND x IN (SELECT 1 FROM t WHERE c AND d)\nGROUP BY 1", "   GROUP BY 1", NULL},
		{"  OR a BETWEEN 1 AND 2 AND b", "   AND b", NULL},
		{"AND a = 'x AND y'", " ", NULL},
		{"AND order_no = 1", " ", NULL},
		{"HAVING count(*) > 0) x", "HAVING TRUE ) x", NULL},
		{"CASE WHEN a THEN 1 END", "CASE WHEN TRUE THEN 1 END", "CASE WHEN FALSE THEN 1 END"},
		{"WHEN CASE WHEN a THEN b END = 1 THEN 2", "WHEN TRUE THEN 2", "WHEN FALSE THEN 2"},
		{"  (WHERE a)", "  (WHERE TRUE )", NULL},
		{"FROM t WHERE a", NULL, NULL},
		{"ANDROID = 1", NULL, NULL},
		{"", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena *a = arena_new(1 << 16);
		struct mutant m[MUTANTS_PER_LINE];
		struct str body = str_from(rows[i].body);
		size_t n = mutants_of_line(body, 0, m);

		assert_int_equal(n, !!rows[i].first + !!rows[i].second);
		if (n > 0)
			assert_string_equal(mutant_apply(a, body, &m[0]).p, rows[i].first);
		if (n > 1)
			assert_string_equal(mutant_apply(a, body, &m[1]).p, rows[i].second);
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_condition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Whole lives of records, as people would lead them: through the engine, and around it straight at the tables. */
#include "test/world.h"

#define EXCEPTION                                                                                                \
	"subject", "旧端末の利用", "clauses", "iz.8.4.1", "controls_waived", "account.mfa", "all_subjects", "1", "reason", "更新が間に合わない", \
		"work_need", "窓口を止められない", "alternative", "隔離した網で使う", "residual_risk", "感染の恐れ", "way_back", "秋に更新する",     \
		"until", "2026-09-30"

static int set_up(void **state)
{
	*state = test_open();
	return 0;
}

static int tear_down(void **state)
{
	test_close(*state);
	return 0;
}

static int64_t submitted(struct test_world *t)
{
	int64_t id;
	assert_done(t, test_create(t, P_MANAGER, "exceptions", &id, EXCEPTION, NULL));
	assert_done(t, test_act(t, P_MANAGER, "exceptions", id, "submit", NULL, NULL));
	return id;
}

static void create_keeps_what_was_typed(void **state)
{
	struct test_world *t = *state;
	struct actor who = test_actor(t, P_MANAGER);
	struct record r;
	int64_t id;
	assert_done(t, test_create(t, P_MANAGER, "exceptions", &id, EXCEPTION, "until", "令和8年9月30日", NULL));
	assert_done(t, record_get(&t->w, t->a, &who, test_ledger(t, "exceptions"), id, &r, &t->e));
	assert_str(r.number, "例外-2026-001");
	assert_str(r.title, "旧端末の利用");
	assert_str(r.state, "draft");
	assert_int_equal(r.section, test_unit(t, "120"));
	assert_str(values_get(&r.values, STR("until"))->text, "2026-09-30");
	assert_str(values_get(&r.values, STR("valid_from"))->text, TEST_TODAY);
	assert_str(values_get(&r.values, STR("route"))->text, "ordinary");
	assert_int_equal(values_get(&r.values, STR("clauses"))->n_many, 1);
	assert_false(values_get(&r.values, STR("subjects"))->present);
	assert_int_equal(test_int(t, "SELECT count(*) FROM record_log WHERE ledger = 'exceptions'"), 1);
}

static void an_exception_lives(void **state)
{
	struct test_world *t = *state;
	int64_t id = submitted(t);
	assert_refused(t, ERR_DENIED, test_act(t, P_MANAGER, "exceptions", id, "approve", NULL, NULL));
	assert_refused(t, ERR_DENIED, test_act(t, P_STAFF, "exceptions", id, "approve", NULL, NULL));
	assert_refused(t, ERR_INVALID, test_act(t, P_CISO, "exceptions", id, "refuse", "  ", NULL));
	assert_str(t->faults.v[0].field, "note");
	assert_done(t, test_act(t, P_CISO, "exceptions", id, "approve", NULL, "conditions", "月次で報告する", NULL));
	assert_str(test_state(t, "exceptions", id), "approved");
	assert_int_equal(test_text(t, "SELECT seal FROM exceptions").n, 64);
	assert_int_equal(test_int(t, "SELECT count(*) FROM notice WHERE action = 'approve'"), 1);
	test_day(t, "2026-10-01");
	assert_int_equal(test_tick(t), 1);
	assert_str(test_state(t, "exceptions", id), "expired");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(create_keeps_what_was_typed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_exception_lives, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Whole lives of records, as people would lead them: through the engine, and around it straight at the tables. */
#include "test/world.h"

#include "core/duty.h"
#include "lib/i18n.h"

#define EXCEPTION                                                                                                      \
	"subject", "旧端末の利用", "clauses", "iz.8.4.1", "controls_waived", "account.mfa", "all_subjects", "1", "reason",        \
		"更新が間に合わない", "work_need", "窓口を止められない", "alternative", "隔離した網で使う", "residual_risk", "感染の恐れ", \
		"way_back", "秋に更新する", "until", "2026-09-30"

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
	assert_done(t, test_create(t, P_MANAGER, "exceptions", &id, EXCEPTION, NULL));
	assert_str(test_text(t, "SELECT max(number) FROM exceptions"), "例外-2026-002");
}

static void faults_name_their_fields(void **state)
{
	static const struct {
		const char *field, *text, *fault;
	} cases[] = {
		{"reason", "", "reason"}, {"clauses", "iz.0.0", "clauses"}, {"until", "2028-04-01", "until"}, {"until", "きのう", "until"},
		{"all_subjects", "0", "subjects"}, {"route", "slow", "route"}, {"until", "2026-05-01", ""}, {"number", "1", "number"},
		{"subject", "一行目\n二行目", "subject"}, {"controls_waived", "no.such", "controls_waived"},
		{"conditions", "自分で書いた条件", "conditions"}, {"route", "urgent", "started_at"},
	};
	struct test_world *t = *state;
	int64_t id, log = test_int(t, "SELECT count(*) FROM outbox");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_refused(t, ERR_INVALID, test_create(t, P_MANAGER, "exceptions", &id, EXCEPTION, cases[i].field,
		                                           cases[i].text, NULL));
		if (!test_has_fault(t, cases[i].fault))
			fail_msg("%s = %s: no fault at '%s'", cases[i].field, cases[i].text, cases[i].fault);
	}
	assert_int_equal(test_int(t, "SELECT count(*) FROM exceptions"), 0);
	assert_int_equal(test_int(t, "SELECT count(*) FROM outbox"), log);
	assert_refused(t, ERR_DENIED, test_create(t, P_STAFF, "exceptions", &id, EXCEPTION, NULL));
}

static void an_exception_lives(void **state)
{
	struct test_world *t = *state;
	int64_t id = submitted(t);
	assert_refused(t, ERR_DENIED, test_act(t, P_MANAGER, "exceptions", id, "approve", NULL, NULL));
	assert_refused(t, ERR_NOTFOUND, test_act(t, P_OTHER, "exceptions", id, "approve", NULL, NULL));
	assert_refused(t, ERR_DENIED, test_act(t, P_STAFF, "exceptions", id, "approve", NULL, NULL));
	assert_refused(t, ERR_DENIED, test_update(t, P_MANAGER, "exceptions", id, "reason", "別の理由", NULL));
	assert_refused(t, ERR_INVALID, test_act(t, P_CISO, "exceptions", id, "refuse", "  ", NULL));
	assert_true(test_has_fault(t, "note"));
	assert_done(t, test_act(t, P_CISO, "exceptions", id, "approve", NULL, "conditions", "月次で報告する", NULL));
	assert_str(test_state(t, "exceptions", id), "approved");
	assert_int_equal(test_text(t, "SELECT seal FROM exceptions").n, 64);
	assert_str(test_text(t, "SELECT conditions FROM exceptions"), "月次で報告する");
	/* the chief and the applicant */
	assert_int_equal(test_int(t, "SELECT count(*) FROM notice WHERE action = 'approve'"), 2);
	assert_int_equal(test_int(t, "SELECT count(*) FROM notice WHERE action = 'approve' AND person = (SELECT applicant FROM exceptions)"), 1);
	assert_int_equal(test_int(t, "SELECT count(*) FROM duty WHERE ledger = 'exceptions' AND name = 'way-back' AND due_on = '2026-09-30'"
	                             " AND notice_on = '2026-08-31' AND done_at IS NULL AND by = 'person'"), 1);
	assert_int_equal(test_tick(t), 0);
	test_day(t, "2026-10-01");
	assert_int_equal(test_tick(t), 1);
	assert_str(test_state(t, "exceptions", id), "expired");
	assert_int_equal(test_int(t, "SELECT count(*) FROM duty WHERE ledger = 'exceptions' AND record > 0 AND done_at IS NULL"), 0);
}

static void the_database_keeps_duties_apart(void **state)
{
	struct test_world *t = *state;
	int64_t id = submitted(t), me = test_person(t, P_MANAGER);
	const char *sql = arena_printf(t->a, "INSERT INTO exceptions_step(record, action, actor, at, from_state, to_state)"
	                                     " VALUES (%lld, 'approve', %lld, 1, 'submitted', 'approved')", (long long)id, (long long)me);
	assert_int_not_equal(db_exec(t->w.db, sql, &t->e), 0);
	assert_non_null(strstr(t->e.text, "separation"));
	assert_int_not_equal(db_exec(t->w.db, "UPDATE exceptions SET state = 'approved'", &t->e), 0);
	assert_str(test_state(t, "exceptions", id), "submitted");
}

static void an_unavoidable_override_is_recorded_and_used_once(void **state)
{
	struct test_world *t = *state;
	int64_t id;
	test_sql(t, arena_printf(t->a, "UPDATE role_assignments SET holder = %lld WHERE number = 'r2'",
	                         (long long)test_person(t, P_MANAGER)));
	id = submitted(t);
	assert_refused(t, ERR_DENIED, test_act(t, P_MANAGER, "exceptions", id, "approve", NULL, NULL));
	struct actor chief = test_actor(t, P_CHIEF), himself = test_actor(t, P_MANAGER);
	const struct ledger *l = test_ledger(t, "exceptions");
	const struct action *approve = ledger_action(l, STR("approve"));
	struct record r;
	assert_done(t, record_get(&t->w, t->a, &chief, l, id, &r, &t->e));
	assert_done(t, db_begin(t->w.db, &t->e));
	assert_int_equal(record_override(&t->w, t->a, &himself, &r, approve, himself.person, STR("急ぐ"), &t->e), ERR_DENIED);
	assert_int_equal(record_override(&t->w, t->a, &chief, &r, approve, himself.person, STR(" "), &t->e), ERR_INVALID);
	assert_done(t, test_end(t, record_override(&t->w, t->a, &chief, &r, approve, himself.person, STR("災害でほかに決裁者がいない"),
	                                           &t->e)));
	assert_done(t, test_act(t, P_MANAGER, "exceptions", id, "approve", NULL, NULL));
	assert_int_equal(test_int(t, "SELECT count(*) FROM record_log WHERE action = 'record.override'"), 1);
}

static void a_deputy_acts_and_is_seen_afterwards(void **state)
{
	struct test_world *t = *state;
	struct actor who = test_actor(t, P_CISO);
	struct duty_row *duties;
	struct step *steps;
	struct record r;
	size_t n;
	int64_t id = submitted(t), ciso = test_person(t, P_CISO);
	assert_done(t, test_act(t, P_DEPUTY, "exceptions", id, "approve", NULL, NULL));
	assert_int_equal(test_int(t, "SELECT on_behalf FROM exceptions_step WHERE action = 'approve'"), ciso);
	assert_int_equal(test_int(t, "SELECT count(*) FROM role_assignments__acts WHERE viewed_at IS NULL"), 1);
	assert_done(t, record_get(&t->w, t->a, &who, test_ledger(t, "exceptions"), id, &r, &t->e));
	assert_done(t, record_history(&t->w, t->a, &who, &r, &steps, &n, &t->e));
	assert_int_equal(n, 3);
	assert_str(steps[0].action, "approve");
	assert_str(steps[0].on_behalf_name, "副市長");
	assert_str(steps[0].actor_name, "代決者");
	assert_str(steps[2].action, "create");
	assert_int_equal(steps[0].event_index, -1);
	assert_done(t, duty_list(&t->w, t->a, &who, 50, &duties, &n, &t->e));
	bool found = false;
	for (size_t i = 0; i < n; i++)
		found |= str_is(duties[i].name, "afterview") && str_is(duties[i].due, "2026-06-08");
	assert_true(found);
}

static void an_urgent_use_is_reported_afterwards(void **state)
{
	struct test_world *t = *state;
	int64_t id;
	assert_done(t, test_create(t, P_MANAGER, "exceptions", &id, EXCEPTION, "route", "urgent", "started_at",
	                           "2026-06-01 08:00", "urgency", "災害対応", NULL));
	assert_str(test_state(t, "exceptions", id), "in-use");
	assert_int_equal(test_int(t, "SELECT due_at - (SELECT started_at FROM exceptions) FROM duty WHERE name = 'after-report' AND done_at IS NULL"),
	                 24LL * 3600 * 1000000);
	assert_done(t, test_act(t, P_MANAGER, "exceptions", id, "report-use", NULL, NULL));
	assert_str(test_text(t, "SELECT how FROM duty WHERE name = 'after-report'"), "action");
	/* What does not apply is not kept. */
	assert_done(t, test_create(t, P_MANAGER, "exceptions", &id, EXCEPTION, "started_at", "2026-06-01 08:00", "urgency",
	                           "x", NULL));
	assert_int_equal(test_int(t, arena_printf(t->a, "SELECT started_at IS NULL AND urgency IS NULL FROM exceptions WHERE id = %lld",
	                                          (long long)id)), 1);
}

static void two_edit_at_once(void **state)
{
	struct test_world *t = *state;
	const struct ledger *l = test_ledger(t, "exceptions");
	struct actor who = test_actor(t, P_MANAGER);
	struct value v = {.field = STR("reason"), .present = true, .text = STR("もう一つの理由")};
	struct values in = {&v, 1};
	int64_t id;
	assert_done(t, test_create(t, P_MANAGER, "exceptions", &id, EXCEPTION, NULL));
	assert_done(t, test_update(t, P_MANAGER, "exceptions", id, "reason", "直した理由", NULL));
	assert_done(t, db_begin(t->w.db, &t->e));
	assert_int_equal(record_update(&t->w, t->a, &who, l, id, 1, &in, &t->faults, &t->e), ERR_CONFLICT);
	db_rollback(t->w.db);
	assert_int_equal(test_version(t, l, id), 2);
	assert_done(t, test_update(t, P_MANAGER, "exceptions", id, "reason", "直した理由", NULL));
	assert_int_equal(test_version(t, l, id), 2);     /* nothing differed */
}

static const char *first_code(struct test_world *t, const char *ledger, const char *field)
{
	return arena_z(t->a, ledger_field(test_ledger(t, ledger), str_from(field))->of[0].code);
}

static int64_t classified(struct test_world *t)
{
	const char *l = "information-assets";
	int64_t id;
	assert_done(t, test_create(t, P_MANAGER, l, &id, "name", "住民税課税台帳", "kind", first_code(t, l, "kind"), "medium_form",
	                           first_code(t, l, "medium_form"), "place_kind", first_code(t, l, "place_kind"), NULL));
	assert_done(t, test_act(t, P_MANAGER, l, id, "classify", NULL, "class_c", "2", "class_i", "1", "class_a", "1",
	                        "basis", "個人の所得を含む", "scale", test_id(t, test_document(t, "分類基準")), "classified_by",
	                        test_id(t, test_person(t, P_MANAGER)), "classified_on", TEST_TODAY, NULL));
	return id;
}

static void an_edit_of_a_sealed_field_breaks_the_seal(void **state)
{
	struct test_world *t = *state;
	int64_t id = classified(t);
	assert_done(t, test_update(t, P_MANAGER, "information-assets", id, "stocktake_on", TEST_TODAY, NULL));
	assert_int_equal(test_int(t, "SELECT seal_broken FROM information_assets"), 0);
	assert_done(t, test_update(t, P_MANAGER, "information-assets", id, "name", "別の台帳", NULL));
	assert_int_equal(test_int(t, "SELECT seal_broken FROM information_assets"), 1);
	assert_int_equal(test_int(t, "SELECT count(*) FROM record_log WHERE action = 'seal.broken'"), 1);
	assert_str(test_text(t, "SELECT sealed_by FROM information_assets"), "classify");
}

static void a_restricted_record_is_hidden_everywhere(void **state)
{
	struct test_world *t = *state;
	const struct ledger *l = test_ledger(t, "information-assets");
	struct actor other = test_actor(t, P_OTHER), own = test_actor(t, P_STAFF);
	struct list_query q = {.search = STR("課税")};
	struct list_page page;
	struct record r;
	struct pick *picks;
	size_t n;
	int64_t id = classified(t);
	assert_int_equal(record_get(&t->w, t->a, &other, l, id, &r, &t->e), ERR_NOTFOUND);
	assert_done(t, record_get(&t->w, t->a, &own, l, id, &r, &t->e));
	assert_done(t, record_list(&t->w, t->a, &other, l, &q, &page, &t->e));
	assert_int_equal(page.n_rows + (size_t)page.total, 0);
	assert_done(t, record_list(&t->w, t->a, &own, l, &q, &page, &t->e));
	assert_int_equal(page.n_rows, 1);
	assert_done(t, field_picks(&t->w, t->a, &other, ledger_field(test_ledger(t, "carry-outs"), STR("assets")), STR_NONE,
	                           10, &picks, &n, &t->e));
	assert_int_equal(n, 0);
	assert_done(t, field_picks(&t->w, t->a, &own, ledger_field(test_ledger(t, "carry-outs"), STR("assets")), STR("税課"),
	                           10, &picks, &n, &t->e));
	assert_int_equal(n, 1);
	assert_int_equal(value_display(&t->w, t->a, &other, ledger_field(test_ledger(t, "carry-outs"), STR("assets")),
	                               picks[0].value).n,
	                 strlen("(not shown)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(create_keeps_what_was_typed, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(faults_name_their_fields, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(an_exception_lives, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(the_database_keeps_duties_apart, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(an_unavoidable_override_is_recorded_and_used_once, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(a_deputy_acts_and_is_seen_afterwards, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(an_urgent_use_is_reported_afterwards, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(two_edit_at_once, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(an_edit_of_a_sealed_field_breaks_the_seal, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(a_restricted_record_is_hidden_everywhere, test_set_up, test_tear_down),
	};
	i18n_set(LANG_EN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Lists, forms and choices; and every ledger of the folder tried in principle. */
#include "test/world.h"

#include "core/engine.h"
#include "lib/i18n.h"

/* No definition may fail in the engine's hands: its form, its list by every column, its conditions, rules and
 * limits. */
static void every_ledger_works_in_principle(void **state)
{
	struct test_world *t = *state;
	for (size_t i = 0; i < t->w.ledgers->n; i++) {
		const struct ledger *l = t->w.ledgers->v[i];
		struct form_item *items;
		struct list_page page;
		struct buf csv;
		struct values none = {0};
		int64_t id;
		assert_done(t, record_form(&t->w, t->a, &test_console, l, NULL, NULL, NULL, &items, &t->e));
		for (size_t f = 0; f < l->n_fields; f++) {
			struct list_query q = {.sort = l->fields[f].name, .limit = 5};
			int err = record_list(&t->w, t->a, &test_console, l, &q, &page, &t->e);
			assert_true(err == 0 || err == ERR_INVALID);
			assert_ptr_equal(items[f].field, &l->fields[f]);
		}
		buf_init(&csv, 1u << 20);
		assert_done(t, ledger_export_csv(&t->w, &test_console, l, NULL, &csv, &t->e));
		buf_release(&csv);
		t->faults = (struct faults){0};
		assert_done(t, db_begin(t->w.db, &t->e));
		int err = record_create(&t->w, t->a, &test_console, l, &none, &id, &t->faults, &t->e);
		db_rollback(t->w.db);
		if (err != ERR_INVALID || !t->faults.n)
			fail_msg("%.*s: an empty record: %d %s", STR_ARG(l->name), err, t->e.text);
	}
	test_tick(t);
}

/* Each action, state and duty of each ledger is judged on a row that holds nothing: no expression may fail. */
static void every_condition_can_be_judged(void **state)
{
	struct test_world *t = *state;
	for (size_t i = 0; i < t->w.ledgers->n; i++) {
		const struct ledger *l = t->w.ledgers->v[i];
		const char *start = NULL;
		struct record r;
		for (size_t k = 0; k < l->n_states && !start; k++)
			if (l->states[k].start)
				start = arena_z(t->a, l->states[k].name);
		/* An empty row satisfies not every rule. */
		test_sql(t, arena_printf(t->a, "DROP TRIGGER IF EXISTS \"%.*s_t_rules_insert\"", STR_ARG(l->table)));
		test_sql(t, arena_printf(t->a, "INSERT INTO \"%.*s\"(number, title, state, section, applicant, created_at, created_on) VALUES ('x', 'x', '%s',"
		                               " %lld, %lld, 1, '2026-06-01')", STR_ARG(l->table), start, (long long)test_unit(t, "120"),
		                         (long long)test_person(t, P_STAFF)));
		int64_t id = test_int(t, arena_printf(t->a, "SELECT max(id) FROM \"%.*s\"", STR_ARG(l->table)));
		assert_done(t, record_get(&t->w, t->a, &test_console, l, id, &r, &t->e));
		struct job j = {.w = &t->w, .a = t->a, .who = &test_console, .l = l, .e = &t->e};
		for (size_t k = 0; k < l->n_actions; k++) {
			const struct action *act = &l->actions[k];
			struct form_item *items;
			struct permit p;
			r.state = act->from.v[0];
			int err = act_permit(&j, &r, act, &p);
			if (err != 0 && err != ERR_DENIED && err != ERR_WRONG_STATE)
				fail_msg("%.*s %.*s: %s", STR_ARG(l->name), STR_ARG(act->name), t->e.text);
			assert_done(t, record_form(&t->w, t->a, &test_console, l, &r, act, NULL, &items, &t->e));
		}
		for (size_t k = 0; k < l->n_forms; k++) {
			enum truth ignored;
			assert_done(t, expr_judge(&j, &r, &l->forms[k].when, 1, &ignored));
		}
		assert_done(t, db_begin(t->w.db, &t->e));
		int err = duty_follow(&j, id);
		if (err != 0)
			fail_msg("%.*s: duties: %s", STR_ARG(l->name), t->e.text);
		db_rollback(t->w.db);
	}
}

static void many_persons(struct test_world *t, int n)
{
	struct buf csv;
	buf_init(&csv, 1u << 20);
	buf_puts(&csv, "staff_no,name,kana,person_type,section,source,started_on,post_since\n");
	for (int i = 0; i < n; i++)
		buf_printf(&csv, "8%04d,山田%d,やまだ,regular,%s,hr-feed,2026-04-01,%s\n", i, i, i % 2 ? "120" : "210",
		           i % 3 == 0 ? "" : i % 3 == 1 ? "2026-04-01" : "2025-04-01");
	test_import(t, "persons", buf_z(&csv));
	buf_release(&csv);
}

/* Walks the whole list page by page; returns the numbers joined. */
static struct str walked(struct test_world *t, struct list_query q, size_t *ret_n)
{
	struct actor office = test_actor(t, P_OFFICE);
	struct list_page page;
	struct str all = STR("");
	*ret_n = 0;
	do {
		assert_done(t, record_list(&t->w, t->a, &office, test_ledger(t, "persons"), &q, &page, &t->e));
		for (size_t i = 0; i < page.n_rows; i++)
			all = arena_strf(t->a, "%.*s %.*s", STR_ARG(all), STR_ARG(page.rows[i].number));
		*ret_n += page.n_rows;
		q.after = page.next;
		assert_true(*ret_n < 1000);
	} while (page.next.n);
	return all;
}

static void pages_follow_each_other_without_gap_or_repeat(void **state)
{
	static const char *const sorts[] = {NULL, "number", "post_since", "section", "updated_at", "state"};
	struct test_world *t = *state;
	many_persons(t, 60);
	for (size_t i = 0; i < ARRAY_LEN(sorts); i++)
		for (int way = 0; way <= 3; way++) {         /* up and down, all and those searched for */
			int all = way & 2 ? 60 : 72;
			struct list_query small = {.sort = sorts[i] ? str_from(sorts[i]) : STR_NONE, .descending = way & 1,
			                           .limit = 7,
				.search = way & 2 ? STR("山田") : STR_NONE}, big = small;
			size_t n, m;
			big.limit = 200;
			struct str a = walked(t, small, &n), b = walked(t, big, &m);
			assert_int_equal(n, all);
			assert_int_equal(m, all);
			assert_true(str_eq(a, b));
		}
}

static void lists_are_filtered_and_searched(void **state)
{
	static const struct {
		const char *field, *op, *text;
		int n;
	} cases[] = {
		{"post_since", "empty", "", 32}, {"post_since", ">=", "令和8年4月1日", 20}, {"person_type", "=", "special", 1}, {"name", "has", "田5", 11},
		{"name", "has", "%", 0}, {"kana", "<>", "やまだ", 12},
	};
	struct test_world *t = *state;
	struct actor office = test_actor(t, P_OFFICE), manager = test_actor(t, P_MANAGER);
	const struct ledger *l = test_ledger(t, "persons");
	struct list_page page;
	many_persons(t, 60);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct list_query q = {.filters[0] = {str_from(cases[i].field), str_from(cases[i].op), str_from(cases[i].text)},
		                       .n_filters = 1};
		assert_done(t, record_list(&t->w, t->a, &office, l, &q, &page, &t->e));
		if (page.total != cases[i].n)
			fail_msg("%s %s %s: %lld", cases[i].field, cases[i].op, cases[i].text, (long long)page.total);
	}
	struct list_query found = {.search = STR("山田")}, live = {.live_only = true}, one = {.search = STR("税務課長")};
	assert_done(t, record_list(&t->w, t->a, &office, l, &found, &page, &t->e));
	assert_int_equal(page.total, 60);
	assert_done(t, record_list(&t->w, t->a, &manager, l, &found, &page, &t->e));
	assert_int_equal(page.total, 30);                /* of his own section */
	assert_done(t, record_list(&t->w, t->a, &office, l, &live, &page, &t->e));
	assert_int_equal(page.total, 12);
	assert_done(t, record_list(&t->w, t->a, &office, l, &one, &page, &t->e));
	assert_int_equal(page.total, 1);
	struct list_query bad = {.sort = STR("birth_date")};
	assert_int_equal(record_list(&t->w, t->a, &office, l, &bad, &page, &t->e), ERR_INVALID);
	bad = (struct list_query){.after = STR("x'; DROP")};
	assert_int_equal(record_list(&t->w, t->a, &office, l, &bad, &page, &t->e), ERR_INVALID);
}

static const struct form_item *item(struct form_item *items, const struct ledger *l, const char *name)
{
	return &items[field_index(l, ledger_field(l, str_from(name)))];
}

static void a_form_follows_what_is_typed(void **state)
{
	struct test_world *t = *state;
	const struct ledger *l = test_ledger(t, "exceptions");
	struct actor who = test_actor(t, P_MANAGER);
	struct value typed[] = {{.field = STR("route"), .present = true, .text = STR("urgent")},
		{.field = STR("until"), .present = true, .text = STR("unreadable")}};
	struct values vs = {typed, 2};
	struct form_item *items;
	assert_done(t, record_form(&t->w, t->a, &who, l, NULL, NULL, NULL, &items, &t->e));
	assert_false(item(items, l, "started_at")->shown);
	assert_str(item(items, l, "valid_from")->value->text, TEST_TODAY);
	assert_str(item(items, l, "until")->max, "2028-03-31");
	assert_true(item(items, l, "reason")->editable && item(items, l, "reason")->required);
	assert_false(item(items, l, "conditions")->editable);
	assert_done(t, record_form(&t->w, t->a, &who, l, NULL, NULL, &vs, &items, &t->e));
	assert_true(item(items, l, "started_at")->shown);
	assert_str(item(items, l, "until")->value->text, "unreadable");
}

static void choices_are_what_one_may_choose(void **state)
{
	struct test_world *t = *state;
	struct actor who = test_actor(t, P_STAFF);
	const struct ledger *l = test_ledger(t, "exceptions");
	struct pick *p;
	size_t n;
	assert_done(t, field_picks(&t->w, t->a, &who, ledger_field(l, STR("clauses")), STR("8.4"), 10, &p, &n, &t->e));
	assert_int_equal(n, 1);
	assert_str(p[0].value, "iz.8.4.1");
	assert_done(t, field_picks(&t->w, t->a, &who, ledger_field(l, STR("section")), STR("税"), 10, &p, &n, &t->e));
	assert_int_equal(n, 1);
	assert_done(t, field_picks(&t->w, t->a, &who, ledger_field(test_ledger(t, "carry-outs"), STR("carrier")),
	                           STR("ぜいむ"), 10, &p, &n, &t->e));
	assert_int_equal(n, 2);
	assert_done(t, field_picks(&t->w, t->a, &who, ledger_field(l, STR("subjects")), STR("税務"), 10, &p, &n, &t->e));
	assert_true(n >= 2);                             /* a unit and persons */
	assert_true(str_starts(p[0].value, "org-units:") || str_starts(p[0].value, "persons:"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_ledger_works_in_principle, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(every_condition_can_be_judged, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(pages_follow_each_other_without_gap_or_repeat, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(lists_are_filtered_and_searched, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(a_form_follows_what_is_typed, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(choices_are_what_one_may_choose, test_set_up, test_tear_down),
	};
	i18n_set(LANG_EN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

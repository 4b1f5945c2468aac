/* CSV in and out: what goes out comes in again unchanged; nothing half; taken back as a whole; fast enough for a
 * city. */
#include "test/world.h"

#include "lib/i18n.h"

static struct str exported(struct test_world *t, const struct actor *who, const char *ledger)
{
	struct buf out;
	buf_init(&out, 64u << 20);
	assert_done(t, ledger_export_csv(&t->w, who, test_ledger(t, ledger), NULL, &out, &t->e));
	struct str s = arena_str(t->a, buf_view(&out));
	buf_release(&out);
	return s;
}

static void a_round_trip_changes_nothing(void **state)
{
	static const char *const ledgers[] = {"org-units", "persons", "role-assignments"};
	struct test_world *t = *state;
	test_sql(t, "UPDATE persons SET name = '=cmd|x', kana = 'a, \"b\"' || char(10) || 'c' WHERE staff_no = '1007'");
	test_sql(t, arena_printf(t->a, "INSERT INTO org_units__posts(record, pos, code, title, head, roles) VALUES (%lld, 0, 'kacho', '課長', 1,"
	                               " '[\"sec-manager\",\"staff\"]')", (long long)test_unit(t, "120")));
	for (size_t i = 0; i < ARRAY_LEN(ledgers); i++) {
		struct import_result r;
		struct str first = exported(t, &test_console, ledgers[i]);
		int err = ledger_import_apply(&t->w, t->a, &test_console, test_ledger(t, ledgers[i]), first, &r, &t->e);
		for (size_t k = 0; k < r.n_faults; k++)
			print_error("line %d %.*s: %.*s\n", r.faults[k].line, STR_ARG(r.faults[k].field),
			            STR_ARG(r.faults[k].text));
		assert_done(t, err);
		assert_true(r.rows > 5 && r.unchanged == r.rows);
		struct str second = exported(t, &test_console, ledgers[i]);
		assert_int_equal(first.n, second.n);
		assert_memory_equal(first.p, second.p, first.n);
	}
}

static void another_city_gets_the_same(void **state)
{
	struct test_world *t = *state, *u = test_open();
	struct import_result r;
	test_sql(t, arena_printf(t->a, "INSERT INTO org_units__posts(record, pos, code, title, head, roles) VALUES (%lld, 0, 'kacho', '課長', 1,"
	                               " '[\"sec-manager\",\"staff\"]')", (long long)test_unit(t, "120")));
	struct str first = exported(t, &test_console, "org-units");
	assert_done(u, ledger_import_apply(&u->w, u->a, &test_console, test_ledger(u, "org-units"), first, &r, &u->e));
	assert_int_equal(r.updated, 1);
	struct str second = exported(u, &test_console, "org-units");
	assert_int_equal(first.n, second.n);
	assert_memory_equal(first.p, second.p, first.n);
	test_close(u);
}

static const char two_persons[] =
	"職員番号,氏名,任用等の種別,所属,登録の元,採用・着任日\n"
	"3001,一人目,常勤,税務課,人事データ,令和8年4月1日\n"
	"3002,二人目,常勤,120,hr-feed,2026/5/1\n";

static void faults_name_their_lines_and_nothing_is_half_imported(void **state)
{
	struct test_world *t = *state;
	struct actor office = test_actor(t, P_OFFICE), staff = test_actor(t, P_STAFF);
	const struct ledger *l = test_ledger(t, "persons");
	struct import_result r;
	int64_t persons = test_int(t, "SELECT count(*) FROM persons"), events = test_int(t, "SELECT count(*) FROM outbox");
	assert_done(t, ledger_import_preview(&t->w, t->a, &office, l, str_from(two_persons), NULL, &r, &t->e));
	assert_int_equal(r.n_faults, 0);
	assert_int_equal(r.created, 2);
	struct str bad = arena_strf(t->a, "%s3003,三人目,常勤,どこか,人事データ,2026-04-01\n3001,重複,常勤,120,人事データ,いつか\n", two_persons);
	assert_done(t, ledger_import_preview(&t->w, t->a, &office, l, bad, NULL, &r, &t->e));
	assert_int_equal(r.n_faults, 2);
	assert_int_equal(r.faults[0].line, 4);
	assert_str(r.faults[0].field, "section");
	assert_int_equal(r.faults[1].line, 5);
	assert_str(r.faults[1].field, "started_on");
	assert_int_equal(ledger_import_apply(&t->w, t->a, &office, l, bad, &r, &t->e), ERR_INVALID);
	assert_int_equal(ledger_import_apply(&t->w, t->a, &staff, l, str_from(two_persons), &r, &t->e), ERR_DENIED);
	assert_int_equal(ledger_import_apply(&t->w, t->a, &office, l, STR("職員番号,謎の列\n1,2\n"), &r, &t->e), ERR_INVALID);
	assert_int_equal(ledger_import_apply(&t->w, t->a, &office, l, STR("staff_no,name,state\n9,x,active\n"), &r, &t->e),
	                 ERR_INVALID);
	assert_int_equal(test_int(t, "SELECT count(*) FROM persons"), persons);
	assert_int_equal(test_int(t, "SELECT count(*) FROM outbox"), events);
}

static void an_import_is_taken_back_as_a_whole(void **state)
{
	struct test_world *t = *state;
	struct actor office = test_actor(t, P_OFFICE);
	const struct ledger *l = test_ledger(t, "persons");
	struct import_result r, again;
	struct str before = exported(t, &test_console, "persons");
	struct str text = arena_strf(t->a, "%s1007,改名した人,常勤,120,hr-feed,2020-04-01\n", two_persons);
	assert_done(t, ledger_import_apply(&t->w, t->a, &office, l, text, &r, &t->e));
	assert_int_equal(r.created, 2);
	assert_int_equal(r.updated, 1);
	assert_done(t, ledger_import_undo(&t->w, t->a, &office, r.id, &t->e));
	struct str after = exported(t, &test_console, "persons");
	assert_int_equal(before.n, after.n);
	assert_memory_equal(before.p, after.p, before.n);
	assert_int_equal(ledger_import_undo(&t->w, t->a, &office, r.id, &t->e), ERR_NOTFOUND);
	assert_int_equal(test_int(t, "SELECT count(*) FROM duty WHERE ledger = 'persons' AND done_at IS NULL AND record NOT IN (SELECT id FROM persons)"), 0);
	/* What the console brings in a later state goes as well, as long as nobody touched it. */
	struct str active = STR("staff_no,name,person_type,section,source,started_on,state\n3009,着任済み,regular,120,manual,2026-04-01,active\n");
	assert_done(t, ledger_import_apply(&t->w, t->a, &test_console, l, active, &r, &t->e));
	assert_int_not_equal(db_exec(t->w.db, "DELETE FROM persons WHERE staff_no = '3009'", &t->e), 0);
	assert_done(t, ledger_import_undo(&t->w, t->a, &test_console, r.id, &t->e));
	assert_int_equal(test_int(t, "SELECT count(*) FROM persons WHERE staff_no = '3009'"), 0);
	/* Changed since: all stays. */
	assert_done(t, ledger_import_apply(&t->w, t->a, &office, l, text, &again, &t->e));
	assert_done(t, test_update(t, P_OFFICE, "persons", test_person(t, "3002"), "kana", "ふたりめ", NULL));
	assert_int_equal(ledger_import_undo(&t->w, t->a, &office, again.id, &t->e), ERR_CONFLICT);
	assert_str(test_text(t, "SELECT name FROM persons WHERE staff_no = '1007'"), "改名した人");
}

static void only_its_own_person_or_the_office_takes_an_import_back(void **state)
{
	struct test_world *t = *state;
	struct actor manager = test_actor(t, P_MANAGER), other = test_actor(t, P_OTHER), office = test_actor(t, P_OFFICE);
	struct import_result r;
	struct str csv = STR("kind,section,login,directory,person,requested_change,need,starts_on,rights,factors\n"
	                     "personal,税務課,u1007,庁内ディレクトリ,1007,create,業務,2026-06-01,\"[{\"\"target\"\":\"\"文書\"\",\"\"level\"\":\"\"read\"\"}]\","
	                     "知識; possession\n");
	assert_done(t, ledger_import_apply(&t->w, t->a, &manager, test_ledger(t, "accounts"), csv, &r, &t->e));
	assert_int_equal(r.created, 1);
	assert_true(record_may_create(&t->w, &other, test_ledger(t, "accounts")));
	assert_int_equal(ledger_import_undo(&t->w, t->a, &other, r.id, &t->e), ERR_NOTFOUND);
	assert_int_equal(test_int(t, "SELECT count(*) FROM accounts"), 1);
	assert_done(t, ledger_import_undo(&t->w, t->a, &office, r.id, &t->e));
	assert_int_equal(test_int(t, "SELECT count(*) FROM accounts"), 0);
}

static void rows_are_known_by_what_is_unique_together(void **state)
{
	struct test_world *t = *state;
	struct import_result r;
	const char *head = "kind,section,login,directory,person,requested_change,need,starts_on,rights,factors\n";
	for (int i = 0; i < 2; i++) {
		struct str csv = arena_strf(t->a, "%spersonal,税務課,u1007,庁内ディレクトリ,1007,create,%s,2026-06-01,\"[{\"\"target\"\":\"\"文書\"\","
		                                  "\"\"level\"\":\"\"read\"\"}]\",知識; possession\n", head, i ? "別の理由" : "業務");
		assert_done(t, ledger_import_apply(&t->w, t->a, &test_console, test_ledger(t, "accounts"), csv, &r, &t->e));
		assert_int_equal(i ? r.updated : r.created, 1);
	}
	assert_int_equal(test_int(t, "SELECT count(*) FROM accounts"), 1);
	assert_int_equal(test_int(t, "SELECT count(*) FROM accounts__rights"), 1);
	assert_str(test_text(t, "SELECT group_concat(value) FROM accounts__factors"), "knowledge,possession");
}

static void a_row_may_name_a_later_one(void **state)
{
	struct test_world *t = *state;
	struct import_result r;
	const char *csv = "code,name,kind,body_type,parent,starts_on\n"
	                  "311,窓口係,team,mayor,310,2026-04-01\n310,市民課,section,mayor,300,2026-04-01\n300,市民部,bureau,mayor,000,2026-04-01\n";
	assert_done(t, ledger_import_apply(&t->w, t->a, &test_console, test_ledger(t, "org-units"), str_from(csv), &r,
	                                   &t->e));
	assert_int_equal(r.created, 3);
	assert_true(unit_within(t->w.db, test_unit(t, "311"), test_unit(t, "000")));
	csv = "code,name,kind,body_type,parent,starts_on\n411,係,team,mayor,410,2026-04-01\n412,係,team,mayor,411,2026-04-01\n";
	assert_int_equal(ledger_import_apply(&t->w, t->a, &test_console, test_ledger(t, "org-units"), str_from(csv), &r,
	                                     &t->e), ERR_INVALID);
	assert_int_equal(r.n_faults, 2);
	assert_str(r.faults[0].field, "parent");
}

static void a_city_of_6000_is_imported_in_time(void **state)
{
	struct test_world *t = *state;
	struct actor office = test_actor(t, P_OFFICE);
	struct import_result r;
	struct buf csv;
	buf_init(&csv, 8u << 20);
	buf_puts(&csv, "staff_no,name,kana,person_type,section,source,started_on,email,phone\n");
	for (int i = 0; i < 6000; i++)
		buf_printf(&csv, "9%05d,職員%05d,しょくいん,regular,%s,hr-feed,2026-04-01,s%05d@city.example,0948-00-%04d\n", i, i,
		           i % 2 ? "120" : "210", i, i % 10000);
	struct timespec start, end;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start); /* the machine may be busy with other tests */
	assert_done(t, ledger_import_apply(&t->w, t->a, &office, test_ledger(t, "persons"), buf_view(&csv), &r, &t->e));
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	int64_t took = (end.tv_sec - start.tv_sec) * SECOND_US + (end.tv_nsec - start.tv_nsec) / 1000;
	print_message("6,000 persons in %lld ms\n", (long long)(took / 1000));
	assert_int_equal(r.created, 6000);
#ifndef __SANITIZE_ADDRESS__
	assert_true(took < 5 * SECOND_US);
#endif
	buf_release(&csv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_round_trip_changes_nothing, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(another_city_gets_the_same, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(faults_name_their_lines_and_nothing_is_half_imported, test_set_up,
		                                test_tear_down),
		cmocka_unit_test_setup_teardown(an_import_is_taken_back_as_a_whole, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(only_its_own_person_or_the_office_takes_an_import_back, test_set_up,
		                                test_tear_down),
		cmocka_unit_test_setup_teardown(rows_are_known_by_what_is_unique_together, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(a_row_may_name_a_later_one, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(a_city_of_6000_is_imported_in_time, test_set_up, test_tear_down),
	};
	i18n_set(LANG_EN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Lives of the other ledgers one meets first: carry-outs, role assignments, persons, incidents, accounts, systems,
 * units. */
#include "test/world.h"

#include "core/duty.h"
#include "lib/i18n.h"

static const char *first_code(struct test_world *t, const char *ledger, const char *field)
{
	return arena_z(t->a, ledger_field(test_ledger(t, ledger), str_from(field))->of[0].code);
}

static struct str row_cell_of(const struct value *v, size_t row, const char *name)
{
	for (size_t i = 0; i < v->rows[row].n; i++)
		if (str_is(v->rows[row].cells[i].name, name))
			return v->rows[row].cells[i].text;
	return STR_NONE;
}

#define CARRY_OUT(t)                                                                                               \
	"kind", "carry-out", "subject", "出張", "purpose", "現地調査", "destination", "県庁", "class_c", "1", "rule",       \
		test_id((t), test_document((t), "持出し手順")), "depart_at", "2026-06-02 09:00", "due_at", "2026-06-03 17:00", "way", "hand", \
		"items", "[{\"kind\":\"paper\",\"description\":\"図面\",\"quantity\":\"２\"},{}]"

static void a_carry_out_lives(void **state)
{
	struct test_world *t = *state;
	const char *l = "carry-outs";
	int64_t id;
	assert_done(t, test_create(t, P_STAFF, l, &id, CARRY_OUT(t), NULL));
	assert_int_equal(test_int(t, "SELECT count(*) FROM carry_outs__items"), 1);
	assert_int_equal(test_int(t, "SELECT quantity FROM carry_outs__items"), 2);
	assert_int_equal(test_int(t, "SELECT carrier FROM carry_outs"), test_person(t, P_STAFF));
	assert_done(t, test_act(t, P_STAFF, l, id, "submit", NULL, NULL));
	assert_refused(t, ERR_DENIED, test_act(t, P_STAFF, l, id, "approve", NULL, NULL));
	assert_refused(t, ERR_NOTFOUND, test_act(t, P_OTHER, l, id, "approve", NULL, NULL));
	assert_done(t, test_act(t, P_MANAGER, l, id, "approve", NULL, NULL));
	assert_refused(t, ERR_INVALID, test_act(t, P_STAFF, l, id, "depart", NULL, NULL));
	assert_true(test_has_fault(t, "out_at"));
	assert_done(t, test_act(t, P_STAFF, l, id, "depart", NULL, "out_at", "2026-06-02T09:10", NULL));
	assert_int_equal(test_int(t, "SELECT count(*) FROM duty WHERE ledger = 'carry-outs' AND name = 'return' AND due_on = '2026-06-03' AND"
	                             " done_at IS NULL"), 1);
	assert_done(t, test_act(t, P_STAFF, l, id, "extend", "会議が延びた", "wished_due_at", "2026-06-05 17:00", NULL));
	assert_done(t, test_act(t, P_MANAGER, l, id, "approve-extension", NULL, "extended_to", "2026-06-05 17:00", NULL));
	assert_int_equal(test_int(t, "SELECT seal_broken FROM carry_outs"), 0);
	assert_str(test_text(t,
	                     "SELECT due_on FROM duty WHERE ledger = 'carry-outs' AND name = 'return' AND done_at IS NULL"),
	                     "2026-06-05");
	assert_done(t, test_act(t, P_STAFF, l, id, "return", NULL, "returned_at", "2026-06-04 18:00", NULL));
	assert_str(test_text(t, "SELECT how FROM duty WHERE ledger = 'carry-outs' AND name = 'return'"), "action");
	assert_done(t, test_act(t, P_MANAGER, l, id, "check-return", NULL, "checked_by",
	                        test_id(t, test_person(t, P_MANAGER)), "complete", "1", "erased", "いいえ", NULL));
	assert_str(test_state(t, l, id), "closed");
}

static void a_head_applies_one_level_up(void **state)
{
	struct test_world *t = *state;
	const char *l = "carry-outs";
	struct actor chief, dept = test_actor(t, P_DEPT);
	struct waiting *w;
	size_t n;
	int64_t id;
	assert_done(t, test_create(t, P_MANAGER, l, &id, CARRY_OUT(t), "carrier", test_id(t, test_person(t, P_STAFF)),
	                           NULL));
	assert_done(t, test_act(t, P_MANAGER, l, id, "submit", NULL, NULL));
	assert_refused(t, ERR_DENIED, test_act(t, P_MANAGER, l, id, "approve", NULL, NULL));
	assert_done(t, waiting_list(&t->w, t->a, &dept, 10, &w, &n, &t->e));
	assert_int_equal(n, 1);
	assert_int_equal(w[0].record, id);
	assert_str(w[0].applicant_name, "税務課長");
	/* With nobody above him it is the general manager's. */
	test_sql(t, "UPDATE role_assignments SET ended_on = '2026-05-01' WHERE number = 'r8'");
	chief = test_actor(t, P_CHIEF);
	assert_done(t, waiting_list(&t->w, t->a, &chief, 10, &w, &n, &t->e));
	assert_int_equal(n, 1);
	assert_done(t, test_act(t, P_CHIEF, l, id, "approve", NULL, NULL));
}

static void a_blanket_permit_covers_later_carry_outs(void **state)
{
	struct test_world *t = *state;
	const char *l = "carry-outs";
	int64_t blanket, id;
	assert_done(t, test_create(t, P_STAFF, l, &blanket, CARRY_OUT(t), "kind", "blanket", "due_at", "2027-03-31 17:00",
	                           NULL));
	assert_refused(t, ERR_INVALID, test_create(t, P_STAFF, l, &id, CARRY_OUT(t), "blanket", test_id(t, blanket), NULL));
	assert_true(test_has_fault(t, "blanket"));
	assert_done(t, test_act(t, P_STAFF, l, blanket, "submit", NULL, NULL));
	assert_done(t, test_act(t, P_MANAGER, l, blanket, "approve", NULL, NULL));
	assert_done(t, test_create(t, P_STAFF, l, &id, CARRY_OUT(t), "blanket", test_id(t, blanket), NULL));
	assert_done(t, test_act(t, P_STAFF, l, id, "depart-blanket", NULL, "out_at", "2026-06-02T09:10", NULL));
	assert_str(test_state(t, l, id), "out");
}

static void a_privileged_delegation_takes_two(void **state)
{
	struct test_world *t = *state;
	const char *l = "role-assignments";
	struct actor who;
	int64_t id;
	test_sql(t, "INSERT INTO accounts(number, title, state, kind) VALUES ('a1', 'root', 'draft', 'privileged')");
	assert_done(t, test_create(t, P_OFFICE, l, &id, "kind", "delegation", "role", "ciso", "holder",
	                           test_id(t, test_person(t, P_SYSTEM)), "owner", test_id(t, test_person(t, P_CISO)),
	                           "deputy_of", test_id(t,
	                                                test_int(t, "SELECT id FROM role_assignments WHERE number = 'r2'")),
	                           "starts_on", TEST_TODAY, "ends_on", "2026-06-30", "decided_by", "ciso", "decided_on", TEST_TODAY, "reason", "出張",
	                           "duties_delegated", "特権の使用", "privileged", "1", "accounts", "1", NULL));
	assert_refused(t, ERR_DENIED, test_act(t, P_OFFICE, l, id, "nominate-privileged", NULL, NULL));
	assert_done(t, test_act(t, P_CHIEF, l, id, "nominate-privileged", NULL, NULL));
	assert_str(test_state(t, l, id), "draft");
	assert_refused(t, ERR_DENIED, test_act(t, P_CHIEF, l, id, "nominate-privileged", NULL, NULL));
	/* An edit takes the first approval back. */
	assert_done(t, test_update(t, P_OFFICE, l, id, "reason", "長期の出張", NULL));
	assert_done(t, test_act(t, P_SYSTEM, l, id, "nominate-privileged", NULL, NULL));
	assert_str(test_state(t, l, id), "draft");
	assert_done(t, test_act(t, P_CHIEF, l, id, "nominate-privileged", NULL, NULL));
	assert_str(test_state(t, l, id), "nominated");
	assert_done(t, test_act(t, P_CISO, l, id, "approve", NULL, NULL));
	who = test_actor(t, P_SYSTEM);
	assert_true(ACTOR_HAS(&who, ROLE_CISO));
	assert_int_equal(who.held[who.n_held - 1].on_behalf, test_person(t, P_CISO));
	test_day(t, "2026-07-01");
	who = test_actor(t, P_SYSTEM);
	assert_false(ACTOR_HAS(&who, ROLE_CISO));
	assert_true(test_tick(t) >= 1);
	assert_str(test_state(t, l, id), "ended");
}

static void who_somebody_is(void **state)
{
	struct test_world *t = *state;
	struct actor who = test_actor(t, P_MANAGER);
	assert_true(ACTOR_HAS(&who, ROLE_SEC_MANAGER) && ACTOR_HAS(&who, ROLE_STAFF));
	assert_int_equal(who.section, test_unit(t, "120"));
	assert_true(unit_within(t->w.db, test_unit(t, "120"), test_unit(t, "100")));
	assert_false(unit_within(t->w.db, test_unit(t, "120"), test_unit(t, "200")));
	/* A deputy stands and falls with the one he deputises for. */
	who = test_actor(t, P_DEPUTY);
	assert_true(ACTOR_HAS(&who, ROLE_CISO));
	test_sql(t, "UPDATE role_assignments SET ended_on = '2026-05-31' WHERE number = 'r2'");
	who = test_actor(t, P_DEPUTY);
	assert_false(ACTOR_HAS(&who, ROLE_CISO));
	test_sql(t, "UPDATE persons SET person_type = 'contractor', valid_until = '2026-06-01' WHERE staff_no = '1007'");
	who = test_actor(t, P_STAFF);
	assert_true(ACTOR_HAS(&who, ROLE_CONTRACTOR) && !ACTOR_HAS(&who, ROLE_STAFF));
	test_day(t, "2026-06-02");
	assert_int_equal(actor_load(t->w.db, t->a, test_person(t, P_STAFF), t->w.today, &who, &t->e), ERR_NOTFOUND);
}

static void a_person_comes_and_goes(void **state)
{
	struct test_world *t = *state;
	const char *l = "persons";
	struct actor office = test_actor(t, P_OFFICE), manager = test_actor(t, P_MANAGER);
	struct record r;
	int64_t id;
	assert_done(t, test_create(t, P_OFFICE, l, &id, "staff_no", "2001", "name", "新しい人", "person_type", "regular",
	                           "section", test_id(t, test_unit(t, "120")), "source", "manual", "started_on", "2026-06-10", "birth_date", "1990-01-02", NULL));
	assert_str(test_state(t, l, id), "planned");
	test_day(t, "2026-06-10");
	assert_true(test_tick(t) >= 1);
	assert_str(test_state(t, l, id), "active");
	assert_str(test_text(t, "SELECT due_on FROM duty WHERE ledger = 'persons' AND name = 'pledge' AND done_at IS NULL AND record ="
	                        " (SELECT id FROM persons WHERE staff_no = '2001')"), "2026-06-24");
	/* What one may not see is not shown, and stays when one saves the rest. */
	assert_done(t, record_get(&t->w, t->a, &manager, test_ledger(t, l), id, &r, &t->e));
	assert_null(values_get(&r.values, STR("birth_date")));
	assert_true(r.personal.n >= 2);
	assert_done(t, record_get(&t->w, t->a, &office, test_ledger(t, l), id, &r, &t->e));
	assert_str(values_get(&r.values, STR("birth_date"))->text, "1990-01-02");
	assert_done(t, test_update(t, P_MANAGER, l, id, "kana", "あたらしいひと", NULL));
	assert_str(test_text(t, "SELECT birth_date FROM persons WHERE staff_no = '2001'"), "1990-01-02");
	assert_refused(t, ERR_INVALID, test_update(t, P_MANAGER, l, id, "birth_date", "1991-01-01", NULL));
	assert_refused(t, ERR_NOTFOUND, test_update(t, P_OTHER, l, id, "kana", "x", NULL));
	assert_refused(t, ERR_INVALID, test_create(t, P_OFFICE, l, &id, "staff_no", "2001", "name", "同じ番号", "person_type",
	                                           "regular", "section", test_id(t, test_unit(t, "120")), "source", "manual", "started_on", "2026-06-10", NULL));
	assert_true(test_has_fault(t, "staff_no"));
	id = test_person(t, "2001");
	assert_refused(t, ERR_INVALID, test_act(t, P_MANAGER, l, id, "leave", NULL, "ended_on", "2026-09-30", NULL));
	assert_true(test_has_fault(t, "return_check"));
	assert_done(t, test_act(t, P_MANAGER, l, id, "leave", NULL, "ended_on", "2026-06-30", "leave_ack_on", "2026-06-10",
	                        "return_check", "[{\"item\":\"devices\",\"answer\":\"yes\"},{\"item\":\"cards\",\"answer\":\"na\",\"note\":\"貸与なし\"}]",
	                        "return_checked_on", "2026-06-10", "return_checked_by", test_id(t, test_person(t, P_MANAGER)), NULL));
	assert_str(test_state(t, l, id), "left");
	assert_int_equal(test_int(t, "SELECT who FROM persons__return_check WHERE item = 'cards'"),
	                 test_person(t, P_MANAGER));
}

static void an_incident_lives(void **state)
{
	struct test_world *t = *state;
	const char *l = "incidents";
	int64_t id;
	assert_done(t, test_create(t, P_STAFF, l, &id, "subject", "USBの紛失", "situation", "帰庁後に無いことに気付いた", "type", "loss",
	                           "source", "staff", "presumed_cause", "不明", "damage", "調査中", "log_note", "なし", "noticed_at", "2026-06-01 09:30", NULL));
	assert_str(test_state(t, l, id), "reported");
	/* the manager of the section */
	assert_int_equal(test_int(t, "SELECT count(*) FROM notice WHERE ledger = 'incidents'"), 1);
	assert_int_equal(test_int(t, "SELECT person FROM notice WHERE ledger = 'incidents'"), test_person(t, P_MANAGER));
	assert_true(str_has(test_text(t, "SELECT text FROM notice WHERE ledger = 'incidents'"), "USBの紛失"));
	assert_refused(t, ERR_DENIED, test_act(t, P_STAFF, l, id, "receive", NULL, "received_at", "2026-06-01 09:40",
	                                       NULL));
	assert_done(t, test_act(t, P_MANAGER, l, id, "receive", NULL, "received_at", "2026-06-01 09:40", NULL));
	assert_int_equal(test_int(t, "SELECT count(*) FROM receipt WHERE how = 'acted'"), 1);
	assert_int_equal(test_int(t, arena_printf(t->a,
	                                          "SELECT count(*) FROM notice WHERE read_at IS NULL AND person = %lld", (long long)test_person(t, P_MANAGER))), 0);
	assert_done(t, test_act(t, P_CHIEF, l, id, "take-up", NULL, "severity",
	                        arena_z(t->a, ledger_field(test_ledger(t, l), STR("severity"))->of[0].code), "procedure",
	                        test_id(t, test_document(t, "対処手順")), NULL));
	assert_str(test_state(t, l, id), "handling");
	assert_done(t, test_update(t, P_CHIEF, l, id, "personal_data", "1", "persons_affected", "12", "aware_on",
	                           TEST_TODAY, NULL));
	assert_done(t, test_update(t, P_CHIEF, l, id, "personal_data", "0", NULL));
	assert_int_equal(test_int(t, "SELECT persons_affected IS NULL AND aware_on IS NULL FROM incidents"), 1);
}

static void an_account_lives(void **state)
{
	struct test_world *t = *state;
	const char *l = "accounts", *me = test_id(t, test_person(t, P_STAFF));
	int64_t id;
	assert_done(t, test_create(t, P_STAFF, l, &id, "kind", "personal", "login", "u1007", "directory", "庁内ディレクトリ",
	                           "person", me, "need", "業務", "starts_on", TEST_TODAY, "rights", "[{\"target\":\"文書管理\",\"level\":\"write\"}]", "factors", "knowledge; possession", NULL));
	assert_done(t, test_act(t, P_STAFF, l, id, "submit", NULL, NULL));
	assert_done(t, test_act(t, P_SYSTEM, l, id, "approve", NULL, NULL));
	assert_done(t, test_act(t, P_SYSTEM, l, id, "enrol", NULL, "activated_on", TEST_TODAY, "issued_at",
	                        "2026-06-01 09:00", NULL));
	assert_str(test_state(t, l, id), "active");
	assert_done(t, test_update(t, P_SYSTEM, l, id, "rights", "[{\"target\":\"文書管理\",\"level\":\"admin\"}]", NULL));
	assert_int_equal(test_int(t, "SELECT seal_broken FROM accounts"), 1);
	assert_refused(t, ERR_INVALID, test_create(t, P_STAFF, l, &id, "kind", "personal", "login", "u1007", "directory",
	                                           "庁内ディレクトリ", "person", me, "need", "業務", "starts_on", TEST_TODAY, "rights", "[{\"target\":\"x\",\"level\":\"read\"}]", "factors",
	                                           "knowledge", NULL));
	assert_true(test_has_fault(t, "login"));
}

static void a_system_is_reported_and_received(void **state)
{
	struct test_world *t = *state;
	const char *l = "information-systems";
	const struct ledger *def = test_ledger(t, l);
	struct actor other = test_actor(t, P_OTHER);
	struct record r;
	int64_t id;
	test_sql(t, arena_printf(t->a, "INSERT INTO information_assets(number, title, state, section, class_c, class_i, class_a) VALUES"
	                               " ('s1', '資産', 'unclassified', %lld, '2', '2', '1')", (long long)test_unit(t, "110")));
#define SYSTEM                                                                                                     \
	"name", "文書管理", "purpose", "文書の管理", "no_hosts_reason", "SaaS", "business", "administration", "zone", "lgwan", "assets", "1", "class_i", "2", "class_a", "1", \
		"rto", "1d", "hours", "[{\"day_kind\":\"weekday\",\"start_time\":\"08:30\",\"stop_time\":\"17:15\",\"valid_from\":\"2026-06-01\"}]",      \
		"requirements", "[{\"topic\":\"access\",\"requirement\":\"a\",\"measure\":\"b\"}]", "account_source", "独自", "auth_factors", "knowledge", \
		"log_types", "login", "required_functions", "logging", "change_kind", "build", "changed_on", TEST_TODAY
	assert_refused(t, ERR_INVALID, test_create(t, P_SYSTEM, l, &id, SYSTEM, "class_c", "1", NULL));
	assert_true(test_has_fault(t, "class_c"));            /* below the highest of its assets */
	assert_refused(t, ERR_INVALID, test_create(t, P_SYSTEM, l, &id, SYSTEM, "class_c", "2", "hours", "[{\"day_kind\":\"weekday\",\"start_time\":\"8:30\","
	                                           "\"stop_time\":\"17:15\",\"valid_from\":\"\"}]", NULL));
	assert_true(test_has_fault(t, "hours.0.start_time") && test_has_fault(t, "hours.0.valid_from"));
	assert_done(t, test_create(t, P_SYSTEM, l, &id, SYSTEM, "class_c", "3C", NULL));
	assert_int_equal(record_get(&t->w, t->a, &other, def, id, &r, &t->e), ERR_NOTFOUND);
	assert_done(t, test_act(t, P_SYSTEM, l, id, "report", NULL, "change_kind", "build", "changed_on", TEST_TODAY,
	                        NULL));
	assert_done(t, test_act(t, P_CHIEF, l, id, "receive", NULL, NULL));
	assert_str(test_state(t, l, id), "active");
	assert_done(t, test_act(t, P_SYSTEM, l, id, "revise", NULL, NULL));
	assert_done(t, test_update(t, P_SYSTEM, l, id, "reader_persons", test_id(t, test_person(t, P_OTHER)), NULL));
	assert_done(t, record_get(&t->w, t->a, &other, def, id, &r, &t->e));
}

static void a_committee_is_established_by_the_ciso(void **state)
{
	struct test_world *t = *state;
	const char *l = "org-units", *chief = test_id(t, test_person(t, P_CHIEF));
	int64_t id;
	assert_done(t, test_create(t, P_OFFICE, l, &id, "code", "900", "name", "セキュリティ委員会", "kind", "committee",
	                           "body_type", "mayor", "starts_on", TEST_TODAY, "leader", chief, "secretariat_unit", test_id(t, test_unit(t, "110")), "decided_by", "ciso", "decided_on",
	                           TEST_TODAY, "charter", test_id(t, test_document(t, "設置要綱")), "members",
	                           arena_printf(t->a, "[{\"person\":\"%s\",\"part\":\"委員\",\"origin\":\"post\",\"starts_on\":\"2026-06-01\"}]", chief), NULL));
	assert_refused(t, ERR_WRONG_STATE, test_act(t, P_CHIEF, l, id, "register", NULL, NULL));
	assert_done(t, test_act(t, P_CISO, l, id, "establish", NULL, NULL));
	assert_int_equal(test_int(t, "SELECT length(seal) FROM org_units WHERE code = '900'"), 64);
	assert_done(t, test_update(t, P_OFFICE, l, id, "members", "[]", NULL));
	assert_int_equal(test_int(t, "SELECT seal_broken FROM org_units WHERE code = '900'"), 1);
	assert_done(t, test_act(t, P_OFFICE, l, id, "abolish", "役目を終えた", "ends_on", "2026-06-30", NULL));
	assert_str(test_state(t, l, id), "abolished");
}

static void a_secret_column_is_kept_from_those_who_may_not_see_it(void **state)
{
	struct test_world *t = *state;
	const char *l = "software";
	struct actor office = test_actor(t, P_SYSTEM), who = test_actor(t, P_OFFICE);
	struct step *steps;
	struct record r;
	size_t n;
	int64_t id;
	assert_done(t, test_create(t, P_SYSTEM, l, &id, "name", "表計算", "edition", "1", "publisher", "社", "kind",
	                           first_code(t, l, "kind"), "use", "事務", "detect_names", "calc", "usable_in",
	                           first_code(t, l, "usable_in"), "reason", "業務", "terms_checked_on", TEST_TODAY,
	                           "licences", "[{\"kind\":\"device\",\"count\":\"1\",\"key_no\":\"AAAA\"},{\"kind\":\"user\",\"count\":\"2\",\"key_no\":\"BBBB\"}]", NULL));
	assert_done(t, record_get(&t->w, t->a, &who, test_ledger(t, l), id, &r, &t->e));
	const struct value *v = values_get(&r.values, STR("licences"));
	assert_int_equal(v->n_rows, 2);
	assert_int_equal(row_cell_of(v, 0, "key_no").n, 0);
	assert_done(t, record_history(&t->w, t->a, &who, &r, &steps, &n, &t->e));
	assert_true(str_has(steps[0].change, "licences") && !str_has(steps[0].change, "BBBB"));
	assert_done(t, record_get(&t->w, t->a, &office, test_ledger(t, l), id, &r, &t->e));
	assert_str(row_cell_of(values_get(&r.values, STR("licences")), 1, "key_no"), "BBBB");
	/* He who does not see it takes out another row and keeps what he does not see. */
	test_sql(t, "UPDATE role_assignments SET ended_on = '2026-05-01' WHERE number = 'r5'");
	assert_done(t, test_update(t, P_SYSTEM, l, id, "licences", "[{\"kind\":\"user\",\"count\":\"2\"}]", NULL));
	assert_str(test_text(t, "SELECT group_concat(key_no) FROM software__licences"), "BBBB");
}

static void registers_are_reviewed(void **state)
{
	struct test_world *t = *state;
	struct actor who = test_actor(t, P_OFFICE);
	int64_t id;
	test_tick(t);
	id = test_int(t, "SELECT id FROM duty WHERE ledger = 'role-assignments' AND record = 0 AND due_on = '2026-12-01' AND notice_on = '2026-11-17'");
	assert_true(id > 0);
	test_tick(t);
	assert_int_equal(test_int(t, "SELECT count(*) FROM duty WHERE ledger = 'role-assignments' AND record = 0"), 1);
	assert_done(t, db_begin(t->w.db, &t->e));
	assert_done(t, test_end(t, duty_done(&t->w, t->a, &who, id, STR("確認した"), &t->e)));
	assert_int_equal(test_int(t, "SELECT count(*) FROM duty WHERE ledger = 'role-assignments' AND record = 0 AND done_at IS NULL"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_carry_out_lives, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(a_head_applies_one_level_up, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(a_blanket_permit_covers_later_carry_outs, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(a_privileged_delegation_takes_two, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(who_somebody_is, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(a_person_comes_and_goes, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(an_incident_lives, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(an_account_lives, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(a_system_is_reported_and_received, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(a_committee_is_established_by_the_ciso, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(a_secret_column_is_kept_from_those_who_may_not_see_it, test_set_up,
		                                test_tear_down),
		cmocka_unit_test_setup_teardown(registers_are_reviewed, test_set_up, test_tear_down),
	};
	i18n_set(LANG_EN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

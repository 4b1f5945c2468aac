/* A small municipality for tests of the record engine: an empty store in memory with all ledgers, then units, persons
 * and roles brought in by the console through the same import a city would use. Included by *_test.c; run from the
 * root folder. */
#ifndef TEST_WORLD_H
#define TEST_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
/* cmocka wants the headers above first */
#include <cmocka.h>
#include <jansson.h>

#include "core/ledger_csv.h"
#include "core/ledger_sql.h"
#include "core/record.h"
#include "core/store.h"
#include "lib/clock.h"
#include "lib/date.h"

#define TEST_TODAY "2026-06-01"

struct test_world {
	struct world w;
	struct arena *a;
	struct err e;
	struct faults faults;
};

/* Staff numbers of the people there. */
#define P_MANAGER "1001"     /* sec-manager of 税務課 */
#define P_CISO "1002"
#define P_VICE "1003"
#define P_CHIEF "1004"
#define P_SYSTEM "1005"      /* sys-manager, 情報政策課 */
#define P_OFFICE "1006"      /* secretariat */
#define P_STAFF "1007"       /* 税務課 */
#define P_DEPUTY "1008"      /* standing deputy of the CISO */
#define P_DEPT "1009"        /* dept-head of 総務部, which 税務課 belongs to */
#define P_AUDITOR "1010"
#define P_CONTRACTOR "1011"
#define P_OTHER "1012"       /* sec-manager of 福祉課 */
#define P_INFO "1013"        /* sec-manager of 情報政策課 */

static const char test_units[] =
	"code,name,kind,body_type,parent,starts_on,state\n"
	"000,見本市,body,mayor,,2020-04-01,active\n"
	"100,総務部,bureau,mayor,000,2020-04-01,active\n"
	"110,情報政策課,section,mayor,100,2020-04-01,active\n"
	"120,税務課,section,mayor,100,2020-04-01,active\n"
	"200,福祉部,bureau,mayor,000,2020-04-01,active\n"
	"210,福祉課,section,mayor,200,2020-04-01,active\n";

static const char test_persons[] =
	"staff_no,name,kana,person_type,section,source,started_on,state,employer,valid_until\n"
	"1001,税務課長,ぜいむかちょう,regular,120,hr-feed,2020-04-01,active,,\n"
	"1002,副市長,ふくしちょう,special,100,hr-feed,2020-04-01,active,,\n"
	"1003,総務部次長,そうむぶじちょう,regular,100,hr-feed,2020-04-01,active,,\n"
	"1004,情報政策監,じょうほうせいさくかん,regular,110,hr-feed,2020-04-01,active,,\n"
	"1005,システム係長,しすてむかかりちょう,regular,110,hr-feed,2020-04-01,active,,\n"
	"1006,事務局員,じむきょくいん,regular,110,hr-feed,2020-04-01,active,,\n"
	"1007,税務課員,ぜいむかいん,regular,120,hr-feed,2020-04-01,active,,\n"
	"1008,代決者,だいけつしゃ,regular,100,hr-feed,2020-04-01,active,,\n"
	"1009,総務部長,そうむぶちょう,regular,100,hr-feed,2020-04-01,active,,\n"
	"1010,監査人,かんさにん,regular,000,hr-feed,2020-04-01,active,,\n"
	"1012,福祉課長,ふくしかちょう,regular,210,hr-feed,2020-04-01,active,,\n"
	"1013,情報政策課長,じょうほうせいさくかちょう,regular,110,hr-feed,2020-04-01,active,,\n";

static const char test_roles[] =
	"number,kind,role,holder,owner,basis,deputy_of,deputy_order,deputy_for,scope,unit,starts_on,decided_by,decided_on,qualification,state\n"
	"r1,appointment,sec-manager,1001,,rule,,,,unit,120,2026-04-01,ciso,2026-03-20,,active\n"
	"r2,appointment,ciso,1002,,rule,,,,whole,,2026-04-01,ciso,2026-03-20,,active\n"
	"r3,appointment,vice-ciso,1003,,rule,,,,whole,,2026-04-01,ciso,2026-03-20,,active\n"
	"r4,appointment,chief,1004,,rule,,,,whole,,2026-04-01,ciso,2026-03-20,,active\n"
	"r5,appointment,sys-manager,1005,,rule,,,,whole,,2026-04-01,ciso,2026-03-20,,active\n"
	"r6,appointment,secretariat,1006,,rule,,,,whole,,2026-04-01,ciso,2026-03-20,,active\n"
	"r7,deputy,ciso,1008,1002,rule,r2,1,急を要する許可,whole,,2026-04-01,ciso,2026-03-20,,active\n"
	"r8,appointment,dept-head,1009,,rule,,,,unit,100,2026-04-01,ciso,2026-03-20,,active\n"
	"r9,appointment,auditor,1010,,rule,,,,whole,,2026-04-01,ciso,2026-03-20,監査の経験,active\n"
	"r10,appointment,sec-manager,1012,,rule,,,,unit,210,2026-04-01,ciso,2026-03-20,,active\n"
	"r11,appointment,sec-manager,1013,,rule,,,,unit,110,2026-04-01,ciso,2026-03-20,,active\n";

static const struct actor test_console = {.admin = true};

/* Another day: today and now of the world. */
static inline void test_day(struct test_world *t, const char *iso)
{
	struct date d;
	assert_int_equal(date_parse(str_from(iso), &d), 0);
	t->w.today = arena_str(t->a, str_from(iso));
	t->w.now = date_to_instant(d, 10, 0);
}

static inline const struct ledger *test_ledger(struct test_world *t, const char *name)
{
	const struct ledger *l = ledgers_get(t->w.ledgers, str_from(name));
	if (!l)
		fail_msg("no ledger %s", name);
	return l;
}

static inline void test_sql(struct test_world *t, const char *sql)
{
	if (db_exec(t->w.db, sql, &t->e) != 0)
		fail_msg("%s: %s", sql, t->e.text);
}

static inline void test_import(struct test_world *t, const char *ledger, const char *csv)
{
	struct import_result r;
	int err = ledger_import_apply(&t->w, t->a, &test_console, test_ledger(t, ledger), str_from(csv), &r, &t->e);
	for (size_t i = 0; i < r.n_faults; i++)
		print_error("%s line %d %.*s: %.*s\n", ledger, r.faults[i].line, STR_ARG(r.faults[i].field),
		            STR_ARG(r.faults[i].text));
	if (err != 0)
		fail_msg("%s: %d %s", ledger, err, t->e.text);
}

static inline int64_t test_int(struct test_world *t, const char *sql)
{
	struct stmt *s = db_sql(t->w.db, sql);
	if (!s)
		fail_msg("%s: %s", sql, db_error(t->w.db));
	int got = step(s);
	if (got < 0)
		fail_msg("%s: %s", sql, db_error(t->w.db));
	int64_t v = got == 1 ? col_int(s, 0) : -1;
	stmt_done(s);
	return v;
}

static inline struct str test_text(struct test_world *t, const char *sql)
{
	struct stmt *s = db_sql(t->w.db, sql);
	if (!s)
		fail_msg("%s: %s", sql, db_error(t->w.db));
	struct str v = step(s) == 1 ? col_dup(s, 0, t->a) : STR_NONE;
	stmt_done(s);
	return v;
}

static inline int64_t test_person(struct test_world *t, const char *staff_no)
{
	return test_int(t, arena_printf(t->a, "SELECT id FROM persons WHERE staff_no = '%s'", staff_no));
}

static inline int64_t test_unit(struct test_world *t, const char *code)
{
	return test_int(t, arena_printf(t->a, "SELECT id FROM org_units WHERE code = '%s'", code));
}

static inline struct actor test_actor(struct test_world *t, const char *staff_no)
{
	struct actor who;
	if (actor_load(t->w.db, t->a, test_person(t, staff_no), t->w.today, &who, &t->e) != 0)
		fail_msg("%s: %s", staff_no, t->e.text);
	return who;
}

static inline struct test_world *test_open(void)
{
	struct test_world *t = xcalloc(1, sizeof *t);
	t->a = arena_new(256u << 20);
	if (date_zone_open(NULL) != 0 || db_open(":memory:", DB_CREATE, &t->w.db, &t->e) != 0 ||
	    ledger_functions(t->w.db) != 0 || store_schema(t->w.db, &t->e) != 0 ||
	    ledgers_load("ledgers", NULL, &t->w.ledgers, &t->e) != 0 || ledgers_migrate(t->w.db, t->w.ledgers, &t->e) != 0)
		fail_msg("world: %s:%d %s", t->e.file, t->e.line, t->e.text);
	test_day(t, TEST_TODAY);
	if (db_exec(t->w.db, "INSERT INTO standard(id, ja, en, active, loaded_at) VALUES ('iizuka', '基準', 'Standard', 1, 0);"
	            "INSERT INTO clause(id, standard, pos, label, strength) VALUES ('iz.8.4.1', 'iizuka', 1, '8.4.1', 'must'),"
	            "('iz.2.1.1', 'iizuka', 2, '2.1.1', 'must');"
	            "INSERT INTO control(id, kind, title_ja, title_en) VALUES ('workflow.exception', 'workflow', '例外措置', 'Exceptions'),"
	            "('account.mfa', 'measure', '多要素', 'MFA');"
	            "INSERT INTO parameter_def(name, type, unit, def, ja, en) VALUES ('emergency_hours', 'integer', 'h', '24', '時間', 'Hours'),"
	            "('hire_days', 'integer', 'd', '14', '日', 'Days'), ('afterview_days', 'integer', 'wd', '5', '日', 'Days');", &t->e) != 0)
		fail_msg("world: %s", t->e.text);
	test_import(t, "org-units", test_units);
	test_import(t, "persons", test_persons);
	test_import(t, "role-assignments", test_roles);
	return t;
}

static inline void test_close(struct test_world *t)
{
	db_close(t->w.db);
	ledgers_free(t->w.ledgers);
	arena_free(t->a);
	free(t);
}

/* For cmocka_unit_test_setup_teardown: the state is the world. */
static inline int test_set_up(void **state)
{
	*state = test_open();
	return 0;
}

static inline int test_tear_down(void **state)
{
	test_close(*state);
	return 0;
}

/* --- doing things as somebody ------------------------------------------------------------------------------------- */

/* Rows of a table or checklist, written as a JSON array of objects of texts. */
static inline void test_rows(struct test_world *t, struct str text, struct value *v)
{
	json_error_t fault;
	json_t *list = json_loadb(text.p, text.n, 0, &fault), *row, *cell;
	size_t i;
	const char *name;
	if (!list)
		fail_msg("%s: %.*s", fault.text, STR_ARG(text));
	v->rows = arena_array(t->a, json_array_size(list) + 1, sizeof *v->rows);
	json_array_foreach(list, i, row) {
		struct row *r = &v->rows[v->n_rows++];
		r->cells = arena_array(t->a, json_object_size(row) + 1, sizeof *r->cells);
		json_object_foreach(row, name, cell)
			r->cells[r->n++] = (struct cell){str_from(arena_strdup(t->a, name)),
			                                 str_from(arena_strdup(t->a, json_string_value(cell)))};
	}
	json_decref(list);
}

/* "field", "text", …, NULL: a list of many texts is written "a; b", rows as JSON. */
static inline struct values test_values(struct test_world *t, const struct ledger *l, va_list ap)
{
	struct values vs = {.v = arena_array(t->a, 80, sizeof(struct value))};
	const char *name;
	while ((name = va_arg(ap, const char *)) != NULL) {
		const struct field *f = ledger_field(l, str_from(name));
		struct str rest = str_from(va_arg(ap, const char *));
		struct value *v = &vs.v[vs.n++];
		*v = (struct value){.field = str_from(name), .present = true};
		if (f && (f->type == FT_TABLE || f->type == FT_CHECKLIST)) {
			test_rows(t, rest, v);
		} else if (f && f->many) {
			v->many = arena_array(t->a, 20, sizeof *v->many);
			while (rest.n)
				v->many[v->n_many++] = str_trim(str_cut(&rest, ';'));
		} else {
			v->text = rest;
		}
	}
	return vs;
}

static inline int test_end(struct test_world *t, int err)
{
	if (err != 0) {
		db_rollback(t->w.db);
		return err;
	}
	return db_commit(t->w.db, &t->e);
}

static inline int test_create(struct test_world *t, const char *who, const char *ledger, int64_t *id, ...)
{
	const struct ledger *l = test_ledger(t, ledger);
	struct actor a = test_actor(t, who);
	va_list ap;
	va_start(ap, id);
	struct values vs = test_values(t, l, ap);
	va_end(ap);
	t->faults = (struct faults){0};
	assert_int_equal(db_begin(t->w.db, &t->e), 0);
	return test_end(t, record_create(&t->w, t->a, &a, l, &vs, id, &t->faults, &t->e));
}

static inline int64_t test_version(struct test_world *t, const struct ledger *l, int64_t id)
{
	return test_int(t, arena_printf(t->a, "SELECT version FROM \"%.*s\" WHERE id = %lld", STR_ARG(l->table),
	                                (long long)id));
}

static inline int test_update(struct test_world *t, const char *who, const char *ledger, int64_t id, ...)
{
	const struct ledger *l = test_ledger(t, ledger);
	struct actor a = test_actor(t, who);
	va_list ap;
	va_start(ap, id);
	struct values vs = test_values(t, l, ap);
	va_end(ap);
	t->faults = (struct faults){0};
	assert_int_equal(db_begin(t->w.db, &t->e), 0);
	return test_end(t, record_update(&t->w, t->a, &a, l, id, test_version(t, l, id), &vs, &t->faults, &t->e));
}

static inline int test_act(struct test_world *t, const char *who, const char *ledger, int64_t id, const char *action,
                           const char *note, ...)
{
	const struct ledger *l = test_ledger(t, ledger);
	const struct action *act = ledger_action(l, str_from(action));
	struct actor a = test_actor(t, who);
	va_list ap;
	va_start(ap, note);
	struct values vs = test_values(t, l, ap);
	va_end(ap);
	if (!act)
		fail_msg("no action %s", action);
	t->faults = (struct faults){0};
	assert_int_equal(db_begin(t->w.db, &t->e), 0);
	return test_end(t, record_act(&t->w, t->a, &a, l, id, test_version(t, l, id), act, &vs, str_from(note), &t->faults,
	                              &t->e));
}

static inline struct str test_state(struct test_world *t, const char *ledger, int64_t id)
{
	const struct ledger *l = test_ledger(t, ledger);
	return test_text(t, arena_printf(t->a, "SELECT state FROM \"%.*s\" WHERE id = %lld", STR_ARG(l->table),
	                                 (long long)id));
}

/* A document to refer to, without the life a real one has. */
static inline int64_t test_document(struct test_world *t, const char *title)
{
	const struct ledger *l = test_ledger(t, "documents");
	const char *start = NULL;
	for (size_t i = 0; i < l->n_states && !start; i++)
		if (l->states[i].start)
			start = arena_z(t->a, l->states[i].name);
	test_sql(t, arena_printf(t->a, "INSERT INTO documents(number, title, state, section, applicant) SELECT 'd' || (count(*) + 1), '%s', '%s', %lld,"
	                               " %lld FROM documents", title, start, (long long)test_unit(t, "120"), (long long)test_person(t, P_MANAGER)));
	return test_int(t, "SELECT max(id) FROM documents");
}

static inline const char *test_id(struct test_world *t, int64_t id)
{
	return arena_printf(t->a, "%lld", (long long)id);
}

static inline int64_t test_tick(struct test_world *t)
{
	int64_t moved;
	assert_int_equal(db_begin(t->w.db, &t->e), 0);
	int err = ledger_tick(&t->w, t->a, &moved, &t->e);
	if (test_end(t, err) != 0)
		fail_msg("tick: %s", t->e.text);
	return moved;
}

/* Did the last call find fault with this field? */
static inline bool test_has_fault(const struct test_world *t, const char *field)
{
	for (size_t i = 0; i < t->faults.n; i++)
		if (str_is(t->faults.v[i].field, field))
			return true;
	return false;
}

/* Prints what a call said, for a test that expected otherwise. */
static inline void test_tell(struct test_world *t, int err)
{
	if (err == 0)
		return;
	print_error("%d %s\n", err, t->e.text);
	for (size_t i = 0; i < t->faults.n; i++)
		print_error("  %.*s: %.*s\n", STR_ARG(t->faults.v[i].field), STR_ARG(t->faults.v[i].text));
}

#define assert_done(t, call)                                     \
	do {                                                         \
		int err_ = (call);                                       \
		test_tell((t), err_);                                    \
		assert_int_equal(err_, 0);                               \
	} while (0)
#define assert_refused(t, code, call) assert_int_equal((call), (code))
#define assert_str(s, z) assert_true(str_is((s), (z)))

#endif

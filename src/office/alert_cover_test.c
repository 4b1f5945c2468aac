/* Which work record covers what was done: person, place, time and permission must agree. */
#include "test/world.h"

#include "office/alert_cover.h"

#define AT 1795000000000000                          /* µs */


static const char *const town =
	"INSERT INTO accounts(id, number, title, state, kind, login, directory, person, version) VALUES "
	"(1, 'a1', 'sato', 'active', 'personal', 'sato', 'd', 1, 1), (2, 'a2', 'admin', 'active', 'privileged', 'svadmin', 'd', 2, 1), "
	"(3, 'a3', 'gone', 'deleted', 'personal', 'mori', 'd', 1, 1), (4, 'a4', 'team', 'active', 'shared', 'team', 'd', NULL, 1);"
	"INSERT INTO accounts__members(record, pos, value) VALUES (4, 1, 1);"
	"INSERT INTO devices(id, number, title, state, name, version) VALUES (1, 'd1', 'sv1', 'in-use', 'sv1', 1), (2, 'd2', 'sv2', 'in-use', 'sv2', 1), "
	"(3, 'd3', 'sv3', 'retired', 'sv3', 1);"
	"INSERT INTO information_systems(id, number, title, state, name, version) VALUES (1, 's1', '住記', 'active', '住記', 1), (2, 's2', '財務', 'active', '財務', 1);"
	"INSERT INTO information_systems__hosts(record, pos, value) VALUES (1, 1, 1), (2, 1, 2);"
	"INSERT INTO log_sources(id, number, title, state, source_key, device, version) VALUES (1, 'l1', 'ap', 'active', 'ap9', 2, 1);"
	"INSERT INTO work_records(id, number, title, state, kind, worker, planned_start, planned_end, version) VALUES "
	"(1, 'w1', '変更', 'approved', 'system-change', 1, 1794990000000000, 1795010000000000, 1);";

static const struct {
	const char *change;                              /* of the town as above: w1 names system 1 (host sv1), worker 1 (sato) */
	const char *user, *host, *source;
	int64_t at;
	const char *number;                              /* NULL: not covered */
} table[] = {
	{"", "sato", "sv1", "x", AT, "w1"},
	{"", "SATO", "SV1.city.local", "x", AT, "w1"},
	{"", "sato", "sv2", "x", AT, NULL},                                      /* another host */
	{"", "sato", "", "ap9", AT, NULL},                                       /* the source's device is another's */
	{"INSERT INTO work_records__devices(record, pos, value) VALUES (1, 1, 2)", "sato", "", "ap9", AT, "w1"},
	{"", "tanaka", "sv1", "x", AT, NULL},                                    /* nobody's login */
	{"", "mori", "sv1", "x", AT, NULL},                                      /* a login that is no more */
	{"", "svadmin", "sv1", "x", AT, NULL},                                   /* another person's */
	{"", "team", "sv1", "x", AT, "w1"},                                      /* a shared one he is a member of */
	{"", "", "sv1", "x", AT, NULL},
	{"INSERT INTO work_records__helpers(record, pos, value) VALUES (1, 1, 2)", "svadmin", "sv1", "x", AT, "w1"},
	{"UPDATE work_records SET account = 2", "svadmin", "sv1", "x", AT, "w1"},
	{"", "sato", "sv1", "x", 1794990000000000, "w1"},                       /* its first and last moment */
	{"", "sato", "sv1", "x", 1795010000000000, "w1"},
	{"", "sato", "sv1", "x", 1794989999999999, NULL},
	{"", "sato", "sv1", "x", 1795010000000001, NULL},
	{"UPDATE work_records SET state = 'submitted'", "sato", "sv1", "x", AT, NULL},
	{"UPDATE work_records SET state = 'cancelled'", "sato", "sv1", "x", AT, NULL},
	{"UPDATE work_records SET state = 'confirmed'", "sato", "sv1", "x", AT, "w1"},
	{"UPDATE work_records SET seal_broken = 1", "sato", "sv1", "x", AT, NULL},  /* altered after it was permitted */
	{"UPDATE work_records SET kind = 'log-inquiry'", "sato", "sv1", "x", AT, NULL},
	{"UPDATE work_records SET kind = 'maintenance', state = 'done'", "sato", "sv1", "x", AT, NULL}, /* when it was done is not said */
	{"UPDATE work_records SET kind = 'maintenance', state = 'done', started_at = 1794999999000000, ended_at = 1795000000000000", "sato", "sv1", "x", AT, "w1"},
	{"UPDATE work_records SET kind = 'maintenance', state = 'done', started_at = 1794999999000000, done_at = 1794999999999999", "sato", "sv1", "x", AT, NULL},
	{"UPDATE work_records SET kind = 'operation', state = 'done', started_at = 1794000000000000, ended_at = 1999000000000000", "sato", "sv1", "x", AT, NULL}, /* his own word, for years */
	{"UPDATE work_records SET kind = 'operation', state = 'confirmed', started_at = 1794000000000000, ended_at = 1999000000000000", "sato", "sv1", "x", AT, "w1"},
	{"DELETE FROM work_records__systems", "sato", "sv1", "x", AT, NULL},        /* for no place: nobody's permission for all */
	{"DELETE FROM work_records__systems; UPDATE work_records SET kind = 'privileged', account = 2", "svadmin", "sv9", "x", AT, "w1"},
	{"UPDATE work_records SET kind = 'privileged', account = 2", "svadmin", "sv2", "x", AT, NULL},
	{"UPDATE devices SET state = 'retired' WHERE id = 1", "sato", "sv1", "x", AT, NULL},
};

/* What the ledgers demand of a record is not the matter here. */
static void without_guards(struct test_world *t)
{
	char sql[300];
	while (test_int(t, "SELECT count(*) FROM sqlite_master WHERE type = 'trigger'") > 0) {
		struct str name = test_text(t, "SELECT name FROM sqlite_master WHERE type = 'trigger' LIMIT 1");
		snprintf(sql, sizeof sql, "DROP TRIGGER \"%.*s\"", STR_ARG(name));
		test_sql(t, sql);
	}
	test_sql(t, "PRAGMA foreign_keys = OFF");
	test_sql(t, "PRAGMA ignore_check_constraints = ON");
}

static void what_is_covered(void **state)
{
	struct test_world *t = *state;
	without_guards(t);
	test_sql(t, town);
	test_sql(t, "INSERT INTO work_records__systems(record, pos, value) VALUES (1, 1, 1)");
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		struct alert_deed d = {str_from(table[i].user), str_from(table[i].host), str_from(table[i].source), table[i].at};
		struct alert_cover c;
		test_sql(t, "SAVEPOINT one");
		if (*table[i].change)
			test_sql(t, table[i].change);
		bool is = alert_covered(t->w.db, t->a, &d, &c);
		if (is != (table[i].number != NULL) || (is && !str_is(c.number, table[i].number)))
			fail_msg("%zu: %s | %s on %s: %s", i, table[i].change, table[i].user, table[i].host, is ? "covered" : "not covered");
		test_sql(t, "ROLLBACK TO one");
		test_sql(t, "RELEASE one");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(what_is_covered, test_set_up, test_tear_down)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

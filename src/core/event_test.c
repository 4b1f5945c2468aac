/* The chain of events: no gap, each naming the one before, each proving its text without telling it. */
#include "test/world.h"

#include <jansson.h>

#include "core/event.h"
#include "lib/hash.h"
#include "lib/i18n.h"

static void the_chain_holds(void **state)
{
	struct test_world *t = *state;
	uint8_t before[SHA256_LEN] = {0}, hash[SHA256_LEN];
	char digest[SHA256_HEX];
	int64_t seq = 0;
	struct stmt *s = db_sql(t->w.db, "SELECT o.seq, o.prev, o.hash, o.body, g.salt, g.change FROM outbox o JOIN record_log g ON g.seq = o.seq ORDER BY o.seq");
	assert_non_null(s);
	while (step(s) == 1) {
		struct str body = col_str(s, 3), salt = col_str(s, 4), change = col_str(s, 5);
		json_t *j = json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES, NULL);
		assert_int_equal(col_int(s, 0), ++seq);
		assert_memory_equal(col_str(s, 1).p, before, SHA256_LEN);
		sha256(body.p, body.n, hash);
		assert_memory_equal(col_str(s, 2).p, hash, SHA256_LEN);
		assert_non_null(j);
		assert_int_equal(json_integer_value(json_object_get(j, "seq")), seq);
		assert_string_equal(json_string_value(json_object_get(j, "source")), EVENT_SOURCE);
		if (change.p) {
			struct buf both;
			buf_init(&both, 1u << 22);
			buf_str(&both, salt);
			buf_str(&both, change);
			sha256_hex(both.p, both.n, digest);
			assert_string_equal(json_string_value(json_object_get(j, "change")), digest);
			assert_null(memmem(body.p, body.n, "税務課", strlen("税務課")));
			buf_release(&both);
		} else {
			assert_true(json_is_null(json_object_get(j, "change")));
		}
		json_decref(j);
		memcpy(before, hash, sizeof before);
	}
	assert_true(seq > 20);
}

static void an_event_belongs_to_its_transaction(void **state)
{
	struct test_world *t = *state;
	const struct event ev = {.action = "test.one", .detail = STR("{\"n\":1}")};
	int64_t first, seq, count = test_int(t, "SELECT count(*) FROM outbox");
	assert_int_equal(event_put(t->w.db, &ev, &seq, &t->e), ERR_WRONG_STATE);
	assert_done(t, db_begin(t->w.db, &t->e));
	assert_done(t, event_put(t->w.db, &ev, &first, &t->e));
	db_rollback(t->w.db);
	assert_int_equal(test_int(t, "SELECT count(*) FROM outbox"), count);
	assert_done(t, db_begin(t->w.db, &t->e));
	assert_done(t, event_put(t->w.db, &ev, &seq, &t->e));
	assert_done(t, db_commit(t->w.db, &t->e));
	assert_int_equal(seq, first);                    /* no gap is left behind */
	assert_int_not_equal(db_exec(t->w.db, "DELETE FROM outbox", &t->e), 0);
	assert_int_not_equal(db_exec(t->w.db, "UPDATE outbox SET body = x'00'", &t->e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_chain_holds, test_set_up, test_tear_down),
		cmocka_unit_test_setup_teardown(an_event_belongs_to_its_transaction, test_set_up, test_tear_down),
	};
	i18n_set(LANG_EN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

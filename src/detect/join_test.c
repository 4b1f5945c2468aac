/* Records of auditd become one message: which wait, what is put together, when it is judged, and what a crash keeps. */
#include "detect/join.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define S 1000000000LL

static struct {
	unsigned n;
	char text[8][JOIN_TEXT + 1];
	uint64_t index[8][JOIN_RECORDS];
	size_t records[8];
	int64_t time_ns[8];
	char source[8][64];
} seen;

static void on_judge(void *arg, const struct message *m, const uint64_t *index, size_t n)
{
	(void)arg;
	unsigned i = seen.n++ % 8;
	snprintf(seen.text[i], sizeof seen.text[i], "%.*s", STR_ARG(m->raw));
	snprintf(seen.source[i], sizeof seen.source[i], "%.*s", STR_ARG(m->source));
	memcpy(seen.index[i], index, n * sizeof *index);
	seen.records[i] = n;
	seen.time_ns[i] = m->time_ns;
}

static struct joins *begin(void)
{
	memset(&seen, 0, sizeof seen);
	return joins_new(on_judge, NULL);
}

static bool take(struct joins *j, const char *source, uint64_t index, int64_t at, const char *raw)
{
	return joins_take(j, &(struct message){.raw = str_from(raw), .source = str_from(source), .log = STR("standard"), .index = index, .time_ns = at});
}

static void test_one_event(void **state)
{
	struct joins *j = begin();
	(void)state;
	assert_true(take(j, "sv1", 7, S, "<13>Nov 20 10:00:00 sv1 audispd: type=SYSCALL msg=audit(1.2:3): syscall=59 exe=\"/bin/cat\""));
	assert_true(take(j, "sv1", 9, S, "<13>Nov 20 10:00:00 sv1 audispd: type=EXECVE msg=audit(1.2:3): argc=2 a0=\"cat\" a1=\"/etc/shadow\""));
	assert_true(take(j, "sv1", 10, S, "type=PATH msg=audit(1.2:3): item=0 name=\"/etc/shadow\""));
	joins_flush(j, S, false);
	assert_int_equal(seen.n, 0);
	assert_true(take(j, "sv1", 11, S, "type=EOE msg=audit(1.2:3): "));
	joins_flush(j, S, false);
	assert_int_equal(seen.n, 1);
	assert_string_equal(seen.text[0], "<13>Nov 20 10:00:00 sv1 audispd: type=SYSCALL msg=audit(1.2:3): syscall=59 exe=\"/bin/cat\" "
	                                  "type=EXECVE argc=2 a0=\"cat\" a1=\"/etc/shadow\" type=PATH item=0 name=\"/etc/shadow\"");
	assert_int_equal(seen.records[0], 3);
	assert_int_equal(seen.index[0][0], 7);
	assert_int_equal(seen.index[0][2], 10);
	assert_int_equal(joins_waiting(j), 0);
	joins_free(j);
}

static void test_who_waits(void **state)
{
	static const struct {
		const char *raw;
		bool waits;
	} t[] = {
		{"type=SYSCALL msg=audit(1.2:3): a", true},
		{"node=h type=CWD msg=audit(1.2:3): a", true},
		{"type=USER_LOGIN msg=audit(1.2:3): pid=1", false},    /* stands alone */
		{"type=EOE msg=audit(9.9:9): ", false},                /* of nothing that waits */
		{"msg=audit(1.2:3): a", false},
		{"type=SYSCALL msg=audit(1.2:3", false},
		{"type=SYSCALL msg=audit(): a", false},
		{"type=SYSCALL msg=audit(12345678901234567890123456789012345678901): a", false},
		{"type=SYSCALL msg=audit(1234567890123456789012345678901234567890): a", true},
		{"xmsg=audit(", false},
		{"(", false},
		{"", false},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct joins *j = begin();
		if (take(j, "h", 1, S, t[i].raw) != t[i].waits)
			fail_msg("%s", t[i].raw);
		joins_free(j);
	}
}

static void test_kept_apart(void **state)
{
	struct joins *j = begin();
	(void)state;
	assert_true(take(j, "a", 1, S, "type=SYSCALL msg=audit(1.2:3): x=1"));
	assert_true(take(j, "b", 2, S, "type=EXECVE msg=audit(1.2:3): x=2"));
	assert_true(take(j, "a", 3, S, "type=EXECVE msg=audit(1.2:4): x=3"));
	assert_true(take(j, "a", 4, S, "node=n type=EXECVE msg=audit(1.2:3): x=4"));
	joins_flush(j, S, true);
	assert_int_equal(seen.n, 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(seen.records[i], 1);
	joins_free(j);
}

static void test_time_and_room(void **state)
{
	struct joins *j = begin();
	char raw[JOIN_TEXT];
	(void)state;
	assert_true(take(j, "a", 1, S, "type=SYSCALL msg=audit(1.2:3): x=1"));
	assert_true(take(j, "a", 2, 2 * S, "type=SYSCALL msg=audit(1.2:4): x=1"));
	joins_flush(j, S + JOIN_WAIT_NS, false);
	assert_int_equal(seen.n, 0);
	joins_flush(j, S + JOIN_WAIT_NS + 1, false);
	assert_int_equal(seen.n, 1);                     /* the younger waits on */
	joins_flush(j, 0, true);
	for (unsigned i = 0; i < JOINS_MAX + 1; i++) {
		snprintf(raw, sizeof raw, "type=SYSCALL msg=audit(1.2:%u): x", i);
		assert_true(take(j, "a", i, S, raw));
	}
	assert_int_equal(joins_waiting(j), JOINS_MAX);
	assert_int_equal(seen.n, 3);                     /* the oldest gave way */
	joins_flush(j, 0, true);
	assert_int_equal(joins_waiting(j), 0);
	seen.n = 0;
	for (unsigned i = 0; i < JOIN_RECORDS + 1; i++)
		assert_true(take(j, "a", i, S, "type=PATH msg=audit(1.2:3): x"));
	assert_int_equal(seen.n, 1);
	assert_int_equal(seen.records[0], JOIN_RECORDS);
	snprintf(raw, sizeof raw, "type=PATH msg=audit(1.2:3): %0*d", (int)JOIN_TEXT / 2 - 40, 1);
	assert_true(take(j, "a", 90, S, raw));
	assert_true(take(j, "a", 91, S, raw));
	assert_int_equal(seen.n, 1);
	assert_true(take(j, "a", 92, S, "type=PATH msg=audit(1.2:3): more than there is room for, more than there is room for"));
	assert_int_equal(seen.n, 2);                     /* no room for the second: what was there is judged */
	snprintf(raw, sizeof raw, "type=PATH msg=audit(1.2:3): %0*d", (int)JOIN_TEXT / 2, 1);
	assert_false(take(j, "a", 92, S, raw));          /* too long to wait */
	joins_free(j);
}

static void test_state(void **state)
{
	struct joins *j = begin(), *k;
	struct buf b;
	(void)state;
	assert_true(take(j, "sv1", 7, 5 * S, "type=SYSCALL msg=audit(1.2:3): x=1"));
	assert_true(take(j, "sv1", 8, 5 * S, "type=CWD msg=audit(1.2:3): cwd=\"/\""));
	assert_true(take(j, "sv2", 9, 5 * S, "type=SYSCALL msg=audit(1.2:5): y"));
	buf_init(&b, 1u << 20);
	joins_save(j, &b);
	joins_free(j);
	k = joins_new(on_judge, NULL);
	struct cur in = cur_init(b.p, b.n);
	assert_int_equal(joins_load(k, &in), 0);
	assert_int_equal(cur_left(&in), 0);
	assert_int_equal(joins_waiting(k), 2);
	assert_true(take(k, "sv1", 10, 5 * S, "type=EXECVE msg=audit(1.2:3): a0=\"x\""));
	joins_flush(k, 5 * S, true);
	assert_int_equal(seen.n, 2);
	assert_string_equal(seen.text[0], "type=SYSCALL msg=audit(1.2:3): x=1 type=CWD cwd=\"/\" type=EXECVE a0=\"x\"");
	assert_int_equal(seen.records[0], 3);
	assert_string_equal(seen.source[1], "sv2");
	joins_free(k);
	for (size_t n = 0; n < b.n; n++) {               /* cut anywhere it is refused */
		k = joins_new(on_judge, NULL);
		in = cur_init(b.p, n);
		assert_int_equal(joins_load(k, &in), ERR_CORRUPT);
		joins_free(k);
	}
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_event), cmocka_unit_test(test_who_waits), cmocka_unit_test(test_kept_apart),
	                                   cmocka_unit_test(test_time_and_room), cmocka_unit_test(test_state)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

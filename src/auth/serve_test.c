/* Questions over a real socket pair: order, bounds, malformed ones. */
#include "auth/serve.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/text.h"

#define TOO_MANY 16

static char folder[64];
static struct auth auth;
static struct loop *loop;
static struct serve *serve;
static int ends[2];                                      /* 0: office, 1: auth */
static int said;                                         /* what serve_message returned last, when not 0 */

static void readable(void *arg)
{
	struct msg m;

	(void)arg;
	if (msg_recv(ends[1], &m))
		return;
	int r = serve_message(serve, ends[1], &m);
	if (r)
		said = r;
	msg_release(&m);
}

static void broke(void *arg)
{
	(void)arg;
	said = ERR_PROTO;
	serve_peer(serve, ends[1]);
}

static int setup(void **state)
{
	struct err e;

	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/serve_test.XXXXXX");
	assert_non_null(mkdtemp(folder));
	assert_int_equal(auth_create(folder, &e), 0);
	assert_int_equal(auth_open(folder, &auth, &e), 0);
	assert_int_equal(msg_pair(ends), 0);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	loop = loop_new();
	serve = serve_new(&auth, loop, broke, NULL);
	loop_add(loop, ends[1], readable, NULL);
	said = 0;
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = {"auth.db", "auth.db-wal", "auth.db-shm", "seal.key"};
	char path[128];

	(void)state;
	serve_free(serve);
	loop_free(loop);
	close(ends[0]);
	close(ends[1]);
	auth_close(&auth);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	rmdir(folder);
	return 0;
}

static void ask(uint16_t type, int64_t call, const char *text)
{
	struct msg m;

	msg_init(&m, type);
	msg_put_i64(&m, call);
	msg_put_i64(&m, 7);
	if (text)
		msg_put_z(&m, text);
	assert_int_equal(msg_send(ends[0], &m), 0);
	msg_release(&m);
}

/* The next answer, or false when there is none. */
static bool heard(int64_t *ret_call, uint32_t *ret_result)
{
	struct msg m;
	struct str detail;

	if (msg_recv(ends[0], &m))
		return false;
	assert_int_equal(m.type, AUTH_RESULT);
	assert_int_equal(msg_i64(&m, ret_call), 0);
	assert_int_equal(msg_u32(&m, ret_result), 0);
	assert_int_equal(msg_str(&m, DETAIL_MAX, &detail), 0);
	assert_int_equal(msg_end(&m), 0);
	assert_true(detail.n >= 2 && detail.p[0] == '{');
	msg_release(&m);
	return true;
}

static void stop(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

static void turn(int64_t ms)
{
	loop_after(loop, ms, stop, NULL);
	loop_run(loop);
}

static void quick_ones_pass_slow_ones(void **state)
{
	uint32_t result, full = 0, verified = 0;
	int64_t call, first = 0;

	(void)state;
	for (int i = 1; i <= QUEUE_MAX + TOO_MANY; i++)
		ask(AUTH_VERIFY, i, "kurage-no-sanpo-michi");
	ask(AUTH_STATE, 1000, NULL);
	turn(600);
	while (heard(&call, &result)) {
		if (!first)
			first = call;
		full += result == AUTH_QUEUE_FULL;
		if (call == 1000)
			assert_int_equal(result, AUTH_NONE);
		if (call <= QUEUE_MAX) {
			assert_int_equal(result, AUTH_NONE);
			assert_int_equal(call, ++verified);
		}
		if (call == 1000)
			assert_true(verified <= 2);
	}
	assert_int_equal(full, TOO_MANY);
	assert_true(verified >= 1 && verified < QUEUE_MAX);
	assert_int_equal(said, 0);
	/* A new socket: what the old one asked is forgotten. */
	serve_peer(serve, ends[1]);
	turn(100);
	assert_false(heard(&call, &result));
}

static void all_questions_are_answered(void **state)
{
	static const struct {
		uint16_t type;
		const char *text;
		uint32_t result;
	} t[] = {
		{AUTH_STATE, NULL, AUTH_NONE},          {AUTH_TOTP_CONFIRM, "123456", AUTH_NONE}, {AUTH_SECOND, "123456", AUTH_NONE},
		{AUTH_FORGET, NULL, AUTH_NONE},         {AUTH_UNLOCK, NULL, AUTH_NONE},           {AUTH_TOTP_BEGIN, "me", AUTH_OK},
		{AUTH_TOTP_CONFIRM, "1", AUTH_WRONG},   {AUTH_CODES, "sheet", AUTH_OK},           {AUTH_CODES, "x", AUTH_NONE},
		{AUTH_SECOND, "1", AUTH_WRONG},         {AUTH_STATE, NULL, AUTH_OK},              {AUTH_FORGET, NULL, AUTH_OK},
	};
	uint32_t result;
	int64_t call;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		ask(t[i].type, (int64_t)i + 1, t[i].text);
		turn(20);
		assert_true(heard(&call, &result));
		assert_int_equal(call, i + 1);
		assert_int_equal(result, t[i].result);
	}
	assert_int_equal(said, 0);
}

static void malformed(void **state)
{
	static const struct {
		uint16_t type;
		const char *text;
	} t[] = {{AUTH_VERIFY, NULL}, {AUTH_SET, "password without the rest"}, {AUTH_STATE, "too much"},
	         {AUTH_SECOND, NULL}, {AUTH_CODES, NULL}, {199, NULL}, {AUTH_RESULT, NULL},
	         {AUTH_SECOND, "12345678901234567890123456789012345678901234567890123456789012345"}};
	uint32_t result;
	int64_t call;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		said = 0;
		ask(t[i].type, 1, t[i].text);
		turn(10);
		assert_int_equal(said, ERR_PROTO);
		assert_false(heard(&call, &result));
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {T(quick_ones_pass_slow_ones), T(all_questions_are_answered), T(malformed)};

	if (text_open())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Requests on their way to real sockets: who gets them, how many at once, what becomes of them when a process goes. */
#include "front/peers.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/proto.h"
#include "lib/clock.h"

#define CALLS 40

static struct loop *loop;
static int writer, reader[2];                            /* our ends: the office */
static struct call calls[CALLS];
static unsigned finished, answered, n_lost, n_broke;

static void done(struct call *c)
{
	finished++;
	answered += c->answer.status != 0;
	if (c->answer.status)
		msg_release(&c->answer.m);
}

static void lost(const char *name, bool broke)
{
	(void)name;
	n_lost++;
	n_broke += broke;
}

static int join(const char *name)
{
	int p[2];

	assert_int_equal(msg_pair(p), 0);
	assert_int_equal(peers_set(name, p[1]), 0);
	close(p[1]);
	assert_int_equal(fcntl(p[0], F_SETFL, O_NONBLOCK), 0);
	return p[0];
}

static int setup(void **state)
{
	(void)state;
	loop = loop_new();
	peers_init(loop, lost);
	writer = join("office.writer");
	reader[0] = join("office.reader.0");
	reader[1] = join("office.reader.1");
	memset(calls, 0, sizeof(calls));
	finished = answered = n_lost = n_broke = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	peers_close();
	for (size_t i = 0; i < CALLS; i++)
		msg_release(&calls[i].req);
	close(writer);
	close(reader[0]);
	close(reader[1]);
	loop_free(loop);
	return 0;
}

static struct call *submit(size_t i, bool reads)
{
	struct call *c = &calls[i];

	c->id = call_id();
	c->reads = reads;
	c->done = done;
	msg_init(&c->req, REQ);
	msg_put_i64(&c->req, c->id);
	assert_int_equal(peers_submit(c), 0);
	return c;
}

static void stop(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

static void turn(void)
{
	loop_after(loop, 20, stop, NULL);
	loop_run(loop);
}

/* The id of the next request the office finds on fd; 0 when there is none. */
static int64_t take(int fd)
{
	struct msg m;
	int64_t id;

	if (msg_recv(fd, &m))
		return 0;
	assert_int_equal(m.type, REQ);
	assert_int_equal(msg_i64(&m, &id), 0);
	msg_release(&m);
	return id;
}

static unsigned take_all(int fd)
{
	unsigned n = 0;

	while (take(fd))
		n++;
	return n;
}

static void say(int fd, uint16_t type, int64_t id, int64_t status)
{
	struct msg m;

	msg_init(&m, type);
	msg_put_i64(&m, id);
	if (status) {
		msg_put_u32(&m, (uint32_t)status);
		msg_put_u32(&m, 0);
		msg_put_str(&m, STR("body"));
	}
	assert_int_equal(msg_send(fd, &m), 0);
	msg_release(&m);
}

static void shared_fairly(void **state)
{
	(void)state;
	for (size_t i = 0; i < 6; i++)
		submit(i, true);
	submit(6, false);
	assert_int_equal(take_all(reader[0]), 3);
	assert_int_equal(take_all(reader[1]), 3);
	assert_int_equal(take(writer), calls[6].id);
}

/* No more than the window; the next goes out when one comes back. */
static void window(void **state)
{
	int64_t first;

	(void)state;
	close(reader[1]);
	turn();
	assert_int_equal(n_lost, 1);
	assert_int_equal(n_broke, 0);
	for (size_t i = 0; i < 12; i++)
		submit(i, true);
	first = take(reader[0]);
	assert_int_equal(first, calls[0].id);
	assert_int_equal(take_all(reader[0]), PEER_WINDOW_READER - 1);
	say(reader[0], RESP, first, 200);
	turn();
	assert_int_equal(answered, 1);
	assert_int_equal(calls[0].answer.status, 200);
	assert_int_equal(take_all(reader[0]), 1);
	reader[1] = -1;
}

/* What a lost reader had in hand goes to another one, once; then it ends without answer. What waited goes on. */
static void reader_gone(void **state)
{
	(void)state;
	for (size_t i = 0; i < 6; i++)
		submit(i, true);
	assert_int_equal(take_all(reader[0]), 3);
	assert_int_equal(take_all(reader[1]), 3);
	close(reader[0]);
	reader[0] = -1;
	turn();
	assert_int_equal(finished, 0);
	assert_int_equal(take_all(reader[1]), 3);
	reader[0] = join("office.reader.0");
	close(reader[1]);
	reader[1] = -1;
	turn();
	assert_int_equal(finished, 3);                   /* those who had lost one reader already */
	assert_int_equal(answered, 0);
	assert_int_equal(take_all(reader[0]), 3);
	close(reader[0]);
	reader[0] = -1;
	turn();
	assert_int_equal(finished, 6);
	assert_int_equal(take_all(writer), 0);
}

static void last_reader_gone(void **state)
{
	(void)state;
	close(reader[1]);
	turn();
	reader[1] = -1;
	for (size_t i = 0; i < 12; i++)
		submit(i, true);
	close(reader[0]);
	reader[0] = -1;
	turn();
	assert_int_equal(finished, PEER_WINDOW_READER);  /* never to the writer what a reader died of */
	assert_int_equal(answered, 0);
	assert_int_equal(take_all(writer), 12 - PEER_WINDOW_READER);
	close(writer);
	writer = -1;
	turn();
	assert_int_equal(finished, 12);
	calls[12].reads = true;
	assert_int_equal(peers_submit(&calls[12]), ERR_CLOSED);
}

/* A new socket for a name: what went over the old one is over. */
static void replaced(void **state)
{
	int old = writer;

	(void)state;
	submit(0, false);
	writer = join("office.writer");
	assert_int_equal(finished, 1);
	assert_int_equal(answered, 0);
	assert_int_equal(n_lost, 0);
	submit(1, false);
	assert_int_equal(take(writer), calls[1].id);
	say(writer, RESP, calls[1].id, 200);
	turn();
	assert_int_equal(answered, 1);
	close(old);
}

static void passed_on(void **state)
{
	int64_t id;

	(void)state;
	close(reader[1]);
	reader[1] = -1;
	turn();
	submit(0, true);
	id = take(reader[0]);
	assert_int_equal(id, calls[0].id);
	say(reader[0], REQ_RETRY, id, 0);
	turn();
	assert_int_equal(finished, 0);
	assert_int_equal(take(writer), id);
	say(writer, RESP, id, 200);
	turn();
	assert_int_equal(answered, 1);
}

static void too_late(void **state)
{
	(void)state;
	submit(0, false);
	submit(1, false);
	peers_tick(clock_mono() + (ANSWER_SECONDS - 1) * SECOND_US);
	assert_int_equal(finished, 0);
	peers_tick(clock_mono() + (ANSWER_SECONDS + 1) * SECOND_US);
	assert_int_equal(finished, 2);
	assert_int_equal(answered, 0);
	say(writer, RESP, calls[0].id, 200);             /* its answer is nobody's any more, and no offence */
	turn();
	assert_int_equal(n_lost, 0);
	assert_int_equal(finished, 2);
}

static void broken_answers(void **state)
{
	static const struct {
		uint16_t type;
		int64_t id, status;
	} t[] = {{RESP, INT64_MAX, 200}, {RESP, -1, 200}, {RESP, 1, 0}, {RESP, 1, 99}, {RESP, 1, 600}, {REQ_RETRY, 1, 0},
	         {REQ, 1, 200}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		n_broke = 0;
		say(writer, t[i].type, t[i].id, t[i].status);
		turn();
		assert_int_equal(n_broke, 1);
		close(writer);
		writer = join("office.writer");
	}
}

static void strangers(void **state)
{
	(void)state;
	assert_int_equal(peers_set("vault", 0), ERR_NOTFOUND);
	assert_int_equal(peers_set("office.job", 0), ERR_NOTFOUND);
	assert_int_equal(peers_set("office.reader.9", -1), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {T(window), T(reader_gone), T(last_reader_gone), T(replaced), T(passed_on),
	                                   T(too_late), T(broken_answers), T(strangers), T(shared_fairly)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

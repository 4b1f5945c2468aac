/* Batches against a vault played by the test: acknowledged or kept, sent again in order to a new one, a log that is not there, full. */
#include "collect/batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/proto.h"

struct seen {
	int acked, lost;
	bool full, behind;
};
static struct loop *loop;
static int pair[2];

static void on_acked(void *arg)
{
	((struct seen *)arg)->acked++;
}

static void on_pressure(void *arg, enum pressure p)
{
	((struct seen *)arg)->full = p == PRESSURE_FULL;
	((struct seen *)arg)->behind = p == PRESSURE_BEHIND;
}

static void on_lost(void *arg)
{
	((struct seen *)arg)->lost++;
}

static const struct batch_events events = {on_acked, on_pressure, on_lost};

static struct batches *begin(struct seen *seen)
{
	*seen = (struct seen){0};
	loop = loop_new();
	assert_int_equal(msg_pair(pair), 0);
	assert_int_equal(fcntl(pair[1], F_SETFL, O_NONBLOCK), 0);
	struct batches *b = batches_new(loop, &events, seen);
	batches_vault(b, pair[0]);
	return b;
}

static void end(struct batches *b)
{
	batches_free(b);
	loop_free(loop);
	close(pair[0]);
	close(pair[1]);
}

static void put(struct batches *b, unsigned log, size_t n, char fill)
{
	memset(batches_room(b, log, n), fill, n);
}

/* "NUMBER LOG ENTRIES FIRSTBYTE SIZE " or "" when nothing was sent. */
static int64_t got(struct buf *out)
{
	struct msg m;
	int64_t number = 0;
	uint32_t n;
	struct str log, bytes;
	if (msg_recv(pair[1], &m) != 0)
		return 0;
	if (m.type == LOG_HURRY) {
		assert_int_equal(msg_end(&m), 0);
		buf_puts(out, "hurry|");
		msg_release(&m);
		return -1;
	}
	assert_int_equal(m.type, LOG_APPEND);
	assert_true(msg_i64(&m, &number) == 0 && msg_str(&m, 32, &log) == 0 && msg_u32(&m, &n) == 0 &&
	            msg_str(&m, MSG_MAX, &bytes) == 0 && msg_end(&m) == 0);
	for (size_t i = 0; i < bytes.n; i++)
		assert_int_equal(bytes.p[i], bytes.p[0]);
	buf_printf(out, "%d %.*s %u %c %zu|", (int)number, STR_ARG(log), n, bytes.p[0], bytes.n);
	msg_release(&m);
	return number;
}

static int ack(struct batches *b, int64_t number, int code)
{
	struct msg m, back;
	msg_init(&m, LOG_ACK);
	msg_put_i64(&m, number);
	msg_put_u32(&m, (uint32_t)-code);
	msg_put_i64(&m, 0);
	assert_int_equal(msg_send(pair[1], &m), 0);
	assert_int_equal(msg_recv(pair[0], &back), 0);
	int r = batches_ack(b, &back);
	msg_release(&m);
	msg_release(&back);
	return r;
}

static void expect(const char *want)
{
	struct buf out;
	buf_init(&out, 65536);
	while (got(&out))
		;
	assert_string_equal(buf_z(&out), want);
	buf_release(&out);
}

/* Behind the batch that somebody waits for, once; not where nobody does, nor where nothing is under way. */
static void who_waits_is_told(void **state)
{
	struct seen seen;
	struct batches *b = begin(&seen);
	put(b, 0, 100, 'a');
	batches_hurry(b);
	batches_hurry(b);
	batches_flush(b);
	expect("1 standard 1 a 100|hurry|");
	put(b, 0, 100, 'b');
	batches_flush(b);
	expect("2 standard 1 b 100|");
	assert_int_equal(ack(b, 1, 0), 0);
	assert_int_equal(ack(b, 2, 0), 0);
	batches_hurry(b);
	batches_flush(b);
	expect("");
	end(b);
}

static void what_is_acknowledged_is_done(void **state)
{
	struct seen seen;
	struct batches *b = begin(&seen);
	unsigned other = batches_log(b, STR("years-10"));
	assert_int_equal(batches_log(b, STR("years-10")), other);
	assert_int_equal(batches_log(b, STR("Not a name")), 0);
	assert_int_equal(batches_log(b, STR("../x")), 0);
	put(b, 0, 100, 'a');
	int64_t first = batches_last(b);
	put(b, other, 50, 'b');
	put(b, 0, 100, 'a');
	assert_false(batches_done(b, first));
	expect("");
	batches_flush(b);
	expect("1 standard 2 a 200|2 years-10 1 b 50|");
	assert_int_equal(batches_unacked(b), 250);
	assert_int_equal(ack(b, 2, 0), 0);
	assert_false(batches_done(b, first));
	assert_false(batches_done(b, 2));                /* an earlier one of another log is under way */
	assert_int_equal(ack(b, 1, 0), 0);
	assert_true(batches_done(b, 2));
	assert_true(batches_empty(b));
	assert_int_equal(seen.acked, 2);
	assert_int_equal(ack(b, 1, 0), ERR_PROTO);       /* once is enough */
	end(b);
}

static void a_new_vault_gets_all_again_in_order(void **state)
{
	struct seen seen;
	struct batches *b = begin(&seen);
	for (int i = 0; i < 3; i++) {
		put(b, 0, BATCH_BYTES - 2000, (char)('a' + i));
		batches_flush(b);
	}
	expect("1 standard 1 a 1046576|2 standard 1 b 1046576|3 standard 1 c 1046576|");
	assert_int_equal(ack(b, 1, 0), 0);
	put(b, 0, 10, 'd');
	close(pair[1]);
	batches_flush(b);
	assert_int_equal(seen.lost, 1);
	close(pair[0]);
	assert_int_equal(msg_pair(pair), 0);
	assert_int_equal(fcntl(pair[1], F_SETFL, O_NONBLOCK), 0);
	batches_vault(b, pair[0]);
	expect("2 standard 1 b 1046576|3 standard 1 c 1046576|4 standard 1 d 10|");
	assert_int_equal(ack(b, 4, 0), 0);
	assert_false(batches_done(b, 4));
	end(b);
}

static void refused_is_kept(void **state)
{
	struct seen seen;
	struct batches *b = begin(&seen);
	unsigned other = batches_log(b, STR("gone"));
	put(b, other, BATCH_BYTES - 100, 'x');
	batches_flush(b);
	put(b, other, 10, 'y');
	batches_flush(b);
	expect("1 gone 1 x 1048476|2 gone 1 y 10|");
	assert_int_equal(ack(b, 1, ERR_NOTFOUND), 0);
	assert_int_equal(ack(b, 2, ERR_BUSY), 0);
	assert_false(batches_done(b, 1));
	loop_after(loop, 1200, (loop_fn *)loop_stop, loop);
	loop_run(loop);
	expect("1 standard 1 x 1048476|2 gone 1 y 10|"); /* the one without its log goes to the standard one */
	put(b, other, 10, 'z');
	batches_flush(b);
	expect("3 standard 1 z 10|");
	end(b);
}

static void full_says_so_until_half_is_gone(void **state)
{
	struct seen seen;
	struct batches *b = begin(&seen);
	unsigned n = 0;
	batches_vault(b, -1);
	while (!seen.full) {
		put(b, 0, BATCH_BYTES - 1000, 'x');
		put(b, 0, 65000, 'x');                       /* beyond: a batch never grows over its size by more than one entry */
		n++;
	}
	assert_in_range(batches_unacked(b), BATCH_UNACKED_MAX, BATCH_UNACKED_MAX + 2 * BATCH_BYTES);
	assert_in_range(n, 30, 70);
	end(b);
}

static void wait_ms(int64_t ms)
{
	loop_after(loop, ms, (loop_fn *)loop_stop, loop);
	loop_run(loop);
}

/* Puts in batches until the window is full; how many. */
static int fill_window(struct batches *b, const struct seen *seen)
{
	struct buf out;
	int n = 0;
	buf_init(&out, 65536);
	for (; !seen->behind && n < 100; n++) {
		put(b, 0, BATCH_BYTES - 100, 'x');
		batches_flush(b);
		(void)got(&out);
	}
	buf_release(&out);
	return n;
}

static void the_window_follows_the_vault(void **state)
{
	struct seen seen;
	struct batches *b = begin(&seen);
	int n = fill_window(b, &seen), first = 1;
	assert_in_range(n, BATCH_AHEAD_MIN / BATCH_BYTES, BATCH_AHEAD_MIN / BATCH_BYTES + 1);
	for (int round = 0; round < 3; round++) {        /* it answers at once: twice as much each time */
		for (int i = 0; i < n; i++)
			assert_int_equal(ack(b, first + i, 0), 0);
		first += n;
		assert_false(seen.behind);
		n = fill_window(b, &seen);
	}
	assert_in_range(n, 12, 40);
	wait_ms(BATCH_AHEAD_MS * 2);                     /* it is slow: less again */
	int before = n;
	for (int i = 0; i < n; i++)
		assert_int_equal(ack(b, first + i, 0), 0);
	n = fill_window(b, &seen);
	assert_in_range(n, 4, before - 1);
	end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_waits_is_told), cmocka_unit_test(what_is_acknowledged_is_done), cmocka_unit_test(a_new_vault_gets_all_again_in_order),
		cmocka_unit_test(refused_is_kept), cmocka_unit_test(full_says_so_until_half_is_gone),
		cmocka_unit_test(the_window_follows_the_vault),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "collect/batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/proto.h"
#include "lib/arena.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/log.h"
#include "tlog/entry.h"

#define RETRY_MS 1000
#define SPARE_MAX 4u
#define SLACK (ENTRY_MAX + 2 + 128)

struct batch {
	struct batch *next;
	struct msg m;                                    /* its bytes are the message, written in place; then sealed (msg_seal) */
	int64_t number, since;                           /* since: clock_mono of its first entry */
	unsigned log;
	uint32_t entries;
	size_t entries_at;                               /* where the count stands; the entries follow */
	size_t size;                                     /* bytes of entries, when closed */
	bool sent;
};
struct log {
	char name[BATCH_LOG_NAME_MAX + 1];
	struct batch *open;
	bool missing;                                    /* the vault does not have it: the standard one takes its place */
};
struct batches {
	struct loop *loop;
	const struct batch_events *on;
	void *arg;
	int vault;
	struct batch *first, **end;                      /* under way, by number */
	struct buf spare[SPARE_MAX];                     /* the one used last is the one used next: it is in the cache */
	size_t n, n_spare, bytes;
	int64_t last;
	struct log logs[BATCH_LOGS_MAX];
	unsigned n_logs;
	int timer;
	bool hurry, retry_set;
	enum pressure pressure;
	size_t ahead;                                    /* bytes; the window */
	int64_t filled_it;                               /* batches up to this number filled it: when they come back soon it may grow */
};

struct batches *batches_new(struct loop *l, const struct batch_events *on, void *arg)
{
	struct batches *b = xcalloc(1, sizeof *b);
	b->loop = l;
	b->on = on;
	b->arg = arg;
	b->vault = -1;
	b->ahead = BATCH_AHEAD_MIN;
	b->end = &b->first;
	snprintf(b->logs[b->n_logs++].name, sizeof b->logs[0].name, "standard");
	return b;
}

static struct batch *drop(struct batch *x)
{
	struct batch *next = x->next;
	msg_release(&x->m);
	free(x);
	return next;
}

void batches_free(struct batches *b)
{
	if (!b)
		return;
	for (unsigned i = 0; i < b->n_logs; i++)
		if (b->logs[i].open)
			drop(b->logs[i].open);
	for (struct batch *x = b->first; x;)
		x = drop(x);
	while (b->n_spare)
		buf_release(&b->spare[--b->n_spare]);
	free(b);
}

/* --- logs -------------------------------------------------------------------------------------------------------- */

static bool is_name(struct str s)
{
	if (!s.n || s.n > BATCH_LOG_NAME_MAX || s.p[0] < 'a' || s.p[0] > 'z')
		return false;
	for (size_t i = 1; i < s.n; i++)
		if ((s.p[i] < 'a' || s.p[i] > 'z') && (s.p[i] < '0' || s.p[i] > '9') && s.p[i] != '-')
			return false;
	return true;
}

unsigned batches_log(struct batches *b, struct str name)
{
	for (unsigned i = 0; i < b->n_logs; i++)
		if (str_is(name, b->logs[i].name))
			return i;
	if (!is_name(name) || b->n_logs == BATCH_LOGS_MAX)
		return 0;
	snprintf(b->logs[b->n_logs].name, sizeof b->logs[0].name, "%.*s", STR_ARG(name));
	return b->n_logs++;
}

/* --- filling ----------------------------------------------------------------------------------------------------- */

static void put_u32(char *p, size_t v)
{
	uint32_t be = __builtin_bswap32((uint32_t)v);
	memcpy(p, &be, sizeof be);
}

/* The head of the message; what stands behind it is filled in by close_batch. */
static void begin(const struct batches *b, struct batch *x)
{
	const struct log *g = &b->logs[x->log];
	msg_put_i64(&x->m, x->number);
	msg_put_z(&x->m, b->logs[g->missing ? 0 : x->log].name);
	x->entries_at = x->m.out.n;
	msg_put_u32(&x->m, 0);
	msg_put_str(&x->m, STR(""));
}

static struct batch *new_batch(struct batches *b, unsigned log)
{
	struct batch *x = xcalloc(1, sizeof *x);
	msg_init(&x->m, LOG_APPEND);
	if (b->n_spare)
		x->m.out = b->spare[--b->n_spare];
	else if (!buf_room(&x->m.out, BATCH_BYTES + SLACK))
		abort();
	x->log = log;
	x->since = clock_mono();
	x->number = ++b->last;
	begin(b, x);
	return x;
}

/* Full ends at half, so that reading does not stutter. */
static void tell_pressure(struct batches *b)
{
	bool was = b->pressure == PRESSURE_FULL;
	enum pressure p = PRESSURE_NONE;
	if (b->bytes >= (was ? BATCH_UNACKED_MAX / 2 : BATCH_UNACKED_MAX) || b->n >= (was ? BATCH_OUT_MAX / 2 : BATCH_OUT_MAX))
		p = PRESSURE_FULL;
	else if (b->bytes >= (b->pressure == PRESSURE_BEHIND ? b->ahead / 4 * 3 : b->ahead))
		p = PRESSURE_BEHIND;
	if (p == b->pressure)
		return;
	b->pressure = p;
	if (p == PRESSURE_BEHIND)
		b->filled_it = b->last;
	b->on->pressure(b->arg, p);
}

/* All in order, from the first that was not sent; stops when the vault does not take them. */
static void send_all(struct batches *b)
{
	for (struct batch *x = b->first; x && b->vault >= 0; x = x->next) {
		if (x->sent)
			continue;
		int r = msg_send(b->vault, &x->m);
		if (r == 0) {
			x->sent = true;
			continue;
		}
		log_warn("collect.unsent", "batch=%lld error=%s", (long long)x->number, err_text(r));
		b->vault = -1;
		b->on->lost(b->arg);
		return;
	}
}

static void finish(struct batches *b, struct batch *x)
{
	struct buf *out = &x->m.out;
	x->size = out->n - x->entries_at - 8;
	put_u32(out->p + x->entries_at, x->entries);
	put_u32(out->p + x->entries_at + 4, x->size);
	if (msg_seal(&x->m) != 0) {
		log_warn("collect.seal", "text=\"%s\"", strerror(errno)); /* it goes by msg_send then, from where it is */
	} else if (x->m.sealed && b->n_spare < SPARE_MAX) {
		buf_clear(out);
		b->spare[b->n_spare++] = *out;
		buf_init(out, MSG_MAX);
	}
}

static void close_batch(struct batches *b, struct log *g)
{
	struct batch *x = g->open, **at = b->end;
	finish(b, x);
	g->open = NULL;
	/* By number: another log's batch may have been opened before and closed after. */
	if (b->first && b->last > x->number)
		for (at = &b->first; *at && (*at)->number < x->number;)
			at = &(*at)->next;
	x->next = *at;
	*at = x;
	if (!x->next)
		b->end = &x->next;
	b->n++;
}

/* The vault need not wait for others: who sent the last ones waits for it. */
static void hurry_vault(struct batches *b)
{
	struct msg m;
	if (b->vault < 0 || !b->first)
		return;
	msg_init(&m, LOG_HURRY);
	if (msg_send(b->vault, &m) != 0) {
		b->vault = -1;
		b->on->lost(b->arg);
	}
	msg_release(&m);
}

static void on_time(void *arg)
{
	struct batches *b = arg;
	b->timer = 0;
	batches_flush(b);
}

unsigned char *batches_room(struct batches *b, unsigned log, size_t n)
{
	struct log *g = &b->logs[log];
	struct batch *x = g->open;
	if (x && x->m.out.n + n > BATCH_BYTES) {
		close_batch(b, g);
		send_all(b);
		tell_pressure(b);
		x = NULL;
	}
	if (!x) {
		x = g->open = new_batch(b, log);
		if (!b->timer)
			b->timer = loop_after(b->loop, BATCH_MS, on_time, b);
	}
	unsigned char *p = (unsigned char *)x->m.out.p + x->m.out.n;
	x->m.out.n += n;
	x->entries++;
	b->bytes += n;
	return p;
}

int64_t batches_last(const struct batches *b)
{
	return b->last;
}

void batches_hurry(struct batches *b)
{
	if (b->hurry)
		return;
	b->hurry = true;
	if (b->timer)
		loop_cancel(b->loop, b->timer);
	b->timer = loop_after(b->loop, BATCH_HURRY_MS, on_time, b);
}

void batches_flush(struct batches *b)
{
	for (unsigned i = 0; i < b->n_logs; i++)
		if (b->logs[i].open)
			close_batch(b, &b->logs[i]);
	if (b->timer)
		loop_cancel(b->loop, b->timer);
	bool hurry = b->hurry;
	b->timer = 0;
	b->hurry = false;
	send_all(b);
	if (hurry)
		hurry_vault(b);
	tell_pressure(b);
}

/* --- the vault's side -------------------------------------------------------------------------------------------- */

void batches_vault(struct batches *b, int fd)
{
	b->vault = fd;
	for (unsigned i = 0; i < b->n_logs; i++)
		b->logs[i].missing = false;
	for (struct batch *x = b->first; x; x = x->next)
		x->sent = false;
	send_all(b);
}

static void on_retry(void *arg)
{
	struct batches *b = arg;
	b->retry_set = false;
	send_all(b);
}

/* The same entries under another head. */
static void to_standard(struct batches *b, struct batch *x)
{
	struct msg old = x->m;
	struct buf bytes;
	b->logs[x->log].missing = true;
	buf_init(&bytes, MSG_MAX);
	if (old.sealed ? fd_read_all(old.sealed - 1, MSG_MAX, &bytes, NULL) != 0 : (buf_str(&bytes, buf_view(&old.out)), buf_err(&bytes)) != 0)
		abort();
	msg_init(&x->m, LOG_APPEND);
	size_t at = x->entries_at + 8;
	begin(b, x);
	buf_put(&x->m.out, bytes.p + at, bytes.n - at);
	buf_release(&bytes);
	msg_release(&old);
	finish(b, x);
}

/* Not taken: it stays and is sent again in a while, for nothing is dropped. A log that the vault does not have gives way to the
 * standard one. */
static void refused(struct batches *b, struct batch *x, uint32_t code)
{
	log_warn("collect.refused", "batch=%lld log=%s error=%s", (long long)x->number, b->logs[x->log].name, err_text(-(int)code));
	x->sent = false;
	if (-(int)code == ERR_NOTFOUND && x->log)
		to_standard(b, x);
	if (!b->retry_set)
		loop_after(b->loop, RETRY_MS, on_retry, b);
	b->retry_set = true;
}

static void forget(struct batches *b, struct batch **at)
{
	struct batch *x = *at;
	b->bytes -= x->size;
	b->n--;
	*at = drop(x);
	if (!*at)
		b->end = at;
}

/* The window after this batch came back. */
static void learn(struct batches *b, const struct batch *x)
{
	int64_t took = clock_mono() - x->since;
	if (took < BATCH_AHEAD_MS * 1000LL && x->number <= b->filled_it)
		b->ahead += x->size;
	else if (took > BATCH_AHEAD_MS * 1500LL)
		b->ahead -= x->size / 2;
	b->ahead = b->ahead < BATCH_AHEAD_MIN ? BATCH_AHEAD_MIN : b->ahead > BATCH_UNACKED_MAX ? BATCH_UNACKED_MAX : b->ahead;
}

int batches_ack(struct batches *b, struct msg *m)
{
	int64_t number, index;
	uint32_t code;
	if (msg_i64(m, &number) != 0 || msg_u32(m, &code) != 0 || msg_i64(m, &index) != 0 || msg_end(m) != 0)
		return ERR_PROTO;
	struct batch **at = &b->first;
	while (*at && (*at)->number != number)
		at = &(*at)->next;
	if (!*at || !(*at)->sent)
		return ERR_PROTO;
	if (code) {
		refused(b, *at, code);
		return 0;
	}
	learn(b, *at);
	forget(b, at);
	tell_pressure(b);
	b->on->acked(b->arg);
	return 0;
}

bool batches_done(const struct batches *b, int64_t number)
{
	if (b->first && b->first->number <= number)
		return false;
	for (unsigned i = 0; i < b->n_logs; i++)
		if (b->logs[i].open && b->logs[i].open->number <= number)
			return false;
	return true;
}

bool batches_empty(const struct batches *b)
{
	for (unsigned i = 0; i < b->n_logs; i++)
		if (b->logs[i].open)
			return false;
	return !b->first;
}

size_t batches_unacked(const struct batches *b)
{
	return b->bytes;
}

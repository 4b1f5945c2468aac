/* Bytes of a connection become pieces of messages; acknowledgements go back. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "collect/secure.h"
#include "collect/stamp.h"
#include "collect/stream.h"

/* One buffer for all: what is left of an unfinished message stands in front of what is read next. */
static char bytes[RELP_REST_MAX + STREAM_READ];

static void hold(struct stream *t, const char *p, size_t n)
{
	buf_clear(&t->rest);
	buf_put(&t->rest, p, n);
}

/* --- RELP -------------------------------------------------------------------------------------------------------- */

static void wait_for(struct stream *t, uint32_t txnr)
{
	int64_t batch = batches_last(t->collect->out);
	struct waits *w = t->n_waits ? &t->waits[t->n_waits - 1] : NULL;
	if (w && w->batch == batch) {
		w->n++;
		return;
	}
	if (!t->waits || t->n_waits == t->waits_cap) {
		size_t cap = t->waits_cap ? 2 * t->waits_cap : 16;
		struct waits *more = reallocarray(t->waits, cap, sizeof *more);
		if (!more)
			abort();
		t->waits = more;
		t->waits_cap = cap;
	}
	t->waits[t->n_waits++] = (struct waits){batch, txnr, 1};
}

/* True: goes on. *ret_n: messages. */
static bool take_relp(struct stream *t, size_t n, size_t *pos, size_t *ret_n)
{
	struct relp_event ev;
	for (;;) {
		switch (relp_next(&t->relp, bytes, n, pos, &ev)) {
		case RELP_NEED:
			return true;
		case RELP_PIECE:
			collect_put(t->collect, t->source, &t->envelope, &ev.piece);
			if (ev.done) {
				wait_for(t, ev.txnr);
				++*ret_n;
			}
			break;
		case RELP_OPEN:
			relp_put_open(&t->out, ev.txnr);
			if (!stream_write(t))
				return false;
			break;
		case RELP_CLOSE:                             /* what waits is not answered: the sender did not want to know */
			relp_put_close(&t->out, ev.txnr);
			(void)stream_write(t);
			return false;
		case RELP_BAD:
			t->source->torn++;
			return false;
		}
	}
}

void stream_acked(struct stream *t)
{
	size_t k = 0;
	for (; k < t->n_waits && batches_done(t->collect->out, t->waits[k].batch); k++)
		relp_put_ok(&t->out, t->waits[k].first, t->waits[k].n);
	if (!k)
		return;
	t->n_waits -= k;
	memmove(t->waits, t->waits + k, t->n_waits * sizeof *t->waits);
	if (buf_err(&t->out) != 0 || !stream_write(t))
		stream_close(t);
}

/* --- bytes --------------------------------------------------------------------------------------------------------- */

static void take_lines(struct stream *t, size_t n, size_t *pos, size_t *ret_n)
{
	struct piece p;
	while (framer_next(&t->framer, bytes, n, pos, false, &p)) {
		collect_put(t->collect, t->source, &t->envelope, &p);
		*ret_n += !(p.flags & ENTRY_MORE);
	}
}

static ssize_t receive(struct stream *t, char *p, size_t n)
{
	return t->tls ? secure_recv(t->tls, p, n) : recv(t->fd, p, n, 0);
}

/* Fills bytes behind what was left; 0 ended, -1 broken, -2 nothing now. */
static ssize_t fill(struct stream *t, size_t have)
{
	size_t got = 0;
	while (got < STREAM_READ) {
		ssize_t n = receive(t, bytes + have + got, STREAM_READ - got);
		if (n > 0)
			got += (size_t)n;
		if (n > 0 && t->tls)
			continue;                            /* records are small, and it may hold some that epoll knows nothing of */
		if (got)
			break;
		return n == 0 ? 0 : errno == EAGAIN || errno == EINTR ? -2 : -1;
	}
	return (ssize_t)got;
}

bool stream_is_relp(const struct stream *t)
{
	return t->kind == INTAKE_RELP || t->kind == INTAKE_RELPS;
}

bool stream_read(struct stream *t)
{
	struct collect *c = t->collect;
	for (;;) {
		size_t have = t->rest.n, pos = 0, messages = 0;
		if (have)
			memcpy(bytes, t->rest.p, have);
		ssize_t got = fill(t, have);
		if (got <= 0)
			return got == -2;
		size_t n = have + (size_t)got;
		c->read += (size_t)got;
		collect_stamp(c);
		envelope_stamp(&t->envelope, c->now_ns);
		stamp_source(t->source, str_n(bytes, n), c->now_ns);
		bool goes_on = true;
		if (stream_is_relp(t)) {
			goes_on = take_relp(t, n, &pos, &messages);
			if (messages)
				batches_hurry(c->out);
		} else {
			take_lines(t, n, &pos, &messages);
		}
		hold(t, bytes + pos, n - pos);
		if (!goes_on)
			return false;
		if (source_owe(t->source, messages, c->now_ns)) {
			t->throttled = true;
			stream_watch(t);
		}
		if (!t->tls || t->throttled || c->full || (c->behind && !stream_is_relp(t)) || !secure_pending(t->tls))
			return true;
	}
}

void stream_finish(struct stream *t)
{
	struct piece p;
	size_t pos = 0;
	if (t->shaking || !t->source)
		return;
	if (stream_is_relp(t)) {                                /* what was not acknowledged comes again; only the chain is ended */
		p = (struct piece){STR(""), ENTRY_CONTINUED | ENTRY_TORN};
		if (t->relp.inside)
			collect_put(t->collect, t->source, &t->envelope, &p);
		return;
	}
	while (framer_next(&t->framer, t->rest.p ? t->rest.p : "", t->rest.n, &pos, true, &p))
		collect_put(t->collect, t->source, &t->envelope, &p);
}

bool stream_write(struct stream *t)
{
	bool was = t->blocked;
	t->blocked = false;
	while (t->sent < t->out.n) {
		const char *p = t->out.p + t->sent;
		ssize_t n = t->tls ? secure_send(t->tls, p, t->out.n - t->sent) : send(t->fd, p, t->out.n - t->sent, MSG_NOSIGNAL);
		if (n > 0) {
			t->sent += (size_t)n;
		} else if (n < 0 && errno == EAGAIN) {
			t->blocked = true;
			break;
		} else if (n == 0 || errno != EINTR) {
			return false;
		}
	}
	if (t->sent == t->out.n) {
		buf_clear(&t->out);
		t->sent = 0;
	}
	if (was != t->blocked)
		stream_watch(t);
	return !t->out.failed;
}

#include "vault/serve.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "core/proto.h"
#include "lib/arena.h"
#include "lib/clock.h"
#include "lib/log.h"

#define SOURCE_MAX 64u
#define BATCHES_AT_ONCE 4u
#define RETRY_MS 5

/* Which source a peer speaks for; the others may only ask. */
static const struct {
	const char *peer, *source;
} writers[] = {
	{"office.writer", "office"},
	{"detect", "detect"},
};

static bool may_write(const char *peer, struct str source)
{
	for (size_t i = 0; i < ARRAY_LEN(writers); i++)
		if (!strcmp(writers[i].peer, peer) && str_is(source, writers[i].source))
			return true;
	return false;
}

static int refuse(struct serve *s, const char *peer, struct str source, int64_t seq, const char *kind, int code)
{
	serve_alarm(s, kind, source, seq);
	return serve_answer_later(s, peer, seq, 0, code);
}

struct append {
	struct str source, prev, raw;
	int64_t seq;
};

/* A number that was there before: the same bytes get the same answer. */
static int again(struct serve *s, const char *peer, const struct append *a)
{
	uint8_t hash[SHA256_LEN];
	struct err e = {0};
	uint64_t index;
	int r;

	sha256(a->raw.p, a->raw.n, hash);
	r = vault_find(s->own->vault, a->source, (uint64_t)a->seq, hash, &index, &e);
	if (!r)
		return serve_answer_later(s, peer, a->seq, (int64_t)index, 0);
	if (r == ERR_CONFLICT)
		return refuse(s, peer, a->source, a->seq, "fork", ERR_CONFLICT);
	serve_failed(s->own, &e);
	return 0;
}

static int next(struct serve *s, const char *peer, const struct append *a, const struct source *last)
{
	static const uint8_t none[SHA256_LEN];
	struct entry en = {.transport = ENTRY_MESSAGE, .flags = ENTRY_CHAINED, .time_ns = clock_true() * 1000,
	                   .seq = (uint64_t)a->seq, .source = a->source, .peer = str_from(peer), .raw = a->raw};
	struct err e = {0};
	uint64_t index;
	int r;

	if (memcmp(a->prev.p, last ? last->hash : none, SHA256_LEN) != 0)
		return refuse(s, peer, a->source, a->seq, "fork", ERR_CONFLICT);
	memcpy(en.prev, a->prev.p, SHA256_LEN);
	r = vault_append(s->own->vault, &en, &index, &e);
	if (!r)
		return serve_answer_later(s, peer, a->seq, (int64_t)index, 0);
	serve_failed(s->own, &e);
	return 0;
}

static int on_append(struct serve *s, const char *peer, struct msg *m)
{
	const struct source *last;
	struct append a;

	if (msg_str(m, SOURCE_MAX, &a.source) || msg_i64(m, &a.seq) || msg_str(m, SHA256_LEN, &a.prev) ||
	    msg_str(m, ENTRY_RAW_MAX, &a.raw) || msg_end(m) || a.prev.n != SHA256_LEN || a.seq < 1 || !a.raw.p ||
	    !may_write(peer, a.source))
		return ERR_PROTO;
	if (s->own->state == SERVE_REFUSED)
		return serve_answer_later(s, peer, a.seq, 0, ERR_CORRUPT);
	if (s->own->state == SERVE_CLOSED) {
		for (size_t i = 0; i < s->child->n_peers; i++)
			if (!strcmp(s->child->peers[i].name, peer))
				s->resend[i] = true;
		return 0;
	}
	last = vault_source(s->own->vault, a.source);
	if (last && (uint64_t)a.seq <= last->seq)
		return again(s, peer, &a);
	if ((uint64_t)a.seq > (last ? last->seq : 0) + 1)
		return refuse(s, peer, a.source, a.seq, "gap", ERR_RANGE);
	return next(s, peer, &a, last);
}

static int send_now(int fd, struct msg *m)
{
	int r = msg_send(fd, m);

	msg_release(m);
	return r == ERR_CLOSED ? 0 : r;
}

static int on_prove(struct serve *s, int fd, struct msg *m)
{
	struct buf entry, proof;
	struct err e = {0};
	struct msg out;
	int64_t index;
	int r;

	if (msg_i64(m, &index) || msg_end(m))
		return ERR_PROTO;
	serve_settle(s);
	buf_init(&entry, ENTRY_MAX);
	buf_init(&proof, NOTE_MAX);
	r = !s->own->vault ? ERR_BUSY : index < 0 ? ERR_RANGE : vault_prove(s->own->vault, (uint64_t)index, &entry, &proof, &e);
	if (r && r != ERR_RANGE)
		log_error("vault.prove", "index=%lld error=%s text=\"%s\"", (long long)index, err_text(r), e.text);
	msg_init(&out, VAULT_PROOF);
	msg_put_u32(&out, (uint32_t)-r);
	msg_put_str(&out, r ? STR_NONE : buf_view(&entry));
	msg_put_str(&out, r ? STR_NONE : buf_view(&proof));
	r = send_now(fd, &out);
	buf_release(&entry);
	buf_release(&proof);
	return r;
}

static int on_status(struct serve *s, int fd, struct msg *m)
{
	struct buf json;
	struct msg out;
	int r;

	if (msg_end(m))
		return ERR_PROTO;
	serve_settle(s);
	buf_init(&json, 16 << 20);
	serve_status(s, &json);
	msg_init(&out, VAULT_STATE);
	msg_put_str(&out, buf_view(&json));
	r = send_now(fd, &out);
	buf_release(&json);
	return r;
}

/* Answers only for what is signed: the source may forget what it hears of here. */
static int on_source(struct serve *s, int fd, struct msg *m)
{
	const struct source *last;
	struct str name;
	struct msg out;

	if (msg_str(m, SOURCE_MAX, &name) || msg_end(m) || !name.n)
		return ERR_PROTO;
	serve_settle(s);
	last = s->own->vault && !vault_unsigned(s->own->vault) ? vault_source(s->own->vault, name) : NULL;
	msg_init(&out, VAULT_LAST);
	msg_put_i64(&out, last ? (int64_t)last->seq : 0);
	msg_put_str(&out, last ? str_n(last->hash, SHA256_LEN) : STR_NONE);
	msg_put_i64(&out, last ? (int64_t)last->index : 0);
	return send_now(fd, &out);
}

static int handle(struct serve *s, const char *peer, int fd, struct msg *m)
{
	switch (m->type) {
	case VAULT_APPEND:
		return on_append(s, peer, m);
	case VAULT_PROVE:
		return on_prove(s, fd, m);
	case VAULT_STATUS:
		return on_status(s, fd, m);
	case VAULT_SOURCE:
		return on_source(s, fd, m);
	case VAULT_RETAIN:
		return serve_on_retain(s, peer, fd, m);
	case LOG_APPEND:
		return serve_on_batch(s, peer, m);
	case LOG_HURRY:
		return serve_on_hurry(s, peer, m);
	}
	return ERR_PROTO;
}

static bool more_waits(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1 && p.revents & POLLIN;
}

bool serve_room(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	return poll(&p, 1, 0) == 1 && p.revents & POLLOUT;
}

void serve_settle(struct serve *s)
{
	serve_commit(s->own);
	serve_send_answers(s);
	serve_send_acks(s);
}

void serve_settle_all(struct serve *s)
{
	int64_t begun = clock_mono();

	s->dirty_since = 0;
	for (size_t i = s->n_logs; i-- > 1;)
		serve_commit(&s->logs[i]);
	serve_settle(s);
	s->committed_at = clock_mono();
	s->commit_took = s->committed_at - begun;
}

static void retry(void *arg)
{
	struct serve *s = arg;

	s->retry_set = false;
	serve_settle(s);
}

void serve_retry(struct serve *s)
{
	if (!s->retry_set)
		loop_after(s->child->loop, RETRY_MS, retry, s);
	s->retry_set = true;
}

/* All that waits in this socket is one commit; batches have a cadence of their own, and others want their turn. */
static int on_message(void *arg, const char *peer, int fd, struct msg *first)
{
	struct serve *s = arg;
	unsigned most = first->type == LOG_APPEND ? BATCHES_AT_ONCE : SERVE_BATCH;
	int r;

	if (!strcmp(peer, "keys"))
		return ERR_PROTO; /* it speaks only when asked */
	r = handle(s, peer, fd, first);
	for (unsigned n = 1; !r && n < most && more_waits(fd); n++) {
		struct msg m;

		r = msg_recv(fd, &m);
		if (r == ERR_CLOSED || r == ERR_BUSY) {
			r = 0; /* the loop sees it again */
			break;
		}
		if (!r) {
			r = handle(s, peer, fd, &m);
			msg_release(&m);
		}
	}
	serve_settle(s);
	return r;
}

static void settle_soon(void *arg)
{
	serve_settle_all(arg);
}

/* Answers for the old socket have no reader; who comes back sends again. */
static void on_peer(void *arg, const char *peer, int fd)
{
	struct serve *s = arg;

	serve_forget_answers(s, peer);
	serve_forget_batches(s, peer);
	if (fd >= 0 && !strcmp(peer, "keys"))
		loop_after(s->child->loop, 0, settle_soon, s);
}

/* What `witness ask` laid beside a log: another log tells of it, this one says nothing more. */
static void contradicted(struct serve_log *l)
{
	struct err e = {0};

	if (!l->vault || l->state != SERVE_OPEN || !vault_elsewhere(l->vault, &e))
		return;
	if (l != l->serve->own)
		serve_alarm(l->serve, "elsewhere", str_from(l->name), 0);
	serve_refuse_all(l, &e);
}

/* Silence is provable: an idle log still grows and is signed. */
static void heartbeat(void *arg)
{
	struct serve *s = arg;

	for (size_t i = 0; i < s->n_logs; i++) {
		struct serve_log *l = &s->logs[i];
		uint64_t size;

		contradicted(l);
		size = l->vault ? tlog_size(vault_log(l->vault)) : 0;
		if (size && size == l->idle_since) {
			serve_own(l, "heartbeat", "");
			size++;
		}
		l->idle_since = size;
	}
	serve_settle_all(s);
	loop_after(s->child->loop, s->heartbeat_ms, heartbeat, s);
}

#define INDEX_STEP_MS 100
#define INDEX_IDLE_MS 60000

static void index_step(void *arg)
{
	struct serve *s = arg;
	bool all = true;

	for (size_t i = 0; i < s->n_logs && all; i++)
		all = !s->logs[i].vault || vault_index_step(s->logs[i].vault);
	loop_after(s->child->loop, all ? INDEX_IDLE_MS : INDEX_STEP_MS, index_step, s);
}

void serve_start(struct serve *s)
{
	s->waiting = xcalloc(SERVE_WAITING_MAX, sizeof *s->waiting);
	s->batches = xcalloc(SERVE_BATCHES_MAX, sizeof *s->batches);
	s->feed = xcalloc(SERVE_BATCHES_MAX, sizeof *s->feed);
	serve_open_all(s);
	loop_after(s->child->loop, s->heartbeat_ms, heartbeat, s);
	loop_after(s->child->loop, INDEX_STEP_MS, index_step, s);
}

void serve_stop(struct serve *s)
{
	for (size_t i = 0; i < s->n_logs; i++)
		serve_own(&s->logs[i], "stop", "");
	serve_settle_all(s);
	for (size_t i = 0; i < s->n_logs; i++) {
		vault_close(s->logs[i].vault);
		s->logs[i].vault = NULL;
		s->logs[i].state = SERVE_REFUSED;
	}
}

static void on_stop(void *arg)
{
	struct serve *s = arg;

	serve_stop(s);
	loop_stop(s->child->loop);
}

const struct child_handlers serve_handlers = {.message = on_message, .peer = on_peer, .stop = on_stop};

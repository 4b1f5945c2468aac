#include "vault/serve.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "core/proto.h"
#include "lib/arena.h"
#include "lib/clock.h"
#include "lib/log.h"

#define SOURCE_MAX 64u

/* Which source a peer speaks for; the others may only ask. */
static const struct {
	const char *peer, *source;
} writers[] = {
	{"office.writer", "office"},
};

static bool may_write(const char *peer, struct str source)
{
	for (size_t i = 0; i < ARRAY_LEN(writers); i++)
		if (!strcmp(writers[i].peer, peer) && str_is(source, writers[i].source))
			return true;
	return false;
}

static int answer_later(struct serve *s, const char *peer, int64_t seq, int64_t index, int code)
{
	if (s->n_waiting == SERVE_WAITING_MAX)
		return ERR_TOOBIG; /* it is ended, and sends again when there is room */
	s->waiting[s->n_waiting++] = (struct serve_answer){peer, seq, index, code};
	return 0;
}

static int refuse(struct serve *s, const char *peer, struct str source, int64_t seq, const char *kind, int code)
{
	serve_alarm(s, kind, source, seq);
	return answer_later(s, peer, seq, 0, code);
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
	r = vault_find(s->vault, a->source, (uint64_t)a->seq, hash, &index, &e);
	if (!r)
		return answer_later(s, peer, a->seq, (int64_t)index, 0);
	if (r == ERR_CONFLICT)
		return refuse(s, peer, a->source, a->seq, "fork", ERR_CONFLICT);
	serve_failed(s, &e);
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
	r = vault_append(s->vault, &en, &index, &e);
	if (!r)
		return answer_later(s, peer, a->seq, (int64_t)index, 0);
	serve_failed(s, &e);
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
	if (s->state == SERVE_REFUSED)
		return answer_later(s, peer, a.seq, 0, ERR_CORRUPT);
	if (s->state == SERVE_CLOSED) {
		for (size_t i = 0; i < s->child->n_peers; i++)
			if (!strcmp(s->child->peers[i].name, peer))
				s->resend[i] = true;
		return 0;
	}
	last = vault_source(s->vault, a.source);
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
	r = !s->vault ? ERR_BUSY : index < 0 ? ERR_RANGE : vault_prove(s->vault, (uint64_t)index, &entry, &proof, &e);
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
	last = s->vault && !vault_unsigned(s->vault) ? vault_source(s->vault, name) : NULL;
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
	}
	return ERR_PROTO;
}

static bool more_waits(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1 && p.revents & POLLIN;
}

/* All that waits in this socket is one commit. */
static int on_message(void *arg, const char *peer, int fd, struct msg *first)
{
	struct serve *s = arg;
	int r;

	if (!strcmp(peer, "keys"))
		return ERR_PROTO; /* it speaks only when asked */
	r = handle(s, peer, fd, first);
	for (unsigned n = 1; !r && n < SERVE_BATCH && more_waits(fd); n++) {
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
	serve_settle(arg);
}

static void on_peer(void *arg, const char *peer, int fd)
{
	struct serve *s = arg;
	size_t kept = 0;

	/* Answers for the old socket have no reader; who comes back sends again. */
	for (size_t i = 0; i < s->n_waiting; i++)
		if (strcmp(s->waiting[i].peer, peer) != 0)
			s->waiting[kept++] = s->waiting[i];
	s->n_waiting = kept;
	if (fd >= 0 && !strcmp(peer, "keys"))
		loop_after(s->child->loop, 0, settle_soon, s);
}

static void on_stop(void *arg)
{
	struct serve *s = arg;

	serve_stop(s);
	loop_stop(s->child->loop);
}

const struct child_handlers serve_handlers = {.message = on_message, .peer = on_peer, .stop = on_stop};

/* Batches of collect: taken at once, committed at a cadence with those of the other logs, acknowledged when signed, and then
 * handed to detect as long as it keeps up; it reads in the log what it did not get. */
#include "vault/serve.h"

#include <string.h>

#include "core/proto.h"
#include "lib/clock.h"
#include "lib/log.h"

#define ENTRIES_MAX (16u << 20)                      /* bytes of entries in one batch */
#define TRANSPORTS (1u << ENTRY_UDP | 1u << ENTRY_TCP | 1u << ENTRY_TLS | 1u << ENTRY_RELP | 1u << ENTRY_HTTP | 1u << ENTRY_IMPORT | \
                    1u << ENTRY_UNIX | 1u << ENTRY_FILE | 1u << ENTRY_COLLECT)

static void commit(void *arg)
{
	struct serve *s = arg;

	s->commit_set = false;
	if (s->dirty_since)
		serve_settle_all(s);
}

/* The timer serves a quiet time; under load the messages themselves look at the clock. */
static void commit_in_time(struct serve *s)
{
	int64_t now = clock_mono();

	if (!s->dirty_since)
		s->dirty_since = now;
	if (now - s->dirty_since >= SERVE_COMMIT_MS * 1000 || s->n_batches == SERVE_BATCHES_MAX) {
		serve_settle_all(s);
	} else if (!s->commit_set) {
		loop_after(s->child->loop, SERVE_COMMIT_MS, commit, s);
		s->commit_set = true;
	}
}

static void commit_soon(void *arg)
{
	struct serve *s = arg;

	s->hurry_set = false;
	if (s->dirty_since)
		serve_settle_all(s);
}

/* A sender whose window is full waits for the signature and nothing else. It need not wait for the cadence; but commits take at most half
 * of the time, so that under load they still serve many. */
int serve_on_hurry(struct serve *s, const char *peer, struct msg *m)
{
	int64_t rest;

	if (msg_end(m) || strcmp(peer, "collect") != 0)
		return ERR_PROTO;
	if (!s->dirty_since || s->hurry_set)
		return 0;
	rest = s->committed_at + s->commit_took - clock_mono();
	s->hurry_set = true;
	loop_after(s->child->loop, rest > 0 ? (rest + 999) / 1000 : 0, commit_soon, s);
	return 0;
}

static void drop_kept(struct serve *s, struct serve_batch *b)
{
	if (b->entries.n) {
		s->kept_bytes -= b->entries.n;
		msg_release(&b->kept);
	}
	b->entries = STR_NONE;
}

/* For detect: the message itself stays and is handed on, so that its entries need not be copied. */
static void keep(struct serve *s, struct serve_batch *b, struct msg *m, struct str entries)
{
	if (child_peer_fd(s->child, "detect") < 0 || s->kept_bytes + entries.n > SERVE_FEED_MAX)
		return;
	b->kept = *m;
	*m = (struct msg){0};
	b->entries = entries;
	s->kept_bytes += entries.n;
}

int serve_on_batch(struct serve *s, const char *peer, struct msg *m)
{
	struct serve_batch b = {.peer = peer};
	struct err e = {0};
	struct str name, entries;

	if (msg_i64(m, &b.id) || msg_str(m, SERVE_LOG_NAME - 1, &name) || msg_u32(m, &b.n) || msg_str(m, ENTRIES_MAX, &entries) ||
	    msg_end(m) || !b.n || !entries.p || strcmp(peer, "collect") != 0)
		return ERR_PROTO;
	if (s->n_batches == SERVE_BATCHES_MAX)
		return ERR_TOOBIG; /* it is ended, and sends again when there is room */
	b.log = serve_find(s, name);
	if (!b.log || b.log->state != SERVE_OPEN) {
		b.code = !b.log ? ERR_NOTFOUND : b.log->state == SERVE_CLOSED ? ERR_BUSY : ERR_CORRUPT;
	} else if (vault_append_run(b.log->vault, entries, b.n, TRANSPORTS, &b.first, &e)) {
		if (e.code == ERR_INVALID) {
			log_error("vault.batch", "log=%s text=\"%s\"", b.log->name, e.text);
			return ERR_PROTO;
		}
		serve_failed(b.log, &e);
		b.code = ERR_BUSY;
	} else {
		b.end = b.first + b.n;
		keep(s, &b, m, entries);
	}
	s->batches[s->n_batches++] = b;
	commit_in_time(s);
	return 0;
}

/* In order, while there is room. */
static void send_feed(struct serve *s)
{
	int fd = child_peer_fd(s->child, "detect");
	size_t done = 0;

	while (done < s->n_feed && fd >= 0 && serve_room(fd)) {
		struct serve_batch *b = &s->feed[done++];
		struct msg m;

		msg_init(&m, LOG_FEED);
		msg_put_i64(&m, (int64_t)b->first);
		msg_put_message(&m, &b->kept);
		if (msg_send(fd, &m))
			log_warn("vault.unfed", "log=%s first=%llu", b->log->name, (unsigned long long)b->first);
		msg_release(&m);
		drop_kept(s, b);
	}
	s->n_feed -= done;
	memmove(s->feed, s->feed + done, s->n_feed * sizeof *s->feed);
	if (s->n_feed && fd >= 0)
		serve_retry(s);
}

static void to_feed(struct serve *s, struct serve_batch *b)
{
	if (b->entries.n && s->n_feed < SERVE_BATCHES_MAX)
		s->feed[s->n_feed++] = *b;
	else
		drop_kept(s, b);
}

/* 0: sent, or its reader is gone; ERR_BUSY: no room in the socket. */
static int acknowledge(struct serve *s, const struct serve_batch *b)
{
	int fd = child_peer_fd(s->child, b->peer), r;
	struct msg m;

	if (fd < 0)
		return 0;
	if (!serve_room(fd))
		return ERR_BUSY;
	msg_init(&m, LOG_ACK);
	msg_put_i64(&m, b->id);
	msg_put_u32(&m, (uint32_t)-b->code);
	msg_put_i64(&m, (int64_t)b->first);
	r = msg_send(fd, &m);
	msg_release(&m);
	if (r && r != ERR_CLOSED)
		log_warn("vault.unsent", "peer=%s error=%s", b->peer, err_text(r));
	return 0;
}

/* One log may be signed while another waits: each batch goes when its own is. */
void serve_send_acks(struct serve *s)
{
	size_t kept = 0;
	bool room = true;

	for (size_t i = 0; i < s->n_batches; i++) {
		struct serve_batch *b = &s->batches[i];

		if (room && (b->code || (b->log->vault && b->end <= vault_signed_size(b->log->vault)))) {
			room = !acknowledge(s, b);
			if (room) {
				to_feed(s, b);
				continue;
			}
			serve_retry(s);
		}
		if (kept != i)
			s->batches[kept] = *b;
		kept++;
	}
	s->n_batches = kept;
	send_feed(s);
}

void serve_forget_batches(struct serve *s, const char *peer)
{
	bool reader = !strcmp(peer, "detect");
	size_t kept = 0;

	for (size_t i = 0; reader && i < s->n_feed; i++)
		drop_kept(s, &s->feed[i]);
	s->n_feed = reader ? 0 : s->n_feed;
	for (size_t i = 0; i < s->n_batches; i++) {
		if (reader)
			drop_kept(s, &s->batches[i]);
		if (!strcmp(s->batches[i].peer, peer))
			drop_kept(s, &s->batches[i]);
		else
			s->batches[kept++] = s->batches[i];
	}
	s->n_batches = kept;
}

void serve_lose_batches(struct serve *s, const struct serve_log *l, int code)
{
	for (size_t i = 0; i < s->n_batches; i++)
		if (s->batches[i].log == l && !s->batches[i].code) {
			s->batches[i].code = code;
			drop_kept(s, &s->batches[i]);
		}
}

#include "vault/serve.h"

#include <poll.h>
#include <string.h>

#include "core/proto.h"
#include "lib/clock.h"
#include "lib/log.h"

#define SIGN_MS 10000
#define REOPEN_FIRST_MS 500
#define REOPEN_MOST_MS 30000
#define RETRY_MS 5

static void reopen(void *arg)
{
	struct serve *s = arg;

	if (s->state == SERVE_CLOSED)
		serve_open(s);
}

static void close_log(struct serve *s, enum serve_state state, const struct err *e)
{
	s->state = state;
	snprintf(s->why, sizeof s->why, "%s", e->text);
	vault_close(s->vault);
	s->vault = NULL;
}

/* The disk failed under us: what was not acknowledged is asked for again once the folder opens. */
void serve_failed(struct serve *s, const struct err *e)
{
	if (s->state != SERVE_OPEN)
		return;
	log_error("vault.closed", "error=%s text=\"%s\"", err_text(e->code), e->text);
	close_log(s, SERVE_CLOSED, e);
	for (size_t i = 0; i < s->n_waiting; i++)
		for (size_t k = 0; k < s->child->n_peers; k++)
			if (!strcmp(s->child->peers[k].name, s->waiting[i].peer))
				s->resend[k] = true;
	s->n_waiting = 0;
	s->reopen_ms = REOPEN_FIRST_MS;
	loop_after(s->child->loop, s->reopen_ms, reopen, s);
}

/* The log contradicts what was signed. Only a person can decide what follows. */
void serve_refuse_all(struct serve *s, const struct err *e)
{
	log_error("vault.refused", "error=%s text=\"%s\"", err_text(e->code), e->text);
	close_log(s, SERVE_REFUSED, e);
	for (size_t i = 0; i < s->n_waiting; i++)
		s->waiting[i].code = ERR_CORRUPT;
}

static int ask_keys(struct serve *s, struct msg *m, struct msg *ret)
{
	int fd = child_peer_fd(s->child, "keys"), r = fd < 0 ? ERR_CLOSED : msg_call(fd, m, SIGN_MS, ret);

	msg_release(m);
	if (r && fd >= 0) {
		log_warn("vault.keys", "error=%s", err_text(r));
		child_drop(s->child, "keys", false);
	}
	return r;
}

/* The key's name goes beside the log once; another key later is not this log's. ERR_CLOSED: keys is away. */
static int learn_key(struct serve *s)
{
	struct err e = {0};
	struct msg m, answer;
	struct str vkey;
	int r;

	msg_init(&m, KEYS_VKEY);
	msg_put_z(&m, vault_log(s->vault)->origin);
	r = ask_keys(s, &m, &answer);
	if (r)
		return r;
	r = answer.type != KEYS_VKEY_IS || msg_str(&answer, NOTE_VKEY_MAX, &vkey) || msg_end(&answer) ? ERR_PROTO : 0;
	if (r)
		child_drop(s->child, "keys", true);
	else
		r = vault_set_key(s->vault, vkey, &e);
	msg_release(&answer);
	if (r == ERR_CONFLICT || r == ERR_SYNTAX || r == ERR_INVALID)
		serve_refuse_all(s, &e);
	else if (r == ERR_SYS)
		serve_failed(s, &e);
	return r;
}

static void publish(struct serve *s, struct str note)
{
	struct err e = {0};
	int r = vault_publish(s->vault, note, &e);

	if (r == ERR_SYS)
		serve_failed(s, &e);
	else if (r)
		serve_refuse_all(s, &e);
	else
		s->signed_at = clock_true();
}

/* One question to keys: the head, proven to continue the tree of `from` entries. *ret_size: what keys signed last. */
static int ask_signature(struct serve *s, uint64_t from, uint64_t *ret_size)
{
	uint8_t proof[MERKLE_PROOF_MAX][MERKLE_LEN];
	struct msg m, answer;
	struct checkpoint c;
	uint32_t code = 0;
	struct str note;
	int64_t size;
	size_t n = 0;

	vault_head(s->vault, &c);
	if (from && merkle_consistency(tlog_node, vault_log(s->vault), from, c.size, proof, &n))
		return ERR_CORRUPT;
	msg_init(&m, KEYS_SIGN_LOG);
	msg_put_str(&m, c.origin);
	msg_put_i64(&m, (int64_t)c.size);
	msg_put_str(&m, str_n(c.root, MERKLE_LEN));
	msg_put_i64(&m, (int64_t)from);
	msg_put_str(&m, str_n(proof, n * MERKLE_LEN));
	if (ask_keys(s, &m, &answer))
		return ERR_CLOSED;
	if (answer.type != KEYS_NOTE || msg_u32(&answer, &code) || msg_str(&answer, NOTE_MAX, &note) ||
	    msg_i64(&answer, &size) || msg_end(&answer) || size < 0 || code > INT16_MAX) {
		child_drop(s->child, "keys", true);
		code = -ERR_CLOSED;
	} else if (!code) {
		publish(s, note);
	} else {
		*ret_size = (uint64_t)size;
	}
	msg_release(&answer);
	return -(int)code;
}

static void sign(struct serve *s)
{
	uint64_t from = vault_signed_size(s->vault), known = from, size = s->vault->committed;
	struct err e = {0};
	int r;

	if (!s->vault->has_key && learn_key(s))
		return;
	r = ask_signature(s, from, &known);
	/* A crash between the signature and its last-signed: keys knows a later size than we remember. */
	if (r == ERR_CONFLICT && known != from && known <= size)
		r = ask_signature(s, known, &known);
	if (r == ERR_CONFLICT || r == ERR_CORRUPT) {
		err_set(&e, ERR_CORRUPT, "keys signed %llu entries, which the %llu of this log do not continue",
		        (unsigned long long)known, (unsigned long long)size);
		serve_refuse_all(s, &e);
	} else if (r && r != ERR_CLOSED) {
		log_error("vault.unsigned", "error=%s size=%llu", err_text(r), (unsigned long long)size);
	}
}

static bool room(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	return poll(&p, 1, 0) == 1 && p.revents & POLLOUT;
}

static const char *refusal(int code)
{
	return code == ERR_RANGE      ? "a number is missing before this one"
	       : code == ERR_CONFLICT ? "another entry has this number or stands before it"
	                              : "the log does not hold what was signed";
}

/* 0: sent, or its reader is gone; ERR_BUSY: no room in the socket. */
static int send_answer(struct serve *s, const struct serve_answer *a)
{
	int fd = child_peer_fd(s->child, a->peer), r;
	struct msg m;

	if (fd < 0)
		return 0;
	if (!room(fd))
		return ERR_BUSY;
	msg_init(&m, a->code ? VAULT_REFUSE : VAULT_ACK);
	msg_put_i64(&m, a->seq);
	if (a->code) {
		msg_put_u32(&m, (uint32_t)-a->code);
		msg_put_z(&m, refusal(a->code));
	} else {
		msg_put_i64(&m, a->index);
	}
	r = msg_send(fd, &m);
	msg_release(&m);
	if (r && r != ERR_CLOSED)
		log_warn("vault.unsent", "peer=%s error=%s", a->peer, err_text(r));
	return 0;
}

static void retry(void *arg)
{
	struct serve *s = arg;

	s->retry_set = false;
	serve_settle(s);
}

/* In order. An acknowledgement waits for the signature over its entry. */
static void send_answers(struct serve *s)
{
	uint64_t known = s->vault ? vault_signed_size(s->vault) : 0;
	size_t done = 0;

	while (done < s->n_waiting) {
		const struct serve_answer *a = &s->waiting[done];

		if (!a->code && (uint64_t)a->index >= known)
			break;
		if (send_answer(s, a)) {
			if (!s->retry_set)
				loop_after(s->child->loop, RETRY_MS, retry, s);
			s->retry_set = true;
			break;
		}
		done++;
	}
	memmove(s->waiting, s->waiting + done, (s->n_waiting - done) * sizeof *s->waiting);
	s->n_waiting -= done;
}

void serve_settle(struct serve *s)
{
	struct err e = {0};

	if (s->state == SERVE_OPEN && vault_commit(s->vault, &e))
		serve_failed(s, &e);
	if (s->state == SERVE_OPEN && vault_unsigned(s->vault))
		sign(s);
	send_answers(s);
}

static void own(struct serve *s, const char *type, const char *detail)
{
	struct err e = {0};
	uint64_t at;

	if (s->state == SERVE_OPEN && vault_append_own(s->vault, type, detail, &at, &e))
		serve_failed(s, &e);
}

/* Silence is provable: an idle log still grows and is signed. */
void serve_heartbeat(void *arg)
{
	struct serve *s = arg;
	uint64_t size = s->vault ? tlog_size(vault_log(s->vault)) : 0;

	if (size && size == s->idle_since) {
		own(s, "heartbeat", "");
		size++;
	}
	s->idle_since = size;
	serve_settle(s);
	loop_after(s->child->loop, s->heartbeat_ms, serve_heartbeat, s);
}

/* They sent what the closed log lost. With a new pair they begin after what the log has. */
static void call_back(struct serve *s)
{
	for (size_t i = 0; i < s->child->n_peers; i++) {
		if (s->resend[i])
			child_drop(s->child, s->child->peers[i].name, false);
		s->resend[i] = false;
	}
}

void serve_open(struct serve *s)
{
	struct vault_repair repair;
	struct err e = {0};
	int r = vault_open(s->path, &s->vault, &repair, &e);

	if (r == ERR_SYS || r == ERR_BUSY || r == ERR_NOMEM) {
		log_error("vault.open", "error=%s text=\"%s\"", err_text(r), e.text);
		s->state = SERVE_CLOSED;
		snprintf(s->why, sizeof s->why, "%s", e.text);
		s->reopen_ms = s->reopen_ms * 2 > REOPEN_MOST_MS ? REOPEN_MOST_MS : s->reopen_ms * 2;
		loop_after(s->child->loop, s->reopen_ms, reopen, s);
		return;
	}
	if (r) {
		s->vault = NULL;
		serve_refuse_all(s, &e);
		return;
	}
	s->state = SERVE_OPEN;
	s->why[0] = 0;
	if (!s->n_alarms)
		serve_recall(s);
	log_info("vault.open", "size=%llu signed=%llu cut=%llu lost=%llu", (unsigned long long)tlog_size(vault_log(s->vault)),
	         (unsigned long long)vault_signed_size(s->vault), (unsigned long long)repair.torn_bytes,
	         (unsigned long long)repair.lost_entries);
	if (learn_key(s) && s->state != SERVE_OPEN)
		return;
	own(s, "start", "\"version\":\"" SEKISHO_VERSION "\"");
	serve_settle(s);
	call_back(s);
}

void serve_start(struct serve *s)
{
	s->reopen_ms = REOPEN_FIRST_MS;
	serve_open(s);
	loop_after(s->child->loop, s->heartbeat_ms, serve_heartbeat, s);
}

void serve_stop(struct serve *s)
{
	own(s, "stop", "");
	serve_settle(s);
	vault_close(s->vault);
	s->vault = NULL;
	s->state = SERVE_REFUSED;
}

#include "vault/serve.h"

#include <errno.h>
#include <string.h>

#include "core/proto.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/log.h"
#include "vault/retain.h"

#define SIGN_MS 10000
#define REOPEN_FIRST_MS 500
#define REOPEN_MOST_MS 30000

static void reopen(void *arg)
{
	struct serve_log *l = arg;

	if (l->state == SERVE_CLOSED)
		serve_open(l);
}

static void close_log(struct serve_log *l, enum serve_state state, const struct err *e)
{
	l->state = state;
	snprintf(l->why, sizeof l->why, "%s", e->text);
	vault_close(l->vault);
	l->vault = NULL;
}

/* The disk failed under us: what was not acknowledged is asked for again once the folder opens. */
void serve_failed(struct serve_log *l, const struct err *e)
{
	if (l->state != SERVE_OPEN)
		return;
	log_error("vault.closed", "log=%s error=%s text=\"%s\"", l->name, err_text(e->code), e->text);
	close_log(l, SERVE_CLOSED, e);
	if (l == l->serve->own)
		serve_lose_answers(l->serve);
	serve_lose_batches(l->serve, l, ERR_BUSY);
	l->reopen_ms = REOPEN_FIRST_MS;
	loop_after(l->serve->child->loop, l->reopen_ms, reopen, l);
}

/* The log contradicts what was signed. Only a person can decide what follows. */
void serve_refuse_all(struct serve_log *l, const struct err *e)
{
	log_error("vault.refused", "log=%s error=%s text=\"%s\"", l->name, err_text(e->code), e->text);
	close_log(l, SERVE_REFUSED, e);
	for (size_t i = 0; l == l->serve->own && i < l->serve->n_waiting; i++)
		l->serve->waiting[i].code = ERR_CORRUPT;
	serve_lose_batches(l->serve, l, ERR_CORRUPT);
}

static int ask_keys(struct serve_log *l, struct msg *m, struct msg *ret)
{
	int fd = child_peer_fd(l->serve->child, "keys"), r = fd < 0 ? ERR_CLOSED : msg_call(fd, m, SIGN_MS, ret);

	msg_release(m);
	if (r && fd >= 0) {
		log_warn("vault.keys", "error=%s", err_text(r));
		child_drop(l->serve->child, "keys", false);
	}
	return r;
}

/* The key's name goes beside the log once; another key later is not this log's. ERR_CLOSED: keys is away. */
static int learn_key(struct serve_log *l)
{
	struct err e = {0};
	struct msg m, answer;
	struct str vkey;
	int r;

	msg_init(&m, KEYS_VKEY);
	msg_put_z(&m, vault_log(l->vault)->origin);
	r = ask_keys(l, &m, &answer);
	if (r)
		return r;
	r = answer.type != KEYS_VKEY_IS || msg_str(&answer, 2 * NOTE_VKEY_MAX, &vkey) || msg_end(&answer) ? ERR_PROTO : 0;
	if (r)
		child_drop(l->serve->child, "keys", true);
	else
		r = vault_set_key(l->vault, vkey, &e);
	msg_release(&answer);
	if (r == ERR_CONFLICT || r == ERR_SYNTAX || r == ERR_INVALID)
		serve_refuse_all(l, &e);
	else if (r == ERR_SYS)
		serve_failed(l, &e);
	return r;
}

/* The first checkpoint of each day stays provable for ever. */
static int keep_daily(struct serve_log *l, struct err *e)
{
	int64_t day = clock_true() / (86400 * SECOND_US);
	int r = day == l->kept_day ? 0 : retain_keep(l->vault, e);

	l->kept_day = day;
	return r;
}

static void publish(struct serve_log *l, struct str note)
{
	struct err e = {0};
	int r = vault_publish(l->vault, note, &e);

	if (!r)
		r = keep_daily(l, &e);
	if (r == ERR_SYS)
		serve_failed(l, &e);
	else if (r)
		serve_refuse_all(l, &e);
	else
		l->signed_at = clock_true();
}

/* One question to keys: the head, proven to continue the tree of `from` entries. *ret_size: what keys signed last. */
static int ask_signature(struct serve_log *l, uint64_t from, uint64_t *ret_size)
{
	uint8_t proof[MERKLE_PROOF_MAX][MERKLE_LEN];
	struct msg m, answer;
	struct checkpoint c;
	uint32_t code = 0;
	struct str note;
	int64_t size;
	size_t n = 0;

	vault_head(l->vault, &c);
	if (from && merkle_consistency(tlog_node, vault_log(l->vault), from, c.size, proof, &n))
		return ERR_CORRUPT;
	msg_init(&m, KEYS_SIGN_LOG);
	msg_put_str(&m, c.origin);
	msg_put_i64(&m, (int64_t)c.size);
	msg_put_str(&m, str_n(c.root, MERKLE_LEN));
	msg_put_i64(&m, (int64_t)from);
	msg_put_str(&m, str_n(proof, n * MERKLE_LEN));
	if (ask_keys(l, &m, &answer))
		return ERR_CLOSED;
	if (answer.type != KEYS_NOTE || msg_u32(&answer, &code) || msg_str(&answer, NOTE_MAX, &note) ||
	    msg_i64(&answer, &size) || msg_end(&answer) || size < 0 || code > INT16_MAX) {
		child_drop(l->serve->child, "keys", true);
		code = -ERR_CLOSED;
	} else if (!code) {
		publish(l, note);
	} else {
		*ret_size = (uint64_t)size;
	}
	msg_release(&answer);
	return -(int)code;
}

static void sign(struct serve_log *l)
{
	uint64_t from = vault_signed_size(l->vault), known = from, size = l->vault->committed;
	struct err e = {0};
	int r;

	if (!l->vault->has_key && learn_key(l))
		return;
	r = ask_signature(l, from, &known);
	/* A crash between the signature and its last-signed: keys knows a later size than we remember. */
	if (r == ERR_CONFLICT && known != from && known <= size)
		r = ask_signature(l, known, &known);
	if (r == ERR_CONFLICT || r == ERR_CORRUPT) {
		err_set(&e, ERR_CORRUPT, "keys signed %llu entries, which the %llu of this log do not continue",
		        (unsigned long long)known, (unsigned long long)size);
		serve_refuse_all(l, &e);
	} else if (r && r != ERR_CLOSED) {
		log_error("vault.unsigned", "error=%s size=%llu", err_text(r), (unsigned long long)size);
	}
}

void serve_commit(struct serve_log *l)
{
	struct err e = {0};

	if (l->state == SERVE_OPEN && vault_commit(l->vault, &e))
		serve_failed(l, &e);
	if (l->state == SERVE_OPEN && l->vault && vault_unsigned(l->vault))
		sign(l);
}

void serve_own(struct serve_log *l, const char *type, const char *detail)
{
	struct err e = {0};
	uint64_t at;

	if (l->state == SERVE_OPEN && vault_append_own(l->vault, type, detail, &at, &e))
		serve_failed(l, &e);
}

/* What fails here is done at the next start: until then both keys sign. */
static void change_key(struct serve_log *l)
{
	struct err e = {0};
	int r;

	if (l->state != SERVE_OPEN || !vault_key_changes(l->vault))
		return;
	r = vault_key_note(l->vault, &e);
	if (!r)
		serve_commit(l);
	if (!r && l->state == SERVE_OPEN)
		r = vault_key_do(l->vault, &e);
	if (r)
		log_error("vault.key", "log=%s error=%s text=\"%s\"", l->name, err_text(r), e.text);
	else
		log_info("vault.key", "log=%s text=\"goes on under a new key\"", l->name);
	if (r == ERR_SYS)
		serve_failed(l, &e);
}

void serve_open(struct serve_log *l)
{
	struct serve *s = l->serve;
	struct vault_repair repair;
	struct err e = {0};
	int r = vault_open(l->path, &l->vault, &repair, &e);

	if (r == ERR_SYS || r == ERR_BUSY || r == ERR_NOMEM) {
		log_error("vault.open", "log=%s error=%s text=\"%s\"", l->name, err_text(r), e.text);
		l->state = SERVE_CLOSED;
		snprintf(l->why, sizeof l->why, "%s", e.text);
		l->reopen_ms = l->reopen_ms * 2 > REOPEN_MOST_MS ? REOPEN_MOST_MS : l->reopen_ms * 2;
		loop_after(s->child->loop, l->reopen_ms, reopen, l);
		return;
	}
	if (r) {
		l->vault = NULL;
		serve_refuse_all(l, &e);
		return;
	}
	l->state = SERVE_OPEN;
	l->why[0] = 0;
	if (l == s->own && !s->n_alarms)
		serve_recall(s);
	log_info("vault.open", "log=%s size=%llu signed=%llu cut=%llu lost=%llu", l->name,
	         (unsigned long long)tlog_size(vault_log(l->vault)), (unsigned long long)vault_signed_size(l->vault),
	         (unsigned long long)repair.torn_bytes, (unsigned long long)repair.lost_entries);
	if (learn_key(l) && l->state != SERVE_OPEN)
		return;
	serve_own(l, "start", "\"version\":\"" SEKISHO_VERSION "\"");
	serve_commit(l);
	change_key(l);
	if (l == s->own) {
		serve_send_answers(s);
		serve_call_back(s);
	}
}

static bool name_good(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!(c >= 'a' && c <= 'z') && (!i || (!(c >= '0' && c <= '9') && c != '-')))
			return false;
	}
	return name.n && name.n < SERVE_LOG_NAME;
}

static struct serve_log *add_log(struct serve *s, struct str name)
{
	struct serve_log *l = &s->logs[s->n_logs++];
	char path[sizeof l->path];
	int n = name.n ? snprintf(path, sizeof path, "%s/logs/%.*s", s->path, STR_ARG(name)) : snprintf(path, sizeof path, "%s", s->path);

	*l = (struct serve_log){.serve = s, .reopen_ms = REOPEN_FIRST_MS};
	memcpy(l->path, path, (size_t)n + 1);
	memcpy(l->name, name.p, name.n);
	return l;
}

/* Its name is the own log's and its own: one municipality, one name of the key, many trees. */
static int make_log(struct serve *s, struct str name, struct err *e)
{
	char origin[NOTE_NAME_MAX + 1], path[600];
	int r;

	if (!s->own->vault)
		return err_set(e, ERR_BUSY, "the own log is not open");
	if ((size_t)snprintf(origin, sizeof origin, "%s/%.*s", vault_log(s->own->vault)->origin, STR_ARG(name)) >= sizeof origin)
		return err_set(e, ERR_TOOBIG, "too long a name");
	snprintf(path, sizeof path, "%s/logs", s->path);
	r = dir_make(path, 0750, e);
	if (r)
		return r;
	snprintf(path, sizeof path, "%s/logs/%.*s", s->path, STR_ARG(name));
	r = vault_create(path, str_from(origin), VAULT_UNITS, e);
	return r == ERR_EXISTS ? 0 : r;
}

struct serve_log *serve_find(struct serve *s, struct str name)
{
	struct serve_log *l;
	struct err e = {0};

	for (size_t i = 1; i < s->n_logs; i++)
		if (str_is(name, s->logs[i].name))
			return &s->logs[i];
	if (!name_good(name) || s->n_logs == SERVE_LOGS_MAX)
		return NULL;
	if (make_log(s, name, &e)) {
		log_error("vault.log", "log=%.*s error=%s text=\"%s\"", STR_ARG(name), err_text(e.code), e.text);
		return NULL;
	}
	l = add_log(s, name);
	serve_open(l);
	return l;
}

void serve_open_all(struct serve *s)
{
	struct arena *a = arena_new(1u << 20);
	struct err e = {0};
	char path[600], **names;
	size_t n = 0;

	s->own = add_log(s, STR(""));
	serve_open(s->own);
	snprintf(path, sizeof path, "%s/logs", s->path);
	if (dir_list(a, path, "", &names, &n, &e))
		n = 0; /* none yet */
	for (size_t i = 0; i < n; i++)
		if (name_good(str_from(names[i])) && s->n_logs < SERVE_LOGS_MAX)
			serve_open(add_log(s, str_from(names[i])));
	(void)serve_find(s, STR(SERVE_STANDARD));
	arena_free(a);
}

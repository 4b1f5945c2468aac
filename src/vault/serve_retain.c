/* What an administrator lets go or keeps (VAULT_RETAIN): into the log first, signed, then done. */
#include "vault/serve.h"

#include <string.h>

#include "core/proto.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "vault/retain.h"

#define ACT_MAX 16u

static struct serve_log *find_log(struct serve *s, struct str name)
{
	for (size_t i = 1; i < s->n_logs; i++)
		if (str_is(name, s->logs[i].name))
			return &s->logs[i];
	return NULL;
}

static int act(struct serve_log *l, struct retain *a, struct err *e)
{
	int r;

	serve_commit(l);
	if (l->state == SERVE_OPEN)
		r = retain_note(l->vault, a, e);
	else
		return err_set(e, ERR_BUSY, "the log %s is not open: %s", l->name, l->why);
	if (!r)
		serve_commit(l);
	if (!r && (l->state != SERVE_OPEN || vault_signed_size(l->vault) <= a->at))
		return err_set(e, ERR_BUSY, "it could not be signed; nothing was removed");
	if (!r)
		r = retain_do(l->vault, a, e);
	if (r == ERR_SYS || r == ERR_NOMEM)
		serve_failed(l, e);
	return r;
}

static int read_act(struct msg *m, struct str *log, struct retain *a)
{
	struct str kind;
	int64_t from, to;

	*a = (struct retain){.kind = RETAIN_KINDS};
	if (msg_str(m, SERVE_LOG_NAME - 1, log) || msg_str(m, ACT_MAX, &kind) || msg_i64(m, &a->days) || msg_str(m, HOLD_ID, &a->id) ||
	    msg_i64(m, &from) || msg_i64(m, &to) || msg_str(m, RETAIN_BY_MAX, &a->by) || msg_str(m, RETAIN_REASON_MAX, &a->reason) ||
	    msg_end(m) || from < 0 || to < 0)
		return ERR_PROTO;
	for (size_t i = 0; i < RETAIN_KINDS; i++)
		if (str_is(kind, retain_names[i]))
			a->kind = (enum retain_kind)i;
	a->from = (uint64_t)from;
	a->to = (uint64_t)to;
	a->now_ns = clock_true() * 1000;
	return a->kind == RETAIN_KINDS ? ERR_PROTO : 0;
}

int serve_on_retain(struct serve *s, const char *peer, int fd, struct msg *m)
{
	struct serve_log *l;
	struct err e = {0};
	struct retain a;
	struct msg out;
	struct str log;
	int r;

	if (strcmp(peer, "office.writer") != 0 || read_act(m, &log, &a))
		return ERR_PROTO;
	l = find_log(s, log);
	r = l ? act(l, &a, &e) : err_set(&e, ERR_NOTFOUND, "no log %.*s", STR_ARG(log));
	if (r)
		log_warn("vault.retain", "log=%.*s act=%s error=%s text=\"%s\"", STR_ARG(log), retain_names[a.kind], err_text(r), e.text);
	else
		log_info("vault.retain", "log=%.*s act=%s entry=%llu", STR_ARG(log), retain_names[a.kind], (unsigned long long)a.at);
	msg_init(&out, VAULT_RETAINED);
	msg_put_u32(&out, (uint32_t)-r);
	msg_put_z(&out, r ? e.text : "");
	msg_put_i64(&out, (int64_t)a.at);
	msg_put_i64(&out, (int64_t)a.minimum);
	msg_put_i64(&out, (int64_t)a.segments);
	r = msg_send(fd, &out);
	msg_release(&out);
	return r == ERR_CLOSED ? 0 : r;
}

/* sekisho vault policy|prune|hold|release|redact on a data folder: the vault does it and writes it into the log; here it becomes an
 * event too. Who comes over the control socket is root or the owner of the folder: the administrator. */
#include <poll.h>

#include "core/event.h"
#include "core/proto.h"
#include "lib/json.h"
#include "office/arrival.h"
#include "office/cli.h"
#include "office/dispatch.h"

#define ANSWER_MS 120000                                 /* a segment is written anew, or hundreds are removed */

struct act {
	const char *name, *by;
	struct str log, id, reason;
	int64_t days, from, to;
	int64_t entry, minimum, segments;                /* the answer */
};

static int read_answer(struct msg *m, struct act *a, struct err *e)
{
	uint32_t code;
	struct str text;
	if (msg_u32(m, &code) || msg_str(m, ERR_TEXT_MAX, &text) || msg_i64(m, &a->entry) || msg_i64(m, &a->minimum) || msg_i64(m, &a->segments) ||
	    msg_end(m) || code > INT16_MAX)
		return err_set(e, ERR_PROTO, "%s", _("The evidence store gave no answer that can be read."));
	char z[ERR_TEXT_MAX + 1];
	snprintf(z, sizeof z, "%.*s", STR_ARG(text));
	return code ? err_set(e, -(int)code, "%s", _(z)) : 0;
}

static int ask(struct office *o, struct act *a, struct err *e)
{
	struct msg m;
	msg_init(&m, VAULT_RETAIN);
	msg_put_str(&m, a->log);
	msg_put_z(&m, a->name);
	msg_put_i64(&m, a->days);
	msg_put_str(&m, a->id.p ? a->id : STR(""));
	msg_put_i64(&m, a->from);
	msg_put_i64(&m, a->to);
	msg_put_z(&m, a->by ? a->by : "console");
	msg_put_str(&m, a->reason);
	int r = o->vault >= 0 ? msg_send(o->vault, &m) : ERR_CLOSED;
	msg_release(&m);
	while (r == 0) {
		struct pollfd p = {.fd = o->vault, .events = POLLIN};
		if (poll(&p, 1, ANSWER_MS) != 1 || msg_recv(o->vault, &m) < 0)
			break;
		bool ours = m.type == VAULT_RETAINED;
		r = ours ? read_answer(&m, a, e) : outbox_answer(o, &m);
		msg_release(&m);
		if (ours)
			return r;
	}
	return err_set(e, ERR_BUSY, "%s", _("The evidence store does not answer just now."));
}

static int put(struct db *db, const struct act *a, struct err *e)
{
	struct buf b;
	struct jw j;
	char action[32];
	buf_init(&b, 8192);
	jw_init(&j, &b, false);
	jw_object(&j);
	jw_kstr(&j, "log", a->log);
	jw_kint(&j, "entry", a->entry);
	if (a->days)
		jw_kint(&j, "days", a->days);
	if (a->id.p)
		jw_kstr(&j, "id", a->id);
	if (a->minimum)
		jw_kint(&j, "minimum", a->minimum);
	jw_kstr(&j, "reason", a->reason);
	jw_end_object(&j);
	snprintf(action, sizeof action, "vault.%s", a->name);
	struct event ev = {.action = action, .detail = buf_view(&b)};
	int r = buf_err(&b) ? err_set(e, ERR_TOOBIG, "%s", _("The reason is too long.")) : event_put(db, &ev, NULL, e);
	buf_release(&b);
	return r;
}

static int put_event(struct cli *c, void *arg, struct err *e)
{
	return put(c->office->db, arg, e);
}

int arrival_policy(struct office *o, struct str log, int64_t days, struct str reason, struct err *e)
{
	struct act a = {.name = "policy", .by = "log-sources", .log = log, .days = days, .reason = reason};
	int r = ask(o, &a, e);
	if (r < 0 || (r = db_begin(o->db, e)) < 0)
		return r;
	r = put(o->db, &a, e);
	if (r == 0)
		r = db_commit(o->db, e);
	if (r < 0)
		db_rollback(o->db);
	outbox_poke(o);
	return r;
}

static bool number(struct str s, int64_t *ret)
{
	return s.p && str_int(s, 0, INT64_MAX, ret) == 0;
}

/* Takes options and, when want is not NULL, the one argument; false: wrong use. */
static bool read_args(struct cli *c, struct act *a, struct str *want)
{
	struct str log = cli_option(c, "--log");
	a->log = log.p ? log : STR("standard");
	a->reason = cli_option(c, "--reason");
	if (want && c->n_args == 2)
		*want = c->args[1];
	return c->n_args == (want ? 2u : 1u) && a->reason.n;
}

static int act(struct cli *c, struct act *a)
{
	struct err e = {0};
	int r = ask(c->office, a, &e);
	if (r == 0)
		r = cli_transact(c, put_event, a, &e);
	if (r < 0)
		return cli_fail(c, &e);
	if (a->segments)
		buf_printf(&c->out, _("Removed %llu segments; the log begins at entry %llu.\n"), (unsigned long long)a->segments,
		           (unsigned long long)a->minimum);
	else
		buf_printf(&c->out, _("Done; entry %llu of the log says so.\n"), (unsigned long long)a->entry);
	return 0;
}

int cli_vault_policy(struct cli *c)
{
	struct act a = {.name = "policy"};
	return number(cli_option(c, "--days"), &a.days) && read_args(c, &a, NULL) ? act(c, &a) : 2;
}

int cli_vault_prune(struct cli *c)
{
	struct act a = {.name = "prune"};
	return read_args(c, &a, NULL) ? act(c, &a) : 2;
}

int cli_vault_hold(struct cli *c)
{
	struct act a = {.name = "hold"};
	bool range = number(cli_option(c, "--from"), &a.from) && number(cli_option(c, "--to"), &a.to);
	return range && read_args(c, &a, &a.id) ? act(c, &a) : 2;
}

int cli_vault_release(struct cli *c)
{
	struct act a = {.name = "release"};
	return read_args(c, &a, &a.id) ? act(c, &a) : 2;
}

int cli_vault_redact(struct cli *c)
{
	struct act a = {.name = "redact"};
	struct str index = STR_NONE;
	return read_args(c, &a, &index) && number(index, &a.from) ? act(c, &a) : 2;
}

/* Questions to auth: the request that asks is parked by call id until the answer comes. */
#include "office/dispatch.h"

#include <poll.h>

#include "core/proto.h"
#include "lib/log.h"

#define AUTH_WAIT_MS 20000

static struct ctx *parked;
static int64_t last_call;

struct msg *auth_msg(struct ctx *c, struct msg *m, uint16_t type)
{
	msg_init(m, type);
	msg_put_i64(m, c->call = ++last_call);
	return m;
}

int auth_call(struct ctx *c, struct msg *m, auth_done *then, void *arg, struct err *e)
{
	int r = c->office->auth >= 0 ? msg_send(c->office->auth, m) : ERR_CLOSED;
	msg_release(m);
	if (r < 0)
		return err_set(e, ERR_BUSY, "%s", _("The sign-in service does not answer. Try again in a moment."));
	c->then = then;
	c->then_arg = arg;
	c->next = parked;
	parked = c;
	return PARKED;
}

/* For commands: answers of parked requests that come in between are given as usual. */
int auth_call_now(struct office *o, struct arena *a, struct msg *m, uint32_t *ret_result, struct str *ret_detail,
                  struct err *e)
{
	struct msg call, ans;
	int64_t id = ++last_call;
	msg_init(&call, m->type);
	msg_put_i64(&call, id);
	buf_str(&call.out, buf_view(&m->out));
	int r = o->auth >= 0 ? msg_send(o->auth, &call) : ERR_CLOSED;
	msg_release(&call);
	msg_release(m);
	while (r == 0) {
		struct pollfd p = {.fd = o->auth, .events = POLLIN};
		if (poll(&p, 1, AUTH_WAIT_MS) != 1 || msg_recv(o->auth, &ans) < 0)
			break;
		struct msg look = ans;
		int64_t got;
		struct str detail;
		bool ours = ans.type == AUTH_RESULT && msg_i64(&look, &got) == 0 && got == id &&
		            msg_u32(&look, ret_result) == 0 && msg_str(&look, 65536, &detail) == 0;
		if (ours)
			*ret_detail = arena_str(a, detail);
		else
			r = auth_answer(o, &ans);
		msg_release(&ans);
		if (ours)
			return 0;
	}
	return err_set(e, ERR_BUSY, "%s", _("The sign-in service does not answer. Try again in a moment."));
}

static struct ctx *take(int64_t call)
{
	for (struct ctx **p = &parked; *p; p = &(*p)->next)
		if ((*p)->call == call) {
			struct ctx *c = *p;
			*p = c->next;
			return c;
		}
	return NULL;
}

int auth_answer(struct office *o, struct msg *m)
{
	int64_t call;
	uint32_t result;
	struct str detail;
	if (m->type != AUTH_RESULT || msg_i64(m, &call) || msg_u32(m, &result) || msg_str(m, 65536, &detail) || msg_end(m))
		return ERR_PROTO;
	struct ctx *c = take(call);
	if (c)
		dispatch_resume(c, result, arena_str(c->arena, detail));
	(void)o;
	return 0;
}

void auth_gone(struct office *o)
{
	struct ctx *all = parked, *c;
	(void)o;
	parked = NULL;                                   /* who asks again asks the new one */
	while ((c = all)) {
		all = c->next;
		dispatch_resume(c, AUTH_FAILED, STR_NONE);
	}
}

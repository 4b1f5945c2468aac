#include "front/exchange.h"

#include <string.h>

void exchange_init(struct exchange *x)
{
	memset(x, 0, sizeof(*x));
	x->call.answer.file = -1;
	buf_init(&x->target, TARGET_MAX + 1);
	buf_init(&x->path, TARGET_MAX + 1);
}

void exchange_clear(struct exchange *x)
{
	if (x->state == EX_IDLE)
		return;
	body_release(&x->body);
	if (x->call.id) {
		msg_release(&x->call.req);
		answer_release(&x->call.answer);
	}
	x->call.id = 0;
	x->call.answer.status = 0;
	x->wants_spool = x->refused = false;
	buf_clear(&x->target);
	buf_clear(&x->path);
	x->n_headers = 0;
	x->status = 0;
	x->state = EX_IDLE;
}

void exchange_release(struct exchange *x)
{
	exchange_clear(x);
	buf_release(&x->target);
	buf_release(&x->path);
}

void exchange_line(struct exchange *x, struct str target)
{
	x->state = EX_LINE;
	buf_str(&x->target, target);
	if (buf_err(&x->target))
		x->status = 414;
	else
		x->status = (unsigned)head_target(buf_view(&x->target), &x->path, &x->query);
}

static enum MHD_Result collect(void *arg, enum MHD_ValueKind kind, const char *name, size_t name_n, const char *value,
                               size_t value_n)
{
	struct exchange *x = arg;

	(void)kind;
	if (x->n_headers == HEADERS_MAX) {
		x->status = 431;
		return MHD_NO;
	}
	x->headers[x->n_headers++] = (struct header){str_n(name, name_n), value ? str_n(value, value_n) : STR("")};
	return MHD_YES;
}

/* The library is forgiving: it takes bare LF for line ends, joins folded lines, drops lines without a name and stops
 * at a NUL. What it hides shows in the size: what it tells us, written as every real client writes it ("Name: value"
 * CR LF), must have the length of what came in. */
static bool nothing_hidden(const struct exchange *x, struct str method, struct str version)
{
	const union MHD_ConnectionInfo *i = MHD_get_connection_info(x->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	size_t n = method.n + 1 + x->target.n + 1 + version.n + 2 + 2;

	for (size_t k = 0; k < x->n_headers; k++)
		n += x->headers[k].name.n + 2 + x->headers[k].value.n + 2;
	return i && i->header_size == n;
}

/* Where files are handed over, a long body goes to the disk; a too long one is refused before it is read. */
static int large(struct exchange *x, struct str method, struct head *head)
{
	struct str path = buf_view(&x->path);
	int64_t limit = peers_limit();

	if (head->kind != BODY_MULTIPART || head->length <= SPOOL_FROM || !str_is(method, "POST") ||
	    (!str_is(path, "/transfers") && !str_is(path, "/api/v1/transfers")))
		return head->kind == BODY_MULTIPART && head->length > (int64_t)head->max ? 413 : 0;
	if (!limit)
		return 503;
	if (head->length > limit + SPOOL_ROOM)
		return 413;
	head->max = (size_t)head->length;
	x->wants_spool = true;
	return 0;
}

int exchange_head(struct exchange *x, struct str method, struct str version)
{
	struct head head;
	int status = head_method(method);

	if (status || x->status)
		return status ? status : (int)x->status;
	MHD_get_connection_values_n(x->mhd, MHD_HEADER_KIND, collect, x);
	if (x->status)
		return (int)x->status;
	if (!nothing_hidden(x, method, version))
		return 400;
	status = head_check(method, x->headers, x->n_headers, &head);
	if (status)
		return status;
	if ((status = large(x, method, &head)))
		return status;
	x->state = EX_BODY;
	x->call.reads = str_is(method, "GET") || str_is(method, "HEAD");
	return body_begin(&x->body, &head);
}

static void put_lower(struct msg *m, struct str name)
{
	char low[HEADER_NAME_MAX];

	for (size_t i = 0; i < name.n; i++)
		low[i] = (char)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] | 0x20 : name.p[i]);
	msg_put_str(m, str_n(low, name.n));
}

static void put_request(struct exchange *x, struct str method, const char *address)
{
	struct msg *m = &x->call.req;
	uint32_t passed = 0;

	msg_init(m, REQ);
	x->call.id = call_id();
	msg_put_i64(m, x->call.id);
	msg_put_str(m, method);
	msg_put_str(m, buf_view(&x->path));
	msg_put_str(m, x->query);
	msg_put_z(m, address);
	msg_put_u8(m, 1);
	for (size_t i = 0; i < x->n_headers; i++)
		passed += head_passes(x->headers[i].name);
	msg_put_u32(m, passed);
	for (size_t i = 0; i < x->n_headers; i++)
		if (head_passes(x->headers[i].name)) {
			put_lower(m, x->headers[i].name);
			msg_put_str(m, x->headers[i].value);
		}
}

int exchange_request(struct exchange *x, struct str method, const char *address)
{
	struct msg *m = &x->call.req;

	put_request(x, method, address);
	body_put(&x->body, m);
	body_drop(&x->body);
	return buf_err(&m->out) ? 413 : 0;
}

int exchange_ask_spool(struct exchange *x, const char *address)
{
	const struct body none = {.head.kind = BODY_NONE};

	put_request(x, STR("SPOOL"), address);
	body_put(&none, &x->call.req);
	return buf_err(&x->call.req.out) ? 413 : 0;
}

void exchange_spooled(struct exchange *x)
{
	struct answer *a = &x->call.answer;

	x->state = EX_BODY;
	if (!a->spools) {                                /* no: its answer is given when the body is read away */
		x->refused = a->status != 0;
		x->body.status = 503;
		return;
	}
	body_spool(&x->body, a->spools);
	for (size_t i = 0; i < FILES_MAX; i++)
		a->spools[i].fd = -1;
	answer_release(a);
	msg_release(&x->call.req);
	x->call.id = 0;
}

#include "front/exchange.h"

#include <string.h>

void exchange_init(struct exchange *x)
{
	memset(x, 0, sizeof(*x));
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
		if (x->call.answer.status)
			msg_release(&x->call.answer.m);
	}
	x->call.id = 0;
	x->call.answer.status = 0;
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

int exchange_request(struct exchange *x, struct str method, const char *address)
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
	body_put(&x->body, m);
	body_drop(&x->body);
	return buf_err(&m->out) ? 413 : 0;
}

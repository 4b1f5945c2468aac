/* Reads REQ messages into struct request and writes RESP; access to fields, parameters, headers. */
#include "office/office.h"

#include <unistd.h>

#include "core/proto.h"
#include "lib/buf.h"
#include "office/dispatch.h"
#include "office/spool.h"

#define HEADERS_MAX 64
#define REQ_FIELDS_MAX 4000
#define REQ_FILES_MAX 16
#define REQ_TEXT_MAX (8u << 20)
#define LOCATION_MAX 2000

static int read_pairs(struct msg *m, struct arena *a, uint32_t max, struct form_field **ret, size_t *ret_n)
{
	uint32_t n;
	if (msg_u32(m, &n) || n > max)
		return ERR_PROTO;
	struct form_field *v = arena_array(a, n ? n : 1, sizeof(*v));
	if (!v)
		return ERR_TOOBIG;
	for (uint32_t i = 0; i < n; i++)
		if (msg_str(m, REQ_TEXT_MAX, &v[i].name) || msg_str(m, REQ_TEXT_MAX, &v[i].value))
			return ERR_PROTO;
	*ret = v;
	*ret_n = n;
	return 0;
}

static int read_files(struct msg *m, struct arena *a, struct request *r)
{
	uint32_t n;
	if (msg_u32(m, &n) || n > REQ_FILES_MAX)
		return ERR_PROTO;
	r->files = arena_array(a, n ? n : 1, sizeof(*r->files));
	if (!r->files)
		return ERR_TOOBIG;
	for (uint32_t i = 0; i < n; i++) {
		struct upload *u = &r->files[i];
		u->fd = -1;
		if (msg_str(m, 200, &u->field) || msg_str(m, 1024, &u->name) || msg_str(m, 200, &u->media_type) ||
		    msg_i64(m, &u->size) || msg_str(m, 64, &u->sha256) || msg_fd(m, &u->fd))
			return ERR_PROTO;
		r->n_files = i + 1;
	}
	return 0;
}

int request_read(struct msg *m, struct arena *a, struct request *r)
{
	uint8_t https, kind;
	if (msg_i64(m, &r->id) || msg_str(m, 16, &r->method) || msg_str(m, 8192, &r->path) ||
	    msg_str(m, 65536, &r->query) || msg_str(m, 128, &r->peer) || msg_u8(m, &https))
		return ERR_PROTO;
	r->https = https;
	if (read_pairs(m, a, HEADERS_MAX, &r->headers, &r->n_headers))
		return ERR_PROTO;
	if (msg_u8(m, &kind) || kind > BODY_OTHER || msg_str(m, MSG_MAX, &r->raw_body))
		return ERR_PROTO;
	r->body_kind = kind;
	if (read_pairs(m, a, REQ_FIELDS_MAX, &r->fields, &r->n_fields) || read_files(m, a, r))
		return ERR_PROTO;
	return msg_end(m);
}

/* application/x-www-form-urlencoded; bad escapes and control characters make the whole query unreadable. */
static int decode(struct arena *a, struct str in, struct str *ret)
{
	char *out = arena_alloc(a, in.n + 1);
	if (!out)
		return ERR_TOOBIG;
	size_t n = 0;
	for (size_t i = 0; i < in.n; i++) {
		int c = (unsigned char)in.p[i];
		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			int hi = i + 2 < in.n ? hex_digit(in.p[i + 1]) : -1, lo = i + 2 < in.n ? hex_digit(in.p[i + 2]) : -1;
			if (hi < 0 || lo < 0)
				return ERR_SYNTAX;
			c = hi * 16 + lo;
			i += 2;
		}
		if (c == 0)
			return ERR_SYNTAX;
		out[n++] = (char)c;
	}
	*ret = str_n(out, n);
	return 0;
}

int query_read(struct arena *a, struct str query, struct form_field **ret, size_t *ret_n)
{
	size_t n = 0, cap = 1;
	for (size_t i = 0; i < query.n; i++)
		cap += query.p[i] == '&';
	if (cap > REQ_FIELDS_MAX)
		return ERR_TOOBIG;
	struct form_field *v = arena_array(a, cap, sizeof(*v));
	if (!v)
		return ERR_TOOBIG;
	struct str rest = query;
	while (rest.n) {
		struct str one = str_cut(&rest, '&'), value = one;
		struct str name = str_cut(&value, '=');
		if (!name.n)
			continue;
		if (decode(a, name, &v[n].name) || decode(a, value, &v[n].value))
			return ERR_SYNTAX;
		n++;
	}
	*ret = v;
	*ret_n = n;
	return 0;
}

void request_release(struct request *r)
{
	for (size_t i = 0; i < r->n_files; i++)
		if (r->files[i].fd >= 0)
			close(r->files[i].fd);
	r->n_files = 0;
}

static struct str find(const struct form_field *v, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(v[i].name, name))
			return v[i].value.p ? v[i].value : STR("");
	return STR_NONE;
}

struct str req_field(const struct ctx *c, const char *name)
{
	return find(c->req->fields, c->req->n_fields, name);
}

struct str req_param(const struct ctx *c, const char *name)
{
	return find(c->req->params, c->req->n_params, name);
}

struct str req_header(const struct ctx *c, const char *lower_name)
{
	return find(c->req->headers, c->req->n_headers, lower_name);
}

struct str req_cookie(const struct ctx *c, const char *name)
{
	struct str rest = req_header(c, "cookie");
	while (rest.n) {
		struct str one = str_trim(str_cut(&rest, ';')), value = one;
		struct str key = str_cut(&value, '=');
		if (str_is(key, name))
			return value;
	}
	return STR_NONE;
}

void res_header(struct ctx *c, const char *name, struct str value)
{
	struct response *r = c->res;
	if (r->n_headers < ARRAY_LEN(r->headers))
		r->headers[r->n_headers++] = (struct form_field){str_from(name), arena_str(c->arena, value)};
}

/* A place of our own that can stand in a header: browsers leave out tabs and line ends, and front ends the peer that
 * sends any. */
static bool own_place(struct str path)
{
	if (!path.n || path.n > LOCATION_MAX || path.p[0] != '/' || (path.n > 1 && (path.p[1] == '/' || path.p[1] == '\\')))
		return false;
	for (size_t i = 0; i < path.n; i++)
		if ((unsigned char)path.p[i] < 0x20 || path.p[i] == 0x7f)
			return false;
	return true;
}

int res_redirect(struct ctx *c, struct str path)
{
	buf_clear(&c->res->body);
	c->res->status = 303;
	res_header(c, "location", own_place(path) ? path : STR("/"));
	return 0;
}

int res_json(struct ctx *c, unsigned status, struct buf *json)
{
	c->res->status = status;
	res_header(c, "content-type", STR("application/json; charset=utf-8"));
	buf_clear(&c->res->body);
	buf_str(&c->res->body, buf_view(json));
	return buf_err(&c->res->body) ? ERR_TOOBIG : buf_err(json);
}

/* RFC 6266 with RFC 8187 encoding of the name. */
static struct str disposition(struct arena *a, struct str name)
{
	struct buf b;
	buf_init(&b, 4096);
	buf_puts(&b, "attachment; filename*=UTF-8''");
	for (size_t i = 0; i < name.n && i < 400; i++) {
		unsigned char ch = (unsigned char)name.p[i];
		bool plain = (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '-' ||
		             ch == '_' || ch == '.';
		if (plain)
			buf_putc(&b, (char)ch);
		else
			buf_printf(&b, "%%%02X", ch);
	}
	struct str s = arena_str(a, buf_view(&b));
	buf_release(&b);
	return s;
}

int res_file(struct ctx *c, const char *media_type, struct str file_name, struct str bytes)
{
	c->res->status = 200;
	res_header(c, "content-type", str_from(media_type));
	res_header(c, "content-disposition", disposition(c->arena, file_name));
	buf_clear(&c->res->body);
	buf_str(&c->res->body, bytes);
	return buf_err(&c->res->body);
}

int res_stream(struct ctx *c, const char *media_type, struct str file_name, int fd, int64_t size)
{
	int r = res_file(c, media_type, file_name, STR(""));
	c->res->file = fd;
	c->res->file_size = size;
	return r;
}

void response_write(struct msg *m, const struct request *r, const struct response *res)
{
	if (res->spools) {
		spool_answer(m, r, res->spools);
		return;
	}
	msg_init(m, res->file >= 0 ? RESP_FILE : RESP);
	msg_put_i64(m, r->id);
	msg_put_u32(m, res->status);
	msg_put_u32(m, (uint32_t)res->n_headers);
	for (size_t i = 0; i < res->n_headers; i++) {
		msg_put_str(m, res->headers[i].name);
		msg_put_str(m, res->headers[i].value);
	}
	if (res->file >= 0) {
		msg_put_i64(m, res->file_size);
		msg_put_fd(m, res->file);
	} else {
		msg_put_str(m, buf_view(&res->body));
	}
}

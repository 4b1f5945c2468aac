#include "watch/hand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/proto.h"
#include "lib/msg.h"

#define ANSWER_MS 120000
#define BODY_MAX (20u << 20)
#define HEADERS_MAX 24u

struct pair {
	const char *name;
	struct str value;
};

static void put_pairs(struct msg *m, const struct pair *v, size_t n)
{
	uint32_t count = 0;
	for (size_t i = 0; i < n; i++)
		count += v[i].value.n > 0;
	msg_put_u32(m, count);
	for (size_t i = 0; i < n; i++)
		if (v[i].value.n) {
			msg_put_z(m, v[i].name);
			msg_put_str(m, v[i].value);
		}
}

static void begin(struct msg *m, const char *method, const char *path, const struct pair *headers, size_t n)
{
	static int64_t last;
	msg_init(m, REQ);
	msg_put_i64(m, ++last);
	msg_put_z(m, method);
	msg_put_z(m, path);
	msg_put_z(m, "");
	msg_put_z(m, "watch");
	msg_put_u8(m, 1);
	put_pairs(m, headers, n);
}

static int read_reply(struct msg *m, struct reply *ret)
{
	int64_t id;
	uint32_t status, n;
	struct str a, b;
	if ((m->type != RESP && m->type != RESP_FILE) || msg_i64(m, &id) || msg_u32(m, &status) || msg_u32(m, &n) || n > HEADERS_MAX)
		return ERR_PROTO;
	for (uint32_t i = 0; i < n; i++)
		if (msg_str(m, 4096, &a) || msg_str(m, 65536, &b))
			return ERR_PROTO;
	if (m->type == RESP_FILE ? msg_i64(m, &ret->size) || msg_fd(m, &ret->file) : msg_str(m, BODY_MAX, &ret->body))
		return ERR_PROTO;
	if (msg_end(m))
		return ERR_PROTO;
	ret->status = status;
	return 0;
}

static int call(int office, struct msg *m, struct reply *ret)
{
	*ret = (struct reply){.file = -1, .m = xcalloc(1, sizeof(*ret->m))};
	int r = msg_call(office, m, ANSWER_MS, ret->m);
	msg_release(m);
	if (r < 0) {
		free(ret->m);
		ret->m = NULL;
		return r;
	}
	return read_reply(ret->m, ret);
}

void reply_release(struct reply *r)
{
	if (r->file >= 0)
		close(r->file);
	if (r->m)
		msg_release(r->m);
	free(r->m);
	*r = (struct reply){.file = -1};
}

int hand_over(int office, const struct folder *f, const struct item *it, int fd, int64_t size, struct reply *ret)
{
	struct msg m;
	char bearer[220];
	snprintf(bearer, sizeof bearer, "Bearer %s", f->token);
	const struct pair headers[] = {{"authorization", str_from(bearer)}, {"idempotency-key", str_from(it->key)}};
	const struct pair fields[] = {
		{"direction", str_from(f->direction)}, {"class_c", str_from(f->class_c)}, {"purpose", str_from(f->purpose)}, {"recipients", str_from(f->recipients)},
		{"outside_recipient", str_from(f->outside)}, {"provision", str_from(f->provision)}, {"personal", f->personal ? STR("1") : STR("")}};
	begin(&m, "POST", "/api/v1/transfers", headers, ARRAY_LEN(headers));
	msg_put_u8(&m, BODY_MULTIPART);
	msg_put_z(&m, "");
	put_pairs(&m, fields, ARRAY_LEN(fields));
	msg_put_u32(&m, 1);
	msg_put_z(&m, "files");
	msg_put_z(&m, it->name);
	msg_put_z(&m, "application/octet-stream");
	msg_put_i64(&m, size);
	msg_put_str(&m, STR_NONE);
	msg_put_fd(&m, fd);
	explicit_bzero(bearer, sizeof bearer);
	return call(office, &m, ret);
}

int hand_ask(int office, const struct folder *f, int64_t id, bool file, struct reply *ret)
{
	struct msg m;
	char bearer[220], path[80];
	snprintf(bearer, sizeof bearer, "Bearer %s", f->token);
	snprintf(path, sizeof path, "/api/v1/transfers/%lld%s", (long long)id, file ? "/file" : "");
	const struct pair headers[] = {{"authorization", str_from(bearer)}};
	begin(&m, "GET", path, headers, ARRAY_LEN(headers));
	msg_put_u8(&m, BODY_NONE);
	msg_put_z(&m, "");
	msg_put_u32(&m, 0);
	msg_put_u32(&m, 0);
	explicit_bzero(bearer, sizeof bearer);
	return call(office, &m, ret);
}

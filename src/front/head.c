#include "front/head.h"

#include <string.h>

#include "lib/text.h"

static bool is_token_byte(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_token_byte((unsigned char)s.p[i]))
			return false;
	return s.n > 0;
}

int head_method(struct str method)
{
	static const char *const served[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
	static const char *const known[] = {"OPTIONS", "TRACE", "CONNECT"};

	for (size_t i = 0; i < ARRAY_LEN(served); i++)
		if (str_is(method, served[i]))
			return 0;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_is(method, known[i]))
			return 405;
	return is_token(method) ? 501 : 400;
}

/* The byte at s.p[*i], which may be %XX; moves *i behind it. -1 on a bad percent or a control byte. */
static int decoded_byte(struct str s, size_t *i)
{
	int c = (unsigned char)s.p[*i], hi, lo;

	if (c == '%') {
		if (s.n - *i < 3)
			return -1;
		hi = hex_digit(s.p[*i + 1]);
		lo = hex_digit(s.p[*i + 2]);
		if (hi < 0 || lo < 0)
			return -1;
		c = hi << 4 | lo;
		*i += 3;
	} else {
		if (c > 0x7e)            /* raw bytes above ASCII do not belong into a target */
			return -1;
		*i += 1;
	}
	return c < 0x20 || c == 0x7f ? -1 : c;
}

/* Segments must have a name; only the last may be empty ("/ledgers/"). */
static bool segments_plain(struct str path)
{
	struct str rest = str_slice(path, 1, path.n - 1), seg;

	while (rest.p) {
		seg = str_cut(&rest, '/');
		if (str_is(seg, ".") || str_is(seg, "..") || (seg.n == 0 && rest.p))
			return false;
	}
	return true;
}

static bool query_plain(struct str q)
{
	for (size_t i = 0; i < q.n;)
		if (decoded_byte(q, &i) < 0)
			return false;
	return true;
}

int head_target(struct str target, struct buf *path, struct str *ret_query)
{
	struct str query = target, raw;
	size_t start = path->n;
	int c;

	if (target.n > TARGET_MAX)
		return 414;
	if (target.n == 0 || target.p[0] != '/')
		return 400;
	raw = str_cut(&query, '?');
	for (size_t i = 0; i < raw.n;) {
		c = decoded_byte(raw, &i);
		if (c < 0 || c == '\\')
			return 400;
		buf_putc(path, (char)c);
	}
	if (buf_err(path))
		return 414;
	raw = str_slice(buf_view(path), start, path->n - start);
	if (!utf8_valid(raw) || !segments_plain(raw) || !query_plain(query))
		return 400;
	*ret_query = query.p ? query : STR("");
	return 0;
}

struct str head_param(struct str value, const char *name)
{
	struct str rest = value, p, key;

	str_cut(&rest, ';');
	while (rest.p) {
		p = str_trim(str_cut(&rest, ';'));
		key = str_trim(str_cut(&p, '='));
		if (!p.p || !str_ieq(key, str_from(name)))
			continue;
		p = str_trim(p);
		if (p.n >= 2 && p.p[0] == '"' && p.p[p.n - 1] == '"')
			p = str_slice(p, 1, p.n - 2);
		return p;
	}
	return STR_NONE;
}

/* What bodies may be, and how large. Anything else is 415: a page of another site can send text/plain unasked. */
static const struct {
	const char *type;
	enum body_kind kind;
	size_t max;
} body_types[] = {
	{"application/x-www-form-urlencoded", BODY_FORM, BODY_FORM_MAX},
	{"multipart/form-data", BODY_MULTIPART, BODY_MULTIPART_MAX},
	{"application/json", BODY_JSON, BODY_JSON_MAX},
	{"text/csv", BODY_OTHER, BODY_OTHER_MAX},
	{"application/octet-stream", BODY_OTHER, BODY_OTHER_MAX},
};

static int body_kind_of(struct head *h)
{
	struct str rest = h->type, type = str_trim(str_cut(&rest, ';')), charset = head_param(h->type, "charset");

	for (size_t i = 0; i < ARRAY_LEN(body_types); i++) {
		if (!str_ieq(type, str_from(body_types[i].type)))
			continue;
		h->kind = body_types[i].kind;
		h->max = body_types[i].max;
		if (charset.p && h->kind != BODY_OTHER && !str_ieq(charset, STR("utf-8")))
			return 415;
		/* How long a multipart body may be depends on where it goes: exchange.c. */
		return h->kind != BODY_MULTIPART && h->length > (int64_t)h->max ? 413 : 0;
	}
	return 415;
}

/* Headers that decide how a message is read or who speaks: once, or not at all. */
static const char *const once[] = {"host", "content-length", "transfer-encoding", "authorization", "content-type",
                                   "expect", "cookie", "origin"};

static bool value_plain(struct str v)
{
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static int check_one(const struct header *h, bool seen[ARRAY_LEN(once)])
{
	if (h->name.n > HEADER_NAME_MAX || h->value.n > HEADER_VALUE_MAX)
		return 431;
	if (!is_token(h->name) || !value_plain(h->value))
		return 400;
	for (size_t i = 0; i < ARRAY_LEN(once); i++) {
		if (!str_ieq(h->name, str_from(once[i])))
			continue;
		if (seen[i])
			return 400;
		seen[i] = true;
	}
	return 0;
}

static bool host_plain(struct str v)
{
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];

		if (!is_token_byte(c) && c != ':' && c != '[' && c != ']')
			return false;
	}
	return v.n > 0 && v.n <= 255;
}

static int take(struct head *out, const struct header *h, bool *host)
{
	if (str_ieq(h->name, STR("host"))) {
		*host = true;
		return host_plain(h->value) ? 0 : 400;
	}
	if (str_ieq(h->name, STR("content-type")))
		out->type = h->value;
	if (str_ieq(h->name, STR("content-length")) &&
	    (h->value.n == 0 || h->value.p[0] == '+' || h->value.p[0] == '-' ||
	     str_int(h->value, 0, INT64_MAX / 2, &out->length) < 0))
		return 400;
	if (str_ieq(h->name, STR("transfer-encoding"))) {
		if (!str_ieq(h->value, STR("chunked")))
			return 501;
		out->chunked = true;
	}
	if (str_ieq(h->name, STR("expect")) && !str_ieq(h->value, STR("100-continue")))
		return 417;
	if (str_ieq(h->name, STR("content-encoding")))
		return 415;
	if (str_ieq(h->name, STR("upgrade")) && !str_ieq(h->value, STR("h2c")))
		return 400;
	return 0;
}

int head_check(struct str method, const struct header *h, size_t n, struct head *ret)
{
	bool seen[ARRAY_LEN(once)] = {false}, host = false;
	struct head out = {.kind = BODY_NONE, .length = -1};
	int status;

	if (n > HEADERS_MAX)
		return 431;
	for (size_t i = 0; i < n; i++) {
		status = check_one(&h[i], seen);
		if (!status)
			status = take(&out, &h[i], &host);
		if (status)
			return status;
	}
	if (!host || (out.chunked && out.length >= 0))
		return 400;
	if (out.chunked || out.length > 0) {
		if (str_is(method, "GET") || str_is(method, "HEAD"))
			return 400;
		status = body_kind_of(&out);
		if (status)
			return status;
	}
	*ret = out;
	return 0;
}

bool head_passes(struct str name)
{
	static const char *const passed[] = {
		"accept", "accept-language", "authorization", "content-type", "cookie", "host", "idempotency-key", "if-match",
		"if-modified-since", "if-none-match", "origin", "referer", "sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site",
		"user-agent", "x-csrf-token", "x-requested-with",
	};

	for (size_t i = 0; i < ARRAY_LEN(passed); i++)
		if (str_ieq(name, str_from(passed[i])))
			return true;
	return false;
}

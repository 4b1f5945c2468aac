/* Language mail: docs/formats/gate-mail.md. */
#include <stdlib.h>
#include <string.h>

#include "gate-verify/verify.h"

#define PARTS_MAX 201
#define VALUE_MAX 32768u

struct reader {
	struct check *c;
	size_t i;
};

static bool eat(struct reader *r, const char *z)
{
	size_t n = strlen(z);

	if (r->c->in.n - r->i < n || memcmp(r->c->in.p + r->i, z, n) != 0)
		return false;
	r->i += n;
	return true;
}

static int digit(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ? c - 'a' + 26 : c >= '0' && c <= '9' ? c - '0' + 52 : c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Strict base64 up to a character that is none: whole groups, padding zero. */
static bool base64(struct reader *r, struct buf *out)
{
	for (;;) {
		const char *p = r->c->in.p + r->i;
		int d[4];
		unsigned n = 0;

		while (n < 4 && r->i + n < r->c->in.n && (d[n] = digit(p[n])) >= 0)
			n++;
		if (!n)
			return true;
		if (n < 2 || r->c->in.n - r->i < 4)
			return refuse(r->c, "mail-base64", r->i);
		for (unsigned k = n; k < 4; k++)
			if (p[k] != '=')
				return refuse(r->c, "mail-base64", r->i);
		if ((n == 2 && d[1] & 15) || (n == 3 && d[2] & 3))
			return refuse(r->c, "mail-base64", r->i);
		buf_u8(out, (uint8_t)(d[0] << 2 | d[1] >> 4));
		if (n > 2)
			buf_u8(out, (uint8_t)(d[1] << 4 | d[2] >> 2));
		if (n > 3)
			buf_u8(out, (uint8_t)(d[2] << 6 | d[3]));
		r->i += 4;
		if (n < 4)
			return true;
	}
}

/* Text of one line: language text without TAB, CR and LF. */
static bool line_ok(struct reader *r, struct str s)
{
	struct check inner = {.in = s, .arena = r->c->arena};

	if (memchr(s.p, '\n', s.n) || memchr(s.p, '\r', s.n) || memchr(s.p, '\t', s.n) || !verify_text(&inner) || !verify_utf8(&inner))
		return refuse(r->c, "mail-word", r->i);
	return true;
}

/* Encoded words, folded between; what they say is appended. */
static bool words(struct reader *r, struct buf *out)
{
	size_t from = out->n;

	do {
		size_t start = out->n, at = r->i;

		if (!eat(r, "=?UTF-8?B?") || !base64(r, out) || !eat(r, "?=") || out->n == start || r->i - at > 75)
			return refuse(r->c, "mail-word", at);
	} while (r->c->in.n - r->i > 4 && !memcmp(r->c->in.p + r->i, "\r\n =?", 5) && eat(r, "\r\n "));
	return !out->failed && out->n - from <= VALUE_MAX && line_ok(r, str_n(out->p + from, out->n - from));
}

static bool atom(char c)
{
	return digit(c) >= 0 || (c && strchr("!#$%&'*-=?^_`{|}~.", c));
}

static bool address(struct reader *r)
{
	size_t from = r->i, at = 0;

	for (; r->i < r->c->in.n && r->c->in.p[r->i] != '>'; r->i++) {
		char c = r->c->in.p[r->i];

		if (c == '@' && !at && r->i > from)
			at = r->i;
		else if (at ? !((digit(c) >= 0 && c != '+' && c != '/') || c == '.' || c == '-') : !atom(c))
			return refuse(r->c, "mail-address", r->i);
	}
	return (at && r->i > at + 1 && r->i - from <= 254) || refuse(r->c, "mail-address", from);
}

static bool addresses(struct reader *r)
{
	struct buf b;
	bool ok = true;

	if (eat(r, "undisclosed-recipients:;\r\n"))
		return true;
	buf_init(&b, VALUE_MAX * 4);
	do {
		buf_clear(&b);
		if (r->i < r->c->in.n && r->c->in.p[r->i] == '=')
			ok = words(r, &b) && (eat(r, "\r\n ") || refuse(r->c, "mail-address", r->i));
		ok = ok && (eat(r, "<") || refuse(r->c, "mail-address", r->i)) && address(r) && eat(r, ">");
	} while (ok && eat(r, ",\r\n "));
	buf_release(&b);
	return ok && (eat(r, "\r\n") || refuse(r->c, "mail-address", r->i));
}

static bool fields(struct reader *r)
{
	struct buf b;
	bool ok;

	for (int i = 0; i < 3; i++)
		if (eat(r, i == 0 ? "From: " : i == 1 ? "To: " : "Cc: ") && !addresses(r))
			return false;
	if (eat(r, "Date: ")) {
		size_t from = r->i;

		while (r->i < r->c->in.n && (digit(r->c->in.p[r->i]) >= 0 || strchr(" ,:-", r->c->in.p[r->i])) && r->c->in.p[r->i] && r->c->in.p[r->i] != '/')
			r->i++;
		if (r->i == from || r->i - from > 60 || !eat(r, "\r\n"))
			return refuse(r->c, "mail-date", from);
	}
	if (eat(r, "Subject: ")) {
		buf_init(&b, VALUE_MAX);
		ok = words(r, &b) && (eat(r, "\r\n") || refuse(r->c, "mail-word", r->i));
		buf_release(&b);
		if (!ok)
			return false;
	}
	if (eat(r, "Message-ID: <") && (!address(r) || !eat(r, ">\r\n")))
		return refuse(r->c, "mail-address", r->i);
	return eat(r, "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_sekisho\"\r\n\r\n"
	              "--=_sekisho\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\n") ||
	       refuse(r->c, "mail-head", r->i);
}

/* Lines of 76 characters but for the last. */
static bool content(struct reader *r, struct buf *out)
{
	bool full = true;

	while (r->c->in.n - r->i > 0 && digit(r->c->in.p[r->i]) >= 0) {
		size_t from = r->i;

		if (!full || !base64(r, out))
			return refuse(r->c, "mail-base64", r->i);
		full = r->i - from == 76;
		if (r->i - from > 76 || !eat(r, "\r\n"))
			return refuse(r->c, "mail-base64", r->i);
	}
	return !out->failed || refuse(r->c, "memory", r->i);
}

static bool body(struct reader *r)
{
	struct check text = {.arena = r->c->arena};
	struct buf b;
	bool ok;

	buf_init(&b, r->c->in.n + 16);
	ok = content(r, &b);
	text.in = buf_view(&b);
	ok = ok && b.n && memmem(b.p, b.n, "\x1b", 1) == NULL && verify_text(&text) && verify_utf8(&text);
	buf_release(&b);
	return ok || refuse(r->c, text.rule ? text.rule : "mail-body", r->i);
}

static bool attachment(struct reader *r)
{
	struct buf name, data;
	bool ok;

	buf_init(&name, VALUE_MAX);
	buf_init(&data, r->c->in.n + 16);
	ok = words(r, &name) && (eat(r, "\"\r\n\r\n") || refuse(r->c, "mail-part", r->i)) && content(r, &data) &&
	     (verify_named(r->c, buf_view(&name), buf_view(&data)) || refuse(r->c, "mail-part", r->i));
	buf_release(&name);
	buf_release(&data);
	return ok;
}

bool verify_mail(struct check *c)
{
	struct reader r = {c, 0};
	unsigned n = 0;

	if (!fields(&r) || !body(&r))
		return false;
	while (eat(&r, "--=_sekisho\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
	               "Content-Disposition: attachment; filename=\""))
		if (++n > PARTS_MAX || !attachment(&r))
			return refuse(c, "mail-part", r.i);
	return (eat(&r, "--=_sekisho--\r\n") && r.i == c->in.n) || refuse(c, "mail-end", r.i);
}

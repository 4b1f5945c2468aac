#include "lib/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROW_LEAST 256u

void buf_init(struct buf *b, size_t max)
{
	/* One byte beyond the content is kept for buf_z. */
	*b = (struct buf){ .max = max < SIZE_MAX / 2 ? max : SIZE_MAX / 2 };
}

void buf_release(struct buf *b)
{
	free(b->p);
	*b = (struct buf){ .max = b->max };
}

void buf_clear(struct buf *b)
{
	b->n = 0;
	b->failed = false;
}

void *buf_room(struct buf *b, size_t n)
{
	if (b->failed || n > b->max - b->n) {
		b->failed = true;
		return NULL;
	}
	if (!b->p || n > b->cap - b->n) {
		size_t need = b->n + n, cap = b->cap < GROW_LEAST ? GROW_LEAST : b->cap * 2;
		cap = cap < need ? need : cap;
		cap = cap > b->max ? b->max : cap;
		char *p = realloc(b->p, cap + 1);
		if (!p) {
			b->failed = true;
			return NULL;
		}
		b->p = p;
		b->cap = cap;
	}
	return b->p + b->n;
}

void buf_grew(struct buf *b, size_t n)
{
	if (!b->failed && n <= b->cap - b->n)
		b->n += n;
}

void buf_put(struct buf *b, const void *p, size_t n)
{
	char *to = n ? buf_room(b, n) : NULL;
	if (!to)
		return;
	memcpy(to, p, n);
	b->n += n;
}

void buf_puts(struct buf *b, const char *z)
{
	buf_put(b, z, strlen(z));
}

void buf_str(struct buf *b, struct str s)
{
	buf_put(b, s.p, s.n);
}

void buf_putc(struct buf *b, char c)
{
	buf_put(b, &c, 1);
}

static void buf_be(struct buf *b, uint64_t v, size_t n)
{
	unsigned char x[8];
	for (size_t i = n; i-- > 0; v >>= 8)
		x[i] = (unsigned char)v;
	buf_put(b, x, n);
}

void buf_u8(struct buf *b, uint8_t v)
{
	buf_be(b, v, 1);
}

void buf_u16(struct buf *b, uint16_t v)
{
	buf_be(b, v, 2);
}

void buf_u32(struct buf *b, uint32_t v)
{
	buf_be(b, v, 4);
}

void buf_u64(struct buf *b, uint64_t v)
{
	buf_be(b, v, 8);
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	char small[256];
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(small, sizeof small, fmt, again);
	va_end(again);
	if (n < 0) {
		b->failed = true;
	} else if ((size_t)n < sizeof small) {
		buf_put(b, small, (size_t)n);
	} else {
		char *to = buf_room(b, (size_t)n);
		if (to) {
			vsnprintf(to, (size_t)n + 1, fmt, ap);
			b->n += (size_t)n;
		}
	}
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void buf_hex(struct buf *b, const void *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *u = p;
	for (size_t i = 0; i < n; i++) {
		char two[2] = { digits[u[i] >> 4], digits[u[i] & 15] };
		buf_put(b, two, 2);
	}
}

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void buf_base64(struct buf *b, const void *p, size_t n)
{
	const unsigned char *u = p;
	for (size_t i = 0; i < n; i += 3) {
		size_t k = n - i < 3 ? n - i : 3;
		uint32_t v = (uint32_t)u[i] << 16 | (k > 1 ? (uint32_t)u[i + 1] << 8 : 0) | (k > 2 ? u[i + 2] : 0);
		char four[4] = { base64[v >> 18], base64[v >> 12 & 63], k > 1 ? base64[v >> 6 & 63] : '=',
		                 k > 2 ? base64[v & 63] : '=' };
		buf_put(b, four, 4);
	}
}

int buf_err(const struct buf *b)
{
	return b->failed ? ERR_NOMEM : 0;
}

struct str buf_view(const struct buf *b)
{
	if (b->failed || !b->p)
		return STR("");
	return (struct str){ b->p, b->n };
}

const char *buf_z(struct buf *b)
{
	if (b->failed || !b->p)
		return "";
	b->p[b->n] = 0;
	return b->p;
}

int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

long hex_decode(struct str s, void *out, size_t cap)
{
	unsigned char *to = out;
	if (s.n % 2)
		return ERR_SYNTAX;
	if (s.n / 2 > cap)
		return ERR_TOOBIG;
	for (size_t i = 0; i < s.n; i += 2) {
		int hi = hex_digit(s.p[i]), lo = hex_digit(s.p[i + 1]);
		if (hi < 0 || lo < 0)
			return ERR_SYNTAX;
		to[i / 2] = (unsigned char)(hi << 4 | lo);
	}
	return (long)(s.n / 2);
}

static int base64_digit(char c)
{
	const char *at = c ? memchr(base64, c, 64) : NULL;
	return at ? (int)(at - base64) : -1;
}

long base64_decode(struct str s, void *out, size_t cap)
{
	unsigned char *to = out;
	size_t n = 0;
	if (s.n % 4)
		return ERR_SYNTAX;
	size_t pad = s.n && s.p[s.n - 1] == '=' ? 1 : 0;
	if (pad && s.p[s.n - 2] == '=')
		pad = 2;
	if (s.n / 4 * 3 - pad > cap)
		return ERR_TOOBIG;
	for (size_t i = 0; i < s.n; i += 4) {
		size_t given = i + 4 == s.n ? 4 - pad : 4;
		uint32_t v = 0;
		for (size_t k = 0; k < 4; k++) {
			int d = k < given ? base64_digit(s.p[i + k]) : 0;
			if (d < 0)
				return ERR_SYNTAX;
			v = v << 6 | (uint32_t)d;
		}
		/* Bits that no byte carries must be zero, so that each content has one text. */
		if ((given == 3 && (v & 0xff)) || (given == 2 && (v & 0xffff)))
			return ERR_SYNTAX;
		for (size_t k = 0; k + 1 < given; k++)
			to[n++] = (unsigned char)(v >> (16 - 8 * k));
	}
	return (long)n;
}

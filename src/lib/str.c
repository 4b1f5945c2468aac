#include "lib/str.h"

#include <string.h>

struct str str_from(const char *z)
{
	return (struct str){ z, z ? strlen(z) : 0 };
}

bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool str_is(struct str a, const char *z)
{
	return str_eq(a, str_from(z));
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool str_ieq(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

int str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int r = n ? memcmp(a.p, b.p, n) : 0;
	if (r)
		return r < 0 ? -1 : 1;
	return a.n == b.n ? 0 : a.n < b.n ? -1 : 1;
}

bool str_starts(struct str a, const char *prefix)
{
	size_t n = strlen(prefix);
	return a.n >= n && (n == 0 || memcmp(a.p, prefix, n) == 0);
}

bool str_ends(struct str a, const char *suffix)
{
	size_t n = strlen(suffix);
	return a.n >= n && (n == 0 || memcmp(a.p + (a.n - n), suffix, n) == 0);
}

bool str_has(struct str hay, const char *needle)
{
	size_t n = strlen(needle);
	return n == 0 || (hay.n >= n && memmem(hay.p, hay.n, needle, n) != NULL);
}

static bool blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str a)
{
	while (a.n && blank(a.p[0])) {
		a.p++;
		a.n--;
	}
	while (a.n && blank(a.p[a.n - 1]))
		a.n--;
	return a;
}

struct str str_slice(struct str a, size_t from, size_t n)
{
	if (!a.p)
		return a;
	if (from > a.n)
		from = a.n;
	if (n > a.n - from)
		n = a.n - from;
	return (struct str){ a.p + from, n };
}

struct str str_cut(struct str *rest, char sep)
{
	struct str head = *rest;
	const char *at = head.n ? memchr(head.p, sep, head.n) : NULL;
	if (!at) {
		*rest = STR_NONE;
		return head;
	}
	head.n = (size_t)(at - head.p);
	rest->p += head.n + 1;
	rest->n -= head.n + 1;
	return head;
}

int str_int(struct str a, int64_t min, int64_t max, int64_t *ret)
{
	bool minus = a.n && a.p[0] == '-';
	size_t i = minus;
	if (i == a.n)
		return ERR_SYNTAX;
	int64_t v = 0;
	bool over = false;
	for (; i < a.n; i++) {
		if (a.p[i] < '0' || a.p[i] > '9')
			return ERR_SYNTAX;
		int d = a.p[i] - '0';
		/* Counted downwards: the smallest number has no positive twin. */
		over = over || __builtin_mul_overflow(v, 10, &v) || __builtin_sub_overflow(v, d, &v);
	}
	if (over || (!minus && v == INT64_MIN))
		return ERR_RANGE;
	v = minus ? v : -v;
	if (v < min || v > max)
		return ERR_RANGE;
	*ret = v;
	return 0;
}

struct cur cur_init(const void *p, size_t n)
{
	const unsigned char *u = p ? p : (const unsigned char *)"";
	return (struct cur){ u, u + (p ? n : 0), false };
}

size_t cur_left(const struct cur *c)
{
	return c->bad ? 0 : (size_t)(c->end - c->p);
}

int cur_bytes(struct cur *c, size_t n, const void **ret)
{
	if (c->bad || n > (size_t)(c->end - c->p)) {
		c->bad = true;
		return ERR_SHORT;
	}
	*ret = c->p;
	c->p += n;
	return 0;
}

static int cur_be(struct cur *c, size_t n, uint64_t *ret)
{
	const void *p;
	int r = cur_bytes(c, n, &p);
	if (r)
		return r;
	uint64_t v = 0;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | ((const unsigned char *)p)[i];
	*ret = v;
	return 0;
}

int cur_u8(struct cur *c, uint8_t *ret)
{
	uint64_t v;
	int r = cur_be(c, 1, &v);
	if (!r)
		*ret = (uint8_t)v;
	return r;
}

int cur_u16(struct cur *c, uint16_t *ret)
{
	uint64_t v;
	int r = cur_be(c, 2, &v);
	if (!r)
		*ret = (uint16_t)v;
	return r;
}

int cur_u32(struct cur *c, uint32_t *ret)
{
	uint64_t v;
	int r = cur_be(c, 4, &v);
	if (!r)
		*ret = (uint32_t)v;
	return r;
}

int cur_u64(struct cur *c, uint64_t *ret)
{
	return cur_be(c, 8, ret);
}

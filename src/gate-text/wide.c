#include "gate-text/wide.h"

#include <string.h>

#define SKIP 1                                       /* a change of the set: no character */

struct pair { unsigned char a, b; char is; };

/* By row and cell of JIS X 0208; the minus sign is what some tables make of that hyphen. */
static const struct pair signs[] = {
	{0x21, 0x61, '='}, {0x21, 0x5c, '+'}, {0x21, 0x5d, '-'}, {0x21, 0x77, '@'}, {0x21, 0x24, ','}, {0x21, 0x25, '.'}, {0x21, 0x73, '%'}};

static char by_jis(unsigned a, unsigned b)
{
	if (a == 0x23 && b >= 0x30 && b <= 0x39)
		return (char)b;
	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		if (signs[i].a == a && signs[i].b == b)
			return signs[i].is;
	return 0;
}

static char by_cp932(unsigned a, unsigned b)
{
	static const struct pair table[] = {
		{0x81, 0x81, '='}, {0x81, 0x7b, '+'}, {0x81, 0x7c, '-'}, {0x81, 0x97, '@'}, {0x81, 0x43, ','}, {0x81, 0x44, '.'}, {0x81, 0x93, '%'}};

	if (a == 0x82 && b >= 0x4f && b <= 0x58)
		return (char)(b - 0x4f + '0');
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].a == a && table[i].b == b)
			return table[i].is;
	return 0;
}

/* The character at s.p as ASCII, if it is that or a full-width one of what matters here; else 0. */
static char narrow(enum encoding e, struct str s, bool *kanji, size_t *ret_n)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t n = encoding_next(e, s, kanji);

	*ret_n = n;
	if (n == 1 && !*kanji)
		return p[0] < 0x80 ? s.p[0] : 0;
	if (e == ENC_ISO_2022_JP)
		return n == 3 ? SKIP : n == 2 ? by_jis(p[0], p[1]) : n == 1 ? s.p[0] : 0;
	if (e == ENC_CP932)
		return n == 2 ? by_cp932(p[0], p[1]) : 0;
	if (e == ENC_EUC_JP)
		return n == 2 && p[0] > 0xa0 ? by_jis(p[0] - 0x80u, p[1] - 0x80u) : 0;
	if (n == 3 && p[0] == 0xef && p[1] == 0xbc && p[2] >= 0x81 && p[2] <= 0xa0)
		return (char)(p[2] - 0x60);              /* U+FF01 to U+FF20 */
	return n == 3 && !memcmp(p, "\xe2\x88\x92", 3) ? '-' : 0;
}

bool wide_runs(enum encoding e, struct str s, bool kanji, bool quoted)
{
	enum { SIGN, HYPHENS, DIGITS, PERCENT } at = SIGN;
	size_t n, digits = 0, hyphens = 0;

	for (size_t i = 0; i < s.n; i += n) {
		char c = narrow(e, str_slice(s, i, s.n), &kanji, &n);

		if (!n || (n == 1 && (c == '\n' || c == '\r' || c == '\t' || c == (quoted ? '"' : ','))))
			break;
		if (c == SKIP)
			continue;
		if (at == SIGN) {
			if (n == 1 || !c || !strchr("=+-@", c))
				return false;
			if (c != '+' && c != '-')
				return true;
			at = c == '-' ? HYPHENS : DIGITS;
			hyphens = c == '-';
			continue;
		}
		if (at == HYPHENS && c == '-') {
			hyphens++;
			continue;
		}
		if (at == HYPHENS && hyphens > 1)
			return true;
		at = at == HYPHENS ? DIGITS : at;
		if (at == DIGITS && c >= '0' && c <= '9')
			digits++;
		else if (at == DIGITS && digits && c == '%')
			at = PERCENT;
		else if (at != DIGITS || !digits || (c != '.' && c != ','))
			return true;
	}
	return at != SIGN && at != HYPHENS && !digits;
}

static bool reads_so(enum encoding e, struct str s)
{
	enum { INSIDE, BEGINS, BEGINS_QUOTED } cell = BEGINS;
	bool kanji = false, quoted = false, runs = false;
	size_t n;

	for (size_t i = 0; i < s.n; i += n) {
		bool single, was = runs;

		n = encoding_next(e, str_slice(s, i, s.n), &kanji);
		if (!n)
			return false;
		single = n == 1;
		runs = was || (cell != INSIDE && wide_runs(e, str_slice(s, i, s.n), kanji, cell == BEGINS_QUOTED));
		if (single && s.p[i] == '"') {
			quoted = cell == BEGINS || !quoted;
			cell = cell == BEGINS ? BEGINS_QUOTED : INSIDE;
		} else {
			cell = single && (s.p[i] == '\n' || s.p[i] == '\r' || (strchr(",\t", s.p[i]) && s.p[i] && !quoted)) ? BEGINS : INSIDE;
		}
	}
	return runs;
}

bool wide_elsewhere(enum encoding mine, struct str s)
{
	static const enum encoding all[] = {ENC_UTF8, ENC_CP932, ENC_EUC_JP};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i] != mine && !(all[i] == ENC_UTF8 && mine == ENC_UTF8_BOM) && mine != ENC_ISO_2022_JP && reads_so(all[i], s))
			return true;
	return false;
}

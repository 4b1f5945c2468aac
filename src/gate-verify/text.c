/* docs/formats/gate-text.md: one of five encodings, no control character but TAB, CR, LF, nothing that hides or turns text, and in
 * CSV no cell a spreadsheet would run. */
#include "gate-verify/verify.h"

#include <string.h>

#define LINE_MAX_ (1u << 20)

enum enc { UTF8, CP932, EUC, JIS, N_ENC };

struct walk {
	const unsigned char *p;
	size_t n, i;
	bool kanji;
};

static unsigned byte(const struct walk *w, size_t k)
{
	return w->i + k < w->n ? w->p[w->i + k] : 0x100;
}

static bool between(unsigned v, unsigned a, unsigned b)
{
	return v >= a && v <= b;
}

/* RFC 3629, table 3-7 of Unicode; *u is the code point. */
static size_t one_utf8(const struct walk *w, uint32_t *u)
{
	unsigned a = byte(w, 0), b = byte(w, 1), c = byte(w, 2), d = byte(w, 3);

	*u = a;
	if (a < 0x80)
		return 1;
	if (between(a, 0xc2, 0xdf) && between(b, 0x80, 0xbf)) {
		*u = (a & 0x1fu) << 6 | (b & 0x3fu);
		return 2;
	}
	if (between(a, 0xe0, 0xef) && between(b, a == 0xe0 ? 0xa0 : 0x80, a == 0xed ? 0x9f : 0xbf) && between(c, 0x80, 0xbf)) {
		*u = (a & 0xfu) << 12 | (b & 0x3fu) << 6 | (c & 0x3fu);
		return 3;
	}
	if (between(a, 0xf0, 0xf4) && between(b, a == 0xf0 ? 0x90 : 0x80, a == 0xf4 ? 0x8f : 0xbf) && between(c, 0x80, 0xbf) &&
	    between(d, 0x80, 0xbf)) {
		*u = (a & 7u) << 18 | (b & 0x3fu) << 12 | (c & 0x3fu) << 6 | (d & 0x3fu);
		return 4;
	}
	return 0;
}

static size_t one_jis(struct walk *w)
{
	unsigned a = byte(w, 0), b = byte(w, 1), c = byte(w, 2);

	if (a == 0x1b) {
		if (b == '(' && (c == 'B' || c == 'J' || c == 'I'))
			w->kanji = false;
		else if (b == '$' && (c == '@' || c == 'B'))
			w->kanji = true;
		else
			return 0;
		return 3;
	}
	if (!w->kanji || a == '\n' || a == '\r')
		return a < 0x80 ? 1 : 0;
	return between(a, 0x21, 0x7e) && between(b, 0x21, 0x7e) ? 2 : 0;
}

/* Length of the character here, 0 for none. *u: its code point in UTF-8, else its only byte, or 0 for longer ones. */
static size_t one(struct walk *w, enum enc enc, uint32_t *u)
{
	unsigned a = byte(w, 0), b = byte(w, 1), c = byte(w, 2);
	size_t k = 0;

	if (enc == UTF8)
		return one_utf8(w, u);
	if (enc == JIS)
		k = one_jis(w);
	else if (a < 0x80 || (enc == CP932 && between(a, 0xa1, 0xdf)))
		k = 1;
	else if (enc == CP932)
		k = (between(a, 0x81, 0x9f) || between(a, 0xe0, 0xfc)) && between(b, 0x40, 0xfc) && b != 0x7f ? 2 : 0;
	else if (a == 0x8e)
		k = between(b, 0xa1, 0xdf) ? 2 : 0;
	else if (a == 0x8f)
		k = between(b, 0xa1, 0xfe) && between(c, 0xa1, 0xfe) ? 3 : 0;
	else
		k = between(a, 0xa1, 0xfe) && between(b, 0xa1, 0xfe) ? 2 : 0;
	*u = k == 1 ? a : 0;
	return k;
}

static bool forbidden(uint32_t u)
{
	return (u < 0x20 && u != '\t' && u != '\n' && u != '\r') || u == 0x7f || between(u, 0x202a, 0x202e) ||
	       between(u, 0x2066, 0x2069) || u == 0x200e || u == 0x200f || u == 0x061c || u == 0xfeff;
}

/* May a cell begin with = + - @ here? Only as a number, or as hyphens alone. */
static bool runs(const unsigned char *p, size_t n, bool quoted)
{
	size_t i, digits = 0, len = 0, hyphens = 0;

	while (len < n && !strchr("\n\r\t", p[len]) && p[len] != (quoted ? '"' : ','))
		len++;
	if (!len || (p[0] != '=' && p[0] != '+' && p[0] != '-' && p[0] != '@'))
		return false;
	while (hyphens < len && p[hyphens] == '-')
		hyphens++;
	if (hyphens == len)
		return false;
	if (p[0] == '=' || p[0] == '@')
		return true;
	for (i = 1; i < len; i++) {
		if (between(p[i], '0', '9'))
			digits++;
		else if (!digits || (p[i] != '.' && p[i] != ','))
			break;
	}
	if (i < len && p[i] == '%')
		i++;
	return !digits || i != len;
}

/* What of ASCII the character of k bytes here is a full-width one of, as far as signs and numbers go; 0: of none. */
static unsigned wide_of(const struct walk *w, enum enc enc, size_t k, uint32_t u)
{
	/* JIS X 0208 by its two bytes, CP932 by its: = + - @ , . % and the first digit. */
	static const uint16_t jis[] = {0x2161, 0x215c, 0x215d, 0x2177, 0x2124, 0x2125, 0x2173, 0x2330};
	static const uint16_t cp932[] = {0x8181, 0x817b, 0x817c, 0x8197, 0x8143, 0x8144, 0x8193, 0x824f};
	static const char is[] = "=+-@,.%0";
	unsigned v = k == 2 ? byte(w, 0) << 8 | byte(w, 1) : 0;

	if (enc == UTF8)
		return between(u, 0xff01, 0xff5e) ? u - 0xfee0 : u == 0x2212 ? '-' : 0;
	if (enc == EUC)
		v = v >= 0xa1a1 ? v - 0x8080 : 0;
	for (size_t i = 0; v && i < ARRAY_LEN(jis); i++) {
		unsigned sign = enc == CP932 ? cp932[i] : jis[i];

		if (v == sign || (is[i] == '0' && between(v, sign, sign + 9)))
			return (unsigned)is[i] + v - sign;
	}
	return 0;
}

/* Does the cell that begins here begin with a full-width = + - @, and is neither a number nor hyphens alone? */
static bool wide_cell(struct walk w, enum enc enc, bool quoted)
{
	size_t seen = 0, hyphens = 0, digits = 0;
	bool ended = false, odd = false;
	uint32_t u = 0;

	for (size_t k; w.i < w.n; w.i += k) {
		bool kanji = w.kanji;
		unsigned c;

		k = one(&w, enc, &u);
		if (!k)
			break;
		if (enc == JIS && k == 3)
			continue;                        /* a change of the set */
		c = wide_of(&w, enc, k, u);
		if (!c && k == 1 && !kanji)
			c = u;
		if (k == 1 && !kanji && (u == '\n' || u == '\r' || u == '\t' || u == (quoted ? '"' : ',')))
			break;
		if (!seen++) {
			if (k == 1 || (c != '=' && c != '+' && c != '-' && c != '@'))
				return false;
			odd = c == '=' || c == '@';
			hyphens = c == '-';
		} else if (c == '-' && hyphens == seen - 1) {
			hyphens++;
		} else if (between(c, '0', '9') && !ended) {
			odd |= hyphens > 1;
			digits++;
		} else if (c == '%' && digits && !ended) {
			ended = true;
		} else if ((c != '.' && c != ',') || !digits || ended) {
			odd = true;
		}
	}
	return seen && (odd || (!digits && hyphens != seen));
}

#define RULE_ENCODING "encoding"                     /* these bytes are not in it at all */

/* NULL: harmless in this encoding; else the rule broken, and where. */

static const char *in_encoding(const struct check *c, enum enc enc, bool csv, size_t *at)
{
	struct walk w = {(const unsigned char *)c->in.p, c->in.n, 0, false};
	enum { INSIDE, BEGINS, BEGINS_QUOTED } cell = BEGINS;
	bool quoted = false;
	size_t line = 0;
	uint32_t u;

	if (enc == UTF8 && c->in.n >= 3 && !memcmp(c->in.p, "\xef\xbb\xbf", 3))
		w.i = 3;
	while (w.i < w.n) {
		bool kanji = w.kanji;
		size_t k = one(&w, enc, &u);
		bool set = enc == JIS && k == 3, single = k == 1 && !(kanji && w.kanji && k == 2);

		*at = w.i;
		if (!k)
			return RULE_ENCODING;
		if (!set && ((single && !u) || (u && forbidden(u))))
			return "character";
		line = single && (u == '\n' || u == '\r') ? 0 : line + k;
		if (line > LINE_MAX_)
			return "line";
		if (csv && cell != INSIDE && !set && (runs(w.p + w.i, w.n - w.i, cell == BEGINS_QUOTED) ||
		    wide_cell(w, enc, cell == BEGINS_QUOTED)))
			return "formula";
		w.i += k;
		if (set)                                 /* a change of the set is no character: the cell still begins behind it */
			continue;
		if (single && u == '"') {
			bool opens = cell == BEGINS;

			quoted = opens || !quoted;
			cell = opens ? BEGINS_QUOTED : INSIDE;
			continue;
		}
		cell = single && (u == '\n' || u == '\r' || ((u == ',' || u == '\t') && !quoted)) ? BEGINS : INSIDE;
	}
	*at = w.n;
	return w.kanji ? RULE_ENCODING : NULL;
}

/* Who knows no ISO-2022-JP sees its two-byte characters as ASCII: no cell of that reading may run either. */
static bool raw_cells(struct check *c)
{
	const unsigned char *p = (const unsigned char *)c->in.p;

	for (size_t i = 0; i < c->in.n; i++)
		if ((!i || strchr(",\t\r\n\"", p[i - 1])) && runs(p + i, c->in.n - i, false))
			return refuse(c, "formula", i);
	return true;
}

/* "sep=;" in the first line is no cell: it tells a spreadsheet to part the lines elsewhere than we look. */
static bool names_separator(struct str s)
{
	s = str_slice(s, str_starts(s, "\xef\xbb\xbf") ? 3 : 0, s.n);
	while (s.n >= 3 && s.p[0] == 0x1b)
		s = str_slice(s, 3, s.n);
	s = str_slice(s, str_starts(s, "\"") ? 1 : 0, s.n);
	return s.n >= 4 && (s.p[0] | 32) == 's' && (s.p[1] | 32) == 'e' && (s.p[2] | 32) == 'p' && s.p[3] == '=';
}

/* Harmless in each encoding these bytes can be read in, for who opens the file chooses. ESC means ISO-2022-JP. */
static bool verify(struct check *c, bool csv)
{
	bool jis = c->in.n && memchr(c->in.p, 0x1b, c->in.n), readable = false;
	const char *rule;
	size_t at = 0;

	if (csv && names_separator(c->in))
		return refuse(c, "formula", 0);
	for (enum enc enc = jis ? JIS : UTF8; enc < (jis ? N_ENC : JIS); enc++) {
		rule = in_encoding(c, enc, csv, &at);
		if (rule && strcmp(rule, RULE_ENCODING) != 0)
			return refuse(c, rule, at);
		readable |= !rule;
	}
	if (!readable)
		return refuse(c, RULE_ENCODING, at);
	return !(jis && csv) || raw_cells(c);
}

bool verify_utf8(const struct check *c)
{
	size_t at;

	return !in_encoding(c, UTF8, false, &at);
}

bool verify_text(struct check *c)
{
	return verify(c, false);
}

bool verify_csv(struct check *c)
{
	return verify(c, true);
}

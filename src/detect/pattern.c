#include "detect/pattern.h"

#include <string.h>

static unsigned char lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + 32) : c;
}

bool word_byte(unsigned char c)
{
	return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '_';
}

/* The dashes a command line may use: '-', '/', en dash, em dash, horizontal bar. Bytes at p, 0 when none. */
static size_t dash_at(const char *p, size_t n)
{
	if (n && (*p == '-' || *p == '/'))
		return 1;
	if (n >= 3 && (!memcmp(p, "\xe2\x80\x93", 3) || !memcmp(p, "\xe2\x80\x94", 3) || !memcmp(p, "\xe2\x80\x95", 3)))
		return 3;
	return 0;
}

/* A backslash takes the meaning from "*", "?" and, before one of these or itself, from a backslash. */
static size_t atoms_of(struct str s, const struct pattern_options *o, uint16_t *out)
{
	size_t n = 0;

	if (o->place == PLACE_PART || o->place == PLACE_END)
		out[n++] = ATOM_STAR;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (!o->plain && c == '\\' && i + 1 < s.n && (s.p[i + 1] == '*' || s.p[i + 1] == '?' || s.p[i + 1] == '\\')) {
			out[n++] = (unsigned char)s.p[++i];
		} else if (!o->plain && c == '*') {
			if (!n || out[n - 1] != ATOM_STAR)
				out[n++] = ATOM_STAR;
		} else if (!o->plain && c == '?') {
			out[n++] = ATOM_ANY;
		} else if (o->windash && (c == '-' || c == '/') && i + 1 < s.n && word_byte((unsigned char)s.p[i + 1]) &&
		           !(i && word_byte((unsigned char)s.p[i - 1]))) {
			out[n++] = ATOM_DASH;
		} else {
			out[n++] = o->cased ? c : lower(c);
		}
	}
	if ((o->place == PLACE_PART || o->place == PLACE_START) && (!n || out[n - 1] != ATOM_STAR))
		out[n++] = ATOM_STAR;
	return n;
}

int pattern_make(struct arena *a, struct str text, const struct pattern_options *o, struct pattern *ret)
{
	struct pattern p = {.cased = o->cased};
	size_t from, to;
	bool star_first, star_last;
	char *plain;

	if (text.n > PATTERN_MAX)
		return ERR_TOOBIG;
	p.atoms = arena_array(a, text.n + 2, sizeof *p.atoms);
	plain = arena_alloc(a, text.n + 1);
	if (!p.atoms || !plain)
		return ERR_TOOBIG;
	p.n = atoms_of(text, o, p.atoms);
	star_first = p.n && p.atoms[0] == ATOM_STAR;
	star_last = p.n > (star_first ? 1 : 0) && p.atoms[p.n - 1] == ATOM_STAR;
	from = star_first;
	to = p.n - star_last;
	p.text = (struct str){plain, to - from};
	for (size_t i = from; i < to; i++) {
		if (p.atoms[i] > 255)
			p.text.p = NULL;
		else
			plain[i - from] = (char)p.atoms[i];
	}
	if (p.text.p)
		p.shape = star_first && p.n == 1 ? SHAPE_ALL : star_first && star_last ? SHAPE_PART
		          : star_first                       ? SHAPE_SUFFIX
		          : star_last                        ? SHAPE_PREFIX
		                                             : SHAPE_EXACT;
	*ret = p;
	return 0;
}

static bool equal(const char *text, struct str part, bool cased)
{
	if (cased)
		return memcmp(text, part.p, part.n) == 0;
	for (size_t i = 0; i < part.n; i++)
		if (lower((unsigned char)text[i]) != lower((unsigned char)part.p[i]))
			return false;
	return true;
}

static bool holds(struct str text, struct str part, bool cased)
{
	unsigned char first;

	if (!part.n)
		return true;
	if (part.n > text.n)
		return false;
	if (cased)
		return memmem(text.p, text.n, part.p, part.n) != NULL;
	first = lower((unsigned char)part.p[0]);
	for (size_t i = 0; i <= text.n - part.n; i++)
		if (lower((unsigned char)text.p[i]) == first && equal(text.p + i, part, false))
			return true;
	return false;
}

bool text_place(struct str text, struct str part, enum pattern_place place, bool cased)
{
	switch (place) {
	case PLACE_WHOLE:
		return text.n == part.n && equal(text.p, part, cased);
	case PLACE_START:
		return text.n >= part.n && equal(text.p, part, cased);
	case PLACE_END:
		return text.n >= part.n && equal(text.p + text.n - part.n, part, cased);
	case PLACE_PART:
		return holds(text, part, cased);
	}
	return false;
}

/* Bytes of text that one atom (no star) takes; 0: it does not fit. */
static size_t takes(uint16_t atom, bool cased, const char *p, size_t n)
{
	size_t i = 1;

	if (!n)
		return 0;
	if (atom == ATOM_DASH)
		return dash_at(p, n);
	if (atom == ATOM_ANY) {
		if ((unsigned char)*p >= 0xc0)
			while (i < n && i < 4 && ((unsigned char)p[i] & 0xc0) == 0x80)
				i++;
		return i;
	}
	return (cased ? (unsigned char)*p : lower((unsigned char)*p)) == atom;
}

static bool glob(const struct pattern *p, struct str t)
{
	size_t a = 0, i = 0, star = SIZE_MAX, from = 0;

	for (;;) {
		size_t took;

		if (a < p->n && p->atoms[a] == ATOM_STAR) {
			star = a++;
			from = i;
			if (a == p->n)
				return true;
			continue;
		}
		if (a == p->n && i == t.n)
			return true;
		took = a < p->n ? takes(p->atoms[a], p->cased, t.p + i, t.n - i) : 0;
		if (took) {
			a++;
			i += took;
		} else if (star != SIZE_MAX && from < t.n) {
			a = star + 1; /* the last star takes one byte more */
			i = ++from;
		} else {
			return false;
		}
	}
}

bool pattern_match(const struct pattern *p, struct str text)
{
	switch (p->shape) {
	case SHAPE_ALL:
		return true;
	case SHAPE_EXACT:
		return text_place(text, p->text, PLACE_WHOLE, p->cased);
	case SHAPE_PREFIX:
		return text_place(text, p->text, PLACE_START, p->cased);
	case SHAPE_SUFFIX:
		return text_place(text, p->text, PLACE_END, p->cased);
	case SHAPE_PART:
		return holds(text, p->text, p->cased);
	case SHAPE_GLOB:
		break;
	}
	return glob(p, text);
}

static bool safe(unsigned c)
{
	return c >= 0x20 && c < 0x100 && c != 0x7f && c != '\\' && c != '"';
}

struct literal_text pattern_literal(struct arena *a, const struct pattern *p)
{
	struct literal_text t = {0};
	size_t best = 0, at = 0, run = 0;
	char *o;

	for (size_t i = 0; i < p->n; i++) {
		run = safe(p->atoms[i]) ? run + 1 : 0;
		if (run > best) {
			best = run;
			at = i + 1 - run;
		}
	}
	o = best ? arena_alloc(a, best) : NULL;
	for (size_t i = 0; o && i < best; i++)
		o[i] = (char)lower((unsigned char)p->atoms[at + i]);
	if (!o)
		return t;
	t.s = (struct str){o, best};
	t.left = at == 0 && word_byte((unsigned char)o[0]);
	t.right = at + best == p->n && word_byte((unsigned char)o[best - 1]);
	return t;
}

/* Behind a class or a group that begins at s.p[i]; s.n when it does not end. */
static size_t skip_nested(struct str s, size_t i)
{
	int depth = 0;
	bool in_class = false;

	for (; i < s.n; i++) {
		if (s.p[i] == '\\') {
			i++;
		} else if (in_class) {
			in_class = s.p[i] != ']';
		} else if (s.p[i] == '[') {
			in_class = true;
			if (i + 1 < s.n && s.p[i + 1] == '^')
				i++;
			if (i + 1 < s.n && s.p[i + 1] == ']')
				i++;
		} else if (s.p[i] == '(') {
			depth++;
		} else if (s.p[i] == ')') {
			depth--;
		}
		if (!in_class && depth <= 0)
			return i + 1;
	}
	return s.n;
}

/* The byte an element stands for by itself and its length, or 0: something else. */
static size_t plain_element(struct str s, size_t i, char *ret)
{
	char c = s.p[i];

	if (c == '\\') {
		if (i + 1 == s.n || word_byte((unsigned char)s.p[i + 1]))
			return 0;
		*ret = s.p[i + 1];
		return 2;
	}
	*ret = c;
	return strchr(".^$|?*+{}()[]", c) || (unsigned char)c >= 0x80 ? 0 : 1;
}

struct str regex_literal(struct arena *a, struct str re)
{
	char *run = arena_alloc(a, re.n + 1), *best = arena_alloc(a, re.n + 1);
	size_t n = 0, best_n = 0, i = 0;

	if (!run || !best)
		return STR_NONE;
	while (i < re.n) {
		char c = 0;
		size_t took = plain_element(re, i, &c);
		bool counted;

		if (!took) {
			if (re.p[i] == '|')
				return STR_NONE; /* either side may hold */
			if (re.p[i] == '\\' && i + 1 < re.n && strchr("QExNpPuUL", re.p[i + 1]))
				return STR_NONE; /* what follows is read otherwise */
			if (str_starts(str_slice(re, i, re.n), "(?x") || str_starts(str_slice(re, i, re.n), "(?#"))
				return STR_NONE;
			n = 0;
			i = re.p[i] == '\\' ? i + 2 : re.p[i] == '{' ? i + strcspn(re.p + i, "}") + 1 : skip_nested(re, i);
			continue;
		}
		i += took;
		counted = i < re.n && strchr("?*{", re.p[i]); /* may be absent */
		if (counted || !safe((unsigned char)c)) {
			n = 0;
			continue;
		}
		run[n++] = (char)lower((unsigned char)c);
		if (n > best_n) {
			memcpy(best, run, n);
			best_n = n;
		}
		if (i < re.n && re.p[i] == '+')
			n = 0;
	}
	return best_n ? (struct str){best, best_n} : STR_NONE;
}

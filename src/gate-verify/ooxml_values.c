/* What the values of attributes may say in the output, by their class: docs/formats/gate-ooxml.md, "Grammar table". */
#include <stdlib.h>
#include <string.h>

#include "gate-verify/ooxml.h"

#define TEXT_MAX 32768u

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

static bool alpha(char c)
{
	return upper(c) >= 'A' && upper(c) <= 'Z';
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool all_of(struct str v, const char *more, size_t max)
{
	for (size_t i = 0; i < v.n; i++)
		if (!alpha(v.p[i]) && !digit(v.p[i]) && (!v.p[i] || !strchr(more, v.p[i])))
			return false;
	return v.n <= max;
}

static size_t run_of_digits(struct str v, size_t i)
{
	while (i < v.n && digit(v.p[i]))
		i++;
	return i;
}

static bool decimal(struct str v)
{
	size_t i = v.n && (v.p[0] == '+' || v.p[0] == '-'), k = run_of_digits(v, i), some = k - i;

	if (k < v.n && v.p[k] == '.') {
		i = k + 1;
		k = run_of_digits(v, i);
		some += k - i;
	}
	if (some && k < v.n && upper(v.p[k]) == 'E') {
		i = k + 1 + (k + 1 < v.n && (v.p[k + 1] == '+' || v.p[k + 1] == '-'));
		k = run_of_digits(v, i);
		some = k - i;
	}
	return (some && k == v.n && v.n <= 40) || str_is(v, "NaN") || str_is(v, "INF") || str_is(v, "-INF");
}

static bool whole(const struct ov_class *cl, struct str v)
{
	int64_t n;
	size_t i, k;

	if (!str_int(str_slice(v, v.n > 1 && v.p[0] == '+', v.n), cl->min, cl->max, &n))
		return true;
	i = v.n && v.p[0] == '-';
	k = run_of_digits(v, i);
	if (k == i || v.n > 24)
		return false;
	if (k < v.n && v.p[k] == '.') {
		i = k + 1;
		k = run_of_digits(v, i);
		if (k == i)
			return false;
	}
	if (k + 1 == v.n && v.p[k] == '%')
		return true;
	return k + 2 == v.n && strstr(" mm cm in pt pc pi ", (char[]){' ', v.p[k], v.p[k + 1], ' ', 0}) != NULL;
}

/* Takes n digits off the front of v, hexadecimal ones if so said, and the sign behind them. */
static bool take_digits(struct str *v, unsigned n, bool sixteen, char behind)
{
	if (v->n < n + (behind != 0) || (behind && v->p[n] != behind))
		return false;
	for (unsigned i = 0; i < n; i++)
		if (!digit(v->p[i]) && !(sixteen && alpha(v->p[i]) && upper(v->p[i]) <= 'F'))
			return false;
	*v = str_slice(*v, n + (behind != 0), v->n);
	return true;
}

/* YYYY-MM-DD, thh:mm:ss, a fraction, a zone: each only behind the one before it. */
static bool date(struct str v)
{
	if (v.n > 40 || !take_digits(&v, 4, false, '-') || !take_digits(&v, 2, false, '-') ||
	    !take_digits(&v, 2, false, 0))
		return false;
	if (!v.n)
		return true;
	if (v.p[0] != 'T')
		return false;
	v = str_slice(v, 1, v.n);
	if (!take_digits(&v, 2, false, ':') || !take_digits(&v, 2, false, ':') || !take_digits(&v, 2, false, 0))
		return false;
	if (v.n && v.p[0] == '.') {
		size_t k = run_of_digits(v, 1);

		if (k == 1)
			return false;
		v = str_slice(v, k, v.n);
	}
	if (!v.n || str_is(v, "Z"))
		return true;
	if (v.p[0] != '+' && v.p[0] != '-')
		return false;
	v = str_slice(v, 1, v.n);
	return take_digits(&v, 2, false, ':') && take_digits(&v, 2, false, 0) && !v.n;
}

static bool guid(struct str v)
{
	if (v.n == 38) {
		if (v.p[0] != '{' || v.p[37] != '}')
			return false;
		v = str_slice(v, 1, 36);
	}
	return take_digits(&v, 8, true, '-') && take_digits(&v, 4, true, '-') && take_digits(&v, 4, true, '-') &&
	    take_digits(&v, 4, true, '-') && take_digits(&v, 12, true, 0) && !v.n;
}

static bool base64(struct str v)
{
	size_t n = v.n;

	for (int pad = 0; pad < 2 && n && v.p[n - 1] == '='; pad++)
		n--;
	return v.n <= 1024 && v.n % 4 == 0 && all_of(str_slice(v, 0, n), "+/", 1024);
}

/* Does any of the words, in capitals and parted by blanks, stand somewhere in it, in any case? */
static bool says(struct str v, const char *words)
{
	struct str rest = str_from(words);

	while (rest.n) {
		struct str w = str_cut(&rest, ' ');

		for (size_t i = 0; i + w.n <= v.n; i++) {
			size_t k = 0;

			while (k < w.n && upper(v.p[i + k]) == w.p[k])
				k++;
			if (k == w.n)
				return true;
		}
	}
	return false;
}

static bool without_control(struct str v, size_t max)
{
	for (size_t i = 0; i < v.n; i++)
		if ((unsigned char)v.p[i] < ' ')
			return false;
	return v.n <= max;
}

static bool place(struct str v)
{
	size_t n = 0;

	while (n < v.n && alpha(v.p[n]))
		n++;
	return without_control(v, 2083) && !says(v, ":// \\\\") && (n < 4 || n == v.n || v.p[n] != ':');
}

bool ov_value(const struct ov_class *cl, struct str v)
{
	switch (cl->kind) {
	case ov_NONE: return false;
	case ov_BOOL: return v.n == 1 ? v.p[0] == '0' || v.p[0] == '1' : str_is(v, "true") || str_is(v, "false") ||
	    str_is(v, "on") || str_is(v, "off");
	case ov_DEC: return decimal(v);
	case ov_DATE: return date(v);
	case ov_HEX: {
		for (size_t i = 0; i < v.n; i++)
			if (!digit(v.p[i]) && (!alpha(v.p[i]) || upper(v.p[i]) > 'F'))
				return false;
		return cl->max ? v.n == 2 * (size_t)cl->max : v.n <= 512;
	}
	case ov_BASE64: return base64(v);
	case ov_LIST: return all_of(v, " :.,;%+-_", TEXT_MAX);
	case ov_CELLS: return all_of(v, "$:, ", TEXT_MAX);
	case ov_LANG: return all_of(v, "-_", 40);
	case ov_LABEL: return without_control(v, 1024);
	case ov_PLACE: return place(v);
	case ov_TOKEN: return all_of(v, " !#$%&'()*+,-./:;<=>?@[]^_{}~", 16384) && !says(v, "://");
	case ov_CSS: return all_of(v, "$ :.,;%+-_#'\"\n@[]()*/!", 16384) &&
	    !says(v, ":// URL( EXPRESSION( BEHAVIOR: @IMPORT SCRIPT:");
	case ov_VBOOL: return !v.n || str_is(v, "t") || str_is(v, "f") || str_is(v, "true") || str_is(v, "false");
	case ov_NAME: {
		struct str w = v.n >= 6 && str_ieq(str_slice(v, 0, 6), STR("_XLNM.")) ? str_slice(v, 6, v.n) : v;

		return v.n <= 255 && !(w.n >= 5 && str_ieq(str_slice(w, 0, 5), STR("AUTO_")));
	}
	case ov_GUID: return guid(v);
	case ov_INT: return whole(cl, v);
	case ov_ENUM:
		for (unsigned i = 0; i < cl->n; i++)
			if (str_is(v, ov_words[cl->first + i]))
				return true;
		return false;
	case ov_ANY:
		for (unsigned i = 0; i < cl->n; i++)
			if (ov_value(&ov_classes[strtoul(ov_words[cl->first + i], NULL, 10)], v))
				return true;
		return false;
	case ov_FORMULA: return ov_formula(v);
	case ov_FIELD: return ov_field(v);
	default: return cl->kind != ov_TEXT || v.n <= TEXT_MAX;
	}
}

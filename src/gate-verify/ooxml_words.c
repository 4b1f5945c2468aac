/* What values, formulas, field codes and links may say in the output. */
#include <stdlib.h>
#include <string.h>

#include "gate-verify/ooxml.h"

#define TEXT_MAX 32768u

static const char *const functions[] = {            /* sorted */
#include "gate-verify/functions.h"
};

static const char field_names[] =
	" ADDIN ADVANCE AUTHOR AUTONUM AUTONUMLGL AUTONUMOUT BARCODE BIBLIOGRAPHY CITATION COMMENTS COMPARE CREATEDATE DATE DISPLAYBARCODE "
	"DOCPROPERTY EDITTIME EQ FILENAME FILESIZE FORMCHECKBOX FORMDROPDOWN FORMTEXT HYPERLINK IF INDEX INFO KEYWORDS LASTSAVEDBY LISTNUM "
	"MERGEFIELD MERGEREC MERGESEQ NOTEREF NUMCHARS NUMPAGES NUMWORDS PAGE PAGEREF PRINTDATE QUOTE REF REVNUM SAVEDATE SECTION "
	"SECTIONPAGES SEQ SHAPE STYLEREF SUBJECT SYMBOL TA TC TIME TITLE TOA TOC USERADDRESS USERINITIALS USERNAME XE ";

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

static bool alpha(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Is the word, in capitals, one of a list with blanks around each? */
static bool among(const char *list, struct str w)
{
	char up[32];
	const char *p;

	if (!w.n || w.n > 24)
		return false;
	up[0] = ' ';
	for (size_t i = 0; i < w.n; i++)
		up[i + 1] = upper(w.p[i]);
	memcpy(up + w.n + 1, " ", 2);
	p = strstr(list, up);
	return p != NULL;
}

/* A scheme of three, then signs that end no attribute, path or command anywhere. */
bool ov_url(struct str u)
{
	size_t i;

	if (u.n > 2083)
		return false;
	for (i = 0; i < u.n && u.p[i] != ':'; i++)
		;
	if (i == u.n || !among(" HTTP HTTPS MAILTO ", str_slice(u, 0, i)))
		return false;
	if (upper(u.p[0]) == 'H' ? u.n < i + 4 || u.p[i + 1] != '/' || u.p[i + 2] != '/' : u.n < i + 2)
		return false;
	for (i = 0; i < u.n; i++) {
		unsigned char c = (unsigned char)u.p[i], d = i + 1 < u.n ? (unsigned char)u.p[i + 1] : 0,
		              e = i + 2 < u.n ? (unsigned char)u.p[i + 2] : 0;

		if (c <= 0x20 || c == 0x7f || strchr("\"<>\\^`{|}", c) || (c == 0xc2 && d <= 0xa0) || (c == 0xd8 &&
		    d == 0x9c) || c >= 0xee ||
		    (c == 0xe3 && d == 0x80 && e == 0x80) || (c == 0xe2 && d == 0x80 && ((e >= 0x8b && e <= 0x8f) ||
		    (e >= 0xa8 && e <= 0xae))) ||
		    (c == 0xe2 && d == 0x81 && e >= 0xa0 && e <= 0xaf))
			return false;
	}
	return true;
}

static int by_word(const void *key, const void *el)
{
	return strcmp(key, *(const char *const *)el);
}

static bool function_known(struct str w)
{
	char up[40];

	for (int again = 0; again < 2; again++)
		if (w.n > 6 && w.p[0] == '_') {
			size_t dot = 0;

			while (dot < w.n && w.p[dot] != '.')
				dot++;
			if (!among(" _XLFN _XLWS _XLUDF ", str_slice(w, 0, dot)))
				return false;
			w = str_slice(w, dot + 1, w.n);
		}
	if (!w.n || w.n >= sizeof up)
		return false;
	for (size_t i = 0; i < w.n; i++)
		up[i] = upper(w.p[i]);
	up[w.n] = 0;
	return bsearch(up, functions, ARRAY_LEN(functions), sizeof *functions, by_word) != NULL;
}

/* Where the quoted text that begins at i ends; f.n + 1 when nowhere. */
static size_t past_quote(struct str f, size_t i)
{
	char q = f.p[i++];

	for (;;) {
		while (i < f.n && f.p[i] != q)
			i++;
		if (i >= f.n)
			return f.n + 1;
		if (i + 1 < f.n && f.p[i + 1] == q)
			i += 2;
		else
			return i + 1;
	}
}

static bool in_word(char c)
{
	return alpha(c) || digit(c) || c == '_' || c == '.' || (unsigned char)c >= 0x80;
}

/* Brackets belong to a table named before them; a pipe or a backslash belongs to nothing we keep. */
bool ov_formula(struct str f)
{
	size_t i = 0, k;
	int deep;

	if (f.n > 8192)
		return false;
	while (i < f.n) {
		if (f.p[i] == '"' || f.p[i] == '\'') {
			k = past_quote(f, i);
			if (k > f.n)
				return false;
			for (size_t n = i; f.p[i] == '\'' && n < k; n++)
				if (strchr("[|\\", f.p[n]) || !f.p[n])
					return false;
			i = k;
			continue;
		}
		if (strchr("|[\\", f.p[i]) || !f.p[i])
			return false;
		if (!in_word(f.p[i])) {
			i++;
			continue;
		}
		for (k = i; k < f.n && in_word(f.p[k]); k++)
			;
		for (deep = 0; k + (size_t)deep < f.n && strchr(" \t\r\n", f.p[k + (size_t)deep]) && f.p[k + (size_t)deep]; deep++)
			;
		if (k + (size_t)deep < f.n && f.p[k + (size_t)deep] == '(' && !digit(f.p[i]) &&
		    !function_known(str_slice(f, i, k - i)))
			return false;
		if (k < f.n && f.p[k] == '[') {
			deep = 0;
			do {
				deep += f.p[k] == '[' ? 1 : f.p[k] == ']' ? -1 : 0;
				k++;
			} while (deep > 0 && k < f.n);
			if (deep)
				return false;
		}
		i = k;
	}
	return true;
}

/* HYPERLINK: links to what crosses, switches of one letter, places inside the document. */
static bool hyperlink(struct str s)
{
	char follows = 0;                                /* the switch whose word comes next */
	size_t i = 0;

	while (i < s.n) {
		struct str w;
		size_t from = i;

		if (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\n' || s.p[i] == '\r') {
			i++;
			continue;
		}
		if (s.p[i] == '"') {
			i = past_quote(s, i);
			if (i > s.n)
				return false;
			w = str_slice(s, from + 1, i - from - 2);
		} else {
			while (i < s.n && !strchr(" \t\"", s.p[i]) && s.p[i])
				i++;
			if (i == from)
				return false;
			w = str_slice(s, from, i - from);
			if (w.p[0] == '\\') {
				if (w.n != 2 || !strchr("HLMNOT", upper(w.p[1])))
					return false;
				follows = strchr("LOT", upper(w.p[1])) ? upper(w.p[1]) : 0;
				continue;
			}
		}
		if (follows ? follows == 'L' && (str_has(w, "\\\\") || str_has(w, "://")) : w.n && !ov_url(w))
			return false;
		follows = 0;
	}
	return true;
}

bool ov_field(struct str code)
{
	struct str s = str_trim(code);
	size_t n = 0;

	if (!s.n || s.p[0] == '=')
		return true;
	while (n < s.n && alpha(s.p[n]))
		n++;
	if (!among(field_names, str_slice(s, 0, n)) || (n < s.n && !strchr(" \t\\\"\r\n", s.p[n])))
		return false;
	return n != 9 || upper(s.p[0]) != 'H' ? true : hyperlink(str_slice(s, n, s.n));
}

bool ov_field_char(struct ov_fields *f, struct str kind)
{
	if (str_is(kind, "begin")) {
		if (f->deep == ARRAY_LEN(f->open))
			return false;
		if (f->deep && f->open[f->deep - 1].in_code) {
			f->open[f->deep - 1].first_nested |= !str_trim(buf_view(&f->open[f->deep - 1].code)).n;
			buf_puts(&f->open[f->deep - 1].code, " \"nested\" ");
		}
		buf_init(&f->open[f->deep].code, 65536);
		f->open[f->deep].first_nested = false;
		f->open[f->deep++].in_code = true;
		return true;
	}
	if (!f->deep)
		return false;
	if (str_is(kind, "separate")) {
		bool first = f->open[f->deep - 1].in_code;

		f->open[f->deep - 1].in_code = false;
		return first;
	}
	if (!str_is(kind, "end"))
		return false;
	f->deep--;
	bool ok = !f->open[f->deep].first_nested && !buf_err(&f->open[f->deep].code) &&
	    ov_field(buf_view(&f->open[f->deep].code));
	buf_release(&f->open[f->deep].code);
	return ok;
}

bool ov_field_code(struct ov_fields *f, struct str text)
{
	if (!f->deep || !f->open[f->deep - 1].in_code)
		return false;
	buf_str(&f->open[f->deep - 1].code, text);
	return true;
}

bool ov_fields_done(struct ov_fields *f)
{
	bool none = !f->deep;

	while (f->deep)
		buf_release(&f->open[--f->deep].code);
	return none;
}

/* --- values
 * ------------------------------------------------------------------------------------------------------------- */

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

bool ov_value(const struct ov_class *cl, struct str v)
{
	switch (cl->kind) {
	case ov_NONE: return false;
	case ov_BOOL: return v.n == 1 ? v.p[0] == '0' || v.p[0] == '1' : str_is(v, "true") || str_is(v, "false") ||
	    str_is(v, "on") || str_is(v, "off");
	case ov_DEC: return decimal(v);
	case ov_DATE: return all_of(v, "-+:.", 40);
	case ov_HEX: {
		for (size_t i = 0; i < v.n; i++)
			if (!digit(v.p[i]) && (!alpha(v.p[i]) || upper(v.p[i]) > 'F'))
				return false;
		return cl->max ? v.n == 2 * (size_t)cl->max : v.n <= 512;
	}
	case ov_BASE64: return all_of(v, "+/=", 1024);
	case ov_LIST: return all_of(v, "$ :.,;%+-_", TEXT_MAX);
	case ov_CSS: return all_of(v, "$ :.,;%+-_#'\"\n@[]()*/!", 16384);
	case ov_VBOOL: return !v.n || str_is(v, "t") || str_is(v, "f") || str_is(v, "true") || str_is(v, "false");
	case ov_NAME: {
		struct str w = v.n >= 6 && str_ieq(str_slice(v, 0, 6), STR("_XLNM.")) ? str_slice(v, 6, v.n) : v;

		return v.n <= 255 && !(w.n >= 5 && str_ieq(str_slice(w, 0, 5), STR("AUTO_")));
	}
	case ov_GUID: return all_of(v, "{}-", 38);
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

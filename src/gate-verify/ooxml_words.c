/* What formulas, field codes and links may say in the output. */
#include <stdlib.h>
#include <string.h>

#include "gate-verify/ooxml.h"

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

/* What formulas, field codes and links may say. */
#include <string.h>

#include "gate-ooxml/filter.h"
#include "lib/text.h"

#define LINK_MAX 2083u
#define FORMULA_MAX 8192u

static const char *const functions[] = {
#include "gate-ooxml/functions.h"
};

/* Field types that only show what is in the document or the clock: Word evaluates nothing else by itself. */
static const char *const fields[] = {
	"ADDIN", "ADVANCE", "AUTHOR", "AUTONUM", "AUTONUMLGL", "AUTONUMOUT", "BARCODE", "BIBLIOGRAPHY", "CITATION",
	    "COMMENTS", "COMPARE",
	"CREATEDATE", "DATE", "DISPLAYBARCODE", "DOCPROPERTY", "EDITTIME", "EQ", "FILENAME", "FILESIZE",
	    "FORMCHECKBOX", "FORMDROPDOWN",
	"FORMTEXT", "HYPERLINK", "IF", "INDEX", "INFO", "KEYWORDS", "LASTSAVEDBY", "LISTNUM", "MERGEFIELD",
	    "MERGEREC", "MERGESEQ",
	"NOTEREF", "NUMCHARS", "NUMPAGES", "NUMWORDS", "PAGE", "PAGEREF", "PRINTDATE", "QUOTE", "REF", "REVNUM",
	    "SAVEDATE", "SECTION",
	"SECTIONPAGES", "SEQ", "SHAPE", "STYLEREF", "SUBJECT", "SYMBOL", "TA", "TC", "TIME", "TITLE", "TOA", "TOC",
	    "USERADDRESS",
	"USERINITIALS", "USERNAME", "XE",
};

static bool listed(const char *const *list, size_t n, struct str word)
{
	for (size_t i = 0; i < n; i++)
		if (str_ieq(word, str_from(list[i])))
			return true;
	return false;
}

static bool hidden(uint32_t c)
{
	return c < 0x21 || (c >= 0x7f && c <= 0xa0) || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0x61c || c == 0x3000 || c == 0xfeff || c >= 0xe000;
}

bool link_ok(struct str url)
{
	static const char *const schemes[] = {"http://", "https://", "mailto:"};
	bool known = false;

	for (unsigned i = 0; i < ARRAY_LEN(schemes); i++)
		known |= url.n > strlen(schemes[i]) && str_ieq(str_slice(url, 0, strlen(schemes[i])),
		    str_from(schemes[i]));
	if (!known || url.n > LINK_MAX)
		return false;
	for (size_t i = 0; i < url.n;) {
		uint32_t c;
		size_t k = utf8_next(str_slice(url, i, url.n), &c);

		if (!k || hidden(c) || (c < 0x80 && strchr("\"<>\\^`{|}", (int)c)))
			return false;
		i += k;
	}
	return true;
}

static bool letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool word_char(char c)
{
	return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '.' || (unsigned char)c >= 0x80;
}

/* What is between quotes: doubled quotes stand for one. The position behind, or 0 when it never ends. */
static size_t quoted(struct str f, size_t i, char q)
{
	for (i++; i < f.n; i++) {
		if (f.p[i] != q)
			continue;
		if (i + 1 >= f.n || f.p[i + 1] != q)
			return i + 1;
		i++;
	}
	return 0;
}

static bool function_ok(struct str word)
{
	static const char *const marks[] = {"_xlfn.", "_xlws.", "_xludf."};

	for (int again = 0; again < 2; again++)
		for (unsigned i = 0; i < ARRAY_LEN(marks); i++)
			if (str_ieq(str_slice(word, 0, strlen(marks[i])), str_from(marks[i])))
				word = str_slice(word, strlen(marks[i]), word.n);
	return listed(functions, ARRAY_LEN(functions), word);
}

/* An opening parenthesis is next, blanks between or not. */
static bool called(struct str f, size_t i)
{
	while (i < f.n && f.p[i] && strchr(" \t\r\n", f.p[i]))
		i++;
	return i < f.n && f.p[i] == '(';
}

/* Behind the bracket that closes the one at i; 0 when none does. */
static size_t bracketed(struct str f, size_t i)
{
	unsigned deep = 0;

	for (; i < f.n; i++) {
		deep += f.p[i] == '[';
		if (f.p[i] == ']' && !--deep)
			return i + 1;
	}
	return 0;
}

bool formula_ok(struct str f, const char **ret_code)
{
	*ret_code = "XL-EXTERNAL";
	if (f.n > FORMULA_MAX)
		return false;
	for (size_t i = 0; i < f.n;) {
		size_t from = i;
		char c = f.p[i];

		if (c == '"' || c == '\'') {
			i = quoted(f, i, c);
			if (!i || (c == '\'' && (memchr(f.p + from, '[', i - from) || memchr(f.p + from, '|',
			    i - from) ||
			                         memchr(f.p + from, '\\', i - from))))
				return false;
		} else if (word_char(c)) {
			while (i < f.n && word_char(f.p[i]))
				i++;
			if (called(f, i) && !(c >= '0' && c <= '9') && !function_ok(str_slice(f, from, i - from))) {
				*ret_code = "XL-FUNCTION";
				return false;
			}
			/* Table[Column] is ours; [1]Sheet!A1 is another workbook's. */
			if (i < f.n && f.p[i] == '[' && !(i = bracketed(f, i)))
				return false;
		} else if (c == '|' || c == '[' || c == '\\') {
			return false;
		} else {
			i++;
		}
	}
	return true;
}

/* The next word of a field code: quoted or bare. */
static struct str argument(struct str *rest)
{
	struct str s = str_trim(*rest), w;
	size_t n = 0;

	if (s.n && s.p[0] == '"') {
		n = quoted(s, 0, '"');
		w = n ? str_slice(s, 1, n - 2) : STR("\"");
		*rest = n ? str_slice(s, n, s.n) : STR("");
		return w;
	}
	while (n < s.n && s.p[n] != ' ' && s.p[n] != '\t' && s.p[n] != '"')
		n++;
	*rest = str_slice(s, n, s.n);
	return str_slice(s, 0, n);
}

/* HYPERLINK "url" or \l "bookmark", other switches with their words. */
static bool hyperlink_ok(struct str rest, bool links)
{
	struct str w;

	while (str_trim(rest).n) {
		w = argument(&rest);
		if (!w.n)
			continue;
		if (w.p[0] != '\\') {
			if (!links || !link_ok(w))
				return false;
		} else if (w.n != 2 || !strchr("hlmnotHLMNOT", w.p[1])) {
			return false;
		} else if (strchr("lotLOT", w.p[1])) {
			bool place = w.p[1] == 'l' || w.p[1] == 'L';

			w = argument(&rest);
			if (place && (str_has(w, "\\\\") || str_has(w, "://")))
				return false;
		}
	}
	return true;
}

bool field_ok(struct str code, bool links, const char **ret_code)
{
	struct str s = str_trim(code), name;
	size_t n = 0;

	*ret_code = "FLD-OTHER";
	if (!s.n)
		return true;
	if (s.p[0] == '=')
		return true;
	while (n < s.n && letter(s.p[n]))
		n++;
	name = str_slice(s, 0, n);
	if (n < s.n && !strchr(" \t\\\"\r\n", s.p[n]))
		return false;
	if (str_ieq(name, STR("DDE")) || str_ieq(name, STR("DDEAUTO")))
		*ret_code = "FLD-DDE";
	else if (str_ieq(str_slice(name, 0, 7), STR("INCLUDE")) || str_ieq(name, STR("LINK")) || str_ieq(name,
	    STR("IMPORT")))
		*ret_code = "FLD-LINK";
	else if (str_ieq(name, STR("HYPERLINK")))
		*ret_code = "OOXML-LINK";
	if (!listed(fields, ARRAY_LEN(fields), name))
		return false;
	return !str_ieq(name, STR("HYPERLINK")) || hyperlink_ok(str_slice(s, n, s.n), links);
}

#include "gate-ooxml/schema.h"

#include <string.h>

#define TEXT_MAX 32768u

unsigned ox_ns_find(struct str uri)
{
	for (unsigned i = 1; i < ox_n_ns; i++)
		if (str_is(uri, ox_ns[i].uri) || (ox_ns[i].strict[0] && str_is(uri, ox_ns[i].strict)))
			return i;
	return OX_FOREIGN;
}

unsigned ox_name_find(unsigned ns, struct str local)
{
	uint32_t h = 2166136261u ^ ns;

	for (size_t i = 0; i < local.n; i++)
		h = (h ^ (unsigned char)local.p[i]) * 16777619u;
	h ^= h >> 15;
	for (unsigned slot; (slot = ox_hash[h % OX_HASH]) != 0; h++) {
		const struct ox_name *n = &ox_names[slot - 1];

		if (n->ns == ns && n->n == local.n && !memcmp(n->local, local.p, local.n))
			return slot - 1;
	}
	return 0;
}

const struct ox_pair *ox_pair_find(unsigned first, unsigned n, unsigned name)
{
	unsigned lo = first, hi = first + n;

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;

		if (ox_pairs[mid].name == name)
			return &ox_pairs[mid];
		if (ox_pairs[mid].name < name)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

const struct ox_root *ox_root_find(const char *kind)
{
	for (unsigned i = 0; i < ox_n_roots; i++)
		if (!strcmp(ox_roots[i].kind, kind))
			return &ox_roots[i];
	return NULL;
}

static bool digits(struct str v, size_t *at)
{
	size_t from = *at;

	while (*at < v.n && v.p[*at] >= '0' && v.p[*at] <= '9')
		++*at;
	return *at > from;
}

static bool decimal(struct str v)
{
	size_t i = v.n && (v.p[0] == '-' || v.p[0] == '+');
	bool some = digits(v, &i);

	if (str_is(v, "NaN") || str_is(v, "INF") || str_is(v, "-INF"))
		return true;

	if (i < v.n && v.p[i] == '.') {
		i++;
		some |= digits(v, &i);
	}
	if (some && i < v.n && (v.p[i] == 'e' || v.p[i] == 'E')) {
		i++;
		if (i < v.n && (v.p[i] == '-' || v.p[i] == '+'))
			i++;
		some = digits(v, &i);
	}
	return some && i == v.n && v.n <= 40;
}

/* ISO/IEC 29500 strict writes many whole numbers as measures or percentages. */
static bool measure(struct str v)
{
	static const char *const units[] = {"%", "mm", "cm", "in", "pt", "pc", "pi"};
	size_t i = v.n && v.p[0] == '-';

	if (v.n > 24 || !digits(v, &i))
		return false;
	if (i < v.n && v.p[i] == '.') {
		i++;
		if (!digits(v, &i))
			return false;
	}
	for (unsigned k = 0; k < ARRAY_LEN(units); k++)
		if (str_is(str_slice(v, i, v.n), units[k]))
			return true;
	return false;
}

static bool of(struct str v, const char *set, size_t max)
{
	if (v.n > max)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		char c = v.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c && strchr(set,
		    c))))
			return false;
	}
	return true;
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

/* Every letter of form stands for itself, 9 for a digit, h for a hexadecimal digit. */
static bool formed(struct str v, const char *form)
{
	for (size_t i = 0; i < v.n; i++)
		if (!form[i] || (form[i] == '9' ? v.p[i] < '0' || v.p[i] > '9' : form[i] == 'h' ? !is_hex(v.p[i]) :
		    v.p[i] != form[i]))
			return false;
	return !form[v.n];
}

/* A day, and perhaps a time of it, and perhaps its zone. */
static bool moment(struct str v)
{
	size_t i = 19;

	if (v.n > 40 || !formed(str_slice(v, 0, 10), "9999-99-99"))
		return false;
	if (v.n == 10)
		return true;
	if (!formed(str_slice(v, 10, 9), "T99:99:99"))
		return false;
	if (i < v.n && v.p[i] == '.') {
		i++;
		if (!digits(v, &i))
			return false;
	}
	v = str_slice(v, i, v.n);
	return !v.n || str_is(v, "Z") || formed(v, "+99:99") || formed(v, "-99:99");
}

static bool unique(struct str v)
{
	return formed(v, "{hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh}") || formed(v, "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh");
}

static bool hex(struct str v, int64_t bytes)
{
	for (size_t i = 0; i < v.n; i++)
		if (!is_hex(v.p[i]))
			return false;
	return bytes ? v.n == 2 * (size_t)bytes : v.n <= 512;
}

static bool has_word(struct str v, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i + n <= v.n; i++)
		if (str_ieq(str_slice(v, i, n), str_n(word, n)))
			return true;
	return false;
}

/* Numbers, names of colours and kinds, commands of a path; nothing that could be an address or a program. */
static bool style(struct str v)
{
	return of(v, "$ :.,;%+-_#'\"\n@[]()*/!", 16384) && !has_word(v, "://") && !has_word(v, "url(") &&
	    !has_word(v, "expression(") && !has_word(v, "behavior:") && !has_word(v, "@import") && !has_word(v, "script:");
}

static bool base64(struct str v)
{
	size_t pad = 0;

	while (pad < 2 && pad < v.n && v.p[v.n - 1 - pad] == '=')
		pad++;
	return v.n % 4 == 0 && of(str_slice(v, 0, v.n - pad), "+/", 1024);
}

/* Signs that are none of printing. */
static bool plain(struct str v, size_t max)
{
	for (size_t i = 0; i < v.n; i++)
		if ((unsigned char)v.p[i] < 0x20)
			return false;
	return v.n <= max;
}

static bool token(struct str v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] < 0x20 || v.p[i] > 0x7e || strchr("\"\\|`", v.p[i]))
			return false;
	return v.n <= 16384 && !has_word(v, "://");
}

/* Somewhere in this document: no scheme before it, which four letters and a colon would be; columns have three. */
static bool place(struct str v)
{
	size_t letters = 0;

	while (letters < v.n && ((v.p[letters] | 32) >= 'a' && (v.p[letters] | 32) <= 'z'))
		letters++;
	return plain(v, 2083) && !has_word(v, "://") && !has_word(v, "\\\\") &&
	    !(letters >= 4 && letters < v.n && v.p[letters] == ':');
}

static bool number(const struct ox_class *c, struct str v)
{
	int64_t n;
	struct str w = v.n > 1 && v.p[0] == '+' ? str_slice(v, 1, v.n) : v;

	return !str_int(w, c->min, c->max, &n) || measure(v);
}

static bool member(const struct ox_class *c, struct str v)
{
	for (unsigned i = 0; i < c->n; i++) {
		int64_t sub;

		if (c->kind == ox_ENUM ? str_is(v, ox_words[c->first + i]) :
		    !str_int(str_from(ox_words[c->first + i]), 0, UINT16_MAX, &sub) && ox_value_ok((unsigned)sub, v))
			return true;
	}
	return false;
}

/* Names under which Excel runs a macro when the workbook is opened or left. */
static bool starts_by_itself(struct str v)
{
	if (str_ieq(str_slice(v, 0, 6), STR("_xlnm.")))
		v = str_slice(v, 6, v.n);
	return str_ieq(str_slice(v, 0, 5), STR("Auto_"));
}

bool ox_value_ok(unsigned class, struct str v)
{
	const struct ox_class *c = &ox_classes[class];

	switch (c->kind) {
	case ox_BOOL:
		return str_is(v, "0") || str_is(v, "1") || str_is(v, "true") || str_is(v, "false") || str_is(v,
		    "on") || str_is(v, "off");
	case ox_DEC: return decimal(v);
	case ox_DATE: return moment(v);
	case ox_HEX: return hex(v, c->max);
	case ox_BASE64: return base64(v);
	case ox_LIST: return of(v, " :.,;%+-_", TEXT_MAX);
	case ox_CSS: return style(v);
	case ox_LABEL: return plain(v, 1024);
	case ox_TOKEN: return token(v);
	case ox_LANG: return of(v, "-_", 40);
	case ox_PLACE: return place(v);
	case ox_CELLS: return of(v, "$:, ", TEXT_MAX);
	case ox_VBOOL: return str_is(v, "t") || str_is(v, "f") || str_is(v, "true") || str_is(v, "false") || str_is(v,
	    "");
	case ox_NAME: return v.n <= 255 && !starts_by_itself(v);
	case ox_GUID: return unique(v);
	case ox_INT: return number(c, v);
	case ox_ENUM:
	case ox_ANY: return member(c, v);
	case ox_NONE: return false;
	default: return v.n <= TEXT_MAX || c->kind != ox_TEXT;
	}
}

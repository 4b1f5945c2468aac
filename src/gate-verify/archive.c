/* Language zip: docs/formats/gate-zip.md. Each member is again in an output language, told by its name. */
#include <stdlib.h>
#include <string.h>

#include "gate-verify/fold.h"
#include "gate-verify/zip.h"

#define NEST_MAX 4

static const struct {
	const char *ext, *language;
} members[] = {
	{"txt", "text"}, {"log", "text"}, {"md", "text"}, {"csv", "csv"}, {"tsv", "csv"}, {"jpg", "jpeg"}, {"jpeg", "jpeg"},
	{"png", "png"}, {"pdf", "pdf"}, {"docx", "docx"}, {"xlsx", "xlsx"}, {"pptx", "pptx"}, {"zip", "zip"}, {"eml", "mail"},
};

static unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static bool same_but_case(struct str a, struct str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

/* Blanks of Unicode: at the ends of a name some programs drop them. */
static bool blank(uint32_t c)
{
	return c == ' ' || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x202f || c == 0x205f || c == 0x3000;
}

/* Windows' devices, whatever follows the first dot: CON, PRN, AUX, NUL, CONIN$, CONOUT$, COM and LPT with a digit, also ¹ ² ³. */
static bool device(struct str s)
{
	static const char *const words[] = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"};
	static const char *const small[] = {"\xc2\xb9", "\xc2\xb2", "\xc2\xb3"};
	struct str stem, tail;
	size_t n = 0;

	while (n < s.n && s.p[n] != '.')
		n++;
	while (n && s.p[n - 1] == ' ')
		n--;
	stem = str_slice(s, 0, n);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (same_but_case(stem, str_from(words[i])))
			return true;
	if (n < 4 || (!same_but_case(str_slice(stem, 0, 3), STR("COM")) && !same_but_case(str_slice(stem, 0, 3), STR("LPT"))))
		return false;
	tail = str_slice(stem, 3, n);
	for (size_t i = 0; i < ARRAY_LEN(small); i++)
		if (str_is(tail, small[i]))
			return true;
	return tail.n == 1 && tail.p[0] >= '0' && tail.p[0] <= '9';
}

/* One step of a path: UTF-8 without what turns or hides, no sign that is special anywhere, no dot or blank at its ends, no device. */
static bool step_ok(struct check *c, struct str s, size_t at)
{
	uint32_t u = 0;

	if (!s.n || s.n > 255 || s.p[0] == '.' || s.p[s.n - 1] == '.' || device(s))
		return refuse(c, "zip-name", at);
	for (size_t i = 0, first = 1; i < s.n; first = 0) {
		i += fold_next(s, i, &u);
		if (u < 0x20 || u == 0x7f || (u < 0x80 && strchr("\\:*?\"<>|", (int)u)) || fold_hidden(u) || (first && blank(u)))
			return refuse(c, "zip-name", at);
	}
	return !blank(u) || refuse(c, "zip-name", at);
}

static bool name_ok(struct check *c, const struct zip_part *p)
{
	struct check text = {.in = p->name, .arena = c->arena};
	struct str rest = p->name;

	/* The header says UTF-8: half-width kana of CP932 are what a careless reader takes for "../" in overlong form. */
	if (!verify_text(&text) || !verify_utf8(&text))
		return refuse(c, "zip-name", p->at);
	while (rest.p)
		if (!step_ok(c, str_cut(&rest, '/'), p->at))
			return false;
	return true;
}

static const char *language_of(struct str name)
{
	size_t i = name.n;

	while (i && name.p[i - 1] != '.' && name.p[i - 1] != '/')
		i--;
	for (size_t k = 0; i && name.p[i - 1] == '.' && k < ARRAY_LEN(members); k++)
		if (same_but_case(str_slice(name, i, name.n), str_from(members[k].ext)))
			return members[k].language;
	return NULL;
}

/* Content under a name, in the language its extension names. */
bool verify_named(struct check *c, struct str name, struct str content)
{
	static unsigned depth;
	const char *language = language_of(name);
	struct check inner = {.in = content, .arena = arena_new(VERIFY_ARENA_MAX)};
	struct zip_part p = {.name = name};
	bool ok = false;

	depth++;
	if (!language || depth > NEST_MAX)
		refuse(c, language ? "zip-depth" : "zip-member", 0);
	for (size_t i = 0; language && depth <= NEST_MAX && name_ok(c, &p) && i < n_languages; i++)
		if (!strcmp(languages[i].name, language)) {
			ok = languages[i].verify(&inner) && !inner.rule;
			if (!ok)
				refuse(c, inner.rule ? inner.rule : "zip-member", 0);
			break;
		}
	depth--;
	arena_free(inner.arena);
	return ok;
}

static bool member(struct check *c, const struct zip_part *p)
{
	uint8_t *content = zip_content(c, p);
	bool ok = content && verify_named(c, p->name, str_n(content, (size_t)p->size));

	free(content);
	return ok || refuse(c, "zip-member", p->at);
}

struct twin { struct folded name; size_t at; };

static int by_fold(const void *a, const void *b)
{
	return fold_cmp(&((const struct twin *)a)->name, &((const struct twin *)b)->name);
}

/* No name that folds to another's, and none that is another's folder. */
static bool no_twins(struct check *c, const struct zip_part *list, size_t n)
{
	struct arena *a = arena_new(VERIFY_ARENA_MAX);
	struct twin *t = arena_array(a, n + 1, sizeof *t);
	bool ok = t != NULL;

	for (size_t i = 0; ok && i < n; i++) {
		t[i].at = list[i].at;
		ok = fold_name(a, list[i].name, &t[i].name);
	}
	if (!ok) {
		arena_free(a);
		return refuse(c, "memory", 0);
	}
	qsort(t, n, sizeof *t, by_fold);
	for (size_t i = 1; ok && i < n; i++) {
		const struct folded *x = &t[i - 1].name, *y = &t[i].name;

		if (y->n >= x->n && !memcmp(x->c, y->c, x->n * sizeof *x->c) && (y->n == x->n || y->c[x->n] == '/'))
			ok = refuse(c, "zip-twin", t[i].at);
	}
	arena_free(a);
	return ok;
}

bool verify_zip(struct check *c)
{
	struct zip_part *list;
	size_t n;

	if (!zip_parts(c, &list, &n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!name_ok(c, &list[i]))
			return false;
	if (!no_twins(c, list, n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!member(c, &list[i]))
			return false;
	return n > 0 || refuse(c, "zip-count", 0);
}

/* Language zip: docs/formats/gate-zip.md. Each member is again in an output language, told by its name. */
#include <stdlib.h>
#include <string.h>

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

/* One step of a path: UTF-8 without what turns or hides, no sign that is special anywhere, no dot or blank at its ends. */
static bool step_ok(struct check *c, struct str s, size_t at)
{
	const unsigned char *p = (const unsigned char *)s.p;

	if (!s.n || s.n > 255 || p[0] == '.' || p[0] == ' ' || p[s.n - 1] == '.' || p[s.n - 1] == ' ')
		return refuse(c, "zip-name", at);
	for (size_t i = 0; i < s.n; i++) {
		unsigned hidden = p[i] == 0xe2 && i + 2 < s.n ? (unsigned)(p[i + 1] << 8 | p[i + 2]) : 0;

		if (p[i] < 0x20 || p[i] == 0x7f || strchr("\\:*?\"<>|", p[i]) || (hidden >= 0x808b && hidden <= 0x808f) ||
		    (hidden >= 0x80a8 && hidden <= 0x80ae) || (hidden >= 0x81a6 && hidden <= 0x81a9) ||
		    (p[i] == 0xd8 && i + 1 < s.n && p[i + 1] == 0x9c) || (p[i] == 0xef && i + 2 < s.n && p[i + 1] == 0xbb && p[i + 2] == 0xbf))
			return refuse(c, "zip-name", at);
	}
	return true;
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

static int by_name(const void *a, const void *b)
{
	const struct zip_part *x = *(const struct zip_part *const *)a, *y = *(const struct zip_part *const *)b;
	size_t n = x->name.n < y->name.n ? x->name.n : y->name.n;

	for (size_t i = 0; i < n; i++)
		if (lower(x->name.p[i]) != lower(y->name.p[i]))
			return lower(x->name.p[i]) < lower(y->name.p[i]) ? -1 : 1;
	return x->name.n < y->name.n ? -1 : x->name.n > y->name.n;
}

static bool no_twins(struct check *c, const struct zip_part *list, size_t n)
{
	const struct zip_part **sorted = arena_array(c->arena, n + 1, sizeof *sorted);

	if (!sorted)
		return refuse(c, "memory", 0);
	for (size_t i = 0; i < n; i++)
		sorted[i] = &list[i];
	qsort(sorted, n, sizeof *sorted, by_name);
	for (size_t i = 1; i < n; i++)
		if (same_but_case(sorted[i - 1]->name, sorted[i]->name))
			return refuse(c, "zip-twin", sorted[i]->at);
	return true;
}

bool verify_zip(struct check *c)
{
	struct zip_part *list;
	size_t n;

	if (!zip_parts(c, &list, &n) || !no_twins(c, list, n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!member(c, &list[i]))
			return false;
	return n > 0 || refuse(c, "zip-count", 0);
}

/* Packages: the archive, the content types, the relationships, and what leads to what; then every part by its own
 * rules. */
#include "gate-verify/ooxml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gate-verify/zip.h"

#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n"
#define PACKAGE "http://schemas.openxmlformats.org/package/2006/"
#define RELATION "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
#define RELATION_2007 "http://schemas.microsoft.com/office/2007/relationships/"

#define OFFICE "application/vnd.openxmlformats-officedocument."

#define APP "docProps/app.xml"

struct part {
	const struct zip_part *zip;
	const struct ov_kind *kind;                      /* NULL: relationships, content types */
	const struct zip_part *relations;
	struct ov_link *links;
	size_t n_links;
	bool reached;
};

/* Kinds whose parts have one of several endings, and the content type of each. */
static const struct { const char *kind, *ending, *type; } endings[] = {
	{"image", ".png", "image/png"}, {"image", ".jpeg", "image/jpeg"},
	{"embedded", ".docx", OFFICE "wordprocessingml.document"}, {"embedded", ".xlsx", OFFICE "spreadsheetml.sheet"},
	{"embedded", ".pptx", OFFICE "presentationml.presentation"},
};

struct package {
	struct check *c;
	const char *language, *base;
	struct part *list;
	size_t n;
	uint8_t *text;                                   /* of the relationships being read */
};

/* "#" is a number without leading zero; some kinds have endings of their own; what lies in no folder of its own lies in
 * the format's. */
static bool fits(const struct package *pk, const struct ov_kind *k, struct str name)
{
	size_t i = 0;
	const char *p = k->path;

	if (!*p)
		return false;
	if (strncmp(p, "word/", 5) != 0 && strncmp(p, "xl/", 3) != 0 && strncmp(p, "ppt/", 4) != 0 &&
	    strcmp(p, APP) != 0) {
		if (!str_starts(name, pk->base))
			return false;
		i = strlen(pk->base);
	}
	for (; *p; p++) {
		if (*p != '#') {
			if (i >= name.n || name.p[i++] != *p)
				return false;
			continue;
		}
		size_t from = i;

		while (i < name.n && name.p[i] >= '0' && name.p[i] <= '9')
			i++;
		if (i == from || i > from + 5 || name.p[from] == '0')
			return false;
	}
	bool several = false;

	for (size_t e = 0; e < ARRAY_LEN(endings); e++)
		if (!strcmp(endings[e].kind, k->name)) {
			several = true;
			if (str_is(str_slice(name, i, name.n), endings[e].ending))
				return true;
		}
	return !several && i == name.n;
}

static const struct ov_kind *kind_of(const struct package *pk, struct str name)
{
	for (unsigned i = 0; i < ov_n_kinds; i++)
		if (fits(pk, &ov_kinds[i], name))
			return &ov_kinds[i];
	return NULL;
}

static size_t part_named(const struct package *pk, struct str name)
{
	size_t lo = 0, hi = pk->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int d = str_cmp(pk->list[mid].zip->name, name);

		if (!d)
			return mid;
		if (d < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return SIZE_MAX;
}

/* The content of an entry is these bytes. */
static bool is_exactly(struct package *pk, const struct zip_part *p, struct buf *want, const char *rule)
{
	uint8_t *content = zip_content(pk->c, p);
	bool same = content && !buf_err(want) && want->n == p->size && !memcmp(want->p, content, want->n);

	free(content);
	buf_release(want);
	return same || refuse(pk->c, rule, p->at);
}

static const char *type_of(const struct part *p)
{
	for (size_t e = 0; e < ARRAY_LEN(endings); e++)
		if (!strcmp(endings[e].kind, p->kind->name) && str_ends(p->zip->name, endings[e].ending))
			return endings[e].type;
	return p->kind->type;
}

static bool content_types(struct package *pk)
{
	struct buf b;
	size_t at = part_named(pk, STR("[Content_Types].xml"));

	if (at == SIZE_MAX)
		return refuse(pk->c, "ooxml-types", 0);
	buf_init(&b, 16u << 20);
	buf_puts(&b, HEAD "<Types xmlns=\"" PACKAGE "content-types\">"
	             "<Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>"
	             "<Default Extension=\"xml\" ContentType=\"application/xml\"/>");
	for (size_t i = 0; i < pk->n; i++)
		if (pk->list[i].kind)
			buf_printf(&b, "<Override PartName=\"/%.*s\" ContentType=\"%s\"/>",
			    STR_ARG(pk->list[i].zip->name), type_of(&pk->list[i]));
	buf_puts(&b, "</Types>");
	return is_exactly(pk, pk->list[at].zip, &b, "ooxml-types");
}

/* --- relationships
 * ------------------------------------------------------------------------------------------------------ */

static bool take(struct str *s, const char *z)
{
	size_t n = strlen(z);

	if (s->n < n || memcmp(s->p, z, n) != 0)
		return false;
	*s = str_slice(*s, n, s->n);
	return true;
}

/* Up to the quote; & stands as &amp; only. */
static bool quoted(struct str *s, struct buf *b)
{
	buf_clear(b);
	while (s->n && s->p[0] != '"') {
		if (s->p[0] == '<' || s->p[0] == '>' || (s->p[0] == '&' && !str_starts(*s, "&amp;")))
			return false;
		buf_putc(b, s->p[0]);
		*s = str_slice(*s, s->p[0] == '&' ? 5 : 1, s->n);
	}
	return take(s, "\"");
}

static bool may_lead(const struct part *from, const struct ov_kind *to, const char *pseudo)
{
	struct str rest = str_from(to->from);
	const char *name = pseudo || !from ? pseudo : from->kind->name;

	while (rest.n) {
		struct str one = str_cut(&rest, ' ');

		if (name && str_is(str_slice(one, str_starts(one, "+"), one.n), name))
			return true;
	}
	return false;
}

static bool without_name(const struct part *from, const struct ov_kind *to)
{
	struct str rest = str_from(to->from);

	while (rest.n) {
		struct str one = str_cut(&rest, ' ');

		if (one.p[0] == '+' && str_is(str_slice(one, 1, one.n), from->kind->name))
			return true;
	}
	return false;
}

static bool one_relation(struct package *pk, struct part *p, struct str *s, struct buf *b)
{
	struct ov_link *l = &p->links[p->n_links];
	char head[96];
	struct str target;
	bool ms;

	snprintf(head, sizeof head, "<Relationship Id=\"rId%zu\" Type=\"", p->n_links + 1);
	if (!take(s, head))
		return false;
	ms = str_starts(*s, RELATION_2007);
	if (!take(s, ms ? RELATION_2007 : RELATION) || !quoted(s, b))
		return false;
	struct str type = arena_str(pk->c->arena, buf_view(b));

	if (!take(s, " Target=\"") || !quoted(s, b))
		return false;
	target = buf_view(b);
	if (str_is(type, "hyperlink") && !ms) {
		if (!ov_url(target) || !take(s, " TargetMode=\"External\"/>"))
			return false;
		for (unsigned i = 0; i < ov_n_kinds; i++)
			if (!strcmp(ov_kinds[i].name, "hyperlink"))
				l->kind = &ov_kinds[i];
		l->part = SIZE_MAX;
	} else {
		if (!target.n || target.p[0] != '/' || !take(s, "/>"))
			return false;
		l->part = part_named(pk, str_slice(target, 1, target.n));
		if (l->part == SIZE_MAX || !pk->list[l->part].kind)
			return false;
		l->kind = pk->list[l->part].kind;
		if (!str_is(type, l->kind->relation) || ms != !strcmp(l->kind->name, "diagramDrawing"))
			return false;
	}
	p->n_links++;
	return may_lead(p, l->kind, NULL);
}

static bool relations(struct package *pk, struct part *p)
{
	uint8_t *content = zip_content(pk->c, p->relations);
	struct str s = str_n(content, content ? (size_t)p->relations->size : 0);
	size_t room = s.n / 60 + 1;
	struct buf b;
	bool ok = content != NULL;

	buf_init(&b, 65536);
	p->links = room <= OV_LINKS_MAX ? arena_array(pk->c->arena, room, sizeof *p->links) : NULL;
	ok = ok && p->links && take(&s, HEAD "<Relationships xmlns=\"" PACKAGE "relationships\">");
	while (ok && p->n_links < room && str_starts(s, "<R"))
		ok = one_relation(pk, p, &s, &b);
	ok = ok && p->n_links && take(&s, "</Relationships>") && !s.n && !buf_err(&b);
	buf_release(&b);
	free(content);
	return ok || refuse(pk->c, "ooxml-relations", p->relations->at);
}

static bool package_relations(struct package *pk, size_t main_part)
{
	size_t at = part_named(pk, STR("_rels/.rels"));
	struct buf b;

	if (at == SIZE_MAX)
		return refuse(pk->c, "ooxml-relations", 0);
	buf_init(&b, 4096);
	buf_printf(&b, HEAD "<Relationships xmlns=\"" PACKAGE
	    "relationships\"><Relationship Id=\"rId1\" Type=\"" RELATION
	           "officeDocument\" Target=\"/%.*s\"/>", STR_ARG(pk->list[main_part].zip->name));
	if (part_named(pk, STR(APP)) != SIZE_MAX)
		buf_puts(&b, "<Relationship Id=\"rId2\" Type=\"" RELATION "extended-properties\" Target=\"/" APP
		    "\"/>");
	buf_puts(&b, "</Relationships>");
	return is_exactly(pk, pk->list[at].zip, &b, "ooxml-relations");
}

/* --- parts
 * -------------------------------------------------------------------------------------------------------------- */

/* Names in strictly rising order; each a part of a known kind, the relationships of one, or the two of the package. */
static bool names(struct package *pk, const struct zip_part *zip)
{
	for (size_t i = 0; i < pk->n; i++) {
		pk->list[i].zip = &zip[i];
		if (i && str_cmp(zip[i - 1].name, zip[i].name) >= 0)
			return refuse(pk->c, "ooxml-order", zip[i].at);
	}
	for (size_t i = 0; i < pk->n; i++) {
		struct str name = zip[i].name;
		struct part *p = &pk->list[i];

		p->kind = kind_of(pk, name);
		if (p->kind || str_is(name, "[Content_Types].xml") || str_is(name, "_rels/.rels"))
			continue;
		/* FOLDER/_rels/NAME.rels belongs to FOLDER/NAME. */
		char owner[1100];
		size_t from = name.n;

		while (from && name.p[from - 1] != '/')
			from--;
		if (from < 7 || !str_ends(name, ".rels") || !str_ends(str_slice(name, 0, from), "/_rels/"))
			return refuse(pk->c, "ooxml-part", zip[i].at);
		snprintf(owner, sizeof owner, "%.*s%.*s", STR_ARG(str_slice(name, 0, from - 6)),
		    STR_ARG(str_slice(name, from, name.n - from - 5)));
		size_t of = part_named(pk, str_from(owner));

		if (of == SIZE_MAX || !kind_of(pk, pk->list[of].zip->name))
			return refuse(pk->c, "ooxml-part", zip[i].at);
		pk->list[of].relations = &zip[i];
	}
	return true;
}

static bool picture(struct package *pk, struct part *p, struct str content)
{
	struct check inner = {.in = content, .arena = arena_new(VERIFY_ARENA_MAX)};
	bool ok = str_ends(p->zip->name, ".png") ? verify_png(&inner) : verify_jpeg(&inner);

	arena_free(inner.arena);
	return ok || refuse(pk->c, inner.rule ? inner.rule : "ooxml-part", p->zip->at);
}

/* A document inside is one of these languages itself, by the end of its name. */
static bool embedded(struct package *pk, struct part *p, struct str content)
{
	size_t from = p->zip->name.n;

	while (from && p->zip->name.p[from - 1] != '/')
		from--;
	return verify_named(pk->c, str_slice(p->zip->name, from, p->zip->name.n), content) ||
	    refuse(pk->c, "ooxml-part", p->zip->at);
}

/* Of one sheet, made from its comments. */
static bool notes(struct package *pk, struct part *p)
{
	const struct part *sheet = NULL, *comments = NULL;
	unsigned sheets = 0, n = 0;
	struct buf want;

	for (size_t i = 0; i < pk->n; i++)
		for (size_t k = 0; k < pk->list[i].n_links; k++)
			if (pk->list[i].links[k].part == (size_t)(p - pk->list)) {
				sheet = &pk->list[i];
				sheets++;
			}
	for (size_t k = 0; sheet && k < sheet->n_links; k++)
		if (!strcmp(sheet->links[k].kind->name, "xcomments") && !comments)
			comments = &pk->list[sheet->links[k].part];
	if (sheets != 1 || !comments || p->relations)
		return refuse(pk->c, "ooxml-notes", p->zip->at);
	for (size_t i = 0; i < p->zip->name.n; i++)
		if (p->zip->name.p[i] >= '0' && p->zip->name.p[i] <= '9')
			n = n * 10 + (unsigned)(p->zip->name.p[i] - '0');
	uint8_t *bytes = zip_content(pk->c, comments->zip);

	if (!bytes)
		return false;
	buf_init(&want, 128u << 20);
	ov_notes(str_n(bytes, (size_t)comments->zip->size), n, &want);
	free(bytes);
	return is_exactly(pk, p->zip, &want, "ooxml-notes");
}

static bool content(struct package *pk, struct part *p)
{
	uint8_t *bytes = zip_content(pk->c, p->zip);
	struct str s = str_n(bytes, (size_t)p->zip->size);
	const struct ov_root *root = NULL;
	bool ok;

	if (!bytes)
		return false;
	if (!strcmp(p->kind->name, "vml")) {
		free(bytes);
		return notes(pk, p);
	}
	for (unsigned i = 0; i < ov_n_roots; i++)
		if (!strcmp(ov_roots[i].kind, p->kind->name))
			root = &ov_roots[i];
	if (!strcmp(p->kind->name, "image"))
		ok = !p->relations && picture(pk, p, s);
	else if (!strcmp(p->kind->name, "embedded"))
		ok = !p->relations && embedded(pk, p, s);
	else
		ok = root && ov_xml(pk->c, s, root, p->links, p->n_links, p->zip->at);
	free(bytes);
	for (size_t i = 0; ok && i < p->n_links; i++)
		if (!p->links[i].used && !without_name(p, p->links[i].kind))
			ok = refuse(pk->c, "ooxml-unused", p->relations ? p->relations->at : p->zip->at);
	return ok || refuse(pk->c, "ooxml-part", p->zip->at);
}

/* Everything is led to from the main part. */
static bool reach(struct package *pk, size_t from)
{
	size_t *todo = arena_array(pk->c->arena, pk->n + 1, sizeof *todo), n = 0, app = part_named(pk, STR(APP));

	if (!todo)
		return refuse(pk->c, "memory", 0);
	todo[n++] = from;
	pk->list[from].reached = true;
	if (app != SIZE_MAX)
		pk->list[app].reached = true;
	while (n) {
		struct part *p = &pk->list[todo[--n]];

		for (size_t i = 0; i < p->n_links; i++) {
			size_t to = p->links[i].part;

			if (to != SIZE_MAX && !pk->list[to].reached) {
				pk->list[to].reached = true;
				todo[n++] = to;
			}
		}
	}
	for (size_t i = 0; i < pk->n; i++)
		if (pk->list[i].kind && !pk->list[i].reached)
			return refuse(pk->c, "ooxml-unreached", pk->list[i].zip->at);
	return true;
}

static bool package(struct check *c, const char *language, const char *base, const char *main_name)
{
	struct package pk = {.c = c, .language = language, .base = base};
	struct zip_part *zip;
	size_t main_part;

	if (!zip_parts(c, &zip, &pk.n))
		return false;
	pk.list = arena_array(c->arena, pk.n + 1, sizeof *pk.list);
	if (!pk.list)
		return refuse(c, "memory", 0);
	if (!names(&pk, zip))
		return false;
	main_part = part_named(&pk, str_from(main_name));
	if (main_part == SIZE_MAX || !may_lead(NULL, pk.list[main_part].kind, language))
		return refuse(c, "ooxml-part", 0);
	if (!content_types(&pk) || !package_relations(&pk, main_part))
		return false;
	for (size_t i = 0; i < pk.n; i++)
		if (pk.list[i].relations && !relations(&pk, &pk.list[i]))
			return false;
	if (!reach(&pk, main_part))
		return false;
	for (size_t i = 0; i < pk.n; i++)
		if (pk.list[i].kind && !content(&pk, &pk.list[i]))
			return false;
	return true;
}

bool verify_docx(struct check *c)
{
	return package(c, "docx", "word/", "word/document.xml");
}

bool verify_xlsx(struct check *c)
{
	return package(c, "xlsx", "xl/", "xl/workbook.xml");
}

bool verify_pptx(struct check *c)
{
	return package(c, "pptx", "ppt/", "ppt/presentation.xml");
}

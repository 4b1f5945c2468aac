#include "gate-ooxml/package.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH 4

struct said { struct str key, type; bool ext; };

struct reader {
	struct package *pk;
	struct part *part;
	XML_Parser x;
	struct said *said;
	unsigned n_said, deep;
	bool refused;
};

static const char *attr(const char **atts, const char *name)
{
	for (; *atts; atts += 2)
		if (!strcmp(atts[0], name))
			return atts[1];
	return NULL;
}

static void XMLCALL on_doctype(void *arg, const char *a, const char *b, const char *c, int d)
{
	struct reader *rd = arg;

	rd->refused = true;
	XML_StopParser(rd->x, XML_FALSE);
}

static const char *local(const char *raw)
{
	const char *c = strchr(raw, ':');

	return c ? c + 1 : raw;
}

static void XMLCALL type_start(void *arg, const char *raw, const char **atts)
{
	struct reader *rd = arg;
	const char *type = attr(atts, "ContentType"), *part = attr(atts, "PartName"), *ext = attr(atts, "Extension");
	struct arena *a = rd->pk->j->arena;

	if (++rd->deep != 2 || !type || (!part && !ext) || rd->n_said == 2 * PARTS_MAX)
		return;
	rd->said[rd->n_said++] = (struct said){arena_str(a, str_from(part ? part : ext)), arena_str(a,
	    str_from(type)), !part};
}

static struct str last_step(struct str type)
{
	for (size_t i = type.n; i-- > 0;)
		if (type.p[i] == '/')
			return str_slice(type, i + 1, type.n);
	return type;
}

static void XMLCALL relation_start(void *arg, const char *raw, const char **atts)
{
	struct reader *rd = arg;
	struct part *p = rd->part;
	struct str type = str_from(attr(atts, "Type")), mode = str_from(attr(atts, "TargetMode"));
	struct arena *a = rd->pk->j->arena;
	struct relation *r;

	if (++rd->deep != 2 || strcmp(local(raw), "Relationship") != 0 || !type.n)
		return;
	if (p->n_relations == RELATIONS_MAX) {
		rd->refused = true;
		XML_StopParser(rd->x, XML_FALSE);
		return;
	}
	r = &p->relations[p->n_relations++];
	r->id = arena_str(a, str_from(attr(atts, "Id")));
	r->target = arena_str(a, str_from(attr(atts, "Target")));
	r->external = str_is(mode, "External");
	r->known = str_starts(type, REL_PREFIX) || str_starts(type, REL_STRICT) || str_starts(type, REL_MS07);
	r->type = arena_str(a, last_step(type));
}

static void XMLCALL on_end(void *arg, const char *raw)
{
	struct reader *rd = arg;

	rd->deep--;
}

static int on_chunk(void *arg, const void *s, size_t n)
{
	struct reader *rd = arg;

	return XML_Parse(rd->x, s, (int)n, XML_FALSE) == XML_STATUS_OK ? 0 : ERR_SYNTAX;
}

static int read_small(struct reader *rd, const struct zip_entry *en, XML_StartElementHandler start,
    const char **ret_code)
{
	int r;

	rd->x = XML_ParserCreate(NULL);
	XML_SetUserData(rd->x, rd);
	XML_SetElementHandler(rd->x, start, on_end);
	XML_SetStartDoctypeDeclHandler(rd->x, on_doctype);
	r = zip_stream(en, on_chunk, rd);
	if (!r && XML_Parse(rd->x, "", 0, XML_TRUE) != XML_STATUS_OK)
		r = ERR_SYNTAX;
	XML_ParserFree(rd->x);
	*ret_code = r == ERR_CORRUPT ? "ZIP-DATA" : rd->refused ? "XML-DTD" : "XML-SYNTAX";
	return r ? ERR_SYNTAX : 0;
}

static struct str extension(struct str name)
{
	for (size_t i = name.n; i-- > 0 && name.p[i] != '/';)
		if (name.p[i] == '.')
			return str_slice(name, i + 1, name.n);
	return STR("");
}

int package_types(struct package *pk, const char **ret_code)
{
	const struct zip_entry *en = zip_find(&pk->zip, "[Content_Types].xml");
	struct reader rd = {.pk = pk};
	int r;

	*ret_code = "TYPE-MISMATCH";
	if (!en)
		return ERR_SYNTAX;
	rd.said = arena_array(pk->j->arena, 2 * PARTS_MAX, sizeof *rd.said);
	pk->types = arena_array(pk->j->arena, pk->zip.n + 1, sizeof *pk->types);
	pk->of = arena_array(pk->j->arena, pk->zip.n + 1, sizeof *pk->of);
	pk->inside = arena_array(pk->j->arena, pk->zip.n + 1, sizeof *pk->inside);
	if (!rd.said || !pk->types || !pk->of || !pk->inside)
		return ERR_NOMEM;
	r = read_small(&rd, en, type_start, ret_code);
	for (size_t i = 0; !r && i < pk->zip.n; i++) {
		struct str name = pk->zip.list[i].name, by_ext = STR(""), by_name = STR("");

		for (unsigned k = 0; k < rd.n_said; k++) {
			struct str key = rd.said[k].key;

			if (rd.said[k].ext && str_ieq(key, extension(name)))
				by_ext = rd.said[k].type;
			else if (!rd.said[k].ext && str_ieq(str_slice(key, str_starts(key, "/"), key.n), name))
				by_name = rd.said[k].type;
		}
		pk->types[i] = by_name.n ? by_name : by_ext;
	}
	return r;
}

static struct str folder(struct str name)
{
	for (size_t i = name.n; i-- > 0;)
		if (name.p[i] == '/')
			return str_slice(name, 0, i + 1);
	return STR("");
}

int package_relations(struct package *pk, struct part *p, const char **ret_code)
{
	struct reader rd = {.pk = pk, .part = p};
	struct str dir = folder(p->name), base = str_slice(p->name, dir.n, p->name.n);
	const struct zip_entry *en = zip_find(&pk->zip, arena_printf(pk->j->arena, "%.*s_rels/%.*s.rels",
	    STR_ARG(dir), STR_ARG(base)));
	size_t count = 0;
	int r;

	if (!en)
		return 0;
	/* At least 30 bytes each. */
	count = en->size / 30 + 1 < RELATIONS_MAX ? (size_t)en->size / 30 + 1 : RELATIONS_MAX;
	p->relations = arena_array(pk->j->arena, count + 1, sizeof *p->relations);
	p->order = arena_array(pk->j->arena, count + 2, sizeof *p->order);
	if (!p->relations || !p->order)
		return ERR_NOMEM;
	r = read_small(&rd, en, relation_start, ret_code);
	for (unsigned i = 0; !r && i < p->n_relations; i++) {
		struct relation *rel = &p->relations[i];

		rel->kind = rel->known ? kind_from(rel->type, p->kind, &rel->implicit) : NULL;
		if (rel->kind && (rel->external != (rel->kind->types[0] == 0)))
			rel->kind = NULL;
	}
	return r;
}

static int hex_of(char c)
{
	return hex_digit(c);
}

/* A target is a relative reference: steps, ".." and %XX; never out of the package. */
const struct zip_entry *package_target(const struct package *pk, struct str from, struct str target)
{
	struct buf b;
	struct str rest, name;
	const struct zip_entry *found = NULL;

	buf_init(&b, 4 * ZIP_NAME_MAX);
	if (!str_starts(target, "/"))
		buf_str(&b, folder(from));
	for (rest = target; rest.n;) {
		struct str step = str_cut(&rest, '/');

		if (!step.n || str_is(step, "."))
			continue;
		if (str_is(step, "..")) {
			while (b.n && b.p[b.n - 1] == '/')
				b.n--;
			while (b.n && b.p[b.n - 1] != '/')
				b.n--;
			continue;
		}
		for (size_t i = 0; i < step.n; i++) {
			bool coded = step.p[i] == '%' && i + 2 < step.n && hex_of(step.p[i + 1]) >= 0 &&
			    hex_of(step.p[i + 2]) >= 0;

			buf_putc(&b, coded ? (char)(hex_of(step.p[i + 1]) * 16 + hex_of(step.p[i + 2])) : step.p[i]);
			i += coded ? 2 : 0;
		}
		if (rest.p)
			buf_putc(&b, '/');
	}
	name = buf_view(&b);
	for (int anycase = 0; !found && anycase < 2; anycase++)
		for (size_t i = 0; !found && i < pk->zip.n; i++)
			if (anycase ? str_ieq(pk->zip.list[i].name, name) : str_eq(pk->zip.list[i].name, name))
				found = &pk->zip.list[i];
	buf_release(&b);
	return found;
}

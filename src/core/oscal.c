#include "core/oscal.h"

#include "lib/date.h"
#include "lib/hash.h"
#include "lib/i18n.h"
#include "lib/json.h"
#include "queries.h"

#define OSCAL_ARENA_MAX (64u << 20)
#define CLAUSES_MAX 20000
#define DEPTH_MAX 16

struct clause {
	struct str id, parent, chapter, label, heading, who, duty, strength, applies, mechanism, summary_ja, summary_en,
		evidence,
		own_text, group;
};
struct catalog {
	struct db *db;
	struct arena *a;
	struct jw j;
	struct str id, prefix;
	struct clause *v;
	size_t n;
	struct err *e;
};

static struct stmt *query(struct catalog *c, int q)
{
	struct stmt *s = db_sql(c->db, queries[q].sql);

	if (!s)
		err_set(c->e, ERR_DB, "%s", db_error(c->db));
	return s;
}

static int fail_db(struct catalog *c)
{
	return err_set(c->e, ERR_DB, "%s", db_error(c->db));
}

/* OSCAL strings are one line without blanks at the ends. */
static struct str line(struct catalog *c, struct str text)
{
	char *p = arena_strdup(c->a, arena_z(c->a, str_trim(text)));

	for (char *q = p; *q; q++)
		if ((unsigned char)*q < ' ')
			*q = ' ';
	return str_trim(str_from(p));
}

/* A version 5 UUID made from a name (RFC 9562 §5.5, with SHA-256 for SHA-1). */
static const char *uuid(struct catalog *c, const char *name)
{
	uint8_t h[SHA256_LEN];

	sha256(name, strlen(name), h);
	h[6] = (uint8_t)((h[6] & 0x0f) | 0x50);
	h[8] = (uint8_t)((h[8] & 0x3f) | 0x80);
	return arena_printf(c->a, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", h[0], h[1], h[2],
	                    h[3], h[4], h[5], h[6], h[7], h[8], h[9], h[10], h[11], h[12], h[13], h[14], h[15]);
}

static void prop(struct catalog *c, const char *name, struct str value, struct str remarks)
{
	if (!line(c, value).n)
		return;
	jw_object(&c->j);
	jw_kz(&c->j, "name", name);
	jw_kz(&c->j, "ns", OSCAL_NS);
	jw_kstr(&c->j, "value", line(c, value));
	if (remarks.n)
		jw_kstr(&c->j, "remarks", remarks);
	jw_end_object(&c->j);
}

/* "label" and "sort-id" belong to OSCAL's own namespace. */
static void own_prop(struct catalog *c, const char *name, struct str value)
{
	if (!line(c, value).n)
		return;
	jw_object(&c->j);
	jw_kz(&c->j, "name", name);
	jw_kstr(&c->j, "value", line(c, value));
	jw_end_object(&c->j);
}

static void part(struct catalog *c, struct str id, const char *suffix, const char *name, struct str prose)
{
	if (!str_trim(prose).n)
		return;
	jw_object(&c->j);
	jw_kstr(&c->j, "id", arena_strf(c->a, "%.*s_%s", STR_ARG(id), suffix));
	jw_kz(&c->j, "name", name);
	jw_kstr(&c->j, "prose", str_trim(prose));
	jw_end_object(&c->j);
}

static int clause_props(struct catalog *c, const struct clause *k, size_t pos)
{
	struct stmt *s;
	int rc;

	jw_key(&c->j, "props");
	jw_array(&c->j);
	own_prop(c, "label", k->label);
	own_prop(c, "sort-id", arena_strf(c->a, "%.*s-%05zu", STR_ARG(c->prefix), pos));
	prop(c, "strength", k->strength, STR_NONE);
	prop(c, "responsible-role", k->who, STR_NONE);
	prop(c, "duty", k->duty, STR_NONE);
	prop(c, "applies", k->applies, STR_NONE);
	prop(c, "law-group", k->group, STR_NONE);
	s = query(c, Q_BINDINGS_OF_CLAUSE);
	if (!s)
		return ERR_DB;
	bind_str(s, 1, k->id);
	while ((rc = step(s)) == 1)
		prop(c, "measure", col_str(s, 0), col_str(s, 1));
	stmt_done(s);
	jw_end_array(&c->j);
	return rc < 0 ? fail_db(c) : 0;
}

static bool has_children(const struct catalog *c, struct str id)
{
	for (size_t i = 0; i < c->n; i++)
		if (str_eq(c->v[i].parent, id))
			return true;
	return false;
}

static int put_clauses(struct catalog *c, struct str parent, struct str chapter, int depth);

/* The last piece of "組織体制/最高情報セキュリティ責任者" or "7 物理的対策 > (1) …". */
static struct str last_heading(struct str heading)
{
	size_t i = heading.n;

	while (i > 0 && heading.p[i - 1] != '/' && heading.p[i - 1] != '>')
		i--;
	return str_trim(str_slice(heading, i, heading.n));
}

static int put_clause(struct catalog *c, size_t i, int depth)
{
	const struct clause *k = &c->v[i];
	struct str title = line(c, arena_strf(c->a, "%.*s %.*s", STR_ARG(k->label), STR_ARG(last_heading(k->heading))));
	int rc;

	jw_object(&c->j);
	jw_kstr(&c->j, "id", k->id);
	jw_kz(&c->j, "class", "clause");
	jw_kstr(&c->j, "title", title);
	rc = clause_props(c, k, i);
	jw_key(&c->j, "parts");
	jw_array(&c->j);
	part(c, k->id, "smt", "statement", k->own_text.n ? k->own_text : k->summary_ja);
	part(c, k->id, "ovw", "overview", k->own_text.n ? k->summary_ja : STR_NONE);
	part(c, k->id, "gdn", "guidance", k->summary_en);
	part(c, k->id, "exa", "example", k->evidence);
	jw_end_array(&c->j);
	if (!rc && depth < DEPTH_MAX && has_children(c, k->id)) {
		jw_key(&c->j, "controls");
		rc = put_clauses(c, k->id, STR_NONE, depth + 1);
	}
	jw_end_object(&c->j);
	return rc;
}

/* The clauses below parent, or the top ones of a chapter. */
static int put_clauses(struct catalog *c, struct str parent, struct str chapter, int depth)
{
	int rc = 0;

	jw_array(&c->j);
	for (size_t i = 0; !rc && i < c->n; i++)
		if (parent.n ? str_eq(c->v[i].parent, parent) : !c->v[i].parent.n && str_eq(c->v[i].chapter, chapter))
			rc = put_clause(c, i, depth);
	jw_end_array(&c->j);
	return rc;
}

static int load_clauses(struct catalog *c)
{
	struct stmt *s = query(c, Q_CLAUSE_ALL);
	int rc;

	if (!s)
		return ERR_DB;
	c->v = arena_array(c->a, CLAUSES_MAX, sizeof *c->v);
	bind_str(s, 1, c->id);
	while ((rc = step(s)) == 1 && c->n < CLAUSES_MAX) {
		struct clause *k = &c->v[c->n++];
		struct str *const fields[] = {&k->id, &k->parent, &k->chapter, &k->label, &k->heading, &k->who, &k->duty,
		                              &k->strength, &k->applies,
			NULL, &k->mechanism, &k->summary_ja, &k->summary_en, &k->evidence, &k->own_text, &k->group};

		for (size_t i = 0; i < ARRAY_LEN(fields); i++)
			if (fields[i])
				*fields[i] = col_dup(s, (int)i, c->a);
	}
	stmt_done(s);
	if (c->n) {
		struct str rest = c->v[0].id;

		c->prefix = str_cut(&rest, '.');
	}
	return rc < 0 ? fail_db(c) : 0;
}

static int put_metadata(struct catalog *c)
{
	struct stmt *s = query(c, Q_STANDARD_GET);
	struct str title, version;
	char at[64];
	int rc;

	if (!s)
		return ERR_DB;
	bind_str(s, 1, c->id);
	rc = step(s);
	if (rc <= 0)
		return rc < 0 ? fail_db(c) : err_set(c->e, ERR_NOTFOUND, _("There is no standard %.*s."), STR_ARG(c->id));
	title = col_dup(s, 1, c->a);
	version = col_dup(s, 3, c->a);
	stmt_done(s);
	s = query(c, Q_STANDARD_LOADED_AT);
	if (!s)
		return ERR_DB;
	bind_str(s, 1, c->id);
	rc = step(s);
	instant_rfc3339(rc == 1 ? col_int(s, 0) : 0, at, sizeof at);
	stmt_done(s);
	jw_kz(&c->j, "uuid", uuid(c, arena_printf(c->a, "catalog %.*s %.*s %s", STR_ARG(c->id), STR_ARG(version), at)));
	jw_key(&c->j, "metadata");
	jw_object(&c->j);
	jw_kstr(&c->j, "title", line(c, title));
	jw_kz(&c->j, "last-modified", at);
	jw_kstr(&c->j, "version", version.n ? line(c, version) : STR("1"));
	jw_kz(&c->j, "oscal-version", OSCAL_VERSION);
	jw_end_object(&c->j);
	return rc < 0 ? fail_db(c) : 0;
}

static int put_params(struct catalog *c)
{
	struct stmt *s = query(c, Q_PARAMETER_ALL);
	int rc;

	if (!s)
		return ERR_DB;
	jw_key(&c->j, "params");
	jw_array(&c->j);
	while ((rc = step(s)) == 1) {
		jw_object(&c->j);
		jw_kstr(&c->j, "id", col_str(s, 0));
		if (col_str(s, 2).n) {
			jw_key(&c->j, "props");
			jw_array(&c->j);
			prop(c, "unit", col_str(s, 2), STR_NONE);
			jw_end_array(&c->j);
		}
		jw_kstr(&c->j, "label", line(c, col_str(s, 4)));
		jw_kstr(&c->j, "usage", col_str(s, 6));
		if (line(c, col_str(s, 3)).n) {
			jw_key(&c->j, "values");
			jw_array(&c->j);
			jw_str(&c->j, line(c, col_str(s, 3)));
			jw_end_array(&c->j);
		}
		jw_end_object(&c->j);
	}
	stmt_done(s);
	jw_end_array(&c->j);
	return rc < 0 ? fail_db(c) : 0;
}

static bool chapter_used(const struct catalog *c, struct str id)
{
	for (size_t i = 0; i < c->n; i++)
		if (!c->v[i].parent.n && str_eq(c->v[i].chapter, id))
			return true;
	return false;
}

static int put_groups(struct catalog *c)
{
	struct {
		struct str id, title;
	} chapters[200];
	size_t n = 0;
	struct stmt *s = query(c, Q_CHAPTER_ALL);
	int rc;

	if (!s)
		return ERR_DB;
	bind_str(s, 1, c->id);
	while ((rc = step(s)) == 1 && n < ARRAY_LEN(chapters)) {
		chapters[n].id = col_dup(s, 0, c->a);
		chapters[n++].title = col_dup(s, 1, c->a);
	}
	stmt_done(s);
	jw_key(&c->j, "groups");
	jw_array(&c->j);
	for (size_t i = 0; rc >= 0 && i < n; i++) {
		if (!chapter_used(c, chapters[i].id))
			continue;
		jw_object(&c->j);
		jw_kstr(&c->j, "id", arena_strf(c->a, "%.*s-chapter-%.*s", STR_ARG(c->prefix), STR_ARG(chapters[i].id)));
		jw_kz(&c->j, "class", "chapter");
		jw_kstr(&c->j, "title", line(c, chapters[i].title));
		jw_key(&c->j, "controls");
		rc = put_clauses(c, STR_NONE, chapters[i].id, 0);
		jw_end_object(&c->j);
	}
	jw_end_array(&c->j);
	return rc < 0 ? rc == ERR_DB ? fail_db(c) : rc : 0;
}

int oscal_catalog(struct db *db, struct str standard, struct buf *out, struct err *e)
{
	struct catalog c = {.db = db, .a = arena_new(OSCAL_ARENA_MAX), .id = standard, .e = e};
	int rc;

	jw_init(&c.j, out, true);
	jw_object(&c.j);
	jw_key(&c.j, "catalog");
	jw_object(&c.j);
	rc = put_metadata(&c);
	if (!rc)
		rc = load_clauses(&c);
	if (!rc)
		rc = put_params(&c);
	if (!rc)
		rc = put_groups(&c);
	jw_end_object(&c.j);
	jw_end_object(&c.j);
	buf_putc(out, '\n');
	arena_free(c.a);
	return rc ? rc : buf_err(out) ? err_set(e, ERR_TOOBIG, "OSCAL catalog") : 0;
}

/* The OpenAPI 3.1 document of the API, made from the ledger definitions: one schema per ledger, the same paths for
 * all. */
#include "office/api.h"
#include "office/pages.h"

#define OPENAPI_MAX (8u << 20)

/* What is not filled in is null, both ways. */
static void or_null(struct jw *j, const char *type)
{
	jw_key(j, "type");
	jw_array(j);
	jw_z(j, type);
	jw_z(j, "null");
	jw_end_array(j);
}

static void type_of(struct jw *j, const struct field *f)
{
	switch (f->type) {
	case FT_INTEGER: case FT_MONEY: case FT_PORT: case FT_FISCAL_YEAR:
	case FT_PERSON: case FT_SECTION: case FT_FILE:
		or_null(j, "integer");
		return;
	case FT_REF:
		or_null(j, f->to.n > 1 ? "string" : "integer");
		if (f->to.n > 1)
			jw_kz(j, "pattern", "^[a-z-]+:[0-9]+$");
		return;
	case FT_DECIMAL:
		or_null(j, "number");
		return;
	case FT_BOOL:
		or_null(j, "boolean");
		return;
	case FT_DATE:
		or_null(j, "string");
		jw_kz(j, "format", "date");
		return;
	case FT_URL: case FT_EMAIL:
		or_null(j, "string");
		jw_kz(j, "format", f->type == FT_URL ? "uri" : "email");
		return;
	default:
		or_null(j, "string");
	}
}

static void plain_schema(struct jw *j, const struct field *f)
{
	type_of(j, f);
	if (f->type == FT_CHOICE) {
		jw_key(j, "enum");
		jw_array(j);
		for (size_t i = 0; i < f->n_of; i++)
			jw_str(j, f->of[i].code);
		jw_null(j);
		jw_end_array(j);
	}
}

static void property(struct jw *j, const struct field *f);

static void row_schema(struct jw *j, const struct field *f)
{
	jw_kz(j, "type", "object");
	jw_key(j, "properties");
	jw_object(j);
	if (f->type == FT_CHECKLIST) {
		static const char *const base[] = {"item", "answer", "note"};
		for (size_t i = 0; i < ARRAY_LEN(base); i++) {
			jw_key(j, base[i]);
			jw_object(j);
			or_null(j, "string");
			jw_end_object(j);
		}
	}
	for (size_t i = 0; i < f->n_columns; i++)
		property(j, &f->columns[i]);
	jw_end_object(j);
}

static void property(struct jw *j, const struct field *f)
{
	char name[100];
	snprintf(name, sizeof(name), "%.*s", STR_ARG(f->name));
	jw_key(j, name);
	jw_object(j);
	jw_kstr(j, "title", label_text(&f->label));
	if (f->computed.n)
		jw_kbool(j, "readOnly", true);
	bool rows = f->type == FT_TABLE || f->type == FT_CHECKLIST;
	if (rows || f->many) {
		jw_kz(j, "type", "array");
		jw_key(j, "items");
		jw_object(j);
		if (rows)
			row_schema(j, f);
		else
			plain_schema(j, f);
		jw_end_object(j);
	} else {
		plain_schema(j, f);
	}
	jw_end_object(j);
}

static void ledger_schema(struct jw *j, const struct ledger *l)
{
	char name[100];
	snprintf(name, sizeof(name), "%.*s", STR_ARG(l->name));
	jw_key(j, name);
	jw_object(j);
	jw_kstr(j, "title", label_text(&l->label));
	jw_kstr(j, "description", label_text(&l->purpose));
	jw_kz(j, "type", "object");
	jw_key(j, "properties");
	jw_object(j);
	for (size_t i = 0; i < l->n_fields; i++)
		property(j, &l->fields[i]);
	jw_end_object(j);
	jw_end_object(j);
}

static void parameter(struct jw *j, const char *name, const char *in, const char *text)
{
	jw_object(j);
	jw_kz(j, "name", name);
	jw_kz(j, "in", in);
	jw_kbool(j, "required", strcmp(in, "path") == 0);
	jw_kz(j, "description", text);
	jw_key(j, "schema");
	jw_object(j);
	jw_kz(j, "type", "string");
	jw_end_object(j);
	jw_end_object(j);
}

/* The {…} parts of a path, and what the list takes in its query. */
static void parameters(struct jw *j, const struct route *rt)
{
	jw_key(j, "parameters");
	jw_array(j);
	for (const char *p = strchr(rt->path, '{'); p; p = strchr(p + 1, '{')) {
		char name[40];
		snprintf(name, sizeof(name), "%.*s", (int)(strchr(p, '}') - p - 1), p + 1);
		parameter(j, name, "path", name);
	}
	if (strcmp(rt->method, "GET") == 0 && str_ends(str_from(rt->path), "/records")) {
		parameter(j, "q", "query", "words to search");
		parameter(j, "state", "query", "only this state");
		parameter(j, "sort", "query", "field name");
		parameter(j, "order", "query", "asc or desc");
		parameter(j, "limit", "query", "1 to 200");
		parameter(j, "after", "query", "the \"next\" of the page before");
	}
	if (strcmp(rt->method, "GET") == 0 && str_ends(str_from(rt->path), "/transfers")) {
		parameter(j, "q", "query", "words to search");
		parameter(j, "to", "query", "fetch: only what is there to be fetched");
		parameter(j, "direction", "query", "in or out");
		parameter(j, "state", "query", "only this state");
		parameter(j, "format", "query", "only this extension");
		parameter(j, "from", "query", "handed over from this ISO date");
		parameter(j, "until", "query", "handed over until this ISO date");
		parameter(j, "sort", "query", "oldest, name, largest or expiry");
		parameter(j, "limit", "query", "1 to 200");
		parameter(j, "after", "query", "the \"next\" of the page before");
	}
	if (str_ends(str_from(rt->path), "/status")) {
		parameter(j, "as-of", "query", "ISO date");
		parameter(j, "control", "query", "only this control");
		parameter(j, "clause", "query", "only this clause");
	}
	jw_end_array(j);
}

static void body(struct jw *j)
{
	jw_key(j, "requestBody");
	jw_object(j);
	jw_key(j, "content");
	jw_object(j);
	jw_key(j, "application/json");
	jw_object(j);
	jw_key(j, "schema");
	jw_raw(j, STR("{\"type\":\"object\",\"properties\":{\"fields\":{\"type\":\"object\",\"description\":\"fields of the ledger, see components\"},"
	              "\"version\":{\"type\":\"integer\",\"description\":\"the version read; needed for changes and actions\"},"
	              "\"note\":{\"type\":\"string\"}},\"additionalProperties\":false}"));
	jw_end_object(j);
	jw_end_object(j);
	jw_end_object(j);
}

static void operation(struct jw *j, const struct route *rt)
{
	static const struct { const char *method, *key; } methods[] = {{"GET", "get"}, {"POST", "post"},
	                                                               {"PATCH", "patch"}};
	for (size_t i = 0; i < ARRAY_LEN(methods); i++)
		if (strcmp(rt->method, methods[i].method) == 0)
			jw_key(j, methods[i].key);
	jw_object(j);
	jw_kz(j, "summary", rt->help);
	parameters(j, rt);
	if (strcmp(rt->method, "GET") != 0)
		body(j);
	jw_key(j, "responses");
	jw_raw(j, STR("{\"200\":{\"description\":\"done\"},\"201\":{\"description\":\"created\"},\"400\":{\"description\":\"the request could not be read\"},"
	              "\"401\":{\"description\":\"no token, or an unknown or expired one\"},\"403\":{\"description\":\"not permitted\"},\"404\":{\"description\":\"not there, or not to be known of\"},"
	              "\"409\":{\"description\":\"changed meanwhile, or not possible in this state\"},"
	              "\"422\":{\"description\":\"fields are not acceptable: faults\"},\"503\":{\"description\":\"not possible just now\"}}"));
	jw_end_object(j);
}

static void paths(struct jw *j)
{
	jw_key(j, "paths");
	jw_object(j);
	for (size_t i = 0; i < n_routes; i++) {
		bool seen = false;
		for (size_t k = 0; k < i; k++)
			seen |= strcmp(routes[k].path, routes[i].path) == 0;
		if (!(routes[i].flags & R_API) || seen)
			continue;
		jw_key(j, routes[i].path);
		jw_object(j);
		for (size_t k = i; k < n_routes; k++)
			if (strcmp(routes[k].path, routes[i].path) == 0)
				operation(j, &routes[k]);
		jw_end_object(j);
	}
	jw_end_object(j);
}

int api_openapi(struct ctx *c, struct err *e)
{
	struct buf b;
	struct jw j;
	(void)e;
	buf_init(&b, OPENAPI_MAX);
	jw_init(&j, &b, false);
	jw_object(&j);
	jw_kz(&j, "openapi", "3.1.0");
	jw_key(&j, "info");
	jw_object(&j);
	jw_kz(&j, "title", "Sekisho");
	jw_kz(&j, "version", SEKISHO_VERSION);
	jw_end_object(&j);
	jw_key(&j, "security");
	jw_raw(&j, STR("[{\"token\":[]}]"));
	paths(&j);
	jw_key(&j, "components");
	jw_object(&j);
	jw_key(&j, "securitySchemes");
	jw_raw(&j, STR("{\"token\":{\"type\":\"http\",\"scheme\":\"bearer\"}}"));
	jw_key(&j, "schemas");
	jw_object(&j);
	for (size_t i = 0; i < c->world.ledgers->n; i++)
		ledger_schema(&j, c->world.ledgers->v[i]);
	jw_end_object(&j);
	jw_end_object(&j);
	jw_end_object(&j);
	int r = res_json(c, 200, &b);
	buf_release(&b);
	return r;
}

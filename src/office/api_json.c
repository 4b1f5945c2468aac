/* JSON of records, both ways (api.h). Reading is strict: duplicate keys, unknown fields and wrong types are refused. */
#include "office/api.h"

#include <jansson.h>

#include "core/proto.h"
#include "lib/date.h"

/* As the document of the API says (openapi.c, type_of). */
static bool is_number(const struct field *f)
{
	switch (f->type) {
	case FT_INTEGER: case FT_MONEY: case FT_PORT: case FT_FISCAL_YEAR:
	case FT_PERSON: case FT_SECTION: case FT_FILE:
		return true;
	default:
		return f->type == FT_REF && f->to.n <= 1;
	}
}

/* Digits with at most one point between them, as the store keeps a decimal. */
static bool is_decimal(struct str s)
{
	size_t digits = 0, points = 0;
	for (size_t i = s.n && s.p[0] == '-' ? 1 : 0; i < s.n; i++) {
		if (s.p[i] == '.' && digits && i + 1 < s.n)
			points++;
		else if (s.p[i] >= '0' && s.p[i] <= '9')
			digits++;
		else
			return false;
	}
	return digits && digits < 30 && points <= 1 && !(digits > 1 && s.p[s.p[0] == '-'] == '0' && s.p[1 + (s.p[0] == '-')] != '.');
}

static void put_plain(struct jw *j, const struct field *f, struct str text)
{
	int64_t n;
	if (!text.n)
		jw_null(j);
	else if (f && f->type == FT_BOOL)
		jw_bool(j, str_is(text, "1"));
	else if (f && is_number(f) && str_int(text, INT64_MIN, INT64_MAX, &n) == 0)
		jw_int(j, n);
	else if (f && f->type == FT_DECIMAL && is_decimal(text))
		jw_raw(j, text);
	else
		jw_str(j, text);
}

static void put_rows(struct jw *j, const struct field *f, const struct value *v)
{
	jw_array(j);
	for (size_t i = 0; i < v->n_rows; i++) {
		jw_object(j);
		for (size_t k = 0; k < v->rows[i].n; k++) {
			const struct cell *cell = &v->rows[i].cells[k];
			char name[100];
			snprintf(name, sizeof(name), "%.*s", STR_ARG(cell->name));
			jw_key(j, name);
			const struct field *col = field_column(f, cell->name);
			if (col && col->many)
				jw_raw(j, cell->text.n ? cell->text : STR("[]"));
			else
				put_plain(j, col, cell->text);
		}
		jw_end_object(j);
	}
	jw_end_array(j);
}

static void put_value(struct jw *j, const struct field *f, const struct value *v)
{
	if (f->type == FT_TABLE || f->type == FT_CHECKLIST) {
		put_rows(j, f, v);
	} else if (f->many) {
		jw_array(j);
		for (size_t i = 0; i < v->n_many; i++)
			put_plain(j, f, v->many[i]);
		jw_end_array(j);
	} else {
		put_plain(j, f, v->text);
	}
}

void api_put_record(struct ctx *c, struct jw *j, const struct record *r)
{
	char at[40];
	(void)c;
	jw_object(j);
	jw_kint(j, "id", r->id);
	jw_kstr(j, "number", r->number);
	jw_kstr(j, "title", r->title);
	jw_kstr(j, "state", r->state);
	jw_kint(j, "version", r->version);
	jw_kint(j, "section", r->section);
	jw_kint(j, "applicant", r->applicant);
	jw_kint(j, "owner", r->owner);
	instant_rfc3339(r->created_at, at, sizeof(at));
	jw_kz(j, "created_at", at);
	instant_rfc3339(r->updated_at, at, sizeof(at));
	jw_kz(j, "updated_at", at);
	jw_kz(j, "seal", !r->seal.n ? NULL : r->seal_broken ? "changed" : "match");
	jw_key(j, "fields");
	jw_object(j);
	for (size_t i = 0; i < r->values.n; i++) {
		const struct value *v = &r->values.v[i];
		const struct field *f = ledger_field(r->ledger, v->field);
		char name[100];
		if (!f)
			continue;
		snprintf(name, sizeof(name), "%.*s", STR_ARG(v->field));
		jw_key(j, name);
		put_value(j, f, v);
	}
	jw_end_object(j);
	jw_end_object(j);
}

static int read_plain(struct ctx *c, const char *name, json_t *v, struct str *ret, struct err *e)
{
	if (json_is_null(v))
		*ret = STR("");
	else if (json_is_boolean(v))
		*ret = json_is_true(v) ? STR("1") : STR("0");
	else if (json_is_integer(v))
		*ret = arena_strf(c->arena, "%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		*ret = arena_strf(c->arena, "%.17g", json_real_value(v));
	else if (json_is_string(v))
		*ret = arena_str(c->arena, str_n(json_string_value(v), json_string_length(v)));
	else
		return err_set(e, ERR_SYNTAX, _("The field \"%s\" has the wrong kind of value."), name);
	return 0;
}

static int read_row(struct ctx *c, const struct field *f, json_t *o, struct row *ret, struct err *e)
{
	const char *name;
	json_t *v;
	if (!json_is_object(o))
		return err_set(e, ERR_SYNTAX, _("The field \"%.*s\" takes a list of objects."), STR_ARG(f->name));
	ret->cells = arena_array(c->arena, json_object_size(o) + 1, sizeof(*ret->cells));
	json_object_foreach(o, name, v) {
		struct cell *cell = &ret->cells[ret->n++];
		cell->name = arena_str(c->arena, str_from(name));
		int r = 0;
		if (json_is_array(v)) {
			char *z = json_dumps(v, JSON_COMPACT);
			cell->text = arena_str(c->arena, str_from(z));
			free(z);
		} else {
			r = read_plain(c, name, v, &cell->text, e);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_value(struct ctx *c, const struct field *f, json_t *v, struct value *out, struct err *e)
{
	bool rows = f->type == FT_TABLE || f->type == FT_CHECKLIST;
	out->field = f->name;
	out->present = true;
	if (!rows && !f->many)
		return read_plain(c, arena_z(c->arena, f->name), v, &out->text, e);
	if (json_is_null(v))
		return 0;
	if (!json_is_array(v))
		return err_set(e, ERR_SYNTAX, _("The field \"%.*s\" takes a list."), STR_ARG(f->name));
	size_t n = json_array_size(v);
	out->rows = arena_array(c->arena, n + 1, sizeof(*out->rows));
	out->many = arena_array(c->arena, n + 1, sizeof(*out->many));
	int r = 0;
	for (size_t i = 0; i < n && r == 0; i++)
		r = rows ? read_row(c, f, json_array_get(v, i), &out->rows[out->n_rows++], e)
		         : read_plain(c, arena_z(c->arena, f->name), json_array_get(v, i), &out->many[out->n_many++], e);
	return r;
}

static int read_fields(struct ctx *c, const struct ledger *l, json_t *o, struct values *ret, struct err *e)
{
	const char *name;
	json_t *v;
	ret->v = arena_array(c->arena, json_object_size(o) + 1, sizeof(*ret->v));
	json_object_foreach(o, name, v) {
		const struct field *f = ledger_field(l, str_from(name));
		if (!f)
			return err_set(e, ERR_SYNTAX, _("Unknown field \"%s\"."), name);
		int r = read_value(c, f, v, &ret->v[ret->n++], e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_top(struct ctx *c, const struct ledger *l, json_t *o, struct api_body *ret, struct err *e)
{
	const char *name;
	json_t *v;
	if (!json_is_object(o))
		return err_set(e, ERR_SYNTAX, "%s", _("The body must be a JSON object."));
	json_object_foreach(o, name, v) {
		int r = 0;
		if (strcmp(name, "fields") == 0 && json_is_object(v))
			r = read_fields(c, l, v, &ret->values, e);
		else if (strcmp(name, "version") == 0 && json_is_integer(v))
			ret->version = json_integer_value(v);
		else if (strcmp(name, "note") == 0)
			r = read_plain(c, name, v, &ret->note, e);
		else
			r = err_set(e, ERR_SYNTAX, _("Unknown field \"%s\"."), name);
		if (r < 0)
			return r;
	}
	return 0;
}

int api_body_read(struct ctx *c, const struct ledger *l, struct api_body *ret, struct err *e)
{
	json_error_t je;
	*ret = (struct api_body){.version = -1, .note = STR_NONE};
	if (c->req->body_kind != BODY_JSON)
		return err_set(e, ERR_SYNTAX, "%s", _("Send application/json."));
	if (c->req->raw_body.n > API_BODY_MAX)
		return err_set(e, ERR_TOOBIG, "%s", _("The body is too large."));
	json_t *o = json_loadb(c->req->raw_body.p, c->req->raw_body.n, JSON_REJECT_DUPLICATES, &je);
	if (!o)
		return err_set(e, ERR_SYNTAX, _("JSON line %d, column %d: %s"), je.line, je.column, je.text);
	int r = read_top(c, l, o, ret, e);
	json_decref(o);
	return r;
}

int api_faults(struct ctx *c, const struct faults *f)
{
	struct buf b;
	struct jw j;
	buf_init(&b, 1u << 20);
	jw_init(&j, &b, false);
	jw_object(&j);
	jw_kz(&j, "error", "invalid");
	jw_kz(&j, "message", _("Please check what you entered"));
	jw_key(&j, "faults");
	jw_array(&j);
	for (size_t i = 0; i < f->n; i++) {
		jw_object(&j);
		jw_kstr(&j, "field", f->v[i].field);
		jw_kstr(&j, "message", f->v[i].text);
		jw_end_object(&j);
	}
	jw_end_array(&j);
	jw_end_object(&j);
	c->discard = true;
	int r = res_json(c, 422, &b);
	buf_release(&b);
	return r;
}

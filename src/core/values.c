#include "core/engine.h"
#include "lib/date.h"

bool field_is_stored(const struct field *f)
{
	return !f->computed.p;
}

bool field_is_person_ref(const struct field *f)
{
	return f->type == FT_PERSON || (f->type == FT_REF && f->to.n == 1 && str_is(f->to.v[0], "persons"));
}

size_t field_index(const struct ledger *l, const struct field *f)
{
	return (size_t)(f - l->fields);
}

const struct value *values_get(const struct values *vs, struct str field)
{
	for (size_t i = 0; vs && i < vs->n; i++)
		if (str_eq(vs->v[i].field, field))
			return &vs->v[i];
	return NULL;
}

bool value_empty(const struct value *v)
{
	return !v || !v->present || (!v->text.n && !v->n_many && !v->n_rows);
}

struct str row_cell(const struct row *r, struct str name)
{
	for (size_t i = 0; i < r->n; i++)
		if (str_eq(r->cells[i].name, name))
			return r->cells[i].text;
	return STR_NONE;
}

static bool rows_same(const struct row *a, const struct row *b)
{
	/* An empty cell and an absent one are the same. */
	for (size_t i = 0; i < a->n; i++)
		if (!str_eq(a->cells[i].text, row_cell(b, a->cells[i].name)))
			return false;
	for (size_t i = 0; i < b->n; i++)
		if (!str_eq(b->cells[i].text, row_cell(a, b->cells[i].name)))
			return false;
	return true;
}

bool value_same(const struct value *a, const struct value *b)
{
	if (value_empty(a) || value_empty(b))
		return value_empty(a) && value_empty(b);
	if (!str_eq(a->text, b->text) || a->n_many != b->n_many || a->n_rows != b->n_rows)
		return false;
	for (size_t i = 0; i < a->n_many; i++)
		if (!str_eq(a->many[i], b->many[i]))
			return false;
	for (size_t i = 0; i < a->n_rows; i++)
		if (!rows_same(&a->rows[i], &b->rows[i]))
			return false;
	return true;
}

struct value *values_new(struct arena *a, const struct ledger *l)
{
	struct value *v = arena_array(a, l->n_fields ? l->n_fields : 1, sizeof *v);
	for (size_t i = 0; v && i < l->n_fields; i++)
		v[i].field = l->fields[i].name;
	return v;
}

struct str exact_to_text(struct arena *a, enum field_type t, struct str exact)
{
	int64_t us;
	char text[40];
	if (t != FT_DATETIME || exact.n < 2 || exact.p[0] != '@')
		return exact;
	if (str_int(str_slice(exact, 1, exact.n), INT64_MIN, INT64_MAX, &us) < 0)
		return exact;
	instant_format(us, text, sizeof text);
	for (char *p = text; *p; p++)
		if (*p == ' ')
			*p = 'T';
	return arena_str(a, str_from(text));
}

/* Type of a cell of a row: a declared column, or what a checklist always has. */
static enum field_type cell_type(const struct field *f, struct str name)
{
	const struct field *c = field_column(f, name);
	if (c)
		return c->type;
	return f->type == FT_CHECKLIST && str_is(name, "at") ? FT_DATETIME : FT_TEXT;
}

struct value value_outside(struct arena *a, const struct field *f, const struct value *v)
{
	struct value out = *v;
	out.text = exact_to_text(a, f->type, v->text);
	if (f->type == FT_DATETIME && v->n_many) {
		out.many = arena_array(a, v->n_many, sizeof *out.many);
		for (size_t i = 0; out.many && i < v->n_many; i++)
			out.many[i] = exact_to_text(a, f->type, v->many[i]);
	}
	if (v->n_rows) {
		out.rows = arena_array(a, v->n_rows, sizeof *out.rows);
		for (size_t i = 0; out.rows && i < v->n_rows; i++) {
			out.rows[i].n = v->rows[i].n;
			out.rows[i].cells = arena_array(a, v->rows[i].n, sizeof *out.rows[i].cells);
			for (size_t k = 0; out.rows[i].cells && k < v->rows[i].n; k++) {
				out.rows[i].cells[k].name = v->rows[i].cells[k].name;
				out.rows[i].cells[k].text = exact_to_text(a, cell_type(f, v->rows[i].cells[k].name),
				                                          v->rows[i].cells[k].text);
			}
		}
	}
	return out;
}

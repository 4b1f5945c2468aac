/* Cells of an imported CSV as values of fields: keys of records become ids, lists and rows are taken apart. */
#include "core/import.h"

#include <jansson.h>

#include "core/ledger_keys.h"
#include "lib/i18n.h"

static bool names_own_ledger(const struct ledger *l, const struct field *f)
{
	if (f->type == FT_PERSON || f->type == FT_SECTION)
		return str_is(l->name, f->type == FT_PERSON ? "persons" : "org-units");
	for (size_t i = 0; i < f->to.n; i++)
		if (str_eq(f->to.v[i], l->name))
			return true;
	return false;
}

static bool key_or_fault(struct import *im, const struct field *f, struct str path, struct str key, struct str *ret)
{
	if (key_read(&im->j, f, key, ret))
		return true;
	im->waits |= names_own_ledger(im->j.l, f);
	fault_add(&im->j, path, _("Nothing is called %.*s"), STR_ARG(key));
	return false;
}

static struct str json_text(struct arena *a, const json_t *v)
{
	if (json_is_string(v))
		return str_n(json_string_value(v), json_string_length(v));
	if (json_is_integer(v))
		return arena_strf(a, "%lld", (long long)json_integer_value(v));
	if (json_is_real(v))
		return arena_strf(a, "%.15g", json_real_value(v));
	if (json_is_boolean(v))
		return json_is_true(v) ? STR("1") : STR("0");
	return STR_NONE;
}

/* A cell of a row that is a list: keys become ids, the rest stays. */
static struct str list_cell(struct import *im, const struct field *c, struct str path, const json_t *list)
{
	json_t *out = json_array();
	size_t i;
	json_t *item;
	struct field one = *c;
	one.many = false;
	json_array_foreach(list, i, item) {
		struct str id;
		if (key_or_fault(im, &one, path, json_text(im->j.a, item), &id))
			json_array_append_new(out, json_stringn(id.p ? id.p : "", id.n));
	}
	char *text = json_dumps(out, JSON_COMPACT);
	struct str s = arena_str(im->j.a, str_from(text));
	free(text);
	json_decref(out);
	return s;
}

static void rows_value(struct import *im, const struct field *f, struct str cell, struct value *v)
{
	json_t *list = json_loadb(cell.p ? cell.p : "", cell.n, JSON_REJECT_DUPLICATES, NULL), *row, *item;
	size_t i;
	const char *name;
	if (!json_is_array(list) || json_array_size(list) > ROWS_MAX) {
		fault_add(&im->j, f->name, "%s", _("Rows are written as a JSON array of objects"));
		json_decref(list);
		return;
	}
	v->rows = arena_array(im->j.a, json_array_size(list) + 1, sizeof *v->rows);
	json_array_foreach(list, i, row) {
		struct row *r = v->rows ? &v->rows[v->n_rows++] : NULL;
		if (!r)
			break;
		r->cells = arena_array(im->j.a, json_object_size(row) + 1, sizeof *r->cells);
		json_object_foreach(row, name, item) {
			const struct field *c = field_column(f, str_from(name));
			struct str path = arena_strf(im->j.a, "%.*s.%zu.%s", STR_ARG(f->name), i, name),
			                  text = arena_str(im->j.a, json_text(im->j.a, item));
			if (c && json_is_array(item))
				text = list_cell(im, c, path, item);
			else if (c && !c->many && !key_or_fault(im, c, path, text, &text))
				continue;
			if (!c && !(f->type == FT_CHECKLIST &&
			            (!strcmp(name, "item") || !strcmp(name, "answer") || !strcmp(name, "note"))))
				fault_add(&im->j, path, "%s", _("There is no such field"));
			else if (r->cells)
				r->cells[r->n++] = (struct cell){str_from(arena_strdup(im->j.a, name)), text};
		}
	}
	json_decref(list);
}

static void many_value(struct import *im, const struct field *f, struct str cell, struct value *v)
{
	json_t *list = cell.n && cell.p[0] == '[' ? json_loadb(cell.p, cell.n, 0, NULL) : NULL;
	struct str rest = cell;
	v->many = arena_array(im->j.a, MANY_MAX + 1, sizeof *v->many);
	for (size_t i = 0; v->many && (list ? i < json_array_size(list) : rest.n > 0); i++) {
		struct str part, id;
		if (list) {
			part = arena_str(im->j.a, json_text(im->j.a, json_array_get(list, i)));
		} else {
			size_t end = 0;
			while (end < rest.n && rest.p[end] != ';' && rest.p[end] != '\n')
				end++;
			part = str_trim(str_n(rest.p, end));
			rest = str_slice(rest, end + 1, rest.n);
		}
		if (v->n_many == MANY_MAX) {
			fault_add(&im->j, f->name, _("At most %d entries"), MANY_MAX);
			break;
		}
		if (part.n && key_or_fault(im, f, f->name, part, &id))
			v->many[v->n_many++] = id;
	}
	json_decref(list);
}

static void cell_value(struct import *im, const struct field *f, struct str cell, struct value *v)
{
	*v = (struct value){.field = f->name, .present = true};
	if (!cell.n)
		return;
	if (f->type == FT_TABLE || f->type == FT_CHECKLIST)
		rows_value(im, f, cell, v);
	else if (f->many)
		many_value(im, f, cell, v);
	else if (!key_or_fault(im, f, f->name, cell, &v->text))
		v->present = false;
}

void import_row_values(struct import *im, const struct line *row, struct typed_row *ret)
{
	static const struct field person = {.type = FT_PERSON};
	struct job *j = &im->j;
	*ret = (struct typed_row){.values.v = arena_array(j->a, im->n_columns + 1, sizeof *ret->values.v)};
	for (size_t i = 0; ret->values.v && i < im->n_columns; i++) {
		struct str cell = i < row->n ? str_trim(csv_undefuse(row->cells[i])) : STR_NONE, id;
		int64_t n;
		switch (im->columns[i]) {
		case COL_NUMBER:
			ret->given.number = cell;
			break;
		case COL_STATE:
			ret->given.state = cell;
			break;
		case COL_CREATED_ON:
			ret->given.created_on = cell;
			break;
		case COL_APPLICANT:
			if (cell.n && key_or_fault(im, &person, STR("applicant"), cell, &id) && str_int(id, 1, INT64_MAX, &n) == 0)
				ret->given.applicant = n;
			break;
		default:
			if (csv_field(&j->l->fields[im->columns[i]]))
				cell_value(im, &j->l->fields[im->columns[i]], cell, &ret->values.v[ret->values.n++]);
		}
	}
}

/* Inputs of ledger forms (input.h). */
#include "office/input.h"

#include <jansson.h>

#include "lib/date.h"
#include "office/form.h"

#define SMALL_LIST 60
#define FOUND_LIST 20
#define OFFERED_LIST 8

struct shown {                                       /* what an input holds, whatever it stands in */
	struct str name, text;
	const struct str *many;
	size_t n_many;
	bool required, locked, bare;
	struct str min, max;
};

struct str fault_text(const struct faults *faults, struct str path)
{
	for (size_t i = 0; faults && i < faults->n; i++)
		if (str_eq(faults->v[i].field, path))
			return faults->v[i].text;
	return STR_NONE;
}

struct str file_size_text(struct arena *a, int64_t bytes)
{
	if (bytes < 1024)
		return arena_strf(a, "%lld B", (long long)bytes);
	if (bytes < 1024 * 1024)
		return arena_strf(a, "%lld KB", (long long)((bytes + 1023) / 1024));
	return arena_strf(a, "%.1f MB", (double)bytes / 1048576.0);
}

static bool has_word(struct str expr, struct str word)
{
	for (size_t i = 0; word.n && i + word.n <= expr.n; i++) {
		if (memcmp(expr.p + i, word.p, word.n) != 0)
			continue;
		char before = i ? expr.p[i - 1] : ' ', after = i + word.n < expr.n ? expr.p[i + word.n] : ' ';
		bool joined = before == '_' || after == '_' || (before >= 'a' && before <= 'z') ||
		              (after >= 'a' && after <= 'z') || (after >= '0' && after <= '9') || before == '\'';
		if (!joined)
			return true;
	}
	return false;
}

/* Do other fields appear by this one? */
static bool steers(const struct ledger *l, struct str name)
{
	for (size_t i = 0; i < l->n_fields; i++)
		if (has_word(l->fields[i].when, name))
			return true;
	for (size_t i = 0; i < l->n_heads; i++)
		if (has_word(l->heads[i].when, name))
			return true;
	return false;
}

static bool holds(const struct shown *s, struct str value)
{
	if (str_eq(s->text, value))
		return value.n > 0;
	for (size_t i = 0; i < s->n_many; i++)
		if (str_eq(s->many[i], value))
			return true;
	return false;
}

static void fill_choices(struct ctx *c, const struct field *f, const struct shown *s, struct tpl_input *out)
{
	struct tpl_input_options *v = arena_array(c->arena, f->n_of + 1, sizeof(*v));
	for (size_t i = 0; i < f->n_of; i++)
		v[i] = (struct tpl_input_options){f->of[i].code, label_text(&f->of[i].label), holds(s, f->of[i].code)};
	out->kind = f->many ? STR("checks") : STR("choice");
	out->options = v;
	out->n_options = f->n_of;
}

/* Short closed lists (roles, levels, zones): all of them at once. */
static int fill_small(struct ctx *c, const struct field *f, const struct shown *s, struct tpl_input *out, struct err *e)
{
	struct pick *picks;
	size_t n;
	int r = field_picks(&c->world, c->arena, &c->actor, f, STR_NONE, SMALL_LIST, &picks, &n, e);
	if (r < 0)
		return r;
	struct tpl_input_options *v = arena_array(c->arena, n + 1, sizeof(*v));
	for (size_t i = 0; i < n; i++)
		v[i] = (struct tpl_input_options){picks[i].value, picks[i].label, holds(s, picks[i].value)};
	out->kind = f->many ? STR("checks") : STR("choice");
	out->options = v;
	out->n_options = n;
	return 0;
}

static void fill_picked(struct ctx *c, const struct field *f, const struct shown *s, struct tpl_input *out)
{
	size_t n = f->many ? s->n_many : s->text.n > 0;
	struct tpl_input_picked *v = arena_array(c->arena, n + 1, sizeof(*v));
	for (size_t i = 0; i < n; i++) {
		struct str value = f->many ? s->many[i] : s->text;
		v[i] = (struct tpl_input_picked){value, value_display(&c->world, c->arena, &c->actor, f, value)};
	}
	out->picked = v;
	out->n_picked = n;
}

static int fill_ref(struct ctx *c, const struct field *f, const struct shown *s, struct tpl_input *out, struct err *e)
{
	struct pick *picks;
	size_t n = 0, kept = 0;
	out->kind = f->many ? STR("refs") : STR("ref");
	fill_picked(c, f, s, out);
	out->searched = form_search(c, s->name);
	if (s->locked || (!out->searched.n && out->n_picked))
		return 0;
	int r = field_picks(&c->world, c->arena, &c->actor, f, out->searched.n ? out->searched : STR_NONE, FOUND_LIST + 1,
	                    &picks, &n, e);
	if (r < 0)
		return r;
	if (!s->required && !out->searched.n && n > OFFERED_LIST)
		return 0; /* a long list that may be left out is only in the way: the search box finds */
	struct tpl_input_options *v = arena_array(c->arena, n + 1, sizeof(*v));
	for (size_t i = 0; i < n && kept < FOUND_LIST; i++)
		if (!holds(s, picks[i].value))
			v[kept++] = (struct tpl_input_options){picks[i].value, picks[i].label, false};
	out->options = v;
	out->n_options = kept;
	out->more = n > FOUND_LIST;
	return 0;
}

static int fill_files(struct ctx *c, const struct field *f, const struct shown *s, struct tpl_input *out, struct err *e)
{
	size_t n = f->many ? s->n_many : s->text.n > 0;
	struct tpl_input_files *v = arena_array(c->arena, n + 1, sizeof(*v));
	out->kind = STR("file");
	for (size_t i = 0; i < n; i++) {
		struct str id = f->many ? s->many[i] : s->text;
		struct attachment at;
		int64_t k;
		if (str_int(id, 1, INT64_MAX, &k) < 0 || attachment_get(c, k, &at, e) < 0)
			continue;
		v[out->n_files++] = (struct tpl_input_files){id, at.name, file_size_text(c->arena, at.size),
		                                             arena_strf(c->arena, "/attachments/%.*s", STR_ARG(id))};
	}
	out->files = v;
	return 0;
}

static void fill_text(const struct field *f, const struct shown *s, struct tpl_input *out)
{
	static const struct { enum field_type type; const char *kind, *html, *step; } table[] = {
		{FT_LONGTEXT, "longtext", "", ""}, {FT_INTEGER, "number", "", "1"}, {FT_MONEY, "number", "", "1"}, {FT_PORT, "number", "", "1"},
		{FT_FISCAL_YEAR, "number", "", "1"}, {FT_DECIMAL, "number", "", "any"}, {FT_DATE, "date", "", ""}, {FT_DATETIME, "datetime", "", ""},
		{FT_URL, "text", "url", ""}, {FT_EMAIL, "text", "email", ""}, {FT_PHONE, "text", "tel", ""},
	};
	int64_t n;
	out->kind = STR("text");
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].type == f->type) {
			out->kind = str_from(table[i].kind);
			out->type = str_from(table[i].html);
			out->step = str_from(table[i].step);
		}
	bool texty = f->type == FT_TEXT || f->type == FT_LONGTEXT;
	if (texty && str_int(s->max, 1, 100000, &n) == 0)
		out->length = n;
	else if (!texty) {
		out->min = s->min;
		out->max = s->max;
	}
	out->value = s->text;
	out->hint = label_text(&f->placeholder);
}

static int fill_plain(struct ctx *c, const struct field *f, const struct shown *s, struct tpl_input *out, struct err *e)
{
	out->name = s->name;
	out->label = label_text(&f->label);
	out->help = label_text(&f->help);
	out->required = s->required;
	out->locked = s->locked;
	out->bare = s->bare;
	out->value = s->text;
	switch (f->type) {
	case FT_CHOICE:
		fill_choices(c, f, s, out);
		return 0;
	case FT_ROLE: case FT_CLASSIFICATION: case FT_ZONE:
		return fill_small(c, f, s, out, e);
	case FT_PERSON: case FT_SECTION: case FT_POST: case FT_CLAUSE: case FT_CONTROL: case FT_REF:
		return fill_ref(c, f, s, out, e);
	case FT_FILE:
		return fill_files(c, f, s, out, e);
	case FT_BOOL:
		out->kind = STR("bool");
		return 0;
	default:
		fill_text(f, s, out);
		return 0;
	}
}

/* The texts of a `many` column: a JSON array in the cell. */
static void cell_many(struct ctx *c, struct str text, struct shown *s)
{
	json_error_t je;
	json_t *list = text.n ? json_loadb(text.p, text.n, 0, &je) : NULL;
	size_t n = json_array_size(list);
	struct str *v = arena_array(c->arena, n + 1, sizeof(*v));
	for (size_t i = 0; i < n; i++) {
		const char *z = json_string_value(json_array_get(list, i));
		v[s->n_many++] = arena_str(c->arena, str_from(z ? z : ""));
	}
	s->many = v;
	json_decref(list);
}

static struct str cell_text(const struct row *row, struct str name)
{
	for (size_t i = 0; row && i < row->n; i++)
		if (str_eq(row->cells[i].name, name))
			return row->cells[i].text;
	return STR("");
}

static int fill_cells(struct ctx *c, const struct field *f, struct str prefix, const struct row *row, bool locked,
                      const struct faults *faults, const struct tpl_input **ret, size_t *ret_n, struct err *e)
{
	struct tpl_input *v = arena_array(c->arena, f->n_columns + 1, sizeof(*v));
	for (size_t k = 0; k < f->n_columns; k++) {
		const struct field *col = &f->columns[k];
		struct shown s = {.name = arena_strf(c->arena, "%.*s.%.*s", STR_ARG(prefix), STR_ARG(col->name)),
		                  .text = cell_text(row, col->name), .locked = locked || col->computed.n, .min = col->min,
		                  .max = col->max};
		s.required = col->required;
		if (col->many) {
			cell_many(c, s.text, &s);
			s.text = STR("");
		}
		int r = fill_plain(c, col, &s, &v[k], e);
		if (r < 0)
			return r;
		v[k].error = fault_text(faults, s.name);
	}
	*ret = v;
	*ret_n = f->n_columns;
	return 0;
}

static int fill_table(struct ctx *c, const struct form_item *it, const struct faults *faults, struct tpl_input *out,
                      struct err *e)
{
	const struct field *f = it->field;
	size_t n = it->value->n_rows;
	struct tpl_input_columns *cols = arena_array(c->arena, f->n_columns + 1, sizeof(*cols));
	struct tpl_input_rows *rows = arena_array(c->arena, n + 1, sizeof(*rows));
	out->kind = STR("table");
	for (size_t k = 0; k < f->n_columns; k++)
		cols[k] = (struct tpl_input_columns){label_text(&f->columns[k].label), f->columns[k].required};
	for (size_t i = 0; i < n; i++) {
		struct str prefix = arena_strf(c->arena, "%.*s.%zu", STR_ARG(f->name), i);
		rows[i].no = (int64_t)i + 1;
		rows[i].drop = arena_strf(c->arena, "%.*s.drop", STR_ARG(prefix));
		int r = fill_cells(c, f, prefix, &it->value->rows[i], !it->editable, faults, &rows[i].cells, &rows[i].n_cells,
		                   e);
		if (r < 0)
			return r;
	}
	out->columns = cols;
	out->n_columns = f->n_columns;
	out->rows = rows;
	out->n_rows = n;
	return 0;
}

static const struct row *row_of_item(const struct value *v, struct str item)
{
	for (size_t i = 0; i < v->n_rows; i++)
		if (str_eq(cell_text(&v->rows[i], STR("item")), item))
			return &v->rows[i];
	return NULL;
}

static int fill_item(struct ctx *c, const struct form_item *it, struct str code, struct str label,
                     const struct faults *faults, struct tpl_input_items *out, struct err *e)
{
	const struct row *row = row_of_item(it->value, code);
	out->name = arena_strf(c->arena, "%.*s.%.*s", STR_ARG(it->field->name), STR_ARG(code));
	out->label = label;
	out->answer = cell_text(row, STR("answer"));
	out->note = cell_text(row, STR("note"));
	return fill_cells(c, it->field, out->name, row, !it->editable, faults, &out->cells, &out->n_cells, e);
}

/* The items are the definition's own, or (items-from) those the engine put into the rows. */
static int fill_checklist(struct ctx *c, const struct form_item *it, const struct faults *faults, struct tpl_input *out,
                          struct err *e)
{
	const struct field *f = it->field;
	size_t n = f->n_of ? f->n_of : it->value->n_rows;
	struct tpl_input_items *v = arena_array(c->arena, n + 1, sizeof(*v));
	out->kind = STR("checklist");
	for (size_t i = 0; i < n; i++) {
		struct str code = f->n_of ? f->of[i].code : cell_text(&it->value->rows[i], STR("item"));
		int r = fill_item(c, it, code, f->n_of ? label_text(&f->of[i].label) : code, faults, &v[i], e);
		if (r < 0)
			return r;
	}
	out->items = v;
	out->n_items = n;
	return 0;
}

int input_fill(struct ctx *c, const struct ledger *l, const struct form_item *it, const struct faults *faults,
               struct tpl_input *out, struct err *e)
{
	const struct field *f = it->field;
	struct shown s = {.name = f->name, .text = it->value->text, .many = it->value->many, .n_many = it->value->n_many,
	                  .required = it->required, .locked = !it->editable, .min = it->min.n ? it->min : f->min,
	                  .max = it->max.n ? it->max : f->max};
	int r = fill_plain(c, f, &s, out, e);
	if (r < 0)
		return r;
	out->error = fault_text(faults, f->name);
	if (f->type == FT_TABLE)
		return fill_table(c, it, faults, out, e);
	if (f->type == FT_CHECKLIST)
		return fill_checklist(c, it, faults, out, e);
	if (f->many && (str_is(out->kind, "text") || str_is(out->kind, "longtext"))) {
		out->kind = STR("longtext"); /* one line each */
		struct buf b;
		buf_init(&b, 1u << 20);
		for (size_t i = 0; i < s.n_many; i++) {
			buf_str(&b, s.many[i]);
			buf_putc(&b, '\n');
		}
		out->value = arena_str(c->arena, buf_view(&b));
		buf_release(&b);
	}
	out->steers = steers(l, f->name);
	if (!it->editable && (f->computed.n || str_is(out->kind, "text") || str_is(out->kind, "longtext"))) {
		out->kind = STR("shown");
		out->value = f->many ? out->value : value_display(&c->world, c->arena, &c->actor, f, s.text);
	}
	return 0;
}

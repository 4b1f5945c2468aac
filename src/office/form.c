/* Reads what a ledger form sent (form.h). */
#include "office/form.h"

#include "lib/json.h"

static struct value *value_of(struct ctx *c, struct values *vs, const struct field *f)
{
	for (size_t i = 0; i < vs->n; i++)
		if (str_eq(vs->v[i].field, f->name))
			return &vs->v[i];
	struct value *v = &vs->v[vs->n++];
	*v = (struct value){.field = f->name, .present = true};
	if (f->many)
		v->many = arena_array(c->arena, c->req->n_fields + c->req->n_files + 1, sizeof(*v->many));
	if (f->type == FT_TABLE || f->type == FT_CHECKLIST)
		v->rows = arena_array(c->arena, FORM_ROWS_MAX, sizeof(*v->rows));
	return v;
}

static struct cell *cell_of(struct ctx *c, struct row *row, struct str name, size_t columns)
{
	if (!row)
		return NULL;
	if (!row->cells)
		row->cells = arena_array(c->arena, columns, sizeof(*row->cells));
	for (size_t i = 0; i < row->n; i++)
		if (str_eq(row->cells[i].name, name))
			return &row->cells[i];
	if (!row->cells || row->n == columns)
		return NULL;
	row->cells[row->n].name = name;
	return &row->cells[row->n++];
}

/* A `many` column collects its texts in a JSON array. */
static void cell_add(struct ctx *c, struct cell *cell, struct str text)
{
	struct buf b;
	struct jw j;
	if (!text.n)
		return;
	buf_init(&b, 65536);
	jw_init(&j, &b, false);
	jw_str(&j, text);
	struct str one = buf_view(&b);
	cell->text = cell->text.n ? arena_strf(c->arena, "%.*s,%.*s]", (int)cell->text.n - 1, cell->text.p, STR_ARG(one))
	                          : arena_strf(c->arena, "[%.*s]", STR_ARG(one));
	buf_release(&b);
}

static int unknown(struct err *e, struct str name)
{
	return err_set(e, ERR_SYNTAX, _("Unknown field \"%.*s\"."), (int)(name.n > 60 ? 60 : name.n), name.p);
}

static int read_table(struct ctx *c, struct value *v, const struct field *f, struct str path, struct str text,
                      struct err *e)
{
	struct str rest = path;
	struct str number = str_cut(&rest, '.');
	const struct field *col = field_column(f, rest);
	int64_t row;
	if (str_int(number, 0, FORM_ROWS_MAX - 1, &row) < 0 || !col)
		return unknown(e, path);
	if ((size_t)row >= v->n_rows)
		v->n_rows = (size_t)row + 1;
	struct cell *cell = cell_of(c, &v->rows[row], col->name, f->n_columns);
	if (!cell)
		return unknown(e, path);
	if (col->many)
		cell_add(c, cell, text);
	else
		cell->text = text;
	return 0;
}

static int read_checklist(struct ctx *c, struct value *v, const struct field *f, struct str path, struct str text,
                          struct err *e)
{
	struct str rest = path;
	struct str item = str_cut(&rest, '.');
	bool base = str_is(rest, "answer") || str_is(rest, "note");
	size_t i = 0;
	if (!item.n || item.n > 200 || (!base && !field_column(f, rest)))
		return unknown(e, path);
	for (; i < v->n_rows; i++)
		if (str_eq(v->rows[i].cells[0].text, item))
			break;
	if (i == FORM_ROWS_MAX)
		return err_set(e, ERR_TOOBIG, "%s", _("Too many rows."));
	struct row *row = &v->rows[i];
	if (i == v->n_rows) {
		v->n_rows++;
		cell_of(c, row, STR("item"), f->n_columns + 3)->text = item;
	}
	struct cell *cell = cell_of(c, row, rest, f->n_columns + 3);
	if (cell)
		cell->text = text;
	return 0;
}

/* `many` of a text-like type is typed one a line. */
static bool lines_of(const struct field *f)
{
	switch (f->type) {
	case FT_CHOICE: case FT_ROLE: case FT_CLASSIFICATION: case FT_ZONE: case FT_PERSON: case FT_SECTION: case FT_POST: case FT_CLAUSE:
	case FT_CONTROL: case FT_REF: case FT_FILE:
		return false;
	default:
		return true;
	}
}

static void read_lines(struct ctx *c, struct value *v, struct str text)
{
	size_t n = 1;
	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	v->many = arena_array(c->arena, n, sizeof(*v->many));
	v->n_many = 0;
	for (struct str rest = text; rest.n;) {
		struct str line = str_trim(str_cut(&rest, '\n'));
		if (line.n)
			v->many[v->n_many++] = line;
	}
}

static int read_input(struct ctx *c, const struct ledger *l, struct values *vs, struct str name, struct str text,
                      struct err *e)
{
	struct str rest = name;
	const struct field *f = ledger_field(l, str_cut(&rest, '.'));
	if (!f)
		return unknown(e, name);
	struct value *v = value_of(c, vs, f);
	if (f->type == FT_TABLE)
		return rest.n ? read_table(c, v, f, rest, text, e) : unknown(e, name);
	if (f->type == FT_CHECKLIST)
		return rest.n ? read_checklist(c, v, f, rest, text, e) : unknown(e, name);
	if (rest.p)
		return unknown(e, name);
	if (!f->many)
		v->text = text;
	else if (lines_of(f))
		read_lines(c, v, text);
	else if (text.n && v->many)
		v->many[v->n_many++] = text;
	return 0;
}

/* do=save, do=find:NAME, do=add:NAME, do=refresh:NAME */
static void read_button(struct form_in *in, struct str text)
{
	struct str rest = text;
	struct str kind = str_cut(&rest, ':');
	in->save = str_is(kind, "save");
	in->add_row = str_is(kind, "add");
	in->field = rest;
}

static bool control(struct form_in *in, struct str name, struct str text)
{
	if (str_is(name, "version")) {
		if (str_int(text, 0, INT64_MAX, &in->version) < 0)
			in->version = -1;
	} else if (str_is(name, "note")) {
		in->note = text;
	} else if (str_is(name, "do")) {
		read_button(in, text);
	} else {
		return str_is(name, "csrf") || str_is(name, "action") || str_starts(name, "find.");
	}
	return true;
}

static void add_file(struct ctx *c, struct values *vs, const struct field *f, struct str id)
{
	struct value *v = value_of(c, vs, f);
	if (f->many && v->many)
		v->many[v->n_many++] = id;
	else if (!f->many)
		v->text = id;
}

static bool row_filled(const struct row *row)
{
	for (size_t k = 0; k < row->n; k++)
		if (row->cells[k].text.n)
			return true;
	return false;
}

/* Rows ticked to be taken out go; rows whose cells are all empty were only offered and go when the form is saved. */
static void tidy_rows(struct ctx *c, const struct field *f, struct value *v, bool save)
{
	size_t kept = 0;
	for (size_t i = 0; i < v->n_rows; i++) {
		struct str drop = req_field(c, arena_printf(c->arena, "%.*s.%zu.drop", STR_ARG(f->name), i));
		if (!drop.n && (!save || row_filled(&v->rows[i])))
			v->rows[kept++] = v->rows[i];
	}
	v->n_rows = kept;
}

static int read_files(struct ctx *c, const struct ledger *l, struct values *vs, struct err *e)
{
	for (size_t i = 0; i < c->req->n_files; i++) {
		const struct upload *u = &c->req->files[i];
		const struct field *f = ledger_field(l, u->field);
		int64_t id;
		if (!u->name.n && !u->size)
			continue;
		if (!f || f->type != FT_FILE)
			return unknown(e, u->field);
		int r = attachment_store(c, u, &id, e);
		if (r < 0)
			return r;
		add_file(c, vs, f, arena_strf(c->arena, "%lld", (long long)id));
	}
	return 0;
}

static int read_has(struct ctx *c, const struct ledger *l, struct values *vs, struct str name, struct err *e)
{
	struct str rest = name;
	const struct field *f = ledger_field(l, str_cut(&rest, '.'));
	if (!f)
		return unknown(e, name);
	value_of(c, vs, f); /* a cell's own `has` says no more: its row came with other cells or not at all */
	return 0;
}

int form_read(struct ctx *c, const struct ledger *l, struct form_in *ret, struct err *e)
{
	*ret = (struct form_in){.version = -1, .save = true};
	ret->values.v = arena_array(c->arena, l->n_fields + 1, sizeof(*ret->values.v));
	for (size_t i = 0; i < c->req->n_fields; i++) {
		struct str name = c->req->fields[i].name, text = c->req->fields[i].value;
		if (control(ret, name, text) || str_ends(name, ".drop"))
			continue;
		int r = str_is(name, "has") ? read_has(c, l, &ret->values, text, e)
		        : read_input(c, l, &ret->values, name, text, e);
		if (r < 0)
			return r;
	}
	int r = read_files(c, l, &ret->values, e);
	for (size_t i = 0; i < ret->values.n && r == 0; i++) {
		const struct field *f = ledger_field(l, ret->values.v[i].field);
		struct value *v = &ret->values.v[i];
		if (f->type == FT_TABLE)
			tidy_rows(c, f, v, ret->save);
		if (ret->add_row && f->type == FT_TABLE && str_eq(ret->field, f->name) && v->rows && v->n_rows < FORM_ROWS_MAX)
			v->rows[v->n_rows++] = (struct row){0};
	}
	return r;
}

static bool same_set(const struct value *a, const struct value *b)
{
	size_t found = 0;
	for (size_t i = 0; i < a->n_many; i++)
		for (size_t k = 0; k < b->n_many; k++)
			found += str_eq(a->many[i], b->many[k]);
	return a->n_many == b->n_many && found == a->n_many;
}

void form_keep(const struct ledger *l, const struct values *was, struct form_in *in)
{
	for (size_t i = 0; i < in->values.n; i++) {
		struct value *v = &in->values.v[i];
		const struct field *f = ledger_field(l, v->field);
		const struct value *old = values_get(was, v->field);
		if (!f || !old)
			continue;
		if (f->type == FT_BOOL && !v->text.n && str_is(old->text, "0"))
			v->text = old->text;
		else if (f->many && !lines_of(f) && same_set(v, old))
			v->many = old->many;
	}
}

struct str form_search(const struct ctx *c, struct str field)
{
	for (size_t i = 0; i < c->req->n_fields; i++) {
		struct str name = c->req->fields[i].name;
		if (str_starts(name, "find.") && str_eq(str_slice(name, 5, name.n), field))
			return c->req->fields[i].value;
	}
	return STR_NONE;
}

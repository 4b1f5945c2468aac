/* Tables and indexes of a ledger.
 *
 * `required` makes no NOT NULL: a draft is saved unfinished, and a field may be demanded only under its `when`; the
 * record engine demands it when the record is made or moves on. Codes of choices are kept by triggers, not by CHECK: a
 * list that changes then costs no new table, and a code that left the list stays readable in old rows. */
#include "core/ledger_sql.h"

#include <string.h>

#include "core/ledger_ddl.h"

/* SQL storage class of a field, "TEXT" and so on. */
static const char *field_sql_type(const struct field *f)
{
	switch (f->type) {
	case FT_INTEGER: case FT_MONEY: case FT_BOOL: case FT_DATETIME: case FT_PERSON: case FT_SECTION: case FT_REF:
	case FT_FILE: case FT_PORT: case FT_FISCAL_YEAR:
		return "INTEGER";
	case FT_DECIMAL:
		return "REAL";
	case FT_TEXT: case FT_LONGTEXT: case FT_DATE: case FT_DURATION: case FT_CHOICE: case FT_POST: case FT_ROLE:
	case FT_CLAUSE: case FT_CONTROL: case FT_URL: case FT_EMAIL: case FT_PHONE: case FT_IP: case FT_CIDR: case FT_MAC:
	case FT_HASH: case FT_CLASSIFICATION: case FT_ZONE: case FT_CHECKLIST: case FT_TABLE: case FT_COUNT_:
		break;
	}
	return "TEXT";
}

bool field_has_kind(const struct field *f)
{
	return f->type == FT_REF && f->to.n > 1;
}

void put_text(struct buf *out, struct str s)
{
	buf_putc(out, '\'');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\'')
			buf_putc(out, '\'');
		buf_putc(out, s.p[i]);
	}
	buf_putc(out, '\'');
}

/* ---- columns ---- */

struct maker {
	struct arena *a;
	const struct ledgers *all;
	struct table_def *t;
	size_t cap;
};

static struct column *add(struct maker *m, struct str name, const char *type, struct str tail)
{
	static struct column lost;                       /* only when memory is out, which ledger_tables reports */
	struct column *c = m->t->n < m->cap ? &m->t->v[m->t->n++] : &lost;

	*c = (struct column){ .name = name, .type = type, .tail = tail };
	return c;
}

static struct str references(struct maker *m, struct str ledger)
{
	const struct ledger *to = ledgers_get(m->all, ledger);

	return to ? arena_strf(m->a, " REFERENCES \"%.*s\"(id)", STR_ARG(to->table)) : STR_NONE;
}

/* Constraints that follow from the type alone. */
static struct str type_tail(struct maker *m, const struct field *f, struct str name)
{
	switch (f->type) {
	case FT_PERSON:
		return references(m, STR("persons"));
	case FT_SECTION:
		return references(m, STR("org-units"));
	case FT_FILE:
		return STR(" REFERENCES attachment(id)");
	case FT_REF:
		return f->to.n == 1 ? references(m, f->to.v[0]) : STR_NONE;
	case FT_BOOL:
		return arena_strf(m->a, " CHECK (\"%.*s\" IN (0, 1))", STR_ARG(name));
	case FT_PORT:
		return arena_strf(m->a, " CHECK (\"%.*s\" BETWEEN 0 AND 65535)", STR_ARG(name));
	case FT_DATE:
		return arena_strf(m->a, " CHECK (\"%.*s\" GLOB '[0-9][0-9][0-9][0-9]-[0-1][0-9]-[0-3][0-9]')", STR_ARG(name));
	default:
		break;
	}
	if (!strcmp(field_sql_type(f), "TEXT"))          /* empty is NULL, never '' */
		return arena_strf(m->a, " CHECK (\"%.*s\" <> '')", STR_ARG(name));
	return STR_NONE;
}

/* A field as one column (a many column of a child table: a JSON array), with its kind beside. */
static void add_field(struct maker *m, const struct field *f, struct str name, bool not_null)
{
	bool array = f->many && m->t->field != f;
	struct str tail = array ? arena_strf(m->a, " CHECK (\"%.*s\" GLOB '[[]*]')", STR_ARG(name)) : type_tail(m, f, name);
	struct column *c;

	if (not_null)
		tail = arena_strf(m->a, " NOT NULL%.*s", STR_ARG(tail));
	c = add(m, name, array ? "TEXT" : field_sql_type(f), tail);
	if (str_eq(name, f->name))
		c->was = f->was;
	if (field_has_kind(f) && !array) {
		struct column *k = add(m, arena_strf(m->a, "%.*s_kind", STR_ARG(name)), "TEXT",
		                       not_null ? STR(" NOT NULL") : STR_NONE);

		k->kind = true;
		if (c->was.n)
			k->was = arena_strf(m->a, "%.*s_kind", STR_ARG(c->was));
	}
}

static void make_base(struct maker *m, const struct ledger *l)
{
	struct str person = references(m, STR("persons"));

	m->t->name = l->table;
	m->t->tail = ") STRICT";
	add(m, STR("id"), "INTEGER", STR(" PRIMARY KEY AUTOINCREMENT")); /* an id is never given out twice */
	add(m, STR("number"), "TEXT", STR(" UNIQUE"));
	add(m, STR("title"), "TEXT", STR_NONE);
	add(m, STR("state"), "TEXT", STR(" NOT NULL"));
	add(m, STR("section"), "INTEGER", references(m, STR("org-units")));
	add(m, STR("applicant"), "INTEGER", person);
	add(m, STR("owner"), "INTEGER", person);
	add(m, STR("created_at"), "INTEGER", STR_NONE);
	add(m, STR("created_on"), "TEXT", STR_NONE);
	add(m, STR("created_by"), "INTEGER", STR_NONE);
	add(m, STR("updated_at"), "INTEGER", STR_NONE);
	add(m, STR("updated_by"), "INTEGER", STR_NONE);
	add(m, STR("version"), "INTEGER", STR(" NOT NULL DEFAULT 1"));
	add(m, STR("seal"), "TEXT", STR_NONE);
	add(m, STR("sealed_by"), "TEXT", STR_NONE);
	add(m, STR("seal_broken"), "INTEGER", STR(" NOT NULL DEFAULT 0 CHECK (seal_broken IN (0, 1))"));
	for (size_t i = 0; i < l->n_fields; i++) {
		const struct field *f = &l->fields[i];

		if (!field_is_child(f) && !f->computed.n && !ledger_system_column(f->name))
			add_field(m, f, f->name, false);
	}
}

static void make_child(struct maker *m, const struct ledger *l, const struct field *f)
{
	struct table_def *t = m->t;

	t->name = arena_strf(m->a, "%.*s__%.*s", STR_ARG(l->table), STR_ARG(f->name));
	if (f->was.n)
		t->was = arena_strf(m->a, "%.*s__%.*s", STR_ARG(l->table), STR_ARG(f->was));
	t->field = f;
	t->tail = ", PRIMARY KEY (record, pos)) STRICT, WITHOUT ROWID";
	add(m, STR("record"), "INTEGER", arena_strf(m->a, " NOT NULL REFERENCES \"%.*s\"(id) ON DELETE CASCADE",
	                                            STR_ARG(l->table)));
	if (f->type == FT_CHECKLIST) {
		t->tail = ", PRIMARY KEY (record, item)) STRICT, WITHOUT ROWID";
		add(m, STR("item"), "TEXT", STR(" NOT NULL"));
		add(m, STR("answer"), "TEXT", STR(" CHECK (answer IN ('yes', 'no', 'na'))"));
		add(m, STR("note"), "TEXT", STR(" CHECK (note <> '')"));
		add(m, STR("who"), "INTEGER", references(m, STR("persons")));
		add(m, STR("at"), "INTEGER", STR_NONE);
	} else {
		add(m, STR("pos"), "INTEGER", STR(" NOT NULL"));
	}
	if (f->many)
		add_field(m, f, STR("value"), true);
	for (size_t i = 0; i < f->n_columns; i++)
		add_field(m, &f->columns[i], f->columns[i].name, false);
}

/* No foreign key to the record: steps outlive a draft that is taken back. */
static void make_step(struct maker *m, const struct ledger *l)
{
	m->t->name = arena_strf(m->a, "%.*s_step", STR_ARG(l->table));
	m->t->tail = ") STRICT";
	add(m, STR("id"), "INTEGER", STR(" PRIMARY KEY AUTOINCREMENT"));
	add(m, STR("record"), "INTEGER", STR(" NOT NULL"));
	add(m, STR("action"), "TEXT", STR(" NOT NULL"));
	add(m, STR("actor"), "INTEGER", references(m, STR("persons"))); /* NULL: the system */
	add(m, STR("on_behalf"), "INTEGER", references(m, STR("persons")));
	add(m, STR("at"), "INTEGER", STR(" NOT NULL"));
	add(m, STR("note"), "TEXT", STR_NONE);
	add(m, STR("seal"), "TEXT", STR_NONE);
	add(m, STR("from_state"), "TEXT", STR_NONE);
	add(m, STR("to_state"), "TEXT", STR_NONE);
}

struct table_def *ledger_tables(struct arena *a, const struct ledger *l, const struct ledgers *all, size_t *ret_n)
{
	struct table_def *v = arena_array(a, l->n_fields + 2, sizeof *v);
	struct maker m = { .a = a, .all = all, .cap = 2 * FIELDS_MAX + 20 };
	size_t n = 0;

	if (!v)
		return NULL;
	for (size_t i = 0; i < l->n_fields + 2; i++) {
		const struct field *f = i && i <= l->n_fields ? &l->fields[i - 1] : NULL;

		if (f && !field_is_child(f))
			continue;
		m.t = &v[n++];
		m.cap = 2 * (f ? f->n_columns : l->n_fields) + 20;
		m.t->v = arena_array(a, m.cap, sizeof *m.t->v);
		if (!m.t->v)
			return NULL;
		if (i == 0)
			make_base(&m, l);
		else if (f)
			make_child(&m, l, f);
		else
			make_step(&m, l);
		if (!m.t->name.p)
			return NULL;
	}
	*ret_n = n;
	return v;
}

static void put_columns(const struct column *v, size_t n, bool first, struct buf *out)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s\n\t\"%.*s\" %s%.*s", first && i == 0 ? "" : ",", STR_ARG(v[i].name), v[i].type,
		           STR_ARG(v[i].tail));
}

void table_def_sql(const struct table_def *t, struct str name, const struct column *extra, size_t n_extra,
                   struct buf *out)
{
	buf_printf(out, "CREATE TABLE \"%.*s\"(", STR_ARG(name));
	put_columns(t->v, t->n, true, out);
	put_columns(extra, n_extra, false, out);
	buf_puts(out, t->tail);
	buf_puts(out, ";\n");
}

/* ---- indexes ---- */

static bool points_out(const struct field *f)
{
	return f->type == FT_REF || f->type == FT_PERSON || f->type == FT_SECTION || f->type == FT_FILE;
}

static void put_unique(const struct ledger *l, const struct str *names, size_t n, struct buf *out)
{
	buf_printf(out, "CREATE UNIQUE INDEX \"%.*s_u", STR_ARG(l->table));
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "_%.*s", STR_ARG(names[i]));
	buf_printf(out, "\" ON \"%.*s\"(", STR_ARG(l->table));
	for (size_t i = 0; i < n; i++) {
		const struct field *f = ledger_field(l, names[i]);

		buf_printf(out, "%s\"%.*s\"", i ? ", " : "", STR_ARG(names[i]));
		if (field_has_kind(f))
			buf_printf(out, ", \"%.*s_kind\"", STR_ARG(names[i]));
	}
	buf_puts(out, ");\n");
}

void ledger_sql_indexes(const struct ledger *l, struct buf *out)
{
	/* With what the rows of one value are read in order of. */
	static const struct { const char *column, *then; } always[] = {
		{ "state", "" }, { "section", "" }, { "applicant", ", created_at" }, { "owner", "" }, { "updated_at", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		buf_printf(out, "CREATE INDEX \"%.*s_i_%s\" ON \"%.*s\"(\"%s\"%s);\n", STR_ARG(l->table), always[i].column,
		           STR_ARG(l->table), always[i].column, always[i].then);
	for (size_t i = 0; i < l->n_fields; i++) {
		const struct field *f = &l->fields[i];

		if (f->computed.n || ledger_system_column(f->name))
			continue;
		if (f->unique && !field_is_child(f))
			put_unique(l, &f->name, 1, out);
		else if (points_out(f) && f->many)
			buf_printf(out, "CREATE INDEX \"%.*s__%.*s_i\" ON \"%.*s__%.*s\"(value%s);\n", STR_ARG(l->table),
			           STR_ARG(f->name), STR_ARG(l->table), STR_ARG(f->name), field_has_kind(f) ? ", value_kind" : "");
		else if (points_out(f))
			buf_printf(out, "CREATE INDEX \"%.*s_i_%.*s\" ON \"%.*s\"(\"%.*s\");\n", STR_ARG(l->table),
			           STR_ARG(f->name), STR_ARG(l->table), STR_ARG(f->name));
		for (size_t k = 0; k < f->n_columns; k++)
			if (points_out(&f->columns[k]) && !f->columns[k].many)
				buf_printf(out, "CREATE INDEX \"%.*s__%.*s_i_%.*s\" ON \"%.*s__%.*s\"(\"%.*s\");\n", STR_ARG(l->table),
				           STR_ARG(f->name), STR_ARG(f->columns[k].name), STR_ARG(l->table), STR_ARG(f->name),
				           STR_ARG(f->columns[k].name));
	}
	const struct field *shown[LIST_COLUMNS_MAX];
	size_t n_shown = ledger_list_columns(l, shown);
	for (size_t i = 0; i < n_shown; i++)
		if (!shown[i]->unique && !points_out(shown[i]) && !ledger_system_column(shown[i]->name))
			buf_printf(out, "CREATE INDEX \"%.*s_i_%.*s\" ON \"%.*s\"(\"%.*s\");\n", STR_ARG(l->table),
			           STR_ARG(shown[i]->name), STR_ARG(l->table), STR_ARG(shown[i]->name));
	for (size_t i = 0; i < l->n_unique; i++)
		put_unique(l, l->unique[i].v, l->unique[i].n, out);
	/* With who and when: checks ask that of the last approval of every record. */
	buf_printf(out, "CREATE INDEX \"%.*s_step_i\" ON \"%.*s_step\"(record, action, id, at, actor, on_behalf);\n", STR_ARG(l->table),
	           STR_ARG(l->table));
}

int ledger_sql_schema(const struct ledger *l, const struct ledgers *all, struct buf *out)
{
	struct arena *a = arena_new(DDL_MAX);
	size_t n = 0;
	struct table_def *t = ledger_tables(a, l, all, &n);
	int rc;

	for (size_t i = 0; t && i < n; i++)
		table_def_sql(&t[i], t[i].name, NULL, 0, out);
	ledger_sql_indexes(l, out);
	rc = ledger_sql_view(l, all, out);
	ledger_sql_triggers(l, all, out);
	arena_free(a);
	return rc ? rc : t ? buf_err(out) : ERR_NOMEM;
}

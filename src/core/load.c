/* Reads one record from its tables: plain fields in one statement, each child table in another. */
#include "core/engine.h"
#include "lib/date.h"

static const char system_columns[] =
	"number, title, state, section, applicant, owner, created_at, created_on, created_by, updated_at, updated_by, version, seal, "
	"seal_broken, sealed_by";
#define SYSTEM_COLUMNS 15

static bool two_columns(const struct field *f)
{
	return f->type == FT_REF && f->to.n > 1;
}

/* Field as a text in exact form, by SQL. */
static struct str column_text(struct job *j, const struct field *f, struct stmt *s, int *i)
{
	int at = (*i)++;
	if (two_columns(f)) {
		int kind = (*i)++;
		if (col_null(s, at))
			return STR_NONE;
		return arena_strf(j->a, "%.*s:%lld", STR_ARG(col_str(s, kind)), (long long)col_int(s, at));
	}
	if (col_null(s, at))
		return STR_NONE;
	switch (f->type) {
	case FT_DATETIME:
		return arena_strf(j->a, "@%lld", (long long)col_int(s, at));
	case FT_DECIMAL:
		return arena_strf(j->a, "%.15g", col_real(s, at));
	default:
		return col_dup(s, at, j->a);
	}
}

static void column_names(struct buf *b, const struct field *f, const char *name)
{
	buf_printf(b, ", \"%s\"", name);
	if (two_columns(f))
		buf_printf(b, ", \"%s_kind\"", name);
}

/* Statements are made once per ledger text and stay in the connection's cache. */
static struct stmt *prepared(struct job *j, struct buf *sql)
{
	struct stmt *s = buf_err(sql) < 0 ? NULL : db_sql(j->w->db, buf_z(sql));
	if (!s)
		err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	buf_release(sql);
	return s;
}

static int load_plain(struct job *j, int64_t id, struct record *r)
{
	struct buf sql;
	bool computed = false;
	for (size_t i = 0; i < j->l->n_fields; i++)
		computed |= !field_is_stored(&j->l->fields[i]);
	buf_init(&sql, SQL_TEXT_MAX);
	buf_printf(&sql, "SELECT %s", system_columns);
	for (size_t i = 0; i < j->l->n_fields; i++)
		if (!field_is_child(&j->l->fields[i]))
			column_names(&sql, &j->l->fields[i], arena_z(j->a, j->l->fields[i].name));
	buf_printf(&sql, " FROM \"%.*s%s\" WHERE id = ?1", STR_ARG(j->l->table), computed ? "_v" : "");
	struct stmt *s = prepared(j, &sql);
	if (!s)
		return ERR_DB;
	bind_int(s, 1, id);
	int got = step(s);
	if (got <= 0)
		return got < 0 ? err_set(j->e, ERR_DB, "%s", db_error(j->w->db)) : ERR_NOTFOUND;
	*r = (struct record){.ledger = j->l, .id = id, .number = col_dup(s, 0, j->a), .title = col_dup(s, 1, j->a),
		.state = col_dup(s, 2, j->a), .section = col_int(s, 3), .applicant = col_int(s, 4), .owner = col_int(s, 5),
		.created_at = col_int(s, 6), .created_on = col_dup(s, 7, j->a), .created_by = col_int(s, 8),
		.updated_at = col_int(s, 9), .updated_by = col_int(s, 10), .version = col_int(s, 11),
		.seal = col_dup(s, 12, j->a), .seal_broken = col_int(s, 13) != 0, .sealed_by = col_dup(s, 14, j->a)};
	r->all = values_new(j->a, j->l);
	int at = SYSTEM_COLUMNS;
	for (size_t i = 0; r->all && i < j->l->n_fields; i++)
		if (!field_is_child(&j->l->fields[i])) {
			r->all[i].text = column_text(j, &j->l->fields[i], s, &at);
			r->all[i].present = r->all[i].text.n > 0;
		}
	stmt_done(s);
	return r->all ? 0 : err_set(j->e, ERR_NOMEM, "record");
}

static int load_many(struct job *j, const struct field *f, int64_t id, struct value *v)
{
	struct buf sql;
	buf_init(&sql, SQL_TEXT_MAX);
	buf_printf(&sql, "SELECT value%s FROM \"%.*s__%.*s\" WHERE record = ?1 ORDER BY pos",
	           two_columns(f) ? ", value_kind" : "", STR_ARG(j->l->table), STR_ARG(f->name));
	struct stmt *s = prepared(j, &sql);
	if (!s)
		return ERR_DB;
	bind_int(s, 1, id);
	int r, cap = 0;
	while ((r = step(s)) == 1) {
		if ((int)v->n_many == cap) {
			struct str *more = arena_array(j->a, (size_t)(cap = cap ? cap * 2 : 8), sizeof *more);
			if (!more) {
				stmt_done(s);
				return err_set(j->e, ERR_NOMEM, "record");
			}
			if (v->n_many)
				memcpy(more, v->many, v->n_many * sizeof *more);
			v->many = more;
		}
		int at = 0;
		v->many[v->n_many++] = column_text(j, f, s, &at);
		v->present = true;
	}
	return r < 0 ? err_set(j->e, ERR_DB, "%s", db_error(j->w->db)) : 0;
}

static const struct field checklist_fixed[] = {
	{.name = {"item", 4}, .type = FT_TEXT}, {.name = {"answer", 6}, .type = FT_TEXT}, {.name = {"note", 4}, .type = FT_TEXT},
	{.name = {"who", 3}, .type = FT_PERSON}, {.name = {"at", 2}, .type = FT_DATETIME},
};

/* Columns of a rows field as stored: those every checklist has, then the declared ones. */
size_t rows_columns(const struct field *f, const struct field **ret, size_t cap)
{
	size_t n = 0;
	for (size_t i = 0; f->type == FT_CHECKLIST && i < ARRAY_LEN(checklist_fixed); i++)
		ret[n++] = &checklist_fixed[i];
	for (size_t i = 0; i < f->n_columns && n < cap; i++)
		ret[n++] = &f->columns[i];
	return n;
}

static int load_rows(struct job *j, const struct field *f, int64_t id, struct value *v)
{
	const struct field *cols[FIELDS_MAX];
	size_t n = rows_columns(f, cols, FIELDS_MAX), cap = 0;
	struct buf sql;
	buf_init(&sql, SQL_TEXT_MAX);
	buf_puts(&sql, "SELECT record");
	for (size_t i = 0; i < n; i++)
		if (cols[i]->many)
			buf_printf(&sql, ", \"%.*s\"", STR_ARG(cols[i]->name));
		else
			column_names(&sql, cols[i], arena_z(j->a, cols[i]->name));
	buf_printf(&sql, " FROM \"%.*s__%.*s\" WHERE record = ?1 ORDER BY %s", STR_ARG(j->l->table), STR_ARG(f->name),
	           f->type == FT_TABLE ? "pos" : "item");
	struct stmt *s = prepared(j, &sql);
	if (!s)
		return ERR_DB;
	bind_int(s, 1, id);
	int r;
	while ((r = step(s)) == 1) {
		if (v->n_rows == cap) {
			struct row *more = arena_array(j->a, cap = cap ? cap * 2 : 8, sizeof *more);
			if (!more) {
				stmt_done(s);
				return err_set(j->e, ERR_NOMEM, "record");
			}
			if (v->n_rows)
				memcpy(more, v->rows, v->n_rows * sizeof *more);
			v->rows = more;
		}
		struct row *row = &v->rows[v->n_rows++];
		row->cells = arena_array(j->a, n, sizeof *row->cells);
		int at = 1;
		for (size_t i = 0; row->cells && i < n; i++) {
			struct field plain = *cols[i];
			if (plain.many)
				plain.type = FT_TEXT;                    /* a JSON array */
			row->cells[row->n++] = (struct cell){cols[i]->name, column_text(j, &plain, s, &at)};
		}
		v->present = true;
	}
	return r < 0 ? err_set(j->e, ERR_DB, "%s", db_error(j->w->db)) : 0;
}

int record_load(struct job *j, int64_t id, struct record *ret)
{
	int r = load_plain(j, id, ret);
	for (size_t i = 0; r == 0 && i < j->l->n_fields; i++) {
		const struct field *f = &j->l->fields[i];
		if (f->type == FT_TABLE || f->type == FT_CHECKLIST)
			r = load_rows(j, f, id, &ret->all[i]);
		else if (f->many)
			r = load_many(j, f, id, &ret->all[i]);
	}
	return r == ERR_NOTFOUND ? err_set(j->e, r, "%.*s %lld", STR_ARG(j->l->name), (long long)id) : r;
}

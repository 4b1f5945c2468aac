/* One table of a ledger made, or made anew with its rows when its definition changed. */
#include "core/ledger_migrate.h"

#define COLUMNS_MAX 1500

struct old_column {
	struct str name, type;
};
struct old_table {
	struct old_column v[COLUMNS_MAX];
	size_t n;
};

/* ---- what stands ---- */

static int table_columns(struct migration *m, struct str table, struct old_table *ret)
{
	struct stmt *s = migration_ask(m, "SELECT name, type FROM pragma_table_info(?1)", table);
	int rc = s ? 1 : ERR_DB;

	ret->n = 0;
	while (s && (rc = step(s)) == 1) {
		if (ret->n == COLUMNS_MAX) {
			stmt_done(s);
			return err_set(m->e, ERR_TOOBIG, "%.*s: too many columns", STR_ARG(table));
		}
		ret->v[ret->n++] = (struct old_column){ col_dup(s, 0, m->a), col_dup(s, 1, m->a) };
	}
	return rc < 0 ? err_set(m->e, ERR_DB, "%s", db_error(m->db)) : 0;
}

static const struct old_column *old_find(const struct old_table *t, struct str name)
{
	for (size_t i = 0; name.p && i < t->n; i++)
		if (str_eq(t->v[i].name, name))
			return &t->v[i];
	return NULL;
}

static const struct column *new_find(const struct table_def *t, struct str name)
{
	for (size_t i = 0; i < t->n; i++)
		if (str_eq(t->v[i].name, name))
			return &t->v[i];
	return NULL;
}

/* The ledger that column pointed into while it had one target: from the foreign key of the standing table. */
static int old_target(struct migration *m, struct str table, struct str column, struct str *ret)
{
	struct stmt *s = db_sql(m->db, "SELECT \"table\" FROM pragma_foreign_key_list(?1) WHERE \"from\" = ?2");
	int rc;

	*ret = STR_NONE;
	if (!s)
		return err_set(m->e, ERR_DB, "%s", db_error(m->db));
	bind_str(s, 1, table);
	bind_str(s, 2, column);
	rc = step(s);
	for (size_t i = 0; rc == 1 && i < m->all->n; i++)
		if (str_eq(m->all->v[i]->table, col_str(s, 0)))
			*ret = m->all->v[i]->name;
	stmt_done(s);
	return rc < 0 ? err_set(m->e, ERR_DB, "%s", db_error(m->db)) : 0;
}

/* ---- copying ---- */

/* Where a column's rows come from: itself, its former name, or nowhere. */
static const struct old_column *source_of(const struct old_table *old, const struct column *c)
{
	const struct old_column *o = old_find(old, c->name);

	return o ? o : old_find(old, c->was);
}

static bool same_type(const struct old_column *o, const struct column *c)
{
	return str_is(o->type, c->type);
}

/* Columns to keep though the definition has them no longer, or has them with another type. */
static size_t leftovers(struct migration *m, const struct table_def *t, const struct old_table *old, struct column *v)
{
	size_t n = 0;

	for (size_t i = 0; i < old->n; i++) {
		const struct old_column *o = &old->v[i];
		const struct column *c = new_find(t, o->name);
		const char *type = str_is(o->type, "INTEGER") ? "INTEGER" : str_is(o->type, "REAL") ? "REAL" : "TEXT";
		bool renamed = false;

		for (size_t k = 0; k < t->n && !c; k++)
			renamed |= source_of(old, &t->v[k]) == o && same_type(o, &t->v[k]);
		if (renamed || (c && same_type(o, c)))
			continue;
		v[n] = (struct column){ .name = o->name, .type = type, .was = o->name };
		if (c)
			v[n].name = arena_strf(m->a, "%.*s__%s", STR_ARG(o->name),
			                       str_is(o->type, "INTEGER") ? "integer" : str_is(o->type, "REAL") ? "real" : "text");
		n++;
	}
	return n;
}

static int put_source(struct migration *m, const struct table_def *t, const struct old_table *old, struct str old_name,
                      const struct column *c)
{
	const struct old_column *o = source_of(old, c);
	struct str target, stem = str_slice(c->name, 0, c->name.n > 5 ? c->name.n - 5 : 0);
	int rc;

	if (o && same_type(o, c)) {
		buf_printf(&m->sql, "\"%.*s\"", STR_ARG(o->name));
	} else if (o) {                                  /* only what reads the same in the new type */
		buf_printf(&m->sql, "CASE WHEN CAST(CAST(\"%.*s\" AS %s) AS TEXT) = CAST(\"%.*s\" AS TEXT) THEN CAST(\"%.*s\" AS %s) END",
		           STR_ARG(o->name), c->type, STR_ARG(o->name), STR_ARG(o->name), c->type);
	} else if (c->kind && old_find(old, stem)) {
		if ((rc = old_target(m, old_name, stem, &target)))
			return rc;
		buf_printf(&m->sql, "CASE WHEN \"%.*s\" IS NOT NULL THEN ", STR_ARG(stem));
		put_text(&m->sql, target.p ? target : STR(""));
		buf_puts(&m->sql, " END");
	} else {
		buf_puts(&m->sql, str_has(c->tail, "NOT NULL") ? "0" : "NULL");
	}
	return 0;
}

#define FRESH "_new_"

static int copy_rows(struct migration *m, const struct table_def *t, const struct old_table *old, struct str old_name,
                     const struct column *extra, size_t n_extra)
{
	int rc;

	buf_clear(&m->sql);
	buf_printf(&m->sql, "INSERT INTO \"" FRESH "%.*s\"(", STR_ARG(t->name));
	for (size_t i = 0; i < t->n + n_extra; i++) {
		const struct column *c = i < t->n ? &t->v[i] : &extra[i - t->n];

		buf_printf(&m->sql, "%s\"%.*s\"", i ? ", " : "", STR_ARG(c->name));
	}
	buf_puts(&m->sql, ") SELECT ");
	for (size_t i = 0; i < t->n + n_extra; i++) {
		buf_puts(&m->sql, i ? ", " : "");
		if (i >= t->n)
			buf_printf(&m->sql, "\"%.*s\"", STR_ARG(extra[i - t->n].was));
		else if ((rc = put_source(m, t, old, old_name, &t->v[i])))
			return rc;
	}
	buf_printf(&m->sql, " FROM \"%.*s\"", STR_ARG(old_name));
	return migration_exec(m);
}

/* The counter of ids given out goes with the rows. */
static int copy_sequence(struct migration *m, struct str from, struct str to)
{
	struct str had;
	int rc = migration_text(m, "SELECT CAST(seq AS TEXT) FROM sqlite_sequence WHERE name = ?1", from, &had);

	if (rc || !had.p)
		return rc;
	buf_clear(&m->sql);
	buf_printf(&m->sql, "DELETE FROM sqlite_sequence WHERE name = '" FRESH "%.*s'; INSERT INTO sqlite_sequence(name, seq) "
	           "VALUES ('" FRESH "%.*s', %.*s)", STR_ARG(to), STR_ARG(to), STR_ARG(had));
	return migration_exec(m);
}

static int rebuild(struct migration *m, const struct table_def *t, struct str old_name, const struct old_table *old,
                   const struct column *extra, size_t n_extra)
{
	int rc;

	buf_clear(&m->sql);
	table_def_sql(t, arena_strf(m->a, FRESH "%.*s", STR_ARG(t->name)), extra, n_extra, &m->sql);
	if ((rc = migration_exec(m)) || (rc = copy_rows(m, t, old, old_name, extra, n_extra)) ||
	    (rc = copy_sequence(m, old_name, t->name)))
		return rc;
	buf_clear(&m->sql);
	buf_printf(&m->sql, "DROP TABLE \"%.*s\"; ALTER TABLE \"" FRESH "%.*s\" RENAME TO \"%.*s\"", STR_ARG(old_name),
	           STR_ARG(t->name), STR_ARG(t->name));
	return migration_exec(m);
}

/* A single field that became many: its values are the first of each list. */
static int spread_single(struct migration *m, const struct ledger *l, const struct table_def *t)
{
	const struct field *f = t->field;
	struct old_table *base = arena_alloc(m->a, sizeof *base);
	struct str single = f->name, target = STR_NONE;
	bool kind;
	int rc;

	if (!base || !f->many)
		return base ? 0 : ERR_NOMEM;
	if ((rc = table_columns(m, l->table, base)))
		return rc;
	if (!old_find(base, single) && f->was.n)
		single = f->was;
	if (!old_find(base, single))
		return 0;
	kind = old_find(base, arena_strf(m->a, "%.*s_kind", STR_ARG(single))) != NULL;
	if (field_has_kind(f) && !kind && (rc = old_target(m, l->table, single, &target)))
		return rc;
	buf_clear(&m->sql);
	buf_printf(&m->sql, "INSERT INTO \"%.*s\"(record, pos, value%s) SELECT id, 0, \"%.*s\"", STR_ARG(t->name),
	           field_has_kind(f) ? ", value_kind" : "", STR_ARG(single));
	if (field_has_kind(f) && kind)
		buf_printf(&m->sql, ", \"%.*s_kind\"", STR_ARG(single));
	else if (field_has_kind(f)) {
		buf_puts(&m->sql, ", ");
		put_text(&m->sql, target.p ? target : STR(""));
	}
	buf_printf(&m->sql, " FROM \"%.*s\" WHERE \"%.*s\" IS NOT NULL", STR_ARG(l->table), STR_ARG(single));
	return migration_exec(m);
}

/* The text SQLite keeps of a table that table_def_sql made. */
static bool stands_as(struct migration *m, const struct table_def *t, const struct column *extra, size_t n_extra,
                      struct str stored)
{
	struct str want;

	buf_clear(&m->sql);
	table_def_sql(t, t->name, extra, n_extra, &m->sql);
	want = buf_view(&m->sql);
	return str_eq(stored, str_slice(want, 0, want.n > 2 ? want.n - 2 : 0)); /* without ";\n" */
}

int migration_table(struct migration *m, const struct ledger *l, const struct table_def *t)
{
	static const char find[] = "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?1";
	struct old_table *old = arena_alloc(m->a, sizeof *old);
	struct column *extra = arena_array(m->a, COLUMNS_MAX, sizeof *extra);
	struct str name = t->name, stored;
	size_t n_extra;
	int rc;

	if (!old || !extra)
		return err_set(m->e, ERR_NOMEM, "%.*s: out of memory", STR_ARG(t->name));
	if ((rc = migration_text(m, find, name, &stored)))
		return rc;
	if (!stored.p && t->was.p) {
		name = t->was;
		if ((rc = migration_text(m, find, name, &stored)))
			return rc;
	}
	if (!stored.p) {
		buf_clear(&m->sql);
		table_def_sql(t, t->name, NULL, 0, &m->sql);
		rc = migration_exec(m);
		return rc || !t->field ? rc : spread_single(m, l, t);
	}
	if ((rc = table_columns(m, name, old)))
		return rc;
	n_extra = leftovers(m, t, old, extra);
	if (str_eq(name, t->name) && stands_as(m, t, extra, n_extra, stored))
		return 0;
	return rebuild(m, t, name, old, extra, n_extra);
}

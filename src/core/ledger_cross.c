/* Between definitions: references, conditions on other ledgers' rows, and a trial compilation of every expression. */
#include "core/ledger_parse.h"

#include "core/ledger_ddl.h"
#include "core/ledger_expr.h"
#include "core/ledger_sql.h"

struct cross {
	struct ledgers *all;
	const struct ledger *l;
	struct db *db;                                   /* in memory: each ledger's view as an empty table */
	struct err *e;
};

static int fail(struct cross *x, struct place at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int fail(struct cross *x, struct place at, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return err_at(x->e, ERR_SYNTAX, x->l->file, at.line, at.col, "%s", text);
}

static bool refers_to(const struct field *f, struct str ledger)
{
	if (f->type == FT_PERSON)
		return str_is(ledger, "persons");
	if (f->type == FT_SECTION)
		return str_is(ledger, "org-units");
	for (size_t i = 0; i < f->to.n; i++)
		if (str_eq(f->to.v[i], ledger))
			return true;
	return false;
}

static int check_refs(struct cross *x, const struct field *f)
{
	struct str rest = f->items_from, ref = str_cut(&rest, '.');

	for (size_t i = 0; i < f->to.n; i++)
		if (!ledgers_get(x->all, f->to.v[i]))
			return fail(x, f->at, "%.*s: no ledger '%.*s'", STR_ARG(f->name), STR_ARG(f->to.v[i]));
	if (rest.n && !str_is(ref, "clauses")) {
		const struct field *via = ledger_field(x->l, ref);
		const struct ledger *to = ledgers_get(x->all, via->to.v[0]);

		if (to && !ledger_field(to, rest))
			return fail(x, f->at, "%.*s: items-from: %.*s has no field '%.*s'", STR_ARG(f->name), STR_ARG(to->name),
			            STR_ARG(rest));
	}
	for (size_t i = 0; i < f->n_columns; i++) {
		int rc = check_refs(x, &f->columns[i]);

		if (rc)
			return rc;
	}
	return 0;
}

/* The field of the other ledger by which its rows refer to this record. */
static int check_row_test(struct cross *x, const struct row_test *t)
{
	const struct ledger *other = ledgers_get(x->all, t->ledger);
	struct str rest = t->via, table = str_cut(&rest, '.');
	const struct field *f = other ? ledger_field(other, table) : NULL;

	if (!other)
		return fail(x, t->at, "no ledger '%.*s'", STR_ARG(t->ledger));
	if (f && rest.p)
		f = field_column(f, rest);
	if (!f || !refers_to(f, x->l->name))
		return fail(x, t->at, "%.*s.%.*s does not refer to %.*s", STR_ARG(t->ledger), STR_ARG(t->via),
		            STR_ARG(x->l->name));
	return 0;
}

static int check_row_tests(struct cross *x)
{
	const struct ledger *l = x->l;
	int rc = 0;

	for (size_t i = 0; i < l->n_actions; i++) {
		for (size_t k = 0; k < l->actions[i].n_blocked_by && !rc; k++)
			rc = check_row_test(x, &l->actions[i].blocked_by[k]);
		for (size_t k = 0; k < l->actions[i].n_needs_row && !rc; k++)
			rc = check_row_test(x, &l->actions[i].needs_row[k]);
	}
	for (size_t i = 0; i < l->n_duties && !rc; i++)
		if (l->duties[i].done_row)
			rc = check_row_test(x, l->duties[i].done_row);
	return rc;
}

static bool column_or_field(const struct ledger *l, struct str name)
{
	return ledger_field(l, name) || ledger_system_column(name) || str_is(name, "receipts");
}

/* What a control's measure reads: a field, table.column, steps.action, duties.duty, other-ledger.field, or "@engine
 * …". */
static bool read_exists(struct cross *x, struct str what)
{
	const struct ledger *l = x->l, *other;
	struct str rest = what, head = str_cut(&rest, '.');
	const struct field *f = ledger_field(l, head);

	if (str_starts(what, "@") || (!rest.p && column_or_field(l, what)))
		return true;
	if (!rest.p)
		return false;
	if (str_is(head, "steps"))
		return str_is(rest, "*") || ledger_action(l, rest);
	for (size_t i = 0; str_is(head, "duties") && i < l->n_duties; i++)
		if (str_eq(l->duties[i].name, rest))
			return true;
	if (f && (field_column(f, rest) || (f->type == FT_CHECKLIST && (str_is(rest, "item") || str_is(rest, "answer") ||
	                                                                 str_is(rest, "note")))))
		return true;
	other = ledgers_get(x->all, head);
	return other && column_or_field(other, rest);
}

static int check_exprs(struct cross *x)
{
	for (size_t i = 0; i < x->l->n_exprs; i++) {
		const struct expr *ex = &x->l->exprs[i];
		const struct ledger *on = ex->on.p ? ledgers_get(x->all, ex->on) : x->l;
		struct err why = { 0 };

		if (!on)
			return fail(x, ex->at, "no ledger '%.*s'", STR_ARG(ex->on));
		if (expr_names_check(x->all, on, ex->row, ex->text, &why) ||
		    (!ex->row && ledger_expr_check(x->db, on, ex->text, &why)))
			return fail(x, ex->at, "%s", why.text);
	}
	return 0;
}

static void put_highest(void *out, struct str x, struct str y)
{
	buf_printf(out, ", highest__%.*s__%.*s", STR_ARG(x), STR_ARG(y));
}

/* The view's columns as an empty table. Names stand unquoted: one that is a word of SQL fails here, not in an
 * expression. */
static int stand_in(struct cross *x, struct buf *sql)
{
	const struct ledger *l = x->l;
	struct err why = { 0 };

	buf_clear(sql);
	buf_printf(sql, "CREATE TABLE %.*s_v(id, number, title, state, section, applicant, owner, created_at, created_on, created_by, "
	           "updated_at, updated_by, version, seal, sealed_by, seal_broken", STR_ARG(l->table));
	for (size_t i = 0; i < l->n_fields; i++) {
		const struct field *f = &l->fields[i];

		if (ledger_system_column(f->name))
			continue;
		buf_printf(sql, ", %.*s", STR_ARG(f->name));
		if (f->type == FT_REF && f->to.n > 1 && !f->many)
			buf_printf(sql, ", %.*s_kind", STR_ARG(f->name));
	}
	expr_each_highest(l, put_highest, sql);
	buf_puts(sql, ")");
	if (buf_err(sql) || db_exec(x->db, buf_z(sql), &why))
		return fail(x, (struct place){ 1, 1 }, "a field name cannot stand in SQL: %s", why.text);
	return 0;
}

static int check_one(struct cross *x)
{
	const struct ledger *l = x->l;
	int rc = 0;

	for (size_t i = 0; i < l->n_fields && !rc; i++)
		rc = check_refs(x, &l->fields[i]);
	if (!rc)
		rc = check_row_tests(x);
	for (size_t i = 0; i < l->n_reads && !rc; i++)
		for (size_t k = 0; k < l->reads[i].what.n && !rc; k++)
			if (!read_exists(x, l->reads[i].what.v[k]))
				rc = fail(x, l->reads[i].at, "reads %.*s: no '%.*s'", STR_ARG(l->reads[i].control),
				          STR_ARG(l->reads[i].what.v[k]));
	if (!rc)
		rc = check_exprs(x);
	if (!rc) {
		struct buf sql;

		buf_init(&sql, DDL_MAX);
		if (ledger_sql_view(l, x->all, &sql))
			rc = fail(x, (struct place){ 1, 1 }, "computed fields lean on each other in a circle");
		buf_release(&sql);
	}
	return rc;
}

int ledgers_check(struct ledgers *all, struct err *e)
{
	struct cross x = { .all = all, .e = e };
	struct buf sql;
	int rc = db_open(":memory:", DB_CREATE, &x.db, e);

	if (rc)
		return rc;
	buf_init(&sql, 1 << 20);
	if (ledger_functions(x.db))
		rc = err_set(e, ERR_DB, "functions: %s", db_error(x.db));
	for (size_t i = 0; i < all->n && !rc; i++) {
		x.l = all->v[i];
		rc = stand_in(&x, &sql);
	}
	for (size_t i = 0; i < all->n && !rc; i++) {
		x.l = all->v[i];
		rc = check_one(&x);
	}
	buf_release(&sql);
	db_close(x.db);
	return rc;
}

/* The view <table>_v: every field as one column, for the expressions of definitions. Lists are JSON texts, NULL when
 * empty; computed fields are evaluated, each in a layer above those it leans on; highest(x, 'y') is the column
 * highest__x__y. */
#include "core/ledger_ddl.h"
#include "core/ledger_expr.h"

struct view {
	const struct ledger *l;
	const struct ledgers *all;
	struct buf *out;
};

static void put_child(struct view *v, const struct field *f)
{
	buf_printf(v->out, "\"%.*s__%.*s\"", STR_ARG(v->l->table), STR_ARG(f->name));
}

/* 'weight', c."weight", … as arguments of row_; '=' before a name says that the value is JSON already */
static void put_cells(struct view *v, const struct field *f)
{
	for (size_t i = 0; i < f->n_columns; i++) {
		const struct field *c = &f->columns[i];
		struct str n = c->name;

		if (c->many)
			buf_printf(v->out, ", '=%.*s', c.\"%.*s\"", STR_ARG(n), STR_ARG(n));
		else
			buf_printf(v->out, ", '%.*s', c.\"%.*s\"", STR_ARG(n), STR_ARG(n));
		if (field_has_kind(c) && !c->many)
			buf_printf(v->out, ", '%.*s_kind', c.\"%.*s_kind\"", STR_ARG(n), STR_ARG(n));
	}
}

static void put_many(struct view *v, const struct field *f)
{
	buf_printf(v->out, "(SELECT list_(value) FROM (SELECT %s AS value FROM ",
	           field_has_kind(f) ? "c.value_kind || ':' || c.value" : "c.value");
	put_child(v, f);
	buf_puts(v->out, " c WHERE c.record = b.id ORDER BY c.pos))");
}

static void put_table(struct view *v, const struct field *f)
{
	buf_puts(v->out, "(SELECT rows_(value) FROM (SELECT row_('pos', c.pos");
	put_cells(v, f);
	buf_puts(v->out, ") AS value FROM ");
	put_child(v, f);
	buf_puts(v->out, " c WHERE c.record = b.id ORDER BY c.pos))");
}

/* Every item of the definition, answered or not; with items-from those the record engine put there. */
static void put_checklist(struct view *v, const struct field *f)
{
	buf_puts(v->out, "CASE WHEN EXISTS (SELECT 1 FROM ");
	put_child(v, f);
	buf_puts(v->out, " c WHERE c.record = b.id) THEN (SELECT rows_(row_('item', ");
	buf_puts(v->out, f->n_of ? "i.column1" : "c.item");
	buf_puts(v->out, ", 'answer', c.answer, 'note', c.note");
	put_cells(v, f);
	buf_puts(v->out, ")) FROM ");
	if (f->n_of) {
		buf_puts(v->out, "(VALUES ");
		for (size_t i = 0; i < f->n_of; i++) {
			buf_puts(v->out, i ? ", (" : "(");
			put_text(v->out, f->of[i].code);
			buf_puts(v->out, ")");
		}
		buf_puts(v->out, ") i LEFT JOIN ");
		put_child(v, f);
		buf_puts(v->out, " c ON c.record = b.id AND c.item = i.column1) END");
	} else {
		put_child(v, f);
		buf_puts(v->out, " c WHERE c.record = b.id) END");
	}
}

static void put_field(struct view *v, const struct field *f)
{
	buf_puts(v->out, ",\n\t");
	if (f->type == FT_CHECKLIST)
		put_checklist(v, f);
	else if (f->type == FT_TABLE)
		put_table(v, f);
	else if (f->many)
		put_many(v, f);
	else
		buf_printf(v->out, "b.\"%.*s\"", STR_ARG(f->name));
	buf_printf(v->out, " AS \"%.*s\"", STR_ARG(f->name));
	if (field_has_kind(f) && !f->many)
		buf_printf(v->out, ", b.\"%.*s_kind\" AS \"%.*s_kind\"", STR_ARG(f->name), STR_ARG(f->name));
}

/* One SELECT per ledger the reference may point into, joined by UNION ALL. */
static void put_targets(struct view *v, const struct field *f, struct str y)
{
	bool first = true;

	for (size_t i = 0; i < f->to.n; i++) {
		const struct ledger *to = ledgers_get(v->all, f->to.v[i]);

		if (!to || !ledger_field(to, y))
			continue;
		buf_printf(v->out, "%sSELECT r.\"%.*s\" AS y FROM \"%.*s_v\" r", first ? "" : " UNION ALL ", STR_ARG(y),
		           STR_ARG(to->table));
		first = false;
		if (f->many) {
			buf_puts(v->out, " JOIN ");
			put_child(v, f);
			buf_puts(v->out, " c ON r.id = c.value WHERE c.record = b.id");
		} else {
			buf_printf(v->out, " WHERE r.id = b.\"%.*s\"", STR_ARG(f->name));
		}
		if (field_has_kind(f)) {
			buf_puts(v->out, f->many ? " AND c.value_kind = " : " AND b.\"");
			if (!f->many)
				buf_printf(v->out, "%.*s_kind\" = ", STR_ARG(f->name));
			put_text(v->out, to->name);
		}
	}
	if (first)
		buf_puts(v->out, "SELECT NULL AS y");
}

static void put_highest(void *arg, struct str x, struct str y)
{
	struct view *v = arg;
	const struct field *f = ledger_field(v->l, x);

	buf_puts(v->out, ",\n\t(SELECT y FROM (");
	if (f && f->type == FT_TABLE) {
		buf_printf(v->out, "SELECT c.\"%.*s\" AS y FROM ", STR_ARG(y));
		put_child(v, f);
		buf_puts(v->out, " c WHERE c.record = b.id");
	} else if (f) {
		put_targets(v, f, y);
	}
	buf_printf(v->out, ") WHERE y IS NOT NULL ORDER BY level(y) DESC LIMIT 1) AS \"highest__%.*s__%.*s\"", STR_ARG(x),
	           STR_ARG(y));
}

static bool leans_on_open(const struct ledger *l, const struct field *f, const bool *done)
{
	for (size_t i = 0; i < l->n_fields; i++)
		if (l->fields[i].computed.n && !done[i] && expr_mentions(f->computed, l->fields[i].name) &&
		    !str_eq(f->name, l->fields[i].name))
			return true;
	return false;
}

/* The computed fields in an order in which each can be evaluated. */
static int computed_order(const struct ledger *l, const struct field **order, size_t *ret_n)
{
	bool done[FIELDS_MAX] = { false };
	size_t n = 0, total = 0;
	bool moved = true;

	for (size_t i = 0; i < l->n_fields; i++)
		total += l->fields[i].computed.n > 0;
	while (moved) {
		moved = false;
		for (size_t i = 0; i < l->n_fields; i++) {
			const struct field *f = &l->fields[i];

			if (!f->computed.n || done[i] || leans_on_open(l, f, done))
				continue;
			order[n++] = f;
			done[i] = moved = true;
		}
	}
	*ret_n = n;
	return n == total ? 0 : ERR_INVALID;
}

int ledger_sql_view(const struct ledger *l, const struct ledgers *all, struct buf *out)
{
	static const char *const names[] = {
		"id", "number", "title", "state", "section", "applicant", "owner", "created_at", "created_on", "created_by",
		"updated_at", "updated_by", "version", "seal", "sealed_by", "seal_broken",
	};
	struct view v = { l, all, out };
	const struct field *order[FIELDS_MAX];
	size_t n;
	int rc = computed_order(l, order, &n);

	if (rc)
		return rc;
	buf_printf(out, "CREATE VIEW \"%.*s_v\" AS ", STR_ARG(l->table));
	for (size_t i = n; i-- > 0;) {                   /* the last one outermost */
		buf_puts(out, "SELECT *, (");
		expr_sql(order[i]->computed, true, out);
		buf_printf(out, ") AS \"%.*s\" FROM (", STR_ARG(order[i]->name));
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		buf_printf(out, "%sb.\"%s\" AS \"%s\"", i ? ", " : "SELECT ", names[i], names[i]);
	for (size_t i = 0; i < l->n_fields; i++)
		if (!l->fields[i].computed.n && !ledger_system_column(l->fields[i].name))
			put_field(&v, &l->fields[i]);
	expr_each_highest(l, put_highest, &v);
	buf_printf(out, "\nFROM \"%.*s\" b", STR_ARG(l->table));
	for (size_t i = 0; i < n; i++)
		buf_putc(out, ')');
	buf_puts(out, ";\n");
	if (str_is(l->name, "org-units"))
		/* A unit and each above it, itself included; triggers may not use WITH, but a view may. */
		buf_puts(out, "CREATE VIEW org_units_above_v(unit, above) AS WITH RECURSIVE up(unit, above) AS (SELECT id, id FROM org_units "
		              "UNION SELECT up.unit, o.parent FROM up JOIN org_units o ON o.id = up.above WHERE o.parent IS NOT NULL) "
		              "SELECT unit, above FROM up;\n");
	return 0;
}

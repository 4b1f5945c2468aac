/* Expressions of definitions judged on a record in memory: its values are bound as one row, computed columns are laid
 * over it, and the expressions are evaluated in one statement, which stays prepared. Stored records are judged by the
 * view of their table (core/ledger_sql.h); both see the same names. */
#include "core/engine.h"
#include "core/ledger_expr.h"
#include "lib/json.h"

#define HIGHEST_MAX 32

struct pairs {
	struct str x[HIGHEST_MAX], y[HIGHEST_MAX];
	size_t n;
};

static void pair_add(void *arg, struct str x, struct str y)
{
	struct pairs *p = arg;
	if (p->n < HIGHEST_MAX) {
		p->x[p->n] = x;
		p->y[p->n++] = y;
	}
}

static bool is_number(enum field_type t)
{
	switch (t) {
	case FT_INTEGER: case FT_MONEY: case FT_BOOL: case FT_PERSON: case FT_SECTION: case FT_FILE: case FT_PORT: case FT_FISCAL_YEAR:
	case FT_REF: case FT_DATETIME: case FT_DECIMAL:
		return true;
	default:
		return false;
	}
}

/* A number as SQLite takes it: id of a reference, µs of an instant. */
static struct str number_text(const struct field *f, struct str exact)
{
	struct str rest = exact;
	if (f->type == FT_DATETIME && exact.n)
		return str_slice(exact, 1, exact.n);
	if (f->type == FT_REF && exact.n && memchr(exact.p, ':', exact.n))
		str_cut(&rest, ':');
	return rest;
}

static void json_value(struct jw *w, const struct field *f, struct str exact)
{
	if (exact.n && is_number(f->type) && !f->many)
		jw_raw(w, number_text(f, exact));
	else if (exact.n && f->many && exact.p[0] == '[')
		jw_raw(w, exact);
	else
		jw_str(w, exact);
}

/* Every item of the definition, answered or not. */
static void checklist_json(struct job *j, struct jw *w, const struct field *f, const struct value *v)
{
	for (size_t i = 0; i < f->n_of; i++) {
		const struct row *row = NULL;
		for (size_t k = 0; k < v->n_rows; k++)
			if (str_eq(row_cell(&v->rows[k], STR("item")), f->of[i].code))
				row = &v->rows[k];
		jw_object(w);
		jw_kstr(w, "item", f->of[i].code);
		jw_kstr(w, "answer", row ? row_cell(row, STR("answer")) : STR_NONE);
		jw_kstr(w, "note", row ? row_cell(row, STR("note")) : STR_NONE);
		for (size_t c = 0; c < f->n_columns; c++) {
			jw_key(w, arena_z(j->a, f->columns[c].name));
			json_value(w, &f->columns[c], row ? row_cell(row, f->columns[c].name) : STR_NONE);
		}
		jw_end_object(w);
	}
}

/* many, table and checklist as the JSON text of the view; NULL when empty. */
static struct str child_json(struct job *j, const struct field *f, const struct value *v)
{
	struct buf b;
	struct jw w;
	if (value_empty(v))
		return STR_NONE;
	buf_init(&b, CHANGE_MAX);
	jw_init(&w, &b, false);
	jw_array(&w);
	struct field one = *f;
	one.many = false;
	for (size_t i = 0; i < v->n_many; i++)
		if (f->type == FT_REF && f->to.n > 1)
			jw_str(&w, v->many[i]);
		else
			json_value(&w, &one, v->many[i]);
	if (f->type == FT_CHECKLIST && f->n_of)
		checklist_json(j, &w, f, v);
	const struct field *cols[FIELDS_MAX];
	size_t n = rows_columns(f, cols, FIELDS_MAX);
	for (size_t i = 0; i < v->n_rows && !(f->type == FT_CHECKLIST && f->n_of); i++) {
		jw_object(&w);
		for (size_t k = 0; k < n; k++) {
			jw_key(&w, arena_z(j->a, cols[k]->name));
			json_value(&w, cols[k], row_cell(&v->rows[i], cols[k]->name));
		}
		jw_end_object(&w);
	}
	jw_end_array(&w);
	struct str out = buf_err(&b) == 0 ? arena_str(j->a, buf_view(&b)) : STR_NONE;
	buf_release(&b);
	return out;
}

/* --- highest(x, 'y') -------------------------------------------------------------------------------------------- */

static double rank(struct job *j, enum field_type t, struct str v)
{
	double out = -1e18;
	struct stmt *s = t == FT_CLASSIFICATION ? db_sql(j->w->db, "SELECT level(?1)")
	                 : db_sql(j->w->db, "SELECT CAST(?1 AS REAL)");
	if (!s || !v.n)
		return out;
	bind_str(s, 1, v);
	if (step(s) == 1 && !col_null(s, 0))
		out = col_real(s, 0);
	stmt_done(s);
	return out;
}

static struct str target_value(struct job *j, const struct field *x, struct str ref, struct str y,
                               enum field_type *ret_type)
{
	struct str id = ref, name = x->to.n ? x->to.v[0] : STR_NONE, out = STR_NONE;
	if (memchr(ref.p, ':', ref.n))
		name = str_cut(&id, ':');
	const struct ledger *to = ledgers_get(j->w->ledgers, name);
	const struct field *f = to ? ledger_field(to, y) : NULL;
	if (!f)
		return STR_NONE;
	*ret_type = f->type;
	struct stmt *s = db_sql(j->w->db, arena_printf(j->a, "SELECT \"%.*s\" FROM \"%.*s_v\" WHERE id = ?1", STR_ARG(y),
	                                               STR_ARG(to->table)));
	if (!s)
		return STR_NONE;
	bind_str(s, 1, id);
	if (step(s) == 1)
		out = col_dup(s, 0, j->a);
	stmt_done(s);
	return out;
}

static struct str highest(struct job *j, const struct record *r, struct str xn, struct str yn)
{
	const struct field *x = ledger_field(j->l, xn);
	struct str best = STR_NONE;
	double top = -1e17;
	if (!x)
		return STR_NONE;
	const struct value *v = &r->all[field_index(j->l, x)];
	size_t n = x->type == FT_TABLE ? v->n_rows : x->many ? v->n_many : v->text.n > 0;
	for (size_t i = 0; i < n; i++) {
		enum field_type t = FT_TEXT;
		struct str got;
		if (x->type == FT_TABLE) {
			const struct field *c = field_column(x, yn);
			t = c ? c->type : FT_TEXT;
			got = row_cell(&v->rows[i], yn);
		} else {
			got = target_value(j, x, x->many ? v->many[i] : v->text, yn, &t);
		}
		double d = got.n ? rank(j, t, got) : -1e18;
		if (d > top) {
			top = d;
			best = got;
		}
	}
	return best;
}

/* --- the statement ----------------------------------------------------------------------------------------------- */

static const char *const system_names[] = {
	"id", "number", "title", "state", "section", "applicant", "owner", "created_at", "created_on", "created_by", "updated_at",
	"updated_by", "version", "seal", "today", "now", "receipts",
};

static bool is_system(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(system_names); i++)
		if (str_is(name, system_names[i]))
			return true;
	return false;
}

static bool leans_on_open(const struct ledger *l, const struct field *f, const bool *done)
{
	for (size_t i = 0; i < l->n_fields; i++)
		if (!field_is_stored(&l->fields[i]) && !done[i] && &l->fields[i] != f &&
		    expr_mentions(f->computed, l->fields[i].name))
			return true;
	return false;
}

/* Each computed field is a layer over those it leans on. */
static void computed_sql(const struct ledger *l, struct buf *out, int *link)
{
	bool done[FIELDS_MAX] = {0};
	for (bool moved = true; moved;) {
		moved = false;
		for (size_t i = 0; i < l->n_fields; i++) {
			const struct field *f = &l->fields[i];
			if (field_is_stored(f) || done[i] || leans_on_open(l, f, done))
				continue;
			buf_printf(out, ", b%d AS (SELECT b%d.*, (", *link + 1, *link);
			expr_sql(f->computed, false, out);
			buf_printf(out, ") AS \"%.*s\" FROM b%d)", STR_ARG(f->name), *link);
			(*link)++;
			done[i] = moved = true;
		}
	}
}

static void source_sql(const struct ledger *l, const struct pairs *p, struct buf *out)
{
	int n = 0, link = 0;
	buf_puts(out, "WITH b0(");
	for (size_t i = 0; i < ARRAY_LEN(system_names); i++, n++)
		buf_printf(out, "%s\"%s\"", n ? ", " : "", system_names[i]);
	for (size_t i = 0; i < l->n_fields; i++) {
		const struct field *f = &l->fields[i];
		if (is_system(f->name) || !field_is_stored(f))
			continue;
		buf_printf(out, ", \"%.*s\"", STR_ARG(f->name));
		n++;
		if (f->type == FT_REF && f->to.n > 1 && !f->many) {
			buf_printf(out, ", \"%.*s_kind\"", STR_ARG(f->name));
			n++;
		}
	}
	for (size_t i = 0; i < p->n; i++, n++)
		buf_printf(out, ", \"highest__%.*s__%.*s\"", STR_ARG(p->x[i]), STR_ARG(p->y[i]));
	buf_puts(out, ") AS (SELECT ?");
	for (int i = 1; i < n; i++)
		buf_puts(out, ",?");
	buf_puts(out, ")");
	computed_sql(l, out, &link);
	buf_puts(out, " SELECT 1");
}

static int last_link(const struct ledger *l)
{
	int n = 0;
	for (size_t i = 0; i < l->n_fields; i++)
		n += !field_is_stored(&l->fields[i]);
	return n;
}

static void bind_number(struct stmt *s, int i, const struct field *f, struct str exact)
{
	int64_t n;
	struct str t = number_text(f, exact);
	char z[64];
	if (f->type == FT_DECIMAL && t.n) {
		snprintf(z, sizeof z, "%.*s", STR_ARG(t));
		bind_real(s, i, strtod(z, NULL));
	} else if (t.n && str_int(t, INT64_MIN, INT64_MAX, &n) == 0) {
		bind_int(s, i, n);
	} else {
		bind_null(s, i);
	}
}

static void bind_id(struct stmt *s, int i, int64_t id)
{
	if (id)
		bind_int(s, i, id);
	else
		bind_null(s, i);
}

static int bind_system(struct job *j, struct stmt *s, const struct record *r)
{
	const struct field *owner = ledger_field(j->l, STR("owner"));
	bind_id(s, 1, r->id);
	bind_str(s, 2, r->number);
	bind_str(s, 3, r->title);
	bind_str(s, 4, r->state);
	bind_id(s, 5, r->section);
	bind_id(s, 6, r->applicant);
	if (owner && owner->type != FT_PERSON)
		bind_str(s, 7, r->all[field_index(j->l, owner)].text);
	else
		bind_id(s, 7, r->owner);
	bind_int(s, 8, r->created_at);
	bind_str(s, 9, r->created_on);
	bind_id(s, 10, r->created_by);
	bind_int(s, 11, r->updated_at);
	bind_id(s, 12, r->updated_by);
	bind_int(s, 13, r->version);
	bind_str(s, 14, r->seal);
	bind_str(s, 15, j->w->today);
	bind_int(s, 16, j->w->now);
	bind_null(s, 17);
	return (int)ARRAY_LEN(system_names) + 1;
}

static void bind_record(struct job *j, struct stmt *s, const struct record *r, const struct pairs *p)
{
	int at = bind_system(j, s, r);
	for (size_t i = 0; i < j->l->n_fields; i++) {
		const struct field *f = &j->l->fields[i];
		const struct value *v = &r->all[i];
		if (is_system(f->name) || !field_is_stored(f))
			continue;
		if (field_is_child(f))
			bind_str(s, at++, child_json(j, f, v));
		else if (is_number(f->type))
			bind_number(s, at++, f, v->text);
		else
			bind_str(s, at++, v->text.n ? v->text : STR_NONE);
		if (f->type == FT_REF && f->to.n > 1 && !f->many) {
			struct str rest = v->text;
			bind_str(s, at++, v->text.n ? str_cut(&rest, ':') : STR_NONE);
		}
	}
	for (size_t i = 0; i < p->n; i++) {
		int64_t n;
		struct str v = highest(j, r, p->x[i], p->y[i]);
		if (v.n && str_int(v, INT64_MIN, INT64_MAX, &n) == 0 && rank(j, FT_CLASSIFICATION, v) < -1e17)
			bind_int(s, at++, n);
		else
			bind_str(s, at++, v);
	}
}

/* One row: 1, then one column per expression. */
static int evaluate(struct job *j, const struct record *r, const struct str *exprs, size_t n, struct stmt **ret)
{
	struct pairs p = {0};
	struct buf sql;
	expr_each_highest(j->l, pair_add, &p);
	buf_init(&sql, 4 * SQL_TEXT_MAX);
	source_sql(j->l, &p, &sql);
	for (size_t i = 0; i < n; i++) {
		buf_puts(&sql, exprs[i].p ? ", (" : ", 1");
		if (exprs[i].p) {
			expr_sql(exprs[i], false, &sql);
			buf_puts(&sql, ")");
		}
	}
	buf_printf(&sql, " FROM b%d", last_link(j->l));
	struct stmt *s = buf_err(&sql) == 0 ? db_sql(j->w->db, buf_z(&sql)) : NULL;
	buf_release(&sql);
	if (!s)
		return err_set(j->e, ERR_DB, "%.*s: %s", STR_ARG(j->l->name), db_error(j->w->db));
	bind_record(j, s, r, &p);
	if (step(s) != 1)
		return err_set(j->e, ERR_DB, "%.*s: %s", STR_ARG(j->l->name), db_error(j->w->db));
	*ret = s;
	return 0;
}

int expr_judge(struct job *j, const struct record *r, const struct str *exprs, size_t n, enum truth *ret)
{
	struct stmt *s;
	bool any = false;
	for (size_t i = 0; i < n; i++) {
		ret[i] = TRUTH_TRUE;
		any |= exprs[i].p != NULL;
	}
	if (!any)
		return 0;
	int err = evaluate(j, r, exprs, n, &s);
	if (err < 0)
		return err;
	for (size_t i = 0; i < n; i++)
		ret[i] = col_null(s, (int)i + 1) ? TRUTH_NULL : col_real(s, (int)i + 1) != 0 ? TRUTH_TRUE : TRUTH_FALSE;
	stmt_done(s);
	return 0;
}

int expr_text(struct job *j, const struct record *r, struct str expr, struct str *ret)
{
	struct stmt *s;
	int err = evaluate(j, r, &expr, 1, &s);
	if (err < 0)
		return err;
	*ret = col_dup(s, 1, j->a);
	stmt_done(s);
	return 0;
}

/* Expressions and truths of one ledger's `when`s: one per head, then one per field. */
struct whens {
	struct str *expr;
	enum truth *truth;
	size_t n;
};

static bool whens_make(struct job *j, struct whens *w)
{
	const struct ledger *l = j->l;
	w->n = l->n_heads + l->n_fields;
	w->expr = arena_array(j->a, w->n + 1, sizeof *w->expr);
	w->truth = arena_array(j->a, w->n + 1, sizeof *w->truth);
	for (size_t i = 0; w->expr && i < l->n_heads; i++)
		w->expr[i] = l->heads[i].when;
	for (size_t i = 0; w->expr && i < l->n_fields; i++)
		w->expr[l->n_heads + i] = l->fields[i].when;
	return w->expr && w->truth;
}

int expr_apply_when(struct job *j, struct record *r, bool *shown)
{
	struct whens w;
	bool cleared = true;
	if (!whens_make(j, &w))
		return err_set(j->e, ERR_NOMEM, "record");
	/* What is cleared may make another condition false; four rounds are more than any definition is deep. */
	for (int round = 0; cleared && round < 4; round++) {
		cleared = false;
		int err = expr_judge(j, r, w.expr, w.n, w.truth);
		if (err < 0)
			return err;
		for (size_t i = 0; i < j->l->n_fields; i++) {
			const struct head *h = j->l->fields[i].head;
			shown[i] = w.truth[j->l->n_heads + i] == TRUTH_TRUE && (!h || w.truth[h - j->l->heads] == TRUTH_TRUE);
			if (shown[i] || value_empty(&r->all[i]))
				continue;
			r->all[i] = (struct value){.field = j->l->fields[i].name};
			cleared = true;
		}
		if (cleared)
			record_sync(j, r);
	}
	return 0;
}

/* Lists of records: paging by key (never by OFFSET), filters, search, counts up to 1,000. */
#include "core/engine.h"
#include "lib/date.h"
#include "lib/i18n.h"
#include "lib/text.h"

#define LIST_MAX 200
#define COUNT_MAX 1001
#define PARAMS_MAX 80

/* Values to bind once the statement is made: parameters are numbered as they are written. */
struct params {
	struct str text[PARAMS_MAX];
	bool number[PARAMS_MAX];
	int n;
};

static void param(struct buf *sql, struct params *p, struct str text, bool number)
{
	if (p->n == PARAMS_MAX)
		return;
	p->text[p->n] = text;
	p->number[p->n] = number;
	buf_printf(sql, ":p%d", p->n++);
}

static void params_bind(struct stmt *s, const struct params *p)
{
	char name[16];
	for (int i = 0; i < p->n; i++) {
		int64_t n;
		snprintf(name, sizeof name, ":p%d", i);
		int at = bind_index(s, name);
		if (!at)
			continue;
		if (p->number[i] && str_int(p->text[i], INT64_MIN, INT64_MAX, &n) == 0)
			bind_int(s, at, n);
		else if (p->number[i] && p->text[i].n)
			bind_real(s, at, strtod(p->text[i].p, NULL));
		else
			bind_str(s, at, p->text[i]);
	}
}

static bool is_number(enum field_type t)
{
	switch (t) {
	case FT_INTEGER: case FT_MONEY: case FT_BOOL: case FT_PERSON: case FT_SECTION: case FT_FILE: case FT_PORT: case FT_FISCAL_YEAR:
	case FT_DATETIME: case FT_DECIMAL: case FT_REF:
		return true;
	default:
		return false;
	}
}

/* System columns one may sort and filter by. */
static const struct {
	const char *name;
	enum field_type type;
} systems[] = {
	{"id", FT_INTEGER}, {"number", FT_TEXT}, {"title", FT_TEXT}, {"state", FT_TEXT}, {"section", FT_SECTION}, {"applicant", FT_PERSON},
	{"owner", FT_PERSON}, {"created_at", FT_DATETIME}, {"created_on", FT_DATE}, {"updated_at", FT_DATETIME}, {"seal_broken", FT_BOOL},
};

static bool column_type(struct job *j, struct str name, bool allow_many, enum field_type *ret,
                        const struct field **ret_field)
{
	const struct field *f = ledger_field(j->l, name);
	*ret_field = f;
	if (f && (f->type == FT_TABLE || f->type == FT_CHECKLIST || !field_is_stored(f) || (f->many && !allow_many) ||
	          f->secret_set))
		return false;
	if (f)
		return *ret = f->type, true;
	for (size_t i = 0; i < ARRAY_LEN(systems); i++)
		if (str_is(name, systems[i].name))
			return *ret = systems[i].type, true;
	return false;
}

static struct str like_text(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n * 2 + 3);
	size_t n = 0;
	if (!p)
		return STR_NONE;
	p[n++] = '%';
	for (size_t i = 0; i < s.n; i++) {
		if (strchr("%_\\", s.p[i]))
			p[n++] = '\\';
		p[n++] = s.p[i];
	}
	p[n++] = '%';
	return str_n(p, n);
}

/* A filter's text as it stands in the column. */
static struct str filter_text(struct job *j, enum field_type t, struct str typed)
{
	int64_t us;
	struct date d;
	char iso[DATE_TEXT];
	if (t == FT_DATE && date_parse_loose(typed, &d) == 0) {
		date_format(d, iso);
		return arena_str(j->a, str_from(iso));
	}
	if (t == FT_DATETIME && date_parse_loose(typed, &d) == 0)
		return arena_strf(j->a, "%lld", (long long)date_to_instant(d, 0, 0));
	if (t == FT_DATETIME && instant_parse(typed, &us) == 0)
		return arena_strf(j->a, "%lld", (long long)us);
	return arena_str(j->a, typed);
}

static int filter_sql(struct job *j, const struct list_filter *lf, struct buf *sql, struct params *p)
{
	static const char *const ops[] = {"=", "<>", "<=", "<", ">=", ">"};
	enum field_type t;
	const struct field *f;
	if (!column_type(j, lf->field, true, &t, &f))
		return err_set(j->e, ERR_INVALID, "%s", _("This list cannot be filtered that way"));
	bool many = f && f->many;
	const char *column = many ? "c.value" : arena_printf(j->a, "r.\"%.*s\"", STR_ARG(lf->field));
	const char *kind_column = many ? "c.value_kind" : arena_printf(j->a, "r.\"%.*s_kind\"", STR_ARG(lf->field));
	if (many)
		buf_printf(sql, " AND %sEXISTS (SELECT 1 FROM \"%.*s__%.*s\" c WHERE c.record = r.id",
		           str_is(lf->op, "empty") ? "NOT " : "", STR_ARG(j->l->table), STR_ARG(f->name));
	if (str_is(lf->op, "empty")) {
		buf_printf(sql, many ? ")" : " AND %s IS NULL", column);
		return 0;
	}
	buf_printf(sql, " AND %s ", column);
	struct str text = filter_text(j, t, lf->text), id = text;
	if (t == FT_REF && f && f->to.n > 1 && text.n && memchr(text.p, ':', text.n)) {
		struct str kind = str_cut(&id, ':');
		buf_puts(sql, "= ");
		param(sql, p, id, true);
		buf_printf(sql, " AND %s = ", kind_column);
		param(sql, p, kind, false);
	} else if (str_is(lf->op, "has")) {
		buf_puts(sql, "LIKE ");
		param(sql, p, like_text(j->a, text), false);
		buf_puts(sql, " ESCAPE '\\'");
	} else {
		size_t i = 0;
		while (i < ARRAY_LEN(ops) && !str_is(lf->op, ops[i]))
			i++;
		if (i == ARRAY_LEN(ops))
			return err_set(j->e, ERR_INVALID, "%s", _("This list cannot be filtered that way"));
		buf_printf(sql, "%s ", ops[i]);
		param(sql, p, text, is_number(t));
	}
	if (many)
		buf_puts(sql, ")");
	return 0;
}

static void states_sql(const struct ledger *l, struct buf *sql)
{
	buf_puts(sql, " AND r.state IN (''");
	for (size_t i = 0; i < l->n_states; i++)
		if (l->states[i].live)
			buf_printf(sql, ", '%.*s'", STR_ARG(l->states[i].name));
	buf_puts(sql, ")");
}

#define SORTED_HITS_MAX "5000"

/* FROM …: with words to search for, the index of words leads (newest hits first, read only as far as the page needs)
 * and the records follow; where another order is wanted, only the newest hits are put in order. */
static int from_sql(struct job *j, const struct list_query *q, bool sorted, struct buf *sql, struct params *p,
                    bool *ret_search)
{
	struct buf fts;
	*ret_search = false;
	if (!str_trim(q->search).n) {
		buf_printf(sql, " FROM \"%.*s\" r WHERE ", STR_ARG(j->l->table));
		return 0;
	}
	buf_init(&fts, SQL_TEXT_MAX);
	int err = text_fts_query(str_slice(q->search, 0, 1000), &fts);
	*ret_search = err == 0 && fts.n;
	if (*ret_search) {
		buf_printf(sql, " FROM %s", sorted ? "(SELECT rowid FROM search WHERE words MATCH " : "search s");
		if (sorted) {
			param(sql, p, arena_str(j->a, buf_view(&fts)), false);
			buf_puts(sql, " ORDER BY rowid DESC LIMIT " SORTED_HITS_MAX ") s");
		}
		buf_printf(sql, " CROSS JOIN search_doc d ON d.id = s.rowid CROSS JOIN \"%.*s\" r ON r.id = d.record WHERE d.ledger = ",
		           STR_ARG(j->l->table));
		param(sql, p, j->l->name, false);
		if (!sorted) {
			buf_puts(sql, " AND s.words MATCH ");
			param(sql, p, arena_str(j->a, buf_view(&fts)), false);
		}
		buf_puts(sql, " AND ");
	} else {
		buf_printf(sql, " FROM \"%.*s\" r WHERE ", STR_ARG(j->l->table));
	}
	buf_release(&fts);
	return err;
}

/* FROM … WHERE … without the key of the page. */
static int where_sql(struct job *j, const struct list_query *q, bool sorted, struct buf *sql, struct params *p,
                     bool *ret_search)
{
	int err = from_sql(j, q, sorted, sql, p, ret_search);
	if (err == 0)
		err = visible_sql(j, sql);
	if (err == 0 && q->mine) {
		buf_puts(sql, " AND ");
		err = mine_sql(j->l, sql);
	}
	if (q->state.n) {
		buf_puts(sql, " AND r.state = ");
		param(sql, p, q->state, false);
	} else if (q->live_only) {
		states_sql(j->l, sql);
	}
	for (size_t i = 0; err == 0 && i < q->n_filters && i < ARRAY_LEN(q->filters); i++)
		err = filter_sql(j, &q->filters[i], sql, p);
	return err;
}

/* The key of a page: "n" or "v", the id, and with "v" the value of the sort column. */
struct key {
	bool given, null;
	struct str id, value;
};

static int key_parse(struct job *j, struct str after, struct key *ret)
{
	int64_t id;
	*ret = (struct key){0};
	if (!after.n)
		return 0;
	struct str rest = str_slice(after, 1, after.n);
	ret->given = true;
	ret->null = after.p[0] == 'n';
	ret->id = str_cut(&rest, '.');
	ret->value = rest.p ? rest : STR("");
	if ((after.p[0] != 'n' && after.p[0] != 'v') || str_int(ret->id, 0, INT64_MAX, &id) < 0)
		return err_set(j->e, ERR_INVALID, "%s", _("This page of the list does not exist"));
	return 0;
}

/* Rows after the key in the order of the list; NULL sorts before everything. */
static void key_sql(struct job *j, const struct key *k, const char *column, bool search, bool number, bool down,
                    struct buf *sql, struct params *p)
{
	const char *beyond = down ? "<" : ">";
	if (!k->given)
		return;
	if (!column && search) {
		buf_printf(sql, " AND s.rowid %s (SELECT id FROM search_doc WHERE ledger = ", beyond);
		param(sql, p, j->l->name, false);
		buf_puts(sql, " AND record = ");
		param(sql, p, k->id, true);
		buf_puts(sql, ")");
		return;
	}
	if (!column) {
		buf_printf(sql, " AND r.id %s ", beyond);
		param(sql, p, k->id, true);
		return;
	}
	if (k->null) {
		buf_printf(sql, down ? " AND (%s IS NULL AND r.id %s " : " AND (%s IS NOT NULL OR r.id %s ", column, beyond);
		param(sql, p, k->id, true);
		buf_puts(sql, ")");
		return;
	}
	/* The first condition bounds the walk through the index, the second decides within one value. */
	buf_printf(sql, " AND (%s %s= ", column, beyond);
	param(sql, p, k->value, number);
	buf_printf(sql, " AND (%s %s ", column, beyond);
	param(sql, p, k->value, number);
	buf_printf(sql, " OR r.id %s ", beyond);
	param(sql, p, k->id, true);
	buf_printf(sql, ")%s%s%s)", down ? " OR " : "", down ? column : "", down ? " IS NULL" : "");
}

/* --- the page ---------------------------------------------------------------------------------------------------- */

static struct str cell_text(struct job *j, const struct field *f, struct stmt *s, int *at)
{
	int i = (*at)++, kind = f->type == FT_REF && f->to.n > 1 ? (*at)++ : -1;
	struct str text = STR_NONE;
	if (col_null(s, i))
		return STR_NONE;
	if (kind >= 0)
		text = arena_strf(j->a, "%.*s:%lld", STR_ARG(col_str(s, kind)), (long long)col_int(s, i));
	else if (f->type == FT_DATETIME)
		text = arena_strf(j->a, "@%lld", (long long)col_int(s, i));
	else
		text = col_dup(s, i, j->a);
	return value_display(j->w, j->a, j->who, f, text);
}

static void row_read(struct job *j, struct stmt *s, const struct list_page *page, struct list_row *row)
{
	int at = 8;
	row->id = col_int(s, 0);
	row->version = col_int(s, 1);
	row->updated_at = col_int(s, 2);
	row->section = col_int(s, 3);
	row->number = col_dup(s, 4, j->a);
	row->title = col_dup(s, 5, j->a);
	row->state = col_dup(s, 6, j->a);
	row->seal_broken = col_int(s, 7) != 0;
	row->cells = arena_array(j->a, page->n_columns + 1, sizeof *row->cells);
	for (size_t i = 0; row->cells && i < page->n_columns; i++)
		row->cells[i] = cell_text(j, page->columns[i], s, &at);
}

static void select_sql(const struct list_page *page, const char *sort, struct buf *sql)
{
	buf_puts(sql, "SELECT r.id, r.version, r.updated_at, r.section, r.number, r.title, r.state, r.seal_broken");
	for (size_t i = 0; i < page->n_columns; i++) {
		buf_printf(sql, ", r.\"%.*s\"", STR_ARG(page->columns[i]->name));
		if (page->columns[i]->type == FT_REF && page->columns[i]->to.n > 1)
			buf_printf(sql, ", r.\"%.*s_kind\"", STR_ARG(page->columns[i]->name));
	}
	if (sort)
		buf_printf(sql, ", %s", sort);
}

static struct stmt *prepare(struct job *j, struct buf *sql, const struct params *p)
{
	struct stmt *s = buf_err(sql) == 0 ? db_sql(j->w->db, buf_z(sql)) : NULL;
	buf_release(sql);
	if (!s) {
		err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
		return NULL;
	}
	if (visible_bind(j, s) < 0)
		return NULL;
	params_bind(s, p);
	return s;
}

static int total(struct job *j, const struct list_query *q, int64_t *ret)
{
	struct buf sql;
	struct params p = {0};
	buf_init(&sql, SQL_TEXT_MAX);
	buf_puts(&sql, "SELECT count(*) FROM (SELECT 1");
	bool search;
	int err = where_sql(j, q, false, &sql, &p, &search);
	buf_printf(&sql, " LIMIT %d)", COUNT_MAX);
	if (err < 0) {
		buf_release(&sql);
		return err;
	}
	struct stmt *s = prepare(j, &sql, &p);
	if (!s || step(s) != 1)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	*ret = col_int(s, 0);
	stmt_done(s);
	return 0;
}

static int rows_read(struct job *j, struct stmt *s, bool sorted, size_t limit, struct list_page *page)
{
	int r;
	page->rows = arena_array(j->a, limit + 1, sizeof *page->rows);
	if (!page->rows)
		return err_set(j->e, ERR_NOMEM, "list");
	while ((r = step(s)) == 1) {
		if (page->n_rows == limit) {                 /* one more than asked: there is a next page */
			const struct list_row *last = &page->rows[limit - 1];
			page->next = arena_strf(j->a, "%s%lld", sorted && last->key.p ? "v" : sorted ? "n" : "v",
			                        (long long)last->id);
			if (sorted && last->key.p)
				page->next = arena_strf(j->a, "%.*s.%.*s", STR_ARG(page->next), STR_ARG(last->key));
			stmt_done(s);
			return 0;
		}
		struct list_row *row = &page->rows[page->n_rows++];
		row_read(j, s, page, row);
		if (sorted)
			row->key = col_dup(s, col_count(s) - 1, j->a);
	}
	return r < 0 ? err_set(j->e, ERR_DB, "%s", db_error(j->w->db)) : 0;
}

int record_list(struct world *w, struct arena *a, const struct actor *who, const struct ledger *l,
                const struct list_query *q, struct list_page *ret, struct err *e)
{
	struct job j = {.w = w, .a = a, .who = who, .l = l, .e = e};
	struct params p = {0};
	struct buf sql;
	struct key key = {0};
	enum field_type t = FT_INTEGER;
	const struct field *f;
	const char *sort = NULL;
	bool search;
	size_t limit = q->limit && q->limit <= LIST_MAX ? q->limit : LIST_MAX;
	bool down = q->sort.n ? q->descending : true;
	*ret = (struct list_page){.columns = arena_array(a, LIST_COLUMNS_MAX, sizeof *ret->columns)};
	if (!ledger_may_list(who, l))
		return err_set(e, ERR_DENIED, "%s", _("This list is not open to you"));
	if (q->sort.n && !column_type(&j, q->sort, false, &t, &f))
		return err_set(e, ERR_INVALID, "%s", _("This list cannot be sorted that way"));
	if (q->sort.n && !str_is(q->sort, "id"))
		sort = arena_printf(a, "r.\"%.*s\"", STR_ARG(q->sort));
	int err = ret->columns ? key_parse(&j, q->after, &key) : err_set(e, ERR_NOMEM, "list");
	if (err < 0)
		return err;
	ret->n_columns = ledger_list_columns(l, ret->columns);
	buf_init(&sql, SQL_TEXT_MAX);
	select_sql(ret, sort, &sql);
	err = where_sql(&j, q, sort != NULL, &sql, &p, &search);
	key_sql(&j, &key, sort, search, is_number(t), down, &sql, &p);
	if (sort)
		buf_printf(&sql, " ORDER BY %s %s, r.id %s LIMIT %zu", sort, down ? "DESC" : "ASC", down ? "DESC" : "ASC",
		           limit + 1);
	else
		buf_printf(&sql, " ORDER BY %s %s LIMIT %zu", search ? "s.rowid" : "r.id", down ? "DESC" : "ASC", limit + 1);
	if (err < 0) {
		buf_release(&sql);
		return err;
	}
	struct stmt *s = prepare(&j, &sql, &p);
	err = s ? rows_read(&j, s, sort != NULL, limit, ret) : ERR_DB;
	return err < 0 ? err : total(&j, q, &ret->total);
}

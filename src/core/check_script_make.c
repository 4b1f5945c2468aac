/* Making the records a script of checks names: values by the types of the definition, what is left out filled in. */
#include "core/check_script.h"

#include "lib/buf.h"
#include "lib/date.h"

#define COLUMNS_MAX 400
#define PAIRS_MAX 120
#define SQL_MAX (64u << 10)

static int fail(const struct script *s, int line, struct err *e, const char *what, struct str value)
{
	return err_at(e, ERR_SYNTAX, s->file, line, 0, "%s '%.*s'", what, STR_ARG(value));
}

struct pair {
	struct str name, value;
	bool used;
};
struct making {
	struct script_world *w;
	const struct script *s;
	const struct script_step *step;
	struct err *e;
	const struct ledger *ledger;
	struct str id, more;                             /* more: field or action */
	struct pair pairs[PAIRS_MAX];
	size_t n_pairs;
	struct str columns[COLUMNS_MAX];                 /* of the table written to */
	size_t n_columns;
};

static int bad(struct making *m, const char *what, struct str value)
{
	return fail(m->s, m->step->line, m->e, what, value);
}

static struct str next_word(struct str *rest)
{
	size_t i = 0;
	struct str word;
	bool quoted = false;

	*rest = str_trim(*rest);
	while (i < rest->n && (quoted || rest->p[i] != ' '))
		quoted ^= rest->p[i++] == '"';
	word = str_slice(*rest, 0, i);
	*rest = str_slice(*rest, i, rest->n);
	return word;
}

static int parse_pairs(struct making *m, struct str rest)
{
	while (str_trim(rest).n) {
		struct str value = next_word(&rest), name = str_cut(&value, '=');

		if (!value.p || !name.n || m->n_pairs == PAIRS_MAX)
			return bad(m, "name=value is expected, not", name);
		if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
			value = str_slice(value, 1, value.n - 2);
		m->pairs[m->n_pairs++] = (struct pair){name, value, false};
	}
	return 0;
}

static struct pair *pair_of(struct making *m, struct str name)
{
	for (size_t i = 0; i < m->n_pairs; i++)
		if (str_eq(m->pairs[i].name, name))
			return &m->pairs[i];
	return NULL;
}

static int load_columns(struct making *m, const char *table)
{
	struct stmt *s = db_sql(m->w->db, "SELECT name FROM pragma_table_info(?1)");
	int rc;

	m->n_columns = 0;
	if (!s)
		return err_set(m->e, ERR_DB, "%s", db_error(m->w->db));
	bind_z(s, 1, table);
	while ((rc = step(s)) == 1 && m->n_columns < COLUMNS_MAX)
		m->columns[m->n_columns++] = col_dup(s, 0, m->w->a);
	stmt_done(s);
	return rc < 0 ? err_set(m->e, ERR_DB, "%s", db_error(m->w->db)) : m->n_columns ? 0
	       : bad(m, "no table", str_from(table));
}

static bool has_column(const struct making *m, struct str name)
{
	for (size_t i = 0; i < m->n_columns; i++)
		if (str_eq(m->columns[i], name))
			return true;
	return false;
}

static struct str instant_text(struct making *m, int64_t us)
{
	return arena_strf(m->w->a, "%lld", (long long)us);
}

/* As the store keeps it: datetimes in µs, empty as NULL. */
static struct str stored(struct making *m, enum field_type type, struct str value)
{
	int64_t us;

	if (!value.n)
		return STR_NONE;
	if (type == FT_DATETIME && !instant_parse(value, &us))
		return instant_text(m, us);
	return value;
}

struct put {
	struct str names[COLUMNS_MAX], values[COLUMNS_MAX];
	size_t n;
};

static void put(struct put *p, struct str name, struct str value)
{
	for (size_t i = 0; i < p->n; i++)
		if (str_eq(p->names[i], name))
			return;
	p->names[p->n] = name;
	p->values[p->n++] = value;
}

static int run_put(struct making *m, const char *sql, const struct put *p, struct str id)
{
	struct stmt *s = db_sql(m->w->db, sql);

	if (!s)
		return err_at(m->e, ERR_DB, m->s->file, m->step->line, 0, "%s", db_error(m->w->db));
	for (size_t i = 0; i < p->n; i++)
		bind_str(s, (int)i + 1, p->values[i]);
	if (id.p)
		bind_str(s, (int)p->n + 1, id);
	if (run(s, NULL))
		return err_at(m->e, ERR_DB, m->s->file, m->step->line, 0, "%s", db_error(m->w->db));
	return 0;
}

static int insert(struct making *m, const char *table, const struct put *p)
{
	struct buf b;
	int rc;

	buf_init(&b, SQL_MAX);
	buf_printf(&b, "INSERT INTO \"%s\"(", table);
	for (size_t i = 0; i < p->n; i++)
		buf_printf(&b, "%s\"%.*s\"", i ? ", " : "", STR_ARG(p->names[i]));
	buf_puts(&b, ") VALUES (");
	for (size_t i = 0; i < p->n; i++)
		buf_printf(&b, "%s?%zu", i ? ", " : "", i + 1);
	buf_putc(&b, ')');
	rc = run_put(m, buf_z(&b), p, STR_NONE);
	buf_release(&b);
	return rc;
}

static int update(struct making *m, const char *table, const struct put *p)
{
	struct buf b;
	int rc;

	if (!p->n)
		return 0;
	buf_init(&b, SQL_MAX);
	buf_printf(&b, "UPDATE \"%s\" SET ", table);
	for (size_t i = 0; i < p->n; i++)
		buf_printf(&b, "%s\"%.*s\" = ?%zu", i ? ", " : "", STR_ARG(p->names[i]), i + 1);
	buf_printf(&b, " WHERE id = ?%zu", p->n + 1);
	rc = run_put(m, buf_z(&b), p, m->id);
	buf_release(&b);
	if (!rc && db_changes(m->w->db) == 0)
		rc = bad(m, "no such record", m->id);
	return rc;
}

/* What a complete record would say in a required field that the script leaves out. */
static struct str filled(struct making *m, const struct field *f)
{
	switch (f->type) {
	case FT_CHOICE:
		return f->n_of ? f->of[0].code : STR("x");
	case FT_DATE:
		return m->w->today;
	case FT_DATETIME:
		return instant_text(m, m->w->now);
	case FT_BOOL:
		return STR("0");
	case FT_PERSON: case FT_SECTION: case FT_INTEGER: case FT_MONEY: case FT_DECIMAL: case FT_PORT: case FT_FISCAL_YEAR:
		return STR("1");
	case FT_REF: case FT_FILE:
		return STR_NONE;
	case FT_DURATION:
		return STR("1y");
	case FT_CLASSIFICATION:
		return str_is(f->axis, "c") ? STR("2") : STR("1");
	case FT_ROLE:
		return STR("staff");
	case FT_ZONE:
		return STR("lgwan");
	default:
		return STR("x");
	}
}

static bool kept_beside(const struct field *f)
{
	return f->many || f->type == FT_TABLE || f->type == FT_CHECKLIST;
}

static void put_field(struct making *m, struct put *p, const struct field *f, struct str value)
{
	struct str kind = STR_NONE;

	if (f->type == FT_REF && f->to.n > 1 && value.n && memchr(value.p, ':', value.n)) {
		kind = str_cut(&value, ':');
		put(p, arena_strf(m->w->a, "%.*s_kind", STR_ARG(f->name)), kind);
	}
	put(p, f->name, stored(m, f->type, value));
}

static int put_many(struct making *m, const struct field *f, struct str value)
{
	const char *table = arena_printf(m->w->a, "%.*s__%.*s", STR_ARG(m->ledger->table), STR_ARG(f->name));
	const char *clear = arena_printf(m->w->a, "DELETE FROM \"%s\" WHERE record = ?1", table);
	int64_t pos = 0;
	int rc = run_put(m, clear, &(struct put){.values = {m->id}, .n = 1}, STR_NONE);

	while (!rc && value.n) {
		struct str one = str_trim(str_cut(&value, ','));
		struct put *p = ARENA_NEW(m->w->a, struct put);

		put(p, STR("record"), m->id);
		put(p, STR("pos"), arena_strf(m->w->a, "%lld", (long long)pos++));
		if (f->type == FT_REF && f->to.n > 1 && memchr(one.p, ':', one.n))
			put(p, STR("value_kind"), str_cut(&one, ':'));
		put(p, STR("value"), stored(m, f->type, one));
		rc = insert(m, table, p);
	}
	return rc;
}

/* Pairs into columns; what has a table of its own comes after the record. */
static int take_pairs(struct making *m, struct put *p)
{
	for (size_t i = 0; i < m->n_pairs; i++) {
		struct pair *x = &m->pairs[i];
		const struct field *f = ledger_field(m->ledger, x->name);

		if (f && kept_beside(f))
			continue;
		x->used = true;
		if (f && !f->computed.p)
			put_field(m, p, f, x->value);
		else if (has_column(m, x->name))
			put(p, x->name, stored(m, str_ends(x->name, "_at") ? FT_DATETIME : FT_TEXT, x->value));
		else
			return bad(m, "no such field or column", x->name);
	}
	return 0;
}

static int put_beside(struct making *m)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < m->n_pairs; i++) {
		const struct field *f = ledger_field(m->ledger, m->pairs[i].name);

		if (!m->pairs[i].used && f)
			rc = f->many ? put_many(m, f, m->pairs[i].value) : bad(m, "use '-- row:' for", f->name);
	}
	return rc;
}

static struct str live_state(const struct ledger *l)
{
	for (size_t i = 0; i < l->n_states; i++)
		if (l->states[i].live)
			return l->states[i].name;
	return l->n_states ? l->states[0].name : STR("x");
}

static struct str title_of(struct making *m)
{
	static const char *const names[] = {"title", "subject", "name", "login"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct pair *x = pair_of(m, str_from(names[i]));

		if (x && x->value.n)
			return x->value;
	}
	return arena_strf(m->w->a, "%.*s %.*s", STR_ARG(m->ledger->name), STR_ARG(m->id));
}

static void put_system(struct making *m, struct put *p)
{
	struct str now = instant_text(m, m->w->now);
	const struct {
		const char *name;
		struct str value;
	} columns[] = {
		{"id", m->id}, {"number", arena_strf(m->w->a, "%.*s-%.*s", STR_ARG(m->ledger->name), STR_ARG(m->id))},
		{"title", title_of(m)}, {"state", live_state(m->ledger)}, {"applicant", STR("1")}, {"created_at", now},
		{"created_on", m->w->today}, {"created_by", STR("1")}, {"updated_at", now}, {"updated_by", STR("1")}, {"version", STR("1")},
		{"seal_broken", STR("0")},
	};

	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		put(p, str_from(columns[i].name), columns[i].value);
}

static int make_add(struct making *m)
{
	struct put *p = ARENA_NEW(m->w->a, struct put);
	int rc = take_pairs(m, p);

	if (rc)
		return rc;
	put_system(m, p);
	for (size_t i = 0; i < m->ledger->n_fields; i++) {
		const struct field *f = &m->ledger->fields[i];

		if (f->required && !f->computed.p && !f->when.p && !(f->head && f->head->when.p) && !kept_beside(f) &&
		    f->type != FT_REF)
			put(p, f->name, filled(m, f));
	}
	rc = insert(m, arena_z(m->w->a, m->ledger->table), p);
	return rc ? rc : put_beside(m);
}

static int make_set(struct making *m)
{
	struct put *p = ARENA_NEW(m->w->a, struct put);
	int rc = take_pairs(m, p);

	if (!rc)
		rc = update(m, arena_z(m->w->a, m->ledger->table), p);
	return rc ? rc : put_beside(m);
}

/* A row of a table or checklist field. */
static int make_row(struct making *m)
{
	const struct field *f = ledger_field(m->ledger, m->more);
	const char *table = arena_printf(m->w->a, "%.*s__%.*s", STR_ARG(m->ledger->table), STR_ARG(m->more));
	struct put *p = ARENA_NEW(m->w->a, struct put);
	struct stmt *s;
	int rc;

	if (!f || (f->type != FT_TABLE && f->type != FT_CHECKLIST))
		return bad(m, "no table or checklist", m->more);
	rc = load_columns(m, table);
	if (rc)
		return rc;
	for (size_t i = 0; i < m->n_pairs; i++) {
		const struct field *c = field_column(f, m->pairs[i].name);

		if (c)
			put_field(m, p, c, m->pairs[i].value);
		else if (has_column(m, m->pairs[i].name))
			put(p, m->pairs[i].name, stored(m, str_is(m->pairs[i].name, "at") ? FT_DATETIME : FT_TEXT,
			                                m->pairs[i].value));
		else
			return bad(m, "no such column", m->pairs[i].name);
	}
	put(p, STR("record"), m->id);
	if (has_column(m, STR("pos"))) {
		s = db_sql(m->w->db, arena_printf(m->w->a, "SELECT coalesce(max(pos) + 1, 0) FROM \"%s\" WHERE record = ?1",
		                                  table));
		bind_str(s, 1, m->id);
		rc = step(s) == 1 ? 0 : err_set(m->e, ERR_DB, "%s", db_error(m->w->db));
		put(p, STR("pos"), col_dup(s, 0, m->w->a));
		stmt_done(s);
	}
	return rc ? rc : insert(m, table, p);
}

static int make_step(struct making *m)
{
	const char *table = arena_printf(m->w->a, "%.*s_step", STR_ARG(m->ledger->table));
	struct put *p = ARENA_NEW(m->w->a, struct put);
	const struct pair *by = pair_of(m, STR("by"));
	int rc = load_columns(m, table);

	if (rc)
		return rc;
	if (!ledger_action(m->ledger, m->more) && !str_is(m->more, "create") && !str_is(m->more, "update"))
		return bad(m, "no such action", m->more);
	put(p, STR("record"), m->id);
	put(p, STR("action"), m->more);
	put(p, STR("actor"), by ? by->value : STR("1"));
	for (size_t i = 0; i < m->n_pairs; i++) {
		if (&m->pairs[i] == by)
			continue;
		if (!has_column(m, m->pairs[i].name))
			return bad(m, "no such column", m->pairs[i].name);
		put(p, m->pairs[i].name, stored(m, str_is(m->pairs[i].name, "at") ? FT_DATETIME : FT_TEXT, m->pairs[i].value));
	}
	put(p, STR("at"), instant_text(m, m->w->now));
	return insert(m, table, p);
}

int script_apply(struct script_world *w, const struct script *s, const struct script_step *step_, struct err *e)
{
	struct making *m = ARENA_NEW(w->a, struct making);
	struct str rest = step_->text;
	int rc;

	if (step_->kind == SCRIPT_SQL) {
		rc = db_exec(w->db, arena_z(w->a, rest), e);
		return rc && e ? err_at(e, rc, s->file, step_->line, 0, "%s", db_error(w->db)) : rc;
	}
	*m = (struct making){.w = w, .s = s, .step = step_, .e = e};
	m->ledger = ledgers_get(w->ledgers, next_word(&rest));
	if (!m->ledger)
		return bad(m, "no such ledger in", step_->text);
	m->id = next_word(&rest);
	if (step_->kind == SCRIPT_ROW || step_->kind == SCRIPT_STEP)
		m->more = next_word(&rest);
	rc = parse_pairs(m, rest);
	if (!rc)
		rc = load_columns(m, arena_z(w->a, m->ledger->table));
	if (rc)
		return rc;
	switch (step_->kind) {
	case SCRIPT_ADD:
		return make_add(m);
	case SCRIPT_SET:
		return make_set(m);
	case SCRIPT_ROW:
		return make_row(m);
	case SCRIPT_STEP:
		return make_step(m);
	default:
		return bad(m, "not a step that makes records", step_->text);
	}
}

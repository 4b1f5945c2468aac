/* Writes a record in work to its tables. Every column is written by one statement per ledger, so that statements stay
 * prepared; child tables are written anew when they changed. */
#include <jansson.h>
#include <sqlite3.h>

#include "core/engine.h"
#include "lib/i18n.h"

static bool two_columns(const struct field *f)
{
	return f->type == FT_REF && f->to.n > 1;
}

/* section and owner live in system columns even when the ledger labels them. */
static bool system_column(const struct field *f)
{
	return str_is(f->name, "section") || str_is(f->name, "owner");
}

static struct stmt *prepare(struct job *j, struct buf *sql)
{
	struct stmt *s = buf_err(sql) < 0 ? NULL : db_sql(j->w->db, buf_z(sql));
	if (!s)
		err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	buf_release(sql);
	return s;
}

/* Exact text to a column of the type. */
static void bind_exact(struct stmt *s, int i, const struct field *f, struct str text)
{
	int64_t n;
	struct str number = text;
	if (!text.n) {
		bind_null(s, i);
		return;
	}
	switch (f->type) {
	case FT_DECIMAL: {
		char z[64];
		snprintf(z, sizeof z, "%.*s", STR_ARG(text));
		bind_real(s, i, strtod(z, NULL));
		return;
	}
	case FT_DATETIME:
		number = str_slice(text, 1, text.n);
		break;
	case FT_REF:
		if (two_columns(f))
			str_cut(&number, ':');
		break;
	case FT_INTEGER: case FT_MONEY: case FT_BOOL: case FT_PERSON: case FT_SECTION: case FT_FILE: case FT_PORT: case FT_FISCAL_YEAR:
		break;
	default:
		bind_str(s, i, text);
		return;
	}
	if (str_int(number, INT64_MIN, INT64_MAX, &n) == 0)
		bind_int(s, i, n);
	else
		bind_null(s, i);
}

static int bind_field(struct stmt *s, int i, const struct field *f, struct str text)
{
	bind_exact(s, i++, f, text);
	if (two_columns(f)) {
		struct str rest = text;
		bind_str(s, i++, text.n ? str_cut(&rest, ':') : STR_NONE);
	}
	return i;
}

static int child_rows(struct job *j, const struct field *f, int64_t record, const struct value *v)
{
	const struct field *cols[FIELDS_MAX];
	size_t n = rows_columns(f, cols, FIELDS_MAX);
	struct buf sql;
	buf_init(&sql, SQL_TEXT_MAX);
	buf_printf(&sql, "INSERT INTO \"%.*s__%.*s\"(record%s", STR_ARG(j->l->table), STR_ARG(f->name),
	           f->type == FT_TABLE ? ", pos" : "");
	int params = f->type == FT_TABLE ? 2 : 1;
	for (size_t i = 0; i < n; i++) {
		buf_printf(&sql, ", \"%.*s\"", STR_ARG(cols[i]->name));
		params++;
		if (two_columns(cols[i]) && !cols[i]->many) {
			buf_printf(&sql, ", \"%.*s_kind\"", STR_ARG(cols[i]->name));
			params++;
		}
	}
	buf_puts(&sql, ") VALUES (?");
	for (int i = 1; i < params; i++)
		buf_puts(&sql, ", ?");
	buf_puts(&sql, ")");
	struct stmt *s = prepare(j, &sql);
	int r = s ? 0 : ERR_DB;
	for (size_t k = 0; r >= 0 && k < v->n_rows; k++) {
		int at = 1;
		bind_int(s, at++, record);
		if (f->type == FT_TABLE)
			bind_int(s, at++, (int64_t)k);
		for (size_t i = 0; i < n; i++) {
			struct field plain = *cols[i];
			if (plain.many)
				plain.type = FT_TEXT;
			at = bind_field(s, at, &plain, row_cell(&v->rows[k], plain.name));
		}
		r = run(s, j->e);
	}
	return r < 0 ? r : 0;
}

static int child_many(struct job *j, const struct field *f, int64_t record, const struct value *v)
{
	struct buf sql;
	buf_init(&sql, SQL_TEXT_MAX);
	buf_printf(&sql, "INSERT INTO \"%.*s__%.*s\"(record, pos, value%s) VALUES (?, ?, ?%s)", STR_ARG(j->l->table),
	           STR_ARG(f->name), two_columns(f) ? ", value_kind" : "", two_columns(f) ? ", ?" : "");
	struct stmt *s = prepare(j, &sql);
	int r = s ? 0 : ERR_DB;
	for (size_t i = 0; r >= 0 && i < v->n_many; i++) {
		bind_int(s, 1, record);
		bind_int(s, 2, (int64_t)i);
		bind_field(s, 3, f, v->many[i]);
		r = run(s, j->e);
	}
	return r < 0 ? r : 0;
}

static int child_clear(struct job *j, const struct field *f, int64_t record)
{
	struct buf sql;
	buf_init(&sql, SQL_TEXT_MAX);
	buf_printf(&sql, "DELETE FROM \"%.*s__%.*s\" WHERE record = ?1", STR_ARG(j->l->table), STR_ARG(f->name));
	struct stmt *s = prepare(j, &sql);
	if (!s)
		return ERR_DB;
	bind_int(s, 1, record);
	int r = run(s, j->e);
	return r < 0 ? r : 0;
}

static int store_children(struct job *j, const struct record *before, const struct record *r)
{
	int err = 0;
	for (size_t i = 0; err == 0 && i < j->l->n_fields; i++) {
		const struct field *f = &j->l->fields[i];
		if (!field_is_child(f) || (before ? value_same(&before->all[i], &r->all[i]) : value_empty(&r->all[i])))
			continue;
		if (before && !value_empty(&before->all[i]))
			err = child_clear(j, f, r->id);
		if (err == 0)
			err = f->type == FT_TABLE || f->type == FT_CHECKLIST ? child_rows(j, f, r->id, &r->all[i])
			                                                     : child_many(j, f, r->id, &r->all[i]);
	}
	return err;
}

/* A file belongs to the record that names it from now on. */
static int take_files(struct job *j, const struct record *r)
{
	struct stmt *s = db_sql(j->w->db, "UPDATE attachment SET ledger = ?2, record = ?3, field = ?4 WHERE id = ?1 AND record IS NULL");
	if (!s)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	int err = 0;
	for (size_t i = 0; err >= 0 && i < j->l->n_fields; i++) {
		const struct field *f = &j->l->fields[i];
		const struct value *v = &r->all[i];
		size_t rows = f->type == FT_FILE ? (f->many ? v->n_many : v->text.n > 0) : 0;
		size_t cells = f->n_columns ? v->n_rows * f->n_columns : 0;
		for (size_t k = 0; err >= 0 && k < rows + cells; k++) {
			struct str id = f->type == FT_FILE ? (f->many ? v->many[k] : v->text) : STR_NONE;
			if (cells && f->columns[k % f->n_columns].type == FT_FILE)
				id = row_cell(&v->rows[k / f->n_columns], f->columns[k % f->n_columns].name);
			if (!id.n)
				continue;
			bind_str(s, 1, id);
			bind_str(s, 2, j->l->name);
			bind_int(s, 3, r->id);
			bind_str(s, 4, f->name);
			err = run(s, j->e);
		}
	}
	return err < 0 ? err : 0;
}

static void bind_id(struct stmt *s, int i, int64_t id)
{
	if (id)
		bind_int(s, i, id);
	else
		bind_null(s, i);
}

/* Plain fields that have columns of their own; writes "name = ?" or names. */
static int own_columns(struct job *j, struct buf *sql, const char *after)
{
	int n = 0;
	for (size_t i = 0; i < j->l->n_fields; i++) {
		const struct field *f = &j->l->fields[i];
		if (field_is_child(f) || !field_is_stored(f) || system_column(f))
			continue;
		buf_printf(sql, ", \"%.*s\"%s", STR_ARG(f->name), after);
		n++;
		if (two_columns(f)) {
			buf_printf(sql, ", \"%.*s_kind\"%s", STR_ARG(f->name), after);
			n++;
		}
	}
	return n;
}

static void bind_own(struct job *j, struct stmt *s, int at, const struct record *r)
{
	for (size_t i = 0; i < j->l->n_fields; i++) {
		const struct field *f = &j->l->fields[i];
		if (!field_is_child(f) && field_is_stored(f) && !system_column(f))
			at = bind_field(s, at, f, r->all[i].text);
	}
}

static void bind_owner(struct job *j, struct stmt *s, int i, const struct record *r)
{
	const struct field *f = ledger_field(j->l, STR("owner"));
	if (f)
		bind_exact(s, i, f, r->all[field_index(j->l, f)].text);
	else
		bind_id(s, i, r->owner);
}

int store_insert(struct job *j, struct record *r)
{
	struct buf sql;
	buf_init(&sql, SQL_TEXT_MAX);
	buf_printf(&sql, "INSERT INTO \"%.*s\"(number, title, state, section, applicant, owner, created_at, created_on, created_by, updated_at,"
	           " updated_by, version, seal_broken", STR_ARG(j->l->table));
	int n = own_columns(j, &sql, "");
	buf_puts(&sql, ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0");
	for (int i = 0; i < n; i++)
		buf_puts(&sql, ", ?");
	buf_puts(&sql, ")");
	struct stmt *s = prepare(j, &sql);
	if (!s)
		return ERR_DB;
	bind_str(s, 1, r->number);
	bind_str(s, 2, r->title);
	bind_str(s, 3, r->state);
	bind_id(s, 4, r->section);
	bind_id(s, 5, r->applicant);
	bind_owner(j, s, 6, r);
	bind_int(s, 7, r->created_at);
	bind_str(s, 8, r->created_on);
	bind_id(s, 9, r->created_by);
	bind_int(s, 10, r->updated_at);
	bind_id(s, 11, r->updated_by);
	bind_int(s, 12, r->version);
	bind_own(j, s, 13, r);
	int err = run(s, j->e);
	if (err < 0)
		return err;
	r->id = db_last_id(j->w->db);
	err = store_children(j, NULL, r);
	return err < 0 ? err : take_files(j, r);
}

int store_update(struct job *j, const struct record *before, struct record *r)
{
	struct buf sql;
	buf_init(&sql, SQL_TEXT_MAX);
	buf_printf(&sql, "UPDATE \"%.*s\" SET title = ?, section = ?, owner = ?, updated_at = ?, updated_by = ?, version = ?, seal = ?,"
	           " sealed_by = CASE WHEN ? THEN sealed_by ELSE ? END, seal_broken = ?", STR_ARG(j->l->table));
	int n = own_columns(j, &sql, " = ?");
	buf_puts(&sql, " WHERE id = ?");
	struct stmt *s = prepare(j, &sql);
	if (!s)
		return ERR_DB;
	bind_str(s, 1, r->title);
	bind_id(s, 2, r->section);
	bind_owner(j, s, 3, r);
	bind_int(s, 4, r->updated_at);
	bind_id(s, 5, r->updated_by);
	bind_int(s, 6, r->version);
	bind_str(s, 7, r->seal);
	bind_int(s, 8, str_eq(before->seal, r->seal));
	bind_str(s, 9, r->sealed_by);
	bind_int(s, 10, r->seal_broken);
	bind_own(j, s, 11, r);
	bind_int(s, 11 + n, r->id);
	int err = run(s, j->e);
	if (err < 0)
		return err;
	err = store_children(j, before, r);
	return err < 0 ? err : take_files(j, r);
}

/* Only after the step that leads there; the database insists. */
int store_state(struct job *j, int64_t id, struct str state)
{
	struct stmt *s = db_sql(j->w->db, arena_printf(j->a, "UPDATE \"%.*s\" SET state = ?2 WHERE id = ?1",
	                                               STR_ARG(j->l->table)));
	if (!s)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	bind_int(s, 1, id);
	bind_str(s, 2, state);
	int err = run(s, j->e);
	return err < 0 ? err : 0;
}

int store_step(struct job *j, int64_t record, const struct step_row *step_)
{
	struct buf sql;
	buf_init(&sql, SQL_TEXT_MAX);
	buf_printf(&sql, "INSERT INTO \"%.*s_step\"(record, action, actor, on_behalf, at, note, seal, from_state, to_state)"
	           " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", STR_ARG(j->l->table));
	struct stmt *s = prepare(j, &sql);
	if (!s)
		return ERR_DB;
	bind_int(s, 1, record);
	bind_str(s, 2, step_->action);
	bind_id(s, 3, j->who->person);
	bind_id(s, 4, step_->on_behalf);
	bind_int(s, 5, j->w->now);
	bind_str(s, 6, step_->note);
	bind_str(s, 7, step_->seal);
	bind_str(s, 8, step_->from_state);
	bind_str(s, 9, step_->to_state);
	return run(s, j->e);
}

/* The field named in SQLite's "UNIQUE constraint failed: table.column[, table.column…]". */
static const struct field *unique_field(struct job *j, const char *text)
{
	for (size_t i = 0; i < j->l->n_fields; i++) {
		const char *name = arena_printf(j->a, "%.*s.%.*s", STR_ARG(j->l->table), STR_ARG(j->l->fields[i].name));
		const char *at = strstr(text, name);
		size_t n = strlen(name);
		if (at && (at[n] == '\0' || at[n] == ','))
			return &j->l->fields[i];
	}
	return NULL;
}

/* Triggers begin their texts with a word that says what kind of refusal it is (core/ledger_trigger.c). */
static int trigger_refusal(struct job *j, struct str text)
{
	int64_t n;
	struct str rest = text, kind = str_cut(&rest, ':'), number = kind, word = str_cut(&number, ' ');
	if (str_is(word, "rule") && str_int(number, 1, (int64_t)j->l->n_rules, &n) == 0) {
		fault_add(j, STR(""), "%.*s", STR_ARG(label_text(&j->l->rules[n - 1].say)));
		return err_set(j->e, ERR_INVALID, "%s", _("Please correct what is marked"));
	}
	if (str_is(word, "note")) {
		fault_add(j, STR("note"), "%s", _("Please give the reason"));
		return err_set(j->e, ERR_INVALID, "%s", _("Please correct what is marked"));
	}
	if (str_is(word, "choice") || str_is(word, "reference")) {
		struct str field = str_trim(rest), f = str_cut(&field, ':');
		fault_add(j, ledger_field(j->l, f) ? f : STR(""), "%s", _("This cannot be chosen here"));
		return err_set(j->e, ERR_INVALID, "%s", _("Please correct what is marked"));
	}
	if (str_is(word, "state"))
		return err_set(j->e, ERR_WRONG_STATE, "%s", _("This is not possible in the present state"));
	if (str_is(word, "separation"))
		return err_set(j->e, ERR_DENIED, "%s", _("The separation of duties does not allow this"));
	return err_set(j->e, ERR_DENIED, "%s", _("This record is closed and does not change any more"));
}

int store_refusal(struct job *j, int r)
{
	if (r != ERR_DB)
		return r;
	int code = sqlite3_extended_errcode(db_handle(j->w->db));
	const char *text = arena_strdup(j->a, db_error(j->w->db));
	if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY) {
		/* In a restricted ledger the clash itself would tell of a record one may not know of. */
		const struct field *f = unique_field(j, text);
		fault_add(j, f ? f->name : STR(""), "%s",
		          j->l->restricted ? _("This value cannot be used") : _("This value is already in use"));
		return err_set(j->e, ERR_INVALID, "%s", _("Please correct what is marked"));
	}
	if (code == SQLITE_CONSTRAINT_NOTNULL || code == SQLITE_CONSTRAINT_CHECK || code == SQLITE_CONSTRAINT_FOREIGNKEY) {
		fault_add(j, STR(""), "%s", code == SQLITE_CONSTRAINT_FOREIGNKEY ? _("A record named here does not exist")
		          : text);
		return err_set(j->e, ERR_INVALID, "%s", _("Please correct what is marked"));
	}
	if (code == SQLITE_CONSTRAINT_TRIGGER)
		return trigger_refusal(j, str_from(text));
	return r;
}

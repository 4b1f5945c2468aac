/* Writing a ledger as CSV, and the keys by which people name records in it. Reading is in ledger_import.c. */
#include "core/ledger_csv.h"

#include "core/engine.h"
#include "core/ledger_keys.h"
#include "lib/csv.h"
#include "lib/i18n.h"
#include "lib/json.h"

#define EXPORT_SCRATCH_MAX (16u << 20)

bool csv_field(const struct field *f)
{
	/* Files stay where they are; a file of theirs does not travel in a cell. */
	return field_is_stored(f) && f->type != FT_FILE;
}

/* --- keys -------------------------------------------------------------------------------------------------------- */

static bool is_ref(const struct field *f)
{
	return f->type == FT_REF || f->type == FT_PERSON || f->type == FT_SECTION;
}

static struct str target_name(const struct field *f)
{
	return f->type == FT_PERSON ? STR("persons") : f->type == FT_SECTION ? STR("org-units") : f->to.n ? f->to.v[0]
	       : STR_NONE;
}

/* The column by which people know the records of a ledger, beside the number. */
static const char *key_column(const struct ledger *l)
{
	return str_is(l->name, "persons") ? "staff_no" : str_is(l->name, "org-units") ? "code" : "number";
}

/* Exact text of a field to what stands in the file. */
static struct str key_write(struct job *j, const struct field *f, struct str exact)
{
	struct str id = exact, name = target_name(f), key = STR_NONE;
	if (!is_ref(f) || !exact.n)
		return exact_to_text(j->a, f->type, exact);
	bool many = memchr(exact.p, ':', exact.n) != NULL;
	if (many)
		name = str_cut(&id, ':');
	const struct ledger *to = ledgers_get(j->w->ledgers, name);
	struct stmt *s = to ? db_sql(j->w->db, arena_printf(j->a,
	                                                    "SELECT coalesce(\"%s\", number) FROM \"%.*s\" WHERE id = ?1",
	                                                    key_column(to),
	                                                   STR_ARG(to->table))) : NULL;
	if (!s)
		return STR_NONE;
	bind_str(s, 1, id);
	if (step(s) == 1)
		key = col_dup(s, 0, j->a);
	stmt_done(s);
	return many ? arena_strf(j->a, "%.*s:%.*s", STR_ARG(name), STR_ARG(key)) : key;
}

/* One id by a column that holds the key; 0 when there is none or more than one. */
static int64_t find_one(struct job *j, const struct ledger *to, const char *column, struct str key)
{
	int64_t id = 0;
	struct stmt *s = db_sql(j->w->db, arena_printf(j->a, "SELECT id FROM \"%.*s\" WHERE \"%s\" = ?1 LIMIT 2",
	                                               STR_ARG(to->table), column));
	if (!s)
		return 0;
	bind_str(s, 1, key);
	if (step(s) == 1) {
		id = col_int(s, 0);
		if (step(s) == 1)
			id = 0;
	}
	stmt_done(s);
	return id;
}

/* id of the record called so in a ledger; 0 none. */
static int64_t key_find(struct job *j, const struct ledger *to, struct str key)
{
	int64_t id = find_one(j, to, key_column(to), key);
	if (!id)
		id = find_one(j, to, "number", key);
	return id ? id : find_one(j, to, "title", key);
}

bool key_read(struct job *j, const struct field *f, struct str key, struct str *ret)
{
	struct str rest = key, name = target_name(f);
	*ret = key;
	if (!is_ref(f) || !str_trim(key).n)
		return true;
	if (f->to.n > 1 && memchr(key.p, ':', key.n))
		name = str_cut(&rest, ':');
	const struct ledger *to = ledgers_get(j->w->ledgers, str_trim(name));
	int64_t id = to ? key_find(j, to, str_trim(rest)) : 0;
	if (!id)
		return false;
	*ret = f->to.n > 1 ? arena_strf(j->a, "%.*s:%lld", STR_ARG(to->name), (long long)id)
	       : arena_strf(j->a, "%lld", (long long)id);
	return true;
}

/* --- cells ------------------------------------------------------------------------------------------------------- */

static void put_array(struct job *j, struct jw *w, const struct field *f, struct str json)
{
	/* A `many` column is stored as a JSON array; ids in it become keys by way of a one-element reading. */
	struct field one = *f;
	one.many = false;
	struct str rest = str_slice(json, 1, json.n >= 2 ? json.n - 2 : 0);
	jw_array(w);
	while (rest.n && is_ref(f)) {
		struct str item = str_cut(&rest, ',');
		if (item.n >= 2 && item.p[0] == '"')
			item = str_slice(item, 1, item.n - 2);
		jw_str(w, key_write(j, &one, item));
	}
	jw_end_array(w);
}

static struct str rows_text(struct job *j, const struct field *f, const struct value *v)
{
	const struct field *cols[FIELDS_MAX];
	size_t n = rows_columns(f, cols, FIELDS_MAX);
	struct buf b;
	struct jw w;
	if (!v->n_rows)
		return STR_NONE;
	buf_init(&b, CSV_CELL_MAX);
	jw_init(&w, &b, false);
	jw_array(&w);
	for (size_t i = 0; i < v->n_rows; i++) {
		jw_object(&w);
		for (size_t k = 0; k < n; k++) {
			struct str text = row_cell(&v->rows[i], cols[k]->name);
			bool own = f->type == FT_CHECKLIST && (str_is(cols[k]->name, "who") || str_is(cols[k]->name, "at"));
			if (!text.n || own || cols[k]->type == FT_FILE || !rights_see_column(j, cols[k]))
				continue;
			jw_key(&w, arena_z(j->a, cols[k]->name));
			if (cols[k]->many && is_ref(cols[k]))
				put_array(j, &w, cols[k], text);
			else if (cols[k]->many)
				jw_raw(&w, text);
			else
				jw_str(&w, key_write(j, cols[k], text));
		}
		jw_end_object(&w);
	}
	jw_end_array(&w);
	struct str out = buf_err(&b) == 0 ? arena_str(j->a, buf_view(&b)) : STR_NONE;
	buf_release(&b);
	return out;
}

static struct str many_text(struct job *j, const struct field *f, const struct value *v)
{
	struct buf b;
	struct jw w;
	bool plain = true;
	struct str *keys = arena_array(j->a, v->n_many + 1, sizeof *keys);
	for (size_t i = 0; keys && i < v->n_many; i++) {
		keys[i] = key_write(j, f, v->many[i]);
		for (size_t k = 0; k < keys[i].n; k++)
			plain &= keys[i].p[k] != ';' && keys[i].p[k] != '\n';
		plain &= !(i == 0 && keys[i].n && keys[i].p[0] == '[');
	}
	buf_init(&b, CSV_CELL_MAX);
	jw_init(&w, &b, false);
	if (!plain)
		jw_array(&w);
	for (size_t i = 0; keys && i < v->n_many; i++) {
		if (plain) {
			buf_puts(&b, i ? "; " : "");
			buf_str(&b, keys[i]);
		} else {
			jw_str(&w, keys[i]);
		}
	}
	if (!plain)
		jw_end_array(&w);
	struct str out = buf_err(&b) == 0 ? arena_str(j->a, buf_view(&b)) : STR_NONE;
	buf_release(&b);
	return out;
}

static struct str cell_text(struct job *j, const struct field *f, const struct value *v)
{
	if (f->type == FT_TABLE || f->type == FT_CHECKLIST)
		return rows_text(j, f, v);
	return f->many ? many_text(j, f, v) : key_write(j, f, v->text);
}

/* --- export ------------------------------------------------------------------------------------------------------ */

static void head_rows(struct job *j, const bool *shown, struct buf *out)
{
	static const char *const labels[][2] = {{"number", N_("Number")}, {"state", N_("State")},
	                                        {"applicant", N_("Applicant")},
		{"created_on", N_("Created on")}};
	for (int label = 0; label <= 1; label++) {
		for (size_t i = 0; i < ARRAY_LEN(labels); i++)
			csv_cell(out, str_from(label ? _(labels[i][1]) : labels[i][0]), i == 0, true);
		for (size_t i = 0; i < j->l->n_fields; i++)
			if (shown[i])
				csv_cell(out, label ? label_text(&j->l->fields[i].label) : j->l->fields[i].name, false, true);
		csv_end_row(out);
	}
}

static int export_row(struct job *j, int64_t id, const bool *shown, struct buf *out)
{
	static const struct field person = {.type = FT_PERSON};
	struct record r = {0};
	int err = record_load(j, id, &r);
	if (err < 0)
		return err;
	struct job with = *j;
	with.rec = &r;
	csv_cell(out, r.number, true, true);
	csv_cell(out, r.state, false, true);
	csv_cell(out, r.applicant ? key_write(j, &person, arena_strf(j->a, "%lld", (long long)r.applicant)) : STR_NONE,
	         false, true);
	csv_cell(out, r.created_on, false, true);
	for (size_t i = 0; i < j->l->n_fields; i++)
		if (shown[i])
			csv_cell(out, rights_see_field(j, &r, &j->l->fields[i]) ? cell_text(&with, &j->l->fields[i], &r.all[i])
			         : STR_NONE, false, true);
	csv_end_row(out);
	return buf_err(out);
}

int ledger_export_count(struct world *w, const struct actor *who, const struct ledger *l, int64_t max, int64_t *ret, struct err *e)
{
	struct arena *a = arena_new(1u << 20);
	struct job j = {.w = w, .a = a, .who = who, .l = l, .e = e};
	struct buf sql;
	*ret = 0;
	buf_init(&sql, SQL_TEXT_MAX);
	buf_printf(&sql, "SELECT count(*) FROM (SELECT 1 FROM \"%.*s\" r WHERE ", STR_ARG(l->table));
	int err = ledger_may_list(who, l) ? visible_sql(&j, &sql) : err_set(e, ERR_DENIED, "%s", _("This list is not open to you"));
	buf_printf(&sql, " LIMIT %lld)", (long long)max);
	struct stmt *s = err == 0 ? db_sql(w->db, buf_z(&sql)) : NULL;
	if (err == 0 && (!s || visible_bind(&j, s) < 0 || step(s) != 1))
		err = err_set(e, ERR_DB, "%s", db_error(w->db));
	if (err == 0)
		*ret = col_int(s, 0);
	if (s)
		stmt_done(s);
	buf_release(&sql);
	arena_free(a);
	return err;
}

int ledger_export_csv(struct world *w, const struct actor *who, const struct ledger *l, const struct pace *pace, struct buf *out, struct err *e)
{
	struct arena *a = arena_new(EXPORT_SCRATCH_MAX);
	struct job j = {.w = w, .a = a, .who = who, .l = l, .e = e};
	bool shown[FIELDS_MAX] = {0};
	struct buf sql;
	for (size_t i = 0; i < l->n_fields; i++)
		shown[i] = csv_field(&l->fields[i]) && (!l->fields[i].secret_set || who->admin);
	head_rows(&j, shown, out);
	buf_init(&sql, SQL_TEXT_MAX);
	buf_printf(&sql, "SELECT r.id FROM \"%.*s\" r WHERE r.id > :from AND ", STR_ARG(l->table));
	int err = ledger_may_list(who, l) ? visible_sql(&j, &sql)
	          : err_set(e, ERR_DENIED, "%s", _("This list is not open to you"));
	buf_puts(&sql, " ORDER BY r.id LIMIT 500");
	int64_t last = 0, rows = 0, ids[500];
	for (size_t n = 1; err == 0 && n;) {             /* in pieces: no statement stays open over others */
		struct stmt *s = db_sql(w->db, buf_z(&sql));
		n = 0;
		if (!s || visible_bind(&j, s) < 0) {
			err = err_set(e, ERR_DB, "%s", db_error(w->db));
			break;
		}
		bind_int(s, bind_index(s, ":from"), last);
		while (n < ARRAY_LEN(ids) && step(s) == 1)
			ids[n++] = last = col_int(s, 0);
		stmt_done(s);
		for (size_t i = 0; err == 0 && i < n; i++) {
			arena_clear(a);
			err = export_row(&j, ids[i], shown, out);
		}
		rows += (int64_t)n;
		if (err == 0 && pace && n)
			err = pace->told(pace->arg, rows, 0, e);
	}
	buf_release(&sql);
	arena_free(a);
	return err;
}

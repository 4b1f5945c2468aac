/* Reading a CSV into a ledger: every row through the same checks as a form, all rows or none. */
#include "core/event.h"
#include "core/import.h"
#include "core/ledger_keys.h"
#include "lib/csv.h"
#include "lib/i18n.h"

#define IMPORT_TEXT_MAX (256u << 20)
#define ROW_SCRATCH_MAX (16u << 20)

static void import_fault(struct import *im, struct str field, struct str text)
{
	struct import_result *out = im->out;
	if (!out->faults)
		out->faults = arena_array(im->a, IMPORT_FAULTS_MAX, sizeof *out->faults);
	if (out->faults && out->n_faults < IMPORT_FAULTS_MAX)
		out->faults[out->n_faults++] = (struct import_fault){im->line, arena_str(im->a, field), arena_str(im->a, text)};
}

/* --- header ------------------------------------------------------------------------------------------------------ */

static int column_of(const struct ledger *l, struct str name)
{
	static const char *const systems[] = {"number", "state", "applicant", "created_on"};
	for (size_t i = 0; i < l->n_fields; i++)
		if (str_eq(l->fields[i].name, name))
			return (int)i;
	for (size_t i = 0; i < ARRAY_LEN(systems); i++)
		if (str_is(name, systems[i]))
			return -1 - (int)i;
	for (size_t i = 0; i < l->n_fields; i++)
		if (str_eq(l->fields[i].label.ja, name) || str_eq(l->fields[i].label.en, name))
			return (int)i;
	return COL_NONE;
}

static int header(struct import *im, const struct line *head)
{
	im->line = head->line;
	im->n_columns = head->n < CSV_COLUMNS_MAX ? head->n : CSV_COLUMNS_MAX;
	for (size_t i = 0; i < im->n_columns; i++) {
		struct str name = str_trim(csv_undefuse(head->cells[i]));
		im->columns[i] = column_of(im->j.l, name);
		if (im->columns[i] == COL_NONE)
			import_fault(im, name, str_from(_("There is no such field")));
		for (size_t k = 0; k < i; k++)
			if (im->columns[i] == im->columns[k] && im->columns[i] != COL_NONE)
				import_fault(im, name, str_from(_("This column is there twice")));
	}
	return im->out->n_faults ? ERR_INVALID : 0;
}

/* The second row of an export holds the labels. */
static bool is_labels(const struct import *im, const struct line *row)
{
	size_t same = 0, fields = 0;
	for (size_t i = 0; i < row->n && i < im->n_columns; i++) {
		if (im->columns[i] < 0)
			continue;
		const struct label *l = &im->j.l->fields[im->columns[i]].label;
		struct str cell = csv_undefuse(row->cells[i]);
		fields++;
		same += str_eq(cell, l->ja) || str_eq(cell, l->en);
	}
	return fields && same == fields;
}

/* --- one row ----------------------------------------------------------------------------------------------------- */

static int64_t by_column(struct job *j, struct str column, struct str key)
{
	int64_t id = 0;
	struct stmt *s = key.n ? db_sql(j->w->db, arena_printf(j->a, "SELECT id FROM \"%.*s\" WHERE \"%.*s\" = ?1",
	                                                       STR_ARG(j->l->table),
	                                                      STR_ARG(column))) : NULL;
	if (!s)
		return 0;
	bind_str(s, 1, key);
	if (step(s) == 1)
		id = col_int(s, 0);
	stmt_done(s);
	return id;
}

/* By fields that are unique together; 0 when the row does not give them all. */
static int64_t by_columns(struct job *j, const struct typed_row *row, const struct str_list *names)
{
	struct buf sql;
	int64_t id = 0;
	buf_init(&sql, SQL_TEXT_MAX);
	buf_printf(&sql, "SELECT id FROM \"%.*s\" WHERE 1", STR_ARG(j->l->table));
	for (size_t i = 0; i < names->n; i++)
		buf_printf(&sql, " AND \"%.*s\" = ?%zu", STR_ARG(names->v[i]), i + 1);
	buf_puts(&sql, " LIMIT 2");
	struct stmt *s = names->n ? db_sql(j->w->db, buf_z(&sql)) : NULL;
	buf_release(&sql);
	for (size_t i = 0; s && i < names->n; i++) {
		const struct field *f = ledger_field(j->l, names->v[i]);
		const struct value *v = values_get(&row->values, names->v[i]);
		if (!f || field_is_child(f) || (f->type == FT_REF && f->to.n > 1) || value_empty(v)) {
			stmt_done(s);
			return 0;
		}
		bind_str(s, (int)i + 1, v->text);
	}
	if (s && step(s) == 1) {
		id = col_int(s, 0);
		if (step(s) == 1)
			id = 0;
	}
	if (s)
		stmt_done(s);
	return id;
}

/* The record a row speaks of: by number, else by fields that are unique. 0: a new one. */
static int64_t existing(struct job *j, const struct typed_row *row)
{
	int64_t id = by_column(j, STR("number"), row->given.number);
	for (size_t i = 0; !id && !row->given.number.n && i < j->l->n_fields; i++) {
		const struct field *f = &j->l->fields[i];
		const struct value *v = f->unique && !field_is_child(f) ? values_get(&row->values, f->name) : NULL;
		if (v && v->present)
			id = by_column(j, f->name, v->text);
	}
	for (size_t i = 0; !id && !row->given.number.n && i < j->l->n_unique; i++)
		id = by_columns(j, row, &j->l->unique[i]);
	return id;
}

static int row_note(struct import *im, int64_t record, bool created)
{
	struct job *j = &im->j;
	struct stmt *s = db_sql(j->w->db, arena_printf(j->a, "INSERT OR REPLACE INTO import_row(import, record, version, created)"
	                                              " SELECT ?1, id, version, ?3 OR coalesce((SELECT created FROM import_row WHERE import = ?1"
	                                              " AND record = ?2), 0) FROM \"%.*s\" WHERE id = ?2", STR_ARG(j->l->table)));
	if (!s)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	bind_int(s, 1, im->out->id);
	bind_int(s, 2, record);
	bind_int(s, 3, created);
	int err = run(s, j->e);
	return err < 0 ? err : 0;
}

static int row_create(struct import *im, const struct typed_row *row)
{
	int64_t id;
	struct job *j = &im->j;
	if (!j->who->admin && (row->given.number.n || row->given.state.n)) {
		/* What already happened elsewhere is brought in by the console only; people begin at the start. */
		fault_add(j, row->given.number.n ? STR("number") : STR("state"), "%s",
		          _("A new record gets its number and state here"));
		return ERR_INVALID;
	}
	if (row->given.state.n && !ledger_state(j->l, row->given.state)) {
		fault_add(j, STR("state"), "%s", _("There is no such state"));
		return ERR_INVALID;
	}
	int err = record_insert(j, &row->values, j->who->admin ? &row->given : NULL, &id);
	if (err == 0)
		err = row_note(im, id, true);
	if (err == 0)
		im->out->created++;
	return err;
}

static int row_update(struct import *im, int64_t id, const struct typed_row *row)
{
	struct record before = {0};
	struct job *j = &im->j;
	int err = record_load(j, id, &before);
	if (err < 0)
		return err;
	if (row->given.state.n && !str_eq(row->given.state, before.state)) {
		fault_add(j, STR("state"), "%s", _("The state changes by its action, not by an import"));
		return ERR_INVALID;
	}
	bool differs = false;
	for (size_t i = 0; i < row->values.n; i++) {
		const struct field *f = ledger_field(j->l, row->values.v[i].field);
		struct value is = value_outside(j->a, f, &before.all[field_index(j->l, f)]);
		differs |= row->values.v[i].present && !value_same(&row->values.v[i], &is);
	}
	if (!differs) {
		im->out->unchanged++;
		return 0;
	}
	err = record_update(j->w, j->a, j->who, j->l, id, before.version, &row->values, j->faults, j->e);
	struct record after = {0};
	if (err == 0)
		err = record_load(j, id, &after);
	if (err < 0)
		return err;
	if (after.version == before.version) {           /* only written differently */
		im->out->unchanged++;
		return 0;
	}
	im->out->updated++;
	return row_note(im, id, false);
}

static int one_row(struct import *im, const struct line *row, bool may_wait)
{
	struct typed_row typed;
	struct job *j = &im->j;
	im->line = row->line;
	im->faults = (struct faults){0};
	im->waits = false;
	import_row_values(im, row, &typed);
	int err = im->faults.n ? ERR_INVALID : 0;
	if (err < 0 && im->waits && may_wait)
		return ERR_BUSY;
	int64_t id = err == 0 ? existing(j, &typed) : 0;
	if (err == 0 && id && !visible(j, id)) {
		fault_add(j, STR(""), "%s", _("This value cannot be used"));
		err = ERR_INVALID;
	}
	if (err == 0)
		err = id ? row_update(im, id, &typed) : row_create(im, &typed);
	for (size_t i = 0; i < im->faults.n; i++)
		import_fault(im, im->faults.v[i].field, im->faults.v[i].text);
	if (err < 0 && !im->faults.n && (err == ERR_INVALID || err == ERR_DENIED || err == ERR_WRONG_STATE ||
	                                 err == ERR_CONFLICT))
		import_fault(im, STR(""), str_from(j->e && j->e->text[0] ? j->e->text : err_text(err)));
	if (err == ERR_DENIED || err == ERR_WRONG_STATE || err == ERR_CONFLICT)
		err = ERR_INVALID;
	return err;
}

/* --- the file ---------------------------------------------------------------------------------------------------- */

static int read_lines(struct import *im, struct arena *text, struct str csv, struct line **ret, size_t *ret_n)
{
	size_t n = 0, cap = 256;
	struct csv *c = csv_open(csv, ',');
	struct line *v = arena_array(text, cap, sizeof *v);
	int got = v ? 1 : ERR_NOMEM;
	while (got == 1) {
		if (n == cap) {
			struct line *more = arena_array(text, cap *= 2, sizeof *more);
			if (!more) {
				got = ERR_NOMEM;
				break;
			}
			memcpy(more, v, n * sizeof *v);
			v = more;
		}
		if ((got = csv_row(c, text, &v[n].cells, &v[n].n, im->j.e)) == 1)
			v[n++].line = csv_line(c);
		if (n > IMPORT_ROWS_MAX + 2)
			got = err_set(im->j.e, ERR_TOOBIG, _("At most %d rows in one file"), IMPORT_ROWS_MAX);
	}
	csv_close(c);
	*ret = v;
	*ret_n = n;
	return got < 0 ? got : n ? 0 : err_set(im->j.e, ERR_INVALID, "%s", _("The file is empty"));
}

static int import_open(struct import *im, int64_t rows)
{
	struct stmt *s = db_sql(im->j.w->db, "INSERT INTO import(ledger, at, person, rows) VALUES (?1, ?2, ?3, ?4)");
	if (!s)
		return err_set(im->j.e, ERR_DB, "%s", db_error(im->j.w->db));
	bind_str(s, 1, im->j.l->name);
	bind_int(s, 2, im->j.w->now);
	bind_int(s, 3, im->j.who->person);
	bind_int(s, 4, rows);
	int err = run(s, im->j.e);
	im->out->id = db_last_id(im->j.w->db);
	return err < 0 ? err : 0;
}

static int import_event(struct import *im)
{
	const struct import_result *o = im->out;
	const struct event ev = {.action = "record.import", .actor = im->j.who->person, .ledger = im->j.l->name,
		.detail = arena_strf(im->j.a, "{\"import\":%lld,\"rows\":%lld,\"created\":%lld,\"updated\":%lld}",
		                     (long long)o->id, (long long)o->rows, (long long)o->created, (long long)o->updated)};
	return event_put(im->j.w->db, &ev, NULL, im->j.e);
}

/* What was taken over so far stands by itself, and others may write in between. */
static int piece(struct import *im, size_t total)
{
	if (!im->pace || im->out->rows - im->told < IMPORT_PIECE)
		return 0;
	im->told = im->out->rows;
	if (!im->keep)
		return im->pace->told(im->pace->arg, im->out->rows, (int64_t)total, im->j.e);
	int err = db_exec(im->j.w->db, "RELEASE import", im->j.e);
	if (err == 0)
		err = im->pace->told(im->pace->arg, im->out->rows, (int64_t)total, im->j.e);
	if (db_in_tx(im->j.w->db))                       /* the caller undoes it; the savepoint is there to be ended */
		err = db_exec(im->j.w->db, "SAVEPOINT import", err < 0 ? NULL : im->j.e) < 0 && err == 0 ? ERR_DB : err;
	return err;
}

/* Rows in the order of the file; one that names a later row of the same file waits until that is there. */
static int import_rows(struct import *im, const struct line *v, size_t n, bool *bad)
{
	bool *done = xcalloc(n + 1, sizeof *done);
	bool moved = true, last = false;
	int err = 0;
	while (err == 0 && (moved || !last)) {
		last = !moved;                               /* nothing moves any more: what still waits is at fault */
		moved = false;
		for (size_t i = 0; err == 0 && i < n; i++) {
			if (done[i])
				continue;
			arena_clear(im->j.a);
			err = one_row(im, &v[i], !last);
			if (err == ERR_BUSY) {
				err = 0;
				continue;
			}
			done[i] = moved = true;
			im->out->rows++;
			if (err == ERR_INVALID) {                /* go on: one reading tells all that is wrong */
				*bad = true;
				err = im->pace && im->keep ? ERR_INVALID : 0;
			}
			if (err == 0)
				err = piece(im, n);
		}
	}
	free(done);
	return err;
}

static int import_lines(struct import *im, struct line *v, size_t n)
{
	int err = header(im, &v[0]);
	size_t first = n > 1 && err == 0 && is_labels(im, &v[1]) ? 2 : 1, rows = 0;
	bool bad = err == ERR_INVALID;
	for (size_t i = first; i < n; i++)
		if (v[i].n != 1 || str_trim(v[i].cells[0]).n)
			v[rows++] = v[i];
	if (err == 0)
		err = import_open(im, (int64_t)rows);
	if (err == 0)
		err = import_rows(im, v, rows, &bad);
	arena_clear(im->j.a);
	if (err == 0 && !bad)
		err = import_event(im);
	if ((err == 0 || err == ERR_INVALID) && bad)
		err = err_set(im->j.e, ERR_INVALID, "%s", _("Nothing was taken over; please correct the rows named"));
	return err;
}

static int import_run(struct world *w, struct arena *a, const struct actor *who, const struct ledger *l,
                      struct str text, bool keep, const struct pace *pace, struct import_result *ret, struct err *e)
{
	*ret = (struct import_result){0};
	if (text.n > IMPORT_TEXT_MAX / 4)
		return err_set(e, ERR_TOOBIG, "%s", _("This file is too large"));
	struct import *im = xcalloc(1, sizeof *im);
	struct arena *lines = arena_new(IMPORT_TEXT_MAX);
	struct line *v = NULL;
	size_t n = 0;
	*im = (struct import){.a = a, .out = ret, .j = {.w = w, .a = arena_new(ROW_SCRATCH_MAX), .who = who, .l = l,
	                                                .e = e}};
	im->j.faults = &im->faults;
	im->pace = pace;
	im->keep = keep;
	bool own = !db_in_tx(w->db);
	int err = record_may_create(w, who, l) ? read_lines(im, lines, text, &v, &n)
	          : err_set(e, ERR_DENIED, "%s", _("You may not create this"));
	if (err == 0 && own)
		err = db_begin(w->db, e);
	if (err == 0) {
		err = db_exec(w->db, "SAVEPOINT import", e);
		if (err == 0)
			err = import_lines(im, v, n);
		int end = db_exec(w->db, err < 0 || !keep ? "ROLLBACK TO import; RELEASE import" : "RELEASE import",
		                  err < 0 ? NULL : e);
		err = err < 0 ? err : end;
		if (own && err == 0 && keep)
			err = db_commit(w->db, e);
		else if (own)
			db_rollback(w->db);
	}
	if (!keep || (err < 0 && !pace))
		ret->id = 0;
	arena_free(im->j.a);
	arena_free(lines);
	free(im);
	return err;
}

int ledger_import_preview(struct world *w, struct arena *a, const struct actor *who, const struct ledger *l,
                          struct str text, const struct pace *pace, struct import_result *ret, struct err *e)
{
	int err = import_run(w, a, who, l, text, false, pace, ret, e);
	return err == ERR_INVALID && ret->n_faults ? 0 : err;
}

int ledger_import_apply(struct world *w, struct arena *a, const struct actor *who, const struct ledger *l,
                        struct str text, struct import_result *ret, struct err *e)
{
	return import_run(w, a, who, l, text, true, NULL, ret, e);
}

int ledger_import_paced(struct world *w, struct arena *a, const struct actor *who, const struct ledger *l, struct str text,
                        const struct pace *pace, struct import_result *ret, struct err *e)
{
	return import_run(w, a, who, l, text, true, pace, ret, e);
}

int64_t ledger_import_count(struct str text)
{
	struct arena *a = arena_new(16u << 20);
	struct csv *c = csv_open(text, ',');
	struct str *cells;
	struct err ignored;
	size_t n;
	int64_t rows = -1;                               /* the head is none */
	while (rows <= IMPORT_ROWS_MAX && csv_row(c, a, &cells, &n, &ignored) == 1) {
		arena_clear(a);
		rows++;
	}
	csv_close(c);
	arena_free(a);
	return rows < 0 ? 0 : rows;
}

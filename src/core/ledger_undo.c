/* Takes an import back: what it created goes, what it changed gets its former values from record_log. */
#include <jansson.h>

#include "core/engine.h"
#include "core/event.h"
#include "core/ledger_csv.h"
#include "lib/i18n.h"

struct undo_row {
	int64_t record, version;
	bool created;
};

static int rows_of(struct job *j, int64_t import, struct undo_row **ret, size_t *ret_n)
{
	size_t n = 0, cap = 256;
	struct undo_row *v = arena_array(j->a, cap, sizeof *v);
	struct stmt *s = v
	                 ? db_sql(j->w->db,
	                          "SELECT record, version, created FROM import_row WHERE import = ?1 ORDER BY record DESC")
	                          : NULL;
	if (!s)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	bind_int(s, 1, import);
	int got;
	while ((got = step(s)) == 1) {
		if (n == cap) {
			struct undo_row *more = arena_array(j->a, cap *= 2, sizeof *more);
			if (!more)
				break;
			memcpy(more, v, n * sizeof *v);
			v = more;
		}
		v[n++] = (struct undo_row){col_int(s, 0), col_int(s, 1), col_int(s, 2) != 0};
	}
	stmt_done(s);
	*ret = v;
	*ret_n = n;
	return got < 0 ? err_set(j->e, ERR_DB, "%s", db_error(j->w->db)) : 0;
}

static int changed_since(struct job *j, const struct record *r)
{
	return err_set(j->e, ERR_CONFLICT, _("%.*s was changed or is used since the import"), STR_ARG(r->number));
}

static int run_sql(struct job *j, const char *sql, int64_t record)
{
	struct stmt *s = db_sql(j->w->db, sql);
	if (!s)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	bind_int(s, 1, record);
	if (bind_index(s, "?2"))
		bind_str(s, 2, j->l->name);
	if (bind_index(s, "?3"))
		bind_int(s, 3, j->w->now);
	int err = run(s, j->e);
	return err < 0 ? err : 0;
}

static int take_away(struct job *j, const struct record *r)
{
	struct str change;
	size_t n;
	struct record gone = *r;
	gone.all = values_new(j->a, j->l);
	if (!gone.all)
		return err_set(j->e, ERR_NOMEM, "undo");
	int err = change_json(j, r, &gone, &change, &n);
	if (err == 0)
		err = search_forget(j, r->id);
	if (err == 0)
		err = run_sql(j, "UPDATE duty SET done_at = ?3, how = 'cancelled' WHERE ledger = ?2 AND record = ?1 AND done_at IS NULL", r->id);
	if (err == 0)
		err = run_sql(j, "DELETE FROM notice WHERE record = ?1 AND ledger = ?2", r->id);
	if (err == 0)
		err = record_event(j, r, "record.delete", 0, change, NULL);
	if (err == 0)
		err = run_sql(j, arena_printf(j->a, "DELETE FROM \"%.*s\" WHERE id = ?1", STR_ARG(j->l->table)), r->id);
	return err == ERR_DB || err == ERR_DENIED ? changed_since(j, r) : err;
}

/* One JSON value of a change as a value of the field. */
static void value_from_json(struct job *j, const struct field *f, const json_t *v, struct value *ret)
{
	size_t i;
	json_t *item, *cell;
	const char *name;
	*ret = (struct value){.field = f->name, .present = true};
	if (json_is_string(v)) {
		ret->text = arena_str(j->a, str_from(json_string_value(v)));
		return;
	}
	if (!json_is_array(v))
		return;
	ret->many = arena_array(j->a, json_array_size(v) + 1, sizeof *ret->many);
	ret->rows = arena_array(j->a, json_array_size(v) + 1, sizeof *ret->rows);
	json_array_foreach(v, i, item) {
		if (json_is_string(item) && ret->many)
			ret->many[ret->n_many++] = arena_str(j->a, str_from(json_string_value(item)));
		struct row *row = json_is_object(item) && ret->rows ? &ret->rows[ret->n_rows++] : NULL;
		if (!row)
			continue;
		row->cells = arena_array(j->a, json_object_size(item) + 1, sizeof *row->cells);
		json_object_foreach(item, name, cell)
			if (row->cells)
				row->cells[row->n++] = (struct cell){str_from(arena_strdup(j->a, name)),
				                                     arena_str(j->a, str_from(json_string_value(cell)))};
	}
}

static int former_values(struct job *j, const struct record *r, struct values *ret)
{
	struct stmt *s = db_sql(j->w->db, "SELECT change FROM record_log WHERE ledger = ?1 AND record = ?2 AND version = ?3 AND change IS NOT NULL"
	                                  " ORDER BY id DESC LIMIT 1");
	if (!s)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	bind_str(s, 1, j->l->name);
	bind_int(s, 2, r->id);
	bind_int(s, 3, r->version);
	struct str text = step(s) == 1 ? col_dup(s, 0, j->a) : STR_NONE;
	stmt_done(s);
	json_t *list = text.n ? json_loadb(text.p, text.n, 0, NULL) : NULL, *item;
	size_t i;
	if (!list)
		return changed_since(j, r);                  /* the text was erased meanwhile */
	ret->v = arena_array(j->a, json_array_size(list) + 1, sizeof *ret->v);
	json_array_foreach(list, i, item) {
		const struct field *f = ledger_field(j->l, str_from(json_string_value(json_object_get(item, "field"))));
		if (f && ret->v)
			value_from_json(j, f, json_object_get(item, "before"), &ret->v[ret->n++]);
	}
	json_decref(list);
	return 0;
}

static int give_back(struct job *j, const struct record *r)
{
	struct values in = {0};
	struct faults faults = {0};
	int err = former_values(j, r, &in);
	if (err == 0)
		err = record_update(j->w, j->a, j->who, j->l, r->id, r->version, &in, &faults, j->e);
	return err == ERR_INVALID ? changed_since(j, r) : err;
}

static int undo_rows(struct job *j, int64_t import)
{
	struct undo_row *v = NULL;
	size_t n = 0;
	int err = rows_of(j, import, &v, &n);
	struct arena *scratch = arena_new(16u << 20);
	for (size_t i = 0; err == 0 && i < n; i++) {
		struct job one = *j;
		struct record r;
		one.a = scratch;
		arena_clear(scratch);
		err = record_load(&one, v[i].record, &r);
		if (err == 0 && r.version != v[i].version)
			err = changed_since(&one, &r);
		if (err == 0)
			err = v[i].created ? take_away(&one, &r) : give_back(&one, &r);
	}
	arena_free(scratch);
	return err;
}

/* Whose import it is; else the security office, as far as it sees every record of it. Others learn nothing of it. */
static bool may_undo(struct job *j, int64_t import, int64_t person)
{
	struct undo_row *v = NULL;
	size_t n = 0;
	if (j->who->admin || (j->who->person && j->who->person == person))
		return true;
	if (!(ACTOR_HAS(j->who, ROLE_SECRETARIAT) || ACTOR_HAS(j->who, ROLE_CHIEF)) ||
	    !record_may_create(j->w, j->who, j->l) || rows_of(j, import, &v, &n) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!visible(j, v[i].record))
			return false;
	return true;
}

int ledger_import_undo(struct world *w, struct arena *a, const struct actor *who, int64_t import, struct err *e)
{
	struct job j = {.w = w, .a = a, .who = who, .e = e};
	struct stmt *s = db_sql(w->db, "SELECT ledger, person FROM import WHERE id = ?1 AND undone_at IS NULL");
	if (!s)
		return err_set(e, ERR_DB, "%s", db_error(w->db));
	bind_int(s, 1, import);
	int64_t person = -1;
	if (step(s) == 1) {
		j.l = ledgers_get(w->ledgers, col_str(s, 0));
		person = col_int(s, 1);
	}
	stmt_done(s);
	if (!j.l || !may_undo(&j, import, person))
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such import"));
	bool own = !db_in_tx(w->db);
	int err = own ? db_begin(w->db, e) : 0;
	if (err < 0)
		return err;
	err = db_exec(w->db, "SAVEPOINT undo", e);
	if (err == 0) {
		/* The mark comes first: the tables let go only what an import being undone brought. */
		s = db_sql(w->db, "UPDATE import SET undone_at = ?2, undone_by = ?3 WHERE id = ?1");
		if (s) {
			bind_int(s, 1, import);
			bind_int(s, 2, w->now);
			bind_int(s, 3, who->person);
		}
		err = s ? run(s, e) : err_set(e, ERR_DB, "%s", db_error(w->db));
		err = err < 0 ? err : undo_rows(&j, import);
		const struct event ev = {.action = "record.import-undo", .actor = who->person, .ledger = j.l->name,
			.detail = arena_strf(a, "{\"import\":%lld}", (long long)import)};
		if (err == 0)
			err = event_put(w->db, &ev, NULL, e);
		int end = db_exec(w->db, err < 0 ? "ROLLBACK TO undo; RELEASE undo" : "RELEASE undo", err < 0 ? NULL : e);
		err = err < 0 ? err : end;
	}
	if (own && err == 0)
		return db_commit(w->db, e);
	if (own)
		db_rollback(w->db);
	return err;
}

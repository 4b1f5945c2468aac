/* The seal: SHA-256 over the named fields as they were approved, as one JSON object with its keys in the order of the
 * definition and every value in exact form. Files count by their content. */
#include "core/engine.h"
#include "lib/hash.h"
#include "lib/json.h"

bool seal_covers(const struct ledger *l, const struct action *act, const struct field *f)
{
	if (!field_is_stored(f))
		return false;
	if (act->seal_all)
		return true;
	for (size_t i = 0; i < act->seal.n; i++)
		if (str_eq(act->seal.v[i], f->name) || (f->head && str_eq(act->seal.v[i], f->head->name)))
			return true;
	return false;
}

static void put_text(struct job *j, struct jw *w, const struct field *f, struct str text)
{
	if (!text.n) {
		jw_null(w);
		return;
	}
	struct stmt *s = f->type == FT_FILE ? db_sql(j->w->db, "SELECT sha256 FROM attachment WHERE id = ?1") : NULL;
	if (s) {
		bind_str(s, 1, text);
		if (step(s) == 1)
			text = col_dup(s, 0, j->a);
		stmt_done(s);
	}
	jw_str(w, text);
}

static void put_value(struct job *j, struct jw *w, const struct field *f, const struct value *v)
{
	if (f->type == FT_TABLE || f->type == FT_CHECKLIST) {
		const struct field *cols[FIELDS_MAX];
		size_t n = rows_columns(f, cols, FIELDS_MAX);
		jw_array(w);
		for (size_t i = 0; i < v->n_rows; i++) {
			jw_object(w);
			for (size_t k = 0; k < n; k++) {
				struct str text = row_cell(&v->rows[i], cols[k]->name);
				if (!text.n)
					continue;
				jw_key(w, arena_z(j->a, cols[k]->name));
				put_text(j, w, cols[k], text);
			}
			jw_end_object(w);
		}
		jw_end_array(w);
	} else if (f->many) {
		jw_array(w);
		for (size_t i = 0; i < v->n_many; i++)
			put_text(j, w, f, v->many[i]);
		jw_end_array(w);
	} else {
		put_text(j, w, f, v->text);
	}
}

int seal_hash(struct job *j, const struct record *r, const struct action *act, char out[65])
{
	struct buf b;
	struct jw w;
	buf_init(&b, CHANGE_MAX);
	jw_init(&w, &b, false);
	jw_object(&w);
	jw_kstr(&w, "ledger", j->l->name);
	jw_kint(&w, "record", r->id);
	for (size_t i = 0; i < j->l->n_fields; i++) {
		if (!seal_covers(j->l, act, &j->l->fields[i]))
			continue;
		jw_key(&w, arena_z(j->a, j->l->fields[i].name));
		put_value(j, &w, &j->l->fields[i], &r->all[i]);
	}
	jw_end_object(&w);
	int err = buf_err(&b);
	if (err == 0)
		sha256_hex(b.p, b.n, out);
	buf_release(&b);
	return err < 0 ? err_set(j->e, err, "record %lld is too long to seal", (long long)r->id) : 0;
}

/* The last seal each action set since the record was last taken back to a start state. */
int seal_check(struct job *j, const struct record *r, bool *ret_broken)
{
	struct buf sql;
	*ret_broken = false;
	buf_init(&sql, SQL_TEXT_MAX);
	buf_printf(&sql, "SELECT action, seal FROM \"%.*s_step\" s WHERE record = ?1 AND seal IS NOT NULL AND NOT EXISTS"
	           " (SELECT 1 FROM \"%.*s_step\" n WHERE n.record = s.record AND n.id > s.id AND (n.seal IS NOT NULL AND n.action = s.action",
	           STR_ARG(j->l->table), STR_ARG(j->l->table));
	for (size_t i = 0; i < j->l->n_states; i++)
		if (j->l->states[i].start)
			buf_printf(&sql, " OR n.to_state = '%.*s' AND n.from_state <> n.to_state", STR_ARG(j->l->states[i].name));
	buf_puts(&sql, ")) ORDER BY id");
	struct stmt *s = buf_err(&sql) == 0 ? db_sql(j->w->db, buf_z(&sql)) : NULL;
	buf_release(&sql);
	if (!s)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	bind_int(s, 1, r->id);
	int got;
	while ((got = step(s)) == 1) {
		char hash[65];
		const struct action *act = ledger_action(j->l, col_str(s, 0));
		if (!act)
			continue;
		struct str kept = col_dup(s, 1, j->a);
		int err = seal_hash(j, r, act, hash);
		if (err < 0) {
			stmt_done(s);
			return err;
		}
		*ret_broken |= !str_is(kept, hash);
	}
	return got < 0 ? err_set(j->e, ERR_DB, "%s", db_error(j->w->db)) : 0;
}

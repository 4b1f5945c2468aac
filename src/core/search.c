/* Words of a record for full text search: number, title and its plain texts. Secret fields never; personal ones only
 * where the ledger is that of the persons (one has to find people by name). */
#include "core/engine.h"
#include "lib/text.h"

#define WORDS_MAX (256u << 10)

static bool is_text(enum field_type t)
{
	return t == FT_TEXT || t == FT_LONGTEXT || t == FT_URL || t == FT_EMAIL || t == FT_IP || t == FT_CIDR;
}

static bool indexed(const struct ledger *l, const struct field *f)
{
	if (f->secret_set)
		return false;
	if (f->personal)
		return str_is(l->name, "persons") && (str_is(f->name, "name") || str_is(f->name, "kana") ||
		                                      str_is(f->name, "staff_no"));
	return true;
}

static void put(struct buf *b, struct str s)
{
	if (b->n < WORDS_MAX / 2 && s.n) {
		buf_str(b, str_slice(s, 0, WORDS_MAX / 4));
		buf_putc(b, '\n');
	}
}

static void collect(const struct record *r, struct buf *b)
{
	const struct ledger *l = r->ledger;
	put(b, r->number);
	put(b, r->title);
	for (size_t i = 0; i < l->n_fields; i++) {
		const struct field *f = &l->fields[i];
		const struct value *v = &r->all[i];
		if (!indexed(l, f))
			continue;
		if (is_text(f->type)) {
			put(b, v->text);
			for (size_t k = 0; k < v->n_many; k++)
				put(b, v->many[k]);
		}
		for (size_t k = 0; k < v->n_rows; k++)
			for (size_t c = 0; c < f->n_columns; c++)
				if (is_text(f->columns[c].type) && !f->columns[c].many && indexed(l, &f->columns[c]))
					put(b, row_cell(&v->rows[k], f->columns[c].name));
	}
}

static int doc_id(struct job *j, int64_t record, int64_t *ret, bool *ret_new)
{
	struct stmt *s = db_sql(j->w->db, "SELECT id FROM search_doc WHERE ledger = ?1 AND record = ?2");
	if (!s)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	bind_str(s, 1, j->l->name);
	bind_int(s, 2, record);
	*ret_new = step(s) != 1;
	*ret = *ret_new ? 0 : col_int(s, 0);
	stmt_done(s);
	if (!*ret_new)
		return 0;
	s = db_sql(j->w->db, "INSERT INTO search_doc(ledger, record) VALUES (?1, ?2)");
	if (!s)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	bind_str(s, 1, j->l->name);
	bind_int(s, 2, record);
	int err = run(s, j->e);
	*ret = db_last_id(j->w->db);
	return err < 0 ? err : 0;
}

static int words_drop(struct job *j, int64_t doc)
{
	struct stmt *s = db_sql(j->w->db, "DELETE FROM search WHERE rowid = ?1");
	if (!s)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	bind_int(s, 1, doc);
	int err = run(s, j->e);
	return err < 0 ? err : 0;
}

int search_index(struct job *j, const struct record *r)
{
	int64_t doc;
	bool fresh;
	struct buf text, words;
	int err = doc_id(j, r->id, &doc, &fresh);
	if (err == 0 && !fresh)
		err = words_drop(j, doc);
	if (err < 0)
		return err;
	buf_init(&text, WORDS_MAX);
	buf_init(&words, 16 * WORDS_MAX);
	collect(r, &text);
	err = text_bigrams(buf_view(&text), &words);
	struct stmt *s = err == 0 ? db_sql(j->w->db, "INSERT INTO search(rowid, words) VALUES (?1, ?2)") : NULL;
	if (s) {
		bind_int(s, 1, doc);
		bind_str(s, 2, buf_view(&words));
		err = run(s, j->e);
	} else if (err == 0) {
		err = err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	}
	buf_release(&text);
	buf_release(&words);
	return err < 0 ? err : 0;
}

int search_forget(struct job *j, int64_t id)
{
	int64_t doc;
	bool fresh;
	int err = doc_id(j, id, &doc, &fresh);
	if (err == 0)
		err = words_drop(j, doc);
	struct stmt *s = err == 0 ? db_sql(j->w->db, "DELETE FROM search_doc WHERE id = ?1") : NULL;
	if (!s)
		return err < 0 ? err : err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	bind_int(s, 1, doc);
	err = run(s, j->e);
	return err < 0 ? err : 0;
}

#define MERGE_PAGES 300

int search_merge(struct db *db, struct err *e)
{
	int err = db_begin(db, e);
	struct stmt *s = err == 0 ? db_sql(db, "INSERT INTO search(search, rank) VALUES ('merge', ?1)") : NULL;

	if (err)
		return err;
	if (s)
		bind_int(s, 1, MERGE_PAGES);
	err = s ? run(s, e) : err_set(e, ERR_DB, "%s", db_error(db));
	if (err == 0)
		err = db_commit(db, e);
	if (err)
		db_rollback(db);
	return err;
}

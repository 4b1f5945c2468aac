/* `sekisho standard list` and `show`. */
#include "core/standard.h"

#include "lib/i18n.h"
#include "lib/json.h"
#include "queries.h"

struct show {
	struct db *db;
	struct buf *out;
	struct jw j;
	struct str id;
	bool json;
	struct err *e;
};

static struct stmt *query(struct show *w, int q)
{
	struct stmt *s = db_sql(w->db, queries[q].sql);

	if (!s)
		err_set(w->e, ERR_DB, "%s", db_error(w->db));
	return s;
}

static int done(struct show *w, int rc)
{
	return rc < 0 ? err_set(w->e, ERR_DB, "%s", db_error(w->db)) : 0;
}

static struct str in_language(struct stmt *s, int ja, int en)
{
	return col_str(s, i18n_lang() == LANG_EN ? en : ja);
}

static void list_row(struct show *w, struct stmt *s)
{
	if (!w->json) {
		buf_printf(w->out, "%c %-12.*s %5lld  %.*s  %.*s\n", col_int(s, 5) ? '*' : ' ', STR_ARG(col_str(s, 0)),
		           (long long)col_int(s, 7), STR_ARG(in_language(s, 1, 2)), STR_ARG(col_str(s, 3)));
		return;
	}
	jw_object(&w->j);
	jw_kstr(&w->j, "id", col_str(s, 0));
	jw_kstr(&w->j, "name", in_language(s, 1, 2));
	jw_kstr(&w->j, "version", col_str(s, 3));
	jw_kstr(&w->j, "date", col_str(s, 4));
	jw_kbool(&w->j, "in_force", col_int(s, 5) != 0);
	jw_kbool(&w->j, "own", col_int(s, 6) != 0);
	jw_kint(&w->j, "clauses", col_int(s, 7));
	jw_end_object(&w->j);
}

int standard_list(struct db *db, bool json, struct buf *out, struct err *e)
{
	struct show w = {.db = db, .out = out, .json = json, .e = e};
	struct stmt *s = query(&w, Q_STANDARD_ALL);
	int rc;

	if (!s)
		return ERR_DB;
	jw_init(&w.j, out, false);
	if (json)
		jw_array(&w.j);
	while ((rc = step(s)) == 1)
		list_row(&w, s);
	stmt_done(s);
	if (json)
		jw_end_array(&w.j);
	return done(&w, rc);
}

/* The columns of a row by these names. */
static void put_columns(struct show *w, struct stmt *s, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		jw_kstr(&w->j, names[i], col_str(s, (int)i));
}

/* Objects of id, ja and en: parts of a control, chapters of a standard. */
static int put_labels(struct show *w, int which, struct str of)
{
	static const char *const names[] = {"id", "ja", "en"};
	struct stmt *s = query(w, which);
	int rc;

	if (!s)
		return ERR_DB;
	bind_str(s, 1, of);
	while ((rc = step(s)) == 1) {
		jw_object(&w->j);
		put_columns(w, s, names, ARRAY_LEN(names));
		jw_end_object(&w->j);
	}
	stmt_done(s);
	return done(w, rc);
}

static int put_bindings(struct show *w, struct str clause)
{
	struct stmt *s = query(w, Q_BINDINGS_OF_CLAUSE);
	int rc;

	if (!s)
		return ERR_DB;
	bind_str(s, 1, clause);
	while ((rc = step(s)) == 1) {
		if (!w->json) {
			buf_printf(w->out, "    %.*s%s%.*s\n", STR_ARG(col_str(s, 0)), col_str(s, 1).n ? " " : "",
			           STR_ARG(col_str(s, 1)));
			continue;
		}
		jw_object(&w->j);
		jw_kstr(&w->j, "id", col_str(s, 0));
		jw_kstr(&w->j, "part", col_str(s, 1).n ? col_str(s, 1) : STR_NONE);
		jw_end_object(&w->j);
	}
	stmt_done(s);
	return done(w, rc);
}

static int put_clause(struct show *w, struct stmt *s)
{
	static const char *const names[] = {"id", "parent", "chapter", "label", "heading", "who", "duty", "strength",
	                                    "applies", "asset_scope",
		"mechanism", "summary_ja", "summary_en", "evidence", "own_text", "law_group"};
	int rc;

	if (!w->json) {
		buf_printf(w->out, "%.*s  %.*s  %.*s  %.*s\n", STR_ARG(col_str(s, 0)), STR_ARG(col_str(s, 3)),
		           STR_ARG(col_str(s, 7)), STR_ARG(col_str(s, 14).n ? col_str(s, 14) : in_language(s, 11, 12)));
		return put_bindings(w, col_str(s, 0));
	}
	jw_object(&w->j);
	put_columns(w, s, names, ARRAY_LEN(names));
	jw_key(&w->j, "controls");
	jw_array(&w->j);
	rc = put_bindings(w, col_str(s, 0));
	jw_end_array(&w->j);
	jw_end_object(&w->j);
	return rc;
}

static int put_clauses(struct show *w)
{
	struct stmt *s = query(w, Q_CLAUSE_ALL);
	int rc = 0, more;

	if (!s)
		return ERR_DB;
	bind_str(s, 1, w->id);
	while ((more = step(s)) == 1 && !rc)
		rc = put_clause(w, s);
	stmt_done(s);
	return rc ? rc : done(w, more);
}

static int put_controls(struct show *w)
{
	static const char *const names[] = {"id", "kind", "title_ja", "title_en", "engine", "subject", "subject_kind",
	                                    "role", "doer", "cycle",
		"evidence", "measure", "fails_when", "measure_ja", "fails_when_ja", "feeds", "tolerance"};
	struct stmt *s = query(w, Q_CONTROL_BOUND);
	int rc = 0, more;

	if (!s)
		return ERR_DB;
	bind_str(s, 1, w->id);
	while ((more = step(s)) == 1 && !rc) {
		jw_object(&w->j);
		put_columns(w, s, names, ARRAY_LEN(names));
		jw_key(&w->j, "parts");
		jw_array(&w->j);
		rc = put_labels(w, Q_CONTROL_PARTS, col_str(s, 0));
		jw_end_array(&w->j);
		jw_end_object(&w->j);
	}
	stmt_done(s);
	return rc ? rc : done(w, more);
}

static int put_chapters(struct show *w)
{
	return put_labels(w, Q_CHAPTER_ALL, w->id);
}

static int put_head(struct show *w)
{
	struct stmt *s = query(w, Q_STANDARD_GET);
	int rc;

	if (!s)
		return ERR_DB;
	bind_str(s, 1, w->id);
	rc = step(s);
	if (rc == 1 && w->json) {
		jw_kstr(&w->j, "id", col_str(s, 0));
		jw_kstr(&w->j, "name", in_language(s, 1, 2));
		jw_kstr(&w->j, "version", col_str(s, 3));
		jw_kstr(&w->j, "date", col_str(s, 4));
		jw_kbool(&w->j, "in_force", col_int(s, 5) != 0);
		jw_kstr(&w->j, "source", col_str(s, 7));
	} else if (rc == 1) {
		buf_printf(w->out, "%.*s  %.*s\n", STR_ARG(in_language(s, 1, 2)), STR_ARG(col_str(s, 3)));
	}
	stmt_done(s);
	return rc == 0 ? err_set(w->e, ERR_NOTFOUND, _("There is no standard %.*s."), STR_ARG(w->id)) : done(w, rc);
}

static int put_list(struct show *w, const char *key, int (*list)(struct show *))
{
	int rc;

	jw_key(&w->j, key);
	jw_array(&w->j);
	rc = list(w);
	jw_end_array(&w->j);
	return rc;
}

int standard_show(struct db *db, struct str id, bool json, struct buf *out, struct err *e)
{
	struct show w = {.db = db, .out = out, .id = id, .json = json, .e = e};
	int rc;

	jw_init(&w.j, out, false);
	if (json)
		jw_object(&w.j);
	rc = put_head(&w);
	if (rc)
		return rc;
	if (!json)
		return put_clauses(&w);
	rc = put_list(&w, "chapters", put_chapters);
	if (!rc)
		rc = put_list(&w, "clauses", put_clauses);
	if (!rc)
		rc = put_list(&w, "controls", put_controls);
	jw_end_object(&w.j);
	return rc;
}

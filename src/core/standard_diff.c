#include "core/standard.h"

#include "lib/i18n.h"
#include "lib/json.h"
#include "queries.h"

static struct stmt *query(struct db *db, int q, struct err *e)
{
	struct stmt *s = db_sql(db, queries[q].sql);

	if (!s)
		err_set(e, ERR_DB, "%s", db_error(db));
	return s;
}

static int must_exist(struct db *db, struct str id, struct err *e)
{
	struct stmt *s = query(db, Q_STANDARD_GET, e);
	int rc;

	if (!s)
		return ERR_DB;
	bind_str(s, 1, id);
	rc = step(s);
	stmt_done(s);
	if (rc < 0)
		return err_set(e, ERR_DB, "%s", db_error(db));
	return rc ? 0 : err_set(e, ERR_NOTFOUND, _("There is no standard %.*s."), STR_ARG(id));
}

static void put(struct buf *out, struct jw *j, bool json, char sign, struct str control, struct str part,
                struct str clauses)
{
	if (!json) {
		buf_printf(out, "%c %.*s%s%.*s  %.*s\n", sign, STR_ARG(control), part.n ? " " : "", STR_ARG(part),
		           STR_ARG(clauses));
		return;
	}
	jw_object(j);
	jw_kstr(j, "control", control);
	jw_kstr(j, "part", part.n ? part : STR_NONE);
	jw_key(j, "clauses");
	jw_array(j);
	while (clauses.n)
		jw_str(j, str_cut(&clauses, ' '));
	jw_end_array(j);
	jw_end_object(j);
}

/* One side: what `a` asks and `b` does not. *ret_both counts what both ask. */
static int side(struct db *db, struct str a, struct str b, char sign, bool json, struct buf *out, struct jw *j,
                int64_t *ret_both, struct err *e)
{
	struct stmt *s = query(db, Q_STANDARD_ASKS, e);
	int rc;

	if (!s)
		return ERR_DB;
	bind_str(s, 1, a);
	bind_str(s, 2, b);
	*ret_both = 0;
	while ((rc = step(s)) == 1) {
		if (col_int(s, 3))
			++*ret_both;
		else
			put(out, j, json, sign, col_str(s, 0), col_str(s, 1), col_str(s, 2));
	}
	stmt_done(s);
	return rc < 0 ? err_set(e, ERR_DB, "%s", db_error(db)) : 0;
}

int standard_diff(struct db *db, struct str a, struct str b, bool json, struct buf *out, struct err *e)
{
	int64_t both;
	struct jw j;
	int rc = must_exist(db, a, e);

	if (!rc)
		rc = must_exist(db, b, e);
	if (rc)
		return rc;
	jw_init(&j, out, false);
	if (json) {
		jw_object(&j);
		jw_key(&j, "only_a");
		jw_array(&j);
	}
	rc = side(db, a, b, '-', json, out, &j, &both, e);
	if (json) {
		jw_end_array(&j);
		jw_key(&j, "only_b");
		jw_array(&j);
	}
	if (!rc)
		rc = side(db, b, a, '+', json, out, &j, &both, e);
	if (json) {
		jw_end_array(&j);
		jw_kint(&j, "both", both);
		jw_end_object(&j);
	}
	return rc;
}

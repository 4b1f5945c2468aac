/* Expressions of definitions on stored records. */
#include "core/ledger_sql.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "core/ledger_expr.h"

#define EXPR_SQL_MAX (64u << 10)

/* "(SELECT *, ?2 AS today, ?3 AS now FROM t_v)": the rows an expression of this ledger stands on (?2 ISO date, ?3
 * µs). */
static void row_sql(const struct ledger *l, struct buf *out)
{
	buf_printf(out, "(SELECT *, ?2 AS today, ?3 AS now FROM \"%.*s_v\")", STR_ARG(l->table));
}

/* Only this ledger's columns and the functions of the language; what a view reads behind them is the view's
 * business. */
static int only_own(void *arg, int what, const char *a, const char *b, const char *dbname, const char *view)
{
	const char *table = arg;

	if (what == SQLITE_SELECT)
		return SQLITE_OK;
	if (view && *view)
		return what == SQLITE_READ || what == SQLITE_FUNCTION ? SQLITE_OK : SQLITE_DENY;
	if (what == SQLITE_READ)
		/* an empty column: the table is named, nothing of it is read */
		return !a || !*a || !b || !*b || !strcmp(a, table) ? SQLITE_OK : SQLITE_DENY;
	for (const struct expr_function *f = expr_functions; what == SQLITE_FUNCTION && f->name; f++)
		if (!strcmp(b, f->name))
			return SQLITE_OK;
	return SQLITE_DENY;
}

int ledger_expr_check(struct db *db, const struct ledger *l, struct str expr, struct err *e)
{
	sqlite3_stmt *s = NULL;
	char table[64];
	struct buf sql;
	int rc = expr_names_check(NULL, l, NULL, expr, e);

	if (rc)
		return rc;
	buf_init(&sql, EXPR_SQL_MAX);
	buf_puts(&sql, "SELECT (");
	expr_sql(expr, false, &sql);
	buf_puts(&sql, ") FROM ");
	row_sql(l, &sql);
	if (buf_err(&sql)) {
		buf_release(&sql);
		return err_set(e, ERR_TOOBIG, "expression too long");
	}
	snprintf(table, sizeof table, "%.*s_v", STR_ARG(l->table));
	sqlite3_set_authorizer(db_handle(db), only_own, table);
	if (sqlite3_prepare_v2(db_handle(db), buf_z(&sql), -1, &s, NULL) != SQLITE_OK)
		rc = err_set(e, ERR_SYNTAX, "%s: %.*s", db_error(db), STR_ARG(expr));
	sqlite3_set_authorizer(db_handle(db), NULL, NULL);
	sqlite3_finalize(s);
	buf_release(&sql);
	return rc;
}

int ledger_expr_true(struct db *db, const struct ledger *l, struct str expr, int64_t id, struct str today, int64_t now,
                     bool *ret, struct err *e)
{
	struct buf sql;
	struct stmt *s;
	int rc;

	buf_init(&sql, EXPR_SQL_MAX);
	buf_puts(&sql, "SELECT (");
	expr_sql(expr, false, &sql);
	buf_puts(&sql, ") FROM ");
	row_sql(l, &sql);
	buf_puts(&sql, " WHERE id = ?1");
	s = buf_err(&sql) ? NULL : db_sql(db, buf_z(&sql));
	buf_release(&sql);
	if (!s)
		return err_set(e, ERR_DB, "%.*s: %s: %.*s", STR_ARG(l->name), db_error(db), STR_ARG(expr));
	bind_int(s, 1, id);
	if (bind_index(s, "?2"))
		bind_str(s, 2, today);
	if (bind_index(s, "?3"))
		bind_int(s, 3, now);
	rc = step(s);
	if (rc == 1)
		*ret = !col_null(s, 0) && col_real(s, 0) != 0;
	else
		rc = rc ? err_set(e, ERR_DB, "%.*s: %s: %.*s", STR_ARG(l->name), db_error(db), STR_ARG(expr))
		        : err_set(e, ERR_NOTFOUND, "%.*s: no record %lld", STR_ARG(l->name), (long long)id);
	stmt_done(s);
	return rc < 0 ? rc : 0;
}

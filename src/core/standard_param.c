/* What a municipality sets itself: the standard in force, parameter values, its own wording of clauses. */
#include "core/standard.h"

#include "lib/csv.h"
#include "lib/date.h"
#include "lib/i18n.h"
#include "lib/text.h"
#include "queries.h"

#define PARAM_TEXT_MAX 500
#define CLAUSE_TEXT_MAX 20000
#define CLAUSE_TABLE_MAX (32u << 20)

static struct stmt *query(struct db *db, int q)
{
	return db_sql(db, queries[q].sql);
}

static int fail_db(struct db *db, struct err *e)
{
	return err_set(e, ERR_DB, "%s", db_error(db));
}

int standard_use(struct db *db, struct str id, struct err *e)
{
	struct stmt *s = query(db, Q_STANDARD_GET);
	int rc;

	if (!s)
		return fail_db(db, e);
	bind_str(s, 1, id);
	rc = step(s);
	stmt_done(s);
	if (rc < 0)
		return fail_db(db, e);
	if (rc == 0)
		return err_set(e, ERR_NOTFOUND, _("There is no standard %.*s."), STR_ARG(id));
	s = query(db, Q_STANDARD_ACTIVE);
	if (!s)
		return fail_db(db, e);
	bind_str(s, 1, id);
	return run(s, e);
}

int param_get(struct db *db, struct arena *a, const char *name, struct str *ret)
{
	struct stmt *s = query(db, Q_PARAMETER_VALUE);
	int rc;

	if (!s)
		return ERR_DB;
	bind_z(s, 1, name);
	rc = step(s);
	if (rc == 1)
		*ret = col_dup(s, 0, a);
	stmt_done(s);
	return rc < 0 ? ERR_DB : rc ? 0 : ERR_NOTFOUND;
}

static int month_day(struct str s)
{
	char full[DATE_TEXT];
	struct date d;

	if (s.n != 5)
		return ERR_SYNTAX;
	snprintf(full, sizeof full, "2023-%.*s", STR_ARG(s));
	return date_parse(str_from(full), &d);
}

static int check_value(struct str type, struct str min, struct str max, struct str value, struct err *e)
{
	int64_t lo = INT64_MIN, hi = INT64_MAX, n;
	struct str rest = value, first;

	if (str_is(type, "integer")) {
		if ((min.n && str_int(min, INT64_MIN, INT64_MAX, &lo)) || (max.n && str_int(max, INT64_MIN, INT64_MAX, &hi)))
			return err_set(e, ERR_CORRUPT, "bounds of a parameter");
		if (str_int(value, lo, hi, &n))
			return err_set(e, ERR_INVALID, _("A whole number from %.*s to %.*s is expected."), STR_ARG(min),
			               STR_ARG(max));
		return 0;
	}
	if (str_is(type, "bool"))
		return str_is(value, "0") || str_is(value, "1") ? 0 : err_set(e, ERR_INVALID, _("Yes or no is expected."));
	if (str_is(type, "date"))
		return month_day(value) ? err_set(e, ERR_INVALID, _("A month and day like 09-30 is expected.")) : 0;
	if (str_is(type, "period")) {
		first = str_cut(&rest, '/');
		return month_day(first) || month_day(rest) ?
		       err_set(e, ERR_INVALID, _("Two days like 03-20/04-10 are expected.")) : 0;
	}
	if (!utf8_valid(value) || value.n > PARAM_TEXT_MAX)
		return err_set(e, ERR_INVALID, _("At most %d bytes of text are expected."), PARAM_TEXT_MAX);
	return 0;
}

int param_set(struct db *db, struct str name, struct str value, int64_t now, int64_t person, struct str reason,
              struct err *e)
{
	struct stmt *s = query(db, Q_PARAMETER_DEF_GET);
	int rc;

	if (!s)
		return fail_db(db, e);
	bind_str(s, 1, name);
	rc = step(s);
	if (rc == 1)
		rc = check_value(col_str(s, 0), col_str(s, 1), col_str(s, 2), value, e);
	else
		rc = rc < 0 ? fail_db(db, e) : err_set(e, ERR_NOTFOUND, _("There is no parameter %.*s."), STR_ARG(name));
	stmt_done(s);
	if (rc)
		return rc;
	s = query(db, Q_PARAMETER_PUT);
	if (!s)
		return fail_db(db, e);
	bind_str(s, 1, name);
	bind_str(s, 2, value);
	bind_int(s, 3, now);
	bind_int(s, 4, person);
	bind_str(s, 5, reason);
	return run(s, e);
}

int clause_text_set(struct db *db, struct str clause, struct str text, struct str source, struct str version,
                    int64_t now, int64_t person, struct err *e)
{
	struct stmt *s = query(db, Q_CLAUSE_EXISTS);
	int rc;

	if (!s)
		return fail_db(db, e);
	bind_str(s, 1, clause);
	rc = step(s);
	stmt_done(s);
	if (rc <= 0)
		return rc < 0 ? fail_db(db, e) : err_set(e, ERR_NOTFOUND, _("There is no clause %.*s."), STR_ARG(clause));
	if (!text.n || text.n > CLAUSE_TEXT_MAX || !utf8_valid(text))
		return err_set(e, ERR_INVALID, _("The text of clause %.*s is empty, too long or not UTF-8."), STR_ARG(clause));
	s = query(db, Q_CLAUSE_TEXT_PUT);
	if (!s)
		return fail_db(db, e);
	bind_str(s, 1, clause);
	bind_str(s, 2, text);
	bind_str(s, 3, source);
	bind_str(s, 4, version);
	bind_int(s, 5, now);
	bind_int(s, 6, person);
	rc = run(s, e);
	if (rc)
		return rc;
	s = query(db, Q_CLAUSE_TEXT_NOW);
	if (!s)
		return fail_db(db, e);
	bind_str(s, 1, clause);
	bind_str(s, 2, text);
	return run(s, e);
}

int clause_texts_load(struct db *db, struct str table, struct str source, struct str version, int64_t now,
                      int64_t person, int64_t *ret_n, struct err *e)
{
	const char *tab = memchr(table.p, '\t', table.n), *comma = memchr(table.p, ',', table.n);
	struct arena *a = arena_new(CLAUSE_TABLE_MAX);
	struct csv *csv = csv_open(table, tab && (!comma || tab < comma) ? '\t' : ',');
	bool own = !db_in_tx(db);
	struct str *cells;
	size_t n;
	int64_t done = 0;
	int rc = own ? db_begin(db, e) : 0;

	if (!rc && (csv_row(csv, a, &cells, &n, e) != 1 || n < 2 || !str_is(cells[0], "clause") ||
	            !str_is(cells[1], "text")))
		rc = err_at(e, ERR_SYNTAX, "", 1, 0, "%s", _("The first row must name the columns clause and text."));
	while (!rc && (rc = csv_row(csv, a, &cells, &n, e)) == 1) {
		rc = n < 2 ? err_set(e, ERR_SYNTAX, "%s", _("A row needs a clause and its text.")) :
		     clause_text_set(db, cells[0], cells[1], source, version, now, person, e);
		if (rc && e)
			e->line = csv_line(csv);
		done++;
	}
	if (own && !rc)
		rc = db_commit(db, e);
	if (own && rc)
		db_rollback(db);
	if (!rc)
		*ret_n = done;
	csv_close(csv);
	arena_free(a);
	return rc;
}

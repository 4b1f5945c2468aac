/* The functions checks may use in their SQL. Values of parameters and standards hold for the whole statement, so SQLite
 * evaluates a call with fixed arguments once. */
#include <sqlite3.h>

#include "core/check.h"
#include "lib/buf.h"
#include "lib/date.h"
#include "lib/json.h"
#include "queries.h"

#define FLAGS (SQLITE_UTF8 | SQLITE_DETERMINISTIC)

static struct str arg(sqlite3_value *v)
{
	const void *p = sqlite3_value_text(v);

	return p ? str_n(p, (size_t)sqlite3_value_bytes(v)) : STR_NONE;
}

static void fail(sqlite3_context *x, const char *function, struct str value)
{
	char text[200];

	snprintf(text, sizeof text, "%s: '%.*s' is not what it takes", function, (int)(value.n > 80 ? 80 : value.n),
	         value.p ? value.p : "");
	sqlite3_result_error(x, text, -1);
}

/* say('past', x.until): the verdict "past|2026-10-01"; an empty value stays an empty place, so that a verdict is never
 * lost to a NULL. */
static void f_say(sqlite3_context *x, int n, sqlite3_value **v)
{
	struct buf out;

	buf_init(&out, 4000);
	for (int i = 0; i < n; i++) {
		struct str s = arg(v[i]);

		if (i)
			buf_putc(&out, '|');
		for (size_t k = 0; k < s.n; k++)
			buf_putc(&out, i && s.p[k] == '|' ? '/' : s.p[k]);
	}
	if (buf_err(&out) || !n)
		sqlite3_result_error(x, "say: a key and short values are expected", -1);
	else
		sqlite3_result_text(x, out.p, (int)out.n, SQLITE_TRANSIENT);
	buf_release(&out);
}

/* One text of a named query with one text parameter; a whole number comes back as one. */
static bool lookup(sqlite3_context *x, int q, struct str name, bool numbers)
{
	struct stmt *s = db_sql(sqlite3_user_data(x), queries[q].sql);
	int64_t n;
	int rc;

	if (!s) {
		sqlite3_result_error(x, db_error(sqlite3_user_data(x)), -1);
		return true;
	}
	bind_str(s, 1, name);
	rc = step(s);
	if (rc == 1 && col_null(s, 0))
		sqlite3_result_null(x);
	else if (rc == 1 && numbers && !str_int(col_str(s, 0), INT64_MIN, INT64_MAX, &n))
		sqlite3_result_int64(x, n);
	else if (rc == 1)
		sqlite3_result_text(x, col_str(s, 0).p, (int)col_str(s, 0).n, SQLITE_TRANSIENT);
	stmt_done(s);
	return rc != 0;
}

/* param('report_days'): the municipality's value. */
static void f_param(sqlite3_context *x, int n, sqlite3_value **v)
{
	(void)n;
	if (!lookup(x, Q_PARAMETER_VALUE, arg(v[0]), true))
		fail(x, "param", arg(v[0]));
}

/* std('exception_approver'): what the standard in force names, NULL when it names nothing. */
static void f_std(sqlite3_context *x, int n, sqlite3_value **v)
{
	(void)n;
	if (!lookup(x, Q_STANDARD_PARAM_VALUE, arg(v[0]), false))
		sqlite3_result_null(x);
}

/* What the standard names under a name, "" for nothing; SQLite keeps it while one statement runs, for the name stands in its text. NULL:
 * an error was reported. */
static const char *std_text(sqlite3_context *x, sqlite3_value *name)
{
	const char *kept = sqlite3_get_auxdata(x, 0);
	struct stmt *s = kept ? NULL : db_sql(sqlite3_user_data(x), queries[Q_STANDARD_PARAM_VALUE].sql);
	char *text;

	if (kept)
		return kept;
	if (!s) {
		sqlite3_result_error(x, db_error(sqlite3_user_data(x)), -1);
		return NULL;
	}
	bind_str(s, 1, arg(name));
	text = sqlite3_mprintf("%s", step(s) == 1 && !col_null(s, 0) ? col_str(s, 0).p : "");
	stmt_done(s);
	if (!text) {
		sqlite3_result_error_nomem(x);
		return NULL;
	}
	sqlite3_set_auxdata(x, 0, text, sqlite3_free);
	return sqlite3_get_auxdata(x, 0);
}

/* std_has('body_types', code): is the code among what the standard names? Called for every row of large ledgers. */
static void f_std_has(sqlite3_context *x, int n, sqlite3_value **v)
{
	const char *text = std_text(x, v[0]);
	struct str rest = str_from(text ? text : ""), code = arg(v[1]);
	bool found = false;

	(void)n;
	while (!found && rest.n)
		found = str_eq(str_trim(str_cut(&rest, ',')), code);
	if (text)
		sqlite3_result_int(x, found);
}

/* std_list('system_roles'): the same as a JSON array, for json_each. */
static void f_std_list(sqlite3_context *x, int n, sqlite3_value **v)
{
	struct stmt *s = db_sql(sqlite3_user_data(x), queries[Q_STANDARD_PARAM_VALUE].sql);
	struct str rest = STR_NONE;
	struct buf out;
	struct jw j;

	(void)n;
	if (!s) {
		sqlite3_result_error(x, db_error(sqlite3_user_data(x)), -1);
		return;
	}
	bind_str(s, 1, arg(v[0]));
	if (step(s) == 1)
		rest = col_str(s, 0);
	buf_init(&out, 16000);
	jw_init(&j, &out, false);
	jw_array(&j);
	while (rest.n) {
		struct str one = str_trim(str_cut(&rest, ','));

		if (one.n)
			jw_str(&j, one);
	}
	jw_end_array(&j);
	sqlite3_result_text(x, buf_z(&out), -1, SQLITE_TRANSIENT);
	buf_release(&out);
	stmt_done(s);
}

/* cycle('exception.reviewed'): "6mo", as the city or the standard set it; NULL for continuous and on-event. */
static void f_cycle(sqlite3_context *x, int n, sqlite3_value **v)
{
	struct stmt *s = db_sql(sqlite3_user_data(x), queries[Q_CONTROL_CYCLE].sql);
	struct duration d;
	struct str c;

	(void)n;
	if (!s) {
		sqlite3_result_error(x, db_error(sqlite3_user_data(x)), -1);
		return;
	}
	bind_str(s, 1, arg(v[0]));
	if (step(s) != 1) {
		stmt_done(s);
		fail(x, "cycle", arg(v[0]));
		return;
	}
	c = col_str(s, 0);
	if (str_ends(c, "*"))
		c.n--;
	if (c.n && !duration_parse(c, &d))
		sqlite3_result_text(x, c.p, (int)c.n, SQLITE_TRANSIENT);
	else
		sqlite3_result_null(x);
	stmt_done(s);
}

static void shift(sqlite3_context *x, sqlite3_value **v, int sign, const char *function)
{
	char out[DATE_TEXT];
	struct duration by;
	struct date d;

	if (sqlite3_value_type(v[0]) == SQLITE_NULL || sqlite3_value_type(v[1]) == SQLITE_NULL) {
		sqlite3_result_null(x);
	} else if (date_parse(arg(v[0]), &d)) {
		fail(x, function, arg(v[0]));
	} else if (duration_parse(arg(v[1]), &by)) {
		fail(x, function, arg(v[1]));
	} else {
		date_format(date_plus(d, by, sign), out);
		sqlite3_result_text(x, out, -1, SQLITE_TRANSIENT);
	}
}

/* back(date, '6mo') and ahead(date, '5wd'): ISO dates; NULL for NULL. */
static void f_back(sqlite3_context *x, int n, sqlite3_value **v)
{
	(void)n;
	shift(x, v, -1, "back");
}

static void f_ahead(sqlite3_context *x, int n, sqlite3_value **v)
{
	(void)n;
	shift(x, v, 1, "ahead");
}

/* fy(date): the fiscal year it lies in. */
static void f_fy(sqlite3_context *x, int n, sqlite3_value **v)
{
	struct date d;

	(void)n;
	if (sqlite3_value_type(v[0]) == SQLITE_NULL)
		sqlite3_result_null(x);
	else if (date_parse(arg(v[0]), &d))
		fail(x, "fy", arg(v[0]));
	else
		sqlite3_result_int(x, date_fiscal_year(d));
}

int check_functions(struct db *db, struct err *e)
{
	static const struct {
		const char *name;
		int args;
		void (*run)(sqlite3_context *, int, sqlite3_value **);
	} functions[] = {
		{"say", -1, f_say}, {"param", 1, f_param}, {"std", 1, f_std}, {"std_has", 2, f_std_has}, {"std_list", 1, f_std_list}, {"cycle", 1, f_cycle},
		{"back", 2, f_back}, {"ahead", 2, f_ahead}, {"fy", 1, f_fy},
	};

	for (size_t i = 0; i < ARRAY_LEN(functions); i++)
		if (sqlite3_create_function_v2(db_handle(db), functions[i].name, functions[i].args, FLAGS, db, functions[i].run,
		                               NULL, NULL, NULL) != SQLITE_OK)
			return err_set(e, ERR_DB, "function %s: %s", functions[i].name, db_error(db));
	return 0;
}

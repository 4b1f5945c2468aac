/* The functions of definitions in SQLite. Lists arrive as the JSON texts of the view (NULL when empty). */
#include "core/ledger_sql.h"

#include <jansson.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/date.h"
#include "lib/json.h"

#define INSTANT_MAX (200LL * 366 * DAY_US)               /* beyond it a date is a mistake */

static struct str arg_str(sqlite3_value *v)
{
	const char *z = (const char *)sqlite3_value_text(v);

	return z ? str_n(z, (size_t)sqlite3_value_bytes(v)) : STR_NONE;
}

/* A JSON array, or NULL. The caller releases it. */
static json_t *arg_array(sqlite3_value *v)
{
	struct str s = arg_str(v);
	json_t *j = s.p ? json_loadb(s.p, s.n, 0, NULL) : NULL;

	if (j && !json_is_array(j)) {
		json_decref(j);
		return NULL;
	}
	return j;
}

static const char *text_of(const json_t *row, const char *key)
{
	return json_string_value(json_object_get(row, key));
}

/* Every item has an answer. */
static void fn_answered(sqlite3_context *c, int n, sqlite3_value **v)
{
	json_t *list = arg_array(v[0]), *row;
	bool all = list && json_array_size(list);
	size_t i;

	json_array_foreach(list, i, row)
		all &= text_of(row, "answer") != NULL;
	json_decref(list);
	sqlite3_result_int(c, all);
}

/* Every item is answered, none with no. */
static void fn_passed(sqlite3_context *c, int n, sqlite3_value **v)
{
	json_t *list = arg_array(v[0]), *row;
	bool all = list && json_array_size(list);
	size_t i;

	json_array_foreach(list, i, row) {
		const char *answer = text_of(row, "answer");

		all &= answer && strcmp(answer, "no") != 0;
	}
	json_decref(list);
	sqlite3_result_int(c, all);
}

/* This item is answered with yes. */
static void fn_ticked(sqlite3_context *c, int n, sqlite3_value **v)
{
	json_t *list = arg_array(v[0]), *row;
	struct str item = arg_str(v[1]);
	bool yes = false;
	size_t i;

	json_array_foreach(list, i, row) {
		const char *name = text_of(row, "item"), *answer = text_of(row, "answer");

		yes |= name && answer && str_is(item, name) && !strcmp(answer, "yes");
	}
	json_decref(list);
	sqlite3_result_int(c, yes);
}

static void fn_has(sqlite3_context *c, int n, sqlite3_value **v)
{
	json_t *list = arg_array(v[0]), *value;
	struct str wanted = arg_str(v[1]);
	bool yes = false;
	size_t i;

	json_array_foreach(list, i, value) {
		char number[24] = "";

		if (json_is_integer(value))
			snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
		yes |= str_is(wanted, json_is_string(value) ? json_string_value(value) : number);
	}
	json_decref(list);
	sqlite3_result_int(c, yes);
}

static void fn_rows_in(sqlite3_context *c, int n, sqlite3_value **v)
{
	json_t *list = arg_array(v[0]);

	sqlite3_result_int64(c, list ? (sqlite3_int64)json_array_size(list) : 0);
	json_decref(list);
}

/* Rank of a classification as a number: 1, 2, 3C 3.1, 3B 3.2, 3A 3.3, 4; a number is its own rank. */
static void fn_level(sqlite3_context *c, int n, sqlite3_value **v)
{
	struct str s = arg_str(v[0]);
	double rank;

	if (sqlite3_value_type(v[0]) == SQLITE_INTEGER || sqlite3_value_type(v[0]) == SQLITE_FLOAT) {
		sqlite3_result_double(c, sqlite3_value_double(v[0]));
		return;
	}
	if (s.n > 1 && (*s.p == 'C' || *s.p == 'I' || *s.p == 'A' || *s.p == 'c' || *s.p == 'i' || *s.p == 'a'))
		s = str_slice(s, 1, s.n);                /* C4, I3 */
	if (!s.n || s.n > 2 || *s.p < '0' || *s.p > '9')
		return;
	rank = *s.p - '0';
	if (s.n == 2) {
		if (s.p[1] < 'A' || s.p[1] > 'C')
			return;
		rank += ('C' - s.p[1] + 1) / 10.0;
	}
	sqlite3_result_double(c, rank);
}

/* The date of an instant in the municipality's zone. */
static void fn_day(sqlite3_context *c, int n, sqlite3_value **v)
{
	char out[DATE_TEXT];
	int64_t us = sqlite3_value_int64(v[0]);

	if (sqlite3_value_type(v[0]) == SQLITE_TEXT) {   /* a date is its own day */
		sqlite3_result_value(c, v[0]);
		return;
	}
	if (sqlite3_value_type(v[0]) != SQLITE_INTEGER || us < -INSTANT_MAX || us > INSTANT_MAX)
		return;
	date_format(date_of_instant(us), out);
	sqlite3_result_text(c, out, -1, SQLITE_TRANSIENT);
}

/* The lowest confidentiality the facts allow: secret documents 3A; My Number data, resident files and two or more kinds
 * of personal items 3B; otherwise none. */
static void fn_floor_c(sqlite3_context *c, int n, sqlite3_value **v)
{
	struct str grade = arg_str(v[0]);
	json_t *items = arg_array(v[3]);
	size_t kinds = items ? json_array_size(items) : 0;

	json_decref(items);
	if (grade.p && !str_is(grade, "none"))
		sqlite3_result_text(c, "3A", -1, SQLITE_STATIC);
	else if (sqlite3_value_int(v[1]) || sqlite3_value_int(v[2]) || kinds >= 2)
		sqlite3_result_text(c, "3B", -1, SQLITE_STATIC);
}

/* A duration as minutes, so that two can be compared: months count 30 days, years 365, working days one. */
static void fn_minutes(sqlite3_context *c, int n, sqlite3_value **v)
{
	static const int64_t each[] = {
		[UNIT_MIN] = 1, [UNIT_HOUR] = 60, [UNIT_DAY] = 1440, [UNIT_WORKDAY] = 1440, [UNIT_WEEK] = 7 * 1440,
		[UNIT_MONTH] = 30 * 1440, [UNIT_YEAR] = 365 * 1440,
	};
	struct duration d;

	if (duration_parse(arg_str(v[0]), &d) == 0 && d.n >= 0 && d.n < 1000000)
		sqlite3_result_int64(c, d.n * each[d.unit]);
}

/* ---- the lists of views. SQLite 3.40 marks its own JSON functions as unsafe in views, so these stand in their place. --- */

#define LIST_BYTES (16u << 20)

static void put_value(struct jw *j, sqlite3_value *v)
{
	switch (sqlite3_value_type(v)) {
	case SQLITE_INTEGER:
		jw_int(j, sqlite3_value_int64(v));
		break;
	case SQLITE_FLOAT:
		jw_double(j, sqlite3_value_double(v));
		break;
	case SQLITE_NULL:
		jw_null(j);
		break;
	default:
		jw_str(j, arg_str(v));
	}
}

static void result_buf(sqlite3_context *c, struct buf *b)
{
	if (buf_err(b))
		sqlite3_result_error_toobig(c);
	else
		sqlite3_result_text(c, b->p, (int)b->n, SQLITE_TRANSIENT);
	buf_release(b);
}

/* row_('a', 1, '=b', '[2]') -> {"a":1,"b":[2]} */
static void fn_row(sqlite3_context *c, int n, sqlite3_value **v)
{
	struct buf b;
	struct jw j;

	buf_init(&b, LIST_BYTES);
	jw_init(&j, &b, false);
	jw_object(&j);
	for (int i = 0; i + 1 < n; i += 2) {
		const char *name = (const char *)sqlite3_value_text(v[i]);
		bool raw = name && *name == '=';

		jw_key(&j, name ? name + raw : "");
		if (raw && arg_str(v[i + 1]).p)
			jw_raw(&j, arg_str(v[i + 1]));
		else
			put_value(&j, v[i + 1]);
	}
	jw_end_object(&j);
	result_buf(c, &b);
}

struct list {
	bool open;
	struct buf b;
	struct jw j;
};

static struct list *list_open(sqlite3_context *c)
{
	struct list *l = sqlite3_aggregate_context(c, sizeof *l);

	if (l && !l->open) {
		buf_init(&l->b, LIST_BYTES);
		jw_init(&l->j, &l->b, false);
		jw_array(&l->j);
		l->open = true;
	}
	return l;
}

static void list_step(sqlite3_context *c, int n, sqlite3_value **v)
{
	struct list *l = list_open(c);

	if (l)
		put_value(&l->j, v[0]);
}

static void rows_step(sqlite3_context *c, int n, sqlite3_value **v)
{
	struct list *l = list_open(c);

	if (l)
		jw_raw(&l->j, arg_str(v[0]).p ? arg_str(v[0]) : STR("null"));
}

/* NULL when there was no row: an empty list is null in expressions. */
static void list_final(sqlite3_context *c)
{
	struct list *l = sqlite3_aggregate_context(c, 0);

	if (!l || !l->open)
		return;
	jw_end_array(&l->j);
	result_buf(c, &l->b);
}

/* Where there is no parameter to carry the day of the request: views and triggers. */
static void fn_today(sqlite3_context *c, int n, sqlite3_value **v)
{
	char out[DATE_TEXT];

	date_format(date_of_instant(clock_now()), out);
	sqlite3_result_text(c, out, -1, SQLITE_TRANSIENT);
}

static void fn_now(sqlite3_context *c, int n, sqlite3_value **v)
{
	sqlite3_result_int64(c, clock_now());
}

int ledger_functions(struct db *db)
{
	static const struct {
		const char *name;
		int n;
		void (*fn)(sqlite3_context *, int, sqlite3_value **);
		bool varies;
	} all[] = {
		{ "answered", 1, fn_answered, false }, { "passed", 1, fn_passed, false }, { "ticked", 2, fn_ticked, false },
		{ "has", 2, fn_has, false }, { "rows_in", 1, fn_rows_in, false }, { "level", 1, fn_level, false },
		{ "day", 1, fn_day, false }, { "floor_c", 4, fn_floor_c, false }, { "minutes", 1, fn_minutes, false },
		{ "row_", -1, fn_row, false }, { "today_", 0, fn_today, true }, { "now_", 0, fn_now, true },
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		int flags = SQLITE_UTF8 | SQLITE_INNOCUOUS | (all[i].varies ? 0 : SQLITE_DETERMINISTIC);

		if (sqlite3_create_function_v2(db_handle(db), all[i].name, all[i].n, flags, NULL, all[i].fn, NULL, NULL, NULL))
			return ERR_DB;
	}
	if (sqlite3_create_function_v2(db_handle(db), "list_", 1, SQLITE_UTF8 | SQLITE_INNOCUOUS, NULL, NULL, list_step,
	                               list_final, NULL) ||
	    sqlite3_create_function_v2(db_handle(db), "rows_", 1, SQLITE_UTF8 | SQLITE_INNOCUOUS, NULL, NULL, rows_step,
	                               list_final, NULL))
		return ERR_DB;
	return 0;
}

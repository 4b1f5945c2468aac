/* min, max and default of fields: numbers, dates counted from today, the fiscal year or another field, parameters of
 * the municipality, expressions. */
#include "core/engine.h"
#include "lib/date.h"
#include "lib/i18n.h"

struct str parameter(struct world *w, struct arena *a, struct str name)
{
	struct str value = STR_NONE;
	struct stmt *s = db_sql(w->db, "SELECT value FROM parameter_now WHERE name = ?1");
	if (!s)
		return value;
	bind_str(s, 1, name);
	if (step(s) == 1)
		value = col_dup(s, 0, a);
	stmt_done(s);
	return value;
}

/* "[name]" gives the parameter, other text itself. */
static struct str resolved(struct job *j, struct str written)
{
	if (written.n > 2 && written.p[0] == '[' && written.p[written.n - 1] == ']')
		return parameter(j->w, j->a, str_slice(written, 1, written.n - 2));
	return written;
}

static struct str date_text(struct job *j, struct date d)
{
	char text[DATE_TEXT];
	date_format(d, text);
	return arena_str(j->a, str_from(text));
}

/* The date a word of a limit means. */
static bool base_date(struct job *j, const struct record *r, struct str word, struct date *ret)
{
	struct str text = STR_NONE;
	if (str_is(word, "today") || str_is(word, "now"))
		text = j->w->today;
	else if (str_is(word, "created_on"))
		text = r && r->created_on.n ? r->created_on : j->w->today;
	else if (str_is(word, "fiscal-year-end")) {
		if (date_parse(j->w->today, ret) < 0)
			return false;
		*ret = (struct date){date_fiscal_year(*ret) + 1, 3, 31};
		return true;
	} else {
		const struct field *f = ledger_field(j->l, word);
		if (f && r && r->all)
			text = exact_to_text(j->a, f->type, r->all[field_index(j->l, f)].text);
		text = str_slice(text, 0, DATE_TEXT - 1);
	}
	return text.n && date_parse(text, ret) == 0;
}

static struct str date_limit(struct job *j, const struct record *r, struct str written)
{
	struct date d;
	struct duration by;
	size_t end = 0;
	/* A sign followed by a digit begins the duration; "fiscal-year-end" has signs of its own. */
	while (end < written.n && !((written.p[end] == '+' || written.p[end] == '-') && end + 1 < written.n &&
	                            written.p[end + 1] >= '0' && written.p[end + 1] <= '9'))
		end++;
	if (!base_date(j, r, str_slice(written, 0, end), &d))
		return date_parse(written, &d) == 0 ? written : STR_NONE;
	if (end < written.n && duration_parse(str_slice(written, end + 1, written.n), &by) == 0)
		d = date_plus(d, by, written.p[end] == '-' ? -1 : 1);
	return date_text(j, d);
}

struct str limit_text(struct job *j, const struct record *r, const struct field *f, struct str written)
{
	struct str text = STR_NONE;
	written = resolved(j, written);
	if (!written.n || f->type == FT_TEXT || f->type == FT_LONGTEXT)
		return STR_NONE;
	if (memchr(written.p, '(', written.n)) {
		if (!r || expr_text(j, r, written, &text) < 0)
			return STR_NONE;
		return text;
	}
	if (f->type == FT_DATE || f->type == FT_DATETIME)
		return date_limit(j, r, written);
	return written;
}

static double days_of(struct str text)
{
	static const double days[] = {[UNIT_MIN] = 1.0 / 1440, [UNIT_HOUR] = 1.0 / 24, [UNIT_DAY] = 1, [UNIT_WORKDAY] = 1.4,
		[UNIT_WEEK] = 7, [UNIT_MONTH] = 30.4, [UNIT_YEAR] = 365.25};
	struct duration d;
	return duration_parse(text, &d) < 0 ? 0 : (double)d.n * days[d.unit];
}

static int level_order(struct job *j, struct str a, struct str b)
{
	struct stmt *s = db_sql(j->w->db, "SELECT level(?1) - level(?2)");
	if (!s)
		return 0;
	bind_str(s, 1, a);
	bind_str(s, 2, b);
	double d = step(s) == 1 && !col_null(s, 0) ? col_real(s, 0) : 0;
	stmt_done(s);
	return (d > 0) - (d < 0);
}

/* Order of a value and a bound. */
static int order(struct job *j, const struct field *f, struct str value, struct str bound)
{
	double x, y;
	switch (f->type) {
	case FT_INTEGER: case FT_DECIMAL: case FT_MONEY: case FT_FISCAL_YEAR: case FT_PORT:
		x = strtod(arena_z(j->a, value), NULL);
		y = strtod(arena_z(j->a, bound), NULL);
		return (x > y) - (x < y);
	case FT_DURATION:
		x = days_of(value);
		y = days_of(bound);
		return (x > y) - (x < y);
	case FT_CLASSIFICATION:
		return level_order(j, value, bound);
	case FT_DATE: case FT_DATETIME:
		return str_cmp(str_slice(exact_to_text(j->a, f->type, value), 0, DATE_TEXT - 1), bound);
	default:
		return 0;
	}
}

static int limit_one(struct job *j, const struct record *r, const struct field *f, struct str path, struct str value)
{
	struct str min = f->min.n && value.n ? limit_text(j, r, f, f->min) : STR_NONE;
	struct str max = f->max.n && value.n ? limit_text(j, r, f, f->max) : STR_NONE;
	if (min.n && order(j, f, value, min) < 0) {
		fault_add(j, path, _("Not below %.*s"), STR_ARG(min));
		return ERR_INVALID;
	}
	if (max.n && order(j, f, value, max) > 0) {
		fault_add(j, path, _("Not above %.*s"), STR_ARG(max));
		return ERR_INVALID;
	}
	return 0;
}

int limits_check(struct job *j, const struct record *r)
{
	int bad = 0;
	for (size_t i = 0; i < j->l->n_fields; i++) {
		const struct field *f = &j->l->fields[i];
		const struct value *v = &r->all[i];
		if ((f->min.n || f->max.n) && !v->n_rows)
			bad |= limit_one(j, r, f, f->name, v->text);
		for (size_t k = 0; k < v->n_many && (f->min.n || f->max.n); k++)
			bad |= limit_one(j, r, f, f->name, v->many[k]);
		for (size_t k = 0; k < v->n_rows; k++)
			for (size_t c = 0; c < f->n_columns; c++) {
				const struct field *col = &f->columns[c];
				if (!col->many && (col->min.n || col->max.n))
					bad |= limit_one(j, r, col, arena_strf(j->a, "%.*s.%zu.%.*s", STR_ARG(f->name), k,
					                                       STR_ARG(col->name)),
					                 row_cell(&v->rows[k], col->name));
			}
	}
	return bad ? ERR_INVALID : 0;
}

/* A parameter such as "30 September" or "09-30" is the next such day. */
static struct str next_day(struct job *j, struct str text)
{
	struct date d, today;
	if (date_parse(text, &d) == 0)
		return text;
	if (date_parse(j->w->today, &today) < 0 ||
	    date_parse(arena_strf(j->a, "%04d-%.*s", today.year, STR_ARG(text)), &d) < 0)
		return STR_NONE;
	if (date_days(d) < date_days(today))
		d.year++;
	return date_text(j, d);
}

struct str default_text(struct job *j, const struct field *f)
{
	struct str def = resolved(j, f->def);
	if (!def.n)
		return STR_NONE;
	if (f->type == FT_DATE)
		return str_is(def, "today") ? j->w->today : next_day(j, def);
	if (f->type == FT_DATETIME)
		return str_is(def, "now") ? arena_strf(j->a, "@%lld", (long long)j->w->now) : STR_NONE;
	if (f->type == FT_PERSON)
		return str_is(def, "applicant") && j->who->person ? arena_strf(j->a, "%lld", (long long)j->who->person)
		       : STR_NONE;
	if (f->type == FT_BOOL)
		return str_is(def, "true") || str_is(def, "True") || str_is(def, "1") ? STR("1") : STR("0");
	return def;
}

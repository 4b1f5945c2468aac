/* Numbers of records: one series per ledger (so that a restricted ledger's gaps tell nobody anything about another) and
 * fiscal year; a number without a year runs on for ever. */
#include "core/engine.h"
#include "lib/date.h"

static int series_next(struct job *j, int fy, int64_t *ret)
{
	struct stmt *s = db_sql(j->w->db, "INSERT INTO number_series(ledger, fy, last) VALUES (?1, ?2, 1)"
	                                  " ON CONFLICT (ledger, fy) DO UPDATE SET last = last + 1 RETURNING last");
	if (!s)
		return err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
	bind_str(s, 1, j->l->name);
	bind_int(s, 2, fy);
	int r = step(s);
	if (r == 1)
		*ret = col_int(s, 0);
	stmt_done(s);
	return r == 1 ? 0 : err_set(j->e, ERR_DB, "%s", db_error(j->w->db));
}

/* "{seq:04}": digits after the colon are the width. */
static int seq_width(struct str format)
{
	int64_t width = 0;
	if (format.p && str_int(format, 0, 12, &width) < 0)
		return 0;
	return (int)width;
}

int number_next(struct job *j, const struct record *r, struct str *ret)
{
	struct date today;
	struct buf out;
	int64_t seq;
	char era[20];
	if (date_parse(r->created_on, &today) < 0)
		return err_set(j->e, ERR_INVALID, "date %.*s", STR_ARG(r->created_on));
	int fy = date_fiscal_year(today);
	bool yearly = str_has(j->l->number, "{fy");
	int err = series_next(j, yearly ? fy : 0, &seq);
	if (err < 0)
		return err;
	buf_init(&out, 400);
	for (struct str rest = j->l->number; rest.n;) {
		struct str plain = str_cut(&rest, '{');
		buf_str(&out, plain);
		struct str hole = rest.p ? str_cut(&rest, '}') : STR_NONE, format = hole,
		                  name = hole.p ? str_cut(&format, ':') : hole;
		if (str_is(name, "fy"))
			buf_printf(&out, "%d", fy);
		else if (str_is(name, "fy_era") && date_fiscal_era(fy, era, sizeof era) >= 0)
			buf_puts(&out, era);
		else if (str_is(name, "seq"))
			buf_printf(&out, "%0*lld", seq_width(format), (long long)seq);
		else if (name.p)
			for (size_t i = 0; i < j->l->n_fields; i++)
				if (str_eq(j->l->fields[i].name, name))
					buf_str(&out, r->all[i].text);
	}
	err = buf_err(&out);
	*ret = arena_str(j->a, buf_view(&out));
	buf_release(&out);
	return err < 0 ? err_set(j->e, err, "number is too long") : 0;
}

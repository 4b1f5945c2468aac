/* The status of clauses, controls and subjects on a day, as JSON or as lines of text. */
#include "core/assess_int.h"

#include "core/engine.h"
#include "lib/date.h"
#include "lib/i18n.h"
#include "lib/json.h"
#include "queries.h"

struct report {
	struct world *w;
	struct arena *a;
	const struct actor *who;                         /* whose answer it is; NULL: the console's, who knows of everything */
	struct buf *out;
	struct jw j;
	bool text;
	int64_t at;                                      /* spans that hold at this instant */
	struct str control;
	struct err *e;
};

struct bound {                                           /* a control of the clause at hand, with the part it needs */
	struct str control, part;
};

static struct stmt *query(struct report *r, int q)
{
	struct stmt *s = db_sql(r->w->db, queries[q].sql);

	if (!s)
		err_set(r->e, ERR_DB, "%s", db_error(r->w->db));
	return s;
}

static int fail_db(struct report *r)
{
	return err_set(r->e, ERR_DB, "%s", db_error(r->w->db));
}

static int fail_full(struct report *r)
{
	return err_set(r->e, ERR_TOOBIG, "the report needs more than %u MB", ASSESS_ARENA_MAX >> 20);
}

/* A subject that is a record is named only to whoever may know of that record. */
static bool subject_known(struct report *r, struct str subject, struct str kind)
{
	struct str rest = subject, head = str_cut(&rest, ':');
	int64_t id;

	if (rest.n) { /* a record of another ledger than the control's usual one */
		kind = head;
		subject = rest;
	}
	const struct ledger *l = r->who ? ledgers_get(r->w->ledgers, kind) : NULL;
	struct job j = {.w = r->w, .a = r->a, .who = r->who, .l = l, .e = r->e};
	return !l || str_int(subject, 1, INT64_MAX, &id) < 0 || visible(&j, id);
}

static int put_subject(struct report *r, struct str control, struct stmt *s)
{
	if (!subject_known(r, col_str(s, 0), col_str(s, 6)))
		return 0;
	struct str reason = check_reason(r->a, control, col_str(s, 4));

	if (r->text) {
		buf_printf(r->out, "    %-10.*s %.*s  %.*s  %.*s%s%.*s\n", STR_ARG(col_str(s, 0)), STR_ARG(col_str(s, 1)),
		           STR_ARG(col_str(s, 3)), STR_ARG(col_str(s, 2)), reason.n ? ": " : "", STR_ARG(reason));
		return 0;
	}
	jw_object(&r->j);
	jw_kstr(&r->j, "id", col_str(s, 0));
	jw_kstr(&r->j, "title", col_str(s, 1));
	jw_kstr(&r->j, "status", col_str(s, 2));
	jw_kstr(&r->j, "part", col_str(s, 3));
	jw_kstr(&r->j, "reason", reason);
	jw_kstr(&r->j, "due", col_str(s, 5));
	jw_kstr(&r->j, "kind", col_str(s, 6));
	jw_end_object(&r->j);
	return 0;
}

static int put_subjects(struct report *r, const struct bound *b)
{
	struct stmt *s = query(r, Q_STATUS_SUBJECTS_AT);
	int rc;

	if (!s)
		return ERR_DB;
	bind_str(s, 1, b->control);
	bind_int(s, 2, r->at);
	bind_str(s, 3, b->part);
	while ((rc = step(s)) == 1)
		put_subject(r, b->control, s);
	stmt_done(s);
	return rc < 0 ? fail_db(r) : 0;
}

static int put_control(struct report *r, const struct bound *b)
{
	struct stmt *s = query(r, Q_STATUS_CONTROL_AT);
	struct str status = STR("unknown");
	int64_t met = 0, total = 0;
	bool built = checks_get(checks_loaded(), b->control) != NULL;
	int rc;

	if (!s)
		return ERR_DB;
	bind_str(s, 1, b->control);
	bind_str(s, 2, b->part);
	bind_int(s, 3, r->at);
	rc = step(s);
	if (rc == 1) {
		status = col_dup(s, 0, r->a);
		met = col_int(s, 1);
		total = col_int(s, 2);
	}
	stmt_done(s);
	if (rc < 0)
		return fail_db(r);
	if (r->text) {
		buf_printf(r->out, "  %.*s%s%.*s  %.*s  %lld/%lld%s\n", STR_ARG(b->control), b->part.n ? " " : "", STR_ARG(b->part),
		           STR_ARG(status), (long long)met, (long long)total, built ? "" : _(": source not yet built"));
		return put_subjects(r, b);
	}
	jw_object(&r->j);
	jw_kstr(&r->j, "id", b->control);
	jw_kstr(&r->j, "part", b->part.n ? b->part : STR_NONE);
	jw_kstr(&r->j, "status", status);
	jw_kz(&r->j, "reason", built ? NULL : _("Source not yet built"));
	jw_kint(&r->j, "met", met);
	jw_kint(&r->j, "total", total);
	jw_key(&r->j, "subjects");
	jw_array(&r->j);
	rc = put_subjects(r, b);
	jw_end_array(&r->j);
	jw_end_object(&r->j);
	return rc;
}

static int put_controls(struct report *r, struct str clause)
{
	struct stmt *s = query(r, Q_BINDINGS_OF_CLAUSE);
	struct bound *v = NULL;
	size_t n = 0, cap = 0;
	int rc;

	if (!s)
		return ERR_DB;
	bind_str(s, 1, clause);
	while ((rc = step(s)) == 1) {
		if (r->control.p && !str_eq(col_str(s, 0), r->control))
			continue;
		if (n == cap)
			v = assess_grow(r->a, v, n, &cap, sizeof *v);
		if (!v)
			break;
		v[n++] = (struct bound){col_dup(s, 0, r->a), col_dup(s, 1, r->a)};
	}
	stmt_done(s);
	if (rc < 0)
		return fail_db(r);
	if (!v)
		return n ? fail_full(r) : 0;
	for (size_t i = 0; !rc && i < n; i++)
		rc = put_control(r, &v[i]);
	return rc;
}

struct clause_line {
	struct str id, strength, status;
};

static int put_clause(struct report *r, const struct clause_line *k)
{
	int rc;

	if (r->text) {
		buf_printf(r->out, "%.*s  %.*s\n", STR_ARG(k->id), STR_ARG(k->status));
		return put_controls(r, k->id);
	}
	jw_object(&r->j);
	jw_kstr(&r->j, "id", k->id);
	jw_kstr(&r->j, "status", k->status);
	jw_kstr(&r->j, "strength", k->strength);
	jw_key(&r->j, "controls");
	jw_array(&r->j);
	rc = put_controls(r, k->id);
	jw_end_array(&r->j);
	jw_end_object(&r->j);
	return rc;
}

static int put_clauses(struct report *r, struct str clause)
{
	struct stmt *s = query(r, Q_STATUS_CLAUSES_AT);
	struct clause_line *v = NULL;
	size_t n = 0, cap = 0;
	int rc;

	if (!s)
		return ERR_DB;
	bind_int(s, 1, r->at);
	bind_str(s, 2, clause);
	bind_str(s, 3, r->control);
	while ((rc = step(s)) == 1) {
		if (n == cap)
			v = assess_grow(r->a, v, n, &cap, sizeof *v);
		if (!v)
			break;
		v[n++] = (struct clause_line){col_dup(s, 0, r->a), col_dup(s, 1, r->a), col_dup(s, 2, r->a)};
	}
	stmt_done(s);
	if (rc < 0)
		return fail_db(r);
	if (n && !v)
		return fail_full(r);
	if (!n && (clause.p || r->control.p))
		return err_set(r->e, ERR_NOTFOUND, "%s", _("The standard in force has no such clause or control."));
	for (size_t i = 0; !rc && i < n; i++)
		rc = put_clause(r, &v[i]);
	return rc;
}

static int report(struct report *r, struct str as_of, struct str clause)
{
	struct str day = as_of.n ? as_of : r->w->today;
	struct date d;
	int rc;

	if (date_parse(day, &d))
		return err_set(r->e, ERR_SYNTAX, _("%.*s is not a date like 2026-11-20."), STR_ARG(day));
	if (str_cmp(day, r->w->today) > 0)
		return err_set(r->e, ERR_RANGE, _("%.*s lies in the future."), STR_ARG(day));
	/* Today means now; a past day its last instant. */
	r->at = str_eq(day, r->w->today) ? INT64_MAX : date_to_instant(date_add(d, 0, 0, 1), 0, 0) - 1;
	if (r->text)
		return put_clauses(r, clause);
	jw_init(&r->j, r->out, false);
	jw_object(&r->j);
	jw_kstr(&r->j, "as_of", day);
	jw_key(&r->j, "clauses");
	jw_array(&r->j);
	rc = put_clauses(r, clause);
	jw_end_array(&r->j);
	jw_end_object(&r->j);
	return rc;
}

static int start(struct world *w, const struct actor *who, struct str as_of, struct str control, struct str clause, struct buf *out, bool text, struct err *e)
{
	struct report r = {.w = w, .a = arena_new(ASSESS_ARENA_MAX), .who = who, .out = out, .text = text, .control = control, .e = e};
	int rc = report(&r, as_of, clause);

	arena_free(r.a);
	return rc ? rc : buf_err(out) ? err_set(e, ERR_TOOBIG, "%s", _("The answer is too large; ask for one clause or control.")) : 0;
}

int assess_status_json(struct world *w, struct str as_of, struct str control, struct str clause, struct buf *out, struct err *e)
{
	return start(w, NULL, as_of, control, clause, out, false, e);
}

int assess_status_json_for(struct world *w, const struct actor *who, struct str as_of, struct str control, struct str clause,
                           struct buf *out, struct err *e)
{
	return start(w, who, as_of, control, clause, out, false, e);
}

int assess_status_text(struct world *w, struct str as_of, struct str control, struct str clause, struct buf *out, struct err *e)
{
	return start(w, NULL, as_of, control, clause, out, true, e);
}

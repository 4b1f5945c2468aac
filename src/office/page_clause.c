/* The page of one clause and of one control: text, whose duty, what fails and why, exceptions, history. */
#include "office/board.h"
#include "office/pages.h"

#include "core/check.h"
#include "core/standard.h"
#include "lib/clock.h"
#include "lib/date.h"
#include "office/query.h"
#include "office/ui.h"
#include "queries.h"

#define SUBJECTS_SHOWN 50
#define SUBJECTS_PAGE 100

static struct str pick(struct stmt *q, int ja, struct arena *a)
{
	return col_dup(q, i18n_lang() == LANG_JA ? ja : ja + 1, a);
}

static const struct tpl_status *status_of(struct ctx *c, struct str code)
{
	int s = status_parse(code);
	return ui_status(c->arena, s < 0 ? ST_UNKNOWN : (enum status)s);
}

/* Nothing was there to judge: only the present is known. */
static const struct tpl_status *status_with(struct ctx *c, struct str code, int64_t total, bool judged)
{
	return judged && !total && str_is(code, "met") ? ui_status_empty(c->arena) : status_of(c, code);
}

/* "target=98%;grace=10wd" in words. */
static struct str tolerance_words(struct ctx *c, struct str t)
{
	struct str target = STR(""), grace = STR("");
	for (struct str rest = t; rest.n;) {
		struct str value = str_cut(&rest, ';'), name = str_cut(&value, '=');
		if (str_is(name, "target"))
			target = value;
		else if (str_is(name, "grace"))
			grace = str_ends(value, "wd") ? str_slice(value, 0, value.n - 2) : value;
	}
	if (!target.n && !grace.n)
		return STR("");
	return arena_strf(c->arena, _("at least %.*s must meet it; %.*s working days of grace"), STR_ARG(target),
	                  STR_ARG(grace));
}

static struct str share(struct ctx *c, int64_t met, int64_t total)
{
	return total ? arena_strf(c->arena, "%lld/%lld", (long long)met, (long long)total) : STR("");
}

static struct str doer_label(struct str doer)
{
	int r = role_parse(doer);
	return r >= 0 ? str_from(role_label((enum role)r)) : doer;
}

static struct str control_note(struct ctx *c, bool has_check, struct str starts_on)
{
	if (!has_check)
		return str_from(_("Not judged yet: the source of evidence is not yet built."));
	if (starts_on.n && str_cmp(starts_on, c->world.today) > 0)
		return arena_strf(c->arena, _("Planned: in force from %.*s."), STR_ARG(starts_on));
	return STR("");
}

static void fill_controls(struct ctx *c, struct str id, int64_t at, struct tpl_clause *d)
{
	struct tpl_clause_controls *v = arena_array(c->arena, 60, sizeof(*v));
	struct stmt *q = db_query(c->office->db, Q_CLAUSE_CONTROLS);
	bind_str(q, 1, id);
	bind_int(q, 2, at);
	while (d->n_controls < 60 && step(q) == 1) {
		struct str control = col_dup(q, 0, c->arena), title = pick(q, 1, c->arena),
		                     part = board_words(c, pick(q, 4, c->arena));
		struct link k;
		link_init(&k, arena_strf(c->arena, "/controls/%.*s", STR_ARG(control)));
		link_put(&k, "part", col_dup(q, 3, c->arena));
		if (!d->doer.n)
			d->doer = doer_label(col_dup(q, 10, c->arena));
		v[d->n_controls++] = (struct tpl_clause_controls){
			.href = link_done(&k, c->arena), .id = control,
			.title = part.n && !str_eq(part, title) ? arena_strf(c->arena, "%.*s: %.*s", STR_ARG(title), STR_ARG(part))
			         : title,
			.status = status_with(c, col_str(q, 6), col_int(q, 8), col_int(q, 11)),
			.share = share(c, col_int(q, 7), col_int(q, 8)), .tolerance = tolerance_words(c, col_dup(q, 9, c->arena)),
			.note = control_note(c, col_int(q, 11), col_dup(q, 12, c->arena))};
	}
	stmt_done(q);
	d->controls = v;
}

static void fill_failing(struct ctx *c, struct str id, int64_t at, struct tpl_clause *d)
{
	struct str last[2];
	struct stmt *q = db_query(c->office->db, Q_CLAUSE_FINDINGS);
	bind_str(q, 1, id);
	bind_int(q, 2, at);
	d->failing = board_subjects(c, q, str_from(_("What fails")), SUBJECTS_SHOWN, &d->failing_more, last);
	d->failing_shown = (int64_t)d->failing->n_rows;
	q = db_query(c->office->db, Q_CLAUSE_FINDINGS_COUNT);
	bind_str(q, 1, id);
	bind_int(q, 2, at);
	d->failing_total = step(q) == 1 ? col_int(q, 0) : 0;
	stmt_done(q);
}

static void fill_exceptions(struct ctx *c, struct str id, struct tpl_clause *d)
{
	struct tpl_clause_exceptions *v = arena_array(c->arena, 20, sizeof(*v));
	const struct ledger *l = ledgers_get(c->world.ledgers, STR("exceptions"));
	int64_t ids[20];
	size_t n = 0;
	struct stmt *q = db_query(c->office->db, Q_CLAUSE_EXCEPTIONS);
	bind_str(q, 1, id);
	while (n < 20 && step(q) == 1)
		ids[n++] = col_int(q, 0);
	stmt_done(q);
	for (size_t i = 0; l && i < n; i++) {
		struct record rec;
		struct err e;
		if (record_get(&c->world, c->arena, &c->actor, l, ids[i], &rec, &e) < 0)
			continue;
		const struct value *until = values_get(&rec.values, STR("until"));
		v[d->n_exceptions++] = (struct tpl_clause_exceptions){
			arena_strf(c->arena, "/ledgers/exceptions/%lld", (long long)ids[i]),
			arena_strf(c->arena, "%.*s %.*s", STR_ARG(rec.number), STR_ARG(rec.title)),
			until ? until->text : STR(""), ui_state(c->arena, l, rec.state)};
	}
	d->exceptions = v;
}

static void fill_spans(struct ctx *c, struct str id, struct tpl_clause *d)
{
	struct tpl_clause_spans *v = arena_array(c->arena, 30, sizeof(*v));
	struct stmt *q = db_query(c->office->db, Q_CLAUSE_SPANS);
	bind_str(q, 1, id);
	while (d->n_spans < 30 && step(q) == 1)
		v[d->n_spans++] = (struct tpl_clause_spans){.from = board_day(c, col_int(q, 1)),
		                                            .to = col_null(q, 2) ? STR("") : board_day(c, col_int(q, 2)),
		                                            .status = status_of(c, col_str(q, 0))};
	stmt_done(q);
	d->spans = v;
}

static struct str neighbour(struct ctx *c, struct str id, int col)
{
	struct stmt *q = db_query(c->office->db, Q_CLAUSE_NEIGHBOURS);
	struct str s = STR("");
	bind_str(q, 1, id);
	if (step(q) == 1 && !col_null(q, col)) {
		struct str other = col_str(q, col);
		s = arena_strf(c->arena, "/clauses/%.*s", STR_ARG(other));
	}
	stmt_done(q);
	return s;
}

static struct str groups_of(struct ctx *c, struct str id)
{
	struct buf b;
	buf_init(&b, 4000);
	struct stmt *q = db_query(c->office->db, Q_CLAUSE_GROUPS);
	bind_str(q, 1, id);
	while (step(q) == 1) {
		if (b.n)
			buf_puts(&b, " / ");
		buf_str(&b, col_str(q, i18n_lang() == LANG_JA ? 0 : 1));
	}
	stmt_done(q);
	struct str s = arena_str(c->arena, buf_view(&b));
	buf_release(&b);
	return s;
}

static const struct tpl_crumbs *board_crumbs(struct ctx *c)
{
	struct tpl_crumbs *d = ARENA_NEW(c->arena, struct tpl_crumbs);
	struct tpl_crumbs_items *v = arena_array(c->arena, 1, sizeof(*v));
	v[0] = (struct tpl_crumbs_items){STR("/board"), str_from(_("Compliance"))};
	*d = (struct tpl_crumbs){v, 1};
	return d;
}

int page_clause(struct ctx *c, struct err *e)
{
	int64_t at;
	struct str as_of;
	int r = board_instant(c, req_param(c, "as_of"), &at, &as_of, e);
	if (r < 0)
		return r;
	struct tpl_clause d = {.crumbs = board_crumbs(c), .as_of = as_of, .action = c->req->path};
	struct stmt *q = db_query(c->office->db, Q_PAGE_CLAUSE_GET);
	bind_str(q, 1, c->args[0]);
	bind_int(q, 2, at);
	r = step(q);
	if (r == 1) {
		d.id = col_dup(q, 0, c->arena);
		d.title = col_dup(q, 1, c->arena);
		d.summary = pick(q, 3, c->arena);
		d.own_text = col_dup(q, 5, c->arena);
		d.role = duty_label(c, col_dup(q, 6, c->arena));
		d.strength = strength_label(col_dup(q, 7, c->arena));
		d.status = status_of(c, col_str(q, 9));
		d.since = board_day(c, col_int(q, 10));
		d.own_source = col_dup(q, 11, c->arena);
	}
	stmt_done(q);
	if (r != 1)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such clause."));
	if (c->actor.roles & ((1u << ROLE_SECRETARIAT) | (1u << ROLE_CHIEF)))
		d.edit_text = arena_strf(c->arena, "/clauses/%.*s/text", STR_ARG(d.id));
	d.group = groups_of(c, d.id);
	fill_controls(c, d.id, at, &d);
	fill_failing(c, d.id, at, &d);
	fill_exceptions(c, d.id, &d);
	fill_spans(c, d.id, &d);
	d.prev = neighbour(c, d.id, 0);
	d.next = neighbour(c, d.id, 1);
	struct page_extra x = {.as_of = as_of};
	page_begin_with(c, arena_printf(c->arena, "%.*s", STR_ARG(d.id)), &x);
	tpl_clause(&c->page, &d);
	return page_end(c, 200);
}

/* --- control ----------------------------------------------------------------------------------------------------- */

static struct str control_link(struct ctx *c, struct str id, struct str part, struct str status)
{
	struct link k;
	link_init(&k, arena_strf(c->arena, "/controls/%.*s", STR_ARG(id)));
	link_put(&k, "part", part);
	link_put(&k, "status", status);
	return link_done(&k, c->arena);
}

static void fill_parts(struct ctx *c, struct tpl_control *d)
{
	struct tpl_control_parts *v = arena_array(c->arena, 40, sizeof(*v));
	struct str now = req_param(c, "part");
	struct stmt *q = db_query(c->office->db, Q_PAGE_CONTROL_PARTS);
	bind_str(q, 1, d->id);
	while (d->n_parts < 40 && step(q) == 1) {
		struct str part = col_dup(q, 0, c->arena);
		bool here = str_eq(part, now);
		v[d->n_parts++] = (struct tpl_control_parts){control_link(c, d->id, here ? STR("") : part, STR("")),
		                                             board_words(c, pick(q, 1, c->arena)), col_int(q, 4),
		                                             col_int(q, 5), status_with(c, col_str(q, 3), col_int(q, 5), true), here};
	}
	stmt_done(q);
	d->parts = v;
}

static void fill_clauses(struct ctx *c, struct tpl_control *d)
{
	struct tpl_control_clauses *v = arena_array(c->arena, 60, sizeof(*v));
	struct stmt *q = db_query(c->office->db, Q_CONTROL_CLAUSES);
	bind_str(q, 1, d->id);
	while (d->n_clauses < 60 && step(q) == 1) {
		struct str id = col_dup(q, 0, c->arena);
		v[d->n_clauses++] = (struct tpl_control_clauses){arena_strf(c->arena, "/clauses/%.*s", STR_ARG(id)), id,
		                                                 pick(q, 1, c->arena), status_of(c, col_str(q, 3))};
	}
	stmt_done(q);
	d->clauses = v;
}

static void fill_tabs(struct ctx *c, struct tpl_control *d)
{
	struct tpl_control_tabs *v = arena_array(c->arena, ST_COUNT_ + 1, sizeof(*v));
	struct str part = req_param(c, "part"), now = req_param(c, "status");
	struct stmt *q = db_query(c->office->db, Q_CONTROL_COUNTS);
	v[d->n_tabs++] = (struct tpl_control_tabs){control_link(c, d->id, part, STR("")),
	                                           str_from(_("All that is not met")), STR(""), !now.n};
	bind_str(q, 1, d->id);
	bind_str(q, 2, part.n ? part : STR(""));
	while (d->n_tabs <= ST_COUNT_ && step(q) == 1) {
		int s = status_parse(col_str(q, 0));
		if (s < 0 || s == ST_MET || !col_int(q, 1))
			continue;
		struct str code = str_from(status_code((enum status)s));
		v[d->n_tabs++] = (struct tpl_control_tabs){control_link(c, d->id, part, code),
		                                           str_from(status_label((enum status)s)),
		                                           arena_strf(c->arena, "%lld", (long long)col_int(q, 1)),
		                                           str_eq(now, code)};
	}
	stmt_done(q);
	d->tabs = v;
}

/* Key of a page: subject and part of its last row, with a character between that neither holds. */
static void fill_subjects(struct ctx *c, struct tpl_control *d)
{
	struct str rest = req_param(c, "after"), after[2] = {str_cut(&rest, '~'), rest}, last[2] = {0};
	struct str part = req_param(c, "part"), status = req_param(c, "status");
	bool more;
	struct stmt *q = db_query(c->office->db, Q_CONTROL_FINDINGS);
	bind_str(q, 1, d->id);
	bind_str(q, 2, part.n ? part : STR(""));
	bind_str(q, 3, status.n ? status : STR(""));
	bind_str(q, 4, after[0].n ? after[0] : STR(""));
	bind_str(q, 5, after[1].n ? after[1] : STR(""));
	bind_int(q, 6, SUBJECTS_PAGE + 1);
	d->subjects = board_subjects(c, q, str_from(_("Subjects")), SUBJECTS_PAGE, &more, last);
	if (after[0].n)
		d->first = control_link(c, d->id, part, status);
	if (more) {
		struct link k;
		link_init(&k, arena_strf(c->arena, "/controls/%.*s", STR_ARG(d->id)));
		link_put(&k, "part", part);
		link_put(&k, "status", status);
		link_put(&k, "after", arena_strf(c->arena, "%.*s~%.*s", STR_ARG(last[0]), STR_ARG(last[1])));
		d->next = link_done(&k, c->arena);
	}
	if (!d->subjects->n_rows)
		d->empty = str_from(_("Nothing: every subject meets it, or there is none."));
}

#define DECIDER_BITS ((1u << ROLE_SECRETARIAT) | (1u << ROLE_CHIEF) | (1u << ROLE_CISO) | (1u << ROLE_VICE_CISO))

/* Who may decide on the control sees the forms; everybody sees what was decided. */
static void fill_decisions(struct ctx *c, struct tpl_control *d)
{
	struct stmt *q = db_query(c->office->db, Q_DECLARATION_NOW);
	char at[40];
	bind_str(q, 1, d->id);
	bind_str(q, 2, c->world.today);
	if (step(q) == 1) {
		instant_format(col_int(q, 1), at, sizeof(at));
		d->declared = arena_strf(c->arena, "%s %.*s: %.*s", at, STR_ARG(col_str(q, 3)), STR_ARG(col_str(q, 0)));
	}
	stmt_done(q);
	if (!(c->actor.roles & DECIDER_BITS))
		return;
	d->csrf = c->session->csrf;
	d->none_action = arena_strf(c->arena, "/controls/%.*s/none", STR_ARG(d->id));
	d->some_action = arena_strf(c->arena, "/controls/%.*s/some", STR_ARG(d->id));
	d->start_action = arena_strf(c->arena, "/controls/%.*s/start", STR_ARG(d->id));
}

/* "[leaver_days]" stands for the municipality's own value. */
int page_control(struct ctx *c, struct err *e)
{
	struct tpl_control d = {.crumbs = board_crumbs(c)};
	const bool ja = i18n_lang() == LANG_JA;
	struct stmt *q = db_query(c->office->db, Q_PAGE_CONTROL_GET);
	bind_str(q, 1, c->args[0]);
	int r = step(q);
	if (r == 1) {
		d.id = col_dup(q, 0, c->arena);
		d.title = pick(q, 1, c->arena);
		d.how = col_dup(q, ja ? 13 : 3, c->arena);
		d.fails_when = col_dup(q, ja ? 14 : 4, c->arena);
		d.role = doer_label(col_dup(q, 5, c->arena));
		d.doer = doer_label(col_dup(q, 6, c->arena));
		d.tolerance = tolerance_words(c, col_dup(q, 7, c->arena));
		d.planned = col_dup(q, 8, c->arena);
		d.note = control_note(c, col_int(q, 9), d.planned);
		d.status = status_of(c, col_str(q, 10));
		d.share = share(c, col_int(q, 11), col_int(q, 12));
	}
	stmt_done(q);
	if (r != 1)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such control."));
	d.how = board_words(c, d.how);
	d.fails_when = board_words(c, d.fails_when);
	const struct check *check = checks_get(c->office->checks, d.id);
	d.query = check ? check->body : STR("");
	fill_parts(c, &d);
	fill_clauses(c, &d);
	fill_tabs(c, &d);
	fill_subjects(c, &d);
	fill_decisions(c, &d);
	page_begin(c, arena_z(c->arena, d.title));
	tpl_control(&c->page, &d);
	return page_end(c, 200);
}

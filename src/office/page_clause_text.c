/* The municipality's own wording of clauses: one by one, or from a table. */
#include "office/form.h"
#include "office/pages.h"

#include "core/event.h"
#include "core/standard.h"
#include "lib/csv.h"
#include "lib/json.h"
#include "office/ui.h"
#include "queries.h"

#define TEXTS_MAX (8u << 20)
#define HISTORY_SHOWN 30
#define SOURCE_MAX 800                               /* bytes of a document's name, 200 characters as the form allows */

static int text_event(struct ctx *c, struct str clause, int64_t n, struct str source, struct str edition, struct err *e)
{
	struct buf b;
	struct jw j;
	buf_init(&b, 16384);
	jw_init(&j, &b, false);
	jw_object(&j);
	jw_kstr(&j, "clause", clause);
	jw_kint(&j, "clauses", n);
	jw_kstr(&j, "source", source);
	jw_kstr(&j, "version", edition);
	jw_end_object(&j);
	struct event ev = {.action = "standard.texts", .actor = c->actor.person, .detail = buf_view(&b)};
	int r = event_put(c->office->db, &ev, NULL, e);
	buf_release(&b);
	return r;
}

/* Line ends as forms send them (CRLF) become one character. */
static struct str lines(struct ctx *c, struct str s)
{
	char *z = arena_alloc(c->arena, s.n + 1);
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '\r')
			z[n++] = s.p[i];
	return str_trim(str_n(z, n));
}

static void fill_history(struct ctx *c, struct tpl_clause_text *d)
{
	struct tpl_clause_text_history *v = arena_array(c->arena, HISTORY_SHOWN, sizeof(*v));
	struct stmt *q = db_query(c->office->db, Q_CLAUSE_TEXT_HISTORY);
	bind_str(q, 1, d->id);
	while (d->n_history < HISTORY_SHOWN && step(q) == 1) {
		struct str source = col_dup(q, 1, c->arena), edition = col_dup(q, 2, c->arena);
		if (!d->n_history && !d->error.n) {
			d->source = source;
			d->edition = edition;
		}
		v[d->n_history] = (struct tpl_clause_text_history){.own = col_dup(q, 0, c->arena), .at = col_int(q, 3),
			.who = col_dup(q, 4, c->arena), .source = arena_strf(c->arena, "%.*s %.*s", STR_ARG(source),
			                                                     STR_ARG(edition)), .now = !d->n_history};
		d->n_history++;
	}
	stmt_done(q);
	d->history = v;
}

/* d->error and what was typed may be set. */
static int show(struct ctx *c, struct tpl_clause_text *d, struct err *e)
{
	struct stmt *q = db_query(c->office->db, Q_PAGE_CLAUSE_GET);
	bind_str(q, 1, c->args[0]);
	bind_int(q, 2, c->world.now);
	int r = step(q);
	if (r == 1) {
		d->id = col_dup(q, 0, c->arena);
		d->title = col_dup(q, 1, c->arena);
		d->summary = col_dup(q, i18n_lang() == LANG_JA ? 3 : 4, c->arena);
		if (!d->error.n)
			d->own = col_dup(q, 5, c->arena);
	}
	stmt_done(q);
	if (r != 1)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such clause."));
	d->csrf = c->session->csrf;
	struct tpl_crumbs_items *v = arena_array(c->arena, 2, sizeof(*v));
	v[0] = (struct tpl_crumbs_items){STR("/board"), str_from(_("Compliance"))};
	v[1] = (struct tpl_crumbs_items){arena_strf(c->arena, "/clauses/%.*s", STR_ARG(d->id)), d->id};
	struct tpl_crumbs *crumbs = ARENA_NEW(c->arena, struct tpl_crumbs);
	*crumbs = (struct tpl_crumbs){v, 2};
	d->crumbs = crumbs;
	fill_history(c, d);
	page_begin(c, arena_printf(c->arena, "%.*s", STR_ARG(d->id)));
	tpl_clause_text(&c->page, d);
	return page_end(c, d->error.n ? 422 : 200);
}

int page_clause_text(struct ctx *c, struct err *e)
{
	struct tpl_clause_text d = {0};
	return show(c, &d, e);
}

static struct str source_fault(struct str source, struct str edition)
{
	if (!source.n)
		return str_from(_("Say which document the text is from."));
	return source.n > SOURCE_MAX || edition.n > SOURCE_MAX ? str_from(_("The name of the document is too long."))
	       : STR("");
}

int do_clause_text(struct ctx *c, struct err *e)
{
	struct tpl_clause_text d = {.own = lines(c, req_field(c, "text")), .source = str_trim(req_field(c, "source")),
	                            .edition = str_trim(req_field(c, "edition"))};
	d.error = source_fault(d.source, d.edition);
	if (!d.edition.p)
		d.edition = STR("");
	int r = d.error.n ? ERR_INVALID : clause_text_set(c->office->db, c->args[0], d.own, d.source, d.edition,
	                                                  c->world.now, c->actor.person, e);
	if (r == ERR_INVALID) {
		if (!d.error.n)
			d.error = arena_str(c->arena, str_from(e->text));
		c->discard = true;
		return show(c, &d, e);
	}
	if (r >= 0)
		r = text_event(c, c->args[0], 1, d.source, d.edition, e);
	if (r < 0)
		return r;
	flash(c, _("The text of the clause is saved."));
	return res_redirect(c, arena_strf(c->arena, "/clauses/%.*s", STR_ARG(c->args[0])));
}

/* --- a table of them --------------------------------------------------------------------------------------------- */

static int show_texts(struct ctx *c, struct tpl_clause_texts *d)
{
	struct stmt *q = db_query(c->office->db, Q_CLAUSE_TEXT_COUNT);
	if (step(q) == 1) {
		d->standard = col_dup(q, i18n_lang() == LANG_JA ? 0 : 1, c->arena);
		d->clauses = col_int(q, 2);
		d->with_text = col_int(q, 3);
	}
	stmt_done(q);
	d->csrf = c->session->csrf;
	c->discard = d->error.n > 0;
	page_begin(c, _("Your own texts of the clauses"));
	tpl_clause_texts(&c->page, d);
	return page_end(c, d->error.n ? 422 : 200);
}

int page_clause_texts(struct ctx *c, struct err *e)
{
	struct tpl_clause_texts d = {0};
	(void)e;
	return show_texts(c, &d);
}

/* The upload stays as an attachment: it is what the texts came from. */
static int load(struct ctx *c, const struct tpl_clause_texts *d, int64_t *ret_n, struct err *e)
{
	struct attachment at;
	struct buf bytes, utf8;
	bool cp932;
	int64_t id;
	int r = attachment_store(c, &c->req->files[0], &id, e);
	if (r < 0 || (r = attachment_get(c, id, &at, e)) < 0)
		return r;
	buf_init(&bytes, TEXTS_MAX);
	buf_init(&utf8, 2 * TEXTS_MAX);
	r = attachment_bytes(c, &at, &bytes, e);
	if (r == 0)
		r = csv_decode(buf_view(&bytes), &utf8, &cp932, e);
	if (r == 0)
		r = clause_texts_load(c->office->db, buf_view(&utf8), d->source, d->edition, c->world.now, c->actor.person,
		                      ret_n, e);
	buf_release(&bytes);
	buf_release(&utf8);
	return r;
}

int do_clause_texts(struct ctx *c, struct err *e)
{
	struct tpl_clause_texts d = {.source = str_trim(req_field(c, "source")),
	                             .edition = str_trim(req_field(c, "edition"))};
	int64_t n = 0;
	d.error = source_fault(d.source, d.edition);
	if (!d.edition.p)
		d.edition = STR("");
	if (!d.error.n && (!c->req->n_files || !c->req->files[0].size))
		d.error = str_from(_("Choose a file."));
	if (d.error.n)
		return show_texts(c, &d);
	int r = load(c, &d, &n, e);
	if (r == ERR_SYNTAX || r == ERR_INVALID || r == ERR_NOTFOUND || r == ERR_TOOBIG) {
		char why[ERR_TEXT_MAX + 200];
		d.error = arena_str(c->arena, str_from(err_format(e, why, sizeof(why))));
		return show_texts(c, &d);
	}
	if (r >= 0)
		r = text_event(c, STR_NONE, n, d.source, d.edition, e);
	if (r < 0)
		return r;
	flash(c, arena_printf(c->arena, _("%lld texts loaded."), (long long)n));
	return res_redirect(c, STR("/settings/texts"));
}

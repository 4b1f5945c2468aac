/* Long jobs: how far one is, cancelling it, and one's own. */
#include "office/listing.h"
#include "office/pages.h"
#include "office/setting.h"

#include "queries.h"
#include "tpl.h"

#define R(r) (1u << ROLE_##r)

static struct str kind_words(struct ctx *c, struct str kind, struct str args)
{
	struct str about = str_cut(&args, ':');
	const struct ledger *l = ledgers_get(c->world.ledgers, about);
	const struct listing *list = str_is(kind, "list") ? listing_get(about) : NULL;
	if (list)
		return arena_strf(c->arena, "%s: %s", _("Export"), _(list->label));
	const char *word = str_is(kind, "assess") || str_is(kind, "board") ? _("Judging") : str_is(kind, "import") ? _("Import") : _("Export");
	return l ? arena_strf(c->arena, "%s: %.*s", word, STR_ARG(label_text(&l->label))) : str_from(word);
}

static bool is_open(struct str state)
{
	return str_is(state, "waiting") || str_is(state, "running");
}

int page_job(struct ctx *c, struct err *e)
{
	int64_t id;
	struct tpl_job d = {.csrf = c->session->csrf};
	if (str_int(c->args[0], 1, INT64_MAX, &id) < 0)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such job."));
	struct stmt *q = db_query(c->office->db, Q_JOB_GET);
	bind_int(q, 1, id);
	int r = step(q);
	bool mine = false;
	if (r == 1) {
		struct str state = col_str(q, 2), kind = col_dup(q, 0, c->arena), args = col_dup(q, 7, c->arena), rest = args;
		struct str ledger = str_cut(&rest, ':');
		mine = col_int(q, 1) == c->actor.person || (c->actor.roles & R(SECRETARIAT));
		d.id = id;
		d.title = kind_words(c, kind, args);
		d.running = is_open(state);
		d.ending = d.running && !col_null(q, 8);
		str_cut(&rest, ':');                    /* the upload of an import */
		d.trying = str_is(kind, "import") && d.running && !rest.n;  /* the third word names what was taken over */
		d.failed = str_is(state, "failed");
		d.cancelled = str_is(state, "cancelled");
		d.done = col_int(q, 3);
		d.total = col_int(q, 4);
		d.text = col_dup(q, 5, c->arena);
		if (!col_null(q, 6) && col_int(q, 1) == c->actor.person)
			d.file = arena_strf(c->arena, "/attachments/%lld", (long long)col_int(q, 6));
		if (str_is(kind, "list") && listing_get(ledger))
			d.list = str_from(listing_get(ledger)->page);
		else if (ledgers_get(c->world.ledgers, ledger))
			d.list = arena_strf(c->arena, "/ledgers/%.*s", STR_ARG(ledger));
	}
	stmt_done(q);
	if (r != 1 || !mine)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such job."));
	struct page_extra x = {.refresh = d.running ? 2 : 0};
	page_begin_with(c, arena_z(c->arena, d.title), &x);
	tpl_job(&c->page, &d);
	return page_end(c, 200);
}

int do_job_cancel(struct ctx *c, struct err *e)
{
	int64_t id, person = 0;
	if (str_int(c->args[0], 1, INT64_MAX, &id) < 0)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such job."));
	struct stmt *q = db_query(c->office->db, Q_JOB_GET);
	bind_int(q, 1, id);
	if (step(q) == 1)
		person = col_int(q, 1);
	stmt_done(q);
	if (person != c->actor.person && !(c->actor.roles & R(SECRETARIAT)))
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such job."));
	q = db_query(c->office->db, Q_JOB_CANCEL);
	bind_int(q, 1, id);
	bind_int(q, 2, c->world.now);
	int r = run(q, e);
	return r < 0 ? r : res_redirect(c, arena_strf(c->arena, "/jobs/%lld", (long long)id));
}

int page_jobs(struct ctx *c, struct err *e)
{
	static const struct { const char *code, *label; } states[] = {
		{"waiting", N_("waiting")}, {"running", N_("running")}, {"done", N_("done")}, {"failed", N_("failed")}, {"cancelled", N_("cancelled")},
	};
	size_t limit = (size_t)setting_int(c->office->db, "list_rows");
	struct tpl_jobs_rows *v = arena_array(c->arena, limit + 1, sizeof(*v));
	struct tpl_jobs d = {.rows = v};
	int64_t after = 0;
	(void)e;
	if (str_int(req_param(c, "after"), 1, INT64_MAX, &after) < 0)
		after = 0;
	struct stmt *q = db_query(c->office->db, Q_JOB_LIST);
	bind_int(q, 1, c->actor.person);
	bind_int(q, 2, after);
	bind_int(q, 3, (int64_t)limit + 1);
	while (step(q) == 1) {
		if (d.n_rows == limit) {
			d.next = arena_strf(c->arena, "/jobs?after=%lld", (long long)v[limit - 1].id);
			stmt_done(q);
			break;
		}
		struct tpl_jobs_rows *row = &v[d.n_rows++];
		*row = (struct tpl_jobs_rows){.id = col_int(q, 0), .title = kind_words(c, col_dup(q, 1, c->arena), col_dup(q, 2, c->arena)),
			.done = col_int(q, 4), .total = col_int(q, 5), .at = col_int(q, 6), .ended = col_int(q, 7)};
		for (size_t i = 0; i < ARRAY_LEN(states); i++)
			if (str_is(col_str(q, 3), states[i].code))
				row->state = str_from(_(states[i].label));
	}
	d.first = after ? STR("/jobs") : STR("");
	page_begin(c, _("My long jobs"));
	tpl_jobs(&c->page, &d);
	return page_end(c, 200);
}

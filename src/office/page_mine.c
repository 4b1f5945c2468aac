/* My applications: list, CSV, and the block of the first screen with decisions that were not taken note of. */
#include "office/mine.h"

#include "core/mine.h"
#include "lib/csv.h"
#include "lib/date.h"
#include "office/ledger_page.h"
#include "office/listing.h"
#include "office/pages.h"
#include "office/query.h"
#include "office/setting.h"
#include "office/ui.h"

#define PAGE_OF_CSV 200                              /* mine_query.limit */

static const struct phase {
	enum mine_phase phase;
	const char *label;
} phases[] = {
	{MINE_ANY, N_("All")},
	{MINE_WITH_ME, N_("With me: draft or sent back")},
	{MINE_WAITING, N_("Waiting for others")},
	{MINE_IN_FORCE, N_("In force")},
	{MINE_ENDED, N_("Ended")},
};

static enum mine_phase phase_asked(struct ctx *c)
{
	for (size_t i = 1; i < ARRAY_LEN(phases); i++)
		if (str_is(req_param(c, "phase"), mine_phase_code(phases[i].phase)))
			return phases[i].phase;
	return MINE_ANY;
}

static void read_query(struct ctx *c, struct mine_query *q)
{
	*q = (struct mine_query){.search = req_param(c, "q"), .ledger = req_param(c, "ledger"), .state = req_param(c, "state"),
		.after = req_param(c, "after"), .phase = phase_asked(c), .unread = str_is(req_param(c, "unread"), "1"),
		.limit = (size_t)setting_int(c->office->db, "list_rows")};
	const struct ledger *l = q->ledger.n ? ledgers_get(c->world.ledgers, q->ledger) : NULL;
	if (!l || !ledger_state(l, q->state))            /* a state left over from another ledger */
		q->state = STR_NONE;
}

static struct str link_with(struct ctx *c, const char *path, const char *name, struct str value)
{
	static const char *const kept[] = {"q", "ledger", "state", "phase", "unread"};
	bool tab = strcmp(name, "phase") == 0 || strcmp(name, "unread") == 0;
	struct link k;
	link_init(&k, str_from(path));
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		if (strcmp(kept[i], name) != 0 && !(tab && i >= 3))
			link_put(&k, kept[i], req_param(c, kept[i]));
	if (*name)
		link_put(&k, name, value);
	return link_done(&k, c->arena);
}

static void fill_tabs(struct ctx *c, const struct mine_query *q, struct tpl_applications *d)
{
	struct tpl_applications_tabs *v = arena_array(c->arena, ARRAY_LEN(phases) + 1, sizeof(*v));
	for (size_t i = 0; i < ARRAY_LEN(phases); i++) {
		struct str code = str_from(mine_phase_code(phases[i].phase));
		v[d->n_tabs++] = (struct tpl_applications_tabs){link_with(c, "/applications", "phase", code), str_from(_(phases[i].label)),
		                                                !q->unread && phases[i].phase == q->phase};
		if (i == 0)
			v[d->n_tabs++] = (struct tpl_applications_tabs){link_with(c, "/applications", "unread", STR("1")), str_from(_("Unread decisions")), q->unread};
	}
	d->tabs = v;
}

static void fill_filters(struct ctx *c, const struct mine_query *q, struct tpl_applications *d)
{
	const struct ledger *chosen = q->ledger.n ? ledgers_get(c->world.ledgers, q->ledger) : NULL;
	struct tpl_applications_ledgers *v = arena_array(c->arena, c->world.ledgers->n + 1, sizeof(*v));
	for (size_t i = 0; i < c->world.ledgers->n; i++) {
		const struct ledger *l = c->world.ledgers->v[i];
		if (ledger_decides(l) && ledger_may_list(&c->actor, l))
			v[d->n_ledgers++] = (struct tpl_applications_ledgers){l->name, label_text(&l->label), l == chosen};
	}
	d->ledgers = v;
	struct tpl_applications_states *s = arena_array(c->arena, chosen ? chosen->n_states + 1 : 1, sizeof(*s));
	for (size_t i = 0; chosen && ledger_decides(chosen) && i < chosen->n_states; i++)
		s[d->n_states++] = (struct tpl_applications_states){chosen->states[i].name, label_text(&chosen->states[i].label), str_eq(chosen->states[i].name, q->state)};
	d->states = s;
	static const char *const kept[] = {"phase", "unread"};
	struct tpl_applications_hidden *h = arena_array(c->arena, ARRAY_LEN(kept), sizeof(*h));
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		if (req_param(c, kept[i]).n)
			h[d->n_hidden++] = (struct tpl_applications_hidden){str_from(kept[i]), req_param(c, kept[i])};
	d->hidden = h;
}

static struct str day_of(struct arena *a, int64_t at)
{
	char day[DATE_TEXT];
	date_format(date_of_instant(at), day);
	return arena_str(a, str_from(day));
}

static struct str with_words(const struct mine_row *r)
{
	return r->phase == MINE_WITH_ME ? str_from(_("You")) : r->with;
}

static void fill_rows(struct ctx *c, const struct mine_page *page, struct tpl_applications *d)
{
	struct tpl_applications_rows *v = arena_array(c->arena, page->n_rows + 1, sizeof(*v));
	for (size_t i = 0; i < page->n_rows; i++) {
		const struct mine_row *r = &page->rows[i];
		v[i] = (struct tpl_applications_rows){
			.href = arena_strf(c->arena, "/ledgers/%.*s/%lld", STR_ARG(r->ledger->name), (long long)r->id), .number = r->number, .title = r->title,
			.open = r->notice ? arena_strf(c->arena, "/notices/%lld", (long long)r->notice) : STR(""),
			.ledger = label_text(&r->ledger->label), .applied = day_of(c->arena, r->created_at), .state = ui_state(c->arena, r->ledger, r->state),
			.with = with_words(r), .reason = r->reason};
		if (!r->decision)
			continue;
		v[i].decision = action_label(r->ledger, r->decision);
		v[i].decided = arena_strf(c->arena, "%.*s %.*s", STR_ARG(day_of(c->arena, r->decided_at)), STR_ARG(r->decided_by.n ? r->decided_by : str_from(_("the system"))));
	}
	d->rows = v;
	d->n_rows = page->n_rows;
}

int page_applications(struct ctx *c, struct err *e)
{
	struct mine_query q;
	struct mine_page page;
	read_query(c, &q);
	int r = mine_list(&c->world, c->arena, &c->actor, &q, &page, e);
	if (r < 0)
		return r;
	struct tpl_applications d = {.csrf = c->session->csrf, .search = q.search, .csv = link_with(c, "/applications.csv", "", STR("")),
		.total = page.total > 1000 ? STR("1,000+") : arena_strf(c->arena, "%lld", (long long)page.total),
		.clear = q.search.n || q.ledger.n || q.phase != MINE_ANY || q.unread ? STR("/applications") : STR(""),
		.first = q.after.n ? link_with(c, "/applications", "", STR("")) : STR(""),
		.next = page.next.n ? link_with(c, "/applications", "after", page.next) : STR("")};
	fill_tabs(c, &q, &d);
	fill_filters(c, &q, &d);
	fill_rows(c, &page, &d);
	page_begin(c, _("My applications"));
	tpl_applications(&c->page, &d);
	return page_end(c, 200);
}

/* --- as CSV ---------------------------------------------------------------------------------------------------------------------- */

static void csv_row_of(struct arena *a, const struct mine_row *r, struct buf *out)
{
	const struct state *st = ledger_state(r->ledger, r->state);
	const struct str cells[] = {r->number, r->title, label_text(&r->ledger->label), day_of(a, r->created_at), st ? label_text(&st->label) : r->state,
		with_words(r), r->decision ? action_label(r->ledger, r->decision) : STR(""), r->decision ? day_of(a, r->decided_at) : STR(""), r->decided_by,
		r->reason, r->notice ? STR("1") : STR("")};
	for (size_t i = 0; i < ARRAY_LEN(cells); i++)
		csv_cell(out, cells[i], i == 0, true);
	csv_end_row(out);
}

/* asked: "PHASE:UNREAD:LEDGER:STATE:SEARCH", as asked_words wrote it. */
static void read_asked(struct listing_ask *k, struct mine_query *q)
{
	struct str rest = k->asked, phase = str_cut(&rest, ':');
	*q = (struct mine_query){.limit = PAGE_OF_CSV};
	for (size_t i = 0; i < ARRAY_LEN(phases); i++)
		if (str_is(phase, mine_phase_code(phases[i].phase)))
			q->phase = phases[i].phase;
	q->unread = str_cut(&rest, ':').n > 0;
	q->ledger = str_cut(&rest, ':');
	q->state = str_cut(&rest, ':');
	q->search = rest;
}

static int csv_of(struct listing_ask *k, struct buf *out, bool *ret_more, struct err *e)
{
	static const char *const heads[] = {"number", "title", "ledger", "applied_on", "state", "with", "decision", "decided_on", "decided_by", "reason", "unread"};
	struct mine_query q;
	struct mine_page page = {0};
	struct arena *a = arena_new(16u << 20);          /* of one page of rows at a time */
	char after[120];
	int64_t done = 0;
	int r = 0;
	read_asked(k, &q);
	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		csv_cell(out, str_from(heads[i]), i == 0, true);
	csv_end_row(out);
	do {
		arena_clear(a);
		if (k->most - done < PAGE_OF_CSV)
			q.limit = (size_t)(k->most - done);
		r = mine_list(k->w, a, k->who, &q, &page, e);
		for (size_t i = 0; r == 0 && i < page.n_rows; i++)
			csv_row_of(a, &page.rows[i], out);
		done += (int64_t)page.n_rows;
		if (r == 0 && k->pace)
			r = k->pace->told(k->pace->arg, done, 0, e);
		snprintf(after, sizeof(after), "%.*s", STR_ARG(page.next));
		q.after = str_from(after);
	} while (r == 0 && page.next.n && done < k->most && buf_err(out) == 0);
	*ret_more = r == 0 && page.next.n;
	arena_free(a);
	return r;
}

const struct listing listing_applications = {"applications", N_("My applications"), "/applications", csv_of};

static struct str asked_words(struct ctx *c)
{
	struct mine_query q;
	read_query(c, &q);
	return arena_strf(c->arena, "%s:%s:%.*s:%.*s:%.*s", mine_phase_code(q.phase), q.unread ? "1" : "", STR_ARG(q.ledger), STR_ARG(q.state), STR_ARG(q.search));
}

int page_applications_csv(struct ctx *c, struct err *e)
{
	return listing_send(c, &listing_applications, asked_words(c), link_with(c, "/applications/export", "", STR("")), e);
}

int do_applications_export(struct ctx *c, struct err *e)
{
	return listing_job(c, &listing_applications, asked_words(c), e);
}

int mine_unread(struct ctx *c, size_t max, struct tpl_home_blocks *b, struct err *e)
{
	const struct mine_query q = {.unread = true, .limit = max};
	struct mine_page page;
	int r = mine_list(&c->world, c->arena, &c->actor, &q, &page, e);
	if (r < 0)
		return r;
	struct tpl_home_blocks_items *v = arena_array(c->arena, page.n_rows + 1, sizeof(*v));
	for (size_t i = 0; i < page.n_rows; i++) {
		const struct mine_row *m = &page.rows[i];
		v[i] = (struct tpl_home_blocks_items){
			.href = arena_strf(c->arena, "/ledgers/%.*s/%lld", STR_ARG(m->ledger->name), (long long)m->id),
			.open = arena_strf(c->arena, "/notices/%lld", (long long)m->notice), .state = ui_state(c->arena, m->ledger, m->state),
			.label = arena_strf(c->arena, "%.*s %.*s", STR_ARG(m->number), STR_ARG(m->title)),
			.meta = m->decision ? arena_strf(c->arena, "%.*s %.*s %.*s", STR_ARG(action_label(m->ledger, m->decision)), STR_ARG(day_of(c->arena, m->decided_at)),
			                                 STR_ARG(m->reason)) : STR("")};
	}
	b->items = v;
	b->n_items = page.n_rows;
	b->total = page.total;
	return 0;
}

/* The list of files one handed over or may fetch: words, filters, order, paging by key, CSV. Which records those are is
 * decided by the ledger engine; what is shown of each by transfer_view.c. */
#include "lib/csv.h"
#include "lib/date.h"
#include "office/pages.h"
#include "office/query.h"
#include "office/setting.h"
#include "office/transfer_page.h"
#include "office/ui.h"
#include "queries.h"

#define LOST_SHOWN 3
#define LOST_READ 40                                     /* parts of one file looked at for sentences that differ */
#define CSV_BYTES_MAX (16u << 20)
#define CSV_ROWS_MAX_HERE 20000

/* --- what is asked for ------------------------------------------------------------------------------------------------------ */

static const char *const params[] = {"to", "q", "direction", "state", "format", "section", "from", "until", "sort"};

/* Orders one may choose; the first is the one of the engine, newest first. */
static const struct order {
	const char *code, *column, *label;
	bool down;
} orders[] = {
	{"", NULL, N_("Newest first"), false},
	{"oldest", "created_at", N_("Oldest first"), false},
	{"name", "file_name", N_("Name"), false},
	{"largest", "size", N_("Largest first"), true},
	{"expiry", "expires_on", N_("To be fetched soonest"), false},
};

static void filter(struct ctx *c, struct list_query *q, const char *param, const char *column, const char *op)
{
	struct str v = str_trim(req_param(c, param));
	if (v.n && q->n_filters < ARRAY_LEN(q->filters))
		q->filters[q->n_filters++] = (struct list_filter){str_from(column), str_from(op), v};
}

void transfer_query(struct ctx *c, struct list_query *q)
{
	const struct ledger *l = transfer_ledger(&c->world);
	*q = (struct list_query){.search = str_trim(req_param(c, "q")), .state = req_param(c, "state"), .sort = STR_NONE, .after = req_param(c, "after"),
	                         .mine = true, .limit = (size_t)setting_int(c->office->db, "list_rows")};
	if (!ledger_state(l, q->state))
		q->state = STR_NONE;
	if (!q->after.n)
		q->after = STR_NONE;
	for (size_t i = 1; i < ARRAY_LEN(orders); i++)
		if (str_is(req_param(c, "sort"), orders[i].code)) {
			q->sort = str_from(orders[i].column);
			q->descending = orders[i].down;
		}
	filter(c, q, "direction", "direction", "=");
	filter(c, q, "format", "format", "=");
	filter(c, q, "section", "section", "=");
	filter(c, q, "from", "created_on", ">=");
	filter(c, q, "until", "created_on", "<=");
	if (str_is(req_param(c, "to"), "fetch")) {
		q->state = STR("ready");
		q->filters[q->n_filters++] = (struct list_filter){STR("recipients"), STR("="), arena_strf(c->arena, "%lld", (long long)c->actor.person)};
	}
}

int transfer_list(struct ctx *c, const struct list_query *q, struct list_page *ret, struct err *e)
{
	return record_list(&c->world, c->arena, &c->actor, transfer_ledger(&c->world), q, ret, e);
}

/* --- the page ----------------------------------------------------------------------------------------------------------------- */

/* The list tells no parts, so what was done to several of them is said once. */
static size_t unlike(struct lost *v, size_t n)
{
	size_t kept = 0;
	for (size_t i = 0, k; i < n; i++) {
		for (k = 0; k < kept && !str_eq(v[k].text, v[i].text); k++)
			;
		if (k == kept)
			v[kept++] = v[i];
	}
	return kept;
}

static void fill_row(struct ctx *c, const struct mine *m, struct tpl_transfers_rows *r)
{
	struct lost lost[LOST_READ];
	size_t all, n = transfer_losses(c, m, lost, LOST_READ, &all, &r->reason), differ = unlike(lost, n);
	bool nothing = !all;
	all -= n - differ;
	n = differ < LOST_SHOWN ? differ : LOST_SHOWN;
	bool passed = m->out_name.n && !transfer_busy(m);
	r->href = arena_strf(c->arena, "/transfers/%lld", (long long)m->id);
	r->number = m->number;
	r->name = m->name;
	r->size = transfer_size(c->arena, m->size);
	r->way = transfer_way(m);
	r->who = m->applicant == c->actor.person ? STR("") : arena_strf(c->arena, _("from %.*s"), STR_ARG(m->sender));
	r->at = m->at;
	r->state = ui_state(c->arena, transfer_ledger(&c->world), m->state);
	r->busy = transfer_busy(m);
	r->step = r->busy ? transfer_step(m) : STR("");
	r->done = m->done;
	r->of = m->of;
	if (r->busy)
		r->reason = STR("");
	if (transfer_fetchable(c, m)) {
		r->fetch = arena_strf(c->arena, "/transfers/%lld/file", (long long)m->id);
		r->until = m->until;
	}
	struct tpl_transfers_rows_lost *v = arena_array(c->arena, n + 1, sizeof(*v));
	for (size_t i = 0; i < n && !r->busy; i++)
		v[r->n_lost++].text = lost[i].text;
	r->lost = v;
	r->more = r->busy ? 0 : (int64_t)(all - n);
	r->clean = passed && nothing && m->report.n;
}

static bool route_allows(const struct ctx *c, const char *path)
{
	for (size_t i = 0; i < n_routes; i++)
		if (strcmp(routes[i].path, path) == 0)
			return routes[i].roles & c->actor.roles;
	return false;
}

/* The list as it is asked for, one parameter changed; the key of a page is given on by nobody. */
static struct str link_with(struct ctx *c, const char *path, const char *name, struct str value)
{
	struct link k;
	link_init(&k, str_from(path));
	for (size_t i = 0; i < ARRAY_LEN(params); i++)
		if (strcmp(params[i], name) != 0)
			link_put(&k, params[i], req_param(c, params[i]));
	if (*name)
		link_put(&k, name, value);
	return link_done(&k, c->arena);
}

static struct tpl_input *choice(struct ctx *c, struct tpl_transfers *d, struct tpl_input *v, const char *name, const char *label, size_t max)
{
	struct tpl_input *in = &v[d->n_filters++];
	*in = (struct tpl_input){.kind = STR("choice"), .name = str_from(name), .label = str_from(label), .none = str_from(_("All")),
	                         .options = arena_array(c->arena, max + 1, sizeof(*in->options))};
	return in;
}

static void option(struct ctx *c, struct tpl_input *in, struct str value, struct str label)
{
	struct tpl_input_options *o = (struct tpl_input_options *)(uintptr_t)in->options;
	o[in->n_options++] = (struct tpl_input_options){value, label, str_eq(value, req_param(c, arena_z(c->arena, in->name)))};
}

/* Formats and sections: only those that one's own files have. */
static void options_of(struct ctx *c, struct tpl_input *in, int query, bool ids)
{
	struct stmt *q = db_query(c->office->db, query);
	bind_int(q, 1, c->actor.person);
	while (in->n_options < 60 && step(q) == 1) {
		struct str value = ids ? arena_strf(c->arena, "%lld", (long long)col_int(q, 0)) : col_dup(q, 0, c->arena);
		option(c, in, value, ids ? col_dup(q, 1, c->arena) : value);
	}
	stmt_done(q);
}

static void fill_filters(struct ctx *c, struct tpl_transfers *d)
{
	const struct ledger *l = transfer_ledger(&c->world);
	const struct field *way = ledger_field(l, STR("direction"));
	struct tpl_input *v = arena_array(c->arena, 8, sizeof(*v)), *in = choice(c, d, v, "direction", _("Direction"), way->n_of);
	for (size_t i = 0; i < way->n_of; i++)
		option(c, in, way->of[i].code, label_text(&way->of[i].label));
	if (!d->inbox) {
		in = choice(c, d, v, "state", _("State"), l->n_states);
		for (size_t i = 0; i < l->n_states; i++)
			option(c, in, l->states[i].name, label_text(&l->states[i].label));
	}
	options_of(c, choice(c, d, v, "format", _("Format"), 60), Q_TRANSFER_FORMATS, false);
	options_of(c, choice(c, d, v, "section", _("Section"), 60), Q_TRANSFER_SECTIONS, true);
	v[d->n_filters++] = (struct tpl_input){.kind = STR("date"), .name = STR("from"), .label = str_from(_("Handed over from")), .value = req_param(c, "from")};
	v[d->n_filters++] = (struct tpl_input){.kind = STR("date"), .name = STR("until"), .label = str_from(_("Handed over until")), .value = req_param(c, "until")};
	in = choice(c, d, v, "sort", _("Order"), ARRAY_LEN(orders));
	in->none = str_from(_(orders[0].label));
	for (size_t i = 1; i < ARRAY_LEN(orders); i++)
		option(c, in, str_from(orders[i].code), str_from(_(orders[i].label)));
	d->filters = v;
	for (size_t i = 2; i < ARRAY_LEN(params); i++)
		d->filtering |= req_param(c, params[i]).n > 0;
}

int page_transfers(struct ctx *c, struct err *e)
{
	struct list_query q;
	struct list_page page = {0};
	transfer_query(c, &q);
	int r = transfer_list(c, &q, &page, e);
	if (r < 0)
		return r;
	struct tpl_transfers d = {.csrf = c->session->csrf, .inbox = str_is(req_param(c, "to"), "fetch"), .search = q.search,
	                          .total = page.total > 1000 ? STR("1,000+") : arena_strf(c->arena, "%lld", (long long)page.total),
	                          .csv = link_with(c, "/transfers.csv", "", STR("")), .operates = !c->net && route_allows(c, "/transfers/gates"),
	                          .first = q.after.n ? link_with(c, "/transfers", "", STR("")) : STR(""),
	                          .next = page.next.n ? link_with(c, "/transfers", "after", page.next) : STR("")};
	struct tpl_transfers_rows *v = arena_array(c->arena, page.n_rows + 1, sizeof(*v));
	for (size_t i = 0; i < page.n_rows; i++) {
		struct mine m;
		if (!transfer_mine(c, page.rows[i].id, true, &m))
			continue;
		fill_row(c, &m, &v[d.n_rows]);
		d.waits |= v[d.n_rows++].busy;
	}
	d.rows = v;
	fill_filters(c, &d);
	d.clear = d.search.n || d.filtering ? str_from(d.inbox ? "/transfers?to=fetch" : "/transfers") : STR("");
	page_begin(c, _("File transfer"));
	tpl_transfers(&c->page, &d);
	return page_end(c, 200);
}

/* --- CSV ------------------------------------------------------------------------------------------------------------------------ */

static void csv_row_of(struct ctx *c, const struct mine *m, struct buf *out)
{
	const struct state *st = ledger_state(transfer_ledger(&c->world), m->state);
	char at[40];
	instant_format(m->at, at, sizeof(at));
	const struct str cells[] = {m->number, m->name, m->direction, st ? label_text(&st->label) : m->state, arena_strf(c->arena, "%lld", (long long)m->size),
		m->sender, m->section, m->purpose, arena_str(c->arena, str_from(at)), m->until, m->format, m->outcome, m->code, m->lost, m->out_name,
		m->out_name.n ? arena_strf(c->arena, "%lld", (long long)m->out_size) : STR(""), m->hash, m->out_hash};
	for (size_t i = 0; i < ARRAY_LEN(cells); i++)
		csv_cell(out, cells[i], i == 0, true);
	csv_end_row(out);
}

int page_transfers_csv(struct ctx *c, struct err *e)
{
	static const char *const heads[] = {"number", "file_name", "direction", "state", "size", "sender", "section", "purpose", "handed_over", "until", "format",
	                                    "outcome", "code", "lost", "out_name", "out_size", "sha256", "out_sha256"};
	struct list_query q;
	struct list_page page;
	struct buf out;
	size_t rows = 0;
	int r;
	transfer_query(c, &q);
	q.limit = 200;
	q.after = STR_NONE;
	buf_init(&out, CSV_BYTES_MAX);
	buf_puts(&out, "\xef\xbb\xbf");                  /* spreadsheets take the file for UTF-8 by this mark */
	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		csv_cell(&out, str_from(heads[i]), i == 0, true);
	csv_end_row(&out);
	do {
		r = transfer_list(c, &q, &page, e);
		for (size_t i = 0; r == 0 && i < page.n_rows; i++, rows++) {
			struct mine m;
			if (transfer_mine(c, page.rows[i].id, false, &m))
				csv_row_of(c, &m, &out);
		}
		q.after = page.next;
	} while (r == 0 && page.next.n && rows < CSV_ROWS_MAX_HERE);
	if (r == 0 && page.next.n)
		r = err_set(e, ERR_TOOBIG, "%s", _("More than 20,000 files: narrow the list down by days first."));
	if (r == 0)
		r = res_file(c, "text/csv; charset=utf-8", arena_strf(c->arena, "transfers-%.*s.csv", STR_ARG(c->world.today)), buf_view(&out));
	buf_release(&out);
	return r;
}

/* --- the first screen -------------------------------------------------------------------------------------------------------------------- */

void transfer_inbox(struct ctx *c, size_t max, struct tpl_home_blocks *b)
{
	struct tpl_home_blocks_items *v = arena_array(c->arena, max + 1, sizeof(*v));
	struct stmt *q = db_query(c->office->db, Q_TRANSFER_INBOX);
	bind_int(q, 1, c->actor.person);
	bind_int(q, 2, (int64_t)max);
	while (b->n_items < max && step(q) == 1)
		v[b->n_items++] = (struct tpl_home_blocks_items){
			.href = arena_strf(c->arena, "/transfers/%lld", (long long)col_int(q, 0)), .label = col_dup(q, 1, c->arena),
			.meta = arena_strf(c->arena, _("from %.*s: %.*s"), STR_ARG(col_str(q, 4)), STR_ARG(col_str(q, 3))), .due = col_dup(q, 2, c->arena)};
	stmt_done(q);
	b->items = v;
	b->more = STR("/transfers?to=fetch");
	b->more_label = str_from(_("File transfer"));
}

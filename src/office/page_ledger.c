/* Lists: all ledgers, one ledger with search, state tabs, filters, sorting and paging by key, search over
 * everything. */
#include "office/input.h"
#include "office/ledger_page.h"
#include "office/pages.h"
#include "office/query.h"
#include "office/setting.h"
#include "office/ui.h"

#define FILTERS_SHOWN 6

static struct str list_path(struct ctx *c, const struct ledger *l)
{
	return arena_strf(c->arena, "/ledgers/%.*s", STR_ARG(l->name));
}

/* The list as it is asked for, with one parameter changed; the page key never survives a change. */
static struct str link_with(struct ctx *c, const struct ledger *l, const char *name, struct str value, const char *drop)
{
	static const char *const kept[] = {"q", "state", "sort", "order"};
	struct link k;
	link_init(&k, list_path(c, l));
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		if (strcmp(kept[i], name) != 0 && (!drop || strcmp(kept[i], drop) != 0))
			link_put(&k, kept[i], req_param(c, kept[i]));
	for (size_t i = 0; i < c->req->n_params; i++)
		if (str_starts(c->req->params[i].name, "f."))
			link_put(&k, arena_z(c->arena, c->req->params[i].name), c->req->params[i].value);
	link_put(&k, name, value);
	return link_done(&k, c->arena);
}

static void read_query(struct ctx *c, const struct ledger *l, struct list_query *q)
{
	q->search = req_param(c, "q");
	q->state = req_param(c, "state");
	if (!q->state.n)
		q->state = STR_NONE;
	q->sort = req_param(c, "sort");
	if (!q->sort.n)
		q->sort = STR_NONE;
	q->descending = str_is(req_param(c, "order"), "desc");
	q->after = req_param(c, "after");
	if (!q->after.n)
		q->after = STR_NONE;
	q->limit = (size_t)setting_int(c->office->db, "list_rows");
	for (size_t i = 0; i < c->req->n_params && q->n_filters < ARRAY_LEN(q->filters); i++) {
		struct form_field *p = &c->req->params[i];
		if (!str_starts(p->name, "f.") || !p->value.n)
			continue;
		struct str field = str_slice(p->name, 2, p->name.n);
		q->filters[q->n_filters++] = (struct list_filter){field, STR("="), p->value};
	}
}

static void fill_tabs(struct ctx *c, const struct ledger *l, struct tpl_ledger_list *d)
{
	struct tpl_ledger_list_tabs *v = arena_array(c->arena, l->n_states + 1, sizeof(*v));
	struct str now = req_param(c, "state");
	v[d->n_tabs++] = (struct tpl_ledger_list_tabs){link_with(c, l, "state", STR(""), NULL), str_from(_("All")), STR(""),
	                                               !now.n};
	for (size_t i = 0; i < l->n_states; i++)
		v[d->n_tabs++] = (struct tpl_ledger_list_tabs){link_with(c, l, "state", l->states[i].name, NULL),
		                                               label_text(&l->states[i].label), STR(""),
		                                               str_eq(now, l->states[i].name)};
	d->tabs = v;
}

/* Filters by the ledger's own choices. */
static void fill_filters(struct ctx *c, const struct ledger *l, struct tpl_ledger_list *d)
{
	struct tpl_input *v = arena_array(c->arena, FILTERS_SHOWN, sizeof(*v));
	for (size_t i = 0; i < l->n_fields && d->n_filters < FILTERS_SHOWN; i++) {
		const struct field *f = &l->fields[i];
		if (f->type != FT_CHOICE || f->secret_set)
			continue;
		struct tpl_input *in = &v[d->n_filters++];
		*in = (struct tpl_input){.kind = STR("choice"), .name = arena_strf(c->arena, "f.%.*s", STR_ARG(f->name)),
		                         .label = label_text(&f->label), .none = str_from(_("All"))};
		struct str now = req_param(c, arena_z(c->arena, in->name));
		struct tpl_input_options *o = arena_array(c->arena, f->n_of + 1, sizeof(*o));
		for (size_t k = 0; k < f->n_of; k++)
			o[k] = (struct tpl_input_options){f->of[k].code, label_text(&f->of[k].label), str_eq(f->of[k].code, now)};
		in->options = o;
		in->n_options = f->n_of;
		d->filtering |= now.n > 0;
	}
	d->filters = v;
}

static struct tpl_ledger_list_columns column(struct ctx *c, const struct ledger *l, struct str label, const char *sort,
                                             bool num)
{
	bool here = str_is(req_param(c, "sort"), sort), desc = str_is(req_param(c, "order"), "desc");
	struct link k;
	link_init(&k, link_with(c, l, "sort", str_from(sort), "order"));
	k.any = true;
	link_put(&k, "order", here && !desc ? STR("desc") : STR("asc"));
	return (struct tpl_ledger_list_columns){label, link_done(&k, c->arena),
	                                        !here ? STR("") : desc ? STR("descending") : STR("ascending"), num};
}

static bool is_num(const struct field *f)
{
	return f->type == FT_INTEGER || f->type == FT_DECIMAL || f->type == FT_MONEY;
}

static void fill_columns(struct ctx *c, const struct ledger *l, const struct list_page *page, struct tpl_ledger_list *d)
{
	struct tpl_ledger_list_columns *v = arena_array(c->arena, page->n_columns + 4, sizeof(*v));
	size_t n = 0;
	v[n++] = column(c, l, str_from(_("Number")), "number", false);
	v[n++] = column(c, l, str_from(_("Title")), "title", false);
	v[n++] = (struct tpl_ledger_list_columns){.label = str_from(_("State"))};
	for (size_t i = 0; i < page->n_columns; i++)
		v[n++] = column(c, l, label_text(&page->columns[i]->label), arena_z(c->arena, page->columns[i]->name),
		                is_num(page->columns[i]));
	v[n++] = column(c, l, str_from(_("Updated")), "updated_at", false);
	d->columns = v;
	d->n_columns = n;
}

static void fill_rows(struct ctx *c, const struct ledger *l, const struct list_page *page, struct tpl_ledger_list *d)
{
	struct tpl_ledger_list_rows *v = arena_array(c->arena, page->n_rows + 1, sizeof(*v));
	for (size_t i = 0; i < page->n_rows; i++) {
		const struct list_row *r = &page->rows[i];
		struct tpl_ledger_list_rows_cells *cells = arena_array(c->arena, page->n_columns + 1, sizeof(*cells));
		for (size_t k = 0; k < page->n_columns; k++)
			cells[k] = (struct tpl_ledger_list_rows_cells){label_text(&page->columns[k]->label), r->cells[k],
			                                               is_num(page->columns[k]),
			                                                 page->columns[k]->type == FT_DATE ||
			                                                 page->columns[k]->type == FT_DATETIME};
		v[i] = (struct tpl_ledger_list_rows){
			.href = arena_strf(c->arena, "/ledgers/%.*s/%lld", STR_ARG(l->name), (long long)r->id), .number = r->number,
			.title = r->title, .state = ui_state(c->arena, l, r->state), .seal_broken = r->seal_broken, .cells = cells,
			.n_cells = page->n_columns, .updated_at = r->updated_at};
	}
	d->rows = v;
	d->n_rows = page->n_rows;
}

static void fill_ways(struct ctx *c, const struct ledger *l, const struct list_page *page, struct tpl_ledger_list *d)
{
	struct str base = list_path(c, l);
	struct tpl_ledger_list_exports *x = arena_array(c->arena, 1, sizeof(*x));
	x[0] = (struct tpl_ledger_list_exports){arena_strf(c->arena, "%.*s/export.csv", STR_ARG(base)), STR("CSV")};
	d->exports = x;
	d->n_exports = 1;
	if (record_may_create(&c->world, &c->actor, l)) {
		d->create = arena_strf(c->arena, "%.*s/new", STR_ARG(base));
		d->import = arena_strf(c->arena, "%.*s/import", STR_ARG(base));
	}
	d->action = base;
	d->clear = d->search.n || d->filtering || req_param(c, "state").n ? base : STR("");
	d->first = req_param(c, "after").n ? link_with(c, l, "after", STR(""), NULL) : STR("");
	d->next = page->next.p ? link_with(c, l, "after", page->next, NULL) : STR("");
	static const char *const kept[] = {"state", "sort", "order"};
	struct tpl_ledger_list_hidden *h = arena_array(c->arena, ARRAY_LEN(kept), sizeof(*h));
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		if (req_param(c, kept[i]).n)
			h[d->n_hidden++] = (struct tpl_ledger_list_hidden){str_from(kept[i]), req_param(c, kept[i])};
	d->hidden = h;
}

int page_ledger(struct ctx *c, struct err *e)
{
	struct ledger *l;
	struct list_query q = {0};
	struct list_page page = {0};
	int r = need_ledger(c, &l, e);
	if (r < 0)
		return r;
	read_query(c, l, &q);
	if ((r = record_list(&c->world, c->arena, &c->actor, l, &q, &page, e)) < 0)
		return r;
	struct tpl_ledger_list d = {
		.label = label_text(&l->label), .purpose = label_text(&l->purpose), .restricted = l->restricted,
		.search = q.search, .total = page.total > 1000 ? STR("1,000+")
		          : arena_strf(c->arena, "%lld", (long long)page.total),
	};
	fill_tabs(c, l, &d);
	fill_filters(c, l, &d);
	fill_columns(c, l, &page, &d);
	fill_rows(c, l, &page, &d);
	fill_ways(c, l, &page, &d);
	page_begin(c, arena_z(c->arena, d.label));
	tpl_ledger_list(&c->page, &d);
	return page_end(c, 200);
}

int page_ledgers(struct ctx *c, struct err *e)
{
	struct tpl_ledgers_rows *v = arena_array(c->arena, c->world.ledgers->n + 1, sizeof(*v));
	struct tpl_ledgers d = {.rows = v};
	(void)e;
	for (size_t i = 0; i < c->world.ledgers->n; i++) {
		const struct ledger *l = c->world.ledgers->v[i];
		if (ledger_may_list(&c->actor, l))
			v[d.n_rows++] = (struct tpl_ledgers_rows){list_path(c, l), label_text(&l->label), label_text(&l->purpose),
			                                          record_may_create(&c->world, &c->actor, l)
			                                          ? arena_strf(c->arena, "/ledgers/%.*s/new", STR_ARG(l->name))
			                                          : STR("")};
	}
	page_begin(c, _("Ledgers"));
	tpl_ledgers(&c->page, &d);
	return page_end(c, 200);
}

/* A few hits from every ledger this person may list. */
int page_search(struct ctx *c, struct err *e)
{
	struct str words = str_trim(req_param(c, "q"));
	struct tpl_search_groups *v = arena_array(c->arena, c->world.ledgers->n + 1, sizeof(*v));
	struct tpl_search d = {.search = words, .groups = v};
	for (size_t i = 0; words.n && i < c->world.ledgers->n; i++) {
		const struct ledger *l = c->world.ledgers->v[i];
		struct list_query q = {.search = words, .state = STR_NONE, .sort = STR_NONE, .after = STR_NONE, .limit = 10};
		struct list_page page = {0};
		if (!ledger_may_list(&c->actor, l))
			continue;
		int r = record_list(&c->world, c->arena, &c->actor, l, &q, &page, e);
		if (r < 0)
			return r;
		if (!page.n_rows)
			continue;
		struct tpl_search_groups_rows *rows = arena_array(c->arena, page.n_rows, sizeof(*rows));
		for (size_t k = 0; k < page.n_rows; k++)
			rows[k] = (struct tpl_search_groups_rows){
				arena_strf(c->arena, "/ledgers/%.*s/%lld", STR_ARG(l->name), (long long)page.rows[k].id),
				page.rows[k].number, page.rows[k].title,
				ui_state(c->arena, l, page.rows[k].state)};
		struct link k;
		link_init(&k, list_path(c, l));
		link_put(&k, "q", words);
		v[d.n_groups++] = (struct tpl_search_groups){label_text(&l->label), rows, page.n_rows,
		                                             page.next.p ? link_done(&k, c->arena) : STR("")};
	}
	page_begin(c, _("Search"));
	tpl_search(&c->page, &d);
	return page_end(c, 200);
}

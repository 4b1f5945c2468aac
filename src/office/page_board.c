/* The compliance board: counts, the picture of chapters × clauses, the same as a table, filters, trend, the eight
 * groups, CSV. */
#include "office/board.h"
#include "office/pages.h"

#include "lib/clock.h"
#include "lib/csv.h"
#include "lib/date.h"
#include "lib/text.h"
#include "office/query.h"
#include "office/ui.h"
#include "queries.h"

#define TABLE_ROWS 100
#define WORSE_DAYS 14

#define PARAMS 5                                     /* chapter, status, strength, group, role */

/* The board as it is asked for, with one parameter changed. */
static struct str with(struct ctx *c, const char *path, const char *name, struct str value)
{
	static const char *const kept[] = {"chapter", "status", "strength", "group", "role", "as_of", "view"};
	struct link k;
	link_init(&k, str_from(path));
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		if (strcmp(kept[i], name) != 0)
			link_put(&k, kept[i], req_param(c, kept[i]));
	link_put(&k, name, value);
	return link_done(&k, c->arena);
}

static bool fits_role(struct str who, struct str role)
{
	for (struct str rest = who; rest.n;)
		if (str_eq(str_trim(str_cut(&rest, ',')), role))
			return true;
	return false;
}

/* Keeps the clauses that the filters ask for; the status filter is left out when counting by status. */
static void narrow(struct ctx *c, struct board *b, bool by_status)
{
	struct str chapter = req_param(c, "chapter"), status = req_param(c, "status"), strength = req_param(c, "strength"),
	                     role = req_param(c, "role");
	int64_t group = 0;
	size_t n = 0;
	if (str_int(req_param(c, "group"), 1, 31, &group) < 0)
		group = 0;
	for (size_t i = 0; i < b->n_clauses; i++) {
		const struct board_clause *k = &b->clauses[i];
		bool keep = (!chapter.n || str_eq(chapter, k->chapter)) && (!strength.n || str_eq(strength, k->strength)) &&
		            (!group || (k->groups >> group & 1)) && (!role.n || fits_role(k->who, role)) &&
		            (!by_status || !status.n || str_is(status, status_code(k->status)));
		if (keep)
			b->clauses[n++] = *k;
	}
	b->n_clauses = n;
}

static void add_filter(struct ctx *c, struct tpl_board *d, struct tpl_input *v, const char *name, const char *label,
                       struct tpl_input_options *options, size_t n)
{
	struct str now = req_param(c, name);
	for (size_t i = 0; i < n; i++)
		options[i].on = str_eq(options[i].value, now);
	d->filtering |= now.n > 0;
	v[d->n_filters++] = (struct tpl_input){.kind = STR("choice"), .name = str_from(name), .label = str_from(label),
	                                       .options = options, .n_options = n, .none = str_from(_("All"))};
}

static struct tpl_input_options *law_groups(struct ctx *c, size_t *ret_n)
{
	struct tpl_input_options *v = arena_array(c->arena, 16, sizeof(*v));
	struct stmt *q = db_query(c->office->db, Q_BOARD_LAW_GROUPS);
	*ret_n = 0;
	while (*ret_n < 16 && step(q) == 1)
		v[(*ret_n)++] = (struct tpl_input_options){arena_strf(c->arena, "%lld", (long long)col_int(q, 0)),
		                                           col_dup(q, i18n_lang() == LANG_JA ? 1 : 2, c->arena), false};
	stmt_done(q);
	return v;
}

static void fill_filters(struct ctx *c, const struct board *b, struct tpl_board *d)
{
	static const char *const strengths[] = {"must", "principle", "effort", "desirable", "may"};
	struct tpl_input *v = arena_array(c->arena, PARAMS, sizeof(*v));
	struct tpl_input_options *o = arena_array(c->arena, b->n_chapters + 1, sizeof(*o));
	size_t n;
	for (size_t i = 0; i < b->n_chapters; i++)
		o[i] = (struct tpl_input_options){b->chapters[i].id,
		                                  arena_strf(c->arena, "%.*s %.*s", STR_ARG(b->chapters[i].id),
		                                             STR_ARG(b->chapters[i].title)), false};
	add_filter(c, d, v, "chapter", _("Chapter"), o, b->n_chapters);
	o = arena_array(c->arena, ST_COUNT_, sizeof(*o));
	for (int s = 0; s < ST_COUNT_; s++)
		o[s] = (struct tpl_input_options){str_from(status_code((enum status)s)), str_from(status_label((enum status)s)),
		                                  false};
	add_filter(c, d, v, "status", _("Status"), o, ST_COUNT_);
	o = arena_array(c->arena, ARRAY_LEN(strengths), sizeof(*o));
	for (size_t i = 0; i < ARRAY_LEN(strengths); i++)
		o[i] = (struct tpl_input_options){str_from(strengths[i]), strength_label(str_from(strengths[i])), false};
	add_filter(c, d, v, "strength", _("Strength"), o, ARRAY_LEN(strengths));
	o = law_groups(c, &n);
	add_filter(c, d, v, "group", _("Group of the law"), o, n);
	o = arena_array(c->arena, ROLE_COUNT_, sizeof(*o));
	for (int r = 0; r < ROLE_COUNT_; r++)
		o[r] = (struct tpl_input_options){str_from(role_code((enum role)r)), str_from(role_label((enum role)r)), false};
	add_filter(c, d, v, "role", _("Whose duty"), o, ROLE_COUNT_);
	d->filters = v;
}

static void fill_counts(struct ctx *c, const int64_t n[ST_COUNT_], struct tpl_board *d)
{
	struct tpl_board_counts *v = arena_array(c->arena, ST_COUNT_, sizeof(*v));
	struct str now = req_param(c, "status");
	for (int s = 0; s < ST_COUNT_; s++) {
		struct str code = str_from(status_code((enum status)s));
		bool here = str_eq(now, code);
		v[s] = (struct tpl_board_counts){ui_status(c->arena, (enum status)s), n[s],
		                                 with(c, "/board", "status", here ? STR("") : code), here};
	}
	d->counts = v;
	d->n_counts = ST_COUNT_;
}

static struct str clause_href(struct ctx *c, struct str id)
{
	struct link k;
	link_init(&k, arena_strf(c->arena, "/clauses/%.*s", STR_ARG(id)));
	link_put(&k, "as_of", req_param(c, "as_of"));
	return link_done(&k, c->arena);
}

static void load_shares(struct ctx *c, struct board *b)
{
	struct stmt *q = db_query(c->office->db, Q_BOARD_SHARES);
	while (step(q) == 1) {
		struct str id = col_str(q, 0);
		for (size_t i = 0; i < b->n_clauses; i++)
			if (str_eq(b->clauses[i].id, id)) {
				b->clauses[i].met = col_int(q, 1);
				b->clauses[i].total = col_int(q, 2);
			}
	}
	stmt_done(q);
}

/* Met by records is drawn apart from met because nothing has happened yet. As of a past day the numbers of then are not known. */
static const struct tpl_status *met_or_empty(struct ctx *c, const struct board *b, const struct board_clause *x)
{
	bool now = str_eq(b->as_of, c->world.today);
	return now && x->status == ST_MET && !x->total ? ui_status_empty(c->arena) : ui_status(c->arena, x->status);
}

static void fill_chapters(struct ctx *c, const struct board *b, struct tpl_board *d)
{
	struct tpl_board_chapters *v = arena_array(c->arena, b->n_chapters + 1, sizeof(*v));
	for (size_t i = 0; i < b->n_chapters; i++) {
		struct tpl_board_chapters *ch = &v[d->n_chapters];
		struct tpl_board_chapters_cells *cells = arena_array(c->arena, b->n_clauses + 1, sizeof(*cells));
		*ch = (struct tpl_board_chapters){.number = b->chapters[i].id, .title = b->chapters[i].title, .cells = cells};
		for (size_t k = 0; k < b->n_clauses; k++) {
			const struct board_clause *x = &b->clauses[k];
			if (!str_eq(x->chapter, ch->number))
				continue;
			ch->met += x->status == ST_MET;
			ch->total += x->status != ST_NOT_APPLICABLE;
			const struct tpl_status *mark = met_or_empty(c, b, x);
			cells[ch->n_cells++] = (struct tpl_board_chapters_cells){clause_href(c, x->id), mark->code,
				arena_strf(c->arena, "%.*s %.*s %.*s", STR_ARG(x->id), STR_ARG(mark->label), STR_ARG(x->title))};
		}
		d->n_chapters += ch->n_cells > 0;
	}
	d->chapters = v;
}

static void fill_rows(struct ctx *c, struct board *b, struct tpl_board *d)
{
	struct str after = req_param(c, "after");
	struct tpl_board_rows *v = arena_array(c->arena, TABLE_ROWS, sizeof(*v));
	bool started = !after.n;
	for (size_t i = 0; i < b->n_clauses; i++) {
		const struct board_clause *x = &b->clauses[i];
		if (!started) {
			started = str_eq(x->id, after);
			continue;
		}
		if (d->n_rows == TABLE_ROWS) {
			d->next = with(c, "/board", "after", v[d->n_rows - 1].id);
			break;
		}
		v[d->n_rows++] = (struct tpl_board_rows){
			.href = clause_href(c, x->id), .id = x->id, .title = x->title, .role = duty_label(c, x->who),
			.strength = strength_label(x->strength),
			.share = x->total ? arena_strf(c->arena, "%lld/%lld", (long long)x->met, (long long)x->total) : STR(""),
			.status = met_or_empty(c, b, x), .since = board_day(c, x->since)};
	}
	d->rows = v;
}

static void fill_worse(struct ctx *c, const struct board *b, struct tpl_board *d)
{
	struct tpl_board_worse *v = arena_array(c->arena, 10, sizeof(*v));
	struct stmt *q = db_query(c->office->db, Q_BOARD_WORSE);
	bind_str(q, 1, b->standard);
	bind_int(q, 2, b->at - WORSE_DAYS * DAY_US);
	bind_int(q, 3, b->at);
	while (d->n_worse < 10 && step(q) == 1) {
		int from = status_parse(col_str(q, 1)), to = status_parse(col_str(q, 2));
		if (from < 0 || to < 0 || to >= from)
			continue;
		struct str id = col_dup(q, 0, c->arena), title = col_dup(q, i18n_lang() == LANG_JA ? 4 : 5, c->arena);
		v[d->n_worse++] = (struct tpl_board_worse){clause_href(c, id),
		                                           arena_strf(c->arena, "%.*s %.*s", STR_ARG(id),
		                                                      STR_ARG(utf8_cut(title, 60))),
		                                           ui_status(c->arena, (enum status)from),
		                                           ui_status(c->arena, (enum status)to), board_day(c, col_int(q, 3))};
	}
	stmt_done(q);
	d->worse = v;
}

const struct tpl_law_groups *board_groups(struct ctx *c, const struct board *b)
{
	size_t n;
	struct tpl_input_options *g = law_groups(c, &n);
	struct tpl_law_groups *d = ARENA_NEW(c->arena, struct tpl_law_groups);
	struct tpl_law_groups_rows *v = arena_array(c->arena, n + 1, sizeof(*v));
	for (size_t i = 0; i < n; i++) {
		int64_t counts[ST_COUNT_] = {0}, id = 0, total = 0;
		if (str_int(g[i].value, 1, 31, &id) < 0)
			continue;
		for (size_t k = 0; k < b->n_clauses; k++)
			if (b->clauses[k].groups >> id & 1) {
				counts[b->clauses[k].status]++;
				total += b->clauses[k].status != ST_NOT_APPLICABLE;
			}
		v[d->n_rows++] = (struct tpl_law_groups_rows){with(c, "/board", "group", g[i].value), g[i].label,
		                                              counts[ST_MET], total, board_stack(c, counts)};
	}
	d->rows = v;
	return n ? d : NULL;
}

int page_board(struct ctx *c, struct err *e)
{
	struct board b;
	int64_t n[ST_COUNT_];
	int r = board_load(c, req_param(c, "as_of"), &b, e);
	if (r < 0)
		return r;
	struct tpl_board d = {
		.standard = b.standard_title, .action = STR("/board"), .as_of = b.as_of,
		.as_table = str_is(req_param(c, "view"), "table"), .picture = with(c, "/board", "view", STR("")),
		.table = with(c, "/board", "view", STR("table")), .csv = with(c, "/board.csv", "view", STR("")),
	};
	fill_filters(c, &b, &d);
	d.clear = d.filtering || req_param(c, "as_of").n ? STR("/board") : STR("");
	d.groups = board_groups(c, &b);
	narrow(c, &b, false);
	board_counts(&b, n);
	fill_counts(c, n, &d);
	d.stack = board_stack(c, n);
	narrow(c, &b, true);
	d.total = (int64_t)b.n_clauses;
	load_shares(c, &b);
	if (d.as_table)
		fill_rows(c, &b, &d);
	else
		fill_chapters(c, &b, &d);
	fill_worse(c, &b, &d);
	d.trend = board_trend(c, b.standard);
	struct page_extra x = {.as_of = b.as_of};
	page_begin_with(c, _("Compliance"), &x);
	tpl_board(&c->page, &d);
	return page_end(c, 200);
}

int page_board_csv(struct ctx *c, struct err *e)
{
	struct board b;
	struct buf out;
	int r = board_load(c, req_param(c, "as_of"), &b, e);
	if (r < 0)
		return r;
	narrow(c, &b, true);
	load_shares(c, &b);
	buf_init(&out, 4u << 20);
	static const char *const heads[] = {"clause", "chapter", "status", "since", "strength", "duty", "met", "subjects",
	                                    "summary"};
	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		csv_cell(&out, str_from(heads[i]), i == 0, true);
	csv_end_row(&out);
	for (size_t i = 0; i < b.n_clauses; i++) {
		const struct board_clause *k = &b.clauses[i];
		const struct str cells[] = {k->id, k->chapter, str_from(status_label(k->status)), board_day(c, k->since),
		                            strength_label(k->strength), duty_label(c, k->who),
		                            arena_strf(c->arena, "%lld", (long long)k->met),
		                            arena_strf(c->arena, "%lld", (long long)k->total), k->title};
		for (size_t x = 0; x < ARRAY_LEN(cells); x++)
			csv_cell(&out, cells[x], x == 0, true);
		csv_end_row(&out);
	}
	r = res_file(c, "text/csv; charset=utf-8", arena_strf(c->arena, "board-%.*s.csv", STR_ARG(b.as_of)),
	             buf_view(&out));
	buf_release(&out);
	return r;
}

#include "office/home.h"

#include "core/duty.h"
#include "core/org.h"
#include "lib/clock.h"
#include "lib/date.h"
#include "office/ledger_page.h"
#include "office/ui.h"
#include "queries.h"

#define COMING_DAYS 14
#define SYSTEMS_MAX 200                              /* looked at for the worst of them */

struct str home_due(struct ctx *c, struct str ledger, int64_t record)
{
	struct stmt *q = db_query(c->office->db, Q_HOME_DUE);
	bind_str(q, 1, ledger);
	bind_int(q, 2, record);
	struct str due = step(q) == 1 ? col_dup(q, 0, c->arena) : STR("");
	stmt_done(q);
	return due;
}

int home_coming(struct ctx *c, struct home *h, struct err *e)
{
	char until[DATE_TEXT];
	struct duty_row *d;
	size_t n;
	date_format(date_of_instant(c->world.now + COMING_DAYS * DAY_US), until);
	int r = duty_coming(&c->world, c->arena, &c->actor, str_from(until), HOME_ITEMS, &d, &n, e);
	struct tpl_home_blocks *b = home_block(h, _("Due within 14 days"), _("Nothing comes due."));
	if (r < 0 || !b)
		return r;
	struct tpl_home_blocks_items *v = arena_array(c->arena, n + 1, sizeof(*v));
	for (size_t i = 0; i < n; i++) {
		int role = role_parse(d[i].by);
		v[b->n_items++] = (struct tpl_home_blocks_items){.href = home_href(c, d[i].ledger, d[i].record), .label = d[i].label,
			.meta = arena_strf(c->arena, "%.*s %.*s %s", STR_ARG(d[i].number), STR_ARG(d[i].title), role >= 0 ? role_label((enum role)role) : ""),
			.due = d[i].due, .late = d[i].overdue};
	}
	b->items = v;
	return 0;
}

/* --- systems ----------------------------------------------------------------------------------------------------------------------- */

struct state_of {
	const struct list_row *row;
	struct str meta;
	int64_t sum;
};

static void look_at(struct ctx *c, struct state_of *x)
{
	static const char *const words[] = {N_("itself %lld"), N_("logs %lld"), N_("backups %lld"), N_("restore tests overdue %lld"), N_("accounts %lld")};
	struct stmt *q = db_query(c->office->db, Q_HOME_SYSTEM);
	bind_int(q, 1, x->row->id);
	bind_str(q, 2, c->world.today);
	bool any = step(q) == 1;
	for (size_t i = 0; any && i < ARRAY_LEN(words); i++) {
		int64_t n = col_int(q, (int)i);
		x->sum += n;
		if (n)
			x->meta = arena_strf(c->arena, "%.*s%s%.*s", STR_ARG(x->meta), x->meta.n ? _(", ") : "", STR_ARG(arena_strf(c->arena, _(words[i]), (long long)n)));
	}
	stmt_done(q);
}

static int by_sum(const void *a, const void *b)
{
	const struct state_of *x = a, *y = b;
	return x->sum != y->sum ? (x->sum < y->sum ? 1 : -1) : x->row->id < y->row->id ? -1 : x->row->id > y->row->id;
}

int home_systems(struct ctx *c, struct home *h, struct err *e)
{
	const struct ledger *l = ledgers_get(c->world.ledgers, STR("information-systems"));
	struct list_query q = {.state = STR_NONE, .sort = STR_NONE, .after = STR_NONE, .limit = SYSTEMS_MAX, .live_only = true};
	struct list_page page = {0};
	if (!l || !ledger_may_list(&c->actor, l))
		return 0;
	int r = record_list(&c->world, c->arena, &c->actor, l, &q, &page, e);
	struct tpl_home_blocks *b = home_block(h, _("Systems: what needs action"), _("No systems."));
	if (r < 0 || !b)
		return r;
	struct state_of *v = arena_array(c->arena, page.n_rows + 1, sizeof(*v));
	for (size_t i = 0; i < page.n_rows; i++) {
		v[i] = (struct state_of){.row = &page.rows[i], .meta = STR("")};
		look_at(c, &v[i]);
	}
	qsort(v, page.n_rows, sizeof(*v), by_sum);
	struct tpl_home_blocks_items *items = arena_array(c->arena, HOME_ITEMS, sizeof(*items));
	for (size_t i = 0; i < page.n_rows && i < HOME_ITEMS; i++)
		items[b->n_items++] = (struct tpl_home_blocks_items){.href = home_href(c, l->name, v[i].row->id),
			.label = arena_strf(c->arena, "%.*s %.*s", STR_ARG(v[i].row->number), STR_ARG(v[i].row->title)),
			.meta = v[i].sum ? v[i].meta : str_from(_("Nothing needs action.")), .state = ui_state(c->arena, l, v[i].row->state),
			.due = home_due(c, l->name, v[i].row->id)};
	for (size_t i = 0; i < b->n_items; i++)
		items[i].late = items[i].due.n && str_cmp(items[i].due, c->world.today) < 0;
	b->items = items;
	b->total = page.total;
	b->more = STR("/ledgers/information-systems");
	b->more_label = label_text(&l->label);
	return 0;
}

/* "Unavoidable": the recorded way round the separation of duties, from the page of the record, and the list of all
 * of them. */
#include "office/ledger_page.h"
#include "office/pages.h"

#include "lib/clock.h"
#include "lib/date.h"
#include "queries.h"

#define MAY_RECORD ((1u << ROLE_SECRETARIAT) | (1u << ROLE_CHIEF) | (1u << ROLE_CISO))
#define LIST_MAX 200

static struct str name_of(struct ctx *c, int64_t person)
{
	return value_display(&c->world, c->arena, &c->actor, &(struct field){.type = FT_PERSON},
	                     arena_strf(c->arena, "%lld", (long long)person));
}

static bool from_state(const struct action *a, struct str state)
{
	for (size_t i = 0; i < a->from.n; i++)
		if (str_eq(a->from.v[i], state))
			return true;
	return false;
}

int record_overrides_fill(struct ctx *c, const struct record *rec, struct tpl_record *d, struct err *e)
{
	const struct ledger *l = rec->ledger;
	if (!(c->actor.roles & MAY_RECORD))
		return 0;
	struct tpl_record_blocked *v = arena_array(c->arena, l->n_actions * BLOCKED_MAX + 1, sizeof(*v));
	for (size_t i = 0; i < l->n_actions; i++) {
		int64_t who[BLOCKED_MAX];
		size_t n;
		if (!l->actions[i].by.n || !from_state(&l->actions[i], rec->state))
			continue;
		int r = record_blocked(&c->world, c->arena, rec, &l->actions[i], who, ARRAY_LEN(who), &n, e);
		if (r < 0)
			return r;
		for (size_t k = 0; k < n; k++)
			if (who[k] != c->actor.person)
				v[d->n_blocked++] = (struct tpl_record_blocked){
					arena_strf(c->arena, "%.*s:%lld", STR_ARG(l->actions[i].name), (long long)who[k]),
					arena_strf(c->arena, "%.*s: %.*s", STR_ARG(action_label(l, &l->actions[i])),
					           STR_ARG(name_of(c, who[k])))};
	}
	d->blocked = v;
	d->override = arena_strf(c->arena, "/ledgers/%.*s/%lld/override", STR_ARG(l->name), (long long)rec->id);
	return 0;
}

/* Is it one of those that the page offers? */
static int offered(struct ctx *c, const struct record *rec, const struct action *act, int64_t person, bool *ret,
                   struct err *e)
{
	int64_t who[BLOCKED_MAX];
	size_t n;
	*ret = false;
	if (!act || !from_state(act, rec->state))
		return 0;
	int r = record_blocked(&c->world, c->arena, rec, act, who, ARRAY_LEN(who), &n, e);
	for (size_t i = 0; r == 0 && i < n; i++)
		*ret |= who[i] == person;
	return r;
}

int do_record_override(struct ctx *c, struct err *e)
{
	struct ledger *l;
	struct record rec;
	int64_t person = 0;
	bool ok;
	int r = need_record(c, &l, &rec, e);
	if (r < 0)
		return r;
	struct str rest = req_field(c, "who"), name = str_cut(&rest, ':');
	const struct action *act = ledger_action(l, name);
	if (str_int(rest, 1, INT64_MAX, &person) < 0)
		act = NULL;
	if ((r = offered(c, &rec, act, person, &ok, e)) < 0)
		return r;
	if (!ok)
		return err_set(e, ERR_WRONG_STATE, "%s",
		               _("Nobody is kept from this decision by the separation of duties now."));
	r = record_override(&c->world, c->arena, &c->actor, &rec, act, person, req_field(c, "reason"), e);
	if (r == ERR_INVALID) {
		c->discard = true;
		flash(c, arena_printf(c->arena, "!%s", e->text));
	} else if (r < 0) {
		return r;
	} else {
		flash(c, arena_printf(c->arena, _("Recorded: %.*s may take this decision once."), STR_ARG(name_of(c, person))));
	}
	return res_redirect(c, arena_strf(c->arena, "/ledgers/%.*s/%lld", STR_ARG(l->name), (long long)rec.id));
}

/* --- the list ---------------------------------------------------------------------------------------------------- */

static struct str record_words(struct ctx *c, const struct ledger *l, int64_t id)
{
	struct record rec;
	struct err ignored;
	if (!l || record_get(&c->world, c->arena, &c->actor, l, id, &rec, &ignored) < 0)
		return l ? label_text(&l->record) : STR("");
	return arena_strf(c->arena, "%.*s %.*s", STR_ARG(rec.number), STR_ARG(rec.title));
}

struct override_row {
	struct str ledger, action, reason;
	int64_t record, actor, by, at;
};

void overrides_list(struct ctx *c, size_t max, struct tpl_home_blocks *b)
{
	struct override_row *rows = arena_array(c->arena, max, sizeof(*rows));
	struct tpl_home_blocks_items *v = arena_array(c->arena, max, sizeof(*v));
	struct stmt *q = db_query(c->office->db, Q_OVERRIDES);
	size_t n = 0;
	while (n < max && step(q) == 1) {
		rows[n++] = (struct override_row){.ledger = col_dup(q, 0, c->arena), .record = col_int(q, 1),
		                                  .action = col_dup(q, 2, c->arena),
			.actor = col_int(q, 3), .reason = col_dup(q, 4, c->arena), .by = col_int(q, 5), .at = col_int(q, 6)};
		b->total = col_int(q, 7);
	}
	stmt_done(q);
	for (size_t i = 0; i < n; i++) {
		const struct override_row *o = &rows[i];
		const struct ledger *l = ledgers_get(c->world.ledgers, o->ledger);
		const struct action *act = l ? ledger_action(l, o->action) : NULL;
		char day[DATE_TEXT];
		date_format(date_of_instant(o->at), day);
		v[i] = (struct tpl_home_blocks_items){
			.href = arena_strf(c->arena, "/ledgers/%.*s/%lld", STR_ARG(o->ledger), (long long)o->record),
			.label = record_words(c, l, o->record), .meta = arena_strf(c->arena, _("%.*s by %.*s, recorded by %.*s on %s: %.*s"), STR_ARG(act ? action_label(l, act) : o->action),
			                   STR_ARG(name_of(c, o->actor)), STR_ARG(name_of(c, o->by)), day, STR_ARG(o->reason))};
	}
	b->items = v;
	b->n_items = n;
}

int page_overrides(struct ctx *c, struct err *e)
{
	struct tpl_home_blocks b = {.title = str_from(_("Newest first")), .empty = str_from(_("None was ever recorded."))};
	struct tpl_home d = {.title = str_from(_("Decisions by concerned persons")), .blocks = &b, .n_blocks = 1,
		.lead = str_from(_("Recorded as unavoidable: somebody who applied or is concerned was let decide once, since nobody else was there."))};
	(void)e;
	overrides_list(c, LIST_MAX, &b);
	page_begin(c, arena_z(c->arena, d.title));
	tpl_home(&c->page, &d);
	return page_end(c, 200);
}

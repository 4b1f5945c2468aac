/* Shared by the pages of ledgers (ledger_page.h). */
#include "office/ledger_page.h"

int need_ledger(struct ctx *c, struct ledger **ret, struct err *e)
{
	*ret = ledgers_get(c->world.ledgers, c->args[0]);
	if (!*ret || !ledger_may_list(&c->actor, *ret))
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such ledger."));
	return 0;
}

int need_record(struct ctx *c, struct ledger **ret_ledger, struct record *ret, struct err *e)
{
	int64_t id;
	*ret_ledger = ledgers_get(c->world.ledgers, c->args[0]);
	if (!*ret_ledger || str_int(c->args[1], 1, INT64_MAX, &id) < 0)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such record."));
	int r = record_get(&c->world, c->arena, &c->actor, *ret_ledger, id, ret, e);
	return r == ERR_NOTFOUND ? err_set(e, r, "%s", _("There is no such record.")) : r;
}

struct str action_label(const struct ledger *l, const struct action *a)
{
	struct str own = label_text(&a->label);
	if (own.n)
		return own;
	const struct state *to = a->to.n ? ledger_state(l, a->to) : NULL;
	return to ? label_text(&to->label) : a->name;
}

bool action_needs_note(const struct action *a)
{
	for (size_t i = 0; i < a->needs.n; i++)
		if (str_is(a->needs.v[i], "note"))
			return true;
	return false;
}

bool record_may_edit_any(struct ctx *c, const struct record *r)
{
	for (size_t i = 0; i < r->ledger->n_fields; i++)
		if (!r->ledger->fields[i].computed.n && record_may_edit(&c->world, c->arena, &c->actor, r,
		                                                        &r->ledger->fields[i]))
			return true;
	return false;
}

const struct tpl_crumbs *ledger_crumbs(struct ctx *c, const struct ledger *l, const struct record *rec)
{
	struct tpl_crumbs *d = ARENA_NEW(c->arena, struct tpl_crumbs);
	struct tpl_crumbs_items *v = arena_array(c->arena, 3, sizeof(*v));
	v[0] = (struct tpl_crumbs_items){STR("/ledgers"), str_from(_("Ledgers"))};
	v[1] = (struct tpl_crumbs_items){arena_strf(c->arena, "/ledgers/%.*s", STR_ARG(l->name)), label_text(&l->label)};
	d->n_items = 2;
	if (rec)
		v[d->n_items++] = (struct tpl_crumbs_items){arena_strf(c->arena, "/ledgers/%.*s/%lld", STR_ARG(l->name),
		                                                       (long long)rec->id),
		                                            rec->number.n ? rec->number : rec->title};
	d->items = v;
	return d;
}

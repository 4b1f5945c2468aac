/* Who may do what, for a stand-in of each role: somebody who holds that one role (and is staff, but for a contractor),
 * in the section `own`; where the role belongs to a unit, it is held for that section or the bureau above. Said from
 * the definitions alone, apart from the engine (core/rights.c, core/visibility.c), so that the two can be held
 * against each other. */
#include "office/permissions.h"

static bool of_a_unit(int role)
{
	return role == ROLE_SEC_MANAGER || role == ROLE_DEPT_HEAD;
}

/* Does he hold the role of that code? */
static bool holds(int role, struct str code)
{
	int asked = role_parse(code);
	return asked == role || (asked == ROLE_STAFF && role != ROLE_CONTRACTOR);
}

static bool within(int role, struct str code, enum perm_where where)
{
	return !of_a_unit(role) || role_parse(code) == ROLE_STAFF || where == PERM_OWN || where == PERM_NEW;
}

static bool names(const struct who_list *list, int role, enum perm_where where)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct who *w = &list->v[i];
		if (w->kind == WHO_ROLE && holds(role, w->name) && within(role, w->name, where))
			return true;
		if (w->kind == WHO_APPLICANT && (where == PERM_MINE || where == PERM_NEW))
			return true;
		if (w->kind == WHO_MANAGER_OF_SECTION && role == ROLE_SEC_MANAGER && (where == PERM_OWN || where == PERM_NEW))
			return true;
	}
	return false;
}

static bool bars(const struct who_list *list, enum perm_where where)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].kind == WHO_APPLICANT && where == PERM_MINE)
			return true;
	return false;
}

static bool state_opens(const struct state *st, int role)
{
	for (size_t i = 0; i < st->see.n; i++)
		if (str_is(st->see.v[i], "all") || holds(role, st->see.v[i]))
			return true;
	return false;
}

bool perm_see(const struct ledger *l, int role, enum perm_where where, const struct state *st)
{
	bool inside = role != ROLE_CONTRACTOR;
	if ((l->see & SEE_ALL) || names(&l->see_roles, role, where))
		return true;
	if (where == PERM_MINE && ((l->see & SEE_OWN) || (st && st->start)))
		return true;
	if (where == PERM_OWN && inside && (l->see & (SEE_SECTION | SEE_DEPT)))
		return true;
	for (size_t i = 0; i < l->readers.n && where == PERM_OWN && inside; i++)
		if (str_is(l->readers.v[i], "section"))
			return true;
	return st && state_opens(st, role);
}

bool perm_list(const struct ledger *l, int role)
{
	for (int w = PERM_MINE; w <= PERM_OTHER; w++)
		for (size_t i = 0; i < l->n_states; i++)
			if ((w != PERM_MINE || (l->see & SEE_OWN)) && perm_see(l, role, (enum perm_where)w, &l->states[i]))
				return true;
	return l->readers.n > 0 || perm_create(l, role);
}

bool perm_create(const struct ledger *l, int role)
{
	for (size_t i = 0; i < l->n_states; i++)
		if (l->states[i].start && l->states[i].has_write && names(&l->states[i].write, role, PERM_NEW))
			return true;
	return names(&l->write, role, PERM_NEW);
}

bool perm_edit(const struct state *st, int role, enum perm_where where)
{
	return names(&st->edit, role, where);
}

bool perm_act(const struct action *a, int role, enum perm_where where)
{
	return names(a->two_of.n ? &a->two_of : &a->by, role, where) && !bars(&a->not_, where);
}

/* --- one line per cell, for the test that tries them ------------------------------------------------------------- */

static void routes_lines(struct buf *out)
{
	for (size_t i = 0; i < n_routes; i++)
		for (int r = 0; r < ROLE_COUNT_; r++)
			buf_printf(out, "route\t%s\t%s\t%s\t%s\n", routes[i].method, routes[i].path, role_code((enum role)r),
			           routes[i].flags & R_PUBLIC ? "public" : perm_route(&routes[i], r) ? "open" : "refused");
}

bool perm_route(const struct route *rt, int role)
{
	return rt->roles == ROLES_ALL || (rt->roles >> role & 1);
}

static void line(struct buf *out, const struct ledger *l, struct str act, struct str state, int role, int where,
                 const char *expected)
{
	static const char *const places[] = {"mine", "own", "other", "new"};
	buf_printf(out, "ledger\t%.*s\t%.*s\t%.*s\t%s\t%s\t%s\n", STR_ARG(l->name), STR_ARG(act), STR_ARG(state),
	           role_code((enum role)role), places[where], expected);
}

static void state_lines(struct buf *out, const struct ledger *l, const struct state *st, int role,
                        enum perm_where where)
{
	bool seen = perm_see(l, role, where, st);
	line(out, l, STR("see"), st->name, role, where, seen ? "open" : "hidden");
	line(out, l, STR("edit"), st->name, role, where,
	     !seen ? "hidden" : perm_edit(st, role, where) ? "open" : "refused");
	for (size_t i = 0; i < l->n_actions; i++) {
		const struct action *a = &l->actions[i];
		bool from = false;
		for (size_t k = 0; k < a->from.n; k++)
			from |= str_eq(a->from.v[k], st->name);
		if (from)
			line(out, l, a->name, st->name, role, where,
			     !seen ? "hidden" : perm_act(a, role, where) ? "open" : "refused");
	}
}

int permissions_tsv(const struct ledgers *all, struct buf *out)
{
	routes_lines(out);
	for (size_t i = 0; i < all->n; i++)
		for (int r = 0; r < ROLE_COUNT_; r++) {
			const struct ledger *l = all->v[i];
			line(out, l, STR("list"), STR("-"), r, PERM_NEW, perm_list(l, r) ? "open" : "hidden");
			line(out, l, STR("create"), STR("-"), r, PERM_NEW,
			     perm_create(l, r) ? "open" : perm_list(l, r) ? "refused" : "hidden");
			for (size_t s = 0; s < l->n_states; s++)
				for (int w = PERM_MINE; w <= PERM_OTHER; w++)
					state_lines(out, l, &l->states[s], r, (enum perm_where)w);
		}
	return buf_err(out);
}

/* Writes docs/permissions.md (permissions.h). */
#include "office/permissions.h"

static void head(struct buf *out, const char *first)
{
	buf_printf(out, "| %s |", first);
	for (int r = 0; r < ROLE_COUNT_; r++)
		buf_printf(out, " %s |", role_code((enum role)r));
	buf_puts(out, "\n|---|");
	for (int r = 0; r < ROLE_COUNT_; r++)
		buf_puts(out, "---|");
	buf_putc(out, '\n');
}

static void routes_table(struct buf *out)
{
	buf_puts(out, "## Addresses\n\n\"●\" the role may ask; \"○\" before sign-in; \"·\" refused with 403; \"◇\" only who a record names: a reader "
	              "of a log, an examiner of an inquiry. Where a ledger is in the address, the second "
	              "table decides further.\n\n");
	head(out, "method and address");
	for (size_t i = 0; i < n_routes; i++) {
		const struct route *rt = &routes[i];
		buf_printf(out, "| %s `%s` |", rt->method, rt->path);
		for (int r = 0; r < ROLE_COUNT_; r++)
			buf_printf(out, " %s |", rt->flags & R_PUBLIC ? "○" : perm_route(rt, r) ? "●" : rt->flags & R_NAMED ? "◇" : "·");
		buf_putc(out, '\n');
	}
}

static bool lists_role(const struct who_list *w, int role)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].kind == WHO_ROLE && role_parse(w->v[i].name) == role)
			return true;
	return false;
}

static void put_who(struct buf *out, const struct who_list *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->v[i].kind != WHO_ROLE)
			buf_printf(out, "%s%.*s", i ? ", " : "", STR_ARG(w->v[i].name));
}

static const char *scope_word(const struct ledger *l, int role)
{
	if (perm_see(l, role, PERM_OTHER, NULL))
		return "all";
	if (perm_see(l, role, PERM_OWN, NULL))
		return (l->see & SEE_DEPT) && role != ROLE_CONTRACTOR ? "dept" : "section";
	return l->see & SEE_OWN ? "own" : "·";
}

static void action_row(struct buf *out, const struct ledger *l, const struct action *a)
{
	const struct who_list *by = a->two_of.n ? &a->two_of : &a->by;
	buf_printf(out, "| %.*s%s", STR_ARG(a->name), a->two_of.n ? " (two different)" : "");
	bool words = false;
	for (size_t i = 0; i < by->n; i++)
		words |= by->v[i].kind != WHO_ROLE;
	if (words) {
		buf_puts(out, "; also ");
		struct who_list rest = *by;
		put_who(out, &rest);
	}
	if (a->not_.n) {
		buf_puts(out, "; never ");
		for (size_t i = 0; i < a->not_.n; i++)
			buf_printf(out, "%s%.*s", i ? ", " : "", STR_ARG(a->not_.v[i].name));
	}
	buf_puts(out, " |");
	for (int r = 0; r < ROLE_COUNT_; r++)
		buf_puts(out, a->automatic.n && !by->n ? " auto |" : lists_role(by, r) ? " ● |" : " · |");
	buf_putc(out, '\n');
	(void)l;
}

static bool may_write(const struct ledger *l, int role)
{
	bool may = lists_role(&l->write, role);
	for (size_t i = 0; i < l->n_states; i++)
		may |= l->states[i].start && l->states[i].has_write && lists_role(&l->states[i].write, role);
	return may;
}

static void ledger_table(struct buf *out, const struct ledger *l)
{
	buf_printf(out, "\n### %.*s %.*s\n\n", STR_ARG(l->name), STR_ARG(l->label.ja));
	if (l->restricted)
		buf_puts(out, "Existence is hidden from those who may not see a record.\n\n");
	head(out, "act");
	buf_puts(out, "| see |");
	for (int r = 0; r < ROLE_COUNT_; r++)
		buf_printf(out, " %s |", scope_word(l, r));
	buf_puts(out, "\n| create |");
	for (int r = 0; r < ROLE_COUNT_; r++)
		buf_puts(out, may_write(l, r) ? " ● |" : " · |");
	buf_putc(out, '\n');
	for (size_t i = 0; i < l->n_actions; i++)
		action_row(out, l, &l->actions[i]);
}

int permissions_markdown(const struct ledgers *all, struct buf *out)
{
	buf_puts(out, "# Who may do what\n\nMade by `make permissions` from the route table (src/office/route.c) and the ledger definitions (ledgers/); a test "
	              "fails when this file is not what they say, and another tries the cells over HTTP.\n\n");
	routes_table(out);
	buf_puts(out, "\n## Ledgers\n\nsee: own = records one applied for or owns, section = of one's section, dept = of one's department, all. Everybody but "
	              "a contractor is staff as well: what staff may, the others may too. Words like "
	              "`applicant` stand for the person in that part of the record. Field-wise rights (edit, secret) are in each definition.\n");
	for (size_t i = 0; i < all->n; i++)
		ledger_table(out, all->v[i]);
	return buf_err(out);
}

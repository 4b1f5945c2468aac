/* The permission matrix: made from the route table and the ledger definitions, nothing typed by hand. */
#ifndef OFFICE_PERMISSIONS_H
#define OFFICE_PERMISSIONS_H

#include "office/office.h"

/* docs/permissions.md: routes × roles, then ledgers × roles (see, create, each action). */
int permissions_markdown(const struct ledgers *all, struct buf *out) MUST_USE;
/* The same as one line per cell, which test/e2e/matrix.sh tries over HTTP:
 *   route METHOD PATH ROLE public|open|refused
 *   ledger NAME ACT STATE ROLE PLACE open|refused|hidden      ACT: list, create, see, edit or an action */
int permissions_tsv(const struct ledgers *all, struct buf *out) MUST_USE;

/* Whose record: applied for by oneself (in another section), of one's own section, of another; PERM_NEW: not there
 * yet. */
enum perm_where { PERM_MINE, PERM_OWN, PERM_OTHER, PERM_NEW };

/* What somebody may who holds this one role. Persons a record names in its fields are left out; so are conditions. */
bool perm_route(const struct route *rt, int role);
bool perm_list(const struct ledger *l, int role);
bool perm_create(const struct ledger *l, int role);
bool perm_see(const struct ledger *l, int role, enum perm_where where, const struct state *st);
bool perm_edit(const struct state *st, int role, enum perm_where where);
bool perm_act(const struct action *a, int role, enum perm_where where);

#endif

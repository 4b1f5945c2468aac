/* The permission matrix as a document: made from the route table and the ledger definitions, nothing typed by hand. */
#ifndef OFFICE_PERMISSIONS_H
#define OFFICE_PERMISSIONS_H

#include "office/office.h"

/* docs/permissions.md: routes × roles, then ledgers × roles (see, create, each action). */
int permissions_markdown(const struct ledgers *all, struct buf *out) MUST_USE;

#endif

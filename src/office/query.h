/* Builds own links with parameters. */
#ifndef OFFICE_QUERY_H
#define OFFICE_QUERY_H

#include "office/office.h"

struct link {
	struct buf b;
	bool any;
};
void link_init(struct link *l, struct str path);
void link_put(struct link *l, const char *name, struct str value); /* percent-encoded; an empty value is left out */
struct str link_done(struct link *l, struct arena *a);

#endif

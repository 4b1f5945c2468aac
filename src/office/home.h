/* First screens: what the blocks of page_home.c and home_watch.c share. */
#ifndef OFFICE_HOME_H
#define OFFICE_HOME_H

#include "office/office.h"
#include "tpl.h"

#define HOME_BLOCKS 15
#define HOME_ITEMS 8

struct home {
	struct tpl_home d;
	struct tpl_home_blocks *blocks;
};

/* One block more, to be filled; NULL when there are enough. */
struct tpl_home_blocks *home_block(struct home *h, const char *title, const char *empty);
/* A record, or its ledger's list for id 0. */
struct str home_href(struct ctx *c, struct str ledger, int64_t id);
/* The nearest end of what is open for a record; "" none. */
struct str home_due(struct ctx *c, struct str ledger, int64_t record);

/* What comes due within fourteen days, whoever does it. */
int home_coming(struct ctx *c, struct home *h, struct err *e) MUST_USE;
/* One row for each system: what needs action of itself, its logs, backups and accounts; the worst first. */
int home_systems(struct ctx *c, struct home *h, struct err *e) MUST_USE;

#endif

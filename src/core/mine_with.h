/* Who has a record now (mine_with.c): those who may take an action of its state, by role and name. */
#ifndef CORE_MINE_WITH_H
#define CORE_MINE_WITH_H

#include "core/engine.h"

/* What was read of people, for all rows of a page. */
struct mine_with {
	struct mine_holder *holders;                     /* of every role, once */
	size_t n_holders;
	struct mine_actor *actors;
	size_t n_actors;
};
int mine_with_text(struct job *j, struct mine_with *m, const struct ledger *l, int64_t id, struct str *ret) MUST_USE;

#endif

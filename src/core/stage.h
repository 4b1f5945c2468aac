/* Which fields belong to the stage a record stands in. A field of a later stage is one that a later action brings: the
 * definition says so (`stage: ACTION` on the field or its head), or the action asks for it (`needs`) and nothing
 * demands it before. Its form does not show it until then; nothing that was typed or is stored is ever hidden. */
#ifndef CORE_STAGE_H
#define CORE_STAGE_H

#include "core/ledger.h"

/* The action named by `stage` of the field or of its head; NULL none. */
const struct action *stage_action(const struct ledger *l, const struct field *f);
/* state: STR_NONE for a new record. act: the action whose form it is, or NULL. */
bool stage_open(const struct ledger *l, const struct field *f, struct str state, const struct action *act);
/* Not demanded yet, since its named stage is to come. */
bool stage_to_come(const struct ledger *l, const struct field *f, struct str state, const struct action *act);
/* A default that stands for the moment (now, today) is that of the stage, not of the creation. */
bool stage_default_waits(const struct ledger *l, const struct field *f);

#endif

/* SQL made from checked definitions: tables, views, triggers, and the few statements of the record engine. The one
 * place where SQL text is built at run time (identifiers from the definition only, values always bound). */
#ifndef CORE_LEDGER_SQL_H
#define CORE_LEDGER_SQL_H

#include "core/ledger.h"
#include "lib/buf.h"
#include "lib/db.h"

/* How a change is written, so that the database can judge it (triggers; see ledger_trigger.c):
 *   create: INSERT the row in a start state, its lists, then the step 'create' (from_state NULL, to_state = the state);
 *   edit:   UPDATE the row and its lists, then the step 'update' (from_state = to_state);
 *   action: UPDATE what the action needs, then its step, and only then UPDATE … SET state = to_state. The first of two
 *           approvers (`two-of`) writes a step with to_state = from_state.
 * A step's actor is a person, or NULL for the system (`auto`). What is refused says so by its first word:
 * "separation:", "state:", "note:", "kept:", "choice:", "reference:", "rule N:" (N counts the definition's rules from
 * 1). The only way round a separation is a row in `override` (once, for one actor).
 * Tests that need records in any state may drop the triggers "<table>_t_insert" and "<table>_t_update". */

/* CREATE TABLE …, its child tables, step table, indexes, triggers (separation of duties, ref kinds) and the view
 * <table>_v. */
int ledger_sql_schema(const struct ledger *l, const struct ledgers *all, struct buf *out) MUST_USE;
/* Brings the store to the definitions: new tables, added fields, fields renamed by `was:`, changed types and
 * references; never drops data (a field that left the definition stays in the table). Records the definition in
 * ledger_definition. In one transaction of its own; a second run changes nothing. The store's own tables must stand
 * (core/store.h). */
int ledgers_migrate(struct db *db, const struct ledgers *all, struct err *e) MUST_USE;
/* Registers the functions of definitions (answered, passed, rows_in, level, day, has, ticked, floor_c, minutes) on a
 * connection; highest is a column of the view. */
int ledger_functions(struct db *db) MUST_USE;
/* Is the expression acceptable for this ledger (only its columns, `today`, `now`, named functions)? Used at load. */
int ledger_expr_check(struct db *db, const struct ledger *l, struct str expr, struct err *e) MUST_USE;
/* Truth of an expression on one stored record; NULL counts as false. */
int ledger_expr_true(struct db *db, const struct ledger *l, struct str expr, int64_t id, struct str today, int64_t now,
                     bool *ret, struct err *e) MUST_USE;

#endif

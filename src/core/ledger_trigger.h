/* Inside the making of triggers: a trigger is a list of conditions, each with what it says, written as
 * SELECT CASE WHEN … THEN RAISE(…) … END. One that has nothing to say is not made. */
#ifndef CORE_LEDGER_TRIGGER_H
#define CORE_LEDGER_TRIGGER_H

#include "core/ledger_ddl.h"

struct trigger {
	const struct ledger *l;
	const struct ledgers *all;
	struct buf *out;
	bool open;                                       /* a SELECT CASE has begun */
	bool any;                                        /* the trigger has something to say */
	size_t start;
};

/* The trigger "<table>_<name>"; when: "BEFORE INSERT" and so on. */
void trigger_begin(struct trigger *t, const char *name, const char *when, struct str table);
void trigger_when(struct trigger *t);                    /* the caller writes the condition next, */
/* then what it says */
void trigger_raise(struct trigger *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Ends the list, so that what follows is looked at only when all of it passed. */
void trigger_end_case(struct trigger *t);
void trigger_finish(struct trigger *t);
/* The rules of the definition on the row with this id: plain ones (its own columns) or the others; of_state: only those
 * that speak of the state. from: "" the table, "_v" its view. */
void trigger_rules(struct trigger *t, bool plain, bool of_state, const char *from, const char *id);
/* ('a', 'b') */
void put_texts(struct buf *out, const struct str *v, size_t n);
bool texts_have(const struct str_list *list, struct str s);
/* Triggers of the step table. */
void trigger_steps(struct trigger *t, struct str step);  /* ledger_trigger_step.c */

#endif

/* Events: what happened, as it goes to the vault. Rows wait in the outbox (same transaction as the change), in one
 * gapless sequence, each naming the hash of the one before; texts stay in record_log so that personal data can be
 * erased. */
#ifndef CORE_EVENT_H
#define CORE_EVENT_H

#include "lib/db.h"

struct event {
	/* stable id: "record.create", "record.update", "record.<action>", "auth.signin", … */
	const char *action;
	int64_t actor;                                   /* persons.id; 0 the system */
	int64_t on_behalf;                               /* persons.id or 0 */
	struct str ledger;                               /* STR_NONE outside ledgers */
	int64_t record;
	int64_t version;
	/* canonical JSON: goes to record_log, only its salted hash to the vault */
	struct str change;
	struct str detail;                               /* JSON object shown to all, no personal data, or STR_NONE */
};

/* Inside a transaction: writes record_log and outbox. *ret_seq (may be NULL) is the event's sequence. */
int event_put(struct db *db, const struct event *ev, int64_t *ret_seq, struct err *e) MUST_USE;

#define EVENT_SOURCE "office"

#endif

/* Work that was permitted: whether a work record covers what an alert tells of. */
#ifndef OFFICE_ALERT_COVER_H
#define OFFICE_ALERT_COVER_H

#include "lib/arena.h"
#include "lib/db.h"

/* What a message says of who did it, where and when. source: the log source it came from. */
struct alert_deed {
	struct str user, host, source;
	int64_t at;                                      /* µs UTC */
};
struct alert_cover {
	int64_t record;
	struct str number, title;
};

/* A work record that was permitted for this time (kinds that are permitted beforehand), or that says when the work was done, whose worker
 * or helper the account belongs to (ledger accounts; the record's own privileged account too), and whose devices or systems the
 * host is. A record that names neither devices nor systems covers only its own privileged account. What was permitted and then altered
 * covers nothing. What the worker alone says of his work, confirmed by nobody yet, covers 24 hours at most. */
bool alert_covered(struct db *db, struct arena *a, const struct alert_deed *d, struct alert_cover *ret);

#endif

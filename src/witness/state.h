/* What a witness keeps, and what it answers by it. A folder of its own:
 *
 *   key        its private key, 0600
 *   vkey       its verifier key (type 0x04)
 *   logs       verifier keys of the logs it knows, one a line; an origin may have several
 *   seen-HEX   the newest checkpoint it cosigned of the log whose origin has this SHA-256: the log's own lines and the witness's
 *   lock       flock(2) of the one that answers
 *
 * There is one that answers, and it answers one request after the other: what it compares with cannot change before it has written. */
#ifndef WITNESS_STATE_H
#define WITNESS_STATE_H

#include "core/cosign.h"

#define STATE_LOGS_MAX 1024
#define STATE_LOGS_BYTES (STATE_LOGS_MAX * NOTE_VKEY_MAX)

struct state {
	int dir, lock;
	struct note_key key;
	uint8_t secret[NOTE_SECRET_LEN];
};

/* Makes folder and key. ERR_EXISTS, ERR_INVALID for a bad name. */
int state_make(const char *path, const char *name, struct err *e) MUST_USE;
/* ERR_BUSY when another one answers and answers is set. */
int state_open(const char *path, bool answers, struct state *ret, struct err *e) MUST_USE;
void state_close(struct state *s);
/* One more log that is cosigned. ERR_EXISTS when it is known. */
int state_add(struct state *s, struct str vkey, struct err *e) MUST_USE;
/* add-checkpoint: the HTTP status; out: the body of the answer. time: POSIX seconds. */
unsigned state_cosign(struct state *s, struct str body, uint64_t time, struct buf *out);
/* The monitor's copy of the log whose origin has this hash (64 hex digits): 200 or 404. */
unsigned state_seen(struct state *s, struct str hex, struct buf *out);

#endif

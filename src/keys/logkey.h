/* The log key: signs checkpoints (origin, size, root) that only grow. What was signed last for an origin is written to a
 * file of its own and synced before the signature leaves this process, so a restart, a restored vault or a taken-over
 * vault cannot get a second history signed. */
#ifndef KEYS_LOGKEY_H
#define KEYS_LOGKEY_H

#include "core/note.h"

#define LOGKEY_ORIGINS_MAX 64

struct logkey;

/* Makes DIRFD/log.key unless it is there. */
int logkey_make(int dirfd, struct err *e) MUST_USE;
/* Reads the key and what was signed before from a folder. ERR_CORRUPT when a file is not what we wrote: then nothing may be
 * signed. */
int logkey_open(const char *folder, struct logkey **ret, struct err *e) MUST_USE;
void logkey_free(struct logkey *k);
/* Appends the verifier key line of this key under the name of the origin. */
int logkey_vkey(const struct logkey *k, struct str origin, struct buf *out) MUST_USE;
/* Appends the signed note. ERR_CONFLICT: smaller than signed before, or same size with another root; ERR_INVALID: no
 * checkpoint; ERR_TOOBIG: one origin too many; ERR_SYS: could not be remembered, so it was not signed. */
int logkey_sign(struct logkey *k, const struct checkpoint *c, struct buf *out, struct err *e) MUST_USE;

#endif

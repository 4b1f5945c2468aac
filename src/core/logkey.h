/* The log key: signs checkpoints (origin, size, root) that only grow, each proven to contain the one before. What was
 * signed last for an origin is written to a file of its own and synced before the signature leaves this process, so a
 * restart, a restored vault or a taken-over vault cannot get a second history signed. */
#ifndef CORE_LOGKEY_H
#define CORE_LOGKEY_H

#include "core/note.h"

#define LOGKEY_ORIGINS_MAX 64

struct logkey;

/* Makes DIRFD/log.key unless it is there. */
int logkey_make(int dirfd, struct err *e) MUST_USE;
/* Reads the key and what was signed before from a folder. ERR_CORRUPT when a file is not what we wrote: then nothing
 * may be signed. */
int logkey_open(const char *folder, struct logkey **ret, struct err *e) MUST_USE;
void logkey_free(struct logkey *k);
/* A new key: from now on both sign, until logkey_finish. ERR_EXISTS while an older change is not finished. */
int logkey_rotate(int dirfd, struct err *e) MUST_USE;
/* The older key signs no more. ERR_NOTFOUND when there is none. */
int logkey_finish(int dirfd, struct err *e) MUST_USE;
/* Appends the verifier key line of this key under the name of the origin; during a change of keys that of the older one in a second
 * line. */
int logkey_vkey(const struct logkey *k, struct str origin, struct buf *out) MUST_USE;
/* Size signed last for an origin, 0 when none. */
uint64_t logkey_size(const struct logkey *k, struct str origin);
/* Appends the signed note. from, proof, n: the RFC 6962 consistency proof from logkey_size to c; without a proof
 * nobody, not even who has taken over the vault, gets a second history signed. ERR_CONFLICT: smaller than signed
 * before, same size with another root, or not proven to continue it; ERR_INVALID: no checkpoint; ERR_TOOBIG: one origin
 * too many; ERR_SYS: could not be remembered, so it was not signed. */
int logkey_sign(struct logkey *k, const struct checkpoint *c, uint64_t from, uint8_t proof[][MERKLE_LEN], size_t n,
                struct buf *out, struct err *e) MUST_USE;

#endif

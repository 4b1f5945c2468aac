/* Documents with a password ([MS-OFFCRYPTO] 2.3.4): a compound file with the package encrypted inside. What comes out is a stranger's
 * package like any other. The sum over it is not judged: it says who had the password, and the archive has sums of its own. */
#ifndef GATE_OOXML_UNLOCK_H
#define GATE_OOXML_UNLOCK_H

#include <stdbool.h>

#include "lib/arena.h"
#include "lib/buf.h"

/* Is it such a file? */
bool unlock_is(struct str in);
/* Appends the package. 0; ERR_DENIED: not this password; ERR_VERSION: protected in a way that no password opens here
 * (rights management, other ciphers); ERR_SYNTAX and others: broken. */
int unlock(struct arena *a, struct str in, struct str password, struct buf *out) MUST_USE;

#endif

/* Whether a password is easy to guess: too short, built like the ones everybody uses, or made of the person's data. */
#ifndef AUTH_WEAK_H
#define AUTH_WEAK_H

#include <stdbool.h>

#include "lib/buf.h"

/* NULL, or the reason as the protocol names it: "short", "common", "own-data". Text that is no UTF-8 counts as
 * short. */
const char *weak_why(struct str password, int64_t min_length, const struct str *guesses, size_t n);

/* Built like the passwords everybody uses: a well-known word or keyboard walk, perhaps with digits, years or signs
 * around it, letters replaced (p@ssw0rd), repeated or reversed. `folded` is folded text (lib/text.h). */
bool weak_common(struct str folded);

#endif

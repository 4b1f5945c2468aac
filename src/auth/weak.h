/* Whether a password is easy to guess: too short, built like the ones everybody uses, or made of the person's data. */
#ifndef AUTH_WEAK_H
#define AUTH_WEAK_H

#include <stdbool.h>

#include "lib/buf.h"

/* NULL, or the reason as the protocol names it: "short", "common", "own-data". Text that is no UTF-8 counts as short. */
const char *weak_why(struct str password, int64_t min_length, const struct str *guesses, size_t n);

/* Built like the passwords everybody uses: a well-known word or keyboard walk, perhaps with digits, years or signs around
 * it, letters replaced (p@ssw0rd), repeated or reversed. `folded` is folded text (lib/text.h). */
bool weak_common(struct str folded);

/* Appends what a person might type for a guess, each ended by a NUL: the folded text, its digits alone, Latin readings of
 * kana, and for a date its usual shapes (19850403, 850403, 0403, 3apr…, s600403). */
void weak_variants(struct str guess, struct buf *out);

#endif

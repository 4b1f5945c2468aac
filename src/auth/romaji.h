/* Latin readings of hiragana, for guessing only: すずき → suzuki. */
#ifndef AUTH_ROMAJI_H
#define AUTH_ROMAJI_H

#include "lib/buf.h"

enum romaji { ROMAJI_HEPBURN, ROMAJI_KUNREI };

/* Appends the reading and a NUL when the whole text is hiragana (after lib/text.h's folding), else nothing. Long vowels
 * as written (さとう → satou) and, as a second text, shortened (sato). */
void romaji(struct str kana, enum romaji how, struct buf *out);

#endif

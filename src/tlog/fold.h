/* The form in which log texts and queries are compared: NFKC, lower case, katakana as hiragana (text.h), for whatever a log
 * may hold: bytes that are not UTF-8 are read as CP932, and when they are not that either, as blanks. */
#ifndef TLOG_FOLD_H
#define TLOG_FOLD_H

#include "lib/buf.h"

#define FOLD_MAX (4u << 20)                          /* bytes folding may make of one message */

/* Appends the folded text; all ASCII stays what it is but for its case. What does not fit is left out. text_open() first. */
void fold(struct str raw, struct buf *out);
/* True when the bytes beyond ASCII are kana and common kanji alone, which fold character by character and never to ASCII. */
bool fold_is_plain(struct str s);
/* Folds such text (katakana, ASCII case); out has room for s.n bytes, the length stays the same. */
void fold_plain(struct str s, char *out);

#endif

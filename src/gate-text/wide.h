/* Cells that begin with a full-width ＝ ＋ － ＠: programs differ, also by the language they run in, in whether those are signs. They are
 * taken for ones: only numbers and rows of hyphens may begin so. */
#ifndef GATE_TEXT_WIDE_H
#define GATE_TEXT_WIDE_H

#include "gate-text/encoding.h"

/* Does the cell that begins at s do so? kanji: the state of ISO-2022-JP here; quoted: it stands in quotes. */
bool wide_runs(enum encoding e, struct str s, bool kanji, bool quoted);
/* Does a cell, read in another encoding the bytes can be read in? Who opens the file chooses. */
bool wide_elsewhere(enum encoding mine, struct str s);

#endif

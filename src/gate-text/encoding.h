/* Which encoding a text is in, by strict structure, and one character of it at a time. */
#ifndef GATE_TEXT_ENCODING_H
#define GATE_TEXT_ENCODING_H

#include "lib/str.h"

enum encoding { ENC_NONE, ENC_UTF8, ENC_UTF8_BOM, ENC_CP932, ENC_EUC_JP, ENC_ISO_2022_JP, ENC_UTF16LE, ENC_UTF16BE };

/* ENC_NONE: in none of them, or in several so that nobody can tell. */
enum encoding encoding_of(struct str s);
const char *encoding_name(enum encoding e);
/* Bytes of the character at s.p, 0 when it is none. *kanji: ISO-2022-JP's state, false at the start. */
size_t encoding_next(enum encoding e, struct str s, bool *kanji);

#endif

/* Text as people in Japan write it: UTF-8 checks, CP932, the folding that search uses, bigrams. */
#ifndef LIB_TEXT_H
#define LIB_TEXT_H

#include <stdbool.h>

#include "lib/arena.h"
#include "lib/buf.h"

bool utf8_valid(struct str s);                       /* no surrogates, no overlongs, no NUL */
size_t utf8_len(struct str s);                       /* code points; a faulty byte counts as one */
/* One code point at s.p (NUL is one); bytes used or 0 at a fault or the end. */
size_t utf8_next(struct str s, uint32_t *ret);
void utf8_put(struct buf *b, uint32_t c);
/* Cuts to at most n code points without splitting one. */
struct str utf8_cut(struct str s, size_t n);

/* CP932 (Windows-31J) both ways; opens its tables at the first call: call text_open() before the sandbox. */
int text_open(void) MUST_USE;
int cp932_to_utf8(struct str in, struct buf *out) MUST_USE;     /* ERR_SYNTAX when it is none */
/* Characters CP932 lacks are written as "〓" and counted in *ret_lost. */
int utf8_to_cp932(struct str in, struct buf *out, size_t *ret_lost) MUST_USE;

#define TEXT_MAX (4u << 20)                          /* bytes taken by the functions below */
#define FOLDED_MAX (16u << 20)                       /* bytes folding may make of them */
#define FTS_WORDS_MAX 32

/* Each returns 0, ERR_SYNTAX (not UTF-8), ERR_TOOBIG beyond a maximum, or ERR_NOMEM when out is full.
 * NFKC, lower case, katakana to hiragana, white space to one blank: the form in which texts are compared. */
int text_fold(struct str in, struct buf *out) MUST_USE;
/* For FTS5 with unicode61: folded text as overlapping bigrams of CJK runs, each run's last character once more, other
 * words whole ("情報資産VPN": "情報 報資 資産 産 vpn"). */
int text_bigrams(struct str in, struct buf *out) MUST_USE;
/* The FTS5 query for what a person typed: each word as a phrase of its bigrams, ANDed; a one-character CJK word
 * becomes a prefix search. Empty input, or nothing but signs, gives an empty query. */
int text_fts_query(struct str in, struct buf *out) MUST_USE;
/* Control characters (but LF and TAB) are refused (ERR_SYNTAX); CRLF becomes LF; blanks at line ends and empty lines
 * at the end go. */
int text_clean(struct str in, struct buf *out) MUST_USE;

#endif

/* The words of texts, put into the filter of an index record: what index_make.c does for every message, hence by many at once. A text is
 * taken in as a whole, what is no message in it is hidden, then its words and what signs join of them are put. */
#ifndef TLOG_INDEX_WORDS_H
#define TLOG_INDEX_WORDS_H

#include "tlog/index.h"

#define WORDS_TEXT_MAX (128u << 10)                  /* bytes of a text */

struct words;
struct words *words_new(void);
void words_free(struct words *w);
/* The same filter by the code that every machine can run: for the test that compares the two. */
void words_plain(struct words *w);
/* Begins an empty filter of so many cells, at most INDEX_CELLS_MAX. */
void words_begin(struct words *w, struct index_key key, uint32_t cells);
/* Takes in a text of at most WORDS_TEXT_MAX bytes. Places are counted from its beginning. */
void words_text(struct words *w, const char *p, size_t n);
/* The bytes [from, to) are of no word. */
void words_hide(struct words *w, size_t from, size_t to);
/* Is a byte of [from, to) no ASCII? */
bool words_wide(const struct words *w, size_t from, size_t to);
/* Puts all words of the text that are not hidden. */
void words_put(struct words *w);
/* Puts [at, at + n) of the text, in lower case, as one word of this class. */
void words_put_part(struct words *w, enum index_class c, size_t at, size_t n);
/* Puts p as it is; readable for 16 bytes beyond n. */
void words_put_one(struct words *w, enum index_class c, const char *p, size_t n);
/* About how many different words were put. */
double words_count(const struct words *w);
/* The cells [i, i + INDEX_CHECKED). */
const void *words_cells(const struct words *w, uint32_t i);

/* --- shared with index_make.c and index_query.c --- */
#define INDEX_LANES 8u
extern const uint32_t index_salts[INDEX_LANES];

#endif

/* Names that people, or the programs that unpack them, take for the same: compared as folded by tools/foldc's table. */
#ifndef GATE_VERIFY_FOLD_H
#define GATE_VERIFY_FOLD_H

#include "lib/arena.h"
#include "lib/str.h"

struct fold_row { uint32_t c; uint16_t at; uint8_t n; };
struct fold_mark { uint32_t c; uint8_t class; };
extern const struct fold_row fold_rows[];
extern const uint32_t fold_pool[];
extern const struct fold_mark fold_marks[];
extern const size_t fold_n_rows, fold_n_marks;

struct folded { uint32_t *c; size_t n; };

/* name is UTF-8. false: no memory. A slash counts as less than all else, so that a folder stands before what is in it. */
bool fold_name(struct arena *a, struct str name, struct folded *ret);
int fold_cmp(const struct folded *a, const struct folded *b);
/* Nobody sees it, or it turns what follows: U+00AD, joiners, fillers, marks of direction, variation selectors, tags. */
bool fold_hidden(uint32_t c);
/* One code point of UTF-8 that is valid; its length. */
size_t fold_next(struct str s, size_t at, uint32_t *ret);

#endif

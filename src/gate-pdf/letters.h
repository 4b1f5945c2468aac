/* What stands where on a page, as poppler reads it: for letters whose font does not say what they are. */
#ifndef GATE_PDF_LETTERS_H
#define GATE_PDF_LETTERS_H

#include <poppler.h>

#include "lib/str.h"

struct letters;

/* NULL without memory, or when there is no text. */
struct letters *letters_new(PopplerPage *page);
void letters_free(struct letters *l);

/* The way a line runs, in the page's room with y down. */
enum way { WAY_RIGHT, WAY_DOWN, WAY_LEFT, WAY_UP };
/* The letter that begins at a place; STR_NONE when there is none, or more than one. Valid as long as l. */
struct str letters_at(const struct letters *l, double x, double y, enum way way);

#endif

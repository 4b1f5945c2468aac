/* A page as poppler shows it, and as it reads it. */
#ifndef GATE_PDF_PAGE_H
#define GATE_PDF_PAGE_H

#include <poppler.h>

#include "lib/buf.h"
#include "rebuild/image.h"

/* Size in points, brought within bounds: *scale is what it is drawn with. */
void page_measure(PopplerPage *page, double *w, double *h, double *scale);
/* RGB. ERR_NOMEM. */
int page_draw(PopplerPage *page, double w, double h, double scale, double dpi, struct image *ret) MUST_USE;
/* Its words as lines of the invisible text. */
void page_words(PopplerPage *page, double h, double scale, struct buf *out);

/* Whether two pages say the same: every letter as often, wherever it stands. b NULL: nothing. */
bool page_says_same(PopplerPage *a, PopplerPage *b);

#define LOOK_DPI 50.0
#define LOOK_FINER 3u
#define LOOK_TILE 16u
#define LOOK_MOST 16u                                /* mean difference of a tile, of 255 */
/* At 50 dpi; finer: drawn at three times that and averaged, so that it does not count on which whole pixel a letter was put, or how its
 * font would have it at this size. */
int page_look(PopplerPage *page, double w, double h, double scale, bool finer, struct image *ret) MUST_USE;
/* The largest mean difference of any tile of 16 × 16 pixels; 256 when the sizes differ. */
unsigned page_difference(const struct image *a, const struct image *b);

#endif

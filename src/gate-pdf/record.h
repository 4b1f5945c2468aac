/* What poppler draws of a page, as content of our own language: poppler-glib draws by calls of cairo's public functions, and those that
 * draw are defined in this program (between.c), before the library's. For the page being recorded they write down path, colour,
 * letters and pictures; for all other drawing they go through. What cannot be said in the language is drawn by cairo into a picture
 * of its place; where that will not do either, the page is given up with a reason, and becomes a picture as a whole. */
#ifndef GATE_PDF_RECORD_H
#define GATE_PDF_RECORD_H

#include <poppler.h>

#include "gate-pdf/write.h"

/* Before the sandbox: the functions behind ours. */
int record_open(void) MUST_USE;

struct record_ask {
	PopplerPage *page;
	double w, h, scale;                              /* of the result in points; how much smaller than the page */
	bool outlines;                                   /* letters as lines: their text cannot be told by their codes */
};

/* What became of it. */
struct record_got {
	const char *why;                                 /* the code of the reason why it must become a picture */
	bool one_picture;                                /* one picture, opaque and uncut, is all that was painted */
	uint32_t picture;
};

/* Appends the page's content. ERR_INVALID with ret->why. */
int record_page(const struct record_ask *ask, struct pdf_writer *w, struct buf *content, struct record_got *ret) MUST_USE;

#endif

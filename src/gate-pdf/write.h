/* A PDF in the one form of docs/formats/gate-pdf.md: pages that are pictures, with text behind them that is found but not seen. */
#ifndef GATE_PDF_WRITE_H
#define GATE_PDF_WRITE_H

#include "rebuild/image.h"

#define PDF_PAGES_MAX 5000u

struct pdf_writer {
	struct buf *out;
	size_t *at;                                      /* offsets of the objects, from 1 */
	uint32_t pages, page;
};

/* Begins a document of that many pages (each of which must then be put). */
int pdf_begin(struct pdf_writer *w, struct buf *out, uint32_t pages) MUST_USE;
/* A page of that many points, shown by the picture; text: lines of the content as pdf_word wrote them, or empty. */
int pdf_page(struct pdf_writer *w, double width, double height, const struct image *im, struct str text) MUST_USE;
/* One word at its place (points from the lower left), as tall and wide as its box. */
void pdf_word(struct buf *text, struct str word, double x, double y, double width, double height);
int pdf_end(struct pdf_writer *w) MUST_USE;

#endif

/* The pictures of a document, each written once: baseline JPEG of our own for photographs; exact samples, as few bits as they need,
 * for drawings, screens and scans in black and white. docs/formats/gate-pdf.md */
#ifndef GATE_PDF_PICTURE_H
#define GATE_PDF_PICTURE_H

#include "rebuild/image.h"

#define PICTURE_PIXELS_MAX (40u << 20)

struct picture {
	char *head, *body;                               /* the dictionary before /SMask, the rest */
	size_t n_head, n_body;
	uint64_t hash;
	unsigned difference;                             /* of a photograph: the largest of a tile, before and after (page.h) */
	bool masked;                                     /* the next one is its mask */
};

struct pictures {
	struct picture *list;
	uint32_t n, cap;
};

/* Adds it, or finds the same one. coarse: sixteen steps a colour are enough (a page drawn by ourselves). mask: grey, of the same
 * place, or NULL. ERR_TOOBIG when it is larger than the language allows. */
int pictures_add(struct pictures *p, const struct image *im, const struct image *mask, bool coarse, uint32_t *ret) MUST_USE;
/* A stencil: one bit a sample, rows of whole bytes, 0 where the colour goes. */
int pictures_add_stencil(struct pictures *p, uint32_t w, uint32_t h, const uint8_t *rows, uint32_t *ret) MUST_USE;
/* A JPEG of our own at 1 / by of its size (1, 2, 4, 8), cut to w × h: to be compared with what it was made of. */
int picture_read_jpeg(struct str jpeg, unsigned by, uint32_t w, uint32_t h, struct image *ret) MUST_USE;
void pictures_truncate(struct pictures *p, uint32_t n);

#endif

/* Letters as outlines: what a font makes of a code, taken as a path, in whole thousandths of its size. No program of a font is kept, only
 * lines and curves; the same letter of the same look is kept once in a document. */
#ifndef GATE_PDF_GLYPHS_H
#define GATE_PDF_GLYPHS_H

#include <cairo.h>

#include "lib/buf.h"

#define GLYPH_FONT 256u                              /* glyphs in a font */
#define GLYPH_FONTS_MAX 1024u
#define GLYPH_TEXT_MAX 8u                            /* UTF-16 units a glyph stands for */
#define GLYPH_BUCKETS 8192u

struct glyph {
	uint64_t hash;
	uint32_t next;                                   /* in its bucket, 1 + index */
	int width, box[4];
	uint16_t text[GLYPH_TEXT_MAX];
	unsigned n_text;
	char *packed;                                    /* its procedure */
	size_t n_packed;
};

struct glyph_seen;                                   /* what a code of a face was */

struct glyphs {
	struct glyph *list;
	uint32_t n, cap;
	uint32_t bucket[GLYPH_BUCKETS];
	struct glyph_seen *seen;
	uint32_t n_seen;
	cairo_t *measure;
};

/* The glyph's number. text: the UTF-8 it stands for, or STR_NONE to look it up in the font (which may find nothing). ERR_INVALID
 * for what has a look but no outline, ERR_TOOBIG when there are too many. */
int glyphs_find(struct glyphs *g, cairo_font_face_t *face, unsigned long index, struct str text, uint32_t *ret) MUST_USE;
/* Forgets what came after the first n. */
void glyphs_truncate(struct glyphs *g, uint32_t n);

#endif

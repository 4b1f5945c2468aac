/* A PDF in the one form of docs/formats/gate-pdf.md: pages with their content, the pictures and glyphs that they share. Nothing is
 * written before the end, for the numbers of objects are known only then; pages, pictures and glyphs only come to the end of
 * their lists, so that a page that is given up takes with it what it brought. */
#ifndef GATE_PDF_WRITE_H
#define GATE_PDF_WRITE_H

#include "gate-pdf/glyphs.h"
#include "gate-pdf/picture.h"

#define PDF_PAGES_MAX 5000u
#define PDF_CONTENT_MAX (64u << 20)
#define PDF_BLENDS 16u

/* What a page's content names. */
struct pdf_uses {
	uint32_t *pictures, n_pictures, cap;             /* ascending */
	uint8_t fonts[GLYPH_FONTS_MAX / 8];
	uint8_t alphas[100], blends[PDF_BLENDS];         /* 1 to 100 hundredths, from 0; by number */
	bool text;                                       /* the invisible text */
};

struct pdf_page {
	double w, h;                                     /* points */
	char *packed;                                    /* the content */
	size_t n;
	struct pdf_uses uses;
};

struct pdf_writer {
	struct pdf_page *pages;
	uint32_t n_pages;
	struct pictures pictures;
	struct glyphs glyphs;
};

extern const char *const pdf_blends[PDF_BLENDS];

int pdf_begin(struct pdf_writer *w, uint32_t pages) MUST_USE;
/* Takes the content and what it uses (which then is empty). */
int pdf_page(struct pdf_writer *w, double width, double height, struct str content, struct pdf_uses *uses) MUST_USE;
/* The whole document. */
int pdf_end(struct pdf_writer *w, struct buf *out) MUST_USE;
/* The last page alone, with what it uses: to be looked at, not to be handed out. */
int pdf_proof(struct pdf_writer *w, struct buf *out) MUST_USE;
/* Forgets the last page; its pictures and glyphs are the caller's to take back. */
void pdf_drop_page(struct pdf_writer *w);

/* What the content names. */
int pdf_uses_of(struct str content, struct pdf_uses *ret) MUST_USE;
void pdf_uses_release(struct pdf_uses *u);

/* One way to write a number: at most that many places (4 at most), no trailing zero, no sign before 0. */
void pdf_number(struct buf *b, double v, unsigned places);
/* One word of the invisible text at its place (points from the lower left), as tall and wide as its box. */
void pdf_word(struct buf *text, struct str word, double x, double y, double width, double height);
/* A zlib stream, malloc'ed; NULL without memory. */
char *pdf_pack(const void *p, size_t n, int level, size_t *ret_n);

#endif

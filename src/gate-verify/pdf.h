/* Shared by the files of language pdf. */
#ifndef GATE_VERIFY_PDF_H
#define GATE_VERIFY_PDF_H

#include "gate-verify/verify.h"

#define PDF_CONTENT_MAX (64u << 20)                  /* a page's, unpacked */
#define PDF_PICTURES_MAX (1u << 20)
#define PDF_FONTS_MAX 1024u
#define PDF_FONT_CODES 256u
#define PDF_ALPHAS 100u
#define PDF_BLENDS 16u

/* What a page's dictionary names must be what its content uses. */
struct pdf_named {
	bool named[PDF_FONTS_MAX], used[PDF_FONTS_MAX];
};

struct pdf {
	struct check *c;
	size_t i;
	uint32_t pages, n;                               /* objects so far, with 0 */
	size_t *at;
	size_t cap;
	uint8_t *room;                                   /* PDF_CONTENT_MAX bytes */
	uint32_t first_picture, n_pictures;              /* the highest one named, and one */
	uint32_t *named, *used;                          /* pictures: the last page that names or shows it, 1 + number */
	bool *shown;                                     /* pictures: anywhere */
	uint32_t page;                                   /* 1 + the page being read */
	uint32_t font_object[PDF_FONTS_MAX], n_fonts;
	uint8_t codes[PDF_FONTS_MAX][PDF_FONT_CODES / 8];
	struct pdf_named fonts, alphas, blends;          /* of the page being read */
	bool text_named, text_used;
};

/* Each notes the rule broken and is false then. */
bool pdf_no(struct pdf *p, const char *rule);
bool pdf_eat(struct pdf *p, const char *z);
bool pdf_sees(const struct pdf *p, const char *z);
/* Decimal without leading zeros, from 1 to max (from 0 when zero is allowed). */
bool pdf_whole(struct pdf *p, uint32_t max, bool zero, uint32_t *ret);
bool pdf_object(struct pdf *p, uint32_t n);          /* "n 0 obj": the next one */
bool pdf_stream(struct pdf *p, struct str *ret);     /* "/Length n>>", the bytes, the end of the object */
bool pdf_unpack(struct pdf *p, struct str packed, const char *rule, struct str *ret); /* valid until the next */

/* The content of a page, unpacked; what it uses is noted. */
bool pdf_content(struct pdf *p, struct str raw);
/* A glyph's procedure, unpacked: of that width, within that box. */
bool pdf_outline(struct pdf *p, struct str raw, int64_t width, const int64_t box[4]);
bool pdf_pictures(struct pdf *p);
bool pdf_fonts(struct pdf *p);

/* --- text of which the parts above are made: a cursor ----------------------------------------------------------------------- */
struct pdf_text {
	const char *p;
	size_t n, i;
};
bool pdf_text_word(struct pdf_text *t, const char *z);
/* At most that many places, no trailing zero, no leading one, no sign before 0; in ten-thousandths, within min and max. */
bool pdf_text_number(struct pdf_text *t, unsigned places, int64_t min, int64_t max, int64_t *ret);
/* Upper-case hexadecimal digits. */
bool pdf_hex(struct pdf_text *t, unsigned digits, unsigned *ret);

#endif

/* Language pdf: the pictures and fonts that the pages share. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gate-verify/inflate.h"
#include "gate-verify/pdf.h"

#define UNIT 10000ll
#define PIXELS_MAX (40u << 20)
#define SIDE_MAX 30000u
#define GLYPH_FAR 32000
#define TEXT_MAX 8u                                  /* UTF-16 units a code stands for */

/* --- pictures ------------------------------------------------------------------------------------------------------------- */

static bool palette(struct pdf *p, uint32_t *ret_max)
{
	if (!pdf_whole(p, 255, true, ret_max) || !pdf_eat(p, "<"))
		return false;
	for (uint32_t i = 0; i < (*ret_max + 1) * 6; i++, p->i++)
		if (p->i >= p->c->in.n || !((p->c->in.p[p->i] >= '0' && p->c->in.p[p->i] <= '9') || (p->c->in.p[p->i] >= 'A' && p->c->in.p[p->i] <= 'F')))
			return pdf_no(p, "pdf-image");
	return pdf_eat(p, ">]/BitsPerComponent 8/Filter/FlateDecode");
}

/* Rows of whole bytes, all of them there and no more; of a palette, none above its last colour. */
static bool samples(struct pdf *p, struct str packed, uint32_t w, uint32_t h, uint32_t bits, uint32_t colours)
{
	size_t n = ((size_t)w * bits + 7) / 8 * h, got = 0;
	uint8_t *raw = malloc(n);
	bool ok = raw && inflate_zlib(packed, raw, n, &got) && got == n;

	for (size_t i = 0; ok && colours && i < n; i++)
		ok = raw[i] < colours;
	free(raw);
	return ok || pdf_no(p, "pdf-image");
}

/* The picture inside must be in language jpeg, and of the size and colours the dictionary says. */
static bool photo(struct pdf *p, struct str jpeg, uint32_t w, uint32_t h, bool grey)
{
	struct check inner = {.in = jpeg, .arena = p->c->arena};
	size_t frame = grey ? 20 + 69 : 20 + 2 * 69;
	const uint8_t *s = (const uint8_t *)jpeg.p;

	if (!verify_jpeg(&inner))
		return pdf_no(p, inner.rule ? inner.rule : "pdf-image");
	return (jpeg.n > frame + 9 && s[frame] == 0xff && s[frame + 1] == 0xc0 && (uint32_t)(s[frame + 5] << 8 | s[frame + 6]) == h &&
	        (uint32_t)(s[frame + 7] << 8 | s[frame + 8]) == w) ||
	       pdf_no(p, "pdf-image");
}

/* The kinds whose dictionaries say nothing but their kind. */
static const struct kind {
	const char *head;
	uint32_t bits;                                   /* a pixel; 0: a photograph */
	bool grey, stencil;
} kinds[] = {
	{"/ColorSpace/DeviceGray/BitsPerComponent 1/Filter/FlateDecode", 1, true, false},
	{"/ColorSpace/DeviceGray/BitsPerComponent 4/Filter/FlateDecode", 4, true, false},
	{"/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode", 8, true, false},
	{"/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/FlateDecode", 24, false, false},
	{"/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/DCTDecode", 0, true, false},
	{"/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode", 0, false, false},
	{"/ImageMask true/BitsPerComponent 1/Filter/FlateDecode", 1, true, true},
};

/* *ret_masked: the next one is its mask. */
static bool picture(struct pdf *p, uint32_t n, bool mask, bool *ret_masked)
{
	uint32_t w, h, most;
	struct str data;
	char z[48];

	if (!pdf_object(p, n) || !pdf_eat(p, "<</Type/XObject/Subtype/Image/Width ") || !pdf_whole(p, SIDE_MAX, false, &w) || !pdf_eat(p, "/Height ") ||
	    !pdf_whole(p, SIDE_MAX, false, &h))
		return false;
	if ((uint64_t)w * h > PIXELS_MAX)
		return pdf_no(p, "image-size");
	snprintf(z, sizeof z, "/SMask %u 0 R", n + 1);
	*ret_masked = !mask && pdf_sees(p, z);
	if (*ret_masked)
		p->i += strlen(z);
	if (!mask && pdf_sees(p, "/ColorSpace[/Indexed/DeviceRGB "))
		return pdf_eat(p, "/ColorSpace[/Indexed/DeviceRGB ") && palette(p, &most) && pdf_stream(p, &data) && samples(p, data, w, h, 8, most + 1);
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
		if (!pdf_sees(p, kinds[k].head))
			continue;
		/* a mask is samples of grey; a stencil has none */
		if ((mask && (!kinds[k].grey || !kinds[k].bits || kinds[k].stencil)) || (kinds[k].stencil && *ret_masked))
			return pdf_no(p, "pdf-image");
		p->i += strlen(kinds[k].head);
		if (!pdf_stream(p, &data))
			return false;
		return kinds[k].bits ? samples(p, data, w, h, kinds[k].bits, 0) : photo(p, data, w, h, kinds[k].grey);
	}
	return pdf_no(p, "pdf-image");
}

/* As many as the pages name, in the order of their numbers; masks stand behind their pictures and are shown by nobody else. */
bool pdf_pictures(struct pdf *p)
{
	bool masked = false, mask;
	uint32_t k = 0;

	for (; k < p->n_pictures || masked; k++) {
		mask = masked;
		if (k >= PDF_PICTURES_MAX || p->shown[k] == mask)
			return pdf_no(p, "pdf-resource");
		if (!picture(p, p->first_picture + k, mask, &masked))
			return false;
	}
	return true;
}

/* --- fonts ------------------------------------------------------------------------------------------------------------------- */

struct font {
	uint32_t n;                                      /* codes */
	int64_t box[4], width[PDF_FONT_CODES];
};

static bool number(struct pdf *p, int64_t *ret)
{
	struct pdf_text t = {p->c->in.p, p->c->in.n, p->i};

	if (!pdf_text_number(&t, 0, -GLYPH_FAR * UNIT, GLYPH_FAR * UNIT, ret))
		return pdf_no(p, "pdf-number");
	p->i = t.i;
	return true;
}

/* Codes of the font that pages use: 0 to n - 1, without a gap. 0 when there is one, or none is used. */
static uint32_t codes_of(const uint8_t *used)
{
	uint32_t n = 0;

	while (n < PDF_FONT_CODES && used[n / 8] >> n % 8 & 1)
		n++;
	for (uint32_t k = n; k < PDF_FONT_CODES; k++)
		if (used[k / 8] >> k % 8 & 1)
			return 0;
	return n;
}

static bool font_head(struct pdf *p, uint32_t object, struct font *f)
{
	char z[80];

	if (!pdf_object(p, object) || !pdf_eat(p, "<</Type/Font/Subtype/Type3/FontBBox["))
		return false;
	for (int k = 0; k < 4; k++)
		if ((k && !pdf_eat(p, " ")) || !number(p, &f->box[k]))
			return false;
	if (!pdf_eat(p, "]/FontMatrix[0.001 0 0 0.001 0 0]/CharProcs<<"))
		return false;
	for (uint32_t i = 0; i < f->n; i++) {
		snprintf(z, sizeof z, "/a%u %u 0 R", i, object + 2 + i);
		if (!pdf_eat(p, z))
			return false;
	}
	if (!pdf_eat(p, ">>/Encoding<</Differences[0"))
		return false;
	for (uint32_t i = 0; i < f->n; i++) {
		snprintf(z, sizeof z, "/a%u", i);
		if (!pdf_eat(p, z))
			return false;
	}
	snprintf(z, sizeof z, "]>>/FirstChar 0/LastChar %u/Widths[", f->n - 1);
	if (!pdf_eat(p, z))
		return false;
	for (uint32_t i = 0; i < f->n; i++)
		if ((i && !pdf_eat(p, " ")) || !number(p, &f->width[i]))
			return false;
	snprintf(z, sizeof z, "]/Resources<<>>/ToUnicode %u 0 R>>\nendobj\n", object + 1);
	return pdf_eat(p, z);
}

/* UTF-16 without controls; halves of pairs only as pairs. */
static bool stands_for(struct pdf_text *t)
{
	unsigned n = 0, v, low;

	for (; !pdf_text_word(t, ">\n"); n++) {
		if (n == TEXT_MAX || !pdf_hex(t, 4, &v) || v < 0x20 || (v >= 0x7f && v < 0xa0) || v >= 0xfffe)
			return false;
		if (v >= 0xd800 && v < 0xe000) {
			if (v >= 0xdc00 || ++n == TEXT_MAX || !pdf_hex(t, 4, &low) || low < 0xdc00 || low >= 0xe000)
				return false;
		}
	}
	return n > 0;
}

static bool to_unicode(struct pdf *p, uint32_t object, const struct font *f)
{
	struct str packed, raw;
	struct pdf_text t;
	int64_t block = 100;
	unsigned next = 0, code;

	if (!pdf_object(p, object) || !pdf_eat(p, "<</Filter/FlateDecode") || !pdf_stream(p, &packed) || !pdf_unpack(p, packed, "pdf-font", &raw))
		return false;
	t = (struct pdf_text){raw.p, raw.n, 0};
	if (!pdf_text_word(&t, "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /SekishoGlyphs def\n/CMapType 2 def\n"
	                  "1 begincodespacerange\n<00> <FF>\nendcodespacerange\n"))
		return pdf_no(p, "pdf-font");
	while (!pdf_text_word(&t, "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n")) {
		/* full blocks, but for the last */
		if (block != 100 || !pdf_text_number(&t, 0, UNIT, 100 * UNIT, &block) || !pdf_text_word(&t, " beginbfchar\n"))
			return pdf_no(p, "pdf-font");
		block /= UNIT;
		for (int64_t k = 0; k < block; k++, next = code + 1)
			if (!pdf_text_word(&t, "<") || !pdf_hex(&t, 2, &code) || code < next || code >= f->n || !pdf_text_word(&t, "> <") || !stands_for(&t))
				return pdf_no(p, "pdf-font");
		if (!pdf_text_word(&t, "endbfchar\n"))
			return pdf_no(p, "pdf-font");
	}
	return t.i == t.n || pdf_no(p, "pdf-font");
}

static bool font(struct pdf *p, uint32_t k)
{
	uint32_t object = p->n;
	struct font f = {.n = codes_of(p->codes[k])};
	struct str data;

	if (!f.n || (k + 1 < p->n_fonts && f.n != PDF_FONT_CODES) || p->font_object[k] != object)
		return pdf_no(p, "pdf-resource");
	if (!font_head(p, object, &f) || !to_unicode(p, object + 1, &f))
		return false;
	for (uint32_t i = 0; i < f.n; i++)
		if (!pdf_object(p, object + 2 + i) || !pdf_eat(p, "<</Filter/FlateDecode") || !pdf_stream(p, &data) ||
		    !pdf_unpack(p, data, "pdf-glyph", &data) || !pdf_outline(p, data, f.width[i], f.box))
			return false;
	return true;
}

bool pdf_fonts(struct pdf *p)
{
	for (uint32_t k = 0; k < p->n_fonts; k++)
		if (!font(p, k))
			return false;
	return true;
}

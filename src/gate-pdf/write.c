#include "gate-pdf/write.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <libdeflate.h>

#include "lib/hash.h"
#include "lib/text.h"

#define FIRST_PAGE 7u                                /* objects before: catalogue, pages, font of the invisible text, its parts */
#define LEVEL 9
#define FONT_OBJECTS 2u                              /* besides its glyphs: itself, what its codes stand for */

const char *const pdf_blends[PDF_BLENDS] = {"Normal", "Multiply", "Screen", "Overlay", "Darken", "Lighten", "ColorDodge", "ColorBurn", "HardLight",
                                            "SoftLight", "Difference", "Exclusion", "Hue", "Saturation", "Color", "Luminosity"};

/* Where the numbers of objects come from: pages at 7, then pictures, then fonts with their glyphs. */
struct layout {
	struct buf *out;
	const struct pdf_writer *w;
	size_t *at;
	uint32_t *picture, *font;                        /* object numbers, 0 for what is left out */
	uint32_t n;                                      /* objects, with 0 */
};

char *pdf_pack(const void *p, size_t n, int level, size_t *ret_n)
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(level);
	size_t room = c ? libdeflate_zlib_compress_bound(c, n) : 0;
	char *packed = c ? malloc(room + 1) : NULL;

	*ret_n = packed ? libdeflate_zlib_compress(c, p, n, packed, room) : 0;
	libdeflate_free_compressor(c);
	if (*ret_n)
		return packed;
	free(packed);
	return NULL;
}

/* --- pages as they come ---------------------------------------------------------------------------------------------------- */

int pdf_begin(struct pdf_writer *w, uint32_t pages)
{
	*w = (struct pdf_writer){0};
	if (!pages || pages > PDF_PAGES_MAX)
		return ERR_TOOBIG;
	w->pages = calloc(pages, sizeof *w->pages);
	return w->pages ? 0 : ERR_NOMEM;
}

static int use_picture(struct pdf_uses *u, uint32_t picture)
{
	uint32_t i = u->n_pictures;

	while (i && u->pictures[i - 1] > picture)
		i--;
	if (i && u->pictures[i - 1] == picture)
		return 0;
	if (u->n_pictures == u->cap) {
		uint32_t cap = u->cap ? 2 * u->cap : 16, *list = realloc(u->pictures, cap * sizeof *list);

		if (!list)
			return ERR_NOMEM;
		u->pictures = list;
		u->cap = cap;
	}
	memmove(u->pictures + i + 1, u->pictures + i, (u->n_pictures - i) * sizeof *u->pictures);
	u->pictures[i] = picture;
	u->n_pictures++;
	return 0;
}

int pdf_uses_of(struct str content, struct pdf_uses *ret)
{
	*ret = (struct pdf_uses){0};
	for (size_t i = 0; i + 1 < content.n; i++) {
		char kind = content.p[i + 1];
		uint32_t v = 0;

		if (content.p[i] != '/')
			continue;
		for (i += 2; i < content.n && content.p[i] >= '0' && content.p[i] <= '9'; i++)
			v = v * 10 + (uint32_t)(content.p[i] - '0');
		if (kind == 'I' && use_picture(ret, v))
			return ERR_NOMEM;
		if (kind == 'T' && v < GLYPH_FONTS_MAX)
			ret->fonts[v / 8] |= (uint8_t)(1u << v % 8);
		if (kind == 'A' && v >= 1 && v <= 100)
			ret->alphas[v - 1] = 1;
		if (kind == 'B' && v < PDF_BLENDS)
			ret->blends[v] = 1;
		ret->text |= kind == 'F';
	}
	return 0;
}

void pdf_uses_release(struct pdf_uses *u)
{
	free(u->pictures);
	*u = (struct pdf_uses){0};
}

int pdf_page(struct pdf_writer *w, double width, double height, struct str content, struct pdf_uses *uses)
{
	struct pdf_page *p = &w->pages[w->n_pages];

	if (content.n > PDF_CONTENT_MAX)
		return ERR_TOOBIG;
	*p = (struct pdf_page){.w = width, .h = height, .uses = *uses};
	p->packed = pdf_pack(content.p, content.n, LEVEL, &p->n);
	*uses = (struct pdf_uses){0};
	if (!p->packed) {
		pdf_uses_release(&p->uses);
		return ERR_NOMEM;
	}
	w->n_pages++;
	return 0;
}

void pdf_drop_page(struct pdf_writer *w)
{
	struct pdf_page *p = &w->pages[--w->n_pages];

	free(p->packed);
	pdf_uses_release(&p->uses);
}

/* --- objects ------------------------------------------------------------------------------------------------------------------ */

static void begin_object(struct layout *l, uint32_t n)
{
	l->at[n] = l->out->n;
	buf_printf(l->out, "%u 0 obj\n", n);
}

static void put_stream(struct layout *l, const char *before, const char *p, size_t n)
{
	buf_printf(l->out, "%s/Length %zu>>\nstream\n", before, n);
	buf_put(l->out, p, n);
	buf_puts(l->out, "\nendstream\nendobj\n");
}

/* The codes of the invisible text are UTF-16 of the basic plane, each standing for itself. */
static void put_text_font(struct layout *l)
{
	struct buf b;

	begin_object(l, 3);
	buf_puts(l->out, "<</Type/Font/Subtype/Type0/BaseFont/SekishoText/Encoding/Identity-H/DescendantFonts[4 0 R]/ToUnicode 6 0 R>>\nendobj\n");
	begin_object(l, 4);
	buf_puts(l->out, "<</Type/Font/Subtype/CIDFontType2/BaseFont/SekishoText/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
	                 "/FontDescriptor 5 0 R/DW 500>>\nendobj\n");
	begin_object(l, 5);
	buf_puts(l->out, "<</Type/FontDescriptor/FontName/SekishoText/Flags 4/FontBBox[0 0 500 1000]/ItalicAngle 0/Ascent 880/Descent -120"
	                 "/CapHeight 700/StemV 80>>\nendobj\n");
	buf_init(&b, 65536);
	buf_puts(&b, "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /SekishoText def\n/CMapType 2 def\n"
	             "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n");
	for (unsigned i = 0; i < 256; i++) {
		if (i % 64 == 0)
			buf_puts(&b, "64 beginbfrange\n");
		buf_printf(&b, "<%02X00> <%02XFF> <%02X00>\n", i, i, i);
		if (i % 64 == 63)
			buf_puts(&b, "endbfrange\n");
	}
	buf_puts(&b, "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n");
	begin_object(l, 6);
	put_stream(l, "<<", b.p, b.n);
	buf_release(&b);
}

static bool any(const uint8_t *p, size_t n)
{
	while (n--)
		if (*p++)
			return true;
	return false;
}

static void put_resources(struct layout *l, const struct pdf_uses *u)
{
	if (u->n_pictures) {
		buf_puts(l->out, "/XObject<<");
		for (uint32_t i = 0; i < u->n_pictures; i++)
			buf_printf(l->out, "/I%u %u 0 R", u->pictures[i], l->picture[u->pictures[i]]);
		buf_puts(l->out, ">>");
	}
	if (u->text || any(u->fonts, sizeof u->fonts)) {
		buf_puts(l->out, "/Font<<");
		if (u->text)
			buf_puts(l->out, "/F 3 0 R");
		for (uint32_t t = 0; t < GLYPH_FONTS_MAX; t++)
			if (u->fonts[t / 8] >> t % 8 & 1)
				buf_printf(l->out, "/T%u %u 0 R", t, l->font[t]);
		buf_puts(l->out, ">>");
	}
	if (any(u->alphas, sizeof u->alphas) || any(u->blends, sizeof u->blends)) {
		buf_puts(l->out, "/ExtGState<<");
		for (unsigned a = 1; a <= 100; a++)
			if (u->alphas[a - 1]) {
				buf_printf(l->out, "/A%u<</CA ", a);
				pdf_number(l->out, a / 100.0, 2);
				buf_puts(l->out, "/ca ");
				pdf_number(l->out, a / 100.0, 2);
				buf_puts(l->out, ">>");
			}
		for (unsigned m = 0; m < PDF_BLENDS; m++)
			if (u->blends[m])
				buf_printf(l->out, "/B%u<</BM/%s>>", m, pdf_blends[m]);
		buf_puts(l->out, ">>");
	}
}

static void put_page(struct layout *l, const struct pdf_page *p, uint32_t n)
{
	begin_object(l, n);
	buf_puts(l->out, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 ");
	pdf_number(l->out, p->w, 2);
	buf_putc(l->out, ' ');
	pdf_number(l->out, p->h, 2);
	buf_printf(l->out, "]/Contents %u 0 R/Resources<<", n + 1);
	put_resources(l, &p->uses);
	buf_puts(l->out, ">>>>\nendobj\n");
	begin_object(l, n + 1);
	put_stream(l, "<</Filter/FlateDecode", p->packed, p->n);
}

static void put_picture(struct layout *l, uint32_t i)
{
	const struct picture *p = &l->w->pictures.list[i];

	begin_object(l, l->picture[i]);
	buf_put(l->out, p->head, p->n_head);
	if (p->masked)
		buf_printf(l->out, "/SMask %u 0 R", l->picture[i] + 1);
	buf_put(l->out, p->body, p->n_body);
}

static uint32_t glyphs_in(const struct glyphs *g, uint32_t font)
{
	return g->n - font * GLYPH_FONT < GLYPH_FONT ? g->n - font * GLYPH_FONT : GLYPH_FONT;
}

static void put_to_unicode(struct layout *l, const struct glyph *g, uint32_t n, uint32_t number)
{
	uint32_t known = 0, k = 0;
	struct buf b;
	size_t packed = 0;
	char *p;

	for (uint32_t i = 0; i < n; i++)
		known += g[i].n_text > 0;
	buf_init(&b, 65536);
	buf_puts(&b, "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapName /SekishoGlyphs def\n/CMapType 2 def\n"
	             "1 begincodespacerange\n<00> <FF>\nendcodespacerange\n");
	for (uint32_t i = 0; i < n; i++) {
		if (!g[i].n_text)
			continue;
		if (k % 100 == 0)
			buf_printf(&b, "%u beginbfchar\n", known - k < 100 ? known - k : 100);
		buf_printf(&b, "<%02X> <", i);
		for (unsigned t = 0; t < g[i].n_text; t++)
			buf_printf(&b, "%04X", g[i].text[t]);
		buf_puts(&b, ">\n");
		if (++k % 100 == 0 || k == known)
			buf_puts(&b, "endbfchar\n");
	}
	buf_puts(&b, "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n");
	begin_object(l, number);
	p = pdf_pack(b.p, b.n, LEVEL, &packed);
	put_stream(l, "<</Filter/FlateDecode", p, packed);
	free(p);
	buf_release(&b);
}

static void put_font(struct layout *l, uint32_t t)
{
	const struct glyph *g = l->w->glyphs.list + t * GLYPH_FONT;
	uint32_t n = glyphs_in(&l->w->glyphs, t), number = l->font[t];
	int box[4] = {0};

	for (uint32_t i = 0; i < n; i++)
		for (int k = 0; k < 2; k++) {
			box[k] = g[i].box[k] < box[k] ? g[i].box[k] : box[k];
			box[k + 2] = g[i].box[k + 2] > box[k + 2] ? g[i].box[k + 2] : box[k + 2];
		}
	begin_object(l, number);
	buf_printf(l->out, "<</Type/Font/Subtype/Type3/FontBBox[%d %d %d %d]/FontMatrix[0.001 0 0 0.001 0 0]/CharProcs<<", box[0], box[1], box[2],
	           box[3]);
	for (uint32_t i = 0; i < n; i++)
		buf_printf(l->out, "/a%u %u 0 R", i, number + FONT_OBJECTS + i);
	buf_puts(l->out, ">>/Encoding<</Differences[0");
	for (uint32_t i = 0; i < n; i++)
		buf_printf(l->out, "/a%u", i);
	buf_printf(l->out, "]>>/FirstChar 0/LastChar %u/Widths[", n - 1);
	for (uint32_t i = 0; i < n; i++)
		buf_printf(l->out, "%s%d", i ? " " : "", g[i].width);
	buf_printf(l->out, "]/Resources<<>>/ToUnicode %u 0 R>>\nendobj\n", number + 1);
	put_to_unicode(l, g, n, number + 1);
	for (uint32_t i = 0; i < n; i++) {
		begin_object(l, number + FONT_OBJECTS + i);
		put_stream(l, "<</Filter/FlateDecode", g[i].packed, g[i].n_packed);
	}
}

/* --- the document ------------------------------------------------------------------------------------------------------------- */

static void put_front(struct layout *l, uint32_t pages)
{
	buf_puts(l->out, "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n");
	begin_object(l, 1);
	buf_puts(l->out, "<</Type/Catalog/Pages 2 0 R>>\nendobj\n");
	begin_object(l, 2);
	buf_puts(l->out, "<</Type/Pages/Kids[");
	for (uint32_t i = 0; i < pages; i++)
		buf_printf(l->out, "%s%u 0 R", i ? " " : "", FIRST_PAGE + 2 * i);
	buf_printf(l->out, "]/Count %u>>\nendobj\n", pages);
	put_text_font(l);
}

static void put_end(struct layout *l)
{
	size_t at = l->out->n;
	uint8_t id[SHA256_LEN];

	if (buf_err(l->out))
		return;
	sha256(l->out->p, at, id);
	buf_printf(l->out, "xref\n0 %u\n0000000000 65535 f \n", l->n);
	for (uint32_t i = 1; i < l->n; i++)
		buf_printf(l->out, "%010zu 00000 n \n", l->at[i]);
	buf_printf(l->out, "trailer\n<</Size %u/Root 1 0 R/ID[<", l->n);
	buf_hex(l->out, id, 16);
	buf_puts(l->out, "><");
	buf_hex(l->out, id, 16);
	buf_printf(l->out, ">]>>\nstartxref\n%zu\n%%%%EOF\n", at);
}

/* Numbers for what the pages from first on use; all of it when they are all. */
static int lay_out(struct layout *l, const struct pdf_writer *w, uint32_t first)
{
	const struct pdf_uses *u = &w->pages[first].uses;
	uint32_t fonts = (w->glyphs.n + GLYPH_FONT - 1) / GLYPH_FONT;
	bool whole = !first;

	l->n = FIRST_PAGE + 2 * (w->n_pages - first);
	l->picture = calloc((size_t)w->pictures.n + fonts + 1, sizeof *l->picture);
	if (!l->picture)
		return ERR_NOMEM;
	l->font = l->picture + w->pictures.n;
	for (uint32_t i = 0, k = 0; i < w->pictures.n; i++) {
		bool used = whole || (k < u->n_pictures && u->pictures[k] == i);

		k += used;
		if (!used)
			continue;
		l->picture[i] = l->n++;
		if (w->pictures.list[i].masked)
			l->picture[++i] = l->n++;
	}
	for (uint32_t t = 0; t < fonts; t++)
		if (whole || u->fonts[t / 8] >> t % 8 & 1) {
			l->font[t] = l->n;
			l->n += FONT_OBJECTS + glyphs_in(&w->glyphs, t);
		}
	l->at = calloc(l->n, sizeof *l->at);
	return l->at ? 0 : ERR_NOMEM;
}

static int put_from(struct pdf_writer *w, uint32_t first, struct buf *out)
{
	struct layout l = {.out = out, .w = w};
	int r = lay_out(&l, w, first);

	if (!r) {
		put_front(&l, w->n_pages - first);
		for (uint32_t i = first; i < w->n_pages; i++)
			put_page(&l, &w->pages[i], FIRST_PAGE + 2 * (i - first));
		for (uint32_t i = 0; i < w->pictures.n; i++)
			if (l.picture[i])
				put_picture(&l, i);
		for (uint32_t t = 0; t * GLYPH_FONT < w->glyphs.n; t++)
			if (l.font[t])
				put_font(&l, t);
		put_end(&l);
		r = buf_err(out);
	}
	free(l.picture);
	free(l.at);
	return r;
}

int pdf_end(struct pdf_writer *w, struct buf *out)
{
	return put_from(w, 0, out);
}

int pdf_proof(struct pdf_writer *w, struct buf *out)
{
	return put_from(w, w->n_pages - 1, out);
}

/* --- numbers and words ---------------------------------------------------------------------------------------------------------- */

void pdf_number(struct buf *b, double v, unsigned places)
{
	static const long tens[] = {1, 10, 100, 1000, 10000};
	long c = lround(v * (double)tens[places]), rest;

	if (c < 0) {
		buf_putc(b, '-');
		c = -c;
	}
	buf_printf(b, "%ld", c / tens[places]);
	rest = c % tens[places];
	if (!rest)
		return;
	buf_putc(b, '.');
	for (unsigned k = places; rest; rest %= tens[k])
		buf_putc(b, (char)('0' + rest / tens[--k]));
}

void pdf_word(struct buf *text, struct str word, double x, double y, double width, double height)
{
	size_t n = 0;
	struct buf hex;

	if (!(height >= 1 && height < 2000 && width > 0.1 && width < 20000 && x > -20000 && x < 20000 && y > -20000 && y < 20000))
		return;
	buf_init(&hex, 8192);
	while (word.n && n < 500) {
		uint32_t c;
		size_t k = utf8_next(word, &c);

		if (!k)
			break;
		word = str_slice(word, k, word.n);
		if (c < 0x20 || c > 0xffff || (c >= 0x7f && c < 0xa0) || (c >= 0xd800 && c < 0xe000))
			continue;
		buf_printf(&hex, "%04X", c);
		n++;
	}
	if (n && !buf_err(&hex)) {
		double scale = width / (0.5 * height * (double)n) * 100;

		buf_puts(text, "/F ");
		pdf_number(text, height, 2);
		buf_puts(text, " Tf ");
		pdf_number(text, scale < 1 ? 1 : scale > 9999 ? 9999 : scale, 2);
		buf_puts(text, " Tz 1 0 0 1 ");
		pdf_number(text, x, 2);
		buf_putc(text, ' ');
		pdf_number(text, y, 2);
		buf_printf(text, " Tm <%s> Tj\n", buf_z(&hex));
	}
	buf_release(&hex);
}

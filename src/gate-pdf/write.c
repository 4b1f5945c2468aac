#include "gate-pdf/write.h"

#include <stdlib.h>
#include <string.h>

#include <libdeflate.h>

#include "lib/hash.h"
#include "lib/text.h"

#define FIRST_PAGE 7u                                /* objects before: catalogue, pages, font, its parts */
#define LEVEL 6
#define FLAT_SHARE 60u                               /* percent of samples like their left neighbour: a drawing, no photo */
#define PALETTE_MAX 256u

static void begin_object(struct pdf_writer *w, uint32_t n)
{
	w->at[n] = w->out->n;
	buf_printf(w->out, "%u 0 obj\n", n);
}

/* The codes of the invisible text are UTF-16 of the basic plane, each standing for itself. */
static void put_to_unicode(struct pdf_writer *w)
{
	struct buf b;

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
	begin_object(w, 6);
	buf_printf(w->out, "<</Length %zu>>\nstream\n", b.n);
	buf_str(w->out, buf_view(&b));
	buf_puts(w->out, "\nendstream\nendobj\n");
	buf_release(&b);
}

int pdf_begin(struct pdf_writer *w, struct buf *out, uint32_t pages)
{
	*w = (struct pdf_writer){.out = out, .pages = pages};
	if (!pages || pages > PDF_PAGES_MAX)
		return ERR_TOOBIG;
	w->at = calloc(FIRST_PAGE + 3 * (size_t)pages, sizeof *w->at);
	if (!w->at)
		return ERR_NOMEM;
	buf_puts(out, "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n");
	begin_object(w, 1);
	buf_puts(out, "<</Type/Catalog/Pages 2 0 R>>\nendobj\n");
	begin_object(w, 2);
	buf_puts(out, "<</Type/Pages/Kids[");
	for (uint32_t i = 0; i < pages; i++)
		buf_printf(out, "%s%u 0 R", i ? " " : "", FIRST_PAGE + 3 * i);
	buf_printf(out, "]/Count %u>>\nendobj\n", pages);
	begin_object(w, 3);
	buf_puts(out, "<</Type/Font/Subtype/Type0/BaseFont/SekishoText/Encoding/Identity-H/DescendantFonts[4 0 R]/ToUnicode 6 0 R>>\nendobj\n");
	begin_object(w, 4);
	buf_puts(out, "<</Type/Font/Subtype/CIDFontType2/BaseFont/SekishoText/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
	              "/FontDescriptor 5 0 R/DW 500>>\nendobj\n");
	begin_object(w, 5);
	buf_puts(out, "<</Type/FontDescriptor/FontName/SekishoText/Flags 4/FontBBox[0 0 500 1000]/ItalicAngle 0/Ascent 880/Descent -120"
	              "/CapHeight 700/StemV 80>>\nendobj\n");
	put_to_unicode(w);
	return buf_err(out);
}

/* --- pictures --------------------------------------------------------------------------------------------------------- */

static bool drawing(const struct image *im)
{
	size_t same = 0, n = (size_t)im->w * im->h;

	for (uint32_t y = 0; y < im->h; y++) {
		const uint8_t *p = im->px + (size_t)y * im->w * im->channels;

		for (uint32_t x = 1; x < im->w; x++)
			same += !memcmp(p + (size_t)x * im->channels, p + (size_t)(x - 1) * im->channels, im->channels);
	}
	return same * 100 > n * FLAT_SHARE;
}

static uint8_t coarse(uint8_t v)
{
	return (uint8_t)((v * 15 + 127) / 255);
}

/* Sixteen greys, two samples a byte. */
static uint8_t *greys(const struct image *im, size_t *n)
{
	size_t row = (im->w + 1) / 2;
	uint8_t *out = calloc(im->h, row);

	*n = row * im->h;
	for (uint32_t y = 0; out && y < im->h; y++)
		for (uint32_t x = 0; x < im->w; x++)
			out[y * row + x / 2] |= (uint8_t)(coarse(im->px[(size_t)y * im->w + x]) << (x % 2 ? 0 : 4));
	return out;
}

struct palette {
	uint8_t index[4096];
	bool used[4096];
	uint16_t colour[PALETTE_MAX];
	unsigned n;
};

/* Sixteen steps a colour, one byte a sample; NULL when that makes more than 256 colours. */
static uint8_t *colours(const struct image *im, struct palette *p, size_t *n)
{
	uint8_t *out;

	memset(p, 0, sizeof *p);
	*n = (size_t)im->w * im->h;
	out = malloc(*n);
	for (size_t i = 0; out && i < *n; i++) {
		const uint8_t *s = im->px + 3 * i;
		unsigned c = (unsigned)(coarse(s[0]) << 8 | coarse(s[1]) << 4 | coarse(s[2]));

		if (!p->used[c]) {
			if (p->n == PALETTE_MAX) {
				free(out);
				return NULL;
			}
			p->used[c] = true;
			p->colour[p->n] = (uint16_t)c;
			p->index[c] = (uint8_t)p->n++;
		}
		out[i] = p->index[c];
	}
	return out;
}

static int put_stream(struct pdf_writer *w, const void *p, size_t n, const char *before)
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(LEVEL);
	size_t room = c ? libdeflate_zlib_compress_bound(c, n) : 0, k = 0;
	uint8_t *packed = malloc(room + 1);

	if (c && packed)
		k = libdeflate_zlib_compress(c, p, n, packed, room);
	buf_printf(w->out, "%s/Filter/FlateDecode/Length %zu>>\nstream\n", before, k);
	buf_put(w->out, packed, k);
	buf_puts(w->out, "\nendstream\nendobj\n");
	free(packed);
	libdeflate_free_compressor(c);
	return k ? buf_err(w->out) : ERR_NOMEM;
}

static int put_photo(struct pdf_writer *w, const struct image *im)
{
	struct buf jpeg;
	int r;

	buf_init(&jpeg, 256u << 20);
	r = image_put_jpeg(im, &jpeg);
	buf_printf(w->out, "/ColorSpace/%s/BitsPerComponent 8/Filter/DCTDecode/Length %zu>>\nstream\n",
	           im->channels == 1 ? "DeviceGray" : "DeviceRGB", jpeg.n);
	buf_str(w->out, buf_view(&jpeg));
	buf_puts(w->out, "\nendstream\nendobj\n");
	buf_release(&jpeg);
	return r ? r : buf_err(w->out);
}

static int put_image(struct pdf_writer *w, const struct image *im)
{
	struct palette *pal = malloc(sizeof *pal);
	struct buf head;
	uint8_t *px = NULL;
	size_t n;
	int r;

	if (!pal)
		return ERR_NOMEM;
	buf_init(&head, 4096);
	buf_printf(w->out, "<</Type/XObject/Subtype/Image/Width %u/Height %u", im->w, im->h);
	if (drawing(im))
		px = im->channels == 1 ? greys(im, &n) : colours(im, pal, &n);
	if (!px) {
		r = put_photo(w, im);
	} else {
		if (im->channels == 1) {
			buf_puts(&head, "/ColorSpace/DeviceGray/BitsPerComponent 4");
		} else {
			buf_printf(&head, "/ColorSpace[/Indexed/DeviceRGB %u<", pal->n - 1);
			for (unsigned i = 0; i < pal->n; i++)
				buf_printf(&head, "%02X%02X%02X", (pal->colour[i] >> 8) * 17, (pal->colour[i] >> 4 & 15) * 17, (pal->colour[i] & 15) * 17);
			buf_puts(&head, ">]/BitsPerComponent 8");
		}
		r = put_stream(w, px, n, buf_z(&head));
	}
	free(px);
	free(pal);
	buf_release(&head);
	return r;
}

/* --- pages -------------------------------------------------------------------------------------------------------------- */

/* Two places at most, no sign before 0, none of them trailing: one way to write a number. */
static void number(struct buf *b, double v)
{
	long c = (long)(v * 100 + (v < 0 ? -0.5 : 0.5));

	if (c < 0) {
		buf_putc(b, '-');
		c = -c;
	}
	buf_printf(b, "%ld", c / 100);
	if (c % 100) {
		buf_printf(b, ".%ld", c % 100 / 10);
		if (c % 10)
			buf_printf(b, "%ld", c % 10);
	}
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
		number(text, height);
		buf_puts(text, " Tf ");
		number(text, scale < 1 ? 1 : scale > 9999 ? 9999 : scale);
		buf_puts(text, " Tz 1 0 0 1 ");
		number(text, x);
		buf_putc(text, ' ');
		number(text, y);
		buf_printf(text, " Tm <%s> Tj\n", buf_z(&hex));
	}
	buf_release(&hex);
}

int pdf_page(struct pdf_writer *w, double width, double height, const struct image *im, struct str text)
{
	uint32_t n = FIRST_PAGE + 3 * w->page++;
	struct buf b;
	int r;

	begin_object(w, n);
	buf_puts(w->out, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 ");
	number(w->out, width);
	buf_putc(w->out, ' ');
	number(w->out, height);
	buf_printf(w->out, "]/Contents %u 0 R/Resources<</XObject<</I %u 0 R>>/Font<</F 3 0 R>>>>>>\nendobj\n", n + 1, n + 2);
	begin_object(w, n + 1);
	buf_init(&b, 64u << 20);
	buf_puts(&b, "q\n");
	number(&b, width);
	buf_puts(&b, " 0 0 ");
	number(&b, height);
	buf_puts(&b, " 0 0 cm\n/I Do\nQ\n");
	if (text.n) {
		buf_puts(&b, "BT\n3 Tr\n");
		buf_str(&b, text);
		buf_puts(&b, "ET\n");
	}
	r = buf_err(&b);
	if (!r)
		r = put_stream(w, b.p, b.n, "<<");
	buf_release(&b);
	begin_object(w, n + 2);
	return r ? r : put_image(w, im);
}

int pdf_end(struct pdf_writer *w)
{
	size_t at = w->out->n;
	uint32_t n = FIRST_PAGE + 3 * w->pages;
	uint8_t id[SHA256_LEN];

	if (buf_err(w->out) || w->page != w->pages)
		return ERR_NOMEM;
	sha256(w->out->p, at, id);
	buf_printf(w->out, "xref\n0 %u\n0000000000 65535 f \n", n);
	for (uint32_t i = 1; i < n; i++)
		buf_printf(w->out, "%010zu 00000 n \n", w->at[i]);
	buf_printf(w->out, "trailer\n<</Size %u/Root 1 0 R/ID[<", n);
	buf_hex(w->out, id, 16);
	buf_puts(w->out, "><");
	buf_hex(w->out, id, 16);
	buf_printf(w->out, ">]>>\nstartxref\n%zu\n%%%%EOF\n", at);
	free(w->at);
	return buf_err(w->out);
}

/* TIFF: one page becomes a picture. Several (a fax, a scanner's stack) become pages of a PDF, which is a stranger's document like any other
 * and takes the whole way through the gate. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libdeflate.h>
#include <tiffio.h>

#include "gate-image/decode.h"

#define PAGES_MAX 300u
#define PDF_MAX (256u << 20)
#define LEVEL 6
#define DPI 200.0f                                   /* where the page says none, or none that can be */
#define POINTS_MIN 18.0f
#define POINTS_MAX 3000.0f

struct memory {
	struct str s;
	uint64_t at;
};

static tmsize_t mem_read(thandle_t h, void *to, tmsize_t n)
{
	struct memory *m = h;
	uint64_t k = m->at < m->s.n ? m->s.n - m->at : 0;

	if ((uint64_t)n < k)
		k = (uint64_t)n;
	memcpy(to, m->s.p + m->at, k);
	m->at += k;
	return (tmsize_t)k;
}

static tmsize_t mem_write(thandle_t h, void *p, tmsize_t n)
{
	(void)h;
	(void)p;
	(void)n;
	return -1;
}

static toff_t mem_seek(thandle_t h, toff_t off, int whence)
{
	struct memory *m = h;
	uint64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? m->at : m->s.n;

	if (off > m->s.n || base + off > m->s.n)
		return (toff_t)-1;
	m->at = base + off;
	return m->at;
}

static int mem_close(thandle_t h)
{
	(void)h;
	return 0;
}

static toff_t mem_size(thandle_t h)
{
	return ((struct memory *)h)->s.n;
}

static TIFF *open_it(struct memory *m)
{
	TIFFSetErrorHandler(NULL);
	TIFFSetWarningHandler(NULL);
	return TIFFClientOpen("in", "rm", m, mem_read, mem_write, mem_seek, mem_close, mem_size, NULL, NULL);
}

/* The page at hand. */
static int read_page(TIFF *t, struct image *im)
{
	uint32_t w = 0, h = 0;
	int r;

	if (!TIFFGetField(t, TIFFTAG_IMAGEWIDTH, &w) || !TIFFGetField(t, TIFFTAG_IMAGELENGTH, &h))
		return ERR_SYNTAX;
	r = image_alloc(im, w, h, 4);
	if (!r && !TIFFReadRGBAImageOriented(t, w, h, (uint32_t *)(void *)im->px, ORIENTATION_TOPLEFT, 0))
		r = ERR_SYNTAX;
	return r;
}

int decode_tiff(struct job *j, struct image *im)
{
	struct memory m = {j->in, 0};
	TIFF *t = open_it(&m);
	int r = t ? read_page(t, im) : ERR_SYNTAX;

	if (t)
		TIFFClose(t);
	return r ? decode_failed(j, r) : 0;
}

/* --- several pages */

struct pdf {
	struct buf b;
	size_t at[3 + 3 * PAGES_MAX];                    /* where each object begins; 1 catalogue, 2 pages, then page, content, picture */
	unsigned n;
};

static void begin_object(struct pdf *p, unsigned id)
{
	p->at[id] = p->b.n;
	buf_printf(&p->b, "%u 0 obj\n", id);
}

static void put_stream(struct pdf *p, const char *dict, struct str bytes)
{
	buf_printf(&p->b, "<<%s/Length %zu>>\nstream\n", dict, bytes.n);
	buf_str(&p->b, bytes);
	buf_puts(&p->b, "\nendstream\nendobj\n");
}

/* Points of a side of so many pixels. */
static float points(TIFF *t, uint32_t tag, uint32_t pixels)
{
	uint16_t unit = RESUNIT_INCH;
	float dpi = 0, pt;

	(void)TIFFGetFieldDefaulted(t, TIFFTAG_RESOLUTIONUNIT, &unit);
	if (!TIFFGetField(t, tag, &dpi) || unit == RESUNIT_NONE)
		dpi = DPI;
	if (unit == RESUNIT_CENTIMETER)
		dpi *= 2.54f;
	pt = (float)pixels * 72 / (dpi >= 20 && dpi <= 5000 ? dpi : DPI);
	return pt < POINTS_MIN ? POINTS_MIN : pt > POINTS_MAX ? POINTS_MAX : pt;
}

/* Grey as it is, colour as JPEG. */
static int put_picture(struct pdf *p, unsigned id, const struct image *im)
{
	struct libdeflate_compressor *c = NULL;
	struct buf bytes;
	char dict[160];
	int r = 0;

	buf_init(&bytes, PDF_MAX);
	if (im->channels == 1) {
		size_t n = (size_t)im->w * im->h, room;
		void *packed;

		c = libdeflate_alloc_compressor(LEVEL);
		room = c ? libdeflate_zlib_compress_bound(c, n) : 0;
		packed = malloc(room + 1);
		n = c && packed ? libdeflate_zlib_compress(c, im->px, n, packed, room) : 0;
		buf_put(&bytes, packed, n);
		r = n ? buf_err(&bytes) : ERR_NOMEM;
		free(packed);
		libdeflate_free_compressor(c);
	} else {
		r = image_put_jpeg(im, &bytes);
	}
	snprintf(dict, sizeof dict, "/Type/XObject/Subtype/Image/Width %u/Height %u/BitsPerComponent 8/ColorSpace/%s/Filter/%s", im->w, im->h,
	         im->channels == 1 ? "DeviceGray" : "DeviceRGB", im->channels == 1 ? "FlateDecode" : "DCTDecode");
	begin_object(p, id);
	put_stream(p, dict, buf_view(&bytes));
	buf_release(&bytes);
	return r ? r : buf_err(&p->b);
}

static int put_page(struct pdf *p, TIFF *t)
{
	struct image im = {0};
	unsigned id = 3 + 3 * p->n;
	float w, h;
	char content[96];
	int r = read_page(t, &im);

	if (r) {
		image_free(&im);
		return r;
	}
	w = points(t, TIFFTAG_XRESOLUTION, im.w);
	h = points(t, TIFFTAG_YRESOLUTION, im.h);
	image_simplify(&im);
	begin_object(p, id);
	buf_printf(&p->b, "<</Type/Page/Parent 2 0 R/MediaBox[0 0 %.2f %.2f]/Contents %u 0 R/Resources<</XObject<</I %u 0 R>>>>>>\nendobj\n", (double)w,
	           (double)h, id + 1, id + 2);
	snprintf(content, sizeof content, "%.2f 0 0 %.2f 0 0 cm /I Do", (double)w, (double)h);
	begin_object(p, id + 1);
	put_stream(p, "", str_from(content));
	r = put_picture(p, id + 2, &im);
	image_free(&im);
	p->n++;
	return r;
}

static int put_end(struct pdf *p)
{
	unsigned objects = 2 + 3 * p->n;
	size_t at;

	begin_object(p, 1);
	buf_puts(&p->b, "<</Type/Catalog/Pages 2 0 R>>\nendobj\n");
	begin_object(p, 2);
	buf_printf(&p->b, "<</Type/Pages/Count %u/Kids[", p->n);
	for (unsigned i = 0; i < p->n; i++)
		buf_printf(&p->b, "%u 0 R ", 3 + 3 * i);
	buf_puts(&p->b, "]>>\nendobj\n");
	at = p->b.n;
	buf_printf(&p->b, "xref\n0 %u\n0000000000 65535 f \n", objects + 1);
	for (unsigned i = 1; i <= objects; i++)
		buf_printf(&p->b, "%010zu 00000 n \n", p->at[i]);
	buf_printf(&p->b, "trailer\n<</Size %u/Root 1 0 R>>\nstartxref\n%zu\n%%%%EOF\n", objects + 1, at);
	return buf_err(&p->b);
}

/* Through the gate as what it is now. */
static int hand_on(struct job *j, struct str pdf)
{
	enum gate_outcome outcome;
	struct str clean, language;
	int r = job_sub(j, "pages.pdf", STR("pages.pdf"), pdf, &outcome, &clean, &language);

	if (r)
		return r;
	if (outcome != GATE_DELIVERED)
		return job_fail(j, outcome, "CONVERTED-STOPPED", "pages.pdf");
	buf_str(&j->out, clean);
	j->language = arena_z(j->arena, language);
	return 0;
}

bool tiff_pages(struct job *j, int *ret)
{
	struct memory m = {j->in, 0};
	TIFF *t = open_it(&m);
	struct pdf *p;

	/* What is wrong with the first page decode_tiff will say. */
	if (!t || !TIFFReadDirectory(t) || !TIFFSetDirectory(t, 0)) {
		if (t)
			TIFFClose(t);
		return false;
	}
	p = xcalloc(1, sizeof *p);
	buf_init(&p->b, PDF_MAX);
	buf_puts(&p->b, "%PDF-1.4\n");
	do {
		*ret = p->n < PAGES_MAX ? put_page(p, t) : ERR_RANGE;
		job_progress(j, p->n, p->n + 1);
	} while (!*ret && TIFFReadDirectory(t));
	TIFFClose(t);
	if (!*ret)
		*ret = put_end(p);
	if (*ret == ERR_RANGE)
		*ret = job_fail(j, GATE_HELD, "PDF-PAGES", NULL);
	else if (*ret)
		*ret = decode_failed(j, *ret);
	else
		*ret = hand_on(j, buf_view(&p->b));
	if (!*ret) {
		j->units = p->n;
		job_part(j, STR_NONE, "IMG-PAGES", GATE_CONVERTED, p->n, 0, STR_NONE);
	}
	buf_release(&p->b);
	free(p);
	return true;
}

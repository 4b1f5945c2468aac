#include "gate-pdf/page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gate-pdf/write.h"
#include "lib/text.h"

#define POINTS 72.0
#define SIDE_MAX 14400.0                             /* points; larger pages are made smaller */
#define PIXELS_MAX 24.0e6                            /* of a page; more are drawn more coarsely */
#define WORD_GAP 0.3                                 /* of the height: further apart is another word */

void page_measure(PopplerPage *page, double *w, double *h, double *scale)
{
	double most;

	poppler_page_get_size(page, w, h);
	*w = isfinite(*w) && *w >= 1 ? *w : 1;
	*h = isfinite(*h) && *h >= 1 ? *h : 1;
	most = *w > *h ? *w : *h;
	*scale = most > SIDE_MAX ? SIDE_MAX / most : 1;
	*w = *w * *scale < 1 ? 1 : *w * *scale;
	*h = *h * *scale < 1 ? 1 : *h * *scale;
}

int page_draw(PopplerPage *page, double w, double h, double scale, double dpi, struct image *ret)
{
	cairo_surface_t *s;
	cairo_t *c;
	int r;

	if (w * h * dpi * dpi / (POINTS * POINTS) > PIXELS_MAX)
		dpi = sqrt(PIXELS_MAX * POINTS * POINTS / (w * h));
	s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)ceil(w * dpi / POINTS), (int)ceil(h * dpi / POINTS));
	if (cairo_surface_status(s) != CAIRO_STATUS_SUCCESS) {
		cairo_surface_destroy(s);
		return ERR_NOMEM;
	}
	c = cairo_create(s);
	cairo_set_source_rgb(c, 1, 1, 1);
	cairo_paint(c);
	cairo_scale(c, scale * dpi / POINTS, scale * dpi / POINTS);
	poppler_page_render(page, c);
	cairo_destroy(c);
	cairo_surface_flush(s);
	r = image_alloc(ret, (uint32_t)cairo_image_surface_get_width(s), (uint32_t)cairo_image_surface_get_height(s), 3);
	for (uint32_t y = 0; !r && y < ret->h; y++) {
		const uint8_t *row = cairo_image_surface_get_data(s) + (size_t)y * (size_t)cairo_image_surface_get_stride(s);
		const uint32_t *from = (const uint32_t *)(const void *)row;
		uint8_t *to = ret->px + (size_t)y * ret->w * 3;

		for (uint32_t x = 0; x < ret->w; x++, to += 3) {
			to[0] = (uint8_t)(from[x] >> 16);
			to[1] = (uint8_t)(from[x] >> 8);
			to[2] = (uint8_t)from[x];
		}
	}
	cairo_surface_destroy(s);
	return r;
}

/* --- text: the characters of a line that stand close together make a word --------------------------------------------- */

struct words {
	struct buf *out;
	double page_h, scale;
	struct buf word;
	PopplerRectangle box;
};

static void flush(struct words *w)
{
	if (w->word.n)
		pdf_word(w->out, buf_view(&w->word), w->box.x1 * w->scale, w->page_h - w->box.y2 * w->scale, (w->box.x2 - w->box.x1) * w->scale,
		         (w->box.y2 - w->box.y1) * w->scale);
	buf_clear(&w->word);
}

static void add(struct words *w, const char *p, size_t n, const PopplerRectangle *r)
{
	double h = r->y2 - r->y1;

	if (w->word.n && (fabs(r->y1 - w->box.y1) > h / 2 || r->x1 - w->box.x2 > WORD_GAP * h || r->x1 < w->box.x1))
		flush(w);
	if (!w->word.n)
		w->box = *r;
	if (r->x2 > w->box.x2)
		w->box.x2 = r->x2;
	if (r->y2 > w->box.y2)
		w->box.y2 = r->y2;
	buf_put(&w->word, p, n);
}

void page_words(PopplerPage *page, double h, double scale, struct buf *out)
{
	struct words w = {.out = out, .page_h = h, .scale = scale};
	PopplerRectangle *boxes = NULL;
	char *text = poppler_page_get_text(page);
	guint n = 0;
	size_t from;

	buf_init(&w.word, 4096);
	buf_puts(out, "BT\n3 Tr\n");
	from = out->n;
	if (text && poppler_page_get_text_layout(page, &boxes, &n)) {
		const char *p = text;

		for (guint i = 0; i < n && *p; i++) {
			const char *next = g_utf8_next_char(p);

			if (*p == ' ' || *p == '\n' || *p == '\t')
				flush(&w);
			else
				add(&w, p, (size_t)(next - p), &boxes[i]);
			p = next;
		}
	}
	flush(&w);
	if (out->n == from)
		out->n -= strlen("BT\n3 Tr\n");         /* none */
	else
		buf_puts(out, "ET\n");
	buf_release(&w.word);
	g_free(boxes);
	g_free(text);
}

/* --- the same? ---------------------------------------------------------------------------------------------------------- */

struct said {
	uint64_t n, sum;
};

/* A sum in which the order of the letters does not count, but each of them does. */
static struct said say(PopplerPage *page)
{
	char *text = poppler_page_get_text(page);
	struct str rest = str_from(text ? text : "");
	struct said s = {0};

	while (rest.n) {
		uint32_t c;
		size_t k = utf8_next(rest, &c);
		uint64_t h;

		if (!k)
			break;
		rest = str_slice(rest, k, rest.n);
		if (c <= 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0x3000 || (c >= 0x2000 && c <= 0x200b))
			continue;
		h = ((uint64_t)c + 1) * 0x9e3779b97f4a7c15u;
		h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9u;
		s.sum += h ^ h >> 27;
		s.n++;
	}
	g_free(text);
	return s;
}

bool page_says_same(PopplerPage *a, PopplerPage *b)
{
	struct said x = say(a), y = b ? say(b) : (struct said){0};

	return x.n == y.n && x.sum == y.sum;
}

static int average(const struct image *fine, struct image *ret)
{
	int r = image_alloc(ret, (fine->w + LOOK_FINER - 1) / LOOK_FINER, (fine->h + LOOK_FINER - 1) / LOOK_FINER, 3);

	for (uint32_t y = 0; !r && y < ret->h; y++)
		for (uint32_t x = 0; x < ret->w; x++)
			for (uint32_t k = 0; k < 3; k++) {
				unsigned sum = 0, n = 0;

				for (uint32_t v = y * LOOK_FINER; v < (y + 1) * LOOK_FINER && v < fine->h; v++)
					for (uint32_t u = x * LOOK_FINER; u < (x + 1) * LOOK_FINER && u < fine->w; u++, n++)
						sum += fine->px[((size_t)v * fine->w + u) * 3 + k];
				ret->px[((size_t)y * ret->w + x) * 3 + k] = (uint8_t)(n ? sum / n : 0);
			}
	return r;
}

int page_look(PopplerPage *page, double w, double h, double scale, bool finer, struct image *ret)
{
	struct image fine;
	int r = page_draw(page, w, h, scale, LOOK_DPI * (finer ? LOOK_FINER : 1), finer ? &fine : ret);

	if (r || !finer)
		return r;
	r = average(&fine, ret);
	image_free(&fine);
	return r;
}

static unsigned tile_difference(const struct image *a, const struct image *b, uint32_t x0, uint32_t y0)
{
	uint32_t x1 = x0 + LOOK_TILE < a->w ? x0 + LOOK_TILE : a->w, y1 = y0 + LOOK_TILE < a->h ? y0 + LOOK_TILE : a->h;
	size_t n = (size_t)(x1 - x0) * a->channels;
	unsigned sum = 0;

	for (uint32_t y = y0; y < y1; y++) {
		const uint8_t *p = a->px + ((size_t)y * a->w + x0) * a->channels, *q = b->px + ((size_t)y * a->w + x0) * a->channels;

		for (size_t i = 0; i < n; i++)
			sum += (unsigned)abs(p[i] - q[i]);
	}
	/* the edge's smaller tiles count as whole ones: they hold as much less */
	return sum / (LOOK_TILE * LOOK_TILE * a->channels);
}

unsigned page_difference(const struct image *a, const struct image *b)
{
	unsigned most = 0;

	if (a->w != b->w || a->h != b->h || a->channels != b->channels)
		return 256;
	for (uint32_t y = 0; y < a->h; y += LOOK_TILE)
		for (uint32_t x = 0; x < a->w; x += LOOK_TILE) {
			unsigned d = tile_difference(a, b, x, y);

			most = d > most ? d : most;
		}
	return most;
}

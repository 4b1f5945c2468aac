/* Pictures of a page: as they are, with their mask, as stencils, or what cairo makes of a painting that the language has no word for. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gate-pdf/record_inside.h"

#define DRAWN_DPI 200.0
#define DRAWN_PIXELS_MAX 8.0e6
#define DRAWN_SIDE_MAX 16000.0
#define SAME_PLACE 0.05                              /* points */

/* Unit square to page, as in the operator cm. */
struct place {
	double a, b, c, d, e, f;
};

static cairo_surface_t *pixels_of(cairo_pattern_t *p)
{
	cairo_surface_t *s = NULL;

	if (cairo_pattern_get_type(p) != CAIRO_PATTERN_TYPE_SURFACE || cairo_pattern_get_surface(p, &s) != CAIRO_STATUS_SUCCESS ||
	    cairo_surface_get_type(s) != CAIRO_SURFACE_TYPE_IMAGE || cairo_surface_status(s) || cairo_pattern_get_extend(p) == CAIRO_EXTEND_REPEAT ||
	    cairo_pattern_get_extend(p) == CAIRO_EXTEND_REFLECT)
		return NULL;
	cairo_surface_flush(s);
	return cairo_image_surface_get_data(s) ? s : NULL;
}

/* Where the pixels of a pattern lie on the page, the room m being the one the pattern was given in. */
static bool place_of(const struct record *r, cairo_pattern_t *p, cairo_surface_t *s, const cairo_matrix_t *m, struct place *ret)
{
	double w = cairo_image_surface_get_width(s), h = cairo_image_surface_get_height(s), dx, dy, x[3], y[3];
	const double corner[3][2] = {{0, h}, {w, h}, {0, 0}};
	cairo_matrix_t back;

	cairo_pattern_get_matrix(p, &back);
	cairo_surface_get_device_offset(s, &dx, &dy);
	if (dx != 0 || dy != 0 || cairo_matrix_invert(&back))
		return false;
	for (int k = 0; k < 3; k++) {
		double px = corner[k][0], py = corner[k][1];

		cairo_matrix_transform_point(&back, &px, &py);
		to_page(r, m, px, py, &x[k], &y[k]);
		if (!(fabs(x[k]) < 20000 && fabs(y[k]) < 20000))
			return false;
	}
	*ret = (struct place){x[1] - x[0], y[1] - y[0], x[2] - x[0], y[2] - y[0], x[0], y[0]};
	return true;
}

static bool same_place(const struct place *p, const struct place *q)
{
	return fabs(p->a - q->a) < SAME_PLACE && fabs(p->b - q->b) < SAME_PLACE && fabs(p->c - q->c) < SAME_PLACE &&
	       fabs(p->d - q->d) < SAME_PLACE && fabs(p->e - q->e) < SAME_PLACE && fabs(p->f - q->f) < SAME_PLACE;
}

static void show(struct record *r, const struct place *p, uint32_t picture, struct str clip)
{
	const double v[] = {p->a, p->b, p->c, p->d};

	end_text(r);
	buf_puts(r->out, "q\n");
	if (clip.n) {
		buf_str(r->out, clip);
		buf_puts(r->out, "W n\nq\n");
	}
	for (int k = 0; k < 4; k++) {
		pdf_number(r->out, v[k], 4);
		buf_putc(r->out, ' ');
	}
	put_xy(r->out, p->e, p->f);
	buf_printf(r->out, "cm\n/I%u Do\nQ\n%s", picture, clip.n ? "Q\n" : "");
}

/* --- pixels --------------------------------------------------------------------------------------------------------------------- */

static uint8_t unmultiplied(uint32_t v, uint32_t a)
{
	return a ? (uint8_t)((v * 255 + a / 2) / a > 255 ? 255 : (v * 255 + a / 2) / a) : 0;
}

/* Colours, and where they are not opaque how much they cover (else mask->px is NULL). */
static int from_cairo(cairo_surface_t *s, struct image *im, struct image *mask)
{
	const uint8_t *data = cairo_image_surface_get_data(s);
	size_t stride = (size_t)cairo_image_surface_get_stride(s);
	bool alpha = cairo_image_surface_get_format(s) == CAIRO_FORMAT_ARGB32, covers = true;
	uint32_t w = (uint32_t)cairo_image_surface_get_width(s), h = (uint32_t)cairo_image_surface_get_height(s);
	int r = image_alloc(im, w, h, 3);

	if (!r && alpha)
		r = image_alloc(mask, w, h, 1);
	for (uint32_t y = 0; !r && y < h; y++) {
		const uint32_t *from = (const uint32_t *)(const void *)(data + y * stride);
		uint8_t *to = im->px + (size_t)y * w * 3;

		for (uint32_t x = 0; x < w; x++, to += 3) {
			uint32_t v = from[x], a = v >> 24;

			to[0] = (uint8_t)(v >> 16);
			to[1] = (uint8_t)(v >> 8);
			to[2] = (uint8_t)v;
			if (!alpha)
				continue;
			mask->px[(size_t)y * w + x] = (uint8_t)a;
			covers &= a == 255;
			for (int k = 0; a < 255 && k < 3; k++)
				to[k] = unmultiplied(to[k], a);
		}
	}
	if (!r)
		image_simplify(im);
	if (r || covers)
		image_free(mask);
	return r;
}

/* A8 or A1 as grey. */
static int cover_of(cairo_surface_t *s, struct image *mask)
{
	const uint8_t *data = cairo_image_surface_get_data(s);
	size_t stride = (size_t)cairo_image_surface_get_stride(s);
	bool bits = cairo_image_surface_get_format(s) == CAIRO_FORMAT_A1;
	int r = image_alloc(mask, (uint32_t)cairo_image_surface_get_width(s), (uint32_t)cairo_image_surface_get_height(s), 1);

	for (uint32_t y = 0; !r && y < mask->h; y++)
		for (uint32_t x = 0; x < mask->w; x++)
			mask->px[(size_t)y * mask->w + x] = bits ? (data[y * stride + x / 8] >> x % 8 & 1 ? 255 : 0) : data[y * stride + x];
	return r;
}

/* A1 has its first pixel in the lowest bit; a stencil in the highest, and paints where the bit is 0. */
static int stencil_of(cairo_surface_t *s, struct pictures *to, uint32_t *ret)
{
	const uint8_t *data = cairo_image_surface_get_data(s);
	size_t stride = (size_t)cairo_image_surface_get_stride(s);
	uint32_t w = (uint32_t)cairo_image_surface_get_width(s), h = (uint32_t)cairo_image_surface_get_height(s);
	size_t row = (w + 7) / 8;
	uint8_t *rows = malloc(row * h + 1);
	int r;

	if (!rows)
		return ERR_NOMEM;
	for (uint32_t y = 0; y < h; y++)
		for (size_t x = 0; x < row; x++) {
			uint8_t v = data[y * stride + x], turned = 0;

			for (int k = 0; k < 8; k++)
				turned |= (uint8_t)((~v >> k & 1) << (7 - k));
			if (x == row - 1 && w % 8)
				turned |= (uint8_t)(0xff >> w % 8);
			rows[y * row + x] = turned;
		}
	r = pictures_add_stencil(to, w, h, rows, ret);
	free(rows);
	return r;
}

/* --- paintings by cairo --------------------------------------------------------------------------------------------------------- */

/* The room m of the page, on a surface that shows the page's box from its upper left corner on. */
static void on_surface(cairo_t *c, const cairo_matrix_t *m, const double box[4], double page_h, double dpi)
{
	cairo_matrix_t to, at;

	cairo_matrix_init(&to, dpi / 72 / FINE, 0, 0, dpi / 72 / FINE, -box[0] * dpi / 72, -(page_h - box[3]) * dpi / 72);
	cairo_matrix_multiply(&at, m, &to);
	cairo_set_matrix(c, &at);
}

static void paint_on(cairo_t *c, struct record *r, const struct painting *p, const double box[4], double dpi)
{
	cairo_matrix_t now;
	cairo_path_t *path;

	cairo_get_matrix(r->c, &now);
	on_surface(c, &r->source, box, r->ask->h, dpi);
	cairo_set_source(c, cairo_get_source(r->c));
	on_surface(c, &now, box, r->ask->h, dpi);
	if (p->what == PAINT_MASK) {
		cairo_mask(c, p->mask);
	} else if (p->what == PAINT_ALL) {
		cairo_paint_with_alpha(c, p->alpha);
	} else if (p->what == PAINT_LETTERS) {
		cairo_matrix_t font;

		cairo_get_font_matrix(r->c, &font);
		cairo_set_font_face(c, cairo_get_font_face(r->c));
		cairo_set_font_matrix(c, &font);
		cairo_show_glyphs(c, p->glyphs, p->n_glyphs);
	} else {
		path = cairo_copy_path(r->c);
		cairo_append_path(c, path);
		cairo_path_destroy(path);
		cairo_set_fill_rule(c, cairo_get_fill_rule(r->c));
		cairo_set_line_width(c, cairo_get_line_width(r->c));
		if (p->what == PAINT_STROKE)
			cairo_stroke(c);
		else
			cairo_fill(c);
	}
}

static void box_of(struct record *r, const struct painting *p, double box[4])
{
	double own[4] = {0};
	struct buf b;
	bool rectangle;

	memcpy(box, r->clip->box, 4 * sizeof *box);
	if (p->what != PAINT_FILL)
		return;
	buf_init(&b, PDF_CONTENT_MAX);
	if (path_ops(r, NULL, &b, own, &rectangle)) {
		box[0] = own[0] > box[0] ? own[0] : box[0];
		box[1] = own[1] > box[1] ? own[1] : box[1];
		box[2] = own[2] < box[2] ? own[2] : box[2];
		box[3] = own[3] < box[3] ? own[3] : box[3];
	}
	buf_release(&b);
}

static void put_drawn(struct record *r, cairo_surface_t *s, const double box[4], double dpi)
{
	struct image im = {0}, mask = {0};
	uint32_t n, w = (uint32_t)cairo_image_surface_get_width(s), h = (uint32_t)cairo_image_surface_get_height(s);
	const struct place at = {w * 72 / dpi, 0, 0, h * 72 / dpi, box[0], box[3] - h * 72 / dpi};
	bool nothing = true;
	int e;

	cairo_surface_flush(s);
	e = from_cairo(s, &im, &mask);
	for (size_t i = 0; mask.px && nothing && i < (size_t)mask.w * mask.h; i++)
		nothing = !mask.px[i];
	if (!e && !(mask.px && nothing) && settle(r, 1, false)) {
		e = pictures_add(&r->w->pictures, &im, mask.px ? &mask : NULL, false, &n);
		if (!e)
			show(r, &at, n, STR_NONE);
	}
	if (e)
		give_up(r, "PDF-B-PARTS");
	image_free(&im);
	image_free(&mask);
}

void record_drawn(struct record *r, const struct painting *p)
{
	double box[4], dpi = DRAWN_DPI, w, h;
	cairo_surface_t *s;
	cairo_t *c;

	box_of(r, p, box);
	w = box[2] - box[0];
	h = box[3] - box[1];
	if (!(w > 0 && h > 0))
		return;
	if (w * h * dpi * dpi / (72 * 72) > DRAWN_PIXELS_MAX)
		dpi = sqrt(DRAWN_PIXELS_MAX * 72 * 72 / (w * h));
	if (w * dpi / 72 > DRAWN_SIDE_MAX || h * dpi / 72 > DRAWN_SIDE_MAX)
		dpi = DRAWN_SIDE_MAX * 72 / (w > h ? w : h);
	s = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, (int)ceil(w * dpi / 72), (int)ceil(h * dpi / 72));
	c = cairo_create(s);
	paint_on(c, r, p, box, dpi);
	if (cairo_status(c))
		give_up(r, "PDF-B-PARTS");
	else
		put_drawn(r, s, box, dpi);
	cairo_destroy(c);
	cairo_surface_destroy(s);
}

/* --- pictures -------------------------------------------------------------------------------------------------------------------- */

static bool covers(const double box[4], const struct place *p)
{
	double x[] = {p->e, p->e + p->a, p->e + p->c, p->e + p->a + p->c}, y[] = {p->f, p->f + p->b, p->f + p->d, p->f + p->b + p->d};
	double own[4] = {x[0], y[0], x[0], y[0]};

	for (int k = 1; k < 4; k++) {
		own[0] = fmin(own[0], x[k]);
		own[1] = fmin(own[1], y[k]);
		own[2] = fmax(own[2], x[k]);
		own[3] = fmax(own[3], y[k]);
	}
	for (int k = 0; k < 4; k++)
		if (fabs(own[k] - box[k]) > SAME_PLACE)
			return false;
	return true;
}

/* The pixels of the source over the path; the path says no more than where they lie, or is the clip around them. */
static void put_pixels(struct record *r, const struct painting *p, cairo_surface_t *s, const struct place *at, cairo_surface_t *cover)
{
	struct image im = {0}, mask = {0};
	double box[4];
	bool rectangle, own = false;
	struct buf clip;
	uint32_t n = 0;
	int e;

	buf_init(&clip, PDF_CONTENT_MAX);
	if (p->what == PAINT_FILL) {
		if (!path_ops(r, NULL, &clip, box, &rectangle))
			goto out;
		own = covers(box, at);
	}
	if (!settle(r, p->alpha, false))
		goto out;
	e = from_cairo(s, &im, &mask);
	if (!e && cover) {
		image_free(&mask);
		e = cover_of(cover, &mask);
	}
	if (!e)
		e = pictures_add(&r->w->pictures, &im, mask.px ? &mask : NULL, false, &n);
	if (!e && own && !mask.px && p->alpha == 1 && !r->depth && !r->n_open)
		r->lone = n;
	if (!e)
		show(r, at, n, own ? STR_NONE : buf_view(&clip));
	else
		give_up(r, "PDF-B-PARTS");
out:
	image_free(&im);
	image_free(&mask);
	buf_release(&clip);
}

static bool put_stencil(struct record *r, cairo_surface_t *s, const struct place *at)
{
	uint32_t n;

	if (!settle(r, 1, false))
		return true;
	if (stencil_of(s, &r->w->pictures, &n))
		return false;
	show(r, at, n, STR_NONE);
	return true;
}

void record_picture(struct record *r, const struct painting *p)
{
	cairo_pattern_t *source = cairo_get_source(r->c);
	bool solid = cairo_pattern_get_type(source) == CAIRO_PATTERN_TYPE_SOLID;
	cairo_surface_t *s = solid ? NULL : pixels_of(source), *cover = p->mask ? pixels_of(p->mask) : NULL;
	struct place at, over;
	cairo_matrix_t now;

	cairo_get_matrix(r->c, &now);
	if (s && (!place_of(r, source, s, &r->source, &at) ||
	          (cairo_image_surface_get_format(s) != CAIRO_FORMAT_RGB24 && cairo_image_surface_get_format(s) != CAIRO_FORMAT_ARGB32)))
		s = NULL;
	if (cover && !place_of(r, p->mask, cover, &now, &over))
		cover = NULL;
	if (p->what == PAINT_MASK && solid && cover && cairo_image_surface_get_format(cover) == CAIRO_FORMAT_A1 && put_stencil(r, cover, &over))
		return;
	if (p->what == PAINT_MASK && s && cairo_image_surface_get_format(s) == CAIRO_FORMAT_RGB24 && cover &&
	    cairo_image_surface_get_format(cover) == CAIRO_FORMAT_A8 && same_place(&at, &over))
		put_pixels(r, p, s, &at, cover);
	else if (s && (p->what == PAINT_FILL || p->what == PAINT_ALL))
		put_pixels(r, p, s, &at, NULL);
	else
		record_drawn(r, p);
}

/* Letters: codes of our own fonts, each line's as few strings as their places allow. */
#include <math.h>
#include <stdlib.h>

#include "gate-pdf/record_inside.h"

#define OFF_LINE 0.003                               /* of the size: further beside the line begins a new one */
#define OFF_PLACE 3                                  /* thousandths of the size: less is not corrected */
#define JUMP_MAX 30000

static void end_array(struct run *run, struct buf *b)
{
	if (run->hex)
		buf_putc(b, '>');
	if (run->open)
		buf_puts(b, "]TJ\n");
	run->hex = run->open = false;
}

void end_text(struct record *r)
{
	if (!r->run.text)
		return;
	end_array(&r->run, r->out);
	buf_puts(r->out, "ET\n");
	r->run = (struct run){.font = UINT32_MAX};
}

/* Where a letter of size 1 goes: the text matrix without its place, in ten-thousandths. */
static bool matrix_of(const struct record *r, long m[4])
{
	cairo_matrix_t font, now;
	double v[4];

	cairo_get_font_matrix(r->c, &font);
	cairo_get_matrix(r->c, &now);
	v[0] = font.xx;
	v[1] = font.yx;
	v[2] = -font.xy;
	v[3] = -font.yy;
	cairo_matrix_transform_distance(&now, &v[0], &v[1]);
	cairo_matrix_transform_distance(&now, &v[2], &v[3]);
	for (int k = 0; k < 4; k++) {
		v[k] *= (k & 1 ? -1 : 1) / FINE * 10000;
		if (!(fabs(v[k]) < 20000.0 * 10000))
			return false;
		m[k] = lround(v[k]);
	}
	return (double)m[0] * (double)m[3] != (double)m[1] * (double)m[2];
}

/* The way from the run's beginning to a place, along the line and beside it, in sizes. */
static void along(const struct run *run, double x, double y, double *ret_along, double *ret_beside)
{
	double a = (double)run->m[0] / 1e4, b = (double)run->m[1] / 1e4, c = (double)run->m[2] / 1e4, d = (double)run->m[3] / 1e4, det = a * d - b * c;

	x -= run->x;
	y -= run->y;
	*ret_along = (x * d - y * c) / det;
	*ret_beside = (y * a - x * b) / det;
}

static void begin_run(struct record *r, const long m[4], double x, double y, uint32_t font)
{
	struct run *run = &r->run;

	end_array(run, r->out);
	if (!run->text)
		buf_puts(r->out, "BT\n");
	if (run->font != font)
		buf_printf(r->out, "/T%u 1 Tf\n", font);
	for (int k = 0; k < 4; k++) {
		run->m[k] = m[k];
		pdf_number(r->out, (double)m[k] / 1e4, 4);
		buf_putc(r->out, ' ');
	}
	run->x = round(x * 1000) / 1000;
	run->y = round(y * 1000) / 1000;
	pdf_number(r->out, x, 3);
	buf_putc(r->out, ' ');
	pdf_number(r->out, y, 3);
	buf_putc(r->out, ' ');
	buf_puts(r->out, "Tm\n");
	run->text = true;
	run->font = font;
	run->pen = 0;
}

static void put_letter(struct record *r, const long m[4], double x, double y, uint32_t id)
{
	struct run *run = &r->run;
	uint32_t font = id / GLYPH_FONT;
	double ahead = 0, beside = 0;
	bool same = run->text;

	for (int k = 0; same && k < 4; k++)
		same = run->m[k] == m[k];
	if (same)
		along(run, x, y, &ahead, &beside);
	if (!same || !(fabs(beside) < OFF_LINE) || !(fabs(ahead * 1000 - (double)run->pen) < JUMP_MAX) || run->pen > 1000000) {
		begin_run(r, m, x, y, font);
		along(run, x, y, &ahead, &beside);
	}
	if (run->font != font) {
		end_array(run, r->out);
		buf_printf(r->out, "/T%u 1 Tf\n", font);
		run->font = font;
	}
	if (!run->open)
		buf_putc(r->out, '[');
	run->open = true;
	if (labs(run->pen - lround(ahead * 1000)) >= OFF_PLACE) {
		if (run->hex)
			buf_putc(r->out, '>');
		run->hex = false;
		buf_printf(r->out, "%ld", run->pen - lround(ahead * 1000));
		run->pen = lround(ahead * 1000);
	}
	if (!run->hex)
		buf_putc(r->out, '<');
	run->hex = true;
	buf_printf(r->out, "%02X", id % GLYPH_FONT);
	run->pen += r->w->glyphs.list[id].width;
}

/* What poppler reads at a letter's place. */
static struct str read_at(struct record *r, const long m[4], double x, double y)
{
	bool across = labs(m[0]) >= labs(m[1]);
	enum way way = across ? (m[0] > 0 ? WAY_RIGHT : WAY_LEFT) : m[1] > 0 ? WAY_UP : WAY_DOWN;

	return r->letters ? letters_at(r->letters, x / r->ask->scale, (r->ask->h - y) / r->ask->scale, way) : STR_NONE;
}

static void as_codes(struct record *r, const cairo_glyph_t *glyphs, int n, struct str text, const cairo_text_cluster_t *clusters)
{
	cairo_font_face_t *face = cairo_get_font_face(r->c);
	cairo_matrix_t now;
	long m[4];

	if (!matrix_of(r, m) || !settle(r, 1, false))
		return;
	cairo_get_matrix(r->c, &now);
	for (int i = 0; i < n; i++) {
		struct str own = STR_NONE;
		double x, y;
		uint32_t id;

		if (clusters) {
			own = str_slice(text, 0, (size_t)clusters[i].num_bytes);
			text = str_slice(text, (size_t)clusters[i].num_bytes, text.n);
		}
		to_page(r, &now, glyphs[i].x, glyphs[i].y, &x, &y);
		if (!(fabs(x) < 20000 && fabs(y) < 20000))
			continue;
		if (!clusters)
			own = read_at(r, m, x, y);
		if (glyphs_find(&r->w->glyphs, face, glyphs[i].index, own, &id)) {
			give_up(r, "PDF-B-FONT");
			return;
		}
		put_letter(r, m, x, y, id);
	}
}

static void as_lines(struct record *r, const cairo_glyph_t *glyphs, int n)
{
	cairo_new_path(r->c);
	cairo_glyph_path(r->c, glyphs, n);
	cairo_set_fill_rule(r->c, CAIRO_FILL_RULE_WINDING);
	record_paint(r, &(struct painting){.what = PAINT_FILL, .alpha = 1});
	cairo_new_path(r->c);
}

/* One letter, one piece of text: anything else is looked up letter by letter. */
static bool told(int n, struct str text, const cairo_text_cluster_t *clusters, int n_clusters)
{
	size_t bytes = 0;

	if (!text.p || !clusters || n_clusters != n)
		return false;
	for (int i = 0; i < n; i++) {
		if (clusters[i].num_glyphs != 1 || clusters[i].num_bytes < 0)
			return false;
		bytes += (size_t)clusters[i].num_bytes;
	}
	return bytes == text.n;
}

void record_letters(struct record *r, const cairo_glyph_t *glyphs, int n, struct str text, const cairo_text_cluster_t *clusters, int n_clusters)
{
	if (r->why || n <= 0)
		return;
	r->paintings++;
	drop_group(r);
	if (cairo_pattern_get_type(cairo_get_source(r->c)) != CAIRO_PATTERN_TYPE_SOLID)
		record_drawn(r, &(struct painting){.what = PAINT_LETTERS, .alpha = 1, .glyphs = glyphs, .n_glyphs = n});
	else if (r->ask->outlines)
		as_lines(r, glyphs, n);
	else
		as_codes(r, glyphs, n, text, told(n, text, clusters, n_clusters) ? clusters : NULL);
}

#include "gate-pdf/record_inside.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_MAX (64u << 20)
#define SAVED_MAX 100000u
#define ROUND_PEN 1.02                               /* a pen less round than that has its own matrix */
#define FLAT_PEN 1e-3
#define HAIR 0.05                                    /* points: the thinnest line */

void give_up(struct record *r, const char *why)
{
	struct group *g = r->n_open && r->n_open <= GROUPS_MAX ? r->open[r->n_open - 1] : NULL;

	/* a group can be put in as it was drawn, and the page goes on */
	if (g)
		g->broken = true;
	else if (!r->why)
		r->why = why;
}

/* --- clips -------------------------------------------------------------------------------------------------------------------- */

static void grow_saved(struct record *r)
{
	size_t cap = r->cap_saved ? 2 * r->cap_saved : 64;
	struct saved *p = r->n_saved < SAVED_MAX ? realloc(r->saved, cap * sizeof *p) : NULL;

	if (!p) {
		give_up(r, "PDF-B-PARTS");
		return;
	}
	r->saved = p;
	r->cap_saved = cap;
}

void record_save(struct record *r)
{
	if (r->n_saved == r->cap_saved)
		grow_saved(r);
	if (r->n_saved < r->cap_saved)
		r->saved[r->n_saved] = (struct saved){r->clip, r->source};
	r->n_saved++;
}

void record_restore(struct record *r)
{
	if (!r->n_saved)
		return;
	if (--r->n_saved >= r->cap_saved)
		return;
	r->clip = r->saved[r->n_saved].clip;
	r->source = r->saved[r->n_saved].source;
}

static void cut(double a[4], const double b[4])
{
	a[0] = b[0] > a[0] ? b[0] : a[0];
	a[1] = b[1] > a[1] ? b[1] : a[1];
	a[2] = b[2] < a[2] ? b[2] : a[2];
	a[3] = b[3] < a[3] ? b[3] : a[3];
}

void record_clip(struct record *r)
{
	struct clip *c = arena_alloc(r->arena, sizeof *c);
	const struct clip *up = r->clip;
	double box[4] = {0};
	struct buf b;

	if (!c) {
		give_up(r, "PDF-B-PARTS");
		return;
	}
	buf_init(&b, PDF_CONTENT_MAX);
	if (!path_ops(r, NULL, &b, box, &c->rectangle))
		c->rectangle = true;                     /* an area of nothing */
	memcpy(c->box, box, sizeof box);
	cut(c->box, up->box);
	if (c->rectangle && up->rectangle && up->up) {   /* two rectangles make one */
		buf_clear(&b);
		put_rectangle(&b, c->box);
		up = up->up;
	}
	c->up = up;
	c->depth = up->depth + 1;
	buf_puts(&b, cairo_get_fill_rule(r->c) == CAIRO_FILL_RULE_EVEN_ODD ? "W* n\n" : "W n\n");
	c->path = arena_str(r->arena, buf_view(&b));
	if (buf_err(&b) || !c->path.p || c->depth > DEPTH_MAX)
		give_up(r, "PDF-B-PARTS");
	buf_release(&b);
	/* one that takes nothing away is none */
	if (!c->rectangle || box[0] > 0 || box[1] > 0 || box[2] < r->ask->w || box[3] < r->ask->h)
		r->clip = c;
}

bool settle_clip(struct record *r)
{
	const struct clip *chain[DEPTH_MAX + 1], *c = r->clip;
	unsigned keep = 0;

	if (r->why || c->box[0] >= c->box[2] || c->box[1] >= c->box[3])
		return false;
	for (; c; c = c->up)
		chain[c->depth] = c;
	while (keep < r->depth && keep < r->clip->depth && str_eq(r->level[keep + 1].clip->path, chain[keep + 1]->path))
		keep++;
	if (keep == r->depth && keep == r->clip->depth)
		return true;
	end_text(r);
	for (; r->depth > keep; r->depth--)
		buf_puts(r->out, "Q\n");
	while (r->depth < r->clip->depth) {
		r->level[r->depth + 1] = r->level[r->depth];
		r->depth++;
		r->level[r->depth].clip = chain[r->depth];
		buf_puts(r->out, "q\n");
		buf_str(r->out, chain[r->depth]->path);
	}
	return true;
}

/* --- looks ---------------------------------------------------------------------------------------------------------------------- */

static void set_colour(struct record *r, int now[3], const int want[3], const char *grey, const char *rgb)
{
	if (!memcmp(now, want, 3 * sizeof *now))
		return;
	end_text(r);
	memcpy(now, want, 3 * sizeof *now);
	for (int k = 0; k < (want[0] == want[1] && want[1] == want[2] ? 1 : 3); k++) {
		pdf_number(r->out, want[k] / 1000.0, 3);
		buf_putc(r->out, ' ');
	}
	buf_puts(r->out, want[0] == want[1] && want[1] == want[2] ? grey : rgb);
}

/* Within a group that knocks out, what covers wholly may as well be laid over. */
static int blend_of(cairo_operator_t o, bool covers)
{
	if (o == CAIRO_OPERATOR_OVER || (o == CAIRO_OPERATOR_SOURCE && covers))
		return 0;
	return o >= CAIRO_OPERATOR_MULTIPLY && o <= CAIRO_OPERATOR_HSL_LUMINOSITY ? (int)(o - CAIRO_OPERATOR_MULTIPLY) + 1 : -1;
}

bool settle(struct record *r, double alpha, bool stroke)
{
	struct look *look;
	double red = 0, green = 0, blue = 0, a = 1;
	bool solid = cairo_pattern_get_rgba(cairo_get_source(r->c), &red, &green, &blue, &a) == CAIRO_STATUS_SUCCESS;
	int want[3] = {(int)lround(red * 1000), (int)lround(green * 1000), (int)lround(blue * 1000)}, blend;

	alpha *= solid ? a : 1;
	blend = blend_of(cairo_get_operator(r->c), solid && alpha == 1);
	if (blend < 0) {
		give_up(r, "PDF-B-PARTS");
		return false;
	}
	if (lround(alpha * 100) < 1 || !settle_clip(r))
		return false;
	look = &r->level[r->depth].look;
	if (solid)
		set_colour(r, stroke ? look->stroke : look->fill, want, stroke ? "G\n" : "g\n", stroke ? "RG\n" : "rg\n");
	if (look->alpha != (int)lround(alpha * 100) || look->blend != blend)
		end_text(r);
	if (look->alpha != (int)lround(alpha * 100))
		buf_printf(r->out, "/A%d gs\n", look->alpha = (int)lround(alpha * 100));
	if (look->blend != blend)
		buf_printf(r->out, "/B%d gs\n", look->blend = blend);
	return true;
}

static void set_number(struct record *r, long *now, long want, const char *op)
{
	if (*now == want)
		return;
	*now = want;
	pdf_number(r->out, (double)want / 100, 2);
	buf_puts(r->out, op);
}

static void set_dash(struct record *r, struct look *look, double size)
{
	int n = cairo_get_dash_count(r->c);
	long want[DASHES_MAX + 1] = {0}, sum = 0;
	double dash[DASHES_MAX], phase;

	if (n > (int)DASHES_MAX) {
		give_up(r, "PDF-B-PARTS");
		return;
	}
	if (n > 0) {
		cairo_get_dash(r->c, dash, &phase);
		for (int k = 0; k < n; k++)
			sum += want[k] = lround(record_within(dash[k] * size) * 100);
		want[DASHES_MAX] = lround(record_within(phase * size) * 100);
	}
	if (!sum)
		n = 0;
	if (look->n_dash == (unsigned)n && !memcmp(look->dash, want, sizeof want))
		return;
	look->n_dash = (unsigned)n;
	memcpy(look->dash, want, sizeof want);
	buf_putc(r->out, '[');
	for (int k = 0; k < n; k++) {
		buf_puts(r->out, k ? " " : "");
		pdf_number(r->out, (double)want[k] / 100, 2);
	}
	buf_puts(r->out, "] ");
	pdf_number(r->out, n && want[DASHES_MAX] > 0 ? (double)want[DASHES_MAX] / 100 : 0, 2);
	buf_puts(r->out, " d\n");
}

static void set_pen(struct record *r, double size)
{
	struct look *look = &r->level[r->depth].look;
	double width = cairo_get_line_width(r->c) * size;

	end_text(r);
	set_number(r, &look->width, lround(record_within(width < HAIR ? HAIR : width) * 100), " w\n");
	set_number(r, &look->miter, lround(record_within(cairo_get_miter_limit(r->c) < 1 ? 1 : cairo_get_miter_limit(r->c)) * 100), " M\n");
	if (look->cap != (int)cairo_get_line_cap(r->c))
		buf_printf(r->out, "%d J\n", look->cap = (int)cairo_get_line_cap(r->c));
	if (look->join != (int)cairo_get_line_join(r->c))
		buf_printf(r->out, "%d j\n", look->join = (int)cairo_get_line_join(r->c));
	set_dash(r, look, size);
}

/* --- painting -------------------------------------------------------------------------------------------------------------------- */

/* The two lengths a circle of radius 1 is drawn out to, in points. */
static void lengths(const cairo_matrix_t *m, double *major, double *minor)
{
	double a = m->xx * m->xx + m->yx * m->yx, b = m->xy * m->xy + m->yy * m->yy, k = m->xx * m->xy + m->yx * m->yy;
	double f = (a + b) / 2, g = (a - b) / 2, delta = sqrt(g * g + k * k);

	*major = sqrt(f + delta) / FINE;
	*minor = sqrt(f > delta ? f - delta : 0) / FINE;
}

/* A pen that is no circle: the path in a room of its own around its current point, whose matrix makes it so. */
static void stroke_drawn_out(struct record *r, const cairo_matrix_t *m, double major)
{
	const double turn[] = {m->xx, -m->yx, m->xy, -m->yy};
	struct look kept = r->level[r->depth].look;
	double x, y, px, py, box[4] = {0};
	cairo_matrix_t room;
	bool rectangle;

	cairo_get_current_point(r->c, &x, &y);
	to_page(r, m, x, y, &px, &py);
	cairo_matrix_init(&room, major * FINE, 0, 0, -major * FINE, -major * FINE * x, (r->ask->h + major * y) * FINE);
	buf_puts(r->out, "q\n");
	for (int k = 0; k < 4; k++) {
		pdf_number(r->out, turn[k] / FINE / major, 4);
		buf_putc(r->out, ' ');
	}
	put_xy(r->out, px, py);
	buf_puts(r->out, "cm\n");
	set_pen(r, major);
	(void)path_ops(r, &room, r->out, box, &rectangle);
	buf_puts(r->out, "S\nQ\n");
	r->level[r->depth].look = kept;
}

static void paint_stroke(struct record *r)
{
	cairo_matrix_t m;
	double major, minor, box[4] = {0};
	bool rectangle;
	struct buf b;

	cairo_get_matrix(r->c, &m);
	lengths(&m, &major, &minor);
	if (!(minor > major * FLAT_PEN)) {
		give_up(r, "PDF-B-PARTS");
		return;
	}
	if (!cairo_has_current_point(r->c) || !settle(r, 1, true))
		return;
	if (major > minor * ROUND_PEN) {
		end_text(r);
		stroke_drawn_out(r, &m, major);
		return;
	}
	buf_init(&b, PDF_CONTENT_MAX);
	if (path_ops(r, NULL, &b, box, &rectangle)) {
		set_pen(r, sqrt(major * minor));
		buf_str(r->out, buf_view(&b));
		buf_puts(r->out, "S\n");
	}
	buf_release(&b);
}

static void paint_area(struct record *r, const struct painting *p)
{
	double box[4] = {0, 0, r->ask->w, r->ask->h};
	bool rectangle;
	struct buf b;

	buf_init(&b, PDF_CONTENT_MAX);
	if (p->what == PAINT_ALL)
		put_rectangle(&b, box);
	if ((p->what == PAINT_ALL || path_ops(r, NULL, &b, box, &rectangle)) && settle(r, p->alpha, false)) {
		end_text(r);
		buf_str(r->out, buf_view(&b));
		buf_puts(r->out, p->what == PAINT_FILL && cairo_get_fill_rule(r->c) == CAIRO_FILL_RULE_EVEN_ODD ? "f*\n" : "f\n");
	}
	buf_release(&b);
}

void record_paint(struct record *r, const struct painting *p)
{
	bool solid = cairo_pattern_get_type(cairo_get_source(r->c)) == CAIRO_PATTERN_TYPE_SOLID;

	r->paintings++;
	if (r->why || group_stays(r, p))
		return;
	if (p->what == PAINT_STROKE && solid)
		paint_stroke(r);
	else if (solid && !p->mask)
		paint_area(r, p);
	else
		record_picture(r, p);
}

/* --- a page ---------------------------------------------------------------------------------------------------------------------------- */

static const struct look first_look = {.alpha = 100, .width = 100, .miter = 1000};

static void record_with(struct record *r)
{
	cairo_rectangle_t room = {0, 0, r->ask->w * FINE, r->ask->h * FINE};
	cairo_surface_t *s = cairo_recording_surface_create(CAIRO_CONTENT_COLOR_ALPHA, &room);
	struct clip whole = {.box = {0, 0, r->ask->w, r->ask->h}, .rectangle = true};

	r->c = cairo_create(s);
	r->clip = &whole;
	r->level[0] = (struct level){&whole, first_look};
	r->run.font = UINT32_MAX;
	cairo_scale(r->c, r->ask->scale * FINE, r->ask->scale * FINE);
	cairo_get_matrix(r->c, &r->source);
	/* before it is drawn: poppler reads while it draws, and tells half of it in between */
	r->letters = letters_new(r->ask->page);
	recording = r;
	poppler_page_render(r->ask->page, r->c);
	recording = NULL;
	end_text(r);
	drop_group(r);
	for (; r->depth; r->depth--)
		buf_puts(r->out, "Q\n");
	if (cairo_status(r->c))
		give_up(r, "PDF-B-PARTS");
	cairo_destroy(r->c);
	cairo_surface_destroy(s);
}

int record_page(const struct record_ask *ask, struct pdf_writer *w, struct buf *content, struct record_got *ret)
{
	struct record r = {.ask = ask, .w = w, .out = content, .arena = arena_new(ARENA_MAX), .lone = UINT32_MAX};

	record_with(&r);
	letters_free(r.letters);
	arena_free(r.arena);
	free(r.saved);
	if (!r.why && buf_err(content))
		r.why = "PDF-B-PARTS";
	*ret = (struct record_got){.why = r.why, .one_picture = r.paintings == 1 && r.lone != UINT32_MAX, .picture = r.lone};
	return r.why ? ERR_INVALID : 0;
}

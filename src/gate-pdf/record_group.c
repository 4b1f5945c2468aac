/* What is drawn apart and put in later as a whole: it may stay where it was written when it is put in as it is. */
#include "gate-pdf/record_inside.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void take_back(struct record *r, struct group *g)
{
	r->out->n = g->from;
	r->depth = g->depth;
	memcpy(r->level, g->level, sizeof r->level);
	r->run = (struct run){.font = UINT32_MAX};
	pictures_truncate(&r->w->pictures, g->pictures);
	glyphs_truncate(&r->w->glyphs, g->glyphs);
}

void drop_group(struct record *r)
{
	struct group *g = r->last;

	r->last = NULL;
	if (!g)
		return;
	end_text(r);
	if (r->out->n == g->to)
		take_back(r, g);
	else
		give_up(r, "PDF-B-PARTS");
}

void record_push(struct record *r)
{
	struct group *g = arena_alloc(r->arena, sizeof *g);

	drop_group(r);
	(void)settle_clip(r);                            /* so that an opacity can be put before its content */
	end_text(r);
	record_save(r);
	if (!g || r->n_open >= GROUPS_MAX) {
		give_up(r, "PDF-B-PARTS");
		if (r->n_open < GROUPS_MAX)
			r->open[r->n_open] = NULL;
	} else {
		*g = (struct group){.clip = r->clip, .from = r->out->n, .pictures = r->w->pictures.n, .glyphs = r->w->glyphs.n, .depth = r->depth,
		                    .paintings = r->paintings};
		memcpy(g->level, r->level, sizeof g->level);
		r->open[r->n_open] = g;
	}
	r->n_open++;
}

void record_pop(struct record *r, cairo_pattern_t *pattern)
{
	if (!r->n_open)
		return;
	drop_group(r);
	end_text(r);
	record_restore(r);
	if (--r->n_open >= GROUPS_MAX || r->why)
		return;
	r->last = r->open[r->n_open];
	if (!r->last)
		return;
	r->last->pattern = pattern;
	r->last->to = r->out->n;
	r->last->paintings = r->paintings - r->last->paintings;
}

/* One painting, opaque in itself: its opacity is that of its group. */
static bool set_opacity(struct record *r, const struct group *g, double alpha)
{
	char z[16];
	int a = (int)lround(alpha * 100), n;

	if (a == 100)
		return true;
	if (g->paintings != 1 || a < 1 || g->level[g->depth].look.alpha != 100 || r->depth < g->depth ||
	    memmem(r->out->p + g->from, g->to - g->from, "/A", 2))
		return false;
	n = snprintf(z, sizeof z, "/A%d gs\n", a);
	if (!buf_room(r->out, (size_t)n))
		return false;
	memmove(r->out->p + g->from + n, r->out->p + g->from, g->to - g->from);
	memcpy(r->out->p + g->from, z, (size_t)n);
	r->out->n += (size_t)n;
	for (unsigned k = g->depth; k <= r->depth; k++)
		r->level[k].look.alpha = a;
	return true;
}

bool group_stays(struct record *r, const struct painting *p)
{
	struct group *g = r->last;

	if (g && !g->broken && cairo_get_source(r->c) == g->pattern && p->what == PAINT_ALL && r->clip == g->clip &&
	    cairo_get_operator(r->c) == CAIRO_OPERATOR_OVER && r->out->n == g->to && set_opacity(r, g, p->alpha)) {
		r->last = NULL;
		return true;
	}
	drop_group(r);
	return false;
}

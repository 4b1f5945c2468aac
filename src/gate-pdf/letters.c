#include "gate-pdf/letters.h"

#include <math.h>
#include <stdlib.h>

#define CELL 8.0                                     /* points */
#define CELLS 4096u                                  /* power of two */
#define OFF 0.3                                      /* points along the line: further away is another letter */
#define BESIDE 0.25                                  /* of its height: how far a base line may lie beside its box */

struct letters {
	char *text;
	PopplerRectangle *box;
	struct str *at;                                  /* by box */
	uint32_t *next, first[CELLS];                    /* 1 + index */
	guint n;
};

static uint32_t cell(double x, double y)
{
	return ((uint32_t)(int32_t)floor(x / CELL) * 2654435761u ^ (uint32_t)(int32_t)floor(y / CELL) * 2246822519u) >> 7 & (CELLS - 1);
}

static void put(struct letters *l, uint32_t i)
{
	/* in the cell of its middle */
	uint32_t c = cell((l->box[i].x1 + l->box[i].x2) / 2, (l->box[i].y1 + l->box[i].y2) / 2);

	l->next[i] = l->first[c];
	l->first[c] = i + 1;
}

struct letters *letters_new(PopplerPage *page)
{
	struct letters *l = calloc(1, sizeof *l);
	const char *p;
	guint i = 0;

	if (!l)
		return NULL;
	l->text = poppler_page_get_text(page);
	if (!l->text || !poppler_page_get_text_layout(page, &l->box, &l->n) || !(l->at = calloc(l->n, sizeof *l->at)) ||
	    !(l->next = calloc(l->n, sizeof *l->next))) {
		letters_free(l);
		return NULL;
	}
	for (p = l->text; *p && i < l->n; i++) {
		const char *next = g_utf8_next_char(p);

		l->at[i] = str_n(p, (size_t)(next - p));
		if (*p != ' ' && *p != '\n' && l->box[i].x2 > l->box[i].x1 && l->box[i].y2 > l->box[i].y1)
			put(l, i);
		p = next;
	}
	return l;
}

void letters_free(struct letters *l)
{
	if (!l)
		return;
	g_free(l->text);
	g_free(l->box);
	free(l->at);
	free(l->next);
	free(l);
}

static bool begins(const PopplerRectangle *b, double x, double y, enum way way)
{
	double aside = BESIDE * (way == WAY_RIGHT || way == WAY_LEFT ? b->y2 - b->y1 : b->x2 - b->x1);
	double edge = way == WAY_RIGHT ? b->x1 : way == WAY_LEFT ? b->x2 : way == WAY_DOWN ? b->y1 : b->y2;

	if (way == WAY_RIGHT || way == WAY_LEFT)
		return fabs(edge - x) < OFF && y > b->y1 - aside && y < b->y2 + aside;
	return fabs(edge - y) < OFF && x > b->x1 - aside && x < b->x2 + aside;
}

struct str letters_at(const struct letters *l, double x, double y, enum way way)
{
	uint32_t found = 0;

	/* letters may be larger than a cell: as far as three around */
	for (int dy = -3; dy <= 3; dy++)
		for (int dx = -3; dx <= 3; dx++)
			for (uint32_t i = l->first[cell(x + dx * CELL, y + dy * CELL)]; i; i = l->next[i - 1])
				if (i != found && begins(&l->box[i - 1], x, y, way)) {
					if (found)
						return STR_NONE;
					found = i;
				}
	return found ? l->at[found - 1] : STR_NONE;
}

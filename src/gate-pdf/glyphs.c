#include "gate-pdf/glyphs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cairo-ft.h>

#include "gate-pdf/write.h"
#include "lib/text.h"

#define EM 1000.0
#define FAR 30000                                    /* thousandths: further out is no letter */
#define SEEN_MAX 16384u                              /* power of two */
#define OUTLINE_MAX (1u << 20)
#define LEVEL 12

struct glyph_seen {
	cairo_font_face_t *face;                         /* held, so that its address is not another's */
	unsigned long index;
	uint64_t text;
	uint32_t glyph;
};

static uint64_t mix(uint64_t h, const void *p, size_t n)
{
	const uint8_t *s = p;

	for (size_t i = 0; s && i < n; i++)
		h = (h ^ s[i]) * 0x100000001b3u;
	return h;
}

static void forget(struct glyphs *g)
{
	for (uint32_t i = 0; g->seen && i < SEEN_MAX; i++)
		cairo_font_face_destroy(g->seen[i].face);
	free(g->seen);
	g->seen = NULL;
	g->n_seen = 0;
}

void glyphs_truncate(struct glyphs *g, uint32_t n)
{
	if (g->n > n)
		forget(g);
	while (g->n > n) {
		struct glyph *last = &g->list[--g->n];

		g->bucket[last->hash % GLYPH_BUCKETS] = last->next;
		free(last->packed);
	}
}

/* --- what a code stands for ---------------------------------------------------------------------------------------------- */

/* A letter that the font itself names: for texts whose document does not say. What comes of it is compared with the text poppler
 * reads, so a wrong name is found out. */
static uint32_t named(cairo_scaled_font_t *font, unsigned long index)
{
	FT_Face f = cairo_scaled_font_get_type(font) == CAIRO_FONT_TYPE_FT ? cairo_ft_scaled_font_lock_face(font) : NULL;
	uint32_t found = 0;

	if (!f)
		return 0;
	if (!FT_Select_Charmap(f, FT_ENCODING_UNICODE)) {
		FT_UInt at;

		for (FT_ULong c = FT_Get_First_Char(f, &at); at && !found; c = FT_Get_Next_Char(f, c, &at))
			found = at == index ? (uint32_t)c : 0;
	}
	cairo_ft_scaled_font_unlock_face(font);
	return found;
}

static bool plain(uint32_t c)
{
	return c >= 0x20 && c < 0x110000 && !(c >= 0x7f && c < 0xa0) && !(c >= 0xd800 && c < 0xe000) && (c & 0xfffe) != 0xfffe;
}

static void stand_for(struct glyph *g, uint32_t c)
{
	if (!plain(c) || g->n_text + 2 > GLYPH_TEXT_MAX)
		return;
	if (c >= 0x10000) {
		g->text[g->n_text++] = (uint16_t)(0xd800 + ((c - 0x10000) >> 10));
		c = 0xdc00 + ((c - 0x10000) & 0x3ff);
	}
	g->text[g->n_text++] = (uint16_t)c;
}

static void read_text(struct glyph *g, struct str text)
{
	while (text.n) {
		uint32_t c;
		size_t k = utf8_next(text, &c);

		if (!k)
			return;
		stand_for(g, c);
		text = str_slice(text, k, text.n);
	}
}

/* --- its outline ------------------------------------------------------------------------------------------------------------ */

struct outline {
	struct buf ops;
	int box[4];
	bool any, far;
};

static void point(struct outline *o, const cairo_path_data_t *d)
{
	double x = round(d->point.x), y = round(-d->point.y);
	int at[2];

	if (!(fabs(x) < FAR && fabs(y) < FAR)) {
		o->far = true;
		return;
	}
	at[0] = (int)x;
	at[1] = (int)y;
	for (int k = 0; k < 2; k++) {
		o->box[k] = !o->any || at[k] < o->box[k] ? at[k] : o->box[k];
		o->box[k + 2] = !o->any || at[k] > o->box[k + 2] ? at[k] : o->box[k + 2];
	}
	o->any = true;
	buf_printf(&o->ops, "%d %d ", at[0], at[1]);
}

static void trace(struct outline *o, const cairo_path_t *path)
{
	bool open = false;

	for (int i = 0; i < path->num_data && !o->far; i += path->data[i].header.length) {
		const cairo_path_data_t *d = &path->data[i];

		switch (d->header.type) {
		case CAIRO_PATH_MOVE_TO:
			/* one that nothing follows draws nothing */
			if (i + d->header.length >= path->num_data || path->data[i + d->header.length].header.type == CAIRO_PATH_MOVE_TO ||
			    path->data[i + d->header.length].header.type == CAIRO_PATH_CLOSE_PATH)
				break;
			if (open)
				buf_puts(&o->ops, "h\n");
			point(o, &d[1]);
			buf_puts(&o->ops, "m\n");
			open = true;
			break;
		case CAIRO_PATH_LINE_TO:
			point(o, &d[1]);
			buf_puts(&o->ops, "l\n");
			break;
		case CAIRO_PATH_CURVE_TO:
			point(o, &d[1]);
			point(o, &d[2]);
			point(o, &d[3]);
			buf_puts(&o->ops, "c\n");
			break;
		case CAIRO_PATH_CLOSE_PATH:
			if (open)
				buf_puts(&o->ops, "h\n");
			open = false;
			break;
		}
	}
	if (open)
		buf_puts(&o->ops, "h\n");
	if (o->any)
		buf_puts(&o->ops, "f\n");
}

static cairo_scaled_font_t *at_em(cairo_font_face_t *face)
{
	cairo_font_options_t *options = cairo_font_options_create();
	cairo_matrix_t size, none;
	cairo_scaled_font_t *font;

	cairo_matrix_init_scale(&size, EM, EM);
	cairo_matrix_init_identity(&none);
	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	font = cairo_scaled_font_create(face, &size, &none, options);
	cairo_font_options_destroy(options);
	return font;
}

static void open_measure(struct glyphs *g)
{
	cairo_surface_t *s;

	if (g->measure && cairo_status(g->measure) == CAIRO_STATUS_SUCCESS)
		return;
	if (g->measure)
		cairo_destroy(g->measure);
	s = cairo_image_surface_create(CAIRO_FORMAT_A8, 1, 1);
	g->measure = cairo_create(s);
	cairo_surface_destroy(s);
}

static int take(struct glyphs *g, cairo_scaled_font_t *font, unsigned long index, struct outline *o, int *ret_width)
{
	cairo_glyph_t at = {.index = index};
	cairo_text_extents_t e;
	cairo_path_t *path;
	int r = 0;

	open_measure(g);
	cairo_new_path(g->measure);
	cairo_set_scaled_font(g->measure, font);
	cairo_scaled_font_glyph_extents(font, &at, 1, &e);
	cairo_glyph_path(g->measure, &at, 1);
	path = cairo_copy_path(g->measure);
	if (cairo_scaled_font_status(font) || cairo_status(g->measure) || path->status || !(fabs(e.x_advance) < FAR))
		r = ERR_INVALID;
	if (!r) {
		trace(o, path);
		*ret_width = (int)round(e.x_advance);
		if (o->far || buf_err(&o->ops) || (!o->any && e.width > 0 && e.height > 0))
			r = ERR_INVALID;
	}
	cairo_path_destroy(path);
	return r;
}

/* --- the list ----------------------------------------------------------------------------------------------------------------- */

static bool same(const struct glyph *a, const struct glyph *b)
{
	return a->hash == b->hash && a->width == b->width && !memcmp(a->box, b->box, sizeof a->box) && a->n_text == b->n_text &&
	       !memcmp(a->text, b->text, sizeof a->text) && a->n_packed == b->n_packed && !memcmp(a->packed, b->packed, a->n_packed);
}

static int keep(struct glyphs *g, struct glyph *new, const struct outline *o, uint32_t *ret)
{
	struct buf b;

	buf_init(&b, OUTLINE_MAX + 256);
	buf_printf(&b, "%d 0 %d %d %d %d d1\n", new->width, o->box[0], o->box[1], o->box[2], o->box[3]);
	buf_str(&b, buf_view(&o->ops));
	memcpy(new->box, o->box, sizeof new->box);
	new->packed = buf_err(&b) ? NULL : pdf_pack(b.p, b.n, LEVEL, &new->n_packed);
	buf_release(&b);
	if (!new->packed)
		return ERR_NOMEM;
	new->hash = mix(mix(0xcbf29ce484222325u, new->packed, new->n_packed), new->text, sizeof new->text);
	for (uint32_t i = g->bucket[new->hash % GLYPH_BUCKETS]; i; i = g->list[i - 1].next)
		if (same(&g->list[i - 1], new)) {
			free(new->packed);
			*ret = i - 1;
			return 0;
		}
	if (g->n == g->cap) {
		uint32_t cap = g->cap ? 2 * g->cap : 256;
		struct glyph *list = g->n < GLYPH_FONT * GLYPH_FONTS_MAX ? realloc(g->list, cap * sizeof *list) : NULL;

		if (!list) {
			free(new->packed);
			return ERR_TOOBIG;
		}
		g->list = list;
		g->cap = cap;
	}
	new->next = g->bucket[new->hash % GLYPH_BUCKETS];
	g->list[g->n] = *new;
	g->bucket[new->hash % GLYPH_BUCKETS] = ++g->n;
	*ret = g->n - 1;
	return 0;
}

static int make(struct glyphs *g, cairo_font_face_t *face, unsigned long index, struct str text, uint32_t *ret)
{
	struct glyph new = {0};
	struct outline o = {0};
	cairo_scaled_font_t *font = at_em(face);
	int r;

	buf_init(&o.ops, OUTLINE_MAX);
	r = cairo_scaled_font_status(font) ? ERR_INVALID : take(g, font, index, &o, &new.width);
	if (!r) {
		if (text.p)
			read_text(&new, text);
		else
			stand_for(&new, named(font, index));
		r = keep(g, &new, &o, ret);
	}
	buf_release(&o.ops);
	cairo_scaled_font_destroy(font);
	return r;
}

int glyphs_find(struct glyphs *g, cairo_font_face_t *face, unsigned long index, struct str text, uint32_t *ret)
{
	uint64_t t = mix(text.p ? 1 : 0, text.p, text.n), h = mix(mix(t, &face, sizeof face), &index, sizeof index);
	struct glyph_seen *s;
	int r;

	if (!g->seen && !(g->seen = calloc(SEEN_MAX, sizeof *g->seen)))
		return ERR_NOMEM;
	for (uint32_t i = (uint32_t)h & (SEEN_MAX - 1);; i = (i + 1) & (SEEN_MAX - 1)) {
		s = &g->seen[i];
		if (!s->face)
			break;
		if (s->face == face && s->index == index && s->text == t) {
			*ret = s->glyph;
			return 0;
		}
	}
	r = make(g, face, index, text, ret);
	if (r)
		return r;
	*s = (struct glyph_seen){cairo_font_face_reference(face), index, t, *ret};
	if (++g->n_seen > SEEN_MAX / 2)
		forget(g);
	return 0;
}

/* Between poppler and cairo: the drawing functions of cairo as poppler-glib calls them. A program's own definition of a function comes
 * before a library's of the same name (ELF, dynamic linking); cairo's calls among its own functions do not come here. If some day
 * poppler draws by a function that is not here, what it draws is missing from the record, and the comparison of pictures finds it. */
#include <dlfcn.h>

#include "gate-pdf/record_inside.h"

struct cairo_behind cairo_behind;
struct record *recording;

int record_open(void)
{
	static const struct {
		const char *name;
		size_t at;
	} names[] = {
		{"cairo_save", offsetof(struct cairo_behind, save)},
		{"cairo_restore", offsetof(struct cairo_behind, restore)},
		{"cairo_push_group_with_content", offsetof(struct cairo_behind, push_group_with_content)},
		{"cairo_pop_group", offsetof(struct cairo_behind, pop_group)},
		{"cairo_set_source", offsetof(struct cairo_behind, set_source)},
		{"cairo_set_source_rgb", offsetof(struct cairo_behind, set_source_rgb)},
		{"cairo_clip", offsetof(struct cairo_behind, clip)},
		{"cairo_fill", offsetof(struct cairo_behind, fill)},
		{"cairo_stroke", offsetof(struct cairo_behind, stroke)},
		{"cairo_paint", offsetof(struct cairo_behind, paint)},
		{"cairo_paint_with_alpha", offsetof(struct cairo_behind, paint_with_alpha)},
		{"cairo_mask", offsetof(struct cairo_behind, mask)},
		{"cairo_show_glyphs", offsetof(struct cairo_behind, show_glyphs)},
		{"cairo_show_text_glyphs", offsetof(struct cairo_behind, show_text_glyphs)},
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		void *f = dlsym(RTLD_NEXT, names[i].name);

		if (!f)
			return ERR_SYS;
		*(void **)(void *)((char *)&cairo_behind + names[i].at) = f;
	}
	return 0;
}

static struct record *of(const cairo_t *c)
{
	return recording && recording->c == c ? recording : NULL;
}

/* What is drawn into a group is drawn as well: the whole of it may be needed as a picture. */
static bool through(const struct record *r)
{
	return !r || r->n_open;
}

void cairo_save(cairo_t *c)
{
	struct record *r = of(c);

	if (r)
		record_save(r);
	cairo_behind.save(c);
}

void cairo_restore(cairo_t *c)
{
	struct record *r = of(c);

	if (r)
		record_restore(r);
	cairo_behind.restore(c);
}

void cairo_push_group_with_content(cairo_t *c, cairo_content_t content)
{
	struct record *r = of(c);

	if (r)
		record_push(r);
	cairo_behind.push_group_with_content(c, content);
}

void cairo_push_group(cairo_t *c)
{
	cairo_push_group_with_content(c, CAIRO_CONTENT_COLOR_ALPHA);
}

cairo_pattern_t *cairo_pop_group(cairo_t *c)
{
	cairo_pattern_t *p = cairo_behind.pop_group(c);
	struct record *r = of(c);

	if (r)
		record_pop(r, p);
	return p;
}

void cairo_pop_group_to_source(cairo_t *c)
{
	cairo_pattern_t *p = cairo_pop_group(c);

	cairo_set_source(c, p);
	cairo_pattern_destroy(p);
}

void cairo_set_source(cairo_t *c, cairo_pattern_t *p)
{
	struct record *r = of(c);

	cairo_behind.set_source(c, p);
	if (r)
		cairo_get_matrix(c, &r->source);
}

void cairo_set_source_rgb(cairo_t *c, double red, double green, double blue)
{
	struct record *r = of(c);

	cairo_behind.set_source_rgb(c, red, green, blue);
	if (r)
		cairo_get_matrix(c, &r->source);
}

void cairo_clip(cairo_t *c)
{
	struct record *r = of(c);

	if (r)
		record_clip(r);
	cairo_behind.clip(c);
}

void cairo_fill(cairo_t *c)
{
	struct record *r = of(c);

	if (r)
		record_paint(r, &(struct painting){.what = PAINT_FILL, .alpha = 1});
	if (through(r))
		cairo_behind.fill(c);
	else
		cairo_new_path(c);
}

void cairo_stroke(cairo_t *c)
{
	struct record *r = of(c);

	if (r)
		record_paint(r, &(struct painting){.what = PAINT_STROKE, .alpha = 1});
	if (through(r))
		cairo_behind.stroke(c);
	else
		cairo_new_path(c);
}

void cairo_paint(cairo_t *c)
{
	struct record *r = of(c);

	if (r)
		record_paint(r, &(struct painting){.what = PAINT_ALL, .alpha = 1});
	if (through(r))
		cairo_behind.paint(c);
}

void cairo_paint_with_alpha(cairo_t *c, double alpha)
{
	struct record *r = of(c);

	if (r)
		record_paint(r, &(struct painting){.what = PAINT_ALL, .alpha = alpha});
	if (through(r))
		cairo_behind.paint_with_alpha(c, alpha);
}

void cairo_mask(cairo_t *c, cairo_pattern_t *p)
{
	struct record *r = of(c);

	if (r)
		record_paint(r, &(struct painting){.what = PAINT_MASK, .alpha = 1, .mask = p});
	if (through(r))
		cairo_behind.mask(c, p);
}

void cairo_show_glyphs(cairo_t *c, const cairo_glyph_t *glyphs, int n)
{
	struct record *r = of(c);

	if (r)
		record_letters(r, glyphs, n, STR_NONE, NULL, 0);
	if (through(r))
		cairo_behind.show_glyphs(c, glyphs, n);
}

void cairo_show_text_glyphs(cairo_t *c, const char *text, int n_text, const cairo_glyph_t *glyphs, int n,
                            const cairo_text_cluster_t *clusters, int n_clusters, cairo_text_cluster_flags_t flags)
{
	struct record *r = of(c);

	if (r)
		record_letters(r, glyphs, n, n_text >= 0 ? str_n(text, (size_t)n_text) : STR_NONE, clusters, flags ? -1 : n_clusters);
	if (through(r))
		cairo_behind.show_text_glyphs(c, text, n_text, glyphs, n, clusters, n_clusters, flags);
}

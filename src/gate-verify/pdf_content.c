/* Language pdf: what a page paints, and the outline of a glyph. */
#include "gate-verify/pdf.h"

#define UNIT 10000ll
#define FAR (40000 * UNIT)
#define DEPTH_MAX 32u
#define DASHES_MAX 8u
#define WORD_MAX 500u
#define STRING_MAX 5000u
#define OPERANDS_MAX 6u

struct reader {
	struct pdf *p;
	struct pdf_text t;
	unsigned depth;
	bool fresh, path;                                /* right behind q; between a path's beginning and its painting */
};

/* --- resources -------------------------------------------------------------------------------------------------------------- */

static bool index_of(struct pdf_text *t, const char *prefix, const char *suffix, uint32_t max, uint32_t *ret)
{
	size_t at = t->i;
	int64_t v;

	if (pdf_text_word(t, prefix) && pdf_text_number(t, 0, 0, (int64_t)max * UNIT, &v) && pdf_text_word(t, suffix)) {
		*ret = (uint32_t)(v / UNIT);
		return true;
	}
	t->i = at;
	return false;
}

static bool resource(struct reader *r)
{
	uint32_t k;

	if (index_of(&r->t, "/I", " Do\n", PDF_PICTURES_MAX - 1, &k)) {
		r->p->used[k] = r->p->page;
		r->p->shown[k] = true;
		r->p->n_pictures = k + 1 > r->p->n_pictures ? k + 1 : r->p->n_pictures;
		return true;
	}
	if (index_of(&r->t, "/A", " gs\n", PDF_ALPHAS, &k) && k)
		return r->p->alphas.used[k] = true;
	if (index_of(&r->t, "/B", " gs\n", PDF_BLENDS - 1, &k))
		return r->p->blends.used[k] = true;
	return false;
}

/* --- text ---------------------------------------------------------------------------------------------------------------------- */

/* Strings of codes of the font, and between them thousandths to go back: [<0102>-20<03>]TJ */
static bool strings(struct reader *r, uint32_t font)
{
	bool string = false, number = false;

	while (!pdf_text_word(&r->t, "]TJ\n")) {
		int64_t v;
		unsigned code, n = 0;

		if (!pdf_text_word(&r->t, "<")) {
			if (number || !pdf_text_number(&r->t, 0, -100000 * UNIT, 100000 * UNIT, &v))
				return false;
			number = true;
			string = false;
			continue;
		}
		if (string)
			return false;
		for (; !pdf_text_word(&r->t, ">"); n++) {
			if (n == STRING_MAX || !pdf_hex(&r->t, 2, &code))
				return false;
			r->p->codes[font][code / 8] |= (uint8_t)(1u << code % 8);
		}
		if (!n)
			return false;
		string = true;
		number = false;
	}
	return string;
}

static bool place(struct pdf_text *t)
{
	int64_t v;

	for (int k = 0; k < 6; k++)
		if (!pdf_text_number(t, k < 4 ? 4 : 3, -FAR, FAR, &v) || !pdf_text_word(t, " "))
			return false;
	return true;
}

static bool letters(struct reader *r)
{
	uint32_t font = UINT32_MAX, k;
	bool placed = false, any = false;

	while (!pdf_text_word(&r->t, "ET\n")) {
		if (index_of(&r->t, "/T", " 1 Tf\n", PDF_FONTS_MAX - 1, &k)) {
			font = k;
			r->p->fonts.used[k] = true;
		} else if (pdf_text_word(&r->t, "[")) {
			if (font == UINT32_MAX || !placed || !strings(r, font))
				return false;
			any = true;
		} else if (place(&r->t) && pdf_text_word(&r->t, "Tm\n")) {
			placed = true;
		} else {
			return false;
		}
	}
	return any;
}

/* Codes of four hexadecimal digits, none of them a control or half of a pair. */
static bool codes(struct pdf_text *t)
{
	unsigned n = 0, v;

	for (; !pdf_text_word(t, "> Tj\n"); n++)
		if (n == WORD_MAX || !pdf_hex(t, 4, &v) || v < 0x20 || (v >= 0x7f && v < 0xa0) || (v >= 0xd800 && v < 0xe000))
			return false;
	return n > 0;
}

/* The text behind the page, found but not seen; nothing follows it. */
static bool words(struct reader *r)
{
	struct pdf_text *t = &r->t;
	bool any = false;
	int64_t v;

	r->p->text_used = true;
	for (; !pdf_text_word(t, "ET\n"); any = true)
		if (!pdf_text_word(t, "/F ") || !pdf_text_number(t, 2, UNIT, 2000 * UNIT, &v) || !pdf_text_word(t, " Tf ") || !pdf_text_number(t, 2, UNIT, 9999 * UNIT, &v) ||
		    !pdf_text_word(t, " Tz 1 0 0 1 ") || !pdf_text_number(t, 2, -20000 * UNIT, 20000 * UNIT, &v) || !pdf_text_word(t, " ") ||
		    !pdf_text_number(t, 2, -20000 * UNIT, 20000 * UNIT, &v) || !pdf_text_word(t, " Tm <") || !codes(t))
			return false;
	return any && t->i == t->n && !r->depth;
}

/* --- lines and areas ------------------------------------------------------------------------------------------------------------ */

enum when { STATE, FRESH, BEGIN, PATH };

/* Operators with numbers before them: when they may stand, places of their numbers and their bounds. */
static const struct operator {
	const char *name;
	enum when when;
	unsigned n, places;
	int64_t min, max;
} operators[] = {
	{"m\n", BEGIN, 2, 2, -FAR, FAR},   {"l\n", PATH, 2, 2, -FAR, FAR},       {"c\n", PATH, 6, 2, -FAR, FAR},
	{"re\n", BEGIN, 4, 2, -FAR, FAR},  {"g\n", STATE, 1, 3, 0, UNIT},        {"G\n", STATE, 1, 3, 0, UNIT},
	{"rg\n", STATE, 3, 3, 0, UNIT},    {"RG\n", STATE, 3, 3, 0, UNIT},       {"w\n", STATE, 1, 2, 0, 20000 * UNIT},
	{"M\n", STATE, 1, 2, UNIT, 20000 * UNIT}, {"J\n", STATE, 1, 0, 0, 2 * UNIT}, {"j\n", STATE, 1, 0, 0, 2 * UNIT},
	{"cm\n", FRESH, 6, 4, -FAR, FAR},
};

static bool allowed(const struct reader *r, const struct operator *o, struct pdf_text t)
{
	int64_t v;

	for (unsigned i = 0; i < o->n; i++)
		if (!pdf_text_number(&t, o->places, o->min, o->max, &v) || !pdf_text_word(&t, " "))
			return false;
	return !((o->when == STATE && r->path) || (o->when == FRESH && (!r->fresh || r->path)) || (o->when == PATH && !r->path));
}

/* false, and nothing read, when it is none of them or may not stand here. */
static bool with_numbers(struct reader *r)
{
	struct pdf_text t = r->t;
	int64_t v;
	unsigned n = 0;

	/* a blank behind each: a number glued to its operator would be one that nobody counted and no bound is for */
	for (struct pdf_text next = t; n < OPERANDS_MAX && pdf_text_number(&next, 4, -FAR, FAR, &v) && pdf_text_word(&next, " "); n++)
		t = next;
	for (size_t k = 0; n && k < ARRAY_LEN(operators); k++) {
		const struct operator *o = &operators[k];

		if (o->n != n || !pdf_text_word(&t, o->name))
			continue;
		/* once more, with the places and bounds of its own */
		if (!allowed(r, o, r->t))
			return false;
		r->path |= o->when == BEGIN;
		r->t = t;
		return true;
	}
	return false;
}

static bool dash(struct pdf_text *t)
{
	unsigned n = 0;
	int64_t v, sum = 0;

	for (; !pdf_text_word(t, "] "); n++, sum += v)
		if (n == DASHES_MAX || (n && !pdf_text_word(t, " ")) || !pdf_text_number(t, 2, 0, 20000 * UNIT, &v))
			return false;
	return pdf_text_number(t, 2, 0, 20000 * UNIT, &v) && (n ? sum > 0 : !v) && pdf_text_word(t, " d\n");
}

static bool path_word(struct pdf_text *t, bool *ret_done)
{
	*ret_done = pdf_text_word(t, "f\n") || pdf_text_word(t, "f*\n") || pdf_text_word(t, "S\n") || pdf_text_word(t, "W n\n") || pdf_text_word(t, "W* n\n");
	return *ret_done || pdf_text_word(t, "h\n");
}

static bool item(struct reader *r)
{
	struct pdf_text *t = &r->t;
	bool done = false;

	if (r->path) {
		if (!path_word(t, &done))
			return with_numbers(r);
		r->path = !done;
		return true;
	}
	if (pdf_text_word(t, "q\n")) {
		r->fresh = true;
		return ++r->depth <= DEPTH_MAX;
	}
	if (with_numbers(r)) {
		r->fresh = false;
		return true;
	}
	r->fresh = false;
	if (pdf_text_word(t, "Q\n"))
		return r->depth-- > 0;
	if (pdf_text_word(t, "BT\n3 Tr\n"))
		return words(r);
	if (pdf_text_word(t, "BT\n"))
		return letters(r);
	if (pdf_text_word(t, "["))
		return dash(t);
	return resource(r);
}

bool pdf_content(struct pdf *p, struct str raw)
{
	struct reader r = {.p = p, .t = {raw.p, raw.n, 0}};

	while (r.t.i < r.t.n)
		if (!item(&r))
			return pdf_no(p, "pdf-content");
	return (!r.depth && !r.path) || pdf_no(p, "pdf-content");
}

/* --- glyphs ------------------------------------------------------------------------------------------------------------------------ */

static bool points(struct pdf_text *t, unsigned n, const int64_t box[4], const char *op)
{
	size_t from = t->i;
	int64_t v;

	for (unsigned k = 0; k < 2 * n; k++)
		if (!pdf_text_number(t, 0, box[k & 1], box[2 + (k & 1)], &v) || !pdf_text_word(t, " ")) {
			t->i = from;
			return false;
		}
	if (pdf_text_word(t, op))
		return true;
	t->i = from;
	return false;
}

/* Closed areas of lines and curves, each begun by m, ended by h; then f, and nothing more. */
static bool areas(struct pdf_text *t, const int64_t box[4])
{
	do {
		unsigned n = 0;

		if (!points(t, 1, box, "m\n"))
			return false;
		while (points(t, 1, box, "l\n") || points(t, 3, box, "c\n"))
			n++;
		if (!n || !pdf_text_word(t, "h\n"))
			return false;
	} while (!pdf_text_word(t, "f\n"));
	return t->i == t->n;
}

bool pdf_outline(struct pdf *p, struct str raw, int64_t width, const int64_t box[4])
{
	struct pdf_text t = {raw.p, raw.n, 0};
	int64_t v, own[4];

	if (!pdf_text_number(&t, 0, width, width, &v) || !pdf_text_word(&t, " 0 "))
		return pdf_no(p, "pdf-glyph");
	for (int k = 0; k < 4; k++)
		if (!pdf_text_number(&t, 0, box[k & 1], box[2 + (k & 1)], &own[k]) || !pdf_text_word(&t, " "))
			return pdf_no(p, "pdf-glyph");
	if (!pdf_text_word(&t, "d1\n") || own[0] > own[2] || own[1] > own[3])
		return pdf_no(p, "pdf-glyph");
	if (t.i == t.n)                                  /* a blank */
		return (!own[0] && !own[1] && !own[2] && !own[3]) || pdf_no(p, "pdf-glyph");
	return areas(&t, own) || pdf_no(p, "pdf-glyph");
}

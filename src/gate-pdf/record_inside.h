/* Shared by the files of the recorder. */
#ifndef GATE_PDF_RECORD_INSIDE_H
#define GATE_PDF_RECORD_INSIDE_H

#include "gate-pdf/letters.h"
#include "gate-pdf/record.h"
#include "lib/arena.h"

#define FINE (600.0 / 72)                            /* recorded at 600 dpi: thinner lines are not told apart, nor finer pictures */
#define DEPTH_MAX 24u                                /* nested q */
#define DASHES_MAX 8u
#define GROUPS_MAX 16u

/* Where the page may be painted: an area within another. */
struct clip {
	const struct clip *up;
	struct str path;                                 /* with its operator */
	double box[4];                                   /* points, of what is left */
	unsigned depth;
	bool rectangle;
};

/* What holds for the next painting, in whole steps, so that it can be compared. */
struct look {
	int fill[3], stroke[3];                          /* thousandths */
	int alpha, blend;                                /* hundredths; number */
	long width, miter, dash[DASHES_MAX + 1];         /* hundredths; the last is the phase */
	unsigned n_dash;
	int cap, join;
};

struct level {
	const struct clip *clip;
	struct look look;
};

/* A letter's place. */
struct run {
	bool text, open, hex;                            /* in BT; in [; in < */
	long m[4];                                       /* ten-thousandths */
	double x, y;
	long pen;                                        /* thousandths */
	uint32_t font;                                   /* UINT32_MAX: none yet */
};

/* Drawn apart and put in later as a whole. Until then its content stands at the end, in the hope that it may stay. */
struct group {
	cairo_pattern_t *pattern;
	const struct clip *clip;
	size_t from, to;
	uint32_t pictures, glyphs;
	struct level level[DEPTH_MAX + 1];
	unsigned depth;
	uint32_t paintings;                              /* before it; once ended, in it */
	bool broken;                                     /* something in it has no word in the language */
};

struct saved {
	const struct clip *clip;
	cairo_matrix_t source;
};

struct record {
	cairo_t *c;
	const struct record_ask *ask;
	struct pdf_writer *w;
	struct buf *out;
	struct arena *arena;
	const char *why;
	uint32_t paintings, lone;                        /* how many; the picture, if one painting was an opaque uncut one, or UINT32_MAX */
	cairo_matrix_t source;                           /* what held when the colour was set */
	const struct clip *clip;
	struct saved *saved;
	size_t n_saved, cap_saved;
	struct level level[DEPTH_MAX + 1];
	unsigned depth;
	struct run run;
	struct letters *letters;
	struct group *open[GROUPS_MAX];
	struct group *last;                              /* ended, its content at the end */
	unsigned n_open;
};

enum paint { PAINT_FILL, PAINT_STROKE, PAINT_ALL, PAINT_MASK, PAINT_LETTERS };

struct painting {
	enum paint what;
	double alpha;
	cairo_pattern_t *mask;
	const cairo_glyph_t *glyphs;
	int n_glyphs;
};

/* What is being recorded cannot be said: the group must be put in as a picture, or without one the page. */
void give_up(struct record *r, const char *why);
/* Points of the page. */
void to_page(const struct record *r, const cairo_matrix_t *m, double x, double y, double *px, double *py);
/* The context's path as operators in points, by its matrix (NULL: the present one); its box; whether it is one rectangle with sides as
 * the page's. false: nothing in it. */
bool path_ops(struct record *r, const cairo_matrix_t *m, struct buf *b, double box[4], bool *rectangle);
/* A number of the page, or the furthest that is said. */
double record_within(double v);
void put_xy(struct buf *b, double x, double y);
void put_rectangle(struct buf *b, const double box[4]);
void end_text(struct record *r);
/* The group that ended last will not be put in as it is: its content goes. */
void drop_group(struct record *r);
/* true: the painting was that of the group just ended, and its content may stay where it is. Else drop_group. */
bool group_stays(struct record *r, const struct painting *p);
/* Makes clip, colour and the rest hold. false when there is nothing to paint. */
bool settle(struct record *r, double alpha, bool stroke);
bool settle_clip(struct record *r);

void record_letters(struct record *r, const cairo_glyph_t *glyphs, int n, struct str text, const cairo_text_cluster_t *clusters, int n_clusters);
/* Sources that are no colour: a picture as it is, or what comes of the painting as one. */
void record_picture(struct record *r, const struct painting *p);
/* The painting drawn by cairo, where nothing else says it. Never asked for a solid colour without a mask. */
void record_drawn(struct record *r, const struct painting *p);

/* The functions behind ours. */
struct cairo_behind {
	void (*save)(cairo_t *);
	void (*restore)(cairo_t *);
	void (*push_group_with_content)(cairo_t *, cairo_content_t);
	cairo_pattern_t *(*pop_group)(cairo_t *);
	void (*set_source)(cairo_t *, cairo_pattern_t *);
	void (*set_source_rgb)(cairo_t *, double, double, double);
	void (*clip)(cairo_t *);
	void (*fill)(cairo_t *);
	void (*stroke)(cairo_t *);
	void (*paint)(cairo_t *);
	void (*paint_with_alpha)(cairo_t *, double);
	void (*mask)(cairo_t *, cairo_pattern_t *);
	void (*show_glyphs)(cairo_t *, const cairo_glyph_t *, int);
	void (*show_text_glyphs)(cairo_t *, const char *, int, const cairo_glyph_t *, int, const cairo_text_cluster_t *, int,
	                         cairo_text_cluster_flags_t);
};
extern struct cairo_behind cairo_behind;
extern struct record *recording;                     /* the page, or NULL */

void record_save(struct record *r);
void record_restore(struct record *r);
void record_clip(struct record *r);
void record_paint(struct record *r, const struct painting *p);
void record_push(struct record *r);
void record_pop(struct record *r, cairo_pattern_t *pattern);

#endif

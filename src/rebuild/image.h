/* Pictures as the gate makes them: 8 bits a sample, grey, RGB or RGBA, written as baseline JPEG or plain PNG in the one form of
 * docs/formats/gate-image.md. */
#ifndef REBUILD_IMAGE_H
#define REBUILD_IMAGE_H

#include "lib/buf.h"

#define IMAGE_SIDE_MAX 30000u
#define IMAGE_PIXELS_MAX (120u << 20)
#define IMAGE_QUALITY 85

struct image {
	uint32_t w, h;
	unsigned channels;                               /* 1, 3 or 4 */
	uint8_t *px;                                     /* w × h × channels, rows from the top, malloc'ed */
};

/* Memory for w × h × channels. ERR_TOOBIG beyond the limits, ERR_INVALID for nothing. */
int image_alloc(struct image *im, uint32_t w, uint32_t h, unsigned channels) MUST_USE;
void image_free(struct image *im);
/* Fewer channels where nothing is lost: opaque RGBA becomes RGB, RGB without colour grey. */
void image_simplify(struct image *im);
/* Turns by an Exif orientation, 1 to 8; others leave it. */
int image_orient(struct image *im, unsigned orientation) MUST_USE;

/* Append; ERR_NOMEM. JPEG has no alpha: it is laid on white. */
int image_put_png(const struct image *im, struct buf *out) MUST_USE;
int image_put_jpeg(const struct image *im, struct buf *out) MUST_USE;

#endif

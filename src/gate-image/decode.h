/* Pictures decoded to samples, by the libraries of their formats (BMP by our own hand). Each takes the whole file and leaves
 * what it saw beside the picture in the report. 0, or job_fail. */
#ifndef GATE_IMAGE_DECODE_H
#define GATE_IMAGE_DECODE_H

#include "rebuild/image.h"
#include "rebuild/worker.h"

typedef int decode_fn(struct job *j, struct image *im);
decode_fn decode_jpeg, decode_png, decode_gif, decode_bmp, decode_webp, decode_tiff;

/* true: it was of our own making, and j->out has it, written anew. */
bool jpeg_again(struct job *j);

/* A TIFF of several pages becomes a PDF: true, and *ret is 0 with j->out filled, or job_fail. false: it has one page. */
bool tiff_pages(struct job *j, int *ret);

/* job_fail for what image_alloc said. */
int decode_failed(struct job *j, int r) MUST_USE;

#endif

/* A JPEG that this gate wrote before: drawn a second time it would lose a second time, and the same file would come out different each time
 * it passes. Its coefficients are read and written anew; only when that gives the very bytes that came in is it such a one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gate-image/decode.h"
#include "rebuild/jpeg_jump.h"

static bool same_code(const JHUFF_TBL *a, const JHUFF_TBL *b)
{
	return a && b && !memcmp(a->bits, b->bits, sizeof a->bits) && !memcmp(a->huffval, b->huffval, sizeof a->huffval);
}

/* Our tables, our sampling, our codes: else it is not worth the work. */
static bool could_be(struct jpeg_decompress_struct *d)
{
	struct jpeg_compress_struct c = {.err = d->err};
	bool same = !d->progressive_mode && (d->num_components == 1 || d->num_components == 3);

	jpeg_create_compress(&c);
	c.input_components = d->num_components;
	c.in_color_space = d->num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
	jpeg_set_defaults(&c);
	jpeg_set_quality(&c, IMAGE_QUALITY, TRUE);
	for (int i = 0; same && i < d->num_components; i++) {
		const JQUANT_TBL *q = d->quant_tbl_ptrs[d->comp_info[i].quant_tbl_no], *w = c.quant_tbl_ptrs[i > 0];

		same = q && !memcmp(q->quantval, w->quantval, sizeof q->quantval) &&
		    d->comp_info[i].h_samp_factor == c.comp_info[i].h_samp_factor &&
		    same_code(d->dc_huff_tbl_ptrs[i > 0], c.dc_huff_tbl_ptrs[i > 0]) &&
		    same_code(d->ac_huff_tbl_ptrs[i > 0], c.ac_huff_tbl_ptrs[i > 0]);
	}
	jpeg_destroy_compress(&c);
	return same;
}

bool jpeg_again(struct job *j)
{
	struct jpeg_decompress_struct d = {0};
	struct jpeg_compress_struct c = {0};
	struct jpeg_jump err;
	unsigned char *bytes = NULL;
	unsigned long n = 0;
	volatile bool same = false;

	d.err = c.err = jpeg_jump_init(&err);
	if (!setjmp(err.out)) {
		jpeg_create_decompress(&d);
		jpeg_create_compress(&c);
		jpeg_mem_src(&d, (const unsigned char *)j->in.p, j->in.n);
		jpeg_read_header(&d, TRUE);
		if (d.image_width <= IMAGE_SIDE_MAX && d.image_height <= IMAGE_SIDE_MAX &&
		    (uint64_t)d.image_width * d.image_height <= IMAGE_PIXELS_MAX && could_be(&d)) {
			jvirt_barray_ptr *coefficients = jpeg_read_coefficients(&d);

			jpeg_mem_dest(&c, &bytes, &n);
			jpeg_copy_critical_parameters(&d, &c);
			jpeg_write_coefficients(&c, coefficients);
			jpeg_finish_compress(&c);
			same = n == j->in.n && !memcmp(bytes, j->in.p, n);
		}
	}
	if (same)
		buf_put(&j->out, bytes, n);
	jpeg_destroy_compress(&c);
	jpeg_destroy_decompress(&d);
	free(bytes);
	return same && !buf_err(&j->out);
}

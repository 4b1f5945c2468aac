/* A JPEG that was just made, read again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gate-pdf/picture.h"
#include "rebuild/jpeg_jump.h"

int picture_read_jpeg(struct str jpeg, unsigned by, uint32_t w, uint32_t h, struct image *ret)
{
	struct jpeg_decompress_struct c = {0};
	struct jpeg_jump err;
	struct image im = {0};
	uint8_t *row = NULL;
	volatile int r = ERR_NOMEM;

	c.err = jpeg_jump_init(&err);
	if (setjmp(err.out)) {
		jpeg_destroy_decompress(&c);
		free(row);
		image_free(&im);
		return ERR_INVALID;
	}
	jpeg_create_decompress(&c);
	jpeg_mem_src(&c, (const unsigned char *)jpeg.p, jpeg.n);
	(void)jpeg_read_header(&c, TRUE);
	c.scale_num = 1;
	c.scale_denom = by;
	jpeg_start_decompress(&c);
	row = malloc((size_t)c.output_width * (unsigned)c.output_components);
	if (row && c.output_width >= w && c.output_height >= h)
		r = image_alloc(&im, w, h, (unsigned)c.output_components);
	while (!r && c.output_scanline < h) {
		uint8_t *to = im.px + (size_t)c.output_scanline * w * im.channels;

		jpeg_read_scanlines(&c, &row, 1);
		memcpy(to, row, (size_t)w * im.channels);
	}
	jpeg_abort_decompress(&c);
	jpeg_destroy_decompress(&c);
	free(row);
	if (!r)
		*ret = im;
	return r;
}

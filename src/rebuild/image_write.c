#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libdeflate.h>

#include "rebuild/image.h"
#include "rebuild/jpeg_jump.h"
#include "rebuild/palette.h"

#define PNG_LEVEL 6

/* --- PNG ------------------------------------------------------------------------------------------------------- */

static void chunk(struct buf *b, const char *type, struct str data)
{
	size_t at;

	buf_u32(b, (uint32_t)data.n);
	at = b->n;
	buf_put(b, type, 4);
	buf_str(b, data);
	if (!b->failed)
		buf_u32(b, libdeflate_crc32(0, b->p + at, b->n - at));
}

/* Rows of one byte a pixel, each behind filter 0; NULL when there are more than 256 colours. */
static uint8_t *indexed(const struct image *im, struct palette *p)
{
	size_t n = (size_t)im->h * (im->w + 1);
	uint8_t *rows = malloc(n), *to = rows;
	const uint8_t *px = im->px;

	memset(p, 0, sizeof *p);
	for (uint32_t y = 0; rows && y < im->h; y++) {
		*to++ = 0;
		for (uint32_t x = 0; x < im->w; x++, px += 3) {
			int i = palette_place(p, (uint32_t)px[0] << 16 | (uint32_t)px[1] << 8 | px[2]);

			if (i < 0) {
				free(rows);
				return NULL;
			}
			*to++ = (uint8_t)i;
		}
	}
	return rows;
}

static unsigned paeth(int a, int b, int c)
{
	int p = a + b - c, pa = abs(p - a), pb = abs(p - b), pc = abs(p - c);

	return (unsigned)(pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
}

/* Each row with the one of "none", "up" and "Paeth" whose differences are smallest. */
static uint8_t *filtered(const struct image *im)
{
	size_t row = (size_t)im->w * im->channels, bpp = im->channels;
	uint8_t *out = malloc((row + 1) * im->h), *to = out;
	const uint8_t *zero = calloc(1, row), *above = zero;

	for (uint32_t y = 0; out && zero && y < im->h; y++, to += row + 1) {
		const uint8_t *px = im->px + y * row;
		size_t none = 0, up = 0, pae = 0;

		for (size_t i = 0; i < row; i++) {
			uint8_t u = (uint8_t)(px[i] - above[i]);
			uint8_t q = (uint8_t)(px[i] - paeth(i >= bpp ? px[i - bpp] : 0, above[i], i >= bpp ? above[i - bpp] : 0));

			none += px[i] < 128 ? px[i] : 256u - px[i];
			up += u < 128 ? u : 256u - u;
			pae += q < 128 ? q : 256u - q;
		}
		to[0] = none <= up && none <= pae ? 0 : up <= pae ? 2 : 4;
		for (size_t i = 0; i < row; i++)
			to[i + 1] = to[0] == 0   ? px[i]
			            : to[0] == 2 ? (uint8_t)(px[i] - above[i])
			                         : (uint8_t)(px[i] - paeth(i >= bpp ? px[i - bpp] : 0, above[i],
			                                                   i >= bpp ? above[i - bpp] : 0));
		above = px;
	}
	free((void *)(uintptr_t)zero);
	return out;
}

static void put_palette(struct buf *out, const struct palette *p)
{
	uint8_t plte[3 * PALETTE_MAX];

	for (unsigned i = 0; i < p->n; i++) {
		plte[3 * i] = (uint8_t)(p->colour[i] >> 16);
		plte[3 * i + 1] = (uint8_t)(p->colour[i] >> 8);
		plte[3 * i + 2] = (uint8_t)p->colour[i];
	}
	chunk(out, "PLTE", str_n(plte, 3 * p->n));
}

int image_put_png(const struct image *im, struct buf *out)
{
	struct palette *pal = malloc(sizeof *pal);
	uint8_t *rows = pal && im->channels == 3 ? indexed(im, pal) : NULL;
	bool palette = rows;
	size_t n = (size_t)im->h * (1 + (size_t)im->w * (palette ? 1 : im->channels)), room;
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(PNG_LEVEL);
	uint8_t head[13] = {(uint8_t)(im->w >> 24), (uint8_t)(im->w >> 16), (uint8_t)(im->w >> 8), (uint8_t)im->w,
	                    (uint8_t)(im->h >> 24), (uint8_t)(im->h >> 16), (uint8_t)(im->h >> 8), (uint8_t)im->h,
	                    8, palette ? 3 : im->channels == 1 ? 0 : im->channels == 3 ? 2 : 6, 0, 0, 0};
	uint8_t *packed = NULL;
	int r = ERR_NOMEM;

	if (!rows)
		rows = filtered(im);
	room = c ? libdeflate_zlib_compress_bound(c, n) : 0;
	packed = malloc(room + 1);
	if (rows && c && packed) {
		buf_puts(out, "\x89PNG\r\n\x1a\n");
		chunk(out, "IHDR", str_n(head, sizeof head));
		if (palette)
			put_palette(out, pal);
		n = libdeflate_zlib_compress(c, rows, n, packed, room);
		chunk(out, "IDAT", str_n(packed, n));
		chunk(out, "IEND", STR(""));
		r = buf_err(out);
	}
	free(packed);
	free(rows);
	free(pal);
	libdeflate_free_compressor(c);
	return r;
}

/* --- JPEG ------------------------------------------------------------------------------------------------------ */

static void lay_on_white(const uint8_t *px, uint32_t w, uint8_t *row)
{
	for (uint32_t x = 0; x < w; x++, px += 4)
		for (int k = 0; k < 3; k++)
			*row++ = (uint8_t)((px[k] * px[3] + 255 * (255 - px[3]) + 127) / 255);
}

int image_put_jpeg(const struct image *im, struct buf *out)
{
	struct jpeg_compress_struct c = {0};
	struct jpeg_jump err;
	unsigned char *bytes = NULL;
	unsigned long n = 0;
	uint8_t *row = malloc((size_t)im->w * 3);
	unsigned channels = im->channels == 1 ? 1 : 3;

	c.err = jpeg_jump_init(&err);
	if (!row || setjmp(err.out)) {
		jpeg_destroy_compress(&c);
		free(bytes);
		free(row);
		return ERR_NOMEM;
	}
	jpeg_create_compress(&c);
	jpeg_mem_dest(&c, &bytes, &n);
	c.image_width = im->w;
	c.image_height = im->h;
	c.input_components = (int)channels;
	c.in_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
	jpeg_set_defaults(&c);
	jpeg_set_quality(&c, IMAGE_QUALITY, TRUE);
	jpeg_start_compress(&c, TRUE);
	while (c.next_scanline < c.image_height) {
		const uint8_t *px = im->px + (size_t)c.next_scanline * im->w * im->channels;
		JSAMPROW rows[1] = {(JSAMPROW)(uintptr_t)px};

		if (im->channels == 4) {
			lay_on_white(px, im->w, row);
			rows[0] = row;
		}
		jpeg_write_scanlines(&c, rows, 1);
	}
	jpeg_finish_compress(&c);
	jpeg_destroy_compress(&c);
	buf_put(out, bytes, n);
	free(bytes);
	free(row);
	return buf_err(out);
}

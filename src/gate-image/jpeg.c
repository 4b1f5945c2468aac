#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gate-image/decode.h"
#include "rebuild/jpeg_jump.h"

#define SCANS_MAX 200                                /* a progressive bomb has thousands */

/* TIFF inside Exif: the orientation of IFD0, 1 when there is none. */
static unsigned orientation(struct str exif)
{
	const unsigned char *p = (const unsigned char *)exif.p;
	bool le;
	uint32_t at, n;

#define U16(i) (unsigned)(le ? p[i] | p[(i) + 1] << 8 : p[i] << 8 | p[(i) + 1])
#define U32(i) ((uint32_t)(le ? U16((i) + 2) : U16(i)) << 16 | (le ? U16(i) : U16((i) + 2)))
	if (exif.n < 20 || memcmp(p, "Exif\0\0", 6) != 0)
		return 1;
	p += 6;
	exif.n -= 6;
	le = p[0] == 'I';
	at = U32(4);
	if (at > exif.n - 2)
		return 1;
	n = U16(at);
	for (uint32_t i = 0; i < n && at + 2 + 12 * (i + 1) <= exif.n; i++)
		if (U16(at + 2 + 12 * i) == 0x0112)
			return U16(at + 2 + 12 * i + 8);
	return 1;
#undef U16
#undef U32
}

struct seen {
	int64_t apps, app_bytes, comments, trailing, scans;
	unsigned orientation;
};

/* Walks the markers, as far as they can be walked, for the report and the orientation. */
static struct seen look(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	struct seen see = {.orientation = 1};
	size_t i = 2;

	while (i + 4 <= s.n) {
		size_t len;

		if (p[i] != 0xff || !p[i + 1] || p[i + 1] == 0xff || (p[i + 1] >= 0xd0 && p[i + 1] <= 0xd7)) {
			const void *next = memchr(p + i + 1, 0xff, s.n - i - 1);

			if (!next)
				break;
			i = (size_t)((const unsigned char *)next - p);
			continue;
		}
		if (p[i + 1] == 0xd9) {
			see.trailing = (int64_t)(s.n - i - 2);
			break;
		}
		len = (size_t)(p[i + 2] << 8 | p[i + 3]);
		if (p[i + 1] == 0xe1 && i + 2 + len <= s.n && len > 2 && see.orientation == 1)
			see.orientation = orientation(str_n(p + i + 4, len - 2));
		if (p[i + 1] >= 0xe0 && p[i + 1] <= 0xef && !(p[i + 1] == 0xe0 && i == 2)) {
			see.apps++;
			see.app_bytes += (int64_t)len;
		}
		see.comments += p[i + 1] == 0xfe;
		see.scans += p[i + 1] == 0xda;
		i += 2 + len;
	}
	return see;
}

static void cmyk_to_rgb(const uint8_t *in, uint8_t *out, uint32_t w, bool inverted)
{
	for (uint32_t x = 0; x < w; x++, in += 4)
		for (int k = 0; k < 3; k++)
			*out++ = (uint8_t)(inverted ? in[k] * in[3] / 255 : (255 - in[k]) * (255 - in[3]) / 255);
}

static int read_rows(struct jpeg_decompress_struct *d, struct image *im)
{
	bool cmyk = d->jpeg_color_space == JCS_CMYK || d->jpeg_color_space == JCS_YCCK;
	uint8_t *row = NULL;
	int r;

	d->out_color_space = cmyk ? JCS_CMYK : d->jpeg_color_space == JCS_GRAYSCALE ? JCS_GRAYSCALE : JCS_RGB;
	jpeg_start_decompress(d);
	r = image_alloc(im, d->output_width, d->output_height, d->out_color_space == JCS_GRAYSCALE ? 1 : 3);
	if (!r && cmyk)
		row = (uint8_t *)(*d->mem->alloc_small)((j_common_ptr)d, JPOOL_IMAGE, (size_t)d->output_width * 4);
	while (!r && d->output_scanline < d->output_height) {
		uint8_t *to = im->px + (size_t)d->output_scanline * im->w * im->channels;
		JSAMPROW rows[1] = {cmyk ? row : to};

		jpeg_read_scanlines(d, rows, 1);
		if (cmyk)
			cmyk_to_rgb(row, to, im->w, d->saw_Adobe_marker);
	}
	if (!r)
		jpeg_finish_decompress(d);
	return r;
}

int decode_jpeg(struct job *j, struct image *im)
{
	struct jpeg_decompress_struct d = {0};
	struct jpeg_jump err;
	struct seen see = look(j->in);
	int r;

	if (see.scans > SCANS_MAX)
		return job_fail(j, GATE_BLOCKED, "IMG-SCANS", NULL);
	d.err = jpeg_jump_init(&err);
	if (setjmp(err.out)) {
		jpeg_destroy_decompress(&d);
		return decode_failed(j, ERR_SYNTAX);
	}
	jpeg_create_decompress(&d);
	jpeg_mem_src(&d, (const unsigned char *)j->in.p, j->in.n);
	jpeg_read_header(&d, TRUE);
	if (d.image_width > IMAGE_SIDE_MAX || d.image_height > IMAGE_SIDE_MAX ||
	    (uint64_t)d.image_width * d.image_height > IMAGE_PIXELS_MAX)
		return decode_failed(j, ERR_TOOBIG);
	r = read_rows(&d, im);
	jpeg_destroy_decompress(&d);
	if (!r)
		r = image_orient(im, see.orientation);
	if (r)
		return decode_failed(j, r);
	if (see.apps)
		job_part(j, STR_NONE, "JPG-APP", GATE_REMOVED, see.apps, see.app_bytes, STR_NONE);
	if (see.comments)
		job_removed(j, "", "JPG-COM", see.comments);
	if (see.trailing > 0)
		job_part(j, STR_NONE, "IMG-TRAIL", GATE_REMOVED, 1, see.trailing, STR_NONE);
	return 0;
}

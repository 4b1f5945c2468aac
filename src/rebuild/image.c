#include "rebuild/image.h"

#include <stdlib.h>
#include <string.h>

int image_alloc(struct image *im, uint32_t w, uint32_t h, unsigned channels)
{
	if (!w || !h)
		return ERR_INVALID;
	if (w > IMAGE_SIDE_MAX || h > IMAGE_SIDE_MAX || (uint64_t)w * h > IMAGE_PIXELS_MAX)
		return ERR_TOOBIG;
	*im = (struct image){w, h, channels, malloc((size_t)w * h * channels)};
	return im->px ? 0 : ERR_NOMEM;
}

void image_free(struct image *im)
{
	free(im->px);
	*im = (struct image){0};
}

static bool opaque(const struct image *im)
{
	for (size_t i = 3, n = (size_t)im->w * im->h * 4; i < n; i += 4)
		if (im->px[i] != 255)
			return false;
	return true;
}

static bool grey(const struct image *im)
{
	for (size_t i = 0, n = (size_t)im->w * im->h * im->channels; i < n; i += im->channels)
		if (im->px[i] != im->px[i + 1] || im->px[i] != im->px[i + 2])
			return false;
	return true;
}

/* Keeps the first `to` samples of each pixel, in place. */
static void narrow(struct image *im, unsigned to)
{
	uint8_t *p = im->px;

	for (size_t i = 0, n = (size_t)im->w * im->h; i < n; i++)
		for (unsigned k = 0; k < to; k++)
			*p++ = im->px[i * im->channels + k];
	im->channels = to;
}

void image_simplify(struct image *im)
{
	if (im->channels == 4 && opaque(im))
		narrow(im, 3);
	if (im->channels == 3 && grey(im))
		narrow(im, 1);
}

int image_orient(struct image *im, unsigned o)
{
	struct image to;
	bool swap = o >= 5;
	int r;

	if (o < 2 || o > 8)
		return 0;
	r = image_alloc(&to, swap ? im->h : im->w, swap ? im->w : im->h, im->channels);
	if (r)
		return r;
	for (uint32_t y = 0; y < im->h; y++)
		for (uint32_t x = 0; x < im->w; x++) {
			uint32_t a = o == 2 || o == 3 || o == 7 || o == 8 ? im->w - 1 - x : x;
			uint32_t b = o == 3 || o == 4 || o == 6 || o == 7 ? im->h - 1 - y : y;
			size_t at = swap ? (size_t)a * to.w + b : (size_t)b * to.w + a;

			memcpy(to.px + at * im->channels, im->px + ((size_t)y * im->w + x) * im->channels, im->channels);
		}
	free(im->px);
	*im = to;
	return 0;
}

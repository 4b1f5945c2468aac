#include <spng.h>
#include <stdlib.h>
#include <string.h>

#include "gate-image/decode.h"

/* Chunks beside those that make the picture, and bytes behind the end. */
static void report(struct job *j)
{
	static const char *const picture[] = {"IHDR", "PLTE", "tRNS", "IDAT", "IEND"};
	const unsigned char *p = (const unsigned char *)j->in.p;
	int64_t other = 0, bytes = 0, frames = 0;
	size_t i = 8;

	while (i + 12 <= j->in.n) {
		size_t len = (size_t)p[i] << 24 | (size_t)p[i + 1] << 16 | (size_t)p[i + 2] << 8 | p[i + 3], k = 0;

		if (len > j->in.n - i - 12)
			break;
		while (k < ARRAY_LEN(picture) && memcmp(p + i + 4, picture[k], 4) != 0)
			k++;
		other += k == ARRAY_LEN(picture);
		bytes += k == ARRAY_LEN(picture) ? (int64_t)len : 0;
		frames += !memcmp(p + i + 4, "fcTL", 4);
		i += 12 + len;
		if (k == 4)
			break;
	}
	if (other)
		job_part(j, STR_NONE, "PNG-CHUNK", GATE_REMOVED, other, bytes, STR_NONE);
	if (frames > 1)
		job_removed(j, "", "IMG-FRAMES", frames - 1);
	if (i < j->in.n)
		job_part(j, STR_NONE, "IMG-TRAIL", GATE_REMOVED, 1, (int64_t)(j->in.n - i), STR_NONE);
}

int decode_png(struct job *j, struct image *im)
{
	spng_ctx *ctx = spng_ctx_new(0);
	struct spng_ihdr head;
	size_t n = 0;
	bool plain;
	int r;

	if (!ctx)
		return decode_failed(j, ERR_NOMEM);
	spng_set_image_limits(ctx, IMAGE_SIDE_MAX, IMAGE_SIDE_MAX);
	spng_set_chunk_limits(ctx, 8u << 20, 32u << 20);
	r = spng_set_png_buffer(ctx, j->in.p, j->in.n);
	if (!r)
		r = spng_get_ihdr(ctx, &head);
	if (r) {
		spng_ctx_free(ctx);
		return decode_failed(j, r == SPNG_EUSER_WIDTH || r == SPNG_EUSER_HEIGHT ? ERR_TOOBIG : ERR_SYNTAX);
	}
	plain = head.color_type == SPNG_COLOR_TYPE_TRUECOLOR || head.color_type == SPNG_COLOR_TYPE_GRAYSCALE;
	if (plain) {                                     /* no alpha unless a tRNS chunk says so */
		struct spng_trns t;

		plain = spng_get_trns(ctx, &t) != 0;
	}
	r = image_alloc(im, head.width, head.height, plain ? 3 : 4);
	if (!r && (spng_decoded_image_size(ctx, plain ? SPNG_FMT_RGB8 : SPNG_FMT_RGBA8, &n) ||
	           n != (size_t)im->w * im->h * im->channels ||
	           spng_decode_image(ctx, im->px, n, plain ? SPNG_FMT_RGB8 : SPNG_FMT_RGBA8, SPNG_DECODE_TRNS)))
		r = ERR_SYNTAX;
	spng_ctx_free(ctx);
	if (r)
		return decode_failed(j, r);
	report(j);
	return 0;
}

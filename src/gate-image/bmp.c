/* BMP: BITMAPINFOHEADER and later, 1, 4, 8, 16, 24 and 32 bits, uncompressed or with masks. RLE is held. */
#include <string.h>

#include "gate-image/decode.h"

struct bmp {
	const unsigned char *p;
	size_t n, at;                                    /* the file; where the rows begin */
	uint32_t w, h, bits, colours, row;
	bool down;
	uint32_t mask[3];
	const unsigned char *palette;
};

static uint32_t le(const struct bmp *b, size_t at, unsigned n)
{
	uint32_t v = 0;

	for (unsigned i = n; i-- > 0;)
		v = v << 8 | b->p[at + i];
	return v;
}

static int head(struct bmp *b)
{
	uint32_t size, how;
	int32_t h;

	if (b->n < 54)
		return ERR_SYNTAX;
	size = le(b, 14, 4);
	h = (int32_t)le(b, 22, 4);
	b->at = le(b, 10, 4);
	b->w = le(b, 18, 4);
	b->down = h < 0;
	b->h = h < 0 ? 0u - (uint32_t)h : (uint32_t)h;
	b->bits = le(b, 28, 2);
	how = le(b, 30, 4);
	b->colours = le(b, 46, 4);
	if (size < 40 || size > 124 || b->w > IMAGE_SIDE_MAX || b->h > IMAGE_SIDE_MAX || !b->w || !b->h)
		return b->w > IMAGE_SIDE_MAX || b->h > IMAGE_SIDE_MAX ? ERR_TOOBIG : ERR_SYNTAX;
	if (how != 0 && !(how == 3 && (b->bits == 16 || b->bits == 32)))
		return ERR_SYNTAX;
	if (b->bits != 1 && b->bits != 4 && b->bits != 8 && b->bits != 16 && b->bits != 24 && b->bits != 32)
		return ERR_SYNTAX;
	b->row = (b->w * b->bits + 31) / 32 * 4;
	if (b->bits <= 8) {
		if (!b->colours || b->colours > 1u << b->bits)
			b->colours = 1u << b->bits;
		b->palette = b->p + 14 + size;
		if (14 + size + 4 * (size_t)b->colours > b->n)
			return ERR_SYNTAX;
	}
	for (unsigned k = 0; k < 3; k++)
		b->mask[k] = how == 3 ? (b->n >= 66 ? le(b, 54 + 4 * k, 4) : 0) : b->bits == 16 ? 0x7c00u >> 5 * k : 0xff0000u >> 8 * k;
	return b->at > b->n || (uint64_t)b->row * b->h > b->n - b->at ? ERR_SYNTAX : 0;
}

static uint8_t by_mask(uint32_t v, uint32_t mask)
{
	unsigned shift = 0, bits = 0;

	if (!mask)
		return 0;
	while (!(mask >> shift & 1))
		shift++;
	while (shift + bits < 32 && mask >> (shift + bits) & 1)
		bits++;
	v = (v & mask) >> shift;
	return (uint8_t)(bits >= 8 ? v >> (bits - 8) : v * 255u / ((1u << bits) - 1));
}

static void pixel(const struct bmp *b, const unsigned char *row, uint32_t x, uint8_t *to)
{
	uint32_t v;

	if (b->bits <= 8) {
		v = row[x * b->bits / 8] >> (8 - b->bits - x * b->bits % 8) & ((1u << b->bits) - 1);
		for (unsigned k = 0; k < 3; k++)
			to[k] = v < b->colours ? b->palette[4 * v + 2 - k] : 0;
		return;
	}
	row += (size_t)x * (b->bits / 8);
	v = b->bits == 16 ? (uint32_t)(row[0] | row[1] << 8) : (uint32_t)(row[0] | row[1] << 8 | row[2] << 16);
	if (b->bits == 32)
		v |= (uint32_t)row[3] << 24;
	for (unsigned k = 0; k < 3; k++)
		to[k] = by_mask(v, b->mask[k]);
}

int decode_bmp(struct job *j, struct image *im)
{
	struct bmp b = {.p = (const unsigned char *)j->in.p, .n = j->in.n};
	int r = head(&b);

	if (!r)
		r = image_alloc(im, b.w, b.h, 3);
	if (r)
		return decode_failed(j, r);
	for (uint32_t y = 0; y < b.h; y++) {
		const unsigned char *row = b.p + b.at + (size_t)(b.down ? y : b.h - 1 - y) * b.row;

		for (uint32_t x = 0; x < b.w; x++)
			pixel(&b, row, x, im->px + ((size_t)y * b.w + x) * 3);
	}
	if (b.at + (size_t)b.row * b.h < b.n)
		job_part(j, STR_NONE, "IMG-TRAIL", GATE_REMOVED, 1, (int64_t)(b.n - b.at - (size_t)b.row * b.h), STR_NONE);
	return 0;
}

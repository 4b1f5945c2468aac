/* Language png: docs/formats/gate-image.md. */
#include <stdlib.h>
#include <string.h>

#include "gate-verify/inflate.h"
#include "gate-verify/verify.h"

#define SIDE_MAX 30000u
#define PIXELS_MAX (120ull << 20)

struct png {
	uint32_t w, h;
	unsigned type, colours;
	struct str data;
	size_t data_at;
};

static uint32_t be(struct str s, size_t at)
{
	const unsigned char *p = (const unsigned char *)s.p + at;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The chunk at *at must be of this type; its data in *ret. */
static bool chunk(struct check *c, size_t *at, const char *type, struct str *ret)
{
	size_t left = c->in.n - *at, n;

	if (left < 12 || memcmp(c->in.p + *at + 4, type, 4) != 0)
		return refuse(c, "png-chunk", *at);
	n = be(c->in, *at);
	if (n > left - 12)
		return refuse(c, "png-chunk", *at);
	*ret = str_slice(c->in, *at + 8, n);
	if (crc32_of(str_slice(c->in, *at + 4, n + 4)) != be(c->in, *at + 8 + n))
		return refuse(c, "png-crc", *at);
	*at += 12 + n;
	return true;
}

static bool head(struct check *c, struct str h, struct png *p)
{
	if (h.n != 13)
		return refuse(c, "png-head", 16);
	p->w = be(h, 0);
	p->h = be(h, 4);
	p->type = (unsigned char)h.p[9];
	if (!p->w || !p->h || p->w > SIDE_MAX || p->h > SIDE_MAX || (uint64_t)p->w * p->h > PIXELS_MAX)
		return refuse(c, "image-size", 16);
	if (h.p[8] != 8 || (p->type != 0 && p->type != 2 && p->type != 3 && p->type != 6) || h.p[10] || h.p[11] || h.p[12])
		return refuse(c, "png-head", 24);
	return true;
}

static bool rows(struct check *c, const struct png *p)
{
	unsigned channels = p->type == 2 ? 3 : p->type == 6 ? 4 : 1;
	size_t row = 1 + (size_t)p->w * channels, n = row * p->h, got = 0;
	uint8_t *raw = malloc(n);
	bool ok = raw && inflate_zlib(p->data, raw, n, &got) && got == n;

	if (!ok)
		refuse(c, raw ? "png-data" : "memory", p->data_at);
	for (size_t y = 0; ok && y < p->h; y++) {
		const uint8_t *r = raw + y * row;

		if (r[0] != 0 && (p->type == 3 || (r[0] != 2 && r[0] != 4)))
			ok = refuse(c, "png-filter", p->data_at);
		for (size_t x = 1; ok && p->type == 3 && x < row; x++)
			if (r[x] >= p->colours)
				ok = refuse(c, "png-palette", p->data_at);
	}
	free(raw);
	return ok;
}

bool verify_png(struct check *c)
{
	struct png p = {0};
	struct str data;
	size_t at = 8;

	if (!str_starts(c->in, "\x89PNG\r\n\x1a\n"))
		return refuse(c, "png-head", 0);
	if (!chunk(c, &at, "IHDR", &data) || !head(c, data, &p))
		return false;
	if (p.type == 3) {
		if (!chunk(c, &at, "PLTE", &data))
			return false;
		if (!data.n || data.n % 3 || data.n > 768)
			return refuse(c, "png-palette", at);
		p.colours = (unsigned)data.n / 3;
	}
	p.data_at = at;
	if (!chunk(c, &at, "IDAT", &p.data) || !chunk(c, &at, "IEND", &data))
		return false;
	if (data.n || at != c->in.n)
		return refuse(c, "png-end", at);
	return rows(c, &p);
}

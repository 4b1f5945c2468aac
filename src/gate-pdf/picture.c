#include "gate-pdf/picture.h"

#include <stdlib.h>
#include <string.h>

#include "gate-pdf/page.h"
#include "gate-pdf/write.h"
#include "rebuild/palette.h"

#define LEVEL 6
#define FLAT_SHARE 60u                               /* percent of samples like their left neighbour: a drawing, no photo */
#define SMALL 4096u                                  /* pixels: too few for the headers of a JPEG to pay */
#define SAMPLE_FROM 256u                             /* rows: of taller ones, every eighth is looked at */
#define SAMPLE_STEP 8u
#define LOOK_SIDE 580u                               /* pixels of a page's longer side at 50 dpi */
#define JPEG_MAX (256u << 20)

static bool drawing(const struct image *im)
{
	size_t same = 0, n = 0;
	uint32_t step = im->h > SAMPLE_FROM ? SAMPLE_STEP : 1;

	if ((size_t)im->w * im->h <= SMALL)
		return true;
	for (uint32_t y = 0; y < im->h; y += step, n += im->w) {
		const uint8_t *p = im->px + (size_t)y * im->w * im->channels;

		for (uint32_t x = 1; x < im->w; x++)
			same += !memcmp(p + (size_t)x * im->channels, p + (size_t)(x - 1) * im->channels, im->channels);
	}
	return same * 100 > n * FLAT_SHARE;
}

static uint8_t coarse_step(uint8_t v)
{
	return (uint8_t)((v * 15 + 127) / 255);
}

/* --- grey ------------------------------------------------------------------------------------------------------------------ */

/* Bits a sample needs so that nothing is lost. */
static unsigned bits_of(const struct image *im)
{
	bool used[256] = {false};
	unsigned bits = 1;

	for (size_t i = 0, n = (size_t)im->w * im->h; i < n; i++)
		used[im->px[i]] = true;
	for (unsigned v = 1; v < 255; v++)
		if (used[v] && v % 17)
			return 8;
		else if (used[v])
			bits = 4;
	return bits;
}

static uint8_t *greys(const struct image *im, unsigned bits, size_t *n)
{
	size_t row = (im->w * (size_t)bits + 7) / 8;
	uint8_t *out = calloc(im->h, row);

	*n = row * im->h;
	for (uint32_t y = 0; out && y < im->h; y++) {
		const uint8_t *from = im->px + (size_t)y * im->w;
		uint8_t *to = out + y * row;

		for (uint32_t x = 0; x < im->w; x++) {
			uint8_t v = bits == 8 ? from[x] : bits == 4 ? coarse_step(from[x]) : from[x] >> 7;

			to[x * bits / 8] |= (uint8_t)(v << (8 - bits - x * bits % 8));
		}
	}
	return out;
}

/* --- colour ------------------------------------------------------------------------------------------------------------------ */

/* One byte a sample; NULL when there are more than 256 colours. */
static uint8_t *indexed(const struct image *im, bool coarse, struct palette *p)
{
	size_t n = (size_t)im->w * im->h;
	uint8_t *out = malloc(n);
	uint32_t last = UINT32_MAX;
	int k = 0;

	memset(p, 0, sizeof *p);
	for (size_t i = 0; out && i < n; i++) {
		const uint8_t *s = im->px + 3 * i;
		uint32_t c = (uint32_t)s[0] << 16 | (uint32_t)s[1] << 8 | s[2];

		if (c == last) {
			out[i] = (uint8_t)k;
			continue;
		}
		last = c;
		if (coarse)
			c = (uint32_t)(coarse_step(s[0]) * 17) << 16 | (uint32_t)(coarse_step(s[1]) * 17) << 8 | (uint32_t)coarse_step(s[2]) * 17;
		k = palette_place(p, c);
		if (k < 0) {
			free(out);
			return NULL;
		}
		out[i] = (uint8_t)k;
	}
	return out;
}

/* --- photographs ---------------------------------------------------------------------------------------------------------------- */

/* Each sample the mean of a square. */
static int shrunk(const struct image *im, uint32_t by, struct image *ret)
{
	int r = image_alloc(ret, im->w / by, im->h / by, im->channels);

	for (uint32_t y = 0; !r && y < ret->h; y++)
		for (uint32_t x = 0; x < ret->w; x++)
			for (unsigned k = 0; k < im->channels; k++) {
				unsigned sum = 0;

				for (uint32_t v = 0; v < by; v++) {
					const uint8_t *p = im->px + (((size_t)y * by + v) * im->w + (size_t)x * by) * im->channels + k;

					for (uint32_t u = 0; u < by; u++, p += im->channels)
						sum += *p;
				}
				ret->px[((size_t)y * ret->w + x) * im->channels + k] = (uint8_t)(sum / (by * by));
			}
	return r;
}

static unsigned photo_difference(const struct image *im, struct str jpeg)
{
	uint32_t side = im->w > im->h ? im->w : im->h, by = side >= 8 * LOOK_SIDE ? 8 : side >= 4 * LOOK_SIDE ? 4 : side >= 2 * LOOK_SIDE ? 2 : 1;
	struct image was = {0}, is = {0};
	unsigned d = 256;

	if (im->w >= by && im->h >= by && !shrunk(im, by, &was) && !picture_read_jpeg(jpeg, by, was.w, was.h, &is))
		d = page_difference(&was, &is);
	image_free(&was);
	image_free(&is);
	return d;
}

/* --- objects ------------------------------------------------------------------------------------------------------------------ */

static int put_photo(const struct image *im, struct buf *b, unsigned *ret_difference)
{
	struct buf jpeg;
	int r;

	buf_init(&jpeg, JPEG_MAX);
	r = image_put_jpeg(im, &jpeg);
	if (!r && ret_difference)
		*ret_difference = photo_difference(im, buf_view(&jpeg));
	buf_printf(b, "/ColorSpace/%s/BitsPerComponent 8/Filter/DCTDecode/Length %zu>>\nstream\n", im->channels == 1 ? "DeviceGray" : "DeviceRGB",
	           jpeg.n);
	buf_str(b, buf_view(&jpeg));
	buf_puts(b, "\nendstream\nendobj\n");
	buf_release(&jpeg);
	return r ? r : buf_err(b);
}

static int put_samples(const struct image *im, bool coarse, struct palette *pal, struct buf *b)
{
	unsigned bits = im->channels > 1 ? 0 : coarse ? 4 : bits_of(im);
	size_t n = (size_t)im->w * im->h, k;
	uint8_t *own = bits && bits < 8 ? greys(im, bits, &n) : bits ? NULL : indexed(im, coarse, pal);
	char *packed;

	if (bits && bits < 8 && !own)
		return ERR_NOMEM;
	if (bits) {
		buf_printf(b, "/ColorSpace/DeviceGray/BitsPerComponent %u", bits);
	} else if (own) {
		buf_printf(b, "/ColorSpace[/Indexed/DeviceRGB %u<", pal->n - 1);
		for (unsigned i = 0; i < pal->n; i++)
			buf_printf(b, "%06X", pal->colour[i]);
		buf_puts(b, ">]/BitsPerComponent 8");
	} else {
		n *= 3;
		buf_puts(b, "/ColorSpace/DeviceRGB/BitsPerComponent 8");
	}
	packed = pdf_pack(own ? own : im->px, n, LEVEL, &k);
	free(own);
	if (!packed)
		return ERR_NOMEM;
	buf_printf(b, "/Filter/FlateDecode/Length %zu>>\nstream\n", k);
	buf_put(b, packed, k);
	buf_puts(b, "\nendstream\nendobj\n");
	free(packed);
	return buf_err(b);
}

/* Colours that are few are exact; else a drawing of many is kept exact too, and a photograph becomes JPEG. */
static int put(const struct image *im, bool coarse, bool exact, struct buf *b, unsigned *ret_difference)
{
	struct palette *pal = malloc(sizeof *pal);
	bool flat = exact || drawing(im) || (im->channels == 1 && bits_of(im) == 1);
	int r = ERR_NOMEM;

	if (pal && coarse && flat && im->channels == 3) {
		uint8_t *few = indexed(im, true, pal);

		flat = few;
		free(few);
	}
	if (pal)
		r = flat ? put_samples(im, coarse, pal, b) : put_photo(im, b, coarse ? NULL : ret_difference);
	free(pal);
	return r;
}

static uint64_t hash(const char *p, size_t n)
{
	uint64_t h = n, v;

	for (; n >= 8; n -= 8, p += 8) {
		memcpy(&v, p, 8);
		h = (h ^ v) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	for (; n; n--, p++)
		h = (h ^ (uint8_t)*p) * 0x100000001b3u;
	return h;
}

static int make(const struct image *im, bool coarse, bool exact, struct picture *ret)
{
	struct buf b;
	int r;

	if ((uint64_t)im->w * im->h > PICTURE_PIXELS_MAX || im->w > IMAGE_SIDE_MAX || im->h > IMAGE_SIDE_MAX)
		return ERR_TOOBIG;
	*ret = (struct picture){0};
	buf_init(&b, 256);
	buf_printf(&b, "<</Type/XObject/Subtype/Image/Width %u/Height %u", im->w, im->h);
	ret->head = b.p;
	ret->n_head = b.n;
	buf_init(&b, JPEG_MAX + (1u << 20));
	r = put(im, coarse, exact, &b, &ret->difference);
	ret->body = b.p;
	ret->n_body = b.n;
	ret->hash = r ? 0 : hash(b.p, b.n);
	return r;
}

static void drop(struct picture *p)
{
	free(p->head);
	free(p->body);
	*p = (struct picture){0};
}

static bool same(const struct picture *a, const struct picture *b)
{
	return a->hash == b->hash && a->masked == b->masked && a->n_head == b->n_head && a->n_body == b->n_body &&
	       !memcmp(a->head, b->head, a->n_head) && !memcmp(a->body, b->body, a->n_body);
}

static int append(struct pictures *p, const struct picture *new, unsigned n)
{
	if (p->n + n > p->cap) {
		uint32_t cap = p->cap ? 2 * p->cap : 64;
		struct picture *list = realloc(p->list, cap * sizeof *list);

		if (!list)
			return ERR_NOMEM;
		p->list = list;
		p->cap = cap;
	}
	memcpy(p->list + p->n, new, n * sizeof *new);
	p->n += n;
	return 0;
}

/* The pictures, or those that are the same already. */
static int keep(struct pictures *p, struct picture new[2], int r, uint32_t *ret)
{
	unsigned n = new[0].masked ? 2 : 1;

	for (uint32_t i = 0; !r && i + n <= p->n; i += p->list[i].masked ? 2 : 1)
		if (same(&p->list[i], &new[0]) && (n == 1 || same(&p->list[i + 1], &new[1]))) {
			drop(&new[0]);
			drop(&new[1]);
			*ret = i;
			return 0;
		}
	if (!r)
		r = append(p, new, n);
	if (r) {
		drop(&new[0]);
		drop(&new[1]);
		return r;
	}
	*ret = p->n - n;
	return 0;
}

int pictures_add(struct pictures *p, const struct image *im, const struct image *mask, bool coarse, uint32_t *ret)
{
	struct picture new[2] = {0};
	int r = make(im, coarse, false, &new[0]);

	if (!r && mask)
		r = make(mask, false, true, &new[1]);
	new[0].masked = mask;
	return keep(p, new, r, ret);
}

int pictures_add_stencil(struct pictures *p, uint32_t w, uint32_t h, const uint8_t *rows, uint32_t *ret)
{
	struct picture new[2] = {0};
	size_t k;
	char *packed;
	struct buf b;
	int r;

	if ((uint64_t)w * h > PICTURE_PIXELS_MAX || w > IMAGE_SIDE_MAX || h > IMAGE_SIDE_MAX)
		return ERR_TOOBIG;
	packed = pdf_pack(rows, (size_t)(w + 7) / 8 * h, LEVEL, &k);
	buf_init(&b, 256);
	buf_printf(&b, "<</Type/XObject/Subtype/Image/Width %u/Height %u", w, h);
	new[0].head = b.p;
	new[0].n_head = b.n;
	buf_init(&b, JPEG_MAX);
	buf_printf(&b, "/ImageMask true/BitsPerComponent 1/Filter/FlateDecode/Length %zu>>\nstream\n", k);
	buf_put(&b, packed, k);
	buf_puts(&b, "\nendstream\nendobj\n");
	free(packed);
	new[0].body = b.p;
	new[0].n_body = b.n;
	new[0].hash = hash(b.p, b.n);
	r = packed ? buf_err(&b) : ERR_NOMEM;
	return keep(p, new, r, ret);
}

void pictures_truncate(struct pictures *p, uint32_t n)
{
	while (p->n > n)
		drop(&p->list[--p->n]);
}

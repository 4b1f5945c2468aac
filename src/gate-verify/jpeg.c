/* Language jpeg: docs/formats/gate-image.md. The headers have one form; the scan is read to its last bit. */
#include <string.h>

#include "gate-verify/verify.h"

#define SIDE_MAX 30000u
#define PIXELS_MAX (120ull << 20)
#define LOOK 9

/* ITU-T T.81 annex K.3: the typical Huffman tables. */
static const uint8_t dc_bits[2][16] = {{0, 1, 5, 1, 1, 1, 1, 1, 1}, {0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1}};
static const uint8_t ac_bits[2][16] = {{0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 0x7d}, {0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 0x77}};

struct table {
	uint8_t bits[17], value[256];
	unsigned n;
	uint16_t fast[1 << LOOK];                        /* length << 8 | value; 0: longer */
	uint32_t first[18];                              /* by length: first code */
	unsigned base[17];
};

struct jpg {
	struct check *c;
	const uint8_t *p, *end;
	unsigned comps, w, h;
	struct table dc[2], ac[2];
};

struct bits {
	const uint8_t *p, *end;
	uint64_t v;
	unsigned n;
	bool bad;
};

static size_t pos(const struct jpg *j)
{
	return (size_t)(j->p - (const uint8_t *)j->c->in.p);
}

static bool exact(struct jpg *j, const char *rule, const uint8_t *want, size_t n)
{
	if ((size_t)(j->end - j->p) < n || memcmp(j->p, want, n) != 0)
		return refuse(j->c, rule, pos(j));
	j->p += n;
	return true;
}

static bool quantisation(struct jpg *j, uint8_t id)
{
	const uint8_t head[] = {0xff, 0xdb, 0, 67, id};

	if (!exact(j, "jpeg-dqt", head, sizeof head) || j->end - j->p < 64)
		return refuse(j->c, "jpeg-dqt", pos(j));
	for (int i = 0; i < 64; i++)
		if (!j->p[i])
			return refuse(j->c, "jpeg-dqt", pos(j));
	j->p += 64;
	return true;
}

static bool frame(struct jpg *j)
{
	static const uint8_t one[] = {1, 1, 0x11, 0}, three[] = {3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1};
	const uint8_t head[] = {0xff, 0xc0, 0, (uint8_t)(8 + 3 * j->comps), 8};

	if (!exact(j, "jpeg-frame", head, sizeof head) || j->end - j->p < 4)
		return refuse(j->c, "jpeg-frame", pos(j));
	j->h = (unsigned)(j->p[0] << 8 | j->p[1]);
	j->w = (unsigned)(j->p[2] << 8 | j->p[3]);
	if (!j->w || !j->h || j->w > SIDE_MAX || j->h > SIDE_MAX || (uint64_t)j->w * j->h > PIXELS_MAX)
		return refuse(j->c, "image-size", pos(j));
	j->p += 4;
	return j->comps == 1 ? exact(j, "jpeg-frame", one, sizeof one) : exact(j, "jpeg-frame", three, sizeof three);
}

static void build(struct table *t)
{
	uint32_t code = 0;
	unsigned at = 0;

	memset(t->fast, 0, sizeof t->fast);
	for (unsigned len = 1; len <= 16; len++, code <<= 1) {
		t->first[len] = code;
		t->base[len] = at;
		for (unsigned i = 0; i < t->bits[len]; i++, code++, at++)
			for (uint32_t k = 0; len <= LOOK && k < 1u << (LOOK - len); k++)
				t->fast[code << (LOOK - len) | k] = (uint16_t)(len << 8 | t->value[at]);
	}
}

/* A table of annex K: its lengths are known; its values must be the ones of its kind, each once. */
static bool huffman(struct jpg *j, unsigned class, unsigned id, struct table *t)
{
	const uint8_t *bits = class ? ac_bits[id] : dc_bits[id];
	unsigned n = class ? 162 : 12;
	const uint8_t head[] = {0xff, 0xc4, 0, (uint8_t)(19 + n), (uint8_t)(class << 4 | id)};
	bool seen[256] = {false};

	if (!exact(j, "jpeg-dht", head, sizeof head) || !exact(j, "jpeg-dht", bits, 16) || (size_t)(j->end - j->p) < n)
		return refuse(j->c, "jpeg-dht", pos(j));
	for (unsigned i = 0; i < n; i++) {
		uint8_t v = j->p[i];

		if (seen[v] || (class ? (v & 15) > 10 || (!(v & 15) && v != 0 && v != 0xf0) : v > 11))
			return refuse(j->c, "jpeg-dht", pos(j) + i);
		seen[v] = true;
		t->value[i] = v;
	}
	memcpy(t->bits + 1, bits, 16);
	t->n = n;
	j->p += n;
	build(t);
	return true;
}

/* Stuffed zeros are taken out; a marker ends the scan's bytes. */
static void fill(struct bits *b)
{
	while (b->n <= 56) {
		uint8_t v;

		if (b->p >= b->end || (*b->p == 0xff && (b->p + 1 >= b->end || b->p[1])))
			return;
		v = *b->p;
		b->p += v == 0xff ? 2 : 1;
		b->v |= (uint64_t)v << (56 - b->n);
		b->n += 8;
	}
}

static void skip(struct bits *b, unsigned n)
{
	if (b->n < n)
		fill(b);
	if (b->n < n) {
		b->bad = true;
		return;
	}
	b->v <<= n;
	b->n -= n;
}

static unsigned symbol(struct bits *b, const struct table *t)
{
	uint16_t f;

	if (b->n < 16)
		fill(b);
	f = t->fast[b->v >> (64 - LOOK)];
	if (f && f >> 8 <= b->n) {
		b->v <<= f >> 8;
		b->n -= f >> 8;
		return f & 255;
	}
	for (unsigned len = LOOK + 1; len <= 16 && len <= b->n; len++) {
		uint32_t code = (uint32_t)(b->v >> (64 - len));

		if (code >= t->first[len] && code - t->first[len] < t->bits[len]) {
			b->v <<= len;
			b->n -= len;
			return t->value[t->base[len] + code - t->first[len]];
		}
	}
	b->bad = true;
	return 0;
}

static void block(struct bits *b, const struct table *dc, const struct table *ac)
{
	skip(b, symbol(b, dc));
	for (unsigned k = 1; k < 64 && !b->bad; k++) {
		unsigned rs = symbol(b, ac), run = rs >> 4, size = rs & 15;

		if (!size && run != 15)
			return;                          /* end of block */
		k += run;
		if (k > 63)
			b->bad = true;
		skip(b, size);
	}
}

static bool scan(struct jpg *j)
{
	static const uint8_t one[] = {0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0};
	static const uint8_t three[] = {0xff, 0xda, 0, 12, 3, 1, 0, 2, 0x11, 3, 0x11, 0, 63, 0};
	static const uint8_t end[] = {0xff, 0xd9};
	unsigned side = j->comps == 1 ? 8 : 16;
	size_t units = (size_t)((j->w + side - 1) / side) * ((j->h + side - 1) / side);
	struct bits b;

	if (!(j->comps == 1 ? exact(j, "jpeg-scan", one, sizeof one) : exact(j, "jpeg-scan", three, sizeof three)))
		return false;
	b = (struct bits){.p = j->p, .end = j->end};
	for (size_t i = 0; i < units && !b.bad; i++) {
		for (unsigned k = 0; k < (j->comps == 1 ? 1 : 4); k++)
			block(&b, &j->dc[0], &j->ac[0]);
		for (unsigned k = 0; k < (j->comps == 1 ? 0 : 2); k++)
			block(&b, &j->dc[1], &j->ac[1]);
	}
	fill(&b);
	j->p = b.p;
	/* At most the last byte is left, its unused bits set (F.1.2.3). */
	if (b.bad || b.n > 7 || (b.n && b.v >> (64 - b.n) != (1u << b.n) - 1))
		return refuse(j->c, "jpeg-data", pos(j));
	return exact(j, "jpeg-end", end, sizeof end) && (j->p == j->end || refuse(j->c, "jpeg-end", pos(j)));
}

bool verify_jpeg(struct check *c)
{
	static const uint8_t head[] = {0xff, 0xd8, 0xff, 0xe0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0};
	struct jpg j = {.c = c, .p = (const uint8_t *)c->in.p, .end = (const uint8_t *)c->in.p + c->in.n, .comps = 3};
	size_t second = sizeof head + 69;

	/* A second quantisation table means colour. */
	if (c->in.n > second + 1 && j.p[second] == 0xff && j.p[second + 1] == 0xc0)
		j.comps = 1;
	if (!exact(&j, "jpeg-head", head, sizeof head) || !quantisation(&j, 0) || (j.comps == 3 && !quantisation(&j, 1)) || !frame(&j))
		return false;
	for (unsigned id = 0; id < (j.comps == 3 ? 2u : 1u); id++)
		if (!huffman(&j, 0, id, &j.dc[id]) || !huffman(&j, 1, id, &j.ac[id]))
			return false;
	return scan(&j);
}

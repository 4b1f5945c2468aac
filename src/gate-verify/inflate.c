#include "gate-verify/inflate.h"

#include <string.h>

#define FAST_BITS 9
#define CODES_MAX 288

struct huffman {
	uint16_t fast[1 << FAST_BITS];                   /* length << 9 | symbol, 0 for longer codes */
	uint16_t first[16], count[16], base[16];         /* by length: first code, how many, where in symbol[] */
	uint16_t symbol[CODES_MAX];
	unsigned n;
};

struct in {
	const uint8_t *p, *end;
	uint64_t bits;
	unsigned n;
	bool bad;
};

static void fill(struct in *in)
{
	while (in->n <= 56 && in->p < in->end) {
		in->bits |= (uint64_t)*in->p++ << in->n;
		in->n += 8;
	}
}

static unsigned take(struct in *in, unsigned n)
{
	unsigned v;

	if (in->n < n)
		fill(in);
	if (in->n < n) {
		in->bad = true;
		return 0;
	}
	v = (unsigned)(in->bits & ((1ull << n) - 1));
	in->bits >>= n;
	in->n -= n;
	return v;
}

static unsigned reversed(unsigned v, unsigned n)
{
	unsigned r = 0;

	for (; n--; v >>= 1)
		r = r << 1 | (v & 1);
	return r;
}

/* Codes must be complete; one single code of length 1 is allowed where RFC 1951 3.2.7 allows it (distances), or none. */
static bool build(struct huffman *h, const uint8_t *lengths, unsigned n, bool single)
{
	unsigned code = 0, used = 0;

	memset(h, 0, sizeof *h);
	for (unsigned i = 0; i < n; i++)
		h->count[lengths[i]]++;
	h->count[0] = 0;
	for (unsigned len = 1; len < 16; len++) {
		code = (code + h->count[len - 1]) << 1;
		h->first[len] = (uint16_t)code;
		h->base[len] = (uint16_t)used;
		used += h->count[len];
		if (code + h->count[len] > 1u << len)
			return false;
	}
	if (code + h->count[15] != 1u << 15 && !(single && (used == 0 || (used == 1 && h->count[1] == 1))))
		return false;
	h->n = used;
	for (unsigned len = 1, at = 0; len < 16; len++)
		for (unsigned i = 0, k = 0; i < n; i++) {
			unsigned r;

			if (lengths[i] != len)
				continue;
			h->symbol[at++] = (uint16_t)i;
			r = reversed(h->first[len] + k++, len);
			for (; len <= FAST_BITS && r < 1u << FAST_BITS; r += 1u << len)
				h->fast[r] = (uint16_t)(len << 9 | i);
		}
	return true;
}

static int symbol(struct in *in, const struct huffman *h)
{
	unsigned code = 0, v;

	fill(in);
	v = h->fast[in->bits & ((1u << FAST_BITS) - 1)];
	if (v && v >> 9 <= in->n) {
		in->bits >>= v >> 9;
		in->n -= v >> 9;
		return (int)(v & 511);
	}
	for (unsigned len = 1; len < 16; len++) {
		code = code << 1 | take(in, 1);
		if (in->bad)
			return -1;
		if (code >= h->first[len] && code - h->first[len] < h->count[len])
			return h->symbol[h->base[len] + code - h->first[len]];
	}
	return -1;
}

struct out {
	uint8_t *p;
	size_t n, max;
};

static bool copy(struct out *o, unsigned distance, unsigned length)
{
	if (distance > o->n || length > o->max - o->n)
		return false;
	if (distance >= length) {
		memcpy(o->p + o->n, o->p + o->n - distance, length);
		o->n += length;
		return true;
	}
	for (; length--; o->n++)
		o->p[o->n] = o->p[o->n - distance];
	return true;
}

static bool codes(struct in *in, struct out *o, const struct huffman *lit, const struct huffman *dist)
{
	static const uint16_t len_base[] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
	                                    31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
	static const uint8_t len_bits[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
	static const uint16_t dist_base[] = {1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
	                                     193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
	static const uint8_t dist_bits[] = {0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};

	for (;;) {
		int s = symbol(in, lit), d;
		unsigned length, distance;

		if (s < 0 || s > 285 || in->bad)
			return false;
		if (s == 256)
			return true;
		if (s < 256) {
			if (o->n == o->max)
				return false;
			o->p[o->n++] = (uint8_t)s;
			continue;
		}
		s -= 257;
		length = len_base[s] + take(in, len_bits[s]);
		d = symbol(in, dist);
		if (d < 0 || d > 29)
			return false;
		distance = dist_base[d] + take(in, dist_bits[d]);
		if (in->bad || !copy(o, distance, length))
			return false;
	}
}

static bool fixed(struct in *in, struct out *o)
{
	struct huffman lit, dist;
	uint8_t lengths[CODES_MAX];

	for (unsigned i = 0; i < CODES_MAX; i++)
		lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
	build(&lit, lengths, CODES_MAX, false);
	memset(lengths, 5, 32);
	build(&dist, lengths, 32, false);
	return codes(in, o, &lit, &dist);
}

static bool dynamic(struct in *in, struct out *o)
{
	static const uint8_t order[] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
	unsigned n_lit = take(in, 5) + 257, n_dist = take(in, 5) + 1, n_code = take(in, 4) + 4, n = 0;
	struct huffman lit, dist, code;
	uint8_t lengths[320] = {0};

	if (n_lit > 286 || n_dist > 30)
		return false;
	for (unsigned i = 0; i < n_code; i++)
		lengths[order[i]] = (uint8_t)take(in, 3);
	if (in->bad || !build(&code, lengths, 19, false))
		return false;
	memset(lengths, 0, sizeof lengths);
	while (n < n_lit + n_dist) {
		int s = symbol(in, &code);
		unsigned repeat, v = 0;

		if (s < 0 || in->bad || (s == 16 && !n))
			return false;
		if (s < 16) {
			lengths[n++] = (uint8_t)s;
			continue;
		}
		v = s == 16 ? lengths[n - 1] : 0;
		repeat = s == 16 ? 3 + take(in, 2) : s == 17 ? 3 + take(in, 3) : 11 + take(in, 7);
		if (in->bad || repeat > n_lit + n_dist - n)
			return false;
		memset(lengths + n, (int)v, repeat);
		n += repeat;
	}
	return lengths[256] && build(&lit, lengths, n_lit, false) && build(&dist, lengths + n_lit, n_dist, true) &&
	       codes(in, o, &lit, &dist);
}

static bool stored(struct in *in, struct out *o)
{
	unsigned n, not;

	take(in, in->n & 7);
	n = take(in, 16);
	not = take(in, 16);
	if (in->bad || (n ^ not) != 0xffff || n > o->max - o->n)
		return false;
	for (; n--; o->n++)
		o->p[o->n] = (uint8_t)take(in, 8);
	return !in->bad;
}

static bool run(struct in *in, struct out *o)
{
	bool last = false;

	while (!last) {
		unsigned kind;
		bool ok;

		last = take(in, 1);
		kind = take(in, 2);
		ok = !in->bad && (kind == 0 ? stored(in, o) : kind == 1 ? fixed(in, o) : kind == 2 ? dynamic(in, o) : false);
		if (!ok)
			return false;
	}
	return !in->bad;
}

/* Whole bytes not yet used. */
static size_t left(const struct in *in)
{
	return (size_t)(in->end - in->p) + in->n / 8;
}

bool inflate_exact(struct str packed, uint8_t *out, size_t n)
{
	struct in in = {.p = (const uint8_t *)packed.p, .end = (const uint8_t *)packed.p + packed.n};
	struct out o = {out, 0, n};

	return run(&in, &o) && o.n == n && !left(&in);
}

static uint32_t adler(const uint8_t *p, size_t n)
{
	uint32_t a = 1, b = 0;

	while (n) {
		size_t k = n < 5552 ? n : 5552;

		n -= k;
		while (k--) {
			a += *p++;
			b += a;
		}
		a %= 65521;
		b %= 65521;
	}
	return b << 16 | a;
}

bool inflate_zlib(struct str packed, uint8_t *out, size_t max, size_t *ret_n)
{
	struct in in = {.p = (const uint8_t *)packed.p, .end = (const uint8_t *)packed.p + packed.n};
	struct out o = {out, 0, max};
	const uint8_t *p = in.p;
	uint32_t sum;

	if (packed.n < 6 || (p[0] & 15) != 8 || p[0] >> 4 > 7 || (p[0] << 8 | p[1]) % 31 || p[1] & 0x20)
		return false;
	in.p += 2;
	in.end -= 4;
	if (!run(&in, &o) || left(&in))
		return false;
	p = in.end;
	sum = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	*ret_n = o.n;
	return sum == adler(out, o.n);
}

uint32_t crc32_of(struct str s)
{
	static uint32_t table[256];
	uint32_t c = 0xffffffffu;

	if (!table[1])
		for (uint32_t i = 0; i < 256; i++) {
			uint32_t v = i;

			for (int k = 0; k < 8; k++)
				v = v >> 1 ^ (v & 1 ? 0xedb88320u : 0);
			table[i] = v;
		}
	for (size_t i = 0; i < s.n; i++)
		c = table[(c ^ (unsigned char)s.p[i]) & 255] ^ c >> 8;
	return ~c;
}

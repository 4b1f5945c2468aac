/* Short hashes without the library's preparations, and many at once. The processor's SHA-256 instructions wait for each other within one hash, so that two hashes in
 * step take hardly longer than one: each lane takes the next piece as soon as its own is done. Machines without them take the
 * ordinary way. */
#include "lib/hash.h"

#include <string.h>

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>

#define HASH_NI
#define BLOCK 64u
#define LENGTH_AT 56u
#define NI __attribute__((target("sha,sse4.1")))

static const uint32_t round_constants[64] __attribute__((aligned(16))) = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
	0x12835b01, 0x243185be,
	0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
	0x2de92c6f, 0x4a7484aa,
	0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351,
	0x14292967, 0x27b70a85,
	0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3,
	0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3,
	0x4ed8aa4a, 0x5b9cca4f,
	0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

/* One piece on its way; the state is kept as the instructions want it: words a b e f and c d g h. */
struct lane {
	__m128i abef, cdgh;
	const uint8_t *p;
	size_t left;
	uint64_t bits;
	uint8_t *out;
	uint8_t prefix;
	bool begun, marked, last;
	uint8_t stage[BLOCK] __attribute__((aligned(16)));
};

NI static inline void lane_begin(struct lane *l, uint8_t prefix, struct str in, uint8_t *out)
{
	l->abef = _mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f, (int)0x9b05688c);
	l->cdgh = _mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab, 0x5be0cd19);
	l->p = (const uint8_t *)in.p;
	l->left = in.n;
	l->bits = (in.n + 1) * 8;
	l->out = out;
	l->prefix = prefix;
	l->begun = l->marked = l->last = false;
}

/* The next 64 bytes: where they lie, or put together at the beginning and the end (FIPS 180-4 §5.1.1). */
static inline const uint8_t *lane_block(struct lane *l)
{
	size_t at = 0, take;

	if (l->begun && l->left >= BLOCK) {
		l->p += BLOCK;
		l->left -= BLOCK;
		return l->p - BLOCK;
	}
	if (!l->begun)
		l->stage[at++] = l->prefix;
	l->begun = true;
	take = l->left < BLOCK - at ? l->left : BLOCK - at;
	if (take && l->p != l->stage)
		memcpy(l->stage + at, l->p, take);
	l->p += take;
	l->left -= take;
	at += take;
	if (at == BLOCK)
		return l->stage;
	if (!l->marked)
		l->stage[at++] = 0x80;
	l->marked = true;
	memset(l->stage + at, 0, BLOCK - at);
	if (at <= LENGTH_AT) {
		uint64_t bits = __builtin_bswap64(l->bits);

		memcpy(l->stage + LENGTH_AT, &bits, sizeof bits);
		l->last = true;
	}
	return l->stage;
}

NI static inline void lane_end(struct lane *l)
{
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	__m128i feba = _mm_shuffle_epi32(l->abef, 0x1b), dchg = _mm_shuffle_epi32(l->cdgh, 0xb1);
	__m128i low = _mm_blend_epi16(feba, dchg, 0xf0), high = _mm_alignr_epi8(dchg, feba, 8);

	_mm_storeu_si128((__m128i *)(void *)l->out, _mm_shuffle_epi8(low, swap));
	_mm_storeu_si128((__m128i *)(void *)(l->out + 16), _mm_shuffle_epi8(high, swap));
}

/* One block of each lane. */
NI static inline void both(struct lane *x, const uint8_t *px, struct lane *y, const uint8_t *py)
{
	const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	__m128i xa = x->abef, xc = x->cdgh, ya = y->abef, yc = y->cdgh, mx[4], my[4];

	for (unsigned i = 0; i < 4; i++) {
		mx[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(px + 16 * i)), swap);
		my[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(py + 16 * i)), swap);
	}
#pragma GCC unroll 16
	for (unsigned i = 0; i < 16; i++) {
		__m128i k = _mm_load_si128((const __m128i *)(const void *)(round_constants + 4 * i));
		__m128i kx = _mm_add_epi32(mx[i & 3], k), ky = _mm_add_epi32(my[i & 3], k);

		xc = _mm_sha256rnds2_epu32(xc, xa, kx);
		yc = _mm_sha256rnds2_epu32(yc, ya, ky);
		xa = _mm_sha256rnds2_epu32(xa, xc, _mm_shuffle_epi32(kx, 0x0e));
		ya = _mm_sha256rnds2_epu32(ya, yc, _mm_shuffle_epi32(ky, 0x0e));
		if (i >= 12)
			continue;
		kx = _mm_alignr_epi8(mx[(i + 3) & 3], mx[(i + 2) & 3], 4);
		ky = _mm_alignr_epi8(my[(i + 3) & 3], my[(i + 2) & 3], 4);
		mx[i & 3] = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(mx[i & 3], mx[(i + 1) & 3]), kx),
		                                 mx[(i + 3) & 3]);
		my[i & 3] = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(my[i & 3], my[(i + 1) & 3]), ky),
		                                 my[(i + 3) & 3]);
	}
	x->abef = _mm_add_epi32(x->abef, xa);
	x->cdgh = _mm_add_epi32(x->cdgh, xc);
	y->abef = _mm_add_epi32(y->abef, ya);
	y->cdgh = _mm_add_epi32(y->cdgh, yc);
}

NI static void many(uint8_t prefix, const struct str *in, size_t n, uint8_t *out)
{
	static const uint8_t nothing[BLOCK];
	struct lane lane[2] = {0};
	size_t next = 0, busy;

	for (busy = 0; busy < 2 && next < n; busy++, next++)
		lane_begin(&lane[busy], prefix, in[next], out + SHA256_LEN * next);
	while (busy) {
		const uint8_t *a = lane_block(&lane[0]), *b = busy == 2 ? lane_block(&lane[1]) : nothing;

		both(&lane[0], a, &lane[1], b);
		for (size_t i = busy; i-- > 0;) {
			if (!lane[i].last)
				continue;
			lane_end(&lane[i]);
			if (next < n) {
				lane_begin(&lane[i], prefix, in[next], out + SHA256_LEN * next);
				next++;
			} else if (--busy == 1 && i == 0) {
				lane[0] = lane[1]; /* its block may lie in the stage, which goes with it: it is asked for anew */
			}
		}
	}
}

/* One hash of several pieces; the other lane has nothing to do. */
NI static void one(const struct str *parts, size_t n, uint8_t *out)
{
	struct lane lane, idle = {0};
	uint64_t bytes = 0;
	size_t at = 0;

	lane_begin(&lane, 0, STR_NONE, out);
	for (size_t i = 0; i < n; i++) {
		struct str left = parts[i];

		bytes += left.n;
		while (left.n) {
			size_t take = left.n < BLOCK - at ? left.n : BLOCK - at;

			if (take == BLOCK) {
				both(&lane, (const uint8_t *)left.p, &idle, (const uint8_t *)left.p);
			} else {
				memcpy(lane.stage + at, left.p, take);
				at = (at + take) % BLOCK;
				if (!at)
					both(&lane, lane.stage, &idle, lane.stage);
			}
			left = str_n(left.p + take, left.n - take);
		}
	}
	/* what stands in the stage, as if it were a piece of its own */
	lane.p = lane.stage;
	lane.begun = true;
	lane.left = at;
	lane.bits = 8 * bytes;
	while (!lane.last) {
		const uint8_t *block = lane_block(&lane);

		both(&lane, block, &idle, block);
	}
	lane_end(&lane);
}

static bool machine_can(void)
{
	unsigned a, b, c, d;

	return __builtin_cpu_supports("sse4.1") && __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & bit_SHA;
}

#endif

static void plain(uint8_t prefix, const struct str *in, size_t n, uint8_t *out)
{
	struct str parts[2] = {{(const char *)&prefix, 1}};

	for (size_t i = 0; i < n; i++) {
		parts[1] = in[i];
		sha256_parts(parts, 2, out + SHA256_LEN * i);
	}
}

void sha256_parts(const struct str *parts, size_t n, uint8_t out[SHA256_LEN])
{
	static void (*way)(const struct str *, size_t, uint8_t *);

	if (!way) {
		way = sha256_library;
#ifdef HASH_NI
		if (machine_can())
			way = one;
#endif
	}
	way(parts, n, out);
}

void sha256_many(uint8_t prefix, const struct str *in, size_t n, uint8_t *out)
{
	static void (*way)(uint8_t, const struct str *, size_t, uint8_t *);

	if (!way) {
		way = plain;
#ifdef HASH_NI
		if (machine_can())
			way = many;
#endif
	}
	way(prefix, in, n, out);
}

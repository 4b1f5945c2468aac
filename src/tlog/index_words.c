#include "tlog/index_words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "tlog/find.h"

#define SLACK 64u                                    /* bytes that may be read behind a text */
#define GROUP 64u                                    /* signs that are looked at together */
#define STEP 256u                                    /* words between two rounds of hashing */
#define SHORT 16u                                    /* bytes of a word that is hashed in one go */

/* Where a word stands: place below, length above, so that both are written at once. */
typedef uint64_t span;
/* By strength of sign, - first; the element before it is not used. */
typedef uint32_t places __attribute__((vector_size(16)));

struct words {
	uint32_t cells[INDEX_CELLS_MAX][INDEX_LANES];
	uint32_t n_cells;
	struct index_key key;
	void (*classify)(const char *from, size_t groups, char *low, uint64_t *word, uint64_t *wide);
	void (*put)(struct words *w);
	uint64_t (*ones)(const uint64_t *p, size_t n);
	size_t n;                                        /* bytes of the text */
	char low[WORDS_TEXT_MAX + GROUP + SLACK];        /* it, in lower case */
	uint64_t word[WORDS_TEXT_MAX / GROUP + 2], wide[WORDS_TEXT_MAX / GROUP + 2]; /* bit per byte */
	uint32_t bounds[WORDS_TEXT_MAX + 2 * GROUP];     /* beginning and end of each word by turns */
	span some[4 * STEP], longer[4 * STEP];
};

/* --- hashing and the filter: a bit in each lane of one cell --------------------------------------------------------------- */

const uint32_t index_salts[INDEX_LANES] = {0x47b6137bu, 0x44974d91u, 0x8824ad5bu, 0xa2b7289du, 0x705495c7u, 0x2df1424bu, 0x9efc4947u, 0x5c6bfb31u};

/* [SHORT - n]: 16 bytes of which the first n are set */
static const uint8_t first_bytes[2 * SHORT] = {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255};

static inline uint64_t mix(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 p = (unsigned __int128)a * b;

	return (uint64_t)p ^ (uint64_t)(p >> 64);
}

static inline uint64_t load(const char *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return v;
}

/* Up to SHORT bytes with what stands for class, length and those before them. */
static inline uint64_t hash_last(struct index_key k, uint64_t h, const char *p, size_t n)
{
	const char *keep = (const char *)first_bytes + SHORT - n;
	uint64_t a = load(p) & load(keep), b = load(p + 8) & load(keep + 8);

	h = mix(h ^ a, k.b ^ b);
	return mix(h ^ k.b, 0x9e3779b97f4a7c15u);
}

uint64_t index_hash(struct index_key k, enum index_class c, const char *p, size_t n)
{
	uint64_t h = k.a ^ (uint64_t)c << 56;

	if (n > INDEX_WORD_MAX)
		n = INDEX_WORD_MAX;
	h ^= (uint64_t)n << 48;
	for (; n > SHORT; n -= SHORT, p += SHORT)
		h = mix(h ^ load(p), k.b ^ load(p + 8));
	return hash_last(k, h, p, n);
}

struct index_key index_key_of(const uint8_t key[INDEX_KEY])
{
	struct index_key k;

	memcpy(&k.a, key, 8);
	memcpy(&k.b, key + 8, 8);
	return k;
}

typedef void insert_fn(uint32_t *cell, uint32_t hash);

static inline void insert_plain(uint32_t *cell, uint32_t h)
{
	for (unsigned i = 0; i < INDEX_LANES; i++)
		cell[i] |= 1u << (h * index_salts[i] >> 27);
}

static inline __attribute__((always_inline)) void put(struct words *w, uint64_t h, insert_fn *insert)
{
	insert(w->cells[index_cell(h, w->n_cells)], (uint32_t)h);
}

void words_put_one(struct words *w, enum index_class c, const char *p, size_t n)
{
	put(w, index_hash(w->key, c, p, n), insert_plain);
}

void words_put_part(struct words *w, enum index_class c, size_t at, size_t n)
{
	put(w, index_hash(w->key, c, w->low + at, n), insert_plain);
}

/* --- the text ---------------------------------------------------------------------------------------------------------- */

static void classify_plain(const char *from, size_t groups, char *low, uint64_t *word, uint64_t *wide)
{
	for (size_t i = 0; i < groups * GROUP; i++) {
		if (i % GROUP == 0)
			word[i / GROUP] = wide[i / GROUP] = 0;
		low[i] = (char)lower(from[i]);
		word[i / GROUP] |= (uint64_t)(query_sign(from[i]) == SIGN_WORD) << i % GROUP;
		wide[i / GROUP] |= (uint64_t)((uint8_t)from[i] >> 7) << i % GROUP;
	}
}

void words_text(struct words *w, const char *p, size_t n)
{
	size_t whole = n / GROUP, rest = n % GROUP;
	char last[GROUP] = {0};

	if (n > WORDS_TEXT_MAX)
		abort();
	w->n = n;
	w->classify(p, whole, w->low, w->word, w->wide);
	if (rest)
		memcpy(last, p + n - rest, rest);
	/* also when there is none: behind the text stands what ends a word */
	w->classify(last, 1, w->low + whole * GROUP, w->word + whole, w->wide + whole);
}

/* The bits of [from, to) that lie in group g. */
static inline uint64_t bits(size_t g, size_t from, size_t to)
{
	uint64_t m = UINT64_MAX;

	if (from > g * GROUP)
		m &= UINT64_MAX << (from - g * GROUP);
	if (to < (g + 1) * GROUP)
		m &= (1ull << (to - g * GROUP)) - 1;
	return m;
}

void words_hide(struct words *w, size_t from, size_t to)
{
	for (size_t g = from / GROUP; g * GROUP < to; g++)
		w->word[g] &= ~bits(g, from, to);
}

bool words_wide(const struct words *w, size_t from, size_t to)
{
	uint64_t any = 0;

	for (size_t g = from / GROUP; g * GROUP < to; g++)
		any |= w->wide[g] & bits(g, from, to);
	return any;
}

/* --- words ------------------------------------------------------------------------------------------------------------- */

/* Where words begin and end. Places are written by eight without asking, for what is too many is written over: a loop that ends
 * with the last one would end at another count each time, and the processor cannot guess which. */
static inline __attribute__((always_inline)) size_t find_bounds(struct words *w)
{
	uint64_t carry = 0;
	uint32_t *out = w->bounds;

	for (uint32_t i = 0; i <= w->n / GROUP; i++) {
		uint64_t now = w->word[i], turns = now ^ (now << 1 | carry);
		int n = __builtin_popcountll(turns);

		carry = now >> 63;
		for (int k = 0; k < n; k += 8) {
#pragma GCC unroll 8
			for (int j = 0; j < 8; j++, turns &= turns - 1)
				out[k + j] = i * GROUP + (uint32_t)__builtin_ctzll(turns | 1ull << 63);
		}
		out += n;
	}
	return (size_t)(out - w->bounds) / 2;
}

static const uint8_t joiner[256] = {['-'] = SIGN_DASH, ['.'] = SIGN_DOT, ['@'] = SIGN_AT, ['/'] = SIGN_PATH, [':'] = SIGN_PATH};

/* The weakest sign between two words; 0 when they are apart. */
static uint8_t between(const char *low, uint32_t from, uint32_t to)
{
	uint8_t most = joiner[(uint8_t)low[from]];

	while (most && ++from < to) {
		uint8_t sign = joiner[(uint8_t)low[from]];

		most = !sign ? 0 : sign > most ? sign : most;
	}
	return most;
}

bool index_is_word(unsigned level, const char *p, size_t n)
{
	unsigned slashes = 0, colons = 0, points = 0, digits = 0;

	if (level == SIGN_PATH) {
		for (size_t i = 0; i < n; i++) {
			slashes += p[i] == '/';
			colons += p[i] == ':';
		}
		return slashes || colons > 1;
	}
	if (level == SIGN_DOT)
		for (size_t i = 0; i < n && points < 2 && i == points + digits; i++) {
			points += p[i] == '.';
			digits += p[i] >= '0' && p[i] <= '9';
		}
	return points != 1 || points + digits < n;
}

typedef bool is_word_fn(unsigned level, const char *p, size_t n);

/* Runs of words joined by signs up to each strength: the bit of a strength is set while a run holds a sign of just that strength,
 * so that what ends is a word of its own. */
struct joined {
	places from;                                     /* where the run of each strength began */
	unsigned open;
};

static const uint8_t ends[] = {0x1e, 0, 0x02, 0x06, 0x0e}, holds[] = {0, 0x02, 0x04, 0x08, 0x10}; /* by sign */
static const places ended[] = {{UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX},
                               {0, 0, 0, 0},
                               {UINT32_MAX, 0, 0, 0},
                               {UINT32_MAX, UINT32_MAX, 0, 0},
                               {UINT32_MAX, UINT32_MAX, UINT32_MAX, 0}};

static inline __attribute__((always_inline)) size_t add(span *list, size_t n, uint32_t b, uint32_t e, bool yes)
{
	list[n] = (span)(e - b) << 32 | b;
	return n + yes;
}

static inline __attribute__((always_inline)) void put_all(struct words *w, insert_fn *insert, size_t some, size_t longer)
{
	const struct index_key k = w->key;
	const uint32_t cells = w->n_cells;
	const char *low = w->low;

	for (size_t i = 0; i < some; i++) {
		size_t n = w->some[i] >> 32;
		uint64_t h = hash_last(k, k.a ^ (uint64_t)INDEX_WORD << 56 ^ (uint64_t)n << 48, low + (uint32_t)w->some[i], n);

		insert(w->cells[index_cell(h, cells)], (uint32_t)h);
	}
	for (size_t i = 0; i < longer; i++)
		put(w, index_hash(k, INDEX_WORD, w->low + (uint32_t)w->longer[i], w->longer[i] >> 32), insert);
}

static inline __attribute__((always_inline)) void put_words(struct words *w, insert_fn *insert, is_word_fn *is_word)
{
	size_t words = find_bounds(w);
	const char *low = w->low;
	const uint32_t *bounds = w->bounds;
	struct joined j = {{w->bounds[0], w->bounds[0], w->bounds[0], w->bounds[0]}, 0};

	w->bounds[2 * words] = (uint32_t)w->n + 1;
	for (size_t i = 0; i < words;) {
		size_t stop = words - i < STEP ? words : i + STEP, some = 0, longer = 0;

		for (; i < stop; i++) {
			uint32_t b = bounds[2 * i], e = bounds[2 * i + 1], next = bounds[2 * i + 2];
			uint8_t sign = joiner[(uint8_t)low[e]];

			if (sign && next - e > 1)
				sign = between(low, e, next);
			some = add(w->some, some, b, e, e - b - INDEX_WORD_MIN <= SHORT - INDEX_WORD_MIN);
			longer = add(w->longer, longer, b, e, e - b > SHORT);
			for (unsigned done = j.open & ends[sign]; done; done &= done - 1) {
				unsigned level = (unsigned)__builtin_ctz(done);
				uint32_t from = j.from[level - 1];

				if (!is_word(level, low + from, e - from))
					continue;
				some = add(w->some, some, from, e, e - from <= SHORT);
				longer = add(w->longer, longer, from, e, e - from > SHORT);
			}
			j.open = (j.open & ~(unsigned)ends[sign]) | holds[sign];
			j.from = (j.from & ~ended[sign]) | ((places){next, next, next, next} & ended[sign]);
		}
		put_all(w, insert, some, longer);
	}
}

static void put_words_plain(struct words *w)
{
	put_words(w, insert_plain, index_is_word);
}

static uint64_t ones_plain(const uint64_t *p, size_t n)
{
	uint64_t ones = 0;

	for (size_t i = 0; i < n; i++)
		ones += (uint64_t)__builtin_popcountll(p[i]);
	return ones;
}

/* --- the same by the instructions of newer machines ---------------------------------------------------------------------- */

#ifdef __x86_64__
#define FAST __attribute__((target("avx2,bmi,bmi2,popcnt")))

FAST static inline void insert_fast(uint32_t *cell, uint32_t h)
{
	__m256i at = _mm256_mullo_epi32(_mm256_set1_epi32((int)h), _mm256_loadu_si256((const __m256i *)(const void *)index_salts));
	__m256i set = _mm256_sllv_epi32(_mm256_set1_epi32(1), _mm256_srli_epi32(at, 27));

	_mm256_storeu_si256((__m256i *)(void *)cell, _mm256_or_si256(set, _mm256_loadu_si256((const __m256i *)(const void *)cell)));
}

FAST static inline uint32_t same(__m256i v, char c)
{
	return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, _mm256_set1_epi8(c)));
}

FAST static inline uint32_t within(__m256i v, char first, uint8_t span_)
{
	__m256i d = _mm256_sub_epi8(v, _mm256_set1_epi8(first));

	return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(d, _mm256_set1_epi8((char)span_)), d));
}

FAST static inline bool is_word_fast(unsigned level, const char *p, size_t n)
{
	uint32_t keep = n < 32 ? (1u << n) - 1 : UINT32_MAX, points;
	__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);

	if (n > 32)
		return index_is_word(level, p, n);
	if (level == SIGN_PATH)
		return same(v, '/') & keep || __builtin_popcount(same(v, ':') & keep) > 1;
	if (level != SIGN_DOT)
		return true;
	points = same(v, '.') & keep;
	return points & (points - 1) || (points | (within(v, '0', 9) & keep)) != keep;
}

FAST static inline uint32_t classify_32(const char *from, char *low, uint32_t *wide)
{
	const __m256i last = _mm256_set1_epi8(25);
	__m256i c = _mm256_loadu_si256((const __m256i *)(const void *)from), up = _mm256_sub_epi8(c, _mm256_set1_epi8('A')), is_up;

	*wide = (uint32_t)_mm256_movemask_epi8(c);
	is_up = _mm256_cmpeq_epi8(_mm256_min_epu8(up, last), up);
	c = _mm256_or_si256(c, _mm256_and_si256(is_up, _mm256_set1_epi8(0x20)));
	_mm256_storeu_si256((__m256i *)(void *)low, c);
	return within(c, 'a', 25) | within(c, '0', 9) | same(c, '_');
}

FAST static void classify_fast(const char *from, size_t groups, char *low, uint64_t *word, uint64_t *wide)
{
	for (size_t i = 0; i < groups; i++, from += GROUP, low += GROUP) {
		uint32_t a, b;
		uint64_t w = classify_32(from, low, &a);

		word[i] = w | (uint64_t)classify_32(from + 32, low + 32, &b) << 32;
		wide[i] = a | (uint64_t)b << 32;
	}
}

FAST static void put_words_fast(struct words *w)
{
	put_words(w, insert_fast, is_word_fast);
}

FAST static uint64_t ones_fast(const uint64_t *p, size_t n)
{
	uint64_t ones = 0;

	for (size_t i = 0; i < n; i++)
		ones += (uint64_t)__builtin_popcountll(p[i]);
	return ones;
}
#endif

/* --- life --------------------------------------------------------------------------------------------------------------- */

void words_plain(struct words *w)
{
	w->classify = classify_plain;
	w->put = put_words_plain;
	w->ones = ones_plain;
}

struct words *words_new(void)
{
	struct words *w = xcalloc(1, sizeof *w);

	words_plain(w);
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt")) {
		w->classify = classify_fast;
		w->put = put_words_fast;
		w->ones = ones_fast;
	}
#endif
	return w;
}

void words_free(struct words *w)
{
	free(w);
}

void words_begin(struct words *w, struct index_key key, uint32_t cells)
{
	w->key = key;
	w->n_cells = cells;
	memset(w->cells, 0, (size_t)cells * INDEX_CELL);
}

void words_put(struct words *w)
{
	w->put(w);
}

double words_count(const struct words *w)
{
	double all = (double)w->n_cells * INDEX_CELL * 8;
	uint64_t ones = w->ones((const uint64_t *)(const void *)w->cells, (size_t)w->n_cells * INDEX_CELL / 8);

	return -all / INDEX_LANES * log1p(-(double)ones / (all + 1));
}

const void *words_cells(const struct words *w, uint32_t i)
{
	return w->cells[i];
}

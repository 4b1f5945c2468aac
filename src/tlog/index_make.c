#include "tlog/index.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "lib/text.h"
#include "tlog/crc.h"
#include "tlog/fold.h"

#define SLACK 64u                                    /* bytes that may be read behind a text */
#define BITS_PER_WORD 10.5                           /* of the filter: about one wrong answer in a hundred */
#define LANES 8u

struct index_maker {
	uint32_t cells[INDEX_CELLS_MAX][LANES];
	char low[ENTRY_RAW_MAX + SLACK];                 /* the message in lower case */
	uint64_t mask[ENTRY_RAW_MAX / 64 + 2];           /* bit per byte: of a word */
	uint32_t begin[ENTRY_RAW_MAX / 2 + 2], end[ENTRY_RAW_MAX / 2 + 2];
	struct buf fold;
	struct index_key key;
	uint16_t severities;
	uint8_t content;
	void (*insert)(uint32_t *cell, uint32_t hash);
	void (*classify)(const char *from, size_t n, char *low, uint64_t *mask);
};

/* --- hashing ---------------------------------------------------------------------------------------------------------- */

struct index_key index_key_of(const uint8_t key[INDEX_KEY])
{
	struct index_key k;

	memcpy(&k.a, key, 8);
	memcpy(&k.b, key + 8, 8);
	return k;
}

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

static inline uint64_t first_bytes(uint64_t v, size_t n)
{
	return n ? v & ~0ull >> (64 - 8 * n) : 0;
}

static inline uint64_t hash(struct index_key k, enum index_class c, const char *p, size_t n)
{
	uint64_t a, b, h = k.a ^ (uint64_t)c << 56;

	if (n > INDEX_WORD_MAX)
		n = INDEX_WORD_MAX;
	h ^= (uint64_t)n << 48;
	for (; n > 16; n -= 16, p += 16)
		h = mix(h ^ load(p), k.b ^ load(p + 8));
	a = n >= 8 ? load(p) : first_bytes(load(p), n);
	b = n > 8 ? first_bytes(load(p + 8), n - 8) : 0;
	h = mix(h ^ a, k.b ^ b);
	return mix(h ^ k.b, 0x9e3779b97f4a7c15u);
}

uint64_t index_hash(struct index_key k, enum index_class c, const char *p, size_t n)
{
	return hash(k, c, p, n);
}

/* --- the filter: a bit in each lane of one cell ------------------------------------------------------------------------- */

static const uint32_t salts[LANES] = {0x47b6137bu, 0x44974d91u, 0x8824ad5bu, 0xa2b7289du, 0x705495c7u, 0x2df1424bu, 0x9efc4947u, 0x5c6bfb31u};

static void insert_plain(uint32_t *cell, uint32_t h)
{
	for (unsigned i = 0; i < LANES; i++)
		cell[i] |= 1u << (h * salts[i] >> 27);
}

bool index_has(const uint8_t *filter, uint32_t cells, uint64_t h)
{
	uint32_t at = (uint32_t)(h >> 32) % INDEX_CELLS_MAX % cells, group = at / INDEX_CHECKED, cell[LANES];
	const uint8_t *check = filter + (size_t)cells * INDEX_CELL + (size_t)group * 2;
	uint16_t is = (uint16_t)crc32c(group * INDEX_CHECKED, filter + (size_t)group * INDEX_CHECKED * INDEX_CELL, INDEX_CHECKED * INDEX_CELL);

	if (check[0] != is >> 8 || check[1] != (is & 0xff))
		return true; /* rotten: no answer */
	memcpy(cell, filter + (size_t)at * INDEX_CELL, INDEX_CELL);
	for (unsigned i = 0; i < LANES; i++)
		if (!(cell[i] >> ((uint32_t)h * salts[i] >> 27) & 1))
			return false;
	return true;
}

static void classify_plain(const char *from, size_t n, char *low, uint64_t *mask)
{
	for (size_t i = 0; i < n; i++) {
		low[i] = (char)lower(from[i]);
		if (i % 64 == 0)
			mask[i / 64] = 0;
		mask[i / 64] |= (uint64_t)(query_sign(from[i]) == SIGN_WORD) << i % 64;
	}
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static void insert_avx2(uint32_t *cell, uint32_t h)
{
	__m256i at = _mm256_mullo_epi32(_mm256_set1_epi32((int)h), _mm256_loadu_si256((const __m256i *)(const void *)salts));
	__m256i bits = _mm256_sllv_epi32(_mm256_set1_epi32(1), _mm256_srli_epi32(at, 27));

	_mm256_storeu_si256((__m256i *)(void *)cell, _mm256_or_si256(bits, _mm256_loadu_si256((const __m256i *)(const void *)cell)));
}

__attribute__((target("avx2"))) static inline uint32_t classify_32(__m256i c, char *low)
{
	const __m256i last = _mm256_set1_epi8(25), nine = _mm256_set1_epi8(9);
	__m256i up = _mm256_sub_epi8(c, _mm256_set1_epi8('A')), digit = _mm256_sub_epi8(c, _mm256_set1_epi8('0')), alpha;
	__m256i is_up = _mm256_cmpeq_epi8(_mm256_min_epu8(up, last), up);

	c = _mm256_or_si256(c, _mm256_and_si256(is_up, _mm256_set1_epi8(0x20)));
	_mm256_storeu_si256((__m256i *)(void *)low, c);
	alpha = _mm256_sub_epi8(c, _mm256_set1_epi8('a'));
	alpha = _mm256_cmpeq_epi8(_mm256_min_epu8(alpha, last), alpha);
	digit = _mm256_cmpeq_epi8(_mm256_min_epu8(digit, nine), digit);
	alpha = _mm256_or_si256(_mm256_or_si256(alpha, digit), _mm256_cmpeq_epi8(c, _mm256_set1_epi8('_')));
	return (uint32_t)_mm256_movemask_epi8(alpha);
}

__attribute__((target("avx2"))) static void classify_avx2(const char *from, size_t n, char *low, uint64_t *mask)
{
	uint32_t *out = (uint32_t *)(void *)mask;
	size_t i = 0;

	for (; i + 32 <= n; i += 32)
		*out++ = classify_32(_mm256_loadu_si256((const __m256i *)(const void *)(from + i)), low + i);
	if (i < n) {
		char rest[32] = {0};

		memcpy(rest, from + i, n - i);
		*out++ = classify_32(_mm256_loadu_si256((const __m256i *)(const void *)rest), low + i);
	}
	if ((size_t)(out - (uint32_t *)(void *)mask) % 2)
		*out = 0;
}
#endif

struct index_maker *index_maker_new(void)
{
	struct index_maker *m = xcalloc(1, sizeof *m);

	buf_init(&m->fold, FOLD_MAX);
	m->insert = insert_plain;
	m->classify = classify_plain;
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2")) {
		m->insert = insert_avx2;
		m->classify = classify_avx2;
	}
#endif
	return m;
}

void index_maker_free(struct index_maker *m)
{
	if (!m)
		return;
	buf_release(&m->fold);
	free(m);
}

static inline void put(struct index_maker *m, uint64_t h)
{
	m->insert(m->cells[(uint32_t)(h >> 32) % INDEX_CELLS_MAX], (uint32_t)h);
}

/* --- words -------------------------------------------------------------------------------------------------------------- */

/* Where words begin and end, from the mask. */
static size_t find_words(struct index_maker *m, size_t n)
{
	uint64_t carry = 0;
	size_t words = 0, ends = 0;

	for (size_t i = 0; i * 64 < n; i++) {
		uint64_t w = m->mask[i], before = w << 1 | carry, from = w & ~before, to = ~w & before;

		carry = w >> 63;
		for (; from; from &= from - 1)
			m->begin[words++] = (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(from);
		for (; to; to &= to - 1)
			m->end[ends++] = (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(to);
	}
	if (ends < words)
		m->end[ends] = (uint32_t)n;
	return words;
}

/* Words joined by - . @ and / : as far as each of these reaches. */
struct runs {
	uint32_t from[SIGN_PATH + 1];                    /* [l]: where the run joined by signs up to l began; [0]: the last word */
	unsigned slashes, colons;
};

/* The weakest sign between two words: SIGN_BLANK when they are apart. */
static uint8_t between(const char *low, uint32_t from, uint32_t to, struct runs *r)
{
	uint8_t most = 0;

	for (; from < to; from++) {
		uint8_t sign = query_sign(low[from]);

		if (sign == SIGN_BLANK || sign == SIGN_WIDE)
			return SIGN_BLANK;
		r->slashes += low[from] == '/';
		r->colons += low[from] == ':';
		most = sign > most ? sign : most;
	}
	return most;
}

/* A word ended at `end`, and so did the runs below level. */
static inline void close_runs(struct index_maker *m, struct runs *r, unsigned level, uint32_t end)
{
	for (unsigned l = 1; l < level; l++)
		if (r->from[l] < r->from[l - 1] && (l < SIGN_PATH || index_is_path(r->slashes, r->colons)))
			put(m, hash(m->key, INDEX_WORD, m->low + r->from[l], end - r->from[l]));
}

static void put_words(struct index_maker *m, size_t n)
{
	size_t words = find_words(m, n);
	struct runs r = {0};

	for (size_t i = 0; i < words; i++) {
		uint32_t b = m->begin[i], e = m->end[i];
		uint8_t sign = SIGN_BLANK;

		put(m, hash(m->key, INDEX_WORD, m->low + b, e - b));
		if (i) {
			unsigned slashes = r.slashes, colons = r.colons;

			sign = between(m->low, m->end[i - 1], b, &r);
			if (r.from[SIGN_PATH] < r.from[0]) {
				struct runs before = r;

				before.slashes = slashes;
				before.colons = colons;
				close_runs(m, &before, sign == SIGN_BLANK ? SIGN_PATH + 1 : sign, m->end[i - 1]);
			}
		}
		r.from[0] = b;
		for (unsigned l = 1; l <= SIGN_PATH; l++)
			if (sign == SIGN_BLANK || l < sign)
				r.from[l] = b;
		if (sign == SIGN_BLANK)
			r.slashes = r.colons = 0;
	}
	if (words)
		close_runs(m, &r, SIGN_PATH + 1, m->end[words - 1]);
}

/* Pairs of neighbours beyond ASCII. */
static void put_pairs(struct index_maker *m, struct str s)
{
	size_t before = 0;                               /* bytes of the character before, 0: ASCII */

	for (size_t i = 0; i < s.n;) {
		uint32_t c;
		size_t n = (uint8_t)s.p[i] < 0x80 ? 0 : utf8_next(str_n(s.p + i, s.n - i), &c);
		char pair[INDEX_PAIR_MAX + SLACK] = {0};

		if (n && before) {
			memcpy(pair, s.p + i - before, before + n);
			put(m, hash(m->key, INDEX_WIDE, pair, before + n));
		}
		before = n;
		i += n ? n : 1;
	}
}

static void put_field(struct index_maker *m, enum index_class c, struct str s)
{
	char low[INDEX_WORD_MAX + SLACK];
	struct str text = s;

	if (!s.n)
		return;
	if (find_beyond_ascii(s)) {
		buf_clear(&m->fold);
		fold(s, &m->fold);
		text = buf_view(&m->fold);
	}
	text = str_slice(text, 0, INDEX_WORD_MAX);
	memset(low + text.n, 0, 16);
	for (size_t i = 0; i < text.n; i++)
		low[i] = (char)lower(text.p[i]);
	put(m, hash(m->key, c, low, text.n));
}

static void put_message(struct index_maker *m, struct str raw)
{
	bool wide = find_beyond_ascii(raw), plain = wide && fold_is_plain(raw);

	if (wide) {
		buf_clear(&m->fold);
		fold(raw, &m->fold);
		raw = buf_view(&m->fold);
		m->content = !plain ? INDEX_ODD : m->content == INDEX_ASCII ? INDEX_PLAIN : m->content;
		put_pairs(m, raw);
	}
	for (size_t n; raw.n; raw = str_n(raw.p + n, raw.n - n)) {
		n = raw.n;
		if (n > ENTRY_RAW_MAX) /* folding made it longer: cut where no word does */
			for (n = ENTRY_RAW_MAX; n > ENTRY_RAW_MAX / 2 && query_sign(raw.p[n - 1]) != SIGN_BLANK; n--)
				;
		m->classify(raw.p, n, m->low, m->mask);
		put_words(m, n);
	}
}

static int put_entries(struct index_maker *m, uint32_t count, struct str raw)
{
	struct cur c = cur_init(raw.p, raw.n);
	struct str source = STR_NONE, peer = STR_NONE;

	for (uint32_t i = 0; i < count; i++) {
		struct entry en;
		struct skim head;
		const void *p;
		uint16_t n;

		if (cur_u16(&c, &n) || cur_bytes(&c, n, &p) || entry_parse(str_n(p, n), &en))
			return ERR_CORRUPT;
		if (!str_eq(en.source, source))
			put_field(m, INDEX_SOURCE, en.source);
		if (!str_eq(en.peer, peer))
			put_field(m, INDEX_PEER, en.peer);
		source = en.source;
		peer = en.peer;
		skim(en.raw, &head);
		put_field(m, INDEX_HOST, head.host);
		put_field(m, INDEX_PROGRAM, head.program);
		m->severities |= (uint16_t)(1u << (head.severity == SKIM_NONE ? 8 : head.severity));
		put_message(m, en.raw);
	}
	return cur_left(&c) ? ERR_CORRUPT : 0;
}

/* --- the record ------------------------------------------------------------------------------------------------------------ */

/* Sizes are 2^n and 3 * 2^n; cells of a bigger filter fall together into a smaller one. */
static uint32_t choose_cells(struct index_maker *m)
{
	const uint64_t *p = (const uint64_t *)(const void *)m->cells;
	double all = (double)INDEX_CELLS_MAX * INDEX_CELL * 8, words;
	uint64_t ones = 0;
	uint32_t best = INDEX_CELLS_MAX;

	for (size_t i = 0; i < sizeof m->cells / 8; i++)
		ones += (uint64_t)__builtin_popcountll(p[i]);
	words = -all / LANES * log1p(-(double)ones / (all + 1));
	for (uint32_t n = INDEX_CHECKED; n < INDEX_CELLS_MAX; n *= 2)
		for (uint32_t k = 2; k <= 3; k++) {
			uint32_t cells = n * k / 2;

			if (cells % INDEX_CHECKED == 0 && INDEX_CELLS_MAX % cells == 0 && cells < best && cells * INDEX_CELL * 8.0 >= words * BITS_PER_WORD)
				best = cells;
		}
	return best;
}

static void fold_cells(struct index_maker *m, uint32_t cells)
{
	const uint64_t *from = (const uint64_t *)(const void *)m->cells;
	uint64_t *to = (uint64_t *)(void *)m->cells;
	size_t n = (size_t)cells * INDEX_CELL / 8, all = sizeof m->cells / 8;

	for (size_t at = n; at < all; at += n)
		for (size_t i = 0; i < n; i++)
			to[i] |= from[at + i];
}

int index_make(struct index_maker *m, const uint8_t key[INDEX_KEY], const struct seg_block *sb, struct str raw, struct buf *out)
{
	uint32_t cells, bytes;
	size_t begin = out->n;
	int r;

	memset(m->cells, 0, sizeof m->cells);
	m->key = index_key_of(key);
	m->severities = 0;
	m->content = INDEX_ASCII;
	r = put_entries(m, sb->count, raw);
	if (r)
		return r;
	cells = choose_cells(m);
	fold_cells(m, cells);
	bytes = INDEX_RECORD + cells * INDEX_CELL + cells / INDEX_CHECKED * 2;
	buf_put(out, "SVI1", 4);
	buf_u32(out, bytes);
	buf_u64(out, sb->first);
	buf_u64(out, sb->at);
	buf_u32(out, sb->count);
	buf_u32(out, sb->packed);
	buf_u32(out, sb->raw);
	buf_u32(out, sb->crc);
	buf_u64(out, (uint64_t)sb->time_min);
	buf_u64(out, (uint64_t)sb->time_max);
	buf_u16(out, m->severities);
	buf_u8(out, m->content);
	buf_u8(out, 0);
	buf_u32(out, cells);
	while (out->n < begin + INDEX_RECORD - 4 && !buf_err(out))
		buf_u8(out, 0);
	buf_u32(out, buf_err(out) ? 0 : crc32c(0, out->p + begin, INDEX_RECORD - 4));
	buf_put(out, m->cells, (size_t)cells * INDEX_CELL);
	for (uint32_t i = 0; i < cells; i += INDEX_CHECKED)
		buf_u16(out, (uint16_t)crc32c(i, m->cells[i], INDEX_CHECKED * INDEX_CELL));
	return buf_err(out);
}

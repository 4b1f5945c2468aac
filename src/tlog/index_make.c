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
#define BITS_PER_WORD 9.3                            /* of the filter: about one wrong answer in a hundred */
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
	void (*put_words)(struct index_maker *m, const char *from, size_t n);
	uint64_t (*ones)(const uint64_t *p, size_t n);
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

/* The first n bytes of v, n from 0 to 8. */
static inline uint64_t first_bytes(uint64_t v, size_t n)
{
	return v & ((1ull << (8 * n & 63)) - 1 - (n >> 3));
}

static inline uint64_t hash(struct index_key k, enum index_class c, const char *p, size_t n)
{
	uint64_t a, b, h = k.a ^ (uint64_t)c << 56;

	if (n > INDEX_WORD_MAX)
		n = INDEX_WORD_MAX;
	h ^= (uint64_t)n << 48;
	for (; n > 16; n -= 16, p += 16)
		h = mix(h ^ load(p), k.b ^ load(p + 8));
	a = first_bytes(load(p), n < 8 ? n : 8);
	b = first_bytes(load(p + 8), n < 8 ? 0 : n - 8);
	h = mix(h ^ a, k.b ^ b);
	return mix(h ^ k.b, 0x9e3779b97f4a7c15u);
}

uint64_t index_hash(struct index_key k, enum index_class c, const char *p, size_t n)
{
	return hash(k, c, p, n);
}

/* --- the filter: a bit in each lane of one cell ------------------------------------------------------------------------- */

static const uint32_t salts[LANES] = {0x47b6137bu, 0x44974d91u, 0x8824ad5bu, 0xa2b7289du, 0x705495c7u, 0x2df1424bu, 0x9efc4947u, 0x5c6bfb31u};

typedef void insert_fn(uint32_t *cell, uint32_t hash);

static inline void insert_plain(uint32_t *cell, uint32_t h)
{
	for (unsigned i = 0; i < LANES; i++)
		cell[i] |= 1u << (h * salts[i] >> 27);
}

uint16_t index_check(uint32_t group, const void *cells)
{
	return (uint16_t)crc32c(group, cells, INDEX_CHECKED * INDEX_CELL);
}

bool index_group_has(const uint8_t group[INDEX_GROUP], uint32_t at, uint64_t h)
{
	uint32_t cell[LANES];

	memcpy(cell, group + at % INDEX_CHECKED * INDEX_CELL, INDEX_CELL);
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
__attribute__((target("avx2"))) static inline void insert_avx2(uint32_t *cell, uint32_t h)
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

/* --- words -------------------------------------------------------------------------------------------------------------- */

/* Where words begin and end, from the mask. */
static inline __attribute__((always_inline)) size_t find_words(struct index_maker *m, size_t n)
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

static const uint8_t joiner[256] = {['-'] = SIGN_DASH, ['.'] = SIGN_DOT, ['@'] = SIGN_AT, ['/'] = SIGN_PATH, [':'] = SIGN_PATH};

/* The weakest sign between two words; 0 when they are apart. */
static inline uint8_t between(const char *low, uint32_t from, uint32_t to)
{
	uint8_t most = joiner[(uint8_t)low[from]];

	while (most && ++from < to) {
		uint8_t sign = joiner[(uint8_t)low[from]];

		most = !sign ? 0 : sign > most ? sign : most;
	}
	return most;
}

static inline __attribute__((always_inline)) void put(struct index_maker *m, uint64_t h, insert_fn *insert)
{
	insert(m->cells[(uint32_t)(h >> 32) % INDEX_CELLS_MAX], (uint32_t)h);
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

/* Words [a, b) are joined by signs: what those of each strength make of them is a word too. */
static inline __attribute__((always_inline)) void put_joined(struct index_maker *m, size_t a, size_t b, insert_fn *insert)
{
	uint32_t from[SIGN_PATH + 1];                    /* [l]: where the run joined by signs up to l began; [0]: the last word */

	for (unsigned l = 0; l <= SIGN_PATH; l++)
		from[l] = m->begin[a];
	for (size_t i = a + 1; i <= b; i++) {
		uint32_t end = m->end[i - 1];
		unsigned sign = i < b ? between(m->low, end, m->begin[i]) : SIGN_PATH + 1;

		for (unsigned l = 1; l < sign; l++) {
			if (from[l] < from[l - 1] && index_is_word(l, m->low + from[l], end - from[l]))
				put(m, hash(m->key, INDEX_WORD, m->low + from[l], end - from[l]), insert);
		}
		if (i == b)
			break;
		from[0] = m->begin[i];
		for (unsigned l = 1; l < sign; l++)
			from[l] = m->begin[i];
	}
}

static inline __attribute__((always_inline)) void put_words(struct index_maker *m, size_t n, insert_fn *insert)
{
	size_t words = find_words(m, n), chunk = 0;

	for (size_t i = 0; i < words; i++) {
		uint32_t b = m->begin[i], e = m->end[i];

		if (e - b >= INDEX_WORD_MIN)
			put(m, hash(m->key, INDEX_WORD, m->low + b, e - b), insert);
		if (i + 1 < words && between(m->low, e, m->begin[i + 1]))
			continue;
		if (chunk < i)
			put_joined(m, chunk, i + 1, insert);
		chunk = i + 1;
	}
}

static void put_words_plain(struct index_maker *m, const char *from, size_t n)
{
	classify_plain(from, n, m->low, m->mask);
	put_words(m, n, insert_plain);
}

static uint64_t ones_plain(const uint64_t *p, size_t n)
{
	uint64_t ones = 0;

	for (size_t i = 0; i < n; i++)
		ones += (uint64_t)__builtin_popcountll(p[i]);
	return ones;
}

#ifdef __x86_64__
__attribute__((target("avx2,bmi,bmi2,popcnt"))) static void put_words_avx2(struct index_maker *m, const char *from, size_t n)
{
	classify_avx2(from, n, m->low, m->mask);
	put_words(m, n, insert_avx2);
}

__attribute__((target("popcnt"))) static uint64_t ones_popcnt(const uint64_t *p, size_t n)
{
	uint64_t ones = 0;

	for (size_t i = 0; i < n; i++)
		ones += (uint64_t)__builtin_popcountll(p[i]);
	return ones;
}
#endif

struct index_maker *index_maker_new(void)
{
	struct index_maker *m = xcalloc(1, sizeof *m);

	buf_init(&m->fold, FOLD_MAX);
	m->put_words = put_words_plain;
	m->ones = ones_plain;
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt")) {
		m->put_words = put_words_avx2;
		m->ones = ones_popcnt;
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
			put(m, hash(m->key, INDEX_WIDE, pair, before + n), insert_plain);
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
	put(m, hash(m->key, c, low, text.n), insert_plain);
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
		m->put_words(m, raw.p, n);
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

		if (cur_u16(&c, &n) || cur_bytes(&c, n, &p))
			return ERR_CORRUPT;
		if (entry_redacted(str_n(p, n)))
			continue; /* it has no words left */
		if (entry_parse(str_n(p, n), &en))
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

/* The least size that suffices, of those that divide the greatest: cells of a bigger filter fall together into a smaller one. */
static uint32_t choose_cells(struct index_maker *m)
{
	const uint64_t *p = (const uint64_t *)(const void *)m->cells;
	double all = (double)INDEX_CELLS_MAX * INDEX_CELL * 8, words;
	uint64_t ones = m->ones(p, sizeof m->cells / 8);
	uint32_t cells = INDEX_CHECKED;

	words = -all / LANES * log1p(-(double)ones / (all + 1));
	while (cells < INDEX_CELLS_MAX && (INDEX_CELLS_MAX % cells || cells * INDEX_CELL * 8.0 < words * BITS_PER_WORD))
		cells += INDEX_CHECKED;
	return cells;
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
	bytes = INDEX_RECORD + cells / INDEX_CHECKED * INDEX_GROUP;
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
	for (uint32_t i = 0; i < cells; i += INDEX_CHECKED) {
		buf_put(out, m->cells[i], (size_t)INDEX_CHECKED * INDEX_CELL);
		buf_u16(out, index_check(i / INDEX_CHECKED, m->cells[i]));
	}
	return buf_err(out);
}

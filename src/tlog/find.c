#include "tlog/find.h"

#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

static uint8_t letter_case(uint8_t c)
{
	return (uint8_t)(c - 'a') < 26 ? 0x20 : 0;
}

/* How common a byte is in log lines; the rarer the better to look for. */
static int commonness(uint8_t c)
{
	static const char by_rank[] = " e0t1a2oin3rs.4d5l-6:/7c8u9mpfhg,b[]=\"yv()wk_x";
	const char *at = c ? strchr(by_rank, c) : NULL;

	return at ? (int)(sizeof by_rank - (size_t)(at - by_rank)) : 0;
}

void needle_init(struct needle *n, struct str text)
{
	size_t a = 0, b = 0;

	for (size_t i = 1; i < text.n; i++)
		if (commonness((uint8_t)text.p[i]) < commonness((uint8_t)text.p[a]))
			a = i;
	b = a ? 0 : text.n - 1;
	for (size_t i = 0; i < text.n; i++)
		if (i != a && commonness((uint8_t)text.p[i]) < commonness((uint8_t)text.p[b]))
			b = i;
	*n = (struct needle){.text = text, .at1 = a, .at2 = b, .byte1 = (uint8_t)text.p[a], .byte2 = (uint8_t)text.p[b]};
	n->case1 = letter_case(n->byte1);
	n->case2 = letter_case(n->byte2);
}

static bool same(const struct needle *n, const char *p)
{
	for (size_t i = 0; i < n->text.n; i++)
		if (lower(p[i]) != (uint8_t)n->text.p[i])
			return false;
	return true;
}

static size_t find_slow(const struct needle *n, struct str hay, size_t from)
{
	for (size_t i = from; i + n->text.n <= hay.n; i++)
		if (((uint8_t)hay.p[i + n->at1] | n->case1) == n->byte1 && same(n, hay.p + i))
			return i;
	return hay.n;
}

#ifdef __x86_64__
__attribute__((target("avx2"))) static size_t find_avx2(const struct needle *n, struct str hay, size_t from)
{
	const __m256i b1 = _mm256_set1_epi8((char)n->byte1), b2 = _mm256_set1_epi8((char)n->byte2);
	const __m256i c1 = _mm256_set1_epi8((char)n->case1), c2 = _mm256_set1_epi8((char)n->case2);
	size_t i = from;

	for (; i + n->text.n + 31 <= hay.n; i += 32) {
		__m256i x = _mm256_or_si256(_mm256_loadu_si256((const __m256i *)(const void *)(hay.p + i + n->at1)), c1);
		__m256i y = _mm256_or_si256(_mm256_loadu_si256((const __m256i *)(const void *)(hay.p + i + n->at2)), c2);
		__m256i both = _mm256_and_si256(_mm256_cmpeq_epi8(x, b1), _mm256_cmpeq_epi8(y, b2));

		for (uint32_t m = (uint32_t)_mm256_movemask_epi8(both); m; m &= m - 1)
			if (same(n, hay.p + i + __builtin_ctz(m)))
				return i + (size_t)__builtin_ctz(m);
	}
	return find_slow(n, hay, i);
}

static size_t find_sse2(const struct needle *n, struct str hay, size_t from)
{
	const __m128i b1 = _mm_set1_epi8((char)n->byte1), b2 = _mm_set1_epi8((char)n->byte2);
	const __m128i c1 = _mm_set1_epi8((char)n->case1), c2 = _mm_set1_epi8((char)n->case2);
	size_t i = from;

	for (; i + n->text.n + 15 <= hay.n; i += 16) {
		__m128i x = _mm_or_si128(_mm_loadu_si128((const __m128i *)(const void *)(hay.p + i + n->at1)), c1);
		__m128i y = _mm_or_si128(_mm_loadu_si128((const __m128i *)(const void *)(hay.p + i + n->at2)), c2);

		for (unsigned m = (unsigned)_mm_movemask_epi8(_mm_and_si128(_mm_cmpeq_epi8(x, b1), _mm_cmpeq_epi8(y, b2))); m; m &= m - 1)
			if (same(n, hay.p + i + __builtin_ctz(m)))
				return i + (size_t)__builtin_ctz(m);
	}
	return find_slow(n, hay, i);
}
#endif

size_t needle_find(const struct needle *n, struct str hay, size_t from)
{
#ifdef __x86_64__
	return __builtin_cpu_supports("avx2") ? find_avx2(n, hay, from) : find_sse2(n, hay, from);
#else
	return find_slow(n, hay, from);
#endif
}

bool find_beyond_ascii(struct str s)
{
	uint64_t all = 0, word;
	size_t i = 0;

	for (; i + 8 <= s.n; i += 8) {
		memcpy(&word, s.p + i, 8);
		all |= word;
	}
	for (; i < s.n; i++)
		all |= (uint64_t)(uint8_t)s.p[i] << 56;
	return all & 0x8080808080808080u;
}

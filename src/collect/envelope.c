#include "collect/envelope.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "lib/text.h"

#define VERSION 1
#define FLAGS_AT 4
#define TIME_AT 6
#define FIXED 22                                     /* length, version, transport, flags, time, number */

static void be16(unsigned char *p, unsigned v)
{
	p[0] = (unsigned char)(v >> 8);
	p[1] = (unsigned char)v;
}

static unsigned char *put_name(unsigned char *p, struct str name)
{
	*p++ = (unsigned char)name.n;
	if (name.n)
		memcpy(p, name.p, name.n);
	return p + name.n;
}

void envelope_init(struct envelope *v, uint8_t transport, struct str source, struct str peer)
{
	unsigned char *p = v->bytes;
	memset(p, 0, FIXED);
	p[2] = VERSION;
	p[3] = transport;
	p = put_name(p + FIXED, source.n ? str_slice(source, 0, ENTRY_NAME_MAX) : STR("unknown"));
	p = put_name(p, str_slice(peer, 0, ENTRY_NAME_MAX));
	memset(p, 0, 4);
	v->n = (uint16_t)(p + 4 - v->bytes);
}

void envelope_stamp(struct envelope *v, int64_t time_ns)
{
	uint64_t be = __builtin_bswap64((uint64_t)time_ns);
	memcpy(v->bytes + TIME_AT, &be, sizeof be);
}

void envelope_put(const struct envelope *v, uint16_t flags, struct str raw, unsigned char *out)
{
	uint32_t n = __builtin_bswap32((uint32_t)raw.n);
	memcpy(out, v->bytes, v->n);
	be16(out, (unsigned)(v->n - 2 + raw.n));
	be16(out + FLAGS_AT, flags);
	memcpy(out + v->n - sizeof n, &n, sizeof n);
	if (raw.n)
		memcpy(out + v->n, raw.p, raw.n);
}

/* Whether it is ASCII without NUL: what nearly every message is, answered 16 bytes at a time. */
static bool plain(const unsigned char *p, size_t n)
{
	size_t i = 0;
	unsigned bad = 0;
#ifdef __SSE2__
	__m128i zero = _mm_setzero_si128(), all = zero;
	for (; i + 16 <= n; i += 16) {
		__m128i x = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
		all = _mm_or_si128(all, _mm_or_si128(x, _mm_cmpeq_epi8(x, zero)));
	}
	bad = (unsigned)_mm_movemask_epi8(all);
#endif
	for (; i < n; i++)
		bad |= p[i] == 0 || p[i] >= 0x80;
	return bad == 0;
}

uint16_t envelope_text(struct str raw)
{
	if (plain((const unsigned char *)raw.p, raw.n))
		return 0;
	return utf8_valid(raw) && !memchr(raw.p, 0, raw.n) ? 0 : ENTRY_BINARY;
}

/* RELP: the first byte says how the bytes are cut into reads; the same events must come out however they are cut. */
#include "collect/relp.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static uint64_t talk(const char *p, size_t n, size_t step)
{
	struct relp r = {0};
	struct relp_event ev = {0};
	uint64_t h = 14695981039346656037u;
	size_t pos = 0;
	for (size_t have = 0; have < n;) {
		have = n - have < step ? n : have + step;
		enum relp_what w;
		while ((w = relp_next(&r, p, have, &pos, &ev)) != RELP_NEED && w != RELP_BAD) {
			struct str s = w == RELP_PIECE ? ev.piece.raw : ev.data;
			for (size_t i = 0; w != RELP_CLOSE && i < s.n; i++)
				h = (h ^ (unsigned char)s.p[i]) * 1099511628211u;
			h = (h ^ ev.txnr ^ (uint64_t)w << 32 ^ (uint64_t)ev.done << 40) * 1099511628211u;
		}
		if (w == RELP_BAD)
			return h ^ 1;
		if (have - pos > RELP_REST_MAX)
			abort();
	}
	return h;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	if (n < 1)
		return 0;
	const char *bytes = (const char *)p + 1;
	if (talk(bytes, n - 1, n) != talk(bytes, n - 1, 1u + p[0] % 13))
		abort();
	return 0;
}

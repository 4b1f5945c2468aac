/* Journal export: the first byte says where the bytes are cut in two; the same entries must come out. */
#include "collect/journal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static uint64_t add(uint64_t h, const struct piece *p)
{
	for (size_t i = 0; i < p->raw.n; i++)
		h = (h ^ (unsigned char)p->raw.p[i]) * 1099511628211u;
	return (h ^ p->flags ^ 0x100) * 1099511628211u;
}

static uint64_t entries(const char *p, size_t n, size_t step)
{
	struct journal j;
	struct piece piece;
	uint64_t h = 14695981039346656037u;
	journal_init(&j);
	for (size_t from = 0; from < n;) {
		size_t to = n - from < step ? n : from + step, pos = from;
		while (journal_next(&j, p, to, &pos, &piece))
			h = add(h, &piece);
		if (pos != to)
			abort();
		from = to;
	}
	if (journal_end(&j, &piece))
		h = add(h, &piece);
	journal_release(&j);
	return h;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	if (n < 1)
		return 0;
	const char *bytes = (const char *)p + 1;
	if (entries(bytes, n - 1, n) != entries(bytes, n - 1, 1u + p[0] % 19))
		abort();
	return 0;
}

/* Framing of streams: the first two bytes say whether lines only and how the bytes are cut into reads. However they are cut, the same
 * pieces must come out. */
#include "collect/frame.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static uint64_t add(uint64_t h, const struct piece *p)
{
	for (size_t i = 0; i < p->raw.n; i++)
		h = (h ^ (unsigned char)p->raw.p[i]) * 1099511628211u;
	return (h ^ p->flags ^ 0x100) * 1099511628211u;
}

static uint64_t stream(bool lines, const char *p, size_t n, size_t step)
{
	struct framer f = {.lines = lines};
	struct piece piece;
	uint64_t h = 14695981039346656037u;
	size_t pos = 0;
	for (size_t have = 0; have < n;) {               /* bytes from pos on are seen again, as the callers do */
		have = n - have < step ? n : have + step;
		while (framer_next(&f, p, have, &pos, false, &piece))
			h = add(h, &piece);
		if (have - pos > FRAME_REST_MAX)
			abort();
	}
	while (framer_next(&f, p, n, &pos, true, &piece))
		h = add(h, &piece);
	if (pos != n || f.inside)
		abort();
	return h;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	if (n < 2)
		return 0;
	bool lines = p[0] & 1;
	char *bytes = malloc(n - 2 ? n - 2 : 1);         /* so that the sanitizer sees what is read beyond the end */
	if (n > 2)
		memcpy(bytes, p + 2, n - 2);
	if (stream(lines, bytes, n - 2, n) != stream(lines, bytes, n - 2, 1u + p[1] % 7 * 5))
		abort();
	free(bytes);
	return 0;
}

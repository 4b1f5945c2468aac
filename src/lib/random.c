/* Random bytes of hash.h, apart from the sums: a program that only names a temporary file need not load OpenSSL, which costs each of the gate's
 * many short processes as much as the rest of its start. */
#include "lib/hash.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

void random_bytes(void *out, size_t n)
{
	unsigned char *p = out;
	while (n) {
		ssize_t got = getrandom(p, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			abort();
		p += got;
		n -= (size_t)got;
	}
}

void random_token(char *out, size_t n)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	while (n) {
		unsigned char b[3] = { 0 };
		size_t k = n < 3 ? n : 3;
		random_bytes(b, k);
		uint32_t v = (uint32_t)b[0] << 16 | (uint32_t)b[1] << 8 | b[2];
		for (size_t i = 0; i <= k; i++)
			*out++ = digits[v >> (18 - 6 * i) & 63];
		n -= k;
	}
	*out = 0;
}

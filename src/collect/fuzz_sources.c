/* The table of sources, then one address and one name looked up in it. */
#include "collect/source.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct sources *s = sources_new();
	struct in6_addr a = {0};
	struct err e;
	if (n >= sizeof a)
		memcpy(&a, p, sizeof a);
	if (sources_load(s, str_n(p, n), n & 1, &e) == 0) {
		struct source *x = source_of_address(s, &a);
		(void)source_pass(x, n, 1);
		(void)source_of(s, SOURCE_CERTIFICATE, str_n(p, n < 100 ? n : 100));
	}
	sources_free(s);
	return 0;
}

/* An index file of any bytes: read as far as it goes. */
#include <stdlib.h>

#include "tlog/index.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct index_file f = {.p = p, .n = n};
	struct index_zone z, *all;
	size_t at = 0, count;

	while (index_next(&f, &at, &z))
		(void)index_has(&f, &z, 0x123456789abcdef0u * at);
	all = index_whole(&f, SEGMENT_UNIT, &count);
	free(all);
	return 0;
}

/* Compound files as strangers send them: whatever it says of itself, reading ends, within what the file holds. */
#include <stdlib.h>

#include "rebuild/cfb.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char *const names[] = {"EncryptionInfo", "EncryptedPackage", "Workbook", "WordDocument", "Current User", ""};
	struct arena *a = arena_new(64u << 20);
	struct cfb c;

	if (!cfb_open(&c, a, str_n(p, n)))
		for (size_t i = 0; i < ARRAY_LEN(names); i++) {
			struct buf b;

			buf_init(&b, 64u << 20);
			if (!cfb_read(&c, names[i], &b) && b.n > n)
				abort();
			buf_release(&b);
		}
	arena_free(a);
	return 0;
}

/* Envelopes and text of a block as a stranger may have left them: [16-bit count] [16-bit length of the envelopes] both. What comes
 * together as entries is taken apart and comes together as the same again. */
#include <stdlib.h>
#include <string.h>

#include "tlog/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct pack *pack = pack_new();
	struct block *b = block_new();
	struct buf text, heads, again;
	uint32_t count;
	size_t split;

	buf_init(&text, BLOCK_BYTES_MAX);
	buf_init(&heads, BLOCK_BYTES_MAX);
	buf_init(&again, BLOCK_BYTES_MAX);
	if (n >= 4) {
		count = (uint32_t)((p[0] << 8 | p[1]) % (BLOCK_ENTRIES + 1));
		split = (size_t)(p[2] << 8 | p[3]) % (n - 3);
		if (!pack_join(pack, str_n(p + 4 + split, n - 4 - split), str_n(p + 4, split), count, &b->raw) && !block_index(b, count) &&
		    (pack_split(pack, b, &text, &heads) || pack_join(pack, buf_view(&text), buf_view(&heads), count, &again) ||
		     !str_eq(buf_view(&again), buf_view(&b->raw))))
			abort();
	}
	buf_release(&text);
	buf_release(&heads);
	buf_release(&again);
	block_free(b);
	pack_free(pack);
	return 0;
}

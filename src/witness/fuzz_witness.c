/* What a stranger sends to a witness, asks of a log's tiles, and answers to a log that asks. */
#include <stdlib.h>

#include "witness/client.h"
#include "witness/request.h"
#include "witness/tiles.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct request q, again;
	struct str in = str_n(p, n);
	struct client_answer a;
	struct tile_name t;

	if (!request_parse(in, &q)) {
		struct buf b;

		buf_init(&b, REQUEST_MAX);
		request_put(&b, q.old, q.proof, q.n, q.whole);
		if (q.n > REQUEST_HASHES_MAX || buf_err(&b) || request_parse(buf_view(&b), &again) || !str_eq(buf_view(&b), in))
			abort();                                 /* there is one way to write a request */
		buf_release(&b);
	}
	if (!client_parse(in, &a) && (a.status < 100 || a.status > 599 || a.body.n > n))
		abort();
	if (!tile_name_parse(in, &t) && (t.level > 63 || !t.width || t.width > MERKLE_TILE))
		abort();
	return 0;
}

/* A query and a line, split at the first zero byte: what fits the line may not be hidden by its index, and marks lie within it. */
#include "tlog/index.h"

#include <stdlib.h>

#include "lib/text.h"

#define MARKS 8

static void check(struct arena *a, const struct query *q, struct str line)
{
	static const uint8_t key[INDEX_KEY] = "sixteen bytes ok";
	struct entry en = {.transport = ENTRY_UDP, .source = STR("s"), .peer = STR("p"), .raw = line};
	struct seg_block sb = {.count = 1};
	struct index_maker *m = index_maker_new();
	struct index_query *iq = index_query_new(a, q);
	struct query_mark marks[MARKS];
	struct index_zone z;
	struct query_doc d;
	struct buf e, raw, out;
	size_t at = 0, n;

	buf_init(&e, ENTRY_MAX);
	buf_init(&raw, ENTRY_MAX + 2);
	buf_init(&out, INDEX_HEAD + INDEX_RECORD_MAX);
	while (out.n < INDEX_HEAD)
		buf_u8(&out, 0);
	if (entry_put(&e, &en))
		abort();
	buf_u16(&raw, (uint16_t)e.n);
	buf_str(&raw, buf_view(&e));
	if (index_make(m, key, &sb, buf_view(&raw), &out))
		abort();
	struct index_file f = {.p = (const uint8_t *)out.p, .n = out.n};

	if (!index_next(&f, &at, &z))
		abort();
	index_query_key(iq, key);
	query_doc_init(&d);
	query_doc_set(&d, &en);
	if (query_matches(q, &d) && !index_may(iq, &f, &z))
		abort();
	n = query_marks(q, line, marks, MARKS);
	for (size_t i = 0; i < n; i++)
		if (marks[i].at + marks[i].n > line.n || (i && marks[i].at <= marks[i - 1].at + marks[i - 1].n))
			abort();
	query_doc_release(&d);
	index_maker_free(m);
	buf_release(&e);
	buf_release(&raw);
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct str rest = str_n(p, n), text = str_cut(&rest, 0);
	struct arena *a = arena_new(8u << 20);
	struct query *q;
	struct err e;

	if (!text_open() && !query_parse(a, text, 1700000000000000, &q, &e) && rest.n <= ENTRY_RAW_MAX && rest.p)
		check(a, q, rest);
	arena_free(a);
	return 0;
}

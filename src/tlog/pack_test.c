#include "tlog/pack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tlog/packer.h"

static uint32_t draw(uint32_t below)
{
	return (uint32_t)random() % below;
}

/* An entry of a kind chosen at random: many sources and peers, times that stand still, leap and go back, line feeds, nothing at all. */
static void add_entry(struct block *b, unsigned kinds)
{
	static const int64_t leaps[] = {0, 0, 0, 1, -1, 1000000, INT64_MAX, INT64_MIN};
	static int64_t time = 1790000000000000000;
	char source[16], peer[32], raw[600];
	struct entry en = {.transport = (uint8_t)draw(ENTRY_TRANSPORTS)};
	struct buf bytes;
	size_t n = draw(kinds > 1 ? 300 : 60);

	time = (int64_t)((uint64_t)time + (uint64_t)leaps[draw(kinds > 2 ? ARRAY_LEN(leaps) : 6)]);
	en.time_ns = time;
	en.transport = kinds > 1 ? en.transport : ENTRY_TCP;
	en.source = str_n(source, (size_t)snprintf(source, sizeof source, "s%u", draw(kinds * kinds)));
	en.peer = str_n(peer, kinds > 2 && !draw(3) ? 0 : (size_t)snprintf(peer, sizeof peer, "192.0.2.%u:514", draw(kinds)));
	for (size_t i = 0; i < n; i++)
		raw[i] = (char)(kinds > 2 && !draw(40) ? '\n' : ' ' + (int)draw(90));
	en.raw = str_n(raw, n);
	if (kinds > 2 && !draw(4)) {
		en.flags = ENTRY_CHAINED;
		en.seq = draw(5) ? 1 + draw(1000) : UINT64_MAX - draw(3);
		memset(en.prev, (int)draw(256), SHA256_LEN);
	}
	buf_init(&bytes, ENTRY_MAX);
	assert_int_equal(entry_put(&bytes, &en), 0);
	assert_int_equal(block_add(b, buf_view(&bytes)), 0);
	buf_release(&bytes);
}

static void fill(struct block *b, unsigned kinds, uint32_t count)
{
	block_reset(b, 0);
	while (b->count < count)
		add_entry(b, kinds);
	for (unsigned i = 0; kinds > 3 && i < 8; i++)
		assert_int_equal(block_redact(b, draw(count)), 0);
}

/* What is taken apart comes together as it was, and nothing else does: a byte more or less, or another one, is found or gives
 * other entries. */
static void there_and_back(void **state)
{
	struct pack *p = pack_new();
	struct block *b = block_new();
	struct buf text, heads, back;

	buf_init(&text, BLOCK_BYTES_MAX);
	buf_init(&heads, BLOCK_BYTES_MAX);
	buf_init(&back, BLOCK_BYTES_MAX);
	srandom(5);
	for (unsigned round = 0; round < 60; round++) {
		uint32_t count = round % 5 ? 1 + draw(600) : BLOCK_ENTRIES;
		unsigned other = 0;

		fill(b, 1 + round % 4, count);
		buf_clear(&text);
		buf_clear(&heads);
		buf_clear(&back);
		assert_int_equal(pack_split(p, b, &text, &heads), 0);
		assert_int_equal(pack_join(p, buf_view(&text), buf_view(&heads), count, &back), 0);
		assert_true(str_eq(buf_view(&back), buf_view(&b->raw)));
		if (round % 4 == 0)
			assert_true(heads.n < 8 * count + 400 && text.n + 20 * count < b->raw.n);
		buf_clear(&back);
		assert_int_not_equal(pack_join(p, buf_view(&text), buf_view(&heads), count - 1, &back), 0);
		assert_int_not_equal(pack_join(p, buf_view(&text), str_n(heads.p, heads.n - 1), count, &back), 0);
		assert_int_not_equal(pack_join(p, str_n(text.p, text.n ? text.n - 1 : 0), buf_view(&heads), count + !text.n, &back), 0);
		for (size_t i = 0; i < heads.n; i += 1 + heads.n / 50) {
			heads.p[i] ^= 1;
			buf_clear(&back);
			other += pack_join(p, buf_view(&text), buf_view(&heads), count, &back) || !str_eq(buf_view(&back), buf_view(&b->raw));
			heads.p[i] ^= 1;
			assert_true(other);
		}
	}
	buf_release(&text);
	buf_release(&heads);
	buf_release(&back);
	block_free(b);
	pack_free(p);
}

/* Messages of lines stand in the text as lines; the frames give the bundles back, packed envelopes or not. */
static void frames(void **state)
{
	struct packer *p = packer_new();
	struct block *b = block_new();
	struct packer_text t;
	struct str made;
	struct buf kept, back;
	uint32_t heads, text;

	buf_init(&kept, BLOCK_BYTES_MAX);
	buf_init(&back, BLOCK_BYTES_MAX);
	srandom(6);
	for (unsigned kinds = 1; kinds <= 4; kinds++) {
		size_t at = 0;

		fill(b, kinds, kinds == 1 ? 3 : BLOCK_ENTRIES);
		assert_int_equal(packer_pack(p, b, &made, &heads, &text), 0);
		buf_clear(&kept);
		buf_clear(&back);
		buf_str(&kept, made);
		assert_int_equal(packer_text(p, buf_view(&kept), (uint32_t)b->raw.n, &t), 0);
		assert_int_equal(t.heads, heads);
		assert_int_equal(t.text.n, text);
		for (uint32_t i = 0; kinds < 4 && i < b->count; i++) {
			struct entry en;

			assert_int_equal(entry_parse(block_entry(b, i), &en), 0);
			assert_true(str_eq(str_slice(t.text, at, en.raw.n), en.raw));
			assert_int_equal(t.text.p[at + en.raw.n], '\n');
			at += en.raw.n + 1;
		}
		assert_int_equal(packer_bundles(p, b->count, (uint32_t)b->raw.n, &back), 0);
		assert_true(str_eq(buf_view(&back), buf_view(&b->raw)));
		assert_int_not_equal(packer_bundles(p, b->count, (uint32_t)b->raw.n + 1, &back), 0);
		for (size_t i = 0; i < heads; i += 7) { /* its CRC, or its tag, or its lengths */
			kept.p[i] ^= 4;
			if (!packer_text(p, buf_view(&kept), (uint32_t)b->raw.n, &t))
				fail_msg("byte %zu of %u is not missed", i, heads);
			kept.p[i] ^= 4;
		}
	}
	buf_release(&kept);
	buf_release(&back);
	block_free(b);
	packer_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(there_and_back), cmocka_unit_test(frames)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

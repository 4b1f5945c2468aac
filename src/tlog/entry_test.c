#include "tlog/entry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tlog/block.h"
#include "tlog/crc.h"

static struct entry sample(void)
{
	struct entry en = {.transport = ENTRY_MESSAGE, .flags = ENTRY_CHAINED, .time_ns = -5, .seq = 7, .source = STR("office"),
	                   .peer = STR("office.writer"), .raw = STR("{\"a\":1}")};

	memset(en.prev, 0xab, sizeof en.prev);
	return en;
}

/* The bytes of docs/formats/vault.md: a change here is a change of the format. */
static void bytes_on_disk(void **state)
{
	static const char want[] = "0101" "0001" "fffffffffffffffb" "0000000000000007"
	                           "abababababababababababababababababababababababababababababababab"
	                           "06" "6f6666696365" "0d" "6f66666963652e777269746572" "00000007" "7b2261223a317d";
	struct entry en = sample();
	struct buf b, hex;

	buf_init(&b, ENTRY_MAX);
	buf_init(&hex, 2 * ENTRY_MAX);
	assert_int_equal(entry_put(&b, &en), 0);
	buf_hex(&hex, b.p, b.n);
	assert_string_equal(buf_z(&hex), want);
	buf_release(&b);
	buf_release(&hex);
}

static void round_trip(void **state)
{
	static char big[ENTRY_RAW_MAX + 1], name[ENTRY_NAME_MAX + 1];
	struct entry en = sample(), got;
	struct buf b;

	memset(name, 'n', sizeof name);
	en.source = en.peer = str_n(name, ENTRY_NAME_MAX);
	en.raw = str_n(big, ENTRY_RAW_MAX);
	buf_init(&b, ENTRY_MAX);
	assert_int_equal(entry_put(&b, &en), 0); /* the largest possible fits */
	assert_int_equal(entry_parse(buf_view(&b), &got), 0);
	assert_true(str_eq(got.source, en.source) && str_eq(got.peer, en.peer) && str_eq(got.raw, en.raw));
	assert_memory_equal(got.prev, en.prev, SHA256_LEN);
	assert_int_equal(got.time_ns, -5);
	assert_int_equal(got.seq, 7);
	for (size_t n = 0; n < b.n; n += n < 700 ? 1 : 997)
		assert_int_equal(entry_parse(str_n(b.p, n), &got), ERR_CORRUPT);
	buf_release(&b);
}

static void refuses(void **state)
{
	static char big[ENTRY_RAW_MAX + 1];
	struct entry en;
	struct buf b;

	buf_init(&b, ENTRY_MAX);
	en = sample(), en.raw = str_n(big, sizeof big);
	assert_int_equal(entry_put(&b, &en), ERR_TOOBIG);
	en = sample(), en.source = STR("");
	assert_int_equal(entry_put(&b, &en), ERR_INVALID);
	en = sample(), en.seq = 0;
	assert_int_equal(entry_put(&b, &en), ERR_INVALID);
	en = sample(), en.flags = 0;
	assert_int_equal(entry_put(&b, &en), ERR_INVALID);
	en = sample(), en.flags |= 32;
	assert_int_equal(entry_put(&b, &en), ERR_INVALID);
	en = sample(), en.transport = ENTRY_TRANSPORTS;
	assert_int_equal(entry_put(&b, &en), ERR_INVALID);
	assert_int_equal(b.n, 0);
	buf_release(&b);
}

/* RFC 3720 §B.4 */
static void crc_known_answers(void **state)
{
	unsigned char b[32];

	memset(b, 0, sizeof b);
	assert_int_equal(crc32c(0, b, sizeof b), 0x8a9136aau);
	memset(b, 0xff, sizeof b);
	assert_int_equal(crc32c(0, b, sizeof b), 0x62a8ab43u);
	for (unsigned i = 0; i < sizeof b; i++)
		b[i] = (unsigned char)i;
	assert_int_equal(crc32c(0, b, sizeof b), 0x46dd794eu);
	assert_int_equal(crc32c(crc32c(0, b, 5), b + 5, sizeof b - 5), 0x46dd794eu);
}

static void block_holds_2048(void **state)
{
	struct block *b = block_new(), *c = block_new();
	struct entry en = sample();
	struct buf e;

	buf_init(&e, ENTRY_MAX);
	block_reset(b, 4096);
	for (unsigned i = 0; i < BLOCK_ENTRIES; i++) {
		assert_false(block_full(b));
		buf_clear(&e);
		en.time_ns = (int64_t)i - 10;
		assert_int_equal(entry_put(&e, &en), 0);
		assert_int_equal(block_add(b, buf_view(&e)), 0);
	}
	assert_true(block_full(b));
	assert_int_equal(block_add(b, buf_view(&e)), ERR_NOMEM);
	assert_int_equal(b->time_min, -10);
	assert_int_equal(b->time_max, 2037);
	assert_int_equal(block_load(c, 4096, BLOCK_ENTRIES, buf_view(&b->raw)), 0);
	assert_memory_equal(b->leaf, c->leaf, sizeof b->leaf);
	assert_int_equal(block_load(c, 4096, BLOCK_ENTRIES - 1, buf_view(&b->raw)), ERR_CORRUPT);
	assert_int_equal(block_load(c, 4096, BLOCK_ENTRIES, str_n(b->raw.p, b->raw.n - 1)), ERR_CORRUPT);
	block_reset(b, 0);
	assert_int_equal(block_add(b, STR("no entry")), ERR_CORRUPT);
	assert_int_equal(b->count, 0);
	assert_int_equal(b->raw.n, 0);
	block_free(b);
	block_free(c);
	buf_release(&e);
}

/* What entry_alike takes for an entry of the same sender is one, and is no other: against entry_parse, for entries one byte of which
 * was changed, or the length. */
static void alike(void **state)
{
	struct entry en[3] = {sample(), sample(), sample()};
	unsigned yes = 0, no = 0;

	en[1].flags = 0;
	en[1].seq = 0;
	en[2].flags = 0;
	en[2].seq = 0;
	en[2].peer = STR("");
	for (size_t k = 0; k < ARRAY_LEN(en); k++) {
		struct buf a, b;

		buf_init(&a, ENTRY_MAX);
		buf_init(&b, ENTRY_MAX);
		assert_int_equal(entry_put(&a, &en[k]), 0);
		for (size_t i = 0; i <= a.n; i++)
			for (unsigned bit = 0; bit < 8; bit++) {
				struct entry got;
				bool want, is;

				buf_clear(&b);
				buf_str(&b, buf_view(&a));
				if (i < a.n)
					b.p[i] ^= (char)(1 << bit);
				else
					buf_put(&b, "xxxxxxxx", bit);
				want = !entry_parse(buf_view(&b), &got) && got.transport == en[k].transport && got.flags == en[k].flags &&
				       str_eq(got.source, en[k].source) && str_eq(got.peer, en[k].peer);
				is = entry_alike(buf_view(&a), a.n - en[k].raw.n, buf_view(&b));
				if (is != want)
					fail_msg("entry %zu, byte %zu, bit %u: %d", k, i, bit, is);
				yes += is;
				no += !is;
			}
		buf_release(&a);
		buf_release(&b);
	}
	assert_true(yes > 100 && no > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(alike), cmocka_unit_test(bytes_on_disk),     cmocka_unit_test(round_trip),       cmocka_unit_test(refuses),
	    cmocka_unit_test(crc_known_answers), cmocka_unit_test(block_holds_2048),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The fast envelope is entry_put's, byte for byte; the marks are right. */
#include "collect/envelope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/text.h"

static void same_bytes(struct str source, struct str peer, struct str raw, uint16_t flags)
{
	struct entry en = {.transport = ENTRY_TCP, .flags = flags, .time_ns = 1790000000123456789, .source = source, .peer = peer, .raw = raw};
	static unsigned char out[ENTRY_MAX + 2];
	struct envelope v;
	struct buf want;
	struct entry back;
	buf_init(&want, ENTRY_MAX);
	assert_int_equal(entry_put(&want, &en), 0);
	envelope_init(&v, ENTRY_TCP, source, peer);
	envelope_stamp(&v, en.time_ns);
	assert_int_equal(envelope_size(&v, raw.n), want.n + 2);
	envelope_put(&v, flags, raw, out);
	assert_int_equal(out[0] << 8 | out[1], want.n);
	assert_memory_equal(out + 2, want.p, want.n);
	assert_int_equal(entry_parse(str_n(out + 2, want.n), &back), 0);
	buf_release(&want);
}

static void is_what_entry_put_writes(void **state)
{
	static char raw[ENTRY_RAW_MAX], name[ENTRY_NAME_MAX];
	memset(raw, 'r', sizeof raw);
	memset(name, 'n', sizeof name);
	same_bytes(STR("192.0.2.1"), STR("192.0.2.1:514"), STR("<13>x"), 0);
	same_bytes(STR("s"), STR(""), STR(""), ENTRY_MORE | ENTRY_BINARY);
	same_bytes(str_n(name, sizeof name), str_n(name, sizeof name), str_n(raw, sizeof raw), ENTRY_TORN);
}

static void names_are_cut_and_never_empty(void **state)
{
	char name[400];
	unsigned char out[ENVELOPE_MAX + 8];
	struct envelope v;
	struct entry en;
	memset(name, 'n', sizeof name);
	envelope_init(&v, ENTRY_UDP, STR(""), str_n(name, sizeof name));
	envelope_put(&v, 0, STR("x"), out);
	assert_int_equal(entry_parse(str_n(out + 2, envelope_size(&v, 1) - 2), &en), 0);
	assert_true(str_is(en.source, "unknown"));
	assert_int_equal(en.peer.n, ENTRY_NAME_MAX);
}

/* At every place of messages of every length up to 70, and against the slow answer. */
static void marks_what_is_no_text(void **state)
{
	char p[80];
	for (size_t n = 0; n < 70; n++) {
		memset(p, 'a', sizeof p);
		assert_int_equal(envelope_text(str_n(p, n)), 0);
		for (size_t at = 0; at < n; at++)
			for (int c = 0; c < 256; c += c == 1 ? 126 : 1) {
				p[at] = (char)c;
				assert_int_equal(envelope_text(str_n(p, n)), c == 0 || !utf8_valid(str_n(p, n)) ? ENTRY_BINARY : 0);
				p[at] = 'a';
			}
	}
	assert_int_equal(envelope_text(STR("市役所からのお知らせ: 長い文")), 0);
	assert_int_equal(envelope_text(STR("市役所からのお知らせ: \xe5\xb8")), ENTRY_BINARY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_what_entry_put_writes),
		cmocka_unit_test(names_are_cut_and_never_empty),
		cmocka_unit_test(marks_what_is_no_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Framing: tables of whole streams, then every stream again in all ways to cut it into two reads, and byte by byte. */
#include "collect/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lib/buf.h"

struct row {
	const char *in;
	const char *out;                                 /* pieces: [raw] with + more, * continued, ! torn behind it */
};

static const struct row rows[] = {
	{"", ""},
	{"a\n", "[a]"},
	{"a\nb\n\nc\n", "[a][b][][c]"},
	{"a\r\n", "[a\r]"},
	{"a", "[a]!"},
	{"5 <1>ab6 <1>abc", "[<1>ab][<1>abc]"},
	{"5 <1>ab\n6 <1>abc\n", "[<1>ab][<1>abc]"},
	{"5 <1>ab\n\nx\n", "[<1>ab][][x]"},
	{"5 <1>ab<2>line\n4 <3>c", "[<1>ab][<2>line][<3>c]"},
	{"6 <1>a\nbx\n", "[<1>a\nb][x]"},
	{"12 o'clock\n", "[12 o'clock]"},
	{"2026-11-20T10:00:00Z x\n", "[2026-11-20T10:00:00Z x]"},
	{"0 <1>\n", "[0 <1>]"},
	{"1234567890 <1>\n", "[1234567890 <1>]"},
	{"7", "[7]!"},
	{"7 ", "[7 ]!"},
	{"7 <1>a", "[<1>a]!"},
	{"7 x", "[7 x]!"},
	{"<1>a\n9 <1>cut o", "[<1>a][<1>cut o]!"},
};

static void show(struct buf *b, const struct piece *p)
{
	buf_printf(b, "[%.*s]%s%s%s", STR_ARG(p->raw), p->flags & ENTRY_MORE ? "+" : "", p->flags & ENTRY_CONTINUED ? "*" : "",
	           p->flags & ENTRY_TORN ? "!" : "");
}

/* As a connection does it: reads of these sizes, what is left stands in front of the next. */
static void stream(struct str in, size_t first, size_t step, struct buf *out)
{
	struct framer f = {0};
	struct piece p;
	struct buf have;
	buf_init(&have, 1 << 20);
	for (size_t at = 0; at < in.n;) {
		size_t k = at == 0 ? first : step, pos = 0;
		struct str part = str_slice(in, at, k ? k : 1);
		buf_str(&have, part);
		at += part.n;
		while (framer_next(&f, have.p, have.n, &pos, false, &p))
			show(out, &p);
		assert_true(have.n - pos <= FRAME_REST_MAX);
		memmove(have.p, have.p + pos, have.n - pos);
		have.n -= pos;
	}
	size_t pos = 0;
	while (framer_next(&f, have.p ? have.p : "", have.n, &pos, true, &p))
		show(out, &p);
	assert_int_equal(pos, have.n);
	buf_release(&have);
}

static void streams_are_cut_right(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str in = str_from(rows[i].in);
		for (size_t cut = 0; cut <= in.n; cut++)
			for (size_t step = 1; step <= 64; step *= 8) {
				struct buf out;
				buf_init(&out, 65536);
				stream(in, cut, step, &out);
				assert_string_equal(buf_z(&out), rows[i].out);
				buf_release(&out);
			}
	}
}

/* n bytes of one message by lines or counted; how long the pieces are and how they are linked. */
static void long_one(size_t n, bool counted, const char *want)
{
	struct buf in, out;
	struct framer f = {0};
	struct piece p;
	size_t pos = 0;
	buf_init(&in, 1 << 20);
	buf_init(&out, 4096);
	if (counted)
		buf_printf(&in, "%zu ", n);
	buf_putc(&in, '<');
	for (size_t i = 1; i < n; i++)
		buf_putc(&in, 'x');
	buf_puts(&in, counted ? "<2>after\n" : "\n<2>after\n");
	while (framer_next(&f, in.p, in.n, &pos, false, &p))
		buf_printf(&out, "%zu%s%s ", p.raw.n, p.flags & ENTRY_MORE ? "+" : "", p.flags & ENTRY_CONTINUED ? "*" : "");
	assert_string_equal(buf_z(&out), want);
	assert_int_equal(pos, in.n);
	buf_release(&in);
	buf_release(&out);
}

static void long_ones_come_in_pieces(void **state)
{
	for (int counted = 0; counted < 2; counted++) {
		long_one(ENTRY_RAW_MAX - 1, counted, "64511 8 ");
		long_one(ENTRY_RAW_MAX, counted, "64512 8 ");
		long_one(ENTRY_RAW_MAX + 1, counted, "64512+ 1* 8 ");
		long_one(2 * ENTRY_RAW_MAX, counted, "64512+ 64512* 8 ");
		long_one(2 * ENTRY_RAW_MAX + 5, counted, "64512+ 64512+* 5* 8 ");
	}
}

static void lines_only_knows_no_counts(void **state)
{
	struct framer f = {.lines = true};
	struct piece p;
	size_t pos = 0;
	assert_true(framer_next(&f, "5 <1>ab\n", 8, &pos, false, &p));
	assert_true(str_is(p.raw, "5 <1>ab"));
}

static void what_lies_in_memory(void **state)
{
	static const struct { size_t n; const char *out; } cases[] = {
		{0, "0 "}, {1, "1 "}, {ENTRY_RAW_MAX, "64512 "}, {ENTRY_RAW_MAX + 1, "64512+ 1* "}, {2 * ENTRY_RAW_MAX, "64512+ 64512* "},
	};
	static char bytes[2 * ENTRY_RAW_MAX];
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct piece p;
		struct buf out;
		size_t at = 0;
		buf_init(&out, 4096);
		while (piece_next(str_n(bytes, cases[i].n), &at, &p))
			buf_printf(&out, "%zu%s%s ", p.raw.n, p.flags & ENTRY_MORE ? "+" : "", p.flags & ENTRY_CONTINUED ? "*" : "");
		assert_string_equal(buf_z(&out), cases[i].out);
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_are_cut_right),
		cmocka_unit_test(long_ones_come_in_pieces),
		cmocka_unit_test(lines_only_knows_no_counts),
		cmocka_unit_test(what_lies_in_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

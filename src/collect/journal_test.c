/* Journals in the export format, cut everywhere. */
#include "collect/journal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define TWO "M\n\x03\0\0\0\0\0\0\0\n\n\n\n"                 /* a field of three line ends */

static const struct {
	struct str in;
	const char *out;
} rows[] = {
	{STR_INIT(""), ""},
	{STR_INIT("A=1\n\n"), "[A=1|]"},
	{STR_INIT("A=1\nB=2\n\n\nC=3\n\n"), "[A=1|B=2|][C=3|]"},
	{STR_INIT("A=1\n" TWO "B=2\n\n"), "[A=1|M|........||||B=2|]"},
	{STR_INIT("M\n\0\0\0\0\0\0\0\0\n\nA=1\n\n"), "[M|........|][A=1|]"},
	{STR_INIT("A==\n=\n\n"), "[A==|=|]"},
	{STR_INIT("A=1\nB=cut o"), "[A=1|B=cut o]!"},
	{STR_INIT("M\n\xff\xff\xff\xff\xff\xff\xff\xff""ab\n\n"), "[M|........ab||]!"},
	{STR_INIT("\n\n\n"), ""},
};

static void show(struct buf *out, const struct piece *p)
{
	buf_putc(out, '[');
	for (size_t i = 0; i < p->raw.n; i++)
		buf_putc(out, p->raw.p[i] == '\n' ? '|' : p->raw.p[i] < ' ' ? '.' : p->raw.p[i]);
	buf_printf(out, "]%s", p->flags & ENTRY_TORN ? "!" : "");
}

static void entries_end_where_they_end(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t cut = 0; cut <= rows[i].in.n; cut++) {
			struct journal j;
			struct piece p;
			struct buf out;
			journal_init(&j);
			buf_init(&out, 65536);
			for (size_t from = 0, part = 0; part < 2; part++) {
				size_t to = part ? rows[i].in.n : cut, pos = from;
				while (journal_next(&j, rows[i].in.p, to, &pos, &p))
					show(&out, &p);
				assert_int_equal(pos, to);
				from = to;
			}
			if (journal_end(&j, &p))
				show(&out, &p);
			if (strcmp(buf_z(&out), rows[i].out) != 0)
				fail_msg("row %zu cut at %zu: %s", i, cut, buf_z(&out));
			buf_release(&out);
			journal_release(&j);
		}
}

static void long_entries_come_in_pieces(void **state)
{
	struct journal j;
	struct piece p;
	struct buf in, out;
	size_t pos = 0;
	journal_init(&j);
	buf_init(&in, 1 << 20);
	buf_init(&out, 4096);
	buf_puts(&in, "A=");
	while (in.n < ENTRY_RAW_MAX + 100)
		buf_putc(&in, 'x');
	buf_puts(&in, "\n\nB=1\n\n");
	while (journal_next(&j, in.p, in.n, &pos, &p))
		buf_printf(&out, "%zu%s%s ", p.raw.n, p.flags & ENTRY_MORE ? "+" : "", p.flags & ENTRY_CONTINUED ? "*" : "");
	assert_string_equal(buf_z(&out), "64512+ 101* 4 ");
	assert_false(journal_end(&j, &p));
	buf_release(&in);
	buf_release(&out);
	journal_release(&j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_end_where_they_end),
		cmocka_unit_test(long_entries_come_in_pieces),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

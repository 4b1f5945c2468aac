/* RELP: whole conversations, cut everywhere; what no peer may say. */
#include "collect/relp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HELLO "1 open 30 relp_version=0\ncommands=syslog\n"

static const struct {
	const char *in, *out;
} rows[] = {
	{HELLO, "open1 "},
	{HELLO "2 syslog 5 <1>ab\n3 syslog 0\n", "open1 2[<1>ab] 3[] "},
	{HELLO "2 syslog 0 \n", "open1 2[] "},
	{HELLO "2 syslog 4 a\nb\n\n3 close 0\n", "open1 2[a\nb\n] close3 "},
	{HELLO "2 close 0\n", "open1 close2 "},
	{"2 syslog 1 a\n", "bad "},                       /* before open */
	{HELLO "2 open 1 a\n", "open1 bad "},
	{HELLO "3 syslog 1 a\n", "open1 bad "},           /* a number left out */
	{HELLO "1 syslog 1 a\n", "open1 bad "},
	{HELLO "2 syslog 1 ab\n", "open1 bad "},          /* longer than said */
	{HELLO "2 rsp 6 200 OK\n", "open1 bad "},
	{"0 open 1 a\n", "bad "},
	{"x", "bad "},
	{"1234567890 open 1 a\n", "bad "},
	{"1 openopenopenopenopenopenopenopenopen 1 a\n", "bad "},
	{"1 open 1234567890 a\n", "bad "},
	{"1 open 5000 a\n", "bad "},
	{"1  open 1 a\n", "bad "},
	{"1 open -1 a\n", "bad "},
	{"GET / HTTP/1.1\r\n", "bad "},
	{"999999999 open 0\n1 syslog 1 a\n", "open999999999 1[a] "},
};

static bool show(struct buf *out, enum relp_what w, const struct relp_event *ev)
{
	switch (w) {
	case RELP_NEED:
		return false;
	case RELP_PIECE:
		buf_printf(out, "%u[%.*s]%s", ev->txnr, STR_ARG(ev->piece.raw), ev->done ? " " : "+");
		return true;
	case RELP_OPEN:
		buf_printf(out, "open%u ", ev->txnr);
		return true;
	case RELP_CLOSE:
		buf_printf(out, "close%u ", ev->txnr);
		return true;
	case RELP_BAD:
		buf_puts(out, "bad ");
		return false;
	}
	return false;
}

static void talk(struct str in, size_t first, size_t step, struct buf *out)
{
	struct relp r = {0};
	struct relp_event ev = {0};
	struct buf have;
	enum relp_what w = RELP_NEED;
	buf_init(&have, 1 << 20);
	for (size_t at = 0; at < in.n && w != RELP_BAD;) {
		struct str part = str_slice(in, at, at == 0 && first ? first : step);
		size_t pos = 0;
		buf_str(&have, part);
		at += part.n;
		do
			w = relp_next(&r, have.p, have.n, &pos, &ev);
		while (show(out, w, &ev));
		assert_true(w == RELP_BAD || have.n - pos <= RELP_REST_MAX);
		memmove(have.p, have.p + pos, have.n - pos);
		have.n -= pos;
	}
	buf_release(&have);
}

static void conversations(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str in = str_from(rows[i].in);
		for (size_t cut = 0; cut <= in.n; cut++) {
			struct buf out;
			buf_init(&out, 65536);
			talk(in, cut, cut % 3 ? 1 : 1000, &out);
			if (strcmp(buf_z(&out), rows[i].out) != 0)
				fail_msg("%s\ncut at %zu: %s", rows[i].in, cut, buf_z(&out));
			buf_release(&out);
		}
	}
}

static void long_messages_come_in_pieces(void **state)
{
	static const struct { size_t n; const char *want; } cases[] = {
		{ENTRY_RAW_MAX, "64512. "}, {ENTRY_RAW_MAX + 1, "64512 1*. "}, {3 * ENTRY_RAW_MAX, "64512 64512* 64512*. "},
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct relp r = {.opened = true, .txnr = 1};
		struct relp_event ev;
		struct buf in, out;
		size_t pos = 0;
		buf_init(&in, 1 << 20);
		buf_init(&out, 4096);
		buf_printf(&in, "2 syslog %zu ", cases[i].n);
		for (size_t k = 0; k < cases[i].n; k++)
			buf_putc(&in, 'x');
		buf_putc(&in, '\n');
		while (relp_next(&r, in.p, in.n, &pos, &ev) == RELP_PIECE) {
			buf_printf(&out, "%zu%s%s ", ev.piece.raw.n, ev.piece.flags & ENTRY_CONTINUED ? "*" : "", ev.done ? "." : "");
			assert_int_equal(!ev.done, (ev.piece.flags & ENTRY_MORE) != 0);
		}
		assert_string_equal(buf_z(&out), cases[i].want);
		assert_int_equal(pos, in.n);
		buf_release(&in);
		buf_release(&out);
	}
}

static void answers(void **state)
{
	struct buf out;
	buf_init(&out, 4096);
	relp_put_ok(&out, 9, 2);
	relp_put_ok(&out, RELP_TXNR_MAX, 2);
	relp_put_close(&out, 12);
	assert_string_equal(buf_z(&out), "9 rsp 6 200 OK\n10 rsp 6 200 OK\n999999999 rsp 6 200 OK\n1 rsp 6 200 OK\n12 rsp 0\n0 serverclose 0\n");
	buf_clear(&out);
	relp_put_open(&out, 1);
	struct str got = buf_view(&out), head = str_cut(&got, '\n');
	int64_t n;
	assert_true(str_starts(head, "1 rsp ") && str_ends(head, " 200 OK"));
	assert_int_equal(str_int(str_slice(head, 6, head.n - 13), 1, 1000, &n), 0);
	assert_int_equal((size_t)n, out.n - strlen("1 rsp 59 ") - 1);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversations),
		cmocka_unit_test(long_messages_come_in_pieces),
		cmocka_unit_test(answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

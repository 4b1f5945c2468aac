#include "front/multipart.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/buf.h"

static int begin(void *arg, const struct multipart_part *p)
{
	buf_printf(arg, "[%.*s", STR_ARG(p->name));
	if (p->file_name.p)
		buf_printf(arg, "|%.*s|%.*s", STR_ARG(p->file_name), STR_ARG(p->media_type));
	buf_puts(arg, "]");
	return 0;
}

static int data(void *arg, struct str bytes)
{
	buf_str(arg, bytes);
	return 0;
}

static int end(void *arg)
{
	buf_puts(arg, "$");
	return 0;
}

static const struct multipart_sink sink = {begin, data, end};

/* Feeds in pieces of `step` bytes; the result must not depend on how the bytes arrive. */
static int parse(struct str body, size_t step, struct buf *seen)
{
	struct multipart *m = malloc(sizeof(*m));
	int r = multipart_init(m, STR("multipart/form-data; boundary=XX"), &sink, seen);

	buf_clear(seen);
	for (size_t i = 0; i < body.n && r == 0; i += step)
		r = multipart_feed(m, str_slice(body, i, step));
	if (r == 0)
		r = multipart_finish(m);
	free(m);
	return r;
}

#define D(rest) "Content-Disposition: form-data; " rest "\r\n"
#define ONE(head, content) "--XX\r\n" head "\r\n" content "\r\n--XX--\r\n"

/* Like STR, where a constant is wanted. */
#define S(lit) {lit, sizeof(lit) - 1}

static void bodies(void **state)
{
	static const struct {
		struct str body;
		const char *seen;
		int code;
	} t[] = {
		{S(ONE(D("name=\"a\""), "1")), "[a]1$", 0},
		{S(ONE(D("name=\"a\""), "")), "[a]$", 0},
		{S("--XX\r\n" D("name=\"a\"") "\r\n1\r\n--XX\r\n" D("name=\"b\"; filename=\"f.txt\"") "Content-Type: text/plain\r\n\r\nfile\r\n--XX--\r\n"),
		 "[a]1$[b|f.txt|text/plain]file$", 0},
		{S("--XX\r\n" D("name=\"a\"") "\r\n1\r\n--XX--"), "[a]1$", 0},
		{S(ONE(D("name=\"f\"; filename=\"C:\\dir\\報告.pdf\""), "x")), "[f|報告.pdf|]x$", 0},
		{S(ONE(D("name=\"f\"; filename=\"../../etc/passwd\""), "x")), "[f|passwd|]x$", 0},
		{S(ONE(D("name=\"f\"; filename=\"\""), "")), "[f||]$", 0},
		{S(ONE(D("filename=\"a;b\"; name=\"x\\\"y\""), "x")), "[x\"y|a;b|]x$", 0},
		{S(ONE("content-disposition:form-data;name=\"a\"\r\nX-Other: 1\r\n", "1")), "[a]1$", 0},
		{S(ONE(D("name=\"a\""), "\r\n--X\r\n--XY\r\r\n-")), "[a]\r\n--X\r\n--XY\r\r\n-$", 0},
		{S(ONE(D("name=\"a\""), "\r")), "[a]\r$", 0},
		{S(ONE(D("name=\"a\""), "a\0b")), NULL, 0},
		{S(""), NULL, ERR_SHORT},
		{S("--XX--\r\n"), "", 0},
		{S("--XX\r\n" D("name=\"a\"") "\r\n1\r\n--XX-"), NULL, ERR_SHORT},
		{S("--XX\r\n" D("name=\"a\"") "\r\n1\r\n--X"), NULL, ERR_SHORT},
		{S("--XX\r\n" D("name=\"a\"")), NULL, ERR_SHORT},
		{S("\r\n--XX\r\n" D("name=\"a\"") "\r\n1\r\n--XX--\r\n"), NULL, ERR_SYNTAX},
		{S("preamble\r\n--XX--\r\n"), NULL, ERR_SYNTAX},
		{S(ONE(D("name=\"a\""), "1") "epilogue"), NULL, ERR_SYNTAX},
		{S("--XX\n" D("name=\"a\"") "\r\n1\r\n--XX--\r\n"), NULL, ERR_SYNTAX},
		{S("--XX \r\n" D("name=\"a\"") "\r\n1\r\n--XX--\r\n"), NULL, ERR_SYNTAX},
		{S(ONE("", "1")), NULL, ERR_SYNTAX},
		{S(ONE("Content-Type: text/plain\r\n", "1")), NULL, ERR_SYNTAX},
		{S(ONE("Content-Disposition: form-data\r\n", "1")), NULL, ERR_SYNTAX},
		{S(ONE("Content-Disposition: attachment; name=\"a\"\r\n", "1")), NULL, ERR_SYNTAX},
		{S(ONE(D("name=a"), "1")), NULL, ERR_SYNTAX},
		{S(ONE(D("name=\"a"), "1")), NULL, ERR_SYNTAX},
		{S(ONE(D("name=\"\""), "1")), NULL, ERR_SYNTAX},
		{S(ONE(D("name=\"a\"; filename*=UTF-8''x"), "1")), NULL, ERR_SYNTAX},
		{S(ONE(D("name=\"a\"x"), "1")), NULL, ERR_SYNTAX},
		{S(ONE(D("name=\"a\"; name=\"b\""), "1")), NULL, ERR_SYNTAX},
		{S(ONE(D("name=\"a\"") D("name=\"b\""), "1")), NULL, ERR_SYNTAX},
		{S(ONE(D("name=\"a\x01\""), "1")), NULL, ERR_SYNTAX},
		{S(ONE(D("name=\"\xff\""), "1")), NULL, ERR_SYNTAX},
		{S(ONE(D("name=\"a\"") "Content-Type: multipart/mixed; boundary=y\r\n", "1")), NULL, ERR_SYNTAX},
		{S(ONE(D("name=\"a\"") "Content-Transfer-Encoding: base64\r\n", "MQ==")), NULL, ERR_SYNTAX},
		{S(ONE(D("name=\"a\"") " folded\r\n", "1")), NULL, ERR_SYNTAX},
		{S(ONE("Content-Disposition: form-data; name=\"a\"\n", "1")), NULL, ERR_SYNTAX},
	};
	struct buf seen;

	(void)state;
	buf_init(&seen, 10000);
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		for (size_t step = 1; step <= 64; step *= 2) {
			int r = parse(t[i].body, step, &seen);

			if (r != t[i].code)
				fail_msg("row %zu by %zu: %d, want %d", i, step, r, t[i].code);
			if (t[i].seen)
				assert_string_equal(buf_z(&seen), t[i].seen);
		}
	assert_int_equal(parse(STR(ONE(D("name=\"a\""), "a\0b")), 3, &seen), 0);
	assert_memory_equal(seen.p, "[a]a\0b$", 7);
	buf_release(&seen);
}

static void boundaries(void **state)
{
	static const struct {
		const char *type;
		int code;
	} t[] = {
		{"multipart/form-data; boundary=a", 0},
		{"multipart/form-data; boundary=\"a b'()+_,-./:=?c\"", 0},
		{"multipart/form-data; boundary=1234567890123456789012345678901234567890123456789012345678901234567890", 0},
		{"multipart/form-data; boundary=12345678901234567890123456789012345678901234567890123456789012345678901", ERR_SYNTAX},
		{"multipart/form-data; boundary=", ERR_SYNTAX},
		{"multipart/form-data", ERR_SYNTAX},
		{"multipart/form-data; boundary=\"a \"", ERR_SYNTAX},
		{"multipart/form-data; boundary=a\"b", ERR_SYNTAX},
		{"multipart/form-data; boundary=a\xe3\x81\x82", ERR_SYNTAX},
	};
	static struct multipart m;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		assert_int_equal(multipart_init(&m, str_from(t[i].type), &sink, NULL), t[i].code);
}

static int with_head_line(size_t n)
{
	struct buf body, seen;
	int r;

	buf_init(&body, 10000);
	buf_init(&seen, 10000);
	buf_puts(&body, "--XX\r\n" D("name=\"a\"") "X: ");
	for (size_t i = 0; i < n; i++)
		buf_putc(&body, 'x');
	buf_puts(&body, "\r\n\r\n1\r\n--XX--\r\n");
	r = parse(buf_view(&body), 100, &seen);
	buf_release(&body);
	buf_release(&seen);
	return r;
}

static void head_size(void **state)
{
	(void)state;
	assert_int_equal(with_head_line(PART_HEAD_MAX - FILE_NAME_MAX - 50), 0);
	assert_int_equal(with_head_line(PART_HEAD_MAX - FILE_NAME_MAX), ERR_TOOBIG);
	assert_int_equal(with_head_line(PART_HEAD_MAX), ERR_TOOBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(bodies), cmocka_unit_test(boundaries),
	                                   cmocka_unit_test(head_size)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "front/head.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void targets(void **state)
{
	static const struct {
		const char *target, *path, *query;
		int status;
	} t[] = {
		{"/", "/", "", 0},
		{"/ledgers/exceptions?state=open&q=%E6%83%85", "/ledgers/exceptions", "state=open&q=%E6%83%85", 0},
		{"/a%20b", "/a b", "", 0},
		{"/%E6%83%85%E5%A0%B1", "/情報", "", 0},
		{"/ledgers/", "/ledgers/", "", 0},
		{"/a?x=/../y", "/a", "x=/../y", 0},
		{"/a?", "/a", "", 0},
		{"/a+b", "/a+b", "", 0},
		{"", NULL, NULL, 400},
		{"*", NULL, NULL, 400},
		{"http://x/", NULL, NULL, 400},
		{"/a/../b", NULL, NULL, 400},
		{"/..", NULL, NULL, 400},
		{"/a/./b", NULL, NULL, 400},
		{"/%2e%2E/b", NULL, NULL, 400},
		{"/a%2f..%2fb", NULL, NULL, 400},
		{"//host/a", NULL, NULL, 400},
		{"/a//b", NULL, NULL, 400},
		{"/a\\b", NULL, NULL, 400},
		{"/a%5cb", NULL, NULL, 400},
		{"/a%00b", NULL, NULL, 400},
		{"/a%0ab", NULL, NULL, 400},
		{"/a%7f", NULL, NULL, 400},
		{"/a%", NULL, NULL, 400},
		{"/a%4", NULL, NULL, 400},
		{"/a%4g", NULL, NULL, 400},
		{"/a%ff", NULL, NULL, 400},
		{"/a%c0%af", NULL, NULL, 400},
		{"/a\x80", NULL, NULL, 400},
		{"/a?b=%00", NULL, NULL, 400},
		{"/a?b=%zz", NULL, NULL, 400},
		{"/a?b\tc", NULL, NULL, 400},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct buf path;
		struct str query = STR_NONE;

		buf_init(&path, TARGET_MAX);
		assert_int_equal(head_target(str_from(t[i].target), &path, &query), t[i].status);
		if (!t[i].status) {
			assert_string_equal(buf_z(&path), t[i].path);
			assert_true(str_is(query, t[i].query));
		}
		buf_release(&path);
	}
}

static void target_length(void **state)
{
	char long_one[TARGET_MAX + 1];
	struct str query;
	struct buf path;

	(void)state;
	memset(long_one, 'a', sizeof(long_one));
	long_one[0] = '/';
	buf_init(&path, TARGET_MAX + 1);
	assert_int_equal(head_target(str_n(long_one, TARGET_MAX), &path, &query), 0);
	assert_int_equal(path.n, TARGET_MAX);
	assert_int_equal(head_target(str_n(long_one, TARGET_MAX + 1), &path, &query), 414);
	buf_release(&path);
}

#define H(n, v) {{n, sizeof(n) - 1}, {v, sizeof(v) - 1}}

static void header_lists(void **state)
{
	static const struct {
		const char *method;
		struct header h[5];
		size_t n;
		int status;
		enum body_kind kind;
	} t[] = {
		{"GET", {H("Host", "a.example:8443"), H("Cookie", "s=1")}, 2, 0, BODY_NONE},
		{"POST", {H("Host", "a"), H("Content-Length", "3"), H("Content-Type", "application/x-www-form-urlencoded")}, 3, 0, BODY_FORM},
		{"POST", {H("Host", "a"), H("Transfer-Encoding", "Chunked"), H("Content-Type", "application/json; charset=UTF-8")}, 3, 0,
		 BODY_JSON},
		{"POST", {H("Host", "[::1]"), H("Content-Length", "0")}, 2, 0, BODY_NONE},
		{"POST", {H("Host", "a"), H("Content-Length", "9"), H("Content-Type", "Multipart/Form-Data; boundary=x")}, 3, 0, BODY_MULTIPART},
		{"GET", {H("Cookie", "s=1")}, 1, 400, 0},
		{"GET", {H("Host", "a"), H("host", "b")}, 2, 400, 0},
		{"GET", {H("Host", "")}, 1, 400, 0},
		{"GET", {H("Host", "a b")}, 1, 400, 0},
		{"GET", {H("Host", "a/b")}, 1, 400, 0},
		{"GET", {H("Host", "a"), H("Authorization", "x"), H("authorization", "y")}, 3, 400, 0},
		{"GET", {H("Host", "a"), H("Cookie", "a=1"), H("cookie", "b=2")}, 3, 400, 0},
		{"POST", {H("Host", "a"), H("Content-Length", "3"), H("Content-Length", "3")}, 3, 400, 0},
		{"POST", {H("Host", "a"), H("Content-Length", "3"), H("Transfer-Encoding", "chunked")}, 3, 400, 0},
		{"POST", {H("Host", "a"), H("Transfer-Encoding", "gzip, chunked")}, 2, 501, 0},
		{"POST", {H("Host", "a"), H("Transfer-Encoding", "identity")}, 2, 501, 0},
		{"POST", {H("Host", "a"), H("Transfer-Encoding", "chunked"), H("Transfer-Encoding", "chunked")}, 3, 400, 0},
		{"POST", {H("Host", "a"), H("Content-Length", "+3")}, 2, 400, 0},
		{"POST", {H("Host", "a"), H("Content-Length", "-1")}, 2, 400, 0},
		{"POST", {H("Host", "a"), H("Content-Length", "0x3")}, 2, 400, 0},
		{"POST", {H("Host", "a"), H("Content-Length", "3 3")}, 2, 400, 0},
		{"POST", {H("Host", "a"), H("Content-Length", "")}, 2, 400, 0},
		{"POST", {H("Host", "a"), H("Content-Length", "99999999999999999999")}, 2, 400, 0},
		{"POST", {H("Host", "a"), H("Content-Length", "2097152"), H("Content-Type", "application/x-www-form-urlencoded")}, 3, 0, BODY_FORM},
		{"POST", {H("Host", "a"), H("Content-Length", "2097153"), H("Content-Type", "application/x-www-form-urlencoded")}, 3, 413, 0},
		{"POST", {H("Host", "a"), H("Content-Length", "3"), H("Content-Type", "text/plain")}, 3, 415, 0},
		{"POST", {H("Host", "a"), H("Content-Length", "3")}, 2, 415, 0},
		{"POST", {H("Host", "a"), H("Content-Length", "3"), H("Content-Type", "application/json; charset=shift_jis")}, 3, 415, 0},
		{"POST", {H("Host", "a"), H("Content-Length", "3"), H("Content-Type", "application/json"), H("Content-Encoding", "gzip")}, 4, 415, 0},
		{"GET", {H("Host", "a"), H("Content-Length", "3"), H("Content-Type", "application/json")}, 3, 400, 0},
		{"GET", {H("Host", "a"), H("X", "a\x01")}, 2, 400, 0},
		{"GET", {H("Host", "a"), H("X", "a\0b")}, 2, 400, 0},
		{"GET", {H("Host", "a"), H("X", "a\nb")}, 2, 400, 0},
		{"GET", {H("Host", "a"), H("X", "a\tb")}, 2, 0, BODY_NONE},
		{"GET", {H("Host", "a"), H("X y", "a")}, 2, 400, 0},
		{"GET", {H("Host", "a"), H("", "a")}, 2, 400, 0},
		{"GET", {H("Host", "a"), H("Content-Length ", "3")}, 2, 400, 0},
		{"POST", {H("Host", "a"), H("Expect", "200-maybe")}, 2, 417, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct head head;
		int status = head_check(str_from(t[i].method), t[i].h, t[i].n, &head);

		if (status != t[i].status)
			fail_msg("row %zu: %d, want %d", i, status, t[i].status);
		if (!status)
			assert_int_equal(head.kind, t[i].kind);
	}
}

static void header_sizes(void **state)
{
	struct header h[HEADERS_MAX + 1] = {H("Host", "a")};
	static char v[HEADER_VALUE_MAX + 1];
	struct head head;

	(void)state;
	for (size_t i = 1; i < ARRAY_LEN(h); i++)
		h[i] = (struct header)H("X", "y");
	assert_int_equal(head_check(STR("GET"), h, HEADERS_MAX, &head), 0);
	assert_int_equal(head_check(STR("GET"), h, HEADERS_MAX + 1, &head), 431);
	memset(v, 'v', sizeof(v));
	h[1].value = str_n(v, HEADER_VALUE_MAX);
	assert_int_equal(head_check(STR("GET"), h, 2, &head), 0);
	h[1].value = str_n(v, HEADER_VALUE_MAX + 1);
	assert_int_equal(head_check(STR("GET"), h, 2, &head), 431);
	h[1] = (struct header){str_n(v, HEADER_NAME_MAX + 1), STR("y")};
	assert_int_equal(head_check(STR("GET"), h, 2, &head), 431);
}

static void methods(void **state)
{
	(void)state;
	assert_int_equal(head_method(STR("GET")), 0);
	assert_int_equal(head_method(STR("DELETE")), 0);
	assert_int_equal(head_method(STR("TRACE")), 405);
	assert_int_equal(head_method(STR("get")), 501);
	assert_int_equal(head_method(STR("BREW")), 501);
	assert_int_equal(head_method(STR("G(T")), 400);
	assert_int_equal(head_method(STR("")), 400);
}

static void parameters(void **state)
{
	(void)state;
	assert_true(str_is(head_param(STR("multipart/form-data; boundary=abc"), "boundary"), "abc"));
	assert_true(str_is(head_param(STR("multipart/form-data;a=b ; Boundary = \"a b\""), "boundary"), "a b"));
	assert_null(head_param(STR("multipart/form-data"), "boundary").p);
	assert_null(head_param(STR("x; boundary"), "boundary").p);
	assert_true(head_passes(STR("Cookie")));
	assert_false(head_passes(STR("X-Forwarded-For")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets),      cmocka_unit_test(target_length), cmocka_unit_test(header_lists),
		cmocka_unit_test(header_sizes), cmocka_unit_test(methods),       cmocka_unit_test(parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

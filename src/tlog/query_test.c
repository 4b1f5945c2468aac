#include "tlog/query.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>

#include "lib/text.h"

#define NOW 1763600000000000LL

static bool asks(const char *query, const char *raw, const struct entry *like)
{
	struct arena *a = arena_new(1 << 20);
	struct entry en = like ? *like : (struct entry){.source = STR("tcp:mail"), .peer = STR("10.9.8.7:514"), .transport = ENTRY_TCP};
	struct query_doc d;
	struct query *q;
	struct err e = {0};
	bool yes;

	if (!like || !like->raw.p)
		en.raw = str_from(raw);
	if (query_parse(a, str_from(query), NOW, &q, &e))
		fail_msg("%s: %d %s", query, e.col, e.text);
	query_doc_init(&d);
	query_doc_set(&d, &en);
	yes = query_matches(q, &d);
	query_doc_release(&d);
	arena_free(a);
	return yes;
}

static void texts(void **state)
{
	static const struct {
		const char *query, *raw;
		bool yes;
	} cases[] = {
	    {"", "x", true}, {"*", "x", true}, {"failed", "sshd: Failed password", true}, {"fail", "Failed password", false},
	    {"fail*", "Failed password", true}, {"*led", "Failed password", true}, {"*ile*", "Failed password", true},
	    {"f*d", "Failed password", true}, {"f*word", "Failed password", false}, {"*f*l*d*", "xFaxxilyyyed", true},
	    {"*a*b", "aaa aab", true}, {"*a*b", "aaab aa", true}, {"*a*b", "aaabc aa", false},
	    {"10.0.0.1", "from 10.0.0.1 port", true}, {"10.0.0.1", "10.0.0.1:443", true}, {"10.0.0.1", "10.0.0.1.", true},
	    {"10.0.0.1", "10.0.0.11", false}, {"10.0.0.1", "110.0.0.1", false}, {"10.0.0.1", "10.0.0.1.5", false},
	    {"10.0.0.1", "1.10.0.0.1", false}, {"10.0.0.1", "10.0.0.1-10.0.0.9", false}, {"10.0.0.1", "10.0.0.1/24", true}, {"10.0.0", "10.0.0.1", false},
	    {"\"10.0.0\"", "10.0.0.1", true}, {"10.0.0.*", "10.0.0.1", true}, {"a@b.jp", "<a@b.jp>", true},
	    {"b.jp", "<a@b.jp>", true}, {"a@b.jp", "xa@b.jp", false}, {"a@b.jp", "x.a@b.jp", false},
	    {"/var/log", "/var/log/x", false}, {"/var/log/x", " /var/log/x ", true}, {"/var/log/*", "/var/log/x", true},
	    {"log", "/var/log/x", true}, {"error:", "error: a", true}, {"web-01", "web-01.example.jp", true},
	    {"web-01.example.jp", "web-01.example.jp", true}, {"fe80::1", "addr fe80::1 up", true}, {"fe80::1", "fe80::1:2", false},
	    {"user=root", "user=root uid", true}, {"user=root", "user=rooted", false}, {"user=root", "xuser=root", false},
	    {"failed root", "Failed for root", true}, {"failed AND root", "Failed for x", false},
	    {"failed OR root", "x root", true}, {"a b OR c", "c", true}, {"a (b OR c)", "c", false}, {"NOT a", "b", true},
	    {"-a b", "b", true}, {"-a b", "a b", false}, {"NOT (a OR b)", "c", true}, {"\"failed password\"", "Failed  password for", true},
	    {"\"failed pass\"", "Failed password", false}, {"\"ed pass\"", "Failed password", false}, {"\"a*b\"", "a*b", true},
	    {"a\\*b", "a*b", true}, {"a\\*b", "axb", false}, {"\"\\\"x\\\"\"", "say \"x\" now", true},
	    {"認証", "ログイン認証に失敗", true}, {"ろぐいん", "ログイン認証", true}, {"ﾛｸﾞｲﾝ", "ログイン", true},
	    {"ログイン", "ﾛｸﾞｲﾝ失敗", true}, {"VPN接続", "ＶＰＮ接続が", true}, {"vpn", "ＶＰＮ接続", true}, {"vpn", "xvpn接続", false},
	    {"（ａ　OR　b）", "b", true}, {"error", "ＥＲＲＯＲ", true}, {"認証", "\x94\x46\x8f\xd8", true},
	    {"abc", "\xff\xfe" "abc", true}, {"https://x.jp/a", "GET https://x.jp/a ok", true},
	};

	assert_int_equal(text_open(), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (asks(cases[i].query, cases[i].raw, NULL) != cases[i].yes)
			fail_msg("%s in \"%s\": should %sfit", cases[i].query, cases[i].raw, cases[i].yes ? "" : "not ");
}

static void fields(void **state)
{
	static const char line[] = "<38>Nov 20 10:00:00 web1 sshd[12]: Failed password for root from 10.1.2.3 port 22 ssh2";
	static const struct {
		const char *query, *raw;
		bool yes;
	} cases[] = {
	    {"host:web1", line, true}, {"host:WEB1", line, true}, {"host:web", line, false}, {"host:web*", line, true},
	    {"host:*1", line, true}, {"program:sshd", line, true}, {"-program:sshd", line, false}, {"severity:6", line, true},
	    {"severity:info", line, true}, {"severity:<=3", line, false}, {"severity:>=6", line, true}, {"severity:<6", line, false},
	    {"severity:>5", line, true}, {"facility:4", line, true}, {"severity:<=7", "no head", false},
	    {"source:tcp:mail", line, true}, {"source:\"tcp:mail\"", line, true}, {"peer:10.9.8.7*", line, true},
	    {"transport:tcp", line, true}, {"transport:udp", line, false}, {"host:web1 10.1.2.3", line, true},
	    {"program:app host:h9", "<165>1 2026-11-20T10:00:00.003Z h9 app 8710 ID47 - text", true},
	    {"program:kernel", "<4>Nov  2 10:00:00 fw kernel: [12.3] IN=eth0", true},
	    {"program:su", "Jun 14 15:16:01 combo su(pam_unix)[19939]: x", true},
	    {"host:combo", "Jun 14 15:16:01 combo su(pam_unix)[19939]: x", true},
	    {"host:r1", "<189>2026-11-20T10:00:00+09:00 r1 %LINK-3: x", true},
	    {"program:cron", "<78>Nov 20 10:00:00 CRON[5]: x", true}, {"text:web1", line, true}, {"time:2025-11-20", line, true},
	    {"time:2025-11-19", line, false}, {"time:2025-11-19..2025-11-21", line, true}, {"time:>=2025-11-20T09:53", line, true},
	    {"time:>2025-11-20T09:54", line, false}, {"time:<2025-11-20T09:53", line, false}, {"time:<=2025-11-20", line, true},
	    {"time:>2h", line, true}, {"time:<2h", line, false}, {"user:root", line, true}, {"user:roo", line, false}, {"user:r*t", line, true},
	    {"USER:ROOT", line, true}, {"src_ip:10.1.2.3", line, true}, {"src_ip:10.1.*", line, true}, {"src_ip:10.1.2.4", line, false},
	    {"-user:root", line, false}, {"outcome:failure", line, true}, {"outcome:success", line, false}, {"outcome:*", line, true}, {"user:*", line, true}, {"nosuch:*", line, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct entry en = {.source = STR("tcp:mail"), .peer = STR("10.9.8.7:514"), .transport = ENTRY_TCP,
		                   .time_ns = NOW * 1000, .raw = str_from(cases[i].raw)};

		if (asks(cases[i].query, NULL, &en) != cases[i].yes)
			fail_msg("%s of \"%s\": should %sfit", cases[i].query, cases[i].raw, cases[i].yes ? "" : "not ");
	}
}

static void faults(void **state)
{
	static const struct {
		const char *query;
		int col;
	} cases[] = {
	    {"a \"b", 3}, {"(a", 1}, {"a)", 2}, {"()", 2}, {"a OR", 5}, {"OR a", 1}, {"NOT", 4}, {"a AND AND b", 7}, {"認証 host:", 6},
	    {"hots:web1", 1}, {"a severity:9", 3}, {"severity:bad", 1}, {"facility:24", 1}, {"time:tomorrow", 1}, {"\"\"", 1},
	    {"\xff", 1}, {"((((((((((((((((((((((((((((((((((a))))))))))))))))))))))))))))))))))", 33},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena *a = arena_new(1 << 20);
		struct query *q;
		struct err e = {0};

		if (!strcmp(cases[i].query, "認証 host:")) /* a name without a value is a text */
			assert_int_equal(query_parse(a, str_from(cases[i].query), NOW, &q, &e), 0);
		else if (query_parse(a, str_from(cases[i].query), NOW, &q, &e) != ERR_SYNTAX || e.col != cases[i].col || !e.text[0])
			fail_msg("%s: column %d, not %d: %s", cases[i].query, e.col, cases[i].col, e.text);
		arena_free(a);
	}
}

/* The words looked for first must stand in every line that fits. */
static void needs(void **state)
{
	static const struct {
		const char *query, *first;
		size_t n;
	} cases[] = {
	    {"failed", "failed", 1}, {"a failed b", "failed", 1}, {"a OR bb", "a", 2}, {"NOT a", NULL, 0}, {"a OR NOT b", NULL, 0},
	    {"host:web1", NULL, 0}, {"host:web1 xy", "xy", 1}, {"認証", NULL, 0}, {"*abc*d", "abc", 1}, {"*", NULL, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct needle *out[QUERY_NEEDS_MAX];
		struct arena *a = arena_new(1 << 20);
		struct query *q;

		assert_int_equal(query_parse(a, str_from(cases[i].query), NOW, &q, NULL), 0);
		assert_int_equal(query_needs(q, out), cases[i].n);
		if (cases[i].n)
			assert_true(str_is(out[0]->text, cases[i].first));
		arena_free(a);
	}
}

static void marks(void **state)
{
	struct arena *a = arena_new(1 << 20);
	struct query_mark m[8];
	struct query *q;

	assert_int_equal(query_parse(a, STR("root OR fail* OR 認証"), NOW, &q, NULL), 0);
	assert_int_equal(query_marks(q, STR("root Failed root 認証"), m, 8), 4);
	assert_int_equal(m[1].at, 5);
	assert_int_equal(m[1].n, 4);
	assert_int_equal(m[3].at, 17);
	assert_int_equal(m[3].n, 6);
	arena_free(a);
}

/* Every place of every needle, against the plain way. */
static void finding(void **state)
{
	static const char hay[] = "The quick brown FOX jumps over the lazy dog; the Fox again, and 12.34.56.78 at the very end of it: fox";
	struct str h = STR(hay);

	for (size_t from = 0; from < h.n; from++)
		for (size_t n = 1; n < 20 && from + n <= h.n; n++) {
			char low[32];
			struct needle nd;
			size_t want = 0;

			for (size_t i = 0; i < n; i++)
				low[i] = (char)lower(h.p[from + i]);
			needle_init(&nd, str_n(low, n));
			while (!str_ieq(str_n(h.p + want, n), str_n(low, n)))
				want++;
			assert_int_equal(needle_find(&nd, h, 0), want);
			assert_true(needle_find(&nd, h, from) == from);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(texts), cmocka_unit_test(fields), cmocka_unit_test(faults), cmocka_unit_test(needs), cmocka_unit_test(marks),
	    cmocka_unit_test(finding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

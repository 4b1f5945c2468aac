#include "lib/html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "lib/date.h"
#include "lib/i18n.h"

static void write_text(struct html *h, const char *z) { html_text(h, str_from(z)); }
static void write_attr(struct html *h, const char *z) { html_attr(h, str_from(z)); }
static void write_url(struct html *h, const char *z) { html_url(h, str_from(z)); }
static void write_part(struct html *h, const char *z) { html_component(h, str_from(z)); }
static void write_lines(struct html *h, const char *z) { html_lines(h, str_from(z)); }
static void write_date(struct html *h, const char *z) { html_date(h, str_from(z)); }

static void test_escaping(void **state)
{
	static const struct {
		void (*write)(struct html *, const char *);
		const char *in, *out;
	} cases[] = {
		{write_text, "a<b>&\"c'", "a&lt;b&gt;&amp;&quot;c&#39;"},
		{write_text, "関所\x01\x7f\n", "関所\n"},
		{write_attr, "a\nb\tc\x02", "a&#10;b&#9;c"},
		{write_attr, "\" onclick=\"x", "&quot; onclick=&quot;x"},
		{write_url, "/a?b=1&c=2", "/a?b=1&amp;c=2"},
		{write_url, "/", "/"},
		{write_url, "", ""},
		{write_url, "#top", "#top"},
		{write_url, "?q=1", "?q=1"},
		{write_url, "https://example.jp/", "https://example.jp/"},
		{write_url, "mailto:a@example.jp", "mailto:a@example.jp"},
		{write_url, "//evil.example", "#"},
		{write_url, "/\\evil.example", "#"},
		{write_url, "javascript:alert(1)", "#"},
		{write_url, " javascript:alert(1)", "#"},
		{write_url, "java\tscript:alert(1)", "#"},
		{write_url, "http://plain.example", "#"},
		{write_url, "data:text/html,x", "#"},
		{write_url, "data:image/png;base64,AA==", "data:image/png;base64,AA=="},
		{write_part, "a/b?c&関", "a%2Fb%3Fc%26%E9%96%A2"},
		{write_part, "az-AZ_09.~", "az-AZ_09.~"},
		{write_lines, "a<\nb\n", "a&lt;<br>b<br>"},
		{write_date, "", ""},
		{write_date, "2026-11-20", "2026-11-20（令和8年11月20日）"},
		{write_date, "2019-05-01", "2019-05-01（令和元年5月1日）"},
		{write_date, "soon", "soon"},
	};

	i18n_set(LANG_JA);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct html h;

		html_init(&h, 1000);
		cases[i].write(&h, cases[i].in);
		assert_string_equal(buf_z(&h.out), cases[i].out);
		html_release(&h);
	}
}

static void test_numbers(void **state)
{
	struct html h;

	html_init(&h, 1000);
	html_count(&h, 0);
	html_raw(&h, " ", 1);
	html_count(&h, 999);
	html_raw(&h, " ", 1);
	html_count(&h, -1000);
	html_raw(&h, " ", 1);
	html_count(&h, 1234567);
	html_raw(&h, " ", 1);
	html_int(&h, -1234567);
	assert_string_equal(buf_z(&h.out), "0 999 -1,000 1,234,567 -1234567");
	html_release(&h);
}

static void test_instants(void **state)
{
	struct html h;

	assert_int_equal(date_zone_open(NULL), 0);
	html_init(&h, 1000);
	html_instant(&h, 0);
	html_instant(&h, 1795134600000000);
	html_raw(&h, " ", 1);
	html_rfc3339(&h, 1795134600000000);
	assert_string_equal(buf_z(&h.out), "2026-11-20 09:30 2026-11-20T09:30:00+09:00");
	html_release(&h);
}

/* English leaves dates as they are. */
static void test_english_date(void **state)
{
	struct html h;

	i18n_set(LANG_EN);
	html_init(&h, 1000);
	html_date(&h, STR("2026-11-20"));
	assert_string_equal(buf_z(&h.out), "2026-11-20");
	html_release(&h);
	i18n_set(LANG_JA);
}

static void test_translated_holes(void **state)
{
	struct html h;
	int n = 0;

	html_init(&h, 1000);
	for (struct html_tr t = {.rest = STR("<{a}> と {b.c}、{broken")}; html_tr_next(&h, &t); n++)
		html_text(&h, t.hole);
	assert_int_equal(n, 2);
	assert_string_equal(buf_z(&h.out), "&lt;a&gt; と b.c、{broken");
	html_release(&h);
}

static void test_bound(void **state)
{
	struct html h;

	html_init(&h, 10);
	html_text(&h, STR("0123456789 and more"));
	assert_int_equal(buf_err(&h.out), ERR_NOMEM);
	html_release(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escaping), cmocka_unit_test(test_numbers), cmocka_unit_test(test_instants),
		cmocka_unit_test(test_english_date), cmocka_unit_test(test_translated_holes), cmocka_unit_test(test_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

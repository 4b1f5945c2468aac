/* What each modifier and each word of a condition means, as a table; what does not load, with its place; the rules of the field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "detect/engine.h"

#define RULE "title: t\nid: r\nlogsource: {category: application}\ndetection:\n"

/* yes, no: messages separated by line ends */
static const struct {
	const char *detection, *yes, *no;
} table[] = {
    /* equality: whole value, ASCII case not minded */
    {"  s: {a: Word}\n  condition: s\n", "{\"a\":\"word\"}\n{\"a\":\"WORD\"}\n{\"a\":[\"x\",\"word\"]}\nw a=word",
     "{\"a\":\"words\"}\n{\"b\":\"word\"}\n{\"a\":{\"a\":\"word\"}}"},
    {"  s: {a: 4625}\n  condition: s\n", "{\"a\":4625}\n{\"a\":\"4625\"}", "{\"a\":46250}"},
    {"  s: {a: true}\n  condition: s\n", "{\"a\":true}", "{\"a\":false}"},
    {"  s: {a: [x1x, y1y]}\n  condition: s\n", "{\"a\":\"x1x\"}\n{\"a\":\"y1y\"}", "{\"a\":\"z1z\"}"},
    {"  s:\n    a: x1x\n    b: y1y\n  condition: s\n", "{\"a\":\"x1x\",\"b\":\"y1y\"}", "{\"a\":\"x1x\"}\n{\"b\":\"y1y\"}"},
    {"  s:\n    - a: x1x\n    - b: y1y\n  condition: s\n", "{\"a\":\"x1x\"}\n{\"b\":\"y1y\"}", "{\"a\":\"y1y\",\"b\":\"x1x\"}"},
    {"  s: {o.i: x1x}\n  condition: s\n", "{\"o\":{\"i\":\"x1x\"}}", "{\"o\":\"x1x\"}"},
    /* wildcards and escapes */
    {"  s: {a: 'ab*yz'}\n  condition: s\n", "{\"a\":\"abyz\"}\n{\"a\":\"ab--yz\"}", "{\"a\":\"xabyz\"}\n{\"a\":\"abyzz\"}"},
    {"  s: {a: 'ab?yz'}\n  condition: s\n", "{\"a\":\"abXyz\"}\n{\"a\":\"ab\xe3\x81\x82yz\"}", "{\"a\":\"abyz\"}\n{\"a\":\"abXXyz\"}"},
    {"  s: {a: 'ab\\*yz'}\n  condition: s\n", "{\"a\":\"ab*yz\"}", "{\"a\":\"abXyz\"}"},
    {"  s: {a: 'ab\\?yz'}\n  condition: s\n", "{\"a\":\"ab?yz\"}", "{\"a\":\"abXyz\"}"},
    {"  s: {a: 'C:\\Windows\\x'}\n  condition: s\n", "{\"a\":\"C:\\\\Windows\\\\x\"}", "{\"a\":\"C:Windowsx\"}"},
    {"  s: {a: 'abc\\\\*'}\n  condition: s\n", "{\"a\":\"abc\\\\def\"}", "{\"a\":\"abc*\"}"},
    {"  s: {a: '*abc*abd*'}\n  condition: s\n", "{\"a\":\"xabcababdx\"}", "{\"a\":\"xabdabcx\"}"},
    {"  s: {a: '*'}\n  condition: s\n", "{\"a\":\"\"}\n{\"a\":1}", "{\"b\":1}\n{\"a\":null}"},
    /* null and empty */
    {"  s: {a: null}\n  condition: s\n", "{\"a\":null}\n{\"b\":1}", "{\"a\":\"\"}\n{\"a\":0}"},
    {"  s: {a: ''}\n  condition: s\n", "{\"a\":\"\"}", "{\"a\":null}\n{\"b\":1}"},
    {"  s: {a: [null, 'x1x']}\n  condition: s\n", "{\"b\":1}\n{\"a\":\"x1x\"}", "{\"a\":\"\"}"},
    {"  s: {a|exists: true}\n  condition: s\n", "{\"a\":1}", "{\"b\":1}"},
    {"  s: {a|exists: false}\n  condition: s\n", "{\"b\":1}", "{\"a\":1}"},
    /* places */
    {"  s: {a|contains: mid}\n  condition: s\n", "{\"a\":\"amidst\"}\n{\"a\":\"MID\"}", "{\"a\":\"mad\"}\n{\"b\":\"mid\"}"},
    {"  s: {a|startswith: pre}\n  condition: s\n", "{\"a\":\"prefix\"}", "{\"a\":\"xprefix\"}"},
    {"  s: {a|endswith: fix}\n  condition: s\n", "{\"a\":\"prefix\"}\n{\"a\":\"fix\"}", "{\"a\":\"prefixx\"}"},
    {"  s: {a|contains|all: [one, two]}\n  condition: s\n", "{\"a\":\"two one\"}", "{\"a\":\"one\"}\n{\"a\":\"two\"}"},
    {"  s: {a|contains: 'o*e'}\n  condition: s\n", "{\"a\":\"xoooex\"}", "{\"a\":\"eo\"}"},
    {"  s: {a|cased: Word}\n  condition: s\n", "{\"a\":\"Word\"}", "{\"a\":\"word\"}"},
    {"  s: {a|contains|cased: Word}\n  condition: s\n", "{\"a\":\"aWordb\"}", "{\"a\":\"awordb\"}"},
    {"  s: {a|neq: word}\n  condition: s\n", "{\"a\":\"other\"}\n{\"b\":1}", "{\"a\":\"word\"}"},
    /* regular expressions: case minded unless i; anywhere unless anchored */
    {"  s: {a|re: 'ab+c'}\n  condition: s\n", "{\"a\":\"xabbbcx\"}", "{\"a\":\"ac\"}\n{\"a\":\"ABC\"}"},
    {"  s: {a|re|i: 'ab+c'}\n  condition: s\n", "{\"a\":\"ABC\"}", "{\"a\":\"AC\"}"},
    {"  s: {a|re: '^abc$'}\n  condition: s\n", "{\"a\":\"abc\"}", "{\"a\":\"xabc\"}\n{\"a\":\"abcx\"}"},
    {"  s: {a|re: 'a.c'}\n  condition: s\n", "{\"a\":\"axc\"}", "{\"a\":\"a\\nc\"}"},
    {"  s: {a|re|s: 'a.c'}\n  condition: s\n", "{\"a\":\"a\\nc\"}", "{\"a\":\"ac\"}"},
    {"  s: {a|re|m: '^bcd'}\n  condition: s\n", "{\"a\":\"a\\nbcd\"}", "{\"a\":\"abcd\"}"},
    {"  s: {a|re: '(foo|bar)baz'}\n  condition: s\n", "{\"a\":\"foobaz\"}\n{\"a\":\"barbaz\"}", "{\"a\":\"baz\"}"},
    {"  s: {a|re: 'fooo?bar*x'}\n  condition: s\n", "{\"a\":\"foobax\"}", "{\"a\":\"fobax\"}"},
    {"  s: {a|re: 'abc|xyz'}\n  condition: s\n", "{\"a\":\"abc\"}\n{\"a\":\"xyz\"}", "{\"a\":\"abz\"}"},
    /* networks and numbers */
    {"  s: {a|cidr: 192.168.0.0/16}\n  condition: s\n", "{\"a\":\"192.168.3.4\"}", "{\"a\":\"192.169.0.1\"}\n{\"a\":\"x\"}"},
    {"  s: {a|cidr: 10.1.2.128/25}\n  condition: s\n", "{\"a\":\"10.1.2.129\"}", "{\"a\":\"10.1.2.127\"}"},
    {"  s: {a|cidr: 'fe80::/10'}\n  condition: s\n", "{\"a\":\"fe80::1\"}\n{\"a\":\"febf::1\"}", "{\"a\":\"fec0::1\"}\n{\"a\":\"1.2.3.4\"}"},
    {"  s: {a|cidr: [10.0.0.0/8, '::1/128']}\n  condition: not s\n", "{\"a\":\"8.8.8.8\"}", "{\"a\":\"10.1.1.1\"}\n{\"a\":\"::1\"}"},
    {"  s: {a|gt: 10}\n  condition: s\n", "{\"a\":10.5}\n{\"a\":\"11\"}", "{\"a\":10}\n{\"a\":\"x\"}"},
    {"  s: {a|gte: 10}\n  condition: s\n", "{\"a\":10}", "{\"a\":9.9}"},
    {"  s: {a|lt: 10}\n  condition: s\n", "{\"a\":-1}", "{\"a\":10}\n{\"b\":1}"},
    {"  s: {a|lte: 10}\n  condition: s\n", "{\"a\":10}", "{\"a\":11}"},
    /* windash: any dash where an option begins */
    {"  s: {a|contains|windash: ' -user'}\n  condition: s\n", "{\"a\":\"net -user\"}\n{\"a\":\"net /user\"}\n{\"a\":\"net \xe2\x80\x93user\"}",
     "{\"a\":\"net user\"}"},
    {"  s: {a|contains|windash: 'a-b'}\n  condition: s\n", "{\"a\":\"xa-bx\"}", "{\"a\":\"xa/bx\"}"},
    /* encodings: 'echo -n "xhello worldx" | base64' and so on at each place */
    {"  s: {a|base64: 'hello world'}\n  condition: s\n", "{\"a\":\"aGVsbG8gd29ybGQ=\"}", "{\"a\":\"aGVsbG8\"}\n{\"a\":\"AGVSBG8GD29YBGQ=\"}"},
    {"  s: {a|base64offset|contains: 'hello world'}\n  condition: s\n",
     "{\"a\":\"aGVsbG8gd29ybGQ=\"}\n{\"a\":\"eGhlbGxvIHdvcmxkeA==\"}\n{\"a\":\"eHhoZWxsbyB3b3JsZHh4\"}", "{\"a\":\"aGFsbG8gd29ybGQ=\"}"},
    {"  s: {a|wide|base64offset|contains: 'ping'}\n  condition: s\n", "{\"a\":\"cABpAG4AZwA=\"}", "{\"a\":\"cGluZw==\"}"},
    /* fields against fields */
    {"  s: {a|fieldref: b}\n  condition: s\n", "{\"a\":\"x\",\"b\":\"X\"}", "{\"a\":\"x\",\"b\":\"y\"}\n{\"a\":\"x\"}"},
    {"  s: {a|fieldref|startswith: b}\n  condition: s\n", "{\"a\":\"abc\",\"b\":\"ab\"}", "{\"a\":\"abc\",\"b\":\"bc\"}"},
    /* keywords */
    {"  s: [needle, pin]\n  condition: s\n", "hay needles hay\n{\"x\":\"NEEDLE\"}\n<13>h: a pin", "hay"},
    {"  s:\n    '|all': [one, two]\n  condition: s\n", "two and one", "one"},
    {"  s: ['o?e t*o']\n  condition: s\n", "x one two x", "x two one x"},
    {"  s:\n    '|re': 'x[0-9]{3}y'\n  condition: s\n", "ax123yb", "x12y"},
    {"  s:\n    - abc1\n    - a: x1x\n  condition: s\n", "line abc1\n{\"a\":\"x1x\"}", "{\"a\":\"x1\"}"},
    /* what a collector wrote in another way */
    {"  s: [needle]\n  condition: s\n", "{\"a\":\"n\\u0065edle\"}", "{\"a\":\"n\\u0065dle\"}"},
    {"  s: {a|contains: /etc/shadow}\n  condition: s\n", "{\"a\":\"cat \\/etc\\/shadow\"}", "{\"a\":\"\\/etc\\/passwd\"}"},
    {"  s: {a: '\xe6\xa9\x9f\xe5\xaf\x86'}\n  condition: s\n", "{\"a\":\"\xe6\xa9\x9f\xe5\xaf\x86\"}\n{\"a\":\"\\u6a5f\\u5bc6\"}", "{\"a\":\"\xe6\xa9\x9f\"}"},
    /* conditions */
    {"  a: {x: one}\n  b: {y: two}\n  condition: a and b\n", "{\"x\":\"one\",\"y\":\"two\"}", "{\"x\":\"one\"}"},
    {"  a: {x: one}\n  b: {y: two}\n  condition: a or b\n", "{\"x\":\"one\"}\n{\"y\":\"two\"}", "{\"x\":\"two\"}"},
    {"  a: {x: one}\n  b: {y: two}\n  condition: a and not b\n", "{\"x\":\"one\"}", "{\"x\":\"one\",\"y\":\"two\"}"},
    {"  a: {x: one}\n  b: {y: two}\n  c: {z: six}\n  condition: a or b and c\n", "{\"x\":\"one\"}\n{\"y\":\"two\",\"z\":\"six\"}", "{\"y\":\"two\"}"},
    {"  a: {x: one}\n  b: {y: two}\n  c: {z: six}\n  condition: (a or b) and c\n", "{\"x\":\"one\",\"z\":\"six\"}", "{\"x\":\"one\"}"},
    {"  a: {x: one}\n  b: {y: two}\n  condition: not (a or b)\n", "{\"x\":\"two\"}", "{\"x\":\"one\"}\n{\"y\":\"two\"}"},
    {"  a: {x: one}\n  condition: not not a\n", "{\"x\":\"one\"}", "{\"x\":\"two\"}"},
    {"  s_1: {x: one}\n  s_2: {y: two}\n  f: {z: six}\n  condition: 1 of s_*\n", "{\"x\":\"one\"}\n{\"y\":\"two\"}", "{\"z\":\"six\"}"},
    {"  s_1: {x: one}\n  s_2: {y: two}\n  condition: all of s_*\n", "{\"x\":\"one\",\"y\":\"two\"}", "{\"x\":\"one\"}"},
    {"  s1: {x: one}\n  s2: {y: two}\n  s3: {z: six}\n  condition: 2 of s*\n", "{\"x\":\"one\",\"z\":\"six\"}", "{\"z\":\"six\"}"},
    {"  s1: {x: one}\n  _s: {y: two}\n  condition: 1 of them\n", "{\"x\":\"one\"}", "{\"y\":\"two\"}"},
    {"  s1: {x: one}\n  s2: {y: two}\n  condition: all of them\n", "{\"x\":\"one\",\"y\":\"two\"}", "{\"y\":\"two\"}"},
    {"  s1: {x: one}\n  s2: {y: two}\n  condition: any of s*\n", "{\"y\":\"two\"}", "{\"y\":\"one\"}"},
    {"  s: {x: one}\n  condition: [s]\n", "{\"x\":\"one\"}", "{\"x\":\"two\"}"},
    {"  all: {x: one}\n  condition: all\n", "{\"x\":\"one\"}", "{\"x\":\"two\"}"},
};

static void count(void *arg, const struct rule *r, struct event *ev)
{
	(*(int *)arg)++;
}

static int matches(struct engine *en, struct str line)
{
	struct message m = {.raw = line, .source = STR("t"), .log = STR("standard")};
	int n = 0;

	assert_int_equal(engine_scan(en, line, &m, 1, count, &n), 0);
	return n;
}

static void print(void *arg, const struct err *e)
{
	char text[600];

	print_message("%s\n", err_format(e, text, sizeof text));
}

static void test_meaning(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		char text[2048];
		struct rules rs;
		struct engine *en;
		struct err e;

		snprintf(text, sizeof text, RULE "%s", table[i].detection);
		rules_init(&rs, print, NULL);
		rules_load_text(&rs, "t.yml", str_from(text));
		rules_finish(&rs);
		if (rs.faults || rs.n != 1)
			fail_msg("does not load:\n%s", table[i].detection);
		assert_int_equal(engine_new(&rs, NULL, &en, &e), 0);
		for (struct str rest = str_from(table[i].yes); rest.n;) {
			struct str line = str_cut(&rest, '\n');

			if (matches(en, line) != 1)
				fail_msg("should hold for %.*s:\n%s", STR_ARG(line), table[i].detection);
		}
		for (struct str rest = str_from(table[i].no); rest.n;) {
			struct str line = str_cut(&rest, '\n');

			if (matches(en, line) != 0)
				fail_msg("should not hold for %.*s:\n%s", STR_ARG(line), table[i].detection);
		}
		engine_free(en);
		rules_release(&rs);
	}
}

static const struct {
	const char *text, *place, *what;
} faulty[] = {
    {RULE "  s: {a|contians: x}\n  condition: s\n", "5:7", "unknown modifier"},
    {RULE "  s: {a: x}\n  condition: t\n", "6:14", "no search of the name"},
    {RULE "  s: {a: x}\n  condition: s and\n", "6:19", "ends too early"},
    {RULE "  s: {a: x}\n  condition: s s\n", "6:16", "does not belong here"},
    {RULE "  s: {a: x}\n  condition: (s\n", "6:16", "parenthesis"},
    {RULE "  s: {a: x}\n  condition: 1 of x*\n", "6:19", "nothing fits"},
    {RULE "  s: {a: x}\n  condition: 2 of s\n", "6:19", "fewer searches"},
    {RULE "  s: {a: x}\n  condition: s | count() > 5\n", "6:16", "correlation"},
    {RULE "  s: {a: x}\n  timeframe: 5m\n  condition: s\n", "6:3", "timeframe"},
    {RULE "  s: {a: x}\n", "5:3", "condition"},
    {RULE "  s: {a: []}\n  condition: s\n", "5:10", "without values"},
    {RULE "  s: {a: {b: x}}\n  condition: s\n", "5:10", "not a map"},
    {RULE "  s: {a|re: '(?=x)y'}\n  condition: s\n", "5:13", "regular expression"},
    {RULE "  s: {a|re: '(x)\\1'}\n  condition: s\n", "5:13", "regular expression"},
    {RULE "  s: {a|cidr: 10.0.0.0/33}\n  condition: s\n", "5:15", "not a network"},
    {RULE "  s: {a|gt: ten}\n  condition: s\n", "5:13", "not a number"},
    {RULE "  s: {a|re|contains: x}\n  condition: s\n", "5:7", "exclude"},
    {RULE "  s: {a|contains|base64: x}\n  condition: s\n", "5:7", "encoding"},
    {RULE "  s: {a|expand: '%none%'}\n  condition: s\n", "5:17", "no list"},
    {RULE "  s: {a|all|all: [x, y]}\n  condition: s\n", "5:7", "twice"},
    {RULE "  s: {a|exists: maybe}\n  condition: s\n", "5:17", "true or false"},
    {"title: t\nlogsource: {produkt: linux}\ndetection: {s: {a: x}, condition: s}\n", "2:13", "unknown key"},
    {"title: t\ndetection: {s: {a: x}, condition: s}\n", "1:1", "logsource"},
    {"title: t\nlogsource: {product: linux}\n", "1:1", "detection or a correlation"},
    {"title: t\nlevle: high\n", "2:1", "unknown key"},
    {"title: t\nlevel: severe\n", "2:8", "level is"},
    {"title: [t]\n", "1:8", "one text"},
    {"logsource: {product: linux}\ndetection: {s: {a: x}, condition: s}\n", "1:1", "title"},
    {"title: t\nid: c\ncorrelation: {type: event_count, rules: [none], timespan: 5m, condition: {gte: 2}}\n", "3:41", "no rule"},
    {"title: t\nid: c\ncorrelation: {type: often, rules: [c], timespan: 5m}\n", "3:21", "type is"},
    {"title: t\nid: c\ncorrelation: {type: event_count, rules: [c], timespan: 5m, condition: {lt: 2}}\n", "3:72", "gte, gt"},
    {"title: t\nid: c\ncorrelation: {type: event_count, rules: [c], timespan: 5x, condition: {gte: 2}}\n", "3:56", "timespan"},
    {"title: t\nid: c\ncorrelation: {type: event_count, rules: [c], timespan: 5m, condition: {gte: 2}}\n", "3:41", "itself"},
    {"---\n---\n", "1:1", "no rule"},
    {RULE "  s: {a: x}\n  condition: s\n---\ntitle: u\nlevel: x\n", "9:8", "level is"},
};

struct told {
	char text[700];
};

static void keep(void *arg, const struct err *e)
{
	struct told *t = arg;

	if (!*t->text)
		err_format(e, t->text, sizeof t->text);
}

static void test_faults(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(faulty); i++) {
		struct told t = {0};
		struct rules rs;
		char want[64];

		rules_init(&rs, keep, &t);
		rules_load_text(&rs, "f.yml", str_from(faulty[i].text));
		rules_finish(&rs);
		snprintf(want, sizeof want, "f.yml:%s: ", faulty[i].place);
		if (!strstr(t.text, want) || !strstr(t.text, faulty[i].what))
			fail_msg("%s\nsays: %s", faulty[i].text, t.text);
		rules_release(&rs);
	}
}

static const char *field_rules(void)
{
	static const char *const places[] = {"../shared/data/sigma/rules", "../../shared/data/sigma/rules"};

	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (!access(places[i], R_OK))
			return places[i];
	return NULL;
}

/* All of the field's rules load; each has a text to look for but those that cannot. */
static void test_field(void **state)
{
	const char *path = field_rules();
	struct rules rs;
	struct engine *en;
	struct engine_figures f;
	struct err e;

	if (!path)
		skip();
	rules_init(&rs, print, NULL);
	assert_int_equal(rules_load(&rs, path), 0);
	assert_int_equal(rules_finish(&rs), 0);
	assert_int_equal(rs.n, 407);
	for (size_t i = 0; i < rs.n; i++) {
		struct logsource kind;

		logsource_of(rs.list[i], &kind);
		if (!kind.known)
			fail_msg("%s: for no known kind of log", rs.list[i]->file.p);
	}
	assert_int_equal(engine_new(&rs, NULL, &en, &e), 0);
	engine_figures(en, &f);
	assert_int_equal(f.rules, 407);
	assert_true(f.without_text <= 12);
	engine_free(en);
	rules_release(&rs);
}

/* Many messages at once give what each gives alone, whatever lies between. */
static void test_batch(void **state)
{
	static const char text[] = RULE "  s: [needle]\n  condition: s\n---\ntitle: u\nid: u\nlogsource: {category: application}\n"
	                                "detection:\n  s: {a: x1x}\n  condition: s\n";
	static char bytes[200000];
	static struct message list[ENGINE_BATCH];
	struct rules rs;
	struct engine *en;
	struct err e;
	size_t at = 0;
	int n = 0, want = 0;

	rules_init(&rs, print, NULL);
	rules_load_text(&rs, "t.yml", str_from(text));
	rules_finish(&rs);
	assert_int_equal(engine_new(&rs, NULL, &en, &e), 0);
	for (size_t i = 0; i < ENGINE_BATCH; i++) {
		const char *line = i % 7 == 0 ? "a needle" : i % 11 == 0 ? "{\"a\":\"x1x\"}" : i % 2 ? "nee" : "dle";
		size_t len = strlen(line);

		want += i % 7 == 0 || i % 11 == 0;
		memcpy(bytes + at, line, len);
		list[i] = (struct message){.raw = {bytes + at, len}, .source = STR("t"), .log = STR("l"), .index = i};
		at += len + i % 3; /* sometimes nothing between: what crosses is no match */
	}
	assert_int_equal(engine_scan(en, str_n(bytes, at), list, ENGINE_BATCH, count, &n), 0);
	assert_int_equal(n, want);
	engine_free(en);
	rules_release(&rs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_meaning), cmocka_unit_test(test_faults), cmocka_unit_test(test_field), cmocka_unit_test(test_batch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

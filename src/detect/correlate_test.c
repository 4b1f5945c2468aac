/* Correlations: what fires when, what state survives, what happens to what comes late and to what is too much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "detect/correlate.h"
#include "lib/buf.h"

#define BASE "title: fail\nid: fail\nlogsource: {category: application}\ndetection:\n  s: {e: fail}\n  condition: s\n---\n" \
	"title: good\nid: good\nlogsource: {category: application}\ndetection:\n  s: {e: good}\n  condition: s\n---\n"

/* Steps: seconds, event, user, address; then "!" and the rules that fire there, if any. One a word group, separated by ";". */
static const struct {
	const char *corr, *steps;
} table[] = {
    {"title: n\nid: n\ncorrelation: {type: event_count, rules: [fail], group-by: [ip], timespan: 1m, condition: {gte: 3}}\n",
     "0 fail u a;10 fail u a;20 fail u b;30 fail u a!n;31 fail u a;40 fail u b"},
    /* the window slides: 0 has left when 61 comes */
    {"title: n\nid: n\ncorrelation: {type: event_count, rules: [fail], group-by: [ip], timespan: 1m, condition: {gte: 3}}\n",
     "0 fail u a;30 fail u a;61 fail u a;80 fail u a!n"},
    /* quiet for one span, then told again */
    {"title: n\nid: n\ncorrelation: {type: event_count, rules: [fail], timespan: 1m, condition: {gt: 1}}\n",
     "0 fail u a;1 fail u a!n;2 fail u a;3 fail u a;62 fail u a;63 fail u a!n"},
    {"title: v\nid: v\ncorrelation: {type: value_count, rules: [fail], group-by: [ip], timespan: 1m, condition: {field: user, gte: 3}}\n",
     "0 fail x a;1 fail x a;2 fail y a;3 fail x a;4 fail z b;5 fail z a!v"},
    {"title: t\nid: t\ncorrelation: {type: temporal, rules: [fail, good], group-by: [ip], timespan: 1m}\n",
     "0 good u a;10 fail u b;20 fail u a!t;100 fail u c;161 good u c;170 fail u c!t"},
    {"title: o\nid: o\ncorrelation: {type: temporal_ordered, rules: [fail, good], group-by: [ip], timespan: 1m}\n",
     "0 good u a;10 fail u a;20 good u a!o;30 fail u b;91 good u b;92 fail u b;93 fail u b;94 good u b!o"},
    /* a correlation of a correlation: the story of an account taken over */
    {"title: n\nid: n\ncorrelation: {type: event_count, rules: [fail], group-by: [ip], timespan: 1m, condition: {gte: 3}}\n---\n"
     "title: s\nid: s\ncorrelation: {type: temporal_ordered, rules: [n, good], group-by: [ip], timespan: 10m}\n",
     "0 good u a;1 fail u a;2 fail u a;3 fail u a;4 good u b;200 good u a!s"},
    {"title: n\nid: n\ncorrelation: {type: event_count, rules: [fail], group-by: [ip], timespan: 1m, condition: {gte: 3}}\n---\n"
     "title: s\nid: s\ncorrelation: {type: temporal_ordered, rules: [n, good], group-by: [ip], timespan: 10m, generate: true}\n",
     "1 fail u a;2 fail u a;3 fail u a!n;200 good u a!s"},
    /* another name in another rule */
    {"title: o\nid: o\ncorrelation: {type: temporal, rules: [fail, good], group-by: [who], timespan: 1m, aliases: {who: {fail: ip, good: user}}}\n",
     "0 fail u a;1 good b x;2 good a x!o"},
    /* what comes late is sorted in; what comes later than the span is not */
    {"title: n\nid: n\ncorrelation: {type: event_count, rules: [fail], timespan: 1m, condition: {gte: 3}}\n",
     "100 fail u a;110 fail u a;90 fail u a!n"},
    {"title: n\nid: n\ncorrelation: {type: event_count, rules: [fail], timespan: 1m, condition: {gte: 3}}\n",
     "100 fail u a;110 fail u a;40 fail u a;120 fail u a!n"},
};

struct town {
	struct rules rs;
	struct engine *en;
	struct correlator *c;
	char fired[200];
	struct firing last;
	struct entry_ref refs[REFS_MAX];
	uint64_t index;
};

static void fire(void *arg, const struct firing *f)
{
	struct town *t = arg;
	size_t n = strlen(t->fired);

	t->last = *f;
	memcpy(t->refs, f->refs, f->n_refs * sizeof *f->refs);
	if (!f->rule->part || f->rule->generate)
		snprintf(t->fired + n, sizeof t->fired - n, "%s%.*s", n ? "," : "", STR_ARG(f->rule->id));
}

static void match(void *arg, const struct rule *r, struct event *ev)
{
	struct town *t = arg;

	correlator_match(t->c, r, ev, fire, t);
}

static void open_town(struct town *t, const char *corr, size_t groups, size_t bytes)
{
	char text[4096];
	struct err e;

	memset(t, 0, sizeof *t);
	snprintf(text, sizeof text, BASE "%s", corr);
	rules_init(&t->rs, NULL, NULL);
	rules_load_text(&t->rs, "t.yml", str_from(text));
	rules_finish(&t->rs);
	assert_int_equal(t->rs.faults, 0);
	assert_int_equal(engine_new(&t->rs, NULL, &t->en, &e), 0);
	t->c = correlator_new(&t->rs, groups, bytes);
}

static void close_town(struct town *t)
{
	correlator_free(t->c);
	engine_free(t->en);
	rules_release(&t->rs);
}

static void step(struct town *t, int64_t s, const char *e, const char *user, const char *ip)
{
	char line[200];
	struct message m = {.source = STR("t"), .log = STR("standard"), .index = t->index++, .time_ns = (1000000 + s) * 1000000000};

	snprintf(line, sizeof line, "{\"e\":\"%s\",\"user\":\"%s\",\"ip\":\"%s\"}", e, user, ip);
	m.raw = str_from(line);
	t->fired[0] = 0;
	assert_int_equal(engine_scan(t->en, m.raw, &m, 1, match, t), 0);
}

static void save_and_load(struct town *t)
{
	struct buf b;
	struct cur in;

	buf_init(&b, 64 << 20);
	correlator_save(t->c, &b);
	assert_int_equal(buf_err(&b), 0);
	correlator_free(t->c);
	t->c = correlator_new(&t->rs, 1000, 1 << 20);
	in = cur_init(b.p, b.n);
	assert_int_equal(correlator_load(t->c, &in), 0);
	assert_int_equal(cur_left(&in), 0);
	for (size_t n = 0; n < b.n; n += 7) { /* cut anywhere: refused, never more than was there */
		struct correlator *c = correlator_new(&t->rs, 1000, 1 << 20);

		in = cur_init(b.p, n);
		assert_int_equal(correlator_load(c, &in), ERR_CORRUPT);
		correlator_free(c);
	}
	buf_release(&b);
}

/* Each story as it is, and with the state written and read between all steps. */
static void test_stories(void **state)
{
	for (size_t i = 0; i < 2 * ARRAY_LEN(table); i++) {
		struct str steps = str_from(table[i / 2].steps);
		struct town t;

		open_town(&t, table[i / 2].corr, 1000, 1 << 20);
		while (steps.n) {
			struct str one = str_cut(&steps, ';'), want = one, what = str_cut(&want, '!');
			char copy[100], *word[4] = {copy};
			int64_t s;
			int n = 1;

			snprintf(copy, sizeof copy, "%.*s", STR_ARG(what));
			for (char *c = copy; *c; c++)
				if (*c == ' ' && n < 4) {
					*c = 0;
					word[n++] = c + 1;
				}
			assert_int_equal(n, 4);
			assert_int_equal(str_int(str_from(word[0]), 0, 10000, &s), 0);
			step(&t, s, word[1], word[2], word[3]);
			if (!str_is(want.p ? want : STR(""), t.fired))
				fail_msg("%s\nat %lld fired '%s'", table[i / 2].corr, (long long)s, t.fired);
			if (i % 2)
				save_and_load(&t);
		}
		close_town(&t);
	}
}

static void test_refs(void **state)
{
	struct town t;

	open_town(&t, table[0].corr, 1000, 1 << 20);
	step(&t, 0, "fail", "u", "a");
	step(&t, 1, "good", "u", "a");
	step(&t, 2, "fail", "u", "a");
	step(&t, 3, "fail", "u", "a");
	assert_string_equal(t.fired, "n");
	assert_int_equal(t.last.n_refs, 3);
	assert_int_equal(t.refs[0].index, 0);
	assert_int_equal(t.refs[1].index, 2);
	assert_int_equal(t.refs[2].index, 3);
	for (int i = 0; i < 6; i++)
		step(&t, 4 + i, "fail", "u", "a");
	assert_string_equal(t.fired, "");
	for (int i = 0; i < 3; i++)
		step(&t, 100 + i, "fail", "u", "a");
	assert_string_equal(t.fired, "n");
	assert_int_equal(t.last.folded, 2);
	close_town(&t);
}

static void test_bounds(void **state)
{
	struct correlate_figures f;
	struct town t;
	char ip[20];

	open_town(&t, table[0].corr, 50, 1 << 20);
	for (int i = 0; i < 500; i++) {
		snprintf(ip, sizeof ip, "ip%d", i);
		step(&t, 0, "fail", "u", ip);
	}
	correlator_figures(t.c, &f);
	assert_int_equal(f.groups, 50);
	assert_int_equal(f.evicted, 450);
	close_town(&t);

	open_town(&t, "title: n\nid: n\ncorrelation: {type: event_count, rules: [fail], group-by: [ip], timespan: 1h, condition: {gte: 1000}}\n",
	          1000, 40000);
	for (int i = 0; i < 3000; i++) {
		snprintf(ip, sizeof ip, "ip%d", i % 10);
		step(&t, 0, "fail", "u", ip);
	}
	correlator_figures(t.c, &f);
	assert_true(f.evicted > 0 && f.groups <= 10);
	assert_true(f.bytes <= 40000 + 1000 * 40);
	close_town(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_stories), cmocka_unit_test(test_refs), cmocka_unit_test(test_bounds)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

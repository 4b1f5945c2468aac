/* Which text of a rule to look for first. Of what must all hold, the rarest; of what may hold instead of another, all. */
#include "detect/engine.h"

#include <string.h>

#define SET_MAX 512u
#define SHORTEST 3u                                  /* shorter texts are found everywhere and slow the matcher */
#define COST_MAX 0.5                                 /* found in half the messages: looking helps nobody */

struct need {
	struct literal_text *list;
	size_t n;
	double cost;                                     /* messages it is expected in, of one; n 0: no such set */
};

/* Seen everywhere, for whatever reason. */
static const char *const common[] = {
    "get / http/1.1", "post /", "https://www", "http/2.0", "type=execve msg=audit(", "type=syscall", "type=path msg=", "user=root", "password for",
    "failed password for invalid user", "accepted publickey for", "session opened for user", "(uid=0)", "pam_unix(", "from port ssh2",
    "connection closed by", "status=sent", "mozilla/5.0 (windows nt 10.0; win64; x64) applewebkit/537.36", "/usr/bin/", "/usr/sbin/",
    "kernel:", "cron[", "postfix/smtp", "success", "error", "root", "python", "curl/", ".php", ".html", "sudo:", "command=",
    "127.0.0.1", "192.168.", "10.0.", "/var/log", "/etc/", "/usr/bin/systemctl restart", "tty=pts/0 ; pwd=/home/", "mozilla/5.0", "\"eventid\":", "\"action\":", "create", "update", "delete", "security",
};

static double probability(struct str s)
{
	double p = 150;
	for (size_t i = 0; s.n >= 3 && i < ARRAY_LEN(common); i++)
		if (s.n <= strlen(common[i]) && memmem(common[i], strlen(common[i]), s.p, s.n))
			return s.n > 12 ? 0.05 : 0.2;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		p *= strchr("etaoinsrl", c) ? 0.06 : (c >= 'a' && c <= 'z') ? 0.025 : (c >= '0' && c <= '9') ? 0.08 : strchr(" /.-=:_", c) ? 0.08 : 0.01;
	}
	return p > 1 ? 1 : p;
}

static bool need_add(struct arena *a, struct need *need, struct literal_text t)
{
	double p;

	if (t.s.n < SHORTEST)
		return false;
	for (size_t i = 0; i < need->n; i++)
		if (str_eq(need->list[i].s, t.s) && need->list[i].left == t.left && need->list[i].right == t.right)
			return true;
	if (need->n == SET_MAX)
		return false;
	if (!need->list)
		need->list = arena_array(a, SET_MAX, sizeof *need->list);
	if (!need->list)
		return false;
	need->list[need->n++] = t;
	p = probability(t.s);
	need->cost += p * (t.left ? 0.4 : 1) * (t.right ? 0.4 : 1);
	return true;
}

static bool value_needs(struct arena *a, const struct test *t, const struct value *v, struct need *need)
{
	if (v->is_null)
		return false;
	if (t->kind == TEST_REGEX)
		return need_add(a, need, (struct literal_text){.s = regex_literal(a, v->re_text)});
	for (size_t i = 0; i < v->n_alt; i++)
		if (!need_add(a, need, pattern_literal(a, &v->alt[i])))
			return false;
	return v->n_alt > 0;
}

static struct need better(struct need x, struct need y)
{
	if (!x.n || !y.n)
		return x.n ? x : y;
	return y.cost < x.cost ? y : x;
}

static struct need test_needs(struct arena *a, const struct test *t)
{
	struct need all = {0}, best = {0};

	if (t->negate || (t->kind != TEST_TEXT && t->kind != TEST_REGEX) || (t->n_names && logsource_made_up(t->names[0])))
		return all;
	for (size_t i = 0; i < t->n; i++) {
		struct need one = {0};

		if (t->all) {
			if (value_needs(a, t, &t->values[i], &one))
				best = better(best, one);
		} else if (!value_needs(a, t, &t->values[i], &all)) {
			return (struct need){0};
		}
	}
	return t->all ? best : all;
}

static struct need needs(struct arena *a, const struct node *n)
{
	struct need got = {0};

	switch (n->op) {
	case NODE_TEST:
		return test_needs(a, n->test);
	case NODE_NOT:
		return got;
	case NODE_AND:
		for (size_t i = 0; i < n->n; i++)
			got = better(got, needs(a, n->kids[i]));
		return got;
	case NODE_OR:
	case NODE_COUNT:
		for (size_t i = 0; i < n->n; i++) {
			struct need one = needs(a, n->kids[i]);

			for (size_t k = 0; k < one.n; k++)
				if (!need_add(a, &got, one.list[k]))
					one.n = 0;
			if (!one.n)
				return (struct need){0};
		}
		return got;
	}
	return got;
}

struct literal_text *rule_literals(struct arena *a, const struct rule *r, size_t *ret_n)
{
	struct need n = r->when ? needs(a, r->when) : (struct need){0};

	*ret_n = n.cost > COST_MAX ? 0 : n.n;
	return n.list;
}

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gate/gate.h"
#include "lib/file.h"
#include "lib/yaml.h"

#define SECONDS 30
#define SECONDS_PER_MIB 3
#define AV_STOP_HOURS 168

/* libexec/sekisho/gate → the folder it lies in, and share/sekisho beside libexec. */
static int find_places(struct gate *g, char share[4200], struct err *e)
{
	ssize_t n = readlink("/proc/self/exe", g->libexec, sizeof g->libexec - 1);
	char *slash;

	if (n <= 0)
		return err_sys(e, "/proc/self/exe");
	g->libexec[n] = 0;
	slash = strrchr(g->libexec, '/');
	if (!slash)
		return err_set(e, ERR_NOTFOUND, "%s: not installed", g->libexec);
	*slash = 0;
	snprintf(share, 4200, "%s/../../share/sekisho", g->libexec);
	return 0;
}

static int number(const struct yaml_node *v, const char *key, int64_t max, int64_t *ret, const char *file, struct err *e)
{
	if (str_int(v->text, 1, max, ret))
		return err_at(e, ERR_RANGE, file, v->line, v->col, "%s: a number from 1 to %lld is wanted", key, (long long)max);
	return 0;
}

/* A policy: `seconds`, `seconds_per_mib`, `input_mib`, `clamd`, `av_stop_hours`, `av_unknown`, and what rebuilders read (words, and yes or no). */
static int read_policy(struct gate *g, const char *file, struct buf *out, struct err *e)
{
	struct yaml_node *top;
	struct buf text;
	int64_t v;
	int r;

	buf_init(&text, YAML_BYTES_MAX);
	r = file_read(file, YAML_BYTES_MAX, &text, e);
	if (!r)
		r = yaml_parse(g->arena, file, arena_str(g->arena, buf_view(&text)), &top, e);
	buf_release(&text);
	if (r)
		return r;
	if (top->kind != YAML_MAP)
		return err_at(e, ERR_SYNTAX, file, top->line, top->col, "keys and values are wanted");
	for (size_t i = 0; i < top->n && !r; i++) {
		struct str key = top->keys[i]->text;
		struct yaml_node *val = top->items[i];

		if (val->kind != YAML_SCALAR || memchr(val->text.p, '\n', val->text.n) || !key.n || memchr(key.p, '=', key.n))
			return err_at(e, ERR_SYNTAX, file, val->line, val->col, "%.*s: one word is wanted", STR_ARG(key));
		if (str_is(key, "seconds") && !(r = number(val, "seconds", 3600, &v, file, e)))
			g->seconds = (unsigned)v;
		else if (str_is(key, "seconds_per_mib") && !(r = number(val, "seconds_per_mib", 60, &v, file, e)))
			g->seconds_per_mib = (unsigned)v;
		else if (str_is(key, "input_mib") && !(r = number(val, "input_mib", GATE_INPUT_MAX >> 20, &v, file, e)))
			g->input_max = (uint64_t)v << 20;
		else if (str_is(key, "av_stop_hours") && !(r = number(val, "av_stop_hours", 100000, &v, file, e)))
			g->av_stop_hours = v;
		else if (str_is(key, "av_unknown"))
			g->av_unknown_stops = str_is(val->text, "stop");
		else if (str_is(key, "clamd"))
			g->clamd = arena_z(g->arena, val->text);
		buf_printf(out, "%.*s=%.*s\n", STR_ARG(key), STR_ARG(val->text));
	}
	return r;
}

int gate_open(struct gate *g, const char *share, const char *policy_file, struct err *e)
{
	char found[4200], shipped[4300];
	struct buf policy;
	int r;

	memset(g, 0, sizeof *g);
	g->arena = arena_new(8u << 20);
	g->seconds = SECONDS;
	g->seconds_per_mib = SECONDS_PER_MIB;
	g->input_max = 200u << 20;
	g->av_stop_hours = AV_STOP_HOURS;
	buf_init(&policy, GATE_POLICY_MAX - 1);
	g->spawner = &spawner_fork;
	g->spawner_arg = g;
	r = find_places(g, found, e);
	if (!share)
		share = found;
	snprintf(shipped, sizeof shipped, "%s/gate/policy.yaml", share);
	if (!r)
		r = routes_load(g->arena, share, &g->routes, e);
	if (!r)
		r = codes_load(g->arena, share, &g->codes, e);
	if (!r)
		r = read_policy(g, policy_file ? policy_file : shipped, &policy, e);
	if (!r && buf_err(&policy))
		r = err_set(e, ERR_TOOBIG, "the policy is longer than %d bytes", GATE_POLICY_MAX);
	if (!r) {
		snprintf(g->policy, sizeof g->policy, "%s", buf_z(&policy));
		sha256_hex(g->policy, strlen(g->policy), g->policy_sha256);
	}
	buf_release(&policy);
	if (r)
		gate_close(g);
	return r;
}

void gate_close(struct gate *g)
{
	arena_free(g->arena);
	g->arena = NULL;
}

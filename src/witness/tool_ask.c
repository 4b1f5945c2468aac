/* The commands of a log that wants to be cosigned. */
#include "witness/tool.h"

#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/i18n.h"
#include "lib/json.h"
#include "witness/ask.h"
#include "witness/client.h"
#include "witness/request.h"

struct asked {
	const struct options *o;
	const struct policy *policy;
	struct jw *json;
	int worst;
};

static const char *word_of(enum ask_state s)
{
	static const char *const words[] = {"not asked", "cosigned", "unreachable", "refused", "conflict"};

	return words[s];
}

static void report(struct asked *a, const struct ask_report *r)
{
	for (size_t i = 0; i < a->policy->n_nodes; i++) {
		const struct ask_witness *w = &r->witnesses[i];

		if (w->state == ASK_CONFLICT)
			fprintf(stderr, _("ALARM: %s: witness %.*s: %s\n"), r->origin, STR_ARG(a->policy->nodes[i].name), w->text);
		else if (w->state > ASK_COSIGNED)
			fprintf(stderr, "%s: %.*s: %s: %s\n", r->origin, STR_ARG(a->policy->nodes[i].name), word_of(w->state), w->text);
	}
	if (!a->json) {
		printf(r->met && !r->conflict ? _("%s: %llu entries, cosigned by %zu of %zu: as the policy wants\n")
		                              : _("%s: %llu entries, cosigned by %zu of %zu: NOT PROVEN by the policy\n"),
		       r->origin, (unsigned long long)r->size, r->cosigned, a->policy->n_witnesses);
		return;
	}
	jw_object(a->json);
	jw_kz(a->json, "log", r->origin);
	jw_kint(a->json, "size", (int64_t)r->size);
	jw_kint(a->json, "cosigned", (int64_t)r->cosigned);
	jw_kbool(a->json, "met", r->met);
	jw_kbool(a->json, "conflict", r->conflict);
	jw_key(a->json, "witnesses");
	jw_array(a->json);
	for (size_t i = 0; i < a->policy->n_nodes; i++) {
		if (a->policy->nodes[i].n)
			continue;
		jw_object(a->json);
		jw_kstr(a->json, "name", a->policy->nodes[i].name);
		jw_kz(a->json, "state", word_of(r->witnesses[i].state));
		jw_kint(a->json, "time", (int64_t)r->witnesses[i].time);
		jw_kz(a->json, "text", r->witnesses[i].text);
		jw_end_object(a->json);
	}
	jw_end_array(a->json);
	jw_end_object(a->json);
}

static void ask_one(struct asked *a, const char *dir)
{
	static struct ask_report r;
	struct err e = {0};
	int bad;

	if (ask_log(dir, a->policy, &r, &e)) {
		bad = tool_fail(&e);
	} else {
		report(a, &r);
		bad = r.met && !r.conflict ? YES : NO;
	}
	if (bad > a->worst)
		a->worst = bad;
}

void tool_log_dir(const struct options *o, const char *log, char out[PATH_SIZE])
{
	char path[PATH_SIZE];

	if (log && !strcmp(log, "office"))
		log = NULL;
	snprintf(path, sizeof path, "%s/log", o->args[0]);
	snprintf(out, PATH_SIZE, "%s%s%s%s", o->args[0], access(path, F_OK) ? "/vault" : "", log ? "/logs/" : "", log ? log : "");
}

static void ask_each(struct asked *a)
{
	struct arena *arena = arena_new(1u << 20);
	char dir[PATH_SIZE], path[PATH_SIZE + 300], **names;
	size_t n = 0;

	tool_log_dir(a->o, a->o->log, dir);
	ask_one(a, dir);
	snprintf(path, sizeof path, "%s/logs", dir);
	if (a->o->log || dir_list(arena, path, "", &names, &n, NULL))
		n = 0;
	for (size_t i = 0; i < n; i++) {
		if (strchr(names[i], '.'))                   /* put aside by new-origin: no name of a log */
			continue;
		snprintf(path, sizeof path, "%s/logs/%.255s/last-signed", dir, names[i]);
		if (access(path, F_OK))
			continue;                                /* nothing was signed yet */
		*strrchr(path, '/') = 0;
		ask_one(a, path);
	}
	arena_free(arena);
}

static int read_policy(const struct options *o, struct buf *text, struct policy *ret, struct err *e)
{
	char path[PATH_SIZE];
	int r;

	snprintf(path, sizeof path, "%s/witnesses", o->args[0]);
	r = file_read(o->policy ? o->policy : path, POLICY_TEXT_MAX, text, e);
	return r ? r : policy_parse(buf_view(text), ret, e);
}

/* What fn tells of is reported. */
static int with_policy(const struct options *o, void (*fn)(struct asked *))
{
	static struct policy policy;
	struct asked a = {.o = o, .policy = &policy};
	struct err e = {0};
	struct buf text, out;
	struct jw j;

	buf_init(&text, POLICY_TEXT_MAX);
	if (read_policy(o, &text, &policy, &e)) {
		buf_release(&text);
		return tool_fail(&e);
	}
	buf_init(&out, 1u << 20);
	jw_init(&j, &out, true);
	a.json = o->json ? &j : NULL;
	jw_array(&j);
	fn(&a);
	jw_end_array(&j);
	if (o->json)
		puts(buf_z(&out));
	buf_release(&out);
	buf_release(&text);
	return a.worst;
}

int tool_ask(const struct options *o)
{
	struct err e = {0};

	return o->ca && client_trust(o->ca, &e) ? tool_fail(&e) : with_policy(o, ask_each);
}

int tool_request(const struct options *o)
{
	char dir[PATH_SIZE];
	struct err e = {0};
	struct buf out;
	uint64_t old = 0;
	int r;

	if (o->old && request_size(str_from(o->old), &old))
		return tool_usage(stderr);
	tool_log_dir(o, o->log, dir);
	buf_init(&out, REQUEST_MAX);
	r = ask_request(dir, old, &out, &e);
	r = r ? tool_fail(&e) : fwrite(out.p, 1, out.n, stdout) != out.n || fflush(stdout) ? FAILURE : YES;
	buf_release(&out);
	return r;
}

static void take_one(struct asked *a)
{
	static struct ask_report r;
	struct buf request, answer;
	char dir[PATH_SIZE];
	struct err e = {0};

	tool_log_dir(a->o, a->o->log, dir);
	buf_init(&request, REQUEST_MAX);
	buf_init(&answer, NOTE_MAX);
	if (file_read(a->o->args[1], REQUEST_MAX, &request, &e) || fd_read_all(STDIN_FILENO, NOTE_MAX, &answer, &e) ||
	    ask_take(dir, a->policy, buf_view(&request), buf_view(&answer), &r, &e)) {
		a->worst = tool_fail(&e);
	} else {
		report(a, &r);
		a->worst = r.met ? YES : NO;
	}
	buf_release(&request);
	buf_release(&answer);
}

int tool_take(const struct options *o)
{
	return with_policy(o, take_one);
}

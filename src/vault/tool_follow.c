/* sekisho vault search DIR QUERY --follow: looks twice a second at what the published checkpoints cover since the last look, and prints
 * what fits, oldest first; with --json a text a line. */
#include "vault/tool_parts.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/clock.h"
#include "tlog/search.h"

#define FOLLOW_LOGS 64u
#define FOLLOW_MS 500
#define FOLLOW_NAME 33

struct following {
	struct tool *tool;
	struct search_ask ask;
	struct {
		char name[FOLLOW_NAME];
		uint64_t next;                               /* the first entry not yet looked at */
	} logs[FOLLOW_LOGS];
	size_t n;
	bool first, ended;                               /* ended: nobody reads */
};

static uint64_t *place(struct following *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(f->logs[i].name, name))
			return &f->logs[i].next;
	if (f->n == FOLLOW_LOGS)
		return NULL;
	snprintf(f->logs[f->n].name, FOLLOW_NAME, "%s", name);
	f->logs[f->n].next = 0;
	return &f->logs[f->n++].next;
}

static int print(struct following *f, const char *name, const struct search_result *r)
{
	struct buf b;
	int code;

	buf_init(&b, TOOL_OUT_MAX);
	for (size_t i = r->n; i--;) {
		struct jw w;

		if (f->tool->json) {
			jw_init(&w, &b, false);
			tool_entry_json_of(&w, name, r->hits[i].index, r->hits[i].bytes);
			buf_putc(&b, '\n');
		} else {
			if (!f->tool->log)
				buf_printf(&b, "%s/", name);
			tool_entry_text(&b, r->hits[i].index, r->hits[i].bytes);
		}
		if (buf_err(&b) || b.n > 1u << 20) {
			if (buf_err(&b) || fwrite(b.p, 1, b.n, stdout) != b.n)
				f->ended = true;
			buf_clear(&b);
		}
	}
	code = tool_print(&b);
	f->ended |= code != TOOL_YES;
	return 0;
}

static int look(void *arg, const char *name, const char *path, struct err *e)
{
	struct following *f = arg;
	struct search_result r = {0};
	uint64_t *next = place(f, name), size;
	struct tlog *s;
	int code;

	if (!next)
		return 0;
	code = tlog_open(path, &s, e);
	if (code)
		return code == ERR_NOTFOUND ? 0 : code;      /* being made */
	size = search_size(s);
	if (f->first && f->ask.from_ns == INT64_MIN)
		*next = size;
	if (size > *next) {
		f->ask.after = *next;
		f->ask.before = size;
		code = search_log(s, &f->ask, &r, e);
		if (!code)
			code = print(f, name, &r);
		search_result_release(&r);
	}
	if (!code)
		*next = size;
	tlog_free(s);
	return code;
}

int tool_follow(struct tool *t, const struct search_ask *ask)
{
	struct following f = {.tool = t, .ask = *ask, .first = true};
	const struct timespec pause = {.tv_nsec = FOLLOW_MS * 1000000L};
	struct err e = {0};

	f.ask.limit = SEARCH_HITS_MAX;
	while (!f.ended) {
		struct arena *a = arena_new(16 << 20);
		int r = tool_each_log(t, a, look, &f, &e);

		arena_free(a);
		if (r)
			return tool_fail(&e);
		f.first = false;
		nanosleep(&pause, NULL);
	}
	return TOOL_YES;
}

/* sekisho vault search DIR QUERY: over the log of the folder and those below logs/, newest entries first. Reads only; the folder may
 * be a copy on another machine. */
#include "vault/tool_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/file.h"
#include "lib/text.h"
#include "tlog/index.h"
#include "tlog/search.h"

#define LOGS_MAX 256
#define LIMIT 1000
#define LOG_OWN "office"                             /* the log of the folder itself */

/* One log of the folder. */
typedef tool_log_fn log_fn;

struct found {
	const char *name;
	struct search_result result;
	size_t at;                                       /* hits printed */
};

struct job {
	struct tool *tool;
	struct arena *arena;
	struct search_ask ask;
	struct found logs[LOGS_MAX];
	size_t n;
};

static int search_folder(void *arg, const char *name, const char *path, struct err *e)
{
	struct job *j = arg;
	struct tlog *s;
	int r;

	if (j->n == LOGS_MAX)
		return err_set(e, ERR_TOOBIG, "more than %d logs", LOGS_MAX);
	r = tlog_open(path, &s, e);
	if (r)
		return r;
	j->logs[j->n].name = name;
	r = search_log(s, &j->ask, &j->logs[j->n].result, e);
	j->n++;
	tlog_free(s);
	return r;
}

int tool_each_log(const struct tool *t, struct arena *a, log_fn *fn, void *arg, struct err *e)
{
	const char *logs = arena_printf(a, "%s/logs", t->dir), *only = t->log;
	bool own = !access(arena_printf(a, "%s/log", t->dir), F_OK), any = false;
	char **names = NULL;
	size_t n = 0;
	int r = 0;

	if (own && (!only || !strcmp(only, LOG_OWN))) {
		any = true;
		r = fn(arg, LOG_OWN, t->dir, e);
	}
	if (!r && !access(logs, F_OK))
		r = dir_list(a, logs, "", &names, &n, e);
	for (size_t i = 0; !r && i < n; i++) {
		if (names[i][0] < 'a' || names[i][0] > 'z' || (only && strcmp(only, names[i]) != 0))
			continue;
		any = true;
		r = fn(arg, names[i], arena_printf(a, "%s/%s", logs, names[i]), e);
	}
	if (!r && !any)
		r = err_set(e, ERR_NOTFOUND, only ? _("%s: no log %s here") : _("%s: no log here"), t->dir, only ? only : "");
	return r;
}

static int64_t hit_time(const struct found *f)
{
	struct entry en;

	return f->at < f->result.n && !entry_parse(f->result.hits[f->at].bytes, &en) ? en.time_ns : INT64_MIN;
}

/* The newest hit not yet taken; NULL at the end. */
static struct found *newest(struct job *j)
{
	struct found *best = NULL;

	for (size_t i = 0; i < j->n; i++)
		if (j->logs[i].at < j->logs[i].result.n && (!best || hit_time(&j->logs[i]) > hit_time(best)))
			best = &j->logs[i];
	return best;
}

static void put_logs(struct job *j, struct jw *w)
{
	jw_key(w, "logs");
	jw_array(w);
	for (size_t i = 0; i < j->n; i++) {
		const struct search_result *r = &j->logs[i].result;

		jw_object(w);
		jw_kz(w, "log", j->logs[i].name);
		jw_kint(w, "size", (int64_t)r->size);
		jw_kint(w, "hits", (int64_t)r->n);
		jw_kbool(w, "complete", r->complete);
		if (!r->complete)
			jw_kint(w, "next", (int64_t)r->next);
		jw_kint(w, "blocks", (int64_t)r->blocks);
		jw_kint(w, "blocks_read", (int64_t)r->blocks_read);
		jw_kint(w, "blocks_without_index", (int64_t)r->unindexed);
		jw_kint(w, "blocks_damaged", (int64_t)r->damaged);
		jw_end_object(w);
	}
	jw_end_array(w);
}

static int flush(struct buf *b)
{
	bool bad = buf_err(b) || (b->n && fwrite(b->p, 1, b->n, stdout) != b->n);

	buf_clear(b);
	return bad ? ERR_SYS : 0;
}

static int print_hits(struct job *j, size_t *ret_n)
{
	struct found *f;
	struct buf b;
	struct jw w;
	size_t n = 0;
	int r = 0;

	buf_init(&b, TOOL_OUT_MAX);
	jw_init(&w, &b, false);
	if (j->tool->json) {
		jw_object(&w);
		put_logs(j, &w);
		jw_key(&w, "hits");
		jw_array(&w);
	}
	for (; !r && n < j->ask.limit && (f = newest(j)); n++) {
		const struct search_hit *h = &f->result.hits[f->at++];

		if (j->tool->json) {
			tool_entry_json_of(&w, f->name, h->index, h->bytes);
		} else {
			if (j->n > 1)
				buf_printf(&b, "%s/", f->name);
			tool_entry_text(&b, h->index, h->bytes);
		}
		if (b.n > 1u << 20)
			r = flush(&b);
	}
	if (j->tool->json) {
		jw_end_array(&w);
		jw_end_object(&w);
		buf_putc(&b, '\n');
	}
	r = r ? r : flush(&b);
	buf_release(&b);
	*ret_n = n;
	return r || fflush(stdout) ? ERR_SYS : 0;
}

/* What was not searched is said; a search that could not read a block is no "none found". */
static int verdict(struct job *j, size_t n)
{
	int r = n ? TOOL_YES : TOOL_NO;

	for (size_t i = 0; i < j->n; i++) {
		const struct search_result *f = &j->logs[i].result;

		if (f->damaged) {
			fprintf(stderr, _("sekisho vault: %s: %llu blocks could not be read; what is in them was not searched\n"),
			        j->logs[i].name, (unsigned long long)f->damaged);
			r = TOOL_FAILURE;
		}
		if (!f->complete && n && !j->tool->json)
			fprintf(stderr, _("sekisho vault: %s: there may be older hits; --limit N shows more\n"), j->logs[i].name);
	}
	return r;
}

static int options(struct job *j)
{
	struct tool *t = j->tool;
	int64_t end;
	uint64_t n;

	j->ask = (struct search_ask){.from_ns = INT64_MIN, .to_ns = INT64_MAX, .before = UINT64_MAX, .limit = LIMIT, .scan = t->scan};
	if (t->limit && (tool_number(t->limit, &n) || !n || n > SEARCH_HITS_MAX))
		return tool_wrong(_("--limit %s: not a number that fits"), t->limit);
	if (t->limit)
		j->ask.limit = (size_t)n;
	if (t->since && query_time(str_from(t->since), clock_true(), &j->ask.from_ns, &end))
		return tool_wrong(_("--since %s: not a time like 2026-11-20T09:00 or 2d"), t->since);
	if (t->until && query_time(str_from(t->until), clock_true(), &end, &j->ask.to_ns))
		return tool_wrong(_("--until %s: not a time like 2026-11-20T09:00 or 2d"), t->until);
	return 0;
}

int tool_search(struct tool *t)
{
	struct job *j = xcalloc(1, sizeof *j);
	struct query *q = NULL;
	struct err e = {0};
	int code = TOOL_FAILURE, r = 0;
	size_t n = 0;

	j->tool = t;
	j->arena = arena_new(16 << 20);
	if (text_open()) {
		r = err_set(&e, ERR_SYS, "the tables of characters do not open");
	} else if (options(j)) {
		code = tool_usage();
	} else if (query_parse(j->arena, str_from(t->args[1]), clock_true(), &q, &e)) {
		fprintf(stderr, _("sekisho vault: query, sign %d: %s\n"), e.col, e.text);
		code = TOOL_USAGE;
	} else if (t->follow) {
		j->ask.query = q;
		code = tool_follow(t, &j->ask);
	} else {
		j->ask.query = q;
		r = tool_each_log(t, j->arena, search_folder, j, &e);
		if (!r && !print_hits(j, &n))
			code = verdict(j, n);
	}
	if (r)
		fprintf(stderr, "sekisho vault: %s\n", e.text);
	for (size_t i = 0; i < j->n; i++)
		search_result_release(&j->logs[i].result);
	arena_free(j->arena);
	free(j);
	return code;
}

/* --- reindex ---------------------------------------------------------------------------------------------------------- */

static int reindex_folder(void *arg, const char *name, const char *path, struct err *e)
{
	const struct tool *t = arg;
	struct indexer *ix;
	struct tlog *s;
	size_t made = 0;
	int lock, r = tlog_open(path, &s, e);
	bool alone;

	if (r)
		return r;
	ix = indexer_new(s->dir);
	lock = openat(s->dir, "lock", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	alone = lock < 0 ? errno == ENOENT : !flock(lock, LOCK_EX | LOCK_NB);
	for (size_t i = 0; !r && i < s->n_segs; i++) {
		struct segment *seg;
		size_t n = 0;

		r = tlog_segment(s, s->segs[i], &seg, e);
		if (!r && (seg->sealed || alone))
			r = indexer_mend(ix, seg, t->scan, SIZE_MAX, &n, e);
		made += n;
	}
	indexer_free(ix);
	tlog_free(s);
	if (lock >= 0)
		close(lock);
	if (!r)
		printf(_("%s: %zu blocks indexed\n"), name, made);
	return r;
}

/* The segment a running vault writes to is its own business. */
int tool_reindex(struct tool *t)
{
	struct arena *a = arena_new(16 << 20);
	struct err e = {0};
	int r = text_open() ? err_set(&e, ERR_SYS, "the tables of characters do not open") : tool_each_log(t, a, reindex_folder, t, &e);

	arena_free(a);
	return r ? tool_fail(&e) : TOOL_YES;
}

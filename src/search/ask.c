/* One SEARCH_ASK: each log it names is searched, newest entries first; what came out goes back side by side. */
#include <stdlib.h>
#include <string.h>

#include "core/proto.h"
#include "lib/clock.h"
#include "lib/i18n.h"
#include "search/serve.h"
#include "tlog/search.h"

struct source_set {
	struct str *list;                                /* sorted */
	uint32_t n;
};

struct ask {
	struct arena *arena;
	int64_t call;
	struct str text;
	int64_t from, to, bar_from, bar_ns;
	uint32_t lang, limit, ms, n_logs;
	uint8_t count, scan;
	struct str *logs;
	int64_t *before;
	struct source_set only, never;
	bool any_source;
	struct search_counts counts;
};

static int by_bytes(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static int read_set(struct msg *m, struct arena *a, struct source_set *set)
{
	if (msg_u32(m, &set->n) || set->n > SEARCH_SOURCES_MAX)
		return ERR_PROTO;
	set->list = arena_array(a, set->n + 1, sizeof *set->list);
	if (!set->list)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < set->n; i++)
		if (msg_str(m, ENTRY_NAME_MAX, &set->list[i]))
			return ERR_PROTO;
	qsort(set->list, set->n, sizeof *set->list, by_bytes);
	return 0;
}

static bool holds(const struct source_set *set, struct str s)
{
	return set->n && bsearch(&s, set->list, set->n, sizeof s, by_bytes);
}

static bool may(void *arg, const struct entry *en)
{
	const struct ask *k = arg;

	return (k->any_source || holds(&k->only, en->source)) && !holds(&k->never, en->source);
}

static int read_ask(struct msg *m, struct ask *k)
{
	uint8_t any;

	if (msg_i64(m, &k->call) || msg_u32(m, &k->lang) || msg_str(m, QUERY_MAX, &k->text) || msg_i64(m, &k->from) || msg_i64(m, &k->to) ||
	    msg_u32(m, &k->limit) || msg_u32(m, &k->ms) || msg_u8(m, &k->count) || msg_u8(m, &k->scan) || msg_i64(m, &k->bar_from) ||
	    msg_i64(m, &k->bar_ns) || msg_u32(m, &k->n_logs) || k->n_logs > SEARCH_LOGS_MAX || k->limit > SEARCH_HITS_MAX ||
	    k->ms > SEARCH_MS_MAX || k->bar_ns < 0 || (k->bar_ns && k->bar_from < INT64_MIN / 2))
		return ERR_PROTO;
	k->logs = arena_array(k->arena, k->n_logs + 1, sizeof *k->logs);
	k->before = arena_array(k->arena, k->n_logs + 1, sizeof *k->before);
	for (uint32_t i = 0; i < k->n_logs; i++)
		if (msg_str(m, 64, &k->logs[i]) || msg_i64(m, &k->before[i]))
			return ERR_PROTO;
	if (msg_u8(m, &any) || read_set(m, k->arena, &k->only) || read_set(m, k->arena, &k->never) || msg_end(m))
		return ERR_PROTO;
	k->any_source = any;
	return 0;
}

static void put_facets(const struct search_counts *c, struct msg *out)
{
	for (int f = 0; f < FACETS; f++) {
		struct search_facet_row rows[SEARCH_FACET_TOP];
		size_t n = search_counts_top(c, f, rows, SEARCH_FACET_TOP);

		msg_put_u32(out, (uint32_t)n);
		for (size_t i = 0; i < n; i++) {
			msg_put_str(out, str_n(rows[i].name, rows[i].name_n));
			msg_put_i64(out, (int64_t)rows[i].n);
		}
		msg_put_i64(out, (int64_t)(c->n_rows[f] > n ? c->n_rows[f] - n : 0));
	}
	for (size_t i = 0; i < ARRAY_LEN(c->severity); i++)
		msg_put_i64(out, (int64_t)c->severity[i]);
	msg_put_u32(out, SEARCH_BARS_MAX);
	for (size_t i = 0; i < SEARCH_BARS_MAX; i++)
		msg_put_i64(out, (int64_t)c->bars[i]);
}

static void put_result(struct msg *out, const struct search_result *r, int code)
{
	msg_put_u32(out, (uint32_t)-code);
	msg_put_i64(out, (int64_t)r->size);
	msg_put_i64(out, r->complete ? -1 : (int64_t)r->next);
	msg_put_i64(out, (int64_t)r->matched);
	msg_put_u8(out, r->late);
	msg_put_i64(out, (int64_t)r->damaged);
	msg_put_u32(out, (uint32_t)r->n);
	for (size_t i = 0; i < r->n; i++) {
		msg_put_i64(out, (int64_t)r->hits[i].index);
		msg_put_str(out, r->hits[i].bytes);
	}
}

static void search_each(struct serve *s, struct ask *k, const struct query *q, struct msg *out)
{
	int64_t begun = clock_mono();

	for (uint32_t i = 0; i < k->n_logs; i++) {
		struct search_ask ask = {.query = q, .from_ns = k->from, .to_ns = k->to, .limit = k->limit, .threads = s->threads,
		                         .before = k->before[i] < 0 ? UINT64_MAX : (uint64_t)k->before[i], .scan = k->scan,
		                         .bytes_max = SEARCH_ANSWER_BYTES / (k->n_logs + 1), .may = may, .may_arg = k,
		                         .counts = k->count ? &k->counts : NULL, .bar_from_ns = k->bar_from, .bar_ns = k->bar_ns,
		                         .deadline = begun + (int64_t)k->ms * 1000};
		struct search_result r = {0};
		struct tlog *t = NULL;
		struct err e = {0};
		char path[600];
		int code = serve_folder(s, k->logs[i], path, sizeof path) ? tlog_open(path, &t, &e) : ERR_NOTFOUND;

		if (!code)
			code = search_log(t, &ask, &r, &e);
		put_result(out, &r, code);
		if (t)
			search_result_release(&r);
		tlog_free(t);
	}
}

int serve_ask(struct serve *s, int fd, struct msg *m)
{
	struct ask k = {.arena = arena_new(64u << 20)};
	struct err e = {0};
	struct query *q;
	struct msg out;
	int r = read_ask(m, &k);

	if (r) {
		arena_free(k.arena);
		return r;
	}
	i18n_set(k.lang == LANG_EN ? LANG_EN : LANG_JA);
	r = query_parse(k.arena, k.text, clock_true(), &q, &e);
	msg_init(&out, SEARCH_ANSWER);
	msg_put_i64(&out, k.call);
	msg_put_u32(&out, (uint32_t)-r);
	msg_put_u32(&out, (uint32_t)e.col);
	msg_put_z(&out, e.text);
	msg_put_u32(&out, r ? 0 : k.n_logs);
	if (!r) {
		search_each(s, &k, q, &out);
		put_facets(&k.counts, &out);
	}
	search_counts_release(&k.counts);
	arena_free(k.arena);
	r = msg_send(fd, &out);
	msg_release(&out);
	return r == ERR_CLOSED ? 0 : r;
}

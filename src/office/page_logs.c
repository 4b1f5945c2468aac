/* Log search: the form, the picture over time, what the hits have in common, the hits; the same as files. */
#include "office/pages.h"

#include "lib/clock.h"
#include "lib/csv.h"
#include "lib/date.h"
#include "lib/json.h"
#include "office/log_text.h"
#include "office/query.h"

#define PAGE_HITS 50
#define PAGE_MS 1500
#define EXPORT_HITS 10000
#define EXPORT_MS 8000
#define EXPORT_BYTES (16u << 20)
#define TAIL_SECONDS 5
#define SECOND_NS 1000000000LL
#define WIDTH 10                                     /* of a bar and the gap behind it */
#define HEIGHT 90

struct view {
	struct logs_rights may;
	struct logs_search s;
	struct query *query;                             /* NULL when it does not parse */
	bool own;
};

/* --- what is asked ------------------------------------------------------------------------------------------------------- */

/* This page with one parameter changed; from the newest hits again. */
static struct str with(struct ctx *c, const char *path, const char *name, struct str value)
{
	static const char *const kept[] = {"q", "log", "from", "to", "order", "tail"};
	struct link k;

	link_init(&k, str_from(path));
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		if (strcmp(kept[i], name) != 0)
			link_put(&k, kept[i], req_param(c, kept[i]));
	link_put(&k, name, value);
	return link_done(&k, c->arena);
}

/* "standard:512,mail:77": where each log goes on. */
static void read_cursor(struct view *v, struct str cursor)
{
	while (cursor.n) {
		struct str at = str_cut(&cursor, ','), name = str_cut(&at, ':');
		int64_t n;

		for (size_t i = 0; i < v->s.n_logs; i++)
			if (str_eq(v->s.logs[i].name, name) && !str_int(at, 0, INT64_MAX, &n))
				v->s.logs[i].before = n;
	}
}

static int read_times(struct ctx *c, struct view *v)
{
	struct str from = req_param(c, "from"), to = req_param(c, "to");
	int64_t end;

	v->s.from_ns = INT64_MIN;
	v->s.to_ns = INT64_MAX;
	if ((from.n && query_time(from, clock_true(), &v->s.from_ns, &end)) || (to.n && query_time(to, clock_true(), &end, &v->s.to_ns))) {
		v->s.fault = str_from(_("A time could not be read: write it as 2026-11-20T09:30."));
		return ERR_SYNTAX;
	}
	return 0;
}

/* Which logs: the one named, or all of others. */
static int choose_logs(struct ctx *c, struct view *v, struct err *e)
{
	struct str log = req_param(c, "log");
	bool any = false;
	int r = logs_list(c, &v->s.logs, &v->s.n_logs, e);

	if (r)
		return r;
	v->own = str_is(log, LOGS_OWN);
	if (v->own && !v->may.own)
		return err_set(e, ERR_DENIED, "%s", _("You are not named as a reader of any log."));
	for (size_t i = 0; i < v->s.n_logs; i++) {
		v->s.logs[i].asked = log.n ? str_eq(log, v->s.logs[i].name) : !str_is(v->s.logs[i].name, LOGS_OWN);
		any = any || v->s.logs[i].asked;
	}
	if (log.n && !any)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such log."));
	read_cursor(v, req_param(c, "before"));
	return 0;
}

/* Bars over the span asked for, as far as there are entries; a second at least each. */
static void choose_bars(struct view *v)
{
	int64_t first = INT64_MAX, last = INT64_MIN, width;

	for (size_t i = 0; i < v->s.n_logs; i++) {
		const struct logs_log *l = &v->s.logs[i];

		if (!l->asked || !l->size || (!l->first_ns && !l->last_ns))
			continue;
		first = l->first_ns < first ? l->first_ns : first;
		last = l->last_ns > last ? l->last_ns : last;
	}
	if (v->may.order) {
		first = v->may.order->from_us * 1000 > first ? v->may.order->from_us * 1000 : first;
		last = v->may.order->until_us * 1000 < last ? v->may.order->until_us * 1000 : last;
	}
	first = v->s.from_ns > first ? v->s.from_ns : first;
	last = v->s.to_ns < last ? v->s.to_ns : last;
	if (first > last)
		return;
	width = (last - first) / LOGS_BARS + 1;
	width = width < SECOND_NS ? SECOND_NS : (width + SECOND_NS - 1) / SECOND_NS * SECOND_NS;
	v->s.bar_ns = width;
	v->s.bar_from_ns = first / SECOND_NS * SECOND_NS;
	if ((last - v->s.bar_from_ns) / width >= LOGS_BARS)
		v->s.bar_ns += SECOND_NS;
}

static int search(struct ctx *c, struct view *v, uint32_t limit, uint32_t ms, bool count, const char *what, struct err *e)
{
	struct err fault = {0};
	int r = logs_rights(c, req_param(c, "order"), &v->may, e);

	if (r || (r = choose_logs(c, v, e)))
		return r;
	v->s.text = str_trim(req_param(c, "q"));
	v->s.limit = limit;
	v->s.ms = ms;
	v->s.count = count && !v->own;
	if (read_times(c, v))
		return 0;
	if (query_parse(c->arena, v->s.text, clock_true(), &v->query, &fault)) {
		v->query = NULL;
		v->s.fault = arena_str(c->arena, str_from(fault.text));
		v->s.fault_col = fault.col;
		return 0;
	}
	if (v->s.count)
		choose_bars(v);
	r = logs_ask(c, &v->may, &v->s, e);
	/* An entry that follows by itself is the search it began with. */
	return r || (req_param(c, "tail").n && !str_is(req_param(c, "tail"), "1")) ? r : logs_note(c, &v->may, &v->s, what, e);
}

/* --- the page ----------------------------------------------------------------------------------------------------------------- */

static void fill_form(struct ctx *c, const struct view *v, struct tpl_logs *d)
{
	struct tpl_logs_logs *logs = arena_array(c->arena, v->s.n_logs + 1, sizeof *logs);
	struct tpl_logs_orders *orders = arena_array(c->arena, v->may.n_orders + 1, sizeof *orders);
	struct str log = req_param(c, "log");

	logs[d->n_logs++] = (struct tpl_logs_logs){STR(""), str_from(_("all logs")), !log.n};
	for (size_t i = 0; i < v->s.n_logs; i++) {
		const struct logs_log *l = &v->s.logs[i];

		d->empty = d->empty && l->size == 0;
		if (!str_is(l->name, LOGS_OWN) || v->may.own)
			logs[d->n_logs++] = (struct tpl_logs_logs){l->name, log_label(c->arena, l->name), str_eq(log, l->name)};
	}
	d->logs = logs;
	for (size_t i = 0; i < v->may.n_orders; i++) {
		const struct logs_order *o = &v->may.orders[i];

		orders[d->n_orders++] = (struct tpl_logs_orders){arena_strf(c->arena, "%lld", (long long)o->id),
		                                                 arena_strf(c->arena, "%.*s %.*s", STR_ARG(o->number), STR_ARG(o->title)),
		                                                 v->may.order == o};
	}
	d->orders = orders;
	d->q = req_param(c, "q");
	d->from = req_param(c, "from");
	d->to = req_param(c, "to");
	d->error = v->s.fault;
	d->error_at = v->s.fault_col ? arena_strf(c->arena, "%d", v->s.fault_col) : STR("");
	d->tail = req_param(c, "tail").n > 0;
	d->tail_on = with(c, "/logs", "tail", STR("1"));
	d->tail_off = with(c, "/logs", "tail", STR(""));
	d->csv = with(c, "/logs/export.csv", "tail", STR(""));
	d->jsonl = with(c, "/logs/export.jsonl", "tail", STR(""));
}

static struct str between(struct ctx *c, int64_t from, int64_t to)
{
	static const char *const kept[] = {"q", "log", "order"};
	struct link k;

	link_init(&k, STR("/logs"));
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		link_put(&k, kept[i], req_param(c, kept[i]));
	link_put(&k, "from", log_time_input(c->arena, from));
	link_put(&k, "to", log_time_input(c->arena, to - SECOND_NS));
	return link_done(&k, c->arena);
}

static void fill_bars(struct ctx *c, const struct view *v, struct tpl_logs *d)
{
	struct tpl_logs_bars *bars = arena_array(c->arena, LOGS_BARS, sizeof *bars);
	struct tpl_logs_ticks *ticks = arena_array(c->arena, 3, sizeof *ticks);
	int64_t most = 0, top = 0;

	for (size_t i = 0; i < LOGS_BARS; i++)
		if (v->s.bars[i] > most) {
			most = v->s.bars[i];
			top = (int64_t)i;
		}
	if (!most || !v->s.bar_ns)
		return;
	for (size_t i = 0; i < LOGS_BARS; i++) {
		int64_t from = v->s.bar_from_ns + (int64_t)i * v->s.bar_ns, h = (v->s.bars[i] * HEIGHT + most - 1) / most;

		bars[i] = (struct tpl_logs_bars){.x = (int64_t)i * WIDTH, .y = 100 - h, .h = h, .n = v->s.bars[i],
		                                 .href = between(c, from, from + v->s.bar_ns)};
		if (v->s.bars[i])
			bars[i].label = arena_strf(c->arena, _("%.*s to %.*s: %lld hits"), STR_ARG(log_time(c->arena, from)),
			                           STR_ARG(log_time(c->arena, from + v->s.bar_ns)), (long long)v->s.bars[i]);
	}
	d->bars = bars;
	d->n_bars = LOGS_BARS;
	for (int i = 0; i < 3; i++)
		ticks[i] = (struct tpl_logs_ticks){i * 300, str_slice(log_time(c->arena, v->s.bar_from_ns + i * v->s.bar_ns * (int64_t)LOGS_BARS / 2), 0, 16)};
	d->ticks = ticks;
	d->n_ticks = 3;
	d->picture = arena_strf(c->arena, _("Hits over time, most of them: %.*s"), STR_ARG(bars[top].label));
}

/* The query with one more condition. A quotation mark within a value cannot be told from its end. */
static struct str and_field(struct ctx *c, const char *field, struct str value, bool without)
{
	struct str q = str_trim(req_param(c, "q")), term;
	bool plain = true;

	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] == '"' || value.p[i] == '\\')
			return STR("");
	for (size_t i = 0; i < value.n; i++)
		plain = plain && query_sign(value.p[i]) != SIGN_BLANK && value.p[i] != '*';
	term = arena_strf(c->arena, plain ? "%s%s:%.*s" : "%s%s:\"%.*s\"", without ? "-" : "", field, STR_ARG(value));
	if (!q.n)
		return with(c, "/logs", "q", term);
	return with(c, "/logs", "q", str_has(q, " OR ") ? arena_strf(c->arena, "(%.*s) %.*s", STR_ARG(q), STR_ARG(term))
	                                                : arena_strf(c->arena, "%.*s %.*s", STR_ARG(q), STR_ARG(term)));
}

static void fill_facets(struct ctx *c, const struct view *v, struct tpl_logs *d)
{
	static const struct {
		const char *field, *label;
	} kinds[] = {{"source", N_("Source")}, {"host", N_("Host")}, {"program", N_("Program")}};
	struct tpl_logs_facets *out = arena_array(c->arena, 4, sizeof *out);

	for (size_t f = 0; f < ARRAY_LEN(kinds); f++) {
		struct tpl_logs_facets_values *values = arena_array(c->arena, v->s.n_facets[f] + 1, sizeof *values);

		if (!v->s.n_facets[f])
			continue;
		for (size_t i = 0; i < v->s.n_facets[f]; i++)
			values[i] = (struct tpl_logs_facets_values){log_message(c->arena, v->s.facets[f][i].name, 200), v->s.facets[f][i].n,
			                                            and_field(c, kinds[f].field, v->s.facets[f][i].name, false),
			                                            and_field(c, kinds[f].field, v->s.facets[f][i].name, true)};
		out[d->n_facets++] = (struct tpl_logs_facets){str_from(_(kinds[f].label)), values, v->s.n_facets[f], v->s.facets_more[f]};
	}
	struct tpl_logs_facets_values *values = arena_array(c->arena, 8, sizeof *values);
	size_t n = 0;

	for (int i = 0; i < 8; i++) {
		struct str number = arena_strf(c->arena, "%d", i);

		if (v->s.severity[i])
			values[n++] = (struct tpl_logs_facets_values){str_from(log_severity(i)), v->s.severity[i], and_field(c, "severity", number, false),
			                                              and_field(c, "severity", number, true)};
	}
	if (n)
		out[d->n_facets++] = (struct tpl_logs_facets){str_from(_("Severity")), values, n, 0};
	d->facets = out;
}

static void fill_rows(struct ctx *c, const struct view *v, size_t n, struct tpl_logs *d)
{
	struct tpl_logs_rows *rows = arena_array(c->arena, n + 1, sizeof *rows);

	for (size_t i = 0; i < n; i++) {
		const struct logs_hit *h = &v->s.hits[i];
		struct link k;
		struct skim head;

		skim(h->entry.raw, &head);
		link_init(&k, arena_strf(c->arena, "/logs/%.*s/%lld", STR_ARG(h->log->name), (long long)h->index));
		link_put(&k, "order", req_param(c, "order"));
		link_put(&k, "q", req_param(c, "q"));
		rows[i] = (struct tpl_logs_rows){.href = link_done(&k, c->arena), .at = log_time(c->arena, h->entry.time_ns), .log = h->log->name,
		                                 .source = log_message(c->arena, h->entry.source, 300), .host = log_message(c->arena, head.host, 200),
		                                 .program = log_message(c->arena, head.program, 200),
		                                 .severity = str_from(log_severity(head.severity)), .bad = head.severity >= 0 && head.severity <= 3};
		log_parts(c->arena, v->query, log_message(c->arena, h->entry.raw, LOG_TEXT_SHOWN), &rows[i].parts, &rows[i].n_parts);
	}
	d->rows = rows;
	d->n_rows = n;
}

/* Where each log goes on behind the n hits shown; "" when all was shown. */
static struct str next_cursor(struct ctx *c, const struct view *v, size_t n)
{
	struct buf b;
	struct str s;
	bool more = false;

	buf_init(&b, 8192);
	for (size_t i = 0; i < v->s.n_logs; i++) {
		const struct logs_log *l = &v->s.logs[i];
		int64_t least = -1, next = 0;
		bool left = false;

		if (!l->asked)
			continue;
		for (size_t k = 0; k < v->s.n_hits; k++) {
			if (v->s.hits[k].log != l)
				continue;
			if (k < n)
				least = v->s.hits[k].index;
			else
				left = true;
		}
		if (left)
			next = least >= 0 ? least : l->before >= 0 ? l->before : l->size;
		else if (l->next >= 0)
			next = l->next;
		more = more || next;
		buf_printf(&b, "%s%.*s:%lld", b.n ? "," : "", STR_ARG(l->name), (long long)next);
	}
	s = more ? arena_str(c->arena, buf_view(&b)) : STR("");
	buf_release(&b);
	return s;
}

static void fill_result(struct ctx *c, struct view *v, struct tpl_logs *d)
{
	size_t n = v->s.n_hits < PAGE_HITS ? v->s.n_hits : PAGE_HITS;
	struct str cursor = next_cursor(c, v, n);
	struct link k;

	d->asked = true;
	d->own = v->own;
	d->counted = v->s.count && !req_param(c, "before").n;
	d->total = d->counted ? v->s.matched : (int64_t)n;
	for (size_t i = 0; i < v->s.n_logs; i++) {
		d->damaged += v->s.logs[i].damaged;
		d->late = d->late || (v->s.logs[i].asked && v->s.logs[i].late);
	}
	if (d->counted) {
		fill_bars(c, v, d);
		fill_facets(c, v, d);
	}
	fill_rows(c, v, n, d);
	d->first = req_param(c, "before").n ? with(c, "/logs", "before", STR("")) : STR("");
	if (!cursor.n)
		return;
	link_init(&k, with(c, "/logs", "tail", STR("")));
	k.any = req_param(c, "q").n || req_param(c, "log").n || req_param(c, "from").n || req_param(c, "to").n || req_param(c, "order").n;
	link_put(&k, "before", cursor);
	d->next = link_done(&k, c->arena);
}

int page_logs(struct ctx *c, struct err *e)
{
	struct tpl_logs d = {.empty = true};
	struct view v = {0};
	struct page_extra x = {0};
	int r = search(c, &v, PAGE_HITS, PAGE_MS, !req_param(c, "before").n, "search", e);

	if (r)
		return r;
	fill_form(c, &v, &d);
	if (!v.s.fault.n)
		fill_result(c, &v, &d);
	if (d.tail)
		x.refresh = TAIL_SECONDS;
	page_begin_with(c, _("Log search"), &x);
	tpl_logs(&c->page, &d);
	return page_end(c, v.s.fault.n ? 422 : 200);
}

/* --- files --------------------------------------------------------------------------------------------------------------------- */

static int export_search(struct ctx *c, struct view *v, const char *what, struct err *e)
{
	int r = search(c, v, EXPORT_HITS, EXPORT_MS, false, what, e);

	return !r && v->s.fault.n ? err_set(e, ERR_INVALID, "%.*s", STR_ARG(v->s.fault)) : r;
}

int page_logs_csv(struct ctx *c, struct err *e)
{
	const char *const heads[] = {_("Received"), _("Log"), _("Index"), _("Source"), _("Sender"), _("Severity"), _("Host"), _("Program"), _("Message")};
	struct view v = {0};
	struct buf out;
	int r = export_search(c, &v, "csv", e);

	if (r)
		return r;
	buf_init(&out, EXPORT_BYTES);
	buf_puts(&out, "\xef\xbb\xbf"); /* spreadsheets take the file for UTF-8 by this mark */
	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		csv_cell(&out, str_from(heads[i]), i == 0, false);
	csv_end_row(&out);
	for (size_t i = 0; i < v.s.n_hits && out.n < EXPORT_BYTES - 2 * ENTRY_MAX * 4; i++) {
		const struct logs_hit *h = &v.s.hits[i];
		struct skim head;

		skim(h->entry.raw, &head);
		csv_cell(&out, log_time(c->arena, h->entry.time_ns), true, true);
		csv_cell(&out, h->log->name, false, true);
		csv_cell(&out, arena_strf(c->arena, "%lld", (long long)h->index), false, true);
		csv_cell(&out, log_message(c->arena, h->entry.source, ENTRY_MAX), false, true);
		csv_cell(&out, log_message(c->arena, h->entry.peer, ENTRY_MAX), false, true);
		csv_cell(&out, str_from(log_severity(head.severity)), false, true);
		csv_cell(&out, log_message(c->arena, head.host, ENTRY_MAX), false, true);
		csv_cell(&out, log_message(c->arena, head.program, ENTRY_MAX), false, true);
		csv_cell(&out, log_message(c->arena, h->entry.raw, ENTRY_MAX), false, true);
		csv_end_row(&out);
	}
	r = res_file(c, "text/csv; charset=utf-8", arena_strf(c->arena, "logs-%.*s.csv", STR_ARG(c->world.today)), buf_view(&out));
	buf_release(&out);
	return r;
}

int page_logs_jsonl(struct ctx *c, struct err *e)
{
	struct view v = {0};
	struct buf out, b64;
	int r = export_search(c, &v, "jsonl", e);

	if (r)
		return r;
	buf_init(&out, EXPORT_BYTES);
	buf_init(&b64, 2 * ENTRY_MAX);
	for (size_t i = 0; i < v.s.n_hits && out.n < EXPORT_BYTES - 2 * ENTRY_MAX * 4; i++) {
		const struct logs_hit *h = &v.s.hits[i];
		char at[64];
		struct skim head;
		struct jw j;

		skim(h->entry.raw, &head);
		instant_rfc3339(h->entry.time_ns / 1000, at, sizeof at);
		jw_init(&j, &out, false);
		jw_object(&j);
		jw_kstr(&j, "log", h->log->name);
		jw_kint(&j, "index", h->index);
		jw_kz(&j, "received", at);
		jw_kint(&j, "time_ns", h->entry.time_ns);
		jw_kstr(&j, "source", h->entry.source);
		jw_kstr(&j, "peer", h->entry.peer);
		jw_kz(&j, "transport", query_transport(h->entry.transport));
		if (head.severity >= 0)
			jw_kint(&j, "severity", head.severity);
		jw_kstr(&j, "host", head.host);
		jw_kstr(&j, "program", head.program);
		jw_kstr(&j, "raw", log_message(c->arena, h->entry.raw, ENTRY_MAX));
		buf_clear(&b64);
		buf_base64(&b64, h->bytes.p, h->bytes.n);
		jw_kstr(&j, "entry", buf_view(&b64));        /* exactly the bytes that the proof is about */
		jw_end_object(&j);
		buf_putc(&out, '\n');
	}
	r = res_file(c, "application/x-ndjson", arena_strf(c->arena, "logs-%.*s.jsonl", STR_ARG(c->world.today)), buf_view(&out));
	buf_release(&out);
	buf_release(&b64);
	return r;
}

/* Log sources: what the ledger declares beside what arrives, what needs doing first; days and room in pictures
 * (page_arrivals_days.c). Senders nobody registered stand in the same list until somebody registers them or says why not. */
#include "office/arrivals.h"

#include "core/event.h"
#include "core/standard.h"
#include "lib/clock.h"
#include "lib/csv.h"
#include "lib/date.h"
#include "lib/json.h"
#include "office/arrival.h"
#include "office/log_text.h"
#include "office/pages.h"
#include "office/query.h"
#include "office/setting.h"
#include "office/ui.h"

#define CSV_ROWS 20000
#define CSV_BYTES (16u << 20)
#define HOUR_US (3600 * SECOND_US)
#define REGISTRARS ((1u << ROLE_SYS_MANAGER) | (1u << ROLE_SYS_OPERATOR) | (1u << ROLE_CLOUD_MANAGER) | (1u << ROLE_CHIEF))
#define DECIDERS ((1u << ROLE_SECRETARIAT) | (1u << ROLE_CHIEF) | (1u << ROLE_CSIRT) | (1u << ROLE_SYS_MANAGER))

/* In the order of what needs doing. */
static const struct standing {
	const char *code, *tone, *label, *why;
	bool todo;
} standings[] = {
	{"silent", "not_met", N_("silent"), N_("Nothing for longer than the ledger allows"), true},
	{"unknown", "not_met", N_("unknown sender"), N_("In no ledger: register it, or say why it need not be"), true},
	{"never", "not_met", N_("never arrived"), N_("Nothing since it was to start"), true},
	{"draft", "due", N_("registration not finished"), N_("A draft of the ledger names it"), true},
	{"clock", "due", N_("clock wrong"), N_("Its clock is further off than allowed"), true},
	{"marks", "due", N_("arrives with faults"), N_("Cut, torn, held back or refused entries: see the counters"), true},
	{"waiting", "planned", N_("awaited"), N_("Nothing yet, and still in time"), false},
	{"fine", "met", N_("arrives"), "", false},
	{"paused", "planned", N_("paused with permission"), "", false},
	{"provider", "planned", N_("kept by the provider"), "", false},
	{"outside", "not_applicable", N_("out of scope"), "", false},
};

/* ?1 now, ?2 clock_ms, ?3 search, ?4 standing or 'todo' or '', ?5 hour, ?6 limit, ?7 offset */
#define ROWS_SQL \
	"WITH r(id, name, key, address, standing, why, last_at, offset_s, long, torn, binary, limited, refused) AS (" \
	"SELECT s.id, s.number || ' ' || s.title, s.source_key, s.address, CASE WHEN s.state = 'suspended' THEN 'paused' " \
	"WHEN s.method = 'provider' THEN 'provider' " \
	"WHEN a.last_at IS NULL AND ?1 > coalesce(unixepoch(s.started_on), 0) * 1000000 + " ARRIVAL_LIMIT_SQL " THEN 'never' " \
	"WHEN a.last_at IS NULL THEN 'waiting' WHEN ?1 > a.last_at + " ARRIVAL_LIMIT_SQL " THEN 'silent' " \
	"WHEN abs(a.offset_s) * 1000 > ?2 THEN 'clock' WHEN a.long + a.torn + a.limited + a.refused > 0 THEN 'marks' ELSE 'fine' END, " \
	"NULL, a.last_at, a.offset_s, a.long, a.torn, a.binary, a.limited, a.refused " \
	"FROM log_sources s LEFT JOIN log_arrival a ON a.source = s.source_key WHERE s.state IN ('active', 'suspended') " \
	"UNION ALL SELECT NULL, a.source, a.source, NULL, " ARRIVAL_STANDING_SQL ", (SELECT x.reason FROM log_outsider x WHERE x.source = a.source), " \
	"a.last_at, a.offset_s, a.long, a.torn, a.binary, a.limited, a.refused FROM log_arrival a WHERE " ARRIVAL_STANDING_SQL " <> 'registered'), " \
	"k(code, rank) AS (VALUES ('silent', 0), ('unknown', 1), ('never', 2), ('draft', 3), ('clock', 4), ('marks', 5), ('waiting', 6), ('fine', 7), " \
	"('paused', 8), ('provider', 9), ('outside', 10)), " \
	"f AS (SELECT r.*, k.rank FROM r JOIN k ON k.code = r.standing WHERE (?3 = '' OR instr(lower(r.name || ' ' || coalesce(r.key, '') || ' ' " \
	"|| coalesce(r.address, '')), lower(?3)) > 0)) "

struct arrived {
	int64_t id, last_at, offset_s, hour, day, counts[5];
	struct str name, key, why;
	const struct standing *standing;
	bool measured;
};

static const struct standing *standing_of(struct str code)
{
	for (size_t i = 0; i < ARRAY_LEN(standings); i++)
		if (str_is(code, standings[i].code))
			return &standings[i];
	return &standings[ARRAY_LEN(standings) - 1];
}

static int64_t clock_ms(struct ctx *c)
{
	struct str s;
	int64_t n;
	return !param_get(c->office->db, c->arena, "clock_ms", &s) && !str_int(s, 1, INT32_MAX, &n) ? n : 1000;
}

static struct stmt *ask(struct ctx *c, const char *sql, struct str view)
{
	struct stmt *q = db_sql(c->office->db, sql);
	if (!q)
		return NULL;
	bind_int(q, 1, c->world.now);
	bind_int(q, 2, clock_ms(c));
	bind_str(q, 3, req_param(c, "q").n ? str_slice(str_trim(req_param(c, "q")), 0, 200) : STR(""));
	if (view.p)
		bind_str(q, 4, view);
	return q;
}

static int load(struct ctx *c, struct str view, int64_t limit, int64_t offset, struct arrived *v, size_t *ret_n, struct err *e)
{
	struct stmt *q = ask(c, ROWS_SQL "SELECT f.id, f.name, f.key, f.standing, f.why, f.last_at, f.offset_s, f.long, f.torn, f.binary, f.limited, f.refused, "
		"(SELECT sum(h.entries) FROM log_hour h WHERE h.source = f.key AND h.hour = ?5), "
		"(SELECT sum(h.entries) FROM log_hour h WHERE h.source = f.key AND h.hour > ?5 - 24) "
		"FROM f WHERE ?4 = '' OR f.standing = ?4 OR (?4 = 'todo' AND f.rank < 6) ORDER BY f.rank, f.last_at, f.name LIMIT ?6 OFFSET ?7",
		view.n ? view : STR(""));
	size_t n = 0;
	int s = ERR_DB;
	if (q) {
		bind_int(q, 5, c->world.now / HOUR_US);
		bind_int(q, 6, limit);
		bind_int(q, 7, offset);
		while ((s = step(q)) == 1 && n < (size_t)limit) {
			v[n] = (struct arrived){.id = col_int(q, 0), .name = col_dup(q, 1, c->arena), .key = col_dup(q, 2, c->arena), .standing = standing_of(col_str(q, 3)),
				.why = col_dup(q, 4, c->arena), .last_at = col_int(q, 5), .measured = !col_null(q, 6), .offset_s = col_int(q, 6),
				.hour = col_int(q, 12), .day = col_int(q, 13)};
			for (int i = 0; i < 5; i++)
				v[n].counts[i] = col_int(q, 7 + i);
			n++;
		}
		stmt_done(q);
	}
	*ret_n = n;
	return s < 0 ? err_set(e, ERR_DB, "%s", db_error(c->office->db)) : 0;
}

static struct str marks(struct ctx *c, const struct arrived *r)
{
	static const char *const words[] = {N_("over-long"), N_("torn"), N_("binary"), N_("held back or dropped by its limit"), N_("refused connections")};
	struct str s = STR("");
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (r->counts[i])
			s = arena_strf(c->arena, "%.*s%s%s: %lld", STR_ARG(s), s.n ? ", " : "", _(words[i]), (long long)r->counts[i]);
	return s;
}

static struct str search_link(struct ctx *c, struct str key)
{
	struct link k;
	if (!(c->actor.roles & LOGS_OVERSEE) || !key.n)
		return STR("");
	for (size_t i = 0; i < key.n; i++)
		if (key.p[i] == '"' || key.p[i] == '\\')
			return STR("");
	link_init(&k, STR("/logs"));
	link_put(&k, "q", arena_strf(c->arena, "source:\"%.*s\"", STR_ARG(key)));
	return link_done(&k, c->arena);
}

static struct str view_link(struct ctx *c, const char *path, const char *view, struct str after)
{
	struct link k;
	link_init(&k, str_from(path));
	link_put(&k, "q", req_param(c, "q"));
	link_put(&k, "view", view ? str_from(view) : req_param(c, "view"));
	link_put(&k, "page", after);
	return link_done(&k, c->arena);
}

/* "" all, "todo", then each standing that occurs. */
static int fill_views(struct ctx *c, struct tpl_arrivals *d, struct err *e)
{
	struct tpl_arrivals_views *v = arena_array(c->arena, ARRAY_LEN(standings) + 2, sizeof(*v));
	struct str here = req_param(c, "view");
	struct stmt *q = ask(c, ROWS_SQL "SELECT f.standing, count(*) FROM f GROUP BY f.standing ORDER BY f.rank", STR_NONE);
	int s = ERR_DB;
	v[d->n_views++] = (struct tpl_arrivals_views){view_link(c, "/log-sources", "", STR("")), str_from(_("All")), 0, !here.n};
	v[d->n_views++] = (struct tpl_arrivals_views){view_link(c, "/log-sources", "todo", STR("")), str_from(_("To do")), 0, str_is(here, "todo")};
	while (q && (s = step(q)) == 1) {
		const struct standing *st = standing_of(col_str(q, 0));
		int64_t n = col_int(q, 1);
		v[0].n += n;
		v[1].n += st->todo ? n : 0;
		if (d->n_views < ARRAY_LEN(standings) + 2)
			v[d->n_views++] = (struct tpl_arrivals_views){view_link(c, "/log-sources", st->code, STR("")), str_from(_(st->label)), n, str_is(here, st->code)};
	}
	if (q)
		stmt_done(q);
	d->views = v;
	d->total = v[0].n;
	for (size_t i = 1; i < d->n_views; i++)
		if (v[i].here)
			d->total = v[i].n;
	return s < 0 ? err_set(e, ERR_DB, "%s", db_error(c->office->db)) : 0;
}

static void fill_rows(struct ctx *c, const struct arrived *v, size_t n, struct tpl_arrivals *d)
{
	struct tpl_arrivals_rows *rows = arena_array(c->arena, n + 1, sizeof(*rows));
	for (size_t i = 0; i < n; i++) {
		const struct arrived *r = &v[i];
		rows[i] = (struct tpl_arrivals_rows){
			.name = r->name, .record = r->id ? arena_strf(c->arena, "/ledgers/log-sources/%lld", (long long)r->id) : STR(""),
			.search = r->last_at ? search_link(c, r->key) : STR(""), .standing = str_from(_(r->standing->label)), .tone = str_from(r->standing->tone),
			.why = r->why.n ? r->why : *r->standing->why ? str_from(_(r->standing->why)) : STR(""), .last_at = r->last_at,
			.per_hour = arena_strf(c->arena, "%lld", (long long)r->hour), .day = arena_strf(c->arena, "%lld", (long long)r->day),
			.offset = r->measured ? arena_strf(c->arena, _("%+lld s"), (long long)r->offset_s) : STR(""), .marks = marks(c, r),
			.sender = r->id || str_is(str_from(r->standing->code), "outside") ? STR("") : r->key};
	}
	d->rows = rows;
	d->n_rows = n;
}

static int show(struct ctx *c, struct str fault, struct err *e)
{
	int64_t rows = setting_int(c->office->db, "list_rows"), page = 0;
	struct arrived *v = arena_array(c->arena, (size_t)rows + 1, sizeof(*v));
	struct tpl_arrivals d = {.csrf = c->session->csrf, .q = req_param(c, "q"), .error = fault, .decides = c->actor.roles & DECIDERS,
	                         .registers = c->actor.roles & REGISTRARS, .csv = view_link(c, "/log-sources.csv", NULL, STR(""))};
	size_t n;
	if (req_param(c, "page").n && str_int(req_param(c, "page"), 0, 100000, &page) < 0)
		return err_set(e, ERR_INVALID, "%s", _("This page of the list does not exist"));
	int r = load(c, req_param(c, "view"), rows + 1, page * rows, v, &n, e);
	if (r < 0 || (r = fill_views(c, &d, e)) < 0)
		return r;
	fill_rows(c, v, n > (size_t)rows ? (size_t)rows : n, &d);
	d.first = page ? view_link(c, "/log-sources", NULL, STR("")) : STR("");
	d.next = n > (size_t)rows ? view_link(c, "/log-sources", NULL, arena_strf(c->arena, "%lld", (long long)page + 1)) : STR("");
	arrivals_house(c, &d);
	arrivals_days(c, &d);
	arrivals_logs(c, &d);
	page_begin(c, _("Arrival of logs"));
	tpl_arrivals(&c->page, &d);
	return page_end(c, fault.n ? 422 : 200);
}

int page_arrivals(struct ctx *c, struct err *e)
{
	return show(c, STR(""), e);
}

int page_arrivals_csv(struct ctx *c, struct err *e)
{
	const char *const heads[] = {_("Source"), _("Source key"), _("State"), _("Why"), _("Last entry"), _("Entries this hour"), _("Entries in 24 hours"),
		_("Clock offset in seconds"), _("over-long"), _("torn"), _("binary"), _("held back or dropped by its limit"), _("refused connections")};
	struct arrived *v = arena_array(c->arena, CSV_ROWS, sizeof(*v));
	struct buf out;
	size_t n;
	int r = load(c, req_param(c, "view"), CSV_ROWS, 0, v, &n, e);
	if (r < 0)
		return r;
	buf_init(&out, CSV_BYTES);
	buf_puts(&out, "\xef\xbb\xbf");                  /* spreadsheets take the file for UTF-8 by this mark */
	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		csv_cell(&out, str_from(heads[i]), i == 0, true);
	csv_end_row(&out);
	for (size_t i = 0; i < n; i++) {
		char at[40] = "";
		if (v[i].last_at)
			instant_format(v[i].last_at, at, sizeof at);
		csv_cell(&out, v[i].name, true, true);
		csv_cell(&out, v[i].key, false, true);
		csv_cell(&out, str_from(_(v[i].standing->label)), false, true);
		csv_cell(&out, v[i].why.n ? v[i].why : STR(""), false, true);
		csv_cell(&out, str_from(at), false, true);
		csv_cell(&out, arena_strf(c->arena, "%lld", (long long)v[i].hour), false, true);
		csv_cell(&out, arena_strf(c->arena, "%lld", (long long)v[i].day), false, true);
		csv_cell(&out, v[i].measured ? arena_strf(c->arena, "%lld", (long long)v[i].offset_s) : STR(""), false, false);
		for (int k = 0; k < 5; k++)
			csv_cell(&out, arena_strf(c->arena, "%lld", (long long)v[i].counts[k]), false, true);
		csv_end_row(&out);
	}
	r = buf_err(&out) ? err_set(e, ERR_TOOBIG, "%s", _("Too many sources for one file: search for fewer."))
	  : res_file(c, "text/csv; charset=utf-8", arena_strf(c->arena, "log-sources-%.*s.csv", STR_ARG(c->world.today)), buf_view(&out));
	buf_release(&out);
	return r;
}

/* --- the morning's list ------------------------------------------------------------------------------------------------------------ */

int arrivals_todo(struct ctx *c, size_t max, struct tpl_home_blocks *b, struct err *e)
{
	struct arrived *v = arena_array(c->arena, max, sizeof(*v));
	struct tpl_home_blocks_items *items = arena_array(c->arena, max, sizeof(*items));
	struct stmt *q = ask(c, ROWS_SQL "SELECT count(*) FROM f WHERE f.rank < 6", STR_NONE);
	size_t n;
	int r = load(c, STR("todo"), (int64_t)max, 0, v, &n, e);
	if (r < 0)
		return r;
	if (q && step(q) == 1)
		b->total = col_int(q, 0);
	if (q)
		stmt_done(q);
	for (size_t i = 0; i < n; i++)
		items[i] = (struct tpl_home_blocks_items){
			.href = v[i].id ? arena_strf(c->arena, "/ledgers/log-sources/%lld", (long long)v[i].id) : STR("/log-sources?view=unknown"), .label = v[i].name,
			.meta = v[i].last_at ? arena_strf(c->arena, _("%s, last on %.*s"), _(v[i].standing->label),
			                                  STR_ARG(str_slice(log_time(c->arena, v[i].last_at * 1000), 0, 16)))
			                     : str_from(_(v[i].standing->label))};
	b->items = items;
	b->n_items = n;
	b->urgent = n > 0;
	b->more = STR("/log-sources?view=todo");
	b->more_label = str_from(_("Arrival of logs"));
	return 0;
}

void alerts_todo(struct ctx *c, size_t max, struct tpl_home_blocks *b)
{
	const struct ledger *l = ledgers_get(c->world.ledgers, STR("alerts"));
	struct tpl_home_blocks_items *items = arena_array(c->arena, max, sizeof(*items));
	struct stmt *q = !l ? NULL : db_sql(c->office->db, "SELECT id, number || ' ' || title, day(acknowledge_by), acknowledge_by < ?1 AND state = 'new', state, "
		"count(*) OVER () FROM alerts WHERE state IN ('new', 'acknowledged') ORDER BY state = 'acknowledged', level <> 'critical', acknowledge_by LIMIT ?2");
	if (!q)
		return;
	bind_int(q, 1, c->world.now);
	bind_int(q, 2, (int64_t)max);
	while (b->n_items < max && step(q) == 1) {
		b->total = col_int(q, 5);
		items[b->n_items++] = (struct tpl_home_blocks_items){.href = arena_strf(c->arena, "/ledgers/alerts/%lld", (long long)col_int(q, 0)),
			.label = col_dup(q, 1, c->arena), .due = col_dup(q, 2, c->arena), .late = col_int(q, 3), .state = ui_state(c->arena, l, col_dup(q, 4, c->arena))};
	}
	stmt_done(q);
	b->items = items;
	b->urgent = b->n_items > 0;
	b->more = STR("/ledgers/alerts");
	b->more_label = label_text(&l->label);
}

/* --- out of scope ----------------------------------------------------------------------------------------------------------------- */

static int put_event(struct ctx *c, struct str source, struct str reason, struct err *e)
{
	struct buf b;
	struct jw j;
	buf_init(&b, 16384);
	jw_init(&j, &b, false);
	jw_object(&j);
	jw_kstr(&j, "reason", reason);
	jw_kstr(&j, "source", source);
	jw_end_object(&j);
	struct event ev = {.action = "log-source.outside", .actor = c->actor.person, .detail = buf_view(&b)};
	int r = buf_err(&b) ? err_set(e, ERR_TOOBIG, "%s", _("The reason is too long.")) : event_put(c->office->db, &ev, &c->sealed_seq, e);
	buf_release(&b);
	return r;
}

int do_arrival_outside(struct ctx *c, struct err *e)
{
	struct str source = req_field(c, "source"), reason = str_trim(req_field(c, "reason"));
	struct stmt *q = db_sql(c->office->db, "SELECT 1 FROM log_arrival WHERE source = ?1");
	bool is = false;
	if (!q)
		return err_set(e, ERR_DB, "%s", db_error(c->office->db));
	bind_str(q, 1, source.n ? source : STR(""));
	is = step(q) == 1;
	stmt_done(q);
	if (!is)
		return err_set(e, ERR_NOTFOUND, "%s", _("Nothing has come from such a sender."));
	if (!reason.n || reason.n > 4000)
		return show(c, str_from(reason.n ? _("The reason is too long.") : _("Please say why this sender need not be registered.")), e);
	q = db_sql(c->office->db, "INSERT INTO log_outsider(source, reason, person, at) VALUES (?1, ?2, ?3, ?4) "
	                          "ON CONFLICT(source) DO UPDATE SET reason = excluded.reason, person = excluded.person, at = excluded.at");
	if (!q)
		return err_set(e, ERR_DB, "%s", db_error(c->office->db));
	bind_str(q, 1, source);
	bind_str(q, 2, reason);
	bind_int(q, 3, c->actor.person);
	bind_int(q, 4, c->world.now);
	int r = run(q, e);
	if (r == 0)
		r = arrival_judge_sender(c->office->db, source, e);
	if (r == 0)
		r = put_event(c, source, reason, e);
	if (r < 0)
		return r;
	flash(c, _("The sender is out of scope; the reason is recorded."));
	return res_redirect(c, STR("/log-sources"));
}

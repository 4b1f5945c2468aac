/* Pages of the transfer service: hand over, see how far it is and what was lost, fetch, check again. */
#include <jansson.h>

#include "office/note.h"
#include "office/pages.h"
#include "office/transfer.h"
#include "office/ui.h"
#include "queries.h"

#define ROWS 60
#define LOST_SHOWN 3
#define LOST_ALL 200
#define REPORT_SHOWN_MAX (1u << 20)                      /* larger ones are not taken apart for a page */
#define PASSWORD_MAX 128
#define FILES_AT_ONCE 16

/* One row of the query transfer_mine. */
struct mine {
	int64_t id, size, at, findings, applicant, done, of, out_size;
	struct str number, name, state, direction, until, out_name, code, sender, step, report, purpose;
	bool original, mine_to_fetch;
};

static void read_mine(struct stmt *q, struct arena *a, struct mine *m)
{
	*m = (struct mine){.id = col_int(q, 0), .number = col_dup(q, 1, a), .name = col_dup(q, 2, a), .state = col_dup(q, 3, a),
	                   .direction = col_dup(q, 4, a), .size = col_int(q, 5), .at = col_int(q, 6), .until = col_dup(q, 7, a),
	                   .out_name = col_dup(q, 8, a), .code = col_dup(q, 9, a), .findings = col_int(q, 10), .applicant = col_int(q, 11),
	                   .sender = col_dup(q, 12, a), .step = col_dup(q, 13, a), .done = col_int(q, 14), .of = col_int(q, 15),
	                   .original = col_int(q, 17), .mine_to_fetch = col_int(q, 18), .purpose = col_dup(q, 19, a), .out_size = col_int(q, 20)};
	if (col_str(q, 16).n <= REPORT_SHOWN_MAX)
		m->report = col_dup(q, 16, a);
}

static struct stmt *ask_mine(struct ctx *c, bool inbox, int64_t id, int64_t limit)
{
	struct stmt *q = db_query(c->office->db, Q_TRANSFER_MINE);
	bind_int(q, 1, c->actor.person);
	bind_int(q, 2, inbox);
	bind_int(q, 3, id);
	bind_int(q, 4, limit);
	return q;
}

static struct str size_text(struct arena *a, int64_t n)
{
	if (n < 1000)
		return arena_strf(a, "%lld B", (long long)n);
	return n < 1000000 ? arena_strf(a, "%.1f KB", (double)n / 1000) : arena_strf(a, "%.1f MB", (double)n / 1000000);
}

static bool busy(const struct mine *m)
{
	return str_is(m->state, "received") || str_is(m->state, "checking");
}

/* Here, by this person: where there are two sides, what came in on the one and what leaves on the other. */
static bool fetchable(const struct ctx *c, const struct mine *m)
{
	if (c->office->two_sides && c->net != str_is(m->direction, "out"))
		return false;
	return m->mine_to_fetch && (str_is(m->state, "ready") || str_is(m->state, "fetched"));
}

static struct str step_text(const struct mine *m)
{
	static const struct {
		const char *code, *label;
	} steps[] = {{"sniff", N_("looking at the type")}, {"scan", N_("scanning for malware")}, {"rebuild", N_("rebuilding")}, {"verify", N_("verifying")}};
	if (str_is(m->state, "received"))
		return str_from(_("waiting for its turn"));
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (str_starts(m->step, steps[i].code))
			return str_from(_(steps[i].label));
	return str_from(_("being checked"));
}

static struct str way_text(const struct mine *m)
{
	return str_from(str_is(m->direction, "out") ? _("Outward (LGWAN to Internet)") : _("Inward (Internet to LGWAN)"));
}

/* --- what the report says ------------------------------------------------------------------------------------------------------ */

static struct str sentence(struct arena *a, json_t *o)
{
	json_t *v = json_object_get(o, i18n_lang() == LANG_EN ? "en" : "ja");
	return json_is_string(v) ? arena_str(a, str_n(json_string_value(v), json_string_length(v))) : STR("");
}

struct lost {
	struct str text, where;
};

/* Sentences of what was removed or changed, each once; the reason when it did not pass. */
static size_t read_report(struct ctx *c, const struct mine *m, struct lost *ret, size_t max, size_t *ret_all, struct str *ret_reason)
{
	json_error_t je;
	json_t *root = m->report.n ? json_loadb(m->report.p, m->report.n, JSON_REJECT_DUPLICATES, &je) : NULL, *one;
	size_t n = 0, i;
	*ret_all = 0;
	*ret_reason = sentence(c->arena, root);
	json_array_foreach(json_object_get(root, "parts"), i, one) {
		const char *action = json_string_value(json_object_get(one, "action"));
		int64_t count = json_integer_value(json_object_get(one, "count"));
		struct str text = sentence(c->arena, one);
		json_t *path = json_object_get(one, "path");
		if (!text.n || (action && strcmp(action, "kept") == 0))
			continue;
		if (count > 1)
			text = arena_strf(c->arena, _("%.*s (%lld)"), STR_ARG(text), (long long)count);
		(*ret_all)++;
		if (n < max)
			ret[n++] = (struct lost){text, json_is_string(path) ? arena_str(c->arena, str_n(json_string_value(path), json_string_length(path))) : STR("")};
	}
	json_decref(root);
	return n;
}

static void fill_row(struct ctx *c, const struct mine *m, struct tpl_transfers_rows *r)
{
	struct lost lost[LOST_SHOWN];
	size_t all, n = read_report(c, m, lost, LOST_SHOWN, &all, &r->reason);
	bool passed = m->out_name.n && !busy(m);
	r->href = arena_strf(c->arena, "/transfers/%lld", (long long)m->id);
	r->number = m->number;
	r->name = m->name;
	r->size = size_text(c->arena, m->size);
	r->way = way_text(m);
	r->who = m->applicant == c->actor.person ? STR("") : arena_strf(c->arena, _("from %.*s"), STR_ARG(m->sender));
	r->at = m->at;
	r->state = ui_state(c->arena, transfer_ledger(&c->world), m->state);
	r->busy = busy(m);
	r->step = r->busy ? step_text(m) : STR("");
	r->done = m->done;
	r->of = m->of;
	if (r->busy)
		r->reason = STR("");
	if (fetchable(c, m)) {
		r->fetch = arena_strf(c->arena, "/transfers/%lld/file", (long long)m->id);
		r->until = m->until;
	}
	struct tpl_transfers_rows_lost *v = arena_array(c->arena, n + 1, sizeof(*v));
	for (size_t i = 0; i < n && !r->busy; i++)
		v[r->n_lost++].text = lost[i].text;
	r->lost = v;
	r->more = r->busy ? 0 : (int64_t)(all - n);
	r->clean = passed && !all && m->report.n;
}

static bool route_allows(const struct ctx *c, const char *path)
{
	for (size_t i = 0; i < n_routes; i++)
		if (strcmp(routes[i].path, path) == 0)
			return routes[i].roles & c->actor.roles;
	return false;
}

int page_transfers(struct ctx *c, struct err *e)
{
	struct tpl_transfers d = {.csrf = c->session->csrf, .inbox = str_is(req_param(c, "to"), "fetch"),
	                          .operates = route_allows(c, "/transfers/gates")};
	struct tpl_transfers_rows *v = arena_array(c->arena, ROWS + 1, sizeof(*v));
	bool wait = false;
	(void)e;
	struct stmt *q = ask_mine(c, d.inbox, 0, ROWS);
	while (d.n_rows < ROWS && step(q) == 1) {
		struct mine m;
		read_mine(q, c->arena, &m);
		fill_row(c, &m, &v[d.n_rows]);
		wait |= v[d.n_rows++].busy;
	}
	stmt_done(q);
	d.rows = v;
	page_begin_with(c, _("File transfer"), &(struct page_extra){.refresh = wait ? 3 : 0});
	tpl_transfers(&c->page, &d);
	return page_end(c, 200);
}

/* --- handing over ------------------------------------------------------------------------------------------------------------------ */

static const struct field *order_field(struct ctx *c, const char *name)
{
	return ledger_field(transfer_ledger(&c->world), str_from(name));
}

static int show_new(struct ctx *c, struct tpl_transfer_new *d, struct err *e)
{
	struct pick *p;
	size_t n;
	int r = field_picks(&c->world, c->arena, &c->actor, order_field(c, "class_c"), STR_NONE, 20, &p, &n, e);
	if (r < 0)
		return r;
	struct tpl_transfer_new_classes *cls = arena_array(c->arena, n + 1, sizeof(*cls));
	for (size_t i = 0; i < n; i++)
		cls[i] = (struct tpl_transfer_new_classes){p[i].value, p[i].label, d->class_c.n ? str_eq(p[i].value, d->class_c) : str_is(p[i].value, "2")};
	d->classes = cls;
	d->n_classes = n;
	if ((r = field_picks(&c->world, c->arena, &c->actor, order_field(c, "provision"), STR_NONE, 100, &p, &n, e)) < 0)
		return r;
	struct tpl_transfer_new_provisions *prov = arena_array(c->arena, n + 1, sizeof(*prov));
	for (size_t i = 0; i < n; i++)
		prov[i] = (struct tpl_transfer_new_provisions){p[i].value, p[i].label, str_eq(p[i].value, d->provision)};
	d->provisions = prov;
	d->n_provisions = n;
	struct tpl_transfer_new_colleagues *co = arena_array(c->arena, 300, sizeof(*co));
	struct stmt *q = db_query(c->office->db, Q_TRANSFER_COLLEAGUES);
	bind_int(q, 1, c->actor.section);
	while (d->n_colleagues < 300 && step(q) == 1)
		co[d->n_colleagues++] = (struct tpl_transfer_new_colleagues){col_dup(q, 0, c->arena), col_dup(q, 1, c->arena)};
	stmt_done(q);
	d->colleagues = co;
	d->csrf = c->session->csrf;
	d->max_mb = transfer_max(c->office) >> 20;
	page_begin(c, _("Hand over files"));
	tpl_transfer_new(&c->page, d);
	return page_end(c, d->n_errors ? 422 : 200);
}

int page_transfer_new(struct ctx *c, struct err *e)
{
	struct tpl_transfer_new d = {0};
	return show_new(c, &d, e);
}

int do_transfers(struct ctx *c, struct err *e)
{
	struct transfer_order t = {.outward = str_is(req_field(c, "direction"), "out"), .personal = str_is(req_field(c, "personal"), "1"),
	                           .recipients = str_trim(req_field(c, "recipients")), .purpose = str_trim(req_field(c, "purpose")),
	                           .class_c = req_field(c, "class_c"), .outside_recipient = str_trim(req_field(c, "outside_recipient")),
	                           .provision = req_field(c, "provision"), .via = "page"};
	struct faults faults = {0};
	int64_t ids[FILES_AT_ONCE];
	size_t n;
	int r = transfer_open(c, &t, ids, &n, &faults, e);
	if (r == ERR_INVALID && faults.n) {
		struct tpl_transfer_new d = {.out = t.outward ? STR("1") : STR(""), .recipients = t.recipients, .purpose = t.purpose, .class_c = t.class_c,
		                             .personal = t.personal, .outside_recipient = t.outside_recipient, .provision = t.provision};
		struct tpl_transfer_new_errors *v = arena_array(c->arena, faults.n, sizeof(*v));
		for (size_t i = 0; i < faults.n; i++) {
			const struct field *f = ledger_field(transfer_ledger(&c->world), faults.v[i].field);
			v[i].text = f ? arena_strf(c->arena, "%.*s: %.*s", STR_ARG(label_text(&f->label)), STR_ARG(faults.v[i].text)) : faults.v[i].text;
		}
		d.errors = v;
		d.n_errors = faults.n;
		c->discard = true;
		return show_new(c, &d, e);
	}
	if (r < 0)
		return r;
	flash(c, arena_printf(c->arena, _("Handed over: %zu. Each is being checked now."), n));
	return res_redirect(c, STR("/transfers"));
}

/* --- one file ------------------------------------------------------------------------------------------------------------------------ */

/* What this person handed over or may fetch; to others it does not exist here (overseers read the ledger). */
static int need_mine(struct ctx *c, struct mine *m, struct err *e)
{
	int64_t id;
	if (str_int(c->args[0], 1, INT64_MAX, &id) < 0)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such file."));
	struct stmt *q = ask_mine(c, false, id, 1);
	bool found = step(q) == 1;
	if (found)
		read_mine(q, c->arena, m);
	stmt_done(q);
	return found ? 0 : err_set(e, ERR_NOTFOUND, "%s", _("There is no such file."));
}

static void fill_facts(struct ctx *c, const struct record *rec, struct tpl_transfer *d)
{
	static const char *const names[] = {"recipients", "class_c", "personal_data", "outside_recipient", "provision", "content_check", "my_numbers",
	                                    "resident_codes", "contacts", "format", "language", "out_size",
	                                    "scan_before", "scan_after", "engine", "posture", "took_ms", "hash", "out_hash"};
	struct tpl_transfer_facts *v = arena_array(c->arena, ARRAY_LEN(names), sizeof(*v));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct field *f = order_field(c, names[i]);
		const struct value *x = values_get(&rec->values, str_from(names[i]));
		struct str text = STR("");
		if (!f || !x || !x->present)
			continue;
		for (size_t k = 0; k < x->n_many; k++)
			text = arena_strf(c->arena, "%.*s%s%.*s", STR_ARG(text), k ? "、" : "", STR_ARG(value_display(&c->world, c->arena, &c->actor, f, x->many[k])));
		if (!x->n_many && x->text.n)
			text = value_display(&c->world, c->arena, &c->actor, f, x->text);
		if (text.n)
			v[d->n_facts++] = (struct tpl_transfer_facts){label_text(&f->label), text};
	}
	d->facts = v;
}

int page_transfer(struct ctx *c, struct err *e)
{
	struct mine m;
	struct record rec;
	struct lost lost[LOST_ALL];
	size_t all;
	int r = need_mine(c, &m, e);
	if (r < 0 || (r = record_get(&c->world, c->arena, &c->actor, transfer_ledger(&c->world), m.id, &rec, e)) < 0)
		return r;
	struct tpl_transfer d = {.csrf = c->session->csrf, .number = m.number, .name = m.name, .out_name = m.out_name, .purpose = m.purpose,
	                         .way = way_text(&m), .who = m.sender, .size = size_text(c->arena, m.size), .at = m.at, .until = m.until,
	                         .state = ui_state(c->arena, rec.ledger, m.state), .ledger = arena_strf(c->arena, "/ledgers/transfers/%lld", (long long)m.id),
	                         .busy = busy(&m), .password = str_is(m.code, "ENC-PASSWORD"), .gone = !m.original};
	size_t n = read_report(c, &m, lost, LOST_ALL, &all, &d.reason);
	struct tpl_transfer_lost *v = arena_array(c->arena, n + 1, sizeof(*v));
	for (size_t i = 0; i < n && !d.busy; i++)
		v[d.n_lost++] = (struct tpl_transfer_lost){lost[i].text, lost[i].where};
	d.lost = v;
	d.more = all > n;
	d.clean = m.out_name.n && !all && m.report.n && !d.busy;
	if (d.busy) {
		d.step = step_text(&m);
		d.reason = STR("");
	}
	if (fetchable(c, &m))
		d.fetch = arena_strf(c->arena, "/transfers/%lld/file", (long long)m.id);
	if (str_is(m.state, "held") && m.applicant == c->actor.person)
		d.again = arena_strf(c->arena, "/transfers/%lld/again", (long long)m.id);
	if (m.mine_to_fetch && (str_is(m.state, "ready") || str_is(m.state, "fetched")) && !c->net && m.applicant == c->actor.person && (d.secret = transfer_secret(c, m.id)).n &&
	    (r = note_personal_read(c, STR("transfers"), m.id, STR("password"), e)) < 0)
		return r;
	fill_facts(c, &rec, &d);
	page_begin_with(c, arena_z(c->arena, m.name), &(struct page_extra){.refresh = d.busy ? 3 : 0});
	tpl_transfer(&c->page, &d);
	return page_end(c, 200);
}

int do_transfer_fetch(struct ctx *c, struct err *e)
{
	struct mine m;
	int r = need_mine(c, &m, e);
	return r < 0 ? r : transfer_fetch(c, m.id, e);
}

int do_transfer_again(struct ctx *c, struct err *e)
{
	struct mine m;
	struct str password = req_field(c, "password");
	int r = need_mine(c, &m, e);
	if (r < 0)
		return r;
	if (password.n > PASSWORD_MAX)
		return err_set(e, ERR_TOOBIG, "%s", _("The password is too long."));
	if ((r = transfer_again(c, m.id, password, e)) < 0)
		return r;
	return res_redirect(c, arena_strf(c->arena, "/transfers/%lld", (long long)m.id));
}

/* --- the first screen -------------------------------------------------------------------------------------------------------------------- */

void transfer_inbox(struct ctx *c, size_t max, struct tpl_home_blocks *b)
{
	struct tpl_home_blocks_items *v = arena_array(c->arena, max + 1, sizeof(*v));
	struct stmt *q = ask_mine(c, true, 0, (int64_t)max);
	while (b->n_items < max && step(q) == 1) {
		struct mine m;
		read_mine(q, c->arena, &m);
		v[b->n_items++] = (struct tpl_home_blocks_items){
			.href = arena_strf(c->arena, "/transfers/%lld", (long long)m.id), .label = m.name,
			.meta = arena_strf(c->arena, _("from %.*s: %.*s"), STR_ARG(m.sender), STR_ARG(m.purpose)), .due = m.until};
	}
	stmt_done(q);
	b->items = v;
	b->more = STR("/transfers?to=fetch");
	b->more_label = str_from(_("File transfer"));
}

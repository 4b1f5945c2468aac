/* Pages of the transfer service: hand over, see what became of a file and what was lost, fetch, check again. The list is in
 * page_transfers.c. */
#include "office/api.h"
#include "office/note.h"
#include "office/pages.h"
#include "office/transfer_page.h"
#include "office/ui.h"
#include "queries.h"

#define LOST_ALL 200
#define PASSWORD_MAX 128
#define FILES_AT_ONCE 16

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
	if ((r = field_picks(&c->world, c->arena, &c->actor, order_field(c, "to_party"), STR_NONE, 100, &p, &n, e)) < 0)
		return r;
	struct tpl_transfer_new_parties *party = arena_array(c->arena, n + 1, sizeof(*party));
	for (size_t i = 0; i < n; i++)
		party[i] = (struct tpl_transfer_new_parties){p[i].value, p[i].label, str_eq(p[i].value, d->to_party)};
	d->parties = party;
	d->n_parties = n;
	struct tpl_transfer_new_colleagues *co = arena_array(c->arena, 300, sizeof(*co));
	struct stmt *q = db_query(c->office->db, Q_TRANSFER_COLLEAGUES);
	bind_int(q, 1, c->actor.section);
	while (d->n_colleagues < 300 && step(q) == 1)
		co[d->n_colleagues++] = (struct tpl_transfer_new_colleagues){col_dup(q, 0, c->arena), col_dup(q, 1, c->arena)};
	stmt_done(q);
	d->colleagues = co;
	d->csrf = c->session->csrf;
	d->max_mb = transfer_max(c->office) >> 20;
	d->session = c->session->id;
	if (str_is(c->req->path, "/transfers/new"))      /* the one page that may run it (front/reply.c) */
		d->script = static_path(c->arena, "transfer.js");
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
	                           .provision = req_field(c, "provision"), .to_party = req_field(c, "to_party"), .via = "page", .once = req_field(c, "once")};
	bool script = str_is(req_header(c, "x-requested-with"), "transfer");
	struct faults faults = {0};
	int64_t ids[FILES_AT_ONCE];
	size_t n;
	int r = transfer_open(c, &t, ids, &n, &faults, e);
	if (script && (r == 0 || (r == ERR_INVALID && faults.n)))
		return r == 0 ? transfer_ids(c, 200, ids, n) : api_faults(c, &faults);
	if (r == ERR_INVALID && faults.n) {
		struct tpl_transfer_new d = {.out = t.outward ? STR("1") : STR(""), .recipients = t.recipients, .purpose = t.purpose, .class_c = t.class_c,
		                             .personal = t.personal, .outside_recipient = t.outside_recipient, .provision = t.provision, .to_party = t.to_party};
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
	return transfer_mine(c, id, true, m) ? 0 : err_set(e, ERR_NOTFOUND, "%s", _("There is no such file."));
}

static void fill_facts(struct ctx *c, const struct record *rec, struct tpl_transfer *d)
{
	static const char *const names[] = {"recipients", "class_c", "personal_data", "outside_recipient", "provision", "to_party", "certificate_hash", "content_check", "my_numbers",
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
	                         .way = transfer_way(&m), .who = m.sender, .size = transfer_size(c->arena, m.size), .at = m.at, .until = m.until,
	                         .state = ui_state(c->arena, rec.ledger, m.state), .ledger = arena_strf(c->arena, "/ledgers/transfers/%lld", (long long)m.id),
	                         .busy = transfer_busy(&m), .password = str_is(m.code, "ENC-PASSWORD") || str_is(m.code, "ENC-WRONG"), .gone = !m.original};
	size_t n = transfer_losses(c, &m, lost, LOST_ALL, &all, &d.reason);
	struct tpl_transfer_lost *v = arena_array(c->arena, n + 1, sizeof(*v));
	for (size_t i = 0; i < n && !d.busy; i++)
		v[d.n_lost++] = (struct tpl_transfer_lost){lost[i].text, lost[i].where};
	d.lost = v;
	d.more = all > n;
	d.clean = m.out_name.n && !all && m.report.n && !d.busy;
	if (d.busy) {
		d.step = transfer_step(&m);
		d.reason = STR("");
	}
	if (transfer_fetchable(c, &m))
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

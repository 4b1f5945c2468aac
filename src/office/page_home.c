/* First screens by role: what waits for this person, what they may decide, what got worse, what comes due. */
#include "office/board.h"
#include "office/pages.h"

#include "core/duty.h"
#include "lib/clock.h"
#include "lib/date.h"
#include "office/arrivals.h"
#include "office/ledger_page.h"
#include "office/home.h"
#include "office/mine.h"
#include "office/setting.h"
#include "office/transfer.h"
#include "office/ui.h"
#include "queries.h"

#define LIST_MAX 200                                 /* rows of the page of duties, and decisions taken at once */
#define NOTE_MAX 16000                               /* bytes of a remark: 4,000 characters as the form allows */
#define R(r) (1u << ROLE_##r)

struct tpl_home_blocks *home_block(struct home *h, const char *title, const char *empty)
{
	if (h->d.n_blocks == HOME_BLOCKS)
		return NULL;
	struct tpl_home_blocks *b = &h->blocks[h->d.n_blocks++];
	b->title = str_from(title);
	b->empty = str_from(empty);
	return b;
}

struct str home_href(struct ctx *c, struct str ledger, int64_t id)
{
	return id ? arena_strf(c->arena, "/ledgers/%.*s/%lld", STR_ARG(ledger), (long long)id) : arena_strf(c->arena, "/ledgers/%.*s", STR_ARG(ledger));
}

static struct str day_of(struct ctx *c, int64_t at)
{
	char day[DATE_TEXT];
	date_format(date_of_instant(at), day);
	return arena_str(c->arena, str_from(day));
}

/* --- blocks --------------------------------------------------------------------------------------------------------------------------- */

static int decisions(struct ctx *c, struct home *h, size_t limit, struct err *e)
{
	struct waiting *w;
	size_t n;
	int r = waiting_list(&c->world, c->arena, &c->actor, LIST_MAX + 1, &w, &n, e);
	struct tpl_home_blocks *b = home_block(h, _("Decisions waiting for you"), _("Nothing waits for your decision."));
	if (r < 0 || !b)
		return r;
	struct tpl_home_blocks_items *v = arena_array(c->arena, limit + 1, sizeof(*v));
	for (size_t i = 0; i < n && i < limit; i++)
		v[b->n_items++] = (struct tpl_home_blocks_items){
			.href = home_href(c, w[i].ledger->name, w[i].record), .label = arena_strf(c->arena, "%.*s %.*s", STR_ARG(w[i].number), STR_ARG(w[i].title)),
			.meta = arena_strf(c->arena, _("%.*s, %.*s, since %.*s"), STR_ARG(w[i].section_name), STR_ARG(w[i].applicant_name), STR_ARG(day_of(c, w[i].since))),
			.state = ui_state(c->arena, w[i].ledger, w[i].state)};
	for (size_t i = 0; i < b->n_items; i++) {
		if (!w[i].plain)
			continue;
		v[i].pick = arena_strf(c->arena, "%.*s:%lld:%lld:%.*s", STR_ARG(w[i].ledger->name), (long long)w[i].record, (long long)w[i].version, STR_ARG(w[i].plain->name));
		v[i].act = action_label(w[i].ledger, w[i].plain);
		b->decide = STR("/duties/decide");
	}
	b->items = v;
	b->total = n > LIST_MAX ? LIST_MAX : (int64_t)n;
	b->over = n > LIST_MAX;
	b->urgent = n > 0;
	if (n > limit) {
		b->more = STR("/duties");
		b->more_label = str_from(_("All of them"));
	}
	return 0;
}

static int duties(struct ctx *c, struct home *h, size_t limit, struct err *e)
{
	struct duty_row *d;
	size_t n;
	int r = duty_list(&c->world, c->arena, &c->actor, LIST_MAX + 1, &d, &n, e);
	struct tpl_home_blocks *b = home_block(h, _("Waiting for you"), _("Nothing is due."));
	if (r < 0 || !b)
		return r;
	struct tpl_home_blocks_items *v = arena_array(c->arena, limit + 1, sizeof(*v));
	for (size_t i = 0; i < n && i < limit; i++)
		v[b->n_items++] = (struct tpl_home_blocks_items){
			.href = home_href(c, d[i].ledger, d[i].record), .label = d[i].label,
			.meta = arena_strf(c->arena, "%.*s %.*s", STR_ARG(d[i].number), STR_ARG(d[i].title)), .due = d[i].due, .late = d[i].overdue,
			.finish = d[i].by_hand ? arena_strf(c->arena, "/duties/%lld/done", (long long)d[i].id) : STR("")};
	b->items = v;
	b->total = n > LIST_MAX ? LIST_MAX : (int64_t)n;
	b->over = n > LIST_MAX;
	if (n > limit) {
		b->more = STR("/duties");
		b->more_label = str_from(_("All of them"));
	}
	return 0;
}

/* Shown only where there is something. */
static void inbox(struct ctx *c, struct home *h)
{
	struct tpl_home_blocks b = {.title = str_from(_("Files to be fetched")), .empty = STR("")};
	transfer_inbox(c, HOME_ITEMS, &b);
	struct tpl_home_blocks *at = b.n_items ? home_block(h, "", "") : NULL;
	if (at)
		*at = b;
}

static bool stands_in(const struct tpl_home_blocks *b, struct str href)
{
	for (size_t i = 0; b && i < b->n_items; i++)
		if (str_eq(b->items[i].href, href))
			return true;
	return false;
}

/* Unread decisions on what this person applied for come in a block of their own, all other notices after them. */
static int notices(struct ctx *c, struct home *h, struct err *e)
{
	struct tpl_home_blocks *mine = home_block(h, _("Decisions on my applications"), _("No unread decisions."));
	int r = mine ? mine_unread(c, HOME_ITEMS, mine, e) : 0;
	if (r < 0)
		return r;
	if (mine) {
		mine->more = STR("/applications");
		mine->more_label = str_from(_("My applications"));
	}

	struct tpl_home_blocks *b = home_block(h, _("Notices"), _("No unread notices."));
	struct stmt *q = db_query(c->office->db, Q_NOTICE_UNREAD);
	if (!b)
		return 0;
	struct tpl_home_blocks_items *v = arena_array(c->arena, HOME_ITEMS, sizeof(*v));
	bind_int(q, 1, c->actor.person);
	while (b->n_items < HOME_ITEMS && step(q) == 1) {
		struct str open = arena_strf(c->arena, "/notices/%lld", (long long)col_int(q, 4));
		struct str ledger = col_dup(q, 0, c->arena), text = col_dup(q, 3, c->arena);
		const struct ledger *l = ledgers_get(c->world.ledgers, ledger);
		if (stands_in(mine, home_href(c, ledger, col_int(q, 1))))
			continue;
		v[b->n_items++] = (struct tpl_home_blocks_items){.open = open,
			.label = text.n ? text : l ? label_text(&l->record) : ledger, .meta = day_of(c, col_int(q, 2))};
	}
	stmt_done(q);
	b->items = v;
	return 0;
}

/* Shown only where there is one: it ought to be rare. */
static void overrides(struct ctx *c, struct home *h)
{
	struct tpl_home_blocks b = {.title = str_from(_("Decisions by concerned persons")), .more = STR("/overrides"), .more_label = str_from(_("All of them"))};
	overrides_list(c, HOME_ITEMS, &b);
	struct tpl_home_blocks *at = b.n_items ? home_block(h, "", "") : NULL;
	if (at)
		*at = b;
}

/* What came in overnight: alerts nobody has judged, sources that are silent or unknown. */
static int logs(struct ctx *c, struct home *h, struct err *e)
{
	struct tpl_home_blocks *alerts = ledgers_get(c->world.ledgers, STR("alerts")) ? home_block(h, _("Alerts not yet judged"), _("No alert waits.")) : NULL;
	struct tpl_home_blocks *b = ledgers_get(c->world.ledgers, STR("log-sources")) ? home_block(h, _("Log sources that need action"), _("All sources arrive.")) : NULL;
	if (alerts)
		alerts_todo(c, HOME_ITEMS, alerts);
	return b ? arrivals_todo(c, HOME_ITEMS, b, e) : 0;
}

/* What failed in one's own section (0: anywhere), newest first. */
static void failing(struct ctx *c, struct home *h, const char *title, int64_t section)
{
	struct tpl_home_blocks *b = home_block(h, title, _("Nothing needs action."));
	struct stmt *q = db_query(c->office->db, Q_HOME_FAILING);
	struct str last[2];
	if (!b)
		return;
	bind_int(q, 1, section);
	const struct tpl_subjects *s = board_subjects(c, q, STR(""), HOME_ITEMS, &(bool){false}, last);
	struct tpl_home_blocks_items *v = arena_array(c->arena, s->n_rows + 1, sizeof(*v));
	for (size_t i = 0; i < s->n_rows; i++)
		v[b->n_items++] = (struct tpl_home_blocks_items){
			.href = s->rows[i].href, .label = s->rows[i].title, .meta = arena_strf(c->arena, "%.*s %.*s", STR_ARG(s->rows[i].section), STR_ARG(s->rows[i].reason)),
			.due = s->rows[i].due, .late = s->rows[i].late, .status = s->rows[i].status};
	b->items = v;
	q = db_query(c->office->db, Q_HOME_FAILING_COUNT);
	bind_int(q, 1, section);
	b->total = step(q) == 1 ? col_int(q, 0) : 0;
	stmt_done(q);
	b->more = STR("/board?status=not_met&view=table");
	b->more_label = str_from(_("On the board"));
}

static void worse(struct ctx *c, struct home *h, const struct board *bd, int days)
{
	struct tpl_home_blocks *b = home_block(h, _("Got worse lately"), _("Nothing got worse."));
	struct stmt *q = db_query(c->office->db, Q_BOARD_WORSE);
	if (!b)
		return;
	struct tpl_home_blocks_items *v = arena_array(c->arena, HOME_ITEMS, sizeof(*v));
	bind_str(q, 1, bd->standard);
	bind_int(q, 2, c->world.now - days * DAY_US);
	while (b->n_items < HOME_ITEMS && step(q) == 1) {
		int from = status_parse(col_str(q, 1)), to = status_parse(col_str(q, 2));
		if (from < 0 || to < 0 || to >= from)
			continue;
		struct str id = col_dup(q, 0, c->arena), title = col_dup(q, i18n_lang() == LANG_JA ? 4 : 5, c->arena);
		v[b->n_items++] = (struct tpl_home_blocks_items){
			.href = arena_strf(c->arena, "/clauses/%.*s", STR_ARG(id)), .label = arena_strf(c->arena, "%.*s %.*s", STR_ARG(id), STR_ARG(title)),
			.meta = day_of(c, col_int(q, 3)), .status = ui_status(c->arena, (enum status)to)};
	}
	stmt_done(q);
	b->items = v;
}

/* Records of a ledger in some states, newest first: incidents running, systems … */
static int records(struct ctx *c, struct home *h, const char *ledger, const char *title, const char *empty, bool live, struct err *e)
{
	const struct ledger *l = ledgers_get(c->world.ledgers, str_from(ledger));
	struct list_query q = {.state = STR_NONE, .sort = STR_NONE, .after = STR_NONE, .limit = HOME_ITEMS, .live_only = live};
	struct list_page page = {0};
	if (!l || !ledger_may_list(&c->actor, l))
		return 0;
	int r = record_list(&c->world, c->arena, &c->actor, l, &q, &page, e);
	struct tpl_home_blocks *b = home_block(h, title, empty);
	if (r < 0 || !b)
		return r;
	struct tpl_home_blocks_items *v = arena_array(c->arena, page.n_rows + 1, sizeof(*v));
	for (size_t i = 0; i < page.n_rows; i++)
		v[b->n_items++] = (struct tpl_home_blocks_items){
			.href = home_href(c, l->name, page.rows[i].id), .due = home_due(c, l->name, page.rows[i].id), .label = arena_strf(c->arena, "%.*s %.*s", STR_ARG(page.rows[i].number), STR_ARG(page.rows[i].title)),
			.state = ui_state(c->arena, l, page.rows[i].state)};
	for (size_t i = 0; i < b->n_items; i++)
		v[i].late = v[i].due.n && str_cmp(v[i].due, c->world.today) < 0;
	b->items = v;
	b->total = page.total;
	b->more = arena_strf(c->arena, "/ledgers/%s", ledger);
	b->more_label = label_text(&l->label);
	return 0;
}

/* --- what one comes here to do ------------------------------------------------------------------------------------------------------ */

static void quick(struct ctx *c, struct home *h)
{
	static const struct { const char *ledger, *label, *help; } table[] = {
		{"carry-outs", N_("Take something out"), N_("Devices, media, papers or data: apply, depart, return")},
		{"incidents", N_("Report an incident"), N_("Anything that may be one, in two minutes")},
		{"exceptions", N_("Ask for an exception"), N_("A rule that cannot be kept for a time")},
		{"accounts", N_("Apply for an account"), N_("New, changed or no longer needed")},
		{"information-assets", N_("Register information"), N_("What the section holds, and its class")},
	};
	struct tpl_home_quick *v = arena_array(c->arena, ARRAY_LEN(table) + 4, sizeof(*v));
	v[h->d.n_quick++] = (struct tpl_home_quick){STR("/transfers/new"), str_from(_("Hand over files")), str_from(_("Between the Internet side and LGWAN: scanned, rebuilt, verified"))};
	if (c->actor.roles & (R(AUDIT_CHIEF) | R(AUDITOR))) {
		v[h->d.n_quick++] = (struct tpl_home_quick){STR("/samples"), str_from(_("Draw a sample")), str_from(_("Records at random, with the seed on record"))};
		v[h->d.n_quick++] = (struct tpl_home_quick){arena_strf(c->arena, "/board?as_of=%.*s", STR_ARG(c->world.today)), str_from(_("The board on a fixed day")),
			str_from(_("From the clause to its records and their proofs"))};
		v[h->d.n_quick++] = (struct tpl_home_quick){STR("/ledgers/audits"), str_from(_("Audits")), str_from(_("Scope, independence, findings"))};
	}
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		const struct ledger *l = ledgers_get(c->world.ledgers, str_from(table[i].ledger));
		if (l && record_may_create(&c->world, &c->actor, l))
			v[h->d.n_quick++] = (struct tpl_home_quick){arena_strf(c->arena, "/ledgers/%s/new", table[i].ledger), str_from(_(table[i].label)), str_from(_(table[i].help))};
	}
	h->d.quick = v;
}

static int overview(struct ctx *c, struct home *h, struct board *bd, struct err *e)
{
	int64_t n[ST_COUNT_];
	int r = board_load(c, STR_NONE, bd, e);
	if (r < 0)
		return r == ERR_NOTFOUND ? 0 : r;
	board_counts(bd, n);
	struct tpl_home_counts *v = arena_array(c->arena, ST_COUNT_, sizeof(*v));
	for (int s = 0; s < ST_COUNT_; s++)
		v[s] = (struct tpl_home_counts){ui_status(c->arena, (enum status)s), n[s], arena_strf(c->arena, "/board?status=%s", status_code((enum status)s))};
	h->d.counts = v;
	h->d.n_counts = ST_COUNT_;
	h->d.stack = board_stack(c, n);
	return 0;
}

int page_home(struct ctx *c, struct err *e)
{
	const uint32_t roles = c->actor.roles;
	struct home h = {0};
	if (c->net)
		return res_redirect(c, STR("/transfers"));
	struct board bd = {0};
	h.blocks = arena_array(c->arena, HOME_BLOCKS, sizeof(*h.blocks));
	h.d.title = arena_strf(c->arena, _("Good day, %.*s"), STR_ARG(c->actor.name));
	h.d.csrf = c->session->csrf;
	bool watches = roles & (R(CISO) | R(VICE_CISO) | R(CHIEF) | R(SECRETARIAT) | R(DEPT_HEAD) | R(AUDIT_CHIEF) | R(AUDITOR) | R(CSIRT) | R(COMMITTEE));
	int r = watches ? overview(c, &h, &bd, e) : 0;
	if (r == 0)
		r = decisions(c, &h, HOME_ITEMS, e);
	if (r == 0)
		r = duties(c, &h, HOME_ITEMS, e);
	inbox(c, &h);
	if (r == 0 && (roles & (R(SECRETARIAT) | R(CHIEF) | R(CISO) | R(CSIRT))))
		r = records(c, &h, "incidents", _("Incidents"), _("No incidents."), true, e);
	if (r == 0 && (roles & (R(SECRETARIAT) | R(CHIEF) | R(CSIRT) | R(SYS_MANAGER))))
		r = logs(c, &h, e);
	if (r < 0)
		return r;
	if (watches && bd.standard.n)
		worse(c, &h, &bd, roles & R(CISO) ? 30 : 7);
	if (roles & R(SECRETARIAT))
		failing(c, &h, _("Needs action"), 0);
	else if (roles & (R(SEC_MANAGER) | R(DEPT_HEAD) | R(STAFF)))
		failing(c, &h, _("Needs action in my section"), c->actor.section);
	if (r == 0 && (roles & R(SECRETARIAT)))
		r = home_coming(c, &h, e);
	if (r == 0 && (roles & (R(SYS_MANAGER) | R(SYS_OPERATOR))))
		r = home_systems(c, &h, e);
	if (r < 0)
		return r;
	if (roles & (R(SECRETARIAT) | R(CHIEF) | R(CISO) | R(VICE_CISO) | R(AUDIT_CHIEF) | R(AUDITOR)))
		overrides(c, &h);
	if ((r = notices(c, &h, e)) < 0)
		return r;
	if (bd.standard.n && (roles & (R(CISO) | R(VICE_CISO) | R(CHIEF))))
		h.d.groups = board_groups(c, &bd);
	if (watches && bd.standard.n)
		h.d.trend = board_trend(c, bd.standard);
	quick(c, &h);
	h.d.blocks = h.blocks;
	page_begin(c, _("Home"));
	tpl_home(&c->page, &h.d);
	return page_end(c, 200);
}

static int show_duties(struct ctx *c, struct home *done, struct err *e)
{
	struct home h = *done;
	if (!h.blocks)
		h.blocks = arena_array(c->arena, HOME_BLOCKS, sizeof(*h.blocks));
	h.d.title = str_from(_("Waiting for me"));
	h.d.csrf = c->session->csrf;
	int r = decisions(c, &h, LIST_MAX, e);
	if (r == 0)
		r = duties(c, &h, LIST_MAX, e);
	if (r == 0)
		r = notices(c, &h, e);
	if (r < 0)
		return r;
	h.d.blocks = h.blocks;
	page_begin(c, _("Waiting for me"));
	tpl_home(&c->page, &h.d);
	return page_end(c, 200);
}

int page_duties(struct ctx *c, struct err *e)
{
	struct home h = {0};
	return show_duties(c, &h, e);
}

/* --- what is done from the list --------------------------------------------------------------------------------------------------- */

/* One checked row, "ledger:record:version:action", as the page offered it. Refused: item->why says so and 0 is returned. */
static int decide_one(struct ctx *c, struct str pick, struct tpl_home_blocks_items *item, struct err *e)
{
	struct str rest = pick, ledger = str_cut(&rest, ':'), id_text = str_cut(&rest, ':'), version_text = str_cut(&rest, ':');
	const struct ledger *l = ledgers_get(c->world.ledgers, ledger);
	const struct action *act = l && rest.n ? ledger_action(l, rest) : NULL;
	struct faults faults = {0};
	struct record rec;
	struct err why = {0};
	int64_t id, version;
	if (!act || act->needs.n || str_int(id_text, 1, INT64_MAX, &id) < 0 || str_int(version_text, 1, INT64_MAX, &version) < 0)
		return err_set(e, ERR_SYNTAX, "%s", _("There is no such decision."));
	int r = record_get(&c->world, c->arena, &c->actor, l, id, &rec, e);
	if (r < 0)
		return r;
	item->href = home_href(c, l->name, id);
	item->label = arena_strf(c->arena, "%.*s %.*s", STR_ARG(rec.number), STR_ARG(rec.title));
	r = record_act(&c->world, c->arena, &c->actor, l, id, version, act, &(struct values){0}, STR_NONE, &faults, &why);
	if (r == ERR_DENIED || r == ERR_WRONG_STATE || r == ERR_CONFLICT || r == ERR_INVALID) {
		item->why = r == ERR_CONFLICT ? str_from(_("It was changed after this list was shown: look at it first."))
		          : faults.n ? faults.v[0].text : arena_str(c->arena, str_from(why.text));
		return 0;
	}
	if (r < 0) {
		*e = why;
		return r;
	}
	item->meta = action_label(l, act);
	return 0;
}

int do_decide(struct ctx *c, struct err *e)
{
	struct home h = {0};
	struct tpl_home_blocks_items *v = arena_array(c->arena, LIST_MAX, sizeof(*v));
	size_t n = 0, refused = 0;
	h.blocks = arena_array(c->arena, HOME_BLOCKS, sizeof(*h.blocks));
	for (size_t i = 0; i < c->req->n_fields; i++) {
		if (!str_is(c->req->fields[i].name, "ids"))
			continue;
		if (n == LIST_MAX)
			return err_set(e, ERR_RANGE, _("At most %d decisions at once."), LIST_MAX);
		int r = decide_one(c, c->req->fields[i].value, &v[n], e);
		if (r < 0)
			return r;
		refused += v[n++].why.n > 0;
	}
	if (!n) {
		flash(c, _("!Nothing was checked."));
		return res_redirect(c, STR("/duties"));
	}
	struct tpl_home_blocks *b = home_block(&h, _("What became of your decisions"), "");
	b->help = arena_strf(c->arena, _("%zu decided, %zu refused."), n - refused, refused);
	b->urgent = refused > 0;
	b->items = v;
	b->n_items = n;
	return show_duties(c, &h, e);
}

int do_duty_done(struct ctx *c, struct err *e)
{
	int64_t id;
	if (str_int(c->args[0], 1, INT64_MAX, &id) < 0)
		return err_set(e, ERR_NOTFOUND, "%s", _("This duty is not open"));
	struct str note = str_trim(req_field(c, "note"));
	if (!note.n || note.n > NOTE_MAX) {
		flash(c, note.n ? _("!The remark is too long.") : _("!Please say in a remark what was done."));
		return res_redirect(c, STR("/duties"));
	}
	int r = duty_done(&c->world, c->arena, &c->actor, id, note, e);
	if (r < 0)
		return r;
	flash(c, _("Marked as done."));
	return res_redirect(c, STR("/duties"));
}

/* Opening a notice is taking note of it. */
int do_notice_open(struct ctx *c, struct err *e)
{
	struct str ledger = STR_NONE;
	int64_t id, record = 0;
	if (str_int(c->args[0], 1, INT64_MAX, &id) < 0)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such notice."));
	struct stmt *q = db_query(c->office->db, Q_NOTICE_OF);
	bind_int(q, 1, id);
	bind_int(q, 2, c->actor.person);
	if (step(q) == 1) {
		ledger = col_dup(q, 0, c->arena);
		record = col_int(q, 1);
	}
	stmt_done(q);
	if (!ledger.n)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such notice."));
	int r = notice_seen(&c->world, &c->actor, id, e);
	return r < 0 ? r : res_redirect(c, home_href(c, ledger, record));
}

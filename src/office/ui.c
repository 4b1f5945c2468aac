/* The frame of every page: head, navigation by role, who is signed in, messages, foot. Fills tpl/layout_top.html and
 * tpl/layout_bottom.html. */
#include "office/ui.h"

#include "embed.h"
#include "queries.h"
#include "tpl.h"
#include "office/judging.h"
#include "office/logs.h"
#include "office/setting.h"

#define R(r) (1u << ROLE_##r)
#define OVERSEERS (R(SECRETARIAT) | R(CHIEF) | R(CISO) | R(VICE_CISO) | R(AUDIT_CHIEF) | R(AUDITOR))
/* Waiting for the vault's acknowledgement this long is worth telling. */
#define UNSEALED_TOLD_US (60 * 1000000LL)

static const struct nav_item {
	const char *path, *label;
	uint32_t roles;
} nav_items[] = {
	{"/", N_("Home"), ROLES_ALL},
	{"/duties", N_("Waiting for me"), ROLES_ALL},
	{"/applications", N_("My applications"), ROLES_ALL},
	{"/transfers", N_("File transfer"), ROLES_ALL},
	{"/board", N_("Compliance"), ROLES_ALL},
	{"/ledgers", N_("Ledgers"), ROLES_ALL},
	{"/search", N_("Search"), ROLES_ALL},
	{"/logs", N_("Log search"), LOGS_OVERSEE},
	{"/log-sources", N_("Arrival of logs"), LOGS_OVERSEE | R(SYS_OPERATOR) | R(CLOUD_MANAGER)},
	{"/settings", N_("Settings"), OVERSEERS},
};

struct str static_path(struct arena *a, const char *name)
{
	for (size_t i = 0; embed_files[i].name; i++)
		if (strcmp(embed_files[i].name, name) == 0)
			return arena_strf(a, "/static/%s/%s", embed_files[i].hash, name);
	return STR("");
}

/* The page or one below it; "/" only itself. Clause and control pages belong to the board. */
static bool is_here(const struct ctx *c, const char *path)
{
	struct str at = c->req->path;
	size_t n = strlen(path);

	if (strcmp(path, "/board") == 0 && (str_starts(at, "/clauses/") || str_starts(at, "/controls/")))
		return true;
	return str_is(at, path) || (n > 1 && str_starts(at, path) && at.n > n && at.p[n] == '/');
}

/* Where the page is, for the way back after a change of language. */
static struct str here(const struct ctx *c)
{
	if (!str_is(c->req->method, "GET"))
		return STR("/");
	if (!c->req->query.n || c->req->query.n > 1000)
		return c->req->path;
	return arena_strf(c->arena, "%.*s?%.*s", STR_ARG(c->req->path), STR_ARG(c->req->query));
}

static void fill_nav(struct ctx *c, struct tpl_layout_top *d)
{
	struct tpl_layout_top_nav *nav = arena_array(c->arena, ARRAY_LEN(nav_items), sizeof(*nav));
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(nav_items); i++) {
		if (c->net && strcmp(nav_items[i].path, "/transfers") != 0)
			continue;
		if (nav_items[i].roles != ROLES_ALL && !(c->actor.roles & nav_items[i].roles))
			continue;
		nav[n++] = (struct tpl_layout_top_nav){
			.href = str_from(nav_items[i].path),
			.label = str_from(_(nav_items[i].label)),
			.here = is_here(c, nav_items[i].path),
		};
	}
	d->nav = nav;
	d->n_nav = n;
}

/* Roles held, in words; being staff goes without saying beside others. */
static struct str role_words(struct ctx *c)
{
	struct buf b;
	struct str out;

	buf_init(&b, 2000);
	for (int r = 0; r < ROLE_COUNT_; r++) {
		if (!ACTOR_HAS(&c->actor, r) || (r == ROLE_STAFF && c->actor.roles != R(STAFF)))
			continue;
		if (b.n)
			buf_puts(&b, i18n_lang() == LANG_JA ? "、" : ", ");
		buf_puts(&b, role_label((enum role)r));
	}
	out = arena_str(c->arena, buf_view(&b));
	buf_release(&b);
	return out;
}

static void fill_person(struct ctx *c, struct tpl_layout_top *d)
{
	static const struct {
		const char *path, *label;
	} items[] = {{"/me", N_("My account and sessions")}, {"/jobs", N_("My long jobs")}, {"/sign-in/password", N_("Change password")}};
	struct tpl_layout_top_menu *menu = arena_array(c->arena, ARRAY_LEN(items), sizeof(*menu));
	struct stmt *q = db_query(c->office->db, Q_UI_SECTION_TITLE);

	bind_int(q, 1, c->actor.section);
	if (step(q) == 1)
		d->section = col_dup(q, 0, c->arena);
	stmt_done(q);
	q = db_query(c->office->db, Q_SIGNIN_LAST);
	bind_int(q, 1, c->session->person);
	bind_int(q, 2, c->session->created_at);
	if (step(q) == 1 && !col_null(q, 0))
		d->last_sign_in = col_int(q, 0);
	stmt_done(q);
	q = db_query(c->office->db, Q_OUTBOX_WAITING);
	if (step(q) == 1 && !col_null(q, 1) && c->world.now - col_int(q, 1) > UNSEALED_TOLD_US)
		d->unsealed = col_int(q, 0);
	stmt_done(q);
	struct judging_state j;
	if (judging_now(c->office->db, &j)) {
		d->judging = !j.failed;
		d->judging_failed = j.failed;
		d->judged = j.done;
		d->judged_total = j.total;
		d->judged_at = j.as_of;
	}
	d->signed_in = true;
	d->person = c->actor.name;
	d->roles = role_words(c);
	for (size_t i = 0; i < ARRAY_LEN(items); i++)
		menu[i] = (struct tpl_layout_top_menu){str_from(items[i].path), str_from(_(items[i].label))};
	d->menu = menu;
	d->n_menu = ARRAY_LEN(items);
}

void page_begin_with(struct ctx *c, const char *title, const struct page_extra *x)
{
	struct tpl_layout_top d = {
		.lang = i18n_lang() == LANG_EN ? STR("en") : STR("ja"),
		.title = str_from(title),
		.city = setting_text(c->office->db, c->arena, "city_name"),
		.css = static_path(c->arena, "base.css"),
		.icon = static_path(c->arena, "icon.svg"),
		.today = x && x->as_of.n ? x->as_of : c->world.today,
		.past = x && x->as_of.n && !str_eq(x->as_of, c->world.today),
		.refresh = x ? x->refresh : 0,
		.here = here(c),
	};

	if (c->session) {
		d.csrf = c->session->csrf;
		d.flash = c->session->flash;
		d.flash_bad = str_starts(d.flash, "!");
		if (d.flash_bad)
			d.flash = str_slice(d.flash, 1, d.flash.n);
	}
	if (c->session && c->session->stage == SESSION_FULL && c->actor.person) {
		fill_nav(c, &d);
		fill_person(c, &d);
	}
	html_release(&c->page);
	html_init(&c->page, HTML_MAX);
	tpl_layout_top(&c->page, &d);
}

void page_begin(struct ctx *c, const char *title)
{
	page_begin_with(c, title, NULL);
}

int page_end(struct ctx *c, unsigned status)
{
	struct tpl_layout_bottom d = {
		.city = setting_text(c->office->db, c->arena, "city_name"),
		.version = STR(SEKISHO_VERSION),
		.made = c->world.now,
	};
	int r;

	tpl_layout_bottom(&c->page, &d);
	if ((r = buf_err(&c->page.out)) < 0)
		return r;
	buf_clear(&c->res->body);
	buf_str(&c->res->body, buf_view(&c->page.out));
	c->res->status = status;
	res_header(c, "content-type", STR("text/html; charset=utf-8"));
	res_header(c, "vary", STR("cookie, accept-language"));
	return buf_err(&c->res->body);
}

int page_error(struct ctx *c, unsigned status, const char *title, struct str text)
{
	struct str from = req_header(c, "referer"), host = req_header(c, "host");
	struct str back = STR("/");

	/* Back to the page this came from, when it was ours. */
	if (host.n && str_starts(from, "https://") && from.n > 8 + host.n && memcmp(from.p + 8, host.p, host.n) == 0 &&
	    from.p[8 + host.n] == '/')
		back = str_slice(from, 8 + host.n, from.n);
	struct tpl_error d = {.status = status, .title = str_from(title), .text = text, .back = back};
	page_begin(c, title);
	tpl_error(&c->page, &d);
	return page_end(c, status);
}

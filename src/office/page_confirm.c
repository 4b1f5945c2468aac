#include "office/confirm.h"

#include "core/event.h"
#include "core/proto.h"
#include "lib/clock.h"
#include "office/dispatch.h"
#include "office/pages.h"
#include "office/setting.h"
#include "office/signin.h"
#include "queries.h"
#include "tpl.h"

#define PASSWORD_MAX 256

/* What it is asked for, and where the person goes on. */
static const struct what {
	const char *name, *path, *label;
} whats[] = {
	{"factor", "/me", N_("setting up an authenticator app")},
	{"codes", "/me", N_("making new codes")},
	{"tokens", "/me/tokens", N_("making an API token")},
	{"log-tokens", "/log-sources/tokens", N_("making a token of a log source")},
};

bool confirm_fresh(struct ctx *c)
{
	int64_t since = c->session->confirmed_at > c->session->created_at ? c->session->confirmed_at : c->session->created_at;
	return c->world.now - since < setting_int(c->office->db, "confirm_minutes") * 60 * SECOND_US;
}

int confirm_ask(struct ctx *c, const char *what)
{
	return res_redirect(c, arena_strf(c->arena, "/me/confirm?for=%s", what));
}

static const struct what *what_of(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(whats); i++)
		if (str_is(name, whats[i].name))
			return &whats[i];
	return &whats[0];
}

static int show(struct ctx *c, const struct what *w, struct str error)
{
	struct tpl_confirm d = {.csrf = c->session->csrf, .error = error, .what = str_from(w->name), .label = str_from(_(w->label)),
		.back = str_from(w->path), .minutes = setting_int(c->office->db, "confirm_minutes")};
	page_begin(c, _("Please confirm that it is you"));
	tpl_confirm(&c->page, &d);
	return page_end(c, error.n ? 422 : 200);
}

int page_confirm(struct ctx *c, struct err *e)
{
	(void)e;
	return show(c, what_of(req_param(c, "for")), STR(""));
}

static int confirmed(struct ctx *c, const struct what *w, struct err *e)
{
	const struct event ev = {.action = "auth.confirm", .actor = c->session->person};
	struct stmt *q = db_query(c->office->db, Q_SESSION_CONFIRMED);
	bind_int(q, 1, c->session->id);
	bind_int(q, 2, c->world.now);
	int r = run(q, e);
	if (r < 0 || (r = event_put(c->office->db, &ev, NULL, e)) < 0)
		return r;
	flash(c, arena_printf(c->arena, _("Confirmed. You can go on with %s for %lld minutes."), _(w->label),
	                      (long long)setting_int(c->office->db, "confirm_minutes")));
	return res_redirect(c, str_from(w->path));
}

static int after(struct ctx *c, unsigned result, struct str detail, struct err *e)
{
	const struct what *w = what_of(req_field(c, "for"));
	if (result == AUTH_OK || result == AUTH_TEMPORARY)
		return confirmed(c, w, e);
	if (result == AUTH_WRONG || result == AUTH_LOCKED || result == AUTH_REPLAYED) {
		int r = signin_record(c, c->session->person, false, "auth.failure", "confirm", e);
		if (r < 0)
			return r;
	}
	return show(c, w, result == AUTH_WRONG || result == AUTH_NONE ? str_from(_("The password or code is not right.")) : auth_sentence(c, result, detail));
}

int do_confirm(struct ctx *c, struct err *e)
{
	struct str password = req_field(c, "password"), code = str_trim(req_field(c, "code"));
	struct msg m;
	if ((!password.n && !code.n) || password.n > PASSWORD_MAX || code.n > 40)
		return show(c, what_of(req_field(c, "for")), str_from(_("Enter your password or a code.")));
	auth_msg(c, &m, password.n ? AUTH_VERIFY : AUTH_SECOND);
	msg_put_i64(&m, c->session->person);
	msg_put_str(&m, password.n ? password : code);
	return auth_call(c, &m, after, NULL, e);
}

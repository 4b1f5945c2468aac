/* Signing in: password, second factor, first password change, enrolment, one-time links, signing out, language. */
#include "office/dispatch.h"
#include "office/pages.h"
#include "office/setting.h"
#include "office/signin.h"

#include <jansson.h>

#include "core/proto.h"
#include "queries.h"
#include "tpl.h"
#include "lib/date.h"
#include "lib/hash.h"

#define PASSWORD_MAX 256

static int show_signin(struct ctx *c, struct str error, struct str staff_no)
{
	struct tpl_signin d = {
		.notice = setting_text(c->office->db, c->arena, "signin_notice"),
		.error = error,
		.staff_no = staff_no,
		.next = c->req->method.n == 3 ? req_param(c, "next") : req_field(c, "next"),
		.csrf = c->session ? c->session->csrf : STR(""),
	};
	page_begin(c, _("Sign in"));
	tpl_signin(&c->page, &d);
	return page_end(c, error.n ? 403 : 200);
}

int page_signin(struct ctx *c, struct err *e)
{
	(void)e;
	if (c->session && c->session->stage == SESSION_FULL)
		return res_redirect(c, STR("/"));
	return show_signin(c, STR(""), STR(""));
}

static struct str where_to(struct ctx *c, enum session_stage stage)
{
	struct str next = req_field(c, "next");
	switch (stage) {
	case SESSION_FACTOR:
		return STR("/sign-in/second");
	case SESSION_PASSWORD:
		return STR("/sign-in/password");
	case SESSION_ENROL:
		return STR("/sign-in/enrol");
	case SESSION_FULL:
		break;
	}
	return next.n ? next : STR("/");
}

/* A full session: says when the last one was and what failed since. */
static int welcome(struct ctx *c, int64_t person, struct err *e)
{
	struct stmt *q = db_query(c->office->db, Q_SIGNIN_LAST);
	bind_int(q, 1, person);
	bind_int(q, 2, c->world.now);
	int64_t last = step(q) == 1 && !col_null(q, 0) ? col_int(q, 0) : 0;
	stmt_done(q);
	q = db_query(c->office->db, Q_SIGNIN_FAILURES_SINCE);
	bind_int(q, 1, person);
	bind_int(q, 2, last);
	int64_t failures = step(q) == 1 ? col_int(q, 0) : 0;
	stmt_done(q);
	char at[40] = "";
	if (last)
		instant_format(last, at, sizeof(at));
	if (failures)
		flash(c, arena_printf(c->arena, _("Last sign-in %s. Failed attempts since then: %lld. If they were not yours, tell the security office."),
		                      last ? at : _("(none)"), (long long)failures));
	else if (last)
		flash(c, arena_printf(c->arena, _("Last sign-in %s. No failed attempts since."), at));
	return signin_record(c, person, true, "auth.signin", "", e);
}

/* A new session at this stage, and on to what comes next there. */
static int begin(struct ctx *c, int64_t person, enum session_stage stage, struct err *e)
{
	int r = session_begin(c, person, stage, e);
	if (r < 0)
		return r;
	if (!c->session)
		c->session = ARENA_NEW(c->arena, struct session);
	c->session->id = db_last_id(c->office->db);
	if (stage == SESSION_FULL && (r = welcome(c, person, e)) < 0)
		return r;
	return res_redirect(c, where_to(c, stage));
}

static int signed_in(struct ctx *c, int64_t person, const struct factors *f, struct err *e)
{
	struct actor who;
	int r = actor_load(c->office->db, c->arena, person, c->world.today, &who, e);
	if (r == ERR_NOTFOUND)
		return show_signin(c, auth_sentence(c, AUTH_WRONG, STR_NONE), STR(""));
	if (r < 0)
		return r;
	enum session_stage stage = stage_after_password(c, &who, f);
	return begin(c, person, stage, e);
}

static int after_verify(struct ctx *c, unsigned result, struct str detail, struct err *e)
{
	int64_t person = *(int64_t *)c->then_arg;
	if (result == AUTH_OK || result == AUTH_TEMPORARY) {
		struct factors f = factors_read(c->arena, detail);
		f.temporary = result == AUTH_TEMPORARY;
		return signed_in(c, person, &f, e);
	}
	if (result == AUTH_WRONG || result == AUTH_LOCKED || result == AUTH_NONE) {
		int r = signin_record(c, person, false, "auth.failure", result == AUTH_LOCKED ? "locked" : "password", e);
		if (r < 0)
			return r;
	}
	return show_signin(c, auth_sentence(c, result, detail), req_field(c, "staff_no"));
}

/* The person of a staff number; 0 when there is none (auth still does the same work). */
static int64_t person_of(struct ctx *c, struct str staff_no)
{
	struct stmt *q = db_query(c->office->db, Q_SIGNIN_PERSON);
	bind_str(q, 1, str_trim(staff_no));
	int64_t id = step(q) == 1 ? col_int(q, 0) : 0;
	stmt_done(q);
	return id;
}

int do_signin(struct ctx *c, struct err *e)
{
	struct str staff_no = req_field(c, "staff_no"), password = req_field(c, "password");
	if (!staff_no.n || !password.n || staff_no.n > 60 || password.n > PASSWORD_MAX)
		return show_signin(c, str_from(_("Enter your staff number and password.")), str_slice(staff_no, 0, 60));
	int64_t *person = ARENA_NEW(c->arena, int64_t);
	*person = person_of(c, staff_no);
	struct msg m;
	auth_msg(c, &m, AUTH_VERIFY);
	msg_put_i64(&m, *person);
	msg_put_str(&m, password);
	return auth_call(c, &m, after_verify, person, e);
}

static int show_second(struct ctx *c, struct str error)
{
	struct tpl_signin_second d = {.error = error, .csrf = c->session->csrf};
	page_begin(c, _("Second factor"));
	tpl_signin_second(&c->page, &d);
	return page_end(c, error.n ? 403 : 200);
}

int page_second(struct ctx *c, struct err *e)
{
	(void)e;
	return c->session->stage == SESSION_FACTOR ? show_second(c, STR("")) : res_redirect(c, STR("/"));
}

static int after_second(struct ctx *c, unsigned result, struct str detail, struct err *e)
{
	int r;
	if (result != AUTH_OK) {
		if ((result == AUTH_WRONG || result == AUTH_LOCKED || result == AUTH_REPLAYED) &&
		    (r = signin_record(c, c->session->person, false, "auth.failure", "second-factor", e)) < 0)
			return r;
		return show_second(c, auth_sentence(c, result, detail));
	}
	struct factors f = factors_read(c->arena, detail);
	enum session_stage stage = f.temporary ? SESSION_PASSWORD : SESSION_FULL;
	/* A new token: what was worth half a sign-in never becomes worth a whole one. */
	int64_t person = c->session->person;
	return begin(c, person, stage, e);
}

int do_second(struct ctx *c, struct err *e)
{
	struct str code = str_trim(req_field(c, "code"));
	if (c->session->stage != SESSION_FACTOR)
		return res_redirect(c, STR("/"));
	if (!code.n || code.n > 40)
		return show_second(c, str_from(_("Enter the code.")));
	struct msg m;
	auth_msg(c, &m, AUTH_SECOND);
	msg_put_i64(&m, c->session->person);
	msg_put_str(&m, code);
	return auth_call(c, &m, after_second, NULL, e);
}

static int show_password(struct ctx *c, struct str error)
{
	struct tpl_signin_password d = {
		.error = error,
		.csrf = c->session->csrf,
		.must = c->session->stage == SESSION_PASSWORD,
		.min_length = setting_int(c->office->db, "password_min_length"),
	};
	page_begin(c, _("Change password"));
	tpl_signin_password(&c->page, &d);
	return page_end(c, error.n ? 422 : 200);
}

int page_password(struct ctx *c, struct err *e)
{
	(void)e;
	if (c->session->stage == SESSION_FACTOR)
		return res_redirect(c, STR("/sign-in/second"));
	return show_password(c, STR(""));
}

static int after_password_set(struct ctx *c, unsigned result, struct str detail, struct err *e)
{
	int r;
	if (result != AUTH_OK)
		return show_password(c, auth_sentence(c, result, detail));
	struct actor who;
	if ((r = actor_load(c->office->db, c->arena, c->session->person, c->world.today, &who, e)) < 0 ||
	    (r = signin_record(c, c->session->person, true, "auth.password", "", e)) < 0)
		return r;
	struct stmt *q = db_query(c->office->db, Q_SESSION_END_OTHERS);
	bind_int(q, 1, c->session->person);
	bind_int(q, 2, c->session->id);
	bind_int(q, 3, c->world.now);
	if ((r = run(q, e)) < 0)
		return r;
	if (c->session->stage == SESSION_PASSWORD) {
		struct factors f = factors_read(c->arena, detail);
		bool has = f.totp || f.sheet;
		enum session_stage stage = !has && factor_required(c, &who) ? SESSION_ENROL : SESSION_FULL;
		if ((r = session_stage_set(c, stage, e)) < 0)
			return r;
		flash(c, _("Your password was changed."));
		return res_redirect(c, where_to(c, stage));
	}
	flash(c, _("Your password was changed. Your other sessions were ended."));
	return res_redirect(c, STR("/me"));
}

/* Everything of a person that a password must not be made of. */
static void put_guesses(struct ctx *c, struct msg *m)
{
	struct stmt *q = db_query(c->office->db, Q_SIGNIN_GUESSES);
	bind_int(q, 1, c->session->person);
	if (step(q) == 1) {
		int n = col_count(q);
		msg_put_u32(m, (uint32_t)n);
		for (int i = 0; i < n; i++)
			msg_put_str(m, col_null(q, i) ? STR("") : col_str(q, i));
	} else {
		msg_put_u32(m, 0);
	}
	stmt_done(q);
}

static int after_current(struct ctx *c, unsigned result, struct str detail, struct err *e)
{
	if (result != AUTH_OK && result != AUTH_TEMPORARY)
		return show_password(c, result == AUTH_WRONG ? str_from(_("The present password is not right."))
		                     : auth_sentence(c, result, detail));
	struct msg m;
	auth_msg(c, &m, AUTH_SET);
	msg_put_i64(&m, c->session->person);
	msg_put_str(&m, req_field(c, "password"));
	msg_put_u8(&m, 0);
	put_guesses(c, &m);
	return auth_call(c, &m, after_password_set, NULL, e);
}

int do_password(struct ctx *c, struct err *e)
{
	struct str now = req_field(c, "current"), want = req_field(c, "password"), again = req_field(c, "again");
	if (c->session->stage == SESSION_FACTOR)
		return res_redirect(c, STR("/sign-in/second"));
	if (!now.n || !want.n || now.n > PASSWORD_MAX || want.n > PASSWORD_MAX)
		return show_password(c, str_from(_("Enter the present password and the new one.")));
	if (!str_eq(want, again))
		return show_password(c, str_from(_("The new password was not typed the same twice.")));
	struct msg m;
	auth_msg(c, &m, AUTH_VERIFY);
	msg_put_i64(&m, c->session->person);
	msg_put_str(&m, now);
	return auth_call(c, &m, after_current, NULL, e);
}

int do_signout(struct ctx *c, struct err *e)
{
	int r = session_end(c, c->session->id, e);
	if (r < 0 || (r = signin_record(c, c->session->person, true, "auth.signout", "", e)) < 0)
		return r;
	res_header(c, "set-cookie", STR("__Host-sekisho=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"));
	return res_redirect(c, STR("/sign-in"));
}

int do_language(struct ctx *c, struct err *e)
{
	bool en = str_is(req_field(c, "lang"), "en");
	int r = 0;
	if (c->session) { /* before sign-in the cookie alone says it */
		struct stmt *q = db_query(c->office->db, Q_SESSION_LANG);
		bind_int(q, 1, c->session->id);
		bind_z(q, 2, en ? "en" : "ja");
		r = run(q, e);
	}
	res_header(c, "set-cookie", en ? STR("lang=en; Path=/; Secure; SameSite=Strict; Max-Age=31536000")
	                               : STR("lang=ja; Path=/; Secure; SameSite=Strict; Max-Age=31536000"));
	struct str back = req_field(c, "back");
	return r < 0 ? r : res_redirect(c, back.n ? back : STR("/"));
}

/* --- one-time links: opening shows a button, so that a preview or a prefetch uses nothing up --------------------- */

static int link_person(struct ctx *c, int64_t *ret_token, int64_t *ret_person)
{
	char hex[SHA256_HEX];
	sha256_hex(c->args[0].p, c->args[0].n, hex);
	struct stmt *q = db_query(c->office->db, Q_TOKEN_BY_HASH);
	bind_z(q, 1, hex);
	bool ok = false;
	if (step(q) == 1 && str_is(col_str(q, 1), "link") && col_null(q, 5) && col_int(q, 4) >= c->world.now) {
		*ret_token = col_int(q, 0);
		*ret_person = col_int(q, 2);
		ok = true;
	}
	stmt_done(q);
	return ok ? 0 : ERR_DENIED;
}

int page_link(struct ctx *c, struct err *e)
{
	int64_t token, person;
	struct actor who;
	if (link_person(c, &token, &person) < 0 || actor_load(c->office->db, c->arena, person, c->world.today, &who, e) < 0)
		return err_set(e, ERR_DENIED, "%s", _("This sign-in link was used already or has expired. Ask for a new one."));
	struct tpl_signin_link d = {.name = who.name, .action = c->req->path,
	                            .csrf = c->session ? c->session->csrf : STR("")};
	page_begin(c, _("Sign in"));
	tpl_signin_link(&c->page, &d);
	return page_end(c, 200);
}

int do_link(struct ctx *c, struct err *e)
{
	int64_t token, person;
	if (link_person(c, &token, &person) < 0)
		return err_set(e, ERR_DENIED, "%s", _("This sign-in link was used already or has expired. Ask for a new one."));
	struct stmt *q = db_query(c->office->db, Q_TOKEN_USED);
	bind_int(q, 1, token);
	bind_int(q, 2, c->world.now);
	int r = run(q, e);
	return r < 0 ? r : begin(c, person, SESSION_FULL, e);
}

/* One's own account: second factor, codes, sessions; and the enrolment that some roles must finish at first sign-in. */
#include "office/confirm.h"
#include "office/dispatch.h"
#include "office/pages.h"
#include "office/signin.h"
#include "office/signin_log.h"

#include <jansson.h>

#include "core/proto.h"
#include "lib/date.h"
#include "queries.h"
#include "tpl.h"
#include "office/ui.h"

#define EVENTS_SHOWN 5                               /* the newest; all stand on a page of their own */

/* --- setting up an authenticator app ------------------------------------------------------------------------------------ */

struct enrol {
	struct str error;
	bool confirm_at_signin;                          /* the first sign-in; else from /me */
};

static struct str staff_no_of(struct ctx *c, int64_t person)
{
	struct stmt *q = db_query(c->office->db, Q_SIGNIN_GUESSES);
	bind_int(q, 1, person);
	struct str s = step(q) == 1 ? col_dup(q, 0, c->arena) : STR("");
	stmt_done(q);
	return s.p ? s : STR("");
}

static struct str groups_of_four(struct arena *a, const char *secret)
{
	struct buf b;
	buf_init(&b, 400);
	for (size_t i = 0; secret[i] && i < 200; i++) {
		if (i && i % 4 == 0)
			buf_putc(&b, ' ');
		buf_putc(&b, secret[i]);
	}
	struct str s = arena_str(a, buf_view(&b));
	buf_release(&b);
	return s;
}

static int after_begin(struct ctx *c, unsigned result, struct str detail, struct err *e)
{
	const struct enrol *x = c->then_arg;
	json_error_t je;
	if (result != AUTH_OK)
		return err_set(e, ERR_BUSY, "%.*s", STR_ARG(auth_sentence(c, result, detail)));
	json_t *o = json_loadb(detail.p, detail.n, JSON_REJECT_DUPLICATES, &je);
	const char *uri = json_string_value(json_object_get(o, "uri")), *secret = json_string_value(json_object_get(o, "secret"));
	if (!uri || !secret) {
		json_decref(o);
		return err_set(e, ERR_PROTO, "auth gave no secret");
	}
	struct tpl_signin_enrol d = {
		.error = x->error,
		.csrf = c->session->csrf,
		.action = x->confirm_at_signin ? STR("/sign-in/enrol") : STR("/me/factor/confirm"),
		.must = x->confirm_at_signin,
		.qr = ui_qr(c->arena, str_from(uri), _("Code to scan with the app")),
		.secret = groups_of_four(c->arena, secret),
		.account = staff_no_of(c, c->session->person),
		.sheet = x->confirm_at_signin,
	};
	json_decref(o);
	page_begin(c, _("Set up your second factor"));
	tpl_signin_enrol(&c->page, &d);
	return page_end(c, x->error.n ? 422 : 200);
}

static int begin(struct ctx *c, bool at_signin, struct str error, struct err *e)
{
	struct enrol *x = ARENA_NEW(c->arena, struct enrol);
	*x = (struct enrol){error, at_signin};
	struct msg m;
	auth_msg(c, &m, AUTH_TOTP_BEGIN);
	msg_put_i64(&m, c->session->person);
	msg_put_str(&m, staff_no_of(c, c->session->person));
	return auth_call(c, &m, after_begin, x, e);
}

int page_enrol(struct ctx *c, struct err *e)
{
	if (c->session->stage != SESSION_ENROL)
		return res_redirect(c, STR("/"));
	return begin(c, true, STR(""), e);
}

/* --- codes: shown once, to be printed ------------------------------------------------------------------------------------- */

struct codes {
	bool sheet, at_signin;
};

static int show_codes(struct ctx *c, const struct codes *x, json_t *list)
{
	size_t n = json_array_size(list);
	struct tpl_signin_codes_codes *rows = arena_array(c->arena, n + 1, sizeof(*rows));
	for (size_t i = 0; i < n; i++) {
		rows[i].n = (int64_t)i + 1;
		rows[i].code = arena_str(c->arena, str_from(json_string_value(json_array_get(list, i))));
	}
	struct tpl_signin_codes d = {
		.sheet = x->sheet,
		.person = c->actor.name,
		.staff_no = staff_no_of(c, c->session->person),
		.made = c->world.today,
		.codes = rows,
		.n_codes = n,
		.next = x->at_signin ? STR("/") : STR("/me"),
	};
	page_begin(c, x->sheet ? _("Code sheet") : _("Recovery codes"));
	tpl_signin_codes(&c->page, &d);
	return page_end(c, 200);
}

/* A half sign-in left elsewhere could still set up a factor of its own in place of this one. */
static int end_others(struct ctx *c, struct err *e)
{
	struct stmt *q = db_query(c->office->db, Q_SESSION_END_OTHERS);
	bind_int(q, 1, c->session->person);
	bind_int(q, 2, c->session->id);
	bind_int(q, 3, c->world.now);
	return run(q, e);
}

static int after_codes(struct ctx *c, unsigned result, struct str detail, struct err *e)
{
	const struct codes *x = c->then_arg;
	json_error_t je;
	if (result != AUTH_OK)
		return err_set(e, ERR_BUSY, "%.*s", STR_ARG(auth_sentence(c, result, detail)));
	int r = signin_record(c, c->session->person, true, x->sheet ? "auth.sheet" : "auth.recovery-codes", "", e);
	if (r >= 0 && x->at_signin && (r = end_others(c, e)) >= 0)
		r = session_stage_set(c, SESSION_FULL, e);
	if (r < 0)
		return r;
	json_t *o = json_loadb(detail.p, detail.n, JSON_REJECT_DUPLICATES, &je);
	r = show_codes(c, x, json_object_get(o, "codes"));
	json_decref(o);
	return r;
}

static int make_codes(struct ctx *c, bool sheet, bool at_signin, struct err *e)
{
	struct codes *x = ARENA_NEW(c->arena, struct codes);
	*x = (struct codes){sheet, at_signin};
	struct msg m;
	auth_msg(c, &m, AUTH_CODES);
	msg_put_i64(&m, c->session->person);
	msg_put_z(&m, sheet ? "sheet" : "recovery");
	return auth_call(c, &m, after_codes, x, e);
}

static int after_confirm(struct ctx *c, unsigned result, struct str detail, struct err *e)
{
	bool at_signin = c->session->stage == SESSION_ENROL;
	if (result != AUTH_OK)
		return begin(c, at_signin, result == AUTH_WRONG ? str_from(_("The code does not fit. Scan the new picture and try again; "
		             "check the clock of your device.")) : auth_sentence(c, result, detail), e);
	int r = signin_record(c, c->session->person, true, "auth.totp", "", e);
	return r < 0 ? r : make_codes(c, false, at_signin, e);
}

static int confirm(struct ctx *c, struct err *e)
{
	struct msg m;
	struct str code = str_trim(req_field(c, "code"));
	if (!code.n)
		return begin(c, c->session->stage == SESSION_ENROL, str_from(_("Enter the code.")), e);
	auth_msg(c, &m, AUTH_TOTP_CONFIRM);
	msg_put_i64(&m, c->session->person);
	msg_put_str(&m, str_slice(code, 0, 20));
	return auth_call(c, &m, after_confirm, NULL, e);
}

int do_enrol(struct ctx *c, struct err *e)
{
	if (c->session->stage != SESSION_ENROL)
		return res_redirect(c, STR("/"));
	return str_is(req_field(c, "kind"), "sheet") ? make_codes(c, true, true, e) : confirm(c, e);
}

int do_me_factor_begin(struct ctx *c, struct err *e)
{
	if (!confirm_fresh(c))
		return confirm_ask(c, "factor");
	return begin(c, false, STR(""), e);
}

int do_me_factor_confirm(struct ctx *c, struct err *e)
{
	if (!confirm_fresh(c))
		return confirm_ask(c, "factor");
	return confirm(c, e);
}

int do_me_codes(struct ctx *c, struct err *e)
{
	if (!confirm_fresh(c))
		return confirm_ask(c, "codes");
	return make_codes(c, str_is(req_field(c, "kind"), "sheet"), false, e);
}

/* --- sessions ---------------------------------------------------------------------------------------------------------------- */

int do_me_session_end(struct ctx *c, struct err *e)
{
	int64_t id, person = 0;
	if (str_int(c->args[0], 1, INT64_MAX, &id) < 0)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such session."));
	struct stmt *q = db_query(c->office->db, Q_SESSION_PERSON);
	bind_int(q, 1, id);
	if (step(q) == 1)
		person = col_int(q, 0);
	stmt_done(q);
	if (person != c->session->person)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such session."));
	int r = session_end(c, id, e);
	if (r < 0 || (r = signin_record(c, person, true, "auth.session-end", "", e)) < 0)
		return r;
	flash(c, _("The session was ended."));
	return res_redirect(c, STR("/me"));
}

/* --- the page ---------------------------------------------------------------------------------------------------------------- */

static struct str unit_title(struct ctx *c, int64_t unit)
{
	if (!unit)
		return STR("");
	struct stmt *q = db_query(c->office->db, Q_UI_SECTION_TITLE);
	bind_int(q, 1, unit);
	struct str s = step(q) == 1 ? col_dup(q, 0, c->arena) : STR("");
	stmt_done(q);
	return s;
}

static struct str name_of(struct ctx *c, int64_t person)
{
	if (!person)
		return STR("");
	struct stmt *q = db_query(c->office->db, Q_PERSON_NAME);
	bind_int(q, 1, person);
	struct str s = step(q) == 1 ? col_dup(q, 0, c->arena) : STR("");
	stmt_done(q);
	return s;
}

static void fill_roles(struct ctx *c, struct tpl_me *d)
{
	struct tpl_me_roles *v = arena_array(c->arena, c->actor.n_held + 1, sizeof(*v));
	for (size_t i = 0; i < c->actor.n_held; i++) {
		const struct held *h = &c->actor.held[i];
		if (h->role != ROLE_STAFF)
			v[d->n_roles++] = (struct tpl_me_roles){str_from(role_label(h->role)), unit_title(c, h->unit), name_of(c, h->on_behalf)};
	}
	d->roles = v;
}

static void fill_sessions(struct ctx *c, struct tpl_me *d)
{
	struct tpl_me_sessions *v = arena_array(c->arena, 50, sizeof(*v));
	struct stmt *q = db_query(c->office->db, Q_SESSION_LIST);
	bind_int(q, 1, c->session->person);
	while (d->n_sessions < 50 && step(q) == 1)
		v[d->n_sessions++] = (struct tpl_me_sessions){
			.id = col_int(q, 0), .since = col_int(q, 1), .seen = col_int(q, 2), .peer = col_dup(q, 3, c->arena),
			.agent = col_dup(q, 4, c->arena), .here = col_int(q, 0) == c->session->id};
	stmt_done(q);
	d->sessions = v;
}

static int after_state(struct ctx *c, unsigned result, struct str detail, struct err *e)
{
	struct factors f = factors_read(c->arena, detail);
	struct tpl_me d = {
		.csrf = c->session->csrf, .name = c->actor.name, .staff_no = c->actor.staff_no, .totp = f.totp, .sheet = f.sheet,
		.recovery_left = f.recovery_left, .required = factor_required(c, &c->actor),
	};
	struct tpl_signin_rows *events;
	size_t n_events;
	(void)result;
	int r = signin_log_mine(c, EVENTS_SHOWN, &events, &n_events, e);
	if (r < 0)
		return r;
	d.events = n_events ? events : NULL;
	fill_roles(c, &d);
	fill_sessions(c, &d);
	page_begin(c, _("My account and sessions"));
	tpl_me(&c->page, &d);
	return page_end(c, 200);
}

int page_me(struct ctx *c, struct err *e)
{
	struct msg m;
	auth_msg(c, &m, AUTH_STATE);
	msg_put_i64(&m, c->session->person);
	return auth_call(c, &m, after_state, NULL, e);
}

/* Sign-ins of people, for the security office: unlock, temporary password, ending sessions, taking a lost second factor back. */
#include "office/dispatch.h"
#include "office/pages.h"
#include "office/setting.h"
#include "office/signin.h"

#include "core/event.h"
#include "core/proto.h"
#include "lib/clock.h"
#include "lib/hash.h"
#include "queries.h"
#include "tpl.h"

#define FOUND_MAX 20
#define TWO_HANDS_US (7 * DAY_US)
#define ASKED_PASSWORD "auth.temporary-password-asked"
#define ASKED_REMOVAL "auth.factor-removal-asked"

struct issue {
	int64_t person;
	struct str name, password;                       /* password: or the search to go back to */
};

static int show(struct ctx *c, struct str search, const struct issue *made, struct str error)
{
	struct tpl_access_rows *rows = arena_array(c->arena, FOUND_MAX, sizeof(*rows));
	size_t n = 0;
	if (search.n) {
		struct stmt *q = db_query(c->office->db, Q_ACCESS_SEARCH);
		bind_str(q, 1, search);
		while (n < FOUND_MAX && step(q) == 1)
			rows[n++] = (struct tpl_access_rows){
				.id = col_int(q, 0), .name = col_dup(q, 1, c->arena), .staff_no = col_dup(q, 2, c->arena),
				.section = col_dup(q, 3, c->arena), .last = col_int(q, 4), .failures = col_int(q, 5), .sessions = col_int(q, 6)};
		stmt_done(q);
	}
	struct tpl_access d = {
		.csrf = c->session->csrf, .error = error, .search = search, .rows = rows, .n_rows = n,
		.issued_for = made ? made->name : STR(""), .issued = made ? made->password : STR(""),
	};
	page_begin(c, _("Sign-ins"));
	tpl_access(&c->page, &d);
	return page_end(c, error.n ? 422 : 200);
}

int page_access(struct ctx *c, struct err *e)
{
	(void)e;
	return show(c, str_trim(req_param(c, "search")), NULL, STR(""));
}

static int put_event(struct ctx *c, const char *action, int64_t person, struct err *e)
{
	struct event ev = {.action = action, .actor = c->actor.person, .ledger = STR("persons"), .record = person};
	return event_put(c->office->db, &ev, NULL, e);
}

static int end_sessions(struct ctx *c, int64_t person, struct err *e)
{
	struct stmt *q = db_query(c->office->db, Q_SESSION_END_OTHERS);
	bind_int(q, 1, person);
	bind_int(q, 2, person == c->session->person ? c->session->id : 0);
	bind_int(q, 3, c->world.now);
	return run(q, e);
}

static int after_temporary(struct ctx *c, unsigned result, struct str detail, struct err *e)
{
	const struct issue *x = c->then_arg;
	if (result != AUTH_OK && result != AUTH_TEMPORARY)
		return show(c, req_field(c, "search"), NULL, auth_sentence(c, result, detail));
	int r = put_event(c, "auth.temporary-password", x->person, e);
	if (r < 0 || (r = end_sessions(c, x->person, e)) < 0)
		return r;
	return show(c, req_field(c, "search"), x, STR(""));
}

static int after_simple(struct ctx *c, unsigned result, struct str detail, struct err *e)
{
	const struct issue *x = c->then_arg;
	bool unlock = str_is(req_field(c, "do"), "unlock");
	if (result != AUTH_OK && result != AUTH_NONE)
		return show(c, req_field(c, "search"), NULL, auth_sentence(c, result, detail));
	int r = put_event(c, unlock ? "auth.unlock" : "auth.factor-removed", x->person, e);
	if (r < 0)
		return r;
	flash(c, unlock ? _("Sign-in is unlocked.") : _("The second factor was removed. It must be set up again at the next sign-in."));
	return res_redirect(c, arena_strf(c->arena, "/settings/access?search=%.*s", STR_ARG(x->password)));
}

static int set_temporary(struct ctx *c, struct issue *x, struct err *e)
{
	struct msg m;
	x->password = temporary_password(c->arena);
	auth_msg(c, &m, AUTH_SET);
	msg_put_i64(&m, x->person);
	msg_put_str(&m, x->password);
	msg_put_u8(&m, 1);
	msg_put_u32(&m, 0);
	return auth_call(c, &m, after_temporary, x, e);
}

/* A new password and the second factor taken away are together a whole sign-in: the two are not in one hand within a week. */
static int check_two_hands(struct ctx *c, int64_t person, const char *mine, const char *other, struct err *e)
{
	struct stmt *q = db_query(c->office->db, Q_ACCESS_RECENT);
	bind_int(q, 1, person);
	bind_z(q, 2, other);
	bind_int(q, 3, c->actor.person);
	bind_int(q, 4, c->world.now - TWO_HANDS_US);
	bool same = step(q) == 1;
	stmt_done(q);
	return !same ? put_event(c, mine, person, e) /* before auth is asked: two requests at once do not slip through */
	             : err_set(e, ERR_DENIED, "%s", _("Whoever issues a password for somebody does not remove that person's second factor as well: "
	                       "a second person of the security office has to."));
}

int do_access(struct ctx *c, struct err *e)
{
	struct issue *x = ARENA_NEW(c->arena, struct issue);
	struct str what = req_field(c, "do");
	struct actor who;
	struct msg m;
	if (str_int(req_field(c, "person"), 1, INT64_MAX, &x->person) < 0 ||
	    actor_load(c->office->db, c->arena, x->person, c->world.today, &who, e) < 0)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such person, or the person is not active."));
	x->name = who.name;
	if (x->person == c->actor.person && !str_is(what, "sessions"))
		return err_set(e, ERR_DENIED, "%s", _("Somebody else of the security office does this for you."));
	int r = str_is(what, "temporary") ? check_two_hands(c, x->person, ASKED_PASSWORD, ASKED_REMOVAL, e)
	      : str_is(what, "forget") ? check_two_hands(c, x->person, ASKED_REMOVAL, ASKED_PASSWORD, e) : 0;
	if (r < 0)
		return r;
	if (str_is(what, "temporary"))
		return set_temporary(c, x, e);
	if (str_is(what, "unlock") || str_is(what, "forget")) {
		x->password = who.staff_no;
		auth_msg(c, &m, str_is(what, "unlock") ? AUTH_UNLOCK : AUTH_FORGET);
		msg_put_i64(&m, x->person);
		return auth_call(c, &m, after_simple, x, e);
	}
	if (!str_is(what, "sessions"))
		return err_set(e, ERR_SYNTAX, "%s", _("Unknown act."));
	r = end_sessions(c, x->person, e);
	if (r < 0 || (r = put_event(c, "auth.sessions-ended", x->person, e)) < 0)
		return r;
	flash(c, _("The sessions were ended."));
	return res_redirect(c, arena_strf(c->arena, "/settings/access?search=%.*s", STR_ARG(who.staff_no)));
}

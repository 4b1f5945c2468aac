/* One request from REQ to RESP. The order of the gates is the order of this file: route, language, session, cross-site
 * check, fields, roles, then one transaction around the handler. Whatever is not named is refused here, in one
 * place. */
#include "office/dispatch.h"

#include <unistd.h>

#include "core/proto.h"
#include "lib/clock.h"
#include "lib/date.h"
#include "lib/hash.h"
#include "lib/json.h"
#include "lib/log.h"
#include "office/change.h"
#include "office/setting.h"
#include "office/spool.h"

#define REQUEST_MEMORY_MAX (96u << 20)
#define SEALED_WAIT_US (5 * SECOND_US)

/* Requests whose answer waits for the vault's acknowledgement of sealed_seq. */
static struct ctx *waiting;

static void ctx_free(struct ctx *c)
{
	struct msg *m = c->msg;
	html_release(&c->page);
	buf_release(&c->res->body);
	if (c->res->file >= 0)
		close(c->res->file);
	spool_forget(c->office, c->req);
	request_release(c->req);
	msg_release(m);
	arena_free(c->arena);
}

/* The front may have gone while the request waited. Its descriptor's number is another's by then, and a new front counts its
 * requests anew: nobody else may be given the answer. */
static void answer(struct ctx *c)
{
	struct msg out;
	if (c->front_life != c->office->front_life[c->folder ? SIDE_FOLDER : c->net]) {
		log_info("office.reply", "path=%.*s: front is gone", STR_ARG(c->req->path));
		ctx_free(c);
		return;
	}
	if (buf_err(&c->res->body)) {
		buf_clear(&c->res->body);
		c->res->n_headers = 0;
		c->res->status = 500;
		res_header(c, "content-type", STR("text/plain; charset=utf-8"));
		buf_puts(&c->res->body, _("The page is too large. Narrow the selection."));
	}
	response_write(&out, c->req, c->res);
	int r = msg_send(c->reply_to, &out);
	if (r < 0)
		log_warn("office.reply", "error=%s", err_text(r));
	msg_release(&out);
	ctx_free(c);
}

/* A page (or JSON for the API) that says what is wrong. */
static void fail(struct ctx *c, int code, const struct err *e)
{
	static const struct { int code; unsigned status; const char *title; } table[] = {
		{ERR_NOTFOUND, 404, N_("Page not found")},
		{ERR_DENIED, 403, N_("You may not do this")},
		{ERR_ANONYMOUS, 401, N_("You may not do this")},
		{ERR_CONFLICT, 409, N_("Somebody else changed this meanwhile")},
		{ERR_WRONG_STATE, 409, N_("Not possible in this state")},
		{ERR_INVALID, 422, N_("Please check what you entered")},
		{ERR_SYNTAX, 400, N_("The request could not be read")},
		{ERR_RANGE, 400, N_("The request could not be read")},
		{ERR_TOOBIG, 413, N_("Too large")},
		{ERR_BUSY, 503, N_("Not possible just now")},
	};
	unsigned status = 500;
	const char *title = N_("An error occurred");
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].code == code) {
			status = table[i].status;
			title = table[i].title;
		}
	if (status == 500)
		log_error("office.request", "path=%.*s error=%s text=\"%s\"", STR_ARG(c->req->path), err_text(code), e->text);
	c->res->n_headers = 0;
	if (c->res->file >= 0)
		close(c->res->file);
	c->res->file = -1;
	c->res->spools = NULL;
	buf_clear(&c->res->body);
	struct str text = status == 500 ? str_from(_("Nothing was changed. The operator finds the cause in the log."))
	                                : str_from(e->text);
	if (c->route && (c->route->flags & R_API)) {
		struct buf b;
		struct jw j;
		buf_init(&b, 4096);
		jw_init(&j, &b, false);
		jw_object(&j);
		jw_kz(&j, "error", err_text(code));
		jw_kstr(&j, "message", text.n ? text : str_from(_(title)));
		jw_end_object(&j);
		if (res_json(c, status, &b) < 0)
			c->res->status = 500;
		buf_release(&b);
	} else if (page_error(c, status, _(title), text) < 0) {
		c->res->status = 500;
	}
	if (status == 503)
		res_header(c, "retry-after", STR("10"));
	if (status == 401)
		res_header(c, "www-authenticate", STR("Bearer"));
}

/* Runs one step of the request (handler or continuation) inside a transaction. */
static int in_transaction(struct ctx *c, int (*todo)(struct ctx *, void *, struct err *), void *arg, struct err *e)
{
	struct db *db = c->office->db;
	int64_t before = 0;
	int r = db_begin(db, e);
	if (r < 0)
		return r;
	c->tx = true;
	bool writer = c->office->role == OFFICE_WRITER, all = false;
	if (writer) {
		before = outbox_last(db);
		change_clear();
	}
	r = todo(c, arg, e);
	if (r >= 0 && writer && !c->discard) {
		int k = change_assess(&c->world, c->office->checks, &all, e);
		r = k < 0 ? k : r;
	}
	c->tx = false;
	if (r < 0 || c->discard) {
		db_rollback(db);
		change_clear();
		return r;
	}
	int64_t last = writer ? outbox_last(db) : 0;
	int k = db_commit(db, e);
	if (k < 0) {
		db_rollback(db);
		return k;
	}
	if (last > before)
		c->sealed_seq = last;
	if (all)
		c->office->assess_soon(c->office);
	return r;
}

static void finish(struct ctx *c, int r, struct err *e)
{
	if (r == PARKED)
		return;
	if (r == ERR_DB && db_no_room(c->office->db)) {
		log_error("office.full", "path=%.*s text=\"%s\"", STR_ARG(c->req->path), e->text);
		r = err_set(e, ERR_BUSY, "%s", _("The disk of the system is full. Nothing was changed; please tell the operator and try again later."));
	}
	if (r < 0)
		fail(c, r, e);
	struct office *o = c->office;
	if (c->sealed_seq && o->role != OFFICE_READER)
		outbox_poke(o);
	bool sealed = c->res->wait_sealed || (c->route && (c->route->flags & R_SEALED));
	if (r >= 0 && sealed && c->sealed_seq) {
		c->wait_until = clock_mono() + SEALED_WAIT_US;
		c->next = waiting;
		waiting = c;
		dispatch_sealed(o, 0);
		return;
	}
	answer(c);
}

void dispatch_sealed(struct office *o, int64_t seq)
{
	static int64_t sealed;
	if (seq > sealed)
		sealed = seq;
	struct ctx **p = &waiting;
	while (*p) {
		struct ctx *c = *p;
		if (c->sealed_seq > sealed) {
			p = &c->next;
			continue;
		}
		*p = c->next;
		answer(c);
	}
	(void)o;
}

void dispatch_expire(struct office *o)
{
	int64_t now = clock_mono();
	struct ctx **p = &waiting;
	while (*p) {
		struct ctx *c = *p;
		if (c->wait_until > now) {
			p = &c->next;
			continue;
		}
		*p = c->next;
		i18n_set(c->lang);
		log_warn("office.unsealed", "seq=%lld", (long long)c->sealed_seq);
		res_header(c, "x-sekisho-seal", STR("pending"));
		answer(c);
	}
	(void)o;
}

static enum lang pick_language(struct ctx *c)
{
	if (c->session)
		return c->session->lang;
	struct str cookie = req_cookie(c, "lang");
	if (str_is(cookie, "en"))
		return LANG_EN;
	if (str_is(cookie, "ja"))
		return LANG_JA;
	return str_starts(req_header(c, "accept-language"), "en") ? LANG_EN : LANG_JA;
}

/* A form must come from our own pages: the browser says where it comes from, and the session's secret is in the
 * form. */
static int check_origin(struct ctx *c, struct err *e)
{
	struct str site = req_header(c, "sec-fetch-site"), origin = req_header(c, "origin"), host = req_header(c, "host");
	if (site.p && !str_is(site, "same-origin") && !str_is(site, "none"))
		return err_set(e, ERR_DENIED, "%s", _("The form was sent from another site."));
	if (origin.p) {
		if (!str_starts(origin, "https://") || !str_eq(str_slice(origin, 8, origin.n), host))
			return err_set(e, ERR_DENIED, "%s", _("The form was sent from another site."));
	}
	if (!c->session || c->spool)                     /* the form itself comes after this question */
		return 0;
	struct str token = req_field(c, "csrf");
	if (token.n != c->session->csrf.n || !const_time_eq(token.p, c->session->csrf.p, token.n))
		return err_set(e, ERR_DENIED, "%s",
		               _("This form is no longer valid. Go back, reload the page and send it again."));
	return 0;
}

static int check_fields(struct ctx *c, struct err *e)
{
	const char *const *allowed = c->route->fields;
	if (allowed && allowed[0] && allowed[0][0] == '*')
		return 0;
	for (size_t i = 0; i < c->req->n_fields; i++) {
		struct str name = c->req->fields[i].name;
		bool ok = str_is(name, "csrf");
		for (size_t k = 0; allowed && allowed[k] && !ok; k++)
			ok = str_is(name, allowed[k]);
		if (!ok)
			return err_set(e, ERR_SYNTAX, _("Unknown field \"%.*s\"."), (int)(name.n > 60 ? 60 : name.n), name.p);
	}
	return 0;
}

/* Where somebody goes whose sign-in is not complete. */
static const char *next_stage_path(enum session_stage stage)
{
	switch (stage) {
	case SESSION_FACTOR:
		return "/sign-in/second";
	case SESSION_PASSWORD:
		return "/sign-in/password";
	case SESSION_ENROL:
		return "/sign-in/enrol";
	case SESSION_FULL:
		break;
	}
	return "/";
}

static int to_sign_in(struct ctx *c)
{
	if (str_is(c->req->method, "GET") && !str_is(c->req->path, "/") && c->req->path.n < 300)
		return res_redirect(c, arena_strf(c->arena, "/sign-in?next=%.*s", STR_ARG(c->req->path)));
	return res_redirect(c, STR("/sign-in"));
}

static int gates(struct ctx *c, bool *ret_done, struct err *e)
{
	const struct route *rt = c->route;
	*ret_done = true;
	bool post = !str_is(c->req->method, "GET");
	if (rt->flags & R_API) {
		int r = token_actor(c, e);
		if (r < 0)
			return r;
	} else if (c->session) {
		int r = actor_load(c->office->db, c->arena, c->session->person, c->world.today, &c->actor, e);
		if (r < 0 && r != ERR_NOTFOUND)
			return r;
		if (r == ERR_NOTFOUND)
			c->session = NULL;
	}
	if (!(rt->flags & R_API) && post) {
		int r = check_origin(c, e);
		if (r < 0)
			return r;
	}
	if (!(rt->flags & (R_PUBLIC | R_API))) {
		if (!c->session)
			return to_sign_in(c);
		if (c->session->stage != SESSION_FULL && !(rt->flags & R_NO_FACTOR))
			return res_redirect(c, str_from(next_stage_path(c->session->stage)));
	}
	if (!(rt->flags & (R_PUBLIC | R_NAMED)) && rt->roles != ROLES_ALL && !(c->actor.roles & rt->roles))
		return err_set(e, ERR_DENIED, "%s", _("Your roles do not allow this page."));
	int r = check_fields(c, e);
	if (r < 0)
		return r;
	*ret_done = false;
	return 0;
}

static int first_step(struct ctx *c, void *arg, struct err *e)
{
	(void)arg;
	bool done;
	int r = session_find(c, &c->session, e);
	if (r < 0)
		return r;
	c->lang = pick_language(c);
	i18n_set(c->lang);
	if ((r = gates(c, &done, e)) < 0 || done)
		return r;
	return c->spool ? spool_open(c, e) : c->route->run(c, e);
}

static void world_open(struct ctx *c)
{
	struct office *o = c->office;
	char today[DATE_TEXT];
	c->world.db = o->db;
	c->world.ledgers = o->ledgers;
	c->world.now = clock_now();
	date_format(date_of_instant(c->world.now), today);
	c->world.today = arena_str(c->arena, str_from(today));
}

static int retry_on_writer(struct ctx *c)
{
	struct msg m;
	msg_init(&m, REQ_RETRY);
	msg_put_i64(&m, c->req->id);
	int r = msg_send(c->reply_to, &m);
	msg_release(&m);
	ctx_free(c);
	return r == ERR_CLOSED ? 0 : r;
}

static struct ctx *ctx_new(struct office *o, int from, enum side side, struct msg *m)
{
	struct arena *a = arena_new(REQUEST_MEMORY_MAX);
	struct ctx *c = ARENA_NEW(a, struct ctx);
	c->office = o;
	c->arena = a;
	c->reply_to = from;
	c->front_life = o->front_life[side];
	c->net = side == SIDE_NET;
	c->folder = side == SIDE_FOLDER;
	c->req = ARENA_NEW(a, struct request);
	c->res = ARENA_NEW(a, struct response);
	c->msg = ARENA_NEW(a, struct msg);
	*c->msg = *m;
	msg_init(m, 0); /* taken over */
	buf_init(&c->res->body, RESPONSE_BODY_MAX);
	html_init(&c->page, HTML_MAX);
	c->res->status = 200;
	c->res->file = -1;
	return c;
}

int dispatch(struct office *o, int from, enum side side, struct msg *m)
{
	struct ctx *c = ctx_new(o, from, side, m);
	struct err e = {0};
	int r = request_read(c->msg, c->arena, c->req);
	if (r < 0) {
		ctx_free(c);
		return ERR_PROTO;
	}
	world_open(c);
	bool known;
	c->spool = str_is(c->req->method, "SPOOL");
	c->route = route_find(c->spool ? STR("POST") : c->req->method, c->req->path, c->args, &known);
	if (c->route && !(c->route->flags & R_SPOOL) && (c->spool || spool_used(c->req))) {
		ctx_free(c);                             /* front asks this for no other page */
		return ERR_PROTO;
	}
	if ((c->net || c->folder) && c->route && (!(c->route->flags & R_NET) || (c->folder && !(c->route->flags & R_API)))) {
		c->route = NULL;                         /* over there it does not exist */
		known = false;
	}
	bool writes = !str_is(c->req->method, "GET") || (c->route && (c->route->flags & R_WRITES));
	if (o->role == OFFICE_READER && writes)
		return retry_on_writer(c);
	i18n_set(c->lang = pick_language(c));
	if (!c->route)
		r = err_set(&e, known ? ERR_SYNTAX : ERR_NOTFOUND, "%s",
		            known ? _("This address cannot be used in this way.") : _("There is no such page."));
	else
		r = query_read(c->arena, c->req->query, &c->req->params, &c->req->n_params);
	if (r >= 0 && writes)
		r = outbox_open(o, c->route->flags & R_SEALED, &e);
	if (r >= 0)
		r = in_transaction(c, first_step, NULL, &e);
	finish(c, r, &e);
	return 0;
}

struct resume {
	unsigned result;
	struct str detail;
};

static int resume_step(struct ctx *c, void *arg, struct err *e)
{
	const struct resume *x = arg;
	return c->then(c, x->result, x->detail, e);
}

void dispatch_resume(struct ctx *c, unsigned result, struct str detail)
{
	struct err e = {0};
	struct resume x = {result, detail};
	i18n_set(c->lang);
	c->sealed_seq = 0;
	finish(c, in_transaction(c, resume_step, &x, &e), &e);
}

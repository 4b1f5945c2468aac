/* Sessions: a random token in a __Host- cookie, its SHA-256 in the store; idle and absolute ends; API tokens. */
#include "office/dispatch.h"

#include "core/proto.h"
#include "queries.h"
#include "lib/clock.h"
#include "lib/hash.h"
#include "office/setting.h"

#define COOKIE "__Host-sekisho"
#define TOKEN_BYTES 32
#define SEEN_EVERY_US (60 * SECOND_US)

static struct str hash_of(struct arena *a, struct str token)
{
	char hex[SHA256_HEX];
	sha256_hex(token.p, token.n, hex);
	return arena_str(a, str_from(hex));
}

/* A session is known only to the side it began on: a cookie taken in the Internet zone opens nothing here. */
static struct str session_hash(struct ctx *c, struct str token)
{
	return hash_of(c->arena, c->net ? arena_strf(c->arena, "net:%.*s", STR_ARG(token)) : token);
}

/* Remembers that the session was used and that its message is shown with this answer: the writer does it, a reader tells the writer. */
static int seen(struct ctx *c, struct session *s, struct err *e)
{
	if (c->world.now - s->seen_at < SEEN_EVERY_US && !s->flash.n)
		return 0;
	if (c->office->role == OFFICE_WRITER) {
		struct stmt *q = db_query(c->office->db, Q_SESSION_SEEN);
		bind_str(q, 1, s->token_hash);
		bind_int(q, 2, c->world.now);
		bind_int(q, 3, s->flash.n > 0);
		return run(q, e);
	}
	struct msg m;
	msg_init(&m, NOTE_SESSION_SEEN);
	msg_put_str(&m, s->token_hash);
	msg_put_i64(&m, c->world.now);
	msg_put_u8(&m, s->flash.n > 0);
	int r = c->office->writer >= 0 ? msg_send(c->office->writer, &m) : 0;
	msg_release(&m);
	return r == ERR_CLOSED ? 0 : r;
}

int session_find(struct ctx *c, struct session **ret, struct err *e)
{
	*ret = NULL;
	struct str token = req_cookie(c, COOKIE);
	if (token.n < 20 || token.n > 100)
		return 0;
	struct db *db = c->office->db;
	struct session *s = ARENA_NEW(c->arena, struct session);
	s->token_hash = session_hash(c, token);
	struct stmt *q = db_query(db, Q_SESSION_BY_TOKEN);
	bind_str(q, 1, s->token_hash);
	int r = step(q);
	if (r == 1) {
		s->id = col_int(q, 0);
		s->csrf = col_dup(q, 1, c->arena);
		s->person = col_int(q, 2);
		s->stage = (enum session_stage)col_int(q, 3);
		s->lang = str_is(col_str(q, 4), "en") ? LANG_EN : LANG_JA;
		s->created_at = col_int(q, 5);
		s->seen_at = col_int(q, 6);
		s->flash = col_dup(q, 7, c->arena);
		s->confirmed_at = col_int(q, 8);
	}
	stmt_done(q);
	if (r <= 0)
		return r;
	int64_t idle = setting_int(db, "session_idle_minutes") * 60 * SECOND_US;
	int64_t whole = setting_int(db, "session_hours") * 3600 * SECOND_US;
	if (c->world.now - s->seen_at > idle || c->world.now - s->created_at > whole)
		return 0;
	*ret = s;
	return seen(c, s, e);
}

int session_begin(struct ctx *c, int64_t person, enum session_stage stage, struct err *e)
{
	char token[64], csrf[64];
	struct db *db = c->office->db;
	if (c->session) {
		int r = session_end(c, c->session->id, e);
		if (r < 0)
			return r;
	}
	random_token(token, TOKEN_BYTES);
	random_token(csrf, TOKEN_BYTES);
	struct stmt *q = db_query(db, Q_SESSION_NEW);
	bind_str(q, 1, session_hash(c, str_from(token)));
	bind_z(q, 2, csrf);
	bind_int(q, 3, person);
	bind_int(q, 4, stage);
	bind_z(q, 5, c->lang == LANG_EN ? "en" : "ja");
	bind_int(q, 6, c->world.now);
	bind_str(q, 7, str_slice(c->req->peer, 0, 100));
	bind_str(q, 8, str_slice(req_header(c, "user-agent"), 0, 200));
	int r = run(q, e);
	if (r < 0)
		return r;
	res_header(c, "set-cookie", arena_strf(c->arena, COOKIE "=%s; Path=/; Secure; HttpOnly; SameSite=Strict", token));
	return 0;
}

int session_stage_set(struct ctx *c, enum session_stage stage, struct err *e)
{
	struct stmt *q = db_query(c->office->db, Q_SESSION_STAGE);
	bind_int(q, 1, c->session->id);
	bind_int(q, 2, stage);
	return run(q, e);
}

int session_end(struct ctx *c, int64_t session_id, struct err *e)
{
	struct stmt *q = db_query(c->office->db, Q_SESSION_END);
	bind_int(q, 1, session_id);
	bind_int(q, 2, c->world.now);
	return run(q, e);
}

void flash(struct ctx *c, const char *text)
{
	if (!c->session)
		return;
	struct stmt *q = db_query(c->office->db, Q_SESSION_FLASH);
	struct err e;
	bind_int(q, 1, c->session->id);
	bind_z(q, 2, text);
	if (run(q, &e) < 0)
		return; /* only a message to the person; the change itself stands or falls by its own statement */
}

/* "records:read records:write status:read": a token may do what its scope and its person's roles both allow. */
static bool in_scope(struct str scope, struct str method)
{
	bool write = !str_is(method, "GET");
	for (struct str rest = scope; rest.n;) {
		struct str one = str_trim(str_cut(&rest, ' '));
		if (str_is(one, "write") || (!write && str_is(one, "read")))
			return true;
	}
	return false;
}

/* Remembers its use, to the minute: the writer does it, a reader tells the writer. */
static int token_seen(struct ctx *c, int64_t id, int64_t used, struct err *e)
{
	if (c->world.now - used < SEEN_EVERY_US)
		return 0;
	if (c->office->role == OFFICE_WRITER) {
		struct stmt *q = db_query(c->office->db, Q_TOKEN_USED);
		bind_int(q, 1, id);
		bind_int(q, 2, c->world.now);
		return run(q, e);
	}
	struct msg m;
	msg_init(&m, NOTE_TOKEN_SEEN);
	msg_put_i64(&m, id);
	msg_put_i64(&m, c->world.now);
	int r = c->office->writer >= 0 ? msg_send(c->office->writer, &m) : 0;
	msg_release(&m);
	return r == ERR_CLOSED ? 0 : r;
}

int token_actor(struct ctx *c, struct err *e)
{
	struct str auth = req_header(c, "authorization");
	if (!str_starts(auth, "Bearer ") || auth.n > 200)
		return err_set(e, ERR_ANONYMOUS, "%s", _("This address needs a token: Authorization: Bearer …"));
	struct stmt *q = db_query(c->office->db, Q_TOKEN_BY_HASH);
	bind_str(q, 1, hash_of(c->arena, str_slice(auth, 7, auth.n)));
	int64_t person = 0, id = 0, used = 0;
	bool ok = false, scope = true;
	if (step(q) == 1) {
		id = col_int(q, 0);
		used = col_int(q, 5);
		person = col_int(q, 2);
		bool expired = !col_null(q, 4) && col_int(q, 4) < c->world.now;
		scope = in_scope(col_str(q, 3), c->req->method);
		ok = str_is(col_str(q, 1), "api") && !expired;
	}
	stmt_done(q);
	if (!ok)
		return err_set(e, ERR_ANONYMOUS, "%s", _("The token is unknown or expired."));
	if (!scope)
		return err_set(e, ERR_DENIED, "%s", _("The token was not made for this."));
	int r = token_seen(c, id, used, e);
	if (r < 0)
		return r;
	return actor_load(c->office->db, c->arena, person, c->world.today, &c->actor, e);
}

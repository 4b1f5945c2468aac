#include "office/token.h"

#include "core/event.h"
#include "lib/clock.h"
#include "lib/hash.h"
#include "lib/i18n.h"
#include "lib/json.h"
#include "lib/text.h"
#include "office/setting.h"
#include "queries.h"

static int put_event(struct db *db, const char *action, int64_t by, int64_t person, int64_t id, struct str scope, struct err *e)
{
	struct buf b;
	struct jw j;
	buf_init(&b, 1024);
	jw_init(&j, &b, false);
	jw_object(&j);
	jw_kint(&j, "token", id);
	if (scope.n)
		jw_kstr(&j, "scope", scope);
	jw_end_object(&j);
	const struct event ev = {.action = action, .actor = by, .on_behalf = by == person ? 0 : person, .detail = buf_view(&b)};
	int r = event_put(db, &ev, NULL, e);
	buf_release(&b);
	return r;
}

int token_make(struct db *db, const struct token_new *t, int64_t now, char text[TOKEN_TEXT], struct err *e)
{
	char hex[SHA256_HEX];
	struct str label = str_trim(t->label);
	int64_t most = setting_int(db, "token_days");
	if (!str_is(t->scope, "read") && !str_is(t->scope, "write") && !str_is(t->scope, "read write"))
		return err_set(e, ERR_INVALID, "%s", _("A token may read, or read and write."));
	if (t->days < 1 || t->days > most)
		return err_set(e, ERR_INVALID, _("A token lasts from 1 to %lld days."), (long long)most);
	if (!label.n || label.n > TOKEN_LABEL_MAX * 4)
		return err_set(e, ERR_INVALID, "%s", _("Please say what the token is for."));
	random_token(text, 32);
	sha256_hex(text, strlen(text), hex);
	struct stmt *q = db_query(db, Q_TOKEN_NEW);
	bind_z(q, 1, "api");
	bind_z(q, 2, hex);
	bind_int(q, 3, t->person);
	bind_str(q, 4, t->scope);
	bind_int(q, 5, now);
	bind_int(q, 6, t->by);
	bind_int(q, 7, now + t->days * DAY_US);
	bind_str(q, 8, label);
	int r = run(q, e);
	return r < 0 ? r : put_event(db, "auth.token", t->by, t->person, db_last_id(db), t->scope, e);
}

int token_end(struct db *db, int64_t id, int64_t owner, int64_t by, int64_t now, struct err *e)
{
	struct stmt *q = db_query(db, Q_TOKEN_PERSON);
	bind_int(q, 1, id);
	int64_t person = step(q) == 1 ? col_int(q, 0) : 0;
	stmt_done(q);
	if (!person || (owner && owner != person))
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such token, or it has ended already."));
	q = db_query(db, Q_TOKEN_END);
	bind_int(q, 1, id);
	bind_int(q, 2, now);
	int r = run(q, e);
	return r < 0 ? r : put_event(db, "auth.token-ended", by, person, id, STR_NONE, e);
}

/* The rules of signing in, apart from its pages (page_signin.c). Every attempt is an event. */
#include "office/signin.h"

#include <jansson.h>

#include "core/event.h"
#include "core/proto.h"
#include "queries.h"
#include "lib/clock.h"
#include "lib/date.h"
#include "lib/hash.h"
#include "lib/json.h"
#include "office/setting.h"

#define LINK_MINUTES 10

struct factors factors_read(struct arena *a, struct str detail)
{
	struct factors f = {0};
	json_error_t je;
	json_t *o = json_loadb(detail.p ? detail.p : "{}", detail.p ? detail.n : 2, JSON_REJECT_DUPLICATES, &je);
	if (o) {
		f.totp = json_is_true(json_object_get(o, "totp"));
		f.sheet = json_is_true(json_object_get(o, "sheet"));
		f.temporary = json_is_true(json_object_get(o, "temporary"));
		f.recovery_left = json_integer_value(json_object_get(o, "recovery_left"));
	}
	json_decref(o);
	(void)a;
	return f;
}

bool factor_required(struct ctx *c, const struct actor *who)
{
	return who->roles & setting_roles(c->office->db, "second_factor_roles");
}

enum session_stage stage_after_password(struct ctx *c, const struct actor *who, const struct factors *f)
{
	if (f->totp || f->sheet)
		return SESSION_FACTOR;
	if (f->temporary)
		return SESSION_PASSWORD;
	return factor_required(c, who) ? SESSION_ENROL : SESSION_FULL;
}

int signin_record(struct ctx *c, int64_t person, bool ok, const char *action, const char *why, struct err *e)
{
	struct buf b;
	struct jw j;
	struct stmt *q = db_query(c->office->db, Q_SIGNIN_LOG_PUT);
	if (person)
		bind_int(q, 1, person);
	else
		bind_null(q, 1);
	bind_int(q, 2, c->world.now);
	bind_int(q, 3, ok);
	bind_str(q, 4, str_slice(c->req->peer, 0, 100));
	bind_z(q, 5, why);
	int r = run(q, e);
	if (r < 0)
		return r;
	buf_init(&b, 4096);
	jw_init(&j, &b, false);
	jw_object(&j);
	jw_kstr(&j, "peer", str_slice(c->req->peer, 0, 100));
	jw_kz(&j, "why", why);
	jw_end_object(&j);
	struct event ev = {.action = action, .actor = person, .detail = buf_view(&b)};
	r = event_put(c->office->db, &ev, NULL, e);
	buf_release(&b);
	return r;
}

static struct str locked_sentence(struct ctx *c, struct str detail)
{
	json_error_t je;
	char until[40] = "";
	json_t *o = json_loadb(detail.p ? detail.p : "{}", detail.p ? detail.n : 2, 0, &je);
	int64_t at = json_integer_value(json_object_get(o, "until"));
	json_decref(o);
	if (at)
		instant_format(at, until, sizeof(until));
	return arena_strf(c->arena, _("Too many failures: sign-in is locked until %s. The security office can unlock it earlier."), until);
}

static struct str weak_sentence(struct ctx *c, struct str detail)
{
	static const struct { const char *why, *text; } table[] = {
		{"short", N_("The password is too short.")},
		{"common", N_("This password is among the most used ones. Choose another, for instance a sentence of four words.")},
		{"own-data", N_("The password contains your staff number, telephone, birthday, name or address. Choose one nobody can guess from that.")},
		{"previous", N_("You used this password before. Choose a new one.")},
	};
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (str_has(detail, arena_printf(c->arena, "\"%s\"", table[i].why)))
			return str_from(_(table[i].text));
	return str_from(_("The password is too easy to guess."));
}

struct str auth_sentence(struct ctx *c, unsigned result, struct str detail)
{
	switch ((enum auth_result)result) {
	case AUTH_OK:
	case AUTH_TEMPORARY:
		return STR("");
	case AUTH_LOCKED:
		return locked_sentence(c, detail);
	case AUTH_WEAK:
		return weak_sentence(c, detail);
	case AUTH_REPLAYED:
		return str_from(_("This code was used already. Wait for the next one."));
	case AUTH_QUEUE_FULL:
		return str_from(_("Many people are signing in just now. Try again in a few seconds."));
	case AUTH_WRONG:
	case AUTH_NONE:
		return str_from(_("The staff number, password or code is not right."));
	case AUTH_FAILED:
		break;
	}
	return str_from(_("The sign-in service does not answer. Try again in a moment."));
}

int link_make(struct office *o, struct arena *a, int64_t person, int64_t by, int64_t now, struct str *ret, struct err *e)
{
	char token[64], hex[SHA256_HEX];
	random_token(token, 32);
	sha256_hex(token, strlen(token), hex);
	struct stmt *q = db_query(o->db, Q_TOKEN_NEW);
	bind_z(q, 1, "link");
	bind_z(q, 2, hex);
	bind_int(q, 3, person);
	bind_z(q, 4, "");
	bind_int(q, 5, now);
	bind_int(q, 6, by);
	bind_int(q, 7, now + LINK_MINUTES * 60 * SECOND_US);
	bind_null(q, 8);
	int r = run(q, e);
	if (r < 0)
		return r;
	struct event ev = {.action = "auth.link", .actor = by, .on_behalf = person};
	if ((r = event_put(o->db, &ev, NULL, e)) < 0)
		return r;
	*ret = arena_strf(a, "/link/%s", token);
	return 0;
}

/* Sixteen characters that are told apart on paper. */
struct str temporary_password(struct arena *a)
{
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";
	uint8_t raw[16];
	char out[20];
	size_t n = 0;
	random_bytes(raw, sizeof(raw));
	for (size_t i = 0; i < sizeof(raw); i++) {
		if (i && i % 4 == 0)
			out[n++] = '-';
		out[n++] = letters[raw[i] % 32];
	}
	return arena_str(a, str_n(out, n));
}

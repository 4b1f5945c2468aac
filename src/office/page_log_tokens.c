/* Tokens with which programs hand logs in over HTTP (collect's POST /ingest/v1): made for a source of the ledger, shown once, kept as a
 * hash, told to collect with the table of sources until they end or expire. */
#include "office/arrival.h"
#include "office/change.h"
#include "office/confirm.h"
#include "office/pages.h"
#include "office/query.h"
#include "office/setting.h"
#include "office/ui.h"

#include "core/event.h"
#include "lib/clock.h"
#include "lib/hash.h"
#include "lib/json.h"
#include "tpl.h"

#define R(r) (1u << ROLE_##r)
#define MAKERS (R(SYS_MANAGER) | R(SYS_OPERATOR) | R(CLOUD_MANAGER) | R(CHIEF))
#define LABEL_MAX 100
#define KEYS_SHOWN 200
#define TOKEN_BYTES 32

struct shown {
	struct str error, made, source, label;
	int64_t days;
};

static void fill_keys(struct ctx *c, struct tpl_log_tokens *d)
{
	struct tpl_log_tokens_sources *v = arena_array(c->arena, KEYS_SHOWN, sizeof(*v));
	struct stmt *q = db_sql(c->office->db, "SELECT source_key, min(title) FROM log_sources WHERE state IN ('active', 'suspended') AND source_key IS NOT NULL "
	                                       "GROUP BY 1 ORDER BY 1 LIMIT 200");
	while (q && d->n_sources < KEYS_SHOWN && step(q) == 1)
		v[d->n_sources++] = (struct tpl_log_tokens_sources){col_dup(q, 0, c->arena), col_dup(q, 1, c->arena)};
	if (q)
		stmt_done(q);
	d->sources = v;
}

static struct str limit_text(struct ctx *c, int64_t rate)
{
	return rate ? arena_strf(c->arena, _("%lld a second"), (long long)rate) : str_from(_("none"));
}

static int fill_rows(struct ctx *c, struct tpl_log_tokens *d, struct err *e)
{
	size_t limit = (size_t)setting_int(c->office->db, "list_rows");
	struct tpl_log_tokens_rows *v = arena_array(c->arena, limit + 1, sizeof(*v));
	int64_t after = 0;
	if (str_int(req_param(c, "after"), 1, INT64_MAX, &after) < 0)
		after = 0;
	struct stmt *q = db_sql(c->office->db, "SELECT t.id, t.source, t.label, t.made_at, t.expires_at, t.ended_at, p.name, s.id, "
		"CASE WHEN s.id IS NULL THEN 'standard' ELSE " ARRIVAL_CLASS_SQL " END, (SELECT max(g.rate) FROM log_sources g WHERE g.source_key = t.source "
		"AND g.state IN ('active', 'suspended')) FROM log_token t LEFT JOIN persons p ON p.id = t.made_by "
		"LEFT JOIN log_sources s ON s.id = (SELECT min(x.id) FROM log_sources x WHERE x.source_key = t.source AND x.state IN ('active', 'suspended')) "
		"WHERE ?1 = 0 OR t.id < ?1 ORDER BY t.id DESC LIMIT ?2");
	if (!q)
		return err_set(e, ERR_DB, "%s", db_error(c->office->db));
	bind_int(q, 1, after);
	bind_int(q, 2, (int64_t)limit + 1);
	while (step(q) == 1) {
		if (d->n_rows == limit) {
			d->next = arena_strf(c->arena, "/log-sources/tokens?after=%lld", (long long)v[limit - 1].id);
			break;
		}
		bool ended = !col_null(q, 5), expired = col_int(q, 4) < c->world.now;
		v[d->n_rows++] = (struct tpl_log_tokens_rows){
			.id = col_int(q, 0), .source = col_dup(q, 1, c->arena), .label = col_dup(q, 2, c->arena), .created = col_int(q, 3),
			.expires = col_int(q, 4), .by = col_dup(q, 6, c->arena), .log = col_dup(q, 8, c->arena), .limit = limit_text(c, col_int(q, 9)),
			.record = col_null(q, 7) ? STR("") : arena_strf(c->arena, "/ledgers/log-sources/%lld", (long long)col_int(q, 7)),
			.state = ended ? str_from(_("ended")) : expired ? str_from(_("expired")) : str_from(_("usable")), .live = !ended && !expired};
	}
	stmt_done(q);
	d->rows = v;
	if (after)
		d->first = STR("/log-sources/tokens");
	return 0;
}

static int show(struct ctx *c, const struct shown *x, struct err *e)
{
	int64_t most = setting_int(c->office->db, "token_days");
	struct tpl_log_tokens d = {.csrf = c->session->csrf, .error = x->error, .made = x->made, .made_for = x->source, .source = x->made.n ? STR("") : x->source,
	                           .label = x->label, .days = x->days ? x->days : most, .most = most, .makes = c->actor.roles & MAKERS};
	fill_keys(c, &d);
	int r = fill_rows(c, &d, e);
	if (r < 0)
		return r;
	page_begin(c, _("Tokens of log sources"));
	tpl_log_tokens(&c->page, &d);
	return page_end(c, x->error.n ? 422 : 200);
}

int page_log_tokens(struct ctx *c, struct err *e)
{
	return show(c, &(struct shown){0}, e);
}

static int put_event(struct ctx *c, const char *action, int64_t id, struct str source, struct str label, struct err *e)
{
	struct buf b;
	struct jw j;
	buf_init(&b, 4096);
	jw_init(&j, &b, false);
	jw_object(&j);
	jw_kstr(&j, "label", label);
	jw_kstr(&j, "source", source);
	jw_kint(&j, "token", id);
	jw_end_object(&j);
	struct event ev = {.action = action, .actor = c->actor.person, .detail = buf_view(&b)};
	int r = event_put(c->office->db, &ev, &c->sealed_seq, e);
	buf_release(&b);
	return r;
}

static bool is_source(struct ctx *c, struct str key)
{
	struct stmt *q = db_sql(c->office->db, "SELECT 1 FROM log_sources WHERE source_key = ?1 AND state IN ('active', 'suspended')");
	bool is = false;
	if (!q)
		return false;
	bind_str(q, 1, key.n ? key : STR(""));
	is = step(q) == 1;
	stmt_done(q);
	return is;
}

/* What is wrong with what was typed; "": nothing. */
static const char *fault(struct ctx *c, const struct shown *x, int64_t most)
{
	if (!is_source(c, x->source))
		return _("The ledger has no log source in force with this key.");
	if (!x->label.n || x->label.n > LABEL_MAX * 4)
		return _("Please say what the token is for.");
	return x->days < 1 || x->days > most ? _("A token lasts from one day to the days of the settings.") : "";
}

int do_log_token_make(struct ctx *c, struct err *e)
{
	struct shown x = {.source = str_trim(req_field(c, "source")), .label = str_trim(req_field(c, "label"))};
	char text[64], hex[SHA256_HEX];
	if (!confirm_fresh(c))
		return confirm_ask(c, "log-tokens");
	if (str_int(req_field(c, "days"), 0, 100000, &x.days) < 0)
		x.days = 0;
	x.error = str_from(fault(c, &x, setting_int(c->office->db, "token_days")));
	if (x.error.n) {
		c->discard = true;
		return show(c, &x, e);
	}
	random_token(text, TOKEN_BYTES);
	sha256_hex(text, strlen(text), hex);
	struct stmt *q = db_sql(c->office->db, "INSERT INTO log_token(source, label, token_hash, made_at, made_by, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
	if (!q)
		return err_set(e, ERR_DB, "%s", db_error(c->office->db));
	bind_str(q, 1, x.source);
	bind_str(q, 2, x.label);
	bind_z(q, 3, hex);
	bind_int(q, 4, c->world.now);
	bind_int(q, 5, c->actor.person);
	bind_int(q, 6, c->world.now + x.days * DAY_US);
	int r = run(q, e);
	if (r == 0)
		r = put_event(c, "log-token.made", db_last_id(c->office->db), x.source, x.label, e);
	if (r < 0)
		return r;
	change_touch_sources();
	x.made = arena_str(c->arena, str_from(text));
	x.label = STR("");
	x.days = 0;
	return show(c, &x, e);
}

int do_log_token_end(struct ctx *c, struct err *e)
{
	struct str source = STR_NONE, label = STR_NONE;
	int64_t id;
	if (str_int(c->args[0], 1, INT64_MAX, &id) < 0)
		id = 0;
	struct stmt *q = db_sql(c->office->db, "SELECT source, label FROM log_token WHERE id = ?1 AND ended_at IS NULL");
	if (!q)
		return err_set(e, ERR_DB, "%s", db_error(c->office->db));
	bind_int(q, 1, id);
	if (step(q) == 1) {
		source = col_dup(q, 0, c->arena);
		label = col_dup(q, 1, c->arena);
	}
	stmt_done(q);
	if (!source.p)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such token, or it has ended already."));
	q = db_sql(c->office->db, "UPDATE log_token SET ended_at = ?2, ended_by = ?3 WHERE id = ?1");
	if (!q)
		return err_set(e, ERR_DB, "%s", db_error(c->office->db));
	bind_int(q, 1, id);
	bind_int(q, 2, c->world.now);
	bind_int(q, 3, c->actor.person);
	int r = run(q, e);
	if (r == 0)
		r = put_event(c, "log-token.ended", id, source, label, e);
	if (r < 0)
		return r;
	change_touch_sources();
	flash(c, _("The token has ended."));
	return res_redirect(c, STR("/log-sources/tokens"));
}

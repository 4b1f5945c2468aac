/* API tokens on pages: one's own, and everybody's for the security office. */
#include "office/confirm.h"
#include "office/pages.h"
#include "office/query.h"
#include "office/setting.h"
#include "office/token.h"

#include "lib/date.h"
#include "queries.h"
#include "tpl.h"

#define R(r) (1u << ROLE_##r)

struct shown {
	bool all;                                        /* of everybody */
	struct str error, made;                          /* made: the token, this once */
	struct token_new typed;
};

static struct str scope_words(struct str scope)
{
	return str_is(scope, "read") ? str_from(_("Read")) : str_from(_("Read and write"));
}

/* A scope "write" of the console means both here: in_scope of session.c gives it whatever is written and read. */
static void fill_rows(struct ctx *c, const struct shown *x, struct str search, struct tpl_tokens *d)
{
	size_t limit = (size_t)setting_int(c->office->db, "list_rows");
	struct tpl_tokens_rows *v = arena_array(c->arena, limit + 1, sizeof(*v));
	int64_t after = 0;
	const char *base = x->all ? "/settings/tokens" : "/me/tokens";
	if (str_int(req_param(c, "after"), 1, INT64_MAX, &after) < 0)
		after = 0;
	struct stmt *q = db_query(c->office->db, Q_TOKEN_LIST);
	bind_int(q, 1, x->all ? 0 : c->actor.person);
	bind_int(q, 2, after);
	bind_str(q, 3, search.n ? search : STR_NONE);
	bind_int(q, 4, (int64_t)limit + 1);
	while (step(q) == 1) {
		if (d->n_rows == limit) {
			struct link k;
			link_init(&k, str_from(base));
			link_put(&k, "search", search);
			link_put(&k, "after", arena_strf(c->arena, "%lld", (long long)v[limit - 1].id));
			d->next = link_done(&k, c->arena);
			stmt_done(q);
			break;
		}
		bool ended = !col_null(q, 6), expired = !col_null(q, 5) && col_int(q, 5) < c->world.now;
		v[d->n_rows++] = (struct tpl_tokens_rows){
			.id = col_int(q, 0), .label = col_null(q, 1) ? str_from(_("(made on the console)")) : col_dup(q, 1, c->arena),
			.scope = scope_words(col_str(q, 2)), .created = col_int(q, 3), .used = col_int(q, 4), .expires = col_int(q, 5),
			.state = ended ? str_from(_("ended")) : expired ? str_from(_("expired")) : str_from(_("usable")), .live = !ended && !expired,
			.person = arena_strf(c->arena, "%.*s %.*s", STR_ARG(col_str(q, 7)), STR_ARG(col_str(q, 8)))};
	}
	d->rows = v;
	if (after)
		d->first = str_from(base);
}

static int show(struct ctx *c, const struct shown *x)
{
	struct str search = x->all ? str_trim(req_param(c, "search")) : STR("");
	int64_t most = setting_int(c->office->db, "token_days");
	struct tpl_tokens d = {
		.csrf = c->session->csrf, .all = x->all, .error = x->error, .made = x->made, .search = search, .label = x->typed.label,
		.writes = str_is(x->typed.scope, "read write"), .days = x->typed.days ? x->typed.days : most < 90 ? most : 90, .most = most,
		.may_end = !x->all || (c->actor.roles & (R(SECRETARIAT) | R(CHIEF))), .base = x->all ? STR("/settings/tokens") : STR("/me/tokens")};
	fill_rows(c, x, search, &d);
	page_begin(c, _("API tokens"));
	tpl_tokens(&c->page, &d);
	return page_end(c, x->error.n ? 422 : 200);
}

int page_tokens(struct ctx *c, struct err *e)
{
	(void)e;
	return show(c, &(struct shown){0});
}

int page_tokens_all(struct ctx *c, struct err *e)
{
	(void)e;
	return show(c, &(struct shown){.all = true});
}

int do_token_make(struct ctx *c, struct err *e)
{
	struct shown x = {.typed = {.person = c->actor.person, .by = c->actor.person, .scope = req_field(c, "scope"), .label = str_trim(req_field(c, "label"))}};
	char text[TOKEN_TEXT];
	if (!confirm_fresh(c))
		return confirm_ask(c, "tokens");
	if (str_int(req_field(c, "days"), 0, 100000, &x.typed.days) < 0)
		x.typed.days = 0;
	int r = token_make(c->office->db, &x.typed, c->world.now, text, e);
	if (r == ERR_INVALID) {
		c->discard = true;
		x.error = arena_str(c->arena, str_from(e->text));
		return show(c, &x);
	}
	if (r < 0)
		return r;
	x.made = arena_str(c->arena, str_from(text));
	x.typed = (struct token_new){0};
	return show(c, &x);
}

static int end(struct ctx *c, int64_t owner, const char *back, struct err *e)
{
	int64_t id;
	if (str_int(c->args[0], 1, INT64_MAX, &id) < 0)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such token, or it has ended already."));
	int r = token_end(c->office->db, id, owner, c->actor.person, c->world.now, e);
	if (r < 0)
		return r;
	flash(c, _("The token has ended."));
	return res_redirect(c, str_from(back));
}

int do_token_end(struct ctx *c, struct err *e)
{
	return end(c, c->actor.person, "/me/tokens", e);
}

int do_token_end_any(struct ctx *c, struct err *e)
{
	return end(c, 0, "/settings/tokens", e);
}

#include "office/signin_log.h"

#include "lib/clock.h"
#include "lib/csv.h"
#include "lib/date.h"
#include "lib/json.h"
#include "office/listing.h"
#include "office/pages.h"
#include "office/query.h"
#include "office/setting.h"
#include "queries.h"

#define PAGE_OF_CSV 1000

/* What can be searched for; why: NULL any. */
static const struct kind {
	const char *name, *label, *actions, *why;
} kinds[] = {
	{"signin", N_("Signed in"), "[\"auth.signin\"]", NULL},
	{"failure", N_("Failed"), "[\"auth.failure\"]", NULL},
	{"locked", N_("Locks and unlocks"), "[\"auth.failure\",\"auth.unlock\"]", "locked"},
	{"password", N_("Passwords"), "[\"auth.password\",\"auth.temporary-password\",\"auth.temporary-password-asked\"]", NULL},
	{"factor", N_("Second factors and codes"),
	 "[\"auth.totp\",\"auth.sheet\",\"auth.recovery-codes\",\"auth.factor-removed\",\"auth.factor-removal-asked\",\"auth.confirm\"]", NULL},
	{"session", N_("Sign-outs and ended sessions"), "[\"auth.signout\",\"auth.session-end\",\"auth.sessions-ended\"]", NULL},
	{"token", N_("Links and API tokens"), "[\"auth.link\",\"auth.token\",\"auth.token-ended\"]", NULL},
};

static const struct word {
	const char *code, *label;
} actions[] = {
	{"auth.signin", N_("Signed in")}, {"auth.failure", N_("Failed")}, {"auth.unlock", N_("Unlocked")}, {"auth.password", N_("Password changed")},
	{"auth.temporary-password", N_("Temporary password issued")}, {"auth.temporary-password-asked", N_("Temporary password asked for")},
	{"auth.totp", N_("Authenticator app set up")}, {"auth.sheet", N_("Code sheet made")}, {"auth.recovery-codes", N_("Recovery codes made")},
	{"auth.factor-removed", N_("Second factor removed")}, {"auth.factor-removal-asked", N_("Removal of the second factor asked for")},
	{"auth.confirm", N_("Confirmed again")}, {"auth.signout", N_("Signed out")}, {"auth.session-end", N_("A session ended")},
	{"auth.sessions-ended", N_("All sessions ended")}, {"auth.link", N_("One-time link made")}, {"auth.token", N_("API token made")},
	{"auth.token-ended", N_("API token ended")},
}, reasons[] = {
	{"password", N_("wrong password")}, {"second-factor", N_("wrong code")}, {"locked", N_("locked")}, {"confirm", N_("when asked again")},
};

static struct str word_of(const struct word *v, size_t n, struct str code)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(code, v[i].code))
			return str_from(_(v[i].label));
	return code;
}

struct asked {
	bool all;
	struct str persons;                              /* JSON array, or STR_NONE: anybody */
	const struct kind *kind;
	int64_t from, before, after;                     /* 0: open */
	size_t limit;
};

struct got {
	int64_t seq, at, actor, about, index;
	struct str action, peer, why;
	bool sealed;
};

static struct stmt *query(struct db *db, const struct asked *x)
{
	struct stmt *q = db_query(db, x->persons.p ? Q_SIGNIN_EVENTS_OF : Q_SIGNIN_EVENTS);
	bind_int(q, 1, x->after);
	if (x->kind)
		bind_z(q, 2, x->kind->actions);
	else
		bind_null(q, 2);
	bind_null(q, 3);
	if (x->kind && x->kind->why)
		bind_z(q, 3, x->kind->why);
	bind_int(q, 4, x->from);
	if (x->before)
		bind_int(q, 5, x->before);
	else
		bind_null(q, 5);
	bind_int(q, 6, (int64_t)x->limit + 1);
	if (x->persons.p)
		bind_str(q, 7, x->persons);
	return q;
}

/* *ret_more: there are more than the limit. */
static size_t load(struct db *db, const struct asked *x, struct arena *a, struct got *v, bool *ret_more)
{
	struct stmt *q = query(db, x);
	size_t n = 0;
	*ret_more = false;
	while (step(q) == 1) {
		if (n == x->limit) {
			*ret_more = true;
			break;
		}
		v[n++] = (struct got){.seq = col_int(q, 0), .at = col_int(q, 1), .action = col_dup(q, 2, a), .actor = col_int(q, 3), .about = col_int(q, 4),
			.peer = col_dup(q, 5, a), .why = col_dup(q, 6, a), .sealed = !col_null(q, 7), .index = col_int(q, 7)};
	}
	stmt_done(q);
	return n;
}

static struct str who(struct db *db, struct arena *a, int64_t person, int column)
{
	struct stmt *q = db_query(db, Q_SIGNIN_WHO);
	bind_int(q, 1, person);
	struct str s = step(q) != 1 ? STR("") : column < 0 ? arena_strf(a, "%.*s %.*s", STR_ARG(col_str(q, 0)), STR_ARG(col_str(q, 1))) : col_dup(q, column, a);
	stmt_done(q);
	return s;
}

/* Whose event it is: the one it is about, else the one who acted. */
static int64_t whose(const struct got *g)
{
	return g->about ? g->about : g->actor;
}

static void fill(struct ctx *c, const struct got *v, size_t n, struct tpl_signin_rows *d)
{
	struct tpl_signin_rows_rows *rows = arena_array(c->arena, n + 1, sizeof(*rows));
	for (size_t i = 0; i < n; i++) {
		const struct got *g = &v[i];
		struct str person = who(c->office->db, c->arena, whose(g), -1);
		rows[i] = (struct tpl_signin_rows_rows){
			.at = g->at, .what = word_of(actions, ARRAY_LEN(actions), g->action), .why = word_of(reasons, ARRAY_LEN(reasons), g->why),
			.person = person.n ? person : str_from(_("(unknown staff number)")), .peer = g->peer, .sealed = g->sealed,
			.bad = str_is(g->action, "auth.failure"), .proof = arena_strf(c->arena, "/events/%lld", (long long)g->seq),
			/* Who mistyped or guessed, nobody knows. */
			.by = str_is(g->action, "auth.failure") ? str_from(_("(not known)")) : !g->about || g->about == g->actor ? STR("") : g->actor ? who(c->office->db, c->arena, g->actor, -1) : str_from(_("the console"))};
	}
	d->rows = rows;
	d->n_rows = n;
}

static struct str persons_json(struct ctx *c, struct str typed)
{
	struct str out = STR("[");
	struct stmt *q = db_query(c->office->db, Q_SIGNIN_PERSONS);
	bind_str(q, 1, typed);
	while (step(q) == 1)
		out = arena_strf(c->arena, "%.*s%s%lld", STR_ARG(out), out.n > 1 ? "," : "", (long long)col_int(q, 0));
	return arena_strf(c->arena, "%.*s]", STR_ARG(out));
}

static const struct kind *kind_of(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_is(name, kinds[i].name))
			return &kinds[i];
	return NULL;
}

static int read_query(struct ctx *c, bool all, struct asked *x, struct err *e)
{
	struct str from = str_trim(req_param(c, "from")), until = str_trim(req_param(c, "until")), person = str_trim(req_param(c, "person"));
	struct date d;
	*x = (struct asked){.all = all, .kind = kind_of(req_param(c, "kind")), .limit = (size_t)setting_int(c->office->db, "list_rows")};
	if (!all)
		x->persons = arena_strf(c->arena, "[%lld]", (long long)c->actor.person);
	else if (person.n)
		x->persons = persons_json(c, str_slice(person, 0, 200));
	if (req_param(c, "after").n && str_int(req_param(c, "after"), 1, INT64_MAX, &x->after) < 0)
		return err_set(e, ERR_INVALID, "%s", _("This page of the list does not exist"));
	if ((from.n && date_parse_loose(from, &d) < 0) || (until.n && date_parse_loose(until, &d) < 0))
		return err_set(e, ERR_INVALID, "%s", _("A day is written like 2026-11-20."));
	if (from.n && date_parse_loose(from, &d) == 0)
		x->from = date_to_instant(d, 0, 0);
	if (until.n && date_parse_loose(until, &d) == 0)
		x->before = date_to_instant(d, 0, 0) + DAY_US;
	return 0;
}

static struct str link_with(struct ctx *c, const char *path, struct str after)
{
	static const char *const kept[] = {"person", "kind", "from", "until"};
	struct link k;
	link_init(&k, str_from(path));
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		link_put(&k, kept[i], req_param(c, kept[i]));
	link_put(&k, "after", after);
	return link_done(&k, c->arena);
}

static int show(struct ctx *c, bool all, struct err *e)
{
	const char *base = all ? "/settings/sign-ins" : "/me/sign-ins";
	struct asked x;
	struct tpl_signin_rows rows = {.people = all};
	bool more = false;
	int r = read_query(c, all, &x, e);
	if (r < 0 && r != ERR_INVALID)
		return r;
	struct got *v = arena_array(c->arena, x.limit + 1, sizeof(*v));
	size_t n = r == 0 ? load(c->office->db, &x, c->arena, v, &more) : 0;
	fill(c, v, n, &rows);
	struct tpl_signin_log d = {.all = all, .base = str_from(base), .person = req_param(c, "person"), .from = req_param(c, "from"),
		.until = req_param(c, "until"), .error = r < 0 ? arena_str(c->arena, str_from(e->text)) : STR(""), .rows = n ? &rows : NULL,
		.csv = link_with(c, all ? "/settings/sign-ins.csv" : "/me/sign-ins.csv", STR("")),
		.clear = x.kind || x.from || x.before || req_param(c, "person").n ? str_from(base) : STR(""),
		.first = x.after ? link_with(c, base, STR("")) : STR(""),
		.next = more ? link_with(c, base, arena_strf(c->arena, "%lld", (long long)v[n - 1].seq)) : STR("")};
	struct tpl_signin_log_kinds *k = arena_array(c->arena, ARRAY_LEN(kinds), sizeof(*k));
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		k[d.n_kinds++] = (struct tpl_signin_log_kinds){str_from(kinds[i].name), str_from(_(kinds[i].label)), x.kind == &kinds[i]};
	d.kinds = k;
	page_begin(c, all ? _("Sign-in events") : _("My sign-in events"));
	tpl_signin_log(&c->page, &d);
	return page_end(c, r < 0 ? 422 : 200);
}

int page_signin_log(struct ctx *c, struct err *e)
{
	return show(c, true, e);
}

int page_signin_log_own(struct ctx *c, struct err *e)
{
	return show(c, false, e);
}

/* --- as CSV ---------------------------------------------------------------------------------------------------------------------- */

static void csv_row_of(struct db *db, struct arena *a, const struct got *g, struct buf *out)
{
	char at[40] = "", seq[24], index[24] = "";
	int64_t person = whose(g);
	instant_format(g->at, at, sizeof(at));
	snprintf(seq, sizeof(seq), "%lld", (long long)g->seq);
	if (g->sealed)
		snprintf(index, sizeof(index), "%lld", (long long)g->index);
	const struct str cells[] = {str_from(seq), str_from(at), g->action, word_of(actions, ARRAY_LEN(actions), g->action), who(db, a, person, 1),
		who(db, a, person, 0), g->about && g->about != g->actor ? who(db, a, g->actor, 1) : STR(""), g->peer, g->why, str_from(index)};
	for (size_t i = 0; i < ARRAY_LEN(cells); i++)
		csv_cell(out, cells[i], i == 0, true);
	csv_end_row(out);
}

static int csv_rows(struct listing_ask *k, struct asked *x, struct buf *out, bool *ret_more, struct err *e)
{
	struct arena *a = arena_new(8u << 20);           /* of one page of rows at a time */
	int64_t done = 0;
	bool more = true;
	int r = 0;
	while (r == 0 && more && done < k->most && buf_err(out) == 0) {
		arena_clear(a);
		x->limit = k->most - done < PAGE_OF_CSV ? (size_t)(k->most - done) : PAGE_OF_CSV;
		struct got *v = arena_array(a, x->limit + 1, sizeof(*v));
		size_t n = load(k->db, x, a, v, &more);
		for (size_t i = 0; i < n; i++)
			csv_row_of(k->db, a, &v[i], out);
		done += (int64_t)n;
		x->after = n ? v[n - 1].seq : x->after;
		if (k->pace)
			r = k->pace->told(k->pace->arg, done, 0, e);
	}
	arena_free(a);
	*ret_more = more;
	return r;
}

/* asked: "KIND:FROM:BEFORE:PERSONS", as asked_words wrote it. */
static int csv_of(struct listing_ask *k, bool all, struct buf *out, bool *ret_more, struct err *e)
{
	static const char *const heads[] = {"seq", "at", "action", "what", "staff_no", "name", "by", "peer", "why", "log_index"};
	char own[32];
	struct asked x = {.all = all};
	struct str rest = k->asked;
	x.kind = kind_of(str_cut(&rest, ':'));
	if (str_int(str_cut(&rest, ':'), 0, INT64_MAX, &x.from) < 0 || str_int(str_cut(&rest, ':'), 0, INT64_MAX, &x.before) < 0)
		return err_set(e, ERR_INVALID, "%s", _("A day is written like 2026-11-20."));
	x.persons = rest.n ? rest : STR_NONE;
	snprintf(own, sizeof(own), "[%lld]", (long long)k->who->person);
	if (!all)
		x.persons = str_from(own);
	for (size_t i = 0; i < ARRAY_LEN(heads); i++)
		csv_cell(out, str_from(heads[i]), i == 0, true);
	csv_end_row(out);
	return csv_rows(k, &x, out, ret_more, e);
}

static int csv_of_all(struct listing_ask *k, struct buf *out, bool *ret_more, struct err *e)
{
	if (!ACTOR_HAS(k->who, ROLE_SECRETARIAT) && !ACTOR_HAS(k->who, ROLE_CHIEF)) /* the role may have ended since the job was asked for */
		return err_set(e, ERR_DENIED, "%s", _("Your roles do not allow this."));
	return csv_of(k, true, out, ret_more, e);
}

static int csv_of_mine(struct listing_ask *k, struct buf *out, bool *ret_more, struct err *e)
{
	return csv_of(k, false, out, ret_more, e);
}

const struct listing listing_signins = {"sign-ins", N_("Sign-in events"), "/settings/sign-ins", csv_of_all};
const struct listing listing_my_signins = {"my-sign-ins", N_("My sign-in events"), "/me/sign-ins", csv_of_mine};

static struct str asked_words(struct ctx *c, const struct asked *x)
{
	return arena_strf(c->arena, "%s:%lld:%lld:%.*s", x->kind ? x->kind->name : "", (long long)x->from, (long long)x->before, STR_ARG(x->persons));
}

static int csv(struct ctx *c, const struct listing *l, const char *job, struct err *e)
{
	struct asked x;
	int r = read_query(c, l == &listing_signins, &x, e);
	return r < 0 ? r : listing_send(c, l, asked_words(c, &x), link_with(c, job, STR("")), e);
}

static int csv_job(struct ctx *c, const struct listing *l, struct err *e)
{
	struct asked x;
	int r = read_query(c, l == &listing_signins, &x, e);
	return r < 0 ? r : listing_job(c, l, asked_words(c, &x), e);
}

int page_signin_log_csv(struct ctx *c, struct err *e)
{
	return csv(c, &listing_signins, "/settings/sign-ins/export", e);
}

int page_signin_log_own_csv(struct ctx *c, struct err *e)
{
	return csv(c, &listing_my_signins, "/me/sign-ins/export", e);
}

int do_signin_log_export(struct ctx *c, struct err *e)
{
	return csv_job(c, &listing_signins, e);
}

int do_signin_log_own_export(struct ctx *c, struct err *e)
{
	return csv_job(c, &listing_my_signins, e);
}

int signin_log_mine(struct ctx *c, size_t max, struct tpl_signin_rows **ret, size_t *ret_n, struct err *e)
{
	const struct asked x = {.persons = arena_strf(c->arena, "[%lld]", (long long)c->session->person), .limit = max};
	struct got *v = arena_array(c->arena, max + 1, sizeof(*v));
	struct tpl_signin_rows *d = ARENA_NEW(c->arena, struct tpl_signin_rows);
	bool more;
	if (!v || !d)
		return err_set(e, ERR_NOMEM, "list");
	fill(c, v, load(c->office->db, &x, c->arena, v, &more), d);
	*ret = d;
	*ret_n = d->n_rows;
	return 0;
}

/* Random samples for auditors: drawn by a seed that goes on record, each record with its proof. */
#include "core/event.h"
#include "core/random_sample.h"
#include "lib/hash.h"
#include "lib/json.h"
#include "office/ledger_page.h"
#include "office/pages.h"
#include "office/ui.h"
#include "queries.h"
#include "tpl.h"

#define SEED_MAX 100

static void fill_form(struct ctx *c, struct tpl_samples *d)
{
	struct tpl_samples_ledgers *v = arena_array(c->arena, c->world.ledgers->n + 1, sizeof(*v));
	struct str chosen = req_field(c, "ledger");
	for (size_t i = 0; i < c->world.ledgers->n; i++) {
		const struct ledger *l = c->world.ledgers->v[i];
		if (ledger_may_list(&c->actor, l))
			v[d->n_ledgers++] = (struct tpl_samples_ledgers){l->name, label_text(&l->label), str_eq(l->name, chosen)};
	}
	d->ledgers = v;
	d->n = req_field(c, "n").n ? req_field(c, "n") : STR("10");
	d->seed = req_field(c, "seed");
	d->csrf = c->session->csrf;
}

static struct str ledger_words(struct ctx *c, struct str name)
{
	const struct ledger *l = ledgers_get(c->world.ledgers, name);
	return l ? label_text(&l->label) : name;
}

static int show_form(struct ctx *c, struct str error)
{
	struct tpl_samples d = {.error = error};
	struct tpl_samples_earlier *v = arena_array(c->arena, 50, sizeof(*v));
	struct stmt *q = db_query(c->office->db, Q_SAMPLE_LIST);
	fill_form(c, &d);
	while (d.n_earlier < 50 && step(q) == 1)
		v[d.n_earlier++] = (struct tpl_samples_earlier){.href = arena_strf(c->arena, "/samples/%lld", (long long)col_int(q, 0)), .at = col_int(q, 1),
			.by = col_dup(q, 2, c->arena), .ledger = ledger_words(c, col_dup(q, 3, c->arena)), .seed = col_dup(q, 4, c->arena), .n = col_int(q, 5), .of = col_int(q, 6)};
	stmt_done(q);
	d.earlier = v;
	page_begin(c, _("Random samples"));
	tpl_samples(&c->page, &d);
	return page_end(c, error.n ? 422 : 200);
}

int page_samples(struct ctx *c, struct err *e)
{
	(void)e;
	return show_form(c, STR(""));
}

/* Seed, ledger and numbers for all to see; the records drawn only where the change is kept. */
static int put(struct ctx *c, const struct ledger *l, struct str seed, const struct sample *s, int64_t *ret_id, struct err *e)
{
	struct buf detail;
	struct jw j;
	int64_t seq;
	struct str ids = STR("[");
	for (size_t i = 0; i < s->n; i++)
		ids = arena_strf(c->arena, "%.*s%s%lld", STR_ARG(ids), i ? "," : "", (long long)s->ids[i]);
	ids = arena_strf(c->arena, "%.*s]", STR_ARG(ids));
	buf_init(&detail, 4096);
	jw_init(&j, &detail, false);
	jw_object(&j);
	jw_kstr(&j, "ledger", l->name);
	jw_kstr(&j, "seed", seed);
	jw_kint(&j, "n", (int64_t)s->n);
	jw_kint(&j, "of", s->of);
	jw_end_object(&j);
	const struct event ev = {.action = "audit.sample", .actor = c->actor.person, .change = arena_strf(c->arena, "{\"ids\":%.*s}", STR_ARG(ids)),
		.detail = buf_view(&detail)};
	int r = event_put(c->office->db, &ev, &seq, e);
	buf_release(&detail);
	if (r < 0)
		return r;
	struct stmt *q = db_query(c->office->db, Q_SAMPLE_PUT);
	bind_int(q, 1, c->actor.person);
	bind_int(q, 2, c->world.now);
	bind_str(q, 3, l->name);
	bind_str(q, 4, seed);
	bind_int(q, 5, (int64_t)s->n);
	bind_int(q, 6, s->of);
	bind_str(q, 7, ids);
	bind_int(q, 8, seq);
	r = run(q, e);
	*ret_id = db_last_id(c->office->db);
	return r;
}

int do_sample(struct ctx *c, struct err *e)
{
	const struct ledger *l = ledgers_get(c->world.ledgers, req_field(c, "ledger"));
	struct str seed = str_trim(req_field(c, "seed"));
	struct sample s;
	char token[40];
	int64_t n, id = 0;
	if (!l || !ledger_may_list(&c->actor, l))
		return show_form(c, str_from(_("Choose a ledger.")));
	if (str_int(str_trim(req_field(c, "n")), 1, SAMPLE_MAX, &n) < 0 || seed.n > SEED_MAX)
		return show_form(c, arena_strf(c->arena, _("From 1 to %d records, and a seed of at most %d characters."), SAMPLE_MAX, SEED_MAX));
	if (!seed.n) {
		random_token(token, 12);
		seed = str_from(token);
	}
	int r = sample_draw(&c->world, &c->actor, l, seed, (size_t)n, &s, e);
	if (r == 0)
		r = put(c, l, seed, &s, &id, e);
	return r < 0 ? r : res_redirect(c, arena_strf(c->arena, "/samples/%lld", (long long)id));
}

static struct str section_name(struct ctx *c, int64_t id)
{
	struct stmt *q = db_query(c->office->db, Q_UI_SECTION_TITLE);
	bind_int(q, 1, id);
	struct str s = step(q) == 1 ? col_dup(q, 0, c->arena) : STR("");
	stmt_done(q);
	return s;
}

static int fill_rows(struct ctx *c, const struct ledger *l, int64_t id, struct tpl_samples *d, struct err *e)
{
	int64_t ids[SAMPLE_MAX], seqs[SAMPLE_MAX];
	size_t n = 0;
	struct stmt *q = db_query(c->office->db, Q_SAMPLE_ROWS);
	bind_int(q, 1, id);
	while (n < SAMPLE_MAX && step(q) == 1) {
		ids[n] = col_int(q, 0);
		seqs[n++] = col_int(q, 1);
	}
	stmt_done(q);
	struct tpl_samples_rows *v = arena_array(c->arena, n + 1, sizeof(*v));
	for (size_t i = 0; i < n; i++) {
		struct record rec;
		v[i].pos = (int64_t)i + 1;
		int r = l ? record_get(&c->world, c->arena, &c->actor, l, ids[i], &rec, e) : ERR_NOTFOUND;
		if (r == ERR_NOTFOUND || r == ERR_DENIED)
			continue;
		if (r < 0)
			return r;
		v[i] = (struct tpl_samples_rows){.pos = (int64_t)i + 1, .href = arena_strf(c->arena, "/ledgers/%.*s/%lld", STR_ARG(l->name), (long long)ids[i]),
			.number = rec.number.n ? rec.number : arena_strf(c->arena, "%lld", (long long)ids[i]), .title = rec.title, .section = section_name(c, rec.section),
			.own = rec.section && rec.section == c->actor.section, .state = ui_state(c->arena, l, rec.state),
			.proof = seqs[i] ? arena_strf(c->arena, "/events/%lld", (long long)seqs[i]) : STR("")};
	}
	d->rows = v;
	d->n_rows = n;
	return 0;
}

int page_sample(struct ctx *c, struct err *e)
{
	struct tpl_samples d = {0};
	struct str ledger = STR_NONE;
	int64_t id;
	if (str_int(c->args[0], 1, INT64_MAX, &id) < 0)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such sample."));
	struct stmt *q = db_query(c->office->db, Q_SAMPLE_GET);
	bind_int(q, 1, id);
	if (step(q) == 1) {
		d.at = col_int(q, 0);
		d.by = col_dup(q, 1, c->arena);
		ledger = col_dup(q, 2, c->arena);
		d.shown_seed = col_dup(q, 3, c->arena);
		d.shown_n = col_int(q, 4);
		d.shown_of = col_int(q, 5);
		d.event = arena_strf(c->arena, "/events/%lld", (long long)col_int(q, 6));
	}
	stmt_done(q);
	if (!ledger.n)
		return err_set(e, ERR_NOTFOUND, "%s", _("There is no such sample."));
	d.shown = ledger_words(c, ledger);
	int r = fill_rows(c, ledgers_get(c->world.ledgers, ledger), id, &d, e);
	if (r < 0)
		return r;
	page_begin(c, arena_printf(c->arena, _("Sample: %.*s"), STR_ARG(d.shown)));
	tpl_samples(&c->page, &d);
	return page_end(c, 200);
}

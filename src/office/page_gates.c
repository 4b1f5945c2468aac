/* The operator's view of the gates: whether they and the scanner live, what came of files over time, by format and reason, what
 * took longest, who sends most. */
#include <jansson.h>

#include "lib/date.h"
#include "lib/clock.h"
#include "office/pages.h"
#include "office/transfer.h"
#include "office/ui.h"
#include "queries.h"

#define DAYS 30
#define AGAIN_MAX 200                                    /* as many as the query gives */
#define AGE_BAD_HOURS 72                                 /* of the scanner's signatures */
#define OPERATORS ((1u << ROLE_SYS_MANAGER) | (1u << ROLE_SYS_OPERATOR) | (1u << ROLE_CSIRT) | (1u << ROLE_SECRETARIAT) | (1u << ROLE_CHIEF))
#define LINES 15
#define HIGH 100                                         /* of the picture */

static struct str text_of(struct ctx *c, json_t *o, const char *key)
{
	json_t *v = json_object_get(o, key);
	return json_is_string(v) ? arena_str(c->arena, str_n(json_string_value(v), json_string_length(v))) : STR("");
}

#define AMBER_HOURS 24                                   /* ClamAV's own come several times a day */
#define RED_HOURS 72

/* How old the signatures are in a colour and a word; what stops the gate is the gate's policy. NULL: there is no scanner that answers. */
static const struct tpl_status *freshness(struct ctx *c, json_t *health)
{
	json_t *age = json_object_get(health, "signatures_age_hours");
	int64_t hours = json_is_integer(age) ? json_integer_value(age) : -1, stop = json_integer_value(json_object_get(health, "stop_hours"));
	bool unknown_stops = json_is_true(json_object_get(health, "unknown_stops"));
	struct tpl_status *d = ARENA_NEW(c->arena, struct tpl_status);
	if (!json_is_true(json_object_get(health, "answers")))
		return NULL;
	*d = hours < 0 ? (struct tpl_status){STR("unknown"), str_from(_("age not known"))}
	     : hours <= AMBER_HOURS ? (struct tpl_status){STR("met"), str_from(_("fresh"))}
	     : hours <= RED_HOURS ? (struct tpl_status){STR("due"), str_from(_("over a day old"))}
	     : (struct tpl_status){STR("not_met"), str_from(_("over three days old"))};
	if (hours < 0 ? unknown_stops : stop && hours > stop)
		*d = (struct tpl_status){STR("not_met"), str_from(_("too old: every file is held"))};
	return d;
}

static void fill_gates(struct ctx *c, struct tpl_gates *d)
{
	struct gate_state st[GATES_MAX];
	struct tpl_gates_gates *v = arena_array(c->arena, GATES_MAX, sizeof(*v));
	size_t n = gate_states(st, GATES_MAX);
	for (size_t i = 0; i < n; i++) {
		json_error_t je;
		json_t *o = st[i].health.p ? json_loadb(st[i].health.p, st[i].health.n, JSON_REJECT_DUPLICATES, &je) : NULL;
		json_t *age = json_object_get(o, "signatures_age_hours");
		bool wanted = json_is_true(json_object_get(o, "scanner")), answers = json_is_true(json_object_get(o, "answers"));
		v[i].name = arena_str(c->arena, str_from(st[i].name));
		v[i].doing = str_from(!st[i].up ? _("does not answer") : st[i].record ? _("has a file in hand") : _("is free"));
		bool old = json_is_integer(age) && json_integer_value(age) > AGE_BAD_HOURS;
		v[i].bad = !st[i].up || (o && (!wanted || !answers)) || old;
		v[i].scanner = str_from(!o ? "" : !wanted ? _("no malware scanner is set up") : answers ? _("answers") : _("does not answer: every file is held"));
		v[i].engine = text_of(c, o, "engine");
		v[i].fresh = freshness(c, o);
		if (json_is_integer(age) && json_integer_value(age) >= 0)
			v[i].age = arena_strf(c->arena, _("%lld hours"), (long long)json_integer_value(age));
		json_decref(o);
	}
	d->gates = v;
	d->n_gates = n;
}

/* Bars of the last days, oldest first: rebuilt, held, blocked on top of each other. */
static void fill_days(struct ctx *c, struct tpl_gates *d)
{
	struct tpl_gates_days *v = arena_array(c->arena, DAYS, sizeof(*v));
	struct date today = date_of_instant(c->world.now);
	int64_t most = 1;
	for (int i = 0; i < DAYS; i++) {
		char day[DATE_TEXT];
		date_format(date_add(today, 0, 0, i + 1 - DAYS), day);
		v[i].day = arena_str(c->arena, str_from(day));
		v[i].x = i * 18;
	}
	struct stmt *q = db_query(c->office->db, Q_GATE_DAYS);
	bind_str(q, 1, v[0].day);
	while (step(q) == 1)
		for (int i = 0; i < DAYS; i++)
			if (str_eq(v[i].day, col_str(q, 0))) {
				v[i].good = col_int(q, 1);
				v[i].held = col_int(q, 2);
				v[i].blocked = col_int(q, 3);
				if (v[i].good + v[i].held + v[i].blocked > most)
					most = v[i].good + v[i].held + v[i].blocked;
			}
	stmt_done(q);
	struct tpl_gates_table *rows = arena_array(c->arena, DAYS, sizeof(*rows));
	for (int i = 0; i < DAYS; i++) {
		v[i].good_h = v[i].good * HIGH / most;
		v[i].held_h = v[i].held * HIGH / most;
		v[i].blocked_h = v[i].blocked * HIGH / most;
		v[i].good_y = 10 + HIGH - v[i].good_h;
		v[i].held_y = v[i].good_y - v[i].held_h;
		v[i].blocked_y = v[i].held_y - v[i].blocked_h;
		if (v[i].good + v[i].held + v[i].blocked)
			rows[d->n_table++] = (struct tpl_gates_table){v[i].day, v[i].good, v[i].held, v[i].blocked};
		d->good += v[i].good;
		d->held += v[i].held;
		d->blocked += v[i].blocked;
	}
	d->days = v;
	d->n_days = DAYS;
	d->table = rows;
	d->first = v[0].day;
	d->last = v[DAYS - 1].day;
	d->most = most;
	d->label = arena_strf(c->arena, _("The last 30 days: %lld rebuilt, %lld held, %lld blocked"), (long long)d->good, (long long)d->held, (long long)d->blocked);
}

int page_gates(struct ctx *c, struct err *e)
{
	struct tpl_gates d = {0};
	int64_t since = c->world.now - DAYS * DAY_US;
	(void)e;
	fill_gates(c, &d);
	fill_days(c, &d);
	struct tpl_gates_formats *f = arena_array(c->arena, LINES, sizeof(*f));
	struct stmt *q = db_query(c->office->db, Q_GATE_FORMATS);
	bind_int(q, 1, since);
	while (d.n_formats < LINES && step(q) == 1)
		f[d.n_formats++] = (struct tpl_gates_formats){col_dup(q, 0, c->arena), col_int(q, 1), col_int(q, 2), col_int(q, 3), col_int(q, 4)};
	stmt_done(q);
	d.formats = f;
	struct tpl_gates_reasons *r = arena_array(c->arena, LINES, sizeof(*r));
	q = db_query(c->office->db, Q_GATE_REASONS);
	bind_int(q, 1, since);
	bind_int(q, 2, i18n_lang() == LANG_EN);
	while (d.n_reasons < LINES && step(q) == 1)
		r[d.n_reasons++] = (struct tpl_gates_reasons){col_dup(q, 0, c->arena), col_dup(q, 2, c->arena), col_int(q, 1)};
	stmt_done(q);
	d.reasons = r;
	struct tpl_gates_slow *s = arena_array(c->arena, LINES, sizeof(*s));
	q = db_query(c->office->db, Q_GATE_SLOW);
	bind_int(q, 1, since);
	while (d.n_slow < LINES && step(q) == 1)
		s[d.n_slow++] = (struct tpl_gates_slow){arena_strf(c->arena, "/ledgers/transfers/%lld", (long long)col_int(q, 0)), col_dup(q, 1, c->arena),
		                                        col_dup(q, 2, c->arena), col_int(q, 3), col_int(q, 4)};
	stmt_done(q);
	d.slow = s;
	struct tpl_gates_senders *p = arena_array(c->arena, LINES, sizeof(*p));
	q = db_query(c->office->db, Q_GATE_SENDERS);
	bind_int(q, 1, since);
	while (d.n_senders < LINES && step(q) == 1)
		p[d.n_senders++] = (struct tpl_gates_senders){col_dup(q, 0, c->arena), col_int(q, 1), col_int(q, 2) / 1000};
	stmt_done(q);
	d.senders = p;
	q = db_query(c->office->db, Q_GATE_POSTURE);
	if (step(q) == 1)
		d.posture = col_dup(q, 0, c->arena);
	stmt_done(q);
	q = db_query(c->office->db, Q_GATE_WAITING);
	if (step(q) == 1 && (d.waiting = col_int(q, 0)))
		d.oldest = (c->world.now - col_int(q, 1)) / (60 * SECOND_US);
	stmt_done(q);
	q = db_query(c->office->db, Q_GATE_KEPT);
	if (step(q) == 1)
		d.kept = col_int(q, 0);
	stmt_done(q);
	d.csrf = c->session->csrf;
	d.again = c->actor.roles & OPERATORS ? STR("/transfers/gates/again") : STR("");
	page_begin(c, _("State of the gates"));
	tpl_gates(&c->page, &d);
	return page_end(c, 200);
}

/* The gate has improved, or a scanner is back: what is held and still kept is checked once more. */
int do_gates_again(struct ctx *c, struct err *e)
{
	int64_t ids[AGAIN_MAX];
	size_t n = 0;
	int r = 0;
	struct str note = arena_strf(c->arena, "%.*s", STR_ARG(c->actor.name));
	struct stmt *q = db_query(c->office->db, Q_TRANSFER_RETRY);
	bind_z(q, 1, "");
	while (n < AGAIN_MAX && step(q) == 1)
		ids[n++] = col_int(q, 0);
	stmt_done(q);
	for (size_t i = 0; i < n && r >= 0; i++) {
		q = db_query(c->office->db, Q_TRANSFER_FILE_AGAIN);
		bind_int(q, 1, ids[i]);
		if ((r = run(q, e)) >= 0)
			r = record_auto(&c->world, c->arena, transfer_ledger(&c->world), ids[i], "retry", &(struct values){0}, note, e);
	}
	if (r < 0)
		return r;
	gate_soon(c->office);
	flash(c, arena_printf(c->arena, _("Checked again: %zu files."), n));
	return res_redirect(c, STR("/transfers/gates"));
}

#include "office/audit.h"

#include <jansson.h>

#include "core/event.h"
#include "core/proto.h"
#include "lib/clock.h"
#include "lib/date.h"
#include "lib/json.h"
#include "lib/log.h"
#include "office/measured.h"
#include "office/setting.h"
#include "queries.h"

#define REPORT_MAX (4u << 20)
#define DETAIL_MAX (256u << 10)
#define LOGS_MOST 32u
#define HOUR_US (3600 * SECOND_US)
#define LOST_US (24 * HOUR_US)                       /* asked and never answered: asked again */

static bool asked;                                   /* of the process that is there now */

bool audit_due(int64_t now, int64_t last, int64_t hour, int64_t days)
{
	struct date today = date_of_instant(now);
	if (!last)
		return true;
	if (last > now)                                  /* the clock was put back */
		return true;
	return date_to_instant(today, (int)hour, 0) <= now && date_days(date_of_instant(last)) + days <= date_days(today);
}

/* With what the audit before left: it must still be continued. */
static int ask(struct office *o)
{
	struct stmt *q = db_query(o->db, Q_LOG_AUDIT_BEFORE);
	struct msg m, all;
	uint32_t n = 0;
	msg_init(&m, AUDIT_RUN);
	while (n < LOGS_MOST && step(q) == 1) {
		msg_put_str(&m, col_str(q, 0));
		msg_put_str(&m, col_str(q, 1));
		n++;
	}
	stmt_done(q);
	msg_init(&all, AUDIT_RUN);
	msg_put_u32(&all, n);
	buf_str(&all.out, buf_view(&m.out));
	int r = msg_send(o->audit, &all);
	msg_release(&all);
	msg_release(&m);
	return r;
}

void audit_peer(struct office *o)
{
	asked = false;
	if (o->audit >= 0 && o->db)
		audit_tick(o);
}

void audit_tick(struct office *o)
{
	static int64_t asked_at;
	struct stmt *q;
	int64_t last = 0;
	if (o->audit < 0 || (asked && clock_mono() - asked_at < LOST_US))
		return;
	q = db_query(o->db, Q_LOG_AUDIT_LAST);
	if (step(q) == 1)
		last = col_int(q, 0);
	stmt_done(q);
	if (!audit_due(clock_now(), last, setting_int(o->db, "audit_hour"), setting_int(o->db, "audit_days")) || ask(o) != 0)
		return;
	asked = true;
	asked_at = clock_mono();
}

/* --- the outcome ---------------------------------------------------------------------------------------------------------- */

static const char *text_of(const json_t *o, const char *key)
{
	const char *z = json_string_value(json_object_get(o, key));
	return z ? z : "";
}

static struct str first_problem(struct arena *a, const json_t *x)
{
	const json_t *p = json_array_get(json_object_get(x, "problems"), 0);
	return p ? arena_strf(a, "%s: %s", text_of(p, "where"), text_of(p, "what")) : STR_NONE;
}

/* A log under another name than at the audit before is another log: it says so itself in its own entries (new-origin), and somebody
 * must look once. */
static bool renamed(struct office *o, const json_t *x)
{
	struct stmt *q = db_query(o->db, Q_LOG_AUDIT_ORIGIN);
	bind_z(q, 1, text_of(x, "log"));
	bool other = step(q) == 1 && col_str(q, 0).n && *text_of(x, "origin") && !str_is(col_str(q, 0), text_of(x, "origin"));
	stmt_done(q);
	return other;
}

struct seen {
	const json_t *log;
	struct str problem;
	int64_t problems;
	bool ok;
};

static int put_row(struct office *o, const struct seen *s, int64_t now, struct err *e)
{
	struct stmt *q = db_query(o->db, Q_LOG_AUDIT_PUT);
	bool proven = json_is_true(json_object_get(s->log, "ok"));
	bind_z(q, 1, text_of(s->log, "log"));
	bind_int(q, 2, now);
	bind_int(q, 3, s->ok);
	bind_int(q, 4, json_integer_value(json_object_get(s->log, "size")));
	bind_z(q, 5, text_of(s->log, "origin"));
	bind_int(q, 6, s->problems);
	bind_str(q, 7, s->problem);
	if (proven)                                      /* what failed leaves what was known before in its place */
		bind_z(q, 8, text_of(s->log, "checkpoint"));
	else
		bind_null(q, 8);
	return run(q, e);
}

static int measure(struct office *o, const char *log, const char *part, const char *value, int64_t number, struct str detail, int64_t now, struct err *e)
{
	return measured_put(o->db, &(struct measured){"log.intact", log, part, value, number, detail, now}, e);
}

/* The copy elsewhere: `sekisho backup` takes the vault along, and its file leaves the machine (docs/operating.md). */
static int measure_copy(struct office *o, int64_t now, struct err *e)
{
	struct stmt *q = db_query(o->db, Q_LOG_COPY_LAST);
	char day[DATE_TEXT] = "";
	if (step(q) == 1 && !col_null(q, 0))
		date_format(date_of_instant(col_int(q, 0)), day);
	stmt_done(q);
	return measure(o, "office", "offsite", day, 0, STR_NONE, now, e);
}

static void put_detail(struct jw *j, const json_t *root, const struct seen *v, size_t n)
{
	jw_object(j);
	jw_kint(j, "took_ms", json_integer_value(json_object_get(root, "took_ms")));
	jw_kbool(j, "refused", json_is_true(json_object_get(root, "refused")));
	jw_key(j, "logs");
	jw_array(j);
	for (size_t i = 0; i < n; i++) {
		jw_object(j);
		jw_kz(j, "log", text_of(v[i].log, "log"));
		jw_kbool(j, "ok", v[i].ok);
		jw_kint(j, "size", json_integer_value(json_object_get(v[i].log, "size")));
		jw_kz(j, "root", text_of(v[i].log, "root"));
		jw_kint(j, "problems", v[i].problems);
		if (v[i].problem.n)
			jw_kstr(j, "first", v[i].problem);
		jw_end_object(j);
	}
	jw_end_array(j);
	jw_end_object(j);
}

static int put_event(struct office *o, const json_t *root, const struct seen *v, size_t n, struct err *e)
{
	struct buf b;
	struct jw j;
	buf_init(&b, DETAIL_MAX);
	jw_init(&j, &b, false);
	put_detail(&j, root, v, n);
	struct event ev = {.action = "vault.audit", .detail = buf_view(&b)};
	int r = buf_err(&b) ? err_set(e, ERR_TOOBIG, "too much was found to be told") : event_put(o->db, &ev, NULL, e);
	buf_release(&b);
	return r;
}

static int put_all(struct office *o, struct arena *a, const json_t *root, struct err *e)
{
	const json_t *list = json_object_get(root, "logs");
	size_t n = json_array_size(list) < 2 * LOGS_MOST ? json_array_size(list) : 2 * LOGS_MOST;
	struct seen *v = arena_array(a, n + 1, sizeof(*v));
	int64_t now = clock_now();
	bool refused = json_is_true(json_object_get(root, "refused"));
	int r = 0;
	for (size_t i = 0; r == 0 && i < n; i++) {
		const json_t *x = json_array_get(list, i);
		v[i] = (struct seen){.log = x, .ok = json_is_true(json_object_get(x, "ok")), .problem = first_problem(a, x),
		                     .problems = json_integer_value(json_object_get(x, "n_problems"))};
		if (renamed(o, x)) {
			v[i].ok = false;
			v[i].problems++;
			v[i].problem = v[i].problem.n ? v[i].problem : STR("log: it goes by another name than at the audit before");
		}
		r = put_row(o, &v[i], now, e);
		if (r == 0)
			r = measure(o, text_of(x, "log"), "chain", v[i].ok ? "ok" : "failed", v[i].problems, v[i].problem, now, e);
		if (!v[i].ok)
			log_error("office.audit", "log=%s problems=%lld first=\"%.*s\"", text_of(x, "log"), (long long)v[i].problems, STR_ARG(v[i].problem));
	}
	if (r == 0)
		r = measure(o, "office", "denied", refused ? "refused" : "possible", refused, STR_NONE, now, e);
	if (r == 0)
		r = measure_copy(o, now, e);
	if (r == 0)
		r = put_event(o, root, v, n, e);
	if (r == 0) {
		struct stmt *q = db_query(o->db, Q_LOG_AUDIT_DONE);
		bind_int(q, 1, now);
		r = run(q, e);
	}
	return r;
}

static int write_all(struct office *o, void *root, struct err *e)
{
	struct arena *a = arena_new(4u << 20);
	int r = put_all(o, a, root, e);
	arena_free(a);
	return r;
}

int audit_message(struct office *o, struct msg *m)
{
	struct err e = {0};
	struct str text;
	if (m->type != AUDIT_DONE || msg_str(m, REPORT_MAX, &text) || msg_end(m))
		return ERR_PROTO;
	json_t *root = json_loadb(text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_array(json_object_get(root, "logs"))) {
		json_decref(root);
		return ERR_PROTO;
	}
	asked = false;
	if (measured_take(o, write_all, root, &e) < 0)
		log_error("office.audit", "text=\"%s\"", e.text);
	json_decref(root);
	return 0;
}

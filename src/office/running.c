#include "office/running.h"

#include <poll.h>

#include <jansson.h>

#include "core/event.h"
#include "core/proto.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "office/measured.h"
#include "queries.h"

#define CONTROL "log.rules-running"
#define STATE_MAX (1u << 20)
#define LOGS_MOST 32u
#define RENEW_US (600 * SECOND_US)                   /* a row that says the same is renewed no sooner */
#define PLANT_US (20 * 3600 * SECOND_US)
#define AGAIN_US (3600 * SECOND_US)                  /* not found: planted again */

/* How large each log was when the vault told last: what detect says after that must reach so far. */
static struct log_head {
	char log[33];
	int64_t size, at;
} heads[LOGS_MOST];
static size_t n_heads;

static void look_at_heads(struct office *o)
{
	struct stmt *q = db_query(o->db, Q_LOG_HEADS);
	n_heads = 0;
	while (n_heads < LOGS_MOST && step(q) == 1) {
		struct log_head *h = &heads[n_heads++];
		snprintf(h->log, sizeof h->log, "%.*s", STR_ARG(col_str(q, 0)));
		h->size = col_int(q, 1);
		h->at = col_int(q, 2);
	}
	stmt_done(q);
}

/* --- the planted event ------------------------------------------------------------------------------------------------------ */

static int plant(struct office *o, void *arg, struct err *e)
{
	struct event ev = {.action = "detect.planted", .detail = STR("{}")};
	int r = event_put(o->db, &ev, NULL, e);
	if (r < 0)
		return r;
	struct stmt *q = db_query(o->db, Q_LOG_PLANTED);
	bind_int(q, 1, *(const int64_t *)arg);
	return run(q, e);
}

static void plant_when_due(struct office *o)
{
	struct stmt *q = db_query(o->db, Q_LOG_PLANTED_LAST);
	int64_t last = 0, found_at = 0, now = clock_true();
	struct err e = {0};
	bool same;
	if (step(q) == 1)
		last = col_int(q, 0);
	stmt_done(q);
	if (!measured_is(o->db, &(struct measured){CONTROL, "rules", "planted", "found", 0, STR_NONE, 0}, &same, &found_at))
		found_at = 0;
	if ((!last || last > now || now - last > (found_at >= last ? PLANT_US : AGAIN_US)) && measured_take(o, plant, &now, &e) < 0)
		log_error("office.planted", "text=\"%s\"", e.text);
}

static int found(struct office *o, void *arg, struct err *e)
{
	return measured_put(o->db, &(struct measured){CONTROL, "rules", "planted", "found", 1, STR_NONE, clock_true()}, e);
}

void running_found(struct office *o)
{
	struct err e = {0};
	if (measured_take(o, found, NULL, &e) < 0)
		log_error("office.planted", "text=\"%s\"", e.text);
}

/* --- how far it is ------------------------------------------------------------------------------------------------------------ */

void running_tick(struct office *o, int detect)
{
	struct pollfd p = {.fd = detect, .events = POLLOUT};
	struct msg m;
	if (detect < 0 || poll(&p, 1, 0) != 1 || !(p.revents & POLLOUT))
		return;
	look_at_heads(o);
	msg_init(&m, DETECT_STATUS);
	(void)!msg_send(detect, &m);                     /* the loop notices by itself when it is gone */
	msg_release(&m);
}

/* A row that stands for longer than it must not be renewed says when it was so last. */
static int renew(struct office *o, struct measured m, bool stands, struct err *e)
{
	bool same = false;
	int64_t at = 0;
	if (measured_is(o->db, &m, &same, &at)) {
		if (same && (!stands || m.at - at < RENEW_US))
			return 0;
		if (!stands)                                 /* it is behind since then */
			m.at = at;
	}
	return measured_put(o->db, &m, e);
}

static int write_state(struct office *o, void *arg, struct err *e)
{
	const json_t *root = arg, *logs = json_object_get(root, "logs");
	int64_t rules = json_integer_value(json_object_get(root, "on")), faults = json_integer_value(json_object_get(root, "faults"));
	int r = 0;
	for (size_t i = 0; r == 0 && i < n_heads; i++) {
		const json_t *next = json_object_get(logs, *heads[i].log ? heads[i].log : "office");
		int64_t behind = heads[i].size - json_integer_value(next);
		bool there = json_is_integer(next) && behind <= 0;
		r = renew(o, (struct measured){CONTROL, *heads[i].log ? heads[i].log : "office", "run", there ? "judged" : "behind",
		                               behind > 0 ? behind : 0, STR_NONE, heads[i].at}, there, e);
	}
	if (r == 0)
		r = renew(o, (struct measured){CONTROL, "rules", "rules", faults ? "faults" : rules ? "loaded" : "none", faults, STR_NONE, clock_now()}, true, e);
	return r;
}

int running_message(struct office *o, struct msg *m)
{
	struct err e = {0};
	struct str text;
	if (m->type != DETECT_STATE || msg_str(m, STATE_MAX, &text) || msg_end(m))
		return ERR_PROTO;
	json_t *root = json_loadb(text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(root)) {
		json_decref(root);
		return ERR_PROTO;
	}
	if (measured_take(o, write_state, root, &e) < 0)
		log_error("office.running", "text=\"%s\"", e.text);
	json_decref(root);
	plant_when_due(o);                               /* it is there and reads: what is planted before that could be missed */
	return 0;
}

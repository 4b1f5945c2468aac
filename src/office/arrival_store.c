/* What the vault says of its logs: how large, how far back, under which policy, and how much room the disk has. */
#include "office/arrival.h"

#include <jansson.h>

#include "core/proto.h"
#include "lib/clock.h"
#include "lib/date.h"
#include "lib/log.h"
#include "queries.h"

#define STATE_MAX (16u << 20)
#define LOGS_MOST 32u
#define AGAIN_US (600 * SECOND_US)                   /* a policy the vault refused is tried again */
#define SPAN_DAYS 30

void arrival_ask_vault(struct office *o)
{
	struct msg m;
	if (o->vault < 0)
		return;
	msg_init(&m, VAULT_STATUS);
	int r = msg_send(o->vault, &m);
	if (r < 0 && r != ERR_CLOSED)
		log_warn("office.arrival", "error=%s", err_text(r));
	msg_release(&m);
}

static int64_t number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static int put_log(struct office *o, const char *name, const json_t *x, int64_t now, struct err *e)
{
	const char *state = json_string_value(json_object_get(x, "state"));
	char day[DATE_TEXT];
	struct stmt *q;
	if (!name || !state)
		return err_set(e, ERR_PROTO, "a log without a name or a state");
	if (!json_object_get(x, "size")) {               /* closed or refused: what was known of it stays */
		q = db_query(o->db, Q_LOG_UNAVAILABLE);
		bind_z(q, 1, name);
		bind_z(q, 2, state);
		bind_int(q, 3, now);
		return run(q, e);
	}
	q = db_query(o->db, Q_LOG_STORE_PUT);
	bind_z(q, 1, name);
	bind_z(q, 2, state);
	bind_int(q, 3, number(x, "size"));
	bind_int(q, 4, number(x, "minimum"));
	bind_int(q, 5, number(x, "policy_days"));
	bind_int(q, 6, number(x, "used"));
	bind_int(q, 7, number(x, "oldest_at"));
	bind_int(q, 8, now);
	int r = run(q, e);
	if (r < 0)
		return r;
	date_format(date_of_instant(now), day);
	q = db_query(o->db, Q_LOG_DAY_USED);
	bind_z(q, 1, day);
	bind_z(q, 2, name);
	bind_int(q, 3, number(x, "used"));
	return run(q, e);
}

static int put_state(struct office *o, const json_t *root, struct err *e)
{
	int64_t now = clock_true();
	const json_t *list = json_object_get(root, "logs");
	struct stmt *q = db_query(o->db, Q_LOG_HOUSE_DISK);
	bind_int(q, 1, number(root, "disk_free"));
	bind_int(q, 2, number(root, "disk_total"));
	bind_int(q, 3, now);
	int r = run(q, e);
	if (r == 0)
		r = put_log(o, "", root, now, e);
	for (size_t i = 0; r == 0 && i < json_array_size(list); i++)
		r = put_log(o, json_string_value(json_object_get(json_array_get(list, i), "name")), json_array_get(list, i), now, e);
	return r;
}

int arrival_vault(struct office *o, struct msg *m)
{
	struct str text;
	struct err e = {0};
	json_error_t je;
	if (msg_str(m, STATE_MAX, &text) != 0 || msg_end(m) != 0)
		return ERR_PROTO;
	json_t *root = json_loadb(text.p ? text.p : "", text.n, JSON_REJECT_DUPLICATES, &je);
	if (!json_is_object(root)) {
		json_decref(root);
		return ERR_PROTO;
	}
	int r = db_begin(o->db, &e);
	if (r == 0) {
		r = put_state(o, root, &e);
		if (r == 0)
			r = db_commit(o->db, &e);
		if (r < 0)
			db_rollback(o->db);
	}
	if (r < 0)                                       /* asked again in a while */
		log_error("office.arrival", "text=\"%s\"", e.text);
	json_decref(root);
	return r == ERR_PROTO ? r : 0;
}

/* --- retention -------------------------------------------------------------------------------------------------------------- */

int64_t arrival_days(struct db *db, struct str log, int64_t now)
{
	struct stmt *q = db_sql(db, "SELECT max(r.days) FROM (SELECT " ARRIVAL_DAYS_SQL("s") " AS days, " ARRIVAL_CLASS_SQL " AS log, p.last_at "
	                            "FROM log_sources s LEFT JOIN log_place p ON p.source = s.source_key AND p.log = ?1 "
	                            "WHERE s.state IN ('active', 'suspended', 'keeping') AND s.method <> 'provider' AND s.retention IS NOT NULL) r "
	                            "WHERE r.log = ?1 OR r.last_at + r.days * 86400000000 > ?2");
	int64_t most = 0;
	if (!q)
		return 0;
	bind_str(q, 1, log);
	bind_int(q, 2, now);
	if (step(q) == 1)
		most = col_int(q, 0);
	stmt_done(q);
	return most;
}

static int set_policy(struct office *o, struct str log, int64_t want, struct err *e)
{
	char reason[200];
	snprintf(reason, sizeof reason, "log-sources: the longest retention in force is %lld days", (long long)want);
	int r = arrival_policy(o, log, want, str_from(reason), e);
	if (r < 0)
		return r;
	struct stmt *q = db_query(o->db, Q_LOG_POLICY_IS); /* until the vault says so itself */
	bind_str(q, 1, log);
	bind_int(q, 2, want);
	r = run(q, e);
	if (r < 0)
		return r;
	q = db_query(o->db, Q_LOG_POLICY_MADE);
	bind_str(q, 1, log);
	bind_int(q, 2, want);
	return run(q, e);
}

/* The policy last made of the ledger follows the ledger, in each log. One that the console set since stays, and the page and the check
 * log.retained say where it is not what the ledger wants. */
void arrival_keep_policy(struct office *o)
{
	static int64_t failed_at;
	struct { char log[33]; int64_t days; } want[LOGS_MOST] = {0};
	struct err e = {0};
	size_t n = 0;
	if (o->vault < 0 || (failed_at && clock_mono() - failed_at < AGAIN_US) || !ledgers_get(o->ledgers, STR("log-sources")))
		return;
	struct stmt *q = db_query(o->db, Q_LOG_POLICY);
	while (n < LOGS_MOST && step(q) == 1) {
		int64_t is = col_int(q, 1), days = arrival_days(o->db, col_str(q, 0), clock_true());
		if (!days || is == days || (is && is != col_int(q, 2)))
			continue;
		snprintf(want[n].log, sizeof want[n].log, "%.*s", STR_ARG(col_str(q, 0)));
		want[n++].days = days;
	}
	stmt_done(q);
	failed_at = 0;
	for (size_t i = 0; i < n; i++) {
		if (set_policy(o, str_from(want[i].log), want[i].days, &e) == 0)
			continue;
		failed_at = clock_mono();
		log_error("office.retention", "log=%s days=%lld text=\"%s\"", want[i].log, (long long)want[i].days, e.text);
	}
}

/* --- room ---------------------------------------------------------------------------------------------------------------------- */

int64_t arrival_days_left(struct db *db, struct str today)
{
	struct stmt *q = db_query(db, Q_LOG_GROWTH);
	int64_t room = -1, grown = 0, days = 0;
	bind_str(q, 1, today);
	bind_int(q, 2, SPAN_DAYS);
	if (step(q) == 1 && !col_null(q, 0)) {
		room = col_int(q, 0);
		days = col_int(q, 1);
		grown = col_int(q, 2);
	}
	stmt_done(q);
	if (room < 0 || days < 1)
		return -1;
	if (grown <= 0)
		return ARRIVAL_NEVER;
	int64_t left = (int64_t)((double)room / ((double)grown / (double)days));
	return left > ARRIVAL_NEVER ? ARRIVAL_NEVER : left;
}

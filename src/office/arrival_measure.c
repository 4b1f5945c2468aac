/* Measurements of log sources: what arrived, beside what the ledger declares, for the checks log.*. A row stands for its subject and is
 * renewed when what it says changed, or has grown old; so a store of many busy sources is not judged anew every minute. */
#include "office/arrival.h"

#include "lib/clock.h"
#include "lib/date.h"
#include "lib/log.h"
#include "office/change.h"
#include "queries.h"

#define KEPT_HOURS (8 * 24)                          /* of log_hour */

/* ?1 now, ?2 days left, ?3 none are known. `old`: how old a row may be that says the same. */
#define WANTED \
	"WITH w(control, kind, subject, part, value, number, at, old) AS (" \
	"SELECT 'log.source-silent', 'log-sources', CAST(s.id AS TEXT), 'last', " \
	"CASE WHEN ?1 > a.last_at + " ARRIVAL_LIMIT_SQL " THEN 'silent' ELSE 'arriving' END, NULL, a.last_at, (" ARRIVAL_LIMIT_SQL ") / 2 " \
	"FROM log_sources s JOIN log_arrival a ON a.source = s.source_key WHERE s.state = 'active' AND a.last_at > 0 " \
	"UNION ALL SELECT 'log.clock-offset', 'log-sources', CAST(s.id AS TEXT), 'offset', NULL, a.offset_s * 1000.0, a.last_at, 21600000000 " \
	"FROM log_sources s JOIN log_arrival a ON a.source = s.source_key WHERE s.state = 'active' AND a.offset_s IS NOT NULL " \
	"UNION ALL SELECT 'log.retained', 'log-sources', CAST(s.id AS TEXT), 'age', day(t.oldest_at), NULL, t.looked_at, 21600000000 " \
	"FROM log_sources s JOIN log_store t ON t.log = (SELECT o.log FROM log_store o WHERE o.oldest_at > 0 AND (o.log IN (SELECT p.log FROM log_place p " \
	"WHERE p.source = s.source_key) OR o.log = coalesce((SELECT a.log FROM log_arrival a WHERE a.source = s.source_key), 'standard')) " \
	"ORDER BY o.oldest_at LIMIT 1) WHERE s.state IN ('active', 'suspended', 'keeping') AND s.method <> 'provider' " \
	"UNION ALL SELECT 'log.retained', 'log', t.log, 'policy', NULL, CAST(t.policy_days AS REAL), t.looked_at, 21600000000 " \
	"FROM log_store t WHERE t.log <> '' " \
	"UNION ALL SELECT 'log.retained', 'log', 'all', 'space', NULL, CAST(?2 AS REAL), h.looked_at, 21600000000 " \
	"FROM log_house h WHERE h.looked_at IS NOT NULL AND ?2 >= 0 " \
	"UNION ALL SELECT 'log.sources-defined', 'sender', a.source, 'known', " ARRIVAL_STANDING_SQL ", NULL, a.last_at, 86400000000 " \
	"FROM log_arrival a WHERE a.last_at > 0) "

static int renew(struct office *o, int64_t left, struct err *e)
{
	static const char *const texts[] = {
		WANTED "UPDATE measurement SET value = w.value, number = w.number, at = w.at FROM w WHERE measurement.engine = 'vault' "
		"AND measurement.control = w.control AND measurement.subject_kind = w.kind AND measurement.subject_id = w.subject "
		"AND measurement.part = w.part AND (measurement.value IS NOT w.value OR measurement.number IS NOT w.number "
		"OR (w.at > measurement.at AND ?1 - measurement.at > w.old))",
		WANTED "INSERT INTO measurement(engine, control, subject_kind, subject_id, part, value, number, at) "
		"SELECT 'vault', w.control, w.kind, w.subject, w.part, w.value, w.number, w.at FROM w WHERE NOT EXISTS (SELECT 1 FROM measurement m "
		"WHERE m.control = w.control AND m.subject_kind = w.kind AND m.subject_id = w.subject AND m.part = w.part AND m.engine = 'vault')",
	};
	int r = 0;
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(texts); i++) {
		struct stmt *q = db_sql(o->db, texts[i]);
		if (!q)
			return err_set(e, ERR_DB, "%s", db_error(o->db));
		bind_int(q, 1, clock_true());
		bind_int(q, 2, left);
		r = run(q, e);
	}
	static int64_t cleared;
	if (r == 0 && cleared != clock_true() / (3600 * SECOND_US)) {
		cleared = clock_true() / (3600 * SECOND_US);
		struct stmt *q = db_query(o->db, Q_LOG_HOUR_OLD);
		bind_int(q, 1, clock_true() / (3600 * SECOND_US) - KEPT_HOURS);
		r = run(q, e);
	}
	return r;
}

int arrival_judge_sender(struct db *db, struct str source, struct err *e)
{
	struct stmt *q = db_sql(db, "UPDATE measurement SET value = (SELECT " ARRIVAL_STANDING_SQL " FROM log_arrival a WHERE a.source = ?1) "
	                            "WHERE engine = 'vault' AND control = 'log.sources-defined' AND subject_kind = 'sender' AND subject_id = ?1");
	if (!q)
		return err_set(e, ERR_DB, "%s", db_error(db));
	bind_str(q, 1, source);
	return run(q, e);
}

void arrival_measure(struct office *o)
{
	char today[DATE_TEXT];
	struct world w = {.db = o->db, .ledgers = o->ledgers, .now = clock_now()};
	struct err e = {0};
	bool all = false;
	if (!ledgers_get(o->ledgers, STR("log-sources")))
		return;
	date_format(date_of_instant(w.now), today);
	w.today = str_from(today);
	int r = db_begin(o->db, &e);
	if (r == 0) {
		change_clear();
		r = renew(o, arrival_days_left(o->db, w.today), &e);
		if (r >= 0)
			r = change_assess(&w, o->checks, &all, &e);
		if (r >= 0)
			r = db_commit(o->db, &e);
		if (r < 0) {
			db_rollback(o->db);
			change_clear();
		}
		assess_settled(o->checks, r >= 0);
	}
	if (r < 0)
		log_error("office.arrival", "text=\"%s\"", e.text);
	else if (all)
		o->assess_soon(o);
}

#include "office/alert_cover.h"

/* ?1 login, ?2 host as named, ?3 log source, ?4 time.
 * who: persons that may work under the login; here: devices of that name, also without the domain, or those of the source. */
#define COVER_SQL \
	"WITH login(id, person) AS (SELECT a.id, a.person FROM accounts a WHERE lower(a.login) = lower(?1) " \
	"AND a.state IN ('active', 'changing', 'deleting', 'to-delete')), " \
	"who(person) AS (SELECT person FROM login WHERE person IS NOT NULL " \
	"UNION SELECT m.value FROM login l JOIN accounts__members m ON m.record = l.id), " \
	"here(device) AS (SELECT d.id FROM devices d WHERE ?2 <> '' AND d.state IN ('in-use', 'moving', 'repair') AND (lower(d.name) = lower(?2) " \
	"OR lower(d.name) = lower(CASE WHEN instr(?2, '.') > 0 THEN substr(?2, 1, instr(?2, '.') - 1) ELSE ?2 END)) " \
	"UNION SELECT g.device FROM log_sources g WHERE g.source_key = ?3 AND g.state = 'active' AND g.device IS NOT NULL), " \
	"there(system) AS (SELECT h.record FROM information_systems__hosts h JOIN here ON here.device = h.value " \
	"UNION SELECT y.value FROM log_sources g JOIN log_sources__systems y ON y.record = g.id WHERE g.source_key = ?3 AND g.state = 'active') " \
	"SELECT w.id, w.number, w.title FROM work_records w " \
	"WHERE coalesce(w.seal_broken, 0) = 0 " \
	"AND ((w.kind IN ('system-change', 'network-change', 'device-change', 'privileged') AND w.state IN ('approved', 'done', 'confirmed') " \
	"AND ?4 BETWEEN w.planned_start AND w.planned_end) " \
	"OR (w.kind IN ('operation', 'maintenance', 'repair') AND w.state IN ('done', 'confirmed') AND ?4 BETWEEN w.started_at AND coalesce(w.ended_at, w.done_at) " \
	"AND (w.state = 'confirmed' OR coalesce(w.ended_at, w.done_at) - w.started_at <= 86400000000))) " \
	"AND (w.worker IN (SELECT person FROM who) OR EXISTS (SELECT 1 FROM work_records__helpers h JOIN who ON who.person = h.value WHERE h.record = w.id) " \
	"OR w.account IN (SELECT id FROM login)) " \
	"AND (EXISTS (SELECT 1 FROM work_records__devices x JOIN here ON here.device = x.value WHERE x.record = w.id) " \
	"OR EXISTS (SELECT 1 FROM work_records__systems x JOIN there ON there.system = x.value WHERE x.record = w.id) " \
	"OR (w.account IN (SELECT id FROM login) AND NOT EXISTS (SELECT 1 FROM work_records__devices x WHERE x.record = w.id) " \
	"AND NOT EXISTS (SELECT 1 FROM work_records__systems x WHERE x.record = w.id))) " \
	"ORDER BY w.id DESC LIMIT 1"

bool alert_covered(struct db *db, struct arena *a, const struct alert_deed *d, struct alert_cover *ret)
{
	struct stmt *q = d->user.n ? db_sql(db, COVER_SQL) : NULL;
	bool is;
	if (!q)
		return false;
	bind_str(q, 1, d->user);
	bind_str(q, 2, d->host.n ? d->host : STR(""));
	bind_str(q, 3, d->source.n ? d->source : STR(""));
	bind_int(q, 4, d->at);
	is = step(q) == 1;
	if (is)
		*ret = (struct alert_cover){col_int(q, 0), col_dup(q, 1, a), col_dup(q, 2, a)};
	stmt_done(q);
	return is;
}

/* The office and collect: who is which source (ledger log-sources) goes there, what arrived of each comes back into the table
 * log_arrival, which checks and pages read. */
#ifndef OFFICE_ARRIVAL_H
#define OFFICE_ARRIVAL_H

#include "lib/msg.h"
#include "office/office.h"

/* collect came (its pair) or went (-1): it is told the sources. */
void arrival_peer(struct office *o, int fd);
/* Tells them again when they changed. */
void arrival_tick(struct office *o);
/* COLLECT_STATE. ERR_PROTO. */
int arrival_message(struct office *o, struct msg *m) MUST_USE;

/* --- arrival_store.c: what the vault says of its logs (table log_store, log_house) */
/* Asks the vault; the answer comes as a message. */
void arrival_ask_vault(struct office *o);
/* VAULT_STATE. ERR_PROTO. */
int arrival_vault(struct office *o, struct msg *m) MUST_USE;
/* Days the ledger wants a log kept: the longest retention of the sources whose class it is, and of those that wrote into it before
 * their class was another, until theirs is over; 0: none is declared. */
int64_t arrival_days(struct db *db, struct str log, int64_t now);
/* Days until the disk is full as it went these last 30 days; -1 not known yet, ARRIVAL_NEVER when nothing grows. */
#define ARRIVAL_NEVER 36500
int64_t arrival_days_left(struct db *db, struct str today);
/* What the ledger says for a log becomes the vault's policy: an entry of the log, and an event. */
int arrival_policy(struct office *o, struct str log, int64_t days, struct str reason, struct err *e) MUST_USE;
void arrival_keep_policy(struct office *o);

/* --- arrival_measure.c: rows of `measurement` for the checks log.*, once a minute, only what changed */
void arrival_measure(struct office *o);
/* One sender anew, within the caller's transaction. */
int arrival_judge_sender(struct db *db, struct str source, struct err *e) MUST_USE;

/* How long a source may be silent, in µs, of its ledger field (SQL over log_sources as s). */
#define ARRIVAL_LIMIT_SQL \
	"CAST(s.heartbeat AS INTEGER) * 60000000 * CASE ltrim(s.heartbeat, '0123456789') WHEN 'min' THEN 1 WHEN 'h' THEN 60 " \
	"WHEN 'w' THEN 10080 WHEN 'mo' THEN 43200 WHEN 'y' THEN 525600 ELSE 1440 END"
/* A retention in days, rounded up: nothing goes before its time. Its log: of rows with one key the class of the one kept longest. */
#define ARRIVAL_DAYS_SQL(s) \
	"CAST(" s ".retention AS INTEGER) * CASE ltrim(" s ".retention, '0123456789') WHEN 'wd' THEN 2 WHEN 'w' THEN 7 WHEN 'mo' THEN 31 " \
	"WHEN 'y' THEN 366 ELSE 1 END"
#define ARRIVAL_CLASS_SQL \
	"coalesce((SELECT coalesce(g.retention_class, 'standard') FROM log_sources g WHERE g.source_key = s.source_key " \
	"AND g.state IN ('active', 'suspended') ORDER BY " ARRIVAL_DAYS_SQL("g") " DESC, g.id LIMIT 1), s.retention_class, 'standard')"
/* Whether the ledger or somebody's decision accounts for the sender of log_arrival a: 'registered', 'draft', 'outside', 'unknown'. */
#define ARRIVAL_STANDING_SQL \
	"CASE WHEN EXISTS (SELECT 1 FROM log_sources g WHERE g.state IN ('active', 'suspended', 'keeping', 'gone', 'refused') " \
	"AND (g.source_key = a.source OR g.address = a.source OR 'tls:' || g.source_key = a.source)) THEN 'registered' " \
	"WHEN EXISTS (SELECT 1 FROM log_outsider x WHERE x.source = a.source) THEN 'outside' " \
	"WHEN EXISTS (SELECT 1 FROM log_sources g WHERE g.state = 'draft' AND (g.source_key = a.source OR g.address = a.source)) THEN 'draft' " \
	"WHEN a.known THEN 'registered' ELSE 'unknown' END"

#endif

-- Queries of the office's own tables: settings, sessions, tokens, outbox.

-- name: setting_get
SELECT value FROM setting WHERE name = ?1;
-- name: setting_put
INSERT INTO setting(name, value, set_by, set_at) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT(name) DO UPDATE SET value = excluded.value, set_by = excluded.set_by, set_at = excluded.set_at;
-- name: setting_history_put
INSERT INTO setting_history(name, value, set_by, set_at) VALUES (?1, ?2, ?3, ?4);

-- name: session_by_token
SELECT id, csrf, person, stage, lang, created_at, seen_at, flash, confirmed_at FROM session
WHERE token_hash = ?1 AND ended_at IS NULL;
-- name: session_new
INSERT INTO session(token_hash, csrf, person, stage, lang, created_at, seen_at, peer, agent)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8);
-- name: session_seen
UPDATE session SET seen_at = max(seen_at, ?2), flash = CASE WHEN ?3 THEN NULL ELSE flash END
WHERE token_hash = ?1 AND ended_at IS NULL;
-- name: session_stage
UPDATE session SET stage = ?2 WHERE id = ?1;
-- name: session_lang
UPDATE session SET lang = ?2 WHERE id = ?1;
-- name: session_flash
UPDATE session SET flash = ?2 WHERE id = ?1;
-- name: session_confirmed
UPDATE session SET confirmed_at = ?2 WHERE id = ?1;
-- name: session_end
UPDATE session SET ended_at = ?2 WHERE id = ?1 AND ended_at IS NULL;
-- name: session_end_others
UPDATE session SET ended_at = ?3 WHERE person = ?1 AND id <> ?2 AND ended_at IS NULL;
-- name: session_list
SELECT id, created_at, seen_at, peer, agent FROM session WHERE person = ?1 AND ended_at IS NULL ORDER BY seen_at DESC
LIMIT 50;
-- name: session_person
SELECT person FROM session WHERE id = ?1 AND ended_at IS NULL;
-- name: access_recent
SELECT 1 FROM record_log WHERE ledger = 'persons' AND record = ?1 AND action = ?2 AND actor = ?3 AND at > ?4 LIMIT 1;

-- name: token_by_hash
SELECT id, kind, person, scope, expires_at, used_at FROM token WHERE token_hash = ?1 AND revoked_at IS NULL;
-- name: token_new
INSERT INTO token(kind, token_hash, person, scope, created_at, created_by, expires_at, label)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);
-- name: token_end
UPDATE token SET revoked_at = ?2 WHERE id = ?1 AND kind = 'api' AND revoked_at IS NULL;
-- name: token_person
SELECT person, label FROM token WHERE id = ?1 AND kind = 'api' AND revoked_at IS NULL;
-- name: token_list
SELECT t.id, t.label, t.scope, t.created_at, t.used_at, t.expires_at, t.revoked_at, p.name, p.staff_no, m.name
FROM token t LEFT JOIN persons p ON p.id = t.person
LEFT JOIN persons m ON m.id = t.created_by AND t.created_by <> t.person
WHERE t.kind = 'api' AND (?1 = 0 OR t.person = ?1) AND (?2 = 0 OR t.id < ?2)
  AND (?3 IS NULL OR p.staff_no = ?3 OR instr(p.name, ?3) OR instr(t.label, ?3)) ORDER BY t.id DESC LIMIT ?4;
-- name: token_used
UPDATE token SET used_at = ?2 WHERE id = ?1;

-- name: signin_person
SELECT id, state, person_type FROM persons WHERE staff_no = ?1;
-- name: signin_guesses
SELECT staff_no, phone, birth_date, kana, name, email FROM persons WHERE id = ?1;
-- name: signin_log_put
INSERT INTO signin_log(person, at, ok, peer, why) VALUES (?1, ?2, ?3, ?4, ?5);
-- name: signin_last
SELECT max(at) FROM signin_log WHERE person = ?1 AND ok = 1 AND at < ?2;
-- name: signin_failures_since
SELECT count(*), max(at) FROM signin_log WHERE person = ?1 AND ok = 0 AND at > coalesce(?2, 0);

-- name: outbox_last
SELECT seq FROM outbox ORDER BY seq DESC LIMIT 1;
-- name: outbox_unsent
SELECT seq, prev, body FROM outbox WHERE seq > ?1 AND idx IS NULL ORDER BY seq LIMIT 64;
-- name: outbox_ack
UPDATE outbox SET idx = ?2 WHERE seq = ?1;
-- name: outbox_waiting
SELECT count(*), min(at) FROM outbox WHERE idx IS NULL;

-- name: person_by_code
SELECT id FROM persons WHERE staff_no = ?1 OR number = ?1 ORDER BY staff_no = ?1 DESC LIMIT 1;

-- name: attachment_new
INSERT INTO attachment(sha256, size, name, type, created_at, created_by) VALUES (?1, ?2, ?3, ?4, ?5, ?6);
-- name: attachment_get
SELECT sha256, size, name, type, ledger, record, field, created_by FROM attachment WHERE id = ?1;

-- name: parameter_list
SELECT d.name, d.ja, d.en, d.help_ja, d.help_en, n.value, d.def, d.controls
FROM parameter_def d JOIN parameter_now n ON n.name = d.name ORDER BY d.pos, d.name;
-- name: parameter_history
SELECT p.from_at, p.value, x.name, p.reason FROM parameter p LEFT JOIN persons x ON x.id = p.set_by
WHERE p.name = ?1 ORDER BY p.from_at DESC, p.id DESC LIMIT 20;

-- name: access_search
SELECT p.id, p.name, p.staff_no, u.name,
       (SELECT max(at) FROM signin_log l WHERE l.person = p.id AND l.ok = 1),
       (SELECT count(*) FROM signin_log l WHERE l.person = p.id AND l.ok = 0
           AND l.at > coalesce((SELECT max(at) FROM signin_log k WHERE k.person = p.id AND k.ok = 1), 0)),
       (SELECT count(*) FROM session s WHERE s.person = p.id AND s.ended_at IS NULL)
FROM persons p LEFT JOIN org_units u ON u.id = p.section
WHERE p.state = 'active' AND (p.staff_no = ?1 OR instr(p.name, ?1) OR instr(p.kana, ?1)) ORDER BY p.kana LIMIT 20;

-- name: event_get
SELECT o.body, o.idx, o.at, l.ledger, l.record, l.version, l.actor, l.on_behalf, l.action, l.salt, l.change,
	l.erased_at, o.hash
FROM outbox o LEFT JOIN record_log l ON l.seq = o.seq WHERE o.seq = ?1;

-- name: person_name
SELECT name FROM persons WHERE id = ?1;

-- name: job_get
SELECT kind, person, state, done, total, text, result, args, ended_at FROM job WHERE id = ?1;
-- name: job_put
INSERT INTO job(kind, args, person, total, created_at, lang) VALUES (?1, ?2, ?3, ?4, ?5, ?6);
-- name: job_next
SELECT id, kind, args, person, state, lang FROM job WHERE state IN ('waiting', 'running') AND kind IN ('export', 'list', 'import') ORDER BY id LIMIT 1;
-- name: job_runs
UPDATE job SET state = 'running', started_at = ?2, done = 0 WHERE id = ?1 AND state IN ('waiting', 'running');
-- name: job_tell
UPDATE job SET done = ?2, total = coalesce(nullif(?3, 0), total) WHERE id = ?1 AND state = 'running' AND ended_at IS NULL RETURNING 1;
-- name: job_args
UPDATE job SET args = ?2 WHERE id = ?1;
-- name: job_text
UPDATE job SET text = ?2 WHERE id = ?1;
-- name: job_end
UPDATE job SET state = CASE WHEN ?2 = 'failed' AND ended_at IS NOT NULL THEN 'cancelled' ELSE ?2 END, text = coalesce(text, ?3), result = ?4, ended_at = ?5
WHERE id = ?1 AND state IN ('waiting', 'running');
-- name: job_list
SELECT id, kind, args, state, done, total, created_at, ended_at FROM job WHERE person = ?1 AND (?2 = 0 OR id < ?2) ORDER BY id DESC LIMIT ?3;
-- name: job_cancel
UPDATE job SET state = CASE state WHEN 'waiting' THEN 'cancelled' ELSE state END, ended_at = ?2
WHERE id = ?1 AND state IN ('waiting', 'running') AND ended_at IS NULL;

-- name: import_list
SELECT i.id, i.at, p.name, (SELECT count(*) FROM import_row r WHERE r.import = i.id AND r.created),
       (SELECT count(*) FROM import_row r WHERE r.import = i.id AND NOT r.created), i.undone_at
FROM import i LEFT JOIN persons p ON p.id = i.person WHERE i.ledger = ?1 AND (i.person = ?2 OR ?3) ORDER BY i.id DESC
LIMIT 20;

-- name: findings_of_record
SELECT f.control, f.status, f.reason, c.title_ja, c.title_en FROM finding f JOIN control c ON c.id = f.control
WHERE f.subject_kind = ?1 AND f.subject_id = ?2 ORDER BY f.control LIMIT 40;
-- name: duties_of_record
SELECT d.name, d.due_on, d.by, p.name FROM duty d LEFT JOIN persons p ON p.id = d.person
WHERE d.ledger = ?1 AND d.record = ?2 AND d.done_at IS NULL ORDER BY d.due_on LIMIT 40;

-- name: log_arrival_before
SELECT entries, bytes FROM log_arrival WHERE source = ?1;
-- name: log_arrival_anew
UPDATE log_arrival SET entries = 0, bytes = 0;
-- name: log_house_started
SELECT started_at FROM log_house WHERE id = 1;
-- name: log_house_collect
UPDATE log_house SET started_at = ?1, lost = ?2, unacked = ?3, told_at = ?4 WHERE id = 1;
-- name: log_house_disk
UPDATE log_house SET disk_free = ?1, disk_total = ?2, looked_at = ?3 WHERE id = 1;
-- name: log_hour_add
INSERT INTO log_hour(hour, source, entries, bytes) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT(source, hour) DO UPDATE SET entries = entries + excluded.entries, bytes = bytes + excluded.bytes;
-- name: log_hour_old
DELETE FROM log_hour WHERE hour < ?1;
-- name: log_day_add
INSERT INTO log_day(day, log, entries, bytes) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT(day, log) DO UPDATE SET entries = entries + excluded.entries, bytes = bytes + excluded.bytes;
-- name: log_day_used
INSERT INTO log_day(day, log, used) VALUES (?1, ?2, ?3) ON CONFLICT(day, log) DO UPDATE SET used = excluded.used;
-- name: log_store_put
INSERT INTO log_store(log, state, size, minimum, policy_days, used, oldest_at, looked_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT(log) DO UPDATE SET state = excluded.state, size = excluded.size, minimum = excluded.minimum, policy_days = excluded.policy_days,
	used = excluded.used, oldest_at = excluded.oldest_at, looked_at = excluded.looked_at;
-- name: log_unavailable
UPDATE log_store SET state = ?2, looked_at = ?3 WHERE log = ?1;
-- name: log_policy
SELECT s.log, s.policy_days, coalesce(m.days, 0) FROM log_store s LEFT JOIN log_made m ON m.log = s.log WHERE s.log <> '' AND s.state = 'open'
ORDER BY s.log;
-- name: log_policy_is
UPDATE log_store SET policy_days = ?2 WHERE log = ?1;
-- name: log_policy_made
INSERT INTO log_made(log, days) VALUES (?1, ?2) ON CONFLICT(log) DO UPDATE SET days = excluded.days;
-- name: log_growth
WITH d(day, used) AS (SELECT day, sum(used) FROM log_day WHERE used IS NOT NULL AND day > date(?1, -?2 || ' days') GROUP BY day)
SELECT h.disk_free, CAST(julianday(max(d.day)) - julianday(min(d.day)) AS INTEGER),
       (SELECT used FROM d ORDER BY day DESC LIMIT 1) - (SELECT used FROM d ORDER BY day LIMIT 1)
FROM log_house h, d WHERE h.id = 1 AND h.disk_free IS NOT NULL;
-- name: log_place_put
INSERT INTO log_place(source, log, last_at) VALUES (?1, ?2, ?3) ON CONFLICT(source, log) DO UPDATE SET last_at = excluded.last_at;
-- name: log_arrival_put
INSERT INTO log_arrival(source, log, known, entries, bytes, long, torn, binary, limited, refused, last_at, offset_s)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
ON CONFLICT(source) DO UPDATE SET log = excluded.log, known = excluded.known, entries = excluded.entries, bytes = excluded.bytes,
	long = excluded.long, torn = excluded.torn, binary = excluded.binary, limited = excluded.limited, refused = excluded.refused,
	last_at = max(last_at, excluded.last_at), offset_s = coalesce(excluded.offset_s, offset_s);

-- name: log_audit_before
SELECT log, checkpoint FROM log_audit WHERE checkpoint IS NOT NULL ORDER BY log;
-- name: log_audit_last
SELECT done_at FROM log_audit_run WHERE id = 1;
-- name: log_audit_done
UPDATE log_audit_run SET done_at = ?1 WHERE id = 1;
-- name: log_audit_origin
SELECT origin FROM log_audit WHERE log = ?1;
-- name: log_audit_put
INSERT INTO log_audit(log, at, ok, size, origin, problems, problem, checkpoint) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
ON CONFLICT(log) DO UPDATE SET at = excluded.at, ok = excluded.ok, size = excluded.size,
	origin = CASE WHEN excluded.origin = '' THEN origin ELSE excluded.origin END, problems = excluded.problems, problem = excluded.problem,
	checkpoint = CASE WHEN excluded.origin NOT IN ('', origin) THEN excluded.checkpoint ELSE coalesce(excluded.checkpoint, checkpoint) END;
-- name: log_copy_last
SELECT max(at) FROM record_log WHERE action = 'store.backup';
-- name: log_heads
SELECT log, size, looked_at FROM log_store WHERE state = 'open';
-- name: log_planted_last
SELECT planted_at FROM log_watch WHERE id = 1;
-- name: log_planted
INSERT INTO log_watch(id, planted_at) VALUES (1, ?1) ON CONFLICT(id) DO UPDATE SET planted_at = excluded.planted_at;
-- name: measure_is
SELECT value, at FROM measurement WHERE engine = 'vault' AND control = ?1 AND subject_kind = 'log' AND subject_id = ?2 AND part = ?3;
-- name: measure_forget
DELETE FROM measurement WHERE engine = 'vault' AND control = ?1 AND subject_kind = 'log' AND subject_id = ?2 AND part = ?3;
-- name: measure_put
INSERT INTO measurement(engine, control, subject_kind, subject_id, part, value, number, detail, at) VALUES ('vault', ?1, 'log', ?2, ?3, ?4, ?5, ?6, ?7);
-- name: sample_put
INSERT INTO audit_sample(person, at, ledger, seed, n, of_rows, ids, event) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8);
-- name: sample_list
SELECT a.id, a.at, p.name, a.ledger, a.seed, a.n, a.of_rows, a.event FROM audit_sample a LEFT JOIN persons p ON p.id = a.person ORDER BY a.id DESC LIMIT 50;
-- name: sample_get
SELECT a.at, p.name, a.ledger, a.seed, a.n, a.of_rows, a.event FROM audit_sample a LEFT JOIN persons p ON p.id = a.person WHERE a.id = ?1;
-- name: sample_rows
SELECT j.value, (SELECT max(seq) FROM record_log l WHERE l.ledger = a.ledger AND l.record = j.value) FROM audit_sample a, json_each(a.ids) j WHERE a.id = ?1 ORDER BY j.key;

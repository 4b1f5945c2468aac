-- Judging: findings, status of controls and clauses, and how they were on a past day (src/core/assess*.c).

-- name: assess_controls
SELECT c.id, c.kind, coalesce(s.cycle, c.cycle, ''), coalesce(s.target, c.target), coalesce(s.grace_days, c.grace_days),
	coalesce(s.starts_on, c.starts_on)
FROM control c LEFT JOIN control_setting s ON s.control = c.id WHERE NOT c.withdrawn ORDER BY c.id;
-- name: control_has_check
UPDATE control SET has_check = ?2 WHERE id = ?1 AND has_check <> ?2;
-- name: declared_none
SELECT 1 FROM declaration WHERE control = ?1 AND part IN ('', ?2) AND withdrawn_at IS NULL AND (until_on IS NULL OR until_on >= ?3) LIMIT 1;
-- name: finding_of_control
SELECT subject_id, part, status, reason, due_at, section, title, since_at, exception FROM finding
WHERE control = ?1 ORDER BY subject_id, part;
-- name: finding_of_subject
SELECT subject_id, part, status, reason, due_at, section, title, since_at, exception FROM finding
WHERE control = ?1 AND subject_id = ?2 ORDER BY subject_id, part;
-- name: finding_put
INSERT INTO finding(control, subject_id, part, subject_kind, section, title, status, reason, due_at, exception, since_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
ON CONFLICT(control, subject_id, part) DO UPDATE SET section = excluded.section, title = excluded.title, status = excluded.status,
	reason = excluded.reason, due_at = excluded.due_at, exception = excluded.exception, since_at = excluded.since_at;
-- name: finding_drop
DELETE FROM finding WHERE control = ?1 AND subject_id = ?2 AND part = ?3;
-- name: finding_span_open
INSERT INTO finding_span(control, subject_id, part, subject_kind, section, title, status, reason, due_at, from_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10);
-- name: finding_span_close
UPDATE finding_span SET to_at = ?4 WHERE control = ?1 AND subject_id = ?2 AND part = ?3 AND to_at IS NULL;
-- name: finding_excusable
SELECT DISTINCT subject_id FROM finding WHERE control = ?1
	AND (?2 OR status = 'in_progress' OR exception IS NOT NULL OR EXISTS (SELECT 1 FROM exceptions__controls_waived w WHERE w.value = ?1));
-- name: assess_values
SELECT json_array(name, value) FROM (SELECT name, value, 1 AS kind FROM parameter_now UNION ALL SELECT name, value, 2 FROM standard_param_now
	UNION ALL SELECT c.id, coalesce(s.cycle, c.cycle, ''), 3 FROM control c LEFT JOIN control_setting s ON s.control = c.id) ORDER BY kind, name, value;
-- name: finding_excepted_by
SELECT DISTINCT control FROM finding WHERE exception = ?1;
-- name: finding_count_clear
DELETE FROM finding_count WHERE control = ?1;
-- name: finding_count_add
INSERT INTO finding_count(control, section, part, status, n) VALUES (?1, ?2, ?3, ?4, max(0, ?5))
ON CONFLICT(control, section, part, status) DO UPDATE SET n = max(0, n + ?5);
-- name: finding_count_of
SELECT part, status, sum(n) FROM finding_count WHERE control = ?1 GROUP BY part, status;
-- name: exceptions_of_control
SELECT x.id, coalesce(x.all_subjects, 0), s.value_kind, s.value FROM exceptions__controls_waived w CROSS JOIN exceptions x ON x.id = w.record
LEFT JOIN exceptions__subjects s ON s.record = x.id
WHERE w.value = ?1 AND x.state = 'approved' AND NOT x.seal_broken AND x.valid_from <= ?2 AND x.until >= ?2;
-- name: controls_waived_by
SELECT value FROM exceptions__controls_waived WHERE record = ?1;
-- name: control_status_get
SELECT status, met, total FROM control_status WHERE control = ?1 AND part = ?2;
-- name: control_status_put
INSERT INTO control_status(control, part, status, met, total, since_at, assessed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)
ON CONFLICT(control, part) DO UPDATE SET met = excluded.met, total = excluded.total, assessed_at = excluded.assessed_at,
	since_at = iif(status = excluded.status, since_at, excluded.since_at), status = excluded.status;
-- name: control_span_open
INSERT INTO control_span(control, part, status, met, total, from_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6);
-- name: control_span_close
UPDATE control_span SET to_at = ?3 WHERE control = ?1 AND part = ?2 AND to_at IS NULL;
-- name: control_status_all
SELECT control, part, status FROM control_status ORDER BY control, part;
-- name: assess_clauses
SELECT k.id, k.parent, k.strength, coalesce(t.status, ''),
	EXISTS (SELECT 1 FROM clause_model m WHERE m.clause = k.id)
		AND NOT EXISTS (SELECT 1 FROM clause_model m WHERE m.clause = k.id AND m.model = ?1)
FROM clause k JOIN standard s ON s.id = k.standard AND s.active LEFT JOIN clause_status t ON t.clause = k.id
WHERE NOT k.withdrawn ORDER BY k.id;
-- name: assess_bindings
SELECT b.clause, b.control, b.part FROM binding b JOIN clause k ON k.id = b.clause JOIN standard s ON s.id = k.standard AND s.active
WHERE b.source <> 'removed' AND NOT k.withdrawn ORDER BY b.clause, b.control, b.part;
-- name: clause_status_put
INSERT INTO clause_status(clause, status, since_at) VALUES (?1, ?2, ?3)
ON CONFLICT(clause) DO UPDATE SET status = excluded.status, since_at = excluded.since_at;
-- name: clause_span_open
INSERT INTO clause_span(clause, status, from_at) VALUES (?1, ?2, ?3);
-- name: clause_span_close
UPDATE clause_span SET to_at = ?2 WHERE clause = ?1 AND to_at IS NULL;
-- name: network_model
SELECT value FROM setting WHERE name = 'network_model';
-- name: assess_job_waiting
SELECT 1 FROM job WHERE kind = 'assess' AND args = ?1 AND state = 'waiting';
-- name: assess_job_put
INSERT INTO job(kind, args, created_at) VALUES ('assess', ?1, ?2);
-- name: assess_job_next
SELECT id, args FROM job WHERE kind = 'assess' AND state = 'waiting' ORDER BY id LIMIT 1;
-- name: assess_job_done
UPDATE job SET state = 'done', done = 1, total = 1, started_at = ?2, ended_at = ?2 WHERE id = ?1;
-- name: status_clauses_at
SELECT k.id, k.strength, coalesce((SELECT p.status FROM clause_span p WHERE p.clause = k.id AND p.from_at <= ?1
	AND (p.to_at IS NULL OR p.to_at > ?1) ORDER BY p.from_at DESC LIMIT 1), 'unknown')
FROM clause k JOIN standard s ON s.id = k.standard AND s.active
WHERE NOT k.withdrawn AND (?2 IS NULL OR k.id = ?2)
	AND (?3 IS NULL OR EXISTS (SELECT 1 FROM binding b WHERE b.clause = k.id AND b.control = ?3 AND b.source <> 'removed'))
ORDER BY k.pos;
-- name: status_control_at
SELECT p.status, p.met, p.total FROM control_span p WHERE p.control = ?1 AND p.part = ?2 AND p.from_at <= ?3
	AND (p.to_at IS NULL OR p.to_at > ?3) ORDER BY p.from_at DESC LIMIT 1;
-- name: status_subjects_at
SELECT subject_id, title, status, part, reason, due_at, subject_kind, section FROM finding_span
WHERE control = ?1 AND from_at <= ?2 AND (to_at IS NULL OR to_at > ?2) AND (?3 = '' OR part = ?3)
ORDER BY subject_id, part, id;
-- name: board_job_put
INSERT INTO job(id, kind, state, done, total, created_at, started_at, ended_at)
VALUES ((SELECT min(id) FROM job WHERE kind = 'board'), 'board', ?1, ?2, (SELECT count(*) FROM control WHERE NOT withdrawn), ?3, ?3, iif(?1 = 'done', ?3, NULL))
ON CONFLICT(id) DO UPDATE SET state = excluded.state, done = excluded.done, total = excluded.total,
	started_at = iif(state = 'running', started_at, excluded.started_at), ended_at = coalesce(excluded.ended_at, ended_at);
-- name: board_job_behind
SELECT coalesce(ended_at, 0), done, total, state = 'failed' FROM job WHERE kind = 'board' AND state IN ('running', 'failed');
-- name: board_subjects
SELECT sum(total) FROM control_status WHERE part = '';

-- What the board, clause and control pages show. ?: instants are µs; "at" picks the span that held then.

-- name: board_standard
SELECT id, ja, en, version FROM standard WHERE active = 1 LIMIT 1;
-- name: board_chapters
SELECT id, ja, en FROM chapter WHERE standard = ?1 ORDER BY pos;
-- name: board_clauses
SELECT k.id, k.chapter, k.strength, k.who, k.heading, k.summary_ja, k.summary_en, s.status, s.from_at,
       (SELECT group_concat(g.law_group) FROM clause_group g WHERE g.clause = k.id)
FROM clause k LEFT JOIN clause_span s ON s.clause = k.id AND s.from_at <= ?2 AND (s.to_at IS NULL OR s.to_at > ?2)
WHERE k.standard = ?1 AND NOT k.withdrawn ORDER BY k.pos;
-- name: board_shares
SELECT b.clause, sum(t.met), sum(t.total) FROM binding b
JOIN control_status t ON t.control = b.control AND t.part = b.part
WHERE b.source <> 'removed' GROUP BY b.clause;
-- name: board_law_groups
SELECT id, ja, en FROM law_group ORDER BY id;
-- name: board_worse
SELECT s.clause, p.status, s.status, s.from_at, k.summary_ja, k.summary_en, k.heading
FROM clause_span s JOIN clause_span p ON p.clause = s.clause AND p.to_at = s.from_at JOIN clause k ON k.id = s.clause
WHERE s.from_at > ?2 AND s.from_at <= ?3 AND (s.to_at IS NULL OR s.to_at > ?3) AND p.from_at < p.to_at
	AND k.standard = ?1 ORDER BY s.from_at DESC LIMIT 200;
-- name: board_counts_at
SELECT s.status, count(*) FROM clause_span s JOIN clause k ON k.id = s.clause
WHERE k.standard = ?1 AND NOT k.withdrawn AND s.from_at <= ?2 AND (s.to_at IS NULL OR s.to_at > ?2) GROUP BY s.status;
-- name: board_first_day
SELECT min(from_at) FROM clause_span;

-- name: page_clause_get
SELECT k.id, k.heading, k.label, k.summary_ja, k.summary_en, k.own_text, k.who, k.strength, k.standard,
       (SELECT s.status FROM clause_span s WHERE s.clause = k.id AND s.from_at <= ?2
           AND (s.to_at IS NULL OR s.to_at > ?2)),
       (SELECT s.from_at FROM clause_span s WHERE s.clause = k.id AND s.from_at <= ?2
           AND (s.to_at IS NULL OR s.to_at > ?2)),
       (SELECT t.source || ' ' || coalesce(t.version, '') FROM clause_text t WHERE t.clause = k.id ORDER BY t.id DESC
           LIMIT 1)
FROM clause k WHERE k.id = ?1;
-- name: clause_groups
SELECT l.ja, l.en FROM clause_group g JOIN law_group l ON l.id = g.law_group WHERE g.clause = ?1 ORDER BY l.id;
-- name: clause_controls
SELECT c.id, c.title_ja, c.title_en, b.part, p.ja, p.en, s.status, s.met, s.total, c.tolerance, c.doer, c.has_check,
       coalesce((SELECT g.starts_on FROM control_setting g WHERE g.control = c.id), c.starts_on)
FROM binding b JOIN control c ON c.id = b.control LEFT JOIN control_part p ON p.control = b.control AND p.part = b.part
LEFT JOIN control_span s ON s.control = b.control AND s.part = b.part AND s.from_at <= ?2
	AND (s.to_at IS NULL OR s.to_at > ?2)
WHERE b.clause = ?1 AND b.source <> 'removed' ORDER BY c.id, b.part;
-- name: clause_findings
SELECT f.control, f.subject_id, f.subject_kind, f.section, f.title, f.part, f.status, f.reason, f.due_at, u.name
FROM binding b JOIN finding_span f ON f.control = b.control AND (b.part = '' OR b.part = f.part)
LEFT JOIN org_units u ON u.id = f.section
WHERE b.clause = ?1 AND b.source <> 'removed' AND f.from_at <= ?2 AND (f.to_at IS NULL OR f.to_at > ?2) LIMIT 400;
-- name: clause_exceptions
SELECT DISTINCT x.id, x.number, x.title, x.until, x.state FROM exceptions x
JOIN exceptions__clauses k ON k.record = x.id
WHERE k.value = ?1 AND x.state IN ('submitted', 'approved', 'in-use', 'expired') ORDER BY x.until DESC LIMIT 20;
-- name: clause_spans
SELECT status, from_at, to_at FROM clause_span WHERE clause = ?1 AND (to_at IS NULL OR to_at > from_at)
ORDER BY from_at DESC LIMIT 30;
-- name: clause_neighbours
SELECT (SELECT n.id FROM clause n WHERE n.standard = k.standard AND n.pos < k.pos AND NOT n.withdrawn
	ORDER BY n.pos DESC LIMIT 1),
       (SELECT n.id FROM clause n WHERE n.standard = k.standard AND n.pos > k.pos AND NOT n.withdrawn ORDER BY n.pos
           LIMIT 1)
FROM clause k WHERE k.id = ?1;

-- name: page_control_get
SELECT c.id, c.title_ja, c.title_en, c.measure, c.fails_when, c.role, c.doer, c.tolerance,
       coalesce((SELECT g.starts_on FROM control_setting g WHERE g.control = c.id), c.starts_on),
       c.has_check, s.status, s.met, s.total, c.measure_ja, c.fails_when_ja
FROM control c LEFT JOIN control_status s ON s.control = c.id AND s.part = '' WHERE c.id = ?1;
-- name: page_control_parts
SELECT p.part, p.ja, p.en, s.status, s.met, s.total FROM control_part p
LEFT JOIN control_status s ON s.control = p.control AND s.part = p.part WHERE p.control = ?1 ORDER BY p.part;
-- name: control_clauses
SELECT DISTINCT k.id, k.summary_ja, k.summary_en, t.status FROM binding b JOIN clause k ON k.id = b.clause
JOIN standard s ON s.id = k.standard AND s.active LEFT JOIN clause_status t ON t.clause = k.id
WHERE b.control = ?1 AND b.source <> 'removed' ORDER BY k.pos LIMIT 60;
-- name: control_findings
SELECT f.control, f.subject_id, f.subject_kind, f.section, f.title, f.part, f.status, f.reason, f.due_at, u.name
FROM finding f LEFT JOIN org_units u ON u.id = f.section
WHERE f.control = ?1 AND (?2 = '' OR f.part = ?2) AND (?3 = '' OR f.status = ?3) AND (f.subject_id, f.part) > (?4, ?5)
ORDER BY f.subject_id, f.part LIMIT ?6;
-- name: control_counts
SELECT status, sum(n) FROM finding_count WHERE control = ?1 AND (?2 = '' OR part = ?2) GROUP BY status;
-- name: control_part_label
SELECT ja, en FROM control_part WHERE control = ?1 AND part = ?2;
-- name: clause_findings_count
SELECT count(*) FROM binding b JOIN finding_span f ON f.control = b.control AND (b.part = '' OR b.part = f.part)
WHERE b.clause = ?1 AND b.source <> 'removed' AND f.from_at <= ?2 AND (f.to_at IS NULL OR f.to_at > ?2);

-- name: notice_unread
SELECT ledger, record, at, text, id FROM notice WHERE person = ?1 AND read_at IS NULL ORDER BY id DESC LIMIT 60;
-- name: clause_text_history
SELECT t.text, t.source, t.version, t.loaded_at, p.name FROM clause_text t LEFT JOIN persons p ON p.id = t.loaded_by
WHERE t.clause = ?1 ORDER BY t.id DESC LIMIT 30;
-- name: clause_text_count
SELECT s.ja, s.en, count(k.id), count(k.own_text) FROM standard s JOIN clause k ON k.standard = s.id WHERE s.active
GROUP BY s.id LIMIT 1;
-- name: overrides
SELECT ledger, record, action, actor, reason, by, at, count(*) OVER () FROM override ORDER BY id DESC LIMIT 200;
-- name: notice_of
SELECT ledger, record FROM notice WHERE id = ?1 AND person = ?2;
-- name: home_due
-- ?1 ledger ?2 record: the nearest end of what is open for it
SELECT min(due_on) FROM duty WHERE ledger = ?1 AND record = ?2 AND done_at IS NULL;
-- name: home_system
-- ?1 a system: what needs action of itself, its logs, its backups, its accounts
SELECT (SELECT count(*) FROM finding f WHERE f.subject_kind = 'information-systems' AND f.subject_id = CAST(?1 AS TEXT) AND f.status = 'not_met'),
	(SELECT count(DISTINCT f.subject_id) FROM log_sources__systems x JOIN finding f ON f.subject_kind = 'log-sources' AND f.subject_id = CAST(x.record AS TEXT)
		WHERE x.value = ?1 AND f.status = 'not_met'),
	(SELECT count(DISTINCT f.subject_id) FROM backup_plans__systems x JOIN finding f ON f.subject_kind = 'backup-plans' AND f.subject_id = CAST(x.record AS TEXT)
		WHERE x.value = ?1 AND f.status = 'not_met'),
	(SELECT count(*) FROM duty d JOIN backup_plans__systems x ON x.record = d.record WHERE d.ledger = 'backup-plans' AND x.value = ?1 AND d.done_at IS NULL
		AND d.due_on < ?2),
	(SELECT count(DISTINCT f.subject_id) FROM accounts__systems x JOIN finding f ON f.subject_kind = 'accounts' AND f.subject_id = CAST(x.record AS TEXT)
		WHERE x.value = ?1 AND f.status = 'not_met');
-- name: home_failing
SELECT f.control, f.subject_id, f.subject_kind, f.section, f.title, f.part, f.status, f.reason, f.due_at, u.name
FROM finding f LEFT JOIN org_units u ON u.id = f.section
WHERE f.status IN ('not_met', 'in_progress', 'due') AND (?1 = 0 OR f.section = ?1) ORDER BY f.since_at DESC LIMIT 20;
-- name: home_failing_count
SELECT count(*) FROM finding f WHERE f.status IN ('not_met', 'in_progress', 'due') AND (?1 = 0 OR f.section = ?1);

-- control: training.policy-ack
-- subject: persons
-- part: ack
-- reason: late | 期限（{2}）までに確認していない規程があります: {1} | Not acknowledged by {2}: {1}
-- reason: asked | {2} までに確認してください: {1} | To be acknowledged by {2}: {1}
-- affects: persons = SELECT :id
-- affects: documents = *
-- affects: role_assignments = *
-- affects: receipt = SELECT t.person FROM receipt t WHERE t.id = :id
-- affects: training = SELECT t.person FROM training t WHERE :id IN (t.id, t.session) AND t.person IS NOT NULL
-- One record is one version. A person acknowledges it by taking note of the request, by a course on it, or by being handed it when hired.
WITH version AS MATERIALIZED (
	SELECT d.id, d.title, d.audience, d.effective_from FROM documents d
	WHERE d.state = 'in-force'
	  AND d.ack_required
), person AS (
	SELECT p.* FROM persons p
	WHERE p.state = 'active'
	  AND p.in_scope
), reader(person, version, title, ack_by) AS (
	SELECT p.id, v.id, v.title, ahead(max(v.effective_from, p.started_on), param('ack_days') || 'd') FROM person p JOIN version v
	WHERE v.audience = 'all'
	   OR (v.audience = 'sections'
	   AND p.section IN (SELECT s.value FROM documents__audience_sections s WHERE s.record = v.id))
	   OR (v.audience = 'roles'
	   AND EXISTS (SELECT 1 FROM role_assignments r JOIN documents__audience_roles u ON u.value = r.role
	               WHERE u.record = v.id
	                 AND r.holder = p.id
	                 AND r.state = 'active'))
), open AS (
	SELECT r.* FROM reader r
	WHERE NOT EXISTS (SELECT 1 FROM receipt t
	                  WHERE t.ledger = 'documents'
	                    AND t.record = r.version
	                    AND t.person = r.person
	                    AND t.action = 'ask')
	  AND NOT EXISTS (SELECT 1 FROM training a JOIN training s ON s.id = a.session
	                  WHERE a.person = r.person
	                    AND a.kind = 'attendance'
	                    AND a.state = 'completed'
	                    AND s.policy_version = r.version)
	  AND NOT EXISTS (SELECT 1 FROM persons p
	                  WHERE p.id = r.person
	                    AND p.duties_document = r.version)
), todo(person, names, ack_by) AS MATERIALIZED (
	SELECT o.person, group_concat(o.title, '、'), min(o.ack_by) FROM open o GROUP BY o.person
)
SELECT p.id AS subject_id, p.section, p.title, 'ack' AS part, t.ack_by AS due_at,
       CASE WHEN t.ack_by < :today THEN say('late', t.names, t.ack_by)
            WHEN t.ack_by IS NOT NULL THEN say('due asked', t.names, t.ack_by)
       END AS verdict
FROM person p LEFT JOIN todo t ON t.person = p.id
WHERE p.id IN (SELECT r.person FROM reader r)

-- control: sod.auditor-not-audited
-- subject: audits
-- part: line
-- part: role
-- reason: in-line | 監査を受ける部門かその指揮系統に属する監査人がいます: {1} | Auditors from the audited unit or its line: {1}
-- reason: has-role | 監査を受ける部門・システムで役割を持つ監査人がいます: {1} | Auditors who hold a role in what is audited: {1}
-- affects: audits = SELECT :id
-- affects: persons = SELECT a.record FROM audits__auditors a WHERE a.person = :id
-- affects: org_units = *
-- affects: role_assignments = *
-- affects: information_systems = *
-- A unit and every unit above it short of the body itself, which stands above all
WITH RECURSIVE up(unit, above) AS (
	SELECT u.id, u.id FROM org_units u
	UNION
	SELECT l.unit, p.id FROM up l JOIN org_units u ON u.id = l.above JOIN org_units p ON p.id = u.parent
	WHERE p.kind <> 'body'
), audit AS (
	SELECT a.id, a.title, a.section FROM audits a
	WHERE a.kind = 'audit'
	  AND a.state IN ('preparing', 'running', 'reporting')
), audited(audit, unit, system) AS (
	SELECT a.id, x.value, NULL FROM audit a JOIN audits__sections x ON x.record = a.id
	UNION
	SELECT a.id, s.section, s.id FROM audit a JOIN audits__systems x ON x.record = a.id JOIN information_systems s ON s.id = x.value
), auditor AS (
	SELECT a.id AS audit, p.id, p.title, p.section, x.unavoidable_reason
	FROM audit a
	JOIN audits__auditors x ON x.record = a.id
	JOIN persons p ON p.id = x.person
)
SELECT a.id AS subject_id, a.section, a.title, 'line' AS part, NULL AS due_at,
       (SELECT say('in-line', group_concat(w.title, '、')) FROM auditor w
        WHERE w.audit = a.id
          AND w.unavoidable_reason IS NULL
          AND EXISTS (SELECT 1 FROM audited d JOIN up l ON (l.unit, l.above) IN ((d.unit, w.section), (w.section, d.unit))
                      WHERE d.audit = a.id)
        HAVING count(*) > 0) AS verdict
FROM audit a
UNION ALL
SELECT a.id, a.section, a.title, 'role', NULL,
       (SELECT say('has-role', group_concat(w.title, '、')) FROM auditor w
        WHERE w.audit = a.id
          AND w.unavoidable_reason IS NULL
          AND EXISTS (SELECT 1 FROM audited d JOIN role_assignments r
                      WHERE d.audit = a.id
                        AND r.holder = w.id
                        AND r.state = 'active'
                        AND r.conflict_reason IS NULL
                        AND r.starts_on <= :today
                        AND coalesce(r.ended_on, r.ends_on, '9999-12-31') >= :today
                        AND (r.unit = d.unit
                             OR EXISTS (SELECT 1 FROM role_assignments__systems y WHERE y.record = r.id AND y.value = d.system)))
        HAVING count(*) > 0)
FROM audit a

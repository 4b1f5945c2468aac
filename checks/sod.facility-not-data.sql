-- control: sod.facility-not-data
-- subject: information-systems
-- part: same-person
-- reason: same | 設備の管理者とデータの管理者が同じ人です: {1} | One person manages both facility and data: {1}
-- affects: information_systems = SELECT :id
-- affects: role_assignments = *
-- affects: persons = *
WITH acting AS (
	SELECT r.* FROM role_assignments r
	WHERE r.kind = 'appointment'
	  AND r.state = 'active'
	  AND r.conflict_reason IS NULL
	  AND r.starts_on <= :today
	  AND coalesce(r.ended_on, r.ends_on, '9999-12-31') >= :today
), managed(system, role, holder) AS (
	SELECT y.value, a.role, a.holder FROM acting a JOIN role_assignments__systems y ON y.record = a.id
	UNION
	SELECT s.id, a.role, a.holder FROM information_systems s JOIN acting a ON a.unit = s.section
	UNION
	SELECT s.id, a.role, a.holder FROM information_systems s JOIN acting a ON a.scope = 'whole'
), both(system, names) AS (
	SELECT f.system, group_concat(p.title, '、') FROM managed f
	JOIN managed d ON d.system = f.system AND d.holder = f.holder
	LEFT JOIN persons p ON p.id = f.holder
	WHERE f.role = 'facility-manager'
	  AND d.role = 'data-manager'
	GROUP BY f.system
)
SELECT s.id AS subject_id, s.section, s.title, 'same-person' AS part, NULL AS due_at,
       CASE WHEN b.system IS NOT NULL THEN say('same', b.names) END AS verdict
FROM information_systems s
LEFT JOIN both b ON b.system = s.id
WHERE s.state IN ('reported', 'active', 'revising', 'closing')

-- control: org.accountable-owner
-- subject: information-assets
-- part: owner
-- part: unit
-- reason: nobody | 管理責任を負う役割「{1}」に就いている人がいません | Nobody holds the accountable role {1}
-- reason: several | 管理責任を負う役割「{1}」に{2}人が就いていて、一人に定まりません | {2} people hold the accountable role {1}; it must be one
-- reason: no-role | 管理責任の役割を選んでください | Choose the responsible role
-- reason: no-person | 責任者が登録されていないか、在籍していません | No responsible person, or one who has left
-- reason: gone | 所管の組織が存続していません。引継ぎ先を所管にしてください | The owning unit no longer exists; name its successor
-- affects: information_assets = SELECT :id
-- affects: information_systems = SELECT 'information-systems:' || :id
-- affects: secure_areas = SELECT 'secure-areas:' || :id
-- affects: org_units = *
-- affects: role_assignments = *
-- affects: persons = SELECT 'secure-areas:' || a.id FROM secure_areas a WHERE a.owner = :id
-- Who holds a role for a unit: the nearest in its line that has somebody; else whoever holds it for the whole municipality.
WITH RECURSIVE line(unit, up, far) AS (
	SELECT u.id, u.id, 0 FROM org_units u
	WHERE u.state = 'active'
	UNION ALL
	SELECT l.unit, u.parent, l.far + 1 FROM line l JOIN org_units u ON u.id = l.up AND l.far < 9
), acting AS (
	SELECT r.id, r.role, r.holder, r.scope, r.unit FROM role_assignments r
	WHERE r.kind = 'appointment'
	  AND r.state = 'active'
	  AND r.starts_on <= :today
	  AND coalesce(r.ended_on, r.ends_on, '9999-12-31') >= :today
), near(role, unit, far, n) AS (
	SELECT a.role, l.unit, l.far, count(DISTINCT a.holder) FROM line l JOIN acting a ON a.unit = l.up
	WHERE a.scope = 'unit'
	GROUP BY a.role, l.unit, l.far
), by_unit(role, unit, n, far) AS MATERIALIZED (
	SELECT role, unit, n, min(far) FROM near GROUP BY role, unit
), whole(role, n) AS MATERIALIZED (
	SELECT role, count(DISTINCT holder) FROM acting
	WHERE scope = 'whole'
	GROUP BY role
), by_system(system, n) AS MATERIALIZED (
	SELECT y.value, count(DISTINCT a.holder) FROM acting a JOIN role_assignments__systems y ON y.record = a.id
	WHERE a.role = 'sys-manager'
	GROUP BY y.value
), asset AS NOT MATERIALIZED (
	SELECT a.* FROM information_assets a
	WHERE a.state <> 'retired'
	  AND a.in_scope
), system AS (
	SELECT s.* FROM information_systems s
	WHERE s.state IN ('reported', 'active', 'revising', 'closing')
)
SELECT a.id AS subject_id, a.section, a.title, 'owner' AS part, NULL AS due_at,
       CASE WHEN a.responsible_role IS NULL THEN say('no-role')
            WHEN coalesce(b.n, w.n, 0) = 0 THEN say('nobody', a.responsible_role)
            WHEN coalesce(b.n, w.n) > 1 THEN say('several', a.responsible_role, coalesce(b.n, w.n))
       END AS verdict
FROM asset a
LEFT JOIN by_unit b ON b.role = a.responsible_role AND b.unit = a.section
LEFT JOIN whole w ON w.role = a.responsible_role
UNION ALL
SELECT 'information-systems:' || s.id, s.section, s.title, 'owner', NULL,
       CASE WHEN coalesce(y.n, b.n, w.n, 0) = 0 THEN say('nobody', 'sys-manager')
            WHEN coalesce(y.n, b.n, w.n) > 1 THEN say('several', 'sys-manager', coalesce(y.n, b.n, w.n))
       END
FROM system s
LEFT JOIN by_system y ON y.system = s.id
LEFT JOIN by_unit b ON b.role = 'sys-manager' AND b.unit = s.section
LEFT JOIN whole w ON w.role = 'sys-manager'
UNION ALL
SELECT 'secure-areas:' || a.id, a.section, a.title, 'owner', NULL,
       CASE WHEN NOT EXISTS (SELECT 1 FROM persons p
                             WHERE p.id = a.owner
                               AND p.state IN ('active', 'away'))
            THEN say('no-person')
       END
FROM secure_areas a
WHERE a.state = 'active'
UNION ALL
SELECT a.id, a.section, a.title, 'unit', NULL,
       CASE WHEN u.state IS NOT 'active' THEN say('gone') END
FROM asset a
LEFT JOIN org_units u ON u.id = a.section
UNION ALL
SELECT 'information-systems:' || s.id, s.section, s.title, 'unit', NULL,
       CASE WHEN u.state IS NOT 'active' THEN say('gone') END
FROM system s
LEFT JOIN org_units u ON u.id = s.section

-- control: org.roles-filled
-- subject: org-units
-- part: vacant
-- part: doubled
-- part: inactive
-- reason: vacant | 空席の役割: {1} | Vacant: {1}
-- reason: doubled | 二人以上が就いている役割: {1} | Held by two or more: {1}
-- reason: inactive | 在籍していない人が就いています: {1} | Held by someone who is not active: {1}
-- affects: org_units = SELECT :id
-- affects: information_systems = SELECT 'information-systems:' || :id
-- affects: role_assignments = *
-- affects: persons = *
-- Who must have which role: units by their own list, systems by what the standard names.
WITH need(subject_id, section, title, role, unit, system) AS (
	SELECT u.id, u.id, u.title, q.value, u.id, NULL
	FROM org_units u
	JOIN org_units__roles_required q ON q.record = u.id
	WHERE u.state = 'active'
	UNION ALL
	SELECT 'information-systems:' || s.id, s.section, s.title, c.value, NULL, s.id
	FROM information_systems s
	JOIN json_each(std_list('system_roles')) c
	WHERE s.state IN ('reported', 'active', 'revising', 'closing')
), held(subject_id, role, n, gone) AS (
	SELECT n.subject_id, n.role, count(r.id), sum(r.id IS NOT NULL AND p.state IS NOT 'active')
	FROM need n
	LEFT JOIN role_assignments r
	       ON r.role = n.role
	      AND r.kind = 'appointment'
	      AND r.state = 'active'
	      AND r.starts_on <= :today
	      AND coalesce(r.ended_on, r.ends_on, '9999-12-31') >= :today
	      AND (r.scope = 'whole'
	           OR r.unit = n.unit
	           OR EXISTS (SELECT 1 FROM role_assignments__systems y WHERE y.record = r.id AND y.value = n.system))
	LEFT JOIN persons p ON p.id = r.holder
	GROUP BY n.subject_id, n.role
)
SELECT n.subject_id, n.section, n.title, 'vacant' AS part, NULL AS due_at,
       (SELECT say('vacant', group_concat(h.role, '、')) FROM held h
        WHERE h.subject_id = n.subject_id
          AND h.n = 0
        HAVING count(*) > 0) AS verdict
FROM need n
GROUP BY n.subject_id
UNION ALL
SELECT n.subject_id, n.section, n.title, 'doubled', NULL,
       (SELECT say('doubled', group_concat(h.role, '、')) FROM held h
        WHERE h.subject_id = n.subject_id
          AND h.n > 1
        HAVING count(*) > 0)
FROM need n
GROUP BY n.subject_id
UNION ALL
SELECT n.subject_id, n.section, n.title, 'inactive', NULL,
       (SELECT say('inactive', group_concat(h.role, '、')) FROM held h
        WHERE h.subject_id = n.subject_id
          AND h.gone > 0
        HAVING count(*) > 0)
FROM need n
GROUP BY n.subject_id

-- control: org.bodies-formed
-- subject: org-units
-- part: established
-- part: csirt
-- part: outsiders
-- part: members
-- part: functions
-- reason: no-decision | 設置の決定者と決定日を入れてください | Enter who decided to establish it and when
-- reason: not-ciso | CSIRTの設置はCISOの決定によります | The CSIRT is established by the CISO
-- reason: no-charter | 設置要綱を登録してください | Register its charter
-- reason: wrong-head | CSIRTの長が、役割「{1}」に現に就いている人ではありません | The CSIRT's head does not hold the role {1} now
-- reason: wrong-secretariat | CSIRTの事務局が情報管理担当の課ではありません | The CSIRT's secretariat is not the information section
-- reason: no-part | 担当が定まっていない構成員: {1} | Members without a part: {1}
-- reason: not-nominated | CISOの指名日がない課外の構成員: {1} | Members from elsewhere without the date of the CISO's nomination: {1}
-- reason: no-leader | 長が登録されていないか、在籍していません | It has no head, or the head has left
-- reason: no-members | 現任の構成員がいません | It has no current member
-- reason: left | 在籍していない構成員: {1} | Members who have left: {1}
-- reason: no-body | 担う組織がない機能: {1} | Functions without a body: {1}
-- affects: org_units = *
-- affects: persons = *
-- affects: role_assignments = *
WITH body AS (
	SELECT u.* FROM org_units u
	WHERE u.state = 'active'
	  AND u.kind IN ('committee', 'csirt')
), sitting(body, person, part, origin, nominated_on, name, state, section) AS (
	SELECT m.record, m.person, m.part, m.origin, m.nominated_on, p.title, p.state, p.section
	FROM org_units__members m
	LEFT JOIN persons p ON p.id = m.person
	WHERE m.starts_on <= :today
	  AND coalesce(m.ends_on, '9999-12-31') >= :today
)
SELECT b.id AS subject_id, b.id AS section, b.title, 'established' AS part, NULL AS due_at,
       CASE WHEN b.decided_by IS NULL THEN say('no-decision')
            WHEN b.decided_on IS NULL THEN say('no-decision')
            WHEN b.kind = 'csirt'
                 AND b.decided_by <> 'ciso'
            THEN say('not-ciso')
            WHEN b.charter IS NULL THEN say('no-charter')
       END AS verdict
FROM body b
UNION ALL
SELECT b.id, b.id, b.title, 'csirt', NULL,
       CASE WHEN NOT EXISTS (SELECT 1 FROM role_assignments r
                             WHERE r.holder = b.leader
                               AND r.role = std('csirt_head')
                               AND r.kind = 'appointment'
                               AND r.state = 'active'
                               AND r.starts_on <= :today
                               AND coalesce(r.ended_on, r.ends_on, '9999-12-31') >= :today)
            THEN say('wrong-head', std('csirt_head'))
            WHEN NOT EXISTS (SELECT 1 FROM org_units__functions f
                             WHERE f.record = b.secretariat_unit
                               AND f.value = coalesce(std('csirt_secretariat'), 'info-section'))
            THEN say('wrong-secretariat')
            ELSE (SELECT say('no-part', group_concat(s.name, '、')) FROM sitting s
                  WHERE s.body = b.id
                    AND s.part IS NULL
                  HAVING count(*) > 0)
       END
FROM body b
WHERE b.kind = 'csirt'
UNION ALL
SELECT b.id, b.id, b.title, 'outsiders', NULL,
       (SELECT say('not-nominated', group_concat(s.name, '、')) FROM sitting s
        LEFT JOIN org_units u ON u.id = s.section
        WHERE s.body = b.id
          AND s.origin IS NOT 'post'
          AND s.nominated_on IS NULL
          AND u.id IS NOT b.secretariat_unit
          AND u.parent IS NOT b.secretariat_unit
        HAVING count(*) > 0)
FROM body b
WHERE b.kind = 'csirt'
UNION ALL
SELECT b.id, b.id, b.title, 'members', NULL,
       CASE WHEN NOT EXISTS (SELECT 1 FROM persons p
                             WHERE p.id = b.leader
                               AND p.state IN ('active', 'away'))
            THEN say('no-leader')
            WHEN NOT EXISTS (SELECT 1 FROM sitting s WHERE s.body = b.id) THEN say('no-members')
            ELSE (SELECT say('left', group_concat(s.name, '、')) FROM sitting s
                  WHERE s.body = b.id
                    AND s.state NOT IN ('active', 'away')
                  HAVING count(*) > 0)
       END
FROM body b
UNION ALL
-- What the standard names stands with the municipality itself, its uppermost unit.
SELECT u.id, u.id, u.title, 'functions', NULL,
       (SELECT say('no-body', group_concat(iif(c.value = 'csirt', 'CSIRT', iif(c.value = 'security-committee', '情報セキュリティ委員会', c.value)), '、'))
        FROM json_each(std_list('bodies')) c
        WHERE NOT EXISTS (SELECT 1 FROM body b JOIN org_units__functions f ON f.record = b.id
                          WHERE f.value = c.value)
        HAVING count(*) > 0)
FROM org_units u
WHERE u.state = 'active'
  AND u.kind = 'body'
  AND u.body_type = 'mayor'

-- control: org.public-info-ready
-- subject: spokesperson
-- part: role
-- part: deputy
-- part: template
-- reason: vacant | 緊急時の広報担当が指名されていません | Nobody is appointed for public information
-- reason: no-deputy | 緊急時の広報担当の代理が指名されていません | No deputy is named for public information
-- reason: no-template | 発表文の様式がない事案: {1} | Incident types without a statement template: {1}
-- reason: no-types | 公表する事案の種類が計画に書かれていません | The plan names no incident types to be published
-- affects: role_assignments = *
-- affects: documents = *
WITH acting AS (
	SELECT r.* FROM role_assignments r
	WHERE r.state = 'active'
	  AND r.starts_on <= :today
	  AND coalesce(r.ended_on, r.ends_on, '9999-12-31') >= :today
)
SELECT 'public-information' AS subject_id, NULL AS section, '緊急時の広報担当' AS title, 'role' AS part, NULL AS due_at,
       CASE WHEN NOT EXISTS (SELECT 1 FROM acting r
                             WHERE r.function = 'public-information'
                               AND r.kind = 'appointment')
            THEN say('vacant')
       END AS verdict
UNION ALL
SELECT 'public-information', NULL, '緊急時の広報担当', 'deputy', NULL,
       CASE WHEN NOT EXISTS (SELECT 1 FROM acting d
                             JOIN acting r ON r.id = d.deputy_of
                             WHERE d.kind = 'deputy'
                               AND r.function = 'public-information')
            THEN say('no-deputy')
       END
UNION ALL
SELECT 'documents:' || d.id, d.section, d.title, 'template', NULL,
       CASE WHEN NOT EXISTS (SELECT 1 FROM documents__public_types t WHERE t.record = d.id) THEN say('no-types')
            ELSE (SELECT say('no-template', group_concat(t.value, '、')) FROM documents__public_types t
                  WHERE t.record = d.id
                    AND NOT EXISTS (SELECT 1 FROM documents__incident_types i JOIN documents s ON s.id = i.record
                                    WHERE i.value = t.value
                                      AND s.kind = 'statement'
                                      AND s.state = 'in-force')
                  HAVING count(*) > 0)
       END
FROM documents d
WHERE d.kind = 'emergency-plan'
  AND d.state = 'in-force'

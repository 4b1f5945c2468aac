-- control: project.staffed
-- subject: projects
-- part: lead
-- part: workers
-- later: logins
-- reason: no-lead | 開発の責任者が決まっていないか、在籍していません | No lead is named, or the lead has left
-- reason: no-workers | 作業者が一人も登録されていません | No worker is entered
-- reason: incomplete | 所属又は期間がない作業者: {1} | Workers without affiliation or period: {1}
-- affects: projects = SELECT :id
-- affects: persons = *
WITH project AS NOT MATERIALIZED (
	SELECT j.* FROM projects j
	WHERE j.kind = 'project'
	  AND j.state IN ('specified', 'running')
)
SELECT j.id AS subject_id, j.section, j.title, 'lead' AS part, NULL AS due_at,
       CASE WHEN NOT EXISTS (SELECT 1 FROM persons p
                             WHERE p.id = j.lead
                               AND p.state IN ('active', 'away'))
            THEN say('no-lead')
       END AS verdict
FROM project j
UNION ALL
SELECT j.id, j.section, j.title, 'workers', NULL,
       CASE WHEN NOT EXISTS (SELECT 1 FROM projects__roster r WHERE r.record = j.id) THEN say('no-workers')
            ELSE (SELECT say('incomplete', group_concat(p.title, '、')) FROM projects__roster r
                  LEFT JOIN persons p ON p.id = r.person
                  WHERE r.record = j.id
                    AND (r.company IS NULL
                         OR r.starts_on IS NULL
                         OR r.ends_on IS NULL)
                  HAVING count(*) > 0)
       END
FROM project j

-- control: doc.system-procedures
-- subject: information-systems
-- part: sections
-- part: review
-- reason: none | 施行中のシステム実施手順がありません | There is no system procedure in force
-- reason: no-implementation | 実施手順に「実施」の章がありません | The procedure has no section on implementation
-- reason: no-data | 実施手順に「データの扱い」の章がありません | The procedure has no section on data handling
-- reason: no-upkeep | 実施手順に「水準の維持」の章がありません | The procedure has no section on security upkeep
-- reason: no-component | 構成要素「{1}」の水準を保つ手順がありません | There is no upkeep procedure for the component {1}
-- reason: no-incident | 「事案の対処」の章も対応マニュアルもありません | There is neither a section on incident response nor a manual
-- reason: no-recovery | 実施手順に「復旧」の章がありません | The procedure has no section on recovery
-- reason: overdue | 手順の見直しの期限({1})を過ぎています | The review of a procedure was due on {1}
-- reason: soon | 手順の見直しの期限({1})が近づいています | The review of a procedure is due on {1}
-- affects: information_systems = SELECT :id
-- affects: documents = *
WITH paper AS (
	SELECT s.value AS system, d.id, d.kind, d.review_on FROM documents d JOIN documents__systems s ON s.record = d.id
	WHERE d.state = 'in-force'
	  AND EXISTS (SELECT 1 FROM documents__topics t
	              WHERE t.record = d.id
	                AND t.value IN ('system', 'incident'))
), chapter AS (
	SELECT p.system, c.code, c.component FROM paper p JOIN documents__sections c ON c.record = p.id
), system AS (
	SELECT y.*, (SELECT min(p.review_on) FROM paper p WHERE p.system = y.id) AS review_by
	FROM information_systems y
	WHERE y.state IN ('reported', 'active', 'revising')
)
SELECT y.id AS subject_id, y.section, y.title, 'sections' AS part, NULL AS due_at,
       CASE WHEN NOT EXISTS (SELECT 1 FROM paper p WHERE p.system = y.id) THEN say('none')
            WHEN NOT EXISTS (SELECT 1 FROM chapter c
                             WHERE c.system = y.id
                               AND c.code = 'implementation')
            THEN say('no-implementation')
            WHEN NOT EXISTS (SELECT 1 FROM chapter c
                             WHERE c.system = y.id
                               AND c.code = 'data-handling')
            THEN say('no-data')
            WHEN NOT EXISTS (SELECT 1 FROM chapter c
                             WHERE c.system = y.id
                               AND c.code = 'upkeep')
            THEN say('no-upkeep')
            WHEN NOT EXISTS (SELECT 1 FROM chapter c
                             WHERE c.system = y.id
                               AND c.code = 'incident')
             AND NOT EXISTS (SELECT 1 FROM paper p
                             WHERE p.system = y.id
                               AND p.kind = 'manual')
            THEN say('no-incident')
            WHEN NOT EXISTS (SELECT 1 FROM chapter c
                             WHERE c.system = y.id
                               AND c.code = 'recovery')
            THEN say('no-recovery')
            ELSE (SELECT say('no-component', min(k.name)) FROM information_systems__components k
                  WHERE k.record = y.id
                    AND NOT EXISTS (SELECT 1 FROM chapter c
                                    WHERE c.system = y.id
                                      AND c.code = 'upkeep'
                                      AND c.component = k.name)
                  HAVING count(*) > 0)
       END AS verdict
FROM system y
UNION ALL
SELECT y.id, y.section, y.title, 'review', y.review_by,
       CASE WHEN y.review_by < :today THEN say('overdue', y.review_by)
            WHEN y.review_by <= ahead(:today, '30d') THEN say('due soon', y.review_by)
       END
FROM system y
WHERE y.review_by IS NOT NULL

-- control: training.new-hire
-- subject: persons
-- part: duties
-- part: briefed
-- part: test
-- later: access
-- reason: no-duties | 遵守事項の文書を {1} までに交付していません | The duties document was not handed over by {1}
-- reason: not-briefed | 採用時の説明を {1} までに行っていません | The briefing was not held by {1}
-- reason: not-passed | 理解度確認に {1} までに合格していません | The comprehension test was not passed by {1}
-- reason: soon | {1} までに済ませてください | To be done by {1}
-- affects: persons = SELECT :id
-- A hire is who started after the ledger was begun and within the last year; a re-appointed person continues and is none.
WITH hire AS NOT MATERIALIZED (
	SELECT p.id, p.section, p.title, p.duties_document, p.duties_given_on, p.briefed_on, p.test_passed_on,
	       ahead(p.started_on, param('hire_days') || 'd') AS due_on
	FROM persons p
	WHERE p.state IN ('active', 'away')
	  AND p.in_scope
	  AND p.started_on >= back(p.created_on, '3mo')
	  AND p.started_on >= back(:today, '1y')
	  AND NOT EXISTS (SELECT 1 FROM persons__movements m
	                  WHERE m.record = p.id
	                    AND m.kind = 'reappoint'
	                    AND m.moved_on = p.started_on)
)
SELECT h.id AS subject_id, h.section, h.title, 'duties' AS part, h.due_on AS due_at,
       CASE WHEN iif(h.duties_document IS NULL, :today, coalesce(h.duties_given_on, :today)) > h.due_on THEN say('no-duties', h.due_on)
            WHEN h.duties_given_on IS NULL THEN say('due soon', h.due_on)
       END AS verdict
FROM hire h
UNION ALL
SELECT h.id, h.section, h.title, 'briefed', h.due_on,
       CASE WHEN coalesce(h.briefed_on, :today) > h.due_on THEN say('not-briefed', h.due_on)
            WHEN h.briefed_on IS NULL THEN say('due soon', h.due_on)
       END
FROM hire h
UNION ALL
SELECT h.id, h.section, h.title, 'test', h.due_on,
       CASE WHEN coalesce(h.test_passed_on, :today) > h.due_on THEN say('not-passed', h.due_on)
            WHEN h.test_passed_on IS NULL THEN say('due soon', h.due_on)
       END
FROM hire h

-- control: training.attended
-- subject: persons
-- part: done
-- part: make-up
-- reason: not-done | 受けていない研修・訓練があります: {1} | Not attended: {1}
-- reason: planned | {1} までに補講を受ける予定です | To be made up by {1}
-- reason: never | {1} 以降に受けた研修がありません | No training attended since {1}
-- reason: no-date | 補講の期限が定められていません: {1} | No make-up date is set: {1}
-- reason: passed | 補講の期限 {1} を過ぎています | The make-up date {1} has passed
-- affects: persons = SELECT :id
-- affects: training = SELECT t.person FROM training t WHERE :id IN (t.id, t.session) AND t.person IS NOT NULL
WITH chance AS NOT MATERIALIZED (
	SELECT p.id, p.section, p.title, p.started_on, sum(t.id IS NOT NULL AND t.makeup_due IS NULL) AS undated, total(t.makeup_due < :today) AS late,
	       count(t.id) AS n, min(t.makeup_due) AS first_due, max(t.makeup_due) AS last_due, group_concat(t.title, '、') AS names
	FROM persons p
	LEFT JOIN (SELECT a.id, a.person, a.makeup_due, s.title FROM training a
	           JOIN training s ON s.id = a.session
	           WHERE a.kind = 'attendance'
	             AND a.state IN ('assigned', 'missed')
	             AND s.held_on < :today) t ON t.person = p.id
	WHERE p.state = 'active'
	  AND p.in_scope
	GROUP BY p.id
)
SELECT c.id AS subject_id, c.section, c.title, 'done' AS part, c.last_due AS due_at,
       CASE WHEN c.undated + c.late > 0 THEN say('not-done', c.names)
            WHEN c.n > 0 THEN say('in_progress planned', c.last_due)
            WHEN c.started_on < back(:today, cycle('training.attended'))
                 AND NOT EXISTS (SELECT 1 FROM training a
                                 LEFT JOIN training s ON s.id = a.session
                                 WHERE a.person = c.id
                                   AND a.kind = 'attendance'
                                   AND a.state = 'completed'
                                   AND coalesce(a.makeup_on, a.attended_on, s.held_on) >= back(:today, cycle('training.attended')))
            THEN say('never', back(:today, cycle('training.attended')))
       END AS verdict
FROM chance c
UNION ALL
SELECT c.id, c.section, c.title, 'make-up', c.first_due,
       CASE WHEN c.undated > 0 THEN say('no-date', c.names)
            WHEN c.late > 0 THEN say('passed', c.first_due)
       END
FROM chance c

-- control: workflow.carry-out
-- subject: carry-outs
-- part: approved
-- part: procedure
-- later: off-network
-- reason: not-approved | 許可の記録がないまま持ち出されています | Taken out without a recorded approval
-- reason: after | 出発（{1}）の後に許可されています | Approved only after it left on {1}
-- reason: wrong-approver | 許可した人は、許可の日に、基準が定める許可者の役割にありませんでした | Whoever approved did not hold the role the standard names that day
-- reason: outside-blanket | 出発の日（{1}）は包括許可の期間の外です | It left on {1}, outside the term of the blanket permit
-- reason: no-procedure | 従う手順の版が選ばれていません | No procedure version is cited
-- reason: not-in-force | 従う手順の版は、出発の日（{1}）に施行されていません | The procedure version cited was not in force when it left on {1}
-- affects: carry_outs = SELECT :id UNION SELECT x.id FROM carry_outs x WHERE x.blanket = :id
-- affects: role_assignments = SELECT coalesce(x.id, s.record) FROM role_assignments r JOIN carry_outs_step s ON r.holder IN (s.actor, s.on_behalf) LEFT JOIN carry_outs x ON x.blanket = s.record OR x.id = s.record WHERE r.id = :id
-- affects: documents = SELECT x.id FROM carry_outs x WHERE x.rule = :id
-- every: approved
-- index: carry_outs(section, kind, state, class_c, rule, blanket)
-- Most rows are in scope: the + keeps SQLite from looking them up by kind.
-- A blanket permit stands for the approvals of its term. What the last approval lacks, '' for nothing; NULL: there is none.
WITH permit AS MATERIALIZED (
	SELECT r.holder, r.starts_on AS since, coalesce(r.ended_on, r.ends_on, '9999-12-31') AS until FROM role_assignments r
	WHERE std_has('carry_out_approver', r.role)
	  AND r.state IN ('active', 'ended')
), x AS NOT MATERIALIZED (
	SELECT c.id, c.section, c.title, c.rule, c.blanket, coalesce(c.out_at, c.depart_at) AS left_at, day(coalesce(c.out_at, c.depart_at)) AS left_on
	FROM carry_outs c
	WHERE +c.kind IN ('carry-out', 'transport', 'loan')
	  AND +c.state IN ('out', 'extending', 'returned', 'closed', 'lost')
)
SELECT x.id AS subject_id, x.section, x.title, 'approved' AS part, NULL AS due_at,
       nullif(coalesce((SELECT CASE WHEN s.at > x.left_at THEN say('after', x.left_on)
                                    WHEN x.left_at NOT BETWEEN b.depart_at AND coalesce(b.extended_to, b.due_at) THEN say('outside-blanket', x.left_on)
                                    WHEN NOT EXISTS (SELECT 1 FROM permit p
                                                     WHERE p.holder = coalesce(s.on_behalf, s.actor)
                                                       AND day(s.at) BETWEEN p.since AND p.until)
                                    THEN say('wrong-approver')
                                    ELSE ''
                               END
                        FROM carry_outs_step s
                        WHERE s.record = coalesce(x.blanket, x.id)
                          AND s.action = 'approve'
                        ORDER BY s.id DESC LIMIT 1), say('not-approved')), '') AS verdict
FROM x
LEFT JOIN carry_outs b ON b.id = x.blanket
UNION ALL
SELECT x.id, x.section, x.title, 'procedure', NULL,
       CASE WHEN d.id IS NULL THEN say('no-procedure')
            WHEN d.state NOT IN ('in-force', 'superseded', 'withdrawn')
              OR x.left_on NOT BETWEEN coalesce(d.effective_from, '') AND coalesce(d.effective_until, '9999-12-31')
            THEN say('not-in-force', x.left_on)
       END
FROM x
LEFT JOIN documents d ON d.id = x.rule

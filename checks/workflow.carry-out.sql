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
-- A blanket permit stands for the approvals of its term.
WITH x AS NOT MATERIALIZED (
	SELECT c.id, c.section, c.title, c.rule, c.blanket, coalesce(c.out_at, c.depart_at) AS left_at, day(coalesce(c.out_at, c.depart_at)) AS left_on,
	       s.id AS step, s.at AS approved_at, day(s.at) AS approved_on, coalesce(s.on_behalf, s.actor) AS approver,
	       b.depart_at AS blanket_from, coalesce(b.extended_to, b.due_at) AS blanket_to
	FROM carry_outs c
	LEFT JOIN carry_outs b ON b.id = c.blanket
	LEFT JOIN carry_outs_step s ON s.id = (SELECT max(t.id) FROM carry_outs_step t
	                                       WHERE t.record = coalesce(c.blanket, c.id)
	                                         AND t.action = 'approve')
	WHERE c.kind IN ('carry-out', 'transport', 'loan')
	  AND c.state IN ('out', 'extending', 'returned', 'closed', 'lost')
)
SELECT x.id AS subject_id, x.section, x.title, 'approved' AS part, NULL AS due_at,
       CASE WHEN x.step IS NULL THEN say('not-approved')
            WHEN x.approved_at > x.left_at THEN say('after', x.left_on)
            WHEN x.left_at NOT BETWEEN x.blanket_from AND x.blanket_to THEN say('outside-blanket', x.left_on)
            WHEN NOT EXISTS (SELECT 1 FROM role_assignments r
                             WHERE r.holder = x.approver
                               AND std_has('carry_out_approver', r.role)
                               AND r.state IN ('active', 'ended')
                               AND r.starts_on <= x.approved_on
                               AND coalesce(r.ended_on, r.ends_on, '9999-12-31') >= x.approved_on)
            THEN say('wrong-approver')
       END AS verdict
FROM x
UNION ALL
SELECT x.id, x.section, x.title, 'procedure', NULL,
       CASE WHEN d.id IS NULL THEN say('no-procedure')
            WHEN d.state NOT IN ('in-force', 'superseded', 'withdrawn')
              OR d.effective_from > x.left_on
              OR d.effective_until < x.left_on
            THEN say('not-in-force', x.left_on)
       END
FROM x
LEFT JOIN documents d ON d.id = x.rule

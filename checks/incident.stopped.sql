-- control: incident.stopped
-- subject: incidents
-- part: ground
-- part: in-time
-- reason: no-ground | 停止・遮断の事由か、やむを得ないと判断した理由がありません | The ground, or why the stop is unavoidable, is missing
-- reason: undecided | 停止・遮断を決めた人の記録がありません | Who decided the stop is not recorded
-- reason: wrong-decider | 停止・遮断を決めた人は、その日に、決める権限のある役割にありませんでした | Whoever decided the stop held no role with that right that day
-- reason: running | 決定から {1} 分を過ぎても止めた記録がありません。停止を確かめて記録してください | No stop recorded {1} minutes after the decision; make sure it is stopped and record it
-- reason: late | 決定から {1} 分を過ぎて止めました | Stopped later than {1} minutes after the decision
-- reason: unproven | 停止を確かめた方法が書かれていません | How the stop was confirmed is not recorded
-- affects: incidents = SELECT :id
-- affects: role_assignments = SELECT s.record FROM role_assignments r JOIN incidents_step s ON r.holder IN (s.actor, s.on_behalf) WHERE r.id = :id
WITH x AS NOT MATERIALIZED (
	SELECT i.*, s.id AS step, coalesce(s.on_behalf, s.actor) AS decider, day(s.at) AS decided_on,
	       coalesce(i.decided_at, s.at) + param('stop_minutes') * 60000000 AS limit_at
	FROM incidents i
	LEFT JOIN incidents_step s ON s.id = (SELECT max(t.id) FROM incidents_step t
	                                      WHERE t.record = i.id
	                                        AND t.action = 'decide-stop')
	WHERE i.kind = 'stop'
	  AND i.state IN ('decided', 'stopped', 'restarted')
)
SELECT x.id AS subject_id, x.section, x.title, 'ground' AS part, NULL AS due_at,
       CASE WHEN x.ground IS NULL
              OR x.ground_text IS NULL
            THEN say('no-ground')
            WHEN x.step IS NULL THEN say('undecided')
            WHEN NOT EXISTS (SELECT 1 FROM role_assignments r
                             WHERE r.holder = x.decider
                               AND std_has('stop_authority', r.role)
                               AND r.state IN ('active', 'ended')
                               AND r.starts_on <= x.decided_on
                               AND coalesce(r.ended_on, r.ends_on, '9999-12-31') >= x.decided_on)
            THEN say('wrong-decider')
       END AS verdict
FROM x
UNION ALL
SELECT x.id, x.section, x.title, 'in-time', day(x.limit_at),
       CASE WHEN x.stopped_at IS NULL
             AND :now > x.limit_at
            THEN say('running', param('stop_minutes'))
            WHEN x.stopped_at > x.limit_at THEN say('late', param('stop_minutes'))
            WHEN x.stopped_at IS NOT NULL
             AND x.stop_proof IS NULL
            THEN say('unproven')
       END
FROM x

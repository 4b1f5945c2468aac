-- control: incident.reported-in-time
-- subject: incidents
-- part: received
-- part: items
-- reason: waiting | 気付いてから {1} 分を過ぎても受け付けられていません。管理者は直ちに受け付けてください | Not received within {1} minutes of noticing; receive it now
-- reason: late | 気付いてから {1} 分を過ぎて受け付けました。遅れた理由を確かめてください | Received later than {1} minutes after noticing; find out why
-- reason: wrong-receiver | 受け付けた人は、その日に、基準が報告先とする役割にありませんでした | Whoever received it did not hold the role the standard names that day
-- reason: blank | 報告事項（種類・出どころ・状況・原因・被害・ログ）に空欄があります | A report item (type, source, situation, cause, damage, logs) is blank
-- reason: follow-up | 未確認の項目の続報期限 {1} を過ぎています | The follow-up on unknown items was due on {1}
-- affects: incidents = SELECT :id
-- affects: role_assignments = SELECT s.record FROM role_assignments r JOIN incidents_step s ON r.holder IN (s.actor, s.on_behalf) WHERE r.id = :id
WITH report AS NOT MATERIALIZED (
	SELECT x.id, x.section, x.title, x.source, s.id AS step,
	       x.noticed_at + param('report_minutes') * 60000000 AS limit_at, coalesce(x.received_at, s.at) AS received_at,
	       coalesce(s.on_behalf, s.actor) AS receiver, day(s.at) AS received_on
	FROM incidents x
	LEFT JOIN incidents_step s ON s.id = (SELECT max(t.id) FROM incidents_step t
	                                      WHERE t.record = x.id
	                                        AND t.action = 'receive')
	WHERE x.kind = 'incident'
)
SELECT x.id AS subject_id, x.section, x.title, 'received' AS part, day(x.limit_at) AS due_at,
       CASE WHEN x.step IS NULL
             AND :now > x.limit_at
            THEN say('waiting', param('report_minutes'))
            WHEN x.received_at > x.limit_at THEN say('late', param('report_minutes'))
            WHEN x.step IS NOT NULL
             AND x.source IS NOT 'alert'
             AND NOT EXISTS (SELECT 1 FROM role_assignments r
                             WHERE r.holder = x.receiver
                               AND std_has('incident_receiver', r.role)
                               AND r.state IN ('active', 'ended')
                               AND r.starts_on <= x.received_on
                               AND coalesce(r.ended_on, r.ends_on, '9999-12-31') >= x.received_on)
            THEN say('wrong-receiver')
       END AS verdict
FROM report x
UNION ALL
SELECT x.id, x.section, x.title, 'items', x.unknown_due,
       CASE WHEN x.type IS NULL
              OR x.source IS NULL
              OR x.situation IS NULL
              OR x.presumed_cause IS NULL
              OR x.damage IS NULL
              OR x.log_note IS NULL
            THEN say('blank')
            WHEN x.unknown_due < :today
             AND x.unknown_settled_on IS NULL
            THEN say('follow-up', x.unknown_due)
       END
FROM incidents x
WHERE x.kind = 'incident'
  AND x.state <> 'no-incident'
  AND x.state <> 'reported'

-- control: incident.escalated
-- subject: incidents
-- part: notified
-- part: acknowledged
-- reason: untold | 受付から {2} 分以内に連絡していません（連絡先の役割: {1}）。直ちに連絡してください | Not told within {2} minutes of receipt: {1}; tell them now
-- reason: unacknowledged | 連絡を受けた確認がありません（役割: {1}）。受領を確かめて記録してください | No acknowledgement from {1}; make sure they know and record it
-- reason: no-instruction | 受けた指示が記録されていません。指示がなければ「指示なし」と書いてください | No instruction is recorded; write "none" if there was none
-- affects: incidents = SELECT :id
-- Whom each received incident goes to: the roles of the standard, and the department's head where a breach of its own caused it.
WITH x AS NOT MATERIALIZED (
	SELECT i.id, i.section, i.title, coalesce(i.own_breach, 0) AS own_breach, i.received_at + param('escalate_minutes') * 60000000 AS limit_at
	FROM incidents i
	WHERE i.kind = 'incident'
	  AND i.state NOT IN ('reported', 'no-incident')
	  AND i.received_at IS NOT NULL
), need(role, own) AS MATERIALIZED (
	SELECT c.value, 0 FROM json_each(std_list('incident_informed')) c
	UNION ALL
	SELECT 'dept-head', 1
)
SELECT x.id AS subject_id, x.section, x.title, 'notified' AS part, day(x.limit_at) AS due_at,
       CASE WHEN :now > x.limit_at
            THEN (SELECT say('untold', group_concat(q.role, '、'), param('escalate_minutes')) FROM need q
                  WHERE q.own <= x.own_breach
                    AND NOT EXISTS (SELECT 1 FROM incidents__notices n
                                    WHERE n.record = x.id
                                      AND n.role = q.role
                                      AND n.sent_at <= x.limit_at)
                  HAVING count(*) > 0)
       END AS verdict
FROM x
UNION ALL
SELECT x.id, x.section, x.title, 'acknowledged', day(x.limit_at),
       CASE WHEN :now > x.limit_at
            THEN coalesce((SELECT say('unacknowledged', group_concat(q.role, '、')) FROM need q
                           WHERE q.own <= x.own_breach
                             AND NOT EXISTS (SELECT 1 FROM incidents__notices n
                                             WHERE n.record = x.id
                                               AND n.role = q.role
                                               AND n.acked_at IS NOT NULL)
                           HAVING count(*) > 0),
                          (SELECT say('no-instruction')
                           WHERE NOT EXISTS (SELECT 1 FROM incidents__notices n
                                             WHERE n.record = x.id
                                               AND n.instruction IS NOT NULL)))
       END
FROM x

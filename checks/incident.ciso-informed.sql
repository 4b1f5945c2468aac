-- control: incident.ciso-informed
-- subject: incidents
-- part: notice
-- part: order
-- reason: emergency | 緊急の事案を受付から {2} 分以内に報告していません（{1}）。直ちに報告してください | The emergency was not reported within {2} minutes of receipt: {1}; report it now
-- reason: untold | 報告の記録も、報告が要らないと判断した理由もありません（{1}） | Neither a report nor a reason for none is recorded: {1}
-- reason: undecided | 対応を終えるまでに、報告するか要らない理由を書いてください（{1}） | Report it, or say why not, before the response ends: {1}
-- reason: no-order | CISOの指示も、不在時の統括責任者の判断も記録されていません | Neither the CISO's order nor the chief's decision in absence is recorded
-- reason: order-open | CISOの指示か、不在時の統括責任者の判断を記録してください | Record the CISO's order, or the chief's decision in absence
-- affects: incidents = SELECT :id
WITH x AS NOT MATERIALIZED (
	SELECT i.*, iif(i.severity = 'emergency', i.received_at + param('ciso_minutes') * 60000000, NULL) AS limit_at
	FROM incidents i
	WHERE i.kind = 'incident'
	  AND i.state NOT IN ('reported', 'no-incident')
), told(id, missing, late) AS NOT MATERIALIZED (
	SELECT q.id, group_concat(iif(q.first_at IS NULL, q.role, NULL), '、'),
	       group_concat(iif(coalesce(q.first_at, :now) > q.limit_at, q.role, NULL), '、')
	FROM (SELECT x.id, x.limit_at, c.value AS role, (SELECT min(m.sent_at) FROM incidents__notices m
	                                                 WHERE m.record = x.id
	                                                   AND m.role = c.value) AS first_at
	      FROM x JOIN json_each('["ciso","dept-head"]') c) q
	GROUP BY q.id
)
SELECT x.id AS subject_id, x.section, x.title, 'notice' AS part, day(x.limit_at) AS due_at,
       CASE WHEN x.ciso_not_needed IS NOT NULL THEN NULL
            WHEN t.late IS NOT NULL THEN say('emergency', t.late, param('ciso_minutes'))
            WHEN t.missing IS NOT NULL
             AND x.state IN ('watching', 'closed')
            THEN say('untold', t.missing)
            WHEN t.missing IS NOT NULL THEN say('due undecided', t.missing)
       END AS verdict
FROM x
JOIN told t ON t.id = x.id
UNION ALL
SELECT x.id, x.section, x.title, 'order', day(x.limit_at),
       CASE WHEN x.ciso_not_needed IS NOT NULL THEN NULL
            WHEN x.ciso_order IS NOT NULL THEN NULL
            WHEN x.ciso_absent
             AND x.chief_decision IS NOT NULL
            THEN NULL
            WHEN x.state IN ('watching', 'closed')
              OR :now > x.limit_at
            THEN say('no-order')
            ELSE say('due order-open')
       END
FROM x

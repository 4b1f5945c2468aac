-- control: incident.prevention-done
-- subject: incidents
-- part: planned
-- part: done
-- part: provisional
-- reason: none | 終結までに、担当と期限を決めた再発防止策が登録されていません | No action with owner and due date was entered before closing
-- reason: overdue | 再発防止策の期限 {1} を過ぎています。完了させて結果を報告してください | A prevention action was due on {1}; finish it and report
-- reason: unchecked | 完了した再発防止策（{1}）の効果を確かめていません | The effect of an action done on {1} is not checked
-- reason: no-provisional | 復旧（{1}）の前に行った当面の再発防止策がありません | No provisional measure was done before recovery on {1}
-- affects: incidents = SELECT :id
-- affects: improvement_actions = *
WITH x AS NOT MATERIALIZED (
	SELECT i.id, i.section, i.title, i.state, day(i.recovered_at) AS recovered_on,
	       coalesce((SELECT day(max(s.at)) FROM incidents_step s
	                 WHERE s.record = i.id
	                   AND s.action = 'close'), :today) AS closed_on
	FROM incidents i
	WHERE i.kind = 'incident'
	  AND i.state <> 'no-incident'
), a AS NOT MATERIALIZED (
	SELECT m.* FROM improvement_actions m
	WHERE m.source_kind = 'incidents'
	  AND m.kind <> 'enquiry'
	  AND m.state <> 'dropped'
)
SELECT x.id AS subject_id, x.section, x.title, 'planned' AS part, NULL AS due_at,
       CASE WHEN NOT EXISTS (SELECT 1 FROM a
                             WHERE a.source = x.id
                               AND a.owner IS NOT NULL
                               AND a.due_on IS NOT NULL
                               AND a.created_on <= x.closed_on)
            THEN say('none')
       END AS verdict
FROM x
WHERE x.state = 'closed'
UNION ALL
SELECT x.id, x.section, x.title, 'done', q.open_due,
       CASE WHEN q.open_due < :today THEN say('overdue', q.open_due)
            WHEN ahead(q.unchecked_on, '3mo') < :today THEN say('unchecked', q.unchecked_on)
       END
FROM x
JOIN (SELECT a.source, min(iif(a.done_on IS NULL, a.due_on, NULL)) AS open_due,
             min(iif(a.effect_result IS NULL AND a.kind = 'action', a.done_on, NULL)) AS unchecked_on
      FROM a
      GROUP BY a.source) q ON q.source = x.id
UNION ALL
SELECT x.id, x.section, x.title, 'provisional', NULL,
       CASE WHEN NOT EXISTS (SELECT 1 FROM a
                             WHERE a.source = x.id
                               AND a.provisional
                               AND a.done_on <= x.recovered_on)
            THEN say('no-provisional', x.recovered_on)
       END
FROM x
WHERE x.recovered_on IS NOT NULL

-- control: incident.analysed
-- subject: incidents
-- part: facts
-- part: participants
-- part: decision
-- part: unaltered
-- reason: no-facts | 調査で分かった事実が書かれないまま終結しています | Closed without the facts found
-- reason: no-cause | 原因が書かれないまま終結しています | Closed without a cause
-- reason: absent | 究明に加わっていない役割: {1} | Did not take part in the analysis: {1}
-- reason: no-decision | CSIRTの終結判断が記録されていません | The CSIRT's closing decision is not recorded
-- reason: edited | 終結の後に記録が変わっています | The record was changed after closing
-- affects: incidents = SELECT :id
-- affects: role_assignments = SELECT p.record FROM role_assignments r JOIN incidents__participants p ON p.value = r.holder WHERE r.id = :id
WITH x AS NOT MATERIALIZED (
	SELECT i.*, day(i.noticed_at) AS from_on,
	       coalesce((SELECT day(max(s.at)) FROM incidents_step s
	                 WHERE s.record = i.id
	                   AND s.action = 'close'), :today) AS closed_on
	FROM incidents i
	WHERE i.kind = 'incident'
	  AND i.state = 'closed'
)
SELECT x.id AS subject_id, x.section, x.title, 'facts' AS part, NULL AS due_at,
       CASE WHEN x.facts IS NULL THEN say('no-facts')
            WHEN x.cause IS NULL THEN say('no-cause')
       END AS verdict
FROM x
UNION ALL
SELECT x.id, x.section, x.title, 'participants', NULL,
       (SELECT say('absent', group_concat(c.value, '、')) FROM json_each(std_list('analysis_participants')) c
        WHERE NOT EXISTS (SELECT 1 FROM incidents__participants p
                          JOIN role_assignments r ON r.holder = p.value
                          WHERE p.record = x.id
                            AND r.role = c.value
                            AND r.state IN ('active', 'ended')
                            AND r.starts_on <= x.closed_on
                            AND coalesce(r.ended_on, r.ends_on, '9999-12-31') >= x.from_on)
        HAVING count(*) > 0)
FROM x
UNION ALL
SELECT x.id, x.section, x.title, 'decision', NULL,
       CASE WHEN x.csirt_decision IS NULL THEN say('no-decision') END
FROM x
UNION ALL
SELECT x.id, x.section, x.title, 'unaltered', NULL,
       CASE WHEN x.seal_broken THEN say('edited') END
FROM x

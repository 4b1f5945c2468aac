-- control: exception.reviewed
-- subject: exceptions
-- part: review
-- part: unaltered
-- reason: overdue | 定期確認の期限 {1} を過ぎています（前回 {2}） | The review was due on {1} (last {2})
-- reason: soon | 定期確認の期限は {1} です | The review is due on {1}
-- reason: edited | 許可を受けた後に内容が変わっています | Changed since it was decided
-- affects: exceptions = SELECT :id
-- empty: met
SELECT q.id AS subject_id, q.section, q.title, 'review' AS part, ahead(q.last_on, cycle('exception.reviewed')) AS due_at,
       CASE WHEN ahead(q.last_on, cycle('exception.reviewed')) < :today
            THEN say('overdue', ahead(q.last_on, cycle('exception.reviewed')), q.last_on)
            WHEN ahead(q.last_on, cycle('exception.reviewed')) <= ahead(:today, '14d')
            THEN say('due soon', ahead(q.last_on, cycle('exception.reviewed')))
       END AS verdict
FROM (SELECT x.id, x.section, x.title,
             coalesce((SELECT day(max(s.at)) FROM exceptions_step s
                       WHERE s.record = x.id
                         AND s.action IN ('approve', 'designate', 'keep')), x.valid_from) AS last_on
      FROM exceptions x
      WHERE x.state = 'approved') q
UNION ALL
SELECT x.id, x.section, x.title, 'unaltered', NULL,
       CASE WHEN x.seal_broken THEN say('edited') END
FROM exceptions x
WHERE x.seal IS NOT NULL

-- control: workflow.exception
-- subject: exceptions
-- part: incomplete
-- part: approver
-- part: expired
-- part: seal
-- part: urgent
-- reason: no-control | どの管理策を適用しないかが書かれていません | No waived control is named
-- reason: no-reason | 守れない理由が書かれていません | The reason is missing
-- reason: no-alternative | 代わりにとる措置が書かれていません | The compensating measure is missing
-- reason: wrong-approver | 許可した人は、許可の日に「{1}」の役割にありませんでした | Whoever approved did not hold the role {1} that day
-- reason: not-approved | 許可の記録がありません | No approval is recorded
-- reason: past | 期限 {1} を過ぎても「許可」のままです | Still approved after its end {1}
-- reason: soon | 期限 {1} が近づいています | Its end {1} is near
-- reason: edited | 許可を受けた後に内容が変わっています | Changed since it was approved
-- reason: unreported | 緊急の実施を {1} 時間以内にCISOへ報告していません | Urgent use was not reported to the CISO within {1} hours
-- affects: exceptions = SELECT :id
-- affects: role_assignments = SELECT s.record FROM role_assignments r JOIN exceptions_step s ON r.holder IN (s.actor, s.on_behalf) WHERE r.id = :id
SELECT x.id AS subject_id, x.section, x.title, 'incomplete' AS part, x.until AS due_at,
       CASE WHEN NOT EXISTS (SELECT 1 FROM exceptions__controls_waived w WHERE w.record = x.id) THEN say('no-control')
            WHEN x.reason IS NULL THEN say('no-reason')
            WHEN x.alternative IS NULL THEN say('no-alternative')
       END AS verdict
FROM exceptions x
WHERE x.state = 'approved'
UNION ALL
SELECT x.id, x.section, x.title, 'approver', x.until,
       CASE WHEN s.id IS NULL THEN say('not-approved')
            WHEN NOT EXISTS (SELECT 1 FROM role_assignments r
                             WHERE r.holder = coalesce(s.on_behalf, s.actor)
                               AND r.role = iif(s.action = 'designate', std('site_exception_approver'), std('exception_approver'))
                               AND r.state IN ('active', 'ended')
                               AND r.starts_on <= day(s.at)
                               AND coalesce(r.ended_on, r.ends_on, '9999-12-31') >= day(s.at))
            THEN say('wrong-approver', iif(s.action = 'designate', std('site_exception_approver'), std('exception_approver')))
       END
FROM exceptions x
LEFT JOIN exceptions_step s ON s.id = (SELECT max(t.id) FROM exceptions_step t
                                       WHERE t.record = x.id
                                         AND t.action IN ('approve', 'designate'))
WHERE x.state = 'approved'
UNION ALL
SELECT x.id, x.section, x.title, 'expired', x.until,
       CASE WHEN x.until < :today THEN say('past', x.until)
            WHEN x.until <= ahead(:today, '30d') THEN say('due soon', x.until)
       END
FROM exceptions x
WHERE x.state = 'approved'
UNION ALL
SELECT x.id, x.section, x.title, 'seal', x.until,
       CASE WHEN x.seal_broken THEN say('edited') END
FROM exceptions x
WHERE x.state = 'approved'
UNION ALL
SELECT x.id, x.section, x.title, 'urgent', day(x.started_at + param('emergency_hours') * 3600000000),
       CASE WHEN coalesce((SELECT min(s.at) FROM exceptions_step s
                           WHERE s.record = x.id
                             AND s.action = 'report-use'), :now) > x.started_at + param('emergency_hours') * 3600000000
            THEN say('unreported', param('emergency_hours'))
       END
FROM exceptions x
WHERE x.route = 'urgent'
  AND x.started_at IS NOT NULL

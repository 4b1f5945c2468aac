-- control: workflow.delegation
-- subject: role-assignments
-- part: approved
-- part: in-force
-- part: announced
-- part: afterview
-- reason: not-approved | 代行の承認の記録がありません | No approval of the delegation is recorded
-- reason: wrong-approver | 代行を承認した人は、承認の日に役割「{1}」に就いていませんでした | Whoever approved the delegation did not hold the role {1} that day
-- reason: outside | {1} の代決・代行は、指名の期間の外で行われています | The act of {1} lies outside the period of the assignment
-- reason: unannounced | 承認から {1} 時間以内に代行者を周知していません | The delegate was not announced within {1} hours of the approval
-- reason: unviewed | {1} の代決が、開庁日 {2} 日以内に後閲されていません | The act of {1} was not seen by the superior within {2} working days
-- affects: role_assignments = *
-- empty: met
WITH approval(record, at, role_held) AS (
	SELECT s.record, s.at, EXISTS (SELECT 1 FROM role_assignments c
	                               WHERE c.holder = coalesce(s.on_behalf, s.actor)
	                                 AND c.role = std('delegation_approver')
	                                 AND c.state IN ('active', 'ended')
	                                 AND c.starts_on <= day(s.at)
	                                 AND coalesce(c.ended_on, c.ends_on, '9999-12-31') >= day(s.at))
	FROM role_assignments_step s
	WHERE s.action = 'approve'
), delegation AS (
	SELECT r.id, r.section, r.title, max(a.at) AS approved_at, a.role_held
	FROM role_assignments r
	LEFT JOIN approval a ON a.record = r.id
	WHERE r.kind = 'delegation'
	  AND r.state IN ('active', 'ended')
	GROUP BY r.id
)
SELECT d.id AS subject_id, d.section, d.title, 'approved' AS part, NULL AS due_at,
       CASE WHEN d.approved_at IS NULL THEN say('not-approved')
            WHEN NOT d.role_held THEN say('wrong-approver', std('delegation_approver'))
       END AS verdict
FROM delegation d
UNION ALL
SELECT d.id, d.section, d.title, 'announced', day(d.approved_at + param('notice_hours') * 3600000000),
       CASE WHEN coalesce((SELECT min(n.sent_at) FROM role_assignments__notices n WHERE n.record = d.id), :now)
                 > d.approved_at + param('notice_hours') * 3600000000
            THEN say('unannounced', param('notice_hours'))
       END
FROM delegation d
UNION ALL
SELECT r.id, r.section, r.title, 'in-force', NULL,
       (SELECT say('outside', min(day(t.acted_at))) FROM role_assignments__acts t
        WHERE t.record = r.id
          AND (day(t.acted_at) < r.starts_on
               OR day(t.acted_at) > coalesce(r.ended_on, r.ends_on))
        HAVING count(*) > 0)
FROM role_assignments r
WHERE r.kind IN ('deputy', 'delegation')
  AND r.state IN ('active', 'ended')
UNION ALL
SELECT r.id, r.section, r.title, 'afterview', NULL,
       (SELECT say('unviewed', min(day(t.acted_at)), param('afterview_days')) FROM role_assignments__acts t
        WHERE t.record = r.id
          AND coalesce(day(t.viewed_at), :today) > ahead(day(t.acted_at), param('afterview_days') || 'wd')
        HAVING count(*) > 0)
FROM role_assignments r
WHERE r.kind = 'deputy'
  AND r.state IN ('active', 'ended')

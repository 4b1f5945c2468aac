-- control: org.decision-rights
-- subject: role-assignments
-- part: right
-- part: on-behalf
-- reason: no-right | {1} の決定をした人は、その日に役割「{2}」に就いていませんでした | Whoever decided on {1} did not hold the role {2} that day
-- reason: no-deputy | {1} の代決は、その日に有効な代決者・代行者の指名によっていません | The act on behalf on {1} rests on no deputy or delegate in force that day
-- affects: role_assignments = *
-- affects: exceptions = SELECT 'exceptions:' || :id
-- affects: org_units = SELECT 'org-units:' || :id
-- affects: information_systems = SELECT 'information-systems:' || :id
-- Decisions that belong to one role, whoever was asked. What a section's own manager decides is judged by its workflow's control.
WITH decided(subject_id, section, title, actor, on_behalf, day, role, other_role) AS (
	SELECT x.id, x.section, x.title, s.actor, s.on_behalf, day(s.at), iif(s.action = 'approve', std('delegation_approver'), 'ciso'),
	       iif(s.action = 'appoint', 'chief', NULL)
	FROM role_assignments_step s
	JOIN role_assignments x ON x.id = s.record
	WHERE s.action IN ('appoint', 'approve', 'decline', 'redecide')
	UNION ALL
	SELECT 'exceptions:' || x.id, x.section, x.title, s.actor, s.on_behalf, day(s.at),
	       iif(s.action = 'designate', std('site_exception_approver'), std('exception_approver')), iif(s.action = 'designate', 'ciso', NULL)
	FROM exceptions_step s
	JOIN exceptions x ON x.id = s.record
	WHERE s.action IN ('approve', 'designate', 'keep')
	UNION ALL
	SELECT 'org-units:' || x.id, x.id, x.title, s.actor, s.on_behalf, day(s.at), 'ciso', NULL
	FROM org_units_step s
	JOIN org_units x ON x.id = s.record
	WHERE s.action = 'establish'
	UNION ALL
	SELECT 'information-systems:' || x.id, x.section, x.title, s.actor, s.on_behalf, day(s.at), std('system_receiver'), NULL
	FROM information_systems_step s
	JOIN information_systems x ON x.id = s.record
	WHERE s.action = 'receive'
)
SELECT d.subject_id, d.section, d.title, 'right' AS part, NULL AS due_at,
       max(CASE WHEN NOT EXISTS (SELECT 1 FROM role_assignments r
                                 WHERE r.holder = coalesce(d.on_behalf, d.actor)
                                   AND r.role IN (d.role, d.other_role)
                                   AND r.kind = 'appointment'
                                   AND r.state IN ('active', 'ended')
                                   AND r.starts_on <= d.day
                                   AND coalesce(r.ended_on, r.ends_on, '9999-12-31') >= d.day)
                THEN say('no-right', d.day, d.role)
           END) AS verdict
FROM decided d
GROUP BY d.subject_id
UNION ALL
SELECT d.subject_id, d.section, d.title, 'on-behalf', NULL,
       max(CASE WHEN NOT EXISTS (SELECT 1 FROM role_assignments r
                                 JOIN role_assignments o ON o.id = r.deputy_of
                                 WHERE r.holder = d.actor
                                   AND o.holder = d.on_behalf
                                   AND r.kind IN ('deputy', 'delegation')
                                   AND r.state IN ('active', 'ended')
                                   AND r.starts_on <= d.day
                                   AND coalesce(r.ended_on, r.ends_on, '9999-12-31') >= d.day)
                THEN say('no-deputy', d.day)
           END)
FROM decided d
WHERE d.on_behalf IS NOT NULL
GROUP BY d.subject_id

-- control: sod.applicant-not-approver
-- subject: carry-outs
-- part: same-person
-- reason: same | 申請した人が {1} に自分で承認しています。やむを得ない理由の記録もありません | The applicant approved it on {1}, and no unavoidable reason is recorded
-- affects: carry_outs = SELECT :id
-- affects: accounts = SELECT 'accounts:' || :id
-- affects: exceptions = SELECT 'exceptions:' || :id
-- affects: role_assignments = SELECT 'role-assignments:' || :id
-- affects: org_units = SELECT 'org-units:' || :id
-- affects: information_systems = SELECT 'information-systems:' || :id
-- affects: information_assets = SELECT 'information-assets:' || :id
-- affects: override = *
-- The last column is who must not approve either, as the carrier of what leaves and the holder of an account
WITH approval(subject_id, section, title, ledger, record, action, actor, on_behalf, at, applicant, other) AS (
	SELECT x.id, x.section, x.title, 'carry-outs', x.id, s.action, s.actor, s.on_behalf, s.at, x.applicant, x.carrier
	FROM carry_outs_step s
	JOIN carry_outs x ON x.id = s.record
	WHERE s.action IN ('approve', 'approve-extension')
	UNION ALL
	SELECT 'accounts:' || x.id, x.section, x.title, 'accounts', x.id, s.action, s.actor, s.on_behalf, s.at, x.applicant, x.person
	FROM accounts_step s
	JOIN accounts x ON x.id = s.record
	WHERE s.action IN ('approve', 'approve-privileged', 'approve-change')
	UNION ALL
	SELECT 'accounts:' || x.id, x.section, x.title, 'accounts', x.id, s.action, s.actor, s.on_behalf, s.at, x.applicant, NULL
	FROM accounts_step s
	JOIN accounts x ON x.id = s.record
	WHERE s.action IN ('approve-shared', 'approve-deletion')
	UNION ALL
	SELECT 'exceptions:' || x.id, x.section, x.title, 'exceptions', x.id, s.action, s.actor, s.on_behalf, s.at, x.applicant, NULL
	FROM exceptions_step s
	JOIN exceptions x ON x.id = s.record
	WHERE s.action IN ('approve', 'designate', 'keep')
	UNION ALL
	SELECT 'role-assignments:' || x.id, x.section, x.title, 'role-assignments', x.id, s.action, s.actor, s.on_behalf, s.at, x.applicant,
	       iif(s.action = 'approve', x.holder, NULL)
	FROM role_assignments_step s
	JOIN role_assignments x ON x.id = s.record
	WHERE s.action IN ('register', 'appoint', 'approve')
	UNION ALL
	SELECT 'org-units:' || x.id, x.id, x.title, 'org-units', x.id, s.action, s.actor, s.on_behalf, s.at, x.applicant, NULL
	FROM org_units_step s
	JOIN org_units x ON x.id = s.record
	WHERE s.action = 'establish'
	UNION ALL
	SELECT 'information-systems:' || x.id, x.section, x.title, 'information-systems', x.id, s.action, s.actor, s.on_behalf, s.at, x.applicant, NULL
	FROM information_systems_step s
	JOIN information_systems x ON x.id = s.record
	WHERE s.action = 'receive'
	UNION ALL
	SELECT 'information-assets:' || x.id, x.section, x.title, 'information-assets', x.id, s.action, s.actor, s.on_behalf, s.at, x.applicant, NULL
	FROM information_assets_step s
	JOIN information_assets x ON x.id = s.record
	WHERE s.action IN ('decide', 'permit-lower')
)
SELECT v.subject_id, v.section, v.title, 'same-person' AS part, NULL AS due_at,
       max(CASE WHEN (v.actor IN (v.applicant, v.other)
                      OR v.on_behalf IN (v.applicant, v.other))
                     AND NOT EXISTS (SELECT 1 FROM override o
                                     WHERE o.ledger = v.ledger
                                       AND o.record = v.record
                                       AND o.action = v.action
                                       AND o.actor = v.actor)
                THEN say('same', day(v.at))
           END) AS verdict
FROM approval v
GROUP BY v.subject_id

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
-- index: carry_outs_step(record, action, at, actor, on_behalf) WHERE action IN ('approve', 'approve-extension')
-- Beside the applicant, who must not approve either: the carrier of what leaves, the holder of an account, the delegate. The large
-- ledgers have an arm each, so that one record is judged by its key.
WITH approval(subject_id, section, title, ledger, record, action, actor, on_behalf, at, applicant, other) AS (
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
)
SELECT s.record AS subject_id, x.section, x.title, 'same-person' AS part, NULL AS due_at,
       max(CASE WHEN (x.applicant IN (s.actor, s.on_behalf)
                      OR x.carrier IN (s.actor, s.on_behalf))
                     AND NOT EXISTS (SELECT 1 FROM override o
                                     WHERE (o.ledger, o.record, o.action, o.actor) = ('carry-outs', x.id, s.action, s.actor))
                THEN say('same', day(s.at))
           END) AS verdict
FROM carry_outs_step s
CROSS JOIN carry_outs x ON x.id = s.record
WHERE s.action IN ('approve', 'approve-extension')
GROUP BY s.record
UNION ALL
SELECT 'accounts:' || x.id, x.section, x.title, 'same-person', NULL,
       (SELECT say('same', day(min(s.at))) FROM accounts_step s
        WHERE s.record = x.id
          AND s.action IN ('approve', 'approve-privileged', 'approve-change', 'approve-shared', 'approve-deletion')
          AND (x.applicant IN (s.actor, s.on_behalf)
               OR s.action NOT IN ('approve-shared', 'approve-deletion') AND x.person IN (s.actor, s.on_behalf))
          AND NOT EXISTS (SELECT 1 FROM override o
                          WHERE (o.ledger, o.record, o.action, o.actor) = ('accounts', x.id, s.action, s.actor))
        HAVING count(*) > 0)
FROM accounts x
WHERE EXISTS (SELECT 1 FROM accounts_step s WHERE s.record = x.id AND s.action IN ('approve', 'approve-privileged', 'approve-change', 'approve-shared', 'approve-deletion'))
UNION ALL
SELECT 'information-assets:' || x.id, x.section, x.title, 'same-person', NULL,
       (SELECT say('same', day(min(s.at))) FROM information_assets_step s
        WHERE s.record = x.id
          AND s.action IN ('decide', 'permit-lower')
          AND x.applicant IN (s.actor, s.on_behalf)
          AND NOT EXISTS (SELECT 1 FROM override o
                          WHERE (o.ledger, o.record, o.action, o.actor) = ('information-assets', x.id, s.action, s.actor))
        HAVING count(*) > 0)
FROM information_assets x
WHERE EXISTS (SELECT 1 FROM information_assets_step s WHERE s.record = x.id AND s.action IN ('decide', 'permit-lower'))
UNION ALL
SELECT v.subject_id, v.section, v.title, 'same-person', NULL,
       max(CASE WHEN (v.actor IN (v.applicant, v.other)
                      OR v.on_behalf IN (v.applicant, v.other))
                     AND NOT EXISTS (SELECT 1 FROM override o
                                     WHERE (o.ledger, o.record, o.action, o.actor) = (v.ledger, v.record, v.action, v.actor))
                THEN say('same', day(v.at))
           END)
FROM approval v
GROUP BY v.subject_id

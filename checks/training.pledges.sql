-- control: training.pledges
-- subject: persons
-- part: pledge
-- part: leave-ack
-- part: returns
-- reason: no-pledge | 誓約書の受領か、不要とする決定が {1} までに必要でした | The pledge, or the decision that none is needed, was due on {1}
-- reason: soon | 誓約書の受領か、不要とする決定を {1} までに済ませてください | Receive the pledge, or decide that none is needed, by {1}
-- reason: no-version | 署名した誓約書の版又は署名日がありません | The version of the signed pledge or its date is missing
-- reason: no-reason | 誓約書を不要とした理由がありません | The reason why no pledge is needed is missing
-- reason: no-ack | 離職後の守秘の確認書がありません（離職日 {1}） | The secrecy acknowledgement at leaving ({1}) is missing
-- reason: open-items | 返却を確認していないもの: {1} | Not confirmed as returned: {1}
-- reason: unchecked | 返却の確認日と確認者がありません | The date of the return check or who made it is missing
-- affects: persons = SELECT :id
-- empty: met
-- A hire is who started after the ledger was begun; those who were here before are none.
WITH leaver AS NOT MATERIALIZED (
	SELECT p.* FROM persons p
	WHERE p.ended_on < :today
	  AND p.in_scope
)
SELECT p.id AS subject_id, p.section, p.title, 'pledge' AS part, ahead(p.started_on, param('hire_days') || 'd') AS due_at,
       CASE WHEN p.pledge = 'signed'
                 AND (p.pledge_version IS NULL
                      OR p.pledge_on IS NULL)
            THEN say('no-version')
            WHEN p.pledge = 'not-needed'
                 AND p.pledge_reason IS NULL
            THEN say('no-reason')
            WHEN coalesce(p.pledge, 'pending') <> 'pending' THEN NULL
            WHEN ahead(p.started_on, param('hire_days') || 'd') < :today
            THEN say('no-pledge', ahead(p.started_on, param('hire_days') || 'd'))
            ELSE say('due soon', ahead(p.started_on, param('hire_days') || 'd'))
       END AS verdict
FROM persons p
WHERE p.state IN ('active', 'away')
  AND p.in_scope
  AND p.started_on >= back(p.created_on, '3mo')
UNION ALL
SELECT l.id, l.section, l.title, 'leave-ack', l.ended_on,
       CASE WHEN l.leave_ack_on IS NULL THEN say('no-ack', l.ended_on) END
FROM leaver l
UNION ALL
SELECT l.id, l.section, l.title, 'returns', l.ended_on,
       coalesce((SELECT say('open-items', group_concat(i.column2, '、'))
                 FROM (VALUES ('devices', '端末・機器'), ('media', '記録媒体'), ('cards', 'ICカード・鍵・身分証'), ('data', 'データ'), ('papers', '書類'),
                              ('accounts', 'アカウントの停止')) i
                 LEFT JOIN persons__return_check c ON c.record = l.id AND c.item = i.column1
                 WHERE coalesce(c.answer, 'no') NOT IN ('yes', 'na')
                 HAVING count(*) > 0),
                iif(l.return_checked_on IS NULL OR l.return_checked_by IS NULL, say('unchecked'), NULL))
FROM leaver l

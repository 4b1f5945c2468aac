-- control: workflow.external-provision
-- subject: carry-outs
-- part: approved
-- part: encrypted
-- later: unmatched
-- reason: not-approved | 許可の記録がないまま提供されています | Provided without a recorded approval
-- reason: after | 提供（{1}）の後に許可されています | Approved only after it was provided on {1}
-- reason: wrong-approver | 許可した人は、許可の日に、基準が定める許可者の役割にありませんでした | Whoever approved did not hold the role the standard names that day
-- reason: changed | 許可を受けた後に、提供先・ファイル・保護のいずれかが変わっています | Recipient, files or protection were changed after the approval
-- reason: no-hash | 送ったファイルのハッシュ値が登録されていません | The hash of the file sent is not recorded
-- reason: no-recipient | 受け取る人が書かれていません | The recipient is missing
-- reason: open | 暗号化の方式も、暗号化しない理由も書かれていません | Neither the encryption nor a reason for none is recorded
-- affects: carry_outs = SELECT :id
-- affects: role_assignments = SELECT s.record FROM role_assignments r JOIN carry_outs_step s ON r.holder IN (s.actor, s.on_behalf) WHERE r.id = :id
-- index: carry_outs(state) WHERE kind = 'provision'
WITH x AS NOT MATERIALIZED (
	SELECT c.*, s.id AS step, s.at AS approved_at, day(s.at) AS approved_on, coalesce(s.on_behalf, s.actor) AS approver
	FROM carry_outs c
	LEFT JOIN carry_outs_step s ON s.id = (SELECT max(t.id) FROM carry_outs_step t
	                                       WHERE t.record = c.id
	                                         AND t.action = 'approve')
	WHERE c.kind = 'provision'
	  AND (c.state = 'closed'
	       OR c.provided_at IS NOT NULL)
	  AND (level(c.class_c) >= 2
	       OR EXISTS (SELECT 1 FROM carry_outs__files f
	                  WHERE f.record = c.id
	                    AND level(f.class_c) >= 2))
)
SELECT x.id AS subject_id, x.section, x.title, 'approved' AS part, NULL AS due_at,
       CASE WHEN x.step IS NULL THEN say('not-approved')
            WHEN x.approved_at > x.provided_at THEN say('after', day(x.provided_at))
            WHEN NOT EXISTS (SELECT 1 FROM role_assignments r
                             WHERE r.holder = x.approver
                               AND std_has('provision_approver', r.role)
                               AND r.state IN ('active', 'ended')
                               AND r.starts_on <= x.approved_on
                               AND coalesce(r.ended_on, r.ends_on, '9999-12-31') >= x.approved_on)
            THEN say('wrong-approver')
            WHEN x.seal_broken THEN say('changed')
            WHEN x.recipient_name IS NULL THEN say('no-recipient')
            WHEN x.way IN ('gate', 'mail', 'link')
             AND NOT EXISTS (SELECT 1 FROM carry_outs__files f
                             WHERE f.record = x.id
                               AND f.hash IS NOT NULL)
            THEN say('no-hash')
       END AS verdict
FROM x
UNION ALL
SELECT x.id, x.section, x.title, 'encrypted', NULL,
       CASE WHEN coalesce(x.encryption, x.encryption_reason) IS NULL THEN say('open') END
FROM x

-- control: supplier.provision-logged
-- subject: carry-outs
-- part: row
-- part: fields
-- reason: no-row | 委託先へ渡しましたが、委託先提供情報台帳に登録されていません | Given to a contractor but not entered among the entrusted information
-- reason: not-permitted | 委託先提供情報台帳で、提供の許可を受けていません | The entrusted-information row has no permission
-- reason: no-class | 機密性が書かれていません | The confidentiality is missing
-- reason: no-criteria | 委託判断基準との照合がされていないか、満たさない項目があります | The outsourcing criteria are not checked, or one is not met
-- reason: no-approval | 提供の許可の記録がありません | No permission is recorded
-- reason: no-recipient | 受け取った者が書かれていません | The recipient is missing
-- reason: no-date | 提供した日時が書かれていません | When it was provided is missing
-- affects: carry_outs = SELECT :id
-- affects: entrusted_information = SELECT 'entrusted-information:' || :id UNION ALL SELECT x.id FROM carry_outs x WHERE x.entrusted = :id UNION ALL SELECT e.carry_out FROM entrusted_information e WHERE e.id = :id
-- index: carry_outs(state) WHERE kind = 'provision'
WITH x AS NOT MATERIALIZED (
	SELECT c.*, coalesce(c.entrusted, (SELECT max(e.id) FROM entrusted_information e WHERE e.carry_out = c.id)) AS item
	FROM carry_outs c
	WHERE c.kind = 'provision'
	  AND c.recipient_kind = 'contractor'
	  AND (c.state = 'closed'
	       OR c.provided_at IS NOT NULL)
)
SELECT x.id AS subject_id, x.section, x.title, 'row' AS part, NULL AS due_at,
       CASE WHEN e.id IS NULL THEN say('no-row')
            WHEN e.state IN ('draft', 'applied', 'refused') THEN say('not-permitted')
       END AS verdict
FROM x
LEFT JOIN entrusted_information e ON e.id = x.item
UNION ALL
SELECT 'entrusted-information:' || e.id, e.section, e.title, 'fields', NULL,
       CASE WHEN e.class_c IS NULL THEN say('no-class')
            WHEN e.recipient IS NULL THEN say('no-recipient')
            WHEN e.provided_at IS NULL THEN say('no-date')
            WHEN NOT EXISTS (SELECT 1 FROM entrusted_information__criteria_check k
                             WHERE k.record = e.id
                               AND k.answer IS NOT NULL)
              OR EXISTS (SELECT 1 FROM entrusted_information__criteria_check k
                         WHERE k.record = e.id
                           AND k.answer = 'no')
            THEN say('no-criteria')
            WHEN NOT EXISTS (SELECT 1 FROM entrusted_information_step s
                             WHERE s.record = e.id
                               AND s.action = 'approve')
            THEN say('no-approval')
       END
FROM entrusted_information e
WHERE e.state IN ('provided', 'asked', 'returned', 'verified')

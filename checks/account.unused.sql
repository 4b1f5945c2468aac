-- control: account.unused
-- subject: accounts
-- part: open
-- reason: idle | 最後の利用から{1}日を超えています。停止するか、必要な理由を確認してください | Unused for more than {1} days: disable it, or confirm why it is kept
-- reason: unknown | 最後の利用日が取得されていません | The last use was not collected
-- affects: accounts = SELECT :id
-- affects: measurement = SELECT CAST(m.subject_id AS INTEGER) FROM measurement m WHERE m.id = :id
WITH used AS (
	SELECT CAST(m.subject_id AS INTEGER) AS account, max(m.at) AS at
	FROM measurement m
	WHERE m.control = 'account.unused'
	  AND m.subject_kind = 'accounts'
	GROUP BY m.subject_id)
SELECT a.id AS subject_id, a.section, a.title, 'open' AS part, NULL AS due_at,
       CASE WHEN a.kept_confirmed_on >= back(:today, param('unused_days') || 'd') THEN NULL
            WHEN u.at IS NULL THEN say('unknown unknown')
            WHEN day(u.at) < back(:today, param('unused_days') || 'd') THEN say('idle', param('unused_days'))
       END AS verdict
FROM accounts a
LEFT JOIN used u ON u.account = a.id
WHERE a.state IN ('active', 'changing', 'deleting', 'to-delete')
  AND a.kind <> 'review'

-- control: password.file-secrets
-- subject: carry-outs
-- part: checked
-- part: channel
-- reason: weak | 規則に合わないパスワードのまま渡しています。パスワードを作り直してください | It left with a password that does not meet the rule; make a new one
-- reason: unchecked | パスワードを自動生成したか、規則に合うことを確かめた記録がありません | Nobody recorded that the password was generated, or checked against the rule
-- reason: no-channel | パスワードを伝えた経路が書かれていません。ファイルとは別の経路で伝えてください | How the password was told is missing; use a channel other than the file's
-- affects: carry_outs = SELECT :id
-- index: carry_outs(kind) WHERE encryption IS NOT NULL
WITH x AS NOT MATERIALIZED (
	SELECT c.* FROM carry_outs c
	WHERE c.encryption IS NOT NULL
	  AND c.kind <> 'blanket'
	  AND (c.state IN ('out', 'extending', 'returned', 'closed', 'lost')
	       OR c.provided_at IS NOT NULL)
)
SELECT x.id AS subject_id, x.section, x.title, 'checked' AS part, NULL AS due_at,
       CASE WHEN x.password_check = 'failed' THEN say('weak')
            WHEN x.password_check IS NULL THEN say('unchecked')
       END AS verdict
FROM x
UNION ALL
SELECT x.id, x.section, x.title, 'channel', NULL,
       CASE WHEN x.password_channel IS NULL THEN say('no-channel') END
FROM x
WHERE x.kind = 'provision'

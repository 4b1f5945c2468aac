-- control: account.mfa
-- subject: information-systems
-- part: system
-- part: account
-- later: session
-- reason: one-factor | マイナンバー利用事務系のシステムですが、認証が二要素以上になっていません | A system of the My Number zone that does not ask for two factor kinds
-- reason: account-one | このシステムを使うIDに、認証要素が一種類しか登録されていません | The account has only one factor kind although it uses a system of the My Number zone
-- affects: information_systems = SELECT :id UNION ALL SELECT 'accounts:' || s.record FROM accounts__systems s WHERE s.value = :id
-- affects: accounts = SELECT 'accounts:' || :id
SELECT y.id AS subject_id, y.section, y.title, 'system' AS part, NULL AS due_at,
       CASE WHEN (SELECT count(*) FROM information_systems__auth_factors f WHERE f.record = y.id) < 2
            THEN say('one-factor')
       END AS verdict
FROM information_systems y
WHERE y.zone = 'mynumber'
  AND y.state IN ('reported', 'active', 'revising', 'closing')
UNION ALL
SELECT 'accounts:' || a.id, a.section, a.title, 'account', NULL,
       CASE WHEN (SELECT count(*) FROM accounts__factors f WHERE f.record = a.id) < 2
            THEN say('account-one')
       END
FROM accounts a
WHERE a.state IN ('active', 'changing', 'deleting', 'to-delete')
  AND EXISTS (SELECT 1 FROM accounts__systems s JOIN information_systems y ON y.id = s.value
              WHERE s.record = a.id
                AND y.zone = 'mynumber'
                AND y.state IN ('reported', 'active', 'revising', 'closing'))

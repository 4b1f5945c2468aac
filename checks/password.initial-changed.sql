-- control: password.initial-changed
-- subject: accounts
-- part: must-change
-- part: changed
-- reason: no-flag | 初回変更の指定がなく、強制できない旨の登録もありません | No must-change flag, nor listed as unable to force it
-- reason: still | 発行から{1}日を過ぎても発行時のパスワードのままです | Still on the password issued, {1} days later
-- affects: accounts = SELECT :id
SELECT a.id AS subject_id, a.section, a.title, 'must-change' AS part, NULL AS due_at,
       CASE WHEN NOT coalesce(a.must_change, 0)
             AND NOT coalesce(a.cannot_force, 0)
            THEN say('no-flag')
       END AS verdict
FROM accounts a
WHERE a.state IN ('active', 'changing', 'deleting', 'to-delete')
  AND a.kind <> 'review'
UNION ALL
SELECT a.id, a.section, a.title, 'changed', ahead(day(a.issued_at), param('change_days') || 'd'),
       CASE WHEN day(coalesce(a.first_changed_at, :now)) > ahead(day(a.issued_at), param('change_days') || 'd')
            THEN say('still', param('change_days'))
       END
FROM accounts a
WHERE a.state IN ('active', 'changing', 'deleting', 'to-delete')
  AND a.issued_at IS NOT NULL

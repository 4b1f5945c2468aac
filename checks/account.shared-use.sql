-- control: account.shared-use
-- subject: accounts
-- part: approved
-- part: expiry
-- part: rotation
-- later: used-by
-- reason: no-need | 共用する理由がありません | The reason for sharing is missing
-- reason: few | 使える人が二人以上登録されていません | Fewer than two users are named
-- reason: no-approval | 情報システム管理者の許可の記録がありません | No approval of the system manager is recorded
-- reason: edited | 許可を受けた後に内容が変わっています | Changed since it was approved
-- reason: past | 利用期限{1}を過ぎています | Past its expiry of {1}
-- reason: no-end | 利用期限がありません | It has no expiry
-- reason: never | パスワードの変更日が登録されていません | No date of the last password change
-- reason: old | パスワードの変更が周期({1})を過ぎています | The password is older than its cycle ({1})
-- affects: accounts = SELECT :id
SELECT a.id AS subject_id, a.section, a.title, 'approved' AS part, NULL AS due_at,
       CASE WHEN a.need IS NULL THEN say('no-need')
            WHEN (SELECT count(*) FROM accounts__members m WHERE m.record = a.id) < 2 THEN say('few')
            WHEN NOT EXISTS (SELECT 1 FROM accounts_step s
                             WHERE s.record = a.id
                               AND s.action IN ('approve-shared', 'approve-change'))
            THEN say('no-approval')
            WHEN a.seal_broken THEN say('edited')
       END AS verdict
FROM accounts a
WHERE a.kind = 'shared'
  AND a.state IN ('active', 'changing', 'deleting', 'to-delete')
UNION ALL
SELECT a.id, a.section, a.title, 'expiry', a.valid_until,
       CASE WHEN a.valid_until IS NULL THEN say('no-end')
            WHEN a.valid_until < :today THEN say('past', a.valid_until)
       END
FROM accounts a
WHERE a.kind = 'shared'
  AND a.state IN ('active', 'changing', 'deleting', 'to-delete')
UNION ALL
SELECT a.id, a.section, a.title, 'rotation', ahead(a.password_changed_on, a.rotation),
       CASE WHEN a.password_changed_on IS NULL THEN say('never')
            WHEN ahead(a.password_changed_on, a.rotation) < :today THEN say('old', a.rotation)
       END
FROM accounts a
WHERE a.kind = 'shared'
  AND a.state IN ('active', 'changing', 'deleting', 'to-delete')

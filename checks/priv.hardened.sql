-- control: priv.hardened
-- subject: accounts
-- part: renamed
-- part: rotation
-- part: shorter
-- later: tested
-- reason: default-name | 初期の名前のままです。変更してください | It still has its default name
-- reason: never | パスワードの変更日が登録されていません | No date of the last password change
-- reason: old | パスワードの変更が周期({1})を過ぎています | The password is older than its cycle ({1})
-- reason: moved | 持ち主の異動({1})の後にパスワードが変更されていません | The password was not changed after the holder's transfer of {1}
-- reason: long | 変更の周期が上限の{1}日を超えています | The cycle is longer than the limit of {1} days
-- affects: accounts = SELECT :id
-- affects: persons = SELECT a.id FROM accounts a WHERE a.person = :id
SELECT a.id AS subject_id, a.section, a.title, 'renamed' AS part, NULL AS due_at,
       CASE WHEN NOT coalesce(a.renamed, 0) THEN say('default-name') END AS verdict
FROM accounts a
WHERE a.kind = 'privileged'
  AND a.state IN ('active', 'changing', 'deleting', 'to-delete')
UNION ALL
SELECT a.id, a.section, a.title, 'rotation', ahead(a.password_changed_on, a.rotation),
       CASE WHEN a.password_changed_on IS NULL THEN say('never')
            WHEN ahead(a.password_changed_on, a.rotation) < :today THEN say('old', a.rotation)
            WHEN a.password_changed_on < (SELECT max(m.moved_on) FROM persons__movements m
                                          WHERE m.record = a.person
                                            AND m.kind = 'transfer'
                                            AND m.moved_on <= :today)
            THEN say('moved', (SELECT max(m.moved_on) FROM persons__movements m WHERE m.record = a.person))
       END
FROM accounts a
WHERE a.kind = 'privileged'
  AND a.state IN ('active', 'changing', 'deleting', 'to-delete')
UNION ALL
SELECT a.id, a.section, a.title, 'shorter', NULL,
       CASE WHEN ahead(:today, a.rotation) > ahead(:today, param('rotation_days') || 'd')
            THEN say('long', param('rotation_days'))
       END
FROM accounts a
WHERE a.kind = 'privileged'
  AND a.state IN ('active', 'changing', 'deleting', 'to-delete')

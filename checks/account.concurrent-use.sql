-- control: account.concurrent-use
-- subject: accounts
-- part: holder
-- part: explained
-- reason: shared-holder | 個人用のIDに使う人が二人以上登録されています | A personal ID names more than one user
-- reason: unexplained | {1}に見つかった重複利用の説明が{2}日以内にありません | The overlap seen on {1} was not explained within {2} days
-- affects: accounts = SELECT :id
SELECT a.id AS subject_id, a.section, a.title, 'holder' AS part, NULL AS due_at,
       CASE WHEN EXISTS (SELECT 1 FROM accounts__members m
                         WHERE m.record = a.id
                           AND m.value IS NOT a.person)
            THEN say('shared-holder')
       END AS verdict
FROM accounts a
WHERE a.kind IN ('personal', 'privileged', 'development')
  AND a.state IN ('active', 'changing', 'deleting', 'to-delete')
UNION ALL
SELECT a.id, a.section, a.title, 'explained', ahead(day(x.seen_at), param('explain_days') || 'd'),
       CASE WHEN coalesce(x.explained_on, :today) > ahead(day(x.seen_at), param('explain_days') || 'd')
            THEN say('unexplained', day(x.seen_at), param('explain_days'))
       END
FROM accounts a
LEFT JOIN accounts__explanations x ON x.record = a.id
 AND x.pos = (SELECT y.pos FROM accounts__explanations y
              WHERE y.record = a.id
              ORDER BY y.explained_on IS NOT NULL, y.explained_on > ahead(day(y.seen_at), param('explain_days') || 'd') DESC, y.seen_at LIMIT 1)
WHERE a.kind <> 'review'
  AND a.state IN ('active', 'changing', 'deleting', 'to-delete')

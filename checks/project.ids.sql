-- control: project.ids
-- subject: accounts
-- part: tagged
-- part: ended
-- later: template
-- reason: no-project | 案件が登録されていません | No project is named
-- reason: no-person | 使う人が登録されていません | No person is named
-- reason: no-end | 利用期限がありません | It has no expiry
-- reason: alive | 案件は終わっていますが、IDが残っています。停止してください | The project has ended, but the ID is alive: disable it
-- reason: past | 利用期限{1}を過ぎています | Past its expiry of {1}
-- affects: accounts = SELECT :id
-- affects: projects = SELECT a.id FROM accounts a WHERE a.project = :id
SELECT a.id AS subject_id, a.section, a.title, 'tagged' AS part, NULL AS due_at,
       CASE WHEN a.project IS NULL THEN say('no-project')
            WHEN a.person IS NULL THEN say('no-person')
            WHEN a.valid_until IS NULL THEN say('no-end')
       END AS verdict
FROM accounts a
WHERE a.kind = 'development'
  AND a.state IN ('active', 'changing', 'deleting', 'to-delete')
UNION ALL
SELECT a.id, a.section, a.title, 'ended', a.valid_until,
       CASE WHEN j.state IN ('closed', 'cancelled') THEN say('alive')
            WHEN a.valid_until < :today THEN say('past', a.valid_until)
       END
FROM accounts a
LEFT JOIN projects j ON j.id = a.project
WHERE a.kind = 'development'
  AND a.state IN ('active', 'changing', 'deleting', 'to-delete')

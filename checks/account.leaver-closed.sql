-- control: account.leaver-closed
-- subject: accounts
-- part: leaver
-- part: mover
-- reason: live | {1}は{2}に離職しましたが、IDが有効です。直ちに停止してください | {1} left on {2}, but the account is live: disable it at once
-- reason: late | {1}は{2}に離職しましたが、停止は{3}でした | {1} left on {2}, but it was disabled on {3}
-- reason: unhandled | {1}の{2}の異動・出向について、IDの処理が済んでいません | The accounts of {1} were not handled after the move of {2}
-- affects: accounts = SELECT :id
-- affects: persons = SELECT a.id FROM accounts a WHERE a.person = :id
SELECT a.id AS subject_id, a.section, a.title, 'leaver' AS part, ahead(p.ended_on, param('leaver_days') || 'd') AS due_at,
       CASE WHEN a.disabled_on IS NULL
             AND a.state IN ('active', 'changing', 'deleting', 'to-delete')
             AND ahead(p.ended_on, param('leaver_days') || 'd') < :today
            THEN say('live', p.name, p.ended_on)
            WHEN a.disabled_on > ahead(p.ended_on, param('leaver_days') || 'd')
            THEN say('late', p.name, p.ended_on, a.disabled_on)
       END AS verdict
FROM persons p
JOIN accounts a ON a.person = p.id
WHERE p.ended_on <= :today
  AND a.state IN ('active', 'changing', 'deleting', 'to-delete', 'suspended')
UNION ALL
SELECT a.id, a.section, a.title, 'mover', ahead(m.moved_on, param('leaver_days') || 'd'),
       CASE WHEN coalesce(m.accounts_done_on, :today) > ahead(m.moved_on, param('leaver_days') || 'd')
            THEN say('unhandled', p.name, m.moved_on)
       END
FROM persons p
JOIN persons__movements m ON m.record = p.id
 AND m.pos = (SELECT max(n.pos) FROM persons__movements n WHERE n.record = p.id AND n.kind IN ('transfer', 'second-out', 'absence'))
JOIN accounts a ON a.person = p.id
WHERE m.moved_on <= :today
  AND a.state IN ('active', 'changing', 'deleting', 'to-delete')

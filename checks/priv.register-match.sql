-- control: priv.register-match
-- subject: accounts
-- part: operator
-- part: need
-- later: reviewed
-- later: found
-- reason: no-operator | 特権IDの持ち主が、有効な指名を受けた担当者になっていません | The holder of this privileged ID has no assignment in force
-- reason: other-holder | 指名を受けた人と特権IDの持ち主が違います | The assignment names another person than the holder
-- reason: no-need | 特権が必要な理由がありません | The reason why the privilege is needed is missing
-- affects: accounts = SELECT :id
-- affects: role_assignments = SELECT a.id FROM accounts a WHERE a.operator = :id
SELECT a.id AS subject_id, a.section, a.title, 'operator' AS part, NULL AS due_at,
       CASE WHEN r.id IS NULL THEN say('no-operator')
            WHEN r.state <> 'active' THEN say('no-operator')
            WHEN r.starts_on > :today THEN say('no-operator')
            WHEN coalesce(r.ended_on, r.ends_on, '9999-12-31') < :today THEN say('no-operator')
            WHEN r.holder IS NOT a.person THEN say('other-holder')
       END AS verdict
FROM accounts a
LEFT JOIN role_assignments r ON r.id = a.operator
WHERE a.kind = 'privileged'
  AND a.state IN ('active', 'changing', 'deleting', 'to-delete')
UNION ALL
SELECT a.id, a.section, a.title, 'need', NULL,
       CASE WHEN a.need IS NULL THEN say('no-need') END
FROM accounts a
WHERE a.kind = 'privileged'
  AND a.state IN ('active', 'changing', 'deleting', 'to-delete')

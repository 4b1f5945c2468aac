-- control: account.person-bound
-- subject: accounts
-- part: person
-- part: custodian
-- later: collected
-- reason: nobody | 持ち主が登録されていません。持ち主を登録するか、IDを停止してください | It belongs to nobody: register the holder or disable it
-- reason: left | 持ち主の{1}は在籍していません。IDを停止してください | Its holder {1} has left: disable it
-- reason: no-custodian | 管理者が登録されていません | It has no custodian
-- reason: custodian-left | 管理者の{1}は在籍していません。後任を登録してください | Its custodian {1} has left: name a successor
-- affects: accounts = SELECT :id
-- affects: persons = SELECT a.id FROM accounts a WHERE a.person = :id UNION SELECT a.id FROM accounts a WHERE a.custodian = :id
SELECT a.id AS subject_id, a.section, a.title, 'person' AS part, NULL AS due_at,
       CASE WHEN p.id IS NULL THEN say('nobody')
            WHEN p.state NOT IN ('active', 'away') THEN say('left', p.name)
       END AS verdict
FROM accounts a
LEFT JOIN persons p ON p.id = a.person
WHERE a.state IN ('active', 'changing', 'deleting', 'to-delete')
  AND a.kind IN ('personal', 'privileged', 'development')
UNION ALL
SELECT a.id, a.section, a.title, 'custodian', NULL,
       CASE WHEN p.id IS NULL THEN say('no-custodian')
            WHEN p.state NOT IN ('active', 'away') THEN say('custodian-left', p.name)
       END
FROM accounts a
LEFT JOIN persons p ON p.id = a.custodian
WHERE a.state IN ('active', 'changing', 'deleting', 'to-delete')
  AND a.kind IN ('shared', 'service')

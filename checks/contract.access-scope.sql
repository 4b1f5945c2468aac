-- control: contract.access-scope
-- subject: contracts
-- part: clause
-- part: scope
-- part: ended
-- later: rights
-- reason: no-clause | 「アクセスできる情報」の契約条項の番号がありません | The clause number on access is missing
-- reason: no-info | アクセスできる情報が登録されていません | The information that may be accessed is not named
-- reason: no-path | アクセスの範囲・経路・メール利用のいずれかが取り決められていません | Scope, path or use of mail is not agreed
-- reason: live | 契約は{1}に終わりましたが、受託者のIDが残っています。停止してください | The contract ended on {1}, but its accounts are live: disable them
-- affects: contracts = SELECT :id
-- affects: accounts = *
SELECT k.id AS subject_id, k.section, k.title, 'clause' AS part, NULL AS due_at,
       CASE WHEN NOT EXISTS (SELECT 1 FROM contracts__terms t
                             WHERE t.record = k.id
                               AND t.item = 'access'
                               AND (t.clause_no IS NOT NULL
                                 OR t.answer = 'na'))
            THEN say('no-clause')
       END AS verdict
FROM contracts k
WHERE k.kind = 'contract'
  AND k.state = 'active'
UNION ALL
SELECT k.id, k.section, k.title, 'scope', NULL,
       CASE WHEN NOT EXISTS (SELECT 1 FROM contracts__access_info i WHERE i.record = k.id) THEN say('no-info')
            WHEN k.access_scope IS NULL THEN say('no-path')
            WHEN k.access_path IS NULL THEN say('no-path')
            WHEN k.mail_use IS NULL THEN say('no-path')
       END
FROM contracts k
WHERE k.kind = 'contract'
  AND k.state = 'active'
  AND EXISTS (SELECT 1 FROM accounts a WHERE a.contract = k.id)
UNION ALL
SELECT k.id, k.section, k.title, 'ended', k.ends_on,
       CASE WHEN coalesce(k.ended_on, k.ends_on) < :today
             AND EXISTS (SELECT 1 FROM accounts a
                         WHERE a.contract = k.id
                           AND a.state IN ('active', 'changing', 'deleting', 'to-delete'))
            THEN say('live', coalesce(k.ended_on, k.ends_on))
       END
FROM contracts k
WHERE k.kind = 'contract'
  AND k.state IN ('active', 'ending', 'closed')

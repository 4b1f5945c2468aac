-- control: contract.people-place
-- subject: contracts
-- part: clause
-- part: people
-- part: roster
-- reason: no-clause | 責任者・業務・作業者・場所を定める条項の番号がありません | The number of the clause on responsible person, work, workers and place is missing
-- reason: no-reason | 条項を置かない理由が書かれていません | The reason for having no such clause is missing
-- reason: no-lead | 受託側の責任者がありません | The contractor's responsible person is missing
-- reason: no-work | 業務の範囲がありません | The scope of work is missing
-- reason: no-place | 作業場所と国・地域が入っていません | No work place with its country is entered
-- reason: no-provider | 事業者の資本関係・専門性・国籍の情報がそろっていません | Capital ties, expertise and nationality of the provider are incomplete
-- reason: not-listed | 作業者名簿の人に結び付かない、又は教育が済んでいないアカウント: {1} | Accounts of nobody on the roster, or of workers not yet educated: {1}
-- affects: contracts = SELECT :id
-- affects: parties = SELECT c.id FROM contracts c WHERE c.party = :id
-- affects: accounts = *
-- affects: persons = *
-- empty: met
WITH contract AS NOT MATERIALIZED (
	SELECT c.* FROM contracts c
	WHERE c.kind = 'contract'
	  AND c.state = 'active'
)
SELECT c.id AS subject_id, c.section, c.title, 'clause' AS part, NULL AS due_at,
       CASE WHEN t.answer = 'na'
                 AND t.note IS NULL
            THEN say('no-reason')
            WHEN t.answer = 'na' THEN NULL
            WHEN t.answer IS NOT 'yes' THEN say('no-clause')
            WHEN t.clause_no IS NULL THEN say('no-clause')
       END AS verdict
FROM contract c
LEFT JOIN contracts__terms t ON t.record = c.id AND t.item = 'identify'
UNION ALL
SELECT c.id, c.section, c.title, 'people', NULL,
       CASE WHEN c.contractor_lead IS NULL THEN say('no-lead')
            WHEN c.work_scope IS NULL THEN say('no-work')
            WHEN c.type = 'service'
                 AND (p.capital_ties IS NULL
                      OR p.expertise IS NULL
                      OR p.nationality_note IS NULL)
            THEN say('no-provider')
            WHEN NOT EXISTS (SELECT 1 FROM contracts__work_places w
                             WHERE w.record = c.id
                               AND w.country IS NOT NULL)
            THEN say('no-place')
       END
FROM contract c
LEFT JOIN parties p ON p.id = c.party
UNION ALL
SELECT c.id, c.section, c.title, 'roster', NULL,
       (SELECT say('not-listed', group_concat(a.login, '、')) FROM accounts a
        LEFT JOIN persons p ON p.id = a.person AND p.contract = c.id AND p.state IN ('active', 'away') AND p.educated_on <= :today
        WHERE a.contract = c.id
          AND a.state IN ('active', 'changing', 'deleting', 'to-delete')
          AND p.id IS NULL
        HAVING count(*) > 0)
FROM contract c

-- control: contract.secrecy
-- subject: contracts
-- part: clause
-- part: pledges
-- part: breaches
-- reason: no-purpose | 目的外利用・第三者提供の禁止の条項番号がありません | The number of the clause against other use and provision to third parties is missing
-- reason: no-secrecy | 守秘義務の条項番号がありません | The number of the secrecy clause is missing
-- reason: no-pledge | 名簿の {2}人のうち {1}人の誓約書がありません | {1} of {2} workers on the roster have no signed pledge
-- reason: unrecorded | 受託者の違反が違反台帳に記録されていない事案: {1} | Incidents whose breach is not in the violations ledger: {1}
-- affects: contracts = SELECT :id
-- affects: persons = *
-- affects: incidents = *
-- affects: violations = *
-- empty: met
WITH contract AS NOT MATERIALIZED (
	SELECT c.* FROM contracts c
	WHERE c.kind = 'contract'
	  AND c.state = 'active'
)
SELECT c.id AS subject_id, c.section, c.title, 'clause' AS part, NULL AS due_at,
       CASE WHEN NOT EXISTS (SELECT 1 FROM contracts__terms t
                             WHERE t.record = c.id
                               AND t.item = 'purpose'
                               AND t.answer = 'yes'
                               AND t.clause_no IS NOT NULL)
            THEN say('no-purpose')
            WHEN NOT EXISTS (SELECT 1 FROM contracts__terms t
                             WHERE t.record = c.id
                               AND t.item = 'secrecy'
                               AND t.answer = 'yes'
                               AND t.clause_no IS NOT NULL)
            THEN say('no-secrecy')
       END AS verdict
FROM contract c
UNION ALL
SELECT c.id, c.section, c.title, 'pledges', NULL,
       (SELECT say('no-pledge', sum(p.pledge IS NOT 'signed' OR p.pledge_on IS NULL), count(*)) FROM persons p
        WHERE p.contract = c.id
          AND p.state IN ('active', 'away')
        HAVING sum(p.pledge IS NOT 'signed' OR p.pledge_on IS NULL) > 0)
FROM contract c
UNION ALL
SELECT c.id, c.section, c.title, 'breaches', NULL,
       (SELECT say('unrecorded', group_concat(i.title, '、')) FROM incidents i
        WHERE i.contract = c.id
          AND i.contract_kind = 'contracts'
          AND i.kind = 'incident'
          AND i.type IN ('leak', 'loss', 'missent', 'misuse')
          AND i.state IN ('handling', 'watching', 'closed')
          AND NOT EXISTS (SELECT 1 FROM violations v
                          WHERE v.contract = c.id
                            AND (v.incident = i.id
                                 OR (v.source_kind, v.source) = ('incidents', i.id)))
        HAVING count(*) > 0)
FROM contract c

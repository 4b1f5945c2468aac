-- control: account.review
-- subject: accounts
-- part: listed
-- part: signed
-- part: decided
-- part: own
-- later: revoked
-- reason: none | {1}年度の権限の点検表がまだありません | There is no review list for fiscal year {1}
-- reason: late | 点検表の署名期限({1})を過ぎています | The list was to be signed by {1}
-- reason: soon | 点検表の署名期限({1})が近づいています | The list is to be signed by {1}
-- reason: open | 判断のない権限があります | Some rights have no decision
-- reason: own | 自分の権限を自分で判断しています | Somebody decided on his own rights
-- affects: accounts = *
-- affects: information_systems = *
WITH used AS (
	SELECT DISTINCT a.section, s.value AS system
	FROM accounts a JOIN accounts__systems s ON s.record = a.id
	JOIN information_systems y ON y.id = s.value
	WHERE a.state IN ('active', 'changing', 'deleting', 'to-delete')
	  AND y.state IN ('reported', 'active', 'revising', 'closing'))
SELECT 'information-systems:' || y.id AS subject_id, y.section, y.title, 'listed' AS part, fy(:today) || '-' || param('rights_review_by') AS due_at,
       CASE WHEN :today > fy(:today) || '-' || param('rights_review_by')
             AND EXISTS (SELECT 1 FROM used u
                         WHERE u.system = y.id
                           AND NOT EXISTS (SELECT 1 FROM accounts r
                                           WHERE r.kind = 'review'
                                             AND r.review_system = u.system
                                             AND r.section = u.section
                                             AND r.fiscal_year = fy(:today)))
            THEN say('none', fy(:today))
       END AS verdict
FROM information_systems y
WHERE y.id IN (SELECT u.system FROM used u)
UNION ALL
SELECT r.id, r.section, r.title, 'signed', r.sign_by,
       CASE WHEN coalesce(r.signed_on, :today) > r.sign_by THEN say('late', r.sign_by)
            WHEN r.signed_on IS NULL
             AND r.sign_by <= ahead(:today, '30d')
            THEN say('due soon', r.sign_by)
       END
FROM accounts r
WHERE r.kind = 'review'
  AND r.fiscal_year = fy(:today)
UNION ALL
SELECT r.id, r.section, r.title, 'decided', r.sign_by,
       CASE WHEN EXISTS (SELECT 1 FROM accounts__review_rows w
                         WHERE w.record = r.id
                           AND w.decision IS NULL)
            THEN say('open')
       END
FROM accounts r
WHERE r.kind = 'review'
  AND r.fiscal_year = fy(:today)
  AND r.state IN ('signed', 'settled')
UNION ALL
SELECT r.id, r.section, r.title, 'own', r.sign_by,
       CASE WHEN EXISTS (SELECT 1 FROM accounts__review_rows w JOIN accounts a ON a.id = w.account
                         WHERE w.record = r.id
                           AND w.reviewer = a.person)
            THEN say('own')
       END
FROM accounts r
WHERE r.kind = 'review'
  AND r.fiscal_year = fy(:today)

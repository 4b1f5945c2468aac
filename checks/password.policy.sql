-- control: password.policy
-- subject: information-systems
-- part: gaps
-- later: directory
-- reason: past | 実現できない設定の見直し日({1})を過ぎています | The review date of an unavailable setting ({1}) has passed
-- affects: information_systems = SELECT :id
SELECT y.id AS subject_id, y.section, y.title, 'gaps' AS part, g.review_on AS due_at,
       CASE WHEN g.review_on < :today THEN say('past', g.review_on)
       END AS verdict
FROM information_systems y
LEFT JOIN (SELECT record, min(review_on) AS review_on FROM information_systems__login_gaps
           WHERE setting IN ('first-change', 'deny-list')
           GROUP BY record) g ON g.record = y.id
WHERE y.state IN ('reported', 'active', 'revising', 'closing')

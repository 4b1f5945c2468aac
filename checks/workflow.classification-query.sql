-- control: workflow.classification-query
-- subject: information-assets
-- part: decided
-- reason: open | 分類の照会に{1}までに答えることになっています。分類を判断してください | The class query was to be decided by {1}: decide the class
-- reason: late | 分類の照会への判断が期限({1})に遅れました | The class query was decided after {1}
-- affects: information_assets = SELECT :id
-- The last query of each asset; one answered late counts until the fiscal year is over.
WITH asked AS (
	SELECT s.record, max(s.at) AS at, ahead(day(max(s.at)), param('query_days') || 'd') AS decide_by
	FROM information_assets_step s
	WHERE s.action = 'query'
	GROUP BY s.record
), told AS (
	SELECT q.record, q.decide_by, day(min(s.at)) AS decided_on
	FROM asked q LEFT JOIN information_assets_step s ON s.record = q.record AND s.action = 'decide' AND s.at >= q.at
	GROUP BY q.record
)
SELECT a.id AS subject_id, a.section, a.title, 'decided' AS part, t.decide_by AS due_at,
       CASE WHEN t.decided_on IS NULL
             AND t.decide_by < :today
            THEN say('open', t.decide_by)
            WHEN t.decided_on > t.decide_by THEN say('late', t.decide_by)
       END AS verdict
FROM information_assets a JOIN told t ON t.record = a.id
WHERE a.state = 'querying'
   OR fy(t.decided_on) = fy(:today)

-- control: log.clock-offset
-- subject: log-sources
-- part: offset
-- later: source
-- reason: off | 時計が基準より{1}秒ずれています（許容は{2}ミリ秒） | Its clock is {1} seconds off; {2} ms are allowed
-- reason: unmeasured | 時刻のずれが測定されていません | Its clock has not been measured
-- affects: log_sources = SELECT :id
-- affects: measurement = SELECT CAST(m.subject_id AS INTEGER) FROM measurement m WHERE m.id = :id
WITH seen(id, at) AS NOT MATERIALIZED (
	SELECT m.subject_id, max(m.at) FROM measurement m
	WHERE m.control = 'log.clock-offset'
	  AND m.subject_kind = 'log-sources'
	GROUP BY m.subject_id
), latest(id, ms) AS NOT MATERIALIZED (
	SELECT m.subject_id, m.number FROM measurement m JOIN seen s ON s.id = m.subject_id AND s.at = m.at
	WHERE m.control = 'log.clock-offset'
	  AND m.subject_kind = 'log-sources'
)
SELECT s.id AS subject_id, s.section, s.title, 'offset' AS part, NULL AS due_at,
       CASE WHEN l.ms IS NULL THEN say('unknown unmeasured')
            WHEN abs(l.ms) > param('clock_ms') THEN say('off', CAST(l.ms / 1000 AS INTEGER), param('clock_ms'))
       END AS verdict
FROM log_sources s LEFT JOIN latest l ON l.id = CAST(s.id AS TEXT)
WHERE s.state = 'active'
  AND s.method <> 'provider'

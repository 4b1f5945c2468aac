-- control: log.source-silent
-- subject: log-sources
-- part: heartbeat
-- part: task
-- part: covered
-- reason: silent | {1}から、途絶とみなす時間を超えてログが届いていません | Nothing has arrived since {1}, longer than it may be silent
-- reason: never | 取得開始日の{1}から一度もログが届いていません | Nothing has ever arrived since it was started on {1}
-- reason: no-record | ログが途絶えていますが、対応中の障害記録がありません | It is silent and no failure record is open for it
-- reason: no-source | このサーバのログが登録されていません | No log source is registered for this server
-- reason: mute | 登録されたログが一つも届いていません | None of its registered log sources has ever arrived
-- affects: log_sources = *
-- affects: measurement = *
-- affects: failures = *
-- affects: devices = SELECT 'devices:' || :id
WITH heard(id, at) AS NOT MATERIALIZED (
	SELECT m.subject_id, max(m.at) FROM measurement m
	WHERE m.control = 'log.source-silent'
	  AND m.subject_kind = 'log-sources'
	GROUP BY m.subject_id
), source(id, section, title, device, at, started_on, until) AS (
	SELECT s.id, s.section, s.title, s.device, h.at, s.started_on, coalesce(h.at, unixepoch(s.started_on) * 1000000)
	       + CAST(s.heartbeat AS INTEGER) * 60000000 * CASE ltrim(s.heartbeat, '0123456789') WHEN 'min' THEN 1 WHEN 'h' THEN 60 WHEN 'w' THEN 10080 WHEN 'mo' THEN 43200 WHEN 'y' THEN 525600 ELSE 1440 END
	FROM log_sources s LEFT JOIN heard h ON h.id = CAST(s.id AS TEXT)
	WHERE s.state = 'active'
	  AND s.method <> 'provider'
)
SELECT s.id AS subject_id, s.section, s.title, 'heartbeat' AS part, day(s.until) AS due_at,
       CASE WHEN s.until >= :now THEN NULL
            WHEN s.at IS NULL THEN say('never', s.started_on)
            ELSE say('silent', day(s.at))
       END AS verdict
FROM source s
UNION ALL
SELECT s.id, s.section, s.title, 'task', NULL,
       CASE WHEN s.until >= :now THEN NULL
            WHEN NOT EXISTS (SELECT 1 FROM failures f WHERE f.log_source = s.id AND f.kind = 'log-silent' AND f.state IN ('reported', 'received', 'restored'))
            THEN say('no-record')
       END
FROM source s
UNION ALL
SELECT 'devices:' || d.id, d.section, d.title, 'covered', NULL,
       CASE WHEN NOT EXISTS (SELECT 1 FROM source s WHERE s.device = d.id) THEN say('no-source')
            WHEN NOT EXISTS (SELECT 1 FROM source s WHERE s.device = d.id AND s.at IS NOT NULL) THEN say('mute')
       END
FROM devices d
WHERE d.kind = 'server'
  AND d.state IN ('in-use', 'moving', 'repair')

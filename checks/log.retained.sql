-- control: log.retained
-- subject: log-sources
-- part: age
-- part: space
-- reason: short | 残っている最も古い記録は{1}のもので、保存期間の分がありません | The oldest record is of {1}, so the retention is not covered
-- reason: unmeasured | 残っている最も古い記録が確かめられていません | The oldest record has not been looked at
-- reason: full | 保存の容量は、あと{1}日で足りなくなります（求める余裕は{2}日） | The storage lasts another {1} days; {2} are wanted
-- reason: stale | 保存の容量が{1}から確かめられていません | The storage has not been looked at since {1}
-- reason: early | 保管庫は{1}日で消去できる設定ですが、台帳の保存期間はそれより長いものです | The vault may remove after {1} days, but the ledger keeps longer
-- affects: log_sources = *
-- affects: measurement = *
WITH oldest(id, day) AS NOT MATERIALIZED (
	SELECT m.subject_id, max(m.value) FROM measurement m
	WHERE m.control = 'log.retained'
	  AND m.part = 'age'
	GROUP BY m.subject_id
), kept(id, section, title, retention, class, started_on) AS (
	SELECT s.id, s.section, s.title, s.retention, coalesce(s.retention_class, 'standard'), s.started_on FROM log_sources s
	WHERE s.state IN ('active', 'suspended', 'keeping')
	  AND s.method <> 'provider'
)
SELECT k.id AS subject_id, k.section, k.title, 'age' AS part, NULL AS due_at,
       CASE WHEN o.day IS NULL THEN say('unknown unmeasured')
            WHEN o.day > max(back(:today, k.retention), coalesce(k.started_on, '')) THEN say('short', o.day)
       END AS verdict
FROM kept k LEFT JOIN oldest o ON o.id = CAST(k.id AS TEXT)
UNION ALL
SELECT 'log:' || m.subject_id, NULL, 'ログの保存容量', 'space', NULL,
       CASE WHEN day(m.at) < back(:today, '2d') THEN say('unknown stale', day(m.at))
            WHEN m.number < param('space_days') THEN say('full', CAST(m.number AS INTEGER), param('space_days'))
       END
FROM measurement m
WHERE m.control = 'log.retained'
  AND m.part = 'space'
UNION ALL
SELECT 'log:' || m.subject_id, NULL, 'ログ「' || m.subject_id || '」の消去の方針', 'space', NULL,
       CASE WHEN m.number > 0
             AND m.number < (SELECT max(julianday(:today) - julianday(back(:today, k.retention))) FROM kept k
                 WHERE k.class = m.subject_id)
            THEN say('early', CAST(m.number AS INTEGER))
       END
FROM measurement m
WHERE m.control = 'log.retained'
  AND m.part = 'policy'
  AND (SELECT max(k.id) FROM kept k) IS NOT NULL

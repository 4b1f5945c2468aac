-- control: log.intact
-- subject: log-sources
-- part: chain
-- part: denied
-- part: offsite
-- part: readers
-- reason: broken | 検証に合格しませんでした（{1}件）。{2} | The audit failed ({1} problems). {2}
-- reason: stale | 最後の検証が{1}で、設定した間隔を過ぎています | The last audit was on {1}, longer ago than set
-- reason: possible | 書込みの権限がないはずの処理から書き換えられる状態です | What must only read could have written
-- reason: never | 写しが一度も作られていません | There was never a copy
-- reason: old | 最後の写しが{1}のものです | The last copy is of {1}
-- reason: left | 閲覧者に離職した{1}が残っています | {1}, who has left, is still among the readers
-- affects: measurement = *
-- affects: log_sources = SELECT :id
-- affects: persons = SELECT r.record FROM log_sources__readers r WHERE r.value = :id
-- empty: unknown
WITH seen(part, log, title, value, number, detail, at, late) AS (
	SELECT m.part, m.subject_id, CASE WHEN m.subject_id = 'office' THEN 'この仕組み自身の記録' ELSE 'ログ「' || m.subject_id || '」' END,
	       m.value, m.number, m.detail, m.at,
	       m.at < :now - 2 * 86400000000 * coalesce((SELECT CAST(s.value AS INTEGER) FROM setting s WHERE s.name = 'audit_days'), 1)
	FROM measurement m
	WHERE m.control = 'log.intact'
)
SELECT 'log:' || s.log AS subject_id, NULL AS section, s.title, 'chain' AS part, NULL AS due_at,
       CASE WHEN s.value <> 'ok' THEN say('broken', CAST(s.number AS INTEGER), s.detail)
            WHEN s.late THEN say('stale', day(s.at))
       END AS verdict
FROM seen s
WHERE s.part = 'chain'
UNION ALL
SELECT 'log:' || s.log, NULL, s.title, 'denied', NULL,
       CASE WHEN s.value <> 'refused' THEN say('possible')
            WHEN s.late THEN say('stale', day(s.at))
       END
FROM seen s
WHERE s.part = 'denied'
UNION ALL
SELECT 'log:' || s.log, NULL, s.title, 'offsite', NULL,
       CASE WHEN s.value = '' THEN say('never')
            WHEN s.value < back(day(s.at), param('backup_days') || 'd') THEN say('old', s.value)
            WHEN s.late THEN say('stale', day(s.at))
       END
FROM seen s
WHERE s.part = 'offsite'
UNION ALL
SELECT g.id, g.section, g.title, 'readers', NULL,
       (SELECT say('left', max(p.name)) FROM log_sources__readers r JOIN persons p ON p.id = r.value
        WHERE r.record = g.id
          AND p.state = 'left'
        HAVING count(*) > 0)
FROM log_sources g
WHERE g.state IN ('active', 'suspended', 'keeping')

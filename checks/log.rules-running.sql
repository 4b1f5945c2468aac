-- control: log.rules-running
-- subject: log-sources
-- part: assigned
-- part: run
-- part: planted
-- reason: no-source | 重要なシステムですが、取得中のログがなく、検知の対象になっていません | An important system without a log source in force: no rule sees it
-- reason: off | 検知規則を外しています（{1}） | Detection rules are turned off ({1})
-- reason: behind | {1}から判定が進んでいません（未判定{2}件） | Nothing was judged since {1} ({2} entries wait)
-- reason: silent | {1}から検知の応答がありません | Detection has not answered since {1}
-- reason: none | 使える検知規則がありません | There is no rule in use
-- reason: faults | 読み込めない検知規則のファイルがあります（{1}件） | Files of rules cannot be used ({1})
-- reason: unfound | 模擬事象が{1}から検知されていません | The planted event has not been found since {1}
-- affects: measurement = *
-- affects: information_systems = SELECT 'information-systems:' || :id
-- affects: log_sources = *
-- empty: unknown
WITH seen(subject, title, part, value, number, at) AS (
	SELECT m.subject_id, CASE WHEN m.subject_id = 'office' THEN 'この仕組み自身の記録' WHEN m.subject_id = 'rules' THEN '検知規則' ELSE 'ログ「' || m.subject_id || '」' END,
	       m.part, m.value, CAST(m.number AS INTEGER), m.at
	FROM measurement m
	WHERE m.control = 'log.rules-running'
)
SELECT 'log:' || s.subject AS subject_id, NULL AS section, s.title, 'run' AS part, NULL AS due_at,
       CASE WHEN s.at >= :now - param('rule_age') * 60000000 THEN NULL
            WHEN s.value = 'behind' THEN say('behind', day(s.at), s.number)
            ELSE say('silent', day(s.at))
       END AS verdict
FROM seen s
WHERE s.part = 'run'
UNION ALL
SELECT 'log:' || s.subject, NULL, s.title, 'run', NULL,
       CASE WHEN s.value = 'none' THEN say('none')
            WHEN s.value = 'faults' THEN say('faults', s.number)
            WHEN s.at < :now - param('rule_age') * 60000000 THEN say('silent', day(s.at))
       END
FROM seen s
WHERE s.part = 'rules'
UNION ALL
SELECT 'log:' || s.subject, NULL, s.title, 'planted', NULL,
       CASE WHEN s.at < :now - 2 * 86400000000 THEN say('unfound', day(s.at)) END
FROM seen s
WHERE s.part = 'planted'
UNION ALL
SELECT 'information-systems:' || i.id, i.section, i.title, 'assigned', NULL,
       CASE WHEN NOT EXISTS (SELECT 1 FROM log_sources g JOIN log_sources__systems y ON y.record = g.id WHERE y.value = i.id AND g.state = 'active')
            THEN say('no-source')
            ELSE (SELECT say('off', group_concat(trim(x.value), '、')) FROM log_sources g
                  JOIN log_sources__systems y ON y.record = g.id JOIN log_sources__rules x ON x.record = g.id
                  WHERE y.value = i.id
                    AND g.state = 'active'
                    AND trim(x.value) LIKE '-%'
                  HAVING count(*) > 0)
       END
FROM information_systems i
WHERE i.state IN ('active', 'revising', 'closing')
  AND i.importance IN ('core', 'important')

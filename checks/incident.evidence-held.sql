-- control: incident.evidence-held
-- subject: incidents
-- part: in-time
-- part: kept
-- later: hash
-- reason: none | 起票から {1} 分を過ぎてもログが保全されていません。直ちに保全してください | No log was put on hold within {1} minutes of opening; do it now
-- reason: system | 関係する情報システムのログを、起票から {2} 分以内に保全していません: {1} | Logs of an involved system were not put on hold within {2} minutes: {1}
-- reason: late | 起票から {1} 分を過ぎてログを保全しました | Logs were put on hold later than {1} minutes after opening
-- reason: released | 終結していない事案のログの保全を解いています | A hold was released while the incident is open
-- reason: released-early | 終結（{1}）の前にログの保全を解いています | A hold was released before the incident closed on {1}
-- affects: incidents = SELECT :id
-- affects: log_sources = *
-- affects: information_systems = SELECT y.record FROM incidents__systems y WHERE y.value = :id
-- empty: met
WITH x AS NOT MATERIALIZED (
	SELECT i.id, i.section, i.title, i.state, i.created_at + param('hold_minutes') * 60000000 AS limit_at,
	       (SELECT min(h.set_at) FROM incidents__holds h WHERE h.record = i.id) AS held_at,
	       (SELECT min(h.released_on) FROM incidents__holds h WHERE h.record = i.id) AS released_on
	FROM incidents i
	WHERE i.kind = 'incident'
	  AND i.state <> 'no-incident'
)
SELECT x.id AS subject_id, x.section, x.title, 'in-time' AS part, day(x.limit_at) AS due_at,
       CASE WHEN :now <= x.limit_at THEN NULL
            WHEN x.held_at IS NULL THEN say('none', param('hold_minutes'))
            WHEN x.held_at > x.limit_at THEN say('late', param('hold_minutes'))
            ELSE (SELECT say('system', group_concat(s.title, '、'), param('hold_minutes')) FROM incidents__systems y
                  JOIN information_systems s ON s.id = y.value
                  WHERE y.record = x.id
                    AND EXISTS (SELECT 1 FROM log_sources__systems z JOIN log_sources l ON l.id = z.record
                                WHERE z.value = y.value
                                  AND l.state IN ('active', 'suspended', 'keeping'))
                    AND NOT EXISTS (SELECT 1 FROM log_sources__systems z JOIN incidents__holds h ON h.log_source = z.record
                                    WHERE z.value = y.value
                                      AND h.record = x.id
                                      AND h.set_at <= x.limit_at)
                  HAVING count(*) > 0)
       END AS verdict
FROM x
UNION ALL
SELECT q.id, q.section, q.title, 'kept', NULL,
       CASE WHEN q.released_on IS NULL THEN NULL
            WHEN q.state <> 'closed' THEN say('released')
            WHEN q.released_on < q.closed_on THEN say('released-early', q.closed_on)
       END
FROM (SELECT x.*, (SELECT day(max(s.at)) FROM incidents_step s
                   WHERE s.record = x.id
                     AND s.action = 'close') AS closed_on
      FROM x
      WHERE x.held_at IS NOT NULL) q

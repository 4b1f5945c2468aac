-- control: incident.restored
-- subject: incidents
-- part: order
-- part: verified
-- part: watch
-- part: not-early
-- reason: no-evidence | 経過に「証拠の保全」がありません | The timeline lacks the securing of evidence
-- reason: no-provisional | 経過に「当面の再発防止」がありません | The timeline lacks the provisional measure
-- reason: no-recovery | 経過に「復旧」がありません | The timeline lacks the recovery
-- reason: wrong-order | 証拠の保全、当面の再発防止、復旧の順に行われていません | Evidence, provisional measure and recovery did not follow in this order
-- reason: nobody | 経過に担当のない行があります | A line of the timeline names no person
-- reason: unverified | 復旧の後に動作を確かめた記録がありません | The service was not verified after recovery
-- reason: no-end | 再発監視の終期が決まっていません | The end of the recurrence watch is not set
-- reason: gap | 再発監視の記録が {1} 日分足りません（{2} まで） | The recurrence watch lacks {1} days (until {2})
-- reason: early | 再発監視の終期 {1} より前の {2} に終結しています | Closed on {2}, before its watch date {1}
-- affects: incidents = SELECT :id
-- Emergencies that are recovered. The watch of today is not missing before the day is over.
WITH x AS NOT MATERIALIZED (
	SELECT i.*, day(i.recovered_at) AS recovered_on, min(i.watch_until, back(:today, '1d')) AS watched_to
	FROM incidents i
	WHERE i.kind = 'incident'
	  AND i.severity = 'emergency'
	  AND i.state <> 'no-incident'
	  AND (i.recovered_at IS NOT NULL
	       OR i.state IN ('watching', 'closed'))
), stage AS NOT MATERIALIZED (
	SELECT x.id, min(iif(t.stage = 'evidence', t.at, NULL)) AS evidence, min(iif(t.stage = 'provisional', t.at, NULL)) AS provisional,
	       min(iif(t.stage = 'recovery', t.at, NULL)) AS recovery, sum(t.stage IS NOT NULL AND t.person IS NULL) AS nameless
	FROM x
	LEFT JOIN incidents__timeline t ON t.record = x.id
	GROUP BY x.id
)
SELECT x.id AS subject_id, x.section, x.title, 'order' AS part, NULL AS due_at,
       CASE WHEN t.evidence IS NULL THEN say('no-evidence')
            WHEN t.provisional IS NULL THEN say('no-provisional')
            WHEN t.recovery IS NULL THEN say('no-recovery')
            WHEN t.evidence > t.provisional
              OR t.provisional > t.recovery
            THEN say('wrong-order')
            WHEN t.nameless > 0 THEN say('nobody')
       END AS verdict
FROM x
JOIN stage t ON t.id = x.id
UNION ALL
SELECT x.id, x.section, x.title, 'verified', NULL,
       CASE WHEN x.verified_at IS NULL
              OR x.verified_at < x.recovered_at
            THEN say('unverified')
       END
FROM x
UNION ALL
SELECT x.id, x.section, x.title, 'watch', x.watch_until,
       CASE WHEN x.watch_until IS NULL THEN say('no-end')
            WHEN julianday(x.watched_to) - julianday(x.recovered_on) > w.days
            THEN say('gap', CAST(julianday(x.watched_to) - julianday(x.recovered_on) - w.days AS INTEGER), x.watched_to)
       END
FROM x
JOIN (SELECT x.id, count(DISTINCT d.checked_on) AS days
      FROM x
      LEFT JOIN incidents__watch d
             ON d.record = x.id
            AND d.checked_on > x.recovered_on
            AND d.checked_on <= x.watched_to
      GROUP BY x.id) w ON w.id = x.id
UNION ALL
SELECT q.id, q.section, q.title, 'not-early', q.watch_until,
       CASE WHEN q.closed_on < q.watch_until THEN say('early', q.watch_until, q.closed_on) END
FROM (SELECT x.*, (SELECT day(max(s.at)) FROM incidents_step s
                   WHERE s.record = x.id
                     AND s.action = 'close') AS closed_on
      FROM x
      WHERE x.state = 'closed') q

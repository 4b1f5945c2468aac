-- control: selfcheck.systems
-- subject: information-systems
-- part: run
-- part: actions
-- reason: no-run | {1} 以降に自己点検を行っていません | No self-check since {1}
-- reason: empty | 自己点検（{1}）に、測定した項目か回答した項目がありません | The self-check of {1} lacks measured or answered items
-- reason: no-action | 自己点検（{1}）で不適合がありましたが、改善が起票されていません | The self-check of {1} found non-conformities, but no improvement was raised
-- reason: late | 期限を過ぎた是正があります: {1} | Corrections past their due date: {1}
-- affects: information_systems = SELECT :id
-- affects: network_connections = SELECT 'network-connections:' || :id
-- affects: self_checks = *
-- affects: improvement_actions = *
WITH subject(kind, id, section, title) AS (
	SELECT 'system', s.id, s.section, s.title FROM information_systems s
	WHERE s.state IN ('reported', 'active', 'revising')
	UNION ALL
	SELECT 'network', n.id, n.section, n.title FROM network_connections n
	WHERE n.kind = 'network'
	  AND n.state IN ('approved', 'renewing')
), done(kind, id, run, run_on, items) AS MATERIALIZED (
	SELECT c.run_for, coalesce(y.value, c.network), c.id, c.run_on,
	       EXISTS (SELECT 1 FROM self_checks__measured m WHERE m.record = c.id) AND EXISTS (SELECT 1 FROM self_checks__items i WHERE i.record = c.id)
	FROM self_checks c
	LEFT JOIN self_checks__systems y ON y.record = c.id
	WHERE c.kind = 'run'
	  AND c.state IN ('checked', 'reported')
	  AND c.run_on >= back(:today, cycle('selfcheck.systems'))
), newest(kind, id, run, items, run_on) AS MATERIALIZED (
	SELECT kind, id, run, items, max(run_on) FROM done GROUP BY kind, id
)
SELECT iif(s.kind = 'network', 'network-connections:' || s.id, s.id) AS subject_id, s.section, s.title, 'run' AS part, NULL AS due_at,
       CASE WHEN n.run IS NULL THEN say('no-run', back(:today, cycle('selfcheck.systems')))
            WHEN NOT n.items THEN say('empty', n.run_on)
       END AS verdict
FROM subject s
LEFT JOIN newest n ON n.kind = s.kind AND n.id = s.id
UNION ALL
SELECT iif(s.kind = 'network', 'network-connections:' || s.id, s.id), s.section, s.title, 'actions', NULL,
       coalesce((SELECT say('no-action', n.run_on) FROM newest n
        WHERE n.kind = s.kind
          AND n.id = s.id
          AND NOT EXISTS (SELECT 1 FROM improvement_actions a
                          WHERE a.source_kind = 'self-checks'
                            AND a.source = n.run)
          AND (EXISTS (SELECT 1 FROM self_checks__items i
                       WHERE i.record = n.run
                         AND i.answer = 'no')
            OR EXISTS (SELECT 1 FROM self_checks__measured m
                       WHERE m.record = n.run
                         AND m.not_met > 0))),
       (SELECT say('late', group_concat(a.title, '、')) FROM done d
        JOIN improvement_actions a ON a.source = d.run AND a.source_kind = 'self-checks'
        WHERE d.kind = s.kind
          AND d.id = s.id
          AND a.state NOT IN ('closed', 'dropped', 'answered')
          AND max(a.due_on, coalesce((SELECT max(r.new_due) FROM improvement_actions__redating r WHERE r.record = a.id), '')) < :today
        HAVING count(*) > 0))
FROM subject s

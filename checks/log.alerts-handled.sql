-- control: log.alerts-handled
-- subject: alerts
-- part: acknowledged
-- part: verdict
-- part: linked
-- reason: unseen | 確認の期限 {1} を過ぎても誰も確認していません | Nobody has looked at it although it was due on {1}
-- reason: unjudged | 確認から{1}時間を過ぎても判断がありません | Not judged within {1} hours after it was looked at
-- reason: no-incident | 事案と判断されましたが、事案台帳に結び付いていません | Judged an incident, but no incident is linked
-- reason: no-failure | 障害と判断されましたが、障害記録に結び付いていません | Judged a fault, but no failure record is linked
-- affects: alerts = SELECT :id
-- timed: SELECT a.id FROM alerts a WHERE a.state IN ('new', 'acknowledged')
-- empty: met
WITH seen(id, at) AS NOT MATERIALIZED (
	SELECT s.record, max(s.at) FROM alerts_step s
	WHERE s.action = 'acknowledge'
	GROUP BY s.record
)
SELECT a.id AS subject_id, a.section, a.title, 'acknowledged' AS part, day(a.acknowledge_by) AS due_at,
       CASE WHEN a.state = 'new'
             AND :now > a.acknowledge_by
            THEN say('unseen', day(a.acknowledge_by))
       END AS verdict
FROM alerts a
UNION ALL
SELECT a.id, a.section, a.title, 'verdict', day(s.at + param('triage_hours') * 3600000000),
       CASE WHEN a.state = 'acknowledged'
             AND :now > s.at + param('triage_hours') * 3600000000
            THEN say('unjudged', param('triage_hours'))
       END
FROM alerts a LEFT JOIN seen s ON s.id = a.id
UNION ALL
SELECT a.id, a.section, a.title, 'linked', NULL,
       CASE WHEN a.verdict = 'attack'
             AND a.incident IS NULL
            THEN say('no-incident')
            WHEN a.verdict = 'fault'
             AND a.failure IS NULL
            THEN say('no-failure')
       END
FROM alerts a

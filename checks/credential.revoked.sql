-- control: credential.revoked
-- subject: incidents
-- part: secured
-- part: notified
-- later: used-after
-- reason: open | 届出から {1} 時間を過ぎても変更・停止していません。直ちに停止してください | Not changed, locked or revoked within {1} hours of the report; do it now
-- reason: late | 届出から {1} 時間を過ぎて変更・停止しました | Changed, locked or revoked later than {1} hours after the report
-- reason: untold | 統括責任者かシステム管理者に連絡していません | The chief or the system manager was not told
-- affects: incidents = SELECT :id
-- affects: accounts = SELECT 'accounts:' || a.id FROM accounts a WHERE a.id = :id AND (a.leak_reported_at IS NOT NULL OR EXISTS (SELECT 1 FROM finding f WHERE f.control = 'credential.revoked' AND f.subject_id = 'accounts:' || a.id))
-- affects: credentials = SELECT 'credentials:' || :id
-- What is flagged: rows of an incident's list, an incident of this type whose list is still empty, accounts, cards and keys.
WITH flag(subject_id, section, title, reported_at, done_at, chief_at, manager_at) AS NOT MATERIALIZED (
	SELECT i.id, i.section, i.title, coalesce(r.reported_at, i.received_at, i.noticed_at), r.done_at,
	       (SELECT min(n.sent_at) FROM incidents__notices n
	        WHERE n.record = i.id
	          AND n.role = 'chief'),
	       (SELECT min(n.sent_at) FROM incidents__notices n
	        WHERE n.record = i.id
	          AND n.role = 'sys-manager')
	FROM incidents i
	LEFT JOIN incidents__revocations r ON r.record = i.id
	WHERE i.kind = 'incident'
	  AND i.state <> 'no-incident'
	  AND (r.record IS NOT NULL
	       OR i.type IN ('card-lost', 'password-leak', 'takeover'))
	UNION ALL
	SELECT 'accounts:' || a.id, a.section, a.title, a.leak_reported_at, a.secured_at, a.chief_told_at, a.manager_told_at
	FROM accounts a
	WHERE a.leak_reported_at IS NOT NULL
	UNION ALL
	SELECT 'credentials:' || c.id, c.section, c.title,
	       coalesce((SELECT max(s.at) FROM credentials_step s
	                 WHERE s.record = c.id
	                   AND s.action = 'report-lost'), c.lost_at), c.revoked_at, c.chief_told_at, c.manager_told_at
	FROM credentials c
	WHERE c.lost_at IS NOT NULL
), worst AS NOT MATERIALIZED (
	SELECT f.subject_id, f.section, f.title, f.chief_at, f.manager_at, min(f.reported_at) + param('revoke_hours') * 3600000000 AS limit_at,
	       max(f.done_at IS NULL AND :now > f.reported_at + param('revoke_hours') * 3600000000) AS open,
	       max(f.done_at > f.reported_at + param('revoke_hours') * 3600000000) AS late
	FROM flag f
	GROUP BY f.subject_id
)
SELECT w.subject_id, w.section, w.title, 'secured' AS part, day(w.limit_at) AS due_at,
       CASE WHEN w.open THEN say('open', param('revoke_hours'))
            WHEN w.late THEN say('late', param('revoke_hours'))
       END AS verdict
FROM worst w
UNION ALL
SELECT w.subject_id, w.section, w.title, 'notified', day(w.limit_at),
       CASE WHEN :now <= w.limit_at THEN NULL
            WHEN w.chief_at IS NULL
              OR w.manager_at IS NULL
            THEN say('untold')
       END
FROM worst w

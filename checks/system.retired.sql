-- control: system.retired
-- subject: information-systems
-- part: in-time
-- part: accounts
-- part: leftovers
-- reason: overdue | 廃止の後始末の期限 {1} を過ぎています | Closing down was due on {1}
-- reason: soon | 廃止の後始末を {1} までに済ませてください | Close it down by {1}
-- reason: accounts | 残っているアカウント: {1} | Accounts still there: {1}
-- reason: rules | 残っている通信の許可: {1} | Permitted connections still there: {1}
-- reason: logs | ログの取得が終わっていません: {1} | Log sources not closed: {1}
-- reason: backups | バックアップが終わっておらず、残す決定もありません: {1} | Backups not ended, and no decision to keep them: {1}
-- reason: devices | 使用を終えていない機器: {1} | Devices still in use: {1}
-- affects: information_systems = SELECT :id
-- affects: accounts = *
-- affects: network_connections = *
-- affects: log_sources = *
-- affects: backup_plans = *
-- affects: devices = *
-- empty: met
-- Systems with hosts of their own; what runs only in a cloud is closed by its service's own control.
WITH ended AS MATERIALIZED (
	SELECT s.id, s.section, s.title, s.state, s.backup_kept_reason, ahead(s.ended_on, param('retire_days') || 'd') AS due_on
	FROM information_systems s
	WHERE s.ended_on <= :today
	  AND s.state IN ('closing', 'retired')
	  AND EXISTS (SELECT 1 FROM information_systems__hosts h WHERE h.record = s.id)
), due AS (
	SELECT e.* FROM ended e
	WHERE e.due_on < :today
)
SELECT e.id AS subject_id, e.section, e.title, 'in-time' AS part, e.due_on AS due_at,
       CASE WHEN e.state = 'retired' THEN NULL
            WHEN e.due_on < :today THEN say('overdue', e.due_on)
            ELSE say('due soon', e.due_on)
       END AS verdict
FROM ended e
UNION ALL
SELECT e.id, e.section, e.title, 'accounts', e.due_on,
       (SELECT say('accounts', group_concat(a.login, '、')) FROM accounts__systems y
        JOIN accounts a ON a.id = y.record
        WHERE y.value = e.id
          AND a.state IN ('active', 'changing', 'deleting', 'to-delete', 'suspended')
        HAVING count(*) > 0)
FROM due e
UNION ALL
SELECT e.id, e.section, e.title, 'leftovers', e.due_on,
       coalesce((SELECT say('rules', group_concat(n.title, '、')) FROM network_connections__systems y
                 JOIN network_connections n ON n.id = y.record
                 WHERE y.value = e.id
                   AND n.kind = 'flow'
                   AND n.state IN ('approved', 'renewing')
                 HAVING count(*) > 0),
                (SELECT say('logs', group_concat(l.title, '、')) FROM log_sources__systems y
                 JOIN log_sources l ON l.id = y.record
                 WHERE y.value = e.id
                   AND l.state IN ('active', 'suspended')
                 HAVING count(*) > 0),
                (SELECT say('backups', group_concat(b.title, '、')) FROM backup_plans__systems y
                 JOIN backup_plans b ON b.id = y.record
                 WHERE y.value = e.id
                   AND b.state = 'active'
                   AND e.backup_kept_reason IS NULL
                 HAVING count(*) > 0),
                (SELECT say('devices', group_concat(d.title, '、')) FROM devices d
                 WHERE d.system = e.id
                   AND d.state IN ('in-use', 'moving', 'repair')
                 HAVING count(*) > 0))
FROM due e

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
-- reason: late | 廃止の後始末が期限 {1} に遅れました | It was closed down after {1}
-- reason: media | 処分の記録のない機器: {1} | Hosts without a disposal record: {1}
-- reason: unchecked | 廃止の確認で、済んでいない項目が {1} 件あります | {1} items of the closing check are not settled
-- affects: information_systems = SELECT :id
-- affects: accounts = *
-- affects: network_connections = *
-- affects: log_sources = *
-- affects: backup_plans = *
-- affects: devices = *
-- affects: disposals = *
-- empty: met
-- Systems with hosts of their own; what runs only in a cloud is closed by its service's own control.
WITH ended AS MATERIALIZED (
	SELECT s.id, s.section, s.title, s.state, s.backup_kept_reason, ahead(s.ended_on, param('retire_days') || 'd') AS due_on,
	       (SELECT day(max(t.at)) FROM information_systems_step t
	        WHERE t.record = s.id
	          AND t.action = 'retire') AS closed_on
	FROM information_systems s
	WHERE s.ended_on <= :today
	  AND s.state IN ('closing', 'retired')
	  AND EXISTS (SELECT 1 FROM information_systems__hosts h WHERE h.record = s.id)
), due AS (
	SELECT e.* FROM ended e
	WHERE e.due_on < :today
)
SELECT e.id AS subject_id, e.section, e.title, 'in-time' AS part, e.due_on AS due_at,
       CASE WHEN e.closed_on > e.due_on
                 AND fy(e.closed_on) = fy(:today)
            THEN say('late', e.due_on)
            WHEN e.state = 'retired' THEN NULL
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
                 HAVING count(*) > 0),
                (SELECT say('media', group_concat(d.title, '、')) FROM information_systems__hosts h
                 JOIN devices d ON d.id = h.value
                 WHERE h.record = e.id
                   AND NOT EXISTS (SELECT 1 FROM information_systems__hosts o JOIN information_systems y ON y.id = o.record
                                   WHERE o.value = h.value
                                     AND y.state IN ('reported', 'active', 'revising'))
                   AND NOT EXISTS (SELECT 1 FROM disposals__items i JOIN disposals g ON g.id = i.record
                                   WHERE i.device = h.value
                                     AND g.state IN ('approved', 'erased', 'verified', 'sent', 'handed'))
                 HAVING count(*) > 0),
                (SELECT say('unchecked', count(*)) FROM json_each('["accounts","rules","logs","backups","media","documents"]') i
                 WHERE NOT EXISTS (SELECT 1 FROM information_systems__closing c
                                   WHERE c.record = e.id
                                     AND c.item = i.value
                                     AND c.answer IN ('yes', 'na'))
                 HAVING count(*) > 0))
FROM due e

-- control: access.suspended
-- subject: violations
-- part: grounds
-- part: confirmed
-- part: notified
-- reason: no-guidance | 停止の前に指導をした記録がありません | No guidance is recorded before the suspension
-- reason: no-decision | 統括情報セキュリティ責任者が停止を決めた記録がありません | No decision of the chief is recorded
-- reason: live | 停止するはずのIDが有効なままです | An account that was to be suspended is live
-- reason: not-checked | 各システムでIDを停止したことが確かめられていません | Nobody confirmed that the account is disabled on each of its systems
-- reason: not-told | CISOと課室の管理者への通知が{1}時間以内に済んでいません | CISO and section manager were not told within {1} hours
-- affects: violations = SELECT :id
-- affects: accounts = SELECT s.record FROM violations__suspended_accounts s WHERE s.value = :id
-- affects: role_assignments = *
SELECT v.id AS subject_id, v.section, v.title, 'grounds' AS part, NULL AS due_at,
       CASE WHEN NOT EXISTS (SELECT 1 FROM violations__guidance g
                             WHERE g.record = v.id
                               AND g.given_on <= day(v.suspended_at))
            THEN say('no-guidance')
            WHEN NOT EXISTS (SELECT 1 FROM violations_step s
                             JOIN role_assignments r ON r.holder = coalesce(s.on_behalf, s.actor)
                             WHERE s.record = v.id
                               AND s.action = 'suspend'
                               AND r.role = std('suspension_authority'))
            THEN say('no-decision')
       END AS verdict
FROM violations v
WHERE v.suspended_at IS NOT NULL
UNION ALL
SELECT v.id, v.section, v.title, 'confirmed', NULL,
       CASE WHEN EXISTS (SELECT 1 FROM violations__suspended_accounts x
                         JOIN accounts a ON a.id = x.value
                         WHERE x.record = v.id
                           AND a.state IN ('active', 'changing'))
            THEN say('live')
            WHEN EXISTS (SELECT 1 FROM violations__suspended_accounts x
                         JOIN accounts__systems y ON y.record = x.value
                         WHERE x.record = v.id
                           AND NOT EXISTS (SELECT 1 FROM accounts__disabled_confirmed d
                                           WHERE d.record = x.value
                                             AND d.system = y.value))
            THEN say('not-checked')
       END
FROM violations v
WHERE v.state = 'suspended'
UNION ALL
SELECT v.id, v.section, v.title, 'notified', day(v.suspended_at + param('notice_hours') * 3600000000),
       CASE WHEN :now > v.suspended_at + param('notice_hours') * 3600000000
             AND (SELECT count(DISTINCT n.role) FROM violations__notices n
                  WHERE n.record = v.id
                    AND n.role IN ('ciso', 'sec-manager')
                    AND n.sent_at <= v.suspended_at + param('notice_hours') * 3600000000) < 2
            THEN say('not-told', param('notice_hours'))
       END
FROM violations v
WHERE v.suspended_at IS NOT NULL

-- control: ledger.systems-complete
-- subject: information-systems
-- part: fields
-- part: requirements
-- part: updated
-- reason: no-zone | 領域を選んでください | Choose the zone
-- reason: no-class | 機密性・完全性・可用性の分類をすべて入れてください | Enter all three classes: confidentiality, integrity, availability
-- reason: no-hosts | サーバ・機器か、機器を持たない理由を入れてください | Name its hosts, or why it has none
-- reason: no-accounts | 利用者情報の元を入れてください | Say where its accounts come from
-- reason: no-logs | 取得するログを選んでください | Choose the logs it takes
-- reason: no-rto | 復旧の目標時間を入れてください | Enter the recovery time objective
-- reason: no-requirement | セキュリティ要件がありません。要件と対策を書いてください | No security requirements: write each with its measure
-- reason: half | 対策の書かれていないセキュリティ要件があります | A security requirement has no measure
-- reason: old | 台帳の更新の期限({1})を過ぎています。内容を確かめて報告してください | The row was to be renewed by {1}: confirm it and report
-- reason: changed | {1}に変更がありましたが、台帳がまだ改められていません | There was a change on {1}, but the row has not been revised since
-- reason: soon | 台帳の更新の期限({1})が近づいています | The row is to be renewed by {1}
-- affects: information_systems = SELECT :id
-- Who manages a system is judged by org.accountable-owner.
WITH x AS NOT MATERIALIZED (
	SELECT s.*,
	       coalesce((SELECT day(max(t.at)) FROM information_systems_step t
	                 WHERE t.record = s.id
	                   AND t.action IN ('report', 'receive')), s.created_on) AS renewed_on
	FROM information_systems s
	WHERE s.state IN ('reported', 'active', 'revising', 'closing')
)
SELECT x.id AS subject_id, x.section, x.title, 'fields' AS part, NULL AS due_at,
       CASE WHEN x.zone IS NULL THEN say('no-zone')
            WHEN x.class_c IS NULL THEN say('no-class')
            WHEN x.class_i IS NULL THEN say('no-class')
            WHEN x.class_a IS NULL THEN say('no-class')
            WHEN x.no_hosts_reason IS NULL
             AND NOT EXISTS (SELECT 1 FROM information_systems__hosts h WHERE h.record = x.id)
            THEN say('no-hosts')
            WHEN x.account_source IS NULL THEN say('no-accounts')
            WHEN NOT EXISTS (SELECT 1 FROM information_systems__log_types l WHERE l.record = x.id) THEN say('no-logs')
            WHEN x.rto IS NULL THEN say('no-rto')
       END AS verdict
FROM x
UNION ALL
SELECT x.id, x.section, x.title, 'requirements', NULL,
       CASE WHEN NOT EXISTS (SELECT 1 FROM information_systems__requirements r
                             WHERE r.record = x.id
                               AND r.requirement IS NOT NULL)
            THEN say('no-requirement')
            WHEN EXISTS (SELECT 1 FROM information_systems__requirements r
                         WHERE r.record = x.id
                           AND r.measure IS NULL)
            THEN say('half')
       END
FROM x
UNION ALL
SELECT x.id, x.section, x.title, 'updated', ahead(x.renewed_on, cycle('ledger.systems-complete')),
       CASE WHEN x.changed_on > x.renewed_on
             AND x.changed_on <= :today
            THEN say('changed', x.changed_on)
            WHEN ahead(x.renewed_on, cycle('ledger.systems-complete')) < :today THEN say('old', ahead(x.renewed_on, cycle('ledger.systems-complete')))
            WHEN ahead(x.renewed_on, cycle('ledger.systems-complete')) <= ahead(:today, '30d')
            THEN say('due soon', ahead(x.renewed_on, cycle('ledger.systems-complete')))
       END
FROM x
WHERE x.state <> 'closing'

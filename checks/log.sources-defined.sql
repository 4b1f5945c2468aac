-- control: log.sources-defined
-- subject: information-systems
-- part: rows
-- part: settings
-- part: known
-- reason: none | ログの取得が登録されていません | No log source is registered
-- reason: few | 必要なログのうち{1}種類の取得が登録されていません（起動・終了とエラーは必ず要ります） | {1} of the required log types are not registered (start and stop, and errors are always required)
-- reason: no-items | 取得項目が決められていません | The items to be logged are not set
-- reason: no-retention | 保存期間が決められていません | The retention is not set
-- reason: no-handling | ログの取扱いが決められていません | How the log is handled is not set
-- reason: no-action | 取得できなくなったときの対応が決められていません | What is done when logging fails is not set
-- reason: stranger | 直近で{1}にログが届いていますが、台帳に登録がなく、対象外とする理由もありません | It sent something, last on {1}, is in no ledger, and nobody said why it need not be
-- affects: measurement = SELECT 'sender:' || m.subject_id FROM measurement m WHERE m.id = :id
-- affects: information_systems = SELECT :id
-- affects: devices = SELECT 'devices:' || :id
-- affects: log_sources = *
WITH source AS (
	SELECT g.* FROM log_sources g
	WHERE g.state IN ('active', 'suspended')
), got(subject, log_type) AS (
	SELECT s.value, g.log_type FROM source g JOIN log_sources__systems s ON s.record = g.id
	UNION
	SELECT 'devices:' || g.device, g.log_type FROM source g
), wanted(subject, log_type) AS (
	SELECT l.record, l.value FROM information_systems__log_types l
	UNION
	SELECT y.id, b.value FROM information_systems y JOIN json_each('["start-stop","error"]') b
	UNION
	SELECT 'devices:' || d.id, b.value FROM devices d JOIN json_each('["start-stop","error"]') b
), lack(subject, n) AS (
	SELECT w.subject, count(*) FROM (SELECT subject, log_type FROM wanted EXCEPT SELECT subject, log_type FROM got) w
	GROUP BY w.subject
), thing(id, section, title) AS (
	SELECT y.id, y.section, y.title FROM information_systems y
	WHERE y.state IN ('reported', 'active', 'revising', 'closing')
	UNION ALL
	SELECT 'devices:' || d.id, d.section, d.title FROM devices d
	WHERE d.kind IN ('server', 'network', 'firewall')
	  AND d.state IN ('in-use', 'moving', 'repair')
)
SELECT t.id AS subject_id, t.section, t.title, 'rows' AS part, NULL AS due_at,
       CASE WHEN NOT EXISTS (SELECT 1 FROM got g WHERE g.subject = t.id) THEN say('none')
            WHEN l.n > 0 THEN say('few', l.n)
       END AS verdict
FROM thing t LEFT JOIN lack l ON l.subject = t.id
UNION ALL
SELECT 'log-sources:' || g.id, g.section, g.title, 'settings', NULL,
       CASE WHEN NOT EXISTS (SELECT 1 FROM log_sources__items i WHERE i.record = g.id) THEN say('no-items')
            WHEN g.retention IS NULL THEN say('no-retention')
            WHEN g.handling IS NULL THEN say('no-handling')
            WHEN g.failure_action IS NULL THEN say('no-action')
       END
FROM source g
UNION ALL
SELECT 'sender:' || m.subject_id, NULL, m.subject_id, 'known', NULL,
       CASE WHEN m.value IN ('unknown', 'draft') THEN say('stranger', day(m.at))
       END
FROM measurement m
WHERE m.control = 'log.sources-defined'
  AND m.subject_kind = 'sender'

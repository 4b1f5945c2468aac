-- control: backup.plan-set
-- subject: information-systems
-- part: plan
-- part: fields
-- part: cycle
-- reason: no-plan | バックアップ計画がありません。冗長構成でも計画は要ります | No backup plan; redundancy does not replace one
-- reason: incomplete | 内容・方式・周期・保存期間・保存方法のどれかがない計画: {1} | Plans without content, method, cycle, retention or storage: {1}
-- reason: too-long | 周期が、失ってよいデータの範囲より長い計画: {1} | Plans whose cycle is longer than the data loss allowed: {1}
-- reason: class | どの計画の周期も、分類の許す {1} 日を超えています | The cycle of every plan is longer than the {1} days its class allows
-- affects: information_systems = SELECT :id
-- affects: backup_plans = *
WITH system AS (
	SELECT s.id, s.section, s.title,
	       CASE WHEN level(s.class_i) >= 2 THEN param('backup_days')
	            WHEN level(s.class_a) >= 2 THEN param('backup_days')
	            ELSE param('backup_days_low') END AS days
	FROM information_systems s
	WHERE s.state IN ('reported', 'active', 'revising')
), plan AS MATERIALIZED (
	SELECT y.value AS system, b.id, b.title, b.content, b.method, b.cycle, b.retention, b.loss_limit FROM backup_plans b
	JOIN backup_plans__systems y ON y.record = b.id
	WHERE b.kind = 'plan'
	  AND b.state = 'active'
)
SELECT s.id AS subject_id, s.section, s.title, 'plan' AS part, NULL AS due_at,
       CASE WHEN NOT EXISTS (SELECT 1 FROM plan p WHERE p.system = s.id) THEN say('no-plan') END AS verdict
FROM system s
UNION ALL
SELECT s.id, s.section, s.title, 'fields', NULL,
       (SELECT say('incomplete', group_concat(p.title, '、')) FROM plan p
        WHERE p.system = s.id
          AND (p.content IS NULL
               OR p.method IS NULL
               OR p.cycle IS NULL
               OR p.retention IS NULL
               OR NOT EXISTS (SELECT 1 FROM backup_plans__storage g WHERE g.record = p.id))
        HAVING count(*) > 0)
FROM system s
UNION ALL
SELECT s.id, s.section, s.title, 'cycle', NULL,
       coalesce((SELECT say('too-long', group_concat(p.title, '、')) FROM plan p
                 WHERE p.system = s.id
                   AND minutes(p.cycle) > minutes(p.loss_limit)
                 HAVING count(*) > 0),
                (SELECT CASE WHEN min(minutes(p.cycle)) > s.days * 1440 THEN say('class', s.days) END FROM plan p
                 WHERE p.system = s.id))
FROM system s

-- control: workflow.release
-- subject: information-systems
-- part: approved
-- part: gate
-- reason: no-release | 導入・移行の判定を受けずに {1} に運用を始めています | In operation since {1} without a release approval
-- reason: late | 判定の承認（{2}）より前の {1} に運用を始めています | In operation since {1}, before the approval of {2}
-- reason: open-items | 判定項目に確認されていないものがあります: {1} | Gate items not settled: {1}
-- affects: information_systems = SELECT :id
-- affects: projects = *
-- empty: met
-- Systems built or renewed since the ledger was begun and in operation.
WITH system AS (
	SELECT s.id, s.section, s.title, s.started_on, s.changed_on FROM information_systems s
	WHERE s.state IN ('reported', 'active', 'revising', 'closing')
	  AND s.change_kind IN ('build', 'renewal')
	  AND s.changed_on >= back(s.created_on, '1y')
	  AND s.started_on <= :today
	  AND s.started_on >= back(s.changed_on, '1y')
), passed(system, project, approved_on) AS MATERIALIZED (
	SELECT y.value, j.id, day(max(t.at)) FROM projects j
	JOIN projects__systems y ON y.record = j.id
	JOIN projects_step t ON t.record = j.id
	WHERE j.kind = 'release'
	  AND j.state IN ('go', 'verified')
	  AND t.action = 'go'
	GROUP BY y.value, j.id
), first AS (
	SELECT s.id, s.section, s.title, s.started_on, p.project, min(p.approved_on) AS approved_on FROM system s
	LEFT JOIN passed p ON p.system = s.id AND p.approved_on >= back(s.changed_on, '1y')
	GROUP BY s.id
)
SELECT f.id AS subject_id, f.section, f.title, 'approved' AS part, NULL AS due_at,
       CASE WHEN f.approved_on IS NULL THEN say('no-release', f.started_on)
            WHEN f.approved_on > f.started_on THEN say('late', f.started_on, f.approved_on)
       END AS verdict
FROM first f
UNION ALL
SELECT f.id, f.section, f.title, 'gate', NULL,
       (SELECT say('open-items', group_concat(i.column2, '、'))
        FROM (VALUES ('security', 'セキュリティ試験'), ('web', 'Web脆弱性の除去'), ('input', '入力の検査'), ('output', '出力の照合'),
                     ('tamper', '改ざん・漏えいの検知'), ('access', '権限のない利用の拒否'), ('availability', '可用性の確保'),
                     ('procedure', '移行手順'), ('documents', '文書・台帳の改訂')) i
        LEFT JOIN projects__gate_items g ON g.record = f.project AND g.item = i.column1
        WHERE coalesce(g.answer, 'no') NOT IN ('yes', 'na')
        HAVING count(*) > 0)
FROM first f
WHERE f.project IS NOT NULL

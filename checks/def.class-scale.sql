-- control: def.class-scale
-- subject: information-assets
-- part: scale
-- part: rules
-- part: unclassified
-- reason: other | 対策基準が定めていない区分です（{1}）。基準の段階から選び直してください | The standard has no such level ({1}): choose one of its levels
-- reason: no-scale | 用いた分類基準の版を選んでください | Name the version of the classification scale used
-- reason: no-rule | 段階に応じた取扱制限がありません。取扱制限を入れてください | Handling restrictions are missing for this level
-- reason: shown | 未分類なのに段階（{1}）が入っています。分類を決めるか、段階を空にしてください | Unclassified, yet it shows a level ({1}): decide the class or empty it
-- reason: no-level | 分類済みとされていますが、段階の入っていない軸があります | It counts as classified, but an axis has no level
-- affects: information_assets = SELECT :id
WITH x AS NOT MATERIALIZED (
	SELECT a.*,
	       CASE WHEN NOT std_has('levels_c', coalesce(a.class_c, '1')) THEN a.class_c
	            WHEN NOT std_has('levels_i', coalesce(a.class_i, '1')) THEN a.class_i
	            WHEN NOT std_has('levels_a', coalesce(a.class_a, '1')) THEN a.class_a
	       END AS foreign_level
	FROM information_assets a
	WHERE a.state <> 'retired'
)
SELECT x.id AS subject_id, x.section, x.title, 'scale' AS part, NULL AS due_at,
       CASE WHEN x.foreign_level IS NOT NULL THEN say('other', x.foreign_level)
            WHEN x.scale IS NULL THEN say('no-scale')
       END AS verdict
FROM x
WHERE x.state IN ('classified', 'lowering')
UNION ALL
SELECT x.id, x.section, x.title, 'rules', NULL,
       CASE WHEN NOT EXISTS (SELECT 1 FROM information_assets__restrictions r WHERE r.record = x.id) THEN say('no-rule') END
FROM x
WHERE x.state IN ('classified', 'lowering')
  AND (level(x.class_c) >= 2
    OR level(x.class_i) >= 2
    OR level(x.class_a) >= 2)
UNION ALL
SELECT x.id, x.section, x.title, 'unclassified', NULL,
       CASE WHEN x.state IN ('unclassified', 'querying')
             AND coalesce(x.class_c, x.class_i, x.class_a) IS NOT NULL
            THEN say('shown', coalesce(x.class_c, x.class_i, x.class_a))
            WHEN x.state IN ('classified', 'lowering')
             AND (x.class_c IS NULL
               OR x.class_i IS NULL
               OR x.class_a IS NULL)
            THEN say('no-level')
       END
FROM x

-- control: class.levels-set
-- subject: information-assets
-- part: levels
-- part: decision
-- reason: unclassified | まだ分類されていません。機密性・完全性・可用性を決めてください | Not classified yet: decide confidentiality, integrity and availability
-- reason: no-level | 機密性・完全性・可用性のいずれかが決まっていません | One of the three levels is not set
-- reason: no-decision | 分類した人・日・根拠・基準の版のいずれかがありません | Classifier, date, basis or scale version is missing
-- affects: information_assets = SELECT :id
SELECT a.id AS subject_id, a.section, a.title, 'levels' AS part, NULL AS due_at,
       CASE WHEN a.state IN ('unclassified', 'querying') THEN say('unclassified')
            WHEN a.class_c IS NULL THEN say('no-level')
            WHEN a.class_i IS NULL THEN say('no-level')
            WHEN a.class_a IS NULL THEN say('no-level')
       END AS verdict
FROM information_assets a
WHERE a.state <> 'retired'
  AND a.in_scope
UNION ALL
SELECT a.id, a.section, a.title, 'decision', NULL,
       CASE WHEN a.classified_by IS NULL THEN say('no-decision')
            WHEN a.classified_on IS NULL THEN say('no-decision')
            WHEN a.basis IS NULL THEN say('no-decision')
            WHEN a.scale IS NULL THEN say('no-decision')
       END
FROM information_assets a
WHERE a.state IN ('classified', 'lowering')
  AND a.in_scope

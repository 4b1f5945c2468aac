-- control: class.storage-place
-- subject: information-assets
-- part: place
-- part: confirmed
-- later: elsewhere
-- reason: unlocked | 機密性2以上の情報を施錠していない場所に置いています | Level 2 or higher lies in a place that is not locked
-- reason: no-path | 保管場所が登録されていません | The place is not registered
-- reason: never | 保管場所を確認した日がありません | The place was never confirmed
-- reason: old | 保管場所の確認({1})が周期を過ぎています | The place was last confirmed on {1}, longer ago than the cycle
-- affects: information_assets = SELECT :id
SELECT a.id AS subject_id, a.section, a.title, 'place' AS part, NULL AS due_at,
       CASE WHEN a.place_kind = 'unlocked'
             AND level(a.class_c) >= 2
            THEN say('unlocked')
            WHEN a.path IS NULL
             AND a.area IS NULL
            THEN say('no-path')
       END AS verdict
FROM information_assets a
WHERE a.state IN ('classified', 'lowering')
  AND (level(a.class_c) >= 2
    OR level(a.class_i) >= 2
    OR level(a.class_a) >= 2)
UNION ALL
SELECT a.id, a.section, a.title, 'confirmed', ahead(coalesce(a.place_checked_on, a.stocktake_on), cycle('class.storage-place')),
       CASE WHEN coalesce(a.place_checked_on, a.stocktake_on) IS NULL THEN say('never')
            WHEN ahead(max(coalesce(a.place_checked_on, ''), coalesce(a.stocktake_on, '')), cycle('class.storage-place')) < :today
            THEN say('old', max(coalesce(a.place_checked_on, ''), coalesce(a.stocktake_on, '')))
       END
FROM information_assets a
WHERE a.state IN ('classified', 'lowering')
  AND (level(a.class_c) >= 2
    OR level(a.class_i) >= 2
    OR level(a.class_a) >= 2)

-- control: ledger.assets-complete
-- subject: information-assets
-- part: rows
-- part: fields
-- part: stocktake
-- reason: none | 情報資産が一つも登録されていません。課の情報資産を登録してください | No information asset is registered: register those of the unit
-- reason: no-kind | 種類を選んでください | Choose the type
-- reason: no-form | 電子・紙などの形態を選んでください | Choose the form (electronic, paper)
-- reason: no-role | 管理責任の役割を選んでください | Choose the responsible role
-- reason: no-place | 保管場所を入れてください | Enter the place where it is kept
-- reason: no-system | 扱う情報システムか、システムに関わらない理由を入れてください | Name the system that handles it, or why there is none
-- reason: never | 棚卸をしていません。期限は{1}でした | No stocktake yet; it was due on {1}
-- reason: old | 棚卸の期限({1})を過ぎています | The stocktake was due on {1}
-- reason: missing | 棚卸で所在不明でした。所在を確かめてください | Not found at the stocktake: find out where it is
-- reason: soon | 棚卸の期限({1})が近づいています | The stocktake is due on {1}
-- affects: information_assets = SELECT :id UNION ALL SELECT 'org-units:' || u.id FROM org_units u
-- affects: org_units = *
WITH asset AS NOT MATERIALIZED (
	SELECT a.*, ahead(coalesce(a.stocktake_on, a.created_on), cycle('ledger.assets-complete')) AS count_by
	FROM information_assets a
	WHERE a.state <> 'retired'
	  AND a.in_scope
)
SELECT 'org-units:' || u.id AS subject_id, u.id AS section, u.title, 'rows' AS part, NULL AS due_at,
       CASE WHEN NOT EXISTS (SELECT 1 FROM asset a WHERE a.section = u.id) THEN say('none') END AS verdict
FROM org_units u
WHERE u.kind IN ('section', 'branch')
  AND u.state = 'active'
  AND u.in_scope
UNION ALL
SELECT a.id, a.section, a.title, 'fields', NULL,
       CASE WHEN a.kind IS NULL THEN say('no-kind')
            WHEN a.medium_form IS NULL THEN say('no-form')
            WHEN a.responsible_role IS NULL THEN say('no-role')
            WHEN a.place_kind IS NULL THEN say('no-place')
            WHEN a.no_system_reason IS NULL
             AND NOT EXISTS (SELECT 1 FROM information_assets__systems s WHERE s.record = a.id)
            THEN say('no-system')
       END
FROM asset a
UNION ALL
SELECT a.id, a.section, a.title, 'stocktake', a.count_by,
       CASE WHEN a.stocktake_result = 'missing' THEN say('missing')
            WHEN a.count_by < :today
             AND a.stocktake_on IS NULL
            THEN say('never', a.count_by)
            WHEN a.count_by < :today THEN say('old', a.count_by)
            WHEN a.count_by <= ahead(:today, '30d') THEN say('due soon', a.count_by)
       END
FROM asset a

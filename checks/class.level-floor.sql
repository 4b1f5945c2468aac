-- control: class.level-floor
-- subject: information-assets
-- part: floor
-- part: basis
-- reason: low | 個人情報・秘密の区分から、機密性は{1}以上にしてください(現在は{2}) | What it contains asks for confidentiality {1} or higher (now {2})
-- reason: none | 個人情報・秘密を含みますが、機密性が決まっていません | It contains personal data or secrets but has no confidentiality level
-- reason: no-basis | 分類の根拠を書いてください | Write the basis of the classification
-- affects: information_assets = SELECT :id
-- Where the scale in force has no 3A to 3C, the floor is its whole level.
WITH flagged AS NOT MATERIALIZED (
	SELECT a.id, a.section, a.title, a.class_c, a.basis,
	       floor_c(a.secret_grade, a.specific_personal, a.resident_file,
	               (SELECT json_group_array(p.value) FROM information_assets__personal_items p WHERE p.record = a.id)) AS floor
	FROM information_assets a
	WHERE a.state <> 'retired')
SELECT f.id AS subject_id, f.section, f.title, 'floor' AS part, NULL AS due_at,
       CASE WHEN f.class_c IS NULL THEN say('none')
            WHEN level(f.class_c) < iif(std_has('levels_c', f.floor), level(f.floor), CAST(level(f.floor) AS INTEGER)) THEN say('low', f.floor, f.class_c)
       END AS verdict
FROM flagged f
WHERE f.floor IS NOT NULL
UNION ALL
SELECT f.id, f.section, f.title, 'basis', NULL,
       CASE WHEN f.basis IS NULL THEN say('no-basis') END
FROM flagged f
WHERE f.floor IS NOT NULL

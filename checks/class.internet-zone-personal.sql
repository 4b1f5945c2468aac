-- control: class.internet-zone-personal
-- subject: information-assets
-- part: row
-- part: erased
-- later: found
-- reason: incomplete | 一時保存の場所・理由・期限のいずれかがありません | Path, reason or end date of the temporary copy is missing
-- reason: still | 一時保存の期限({1})を過ぎても消去の記録がありません | Past its end ({1}), and no erasure is recorded
-- reason: late | 期限は{1}でしたが、消去は{2}でした | It was to be erased by {1}, but was on {2}
-- affects: information_assets = SELECT :id
SELECT a.id AS subject_id, a.section, a.title, 'row' AS part, NULL AS due_at,
       CASE WHEN a.path IS NULL THEN say('incomplete')
            WHEN a.temp_reason IS NULL THEN say('incomplete')
            WHEN a.temp_until IS NULL THEN say('incomplete')
       END AS verdict
FROM information_assets a
WHERE a.temporary
  AND a.personal
  AND a.state <> 'retired'
UNION ALL
SELECT a.id, a.section, a.title, 'erased', a.temp_until,
       CASE WHEN a.erased_on > a.temp_until THEN say('late', a.temp_until, a.erased_on)
            WHEN a.erased_on IS NULL
             AND a.temp_until < :today
            THEN say('still', a.temp_until)
       END
FROM information_assets a
WHERE a.temporary
  AND a.personal

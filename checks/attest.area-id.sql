-- control: attest.area-id
-- subject: area-visits
-- part: visit-check
-- part: roster
-- later: answered
-- reason: no-id | 入室した人の身分証を確かめた記録がありません | No record that the visitor's ID was checked
-- reason: no-tag | 名札の着用を確かめた記録がありません | No record that a name tag was worn
-- reason: no-workers | 名簿のどの作業者が入ったかが記録されていません | It is not recorded which workers of the roster came in
-- reason: unlisted | 契約の作業者名簿にない人が入室しています: {1} | Let in without being on the contract's roster: {1}
-- affects: area_visits = SELECT :id
-- affects: persons = SELECT w.record FROM area_visits__workers w WHERE w.value = :id
-- empty: met
-- Visits under a contract within the last cycle.
WITH visit AS NOT MATERIALIZED (
	SELECT v.* FROM area_visits v
	WHERE v.kind IN ('visit', 'delivery', 'removal')
	  AND v.contract IS NOT NULL
	  AND day(v.in_at) >= back(:today, cycle('attest.area-id'))
)
SELECT v.id AS subject_id, v.section, v.title, 'visit-check' AS part, NULL AS due_at,
       CASE WHEN coalesce(v.id_checked, 0) = 0 THEN say('no-id')
            WHEN coalesce(v.name_tag, 0) = 0 THEN say('no-tag')
       END AS verdict
FROM visit v
UNION ALL
SELECT v.id, v.section, v.title, 'roster', NULL,
       CASE WHEN NOT EXISTS (SELECT 1 FROM area_visits__workers w WHERE w.record = v.id) THEN say('no-workers')
            ELSE (SELECT say('unlisted', group_concat(p.title, '、')) FROM area_visits__workers w
                  LEFT JOIN persons p ON p.id = w.value
                  WHERE w.record = v.id
                    AND (p.contract IS NOT v.contract
                         OR p.started_on > day(v.in_at)
                         OR p.ended_on < day(v.in_at)
                         OR p.valid_until < day(v.in_at))
                  HAVING count(*) > 0)
       END
FROM visit v

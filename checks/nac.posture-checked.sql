-- control: nac.posture-checked
-- subject: carry-outs
-- part: checked
-- part: rule
-- part: quarantined
-- reason: out-unchecked | 貸し出す前に確かめていない項目が {1} つあります | {1} items were not checked before the device was handed over
-- reason: back-unchecked | 接続する前に確かめていない項目が {1} つあります | {1} items were not checked before the device was connected
-- reason: no-rule | 接続の方針の版が選ばれていません | The connection rule is not cited
-- reason: not-in-force | 接続の方針の版は、その日（{1}）に施行されていません | The connection rule cited was not in force on {1}
-- reason: connected | 不適合の端末（{1}）を隔離せずに接続しています。隔離してください | A device that failed ({1}) was connected and not quarantined; quarantine it
-- affects: carry_outs = SELECT :id
-- affects: documents = SELECT x.id FROM carry_outs x WHERE x.posture_rule = :id
-- index: carry_outs__items(record) WHERE kind = 'device'
-- Devices handed over for use outside, brought in, or back from outside. A device brought in is connected from its first day.
WITH item(code, word) AS NOT MATERIALIZED (
	VALUES ('scan', 'ウイルス検査'), ('patch', '修正の適用'), ('encryption', '暗号化'), ('lock', '画面ロック'), ('wipe', '遠隔消去')
), device AS NOT MATERIALIZED (
	SELECT c.id, c.section, c.title, c.posture_rule, c.quarantined, day(coalesce(c.returned_at, c.out_at, c.depart_at)) AS on_day,
	       c.kind = 'loan' AS handed, c.state = 'closed' OR c.kind = 'carry-in' AS connected
	FROM (SELECT DISTINCT i.record FROM carry_outs__items i
	      WHERE i.kind = 'device') v
	CROSS JOIN carry_outs c ON c.id = v.record
	WHERE c.kind IN ('loan', 'carry-in', 'carry-out')
	  AND c.state IN ('out', 'extending', 'returned', 'closed')
), x AS NOT MATERIALIZED (
	SELECT d.*, (SELECT count(*) FROM item
	             WHERE item.code NOT IN (SELECT p.item FROM carry_outs__posture_out p
	                                     WHERE p.record = d.id
	                                       AND p.answer IS NOT NULL)) AS out_open,
	       (SELECT count(*) FROM item
	        WHERE item.code NOT IN (SELECT p.item FROM carry_outs__posture_back p
	                                WHERE p.record = d.id
	                                  AND p.answer IS NOT NULL)) AS back_open
	FROM device d
	WHERE d.handed
	   OR d.connected
)
SELECT x.id AS subject_id, x.section, x.title, 'checked' AS part, NULL AS due_at,
       CASE WHEN x.handed
             AND x.out_open > 0
            THEN say('out-unchecked', x.out_open)
            WHEN x.connected
             AND x.back_open > 0
            THEN say('back-unchecked', x.back_open)
       END AS verdict
FROM x
UNION ALL
SELECT x.id, x.section, x.title, 'rule', NULL,
       CASE WHEN d.id IS NULL THEN say('no-rule')
            WHEN d.state NOT IN ('in-force', 'superseded', 'withdrawn')
              OR d.effective_from > x.on_day
              OR d.effective_until < x.on_day
            THEN say('not-in-force', x.on_day)
       END
FROM x
LEFT JOIN documents d ON d.id = x.posture_rule
UNION ALL
SELECT x.id, x.section, x.title, 'quarantined', NULL,
       (SELECT say('connected', group_concat(item.word, '、')) FROM carry_outs__posture_back p
        JOIN item ON item.code = p.item
        WHERE p.record = x.id
          AND p.answer = 'no'
          AND x.quarantined IS NOT 1
        HAVING count(*) > 0)
FROM x
WHERE x.connected

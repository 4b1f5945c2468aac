-- control: ledger.carry-outs
-- subject: carry-outs
-- part: fields
-- part: returned
-- part: protected
-- reason: no-item | 持ち出した品目が書かれていません | The items taken out are not listed
-- reason: no-person | 持ち出した人が書かれていません | Who took it out is missing
-- reason: no-time | 出た日時（提供した日時）が書かれていません | When it left, or was provided, is missing
-- reason: overdue | 返却・到着の期限（{1}）を過ぎています。返却か到着を確かめて記録するか、延長の許可を受けてください | It was due back or to arrive on {1}; record its return or arrival, or ask for more time
-- reason: soon | 返却・到着の期限は {1} です | It is due back or to arrive on {1}
-- reason: unchecked | 返却（{1}）から3日を過ぎても品目と中の情報の消去を確かめていません | Returned on {1} and not checked within 3 days
-- reason: missing | 返却の確認で品目がそろっていません。紛失として届け出てください | Items were missing at the return check; report them lost
-- reason: unprotected | 機密性2以上ですが、鍵付きケース・封印・暗号化のいずれも、要らない理由も書かれていません | Level 2 or above without locked case, seal, encryption or a reason for none
-- reason: no-number | ケース又は封印の番号が書かれていません | The number of the case or seal is missing
-- reason: courier | 配送業者が、登録された配送業者ではありません | The courier is not a registered one
-- affects: carry_outs = SELECT :id
-- timed: SELECT t.id FROM carry_outs t WHERE t.state IN ('out', 'extending', 'returned')
-- affects: parties = SELECT x.id FROM carry_outs x WHERE x.courier = :id
-- every: fields
-- index: carry_outs(section, kind, state, class_c, rule, blanket)
-- Most rows are in scope: the + keeps SQLite from looking them up by state.
WITH x AS NOT MATERIALIZED (
	SELECT c.*, coalesce(c.extended_to, c.due_at) AS due_to FROM carry_outs c
	WHERE +c.kind <> 'blanket'
	  AND +c.state IN ('out', 'extending', 'returned', 'closed', 'lost')
)
SELECT x.id AS subject_id, x.section, x.title, 'fields' AS part, NULL AS due_at,
       CASE WHEN x.carrier IS NULL THEN say('no-person')
            WHEN coalesce(x.out_at, x.provided_at) IS NULL THEN say('no-time')
            WHEN x.kind <> 'provision'
             AND NOT EXISTS (SELECT 1 FROM carry_outs__items i WHERE i.record = x.id)
            THEN say('no-item')
       END AS verdict
FROM x
UNION ALL
SELECT x.id, x.section, x.title, 'returned', iif(x.state = 'closed' AND x.complete IS NOT 0, NULL, day(x.due_to)),
       CASE WHEN x.state IN ('out', 'extending')
             AND x.due_to < :now
            THEN say('overdue', day(x.due_to))
            WHEN x.state IN ('out', 'extending')
             AND day(x.due_to) <= ahead(:today, '1d')
            THEN say('due soon', day(x.due_to))
            WHEN x.state = 'returned'
             AND ahead(day(x.returned_at), '3d') < :today
            THEN say('unchecked', day(x.returned_at))
            WHEN x.state = 'closed'
             AND x.complete = 0
            THEN say('missing')
       END
FROM x
WHERE x.kind <> 'provision'
  AND x.state <> 'lost'
UNION ALL
SELECT x.id, x.section, x.title, 'protected', NULL,
       CASE WHEN x.way = 'courier'
             AND NOT EXISTS (SELECT 1 FROM parties p JOIN parties__kinds k ON k.record = p.id
                             WHERE p.id = x.courier
                               AND p.state <> 'draft'
                               AND k.value = 'courier')
            THEN say('courier')
            WHEN x.container IN ('locked-case', 'sealed')
             AND coalesce(x.container_no, x.seal_no) IS NULL
            THEN say('no-number')
            WHEN coalesce(x.encryption, x.encryption_reason) IS NULL
             AND coalesce(x.container, 'none') = 'none'
            THEN say('unprotected')
       END
FROM x
WHERE x.kind <> 'provision'
  AND level(x.class_c) >= 2

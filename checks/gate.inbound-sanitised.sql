-- control: gate.inbound-sanitised
-- subject: transfers
-- part: recorded
-- later: bypass
-- reason: no-record | 無害化の記録（方法・版・検査報告）がないまま受け取れる状態です。直ちに止めてください | It can be fetched without a record of how it was rebuilt; stop it now
-- reason: not-clean | 「再構成」以外の結果なのに受け取れる状態です。直ちに止めてください | It can be fetched although it was not rebuilt; stop it now
-- reason: same | 渡すファイルのハッシュ値の記録がありません | The hash of what was delivered is missing
-- affects: transfers = SELECT :id
SELECT x.id AS subject_id, x.section, x.title, 'recorded' AS part, NULL AS due_at,
       CASE WHEN x.outcome IS NOT 'delivered' THEN say('not-clean')
            WHEN x.language IS NULL
              OR x.engine IS NULL
              OR x.report_hash IS NULL
              OR x.checked_at IS NULL
            THEN say('no-record')
            WHEN x.out_hash IS NULL THEN say('same')
       END AS verdict
FROM transfers x
WHERE x.direction = 'in'
  AND x.state IN ('ready', 'fetched', 'waiting')

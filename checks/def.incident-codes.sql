-- control: def.incident-codes
-- subject: incidents
-- part: items
-- part: unknown
-- part: ground
-- reason: situation | 受け付けた事案に「状況」が書かれていません | The accepted report lacks the situation
-- reason: cause | 受け付けた事案に「原因と思われる行為」が書かれていません。分からないときは「不明」と書いてください | The accepted report lacks the presumed cause; write "unknown" if it is not known
-- reason: damage | 受け付けた事案に「確かめた被害と影響の範囲」が書かれていません | The accepted report lacks damage and scope
-- reason: logs | 受け付けた事案に「ログ等の記録の有無と場所」が書かれていません | The accepted report lacks logs and records at hand
-- reason: no-follow-up | 未確認の項目に続報の期限がありません | Items still unknown have no follow-up date
-- reason: no-ground | 停止・遮断に基準の定める事由がありません | The stop has none of the grounds the standard names
-- affects: incidents = SELECT :id
-- empty: met
SELECT x.id AS subject_id, x.section, x.title, 'items' AS part, NULL AS due_at,
       CASE WHEN x.situation IS NULL THEN say('situation')
            WHEN x.presumed_cause IS NULL THEN say('cause')
            WHEN x.damage IS NULL THEN say('damage')
            WHEN x.log_note IS NULL THEN say('logs')
       END AS verdict
FROM incidents x
WHERE x.kind = 'incident'
  AND x.state NOT IN ('reported', 'no-incident')
UNION ALL
SELECT x.id, x.section, x.title, 'unknown', x.unknown_due,
       CASE WHEN x.unknown_due IS NULL THEN say('no-follow-up') END
FROM incidents x
WHERE x.kind = 'incident'
  AND x.state NOT IN ('reported', 'no-incident')
  AND x.unknown_settled_on IS NULL
  AND EXISTS (SELECT 1 FROM incidents__unknown_items u WHERE u.record = x.id)
UNION ALL
SELECT x.id, x.section, x.title, 'ground', NULL,
       CASE WHEN x.ground NOT IN ('malware', 'power', 'other')
              OR x.ground IS NULL
            THEN say('no-ground')
       END
FROM incidents x
WHERE x.kind = 'stop'
  AND x.state NOT IN ('requested', 'declined')

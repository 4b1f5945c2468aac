-- control: incident.mynumber-reported
-- subject: incidents
-- part: verdict
-- part: reports
-- part: persons
-- reason: no-verdict | 番号法29条の4の規則表による判定がありません（知った日 {1}）。個人情報保護法の判定とは別に登録してください | No verdict by the Article 29-4 rule table (aware on {1}); enter one beside that of the personal information act
-- reason: judge | {1} までに番号法29条の4の判定を登録してください | Enter the verdict by the Article 29-4 rule table by {1}
-- reason: no-reason | 「報告不要」とした理由か規則の出典がありません | The reason for "not due" or the source of the rule is missing
-- reason: first-overdue | 速報の期限 {1} を過ぎています。個人情報保護委員会へ報告してください | The first report was due on {1}; report to the commission
-- reason: first-late | 速報が期限 {1} に遅れました（{2}） | The first report was late: due {1}, made {2}
-- reason: final-overdue | 確報の期限 {1} を過ぎています。個人情報保護委員会へ報告してください | The final report was due on {1}; report to the commission
-- reason: final-late | 確報が期限 {1} に遅れました（{2}） | The final report was late: due {1}, made {2}
-- reason: first-soon | 速報の期限は {1} です | The first report is due on {1}
-- reason: final-soon | 確報の期限は {1} です | The final report is due on {1}
-- reason: told-overdue | 本人への通知の期限 {1} を過ぎています。通知するか、しない理由を書いてください | Notice to the persons was due on {1}; give it or say why not
-- reason: told-late | 本人への通知が期限 {1} に遅れました（{2}） | The persons were told late: due {1}, told {2}
-- affects: incidents = SELECT :id
-- A missing date counts from the day of awareness: 5 days for the first report, 30 for the final one and the notice to the persons,
-- 60 for the final report after a malicious act.
WITH x AS NOT MATERIALIZED (
	SELECT i.*, coalesce(i.aware_on, day(i.noticed_at)) AS known_on
	FROM incidents i
	WHERE i.kind = 'incident'
	  AND i.state <> 'no-incident'
	  AND i.specific_personal IN ('possible', 'involved')
), rule AS NOT MATERIALIZED (
	SELECT r.*, x.section, x.title, coalesce(r.first_due, ahead(x.known_on, '5d')) AS first_by,
	       coalesce(r.final_due, ahead(x.known_on, iif(x.malicious, '60d', '30d'))) AS final_by,
	       coalesce(r.told_due, ahead(x.known_on, '30d')) AS told_by
	FROM x
	JOIN incidents__authority_reports r ON r.record = x.id
	WHERE r.rule = 'mynumber-29-4'
)
SELECT x.id AS subject_id, x.section, x.title, 'verdict' AS part, ahead(x.known_on, '5d') AS due_at,
       CASE WHEN EXISTS (SELECT 1 FROM rule r
                         WHERE r.record = x.id
                           AND r.verdict IN ('due', 'not-due')
                           AND r.rule_source IS NOT NULL
                           AND (r.verdict = 'due'
                                OR r.verdict_reason IS NOT NULL))
            THEN NULL
            WHEN EXISTS (SELECT 1 FROM rule r
                         WHERE r.record = x.id
                           AND r.verdict IN ('due', 'not-due'))
            THEN say('no-reason')
            WHEN ahead(x.known_on, '5d') < :today THEN say('no-verdict', x.known_on)
            ELSE say('due judge', ahead(x.known_on, '5d'))
       END AS verdict
FROM x
UNION ALL
SELECT r.record, r.section, r.title, 'reports', iif(r.first_on IS NULL, r.first_by, r.final_by),
       CASE WHEN r.first_on > r.first_by THEN say('first-late', r.first_by, r.first_on)
            WHEN r.final_on > r.final_by THEN say('final-late', r.final_by, r.final_on)
            WHEN r.first_on IS NULL
             AND r.first_by < :today
            THEN say('first-overdue', r.first_by)
            WHEN r.final_on IS NULL
             AND r.final_by < :today
            THEN say('final-overdue', r.final_by)
            WHEN r.first_on IS NULL THEN say('due first-soon', r.first_by)
            WHEN r.final_on IS NULL
             AND r.final_by <= ahead(:today, '10d')
            THEN say('due final-soon', r.final_by)
       END
FROM (SELECT q.*, min(q.pos) FROM rule q
      WHERE q.verdict = 'due'
      GROUP BY q.record) r
UNION ALL
SELECT r.record, r.section, r.title, 'persons', r.told_by,
       CASE WHEN r.told_note IS NOT NULL
             AND r.told_on IS NULL
            THEN NULL
            WHEN r.told_on > r.told_by THEN say('told-late', r.told_by, r.told_on)
            WHEN r.told_on IS NULL
             AND r.told_by < :today
            THEN say('told-overdue', r.told_by)
       END
FROM (SELECT q.*, min(q.pos) FROM rule q
      WHERE q.verdict = 'due'
      GROUP BY q.record) r

-- control: incident.authority-reported
-- subject: incidents
-- part: verdict
-- part: reports
-- part: police
-- reason: no-verdict | 個人情報保護法68条の規則表による判定がありません（知った日 {1}）。判定を登録してください | No verdict by the Article 68 rule table (aware on {1}); enter one
-- reason: judge | {1} までに個人情報保護法68条の判定を登録してください | Enter the verdict by the Article 68 rule table by {1}
-- reason: no-reason | 「報告不要」とした理由か規則の出典がありません | The reason for "not due" or the source of the rule is missing
-- reason: first-overdue | 速報の期限 {1} を過ぎています。個人情報保護委員会へ報告してください | The first report was due on {1}; report to the commission
-- reason: first-late | 速報が期限 {1} に遅れました（{2}） | The first report was late: due {1}, made {2}
-- reason: final-overdue | 確報の期限 {1} を過ぎています。個人情報保護委員会へ報告してください | The final report was due on {1}; report to the commission
-- reason: final-late | 確報が期限 {1} に遅れました（{2}） | The final report was late: due {1}, made {2}
-- reason: first-soon | 速報の期限は {1} です | The first report is due on {1}
-- reason: final-soon | 確報の期限は {1} です | The final report is due on {1}
-- reason: no-police | 犯罪の疑いがありますが、警察との連携記録がありません | A crime is suspected but no liaison with the police is recorded
-- affects: incidents = SELECT :id
-- affects: advisories = *
-- A missing date counts from the day of awareness: 5 days for the first report, 30 for the final one, 60 after a malicious act.
WITH x AS NOT MATERIALIZED (
	SELECT i.*, coalesce(i.aware_on, day(i.noticed_at)) AS known_on
	FROM incidents i
	WHERE i.kind = 'incident'
	  AND i.state <> 'no-incident'
), rule AS NOT MATERIALIZED (
	SELECT r.*, x.section, x.title, coalesce(r.first_due, ahead(x.known_on, '5d')) AS first_by,
	       coalesce(r.final_due, ahead(x.known_on, iif(x.malicious, '60d', '30d'))) AS final_by
	FROM x
	JOIN incidents__authority_reports r ON r.record = x.id
	WHERE x.personal_data
	  AND r.rule = 'ppc-68'
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
WHERE x.personal_data
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
SELECT x.id, x.section, x.title, 'police', NULL,
       CASE WHEN NOT EXISTS (SELECT 1 FROM advisories a
                             WHERE a.incident = x.id
                               AND a.kind = 'exchange'
                               AND a.agency = 'police')
            THEN say('no-police')
       END
FROM x
WHERE x.crime_suspect

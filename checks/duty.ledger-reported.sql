-- control: duty.ledger-reported
-- subject: information-systems
-- part: received
-- reason: open | {1}の変更が、期限の{2}までに統括責任者に受理されていません。台帳を報告してください | The chief has not received the change of {1} by {2}: report the row
-- reason: late | {1}の変更の受理が、期限の{2}に遅れました | The change of {1} was received after {2}
-- affects: information_systems = SELECT :id
-- The last build, renewal, cloud adoption or security-relevant change that each row names.
WITH x AS (
	SELECT s.*, ahead(s.changed_on, param('report_days') || 'd') AS report_by,
	       (SELECT day(min(t.at)) FROM information_systems_step t
	        WHERE t.record = s.id
	          AND t.action = 'receive'
	          AND day(t.at) >= s.changed_on) AS received_on
	FROM information_systems s
	WHERE s.state IN ('reported', 'active', 'revising')
	  AND s.change_kind <> 'minor'
)
SELECT x.id AS subject_id, x.section, x.title, 'received' AS part, x.report_by AS due_at,
       CASE WHEN x.received_on > x.report_by THEN say('late', x.changed_on, x.report_by)
            WHEN x.received_on IS NULL
             AND x.report_by < :today
            THEN say('open', x.changed_on, x.report_by)
       END AS verdict
FROM x

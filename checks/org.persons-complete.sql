-- control: org.persons-complete
-- subject: persons
-- part: feed
-- part: seen
-- part: audience
-- reason: no-feed | 人事データがまだ取り込まれていません | No HR feed has been imported yet
-- reason: stale | 人事データ（{1}）が古くなっています。取り込むか、変更がないことを確かめてください | The HR feed of {1} is too old; import it, or confirm that nothing changed
-- reason: missing | {1} の人事データに現れていません（最後は {2}） | Not in the HR feed of {1} (last seen {2})
-- reason: no-contract | 作業者名簿の元になる契約が入っていません | The contract of the roster is missing
-- reason: by-hand | 手入力のままで、人事データにも作業者名簿にも現れていません | Entered by hand; neither the HR feed nor a roster has this person
-- reason: no-section | 所属がありません | The section is missing
-- reason: no-start | 採用・着任日がありません | The start date is missing
-- affects: persons = *
-- affects: duty = *
-- affects: org_units = *
-- The register's own monthly review, once done, is the confirmation that nothing changed.
WITH feed(newest, confirmed) AS MATERIALIZED (
	SELECT (SELECT max(p.feed_seen_on) FROM persons p),
	       (SELECT max(day(d.done_at)) FROM duty d
	        WHERE d.ledger = 'persons'
	          AND d.record = 0
	          AND d.name = 'register-review')
), fresh(oldest) AS MATERIALIZED (
	SELECT iif(substr(:today, 6) BETWEEN substr(param('hr_season'), 1, 5) AND substr(param('hr_season'), 7, 5),
	           back(:today, '1wd'), back(:today, param('hr_feed_days') || 'd'))
)
SELECT 'org-units:' || u.id AS subject_id, u.id AS section, u.title, 'feed' AS part, NULL AS due_at,
       CASE WHEN f.newest IS NULL THEN say('no-feed')
            WHEN max(f.newest, coalesce(f.confirmed, '')) < (SELECT oldest FROM fresh) THEN say('stale', f.newest)
       END AS verdict
FROM org_units u
JOIN feed f
WHERE u.state = 'active'
  AND u.kind = 'body'
  AND u.body_type = 'mayor'
UNION ALL
SELECT p.id, p.section, p.title, 'seen', NULL,
       CASE WHEN p.source = 'manual' THEN say('by-hand')
            WHEN p.source = 'roster'
                 AND p.contract IS NULL
            THEN say('no-contract')
            WHEN p.source = 'hr-feed'
                 AND coalesce(p.feed_seen_on, '') < coalesce(f.newest, '-')
            THEN say('missing', f.newest, p.feed_seen_on)
       END
FROM persons p
JOIN feed f
WHERE p.state IN ('active', 'away')
UNION ALL
SELECT p.id, p.section, p.title, 'audience', NULL,
       CASE WHEN p.section IS NULL THEN say('no-section')
            WHEN p.started_on IS NULL THEN say('no-start')
       END
FROM persons p
WHERE p.state IN ('active', 'away')
  AND p.in_scope

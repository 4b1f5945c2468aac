-- control: org.optional-posts
-- subject: post
-- part: holder
-- part: decision
-- reason: several | {1}人が就いています。一人にしてください | {1} people hold it; it must be one
-- reason: no-term | 任期の終わりが定められていません | Its term has no end
-- reason: no-qualification | 専門の知識・経験・資格が書かれていません | Knowledge, experience and qualification are missing
-- reason: undecided | 就く人も、置かないとしたCISOの決定もありません | Nobody holds it, and the CISO has not decided to leave it open
-- reason: old | 置かない決定（{1}）から周期を過ぎています。要否を再検討してください | The decision not to appoint ({1}) is older than the cycle; decide again
-- affects: role_assignments = *
WITH post(code, title) AS (
	SELECT c.value, iif(c.value = 'adviser', '最高情報セキュリティアドバイザー', iif(c.value = 'vice-ciso', '副最高情報セキュリティ責任者', c.value))
	FROM json_each(std_list('optional_posts')) c
), holder AS (
	SELECT coalesce(r.function, r.role) AS code, count(*) AS n, sum(r.function IS NOT NULL AND r.ends_on IS NULL) AS endless,
	       sum(r.function IS NOT NULL AND r.qualification IS NULL) AS unqualified
	FROM role_assignments r
	WHERE r.kind = 'appointment'
	  AND r.state = 'active'
	  AND r.starts_on <= :today
	  AND coalesce(r.ended_on, r.ends_on, '9999-12-31') >= :today
	GROUP BY coalesce(r.function, r.role)
)
SELECT p.code AS subject_id, NULL AS section, p.title, 'holder' AS part, NULL AS due_at,
       CASE WHEN h.n > 1 THEN say('several', h.n)
            WHEN h.endless > 0 THEN say('no-term')
            WHEN h.unqualified > 0 THEN say('no-qualification')
       END AS verdict
FROM post p
LEFT JOIN holder h ON h.code = p.code
UNION ALL
SELECT p.code, NULL, p.title, 'decision', ahead(d.decided_on, cycle('org.optional-posts')),
       CASE WHEN h.n > 0 THEN NULL
            WHEN d.decided_on IS NULL THEN say('undecided')
            WHEN ahead(d.decided_on, cycle('org.optional-posts')) < :today THEN say('old', d.decided_on)
       END
FROM post p
LEFT JOIN holder h ON h.code = p.code
LEFT JOIN (SELECT coalesce(r.function, r.role) AS code, max(r.decided_on) AS decided_on FROM role_assignments r
           WHERE r.kind = 'not-needed'
             AND r.state = 'declined'
           GROUP BY coalesce(r.function, r.role)) d ON d.code = p.code

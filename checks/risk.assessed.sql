-- control: risk.assessed
-- subject: information-assets
-- part: rated
-- part: action
-- reason: none | リスクの評価がありません。脅威と弱さを評価してください | No risk is assessed: rate threat and weakness
-- reason: old | リスクの評価が古くなっています（{1}）。評価し直してください | The risk was last assessed on {1}: assess it again
-- reason: no-action | リスク値が{1}ですが、措置も受容の例外もありません | The risk value is {1}, but there is neither an action nor an exception
-- reason: overdue | リスク値が{1}ですが、措置の期限が過ぎているか、例外が切れています | The risk value is {1}, but its action is overdue or the exception is over
-- reason: soon | リスクの再評価の期限({1})が近づいています | The risk is to be assessed again by {1}
-- affects: information_assets = SELECT :id UNION ALL SELECT 'risks:' || s.record FROM risks__assets s WHERE s.value = :id
-- affects: risks = *
-- affects: improvement_actions = *
-- affects: exceptions = SELECT 'risks:' || r.id FROM risks r WHERE r.exception = :id
-- A risk's value is the highest asset value times threat times weakness, as in the ledger.
WITH rated(asset, assessed_on) AS (
	SELECT s.value, max(r.assessed_on) FROM risks r JOIN risks__assets s ON s.record = r.id
	WHERE r.kind = 'risk'
	  AND r.state IN ('assessed', 'accepted')
	GROUP BY s.value
), worth(risk, value) AS (
	SELECT s.record, max(CAST(max(level(a.class_c), level(a.class_i), level(a.class_a)) AS INTEGER))
	FROM risks__assets s JOIN information_assets a ON a.id = s.value
	GROUP BY s.record
), treated(risk, action) AS (
	SELECT l.record, l.value FROM risks__actions l
	UNION
	SELECT i.source, i.id FROM improvement_actions i
	WHERE i.source_kind = 'risks'
), asset AS (
	SELECT a.*, t.assessed_on, ahead(t.assessed_on, cycle('risk.assessed')) AS again_by
	FROM information_assets a LEFT JOIN rated t ON t.asset = a.id
	WHERE a.state IN ('classified', 'lowering')
	  AND a.in_scope
), high AS (
	SELECT r.*, coalesce(w.value, 1) * r.threat_score * r.weakness_score AS n
	FROM risks r LEFT JOIN worth w ON w.risk = r.id
	WHERE r.kind = 'risk'
	  AND r.state IN ('assessed', 'accepted')
)
SELECT a.id AS subject_id, a.section, a.title, 'rated' AS part, a.again_by AS due_at,
       CASE WHEN a.assessed_on IS NULL THEN say('none')
            WHEN a.again_by < :today THEN say('old', a.assessed_on)
            WHEN a.again_by <= ahead(:today, '30d') THEN say('due soon', a.again_by)
       END AS verdict
FROM asset a
UNION ALL
SELECT 'risks:' || h.id, h.section, h.title, 'action', NULL,
       CASE WHEN h.exception IS NULL
             AND NOT EXISTS (SELECT 1 FROM treated t JOIN improvement_actions i ON i.id = t.action
                             WHERE t.risk = h.id
                               AND i.state <> 'dropped')
            THEN say('no-action', h.n)
            WHEN NOT EXISTS (SELECT 1 FROM treated t JOIN improvement_actions i ON i.id = t.action
                             WHERE t.risk = h.id
                               AND (i.state IN ('closed', 'answered')
                                 OR i.due_on >= :today)
                               AND i.state <> 'dropped')
             AND NOT EXISTS (SELECT 1 FROM exceptions x
                             WHERE x.id = h.exception
                               AND x.state = 'approved'
                               AND x.until >= :today)
            THEN say('overdue', h.n)
       END
FROM high h
WHERE h.n > param('risk_threshold')

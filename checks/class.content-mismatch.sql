-- control: class.content-mismatch
-- subject: information-assets
-- part: open
-- later: label
-- reason: open | {1}に見つかった内容の不一致が{2}日以内に判断されていません | The mismatch found on {1} was not decided within {2} days
-- affects: information_assets = SELECT :id
SELECT a.id AS subject_id, a.section, a.title, 'open' AS part, min(ahead(f.found_on, param('mismatch_days') || 'd')) AS due_at,
       CASE WHEN max(coalesce(f.decided_on, :today) > ahead(f.found_on, param('mismatch_days') || 'd'))
            THEN say('open', min(CASE WHEN coalesce(f.decided_on, :today) > ahead(f.found_on, param('mismatch_days') || 'd') THEN f.found_on END), param('mismatch_days'))
       END AS verdict
FROM information_assets a
JOIN information_assets__content_findings f ON f.record = a.id
WHERE a.state <> 'retired'
GROUP BY a.id

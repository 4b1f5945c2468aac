-- control: org.assist-tasks
-- subject: role-assignments
-- part: overdue
-- reason: overdue | 期限 {2} を過ぎた事務があります: {1} | Overdue since {2}: {1}
-- reason: soon | 期限 {2} が近い事務があります: {1} | Due on {2}: {1}
-- affects: role_assignments = SELECT :id
-- The open task with the earliest date speaks for the others.
SELECT r.id AS subject_id, r.section, r.title, 'overdue' AS part, q.due_on AS due_at,
       CASE WHEN q.due_on < :today THEN say('overdue', q.task, q.due_on)
            WHEN q.due_on <= ahead(:today, '3d') THEN say('due soon', q.task, q.due_on)
       END AS verdict
FROM role_assignments r
LEFT JOIN (SELECT t.record, t.task, min(coalesce(t.redated_to, t.due_on)) AS due_on FROM role_assignments__tasks t
           WHERE t.done_on IS NULL
           GROUP BY t.record) q ON q.record = r.id
WHERE r.state = 'active'
  AND r.assists IS NOT NULL

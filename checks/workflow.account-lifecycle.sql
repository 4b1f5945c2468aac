-- control: workflow.account-lifecycle
-- subject: accounts
-- part: approved
-- part: deleted
-- later: collected
-- reason: no-approval | 許可の記録がないまま有効になっています | It is live without a recorded approval
-- reason: edited | 許可を受けた後に内容が変わっています | Changed since it was approved
-- reason: late | 抹消の期限({1})を過ぎています | It was to be deleted by {1}
-- reason: gone-late | 抹消の期限は{1}でしたが、抹消は{2}でした | It was to be deleted by {1}, but was gone on {2}
-- affects: accounts = SELECT :id
SELECT a.id AS subject_id, a.section, a.title, 'approved' AS part, NULL AS due_at,
       CASE WHEN NOT EXISTS (SELECT 1 FROM accounts_step s
                             WHERE s.record = a.id
                               AND s.action IN ('approve', 'approve-shared', 'approve-privileged', 'approve-change'))
            THEN say('no-approval')
            WHEN a.seal_broken THEN say('edited')
       END AS verdict
FROM accounts a
WHERE a.kind <> 'review'
  AND a.state IN ('active', 'changing', 'deleting', 'to-delete')
UNION ALL
SELECT a.id, a.section, a.title, 'deleted', a.delete_by,
       CASE WHEN a.gone_on > a.delete_by THEN say('gone-late', a.delete_by, a.gone_on)
            WHEN a.gone_on IS NULL
             AND a.delete_by < :today
            THEN say('late', a.delete_by)
       END
FROM accounts a
WHERE a.delete_by IS NOT NULL
  AND a.state IN ('deleting', 'to-delete', 'deleted')

-- control: supplier.incident-demand
-- subject: incidents
-- part: demand
-- part: suspension
-- part: answer
-- reason: none | 受付から {1} 時間を過ぎても、委託先に契約に基づく措置を求めていません | No action was demanded from the contractor within {1} hours of receipt
-- reason: late | 受付から {1} 時間を過ぎて措置を求めました | Action was demanded later than {1} hours after receipt
-- reason: no-text | 求めた措置と契約の条項が書かれていません | What was demanded, with its clause, is not recorded
-- reason: undecided | 委託業務を中断するか続けるかが決まっていません | Whether the work is suspended or goes on is not decided
-- reason: running | 中断すると決めた委託業務を止めた記録がありません | The work to be suspended has no record of its suspension
-- reason: no-date | 回答の期限が決まっていません | No due date is set for the answer
-- reason: overdue | 委託先の回答の期限 {1} を過ぎています。督促してください | The contractor's answer was due on {1}; press for it
-- reason: answered-late | 委託先の回答が期限 {1} に遅れました（{2}） | The contractor answered late: due {1}, answered {2}
-- reason: soon | 委託先の回答の期限は {1} です | The contractor's answer is due on {1}
-- affects: incidents = SELECT :id
WITH x AS NOT MATERIALIZED (
	SELECT i.*, coalesce(i.received_at, i.created_at) + param('demand_hours') * 3600000000 AS limit_at
	FROM incidents i
	WHERE i.kind = 'incident'
	  AND i.state <> 'no-incident'
	  AND i.contract IS NOT NULL
)
SELECT x.id AS subject_id, x.section, x.title, 'demand' AS part, day(x.limit_at) AS due_at,
       CASE WHEN x.demanded_at IS NULL
             AND :now > x.limit_at
            THEN say('none', param('demand_hours'))
            WHEN x.demanded_at > x.limit_at THEN say('late', param('demand_hours'))
            WHEN x.demanded_at IS NOT NULL
             AND x.demand IS NULL
            THEN say('no-text')
       END AS verdict
FROM x
UNION ALL
SELECT x.id, x.section, x.title, 'suspension', day(x.limit_at),
       CASE WHEN :now <= x.limit_at THEN NULL
            WHEN x.suspend IS NULL THEN say('undecided')
            WHEN x.suspend = 'suspend'
             AND x.suspended_at IS NULL
            THEN say('running')
       END
FROM x
UNION ALL
SELECT x.id, x.section, x.title, 'answer', x.demand_due,
       CASE WHEN x.demand_due IS NULL THEN say('no-date')
            WHEN x.answered_on > x.demand_due THEN say('answered-late', x.demand_due, x.answered_on)
            WHEN x.answered_on IS NOT NULL THEN NULL
            WHEN x.demand_due < :today THEN say('overdue', x.demand_due)
            WHEN x.demand_due <= ahead(:today, '1d') THEN say('due soon', x.demand_due)
       END
FROM x
WHERE x.demanded_at IS NOT NULL

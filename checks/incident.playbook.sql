-- control: incident.playbook
-- subject: incidents
-- part: opened
-- part: steps
-- reason: none | 従う計画・手順が選ばれていません。事案の種類に応じた手順を開いてください | No plan or procedure is chosen; open the playbook of this type of incident
-- reason: not-in-force | 選ばれた手順は、対応を始めた日（{1}）に施行されていません | The playbook chosen was not in force when handling began on {1}
-- reason: wrong-type | 選ばれた手順は、この種類の事案の手順ではありません | The playbook chosen is not for this type of incident
-- reason: skipped | 行わない理由か、実施した人・日時のない手順があります: {1} | Steps without a reason for skipping, or without person and time: {1}
-- reason: left | 手順の一部が点検表に残らないまま対応を終えています（{1} 件） | The response ended with {1} steps of the playbook not answered
-- affects: incidents = SELECT :id
-- affects: documents = SELECT i.id FROM incidents i WHERE i.procedure = :id
WITH x AS NOT MATERIALIZED (
	SELECT i.*, coalesce((SELECT day(min(s.at)) FROM incidents_step s
	                      WHERE s.record = i.id
	                        AND s.action = 'take-up'), day(coalesce(i.received_at, i.created_at))) AS begun_on
	FROM incidents i
	WHERE i.kind = 'incident'
	  AND i.state IN ('handling', 'watching', 'closed')
)
SELECT x.id AS subject_id, x.section, x.title, 'opened' AS part, NULL AS due_at,
       CASE WHEN d.id IS NULL THEN say('none')
            WHEN NOT EXISTS (SELECT 1 FROM documents__incident_types t
                             WHERE t.record = d.id
                               AND t.value = x.type)
            THEN say('wrong-type')
            WHEN d.state NOT IN ('in-force', 'superseded', 'withdrawn')
              OR d.effective_from > x.begun_on
              OR d.effective_until < x.begun_on
            THEN say('not-in-force', x.begun_on)
       END AS verdict
FROM x
LEFT JOIN documents d ON d.id = x.procedure
UNION ALL
SELECT x.id, x.section, x.title, 'steps', NULL,
       CASE WHEN q.bad IS NOT NULL THEN say('skipped', q.bad)
            WHEN x.state <> 'handling'
             AND q.answered < (SELECT count(*) FROM documents__steps d
                               WHERE d.record = x.procedure)
            THEN say('left', (SELECT count(*) FROM documents__steps d WHERE d.record = x.procedure) - q.answered)
       END
FROM x
JOIN (SELECT x.id, count(p.answer) AS answered,
             group_concat(CASE WHEN p.answer = 'yes'
                                AND (p.done_at IS NULL
                                     OR p.person IS NULL)
                               THEN p.item
                               WHEN p.answer <> 'yes'
                                AND p.note IS NULL
                               THEN p.item
                          END, '、') AS bad
      FROM x
      LEFT JOIN incidents__playbook p ON p.record = x.id
      GROUP BY x.id) q ON q.id = x.id

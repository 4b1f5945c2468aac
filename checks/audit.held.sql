-- control: audit.held
-- subject: information-systems
-- part: span
-- part: mynumber
-- reason: missed | 中期計画では {1} 年度に監査する予定でしたが、報告された監査がありません | The mid-term plan set its audit for fiscal year {1}; no audit is reported
-- reason: planned | 中期計画により {1} 年度中に監査します | To be audited in fiscal year {1} by the mid-term plan
-- reason: unplanned | 定めの年数の間に監査がなく、中期計画にもありません。計画に入れてください | Not audited within the years of the span and not in the mid-term plan; add it to the plan
-- reason: too-old | {1} 年度から監査していません。{2} 年ごとに監査してください | Not audited since fiscal year {1}; audit it every {2} years
-- reason: yearly | マイナンバーを扱うシステムですが、{1} 年度から監査していません。毎年度監査してください | It handles My Number and was not audited since fiscal year {1}; audit it every year
-- reason: this-year | {1} 年度の監査がまだ報告されていません | The audit of fiscal year {1} is not reported yet
-- affects: information_systems = SELECT :id
-- affects: audits = *
-- affects: org_units = SELECT 'org-units:' || :id
-- affects: contracts = SELECT 'contracts:' || :id
-- affects: devices = SELECT 'devices:' || :id
-- affects: network_connections = SELECT 'network-connections:' || :id
-- Years are fiscal years: what was audited in one year of the span need not be again until the span has passed.
WITH report AS MATERIALIZED (
	SELECT a.id, fy(a.reported_on) AS year FROM audits a
	WHERE a.kind = 'audit'
	  AND a.state IN ('reporting', 'closed')
), held(kind, id, year) AS MATERIALIZED (
	SELECT 'information-systems', x.value, r.year FROM report r JOIN audits__systems x ON x.record = r.id
	UNION
	SELECT 'org-units', x.value, r.year FROM report r JOIN audits__sections x ON x.record = r.id
	UNION
	SELECT 'contracts', x.value, r.year FROM report r JOIN audits__contracts x ON x.record = r.id
	UNION
	SELECT 'network-connections', x.value, r.year FROM report r JOIN audits__networks x ON x.record = r.id
	UNION
	SELECT x.value_kind, x.value, r.year FROM report r JOIN audits__placements x ON x.record = r.id
), plan(kind, id, year, skip_reason) AS MATERIALIZED (
	SELECT x.subject_of_kind, x.subject_of, x.planned_year, x.skip_reason FROM audits a
	JOIN audits__scopes x ON x.record = a.id
	WHERE a.kind = 'mid-plan'
	  AND a.state = 'adopted'
), ahead_of(kind, id, planned) AS MATERIALIZED (
	SELECT p.kind, p.id, min(p.year) FROM plan p
	WHERE p.skip_reason IS NULL
	  AND NOT EXISTS (SELECT 1 FROM held h
	                  WHERE h.kind = p.kind
	                    AND h.id = p.id
	                    AND h.year >= p.year)
	GROUP BY p.kind, p.id
), thing(kind, id, section, title, must) AS (
	SELECT 'org-units', u.id, u.id, u.title, u.in_scope AND u.kind IN ('section', 'branch') FROM org_units u
	WHERE u.state = 'active'
	UNION ALL
	SELECT 'contracts', c.id, c.section, c.title, c.kind = 'contract' AND level(c.class_c) >= 2 FROM contracts c
	WHERE c.state = 'active'
	UNION ALL
	SELECT 'devices', d.id, d.section, d.title, d.placement = 'internet-zone' FROM devices d
	WHERE d.state IN ('in-use', 'moving', 'repair')
	UNION ALL
	SELECT 'network-connections', n.id, n.section, n.title, n.kind = 'network' FROM network_connections n
	WHERE n.state IN ('approved', 'renewing')
), system AS (
	SELECT s.id, s.section, s.title, s.zone, p.planned, iif(param('audit_yearly') OR std('cycle.audit.held') = '1y', 1, param('audit_span')) AS span,
	       coalesce((SELECT max(h.year) FROM held h WHERE h.kind = 'information-systems' AND h.id = s.id), fy(coalesce(s.started_on, s.created_on))) AS last
	FROM information_systems s
	LEFT JOIN ahead_of p ON p.kind = 'information-systems' AND p.id = s.id
	WHERE s.state IN ('reported', 'active', 'revising')
)
SELECT s.id AS subject_id, s.section, s.title, 'span' AS part, (s.last + s.span + 1) || '-03-31' AS due_at,
       CASE WHEN s.planned < fy(:today) THEN say('missed', s.planned)
            WHEN s.last + s.span < fy(:today) THEN say('too-old', s.last, s.span)
            WHEN s.planned = fy(:today) THEN say('due planned', s.planned)
       END AS verdict
FROM system s
UNION ALL
SELECT t.kind || ':' || t.id, t.section, t.title, 'span', (p.planned + 1) || '-03-31',
       CASE WHEN p.planned < fy(:today) THEN say('missed', p.planned)
            WHEN p.planned = fy(:today) THEN say('due planned', p.planned)
            WHEN NOT EXISTS (SELECT 1 FROM plan n
                             WHERE n.kind = t.kind
                               AND n.id = t.id)
                 AND NOT EXISTS (SELECT 1 FROM held h
                                 WHERE h.kind = t.kind
                                   AND h.id = t.id
                                   AND h.year + param('audit_span') >= fy(:today))
            THEN say('unplanned')
       END
FROM thing t
LEFT JOIN ahead_of p ON p.kind = t.kind AND p.id = t.id
WHERE t.must
   OR EXISTS (SELECT 1 FROM plan n
              WHERE n.kind = t.kind
                AND n.id = t.id)
UNION ALL
SELECT s.id, s.section, s.title, 'mynumber', (s.last + 2) || '-03-31',
       CASE WHEN s.last + 1 < fy(:today) THEN say('yearly', s.last)
            WHEN s.last < fy(:today) THEN say('due this-year', fy(:today))
       END
FROM system s
WHERE s.zone = 'mynumber'
